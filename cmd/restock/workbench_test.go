package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"restock/bot/web/admin"
)

// TestLabWithin: who is no administrator cannot make a file send passwords elsewhere, or use secrets that it had no use of.
func TestLabWithin(t *testing.T) {
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
	for name, edit := range map[string][3]string{
		"another base":        {"base: ${CRM_URL}", "base: https://evil.example", "https://evil.example"},
		"the user's secret":   {"${secret:CRM_USER}", "${secret:SMS_TOKEN}", "${secret:SMS_TOKEN}"},
		"a setting":           {"base: ${CRM_URL}", "base: ${IMS_URL}", "${IMS_URL}"},
		"an escape":           {`"${secret:CRM_USER}"`, `"\x24{secret:STATE_KEY}"`, "${secret:STATE_KEY}"},
		"a brace":             {`"${secret:CRM_USER}"`, `"$\x7bsecret:STATE_KEY}"`, "${secret:STATE_KEY}"},
		"one behind another":  {`"${secret:CRM_USER}"`, `"${secret:CRM_USER}$\u007bsecret:STATE_KEY}"`, "${secret:STATE_KEY}"},
		"a line that goes on": {`"${secret:CRM_USER}"`, "\"$\\\n          {secret:STATE_KEY}\"", "${secret:STATE_KEY}"},
	} {
		text := strings.Replace(good, edit[0], edit[1], 1)
		if text == good {
			t.Fatalf("%s: the file has no %s", name, edit[0])
		}
		if _, err := b.Save("crm", text, admin.Sum(good), false); err == nil || !strings.Contains(err.Error(), edit[2]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if now, _ := os.ReadFile(path); string(now) != good {
		t.Error("the file was changed all the same")
	}
	mended := strings.Replace(good, "header: Customer}", "header: Customer name}", 1)
	if _, err := b.Save("crm", mended, admin.Sum(good), false); err != nil {
		t.Error(err)
	}
	if _, err := b.Save("crm", strings.Replace(mended, "base: ${CRM_URL}", "base: https://crm.example", 1), admin.Sum(mended), true); err != nil {
		t.Errorf("an administrator cannot save it: %v", err)
	}
	windows := strings.ReplaceAll(good, "\n", "\r\n")
	s.must(os.WriteFile(path, []byte(windows), 0o600))
	if _, err := b.Save("crm", mended, admin.Sum(windows), true); err != nil {
		t.Error(err)
	}
	if now, _ := os.ReadFile(path); string(now) != strings.ReplaceAll(mended, "\n", "\r\n") {
		t.Error("the ends of the lines became others")
	}
	if _, err := b.Save("../restock", good, admin.Sum(good), true); err == nil {
		t.Error("a file outside the folder of the sites was saved")
	}
}
