package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"restock/bot"
	"restock/bot/config"
	"restock/bot/notify/email"
	"restock/flows/flowtest"
	"restock/state"
)

// shop is restock in this process, working in a sample company of its own.
type shop struct {
	t     *testing.T
	world *flowtest.World
	dir   string
	env   map[string]string
	clock time.Duration // that its clock is ahead
	wrap  func(bot.Store) bot.Store
	held  bool // somebody else holds the state

	good      *goodSites // it is a daemon
	failedOK  bool       // some messages are refused for good
	elsewhere int        // messages that another mail server took
	rawPort   string     // of that one
	asked     int        // times that it was asked
	out       talk
}

// talk is what a program says.
type talk struct {
	mu sync.Mutex
	b  strings.Builder
}

func (t *talk) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.Write(p)
}

func (t *talk) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.String()
}

// learned is the state after a first run, from which each shop begins: made once.
type learned struct {
	once sync.Once
	dir  string
	err  error
}

var first learned

// quick are the settings of a shop whose patience is short.
const quick = "browser: {open: 8s, step: 4s}\n"

// newShop starts a company and a folder whose restock has learned the stock already. more is added to restock.yaml.
func newShop(t *testing.T, more string) *shop {
	t.Helper()
	first.once.Do(func() { first.dir, first.err = learn(t) })
	if first.err != nil {
		t.Fatal(first.err)
	}
	s := emptyShop(t, more)
	for _, name := range []string{"state.db", "state.db.generation"} {
		copyTo(t, filepath.Join(first.dir, "data", name), filepath.Join(s.dir, "data", name))
	}
	copyTo(t, filepath.Join(first.dir, "data", stateKey), filepath.Join(s.dir, "secrets", stateKey))
	return s
}

func emptyShop(t *testing.T, more string) *shop {
	t.Helper()
	w, err := flowtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	s := &shop{t: t, world: w, dir: t.TempDir(), env: map[string]string{"IMS_URL": w.IMS.URL, "CRM_URL": w.CRM.URL}}
	if err := s.app().demoFolder(s.dir, "", w); err != nil {
		t.Fatal(err)
	}
	if more == "" {
		more = quick
	}
	s.edit("restock.yaml", "jobs:\n", more+"jobs:\n")
	return s
}

func learn(t *testing.T) (string, error) {
	s := emptyShop(t, "")
	if run, err := s.run(); err != nil || run.Learned != 120 {
		return "", fmt.Errorf("the first run: %+v, %w", run, err)
	}
	dir, err := os.MkdirTemp("", "restock-learned-")
	if err != nil {
		return "", err
	}
	if err := os.CopyFS(filepath.Join(dir, "data"), os.DirFS(filepath.Join(s.dir, "data"))); err != nil {
		return dir, err
	}
	copyTo(t, filepath.Join(s.dir, "secrets", stateKey), filepath.Join(dir, "data", stateKey))
	return dir, nil
}

func copyTo(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		_ = os.Remove(to)
		err = os.WriteFile(to, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// edit replaces a text in a file of the folder.
func (s *shop) edit(name, old, text string) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	data, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(data), old) {
		s.t.Fatalf("%s has no %q: %v", name, old, err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(data), old, text, 1)), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) app() *app {
	return &app{
		stdout: &s.out, stderr: &s.out, config: s.dir, now: func() time.Time { return time.Now().Add(s.clock) },
		getenv: func(name string) (string, bool) {
			if v, ok := s.env[name]; ok {
				return v, true
			}
			return os.LookupEnv(name)
		},
	}
}

// open opens the shop's state as a run does.
func (s *shop) open() (*workshop, error) {
	w, err := s.app().open(s.t.Context(), state.Runner)
	if err == nil {
		w.good = s.good
	}
	if err == nil && s.wrap != nil {
		w.store = s.wrap(w.store)
		w.ledger, err = w.newLedger(w.store)
	}
	return w, err
}

// run does one run.
func (s *shop) run() (bot.Run, error) {
	if s.held {
		other, err := state.Open(s.t.Context(), "bolt://"+filepath.Join(s.dir, "data"), state.Runner)
		if err != nil {
			return bot.Run{}, err
		}
		defer other.Close()
	}
	w, err := s.open()
	if err != nil {
		return bot.Run{}, err
	}
	run, err := w.run(s.t.Context(), "restock", "test", false, runOptions{})
	return run, errors.Join(err, w.close())
}

// restock puts a product that people wait for back on the shelf.
func (s *shop) restock() string {
	s.t.Helper()
	sku := s.world.Products()[5].SKU
	s.world.Keep(sku, 4)
	if err := s.world.Restock(sku, 40); err != nil {
		s.t.Fatal(err)
	}
	return sku
}

// ledger reads every notification.
func (s *shop) ledger() []bot.Notification {
	s.t.Helper()
	store := s.reader()
	defer store.Close()
	c, err := config.Load(s.dir)
	if err != nil {
		s.t.Fatal(err)
	}
	w := s.app().workshop(c)
	ledger, err := w.newLedger(store)
	if err != nil {
		s.t.Fatal(err)
	}
	var list []bot.Notification
	for n, err := range ledger.All(context.Background()) {
		if err != nil {
			s.t.Fatal(err)
		}
		list = append(list, n)
	}
	return list
}

