package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-rod/rod/lib/proto"

	"restock/bot"
)

// Browser is one running Chrome with a fresh profile.
type Browser struct {
	proc   *process
	client *connection
	opts   Options

	mu     sync.Mutex
	pages  map[proto.TargetSessionID]*Page
	ops    map[*operation]struct{}
	dead   error // why it ended
	calls  int   // protocol messages sent, for benchmarks
	taking *taking
	closed chan struct{}
	once   sync.Once

	// fault, if set, may break a call before it is sent. It is the one seam for tests.
	fault func(method string) error
}

// startLimit bounds the start of a browser.
const startLimit = 30 * time.Second

// Launch starts a browser. Close it.
func Launch(ctx context.Context, o Options) (*Browser, error) {
	if o.Width == 0 {
		o.Width, o.Height = 1400, 1000
	}
	proc, err := start(o)
	if err != nil {
		return nil, &bot.StepError{
			Class: bot.Browser, Step: "start the browser", Expected: "a browser at " + o.Path, Found: err.Error(),
			Hint: "run `restock browser install`, or set browser.path in restock.yaml", Err: err,
		}
	}
	b := &Browser{
		proc: proc, opts: o, client: newConnection(proc.pipe), closed: make(chan struct{}),
		pages: map[proto.TargetSessionID]*Page{}, ops: map[*operation]struct{}{},
	}
	go b.events()
	if !o.unwatched {
		go b.watchdog()
	}
	go func() {
		<-proc.exited
		b.fail(errGone)
	}()

	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if _, err = (proto.BrowserGetVersion{}).Call(b.at(ctx, "")); err == nil {
		err = proto.BrowserSetDownloadBehavior{Behavior: proto.BrowserSetDownloadBehaviorBehaviorDeny}.Call(b.at(ctx, ""))
	}
	if err != nil {
		why := proc.why(ctx, err)
		return nil, errors.Join(&bot.StepError{
			Class: bot.Browser, Step: "start the browser", Expected: o.Path + " to answer", Found: why,
			Hint: "run `restock browser install` or look at `restock browser find`", Err: err,
		}, b.Close())
	}
	return b, nil
}

// Close ends the browser with all its processes and removes the profile.
func (b *Browser) Close() error {
	var err error
	b.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = proto.BrowserClose{}.Call(b.at(ctx, ""))
		b.fail(errGone)
		close(b.closed)
		err = b.proc.end(2 * time.Second)
	})
	return err
}

// Err returns why the browser ended, or nil while it lives.
func (b *Browser) Err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.dead
}

// fail marks the browser as ended, once.
func (b *Browser) fail(why error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.dead == nil {
		b.dead = why
	}
	for _, p := range b.pages {
		p.fail(why)
	}
}

// caller sends protocol messages for one session, bounded by one context. It is what rod's proto package calls.
type caller struct {
	b       *Browser
	ctx     context.Context
	session proto.TargetSessionID
	life    context.Context // the call ends with it too
}

func (b *Browser) at(ctx context.Context, session proto.TargetSessionID) caller {
	return caller{b, ctx, session, nil}
}

func (c caller) GetContext() context.Context         { return c.ctx }
func (c caller) GetSessionID() proto.TargetSessionID { return c.session }

// Call implements proto.Client. It returns at the latest when the context ends.
func (c caller) Call(ctx context.Context, session, method string, params any) ([]byte, error) {
	c.b.mu.Lock()
	dead, fault := c.b.dead, c.b.fault
	c.b.calls++
	c.b.mu.Unlock()
	if dead != nil {
		return nil, dead
	}
	if fault != nil {
		if err := fault(method); err != nil {
			return nil, err
		}
	}
	if c.life != nil {
		bounded, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(c.life, cancel)()
		ctx = bounded
	}
	op := c.b.begin(ctx, method)
	defer c.b.finish(op)
	data, err := c.b.client.call(ctx, session, method, params)
	if err != nil && c.b.Err() != nil {
		err = c.b.Err()
	}
	return data, err
}

// events hands every event to the page it belongs to. An event that cannot be decoded is dropped: a new version of Chrome
// may have changed one that nobody here needs.
func (b *Browser) events() {
	err := b.client.read(func(e message) {
		switch e.Method {
		case "Target.targetCrashed", "Inspector.targetCrashed":
			b.crashed(e)
		case "Target.detachedFromTarget":
			var gone proto.TargetDetachedFromTarget
			if json.Unmarshal(e.Params, &gone) == nil {
				if p := b.page(gone.SessionID); p != nil {
					p.detached(gone.SessionID)
				}
			}
		case "Target.targetCreated":
			b.opened(e)
		case "Browser.downloadWillBegin", "Browser.downloadProgress":
			b.downloadEvent(e)
		default:
			if p := b.page(proto.TargetSessionID(e.Session)); p != nil {
				p.event(e)
			}
		}
	})
	b.fail(err)
}

func (b *Browser) crashed(e message) {
	var crash proto.TargetTargetCrashed
	_ = json.Unmarshal(e.Params, &crash)
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, p := range b.pages {
		if string(id) == e.Session && id == p.current() || p.currentTarget() == crash.TargetID && crash.TargetID != "" {
			p.fail(fmt.Errorf("the tab crashed %s", crash.Status))
		}
	}
}

// popupRest is left to a tab before it is closed: Chrome never answers the press that opened one which is gone already.
const popupRest = 250 * time.Millisecond

// opened closes a tab that a page opens and that no step of the site's file goes to.
func (b *Browser) opened(e message) {
	var t proto.TargetTargetCreated
	if json.Unmarshal(e.Params, &t) != nil || t.TargetInfo == nil || t.TargetInfo.Type != proto.TargetTargetInfoTypePage {
		return
	}
	b.mu.Lock()
	var from *Page
	for _, p := range b.pages {
		if t.TargetInfo.OpenerID != "" && p.context == t.TargetInfo.BrowserContextID && t.TargetInfo.TargetID != p.main && p.opts.NoPopups {
			from = p
		}
	}
	b.mu.Unlock()
	if from == nil {
		return
	}
	from.mu.Lock()
	from.traffic.refuse("a tab that the page opened; if it is wanted, go to it with the step tab:")
	from.mu.Unlock()
	go func() {
		ctx, cancel := context.WithTimeout(from.gone, 10*time.Second)
		defer cancel()
		if from.wait(ctx, popupRest) != nil {
			return // it goes with the page
		}
		_, _ = proto.TargetCloseTarget{TargetID: t.TargetInfo.TargetID}.Call(b.at(ctx, "")) // it may have closed itself
	}()
}

func (b *Browser) page(id proto.TargetSessionID) *Page {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.pages[id]
}
