package bot_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"restock/bot"
)

func at(hour int) time.Time { return time.Date(2026, 11, 23, hour, 0, 0, 0, time.UTC) }

func quantity(n int64) *bot.Quantity {
	q := bot.Units(n)
	return &q
}

func level(sku string, n int64) bot.StockLevel {
	return bot.StockLevel{SKU: sku, Quantity: quantity(n), Availability: bot.AvailabilityOf(bot.Units(n))}
}

func known(levels ...bot.Level) map[string]bot.Level {
	m := map[string]bot.Level{}
	for _, l := range levels {
		m[l.SKU] = l
	}
	return m
}

// TestCompare: what a reading changes, case by case.
func TestCompare(t *testing.T) {
	out := bot.Level{StockLevel: level("A", 0), Episode: 2}
	in := bot.Level{StockLevel: level("A", 5), Episode: 2, Open: true}
	unknown := bot.StockLevel{SKU: "A", Availability: bot.Unknown}
	for name, c := range map[string]struct {
		known                   map[string]bot.Level
		read                    []bot.StockLevel
		absentIsOut             bool
		opened, closed, learned int
		missing, episode        int
		open                    bool
		availability            bot.Availability
	}{
		"new and in stock: learned, told to nobody": {read: []bot.StockLevel{level("A", 5)}, learned: 1, availability: bot.In},
		"new and out of stock":                      {read: []bot.StockLevel{level("A", 0)}, learned: 1, availability: bot.Out},
		"none to some: the next episode":            {known: known(out), read: []bot.StockLevel{level("A", 1)}, opened: 1, episode: 3, open: true, availability: bot.In},
		"some to more: nothing":                     {known: known(in), read: []bot.StockLevel{level("A", 9)}, episode: 2, open: true, availability: bot.In},
		"some to none: closed":                      {known: known(in), read: []bot.StockLevel{level("A", 0)}, closed: 1, episode: 2, availability: bot.Out},
		"oversold is out":                           {known: known(in), read: []bot.StockLevel{level("A", -3)}, closed: 1, episode: 2, availability: bot.Out},
		"none to none":                              {known: known(out), read: []bot.StockLevel{level("A", 0)}, episode: 2, availability: bot.Out},
		"unknown does not open":                     {known: known(out), read: []bot.StockLevel{unknown}, episode: 2, availability: bot.Out},
		"unknown does not close":                    {known: known(in), read: []bot.StockLevel{unknown}, episode: 2, open: true, availability: bot.In},
		"absent is no news":                         {known: known(in), missing: 1},
		"absent is out where the file says so":      {known: known(in), absentIsOut: true, missing: 1, closed: 1, episode: 2, availability: bot.Out},
		"learned in stock has no episode to close":  {known: known(bot.Level{StockLevel: level("A", 5)}), read: []bot.StockLevel{level("A", 0)}, availability: bot.Out},
	} {
		t.Run(name, func(t *testing.T) {
			read := bot.Reading{Levels: c.read, At: at(9), Complete: bot.CompleteYes, AbsentIsOut: c.absentIsOut}
			got := bot.Compare("job", "run", c.known, read, 0)
			if len(got.Opened) != c.opened || len(got.Closed) != c.closed || got.Learned != c.learned || len(got.Missing) != c.missing {
				t.Errorf("%+v", got)
			}
			if again := bot.Compare("job", "run", c.known, read, 0); !reflect.DeepEqual(got, again) {
				t.Error("the same arguments gave another answer")
			}
			if len(got.Levels) == 0 {
				return
			}
			if l := got.Levels[0]; l.Episode != c.episode || l.Open != c.open || l.Availability != c.availability {
				t.Errorf("level %+v", l)
			}
		})
	}
}

// TestAbsentNeedsWholeList: half a list never says that something is sold out.
func TestAbsentNeedsWholeList(t *testing.T) {
	c := bot.Compare("job", "run", known(bot.Level{StockLevel: level("A", 5), Open: true}), bot.Reading{AbsentIsOut: true, At: at(9)}, 0)
	if len(c.Closed)+len(c.Levels) != 0 {
		t.Errorf("%+v", c)
	}
}

func ExampleCompare() {
	before := map[string]bot.Level{
		"TEE-M": {StockLevel: bot.StockLevel{SKU: "TEE-M", Availability: bot.Out}, Episode: 1},
		"TEE-L": {StockLevel: bot.StockLevel{SKU: "TEE-L", Availability: bot.In}},
	}
	now := bot.Reading{Levels: []bot.StockLevel{
		{SKU: "TEE-M", Availability: bot.In},
		{SKU: "TEE-L", Availability: bot.In},
	}}
	for _, r := range bot.Compare("shop", "run-7", before, now, 0).Opened {
		fmt.Println(r.SKU, "is back, restock number", r.Number)
	}
	// Output: TEE-M is back, restock number 2
}

