package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-rod/rod/lib/proto"

	"restock/bot"
	"restock/selectors"
)

// taking is a download that is expected: there is one at a time, all others are refused.
type taking struct {
	mu      sync.Mutex
	guid    string
	name    string
	address string
	state   proto.BrowserDownloadProgressState
	total   float64
	changed chan struct{}
}

func (b *Browser) downloadEvent(e message) {
	b.mu.Lock()
	t := b.taking
	b.mu.Unlock()
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e.Method {
	case "Browser.downloadWillBegin":
		var begin proto.BrowserDownloadWillBegin
		if json.Unmarshal(e.Params, &begin) == nil && t.guid == "" {
			t.guid, t.name, t.address = begin.GUID, begin.SuggestedFilename, begin.URL
		}
	case "Browser.downloadProgress":
		var progress proto.BrowserDownloadProgress
		if json.Unmarshal(e.Params, &progress) == nil && progress.GUID == t.guid {
			t.state, t.total = progress.State, progress.TotalBytes
		}
	}
	select {
	case t.changed <- struct{}{}:
	default:
	}
}

// Download clicks an element and returns the file that comes. A file that is cut off, empty or too large is an error.
func (p *Page) Download(ctx context.Context, a selectors.Action) (file selectors.Download, alternative int, err error) {
	dir := filepath.Join(p.b.proc.profile, "downloads")
	if err := errors.Join(os.MkdirAll(dir, 0o700), giveTo(dir)); err != nil {
		return file, 0, err
	}
	t := &taking{changed: make(chan struct{}, 1)}
	if err := p.expectDownload(ctx, t, proto.BrowserSetDownloadBehavior{
		Behavior: proto.BrowserSetDownloadBehaviorBehaviorAllowAndName, BrowserContextID: p.context, DownloadPath: dir, EventsEnabled: true,
	}); err != nil {
		return file, 0, p.broken(err)
	}
	defer func() {
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		deny := proto.BrowserSetDownloadBehavior{Behavior: proto.BrowserSetDownloadBehaviorBehaviorDeny, BrowserContextID: p.context}
		if denyErr := p.expectDownload(after, nil, deny); err == nil {
			err = p.broken(denyErr)
		}
	}()
	a.Do = "click"
	if alternative, err = p.Act(ctx, a); err != nil {
		return file, alternative, err
	}
	if err = p.arrived(ctx, t, a); err != nil {
		return file, alternative, err
	}
	file, err = t.read(dir)
	return file, alternative, err
}

func (p *Page) expectDownload(ctx context.Context, t *taking, behavior proto.BrowserSetDownloadBehavior) error {
	p.b.mu.Lock()
	p.b.taking = t
	p.b.mu.Unlock()
	return behavior.Call(p.b.at(ctx, ""))
}

// arrived waits until the file is there.
func (p *Page) arrived(ctx context.Context, t *taking, a selectors.Action) error {
	for {
		t.mu.Lock()
		state, begun, address := t.state, t.guid != "", t.address
		t.mu.Unlock()
		fail := &bot.StepError{Class: bot.SiteDown, URL: address, Expected: "the whole file", Hint: "the site is not well, or the file takes longer: within: 2m"}
		switch state {
		case proto.BrowserDownloadProgressStateCompleted:
			return nil
		case proto.BrowserDownloadProgressStateCanceled:
			fail.Found = "a download that was cut off"
			return fail
		}
		select {
		case <-t.changed:
		case <-p.gone.Done():
			return p.broken(p.Err())
		case <-ctx.Done():
			switch {
			case errors.Is(ctx.Err(), context.Canceled):
				return ctx.Err()
			case begun:
				fail.Found = "a download that did not end in time"
				return fail
			}
			return &bot.StepError{
				Class: bot.PageChanged, URL: p.url(), Expected: "a file after the click on " + a.Element.String(), Found: "none in time",
				Hint: "look at the screenshot: does the site ask for something first?",
			}
		}
	}
}

// read takes the file that came.
func (t *taking) read(dir string) (selectors.Download, error) {
	path := filepath.Join(dir, filepath.Base(t.guid))
	info, err := os.Stat(path)
	if err != nil {
		return selectors.Download{}, err
	}
	defer func() { _ = os.Remove(path) }() // it goes with the profile anyway
	fail := &bot.StepError{Class: bot.SiteDown, URL: t.address, Expected: "the whole file", Hint: "the site is not well: the next run tries again"}
	switch {
	case info.Size() > maxBody:
		return selectors.Download{}, tooLarge("a file", t.address)
	case info.Size() == 0:
		fail.Found = "an empty one"
		return selectors.Download{}, fail
	case t.total > 0 && float64(info.Size()) != t.total:
		fail.Found = fmt.Sprintf("%d of %.0f bytes", info.Size(), t.total)
		return selectors.Download{}, fail
	}
	data, err := os.ReadFile(path)
	return selectors.Download{Name: t.name, Data: data}, err
}
