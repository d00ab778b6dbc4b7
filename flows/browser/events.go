package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/go-rod/rod/lib/proto"
)

// document is what is known of the main document's request.
type document struct {
	request proto.NetworkRequestID
	url     string
	status  int
	wait    string // Retry-After
	failed  string // loadingFailed: what came is not the whole
	whole   bool   // loadingFinished
	asked   bool   // its scripts have asked the server for more
}

// event takes note of what the page reports. It must not wait: answers come through the same pipe.
func (p *Page) event(e message) {
	p.mu.Lock()
	own := proto.TargetSessionID(e.Session) == p.session
	p.mu.Unlock()
	switch e.Method {
	case "Page.javascriptDialogOpening":
		var d proto.PageJavascriptDialogOpening
		if json.Unmarshal(e.Params, &d) == nil {
			go p.dialog(proto.TargetSessionID(e.Session), d)
		}
	case "Page.frameNavigated":
		p.navigated(e, own)
	case "Target.attachedToTarget":
		p.attached(e)
	case "Fetch.requestPaused":
		go p.paused(e)
	}
	if own {
		p.ownEvent(e)
	}
}

// ownEvent takes note of what the tab that is worked in reports.
func (p *Page) ownEvent(e message) {
	switch e.Method {
	case "Page.frameRequestedNavigation", "Page.frameScheduledNavigation":
		p.leaves(e, true)
	case "Page.frameClearedScheduledNavigation", "Page.frameStoppedLoading":
		p.leaves(e, false)
	case "Page.domContentEventFired":
		p.becomes("interactive")
	case "Page.loadEventFired":
		p.becomes("complete")
	case "Network.requestWillBeSent":
		var r proto.NetworkRequestWillBeSent
		if json.Unmarshal(e.Params, &r) == nil {
			p.sent(r)
			p.collecting().sent(r)
		}
	case "Network.responseReceived":
		var r proto.NetworkResponseReceived
		if json.Unmarshal(e.Params, &r) == nil {
			p.note(r.RequestID, func(d *document) { d.status, d.wait = r.Response.Status, header(r.Response.Headers, "retry-after") })
			p.collecting().received(r)
			p.answered(r)
		}
	case "Network.loadingFinished":
		var r proto.NetworkLoadingFinished
		if json.Unmarshal(e.Params, &r) == nil {
			p.landed(r.RequestID)
			p.note(r.RequestID, func(d *document) { d.whole = true })
			p.collecting().finished(p, r.RequestID)
		}
	case "Network.loadingFailed":
		var r proto.NetworkLoadingFailed
		if json.Unmarshal(e.Params, &r) == nil {
			if !r.Canceled {
				p.failedRequest(fmt.Sprintf("%s: %s", r.Type, r.ErrorText))
			}
			p.landed(r.RequestID)
			p.collecting().dropped(r.RequestID)
			p.note(r.RequestID, func(d *document) { d.failed = r.ErrorText })
		}
	}
}

// header finds a header, whatever its letters' case.
func header(headers proto.NetworkHeaders, name string) string {
	for key, value := range headers {
		if strings.EqualFold(key, name) {
			return value.Str()
		}
	}
	return ""
}

func (p *Page) becomes(ready string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ready = ready
	p.signal()
}

// leaves takes note that the page has begun to go to another document, or has not.
func (p *Page) leaves(e message, going bool) {
	var f struct {
		Frame proto.PageFrameID `json:"frameId"`
	}
	if json.Unmarshal(e.Params, &f) != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.Frame == p.frame {
		p.leaving = going
		p.signal()
	}
}

func (p *Page) navigated(e message, own bool) {
	var n struct {
		Frame struct {
			ID     proto.PageFrameID
			Loader proto.NetworkLoaderID `json:"loaderId"`
		}
	}
	if json.Unmarshal(e.Params, &n) != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.worlds, n.Frame.ID)
	if own && n.Frame.ID == p.frame {
		p.leaving = false
		p.loaders, p.ready = append(p.loaders[max(0, len(p.loaders)-15):], n.Frame.Loader), ""
		clear(p.worlds)
	}
	p.signal()
}

// attached takes note of a frame that lives in a process of its own.
func (p *Page) attached(e message) {
	var a proto.TargetAttachedToTarget
	if json.Unmarshal(e.Params, &a) != nil || a.TargetInfo == nil || a.TargetInfo.Type != "iframe" {
		return
	}
	p.mu.Lock()
	p.sessions[a.TargetInfo.TargetID] = a.SessionID
	p.mu.Unlock()
	p.b.mu.Lock()
	p.b.pages[a.SessionID] = p
	p.b.mu.Unlock()
	go func() {
		ctx, cancel := context.WithTimeout(p.gone, 10*time.Second)
		defer cancel()
		c := caller{p.b, ctx, a.SessionID, p.gone}
		_ = proto.PageEnable{}.Call(c) // a frame that is gone already needs nothing
		_ = p.filter(c)
		_ = proto.TargetSetAutoAttach{AutoAttach: true, Flatten: true}.Call(c)
	}()
}

func (p *Page) sent(r proto.NetworkRequestWillBeSent) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flight[r.RequestID] = underway{time.Now(), r.Type}
	switch {
	case r.Type == proto.NetworkResourceTypeDocument && r.FrameID == p.frame:
		p.document = document{request: r.RequestID, url: r.Request.URL}
		clear(p.flight) // of the document before
	case r.Type == proto.NetworkResourceTypeXHR || r.Type == proto.NetworkResourceTypeFetch:
		p.document.asked = true
	}
}

func (p *Page) landed(request proto.NetworkRequestID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.flight, request)
}

// pollAge is the age from which a request under way is taken for a poll, which never ends.
const pollAge = 8 * time.Second

// underway is a request that has not been answered.
type underway struct {
	since time.Time
	kind  proto.NetworkResourceType
}

// settled reports that the document is parsed, came whole, and neither waits for scripts nor has asked the server for more.
// Pictures and styles may still be coming.
func (p *Page) settled(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond) // the news of its end follows the document closely
	defer cancel()
	if p.until(ctx, func() bool { return p.document.whole || p.document.failed != "" || p.document.asked }) != nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.flight {
		switch r.kind {
		case proto.NetworkResourceTypeImage, proto.NetworkResourceTypeStylesheet, proto.NetworkResourceTypeFont, proto.NetworkResourceTypeMedia:
		default:
			return false
		}
	}
	return p.document.whole && !p.document.asked
}

// pending counts the requests under way.
func (p *Page) pending() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, r := range p.flight {
		if r.brings() && time.Since(r.since) < pollAge {
			n++
		}
	}
	return n
}

// slow counts the requests that have been under way for so long that they may be polls, or may not.
func (p *Page) slow() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, r := range p.flight {
		if age := time.Since(r.since); r.brings() && age >= pollAge && age < 4*pollAge {
			n++
		}
	}
	return n
}

// brings reports whether a request may bring what a page shows.
func (r underway) brings() bool {
	switch r.kind {
	case proto.NetworkResourceTypeXHR, proto.NetworkResourceTypeFetch, proto.NetworkResourceTypeScript, proto.NetworkResourceTypeDocument:
		return true
	}
	return false
}

func (p *Page) note(request proto.NetworkRequestID, change func(*document)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.document.request == request {
		change(&p.document)
		p.signal()
	}
}
