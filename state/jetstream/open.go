package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"restock/bot"
)

// Options say where the state is, and how well it must be kept.
type Options struct {
	Servers  []string // nats://host:4222
	User     string
	Password string
	Name     string   // of the stream, default restock
	Replicas int      // of each entry, default 3
	Monitors []string // http://host:8222 of each server; default: its host, with that port
	Risk     bool     // sending is allowed though the servers may forget what they have acknowledged
}

// Parse reads an address: nats://user:password@host:4222,host:4222/name?replicas=3&monitor=http://host:8222&accept_duplicate_risk=true.
func Parse(address string) (Options, error) {
	o := Options{Name: "restock", Replicas: 3}
	rest, ok := strings.CutPrefix(address, "nats://")
	if !ok {
		return o, fmt.Errorf("state %q: expected nats://HOST:4222,HOST:4222,HOST:4222", redacted(address))
	}
	rest, query, _ := strings.Cut(rest, "?")
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		user, password, _ := strings.Cut(rest[:at], ":")
		var err, second error
		o.User, err = url.PathUnescape(user)
		o.Password, second = url.PathUnescape(password)
		if err = errors.Join(err, second); err != nil {
			return o, errors.New("state nats://…: expected a user and a password in which @ : / are written as %40 %3A %2F")
		}
		rest = rest[at+1:]
	}
	hosts, name, named := strings.Cut(rest, "/")
	if named && name != "" {
		o.Name = name
	}
	for host := range strings.SplitSeq(hosts, ",") {
		if host != "" {
			o.Servers = append(o.Servers, "nats://"+host)
		}
	}
	values, err := url.ParseQuery(query)
	if err != nil || len(o.Servers) == 0 || strings.ContainsAny(o.Name, ". *>/\\") {
		return o, fmt.Errorf("state %q: expected nats://HOST:4222,HOST:4222,HOST:4222", redacted(address))
	}
	o.Monitors, o.Risk = values["monitor"], values.Get("accept_duplicate_risk") == "true"
	if n := values.Get("replicas"); n != "" {
		if o.Replicas, err = strconv.Atoi(n); err != nil || o.Replicas < 1 || o.Replicas > 5 {
			return o, fmt.Errorf("state %q: expected replicas=1 to 5, found %s", redacted(address), n)
		}
	}
	return o, nil
}

// redacted is an address without its password.
func redacted(address string) string {
	scheme, rest, _ := strings.Cut(address, "://")
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = rest[at+1:]
	}
	return scheme + "://" + rest
}

// Store is a bot.Store on several servers.
type Store struct {
	o      Options
	conn   *nats.Conn
	js     jetstream.JetStream
	stream jetstream.Stream
	prefix string // of subjects
	api    string // asks the leader for a message

	mu    sync.Mutex
	moved time.Time // when it was last left a server that did not answer
}

var _ bot.Store = (*Store)(nil)

// Limits.
const (
	patience  = 75 * time.Second // for a failover, which takes 4 to 13 seconds
	askLimit  = 5 * time.Second  // for one answer
	deaf      = 8 * time.Second  // without an answer: then another server is asked, for this one may be cut off from the others
	again     = 100 * time.Millisecond
	markLife  = time.Hour // of the mark of a deleted entry
	memory    = 5 * time.Minute
	maxBatch  = 500
	maxBytes  = 900 << 10 // of one entry
	genesis   = "genesis"
	product   = "restock"
	format    = 1
	dialLimit = 10 * time.Second
)

// record is the first entry of a state.
type record struct {
	Product string    `json:"product"`
	Format  int       `json:"format"`
	ID      string    `json:"id"`
	Created time.Time `json:"created"`
}

