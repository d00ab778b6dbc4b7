package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"restock/bot"
)

// Headers of an entry.
const (
	tokenHeader = "Restock-Token" // of the Apply that wrote it, and of the write in it
	goneHeader  = "Restock-Gone"  // it is the mark of a deleted entry
)

// kept is what stands under a subject.
type kept struct {
	value []byte
	seq   uint64 // 0: nothing
	gone  bool
	token string
}

// rev is its revision as bot.Store counts.
func (k kept) rev() uint64 {
	if k.gone {
		return 0
	}
	return k.seq
}

// look asks the leader what stands under a subject.
func (s *Store) look(ctx context.Context, subject string) (k kept, err error) {
	ask, err := json.Marshal(map[string]string{"last_by_subj": subject})
	if err != nil {
		return k, err
	}
	err = s.persist(ctx, func(ctx context.Context) error {
		k = kept{}
		reply, err := s.conn.RequestWithContext(ctx, s.api, ask)
		if err != nil {
			return err
		}
		var answer struct {
			Error   *jetstream.APIError `json:"error"`
			Message *struct {
				Seq  uint64 `json:"seq"`
				Hdrs []byte `json:"hdrs"`
				Data []byte `json:"data"`
			} `json:"message"`
		}
		if err := json.Unmarshal(reply.Data, &answer); err != nil {
			return err
		}
		switch {
		case answer.Error != nil && answer.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound:
			return nil
		case answer.Error != nil:
			return answer.Error
		case answer.Message == nil:
			return errors.New("the servers answered with no message")
		}
		header, err := nats.DecodeHeadersMsg(answer.Message.Hdrs)
		if err != nil {
			return fmt.Errorf("the entry under %s has no header of restock: %w", subject, err)
		}
		k = kept{value: answer.Message.Data, seq: answer.Message.Seq, gone: header.Get(goneHeader) != "", token: header.Get(tokenHeader)}
		if k.value == nil {
			k.value = []byte{}
		}
		return nil
	})
	return k, err
}

// Get implements bot.Store.
func (s *Store) Get(ctx context.Context, table bot.Table, key string) (bot.Entry, error) {
	entry := bot.Entry{Key: key}
	k, err := s.look(ctx, s.subject(table, key))
	if err == nil && k.rev() != 0 {
		entry.Value, entry.Rev = k.value, k.seq
	}
	return entry, err
}

// Scan implements bot.Store. It asks for all keys first, and then for the values, some at a time.
func (s *Store) Scan(ctx context.Context, table bot.Table, prefix string) iter.Seq2[bot.Entry, error] {
	return func(yield func(bot.Entry, error) bool) {
		keys, err := s.keys(ctx, table, prefix)
		if err != nil {
			yield(bot.Entry{}, err)
			return
		}
		for part := range slices.Chunk(keys, window) {
			list, err := s.lookAll(ctx, table, part)
			if err != nil {
				yield(bot.Entry{}, err)
				return
			}
			for i, k := range list {
				if k.rev() != 0 && !yield(bot.Entry{Key: part[i], Value: k.value, Rev: k.seq}, nil) {
					return
				}
			}
		}
	}
}

// GetAll implements bot.Several.
func (s *Store) GetAll(ctx context.Context, table bot.Table, keys []string) ([]bot.Entry, error) {
	found, err := s.lookAll(ctx, table, keys)
	if err != nil {
		return nil, err
	}
	list := make([]bot.Entry, len(keys))
	for i, k := range found {
		if list[i].Key = keys[i]; k.rev() != 0 {
			list[i].Value, list[i].Rev = k.value, k.seq
		}
	}
	return list, nil
}

// window is how many entries are asked for at a time.
const window = 256

// keys lists the keys of a table that begin with a prefix, in order.
func (s *Store) keys(ctx context.Context, table bot.Table, prefix string) (keys []string, err error) {
	err = s.persist(ctx, func(ctx context.Context) error {
		keys = nil
		info, err := s.stream.Info(ctx, jetstream.WithSubjectFilter(s.filter(table, prefix)))
		if err != nil {
			return err
		}
		for subject := range info.State.Subjects {
			key, err := s.key(table, subject)
			if err != nil {
				return err
			}
			if strings.HasPrefix(key, prefix) {
				keys = append(keys, key)
			}
		}
		return nil
	})
	slices.Sort(keys)
	return keys, err
}

// lookAll asks for several entries at once.
func (s *Store) lookAll(ctx context.Context, table bot.Table, keys []string) ([]kept, error) {
	subjects := make([]string, len(keys))
	for i, key := range keys {
		subjects[i] = s.subject(table, key)
	}
	return s.lookAt(ctx, subjects)
}

func (s *Store) lookAt(ctx context.Context, subjects []string) ([]kept, error) {
	list, errs := make([]kept, len(subjects)), make(chan error, len(subjects))
	turn := make(chan struct{}, 64)
	for i, subject := range subjects {
		turn <- struct{}{}
		go func() {
			defer func() { <-turn }()
			var err error
			list[i], err = s.look(ctx, subject)
			errs <- err
		}()
	}
	var all []error
	for range subjects {
		if err := <-errs; err != nil {
			all = append(all, err)
		}
	}
	if len(all) > 0 {
		return nil, all[0]
	}
	return list, nil
}

// persist does something until the servers have answered: while they choose a new leader there are no answers.
func (s *Store) persist(ctx context.Context, do func(context.Context) error) error {
	began := time.Now()
	ends := began.Add(patience)
	for pause := again; ; pause = min(2*pause, 2*time.Second) {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		asking, cancel := context.WithTimeout(ctx, askLimit)
		err := do(asking)
		cancel()
		if err == nil || !passing(err) {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if time.Now().After(ends) {
			return fmt.Errorf("the servers of the state have not answered for %s: %w", patience, err)
		}
		s.elsewhere(began)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}

// elsewhere goes to another server if there was no answer for long. One that is cut off from the others still takes connections.
func (s *Store) elsewhere(began time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); now.Sub(began) > deaf && now.Sub(s.moved) > deaf {
		s.moved = now
		_ = s.conn.ForceReconnect() // it says no more than that the connection is closed
	}
}

// passing reports whether an error may be over in a moment: nobody answered, or there is no leader.
func passing(err error) bool {
	if errors.Is(err, nats.ErrTimeout) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrNoResponders) || errors.Is(err, nats.ErrDisconnected) ||
		errors.Is(err, nats.ErrConnectionReconnecting) || errors.Is(err, jetstream.ErrNoStreamResponse) || errors.Is(err, nats.ErrReconnectBufExceeded) {
		return true
	}
	api, ok := errors.AsType[*jetstream.APIError](err)
	return ok && (api.Code >= 500 || api.ErrorCode == 10008 || api.ErrorCode == 10009 || api.ErrorCode == 10039) // 10039: JetStream is not enabled yet
}
