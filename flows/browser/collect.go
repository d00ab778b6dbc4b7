package browser

import (
	"context"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/go-rod/rod/lib/proto"

	"restock/bot"
	"restock/selectors"
)

// maxBody bounds one answer of a server that is read, and one downloaded file.
const maxBody = 50 << 20

// collector keeps the answers to the page's own requests whose address matches.
type collector struct {
	pattern *regexp.Regexp

	mu      sync.Mutex
	pending map[proto.NetworkRequestID]string // address
	fetched int                               // being fetched from the browser
	list    []selectors.Response
	err     error
}

// Collect keeps the answers to the requests of the page's scripts whose address matches the text, from now on. "" ends it.
func (p *Page) Collect(text string) error {
	var c *collector
	if text != "" {
		pattern, err := selectors.Pattern(text)
		if err != nil {
			return err
		}
		c = &collector{pattern: pattern, pending: map[proto.NetworkRequestID]string{}}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.collect = c
	return nil
}

// Responses returns the answers that came since it was asked last. waiting reports that others are on their way.
func (p *Page) Responses() (list []selectors.Response, waiting bool, err error) {
	c := p.collecting()
	if c == nil {
		return nil, false, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	list, c.list = c.list, nil
	return list, c.fetched > 0 || len(c.pending) > 0, c.err
}

func (p *Page) collecting() *collector {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.collect
}

// sent takes note of a request from when it is sent, so that one whose answer is slow is waited for.
func (c *collector) sent(r proto.NetworkRequestWillBeSent) {
	if c == nil || r.Type != proto.NetworkResourceTypeXHR && r.Type != proto.NetworkResourceTypeFetch || !c.pattern.MatchString(r.Request.URL) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending[r.RequestID] = r.Request.URL
}

// dropped takes note of a request that will have no answer.
func (c *collector) dropped(id proto.NetworkRequestID) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.pending, id)
}

func (c *collector) received(r proto.NetworkResponseReceived) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.pending[r.RequestID]; !ok {
		return
	}
	if r.Response.Status >= 400 {
		delete(c.pending, r.RequestID)
		c.err = &bot.StepError{
			Class: bot.SiteDown, URL: r.Response.URL, Expected: "an answer with status 200", Found: fmt.Sprintf("status %d", r.Response.Status),
			Hint: "the site is not well, or the account has not the right: look at the screenshot",
		}
		return
	}
	if r.Response.Status == 204 || strings.Contains(r.Response.MIMEType, "html") {
		delete(c.pending, r.RequestID)
	}
}

func (c *collector) finished(p *Page, id proto.NetworkRequestID) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	address, ok := c.pending[id]
	if !ok {
		return
	}
	delete(c.pending, id)
	c.fetched++
	go c.fetch(p, id, address)
}

// fetch gets an answer's body from the browser. It cannot be done where events are handled.
func (c *collector) fetch(p *Page, id proto.NetworkRequestID, address string) {
	ctx, cancel := context.WithTimeout(p.gone, 20*time.Second)
	defer cancel()
	body, err := proto.NetworkGetResponseBody{RequestID: id}.Call(p.at(ctx))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fetched--
	if err != nil {
		c.err = p.broken(err)
		return
	}
	data := []byte(body.Body)
	if body.Base64Encoded {
		if data, err = base64.StdEncoding.DecodeString(body.Body); err != nil {
			c.err = err
			return
		}
	}
	if len(data) > maxBody {
		c.err = tooLarge("an answer", address)
		return
	}
	c.list = append(c.list, selectors.Response{URL: address, Body: data})
}

func tooLarge(what, address string) error {
	return &bot.StepError{
		Class: bot.DataContract, URL: address, Expected: fmt.Sprintf("%s of at most %d MiB", what, maxBody>>20), Found: "a larger one",
		Hint: "filter the list, or read it in pages",
	}
}