func connect(ctx context.Context, o Options) (*Store, error) {
	list := []nats.Option{
		nats.Name("restock"), nats.MaxReconnects(-1), nats.ReconnectWait(200 * time.Millisecond), nats.ReconnectJitter(100*time.Millisecond, time.Second),
		nats.Timeout(dialLimit), nats.RetryOnFailedConnect(false), nats.PingInterval(5 * time.Second), nats.MaxPingsOutstanding(2),
	}
	if o.User != "" {
		list = append(list, nats.UserInfo(o.User, o.Password))
	}
	conn, err := nats.Connect(strings.Join(o.Servers, ","), list...)
	if err != nil {
		return nil, fmt.Errorf("state at %s cannot be reached: %w; are the servers running, and is the password right?", strings.Join(o.Servers, ", "), err)
	}
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(askLimit))
	if err != nil {
		conn.Close()
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		conn.Close()
		return nil, context.Cause(ctx)
	}
	name := strings.ToUpper(o.Name)
	return &Store{o: o, conn: conn, js: js, prefix: o.Name, api: "$JS.API.STREAM.MSG.GET." + name}, nil
}

func (s *Store) config() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: strings.ToUpper(s.o.Name), Description: "the state of restock", Subjects: []string{s.prefix + ".>"}, Replicas: s.o.Replicas, Storage: jetstream.FileStorage,
		MaxMsgsPerSubject: 1, Discard: jetstream.DiscardNew, DenyDelete: true, DenyPurge: true, AllowMsgTTL: true, AllowAtomicPublish: true, Duplicates: memory,
	}
}

// Create makes a new, empty state. One that is there already is never touched.
func Create(ctx context.Context, o Options, id string, now time.Time) error {
	s, err := connect(ctx, o)
	if err != nil {
		return err
	}
	defer s.conn.Close()
	exists := fmt.Errorf("state %s exists already at %s: it is never overwritten; give it another name, or remove it there to start anew", o.Name, strings.Join(o.Servers, ", "))
	s.stream, err = s.js.CreateStream(ctx, s.config()) // one that is as it should be is taken as it is
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		return exists
	}
	if err != nil {
		return fmt.Errorf("state %s cannot be made: %w; is JetStream switched on, and are there %d servers?", o.Name, err, o.Replicas)
	}
	value, err := json.Marshal(record{product, format, id, now})
	if err != nil {
		return err
	}
	out, err := s.Apply(ctx, bot.Write{Table: bot.Meta, Key: genesis, Value: value})
	if err == nil && out[0].Conflict {
		return exists
	}
	return err
}

// Open opens a state made by [Create].
func Open(ctx context.Context, o Options) (*Store, error) {
	s, err := connect(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := s.begin(ctx); err != nil {
		s.conn.Close()
		return nil, &bot.StateError{Err: err}
	}
	return s, nil
}

func (s *Store) begin(ctx context.Context) (err error) {
	name := strings.ToUpper(s.o.Name)
	err = s.persist(ctx, func(ctx context.Context) error {
		s.stream, err = s.js.Stream(ctx, name)
		return err
	})
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("state %s is missing at %s: a new one would have forgotten who was told already; restore a backup, move one here with `restock migrate file cluster`, or run `restock init` if this is a new installation",
			s.o.Name, strings.Join(s.o.Servers, ", "))
	}
	if err != nil {
		return fmt.Errorf("state %s cannot be opened: %w", s.o.Name, err)
	}
	entry, err := s.Get(ctx, bot.Meta, genesis)
	var g record
	switch {
	case err != nil:
		return err
	case entry.Rev == 0 || json.Unmarshal(entry.Value, &g) != nil || g.Product != product:
		return fmt.Errorf("stream %s is not a state of restock: it has no genesis record; check cluster: in restock.yaml", name)
	case g.Format > format:
		return fmt.Errorf("state %s has format %d, this restock knows %d: use a newer restock", s.o.Name, g.Format, format)
	}
	return nil
}

// Position tells which state this is, and how many writes it has seen: it only grows, unless the state was put back from a backup.
func (s *Store) Position(ctx context.Context) (id string, writes uint64, err error) {
	entry, err := s.Get(ctx, bot.Meta, genesis)
	if err != nil {
		return "", 0, err
	}
	var g record
	if err := json.Unmarshal(entry.Value, &g); err != nil {
		return "", 0, err
	}
	err = s.persist(ctx, func(ctx context.Context) error {
		info, err := s.stream.Info(ctx)
		if err == nil {
			writes = info.State.LastSeq
		}
		return err
	})
	return g.ID, writes, err
}

// Close implements bot.Store.
func (s *Store) Close() error {
	s.conn.Close()
	return nil
}
