package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-rod/rod/lib/proto"

	"restock/bot"
	"restock/selectors"
)

// traffic is what a page may ask of servers, and what it was refused.
type traffic struct {
	reading bool     // nothing may be written now
	refused []string // since it was asked last
	foreign string   // address of the last document that was refused because of its origin
	trouble []string // answers with an error status, and requests that failed
}

// Limits of what is remembered.
const maxTrouble = 40

// OptionsFor returns what a page must know of a site. A value that the file asks for and nobody set is an error.
func OptionsFor(site *selectors.Site, v selectors.Values) (PageOptions, error) {
	o := PageOptions{Mask: site.Mask, Block: site.Block, Posts: site.Posts, NoPopups: !site.OpensTabs()}
	var err error
	if o.Origins, err = site.Origins(v); err == nil {
		o.Secrets, err = site.SecretOrigins(v)
	}
	if missing, ok := errors.AsType[*selectors.MissingError](err); ok {
		return o, &bot.StepError{
			Class: bot.Config, Site: site.Site, Place: missing.Pos.String(), Expected: missing.Name + " to be set", Found: "nothing", Hint: missing.Hint, Err: err,
		}
	}
	if err != nil {
		return o, &bot.StepError{Class: bot.Config, Site: site.Site, Place: site.File, Step: "base", Expected: "addresses of web sites", Found: err.Error(), Err: err}
	}
	return o, nil
}

// filter has every request of a session asked for before it is made. Frames in processes of their own have their own session.
func (p *Page) filter(c caller) error {
	if len(p.opts.Origins) == 0 && len(p.opts.Block) == 0 {
		return nil
	}
	var patterns []*proto.FetchRequestPattern
	for _, t := range []proto.NetworkResourceType{
		proto.NetworkResourceTypeDocument, proto.NetworkResourceTypeXHR, proto.NetworkResourceTypeFetch, proto.NetworkResourceTypePing,
		proto.NetworkResourceTypeScript, proto.NetworkResourceTypeEventSource, proto.NetworkResourceTypeOther,
	} {
		patterns = append(patterns, &proto.FetchRequestPattern{URLPattern: "*", ResourceType: t})
	}
	for what, t := range blockable() {
		if slices.Contains(p.opts.Block, what) {
			patterns = append(patterns, &proto.FetchRequestPattern{URLPattern: "*", ResourceType: t})
		}
	}
	return proto.FetchEnable{Patterns: patterns}.Call(c)
}

func blockable() map[string]proto.NetworkResourceType {
	return map[string]proto.NetworkResourceType{
		"images": proto.NetworkResourceTypeImage, "fonts": proto.NetworkResourceTypeFont, "media": proto.NetworkResourceTypeMedia,
	}
}

// asked is a request that waits for our word.
type asked struct {
	RequestID proto.FetchRequestID
	Type      proto.NetworkResourceType `json:"resourceType"`
	FrameID   proto.PageFrameID
	Request   struct{ URL, Method string }
}

// paused answers a request that waits.
func (p *Page) paused(e message) {
	var a asked
	if json.Unmarshal(e.Params, &a) != nil {
		return
	}
	ctx, cancel := context.WithTimeout(p.gone, 10*time.Second)
	defer cancel()
	c := caller{p.b, ctx, proto.TargetSessionID(e.Session), p.gone}
	// A request that is gone already needs no answer.
	if p.refuses(a) {
		_ = proto.FetchFailRequest{RequestID: a.RequestID, ErrorReason: proto.NetworkErrorReasonBlockedByClient}.Call(c)
		return
	}
	_ = proto.FetchContinueRequest{RequestID: a.RequestID}.Call(c)
}