// TestPlan: who is told, and why not.
func TestPlan(t *testing.T) {
	both := []bot.Channel{bot.Email, bot.SMS}
	for name, c := range map[string]struct {
		sub     bot.Subscription
		policy  bot.Policy
		state   bot.State
		reason  bot.Reason
		channel bot.Channel
		address string
	}{
		"by mail":                        {sub: bot.Subscription{Email: "a@example.com"}, state: bot.Queued, channel: bot.Email, address: "a@example.com"},
		"by SMS":                         {sub: bot.Subscription{Phone: "+61 491 570 006", Wants: []bot.Channel{bot.SMS}}, state: bot.Queued, channel: bot.SMS, address: "+61491570006"},
		"either: mail first":             {sub: bot.Subscription{Email: "a@example.com", Phone: "+61491570006", Wants: both}, state: bot.Queued, channel: bot.Email, address: "a@example.com"},
		"either: SMS where mail is bad":  {sub: bot.Subscription{Email: "not-an-address", Phone: "+61491570006", Wants: both}, state: bot.Queued, channel: bot.SMS, address: "+61491570006"},
		"no consent":                     {sub: bot.Subscription{Email: "a@example.com", Consent: bot.ConsentRefused}, state: bot.Suppressed, reason: bot.NoConsent},
		"consent unknown, but required":  {sub: bot.Subscription{Email: "a@example.com", Consent: bot.ConsentUnknown}, policy: bot.Policy{Consent: true}, state: bot.Suppressed, reason: bot.NoConsent},
		"no address":                     {sub: bot.Subscription{}, state: bot.Suppressed, reason: bot.NoAddress},
		"bad address":                    {sub: bot.Subscription{Email: "not-an-address"}, state: bot.Suppressed, reason: bot.BadAddress},
		"bad address beats missing one":  {sub: bot.Subscription{Email: "x@", Wants: both}, state: bot.Suppressed, reason: bot.BadAddress},
		"channel not configured":         {sub: bot.Subscription{Phone: "+61491570006", Wants: []bot.Channel{bot.SMS}}, policy: bot.Policy{Channels: []bot.Channel{bot.Email}}, state: bot.Suppressed, reason: bot.NoChannel},
		"national number without a code": {sub: bot.Subscription{Phone: "0491 570 006", Wants: []bot.Channel{bot.SMS}}, state: bot.Suppressed, reason: bot.BadAddress},
	} {
		t.Run(name, func(t *testing.T) {
			if c.policy.Channels == nil {
				c.policy.Channels = both
			}
			c.sub.ID, c.sub.SKU = "7", "A"
			plan := bot.Plan("job", "run", []bot.Restock{{SKU: "A", Number: 1}}, []bot.Subscription{c.sub}, nil, c.policy, at(9))
			if len(plan) != 1 {
				t.Fatalf("%d notifications", len(plan))
			}
			if n := plan[0]; n.State != c.state || n.Reason != c.reason || n.Channel != c.channel && c.reason == "" || n.Address != c.address {
				t.Errorf("%+v", n)
			}
		})
	}
}

// TestPlanAskedTwice: the same customer who asked twice for the same product gets one message; customers who share a phone
// get one each.
func TestPlanAskedTwice(t *testing.T) {
	sub := func(id, customer, phone string) bot.Subscription {
		return bot.Subscription{ID: id, SKU: "A", Customer: customer, Phone: phone, Wants: []bot.Channel{bot.SMS}}
	}
	subs := []bot.Subscription{sub("1", "Mia", "+61491570006"), sub("2", "Mia", "+61 491 570 006"), sub("3", "Leo", "+61491570006"), {ID: "4", SKU: "B"}}
	policy := bot.Policy{Channels: []bot.Channel{bot.SMS}}
	plan := bot.Plan("job", "run", []bot.Restock{{SKU: "A", Number: 1}}, subs, nil, policy, at(9))
	if len(plan) != 3 {
		t.Fatalf("%d notifications: another product's subscription was planned", len(plan))
	}
	if plan[0].State != bot.Queued || plan[1].Reason != bot.AskedTwice || plan[1].SameAs != plan[0].Key || plan[2].State != bot.Queued {
		t.Errorf("%+v", plan)
	}
	subs[0], subs[1] = subs[1], subs[0]
	if again := bot.Plan("job", "run", []bot.Restock{{SKU: "A", Number: 1}}, subs, nil, policy, at(9)); again[0].Key != plan[0].Key || again[0].State != bot.Queued {
		t.Error("the order of the list decides who is told")
	}
}

func ExampleKey() {
	second := bot.Key("shop", "TEE-M", 2, "151")
	fmt.Println(second)
	fmt.Println(second == bot.Key("shop", "TEE-M", 3, "151"))
	fmt.Println(bot.Key("a", "bc", 1, "1") == bot.Key("ab", "c", 1, "1"))
	// Output:
	// vjp2mtpclygj3ryqppyn2evpwc
	// false
	// false
}

