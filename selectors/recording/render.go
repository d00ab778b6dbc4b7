package recording

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// render writes steps as a selector file.
func render(steps []step, base string, o Options) ([]byte, error) {
	if base == "" {
		return nil, errors.New("expected a step that opens a page, found none: the site's address is not known")
	}
	site := cmp.Or(o.Site, siteName(base))
	literal := passwords(steps)
	steps = secrets(steps, site)
	end := loginEnd(steps)
	var b strings.Builder
	fmt.Fprintf(&b, "# Made from a recording. Lines with TO DO need you; then: restock check FILE, restock check --live FILE.\n"+
		"version: 1\nsite: %s\nbase: %s\n", site, quoteYAML(base))
	if end > 0 {
		renderLogin(&b, steps[:end], base)
	}
	rest := steps[end:]
	if len(rest) > 0 || end == 0 {
		renderFlow(&b, cmp.Or(o.Flow, "stock"), rest, base)
	}
	text := b.String()
	for _, p := range literal {
		if len(p) >= 4 && strings.Contains(text, p) {
			return nil, errors.New("the recorded password stands in another place of the recording too; nothing was written: record again with a made-up password")
		}
	}
	return []byte(text), nil
}

func renderLogin(b *strings.Builder, steps []step, base string) {
	open, steps := opening(steps, base)
	fmt.Fprintf(b, "\nlogin:\n  open: %s\n  steps:\n", quoteYAML(open))
	writeSteps(b, steps, base)
	last := steps[len(steps)-1]
	if last.expect != "" {
		fmt.Fprintf(b, "  done: {url: %s}          # TO DO: better something that only those see who are logged in\n", quoteYAML(pathOf(last.expect, base)+"*"))
		return
	}
	fmt.Fprint(b, "  done: {not: {css: \"input[type=password]\"}}    # TO DO: better something that only those see who are logged in\n")
}

func renderFlow(b *strings.Builder, flow string, steps []step, base string) {
	open, steps := opening(steps, base)
	fmt.Fprintf(b, "\n%s:\n  open: %s\n", flow, quoteYAML(open))
	if flow == "followup" {
		fmt.Fprint(b, "  # TO DO: put {subscription.id} into open, and say which field shows the state\n"+
			"  before: {field: {label: Status}, is: Waiting}\n")
	}
	if len(steps) > 0 || flow == "followup" {
		fmt.Fprint(b, "  steps:\n")
		writeSteps(b, steps, base)
	}
	switch flow {
	case "followup":
		fmt.Fprint(b, "  after: {field: {label: Status}, is: Notified}\n")
	case "subscribers":
		fmt.Fprint(b, "  rows: {css: \"table tbody tr\"}      # TO DO: the rows, and the headings below\n"+
			"  columns:\n    id:    {header: \"No.\"}\n    sku:   {header: SKU}\n    email: {header: E-mail}\n  next: none                         # TO DO\n")
	default:
		fmt.Fprint(b, "  rows: {css: \"table tbody tr\"}      # TO DO: the rows, and the headings below\n"+
			"  columns:\n    sku:      {header: SKU}\n    quantity: {header: Quantity, type: number}\n  next: none                         # TO DO\n")
	}
}

// opening takes the address off the beginning of steps.
func opening(steps []step, base string) (string, []step) {
	for i, s := range steps {
		if s.do == "open" {
			return pathOf(s.value, base), append(append([]step{}, steps[:i]...), steps[i+1:]...)
		}
		if s.do != "" {
			break
		}
	}
	return "/", steps
}

func pathOf(address, base string) string {
	path := strings.NewReplacer("{", "%7B", "}", "%7D").Replace(strings.TrimPrefix(address, base))
	if u, err := url.Parse(path); err == nil && u.Host == "" && strings.HasPrefix(path, "/") || strings.Contains(path, "://") {
		return path
	}
	return "/" + strings.TrimPrefix(path, "/")
}

func writeSteps(b *strings.Builder, steps []step, base string) {
	written := false
	for _, s := range steps {
		if s.note != "" {
			fmt.Fprintf(b, "    # TO DO: %s\n", comment(s.note))
		}
		kept, dropped := rank(s.targets)
		for _, d := range dropped {
			fmt.Fprintf(b, "    # left out %s: %s\n", comment(d.yaml), d.why)
		}
		if len(kept) > 0 && kept[0].why != "" {
			fmt.Fprintf(b, "    # TO DO: %s; nothing better was recorded\n", kept[0].why)
		}
		written = writeStep(b, s, kept, base) || written
	}
	if !written {
		fmt.Fprint(b, "    - wait: {css: body}\n")
	}
}

// writeStep writes one step, and reports whether there was anything to write.
func writeStep(b *strings.Builder, s step, kept []target, base string) bool {
	element := list(kept)
	value := quoteYAML(s.value)
	if s.secret != "" {
		value = fmt.Sprintf("\"${secret:%s}\"", s.secret)
	} else {
		value = strings.ReplaceAll(value, "{", "{ ") // it is what was typed, and no word of the file
	}
	switch {
	case s.do == "":
		return false
	case s.do == "open":
		fmt.Fprintf(b, "    - open: %s\n", quoteYAML(pathOf(s.value, base)))
	case s.do == "press" && !knownKey(s.value):
		fmt.Fprintf(b, "    # TO DO: the key %s\n", comment(s.value))
		return false
	case s.do == "press":
		fmt.Fprintf(b, "    - press: %s\n", s.value)
	case len(kept) == 0:
		fmt.Fprintf(b, "    # TO DO: %s: no selector was recorded\n", s.do)
		return false
	case s.do == "fill" || s.do == "select":
		fmt.Fprintf(b, "    - %s: {element: %s, value: %s}\n", s.do, element, value)
	default:
		fmt.Fprintf(b, "    - %s: %s\n", s.do, element)
	}
	if s.expect != "" && s.do != "open" {
		fmt.Fprintf(b, "      expect: {url: %s}\n", quoteYAML("*"+pathOf(s.expect, base)+"*"))
	}
	return true
}

// knownKey reports whether a key of a recording is one that a selector file can name.
func knownKey(key string) bool {
	return slices.Contains(strings.Fields("Enter Tab Escape Backspace Delete Space Home End ArrowUp ArrowDown ArrowLeft ArrowRight"), key)
}

func list(targets []target) string {
	if len(targets) == 1 {
		return targets[0].yaml
	}
	texts := make([]string, len(targets))
	for i, t := range targets {
		texts[i] = t.yaml
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

func writeElement(b *strings.Builder, indent int, name string, kept, dropped []target, frame string) {
	pad := strings.Repeat(" ", indent)
	for _, d := range dropped {
		fmt.Fprintf(b, "%s# left out %s: %s\n", pad, comment(d.yaml), d.why)
	}
	if kept[0].why != "" {
		fmt.Fprintf(b, "%s# TO DO: %s; nothing better was there\n", pad, kept[0].why)
	}
	text := list(kept)
	if frame != "" {
		text = strings.ReplaceAll(text, "}", ", frame: "+quoteYAML(frame)+"}")
	}
	fmt.Fprintf(b, "%s%s: %s\n", pad, name, text)
}

// comment makes a text fit for one line.
func comment(s string) string { return strings.Join(strings.Fields(s), " ") }
