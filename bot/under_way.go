package bot

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// UnderWay is a restock of which not everybody is told yet.
type UnderWay struct {
	Restock Restock       `json:"restock"`
	States  map[State]int `json:"states"`        // of its notifications that are not finished
	Next    time.Time     `json:"next,omitzero"` // when the first of those who wait may be told
	Unnoted int           `json:"unnoted"`       // who was told, which the CRM does not know yet
}

// UnderWay returns the restocks of a job of which something is left to do, the one that is due first in front. partly reports that not
// all of the work list was looked through.
func (l *Ledger) UnderWay(ctx context.Context, job string) (list []UnderWay, partly bool, err error) {
	at, looked := map[string]*UnderWay{}, 0
	for n, err := range l.open(ctx, job) {
		if err != nil {
			return nil, false, err
		}
		if looked++; looked > maxLooked {
			partly = true
			break
		}
		key := episodeKey(n.Job, n.Restock.SKU, n.Restock.Number)
		u := at[key]
		if u == nil {
			u = &UnderWay{Restock: n.Restock, States: map[State]int{}}
			at[key] = u
		}
		if u.States[n.State]++; n.State == Accepted || n.State == Bounced {
			u.Unnoted++
		}
		if waits := n.State == Queued || n.State == Retry; waits && (u.Next.IsZero() || n.Due.Before(u.Next)) {
			u.Next = n.Due
		}
	}
	for _, u := range at {
		list = append(list, *u)
	}
	slices.SortFunc(list, func(a, b UnderWay) int {
		return cmp.Or(a.Next.Compare(b.Next), cmp.Compare(a.Restock.SKU, b.Restock.SKU), a.Restock.Number-b.Restock.Number)
	})
	return list, partly, nil
}
