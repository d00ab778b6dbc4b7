package flows_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/flows"
	"restock/flows/browser"
	"restock/flows/flowtest"
	"restock/selectors"
)

// trial is one difficulty under test.
type trial struct {
	*testing.T
	d *flowtest.Difficulty
	s *flows.Sites
}

// TestDifficulties: each thing that real web UIs do to a bot, on a page of its own, with the selector file that is up to it.
func TestDifficulties(t *testing.T) {
	special := map[int]func(*trial){
		1: absentIsOut, 2: twoDialogs, 3: coveredIsNamed, 7: noKeys, 8: staleList, 10: writtenNotShown, 11: numbersByLocale, 12: twoLanguages,
		13: lazyPages, 16: rememberedSession, 17: otherInstallation, 20: alertAtLogIn, 21: prefilledFields, 22: madeUpSelects, 26: crawl,
		28: richText, 29: tabInFront, 31: rememberedPage, 32: pageTooHigh, 33: sessionEnds, 34: cutOffAddress, 35: twoNumbers, 36: movedColumns,
		38: fieldReplaced, 40: gridWithoutLinks, 41: manyButtons, 42: contactsCountry,
	}
	writes := map[int]bool{5: true, 14: true, 25: true, 39: true}
	for n := 1; n <= flowtest.Difficulties; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			trial := newTrial(t, n)
			switch f := special[n]; {
			case f != nil:
				f(trial)
			case writes[n]:
				trial.told(501)
			default:
				trial.whole()
			}
		})
	}
}

