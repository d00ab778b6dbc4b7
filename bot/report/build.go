package report

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"restock/bot"
)

// builder gathers what a report is made of.
type builder struct {
	o        Options
	r        *Report
	start    time.Time // of the period before
	products map[string]*Product
	restocks map[string]*Restock
	sends    []bot.Send
	told     map[string]message // by key
	held     []bot.Notification
	waiting  map[string]map[string]bool // SKU → requests that wait
	lost     map[string]int
	names    map[string]string
	notified map[string]time.Time  // person and SKU → told last
	asked    map[string]bool       // person and SKU whose message waits
	openings map[string][]opening  // job and SKU → restocks
	paid     map[string]bot.Amount // SKU → what one cost last
}

// opening is when a restock began.
type opening struct {
	at      time.Time
	restock string
}

// message is what is used of a notification that was told.
type message struct {
	sku, restock string
	at           time.Time
	reminder     bool
	ours         bool // of the jobs that the report is about
}

// Build makes the report of a period.
func Build(ctx context.Context, l *bot.Ledger, o Options) (Report, error) {
	r := Report{
		Shop: bot.Printable(o.Shop), Job: o.Job, From: o.From, To: o.To, Zone: o.Zone.String(), Per: o.Per, Made: o.Now.In(o.Zone), Windows: o.Windows,
		Figures: newFigures(), Before: newFigures(), Periods: divide(o.From, o.To, o.Per, o.Zone), Products: []Product{}, Restocks: []Restock{}, Wanted: []Wanted{},
	}
	b := builder{
		o: o, r: &r, start: before(o.From, o.To, o.Zone), products: map[string]*Product{}, restocks: map[string]*Restock{}, told: map[string]message{},
		waiting: map[string]map[string]bool{}, lost: map[string]int{}, names: map[string]string{}, notified: map[string]time.Time{}, asked: map[string]bool{}, openings: map[string][]opening{}, paid: map[string]bot.Amount{},
	}
	for _, step := range []func(context.Context, *bot.Ledger) error{b.episodes, b.notifications, b.clicks, b.orders, b.signUps, b.levels} {
		if err := step(ctx, l); err != nil {
			return r, err
		}
	}
	b.finish()
	return r, nil
}

func newFigures() Figures {
	return Figures{ByWay: map[bot.Channel]int{bot.Email: 0, bot.SMS: 0}, Direct: newSales(), Assisted: newSales(), Halo: newSales()}
}

func newSales() Sales { return Sales{Revenue: []bot.Amount{}, orders: map[string]bool{}} }

// at calls f for all figures that something at a time counts for: those of the period, of its part, of its product and restock; or
// those of the period before.
func (b *builder) at(t time.Time, sku, restock string, f func(*Figures)) {
	switch {
	case !t.Before(b.o.From) && t.Before(b.o.To):
		f(&b.r.Figures)
		i, found := slices.BinarySearchFunc(b.r.Periods, t, func(p Period, t time.Time) int {
			switch {
			case t.Before(p.Start):
				return 1
			case t.Before(p.End):
				return 0
			}
			return -1
		})
		if found {
			f(&b.r.Periods[i].Figures)
		}
		if sku != "" {
			f(&b.product(sku).Figures)
		}
		if r := b.restocks[restock]; r != nil {
			f(&r.Figures)
		}
	case !t.Before(b.start) && t.Before(b.o.From):
		f(&b.r.Before)
	}
}

func (b *builder) product(sku string) *Product {
	p := b.products[sku]
	if p == nil {
		p = &Product{SKU: sku, Figures: newFigures()}
		b.products[sku] = p
	}
	return p
}

func (b *builder) ours(job string) bool { return b.o.Job == "" || b.o.Job == job }

// episodes lists the restocks that were going on in the period.
func (b *builder) episodes(ctx context.Context, l *bot.Ledger) error {
	for e, err := range l.Restocks(ctx) {
		if err != nil {
			return err
		}
		if !b.ours(e.Job) {
			continue
		}
		b.names[e.SKU] = cmp.Or(e.Name, b.names[e.SKU])
		of := e.Job + "\x00" + e.SKU
		b.openings[of] = append(b.openings[of], opening{e.Opened, restockName(e.Job, e.SKU, e.Number)})
		if e.Opened.Before(b.o.To) && (e.Closed.IsZero() || !e.Closed.Before(b.o.From)) {
			b.restocks[restockName(e.Job, e.SKU, e.Number)] = &Restock{
				Job: e.Job, SKU: e.SKU, Name: e.Name, Number: e.Number, Opened: e.Opened, Closed: e.Closed, Quantity: e.Quantity, Sold: e.Sold(), Through: through(e),
				Figures: newFigures(),
			}
		}
	}
	return nil
}

func restockName(job, sku string, number int) string {
	return fmt.Sprintf("%s\x00%s\x00%d", job, sku, number)
}

func through(e bot.Restock) float64 {
	sold := e.Sold()
	if sold == nil || e.Quantity == nil || *e.Quantity <= 0 {
		return 0
	}
	return math.Min(1, float64(*sold)/float64(*e.Quantity))
}

