package bot

import (
	"context"
	"strconv"
	"strings"
)

// A customer who was told and finds the product sold out again keeps the place: the CRM shows the request as done, so it is here
// that it is remembered until the next restock.

func placeKey(n *Notification) string {
	return n.Job + "/" + n.Restock.SKU + "/" + SendID(n.Key)
}

// place is who came too late, and for which restock.
type place struct {
	n       Notification
	episode int
}

// keepPlaces remembers who came too late.
func (l *Ledger) keepPlaces(ctx context.Context, list map[string]place) error {
	writes := make([]Write, 0, len(list))
	for _, p := range list {
		value := p.n.Key + " " + strconv.Itoa(p.episode)
		writes = append(writes, Write{Table: Places, Key: placeKey(&p.n), Value: []byte(value)}) // a conflict: kept already
	}
	return l.attempt(ctx, writes)
}

// used is a place that a plan makes use of.
type used struct {
	write Write
	key   string // of the notification that takes it up; "": it is of no use any more
}

// latecomers are the requests of those who came too late for the restock before. Who has bought, was forgotten, or asks in the CRM
// again, needs no place any more.
func (b *Bot) latecomers(ctx context.Context, job Job, c Comparison, subs []Subscription) (late []Subscription, list []used, err error) {
	asked := map[string]bool{}
	for _, s := range subs {
		asked[s.SKU+"\x00"+s.ID] = true
	}
	for _, r := range c.Opened {
		some, done, err := b.Ledger.placed(ctx, r)
		if err != nil {
			return nil, nil, err
		}
		list = append(list, done...)
		for _, s := range some {
			if !asked[s.SKU+"\x00"+s.ID] {
				asked[s.SKU+"\x00"+s.ID] = true
				late = append(late, s)
			}
		}
	}
	return late, list, nil
}

func (l *Ledger) placed(ctx context.Context, r Restock) (subs []Subscription, list []used, err error) {
	prefix := r.Job + "/" + r.SKU + "/"
	for entry, err := range l.store.Scan(ctx, Places, prefix) {
		if err != nil {
			return nil, nil, err
		}
		if strings.Contains(entry.Key[len(prefix):], "/") { // of another product, whose code begins alike
			continue
		}
		place := used{write: Write{Table: Places, Key: entry.Key, Rev: entry.Rev}}
		key, episode, _ := strings.Cut(string(entry.Value), " ")
		n, ok, err := l.Find(ctx, key)
		if err != nil {
			return nil, nil, err
		}
		since, _ := strconv.Atoi(episode)
		if ok && !n.Erased && n.Bought.IsZero() && since < r.Number {
			told, err := l.toldSince(ctx, &n, since, r.Number)
			if err != nil {
				return nil, nil, err
			}
			if !told {
				s := n.Subscription
				s.Kept, s.SKU = true, r.SKU
				subs = append(subs, s)
				place.key = Key(r.Job, r.SKU, r.Number, s.ID)
			}
		}
		list = append(list, place)
	}
	return subs, list, nil
}

// toldSince reports whether somebody was planned for a restock between two others: the place was taken up then, by a run that was cut
// off before it could be given up.
func (l *Ledger) toldSince(ctx context.Context, n *Notification, from, to int) (bool, error) {
	for number := from + 1; number < to; number++ {
		later := *n
		later.Restock.Number = number
		entry, err := l.store.Get(ctx, Asked, l.askedKey(&later))
		if err != nil || entry.Rev != 0 {
			return entry.Rev != 0, err
		}
	}
	return false, nil
}

// unplace gives up the places that were taken up. One of somebody who could not be planned now is kept.
func (b *Bot) unplace(ctx context.Context, list []used) error {
	var writes []Write
	for _, u := range list {
		if u.key != "" {
			n, ok, err := b.Ledger.Find(ctx, u.key)
			if err != nil {
				return err
			}
			if !ok || n.Reason == Unsettled {
				continue
			}
		}
		writes = append(writes, u.write)
	}
	return b.Ledger.attempt(ctx, writes)
}
