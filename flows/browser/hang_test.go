//go:build unix

package browser

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

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
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-overdue-time.Second))
	defer cancel()
	b.begin(ctx, "Stuck.call")
	deadline := time.Now().Add(5 * time.Second)
	for b.Err() == nil {
		if time.Now().After(deadline) {
			t.Fatal("the watchdog sleeps")
		}
		<-time.After(20 * time.Millisecond)
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
