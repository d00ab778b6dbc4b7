package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

func contractKey(site, flow string) string { return site + "/" + flow }

// Contract returns what was learned of a list; nothing was where its Readings are 0.
func (l *Ledger) Contract(ctx context.Context, site, flow string) (c Contract, err error) {
	entry, err := l.store.Get(ctx, Contracts, contractKey(site, flow))
	if err != nil || entry.Rev == 0 {
		return c, err
	}
	return c, json.Unmarshal(entry.Value, &c)
}

// Contracts returns all that was learned.
func (l *Ledger) Contracts(ctx context.Context) ([]Contract, error) {
	var list []Contract
	for c, err := range decoded[Contract](l.store.Scan(ctx, Contracts, "")) {
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// Forget drops what was learned of a list, so that the next good reading is learned anew. It reports whether there was anything.
func (l *Ledger) Forget(ctx context.Context, site, flow string) (bool, error) {
	entry, err := l.store.Get(ctx, Contracts, contractKey(site, flow))
	if err != nil || entry.Rev == 0 {
		return false, err
	}
	return true, l.apply(ctx, []Write{{Table: Contracts, Key: entry.Key, Rev: entry.Rev}})
}

// learn takes the shapes of good readings into their contracts.
func (l *Ledger) learn(ctx context.Context, shapes []Shape) error {
	for _, s := range shapes {
		err := l.put(ctx, Contracts, contractKey(s.Site, s.Flow), func(old []byte) (any, error) {
			var c Contract
			if old != nil {
				if err := json.Unmarshal(old, &c); err != nil {
					return nil, err
				}
			}
			return c.Learn(s, l.now()), nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// drifted holds readings that differ from what was learned: they are not used.
func (b *Bot) drifted(ctx context.Context, run Run, shapes []Shape) error {
	for _, s := range shapes {
		c, err := b.Ledger.Contract(ctx, s.Site, s.Flow)
		if err != nil {
			return err
		}
		if drift := c.Drift(s); len(drift) > 0 {
			if !run.DryRun {
				h := Hold{Run: run.ID, Job: run.Job, At: b.Now(), Drifted: []string{contractKey(s.Site, s.Flow)}}
				if err := b.Ledger.hold(ctx, h); err != nil {
					return err
				}
			}
			return &StepError{
				Class: HeldClass, Site: s.Site, Flow: s.Flow, Step: "compare with earlier readings",
				Expected: fmt.Sprintf("a list like those of the last %d reading(s)", c.Readings), Found: strings.Join(drift, "; "),
				Hint: fmt.Sprintf("nothing was used. Look at the page: if the change is right, run `restock runs release %s` or `restock contract accept %s %s`, then run again", run.ID, s.Site, s.Flow),
			}
		}
	}
	return nil
}

// unknownProducts warns of waiting subscriptions for products that no stock list has shown: nobody would ever be told.
func unknownProducts(shapes []Shape, known map[string]Level, levels []StockLevel) []string {
	listed := map[string]bool{}
	for sku := range known {
		listed[sku] = true
	}
	for _, level := range levels {
		listed[level.SKU] = true
	}
	waiting, unknown := 0, []string{}
	for _, s := range shapes {
		for sku, n := range s.Waiting {
			if !listed[sku] {
				waiting, unknown = waiting+n, append(unknown, sku)
			}
		}
	}
	if waiting == 0 {
		return nil
	}
	slices.Sort(unknown)
	return []string{fmt.Sprintf("%d request(s) wait for products that the stock list does not have, and nobody will tell them: %s; "+
		"is it written in another way there, in capitals say?", waiting, strings.Join(unknown[:min(len(unknown), 5)], ", "))}
}
