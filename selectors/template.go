package selectors

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"restock/selectors/strict"
)

// Template is a text of a selector file with values in it: ${NAME} from the environment, ${NAME:-default},
// ${secret:NAME} from the secret store, and {sku}, {subscription.id}, … from the work at hand. They are put in after the
// file was parsed, so a value can never change the structure of the file.
type Template struct {
	strict.Pos
	Text  string
	parts []templatePart
}

type templatePart struct {
	kind       partKind
	name       string // or the literal text
	fallback   string
	hasDefault bool
}

type partKind int

const (
	literal partKind = iota
	environment
	secret
	value
)

// Values gives a template what it asks for. Each func reports false for a name that it does not know.
type Values struct {
	Env    func(name string) (string, bool)
	Secret func(name string) (string, bool)
	Work   map[string]string // sku, subscription.id, …
	Any    bool              // a word that is not at hand stands for anything, in texts
}

// DecodeYAML implements strict.Decodable.
func (t *Template) DecodeYAML(d *strict.Decoder, n *strict.Node) {
	t.Pos = d.PosOf(n)
	text, ok := d.Text(n)
	if !ok {
		return
	}
	parsed, err := ParseTemplate(text)
	if err != nil {
		d.Report(n, quote(text), "text with ${NAME}, ${secret:NAME} or {word} in it", err.Error())
	}
	parsed.Pos = t.Pos
	*t = parsed
}

// ParseTemplate compiles a text. Braces that do not enclose a word, as in JSON, are left as they are.
func ParseTemplate(text string) (Template, error) {
	t := Template{Text: text}
	plain := 0 // where the literal text begins that is not taken yet
	for i := 0; i < len(text); i++ {
		part, size, err := placeholder(text[i:])
		if err != nil {
			return t, err
		}
		if size > 0 {
			t.literal(text[plain:i])
			t.parts = append(t.parts, part)
			plain, i = i+size, i+size-1
		}
	}
	t.literal(text[plain:])
	return t, nil
}

// placeholder reads ${NAME}, ${NAME:-default}, ${secret:NAME} or {word} at the beginning of a text; size 0 means that there
// is none.
func placeholder(text string) (part templatePart, size int, err error) {
	end := strings.IndexByte(text, '}')
	if end < 0 {
		return part, 0, nil
	}
	inner, dollar := strings.CutPrefix(text[:end], "${")
	if !dollar {
		word, brace := strings.CutPrefix(text[:end], "{")
		if !brace || word == "" || word[0] != '_' && (word[0] < 'a' || word[0] > 'z') || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789_.") != "" {
			return part, 0, nil
		}
		return templatePart{kind: value, name: word}, end + 1, nil
	}
	part = templatePart{kind: environment, name: inner}
	if name, ok := strings.CutPrefix(inner, "secret:"); ok {
		part = templatePart{kind: secret, name: name}
	} else if name, fallback, ok := strings.Cut(inner, ":-"); ok {
		part = templatePart{kind: environment, name: name, fallback: fallback, hasDefault: true}
	}
	if n := part.name; n == "" || n[0] >= '0' && n[0] <= '9' || strings.Trim(strings.ToLower(n), "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		return part, 0, fmt.Errorf("%q is not a name: letters, digits and _ only", n)
	}
	return part, end + 1, nil
}

func (t *Template) literal(s string) {
	if s != "" {
		t.parts = append(t.parts, templatePart{name: s})
	}
}

// Empty reports whether nothing was written.
func (t Template) Empty() bool { return t.Text == "" }

// Secret reports whether the text holds a secret, so that what it was typed into is masked.
func (t Template) Secret() bool {
	return slices.ContainsFunc(t.parts, func(p templatePart) bool { return p.kind == secret })
}

// Names returns the names of one kind that the template asks for.
func (t Template) names(kind partKind) []string {
	var names []string
	for _, p := range t.parts {
		if p.kind == kind && !p.hasDefault {
			names = append(names, p.name)
		}
	}
	return names
}

// Secrets returns the names of the secrets that the template asks for.
func (t Template) Secrets() []string { return t.names(secret) }

// Asks reports whether the template uses {name}.
func (t Template) Asks(name string) bool { return slices.Contains(t.names(value), name) }

// Only returns the name of the one {word} that the whole template is.
func (t Template) Only() (name string, ok bool) {
	if len(t.parts) == 1 && t.parts[0].kind == value {
		return t.parts[0].name, true
	}
	return "", false
}

// MissingError says which value a template could not get.
type MissingError struct {
	Pos  strict.Pos
	Name string
	Hint string
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("%s: %s is not set; %s", e.Pos, e.Name, e.Hint)
}

// Expand puts the values in.
func (t Template) Expand(v Values) (string, error) {
	return t.expand(v, func(s string) string { return s })
}

// ExpandURL puts the values in, those of the work at hand escaped such that they cannot change the address.
func (t Template) ExpandURL(v Values) (string, error) {
	return t.expand(v, func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") })
}

func (t Template) expand(v Values, escape func(string) string) (string, error) {
	var b strings.Builder
	for _, p := range t.parts {
		text, ok, hint := p.name, true, ""
		switch p.kind {
		case environment:
			if text, ok = v.Env(p.name); !ok && p.hasDefault {
				text, ok = p.fallback, true
			}
			hint = "set this environment variable before you start restock"
		case secret:
			text, ok = v.Secret(p.name)
			hint = fmt.Sprintf("put it into the file secrets/%s beside restock.yaml (mode 0600), or set RESTOCK_SECRET_%s", p.name, p.name)
		case value:
			text, ok = v.Work[p.name]
			text, hint = escape(text), "it is not known at this place"
		}
		if !ok {
			return "", &MissingError{Pos: t.Pos, Name: p.name, Hint: hint}
		}
		b.WriteString(text)
	}
	return b.String(), nil
}
