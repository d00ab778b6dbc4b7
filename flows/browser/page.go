package browser

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-rod/rod/lib/proto"

	"restock/bot"
	"restock/selectors"
)

// Page is one tab in a browser context of its own: no cookie is shared with another page. It is used by one goroutine at a
// time.
type Page struct {
	b       *Browser
	context proto.BrowserBrowserContextID
	main    proto.TargetTargetID // the tab that it began with
	opts    PageOptions

	mu       sync.Mutex
	collect  *collector
	dead     error
	gone     context.Context // ends when dead is set
	end      context.CancelFunc
	target   proto.TargetTargetID
	session  proto.TargetSessionID
	sessions map[proto.TargetTargetID]proto.TargetSessionID // of all tabs, and of the frames in processes of their own
	frame    proto.PageFrameID                              // the main frame
	scope    frameRef                                       // the frame that is worked in; zero: the main one
	worlds   map[proto.PageFrameID]proto.RuntimeExecutionContextID
	loaders  []proto.NetworkLoaderID // of the documents that were shown last, the present one at the end
	leaving  bool                    // the page has begun to go to another document
	ready    string                  // of the present document: "", interactive, complete
	changed  chan struct{}           // closed and made anew when something above or below changes
	document document
	flight   map[proto.NetworkRequestID]underway // requests under way
	dialogs  []Dialog
	answer   string // to the next native dialog: accept or dismiss
	traffic  traffic
	closed   func() // told once when the page is closed
	pierced  time.Time
}

// PageOptions are what a page must know of its site.
type PageOptions struct {
	Watch []selectors.Condition // interruptions, looked for before and after every read and action
	Mask  []selectors.Element   // covered in screenshots
	Block []string              // what is not loaded: images, fonts, media
	// Origins are those that the page may talk to; empty: all. Secrets are those that a secret may be typed into; empty: all.
	Origins, Secrets []string
	Posts            []string // addresses that may be sent to while only reading, with * for anything
	NoPopups         bool     // tabs that a page opens are closed, because no step goes to them
}

// Dialog is a native dialog that the page raised. It was answered at once, because it blocks everything else.
type Dialog struct {
	Kind     string // alert, confirm, prompt, beforeunload
	Message  string
	Accepted bool
}

// NewPage opens a tab.
func (b *Browser) NewPage(ctx context.Context, o PageOptions) (*Page, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	p := &Page{
		b: b, opts: o, flight: map[proto.NetworkRequestID]underway{}, changed: make(chan struct{}),
		sessions: map[proto.TargetTargetID]proto.TargetSessionID{}, worlds: map[proto.PageFrameID]proto.RuntimeExecutionContextID{},
	}
	p.gone, p.end = context.WithCancel(context.Background())
	if err := p.open(ctx); err != nil {
		return nil, p.broken(err)
	}
	return p, nil
}

func (p *Page) open(ctx context.Context) error {
	root := p.b.at(ctx, "")
	made, err := proto.TargetCreateBrowserContext{DisposeOnDetach: true}.Call(root)
	if err != nil {
		return err
	}
	p.context = made.BrowserContextID
	// Nothing is granted: no notifications, no place, no clipboard, no camera.
	if err := (proto.BrowserGrantPermissions{Permissions: []proto.BrowserPermissionType{}, BrowserContextID: p.context}).Call(root); err != nil {
		return err
	}
	tab, err := proto.TargetCreateTarget{
		URL: "about:blank", BrowserContextID: p.context, Width: &p.b.opts.Width, Height: &p.b.opts.Height,
	}.Call(root)
	if err != nil {
		return err
	}
	p.main = tab.TargetID
	if err := (proto.TargetSetDiscoverTargets{Discover: true}).Call(root); err != nil {
		return err
	}
	return p.attach(ctx, p.main)
}

// attach makes a tab of this browser context the one that is worked in.
func (p *Page) attach(ctx context.Context, target proto.TargetTargetID) error {
	session, known := p.sessionOf(target)
	if !known {
		attached, err := proto.TargetAttachToTarget{TargetID: target, Flatten: true}.Call(p.b.at(ctx, ""))
		if err != nil {
			return err
		}
		session = attached.SessionID
	}
	p.mu.Lock()
	p.target, p.session, p.sessions[target] = target, session, session
	p.scope, p.loaders, p.ready, p.document = frameRef{}, nil, "interactive", document{}
	clear(p.worlds)
	clear(p.flight)
	p.mu.Unlock()
	p.b.mu.Lock()
	p.b.pages[session] = p
	p.b.mu.Unlock()
	tree, err := proto.PageGetFrameTree{}.Call(p.at(ctx))
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.frame = tree.FrameTree.Frame.ID
	p.document.url = tree.FrameTree.Frame.URL
	p.mu.Unlock()
	if known {
		return nil
	}
	return p.enable(ctx)
}

func (p *Page) sessionOf(target proto.TargetTargetID) (proto.TargetSessionID, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	session, ok := p.sessions[target]
	return session, ok
}

