package bot

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"
)

// Store is what every storage engine must do: keep small values under keys in a few tables, and change each of them by
// compare-and-set. It has no transactions over several keys that a caller could rely on. The contract, run by every
// engine, is package state/statetest.
type Store interface {
	// Get returns the entry under a key. A missing key is an entry with Rev 0 and no error.
	Get(ctx context.Context, table Table, key string) (Entry, error)
	// Scan yields the entries whose keys begin with prefix, in the order of their keys. Entries written meanwhile may or
	// may not be seen; the caller may write while it scans.
	Scan(ctx context.Context, table Table, prefix string) iter.Seq2[Entry, error]
	// Apply does the writes in order and returns an outcome for each. A write whose Rev is not the current one is a
	// conflict and changes nothing; the others are still done. When Apply returns, what was done is on disk. After a crash
	// in Apply a prefix of the writes may be done, so callers order their writes such that any prefix is safe. An error
	// means that nothing is known: repeat the same writes, or read.
	Apply(ctx context.Context, writes ...Write) ([]Outcome, error)
	// Close gives the storage back.
	Close() error
}

// Table names one table of the store.
type Table string

// The tables.
const (
	Meta          Table = "meta"          // the genesis record
	Left          Table = "left"          // run/key/attempt of what has begun to leave, where the journals are shared
	Levels        Table = "levels"        // job/SKU → Level
	Episodes      Table = "episodes"      // job/SKU/number → Restock
	Notifications Table = "notifications" // key → Notification
	Work          Table = "work"          // job/key of each notification that is not finished
	Runs          Table = "runs"          // run ID → Run
	Leases        Table = "leases"        // job → Lease; entries live as long as their writer
	Ticks         Table = "ticks"         // job → when it is due next
	LogIns        Table = "logins"        // site → refused credentials
	Contracts     Table = "contracts"     // site/flow → Contract
	Holds         Table = "holds"         // job/run → Hold
	Jobs          Table = "jobs"          // job → JobState
	Sessions      Table = "sessions"      // site → session, encrypted
	Questions     Table = "questions"     // site → Question
	Asked         Table = "asked"         // job/SKU/number/person → key of the notification
	People        Table = "people"        // who → key of the person, wrapped
	Suppressions  Table = "suppressions"  // person/channel → Suppression
	ClickTable    Table = "clicks"        // key of the notification → Clicks
	Orders        Table = "orders"        // shop/number → Order
	Shards        Table = "shards"        // run/page → Shard
	Parts         Table = "parts"         // run/page/try → Part
	Parcels       Table = "parcels"       // run/number → Parcel
	SignUps       Table = "signups"       // ID → SignUp
	Places        Table = "places"        // job/SKU/message → key of the notification of who came too late
	Index         Table = "index"         // person/key and =job/SKU/number/key of each notification
	Machines      Table = "machines"      // name → Machine; entries live as long as their writer
	Inbox         Table = "inbox"         // what came from outside and no run has looked at yet
)

// Tables lists every table, in alphabetical order.
func Tables() []Table {
	return []Table{
		Asked, ClickTable, Contracts, Episodes, Holds, Inbox, Index, Jobs, Leases, Left, Levels, LogIns, Machines, Meta, Notifications, Orders, Parcels, Parts, People, Places, Questions, Runs,
		Sessions, Shards, SignUps, Suppressions, Ticks, Work,
	}
}

// Entry is one stored value. Rev grows with each write to the key; 0 means that there is no such key.
type Entry struct {
	Key   string
	Value []byte
	Rev   uint64
}

// Write is one compare-and-set.
type Write struct {
	Table Table
	Key   string
	Value []byte // nil deletes the key
	Rev   uint64 // the revision that must stand there now; 0: the key must not exist
	// TTL, if not 0, lets the entry vanish by itself after that time, or earlier when the engine knows that the process
	// that wrote it is gone.
	TTL time.Duration
}

// Outcome is what became of one write.
type Outcome struct {
	Rev      uint64 // the entry's revision now, whoever wrote it
	Conflict bool   // another revision stood there; nothing was changed
}

// ErrConflict is returned when somebody else changed a record first. Read it again.
var ErrConflict = errors.New("changed by somebody else meanwhile")

// LockedError is returned when another process holds the state or a job.
type LockedError struct {
	What   string // "state /var/lib/restock/state.db", "job restock"
	Holder string // "process 4711", "run 20261123-182408-ab12"
	Hint   string
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("%s is in use by %s: %s", e.What, e.Holder, e.Hint)
}
