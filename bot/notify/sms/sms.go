// Package sms delivers notifications by text message, through Twilio's Messages API or any gateway that speaks it
// (https://www.twilio.com/docs/messaging/api/message-resource).
//
// The API has no key against repeats, so a request that was written but got no clear answer is ambiguous: it is never sent
// again by itself.
package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"time"

	"restock/bot"
)

// Options say where and as whom to send.
type Options struct {
	Base    string        // default https://api.twilio.com
	Account string        // account SID
	User    string        // of the log-in; default: Account. An API key SID otherwise
	Token   func() string // auth token or API key secret
	From    string        // E.164 number or registered sender ID
	Service string        // messaging service SID, in place of From
	Valid   time.Duration // the gateway drops the message after this, or when the news is old; default 10 h
	// MaxSegments is in how many parts a text may be sent; default 4.
	MaxSegments int
	Callback    string // address for the gateway's reports; "": none
	// Dial opens a connection to the gateway; default: over the network.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Sender is the SMS channel.
type Sender struct {
	opts   Options
	render bot.Renderer
	client *http.Client
}

const (
	defaultBase = "https://api.twilio.com"
	replyLimit  = 60 * time.Second
	maxReply    = 64 << 10
	maxValid    = 36000 * time.Second

	defaultSegments = 4
)

// New checks the options. It contacts nobody.
func New(o Options, render bot.Renderer) (*Sender, error) {
	if o.Base == "" {
		o.Base = defaultBase
	}
	base, err := url.Parse(o.Base)
	switch {
	case err != nil || base.Host == "":
		return nil, fmt.Errorf("%q is not the address of an SMS gateway", o.Base)
	case base.Scheme != "https" && base.Hostname() != "127.0.0.1" && base.Hostname() != "localhost" && base.Hostname() != "::1":
		return nil, fmt.Errorf("the SMS gateway %s must be https: only loopback may be without", o.Base)
	case o.Account == "" || o.Token == nil:
		return nil, errors.New("the SMS gateway needs an account and a token")
	case (o.From == "") == (o.Service == ""):
		return nil, errors.New("the SMS gateway needs either from or service")
	}
	if o.User == "" {
		o.User = o.Account
	}
	if o.MaxSegments == 0 {
		o.MaxSegments = defaultSegments
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: 15 * time.Second, ResponseHeaderTimeout: replyLimit,
		// A kept connection that the gateway has just closed would make a message ambiguous that never left.
		DisableKeepAlives: true, DialContext: o.Dial,
	}
	noRedirect := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Sender{opts: o, render: render, client: &http.Client{Transport: transport, Timeout: replyLimit, CheckRedirect: noRedirect}}, nil
}

// Close implements bot.Sender.
func (s *Sender) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

// parallel is how many requests are under way at a time; gateways queue by themselves.
const parallel = 2

// Send implements bot.Sender.
func (s *Sender) Send(ctx context.Context, batch []bot.Notification, desk bot.Desk) {
	bot.Each(ctx, batch, desk, parallel, s.send)
}

func (s *Sender) send(ctx context.Context, n bot.Notification, leave func(context.Context) error) bot.Delivery {
	text, err := s.render(n)
	if err != nil {
		return bot.Delivery{State: bot.Retry, Reason: bot.SenderFault, Detail: "the message cannot be written: " + err.Error()}
	}
	body := Plain(text.SMS)
	if parts, _ := Segments(body); parts == 0 || parts > s.opts.MaxSegments {
		return bot.Delivery{State: bot.Retry, Reason: bot.SenderFault, Detail: fmt.Sprintf("the text has %d segments, expected 1 to %d: shorten the template or the name of the product", parts, s.opts.MaxSegments)}
	}
	form := url.Values{"To": {n.Address}, "Body": {body}, "SmartEncoded": {"true"}}
	if s.opts.Callback != "" {
		form.Set("StatusCallback", s.opts.Callback+"?n="+n.Key)
	}
	if s.opts.Service != "" {
		form.Set("MessagingServiceSid", s.opts.Service)
	} else {
		form.Set("From", s.opts.From)
	}
	// A phone that is switched on tomorrow is not to be offered what is sold out by then.
	valid := maxValid
	if s.opts.Valid > 0 {
		valid = min(valid, s.opts.Valid)
	}
	if left := time.Until(n.NotAfter); !n.NotAfter.IsZero() && left < valid {
		valid = max(left, time.Second)
	}
	form.Set("ValidityPeriod", strconv.Itoa(int(valid.Seconds())))
	address := s.account() + "/Messages.json"

	// Once the request may have left, its reply is waited for even if the run is stopped.
	sending, cancel := context.WithTimeout(context.WithoutCancel(ctx), replyLimit)
	defer cancel()
	connected := false
	traced := httptrace.WithClientTrace(sending, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected = true }})
	// The body can be read once only, so that the transport cannot send the request again by itself.
	once := io.MultiReader(strings.NewReader(form.Encode()))
	req, err := http.NewRequestWithContext(traced, http.MethodPost, address, once)
	if err != nil {
		return bot.Delivery{State: bot.Retry, Reason: bot.SenderFault, Detail: err.Error(), Stop: true}
	}
	req.ContentLength = int64(len(form.Encode()))
	req.SetBasicAuth(s.opts.User, s.opts.Token())
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if err := leave(ctx); err != nil {
		return bot.Delivery{State: bot.Queued, Reason: bot.Interrupted, Detail: "not sent, because it could not be recorded: " + err.Error(), Stop: true}
	}
	res, err := s.client.Do(req)
	if err != nil {
		d := bot.Delivery{State: bot.Ambiguous, Reason: bot.NoReply, Detail: bot.Clean(err.Error())}
		if !connected { // nothing can have been written
			d.State, d.Reason, d.Stop = bot.Retry, bot.Unreachable, true
		}
		return d
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, maxReply))
	return classify(res.StatusCode, data, err)
}

