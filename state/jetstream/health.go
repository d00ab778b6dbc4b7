package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"restock/bot"
)

// Server is what one server says of itself.
type Server struct {
	Monitor string `json:"monitor"` // where it was asked
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`
	Sync    bool   `json:"sync_always"` // it keeps what it has acknowledged through a power failure
	Error   string `json:"error,omitempty"`
	Known   bool   `json:"known,omitempty"` // it has said so before
}

// Member is a server that keeps a copy of the state.
type Member struct {
	Name    string        `json:"name"`
	Leader  bool          `json:"leader,omitempty"`
	Current bool          `json:"current"` // it has all that the leader has
	Offline bool          `json:"offline,omitempty"`
	Lag     uint64        `json:"lag,omitempty"` // entries that it has not yet
	Active  time.Duration `json:"active_ns,omitempty"`
}

// Health is how well the state is kept.
type Health struct {
	Servers  []Server `json:"servers"`
	Members  []Member `json:"members"`
	Replicas int      `json:"replicas"`
	Entries  uint64   `json:"entries"`
	Bytes    uint64   `json:"bytes"`
	Risk     bool     `json:"accept_duplicate_risk,omitempty"`
}

// leastReplicas of each entry are needed for the state to outlive a server.
const leastReplicas = 3

// Health asks every server how it is set up, and the leader who has a copy.
func (s *Store) Health(ctx context.Context) (Health, error) {
	h := Health{Risk: s.o.Risk, Servers: Ask(ctx, s.o)}
	if err := s.remember(ctx, h.Servers); err != nil {
		return h, err
	}
	err := s.persist(ctx, func(ctx context.Context) error {
		info, err := s.stream.Info(ctx)
		if err != nil {
			return err
		}
		h.Replicas, h.Entries, h.Bytes, h.Members = info.Config.Replicas, info.State.Msgs, info.State.Bytes, nil
		if info.Cluster == nil {
			return nil
		}
		h.Members = append(h.Members, Member{Name: info.Cluster.Leader, Leader: true, Current: true})
		for _, p := range info.Cluster.Replicas {
			h.Members = append(h.Members, Member{Name: p.Name, Current: p.Current, Offline: p.Offline, Lag: p.Lag, Active: p.Active})
		}
		return nil
	})
	return h, err
}

// remember keeps which servers have said that they keep what they acknowledge: one that is away for a while is no reason to stop.
func (s *Store) remember(ctx context.Context, servers []Server) error {
	for i, server := range servers {
		key := "sync/" + server.Monitor
		entry, err := s.Get(ctx, bot.Meta, key)
		if err != nil {
			return err
		}
		servers[i].Known = entry.Rev != 0
		w := bot.Write{Table: bot.Meta, Key: key, Rev: entry.Rev}
		if server.Sync {
			w.Value = []byte("1")
		}
		if server.Error == "" && server.Sync != servers[i].Known {
			if _, err := s.Apply(ctx, w); err != nil {
				return err
			}
		}
	}
	return nil
}

// monitors are where the servers tell how they are set up.
func (s *Store) monitors() []string {
	if len(s.o.Monitors) > 0 {
		return s.o.Monitors
	}
	var list []string
	for _, server := range s.o.Servers {
		if u, err := url.Parse(server); err == nil {
			list = append(list, "http://"+net.JoinHostPort(u.Hostname(), "8222"))
		}
	}
	return list
}

// Ask reads how each server is set up, of a state that need not be there.
func Ask(ctx context.Context, o Options) []Server {
	s := Store{o: o}
	list := make([]Server, len(s.monitors()))
	var all sync.WaitGroup
	for i, monitor := range s.monitors() {
		all.Go(func() { list[i] = ask(ctx, monitor) })
	}
	all.Wait()
	return list
}

// ask reads how a server is set up: https://docs.nats.io/running-a-nats-service/nats_admin/monitoring.
func ask(ctx context.Context, monitor string) Server {
	one := Server{Monitor: monitor}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	var js struct {
		Config struct {
			Sync bool `json:"sync_always"`
		} `json:"config"`
	}
	var server struct {
		Name    string `json:"server_name"`
		Version string `json:"version"`
	}
	err := fetch(ctx, monitor, "/jsz?config=true", &js)
	if err == nil {
		err = fetch(ctx, monitor, "/varz", &server)
	}
	if err != nil {
		if of, ok := errors.AsType[*url.Error](err); ok { // without the address, which stands beside it
			err = of.Err
		}
		one.Error = err.Error()
		return one
	}
	one.Name, one.Version, one.Sync = server.Name, server.Version, js.Config.Sync
	return one
}

// fetch reads a page of a server's monitor.
func fetch(ctx context.Context, monitor, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(monitor, "/")+path, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, res.Status)
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

// Wrong says why nothing may be sent, or "": a server that forgets what it has acknowledged makes the bot send it again.
func (h Health) Wrong() string {
	var list []string
	if h.Replicas < leastReplicas {
		list = append(list, fmt.Sprintf("each entry is kept by %d server(s), expected %d: set replicas: %d", h.Replicas, leastReplicas, leastReplicas))
	}
	away := 0
	if len(h.Servers) < h.Replicas {
		list = append(list, fmt.Sprintf("%d server(s) were asked how they are set up, and there are %d: list all of them in servers: or monitors:", len(h.Servers), h.Replicas))
	}
	for _, s := range h.Servers {
		switch {
		case s.Error != "" && s.Known: // it is away, and was as it should be
			away++
		case s.Error != "":
			list = append(list, fmt.Sprintf("%s did not say how it is set up: %s", s.Monitor, s.Error))
		case !s.Sync:
			list = append(list, fmt.Sprintf("%s (%s) forgets up to two minutes of what it has acknowledged when its power fails: set jetstream { sync_interval: always } there", s.Name, s.Monitor))
		}
	}
	if away > 0 && away*2 >= len(h.Servers) {
		list = append(list, fmt.Sprintf("%d of %d servers did not say how they are set up", away, len(h.Servers)))
	}
	return strings.Join(list, "; ")
}

// Safe returns an error if nothing may be sent with this state.
func (s *Store) Safe(ctx context.Context) error {
	if s.o.Risk {
		return nil
	}
	h, err := s.Health(ctx)
	if err != nil {
		return err
	}
	if wrong := h.Wrong(); wrong != "" {
		return &Unsafe{wrong}
	}
	return nil
}

// Unsafe says why nothing may be sent.
type Unsafe struct{ Why string }

func (u *Unsafe) Error() string {
	return "nothing is sent, because the state could forget who was told: " + u.Why + "; or write accept_duplicate_risk: true under cluster:, if a message twice is no harm"
}
