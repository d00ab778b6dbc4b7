package bot_test

import (
	"testing"
	"testing/synctest"
	"time"

	"restock/bot"
	"restock/state/statetest"
)

// TestPace: however many machines send, a provider sees its rate and no more, and nobody waits without need.
func TestPace(t *testing.T) {
	for _, rate := range []float64{0.5, 3, 14, 250, 5000} {
		synctest.Test(t, func(t *testing.T) {
			store := &statetest.Memory{}
			began := time.Now()
			const seconds = 20
			done := make(chan int)
			for range 4 {
				p := &bot.Pace{Ledger: bot.NewLedger(store, time.Now), Name: "email", Rate: rate}
				go func() {
					n := 0
					for ; ; n++ {
						if err := p.Wait(t.Context()); err != nil {
							t.Error(err)
						}
						if time.Since(began) >= seconds*time.Second {
							break
						}
					}
					done <- n
				}()
			}
			all := 0
			for range 4 {
				all += <-done
			}
			if want := rate * seconds; float64(all) < 0.9*want-5 || float64(all) > 1.05*want+5 {
				t.Errorf("%g a second: %d in %d seconds", rate, all, seconds)
			}
		})
	}
}
