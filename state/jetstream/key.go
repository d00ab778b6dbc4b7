package jetstream

import (
	"encoding/hex"
	"fmt"
	"strings"

	"restock/bot"
)

// Subjects: the stream's prefix, the table, and the key in tokens. A token ends before each slash, and after each chunk of bytes, so
// that a server finds the keys that begin with a text without looking at all of them.
const chunk = 8

// subject is where an entry stands.
func (s *Store) subject(table bot.Table, key string) string {
	return s.prefix + "." + string(table) + "." + strings.Join(tokens(key), ".")
}

// filter matches all subjects whose keys begin with a prefix, and perhaps others.
func (s *Store) filter(table bot.Table, prefix string) string {
	list := tokens(prefix)
	if n := len(list); n > 0 { // the last one may go on
		list = list[:n-1]
	}
	return strings.Join(append(append([]string{s.prefix, string(table)}, list...), ">"), ".")
}

// key is the key of a subject in a table.
func (s *Store) key(table bot.Table, subject string) (string, error) {
	rest, ok := strings.CutPrefix(subject, s.prefix+"."+string(table)+".")
	if !ok {
		return "", fmt.Errorf("subject %q is not of table %s", subject, table)
	}
	var b strings.Builder
	for token := range strings.SplitSeq(rest, ".") {
		for {
			plain, escaped, found := strings.Cut(token, "%")
			b.WriteString(plain)
			if !found {
				break
			}
			if len(escaped) < 2 {
				return "", fmt.Errorf("subject %q ends within a character", subject)
			}
			c, err := hex.DecodeString(escaped[:2])
			if err != nil {
				return "", fmt.Errorf("subject %q: %w", subject, err)
			}
			b.WriteByte(c[0])
			token = escaped[2:]
		}
	}
	return b.String(), nil
}

// tokens splits a key. The empty key has one token, which stands for nothing.
func tokens(key string) []string {
	var list []string
	var b strings.Builder
	n := 0
	flush := func() {
		if n > 0 {
			list = append(list, b.String())
		}
		b.Reset()
		n = 0
	}
	for i := range len(key) {
		c := key[i]
		if c == '/' || n == chunk {
			flush()
		}
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '/', c == '_', c == '-', c == '=':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02x", c)
		}
		n++
	}
	flush()
	return list
}
