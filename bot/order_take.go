package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
)

func orderKey(shop, id string) string { return shop + "/" + id }

// TakeOrder remembers what a shop says of an order. It is on disk when it returns; said twice, or late, it changes nothing.
func (l *Ledger) TakeOrder(ctx context.Context, o Order) (changed bool, err error) {
	if o.Shop == "" || o.ID == "" {
		return false, errors.New("an order without a number")
	}
	for range 10 {
		changed, err = l.takeOrder(ctx, o)
		if !errors.Is(err, ErrConflict) {
			return changed, err
		}
	}
	return false, fmt.Errorf("order %s: %w", o.ID, ErrConflict)
}

func (l *Ledger) takeOrder(ctx context.Context, o Order) (news bool, err error) {
	key := orderKey(o.Shop, o.ID)
	entry, err := l.store.Get(ctx, Orders, key)
	if err != nil {
		return false, err
	}
	var known Order
	if entry.Rev != 0 {
		if err := json.Unmarshal(entry.Value, &known); err != nil {
			return false, fmt.Errorf("order %s: %w: %w", key, errDecode, err)
		}
		o = known.Merge(o)
		l.stayForgotten(&o, &known)
	}
	if o.People, err = l.remembered(ctx, o.People); err != nil {
		return false, err
	}
	value, err := json.Marshal(o)
	if err != nil || string(value) == string(entry.Value) {
		return false, err
	}
	older := o
	older.Updated, older.Source = known.Updated, known.Source
	same, err := json.Marshal(older)
	if err != nil {
		return false, err
	}
	// The time of what is said is kept in any case: something that is older may still come. Only news is for the next run to look at.
	write := Write{Table: Orders, Key: key, Value: value, Rev: entry.Rev}
	if news = string(same) != string(entry.Value); !news {
		return false, l.apply(ctx, []Write{write})
	}
	return true, l.withNews(ctx, inboxOrder+key, write)
}

// remembered leaves out who was forgotten.
func (l *Ledger) remembered(ctx context.Context, list []string) (kept []string, err error) {
	for _, p := range list {
		s, _, err := get[Suppression](ctx, l.store, Suppressions, suppressionKey(p, ""))
		if err != nil {
			return nil, err
		}
		if s.Reason != Forgotten {
			kept = append(kept, p)
		}
	}
	return kept, nil
}

// AllOrders yields every order.
func (l *Ledger) AllOrders(ctx context.Context) iter.Seq2[Order, error] {
	return decoded[Order](l.store.Scan(ctx, Orders, ""))
}

// FindOrder returns an order; ok is false where there is none.
func (l *Ledger) FindOrder(ctx context.Context, shop, id string) (o Order, ok bool, err error) {
	return get[Order](ctx, l.store, Orders, orderKey(shop, id))
}
