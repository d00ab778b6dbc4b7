// Package natstest runs real NATS servers in the process of a test: a cluster of three with JetStream, each with a folder of its own.
package natstest

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Cluster is several servers.
type Cluster struct {
	t       testing.TB
	folder  string
	Servers []*server.Server
	options []*server.Options
}

// Start starts n servers that keep what they acknowledge, unless lax: then they write to the disk when they like, as they do by default.
func Start(t testing.TB, n int, lax bool) *Cluster {
	t.Helper()
	c := &Cluster{t: t, folder: t.TempDir()}
	var routes []*url.URL
	ports := Ports(t, 3*n)
	for i := range n {
		routes = append(routes, &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", ports[3*i])})
	}
	for i := range n {
		o := &server.Options{
			ServerName: fmt.Sprintf("n%d", i+1), Host: "127.0.0.1", Port: ports[3*i+1], HTTPHost: "127.0.0.1", HTTPPort: ports[3*i+2], NoSigs: true, NoLog: true,
			JetStream: true, StoreDir: filepath.Join(c.folder, fmt.Sprintf("n%d", i+1)), SyncAlways: !lax, JetStreamMaxMemory: 256 << 20, JetStreamMaxStore: 4 << 30,
		}
		if n > 1 {
			o.Cluster = server.ClusterOpts{Name: "restock", Host: "127.0.0.1", Port: ports[3*i]}
			o.Routes = routes
		}
		c.options, c.Servers = append(c.options, o), append(c.Servers, nil)
	}
	for i := range n {
		c.Up(i)
	}
	t.Cleanup(func() {
		for i := range n {
			c.Down(i)
		}
	})
	c.ready()
	return c
}

// Up starts a server.
func (c *Cluster) Up(i int) {
	c.t.Helper()
	o := *c.options[i]
	s, err := server.NewServer(&o)
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

// Address is where a state of a name is on these servers.
func (c *Cluster) Address(name string) string {
	var hosts, monitors []string
	for _, o := range c.options {
		hosts = append(hosts, fmt.Sprintf("127.0.0.1:%d", o.Port))
		monitors = append(monitors, fmt.Sprintf("monitor=http://127.0.0.1:%d", o.HTTPPort))
	}
	return fmt.Sprintf("nats://%s/%s?replicas=%d&%s", strings.Join(hosts, ","), name, len(c.options), strings.Join(monitors, "&"))
}

// Ports are ports that nobody listens on.
func Ports(t testing.TB, n int) []int {
	t.Helper()
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports
}
