package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"restock/bot/web/admin"
	"restock/selectors"
)

// TestLabWithinEscaped: a secret that is named by an escape of YAML is a secret all the same.
func TestLabWithinEscaped(t *testing.T) {
	t.Parallel()
	s := newShop(t, "")
	w, err := s.open()
	s.must(err)
	defer func() { s.must(w.close()) }()
	b := &workbench{w: w, board: newBoard(t.Context(), w, nil)}
	path := filepath.Join(s.dir, "sites", "crm.yaml")
	data, err := os.ReadFile(path)
	s.must(err)
	good := string(data)
	for _, escaped := range []string{`"\x24{secret:STATE_KEY}"`, `"$\x7bsecret:STATE_KEY}"`, `"${secret:CRM_USER}$\u007bsecret:STATE_KEY}"`, "\"$\\\n          {secret:STATE_KEY}\""} {
		text := strings.Replace(good, `"${secret:CRM_USER}"`, escaped, 1)
		if text == good {
			t.Fatal("the file has no such line")
		}
		_, err := b.Save("crm", text, admin.Sum(good), false)
		if err != nil {
			continue
		}
		t.Errorf("an analyst made the file type another secret: %s", escaped)
		if site, err := selectors.LoadFile(path); err == nil && site.Login != nil {
			v, err := site.Login.Steps[0].Fields[0].Value.Expand(w.values())
			t.Logf("what would be typed as the user: %d characters, %v", len(v), err)
		}
		s.must(os.WriteFile(path, data, 0o600))
	}
}