// notifications counts messages.
func (b *builder) notifications(ctx context.Context, l *bot.Ledger) error {
	for n, err := range l.Where(ctx, func(n bot.Notification) bool {
		if !b.ours(n.Job) { // a purchase is put down to one message, whose ever it is
			return n.State == bot.Accepted
		}
		last := n.Changes[max(0, len(n.Changes)-1):] // purchases are put down to messages however old, so that each report says the same of them
		return n.State.Open() || n.State == bot.Accepted || n.State == bot.Bounced || len(last) > 0 && !last[0].At.Before(b.start)
	}) {
		if err != nil {
			return err
		}
		b.notification(l, n)
	}
	return nil
}

func (b *builder) notification(l *bot.Ledger, n bot.Notification) {
	if !b.ours(n.Job) {
		b.told[n.Key] = message{at: n.Told()}
		b.sends = append(b.sends, l.SendOf(n))
		return
	}
	sku, restock := n.Restock.SKU, restockName(n.Job, n.Restock.SKU, n.Restock.Number)
	b.names[sku] = cmp.Or(n.Restock.Name, b.names[sku])
	if !n.Holdout.IsZero() && n.Reminder == 0 && (n.State == bot.Accepted || n.State == bot.Bounced || n.State == bot.Queued || n.State == bot.Expired) {
		b.held = append(b.held, n)
	}
	var last bot.Change
	if len(n.Changes) > 0 {
		last = n.Changes[len(n.Changes)-1]
	}
	switch n.State {
	case bot.Accepted, bot.Bounced:
		b.tell(l, n, sku, restock)
	case bot.Failed:
		b.at(last.At, sku, restock, func(f *Figures) { f.Failed++ })
	case bot.Ambiguous:
		b.at(last.At, sku, restock, func(f *Figures) { f.Ambiguous++ })
	case bot.Expired:
		if n.Reason == bot.SoldOut && n.Reminder == 0 {
			b.at(last.At, sku, restock, func(f *Figures) { f.Lost++ })
			if !last.At.Before(b.o.From) && last.At.Before(b.o.To) {
				b.lost[sku]++
			}
		}
	case bot.Queued, bot.Claimed, bot.Retry, bot.Held:
		if n.Reminder == 0 {
			b.wait(sku, n.Subscription.ID)
			for _, p := range l.SendOf(n).People {
				b.asked[p+"\x00"+sku] = true
			}
			if r := b.restocks[restock]; r != nil {
				r.Waiting++
			}
		}
	}
}

// tell counts a message that was accepted. One that came back was told all the same, as far as we knew.
func (b *builder) tell(l *bot.Ledger, n bot.Notification, sku, restock string) {
	told := n.Told()
	if told.IsZero() {
		return
	}
	b.at(told, sku, restock, func(f *Figures) {
		f.Told++
		f.ByWay[n.Channel]++
		if n.State == bot.Bounced {
			f.Bounced++
		}
		if arrived(n) {
			f.Delivered++
		}
		if n.Reminder == 0 && n.Holdout.IsZero() && !n.Restock.Opened.IsZero() {
			f.waits = append(f.waits, told.Sub(n.Restock.Opened))
		}
	})
	b.told[n.Key] = message{sku: sku, restock: restock, at: told, reminder: n.Reminder > 0, ours: true}
	s := l.SendOf(n)
	if n.State == bot.Accepted {
		b.sends = append(b.sends, s)
	}
	for _, p := range s.People {
		name := p + "\x00" + sku
		if told.After(b.notified[name]) {
			b.notified[name] = told
		}
	}
}

// arrived reports whether somebody on the way has said so.
func arrived(n bot.Notification) bool {
	return slices.ContainsFunc(n.Changes, func(c bot.Change) bool {
		return strings.HasPrefix(c.Detail, string(bot.Delivered)+":") && !strings.HasSuffix(c.Detail, bot.Followed)
	})
}

func (b *builder) wait(sku, request string) {
	if b.waiting[sku] == nil {
		b.waiting[sku] = map[string]bool{}
	}
	b.waiting[sku][request] = true
}

// finish computes what is known at the end, and sorts.
func (b *builder) finish() {
	b.r.Figures.finish()
	b.r.Before.finish()
	for i := range b.r.Periods {
		b.r.Periods[i].finish()
	}
	for _, sku := range slices.Sorted(maps.Keys(b.products)) {
		p := b.products[sku]
		p.Name = b.names[sku]
		p.finish()
		b.r.Products = append(b.r.Products, *p)
	}
	slices.SortStableFunc(b.r.Products, func(a, b Product) int { return b.Told - a.Told })
	for _, name := range slices.Sorted(maps.Keys(b.restocks)) {
		r := b.restocks[name]
		r.finish()
		if r.Told+r.Waiting+r.Lost+r.Failed+r.Ambiguous+r.AllClicks+r.Direct.Units+r.Assisted.Units > 0 || !r.Opened.Before(b.o.From) {
			b.r.Restocks = append(b.r.Restocks, *r)
		}
	}
	slices.SortStableFunc(b.r.Restocks, func(a, b Restock) int { return b.Opened.Compare(a.Opened) })
}

func (f *Figures) finish() {
	slices.Sort(f.waits)
	f.P50, f.P95 = rank(f.waits, 50), rank(f.waits, 95)
	f.waits = nil
}

// rank is the nearest-rank percentile of sorted times.
func rank(sorted []time.Duration, percent int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[(len(sorted)*percent+99)/100-1]
}
