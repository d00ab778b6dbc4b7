package strict

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Node is a YAML node, for types that decode themselves.
type Node = yaml.Node

// Decodable is a type that decodes itself. It reports problems to the decoder.
type Decodable interface {
	DecodeYAML(d *Decoder, n *Node)
}

// Limits of a file.
const (
	MaxBytes = 1 << 20 // 1 MiB
	maxNodes = 200_000 // nodes decoded, aliases counted as often as they are used
	maxDepth = 64
)

// Decoder reads one file.
type Decoder struct {
	File     string
	Findings Findings

	lines        []string
	nodes, depth int
}

// Decode reads a file's content into a pointer to a struct. Keys are those of the yaml tags; a key that is not there, is
// there twice, or has a value of the wrong kind is a finding. A tag may end in ",required".
func Decode(file string, data []byte, into any) Findings {
	d := &Decoder{File: file}
	root := d.parse(data)
	if root == nil {
		return d.Findings
	}
	d.tags(root)
	d.Into(root, into)
	return d.Findings
}

// tags finds what says of itself what kind of value it is: programs disagree on what that means.
func (d *Decoder) tags(n *Node) {
	if n.Style&yaml.TaggedStyle != 0 {
		d.Report(n, "the tag "+n.Tag, "a value without a tag", "put text in \"double quotes\"")
	}
	for _, part := range n.Content {
		d.tags(part)
	}
}

func (d *Decoder) parse(data []byte) *Node {
	switch {
	case len(data) > MaxBytes:
		d.at(1, 1, fmt.Sprintf("a file of %d bytes", len(data)), fmt.Sprintf("at most %d bytes", MaxBytes), "")
		return nil
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		data = data[3:]
	case bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")):
		d.at(1, 1, "text in UTF-16", "text in UTF-8", "save the file as UTF-8")
		return nil
	}
	if !utf8.Valid(data) {
		line := 1 + bytes.Count(data[:invalidAt(data)], []byte("\n"))
		d.at(line, 1, "bytes that are not UTF-8", "text in UTF-8", "save the file as UTF-8")
		return nil
	}
	d.lines = strings.Split(string(data), "\n")
	var doc Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		d.syntax(err, data)
		return nil
	}
	if len(doc.Content) == 0 {
		d.at(1, 1, "an empty file", "keys and values", "")
		return nil
	}
	return doc.Content[0]
}

func invalidAt(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
	return len(data)
}

// syntax explains what a YAML parser cannot: the characters that selectors need and YAML keeps for itself.
func (d *Decoder) syntax(err error, data []byte) {
	line, column, message := 1, 1, err.Error()
	if load, ok := errors.AsType[*yaml.LoadError](err); ok {
		line, column, message = max(load.Mark.Line, 1), max(load.Mark.Column+1, 1), load.Message
	}
	hint := ""
	lines := bytes.Split(data, []byte("\n"))
	if line <= len(lines) {
		text := string(lines[line-1])
		switch {
		case strings.HasPrefix(strings.TrimLeft(text, " "), "\t"):
			hint = "indent with spaces, not with tabs"
		case strings.ContainsAny(text, "@%*{}[]&!|>`"):
			hint = `put selectors and texts that contain # [ ] * @ { } : in "double quotes"`
		case strings.Count(text, ": ") > 1:
			hint = `put a value that contains ": " in "double quotes"`
		}
	}
	d.at(line, column, message, "YAML", hint)
}

func (d *Decoder) at(line, column int, found, expected, hint string) {
	d.Findings.Add(Pos{d.File, line, column}, found, expected, hint)
}

// Report adds a finding at a node.
func (d *Decoder) Report(n *Node, found, expected, hint string) {
	d.at(n.Line, n.Column, found, expected, hint)
}

// PosOf returns the place of a node.
func (d *Decoder) PosOf(n *Node) Pos { return Pos{d.File, n.Line, n.Column} }

// Kind names what a node is, in words an analyst knows.
func Kind(n *Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys and values"
	case yaml.SequenceNode:
		return "a list"
	}
	if IsNull(n) {
		return "nothing"
	}
	return strconv.Quote(short(n.Value))
}

