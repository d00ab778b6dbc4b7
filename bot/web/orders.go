package web

import (
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"restock/bot"
)

// Orders is how a shop's software tells of orders.
type Orders interface {
	Name() string
	// Signature is what a message is signed with.
	Signature(h http.Header) string
	// Signed reports whether a message is the shop's own.
	Signed(h http.Header, body []byte, secret string) bool
	// Ping reports whether it is the unsigned greeting of a new webhook, which says nothing.
	Ping(r *http.Request, body []byte) bool
	Topic(h http.Header) string
	// From is the shop that it says it is from.
	From(h http.Header) string
	// Read returns what a message says of an order. gone says that the order was deleted; ok is false where the topic is none of
	// ours. Person names somebody by an address.
	Read(topic string, body []byte, person func(string) string) (o bot.Order, gone, ok bool, err error)
}

// OrderHook takes a shop's messages about orders.
type OrderHook struct {
	Orders Orders
	Ledger *bot.Ledger
	Secret func() string
	Domain string // of the shop; a message of another one is refused. "": any
	// Phone writes a phone number in international form, "" where it is none.
	Phone func(string) string
	Now   func() time.Time
	Log   *slog.Logger
	// Refused, if set, says how many messages that were refused are told of in the log a minute; else all.
	Refused *Limiter
}

// maxOrder bounds a message about an order, and maxGreeting one that nobody has signed.
const (
	maxOrder    = 4 << 20
	maxGreeting = 1 << 10
)

// ServeHTTP implements http.Handler. The answer is 2xx only when what was said is on disk.
func (k OrderHook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength > maxOrder {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	limit := int64(maxOrder)
	signed := looksSigned(k.Orders.Signature(r.Header), sha256.Size)
	if !signed {
		limit = maxGreeting
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if _, large := errors.AsType[*http.MaxBytesError](err); large && !signed {
		body, err = nil, nil // it is refused below
	}
	if err != nil {
		unread(w, err)
		return
	}
	if k.Orders.Ping(r, body) {
		w.WriteHeader(http.StatusOK)
		return
	}
	if !k.Orders.Signed(r.Header, body, k.Secret()) {
		k.refused(r, "its signature is wrong, or is missing: is the secret the one that the shop shows?")
		http.Error(w, "the signature is wrong", http.StatusUnauthorized)
		return
	}
	if from := k.Orders.From(r.Header); k.Domain != "" && from != "" && from != k.Domain {
		k.refused(r, "it is from "+bot.Clean(first(from, 100))+", and domain: in restock.yaml is "+k.Domain)
		http.Error(w, "another shop's", http.StatusUnauthorized)
		return
	}
	topic := k.Orders.Topic(r.Header)
	o, gone, ok, err := k.Orders.Read(topic, body, k.person)
	if err == nil {
		err = sane(o)
	}
	if err == nil && ok && (o.ID == "" || strings.ContainsAny(o.ID, "/\x00")) {
		err = errors.New("an order without a number")
	}
	if err == nil && ok && !gone && o.Parts == nil && (o.At.IsZero() || o.Currency == "") {
		err = errors.New("an order without its time or its currency")
	}
	if err != nil {
		k.Log.Error("an order cannot be understood", slog.String("shop", k.Orders.Name()), slog.String("topic", topic), slog.String("error", bot.Clean(err.Error())))
		http.Error(w, "the order cannot be understood", http.StatusUnprocessableEntity)
		return
	}
	if !ok {
		k.Log.Warn("a message of a shop is about no order, or about a draft", slog.String("shop", k.Orders.Name()), slog.String("topic", bot.Clean(first(topic, 60))))
	}
	if ok {
		err = k.take(r, o, gone)
	}
	if err != nil {
		k.Log.Error("an order was not taken", slog.String("shop", k.Orders.Name()), slog.String("error", bot.Clean(err.Error())))
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	k.heard(r)
	w.WriteHeader(http.StatusOK)
}

// refused says in the log that a message was refused, a few times a minute at most.
func (k OrderHook) refused(r *http.Request, why string) {
	if k.Refused == nil || k.Refused.allow(networkOf(client(r)), k.Now()) {
		k.Log.Warn("a message about an order was refused: "+why, slog.String("shop", k.Orders.Name()), slog.String("net", networkOf(client(r))))
	}
}

// heard notes that the shop still speaks to us: a webhook that fails is taken away by the shop, and then nothing comes any more.
func (k OrderHook) heard(r *http.Request) {
	what := "hook/" + k.Orders.Name()
	if last, err := k.Ledger.Marked(r.Context(), what); err != nil || k.Now().Sub(last) < time.Minute {
		return
	}
	if err := k.Ledger.Mark(r.Context(), what, k.Now()); err != nil && !errors.Is(err, bot.ErrConflict) { // another one was quicker
		k.Log.Warn("it cannot be noted that an order came", slog.String("error", err.Error()))
	}
}

// The largest numbers of an order that are believed.
const (
	maxUnits = 1_000_000
	maxMinor = 1_000_000_000_000
)

func (k OrderHook) take(r *http.Request, o bot.Order, gone bool) error {
	if gone { // perhaps before we hear of it at all
		o.Deleted = k.Now()
	}
	if strings.HasSuffix(o.Source, ".restored") {
		o.Restored = k.Now()
	}
	_, err := k.Ledger.TakeOrder(r.Context(), o)
	if err != nil || len(o.Refunds)+len(o.Parts) == 0 {
		return err
	}
	if now, ok, err := k.Ledger.FindOrder(r.Context(), o.Shop, o.ID); err == nil && ok && now.Foreign() {
		k.Log.Warn("a refund is in another currency than its order: it is not taken off", slog.String("shop", o.Shop), slog.String("order", bot.Clean(o.ID)))
	}
	return nil
}
