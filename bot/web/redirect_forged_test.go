package web

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"restock/bot"
	"restock/state/statetest"
)

// TestRedirectForged: a million forged tokens, made from real ones and from nothing: none leads anywhere, and nothing is written.
func TestRedirectForged(t *testing.T) {
	r := newRedirects(t, &statetest.Memory{}, 2)
	defer r.stop()
	real := r.token(0, bot.ProductLink)
	if _, _, ok := r.ledger.Vault.ReadLink(real); !ok {
		t.Fatal("the real one is refused")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	other, err := bot.NewVault([]byte("another installation's secret"))
	if err != nil {
		t.Fatal(err)
	}
	forge := func(i int) string {
		b := []byte(real)
		switch i % 6 {
		case 0: // one character
			b[rng.IntN(len(b))] = letters[rng.IntN(64)]
		case 1: // one bit
			data, _ := base64.RawURLEncoding.DecodeString(real[1:])
			data[rng.IntN(len(data))] ^= 1 << rng.IntN(8)
			return real[:1] + base64.RawURLEncoding.EncodeToString(data)
		case 2: // cut, or longer
			return real[:rng.IntN(len(real))] + strings.Repeat("A", rng.IntN(3))
		case 3: // another secret
			return other.Link(bot.Key("shop", fmt.Sprintf("A-%d", i), 1, "7"), bot.ProductLink)
		case 4: // another kind or version
			b[0] = letters[rng.IntN(64)]
		default:
			for j := range b {
				b[j] = letters[rng.IntN(64)]
			}
			b[0] = 'p'
		}
		return string(b)
	}
	for i := range 1_000_000 {
		token := forge(i)
		if token == real {
			continue
		}
		if _, _, ok := r.ledger.Vault.ReadLink(token); ok {
			t.Fatalf("%s is taken for ours", token)
		}
		if i%500 == 0 {
			if res := r.get(http.MethodGet, url.PathEscape(token), person); res.StatusCode != http.StatusNotFound {
				t.Fatalf("%s: %d", token, res.StatusCode)
			}
		}
	}
	if err := r.d.Clicks.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := entries(t, r.ledger, bot.ClickTable) + entries(t, r.ledger, bot.Inbox); n != 0 {
		t.Errorf("%d entries were written", n)
	}
}

// entries counts what stands in a table.
func entries(t *testing.T, l *bot.Ledger, table bot.Table) (n int) {
	t.Helper()
	for _, err := range l.Entries(t.Context(), table) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}
