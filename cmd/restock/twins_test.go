package main

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"

	"restock/bot"
	"restock/flows/flowtest"
)

// TestTwins holds the harnesses to their word: each must fail on a restock that is broken on purpose.
func TestTwins(t *testing.T) {
	for name, f := range map[string]func(t *testing.T) []string{
		"model: marked before it was sent": markedUnsent, "model: sent twice": sentTwice, "model: told in the CRM without a message": toldUnsent,
		"canary: a password in a file": leakedPassword, "soak: a file and a goroutine each run": leaksEachRun,
	} {
		t.Run(name, func(t *testing.T) {
			if found := f(t); len(found) == 0 {
				t.Error("nothing was found: the harness cannot fail")
			} else {
				t.Log(found[0])
			}
		})
	}
}

// markedUnsent says of a message that was never sent that it was accepted, as a bot would that marks before it sends.
func markedUnsent(t *testing.T) []string {
	s := newShop(t, "")
	s.restock()
	s.world.Mail.Verdict(func(string, string) error { return flowtest.Refuse(450, [3]int{4, 0, 0}, "later") })
	if _, err := s.run(); err != nil {
		t.Fatal(err)
	}
	s.rewrite(bot.Retry, bot.Accepted)
	return s.model()
}

// rewrite changes the state in the ledger's records behind the ledger's back.
func (s *shop) rewrite(old, to bot.State) {
	w, err := s.open()
	s.must(err)
	defer w.close()
	field := func(state bot.State) []byte { return append([]byte{4<<1 | 1, byte(len(state))}, state...) }
	for e, err := range w.store.Scan(s.t.Context(), bot.Notifications, "") {
		s.must(err)
		if stateIn(e.Value) == string(old) {
			_, err = w.store.Apply(s.t.Context(), bot.Write{Table: bot.Notifications, Key: e.Key, Rev: e.Rev, Value: bytes.Replace(e.Value, field(old), field(to), 1)})
			s.must(err)
		}
	}
}

// sentTwice queues again what was accepted, as a bot would that does not trust a lost reply.
func sentTwice(t *testing.T) []string {
	s := newShop(t, "")
	s.restock()
	if _, err := s.run(); err != nil {
		t.Fatal(err)
	}
	s.rewrite(bot.Accepted, bot.Queued)
	w, err := s.open()
	s.must(err)
	for n, err := range w.ledger.All(t.Context()) {
		s.must(err)
		_, err = w.store.Apply(t.Context(), bot.Write{Table: bot.Work, Key: n.Job + "/" + n.Key, Value: []byte("1")})
		s.must(err)
	}
	s.must(w.close())
	if _, err := s.run(); err != nil {
		t.Fatal(err)
	}
	return s.model()
}

// toldUnsent writes into the CRM before the message has left.
func toldUnsent(t *testing.T) []string {
	s := newShop(t, "")
	s.restock()
	if _, err := s.run(); err != nil {
		t.Fatal(err)
	}
	s.rewrite(bot.Accepted, bot.Failed)
	return s.model()
}

func leakedPassword(t *testing.T) []string {
	s := canaryShop(t)
	if _, err := s.run(); err != nil {
		t.Fatal(err)
	}
	page := filepath.Join(s.dir, "data", "runs", "trace.txt")
	s.must(os.WriteFile(page, []byte("authorization: "+base64.StdEncoding.EncodeToString([]byte("bot:"+flowtest.Password))), 0o600))
	return s.leaked("")
}

func leaksEachRun(t *testing.T) []string {
	s := newShop(t, "")
	stop := make(chan struct{})
	defer close(stop)
	var files []*os.File
	defer func() {
		for _, f := range files {
			_ = f.Close()
		}
	}()
	return s.soak(4, func() {
		f, err := os.Open(os.DevNull)
		s.must(err)
		files = append(files, f)
		go func() { <-stop }()
	})
}
