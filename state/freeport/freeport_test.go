package freeport_test

import (
	"net"
	"testing"

	"restock/state/freeport"
)

// TestHold: what is held is given once, can be listened on, again and again, and is below what clients are given.
func TestHold(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		address := freeport.Address(t)
		if seen[address] {
			t.Fatalf("%s was given twice", address)
		}
		seen[address] = true
		for range 2 {
			l, err := net.Listen("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			if port := l.Addr().(*net.TCPAddr).Port; port >= 32768 {
				t.Errorf("%d is a port that a client may be given", port)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
