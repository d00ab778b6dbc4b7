package admin_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/bot/web/admin"
	"restock/state/statetest"
)

type control struct{}

func (control) Jobs(context.Context) ([]admin.Job, error) { return []admin.Job{{Name: "shop"}}, nil }
func (control) Start(string, string) error                { return nil }
func (control) Stop(string, string) error                 { return nil }
func (control) Pause(context.Context, string, bool, string) error {
	return nil
}
func (control) Progress() (map[string]string, <-chan struct{}) { return nil, nil }
func (control) Checks(context.Context) []admin.Check           { return nil }

// TestMetricsOfMany: where so many messages wait that not all are looked through, the figures of the last run, which has, are shown.
func TestMetricsOfMany(t *testing.T) {
	l := bot.NewLedger(&statetest.Memory{}, time.Now)
	var plan []bot.Notification
	for i := range 9000 {
		n := bot.Notification{Key: fmt.Sprintf("%06d", i), Job: "shop", State: bot.Queued, Channel: bot.Email, Address: "a@example.com", Restock: bot.Restock{Job: "shop", SKU: "A", Number: 1}}
		switch {
		case i >= 6000 && i < 7500:
			n.State = bot.Held
		case i >= 8990:
			n.State = bot.Ambiguous
		}
		plan = append(plan, n)
	}
	if err := l.Commit(t.Context(), bot.Comparison{}, plan); err != nil {
		t.Fatal(err)
	}
	run := bot.NewRun("shop", "test", time.Now())
	run.Outcome, run.Counts.Held, run.Ambiguous = bot.HeldRun, 1500, 10
	if err := l.SaveRun(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	a := &admin.Admin{Ledger: l, Control: control{}, Access: &admin.Access{Now: time.Now}, Zone: time.UTC, Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	h, err := a.Handler()
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "http://127.0.0.1/metrics", nil)
	r.RemoteAddr = "127.0.0.1:4711"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if !strings.Contains(w.Body.String(), `restock_held{job="shop"} 1500`) || !strings.Contains(w.Body.String(), `restock_ambiguous{job="shop"} 10`) {
		t.Errorf("1500 are held and 10 ambiguous")
	}
}
