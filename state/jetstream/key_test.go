package jetstream

import (
	"strings"
	"testing"

	"restock/bot"
)

// FuzzKey: every key has one subject, which gives the key back, and which the filter of each of its beginnings matches.
func FuzzKey(f *testing.F) {
	for _, key := range []string{"job/SKU 0044", "job/茶-88", "/", "a//b", "0123456789abcdef0123", "job/*>.", "ab\x00", "12345678", "12345678/", "%25"} {
		f.Add(key)
	}
	s := &Store{prefix: "restock"}
	f.Fuzz(func(t *testing.T, key string) {
		if key == "" {
			return
		}
		subject := s.subject(bot.Levels, key)
		if strings.ContainsAny(strings.ReplaceAll(subject, ".", ""), " \t\r\n*>") || strings.Contains(subject, "..") || strings.HasSuffix(subject, ".") {
			t.Errorf("%q has the subject %q", key, subject)
		}
		if back, err := s.key(bot.Levels, subject); err != nil || back != key {
			t.Errorf("%q came back as %q, %v", key, back, err)
		}
		for i := range len(key) + 1 {
			filter := s.filter(bot.Levels, key[:i])
			if !strings.HasPrefix(subject, strings.TrimSuffix(filter, ">")) {
				t.Errorf("the filter %q of %q misses %q", filter, key[:i], subject)
			}
		}
	})
}
