package jetstream_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"restock/state/jetstream"
	"restock/state/natstest"
)

// TestSafe: nothing may be sent unless every server says that it keeps what it acknowledges, and three have it.
func TestSafe(t *testing.T) {
	for name, c := range map[string]struct {
		servers int
		lax     bool
		more    string
		want    string
	}{
		"as it should be":                {servers: 3},
		"as servers are by default":      {servers: 3, lax: true, want: "sync_interval: always"},
		"one server":                     {servers: 1, want: "kept by 1 server"},
		"the operator takes the risk":    {servers: 1, lax: true, more: "&accept_duplicate_risk=true"},
		"a server that cannot be asked":  {servers: 3, more: "&monitor=http://127.0.0.1:1", want: "did not say how it is set up"},
		"one copy, though three servers": {servers: 3, more: "&one", want: "kept by 1 server"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := natstest.Start(t, c.servers, c.lax)
			address := cluster.Address("safe") + c.more
			if c.more == "&one" {
				address = strings.Replace(address, "replicas=3", "replicas=1", 1)
			}
			o, err := jetstream.Parse(address)
			if err == nil {
				err = jetstream.Create(t.Context(), o, "safe", time.Now())
			}
			if err != nil {
				t.Fatal(err)
			}
			s, err := jetstream.Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			err = s.Safe(t.Context())
			if _, unsafe := errors.AsType[*jetstream.Unsafe](err); (err == nil) != (c.want == "") || err != nil && (!unsafe || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// TestOpen: a state that is missing or foreign is never made anew by opening it, and one that is there is never touched.
func TestOpen(t *testing.T) {
	c := natstest.Start(t, 1, false)
	o, err := jetstream.Parse(c.Address("open"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jetstream.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "is missing") {
		t.Errorf("opened what is not there: %v", err)
	}
	if err := jetstream.Create(t.Context(), o, "id", time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := jetstream.Create(t.Context(), o, "id", time.Now()); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("made twice: %v", err)
	}
}

// FuzzParse: no address makes it panic or tell its password.
func FuzzParse(f *testing.F) {
	f.Add("nats://user:p%40ss@n1:4222,n2:4222,n3:4222/shop?replicas=3&monitor=http://n1:8222")
	f.Add("nats://")
	f.Add("nats://a:secretword@?replicas=9")
	f.Fuzz(func(t *testing.T, address string) {
		o, err := jetstream.Parse(address)
		if err != nil && strings.Contains(err.Error(), "secretword") {
			t.Error(err)
		}
		if err == nil && (len(o.Servers) == 0 || o.Name == "") {
			t.Errorf("%q gives %+v", address, o)
		}
	})
}
