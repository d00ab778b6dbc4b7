package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/flows/browser"
	"restock/selectors"
	"restock/state/freeport"
)

// TestLeave: a customer opens the link of a mail in a real browser and presses the button. A scanner that opened every link before
// has changed nothing; the next time, nobody is told who has left.
func TestLeave(t *testing.T) {
	t.Parallel()
	address := freeport.Address(t)
	s := newShop(t, quick+"public: {listen: \""+address+"\", url: \"http://"+address+"\"}\n")
	sku := s.restock()
	if _, err := s.run(); err != nil {
		t.Fatal(err)
	}
	letters := s.world.Mail.Accepted()
	links := s.links(address)
	w, err := s.open()
	s.must(err)
	ctx, stop := context.WithCancel(t.Context())
	serve, err := w.listen(ctx)
	s.must(err)
	done := make(chan struct{})
	go func() { serve(); close(done) }()
	for _, url := range links { // a scanner
		for _, method := range []string{http.MethodHead, http.MethodGet} {
			req, err := http.NewRequestWithContext(ctx, method, url, nil)
			s.must(err)
			res, err := http.DefaultClient.Do(req)
			s.must(err)
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			if res.StatusCode != http.StatusOK {
				t.Errorf("%s: %d", method, res.StatusCode)
			}
		}
	}
	if list, err := w.ledger.Suppressions(ctx); err != nil || len(list) != 0 {
		t.Errorf("a scanner has unsubscribed %d, %v", len(list), err)
	}
	gone := letters[0].To
	s.press(links[gone])
	list, err := w.ledger.Suppressions(ctx)
	if err != nil || len(list) != 1 || list[0].Who != w.ledger.Person(gone) || list[0].Channel != bot.Email || list[0].Source != "link" {
		t.Errorf("%+v, %v", list, err)
	}
	stop()
	<-done
	s.must(w.close())

	again := s.world.Requests()
	for _, r := range again {
		if r.SKU == sku && r.Email == gone {
			other := r
			other.ID, other.SKU, other.Status, other.Note = 0, s.another(), "Waiting", ""
			s.world.AddRequest(other)
			s.must(s.world.Restock(other.SKU, 40))
			break
		}
	}
	before := len(s.world.Mail.Accepted())
	run, err := s.run()
	if err != nil || run.Suppressed == 0 {
		t.Errorf("%d suppressed, %v", run.Suppressed, err)
	}
	for _, letter := range s.world.Mail.Accepted()[before:] {
		if letter.To == gone {
			t.Error("who has left was told again")
		}
	}
}

// links are the addresses by which the recipients of the mails leave; every message has one, and mails say so in their headers.
func (s *shop) links(address string) map[string]string {
	s.t.Helper()
	letters := s.world.Mail.Accepted()
	if len(letters) < 2 {
		s.t.Fatalf("%d mails", len(letters))
	}
	link := regexp.MustCompile(`http://` + regexp.QuoteMeta(address) + `/u/[\w-]+`)
	links := map[string]string{}
	for _, letter := range letters {
		raw := strings.ReplaceAll(string(letter.Raw), "=\r\n", "")
		found := link.FindString(raw)
		if found == "" || !strings.Contains(letter.Header.Get("List-Unsubscribe"), found) {
			s.t.Fatalf("no link to leave by, or not in the header: %s, %s", found, letter.Header.Get("List-Unsubscribe"))
		}
		links[letter.To] = found
	}
	for _, text := range s.world.SMS.Sent() {
		if !link.MatchString(text.Body) {
			s.t.Errorf("an SMS has no link to leave by: %s", text.Body)
		}
	}
	return links
}

// press opens a page in a real browser and presses its first button. With RESTOCK_PICTURES, pictures are left there.
func (s *shop) press(url string) {
	s.t.Helper()
	ctx := s.t.Context()
	found, err := (browser.Installer{Say: io.Discard}).Ensure(ctx, "")
	s.must(err)
	b, err := browser.Launch(ctx, browser.Options{Path: found.Path, Width: 900, Height: 700})
	s.must(err)
	defer b.Close()
	p, err := b.NewPage(ctx, browser.PageOptions{})
	s.must(err)
	s.must(p.Open(ctx, url))
	s.picture(p, "leave.png")
	for _, key := range []string{"Tab", "Enter"} { // by keyboard: the button is the first thing
		_, err := p.Act(ctx, selectors.Action{Do: "press", Key: key})
		s.must(err)
	}
	done := selectors.Condition{Visible: &selectors.Element{Alternatives: []selectors.Target{{CSS: "h1"}}}}
	for range 100 {
		seen, err := p.See(ctx, done)
		if text, _ := p.Snapshot(ctx); err == nil && seen[0] && strings.Contains(text, "Done.") {
			s.picture(p, "left.png")
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Error("the page never said that it is done")
}

func (s *shop) picture(p *browser.Page, name string) {
	dir := os.Getenv("RESTOCK_PICTURES")
	if dir == "" {
		return
	}
	data, err := p.Shot(s.t.Context(), name == "left.png")
	s.must(err)
	s.must(os.WriteFile(filepath.Join(dir, name), data, 0o600))
}
