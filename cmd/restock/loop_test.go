package main

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/flows/flowtest"
)

// desk is a shop whose listener for customers is open.
type desk struct {
	*shop
	address string // of the listener
	w       *workshop
	stop    func()
}

// newDesk is a shop that tells its customers where to sign up, and us of its orders.
func newDesk(t *testing.T, signUp, more string) *desk {
	t.Helper()
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	public := `public: {listen: "` + address + `", url: "http://` + address + `", shopify: {secret: "${secret:SHOP_KEY}"}, signup: {` + signUp + "}}\n"
	d := &desk{shop: newShop(t, quick+public+more), address: "http://" + address}
	d.world.Tell(d.address, d.address+"/hooks/shopify", shopKey)
	return d
}

// open opens the listener; close closes it and the state, so that a run can begin.
func (d *desk) listen() {
	d.t.Helper()
	w, err := d.open()
	d.must(err)
	ctx, cancel := context.WithCancel(d.t.Context())
	serve, err := w.listen(ctx)
	d.must(err)
	done := make(chan struct{})
	go func() { defer close(done); serve() }()
	d.w = w
	d.stop = func() {
		cancel()
		<-done
		d.must(w.close())
	}
}

// post sends a form; it returns the status and the page.
func (d *desk) post(path string, form url.Values) (int, string) {
	d.t.Helper()
	res, err := http.PostForm(d.address+path, form)
	d.must(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	d.must(err)
	return res.StatusCode, string(body)
}

func wishFor(sku, email string) url.Values {
	return url.Values{"sku": {sku}, "email": {email}, "consent": {"yes"}, "name": {"Kim O'Neil <b>"}}
}

// follow follows a link as a person does.
func (d *desk) follow(link string) *http.Response {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, link, nil)
	d.must(err)
	req.Header.Set("User-Agent", personAgent)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	d.must(err)
	return res
}

// linkTo is the link to the product in the last mail to somebody.
func (d *desk) linkTo(email string) string {
	d.t.Helper()
	letters := d.world.Mail.Accepted()
	slices.Reverse(letters)
	for _, letter := range letters {
		if letter.To == email {
			return regexp.MustCompile(regexp.QuoteMeta(d.address) + `/r/p[\w-]+`).FindString(strings.ReplaceAll(string(letter.Raw), "=\r\n", ""))
		}
	}
	d.t.Fatalf("no mail has come to %s", email)
	return ""
}

// of returns the requests of somebody.
func (d *desk) of(email string) (list []flowtest.Request) {
	for _, r := range d.world.Requests() {
		if r.Email == email {
			list = append(list, r)
		}
	}
	return list
}

// TestSignUp: a wish is entered into the CRM once, whatever happens: the CRM is down, it is there already, somebody asks twice.
func TestSignUp(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "", "")
	sku := d.world.Products()[5].SKU
	d.listen()
	for range 2 {
		if code, page := d.post("/signup", wishFor(sku, "kim@example.com")); code != http.StatusOK || !strings.Contains(page, "Thank you") {
			t.Fatalf("%d %s", code, page)
		}
	}
	for what, form := range map[string]url.Values{
		"no consent": {"sku": {sku}, "email": {"x@example.com"}}, "no address": {"sku": {sku}, "consent": {"yes"}}, "bad address": wishFor(sku, "x@@example"),
		"no such product": wishFor("NO-1", "x@example.com"), "in stock": wishFor(d.world.Products()[0].SKU, "x@example.com"),
	} {
		if code, _ := d.post("/signup", form); code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", what, code)
		}
	}
	robot := wishFor(sku, "robot@example.com")
	robot.Set("website", "https://spam.example")
	d.post("/signup", robot)
	d.world.AddRequest(flowtest.Request{SKU: sku, Customer: "Pat", Email: "pat@example.com", Contact: "E-mail", Consent: true})
	d.post("/signup", wishFor(sku, "pat@example.com"))
	d.stop()

	d.world.Fault(func(w http.ResponseWriter, r *http.Request) bool { // the CRM is down
		if !strings.HasPrefix("http://"+r.Host, d.world.CRM.URL) {
			return false
		}
		http.Error(w, "down for maintenance", http.StatusServiceUnavailable)
		return true
	})
	if _, err := d.run(); err == nil {
		t.Error("the run is done, while the CRM is down")
	}
	d.world.Fault(nil)
	run, err := d.run()
	if err != nil || run.SignUps != 2 {
		t.Fatalf("%d entered, %v", run.SignUps, err)
	}
	if run, err := d.run(); err != nil || run.SignUps != 0 {
		t.Errorf("%d entered again, %v", run.SignUps, err)
	}
	kim := d.of("kim@example.com")
	if len(kim) != 1 || kim[0].SKU != sku || kim[0].Contact != "E-mail" || !strings.Contains(kim[0].Note, "may tell me once") || kim[0].Customer != "Kim O'Neil <b>" {
		t.Errorf("%+v", kim)
	}
	if len(d.of("pat@example.com")) != 1 || len(d.of("robot@example.com")) != 0 || len(d.of("x@example.com")) != 0 {
		t.Errorf("pat %d, robot %d", len(d.of("pat@example.com")), len(d.of("robot@example.com")))
	}
	d.must(d.world.Restock(sku, 40))
	if run, err := d.run(); err != nil || run.Accepted[bot.Email] == 0 {
		t.Fatalf("%+v, %v", run.Accepted, err)
	}
	d.linkTo("kim@example.com")
	for _, wrong := range d.model() {
		t.Error(wrong)
	}
}

