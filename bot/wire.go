package bot

import (
	"encoding/binary"
	"errors"
	"time"
)

// The records of notifications are written in a form of their own: a ledger of millions is read in seconds and takes half the
// room of JSON. A record is a version byte and then fields, each a number (its tag, doubled, plus 1 where a length and bytes
// follow; else a number follows). A field that is empty is left out, and one with an unknown tag is skipped, so that records
// of a newer restock can be read.

// wireVersion is the first byte of a record; JSON, which older states have, begins with another one.
const wireVersion = 1

// writer appends fields.
type writer struct{ b []byte }

func (w *writer) text(tag uint64, s string) {
	if s == "" {
		return
	}
	w.b = binary.AppendUvarint(w.b, tag<<1|1)
	w.b = binary.AppendUvarint(w.b, uint64(len(s)))
	w.b = append(w.b, s...)
}

func (w *writer) number(tag uint64, n int64) {
	if n == 0 {
		return
	}
	w.b = binary.AppendUvarint(w.b, tag<<1)
	w.b = binary.AppendVarint(w.b, n)
}

func (w *writer) flag(tag uint64, set bool) {
	if set {
		w.number(tag, 1)
	}
}

// time keeps the instant, not the zone.
func (w *writer) time(tag uint64, t time.Time) {
	if !t.IsZero() {
		w.number(tag, t.UnixNano())
	}
}

// lengthSize is how many bytes the length of a group takes: it is written afterwards, padded.
const lengthSize = 3

// group writes fields that belong together.
func (w *writer) group(tag uint64, fields func()) {
	w.b = binary.AppendUvarint(w.b, tag<<1|1)
	at := len(w.b)
	w.b = append(w.b, 0, 0, 0)
	fields()
	n := len(w.b) - at - lengthSize
	if n >= 1<<(7*lengthSize) { // the padded form has no room: write it the usual way
		inner := append([]byte(nil), w.b[at+lengthSize:]...)
		w.b = append(binary.AppendUvarint(w.b[:at], uint64(n)), inner...)
		return
	}
	w.b[at], w.b[at+1], w.b[at+2] = byte(n)|0x80, byte(n>>7)|0x80, byte(n>>14)
}

// reader takes fields.
type reader struct {
	b   []byte
	err error
}

var errWire = errors.New("it is cut off or damaged")

// field is one field of a record.
type field struct {
	tag    uint64
	number int64
	bytes  []byte
}

func (f field) text() string { return string(f.bytes) }

func (f field) time() time.Time { return time.Unix(0, f.number).UTC() }

// next returns the next field; ok is false at the end, and where the record is damaged.
func (r *reader) next() (f field, ok bool) {
	if len(r.b) == 0 || r.err != nil {
		return f, false
	}
	head, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.err = errWire
		return f, false
	}
	r.b, f.tag = r.b[n:], head>>1
	if head&1 == 0 {
		if f.number, n = binary.Varint(r.b); n <= 0 {
			r.err = errWire
			return f, false
		}
		r.b = r.b[n:]
		return f, true
	}
	size, n := binary.Uvarint(r.b)
	if n <= 0 || size > uint64(len(r.b)-n) {
		r.err = errWire
		return f, false
	}
	f.bytes, r.b = r.b[n:n+int(size)], r.b[n+int(size):]
	return f, true
}

// each calls take for every field of a record or group.
func each(b []byte, take func(f field) error) error {
	r := reader{b: b}
	for f, ok := r.next(); ok; f, ok = r.next() {
		if err := take(f); err != nil {
			return err
		}
	}
	return r.err
}
