package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"restock/bot"
)

// TestTooLate: who follows the link when it is sold out again keeps the place, and is told the next time; the CRM, where the request is
// done, is left alone.
func TestTooLate(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "", "")
	sku := d.restock()
	if _, err := d.run(); err != nil {
		t.Fatal(err)
	}
	who := d.world.Mail.Accepted()[0].To
	saves := len(d.world.Saves())
	d.must(d.world.Restock(sku, 0))
	if _, err := d.run(); err != nil {
		t.Fatal(err)
	}
	d.clock = 2 * time.Hour // longer than the cool-down: the restock is over
	if _, err := d.run(); err != nil {
		t.Fatal(err)
	}
	d.listen()
	res := d.follow(d.linkTo(who))
	page, err := io.ReadAll(res.Body)
	if d.must(err); res.StatusCode != http.StatusOK || !strings.Contains(string(page), "Your place is kept") {
		t.Fatalf("%d %s", res.StatusCode, page)
	}
	d.stop()
	before := len(d.world.Mail.Accepted())
	d.must(d.world.Restock(sku, 9))
	run, err := d.run()
	if err != nil || run.Accepted[bot.Email] != 1 || len(d.world.Mail.Accepted()) != before+1 || d.world.Mail.Accepted()[before].To != who {
		t.Errorf("%+v, %v", run.Accepted, err)
	}
	if again, err := d.run(); err != nil || total(again.Accepted) != 0 || len(again.Warnings) != 0 {
		t.Errorf("%+v %v %v", again.Accepted, again.Warnings, err)
	}
	if n := len(d.world.Saves()); n != saves+clickedNotes(d) {
		t.Errorf("the CRM was saved %d times more", n-saves)
	}
}

// clickedNotes counts the notes of clicks in the CRM.
func clickedNotes(d *desk) (n int) {
	for _, r := range d.world.Requests() {
		n += strings.Count(r.Note, "Followed the link")
	}
	return n
}

// TestReportMail: the report of the last period goes to each recipient once, with its tables as files.
func TestReportMail(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "", "reports: [{to: [sales@austral-outdoors.example, boss@austral-outdoors.example], period: day}]\n")
	d.restock()
	if _, err := d.run(); err != nil {
		t.Fatal(err)
	}
	before := len(d.world.Mail.Accepted())
	d.clock = 24 * time.Hour
	w, err := d.open()
	d.must(err)
	for range 2 {
		d.must(w.mailReport(t.Context(), w.config.Reports[0]))
	}
	d.must(w.close())
	letters := d.world.Mail.Accepted()[before:]
	if len(letters) != 2 {
		t.Fatalf("%d mails", len(letters))
	}
	raw := string(letters[0].Raw)
	for _, want := range []string{"text/plain", "text/html", ".xlsx", "restocks.csv"} {
		if !strings.Contains(raw, want) {
			t.Errorf("the mail has no %s", want)
		}
	}
	if dir := os.Getenv("RESTOCK_PICTURES"); dir != "" {
		d.must(os.WriteFile(filepath.Join(dir, "report.eml"), letters[0].Raw, 0o600))
	}
}
