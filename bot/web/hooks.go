package web

import (
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the vendor's signature
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"restock/bot"
)

// maxHook bounds a report.
const maxHook = 1 << 20

// Twilio takes the gateway's status callbacks and answers to our number
// (https://www.twilio.com/docs/usage/webhooks/webhooks-security).
type Twilio struct {
	Ledger *bot.Ledger
	Token  func() string // auth token of the account
	URL    string        // of this hook, as the gateway calls it
	Log    *slog.Logger
}

// ServeHTTP implements http.Handler.
func (t Twilio) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !looksSigned(r.Header.Get("X-Twilio-Signature"), sha1.Size) {
		http.Error(w, "the signature is wrong", http.StatusForbidden)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxHook)
	if err := r.ParseForm(); err != nil {
		unread(w, err)
		return
	}
	if !t.signed(r) {
		http.Error(w, "the signature is wrong", http.StatusForbidden)
		return
	}
	answer(w, t.Log, t.take(r))
}

// signed checks the signature over the address and every parameter, with the port in the address or without.
func (t Twilio) signed(r *http.Request) bool {
	given, err := base64.StdEncoding.DecodeString(r.Header.Get("X-Twilio-Signature"))
	if err != nil {
		return false
	}
	address := t.URL
	if r.URL.RawQuery != "" {
		address += "?" + r.URL.RawQuery
	}
	for _, a := range variants(address) {
		mac := hmac.New(sha1.New, []byte(t.Token()))
		_, _ = io.WriteString(mac, a)
		for _, name := range slices.Sorted(maps.Keys(r.PostForm)) {
			values := slices.Clone(r.PostForm[name])
			slices.Sort(values)
			for _, v := range slices.Compact(values) {
				_, _ = io.WriteString(mac, name+v)
			}
		}
		if hmac.Equal(mac.Sum(nil), given) {
			return true
		}
	}
	return false
}

// variants are an address with and without its port.
func variants(address string) []string {
	u, err := url.Parse(address)
	if err != nil {
		return []string{address}
	}
	port := map[string]string{"https": "443", "http": "80"}[u.Scheme]
	if u.Port() != "" {
		bare := *u
		bare.Host = u.Hostname()
		return []string{address, bare.String()}
	}
	withPort := *u
	withPort.Host += ":" + port
	return []string{address, withPort.String()}
}

// stopWords end messages to a number (the gateway's own list).
func stopWords() []string {
	return []string{"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
}

func (t Twilio) take(r *http.Request) error {
	form := r.PostForm
	if key := r.URL.Query().Get("n"); key != "" {
		receipt := bot.Receipt{Key: key, Detail: strings.TrimSpace(form.Get("MessageSid") + " " + form.Get("MessageStatus") + " " + form.Get("ErrorCode"))}
		switch form.Get("MessageStatus") {
		case "delivered", "sent":
			receipt.Kind = bot.Delivered
		case "undelivered", "failed":
			receipt.Kind = bot.SoftBounce
			switch form.Get("ErrorCode") {
			case "30005", "30006", "21211", "21614":
				receipt.Kind = bot.HardBounce
			case "21610":
				receipt.Kind = bot.Unsubscribed
			}
		default: // queued, sending: nothing new
			return nil
		}
		return t.Ledger.Receive(r.Context(), receipt)
	}
	word := strings.ToUpper(strings.TrimSpace(form.Get("Body")))
	if from := bot.E164(form.Get("From")); slices.Contains(stopWords(), word) && bot.ValidPhone(from) {
		return t.Ledger.Suppress(r.Context(), bot.Suppression{Who: t.Ledger.Person(from), Channel: bot.SMS, Reason: bot.LeftUs, Source: "sms " + word})
	}
	return nil
}

// SendGrid takes the provider's events about mails (Event Webhook, signed with its key:
// https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features).
type SendGrid struct {
	Ledger *bot.Ledger
	Key    string // public key, base64 of DER, as the provider shows it
	Now    func() time.Time
	Log    *slog.Logger
}

// tolerance is how old a signed report may be.
const tolerance = 10 * time.Minute

// ServeHTTP implements http.Handler.
func (s SendGrid) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !looksSigned(r.Header.Get("X-Twilio-Email-Event-Webhook-Signature"), 0) {
		http.Error(w, "it is not signed", http.StatusForbidden)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxHook))
	if err != nil {
		unread(w, err)
		return
	}
	if err := s.signed(r, body); err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	var events []event
	if err := json.Unmarshal(body, &events); err != nil {
		http.Error(w, "the report is no list of events", http.StatusBadRequest)
		return
	}
	var errs []error
	for _, e := range events {
		if receipt, ok := e.receipt(); ok {
			errs = append(errs, s.Ledger.Receive(r.Context(), receipt))
		}
	}
	answer(w, s.Log, errors.Join(errs...))
}

