package browser

import (
	"context"
	"errors"
	"slices"

	"restock/selectors"
)

// See evaluates conditions at one moment. Where none of them holds on a page with an error status, the status is the error.
func (p *Page) See(ctx context.Context, conditions ...selectors.Condition) ([]bool, error) {
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
	answer.Pending = p.pending()
	p.mu.Lock()
	answer.Settled = p.ready == "complete" && p.document.whole && !p.document.asked && len(p.flight) == 0
	p.mu.Unlock()
	return answer, err
}

// Fetch reads a plan from a page that is fetched in the background and not shown. next is the address of the page after it,
// where it is known without reading this one. why says that the page cannot be read this way.
func (p *Page) Fetch(ctx context.Context, address, next string, plan selectors.Plan) (answer selectors.Answer, why string, err error) {
	var out struct {
		Error  string            `json:"error"`
		Answer *selectors.Answer `json:"answer"`
	}
	err = p.askOnce(ctx, request{Do: "fetchPage", Text: address, Next: next, Ahead: true, Plan: &plan, Watch: p.opts.Watch}, &out)
	switch {
	case errors.Is(err, errNavigated):
		return answer, "the page went on to another document", nil
	case err != nil:
		return answer, "", p.broken(err)
	case out.Answer == nil:
		return answer, out.Error, nil
	}
	return *out.Answer, "", nil
}

// Snapshot returns the page as one HTML document without scripts, with secrets and personal data replaced.
func (p *Page) Snapshot(ctx context.Context) (string, error) {
	var text string
	err := p.ask(ctx, request{Do: "snapshot", Mask: p.opts.Mask, Limit: maxBody}, &text)
	return text, p.broken(err)
}
