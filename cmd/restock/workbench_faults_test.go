package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/bot/config"
	"restock/bot/schedule"
	"restock/bot/web/admin"
	"restock/selectors"
)

func labOf(t *testing.T) (*shop, *workshop, *workbench) {
	t.Helper()
	s := emptyShop(t, "")
	w, err := s.open()
	s.must(err)
	t.Cleanup(func() { _ = w.close() })
	return s, w, &workbench{w: w, board: newBoard(t.Context(), w, &schedule.Planner{Store: w.store, Now: time.Now})}
}

// mail and SMS are “well” whatever they are; the browser is not looked at.
func TestFaultChecks(t *testing.T) {
	_, w, b := labOf(t)
	w.config.SMTP.Host, w.config.SMTP.Port = "nosuchhost.invalid", 1
	seen := map[string]admin.Check{}
	for _, c := range b.board.Checks(t.Context()) {
		seen[c.Name] = c
	}
	for _, name := range []string{"browser", "mail", "SMS", "log-in to ims"} {
		if c, ok := seen[name]; !ok || c.OK || !c.Open {
			t.Errorf("nobody has looked yet, and %s is %+v", name, c)
		}
	}
	for _, c := range w.needs(t.Context(), map[string]bool{roleSchedule: true}, &refusal{}) {
		if want := c.Name != "mail"; c.OK != want || c.Open || c.Text == "" || !c.OK && c.Next == "" {
			t.Errorf("the mail server is one that there is not, all else is there: %+v", c)
		}
	}
	w.config.SMTP, w.config.SMS = nil, nil
	for _, c := range b.board.Checks(t.Context()) {
		if c.Name == "mail" && c.OK {
			t.Errorf("no mail at all: %+v", c)
		}
	}
}

func TestFaultSaveKeeps(t *testing.T) {
	s, w, b := labOf(t)
	at := time.Now()
	w.a.now = func() time.Time { return at }
	path := filepath.Join(s.dir, "sites", "crm.yaml")
	s.must(os.Chmod(path, 0o664))
	data, _ := os.ReadFile(path)
	first := string(data)
	second, third := first+"# second\n", first+"# third\n"
	k1, err := b.Save("crm", second, admin.Sum(first), true)
	s.must(err)
	k2, err := b.Save("crm", third, admin.Sum(second), true)
	s.must(err)
	all := ""
	files, _ := filepath.Glob(path + ".*")
	for _, f := range files {
		d, _ := os.ReadFile(f)
		all += string(d) + "\x00"
	}
	if !strings.Contains(all, first+"\x00") {
		t.Errorf("two saves within a second (%s, %s): the first file is nowhere any more", k1, k2)
	}
	if names, err := b.Formers("crm"); err != nil || len(names) != 2 {
		t.Errorf("former files %v, %v", names, err)
	} else if text, err := b.Former("crm", names[1]); err != nil || text != first {
		t.Errorf("the first file cannot be looked at any more: %v", err)
	}
	if _, err := b.Former("crm", "../restock.yaml"); err == nil {
		t.Error("another file is given out")
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o664 {
		t.Errorf("the file was 664, and is %o: who edits it in an editor cannot read it any more", info.Mode().Perm())
	}
}

func TestFaultSaveLink(t *testing.T) {
	s, _, b := labOf(t)
	path := filepath.Join(s.dir, "sites", "crm.yaml")
	real := filepath.Join(s.dir, "checkout.yaml")
	s.must(os.Rename(path, real))
	s.must(os.Symlink(real, path))
	data, _ := os.ReadFile(path)
	_, err := b.Save("crm", string(data)+"# new\n", admin.Sum(string(data)), true)
	s.must(err)
	if now, _ := os.ReadFile(real); !strings.Contains(string(now), "# new") {
		t.Error("the file that the link leads to was not written; the link has become a file")
	}
}

func TestFaultSaveUnusable(t *testing.T) {
	s, w, b := labOf(t)
	path := filepath.Join(s.dir, "sites", "ims.yaml")
	data, _ := os.ReadFile(path)
	good := string(data)
	t.Run("another site's name", func(t *testing.T) {
		text := strings.Replace(good, "site: ims", "site: crm", 1)
		if _, err := b.Save("ims", text, admin.Sum(good), false); err == nil {
			_, err := loadSites(w.config.Path(w.config.Sites))
			t.Errorf("saved; and now: %v", err)
			s.must(os.WriteFile(path, data, 0o600))
		}
	})
}

func TestFaultLiveWrites(t *testing.T) {
	_, _, b := labOf(t)
	path := b.path("crm")
	data, _ := os.ReadFile(path)
	text := strings.Replace(string(data), "\nbase:", "\nposts: [\"*\"]\nbase:", 1)
	site, err := selectors.Load(path, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.within(site, text, path, data); err == nil {
		t.Error("an analyst may try on the live site, “without writing anything”, a text that lets reading flows send anything: posts: [\"*\"]")
	}
}

func TestFaultPausedTicks(t *testing.T) {
	_, w, b := labOf(t)
	job := w.config.Jobs[0].Name
	s, err := schedule.Parse("*/15 * * * *", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	w.config.Jobs[0].Schedule, w.config.Jobs[0].Spec = "*/15 * * * *", s
	if err := b.board.Pause(t.Context(), job, true, "kim"); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if err := b.board.tick(t.Context(), job, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	jobs, err := b.board.Jobs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	runs, _ := w.ledger.Recent(t.Context(), bot.RunQuery{Limit: 10})
	if jobs[0].Skipped+jobs[0].Missed == 0 && len(runs) == 0 {
		t.Errorf("10 ticks of a paused job were skipped: the schedule says %d missed, %d skipped; %d runs", jobs[0].Missed, jobs[0].Skipped, len(runs))
	}
}

func TestFaultCookieBehindProxy(t *testing.T) {
	s := emptyShop(t, "admin: {listen: '127.0.0.1:0', oidc: {issuer: 'https://login.example', client: a, secret: '${secret:S}', url: 'https://ops.example.com', roles: {viewer: [x]}}}\n")
	c, err := config.Load(s.dir)
	if err != nil || !encrypted(c.Admin) {
		t.Errorf("the cookie of a page that is reached over https goes over http too: %v", err)
	}
}
