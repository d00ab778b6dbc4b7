package recording

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// uipath turns selectors of UiPath, one a line, into named elements.
func uipath(text []byte, o Options) ([]byte, error) {
	var b strings.Builder
	site := o.Site
	if site == "" {
		site = "site"
	}
	fmt.Fprintf(&b, "# Elements from UiPath selectors. Write the flows below; restock help selectors says how.\nversion: 1\nsite: %s\nbase: https://example.com\n\nelements:\n", site)
	count := 0
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		tags, err := parseTags(line)
		if err != nil {
			return nil, fmt.Errorf("a selector that cannot be read: %.80s: %w", line, err)
		}
		kept, dropped, frame := webctrl(tags)
		if len(kept) == 0 {
			fmt.Fprintf(&b, "  # not taken over: %s\n", comment(string(line)))
			continue
		}
		count++
		writeElement(&b, 2, fmt.Sprintf("%s_%d", nameOf(tags), count), kept, dropped, frame)
	}
	if count == 0 {
		return nil, errors.New("expected selectors with <webctrl … />, found none")
	}
	return []byte(b.String()), nil
}

type tag struct {
	name       string
	attributes map[string]string
}

func parseTags(line []byte) ([]tag, error) {
	d := xml.NewDecoder(bytes.NewReader(line))
	d.Strict = false
	var tags []tag
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return tags, nil
		}
		if err != nil {
			return nil, err
		}
		if start, ok := token.(xml.StartElement); ok {
			t := tag{start.Name.Local, map[string]string{}}
			for _, a := range start.Attr {
				t.attributes[strings.ToLower(a.Name.Local)] = a.Value
			}
			tags = append(tags, t)
		}
	}
}

// webctrl makes targets of the last webctrl; those before it are what it stands in.
func webctrl(tags []tag) (kept, dropped []target, frame string) {
	var last map[string]string
	for _, t := range tags {
		switch strings.ToLower(t.name) {
		case "webctrl", "ctrl", "html":
			if t.name == "html" && len(tags) > 1 && last == nil {
				continue
			}
			last = t.attributes
		case "frm":
			frame = t.attributes["name"]
		}
	}
	if last == nil {
		return nil, nil, ""
	}
	tagName := strings.ToLower(last["tag"])
	role := map[string]string{"a": "link", "button": "button", "input": "textbox", "select": "combobox", "textarea": "textbox", "h1": "heading", "td": "cell", "tr": "row"}[tagName]
	if kind := strings.ToLower(last["type"]); kind == "submit" || kind == "button" || kind == "checkbox" || kind == "radio" {
		role = strings.Replace(kind, "submit", "button", 1)
	}
	var list []target
	if name := first(last["aaname"], last["aria-label"]); name != "" {
		switch {
		case role == "textbox" || role == "combobox":
			list = append(list, byText("label", name, scoreLabel))
		case role != "":
			list = append(list, byRole(role, name))
		default:
			list = append(list, byText("text", name, scoreText))
		}
	}
	if v := first(last["innertext"], last["visibleinnertext"], last["text"]); v != "" {
		list = append(list, byText("text", v, scoreText))
	}
	if v := last["id"]; v != "" {
		list = append(list, byCSS("#"+v))
	}
	if v := last["name"]; v != "" {
		list = append(list, one("name", v, scoreName))
	}
	if v := last["title"]; v != "" {
		list = append(list, byText("title", v, scoreTitle))
	}
	if v := last["placeholder"]; v != "" {
		list = append(list, one("placeholder", v, scorePlaceholder))
	}
	if v := last["css-selector"]; v != "" {
		list = append(list, byCSS(v))
	}
	if v := last["parentid"]; v != "" && tagName != "" {
		t := one("css", "#"+v+" "+tagName, scoreCSS)
		if last["idx"] != "" {
			t.why = "idx is a position, and changes"
		}
		list = append(list, t)
	}
	if v := last["class"]; v != "" && tagName != "" {
		t := one("css", tagName+"."+strings.Join(strings.Fields(v), "."), scoreCSS+1)
		t.why = "classes are for looks, and are on many elements"
		list = append(list, t)
	}
	kept, dropped = rank(list)
	return kept, dropped, frame
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// nameOf makes a name for an element of what people call it.
func nameOf(tags []tag) string {
	last := tags[len(tags)-1].attributes
	text := strings.ToLower(first(last["aaname"], last["innertext"], last["name"], last["id"], last["tag"], "element"))
	re, err := regexp.Compile(`[^a-z0-9]+`)
	if err != nil {
		return "element"
	}
	name := strings.Trim(re.ReplaceAllString(text, "_"), "_")
	if name == "" {
		return "element"
	}
	return name[:min(len(name), 30)]
}
