package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Parcel is a part of what a run sends, for whichever machine takes it: it waits, is at work, or is done. Its messages are claimed for
// the run already, so that all rules of who is told, and all limits, are the run's.
type Parcel struct {
	Run    string   `json:"run"`
	Job    string   `json:"job"`
	Holder string   `json:"holder"` // process that has the run
	Texts  string   `json:"texts"`  // mark of what messages are written from
	Keys   []string `json:"keys"`

	Worker string    `json:"worker,omitempty"`
	Until  time.Time `json:"until,omitzero"`   // the worker is taken for dead after this, unless it has said that it is at work
	Recall bool      `json:"recall,omitempty"` // what has not left is wanted back
	Sent   *Sent     `json:"sent,omitempty"`

	key string
	rev uint64
}

// Sent is what became of a parcel.
type Sent struct {
	Accepted   map[Channel]int    `json:"accepted,omitempty"`
	Failed     map[Channel]int    `json:"failed,omitempty"`
	Ambiguous  map[Channel]int    `json:"ambiguous,omitempty"`
	Retry      int                `json:"retry,omitempty"`
	Suppressed int                `json:"suppressed,omitempty"`
	Products   map[string]int     `json:"products,omitempty"` // SKU → messages that failed for good
	Stopped    map[Channel]string `json:"stopped,omitempty"`  // why no more may be sent
	Warnings   []string           `json:"warnings,omitempty"`
	Error      string             `json:"error,omitempty"`
}

// settled is of how many messages it is known what became of them.
func (s *Sent) settled() int {
	return total(s.Accepted) + total(s.Failed) + total(s.Ambiguous) + s.Retry + s.Suppressed
}

func newSent() Sent {
	return Sent{Accepted: map[Channel]int{}, Failed: map[Channel]int{}, Ambiguous: map[Channel]int{}, Products: map[string]int{}}
}

// Limits of parcels.
const (
	parcelSize = 100              // messages
	parcelLife = 30 * time.Second // without a word of its worker
	parcelLook = 200 * time.Millisecond
)

// newParcels divides claimed messages.
func newParcels(run *Run, texts string, claimed []*Notification, number *int) []Parcel {
	var list []Parcel
	for part := range slices.Chunk(claimed, parcelSize) {
		p := Parcel{Run: run.ID, Job: run.Job, Holder: ThisProcess(), Texts: texts, key: fmt.Sprintf("%s/%06d", run.ID, *number)}
		for _, n := range part {
			p.Keys = append(p.Keys, n.Key)
		}
		*number++
		list = append(list, p)
	}
	return list
}

// parcels lists the parcels of a run, or of all.
func (l *Ledger) parcels(ctx context.Context, run string) ([]Parcel, error) {
	if run != "" {
		run += "/"
	}
	var list []Parcel
	for entry, err := range l.store.Scan(ctx, Parcels, run) {
		var p Parcel
		if err == nil {
			p, err = parcelIn(entry)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

func parcelIn(entry Entry) (p Parcel, err error) {
	if err = json.Unmarshal(entry.Value, &p); err != nil {
		err = fmt.Errorf("parcel %s: %w: %w", entry.Key, errDecode, err)
	}
	p.key, p.rev = entry.Key, entry.Rev
	return p, err
}

// saveParcel writes a parcel, unless somebody else has.
func (l *Ledger) saveParcel(ctx context.Context, p *Parcel) (bool, error) {
	value, err := json.Marshal(p)
	if err != nil {
		return false, err
	}
	out, err := l.store.Apply(ctx, Write{Table: Parcels, Key: p.key, Value: value, Rev: p.rev})
	if err != nil || out[0].Conflict {
		return false, err
	}
	p.rev = out[0].Rev
	return true, nil
}

// dropParcel removes a parcel, unless somebody has changed it.
func (l *Ledger) dropParcel(ctx context.Context, p Parcel) (bool, error) {
	out, err := l.store.Apply(ctx, Write{Table: Parcels, Key: p.key, Rev: p.rev})
	return err == nil && !out[0].Conflict, err
}

// takeParcel makes somebody the worker of a parcel, unless somebody else was faster.
func (l *Ledger) takeParcel(ctx context.Context, p *Parcel, worker string) (bool, error) {
	p.Worker, p.Until = worker, l.now().Add(parcelLife)
	return l.saveParcel(ctx, p)
}

// recallParcels takes back what runs of a job, that are gone, have given to other machines. Those that are at work end what is leaving;
// who says nothing more is not waited for.
func (l *Ledger) recallParcels(ctx context.Context, job string) error {
	for {
		list, err := l.parcels(ctx, "")
		if err != nil {
			return err
		}
		atWork := 0
		for _, p := range list {
			if p.Job != job {
				continue
			}
			if p.Sent != nil || p.Worker == "" || p.Worker == p.Holder || l.now().After(p.Until) {
				gone, err := l.dropParcel(ctx, p)
				if err == nil && gone && p.Sent != nil {
					err = l.amend(ctx, p.Run, func(run *Run) { run.add(*p.Sent) })
				}
				if err != nil {
					return err
				}
				if gone {
					continue
				}
			} else if err := l.recallParcel(ctx, &p); err != nil {
				return err
			}
			atWork++
		}
		if atWork == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(parcelLook):
		}
	}
}

// recallParcel asks its worker to give back what has not left.
func (l *Ledger) recallParcel(ctx context.Context, p *Parcel) error {
	if p.Recall {
		return nil
	}
	p.Recall = true
	_, err := l.saveParcel(ctx, p) // a conflict: it is looked at again
	return err
}