// answer is the API's JSON, for a message and for an error.
type answer struct {
	SID       string `json:"sid"`
	Status    any    `json:"status"` // text of a message, number of an error
	Code      int    `json:"code"`
	ErrorCode int    `json:"error_code"`
	Message   string `json:"message"`
}

// classify turns the API's reply into what became of the message.
func classify(status int, data []byte, readErr error) bot.Delivery {
	var a answer
	parsed := readErr == nil && json.Unmarshal(data, &a) == nil
	detail := bot.Clean(fmt.Sprintf("%d %s", status, a.Message))
	if a.Code != 0 {
		detail = bot.Clean(fmt.Sprintf("%d code %d %s", status, a.Code, a.Message))
	}
	switch {
	case status == http.StatusCreated || status == http.StatusOK:
		switch {
		case !parsed || a.SID == "":
			return bot.Delivery{State: bot.Ambiguous, Reason: bot.NoReply, Detail: detail + " without the message's sid"}
		case a.Status == "failed" || a.Status == "undelivered":
			d := bot.Delivery{State: bot.Failed, Reason: bot.Refused, Detail: fmt.Sprintf("%s %v, error %d", a.SID, a.Status, a.ErrorCode)}
			if c, ok := known(a.ErrorCode); ok && c.state == bot.Failed {
				d.Reason = c.reason
			}
			return d
		}
		return bot.Delivery{State: bot.Accepted, Detail: bot.Clean(a.SID)}
	case status == http.StatusTooManyRequests: // "never processed and always safe to retry"
		return bot.Delivery{State: bot.Retry, Reason: bot.Unreachable, Detail: detail, Stop: true}
	case status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusNotFound:
		return bot.Delivery{State: bot.Retry, Reason: bot.SenderFault, Detail: detail, Stop: true}
	case status >= 400 && status < 500 && parsed && a.Code != 0:
		if c, ok := known(a.Code); ok {
			return bot.Delivery{State: c.state, Reason: c.reason, Detail: detail, Stop: c.stop}
		}
		return bot.Delivery{State: bot.Failed, Reason: bot.Refused, Detail: detail}
	case status >= 400 && status < 500: // not the API's own words: something between us and it refuses everything
		return bot.Delivery{State: bot.Retry, Reason: bot.SenderFault, Detail: detail, Stop: true}
	}
	return bot.Delivery{State: bot.Ambiguous, Reason: bot.NoReply, Detail: detail}
}
