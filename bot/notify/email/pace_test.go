package email_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"restock/bot"
	"restock/bot/notify/email"
	"restock/bot/notify/notifytest"
)

type deadPace struct{ asked atomic.Int64 }

func (p *deadPace) Wait(context.Context) error {
	p.asked.Add(1)
	return errors.New("rate/email: a stored record cannot be read")
}

// TestPaceFails: the pace cannot be asked: the sender must give the messages back, not ask for ever.
func TestPaceFails(t *testing.T) {
	s := &scripted{seen: map[string]int{}, taken: map[string]int{}, well: true}
	pace := &deadPace{}
	sender, err := email.New(email.Options{Host: "localhost", Port: 25, TLS: "none", From: "shop@shop.example", Dial: s.dial, Rate: 1, Pace: pace}, renderer(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		sender.Send(ctx, []bot.Notification{notification(1)}, &notifytest.Desk{})
	}()
	select {
	case <-ended:
	case <-time.After(time.Second):
		t.Errorf("it asked %d times in a second", pace.asked.Load())
	}
	cancel()
	<-ended
}

// TestStoppedWhileConnecting: a sender that is told to stop while it connects does not say that the whole channel must stop.
func TestStoppedWhileConnecting(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}
	sender, err := email.New(email.Options{Host: "localhost", Port: 25, TLS: "none", From: "shop@shop.example", Dial: dial}, renderer(t))
	if err != nil {
		t.Fatal(err)
	}
	desk := &notifytest.Desk{}
	sender.Send(ctx, []bot.Notification{notification(1)}, desk)
	for _, d := range desk.Said {
		if d.Stop {
			t.Errorf("%+v", d)
		}
	}
}
