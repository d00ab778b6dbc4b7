package jetstream

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"restock/bot"
)

// Apply implements bot.Store. Writes go in batches of different keys, each of which is done as a whole or not at all.
func (s *Store) Apply(ctx context.Context, writes ...bot.Write) ([]bot.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	out := make([]bot.Outcome, len(writes))
	for from := 0; from < len(writes); {
		to, seen := from, map[string]bool{}
		for to < len(writes) && to-from < maxBatch {
			subject := s.subject(writes[to].Table, writes[to].Key)
			if seen[subject] {
				break
			}
			if len(writes[to].Value) > maxBytes {
				return nil, fmt.Errorf("an entry of %d bytes: the servers take %d", len(writes[to].Value), maxBytes)
			}
			seen[subject] = true
			to++
		}
		if err := s.batch(ctx, writes[from:to], out[from:to]); err != nil {
			return nil, err
		}
		from = to
	}
	return out, nil
}

// pending is a write that is not done yet.
type pending struct {
	at       int // in the batch
	subject  string
	expected uint64 // sequence that must stand there
	token    string
}

// batch does writes of different keys.
func (s *Store) batch(ctx context.Context, writes []bot.Write, out []bot.Outcome) error {
	token := rand.Text()
	left := make([]pending, 0, len(writes))
	for i, w := range writes {
		left = append(left, pending{at: i, subject: s.subject(w.Table, w.Key), expected: w.Rev, token: token + "." + strconv.Itoa(i)})
	}
	var err error
	if left, err = s.nothing(ctx, writes, left, out); err != nil {
		return err
	}
	began := time.Now()
	ends := began.Add(patience)
	for pause := time.Duration(0); len(left) > 0; {
		seq, err := s.publish(ctx, writes, left)
		switch {
		case err == nil:
			for i, p := range left {
				if writes[p.at].Value != nil {
					out[p.at] = bot.Outcome{Rev: seq - uint64(len(left)-1-i)}
				}
			}
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !unsure(err):
			return err
		case time.Now().After(ends):
			return fmt.Errorf("the servers of the state have not taken %d writes for %s: %w; they may be done or not", len(left), patience, err)
		}
		if !refused(err) { // who knows what became of it
			s.elsewhere(began)
			pause = min(max(2*pause, again), 2*time.Second)
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(pause):
			}
		}
		if left, err = s.settle(ctx, writes, left, out); err != nil {
			return err
		}
	}
	return nil
}

// nothing settles what would delete an entry that is not there.
func (s *Store) nothing(ctx context.Context, writes []bot.Write, left []pending, out []bot.Outcome) ([]pending, error) {
	kept := left[:0]
	for _, p := range left {
		if writes[p.at].Value != nil || writes[p.at].Rev != 0 {
			kept = append(kept, p)
			continue
		}
		k, err := s.look(ctx, p.subject)
		if err != nil {
			return nil, err
		}
		out[p.at] = bot.Outcome{Rev: k.rev(), Conflict: k.rev() != 0}
	}
	return kept, nil
}

// settle finds out what became of writes that were refused, or not answered: those that are done, those that conflict, and those that
// must be written again.
func (s *Store) settle(ctx context.Context, writes []bot.Write, left []pending, out []bot.Outcome) ([]pending, error) {
	subjects := make([]string, len(left))
	for i, p := range left {
		subjects[i] = p.subject
	}
	found, err := s.lookAt(ctx, subjects)
	if err != nil {
		return nil, err
	}
	done := false // a batch is done as a whole: one of it tells of all
	for i, p := range left {
		done = done || found[i].token == p.token
	}
	var again []pending
	for i, p := range left {
		k, w := found[i], writes[p.at]
		switch {
		case done && w.Value == nil:
			out[p.at] = bot.Outcome{}
		case done:
			out[p.at] = bot.Outcome{Rev: k.rev()}
		case k.rev() != w.Rev:
			out[p.at] = bot.Outcome{Rev: k.rev(), Conflict: true}
		default:
			p.expected = k.seq // or that of the mark of a deleted entry
			again = append(again, p)
		}
	}
	return again, nil
}

// publish sends writes as one batch and returns the sequence of the last one.
func (s *Store) publish(ctx context.Context, writes []bot.Write, left []pending) (uint64, error) {
	asking, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	id := rand.Text()
	for i, p := range left {
		msg := s.message(writes[p.at], p)
		last := i == len(left)-1
		if len(left) > 1 {
			msg.Header.Set("Nats-Batch-Id", id)
			msg.Header.Set("Nats-Batch-Sequence", strconv.Itoa(i+1))
			if last {
				msg.Header.Set("Nats-Batch-Commit", "1")
			}
		}
		if !last && i > 0 {
			if err := s.conn.PublishMsg(msg); err != nil {
				return 0, err
			}
			continue
		}
		reply, err := s.conn.RequestMsgWithContext(asking, msg)
		if err != nil {
			return 0, err
		}
		seq, err := acknowledged(reply, last)
		if err != nil || last {
			return seq, err
		}
	}
	return 0, errors.New("a batch without a write")
}

// message is a write as a message.
func (s *Store) message(w bot.Write, p pending) *nats.Msg {
	msg := nats.NewMsg(p.subject)
	msg.Data = w.Value
	msg.Header.Set(tokenHeader, p.token)
	msg.Header.Set(jetstream.ExpectedLastSubjSeqHeader, strconv.FormatUint(p.expected, 10))
	switch {
	case w.Value == nil:
		msg.Header.Set(goneHeader, "1")
		msg.Header.Set(jetstream.MsgTTLHeader, markLife.String())
	case w.TTL > 0: // whole seconds, and never too early
		msg.Header.Set(jetstream.MsgTTLHeader, (max(w.TTL+time.Second-1, time.Second) / time.Second * time.Second).String())
	}
	return msg
}

// acknowledged reads the answer to a message. The first of a batch is answered with nothing.
func acknowledged(reply *nats.Msg, last bool) (uint64, error) {
	if len(reply.Data) == 0 {
		if last {
			return 0, errors.New("the servers answered with nothing")
		}
		return 0, nil
	}
	var ack struct {
		Error *jetstream.APIError `json:"error"`
		Seq   uint64              `json:"seq"`
	}
	if err := json.Unmarshal(reply.Data, &ack); err != nil {
		return 0, err
	}
	if ack.Error != nil {
		return 0, ack.Error
	}
	if ack.Seq == 0 {
		return 0, errors.New("the servers answered without a sequence")
	}
	return ack.Seq, nil
}

// Codes with which the servers refuse a batch.
const (
	wrongSequence = 10071 // another one stands there
	wrongOther    = 10164 // the same, of several that are under way
	batchCutOff   = 10176 // a message of the batch is missing
)

// refused reports whether the servers have said that nothing was written, because something else stands there.
func refused(err error) bool {
	api, ok := errors.AsType[*jetstream.APIError](err)
	return ok && (api.ErrorCode == wrongSequence || api.ErrorCode == wrongOther)
}

// unsure reports whether it must be looked up what became of a batch.
func unsure(err error) bool {
	api, ok := errors.AsType[*jetstream.APIError](err)
	return passing(err) || refused(err) || ok && (api.ErrorCode == batchCutOff || api.Code == 429)
}
