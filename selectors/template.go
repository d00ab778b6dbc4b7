package selectors

import (
	"fmt"
	"net/url"
	"regexp"
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
	token := regexp.MustCompile(`\$\{([^}]*)\}|\{([a-z][a-z0-9_.]*)\}`)
	t := Template{Text: text}
	last := 0
	for _, m := range token.FindAllStringSubmatchIndex(text, -1) {
		t.literal(text[last:m[0]])
		last = m[1]
		if m[4] >= 0 {
			t.parts = append(t.parts, templatePart{kind: value, name: text[m[4]:m[5]]})
			continue
		}
		inner := text[m[2]:m[3]]
		part := templatePart{kind: environment, name: inner}
		if name, ok := strings.CutPrefix(inner, "secret:"); ok {
			part = templatePart{kind: secret, name: name}
		} else if name, fallback, ok := strings.Cut(inner, ":-"); ok {
			part = templatePart{kind: environment, name: name, fallback: fallback, hasDefault: true}
		}
		if !regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`).MatchString(part.name) {
			return t, fmt.Errorf("%q is not a name: letters, digits and _ only", part.name)
		}
		t.parts = append(t.parts, part)
	}
	t.literal(text[last:])
	return t, nil
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

// Asks reports whether the template uses {name}.
func (t Template) Asks(name string) bool { return slices.Contains(t.names(value), name) }

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
