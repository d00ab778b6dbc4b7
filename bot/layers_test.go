package bot_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// layers is the import table: what each package may import of ours, and which outside modules. Arrows point inward; an
// adapter never imports another one. A new package comes with a line here.
func layers() map[string][]string {
	return map[string][]string{
		"bot":                   {},
		"bot/config":            {"bot", "bot/schedule", "selectors", "selectors/strict"},
		"bot/schedule":          {"bot", "github.com/robfig/cron/v3"},
		"bot/notify":            {"bot"},
		"bot/notify/email":      {"bot", "github.com/wneessen/go-mail", "github.com/wneessen/go-mail/smtp", "github.com/emersion/go-msgauth/dkim", "golang.org/x/time/rate"},
		"bot/notify/sms":        {"bot"},
		"bot/notify/notifytest": {"bot"},
		"bot/notify/webhook":    {"bot"},
		"bot/notify/bounce":     {"bot"},
		"bot/web":               {"bot"},
		"bot/web/admin":         {"bot", "bot/report", "golang.org/x/crypto/argon2"},
		"bot/web/signin":        {"github.com/coreos/go-oidc/v3/oidc", "golang.org/x/oauth2"},
		"bot/report":            {"bot", "github.com/xuri/excelize/v2"},
		"selectors/strict":      {"go.yaml.in/yaml/v4"},
		"selectors":             {"selectors/strict", "github.com/nyaruka/phonenumbers"},
		"selectors/sites":       {},
		"selectors/recording":   {},
		"flows":                 {"bot", "selectors", "selectors/strict", "flows/table", "flows/evidence"},
		"flows/evidence":        {"bot"},
		"flows/proposal":        {"bot", "flows", "selectors", "selectors/recording", "selectors/strict"},
		"flows/table": {
			"selectors", "github.com/xuri/excelize/v2", "golang.org/x/text/encoding/charmap", "golang.org/x/text/encoding/unicode",
		},
		"flows/browser":   {"bot", "selectors", "github.com/go-rod/rod/lib/proto", "github.com/go-rod/rod/lib/input", "github.com/ysmood/gson"},
		"flows/flowtest":  {"selectors", "github.com/emersion/go-smtp"},
		"state":           {"bot", "state/bolt", "state/jetstream", "state/socket"},
		"state/bolt":      {"bot", "go.etcd.io/bbolt", "go.etcd.io/bbolt/errors"},
		"state/jetstream": {"bot", "github.com/nats-io/nats.go", "github.com/nats-io/nats.go/jetstream"},
		"state/freeport":  {},
		"state/natstest":  {"state/freeport", "github.com/nats-io/nats-server/v2/server"},
		"state/journal":   {"bot"},
		"state/socket":    {"bot"},
		"state/statetest": {"bot"},
		"cmd/restock":     {"*", "github.com/spf13/cobra", "golang.org/x/term"},
	}
}

// TestLayers holds every package of the tree to the import table, so that the domain stays free of adapters and each
// outside module stays in the one package that wraps it.
func TestLayers(t *testing.T) {
	table := layers()
	found := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && d.Name() != ".." || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		pkg := filepath.ToSlash(strings.TrimPrefix(filepath.Dir(path), ".."+string(filepath.Separator)))
		found[pkg] = true
		allowed, ok := table[pkg]
		if !ok {
			t.Errorf("package %s has no line in the table", pkg)
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			name := strings.Trim(spec.Path.Value, `"`)
			own, ours := strings.CutPrefix(name, "restock/")
			standard := !strings.Contains(strings.Split(name, "/")[0], ".") && !ours
			if standard || slices.Contains(allowed, own) || ours && slices.Contains(allowed, "*") {
				continue
			}
			t.Errorf("%s imports %s, which the table does not allow", path, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range table {
		if !found[pkg] {
			t.Errorf("the table has %s, which does not exist", pkg)
		}
	}
}
