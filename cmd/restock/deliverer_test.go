package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"restock/bot"
	"restock/bot/notify"
	"restock/bot/notify/email"
	"restock/bot/notify/sms"
	"restock/flows/flowtest"
	"restock/state"
	"restock/state/journal"
)

// deliverer is a process of its own for tests that kill: the whole way of a message from the ledger to the CRM, with the real
// state, journal, mail and SMS channels, and without a browser. It is told what it needs by its environment:
//
//	DELIVER_DIR   folder with the state    DELIVER_MAIL, DELIVER_SMS, DELIVER_CRM  the other side
//	DELIVER_LINES connections, DELIVER_WAITING customers
//	             DELIVER_KILL  NAME:N, the point at which it kills itself, and which time
func deliverer() {
	if err := deliverOnce(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func deliverOnce() error {
	name, count, _ := strings.Cut(os.Getenv("DELIVER_KILL"), ":")
	times, _ := strconv.Atoi(count)
	f := &failpoints{name: name, left: times}
	ctx, dir := context.Background(), os.Getenv("DELIVER_DIR")
	store, err := state.Open(ctx, "bolt://"+filepath.Join(dir, "data"), state.Runner)
	if err != nil {
		return err
	}
	f.reach("state/opened")
	if err := state.Advance(store); err != nil {
		return err
	}
	f.reach("state/advanced")
	ledger := bot.NewLedger(pointedStore{store, f}, time.Now)
	ledger.Journals = pointedJournals{journal.In(filepath.Join(dir, "journal")), f}
	if ledger.Vault, err = bot.NewVault([]byte("a secret of these tests")); err != nil {
		return err
	}
	render, err := notify.Renderer(notify.Shop{Name: "Shop", Product: "https://shop.example/p/{sku}", Contact: "1 Street"})
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(os.Getenv("DELIVER_MAIL"))
	if err != nil {
		return err
	}
	number, _ := strconv.Atoi(port)
	lines, _ := strconv.Atoi(os.Getenv("DELIVER_LINES"))
	waiting, _ := strconv.Atoi(os.Getenv("DELIVER_WAITING"))
	mailer, err := email.New(email.Options{Host: host, Port: number, TLS: "none", From: "shop@shop.example", Connections: lines, Dial: f.dial}, render)
	if err != nil {
		return err
	}
	texter, err := sms.New(sms.Options{Base: os.Getenv("DELIVER_SMS"), Account: flowtest.Account, Token: func() string { return flowtest.Token }, From: "+61491570006", Dial: f.dialGateway}, render)
	if err != nil {
		return err
	}
	b := &bot.Bot{
		Ledger: ledger, Sites: &paperSites{crm: os.Getenv("DELIVER_CRM"), waiting: waiting, points: f}, Now: time.Now,
		Senders: map[bot.Channel]bot.Sender{bot.Email: mailer, bot.SMS: texter}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	job := bot.Job{Name: "shop", IMS: "ims", CRM: "crm", Policy: bot.Policy{Channels: []bot.Channel{bot.Email, bot.SMS}, Life: 24 * time.Hour}}
	_, err = b.Do(ctx, job, bot.NewRun("shop", "test", time.Now()))
	err = errors.Join(err, mailer.Close(), texter.Close(), store.Close())
	f.reach("state/closed")
	return err
}

// failpoints kill the process at a named point, as kill -9 does.
type failpoints struct {
	name string
	mu   sync.Mutex
	left int
}

// points are their names, each before or after what it names.
func points() []string {
	list := []string{"state/opened", "state/advanced", "state/closed", "smtp/dialled", "smtp/greeted", "crm/read", "crm/saved"}
	for _, what := range []string{
		"store/person", "store/planned", "store/episode", "store/levels", "store/claimed", "store/dot-pending", "store/accepted", "store/queued", "store/ambiguous", "store/intent", "store/written", "store/finished", "store/run", "store/lease",
		"journal/create", "journal/leave", "journal/done", "journal/end", "journal/remove", "smtp/offer", "smtp/dot", "smtp/reply", "sms/request",
	} {
		list = append(list, what+"/before", what+"/after")
	}
	return list
}

func (f *failpoints) reach(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if name != f.name {
		return
	}
	if f.left--; f.left <= 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

// around runs something between two points.
func (f *failpoints) around(name string, do func() error) error {
	f.reach(name + "/before")
	err := do()
	f.reach(name + "/after")
	return err
}

type pointedStore struct {
	bot.Store
	f *failpoints
}

func (s pointedStore) Apply(ctx context.Context, writes ...bot.Write) (out []bot.Outcome, err error) {
	err = s.f.around("store/"+kindOf(writes), func() error {
		out, err = s.Store.Apply(ctx, writes...)
		return err
	})
	return out, err
}

// kindOf names what a group of writes is for.
func kindOf(writes []bot.Write) string {
	for _, w := range writes {
		switch {
		case w.Table == bot.Work && w.Value == nil:
			return "finished"
		case w.Table == bot.Work:
			return "planned"
		case w.Table == bot.Episodes:
			return "episode"
		case w.Table == bot.Levels:
			return "levels"
		case w.Table == bot.Runs:
			return "run"
		case w.Table == bot.Leases:
			return "lease"
		case w.Table == bot.People:
			return "person"
		case w.Table == bot.Notifications:
			state := stateIn(w.Value)
			for _, kind := range []string{"written", "intent"} {
				if state == "accepted" && bytes.Contains(w.Value, []byte(kind)) {
					return kind
				}
			}
			return state
		}
	}
	return "other"
}

// stateIn finds the state in a record: it stands before the history of earlier ones.
func stateIn(record []byte) string {
	first, at := "other", len(record)
	for _, state := range bot.States() {
		if i := bytes.Index(record, append([]byte{4<<1 | 1, byte(len(state))}, state...)); i >= 0 && i < at {
			first, at = string(state), i
		}
	}
	return first
}

type pointedJournals struct {
	bot.Journals
	f *failpoints
}

func (j pointedJournals) Create(run string) (open bot.Journal, err error) {
	err = j.f.around("journal/create", func() error {
		open, err = j.Journals.Create(run)
		return err
	})
	return pointedJournal{open, j.f}, err
}

func (j pointedJournals) Remove(run string) error {
	return j.f.around("journal/remove", func() error { return j.Journals.Remove(run) })
}

type pointedJournal struct {
	bot.Journal
	f *failpoints
}

func (j pointedJournal) Leave(key string, attempt int) error {
	return j.f.around("journal/leave", func() error { return j.Journal.Leave(key, attempt) })
}

func (j pointedJournal) Done(key string, attempt int, d bot.Delivery) error {
	return j.f.around("journal/done", func() error { return j.Journal.Done(key, attempt, d) })
}

func (j pointedJournal) End() error { return j.f.around("journal/end", j.Journal.End) }

// dial opens a connection with points around what goes over it.
func (f *failpoints) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	f.reach("smtp/dialled")
	return pointedConn{conn, f}, err
}

// dialGateway opens a connection to the SMS gateway with points around the request.
func (f *failpoints) dialGateway(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	return requestConn{conn, f}, err
}

type requestConn struct {
	net.Conn
	f *failpoints
}

func (c requestConn) Write(b []byte) (n int, err error) {
	err = c.f.around("sms/request", func() error {
		n, err = c.Conn.Write(b)
		return err
	})
	return n, err
}

type pointedConn struct {
	net.Conn
	f *failpoints
}

func (c pointedConn) Write(b []byte) (n int, err error) {
	name := "smtp/offer"
	switch {
	case bytes.HasPrefix(b, []byte("EHLO")):
		c.f.reach("smtp/greeted")
		return c.Conn.Write(b)
	case bytes.Contains(b, []byte("\r\n.\r\n")):
		name = "smtp/dot"
	}
	err = c.f.around(name, func() error {
		n, err = c.Conn.Write(b)
		return err
	})
	return n, err
}

func (c pointedConn) Read(b []byte) (n int, err error) {
	err = c.f.around("smtp/reply", func() error {
		n, err = c.Conn.Read(b)
		return err
	})
	return n, err
}

// paperSites are an IMS in which everything is in stock, and a CRM that is asked over HTTP.
type paperSites struct {
	crm     string
	waiting int
	points  *failpoints
}

func (p *paperSites) Stock(context.Context, string) (bot.Reading, error) {
	q := bot.Units(1_000_000)
	return bot.Reading{Complete: bot.CompleteYes, At: time.Now(), Levels: []bot.StockLevel{{SKU: "TEE-M", Quantity: &q, Availability: bot.In}}}, nil
}

func (p *paperSites) Subscribers(_ context.Context, _ string, skus []string) ([]bot.Subscription, int, error) {
	if len(skus) == 0 {
		return nil, p.waiting, nil
	}
	return subscriptions(p.waiting), p.waiting, nil
}

// subscriptions are requests for one product, every eighth by SMS.
func subscriptions(n int) []bot.Subscription {
	list := make([]bot.Subscription, n)
	for i := range list {
		id := strconv.Itoa(i)
		list[i] = bot.Subscription{ID: id, SKU: "TEE-M", Customer: "C " + id, Email: fmt.Sprintf("c%d@example.com", i), Consent: bot.ConsentGiven}
		if i%8 == 7 {
			list[i].Email, list[i].Phone = "", fmt.Sprintf("+614915%05d", i)
		}
	}
	return list
}

func (p *paperSites) FollowUp(ctx context.Context, _ string, n bot.Notification, intent func(context.Context) error) (bot.FollowUp, error) {
	address := p.crm + "/" + n.Subscription.ID
	res, err := http.Get(address)
	if err != nil {
		return bot.FollowUp{}, err
	}
	text, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	p.points.reach("crm/read")
	if err != nil || string(text) == n.Key {
		return bot.FollowUp{State: bot.FollowUpWritten}, err
	}
	if err := intent(ctx); err != nil {
		return bot.FollowUp{}, err
	}
	res, err = http.Post(address, "text/plain", strings.NewReader(n.Key))
	if err != nil {
		return bot.FollowUp{}, err
	}
	p.points.reach("crm/saved")
	return bot.FollowUp{State: bot.FollowUpWritten}, res.Body.Close()
}

func (p *paperSites) Witness(_ context.Context, _ string, failure *bot.StepError) error {
	return failure
}
func (p *paperSites) Shapes() []bot.Shape { return nil }
func (p *paperSites) Steps() []bot.Step   { return nil }
func (p *paperSites) Close() error        { return nil }
