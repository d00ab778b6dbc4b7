package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLabTellsNoSecret: trying a file on saved pages shows no secret and no setting of this machine.
func TestLabTellsNoSecret(t *testing.T) {
	t.Parallel()
	s := newShop(t, "")
	w, err := s.open()
	s.must(err)
	defer func() { s.must(w.close()) }()
	b := &workbench{w: w, board: newBoard(t.Context(), w, nil)}
	s.must(b.Fetch(t.Context(), "ims"))
	good, err := os.ReadFile(filepath.Join(s.dir, "sites", "ims.yaml"))
	s.must(err)
	secret, _ := w.values().Secret("STATE_KEY")
	for _, proof := range []string{`css: "a:contains('${secret:STATE_KEY}')"`, `xpath: "//a[foo('${secret:STATE_KEY}')]"`} {
		text := strings.Replace(string(good), "proof: {heading: Products}", "proof: {"+proof+"}", 1)
		trial, err := b.Try(t.Context(), "ims", text, true)
		s.must(err)
		trial.Pages = nil
		if len(trial.Findings) == 0 {
			t.Errorf("a secret in what is looked for is no finding: %s", proof)
		}
		if out, _ := json.Marshal(trial); secret == "" || strings.Contains(string(out), secret) {
			t.Errorf("the trial shows STATE_KEY: %s", proof)
		}
	}
}
