package browser

import (
	"encoding/json"
	"time"

	"github.com/go-rod/rod/lib/proto"
)

// document is what is known of the main document's request.
type document struct {
	request proto.NetworkRequestID
	url     string
	status  int
	failed  string // loadingFailed: what came is not the whole
}

// event takes note of what the page reports. It must not wait: answers come through the same pipe.
func (p *Page) event(e message) {
	switch e.Method {
	case "Page.javascriptDialogOpening":
		var d proto.PageJavascriptDialogOpening
		if json.Unmarshal(e.Params, &d) == nil {
			go p.dialog(d)
		}
	case "Page.frameNavigated":
		p.navigated(e)
	case "Network.requestWillBeSent":
		var r proto.NetworkRequestWillBeSent
		if json.Unmarshal(e.Params, &r) == nil {
			p.sent(r)
		}
	case "Network.responseReceived":
		var r proto.NetworkResponseReceived
		if json.Unmarshal(e.Params, &r) == nil {
			p.note(r.RequestID, func(d *document) { d.status = r.Response.Status })
		}
	case "Network.loadingFinished":
		var r proto.NetworkLoadingFinished
		if json.Unmarshal(e.Params, &r) == nil {
			p.landed(r.RequestID)
		}
	case "Network.loadingFailed":
		var r proto.NetworkLoadingFailed
		if json.Unmarshal(e.Params, &r) == nil {
			p.landed(r.RequestID)
			p.note(r.RequestID, func(d *document) { d.failed = r.ErrorText })
		}
	}
}

func (p *Page) navigated(e message) {
	var n struct {
		Frame struct {
			ID     proto.PageFrameID
			Loader proto.NetworkLoaderID `json:"loaderId"`
		}
	}
	if json.Unmarshal(e.Params, &n) != nil || n.Frame.ID != p.frame {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loaders, p.world = append(p.loaders[max(0, len(p.loaders)-15):], n.Frame.Loader), 0
}

func (p *Page) sent(r proto.NetworkRequestWillBeSent) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flight[r.RequestID] = time.Now()
	if r.Type == proto.NetworkResourceTypeDocument && r.FrameID == p.frame {
		p.document = document{request: r.RequestID, url: r.Request.URL}
		clear(p.flight) // of the document before
	}
}

func (p *Page) landed(request proto.NetworkRequestID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.flight, request)
}

// pollAge is the age from which a request under way is taken for a poll, which never ends.
const pollAge = 5 * time.Second

// pending counts the requests under way.
func (p *Page) pending() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, since := range p.flight {
		if time.Since(since) < pollAge {
			n++
		}
	}
	return n
}

func (p *Page) note(request proto.NetworkRequestID, change func(*document)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.document.request == request {
		change(&p.document)
	}
}