// IsNull reports whether a node has no value.
func IsNull(n *Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// IsScalar reports whether a node is a single value.
func IsScalar(n *Node) bool { return n.Kind == yaml.ScalarNode }

// IsList reports whether a node is a list.
func IsList(n *Node) bool { return n.Kind == yaml.SequenceNode }

// IsMap reports whether a node has keys and values.
func IsMap(n *Node) bool { return n.Kind == yaml.MappingNode }

func short(s string) string {
	if len(s) > 60 {
		return s[:57] + "…"
	}
	return s
}

// Into decodes a node into the value that a pointer points to.
func (d *Decoder) Into(n *Node, into any) { d.value(n, reflect.ValueOf(into).Elem()) }

func (d *Decoder) value(n *Node, v reflect.Value) {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if d.nodes++; d.nodes > maxNodes || d.depth > maxDepth {
		if d.nodes == maxNodes+1 || d.depth == maxDepth+1 {
			d.Report(n, "a file that nests or repeats too much", fmt.Sprintf("at most %d values, %d deep", maxNodes, maxDepth), "")
		}
		return
	}
	d.depth++
	defer func() { d.depth-- }()
	if self, ok := v.Addr().Interface().(Decodable); ok {
		self.DecodeYAML(d, n)
		return
	}
	if v.Type() == reflect.TypeFor[time.Duration]() {
		d.duration(n, v)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem())
	case reflect.Struct:
		d.Struct(n, v.Addr().Interface())
	case reflect.Slice:
		d.slice(n, v)
	case reflect.Map:
		d.mapping(n, v)
	default:
		d.scalar(n, v)
	}
}

func (d *Decoder) scalar(n *Node, v reflect.Value) {
	text, ok := d.Text(n)
	if !ok {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		if text != "true" && text != "false" {
			d.Report(n, Kind(n), "true or false", "")
			return
		}
		v.SetBool(text == "true")
	case reflect.Int, reflect.Int64:
		i, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			d.Report(n, Kind(n), "a whole number", "")
			return
		}
		v.SetInt(i)
	case reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			d.Report(n, Kind(n), "a number", "")
			return
		}
		v.SetFloat(f)
	}
}

// Text returns the text of a single value; anything else is a finding. A value that YAML took for a comment is explained.
func (d *Decoder) Text(n *Node) (string, bool) {
	switch {
	case !IsScalar(n):
		d.Report(n, Kind(n), "a single value", quoteHint(n))
		return "", false
	case IsNull(n):
		hint := ""
		if comment := d.commentAt(n); comment != "" {
			hint = fmt.Sprintf("YAML takes %s for a comment: write it in \"double quotes\"", short(comment))
		}
		d.Report(n, "nothing", "a value", hint)
		return "", false
	}
	return n.Value, true
}

// commentAt returns the comment that stands where a value should.
func (d *Decoder) commentAt(n *Node) string {
	if n.Line < 1 || n.Line > len(d.lines) {
		return ""
	}
	line := d.lines[n.Line-1]
	rest := strings.TrimSpace(line[min(len(line), max(0, n.Column-1)):])
	if !strings.HasPrefix(rest, "#") {
		return ""
	}
	return rest
}

func quoteHint(n *Node) string {
	if n.Style&yaml.FlowStyle != 0 {
		return `put selectors that contain # [ ] * @ { } in "double quotes"`
	}
	return ""
}

func (d *Decoder) duration(n *Node, v reflect.Value) {
	text, ok := d.Text(n)
	if !ok {
		return
	}
	t, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(strings.ReplaceAll(text, " ", ""), "d"); ok && err != nil {
		var n int
		if n, err = strconv.Atoi(days); n > 10_000 || n < 0 {
			err = strconv.ErrRange
		}
		t = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || t < 0 {
		d.Report(n, Kind(n), "a time such as 500ms, 10s, 5m, 24h or 7d", "")
		return
	}
	v.SetInt(int64(t))
}

func (d *Decoder) slice(n *Node, v reflect.Value) {
	if !IsList(n) {
		d.Report(n, Kind(n), "a list", "begin each entry with \"- \"")
		return
	}
	list := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, item := range n.Content {
		d.value(item, list.Index(i))
	}
	v.Set(list)
}

func (d *Decoder) mapping(n *Node, v reflect.Value) {
	v.Set(reflect.MakeMap(v.Type()))
	for _, pair := range d.Pairs(n) {
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(pair.Value, item)
		v.SetMapIndex(reflect.ValueOf(pair.Key.Value).Convert(v.Type().Key()), item)
	}
}

// Pair is one key with its value.
type Pair struct{ Key, Value *Node }

// Pairs returns the keys and values of a mapping in the order of the file. Keys that stand there twice are findings.
func (d *Decoder) Pairs(n *Node) []Pair {
	if !IsMap(n) {
		d.Report(n, Kind(n), "keys and values", quoteHint(n))
		return nil
	}
	seen := map[string]*Node{}
	var pairs []Pair
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if !IsScalar(key) {
			d.Report(key, Kind(key)+" as a key", "a word", quoteHint(key))
			continue
		}
		if first := seen[key.Value]; first != nil {
			d.Report(key, "key "+strconv.Quote(short(key.Value))+" again", fmt.Sprintf("each key once (first in line %d)", first.Line), "")
			continue
		}
		seen[key.Value] = key
		pairs = append(pairs, Pair{key, value})
	}
	return pairs
}

// Keys returns the keys of a mapping as they stand there, whatever they are.
func (d *Decoder) Keys(n *Node) []string {
	var keys []string
	for i := 0; IsMap(n) && i+1 < len(n.Content); i += 2 {
		keys = append(keys, n.Content[i].Value)
	}
	return keys
}
