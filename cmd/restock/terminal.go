package main

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"

	"restock/bot"
)

// terminal writes results so that no text of a page can command the terminal or turn the direction of writing: such
// characters are written as \uXXXX. In JSON this is the same text; anywhere else it can be seen.
type terminal struct {
	out  io.Writer
	rest []byte // the beginning of a character whose end has not come yet
}

// Write implements io.Writer.
func (t *terminal) Write(p []byte) (int, error) {
	data := append(t.rest, p...)
	t.rest = nil
	var b bytes.Buffer
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if r == utf8.RuneError && size <= 1 && !utf8.FullRune(data) {
			t.rest = append([]byte(nil), data...)
			break
		}
		switch {
		case r == utf8.RuneError && size <= 1:
			b.WriteRune(utf8.RuneError)
		case !bot.Unprintable(r):
			b.Write(data[:size])
		case r > 0xffff: // JSON writes these as two
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		data = data[size:]
	}
	_, err := t.out.Write(b.Bytes())
	return len(p), err
}