func TestQuantity(t *testing.T) {
	for text, want := range map[string]string{"0": "0", "-0": "0", "12.50": "12.5", "-3": "-3", "1250": "1250", "0.000001": "0.000001", "-0.5": "-0.5"} {
		q, err := bot.ParseQuantity(text)
		if err != nil || q.String() != want {
			t.Errorf("%s: %s, %v", text, q, err)
		}
		data, err := json.Marshal(q)
		var back bot.Quantity
		if err != nil || json.Unmarshal(data, &back) != nil || back != q {
			t.Errorf("%s: %s", text, data)
		}
	}
	for _, text := range []string{"", "-", ".", "1.", ".5", "1,250", "1e5", "+1", " 1", "1 ", "0x1", "NaN", "1.0000001", "１２", "--1", "1234567890123"} {
		if q, err := bot.ParseQuantity(text); err == nil {
			t.Errorf("%q was read as %s", text, q)
		}
	}
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]bool{
		"a@example.com": true, "a.b+c@mail.example.co": true, " a@example.com ": true, "o'brien@example.com": true,
		"": false, "a": false, "a@": false, "@b.c": false, "a@b": false, "a@b..c": false, "a b@example.com": false,
		"\"a b\"@example.com": false, "a@[127.0.0.1]": false, "a@ex\u202eample.com": false, "é@example.com": false,
		"Bob <bob@example.com>": false, "a@example.com\r\nBcc: x@example.com": false, "=cmd|x@example.com": false,
		strings.Repeat("a", 250) + "@b.c": false, "a@-b.com": false,
	} {
		if bot.ValidEmail(address) != want {
			t.Errorf("ValidEmail(%q) is not %v", address, want)
		}
	}
	for number, want := range map[string]string{
		"+61 491 570 006": "+61491570006", "+61 (0)491 570 006": "+61491570006", "0061491570006": "+61491570006", "+61-491.570/006": "+61491570006",
	} {
		if got := bot.E164(number); got != want || !bot.ValidPhone(got) {
			t.Errorf("%s: %s", number, got)
		}
	}
	for _, number := range []string{"", "0491570006", "+", "+0491570006", "+61abc", "+123", "+1234567890123456", "not"} {
		if bot.ValidPhone(bot.E164(number)) {
			t.Errorf("%s is taken for a number", number)
		}
	}
}

func TestRedact(t *testing.T) {
	for text, want := range map[string]string{
		"550 <bob.smith@example.com> unknown": "550 <b…@e….com> unknown",
		"mail=bob%40example.com":              "mail=b…%40e….com",
		"call +61 491 570 006 now":            "call +61…06 now",
		"row 12 of 345, AO-1001, 2026-11-23":  "row 12 of 345, AO-1001, 2026-11-23",
		"id 12345678901234567890 status 500":  "id 12345678901234567890 status 500",
		"SM00000000000000000000000000000001":  "SM00000000000000000000000000000001",
		"sent 0061491570006":                  "sent 0061…06",
		"tel=%2B61491570006&x":                "tel=%2B61…06&x",
		"user@localhost, @handle, a@b":        "user@localhost, @handle, a@b",
		"two: a@b.co, c@d.org":                "two: a…@b….co, c…@d….org",
	} {
		if got := bot.Redact(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// TestStates: every state can be reached, nothing leads out of a settled one, and nothing but the point of no return leads
// to accepted or ambiguous.
func TestStates(t *testing.T) {
	reached := map[bot.State]bool{bot.Queued: true}
	for _, from := range bot.States() {
		for _, to := range bot.States() {
			if !from.Next(to) {
				continue
			}
			reached[to] = true
			if to == bot.Ambiguous && from != bot.DotPending {
				t.Errorf("%s → %s", from, to)
			}
			if to == bot.Accepted && from != bot.DotPending && from != bot.Ambiguous && from != bot.Held {
				t.Errorf("%s → %s", from, to)
			}
			if from == bot.DotPending && to == bot.Claimed { // queued again only where the journal proves that it had not left: TestJournal
				t.Errorf("%s → %s would send again what may have gone out", from, to)
			}
		}
	}
	for _, s := range bot.States() {
		if !reached[s] {
			t.Errorf("%s cannot be reached", s)
		}
	}
	for _, settled := range []bot.State{bot.Accepted, bot.Failed, bot.Expired, bot.Suppressed} {
		if settled.Open() {
			t.Errorf("%s is not settled", settled)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("bob@example.com +61 491 570 006 00")
	f.Add("%40%2B@@..++0000")
	f.Fuzz(func(t *testing.T, text string) {
		once := bot.Redact(text)
		if strings.Contains(bot.Redact(text+" bob.smith@example.com +61491570006"), "bob.smith@example.com") {
			t.Fatalf("%q keeps an address", text)
		}
		_ = bot.Clean(once)
	})
}
