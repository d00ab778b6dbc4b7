package selectors_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"restock/flows/flowtest"
	"restock/selectors"
	"restock/selectors/sites"
	"restock/selectors/strict"
)

func compile(t *testing.T, schema strict.Schema) *jsonschema.Schema {
	t.Helper()
	text, err := json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("restock.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("restock.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// goodFiles are all selector files that the project has.
func goodFiles(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{"README.md": []byte(manualFile(t))}
	for _, name := range sites.Names() {
		data, err := sites.File(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = data
	}
	for _, sub := range []string{"sites", "difficulties"} {
		err := fs.WalkDir(flowtest.Files(), sub, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yaml") {
				return err
			}
			files[path], err = fs.ReadFile(flowtest.Files(), path)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// instance is a YAML document as JSON has it.
func instance(t *testing.T, n *yaml.Node) any {
	t.Helper()
	var v any
	if err := n.Decode(&v); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestSchemaAgrees: the JSON Schema accepts every file that the loader accepts, and refuses each key that the loader refuses:
// a wrong key is put into every place of every file in turn, and every required key taken away.
func TestSchemaAgrees(t *testing.T) {
	schema := compile(t, selectors.Schema())
	wrong, missing := 0, 0
	for name, data := range goodFiles(t) {
		if _, err := selectors.Load(name, data); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var doc yaml.Node
		if err := yaml.Unmarshal(data, &doc); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(instance(t, &doc)); err != nil {
			t.Fatalf("%s: the schema refuses it: %v", name, err)
		}
		eachMap(&doc, func(n *yaml.Node) {
			before := n.Content
			n.Content = append(append([]*yaml.Node{}, before...), &yaml.Node{Kind: yaml.ScalarNode, Value: "zzz", Tag: "!!str"}, &yaml.Node{Kind: yaml.ScalarNode, Value: "1", Tag: "!!str"})
			wrong += agree(t, schema, name, &doc, n, "key \"zzz\"")
			for i := 0; i+1 < len(before); i += 2 {
				n.Content = append(append([]*yaml.Node{}, before[:i]...), before[i+2:]...)
				missing += agree(t, schema, name, &doc, n, "no key ")
			}
			n.Content = before
		})
	}
	if wrong < 600 || missing < 300 {
		t.Errorf("only %d wrong and %d missing keys were tried", wrong, missing)
	}
}

// agree checks one changed document: what the loader says of keys, the schema must say too.
func agree(t *testing.T, schema *jsonschema.Schema, name string, doc, at *yaml.Node, finding string) int {
	t.Helper()
	text, err := yaml.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	_, err = selectors.Load(name, text)
	findings, _ := errors.AsType[strict.Findings](err)
	said := 0
	for _, f := range findings {
		if strings.HasPrefix(f.Found, finding) {
			said++
		}
	}
	if said == 0 {
		return 0
	}
	if schema.Validate(instance(t, doc)) == nil {
		t.Errorf("%s:%d: the loader says %q, and the schema nothing:\n%s", name, at.Line, findings[0], text)
	}
	return said
}

func eachMap(n *yaml.Node, f func(*yaml.Node)) {
	if n.Kind == yaml.MappingNode {
		f(n)
	}
	for _, c := range n.Content {
		eachMap(c, f)
	}
}
