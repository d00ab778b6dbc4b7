// Package natstest runs real NATS servers in the process of a test: a cluster of three with JetStream, each with a folder of its own.
package natstest

import (
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"restock/state/freeport"
)

// Cluster is several servers.
type Cluster struct {
	Layout
	t       testing.TB
	Servers []*server.Server
}

// Layout is where servers keep their files, and on which ports they listen: three for each.
type Layout struct {
	Folder string
	Ports  []int
	Lax    bool
	Lines  [][]*url.URL `json:"-"` // by which each server calls the others; nil: directly
}

// options are those of one server.
func (l Layout) options(i int) *server.Options {
	n := len(l.Ports) / 3
	name := fmt.Sprintf("n%d", i+1)
	o := &server.Options{
		ServerName: name, Host: "127.0.0.1", Port: l.Ports[3*i+1], HTTPHost: "127.0.0.1", HTTPPort: l.Ports[3*i+2], NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: filepath.Join(l.Folder, name), SyncAlways: !l.Lax, JetStreamMaxMemory: 256 << 20, JetStreamMaxStore: 4 << 30,
	}
	if n > 1 {
		o.Cluster = server.ClusterOpts{Name: "restock", Host: "127.0.0.1", Port: l.Ports[3*i], NoAdvertise: l.Lines != nil}
		if l.Lines != nil {
			o.Routes = l.Lines[i]
			return o
		}
		for j := range n {
			o.Routes = append(o.Routes, &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", l.Ports[3*j])})
		}
	}
	return o
}

// Serve is one server, as a process of its own, until it is killed.
func (l Layout) Serve(i int) error {
	s, err := server.NewServer(l.options(i))
	if err != nil {
		return err
	}
	s.Start()
	s.WaitForShutdown()
	return nil
}

// Address is where a state of a name is on these servers.
func (l Layout) Address(name string) string {
	var hosts, monitors []string
	for i := range len(l.Ports) / 3 {
		hosts = append(hosts, fmt.Sprintf("127.0.0.1:%d", l.Ports[3*i+1]))
		monitors = append(monitors, fmt.Sprintf("monitor=http://127.0.0.1:%d", l.Ports[3*i+2]))
	}
	return fmt.Sprintf("nats://%s/%s?replicas=%d&%s", strings.Join(hosts, ","), name, len(hosts), strings.Join(monitors, "&"))
}

// Start starts n servers that keep what they acknowledge, unless lax: then they write to the disk when they like, as they do by default.
func Start(t testing.TB, n int, lax bool) *Cluster {
	t.Helper()
	c := &Cluster{t: t, Layout: Layout{Folder: t.TempDir(), Ports: Ports(t, 3*n), Lax: lax}, Servers: make([]*server.Server, n)}
	c.begin()
	return c
}

// begin starts all servers until the end of the test.
func (c *Cluster) begin() {
	c.t.Helper()
	for i := range c.Servers {
		c.Up(i)
	}
	c.t.Cleanup(func() {
		for i := range c.Servers {
			c.Down(i)
		}
	})
	c.ready()
}

// Up starts a server.
func (c *Cluster) Up(i int) {
	c.t.Helper()
	s, err := server.NewServer(c.options(i))
	if err != nil {
		c.t.Fatal(err)
	}
	s.Start()
	c.Servers[i] = s
}

// Down ends a server.
func (c *Cluster) Down(i int) {
	if c.Servers[i] != nil {
		c.Servers[i].Shutdown()
		c.Servers[i].WaitForShutdown()
		c.Servers[i] = nil
	}
}

// ready waits until the servers have found each other.
func (c *Cluster) ready() {
	c.t.Helper()
	for ends := time.Now().Add(30 * time.Second); time.Now().Before(ends); time.Sleep(20 * time.Millisecond) {
		leader, current := 0, 0
		for _, s := range c.Servers {
			if !s.ReadyForConnections(10 * time.Second) {
				continue
			}
			if len(c.Servers) == 1 {
				return
			}
			if s.JetStreamIsLeader() {
				leader++
			}
			if s.JetStreamIsCurrent() && len(s.JetStreamClusterPeers()) == len(c.Servers) {
				current++
			}
		}
		if leader == 1 && current >= 1 {
			return
		}
	}
	c.t.Fatal("the servers did not find each other")
}

// Leader is the server that leads a stream, or -1.
func (c *Cluster) Leader(stream string) int {
	for i, s := range c.Servers {
		if s != nil && s.JetStreamIsStreamLeader(server.DEFAULT_GLOBAL_ACCOUNT, strings.ToUpper(stream)) {
			return i
		}
	}
	return -1
}

// Ports are ports that nobody listens on, held as long as the test runs.
func Ports(t testing.TB, n int) []int {
	t.Helper()
	ports := make([]int, n)
	for i := range ports {
		address, err := netip.ParseAddrPort(freeport.Address(t))
		if err != nil {
			t.Fatal(err)
		}
		ports[i] = int(address.Port())
	}
	return ports
}
