package bot_test

import (
	"bytes"
	"testing"
	"time"

	"restock/bot"
	"restock/state/statetest"
)

func vaulted(t *testing.T) (*bot.Ledger, *statetest.Memory) {
	t.Helper()
	store := &statetest.Memory{}
	l := bot.NewLedger(store, time.Now)
	var err error
	if l.Vault, err = bot.NewVault([]byte("a secret of these tests")); err != nil {
		t.Fatal(err)
	}
	return l, store
}

// TestSealed: nothing in the store says who a customer is, and the ledger reads it all the same; another secret does not.
func TestSealed(t *testing.T) {
	l, store := vaulted(t)
	n := bot.Notification{Key: "k", Job: "shop", State: bot.Queued, Address: "bob@example.com", Subscription: bot.Subscription{
		ID: "1", Customer: "Bob Brown", Email: "bob@example.com", Phone: "+61491570006", Fields: map[string]string{"street": "Sample Road"},
	}}
	if err := l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{n}); err != nil {
		t.Fatal(err)
	}
	for _, table := range bot.Tables() {
		for e, err := range store.Scan(t.Context(), table, "") {
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{"bob@", "Bob", "491570006", "Sample"} {
				if bytes.Contains(e.Value, []byte(secret)) || bytes.Contains([]byte(e.Key), []byte(secret)) {
					t.Errorf("%s %s holds %q", table, e.Key, secret)
				}
			}
		}
	}
	got, ok, err := l.Find(t.Context(), "k")
	if err != nil || !ok || got.Address != n.Address || got.Subscription.Customer != "Bob Brown" || got.Subscription.Fields["street"] != "Sample Road" {
		t.Errorf("%+v, %v", got, err)
	}
	other := bot.NewLedger(store, time.Now)
	if other.Vault, err = bot.NewVault([]byte("another secret of tests")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := other.Find(t.Context(), "k"); err == nil {
		t.Error("another secret reads it")
	}
}

// TestErase: a forgotten person cannot be read any more, gets nothing, and others stay.
func TestErase(t *testing.T) {
	l, store := vaulted(t)
	var plan []bot.Notification
	for key, address := range map[string]string{"a": "bob@example.com", "b": "eve@example.com"} {
		plan = append(plan, bot.Notification{Key: key, Job: "shop", State: bot.Queued, Channel: bot.Email, Address: address, Subscription: bot.Subscription{ID: key, Customer: "N", Email: address}})
	}
	plan = append(plan, bot.Notification{Key: "c", Job: "shop", State: bot.Accepted, Channel: bot.SMS, Address: "+61491570006", Subscription: bot.Subscription{ID: "c", Customer: "Bob", Email: "bob@example.com", Phone: "+61491570006"}})
	if err := l.Commit(t.Context(), bot.Comparison{}, plan); err != nil {
		t.Fatal(err)
	}
	kept := map[string][]byte{}
	for e, err := range store.Scan(t.Context(), bot.Notifications, "") {
		if err != nil {
			t.Fatal(err)
		}
		kept[e.Key] = e.Value
	}
	if n, err := l.Erase(t.Context(), " Bob@Example.com"); err != nil || n != 2 {
		t.Fatal(n, err)
	}
	for key, want := range map[string]bool{"a": true, "b": false, "c": true} {
		n, ok, err := l.Find(t.Context(), key)
		if err != nil || !ok || n.Erased != want || want && (n.Address != "" || n.Subscription.Customer != "") || !want && n.Address == "" {
			t.Errorf("%s: %+v, %v", key, n, err)
		}
	}
	if n, _, err := l.Find(t.Context(), "a"); err != nil || n.State != bot.Suppressed || n.Reason != bot.Forgotten {
		t.Errorf("what waited for them is %s %s, %v", n.State, n.Reason, err)
	}
	entry, err := store.Get(t.Context(), bot.Notifications, "a") // a copy of the record from before
	if err == nil {
		_, err = store.Apply(t.Context(), bot.Write{Table: bot.Notifications, Key: "a", Value: kept["a"], Rev: entry.Rev})
	}
	if n, _, findErr := l.Find(t.Context(), "a"); err != nil || findErr != nil || n.Address != "" {
		t.Errorf("an old copy of the record says %q, %v", n.Address, err)
	}
	if _, stopped, err := l.Suppressed(t.Context(), l.Person("bob@example.com"), bot.Email); err != nil || !stopped {
		t.Errorf("the address may be told again: %v", err)
	}
}

// TestRetain: who was told long ago is forgotten, who waits is not.
func TestRetain(t *testing.T) {
	l, _ := vaulted(t)
	long := time.Now().Add(-1000 * time.Hour)
	plan := []bot.Notification{
		{Key: "old", Job: "shop", State: bot.Accepted, Address: "old@example.com", Changes: []bot.Change{{At: long, To: bot.Accepted}}},
		{Key: "waits", Job: "shop", State: bot.Queued, Address: "waits@example.com", Changes: []bot.Change{{At: long, To: bot.Queued}}},
		{Key: "new", Job: "shop", State: bot.Accepted, Address: "new@example.com", Changes: []bot.Change{{At: time.Now(), To: bot.Accepted}}},
	}
	if err := l.Commit(t.Context(), bot.Comparison{}, plan); err != nil {
		t.Fatal(err)
	}
	if n, err := l.Retain(t.Context(), time.Now().Add(-100*time.Hour), bot.DefaultWindows()); n != 1 || err != nil {
		t.Errorf("%d forgotten, %v", n, err)
	}
	for key, want := range map[string]bool{"old": true, "waits": false, "new": false} {
		if n, _, err := l.Find(t.Context(), key); err != nil || n.Erased != want {
			t.Errorf("%s: %v, %v", key, n.Erased, err)
		}
	}
}

// TestInherit: a backup that is put back knows who has left and who was forgotten since.
func TestInherit(t *testing.T) {
	l, store := vaulted(t)
	plan := []bot.Notification{{Key: "a", Job: "shop", State: bot.Accepted, Address: "bob@example.com"}, {Key: "b", Job: "shop", State: bot.Accepted, Address: "eve@example.com"}}
	if err := l.Commit(t.Context(), bot.Comparison{}, plan); err != nil {
		t.Fatal(err)
	}
	backup, copied := vaulted(t)
	for _, table := range bot.Tables() {
		for e, err := range store.Scan(t.Context(), table, "") {
			if err != nil {
				t.Fatal(err)
			}
			if _, err := copied.Apply(t.Context(), bot.Write{Table: table, Key: e.Key, Value: e.Value}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := l.Suppress(t.Context(), bot.Suppression{Who: l.Person("eve@example.com"), Channel: bot.Email, Reason: bot.LeftUs, Source: "link"}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Erase(t.Context(), "bob@example.com"); err != nil {
		t.Fatal(err)
	}
	if left, forgotten, err := backup.Inherit(t.Context(), l); left != 2 || forgotten != 1 || err != nil {
		t.Errorf("%d left, %d forgotten, %v", left, forgotten, err)
	}
	if _, stopped, err := backup.Suppressed(t.Context(), backup.Person("eve@example.com"), bot.Email); !stopped || err != nil {
		t.Errorf("eve: %v, %v", stopped, err)
	}
	if n, _, err := backup.Find(t.Context(), "a"); err != nil || n.Address != "" {
		t.Errorf("bob is %q, %v", n.Address, err)
	}
}
