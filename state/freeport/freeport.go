// Package freeport finds ports of this machine for servers of tests and of the demo, which must know their address before they
// listen.
//
// A port that the system gave to a listener, closed again, is the next client's to have: outgoing connections take theirs from the
// same range, thousands in a run. These ports are below that range (RFC 6335 gives 49152 and more to it, Linux 32768 and more), and
// while one is held, its UDP port of the same number is taken, so that another process that asks here does not get it too.
package freeport

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

const (
	first = 12000
	count = 20000
	tries = 1000
)

// Hold is an address of this machine that nobody listens on and nobody else is given until it is released.
func Hold() (address string, release func(), err error) {
	for range tries {
		address := fmt.Sprintf("127.0.0.1:%d", first+rand.IntN(count)) //nolint:gosec // any port will do
		held, err := net.ListenPacket("udp4", address)
		if err != nil {
			continue
		}
		if listener, err := net.Listen("tcp4", address); err == nil {
			return address, func() { _ = held.Close() }, listener.Close()
		}
		_ = held.Close()
	}
	return "", func() {}, errors.New("expected a port that nobody listens on, found none of a thousand that were tried; see what this machine runs with `ss -ltn`")
}

// Test is what Address uses of a testing.TB, so that a program that is no test does not link that package.
type Test interface {
	Helper()
	Fatal(args ...any)
	Cleanup(f func())
}

// Address holds one for as long as a test runs.
func Address(t Test) string {
	t.Helper()
	address, release, err := Hold()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return address
}