// reader opens the state to look at it.
func (s *shop) reader() bot.Store {
	s.t.Helper()
	c, err := config.Load(s.dir)
	if err != nil {
		s.t.Fatal(err)
	}
	store, err := s.app().workshop(c).state(s.t.Context(), state.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	return store
}

// memory is everything that a fault must not change: what is known of the stock, restocks, notifications and contracts.
func (s *shop) memory() string {
	s.t.Helper()
	store := s.reader()
	defer store.Close()
	var b strings.Builder
	for _, table := range []bot.Table{bot.Levels, bot.Episodes, bot.Notifications, bot.Work, bot.Contracts} {
		for e, err := range store.Scan(context.Background(), table, "") {
			if err != nil {
				s.t.Fatal(err)
			}
			fmt.Fprintf(&b, "%s/%s@%d\n", table, e.Key, e.Rev)
		}
	}
	return b.String()
}

// model compares the ledger with the truth of the mail server, the gateway, the CRM and the IMS. Every notification is one of:
// delivered once and accepted; not delivered, and on its way or settled as not sent; ambiguous.
func (s *shop) model() []string {
	s.t.Helper()
	var wrong []string
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	mails, texts, saves := map[string]int{}, map[string]int{}, map[string]int{}
	for _, l := range s.world.Mail.Accepted() {
		mails[strings.Trim(l.MessageID, "<>")]++
	}
	for _, text := range s.world.SMS.Sent() {
		texts[text.To]++
	}
	for _, save := range s.world.Saves() {
		saves[strconv.Itoa(save.ID)]++
	}
	known := 0
	for _, n := range s.ledger() {
		got := mails[email.MessageID(n.Key, "shop@austral-outdoors.example")]
		if n.Channel == bot.SMS {
			got = texts[n.Address]
		}
		known += got
		switch {
		case got > 1:
			say("%s was delivered %d times", n.Key, got)
		case n.State == bot.Ambiguous:
		case n.State == bot.Accepted && got != 1 && n.Channel == bot.Email && s.elsewhere > 0:
			s.elsewhere--
		case n.State == bot.Accepted && got != 1:
			say("%s is accepted, and was delivered %d times", n.Key, got)
		case n.State != bot.Accepted && got != 0:
			say("%s is %s, and was delivered", n.Key, n.State)
		}
		if n.FollowUp.State == bot.FollowUpWritten && saves[n.Subscription.ID] == 0 {
			say("%s is written to the CRM, which was never saved", n.Key)
		}
		if saves[n.Subscription.ID] > 1 {
			say("request %s was saved %d times", n.Subscription.ID, saves[n.Subscription.ID])
		}
		if n.State != bot.Accepted && n.SameAs == "" && saves[n.Subscription.ID] > 0 {
			say("%s is %s, and the CRM says that the customer was told", n.Key, n.State)
		}
	}
	if all := total2(mails) + total2(texts); all != known {
		say("%d messages went out, and the ledger knows of %d: mails %v, texts %v", all, known, mails, texts)
	}
	return append(wrong, s.levels()...)
}

func total2(m map[string]int) int {
	n := 0
	for _, v := range m {
		n += v
	}
	return n
}

// levels compares what is known of the stock with the truth, where it was read since the truth has changed.
func (s *shop) levels() []string {
	s.t.Helper()
	store := s.reader()
	defer store.Close()
	known, err := bot.NewLedger(store, time.Now).Known(context.Background(), "restock")
	if err != nil {
		s.t.Fatal(err)
	}
	var wrong []string
	for _, p := range s.world.Products() {
		level, ok := known[p.SKU]
		if ok && level.Availability == bot.In && p.Quantity <= 0 {
			wrong = append(wrong, fmt.Sprintf("%s is known as in stock, and is not", p.SKU))
		}
	}
	if len(known) != 120 {
		wrong = append(wrong, fmt.Sprintf("%d products are known", len(known)))
	}
	return wrong
}

// recovered does a run after the fault is gone, and makes sure that everything is as if there had been none.
func (s *shop) recovered(sku string) {
	s.t.Helper()
	run, err := s.run()
	if err != nil || run.Outcome != bot.Done {
		s.t.Errorf("the run after the fault: %s, %v", run.Outcome, err)
	}
	s.settled(sku)
}

// settled makes sure that everybody was told who is to be told.
func (s *shop) settled(sku string) {
	s.t.Helper()
	for _, wrong := range s.model() {
		s.t.Error(wrong)
	}
	planned := map[string]bot.Notification{}
	for _, n := range s.ledger() {
		planned[n.Subscription.ID] = n
	}
	for _, r := range s.world.Requests() {
		n, ok := planned[strconv.Itoa(r.ID)]
		if r.SKU != sku || r.Note == "Called on Monday." || r.Status == "Cancelled" {
			continue
		}
		if ok && n.State == bot.Failed && s.failedOK {
			continue
		}
		if !ok || n.State != bot.Accepted && n.State != bot.Suppressed && n.State != bot.Ambiguous || n.State == bot.Accepted && n.FollowUp.State != bot.FollowUpWritten {
			s.t.Errorf("request %d is %s, its follow-up %q", r.ID, n.State, n.FollowUp.State)
		}
	}
}

// failing is a store of which some writes fail.
type failing struct {
	bot.Store
	mu   sync.Mutex
	n    int
	fail func(n int, writes []bot.Write) error
}

func (f *failing) Apply(ctx context.Context, writes ...bot.Write) ([]bot.Outcome, error) {
	f.mu.Lock()
	f.n++
	err := f.fail(f.n, writes)
	f.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return f.Store.Apply(ctx, writes...)
}

// evidenceOf is the page of a run.
func (s *shop) evidenceOf(run bot.Run) string {
	data, _ := os.ReadFile(filepath.Join(s.dir, "data", "runs", run.ID, "evidence.html"))
	return string(data)
}

var _ io.Writer = (*talk)(nil)

func whenAlways() flowtest.When { return flowtest.When{} }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