// TestSignUpCutOff: a run that dies right after it has entered a wish does not enter it again.
func TestSignUpCutOff(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "", "")
	sku := d.world.Products()[5].SKU
	d.listen()
	d.post("/signup", wishFor(sku, "kim@example.com"))
	d.stop()
	entered := false
	d.wrap = func(s bot.Store) bot.Store { // what is written after the request was made is lost
		return &failing{Store: s, fail: func(_ int, writes []bot.Write) error {
			if entered = entered || len(d.of("kim@example.com")) > 0; entered && writes[0].Table == bot.SignUps {
				return io.ErrUnexpectedEOF
			}
			return nil
		}}
	}
	if _, err := d.run(); err == nil {
		t.Error("the run is done, while nothing could be written down")
	}
	d.wrap = nil
	if run, err := d.run(); err != nil || run.SignUps != 1 || len(d.of("kim@example.com")) != 1 {
		t.Errorf("%d entered, %d requests, %v", run.SignUps, len(d.of("kim@example.com")), err)
	}
}

// TestConfirm: with confirm, a wish counts once the link in a message was followed and its button pressed; who has left must confirm
// in any case.
func TestConfirm(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "confirm: true", "")
	sku := d.world.Products()[5].SKU
	d.listen()
	d.post("/signup", wishFor(sku, "kim@example.com"))
	d.must(d.w.ledger.Suppress(t.Context(), bot.Suppression{Who: d.w.ledger.Person("kim@example.com"), Channel: bot.Email, Reason: bot.LeftUs, Source: "link"}))
	link := ""
	for range 100 {
		if letters := d.world.Mail.Accepted(); len(letters) > 0 {
			link = regexp.MustCompile(regexp.QuoteMeta(d.address) + `/s/[\w.-]+`).FindString(strings.ReplaceAll(string(letters[0].Raw), "=\r\n", ""))
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if link == "" {
		t.Fatal("no confirmation has come")
	}
	d.stop()
	if run, err := d.run(); err != nil || run.SignUps != 0 || len(d.of("kim@example.com")) != 0 {
		t.Errorf("%d entered unconfirmed, %v", run.SignUps, err)
	}
	d.listen()
	if res := d.follow(link); res.StatusCode != http.StatusOK {
		t.Errorf("%d", res.StatusCode)
	}
	if s, _, err := d.w.ledger.FindSignUp(t.Context(), idOf(link)); err != nil || !s.Confirmed.IsZero() {
		t.Errorf("opening the link has confirmed it: %v", err)
	}
	if code, page := d.post(strings.TrimPrefix(link, d.address), nil); code != http.StatusOK || !strings.Contains(page, "Confirmed.") {
		t.Errorf("%d %s", code, page)
	}
	if code, _ := d.post(strings.TrimPrefix(link, d.address)+"A", nil); code != http.StatusNotFound {
		t.Errorf("a forged one: %d", code)
	}
	d.stop()
	if run, err := d.run(); err != nil || run.SignUps != 1 || len(d.of("kim@example.com")) != 1 {
		t.Errorf("%d entered, %v", run.SignUps, err)
	}
	if n := len(d.world.Mail.Accepted()); n != 1 {
		t.Errorf("%d confirmations", n)
	}
	d.must(d.world.Restock(sku, 60))
	if _, err := d.run(); err != nil {
		t.Error(err)
	}
	d.linkTo("kim@example.com")
}

func idOf(link string) string {
	token := link[strings.LastIndexByte(link, '/')+1:]
	id, _, _ := strings.Cut(token, ".")
	return id
}

// TestBought: a purchase is put down to the message, in the report and in the CRM; a cancellation takes it back; reminders stop.
func TestBought(t *testing.T) {
	t.Parallel()
	for name, byList := range map[string]bool{"webhook": false, "list": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, "", "")
			if byList {
				d.world.Tell("", "", "")
				d.edit("restock.yaml", "crm: crm, ", "crm: crm, orders: ims, ")
			}
			sku := d.restock()
			if _, err := d.run(); err != nil {
				t.Fatal(err)
			}
			who := d.world.Mail.Accepted()[0].To
			d.listen()
			d.clock = time.Minute // a person takes a moment
			d.w.a.now = func() time.Time { return time.Now().Add(d.clock) }
			res := d.follow(d.linkTo(who))
			o, err := d.world.Order(t.Context(), flowtest.ShopOrder{SKU: sku, Email: who, Quantity: 2, At: time.Now().Add(2 * time.Minute), Landing: res.Header.Get("Location")})
			d.must(err)
			_, err = d.world.Order(t.Context(), flowtest.ShopOrder{SKU: sku, Email: "stranger@example.com", Quantity: 1, At: time.Now().Add(2 * time.Minute)})
			d.must(err)
			d.stop()
			d.clock = time.Hour
			run, err := d.run()
			if err != nil || run.Noted != 2 || byList && run.Orders != 1 {
				t.Fatalf("%d noted, %d orders, %v", run.Noted, run.Orders, err)
			}
			note := d.of(who)[0].Note
			if !strings.Contains(note, "Followed the link") || !strings.Contains(note, "Bought on") || !strings.Contains(note, o.Number()) || !strings.Contains(note, "direct") {
				t.Errorf("%s", note)
			}
			if run, err := d.run(); err != nil || run.Noted+run.Written != 0 {
				t.Errorf("%d noted again, %v", run.Noted, err)
			}
			d.listen()
			d.must(d.world.Cancel(t.Context(), o.ID))
			d.stop()
			if run, err := d.run(); err != nil || run.Noted != 1 || !strings.Contains(d.of(who)[0].Note, "Gave back") {
				t.Errorf("%d noted, %v: %s", run.Noted, err, d.of(who)[0].Note)
			}
			for _, n := range d.shop.ledger() {
				if !n.Bought.IsZero() {
					t.Error("it still counts as bought")
				}
			}
		})
	}
}

// TestLeftInCRM: who leaves is written into the CRM, on each of their requests, and is not reported to ops any more.
func TestLeftInCRM(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "", "")
	d.restock()
	if _, err := d.run(); err != nil {
		t.Fatal(err)
	}
	who := d.world.Mail.Accepted()[0].To
	d.listen()
	code, _ := d.post("/u/"+d.w.ledger.Vault.Token(d.w.ledger.Person(who), bot.Email), url.Values{"List-Unsubscribe": {"One-Click"}})
	if code != http.StatusOK {
		t.Fatal(code)
	}
	d.stop()
	run, err := d.run()
	if err != nil || run.Noted != 1 || !strings.Contains(d.of(who)[0].Note, "Wants no more messages") {
		t.Fatalf("%d noted, %v, %+v", run.Noted, err, d.of(who))
	}
	w, err := d.open()
	d.must(err)
	defer w.close()
	list, err := w.ledger.Suppressions(t.Context())
	if err != nil || len(list) != 1 || list[0].Written.IsZero() {
		t.Errorf("%+v, %v", list, err)
	}
}

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
