package bot_test

import (
	"context"
	"testing"
	"time"

	"restock/bot"
	"restock/state/statetest"
)

type counting struct {
	bot.Store
	writes int
}

func (c *counting) Apply(ctx context.Context, w ...bot.Write) ([]bot.Outcome, error) {
	c.writes += len(w)
	return c.Store.Apply(ctx, w...)
}

// TestMayAskWritesNothing: to refuse a confirmation costs no write: it is refused every two seconds until the next day.
func TestMayAskWritesNothing(t *testing.T) {
	s := &counting{Store: &statetest.Memory{}}
	l := bot.NewLedger(s, time.Now)
	one := bot.SignUp{Address: "victim@example.com", Channel: bot.Email}
	for range 3 {
		if may, err := l.MayAsk(t.Context(), one); !may || err != nil {
			t.Fatal(may, err)
		}
	}
	before := s.writes
	for range 100 {
		if may, _ := l.MayAsk(t.Context(), one); may {
			t.Fatal("asked a fourth time")
		}
	}
	if n := s.writes - before; n != 0 {
		t.Errorf("%d writes for 100 refusals", n)
	}
}

// TestConfirmWhatWasAsked: who presses the button confirms what they typed, and not what somebody else has typed for their address since.
func TestConfirmWhatWasAsked(t *testing.T) {
	now := time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
	s := &statetest.Memory{}
	l := bot.NewLedger(s, func() time.Time { return now })
	l.Vault, _ = bot.NewVault([]byte("a secret of these tests"))
	if _, err := s.Apply(t.Context(), bot.Write{Table: bot.Levels, Key: "shop/A", Value: []byte(`{"sku":"A","availability":"out"}`)}); err != nil {
		t.Fatal(err)
	}
	add := func(name, net string) bot.SignUp {
		one, _, err := l.AddSignUp(t.Context(), bot.SignUp{Job: "shop", SKU: "A", Channel: bot.Email, Address: "kim@example.com", Customer: name, Net: net, Confirm: true, At: now})
		if err != nil {
			t.Fatal(err)
		}
		return one
	}
	mine := add("Kim", "203.0.113.0/24")
	mine.Sent, mine.Asked = true, now // the message has left
	if err := l.SaveSignUp(t.Context(), &mine); err != nil {
		t.Fatal(err)
	}
	now = now.Add(11 * time.Minute)
	add("=cmd|' /C calc'!A0 https://evil.example", "198.51.100.0/24") // somebody else
	now = now.Add(time.Minute)
	got, ok, err := l.ConfirmSignUp(t.Context(), mine.ID) // Kim follows the first message
	if err != nil || !ok || got.Customer != "Kim" || got.Net != "203.0.113.0/24" {
		t.Errorf("confirmed as %q from %s at %s, %v, %v", got.Customer, got.Net, got.At.Format(time.Kitchen), ok, err)
	}
}
