package browser

import (
	"context"
	"errors"
	"slices"

	"restock/selectors"
)

// See evaluates conditions at one moment. Where none of them holds on a page with an error status, the status is the error.
func (p *Page) See(ctx context.Context, conditions ...selectors.Condition) ([]bool, error) {
	if err := p.cutOff(); err != nil {
		return nil, err
	}
	seen, err := p.see(ctx, conditions)
	if err == nil && !slices.Contains(seen, true) {
		if found, pierceErr := p.pierce(ctx); pierceErr != nil {
			err = pierceErr
		} else if found {
			seen, err = p.see(ctx, conditions)
		}
	}
	if err == nil && !slices.Contains(seen, true) {
		err = p.checkDocument()
	}
	return seen, p.broken(err)
}

func (p *Page) see(ctx context.Context, conditions []selectors.Condition) ([]bool, error) {
	var out struct {
		Seen []bool `json:"seen"`
	}
	conditions, err := p.resolveFrames(ctx, conditions)
	if err == nil {
		err = p.ask(ctx, request{Do: "see", Watch: p.opts.Watch, Conditions: conditions}, &out)
	}
	return out.Seen, err
}

// Read answers a plan from the page as it is at this moment. A main document that was cut off is an error.
func (p *Page) Read(ctx context.Context, plan selectors.Plan) (selectors.Answer, error) {
	if err := p.cutOff(); err != nil {
		return selectors.Answer{}, err
	}
	answer, err := p.read(ctx, plan)
	if err == nil && (!answer.Proof || len(answer.Rows) == 0) {
		if found, pierceErr := p.pierce(ctx); pierceErr != nil {
			err = pierceErr
		} else if found {
			answer, err = p.read(ctx, plan)
		}
	}
	if err != nil {
		return answer, p.broken(err)
	}
	return answer, p.broken(p.checkDocument())
}

func (p *Page) read(ctx context.Context, plan selectors.Plan) (selectors.Answer, error) {
	var answer selectors.Answer
	for _, c := range []**selectors.Condition{&plan.Proof, &plan.Empty} {
		if *c == nil {
			continue
		}
		resolved, err := p.resolveFrames(ctx, []selectors.Condition{**c})
		if err != nil {
			return answer, err
		}
		*c = &resolved[0]
	}
	err := p.ask(ctx, planRequest{Do: "read", Watch: p.opts.Watch, Plan: plan}, &answer)
	answer.Pending, answer.Slow = p.pending(), p.slow()
	answer.Settled = answer.Ready != "loading" && p.settled(ctx)
	return answer, err
}

// Fetch reads a plan from pages that are fetched in the background and not shown, one after the other: those of the
// addresses, or at most so many as the links to the next page lead to. It stops after the first that is not as it should be.
func (p *Page) Fetch(ctx context.Context, addresses []string, most int, plan selectors.Plan) ([]selectors.Fetched, error) {
	var out struct {
		Pages []selectors.Fetched `json:"pages"`
	}
	err := p.askOnce(ctx, request{Do: "fetchPages", Addresses: addresses, Limit: most, Plan: &plan, Watch: p.opts.Watch}, &out)
	if errors.Is(err, errNavigated) {
		return []selectors.Fetched{{URL: addresses[0], Why: "the page went on to another document"}}, nil
	}
	return out.Pages, p.broken(err)
}

// Snapshot returns the page as one HTML document without scripts, with secrets and personal data replaced.
func (p *Page) Snapshot(ctx context.Context) (string, error) {
	var text string
	err := p.ask(ctx, request{Do: "snapshot", Mask: p.opts.Mask, Limit: maxBody}, &text)
	return text, p.broken(err)
}

// Inspect tells of each element what every one of its alternatives matches, whatever the rules say of how many there must be.
func (p *Page) Inspect(ctx context.Context, elements []selectors.Element) ([]selectors.Inspection, error) {
	var list []selectors.Inspection
	err := p.ask(ctx, request{Do: "inspect", Elements: elements}, &list)
	return list, p.broken(err)
}