func (s SendGrid) signed(r *http.Request, body []byte) error {
	stamp := r.Header.Get("X-Twilio-Email-Event-Webhook-Timestamp")
	signature, err := base64.StdEncoding.DecodeString(r.Header.Get("X-Twilio-Email-Event-Webhook-Signature"))
	if err != nil || stamp == "" {
		return errors.New("the report is not signed")
	}
	der, err := base64.StdEncoding.DecodeString(s.Key)
	if err != nil {
		return errors.New("the key is wrong")
	}
	public, err := x509.ParsePKIXPublicKey(der)
	key, ok := public.(*ecdsa.PublicKey)
	if err != nil || !ok {
		return errors.New("the key is wrong")
	}
	sum := sha256.Sum256(append([]byte(stamp), body...))
	if !ecdsa.VerifyASN1(key, sum[:], signature) {
		return errors.New("the signature is wrong")
	}
	var seconds int64
	if _, err := fmt.Sscan(stamp, &seconds); err != nil || s.Now().Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return errors.New("the report is too old")
	}
	return nil
}

// event is one of the provider's events.
type event struct {
	Event     string `json:"event"`
	Type      string `json:"type"` // of a bounce: bounce or blocked
	MessageID string `json:"smtp-id"`
	Status    string `json:"status"`
	Reason    string `json:"reason"`
	Timestamp int64  `json:"timestamp"`
}

// receipt is what an event says of a notification; ok is false where it says nothing, or of somebody else's message.
func (e event) receipt() (r bot.Receipt, ok bool) {
	id, _, _ := strings.Cut(strings.Trim(strings.TrimSpace(e.MessageID), "<>"), "@")
	if r.Key, ok = strings.CutPrefix(id, "r1."); !ok {
		return r, false
	}
	r.At, r.Detail = time.Unix(e.Timestamp, 0), strings.TrimSpace(e.Status+" "+e.Reason)
	switch e.Event {
	case "delivered":
		r.Kind = bot.Delivered
	case "bounce":
		r.Kind = bot.SoftBounce
		if e.Type != "blocked" && (strings.HasPrefix(e.Status, "5.1.") || e.Status == "5.2.1") {
			r.Kind = bot.HardBounce
		}
	case "dropped": // the provider knows the address from before
		r.Kind = bot.SoftBounce
		switch reason := strings.ToLower(e.Reason); {
		case strings.Contains(reason, "unsubscribed"):
			r.Kind = bot.Unsubscribed
		case strings.Contains(reason, "spam reporting"):
			r.Kind = bot.Complaint
		case strings.Contains(reason, "bounced address"), strings.Contains(reason, "invalid"):
			r.Kind = bot.HardBounce
		}
	case "spamreport":
		r.Kind = bot.Complaint
	case "unsubscribe", "group_unsubscribe":
		r.Kind = bot.Unsubscribed
	default: // processed, deferred, open, click
		return r, false
	}
	return r, true
}

// answer tells the sender of a report whether it was taken: 2xx only when it is on disk. What is about a message that we do not
// know is taken too, or it would come again for days.
func answer(w http.ResponseWriter, log *slog.Logger, err error) {
	if err != nil {
		log.Warn("a report was not taken", slog.String("error", err.Error()))
		if _, broken := errors.AsType[*bot.StateError](err); broken {
			http.Error(w, "not now", http.StatusServiceUnavailable)
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}
