package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"restock/bot"
)

// progress shows what is going on: one line that changes on a terminal, plain lines elsewhere.
type progress struct {
	out      io.Writer
	terminal bool
	width    int

	mu    sync.Mutex
	last  string
	phase string
	at    time.Time
}

func (a *app) newProgress() *progress {
	p := &progress{out: a.stderr}
	if f, ok := a.stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.terminal = true
		p.width, _, _ = term.GetSize(int(f.Fd()))
	}
	return p
}

func (p *progress) show(text string) {
	text = bot.Printable(text)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal {
		if r := []rune(text); p.width > 4 && len(r) > p.width-1 {
			text = string(r[:p.width-2]) + "…"
		}
		fmt.Fprintf(p.out, "\r\x1b[K%s", text)
		p.last = text
		return
	}
	phase, _, _ := strings.Cut(text, ":")
	if phase == p.phase && time.Since(p.at) < 5*time.Second {
		return
	}
	p.phase, p.at = phase, time.Now()
	fmt.Fprintln(p.out, text)
}

// end clears the line.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal && p.last != "" {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
	p.last = ""
}
