package browser

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"restock/bot"
)

// checkDocument judges the answer to the main document's request.
func (p *Page) checkDocument() error {
	p.mu.Lock()
	d := p.document
	p.mu.Unlock()
	fail := &bot.StepError{URL: d.url, Status: d.status, Class: bot.SiteDown, Expected: "status 200", Hint: "the site is not well: look at it in a browser; the next run tries again"}
	switch {
	case strings.Contains(d.failed, "BLOCKED_BY_CLIENT"):
		if err := p.strayed(); err != nil {
			return err
		}
		fail.Class, fail.Expected, fail.Found = bot.PageChanged, "a page that only reads", "a form that was sent while only reading"
		fail.Hint = "it was refused. If it changes nothing, list its address under posts: in the selector file"
	case d.failed != "" && d.failed != "net::ERR_ABORTED" && d.status == 0:
		return unreachable(d.url, d.failed)
	case d.failed != "" && d.failed != "net::ERR_ABORTED":
		fail.Expected, fail.Found = "the whole page", "a page that was cut off: "+d.failed
	case d.status >= 500:
		fail.Found, fail.RetryAfter = fmt.Sprintf("status %d", d.status), retryAfter(d.wait, time.Now())
	case d.status == 429:
		fail.Found, fail.RetryAfter = "status 429 (too many requests)", retryAfter(d.wait, time.Now())
		fail.Hint = "restock waits for as long as the site asks; run less often"
	case d.status >= 400:
		fail.Class, fail.Found = bot.PageChanged, fmt.Sprintf("status %d", d.status)
		fail.Hint = "check the address in the selector file and the rights of the account"
	default:
		return nil
	}
	return fail
}

// cutOff is the error of a document of which it is known that not all came. Its scripts may wait for the rest for ever.
func (p *Page) cutOff() error {
	p.mu.Lock()
	failed := p.document.failed
	p.mu.Unlock()
	if failed == "" || failed == "net::ERR_ABORTED" {
		return nil
	}
	return p.checkDocument()
}

// retryAfter reads the header of that name: seconds, or a date (RFC 9110 10.2.3).
func retryAfter(text string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(strings.TrimSpace(text)); err == nil && n > 0 {
		return time.Duration(min(n, 1<<20)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
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