// enable turns on what a tab must tell, and what every document of it is given.
func (p *Page) enable(ctx context.Context) error {
	engine, err := source()
	if err != nil {
		return err
	}
	for _, enable := range []func() error{
		func() error { return proto.PageEnable{}.Call(p.at(ctx)) },
		func() error { return proto.NetworkEnable{}.Call(p.at(ctx)) },
		func() error { return proto.InspectorEnable{}.Call(p.at(ctx)) },
		// Frames of other sites live in processes of their own; they are attached to as they come.
		func() error { return proto.TargetSetAutoAttach{AutoAttach: true, Flatten: true}.Call(p.at(ctx)) },
		// Without it only the tab in front gets animation frames, and every wait for one hangs in the others.
		func() error { return proto.EmulationSetFocusEmulationEnabled{Enabled: true}.Call(p.at(ctx)) },
		func() error {
			return proto.EmulationSetDeviceMetricsOverride{
				Width: p.b.opts.Width, Height: p.b.opts.Height, DeviceScaleFactor: 1,
			}.Call(p.at(ctx))
		},
		func() error {
			_, err := proto.PageAddScriptToEvaluateOnNewDocument{Source: engine, WorldName: worldName}.Call(p.at(ctx))
			return err
		},
		func() error {
			_, err := proto.PageAddScriptToEvaluateOnNewDocument{Source: openRoots + tellTroubles}.Call(p.at(ctx))
			return err
		},
		func() error { return p.filter(p.at(ctx)) },
		// What a page has stored for use without the network may be old.
		func() error { return proto.NetworkSetBypassServiceWorker{Bypass: true}.Call(p.at(ctx)) },
	} {
		if err := enable(); err != nil {
			return err
		}
	}
	return nil
}

// openRoots lets shadow roots that a page's script makes be seen; what the script itself gets of them stays the same.
const openRoots = `Element.prototype.attachShadow = new Proxy(Element.prototype.attachShadow, {
	apply: (make, host, [init, ...rest]) => Reflect.apply(make, host, [{ ...init, mode: "open" }, ...rest]),
});`

// tellTroubles has the errors of a page's scripts told to the engine, for the evidence.
const tellTroubles = `{
	const tell = (text) => document.dispatchEvent(new CustomEvent("restock:trouble", { detail: String(text) }));
	addEventListener("error", (e) => tell(e.message || (e.target && e.target.src ? "cannot load " + e.target.tagName : "error")), true);
	addEventListener("unhandledrejection", (e) => tell("unhandled: " + (e.reason && e.reason.message || e.reason)));
	console.error = new Proxy(console.error, { apply: (log, self, args) => { tell(args.map(String).join(" ")); return Reflect.apply(log, self, args); } });
}`

// at sends for this page. A call ends with the page: after a crash, no answer comes.
func (p *Page) at(ctx context.Context) caller {
	p.mu.Lock()
	defer p.mu.Unlock()
	return caller{p.b, ctx, p.session, p.gone}
}

// in sends for the frame that is worked in.
func (p *Page) in(ctx context.Context) caller {
	p.mu.Lock()
	defer p.mu.Unlock()
	session := p.session
	if p.scope.session != "" {
		session = p.scope.session
	}
	return caller{p.b, ctx, session, p.gone}
}

// Close closes the tab with its cookies. It does not ask the page, so a page cannot refuse.
func (p *Page) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	p.fail(errors.New("the page was closed"))
	if p.closed != nil {
		p.closed()
		p.closed = nil
	}
	p.b.mu.Lock()
	for session, page := range p.b.pages {
		if page == p {
			delete(p.b.pages, session)
		}
	}
	p.b.mu.Unlock()
	err := proto.TargetDisposeBrowserContext{BrowserContextID: p.context}.Call(p.b.at(ctx, ""))
	if p.b.Err() != nil {
		return nil // its tabs went with it
	}
	return err
}

// Dialogs returns the native dialogs since it was asked last.
func (p *Page) Dialogs() []Dialog {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.dialogs
	p.dialogs = nil
	return list
}

// Watch sets the interruptions to look for; nil looks for none.
func (p *Page) Watch(conditions []selectors.Condition) { p.opts.Watch = conditions }

// fail ends everything that waits for this page.
func (p *Page) fail(why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead == nil {
		p.dead = why
		p.end()
		p.signal()
	}
}

// Err returns why the page cannot be used any more, or nil.
func (p *Page) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

// dialog answers a native dialog: an alert and the question whether to leave are accepted, others are dismissed unless the
// step before said what to do.
func (p *Page) dialog(session proto.TargetSessionID, d proto.PageJavascriptDialogOpening) {
	p.mu.Lock()
	accept := d.Type == proto.PageDialogTypeAlert || d.Type == proto.PageDialogTypeBeforeunload
	if p.answer != "" {
		accept, p.answer = p.answer == "accept", ""
	}
	p.dialogs = append(p.dialogs, Dialog{Kind: string(d.Type), Message: d.Message, Accepted: accept})
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_ = proto.PageHandleJavaScriptDialog{Accept: accept, PromptText: d.DefaultPrompt}.Call(caller{p.b, ctx, session, p.gone})
}

// broken classifies an error of the connection: the browser's fault, or the caller's end of patience.
func (p *Page) broken(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*bot.StepError](err); ok {
		return err
	}
	if _, ok := errors.AsType[*selectors.Interrupted](err); ok {
		return err
	}
	found, class := err.Error(), bot.Browser
	if dead := cmp.Or(p.b.Err(), p.Err()); dead != nil {
		found = dead.Error()
	} else if errors.Is(err, context.Canceled) {
		return err
	} else if errors.Is(err, context.DeadlineExceeded) {
		return p.silent("the page to answer", err)
	}
	return &bot.StepError{
		Class: class, Expected: "the browser to answer", Found: found, URL: p.url(),
		Hint: "the next run starts a new browser; if it happens again, look at `restock browser find`", Err: err,
	}
}

func (p *Page) url() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.document.url
}

// wait pauses for d, or until the page or the context ends.
func (p *Page) wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-p.gone.Done():
		return p.Err()
	case <-ctx.Done():
		return fmt.Errorf("%w", context.Cause(ctx))
	}
}

// signal wakes whoever waits for a change. p.mu is held.
func (p *Page) signal() {
	close(p.changed)
	p.changed = make(chan struct{})
}
