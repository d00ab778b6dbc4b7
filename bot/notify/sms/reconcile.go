package sms

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"restock/bot"
)

// certain is how long after an attempt a message that the gateway does not list was certainly never taken: the request has
// long ended by then.
const certain = 10 * time.Minute

// window is how far the gateway's clock may be from ours.
const window = 10 * time.Minute

// Reconcile implements bot.Reconciler: it asks the gateway for the messages to a number since an attempt and looks for this
// one (https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources). Asking changes nothing.
func (s *Sender) Reconcile(ctx context.Context, n bot.Notification, attempted, now time.Time) (bot.Delivery, bool, error) {
	text, err := s.render(n)
	if err != nil {
		return bot.Delivery{}, false, err
	}
	query := url.Values{"To": {n.Address}, "PageSize": {"200"}} // not by DateSent: what still waits there has none
	others := false
	next := s.account() + "/Messages.json?" + query.Encode()
	for pages := 0; next != "" && pages < 20; pages++ {
		var list listing
		if err := s.get(ctx, next, &list); err != nil {
			return bot.Delivery{}, false, err
		}
		for _, m := range list.Messages {
			if m.To != n.Address || m.created().Before(attempted.Add(-window)) || !strings.HasPrefix(m.Direction, "outbound") {
				continue
			}
			others = true
			if m.Body == Plain(text.SMS) {
				return bot.Delivery{State: bot.Accepted, Detail: bot.Clean("the gateway lists it: " + m.SID + " " + m.Status)}, true, nil
			}
		}
		if next = list.Next; next != "" {
			next = strings.TrimSuffix(s.opts.Base, "/") + next
		}
	}
	// Another text to the same number may be ours: the template can have changed since, and gateways alter texts.
	if next != "" || others || now.Sub(attempted) < certain {
		return bot.Delivery{}, false, nil
	}
	return bot.Delivery{State: bot.Queued, Reason: bot.Interrupted, Detail: "the gateway lists no such message: it was not sent"}, true, nil
}

// listing is a page of the gateway's messages.
type listing struct {
	Messages []message `json:"messages"`
	Next     string    `json:"next_page_uri"` // a path
}

type message struct {
	SID       string `json:"sid"`
	To        string `json:"to"`
	Body      string `json:"body"`
	Status    string `json:"status"`
	Direction string `json:"direction"`
	Created   string `json:"date_created"` // RFC 2822
}

// created is when the gateway took the message. One whose time cannot be read counts as new: it may be ours.
func (m message) created() time.Time {
	at, err := time.Parse(time.RFC1123Z, m.Created)
	if err != nil {
		return time.Unix(1<<40, 0)
	}
	return at
}

func (s *Sender) get(ctx context.Context, address string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, replyLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	req.SetBasicAuth(s.opts.User, s.opts.Token())
	req.Header.Set("Accept", "application/json")
	res, err := s.client.Do(req)
	if err != nil {
		return fmt.Errorf("the SMS gateway: %s", bot.Clean(err.Error()))
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, maxListing))
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", res.StatusCode)
	}
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		return fmt.Errorf("the SMS gateway lists no messages: %w", err)
	}
	return nil
}

// Reachable looks whether the gateway lets us in. Nothing is sent.
func (s *Sender) Reachable(ctx context.Context) error {
	var any struct{}
	return s.get(ctx, s.account()+"/Messages.json?PageSize=1", &any)
}

const maxListing = 8 << 20

// account is the address of everything that belongs to the account.
func (s *Sender) account() string {
	return strings.TrimSuffix(s.opts.Base, "/") + "/2010-04-01/Accounts/" + url.PathEscape(s.opts.Account)
}