// refuses decides on a request and notes what it refuses.
func (p *Page) refuses(a asked) bool {
	for what, t := range blockable() {
		if a.Type == t && slices.Contains(p.opts.Block, what) {
			return true
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.opts.Origins) > 0 && !ownOrigin(p.opts.Origins, a.Request.URL) {
		if a.Type == proto.NetworkResourceTypeDocument && a.FrameID == p.frame {
			p.traffic.foreign = a.Request.URL
		}
		p.traffic.refuse("a request to " + originOf(a.Request.URL) + ", which is neither the base nor under allow:")
		return true
	}
	if !p.traffic.reading || !writes(a.Request.Method) || p.mayPost(a.Request.URL) {
		return false
	}
	p.traffic.refuse(a.Request.Method + " " + plainAddress(a.Request.URL) + " while only reading; if it changes nothing, list it under posts:")
	return true
}

func (t *traffic) refuse(what string) {
	if !slices.Contains(t.refused, what) && len(t.refused) < maxTrouble {
		t.refused = append(t.refused, what)
	}
}

func writes(method string) bool {
	return method != "GET" && method != "HEAD" && method != "OPTIONS"
}

// mayPost reports whether the selector file lets an address be sent to while reading.
func (p *Page) mayPost(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	for _, text := range p.opts.Posts {
		pattern, err := selectors.Pattern(text)
		if err == nil && (pattern.MatchString(address) || pattern.MatchString(u.RequestURI()) || pattern.MatchString(u.EscapedPath())) {
			return true
		}
	}
	return false
}

// ownOrigin reports whether an address belongs to one of the origins, or to none at all, such as data:.
func ownOrigin(origins []string, address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "http", "https":
		return slices.Contains(origins, originOf(address))
	case "data", "blob", "about", "chrome-error":
		return true
	}
	return false
}

func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "an address that cannot be read"
	}
	host := strings.ToLower(u.Host)
	if port := u.Port(); u.Scheme == "http" && port == "80" || u.Scheme == "https" && port == "443" {
		host = strings.TrimSuffix(host, ":"+port)
	}
	return u.Scheme + "://" + host
}

// plainAddress leaves out what may be personal: the query and the fragment.
func plainAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "?"
	}
	return originOf(address) + u.EscapedPath()
}

// Reading says whether only reading is going on: while it is, requests that could write are refused.
func (p *Page) Reading(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.traffic.reading = on
}

// Refused returns what requests were refused since it was asked last.
func (p *Page) Refused() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.traffic.refused
	p.traffic.refused = nil
	return list
}

// strayed explains a document that was not loaded because of its origin.
func (p *Page) strayed() error {
	p.mu.Lock()
	foreign := p.traffic.foreign
	p.traffic.foreign = ""
	p.mu.Unlock()
	if foreign == "" {
		return nil
	}
	return &bot.StepError{
		Class: bot.PageChanged, URL: plainAddress(foreign), Expected: "a page of " + strings.Join(p.opts.Origins, " or "),
		Found: "the site leads to " + originOf(foreign) + ", which was not loaded",
		Hint:  "if that is right, list it under allow: in the selector file",
	}
}

// trusted makes sure that a secret is typed into the site that it is for: the document, or the frame that is worked in, must
// come from an origin of the selector file.
func (p *Page) trusted(ctx context.Context) error {
	if len(p.opts.Secrets) == 0 {
		return nil
	}
	var at struct {
		Origin string `json:"origin"`
		Top    bool   `json:"top"`
	}
	if err := p.ask(ctx, request{Do: "origin"}, &at); err != nil {
		return err
	}
	p.mu.Lock()
	named := p.scope.id != ""
	p.mu.Unlock()
	if slices.Contains(p.opts.Secrets, at.Origin) && (at.Top || named) {
		return nil
	}
	where := at.Origin
	if !at.Top && !named {
		where = "a frame of " + where
	}
	return &bot.StepError{
		Class: bot.Auth, URL: p.url(), Expected: "the log-in form of " + strings.Join(p.opts.Secrets, " or "), Found: "a form of " + where,
		Hint: "nothing was typed. If the log-in has moved there, say so under login.origins: in the selector file; else tell whoever looks after the site",
	}
}

// failedRequest notes a request that went wrong, for the evidence.
func (p *Page) failedRequest(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.traffic.trouble) == maxTrouble {
		p.traffic.trouble = p.traffic.trouble[1:]
	}
	p.traffic.trouble = append(p.traffic.trouble, time.Now().Format("15:04:05.000")+" "+what)
}

// answered notes an answer with an error status.
func (p *Page) answered(r proto.NetworkResponseReceived) {
	if r.Response.Status >= 400 {
		p.failedRequest(fmt.Sprintf("%s %s: status %d", r.Type, plainAddress(r.Response.URL), r.Response.Status))
	}
}
