package main

import (
	"bufio"
	"context"
	"io"
	"strings"

	"restock/bot"
	"restock/flows"
)

// memory remembers log-ins while the program runs, and asks the person at the terminal.
type memory struct {
	refused map[string]bot.Refusal
	codes   map[string]int64
	ask     func(q bot.Question)
	in      io.Reader
}

var _ flows.Guard = (*memory)(nil)

func (a *app) newMemory(in io.Reader) *memory {
	return &memory{
		refused: map[string]bot.Refusal{}, codes: map[string]int64{}, in: in,
		ask: func(q bot.Question) { a.say("type %s:", q.Text) },
	}
}

func (m *memory) Refused(_ context.Context, site string) (bot.Refusal, bool, error) {
	refusal, ok := m.refused[site]
	return refusal, ok, nil
}

func (m *memory) Refuse(_ context.Context, site string, refusal bot.Refusal) error {
	m.refused[site] = refusal
	return nil
}

func (m *memory) LogIn(context.Context, string) (func(), error) { return func() {}, nil }

func (m *memory) Code(_ context.Context, account string, step int64) (bool, error) {
	fresh := step > m.codes[account]
	m.codes[account] = max(step, m.codes[account])
	return fresh, nil
}

func (m *memory) Session(context.Context, string) ([]byte, error)   { return nil, nil }
func (m *memory) KeepSession(context.Context, string, []byte) error { return nil }

// Ask reads a line from the terminal.
func (m *memory) Ask(ctx context.Context, q bot.Question) (string, error) {
	m.ask(q)
	line := make(chan string, 1)
	go func() {
		text, _ := bufio.NewReader(m.in).ReadString('\n') // what was typed before the end counts
		line <- strings.TrimSpace(text)
	}()
	select {
	case text := <-line:
		return text, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
