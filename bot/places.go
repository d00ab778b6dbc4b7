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
	if len(writes) == 0 {
		return nil
	}
	_, err := l.store.Apply(ctx, writes...)
	return err
}

// latecomers are the requests of those who came too late for the restock before. Who has bought, was forgotten, or asks in the CRM
// again, needs no place any more.
func (b *Bot) latecomers(ctx context.Context, job Job, c Comparison, subs []Subscription) (late []Subscription, used []Write, err error) {
	asked := map[string]bool{}
	for _, s := range subs {
		asked[s.SKU+"\x00"+s.ID] = true
	}
	for _, r := range c.Opened {
		some, done, err := b.Ledger.placed(ctx, r)
		if err != nil {
			return nil, nil, err
		}
		used = append(used, done...)
		for _, s := range some {
			if !asked[s.SKU+"\x00"+s.ID] {
				asked[s.SKU+"\x00"+s.ID] = true
				late = append(late, s)
			}
		}
	}
	return late, used, nil
}

func (l *Ledger) placed(ctx context.Context, r Restock) (subs []Subscription, used []Write, err error) {
	prefix := r.Job + "/" + r.SKU + "/"
	for entry, err := range l.store.Scan(ctx, Places, prefix) {
		if err != nil {
			return nil, nil, err
		}
		if strings.Contains(entry.Key[len(prefix):], "/") { // of another product, whose code begins alike
			continue
		}
		used = append(used, Write{Table: Places, Key: entry.Key, Rev: entry.Rev})
		key, number, _ := strings.Cut(string(entry.Value), " ")
		if strconv.Itoa(r.Number-1) != number { // told of the restock after it, by a run that was cut off then
			continue
		}
		n, ok, err := l.Find(ctx, key)
		if err != nil {
			return nil, nil, err
		}
		if ok && !n.Erased && n.Bought.IsZero() {
			s := n.Subscription
			s.Kept, s.SKU = true, r.SKU
			subs = append(subs, s)
		}
	}
	return subs, used, nil
}

// unplace gives up places that were used.
func (l *Ledger) unplace(ctx context.Context, used []Write) error {
	if len(used) == 0 {
		return nil
	}
	_, err := l.store.Apply(ctx, used...)
	return err
}
