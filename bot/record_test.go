package bot

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

func fullNotification() Notification {
	q := Units(-3)
	at := time.Date(2026, 11, 25, 9, 30, 0, 123456789, time.UTC)
	return Notification{
		Key: "k", Job: "shop", Channel: Email, Address: "bob@example.com", State: Retry, Reason: Unreachable, SameAs: "other", Attempt: 3, Due: at, NotAfter: at.Add(time.Hour),
		Run: "20261125-093000-abcdef", ToldAt: at, Released: true, Resent: true, Of: "first", Reminder: 2, Bought: at, Invited: at, Holdout: at, Aliases: []string{"forgotten/1", "forgotten/2"},
		Notes:        []Note{{Event: EventClicked, At: at, FollowUp: FollowUp{State: FollowUpPending}}, {Event: EventBought, At: at, Detail: "#1001, AUD 129.00", Order: "shopify/1", FollowUp: FollowUp{State: FollowUpWritten, At: at, Detail: "x", Attempt: 1}}},
		Restock:      Restock{Job: "shop", SKU: "A-1", Number: 7, Name: "Zoë's tent", URL: "https://shop.example/a", Quantity: &q, Opened: at, OpenedBy: "r1", Closed: at, ClosedBy: "r2", Variant: "L", Price: "$5", Picture: "https://shop.example/a.png"},
		Subscription: Subscription{ID: "9", SKU: "A-1", Customer: "Bob", Email: "bob@example.com", Phone: "+61491570006", Wants: []Channel{SMS, Email}, Consent: ConsentGiven, Requested: "2026-01-02", Language: "fr", Kept: true, Fields: map[string]string{"state": "NSW", "vip": "yes"}},
		FollowUp:     FollowUp{State: FollowUpDiffers, At: at, Detail: "d", Attempt: 2},
		Changes:      []Change{{At: at, To: Queued, Run: "r", Reason: NoReply, Detail: strings.Repeat("x", 300)}, {At: at.Add(time.Second), To: Claimed}},
	}
}

// TestRecord: what is written is read, every field of it; so is JSON of an earlier restock; and a record of a later one.
func TestRecord(t *testing.T) {
	want := fullNotification()
	v := reflect.ValueOf(want)
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		if v.Field(i).IsZero() && name != "rev" && name != "sealed" && name != "Who" && name != "Erased" {
			t.Errorf("%s is not tested: give it a value", name)
		}
	}
	var got Notification
	if err := got.decode(want.encode()); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, want)
	}
	old, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got = Notification{}
	if err := got.decode(old); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("JSON: %v\n got %+v\nwant %+v", err, got, want)
	}
	w := writer{b: want.encode()}
	w.text(99, "news")
	w.number(98, 5)
	got = Notification{}
	if err := got.decode(w.b); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("a later one: %v", err)
	}
	if j, b := len(old), len(want.encode()); b*2 > j*3/2 {
		t.Errorf("%d bytes; JSON has %d", b, j)
	}
}

// FuzzRecord: no record, however damaged, is more than an error; and what is read is written the same.
func FuzzRecord(f *testing.F) {
	n := fullNotification()
	f.Add(n.encode())
	f.Add([]byte(`{"key":"k"}`))
	f.Add([]byte{wireVersion, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		var n, again Notification
		if n.decode(b) != nil {
			return
		}
		n.Restock.Job = n.Job
		if err := again.decode(n.encode()); err != nil {
			t.Fatalf("%v: %+v", err, n)
		}
	})
}

func BenchmarkRecord(b *testing.B) {
	n := fullNotification()
	data := n.encode()
	b.Run("encode", func(b *testing.B) {
		for b.Loop() {
			_ = n.encode()
		}
	})
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			var n Notification
			if err := n.decode(data); err != nil {
				b.Fatal(err)
			}
		}
	})
}
