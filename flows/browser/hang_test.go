//go:build unix

package browser

import (
	"bytes"
	"context"
	"errors"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-rod/rod/lib/proto"

	"restock/bot"
	"restock/selectors"
)

// TestHang: a browser that was stopped answers nothing; every call still ends at its deadline, and closing kills it.
func TestHang(t *testing.T) {
	b, err := Launch(t.Context(), Options{Path: browserPath(t)})
	if err != nil {
		t.Fatal(err)
	}
	p := tab(t, b, serve(t, "<p>x</p>", nil))
	if err := syscall.Kill(-b.proc.cmd.Process.Pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	quick(t, 2*time.Second, func() {
		if _, err := p.See(within(t, time.Second), selectors.Condition{Visible: css("p")}); err == nil {
			t.Error("a stopped browser answered")
		}
	})
	quick(t, 8*time.Second, func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	if b.Err() == nil {
		t.Error("the browser is taken to be alive")
	}
}

// TestWatchdog: a call that does not even return at its deadline ends with the browser: the watchdog looks from outside.
func TestWatchdog(t *testing.T) {
	b := ownBrowser(t)
	if !ended(t, b, 5*time.Second) {
		t.Fatal("the watchdog sleeps")
	}
	if _, err := b.NewPage(t.Context(), PageOptions{}); bot.ClassOf(err) != bot.Browser || !strings.Contains(err.Error(), "Stuck.call") {
		t.Errorf("%v", err)
	}
	select {
	case <-b.proc.exited:
	case <-time.After(5 * time.Second):
		t.Error("the browser was not killed")
	}
	if errors.Is(b.Err(), errGone) {
		t.Errorf("nobody knows why it ended: %v", b.Err())
	}
}

// ended lets a call be stuck and reports whether the browser was ended because of it.
func ended(t *testing.T, b *Browser, limit time.Duration) bool {
	t.Helper()
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-overdue-time.Second))
	defer cancel()
	b.begin(ctx, "Stuck.call")
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); {
		if b.Err() != nil {
			return true
		}
		<-time.After(20 * time.Millisecond)
	}
	return false
}

// TestTwins: without its watchdog a stuck call is not noticed, and without the mask a picture shows what it must not.
func TestTwins(t *testing.T) {
	t.Run("watchdog off", func(t *testing.T) {
		b, err := Launch(t.Context(), Options{Path: browserPath(t), unwatched: true})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		if ended(t, b, time.Second) {
			t.Error("the browser ended without a watchdog: the test of it cannot fail")
		}
	})
	t.Run("mask off", func(t *testing.T) {
		p := personalPage(t)
		data, err := p.screenshot(t.Context(), proto.PageCaptureScreenshot{Format: proto.PageCaptureScreenshotFormatPng})
		if err != nil {
			t.Fatal(err)
		}
		if n := uncovered(t, data); n == 0 {
			t.Error("a picture without a mask passes: the test of the mask cannot fail")
		}
	})
}

// personalPage shows, in red on white and nothing else, what no picture may show.
func personalPage(t *testing.T) *Page {
	t.Helper()
	return tab(t, sharedBrowser(t), serve(t, `<style>body, input, td { color: #f00; background: #fff; font: 22px monospace; border: 0 }</style>
<p>olivia.nguyen@example.com</p><p>+61 491 570 006</p><p>Olivia Nguyen</p><p><input value="olivia.nguyen@example.com" size=40></p>
<p><input type=password value=correct-horse></p><p><input autocomplete=one-time-code value=123456></p>
<table class=r><thead><tr><th style="color:#fff">No.<th style="color:#fff">Who</thead><tbody><tr><td style="color:#fff">7<td>Jack Walker</table>
<table class=s><tbody><tr><td>Mia Chen<td>unknown column</table>`, nil))
}

// uncovered counts the pixels of the colour in which the page writes what is personal.
func uncovered(t *testing.T, data []byte) int {
	t.Helper()
	picture, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y++ {
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X; x++ {
			if r, g, b, _ := picture.At(x, y).RGBA(); r > 0xc000 && g < 0x6000 && b < 0x6000 {
				n++
			}
		}
	}
	return n
}

// TestMask: passwords, codes, addresses, phone numbers, names that were read and personal columns are covered, in the picture
// of a failure and in the small ones.
func TestMask(t *testing.T) {
	p := personalPage(t)
	hide := selectors.Hidden{Names: []string{"Olivia Nguyen"}, Lists: []selectors.HiddenList{
		{Rows: *css(".r tbody tr"), Columns: [][]selectors.Selection{{{Header: "Who", Take: "text"}}}},
		{Rows: *css(".s tbody tr"), Columns: [][]selectors.Selection{{{Header: "Customer", Take: "text"}}}}, // which is not there: the row is covered
	}}
	dir := t.TempDir()
	if err := p.Capture(t.Context(), dir, hide); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "screenshot.png"))
	if err != nil {
		t.Fatal(err)
	}
	if n := uncovered(t, data); n > 0 {
		t.Errorf("%d pixels of personal text in the picture", n)
	}
	small, err := p.Picture(t.Context(), 340, hide)
	if err != nil {
		t.Fatal(err)
	}
	if n := uncovered(t, small); n > 0 {
		t.Errorf("%d pixels of personal text in the small picture", n)
	}
	for _, file := range []string{"page.html", "page.json"} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"olivia", "Nguyen", "491", "correct-horse", "123456", "Walker", "Chen"} {
			if strings.Contains(string(text), secret) {
				t.Errorf("%s holds %q", file, secret)
			}
		}
	}
	if n := len(trackedMasks(t, p)); n != 0 {
		t.Errorf("%d boxes are left on the page", n)
	}
}

// trackedMasks are the boxes that cover something now.
func trackedMasks(t *testing.T, p *Page) []string {
	t.Helper()
	list, err := p.Inspect(t.Context(), []selectors.Element{*css("div[popover]")})
	if err != nil {
		t.Fatal(err)
	}
	return make([]string, list[0].Alternatives[0].Matches)
}