func newTrial(t *testing.T, n int) *trial {
	t.Helper()
	d, err := flowtest.StartDifficulty(n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	site, err := d.Site()
	if err != nil {
		t.Fatal(err)
	}
	b := one.get(t)
	s := &flows.Sites{
		Files: map[string]*selectors.Site{"d": site}, Values: d.Values(), Guard: guard(), Evidence: t.ArtifactDir(), Zone: time.UTC, Now: time.Now,
		NewPage: func(ctx context.Context, site *selectors.Site) (flows.Page, error) {
			o, err := browser.OptionsFor(site, d.Values())
			if err != nil {
				return nil, err
			}
			return b.NewPage(ctx, o)
		},
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &trial{t, d, s}
}

// levels reads the stock: SKU → quantity.
func (t *trial) levels() (map[string]string, bot.Reading) {
	t.Helper()
	r, err := t.s.Stock(t.Context(), "d")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, l := range r.Levels {
		found[l.SKU] = l.Quantity.String()
	}
	return found, r
}

// whole reads the stock and compares it with the truth.
func (t *trial) whole() bot.Reading {
	t.Helper()
	found, r := t.levels()
	if len(found) != len(t.d.Products()) {
		t.Errorf("%d products, expected %d: %v", len(found), len(t.d.Products()), found)
	}
	for _, p := range t.d.Products() {
		if found[p.SKU] != fmt.Sprint(p.Quantity) {
			t.Errorf("%s: %q, expected %d", p.SKU, found[p.SKU], p.Quantity)
		}
	}
	return r
}

func (t *trial) fails(class bot.Class, parts ...string) {
	t.Helper()
	_, err := t.s.Stock(t.Context(), "d")
	if bot.ClassOf(err) != class {
		t.Errorf("%v: expected %s", err, class)
	}
	for _, p := range parts {
		if !strings.Contains(fmt.Sprint(err), p) {
			t.Errorf("%v: expected %q in it", err, p)
		}
	}
}

func (t *trial) waiting(skus ...string) map[string]bot.Subscription {
	t.Helper()
	subs, _, err := t.s.Subscribers(t.Context(), "d", skus)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bot.Subscription{}
	for _, s := range subs {
		found[s.ID] = s
	}
	return found
}

// follow writes a follow-up.
func (t *trial) follow(id int) (bot.FollowUp, error) {
	w := t.d.Request(id)
	n := bot.Notification{
		Key: "k7", Channel: bot.Email, State: bot.Accepted, Restock: bot.Restock{SKU: w.SKU},
		Subscription: bot.Subscription{ID: fmt.Sprint(id), Customer: w.Customer(), SKU: w.SKU},
	}
	return t.s.FollowUp(t.Context(), "d", n, func(context.Context) error { return nil })
}

// told writes a follow-up and looks whether the site has it.
func (t *trial) told(id int) flowtest.Wish {
	t.Helper()
	f, err := t.follow(id)
	if err != nil || f.State != bot.FollowUpWritten {
		t.Fatalf("%+v, %v", f, err)
	}
	w := t.d.Request(id)
	if saves, _ := t.d.Counts(); w.Status != "Notified" || saves != 1 {
		t.Errorf("%d saves, the site has %+v", saves, w)
	}
	return w
}

func absentIsOut(t *trial) {
	if found, r := t.levels(); len(found) != 8 || !r.AbsentIsOut {
		t.Errorf("absent is out: %v, %v", r.AbsentIsOut, found)
	}
	t.d.Switch("lie", "yes") // the page says 12 and shows fewer: a list that failed to load
	t.fails(bot.DataContract, "while the page says 12")
}

func twoDialogs(t *trial) {
	t.d.Switch("ends", "yes")
	t.whole()
	if _, n := t.d.Counts(); n != 2 {
		t.Errorf("%d log-ins, expected 2", n)
	}
	other := newTrial(t.T, 2)
	other.d.Switch("clash", "yes")
	other.fails(bot.SiteDown, "somebody changed the same record")
}

func coveredIsNamed(t *trial) {
	t.fails(bot.PageChanged, `covered by <div id="veil">`, "interruptions:")
	other := newTrial(t.T, 3)
	other.d.Switch("notice", "yes")
	other.whole()
}

func noKeys(t *trial) {
	subs := t.waiting("P-01", "P-02", "P-03")
	for id := 501; id <= 506; id++ {
		w, got := t.d.Request(id), subs[fmt.Sprint(id)]
		if got.SKU != w.SKU || got.Customer != w.Customer() || got.Requested != w.Asked {
			t.Errorf("%d: %+v, expected %+v", id, got, w)
		}
	}
}

func staleList(t *trial) {
	t.whole()
	other := newTrial(t.T, 8)
	other.d.Switch("dirty", "yes")
	other.whole()
}

func writtenNotShown(t *trial) {
	subs := t.waiting("P-01", "P-02", "P-03")
	if w, got := t.d.Request(501), subs["501"]; got.Customer != w.Customer() || got.Email != w.Email || got.Consent != bot.ConsentRefused {
		t.Errorf("%+v", got)
	}
	if subs["502"].Consent != bot.ConsentGiven {
		t.Errorf("%+v", subs["502"])
	}
}

func numbersByLocale(t *trial) {
	found, _ := t.levels()
	if found["A"] != "1250" || found["B"] != "-3" || found["C"] != "-4" {
		t.Errorf("%v", found)
	}
	t.d.Switch("bad", "yes")
	t.fails(bot.DataContract, "1.250,00", "11.yaml:")
}

func twoLanguages(t *trial) {
	t.whole()
	other := newTrial(t.T, 12)
	other.d.Switch("lang", "fr")
	other.whole()
}

func lazyPages(t *trial) {
	found, r := t.levels()
	if len(found) != 72 || r.Complete != bot.CompleteYes || found["P-03-5"] != "1250" {
		t.Errorf("%d rows, complete %s", len(found), r.Complete)
	}
}

func rememberedSession(t *trial) {
	t.whole()
	t.d.EndSessions()
	other := newTrial(t.T, 16)
	other.d.Switch("known", "yes")
	other.whole()
}

func otherInstallation(t *trial) {
	t.whole()
	other := newTrial(t.T, 17)
	other.d.Switch("other", "yes")
	other.whole()
}

func alertAtLogIn(t *trial) { t.whole(); t.whole() }

func prefilledFields(t *trial) {
	t.whole()
	if _, n := t.d.Counts(); n != 1 {
		t.Errorf("%d log-ins", n)
	}
}

func madeUpSelects(t *trial) {
	if w := t.told(501); w.Note != "Told by bot" {
		t.Errorf("%+v", w)
	}
}

func crawl(t *trial) {
	subs := t.waiting("P-01", "P-02", "P-03")
	if len(subs) != 6 || subs["502"].Customer != "Smith" || subs["504"].SKU != "P-01" || subs["504"].Phone != "+61491570103" {
		t.Errorf("%d: %+v", len(subs), subs)
	}
}

func richText(t *trial) {
	if w := t.told(501); w.Note != "Told [k7]" {
		t.Errorf("%+v", w)
	}
}

// tabInFront reads a list in a second tab, then fails there, and wants a picture of it soon.
func tabInFront(t *trial) {
	t.whole()
	t.d.Switch("gone", "yes")
	site := t.s.Files["d"]
	site.Stock.Steps = site.Stock.Steps[:1] // the list stays in the tab behind
	site.Stock.Within = time.Second
	started := time.Now()
	t.fails(bot.PageChanged, "Second")
	if took := time.Since(started); took > 15*time.Second {
		t.Errorf("it took %s", took)
	}
	pictures, _ := filepath.Glob(filepath.Join(t.s.Evidence, "*", "screenshot.png"))
	if len(pictures) == 0 {
		t.Error("no picture")
	}
	for _, p := range pictures {
		if info, err := os.Stat(p); err != nil || info.Size() < 1000 {
			t.Errorf("%s: %v", p, err)
		}
	}
}

func rememberedPage(t *trial) {
	if r := t.whole(); r.Complete != bot.CompleteYes {
		t.Errorf("complete: %s", r.Complete)
	}
}

func pageTooHigh(t *trial) {
	t.whole()
	t.s.Files["d"].Stock.Total = nil
	t.d.Switch("mute", "yes")
	t.fails(bot.DataContract, "twice")
}

func sessionEnds(t *trial) {
	for _, way := range []string{"redirect", "form", "modal"} {
		other := newTrial(t.T, 33)
		other.d.Switch("auth", way)
		other.d.Switch("expire", "2")
		other.whole()
		if _, n := other.d.Counts(); n != 2 {
			t.Errorf("%s: %d log-ins", way, n)
		}
	}
	// Only a toast, and the form emptied as after success: reading it back finds out.
	t.d.Switch("auth", "toast")
	t.whole()
	t.d.Switch("expire", "3")
	t.told(501)
}

func cutOffAddress(t *trial) {
	subs := t.waiting("P-01", "P-02", "P-03")
	if w, got := t.d.Request(503), subs["503"]; got.Email != w.Email || got.Customer != "Jo Bakker" {
		t.Errorf("%+v", got)
	}
}

func twoNumbers(t *trial) { t.whole() }

func movedColumns(t *trial) {
	t.whole()
	t.d.Switch("desired", "yes")
	t.whole()
	t.d.Switch("none", "yes")
	if found, _ := t.levels(); len(found) != 0 {
		t.Errorf("%v", found)
	}
}

func fieldReplaced(t *trial) {
	t.d.Switch("x", "")
	if w := t.told(501); w.Note != "Told [k7]" {
		t.Errorf("%+v", w)
	}
	// A second follow-up keeps what stands there.
	if w := t.d.Request(501); !strings.HasPrefix(w.Note, "Told") {
		t.Errorf("%+v", w)
	}
}

func gridWithoutLinks(t *trial) {
	subs := t.waiting("P-01", "P-02", "P-03")
	if len(subs) != 6 || subs["504"].Customer != "Ng, Amy" {
		t.Errorf("%+v", subs)
	}
}

func manyButtons(t *trial) {
	started := time.Now()
	t.whole()
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

func contactsCountry(t *trial) {
	subs := t.waiting("P-01", "P-02", "P-03")
	if got := subs["501"]; got.Phone != "+61491570100" || got.Requested != "2026-11-01T09:15" {
		t.Errorf("%+v", got)
	}
	if got := subs["503"]; got.Phone != "+31612345678" {
		t.Errorf("%+v", got)
	}
}
