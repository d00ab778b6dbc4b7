package browser

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-rod/rod/lib/proto"

	"restock/bot"
	"restock/selectors"
)

// Open goes to an address and waits until the document is parsed. An address that differs from the present one in its
// fragment only stays in the document, as in the address bar of a person; about:blank leaves it. An error status is an error.
func (p *Page) Open(ctx context.Context, address string) error {
	if address == blank {
		return p.broken(p.navigate(ctx, blank))
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return &bot.StepError{
			Class: bot.Config, Step: "open", Expected: "an http or https address", Found: address, Hint: "correct open: in the selector file",
		}
	}
	return p.broken(p.navigate(ctx, address))
}

// blank is the empty document.
const blank = "about:blank"

func (p *Page) navigate(ctx context.Context, address string) error {
	if err := p.Err(); err != nil {
		return err
	}
	res, err := proto.PageNavigate{URL: address}.Call(p.at(ctx))
	if err != nil {
		return err
	}
	if res.ErrorText != "" {
		return unreachable(address, res.ErrorText)
	}
	if err := p.committed(ctx, res.LoaderID); err != nil {
		return err
	}
	if address == blank {
		return nil
	}
	for {
		var state struct {
			URL   string `json:"url"`
			Ready string `json:"ready"`
		}
		if err := p.state(ctx, &state); err != nil {
			return err
		}
		if state.Ready != "loading" {
			return p.checkDocument()
		}
		if err := p.checkDocument(); err != nil { // one that was cut off may stay loading for ever
			return err
		}
		if err := p.wait(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

// committed waits until the document of a navigation is shown. Chrome answers a navigation earlier, and one that is begun
// before the last was committed may never be answered. An empty loader means that the document stayed.
func (p *Page) committed(ctx context.Context, loader proto.NetworkLoaderID) error {
	for attempt := 0; loader != ""; attempt++ {
		p.mu.Lock()
		shown := slices.Contains(p.loaders, loader)
		p.mu.Unlock()
		if shown {
			break
		}
		if err := p.wait(ctx, min(time.Duration(attempt)*time.Millisecond, 20*time.Millisecond)); err != nil {
			return err
		}
	}
	return nil
}

// state asks the document where it is and whether it is parsed, without looking for interruptions.
func (p *Page) state(ctx context.Context, out any) error {
	return p.ask(ctx, request{Do: "state"}, out)
}

// checkDocument judges the answer to the main document's request.
func (p *Page) checkDocument() error {
	p.mu.Lock()
	d := p.document
	p.mu.Unlock()
	fail := &bot.StepError{URL: d.url, Class: bot.SiteDown, Expected: "status 200", Hint: "the site is not well: look at it in a browser; the next run tries again"}
	switch {
	case d.failed != "" && d.failed != "net::ERR_ABORTED":
		fail.Expected, fail.Found = "the whole page", "a page that was cut off: "+d.failed
	case d.status >= 500:
		fail.Found = fmt.Sprintf("status %d", d.status)
	case d.status == 429:
		fail.Found, fail.Hint = "status 429 (too many requests)", "run less often"
	case d.status >= 400:
		fail.Class, fail.Found = bot.PageChanged, fmt.Sprintf("status %d", d.status)
		fail.Hint = "check the address in the selector file and the rights of the account"
	default:
		return nil
	}
	return fail
}

// unreachable explains a network error of Chrome.
func unreachable(address, text string) error {
	e := &bot.StepError{
		Class: bot.SiteDown, URL: address, Expected: "the site to answer", Found: text,
		Hint: "is the site up, and is the address right? The next run tries again",
	}
	switch {
	case strings.Contains(text, "ERR_CERT"), strings.Contains(text, "ERR_SSL"):
		e.Hint = "its certificate is not valid for this machine; restock never ignores that"
	case strings.Contains(text, "ERR_NAME_NOT_RESOLVED"):
		e.Hint = "this host is unknown, or it is not the base of the selector file and not listed under allow:"
	case strings.Contains(text, "ERR_TOO_MANY_REDIRECTS"):
		e.Hint = "the site redirects in a circle: often an account without rights, or a cookie it refuses"
	case strings.Contains(text, "ERR_ABORTED"):
		e.Class, e.Hint = bot.PageChanged, "the address is a download or answers nothing: check open: in the selector file"
	}
	return e
}

// See evaluates conditions at one moment. Where none of them holds on a page with an error status, the status is the error.
func (p *Page) See(ctx context.Context, conditions ...selectors.Condition) ([]bool, error) {
	var out struct {
		Seen []bool `json:"seen"`
	}
	err := p.ask(ctx, request{Do: "see", Watch: p.opts.Watch, Conditions: conditions}, &out)
	if err == nil && !slices.Contains(out.Seen, true) {
		err = p.checkDocument()
	}
	return out.Seen, p.broken(err)
}

// Read answers a plan from the page as it is at this moment. A main document that was cut off is an error.
func (p *Page) Read(ctx context.Context, plan selectors.Plan) (selectors.Answer, error) {
	var answer selectors.Answer
	if err := p.ask(ctx, planRequest{Do: "read", Watch: p.opts.Watch, Plan: plan}, &answer); err != nil {
		return answer, p.broken(err)
	}
	answer.Pending = p.pending()
	return answer, p.checkDocument()
}
