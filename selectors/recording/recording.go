// Package recording turns what other tools recorded into selector files: Chrome DevTools Recorder (JSON), Selenium IDE (.side)
// and UiPath selectors. What was recorded is a beginning: alternatives are ranked, those that match too much or will not last
// are dropped with the reason, and passwords never reach the file.
package recording

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// step is one recorded step, whatever recorded it.
type step struct {
	do       string // open, click, doubleclick, fill, select, check, uncheck, press, hover, scroll, wait; "" is a note only
	targets  []target
	value    string // fill, select: the text; press: the key; open: the address
	secret   string // fill: the name of the secret that stands for the value
	expect   string // the address after it
	note     string // what could not be taken over
	password bool
}

// target is one recorded way to find an element.
type target struct {
	yaml  string // as a selector file writes it
	score int    // less is better
	why   string // dropped, because
}

// Options say where a recording belongs.
type Options struct {
	Site string // its name; default: made from the address
	Flow string // stock (default), subscribers or followup: what the steps after the log-in are for
}

// Import reads a recording and returns a selector file. The kind is found out from the content.
func Import(name string, data []byte, o Options) ([]byte, error) {
	text := bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	switch {
	case len(data) > 20<<20:
		return nil, fmt.Errorf("%s has %d bytes: expected at most 20 MiB", name, len(data))
	case bytes.HasPrefix(text, []byte("<")):
		return uipath(text, o)
	case bytes.HasPrefix(text, []byte("{")):
		steps, base, err := recorder(text)
		if errors.Is(err, errOther) {
			steps, base, err = side(text)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return render(steps, base, o)
	}
	return nil, fmt.Errorf("%s: expected the JSON of a Chrome DevTools recording, a Selenium IDE project (.side), or UiPath selectors (<html … /><webctrl … />), found neither", name)
}

// errOther says that the content is of another kind.
var errOther = errors.New("it is neither a recording of Chrome DevTools (no steps) nor a Selenium IDE project (no tests)")

// siteName makes a name of an address.
func siteName(base string) string {
	u, err := url.Parse(base)
	if err != nil || u.Hostname() == "" {
		return "site"
	}
	clean := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(strings.TrimPrefix(u.Hostname(), "www.")))
	return strings.Trim(clean, "-")
}

// secrets replaces what was typed into password fields, and the user names before them, by names of secrets.
func secrets(steps []step, site string) []step {
	prefix := strings.ToUpper(strings.ReplaceAll(site, "-", "_"))
	if prefix == "" || prefix[0] >= '0' && prefix[0] <= '9' {
		prefix = "SITE_" + prefix
	}
	for i := range steps {
		if !steps[i].password {
			continue
		}
		steps[i].secret, steps[i].value = prefix+"_PASSWORD", ""
		for j := i - 1; j >= 0; j-- {
			if steps[j].do == "fill" && !steps[j].password {
				steps[j].secret, steps[j].value = prefix+"_USER", ""
				break
			}
		}
	}
	return steps
}

// loginEnd is the number of steps that belong to the log-in: up to the first click or key after the last password.
func loginEnd(steps []step) int {
	last := -1
	for i, s := range steps {
		if s.password {
			last = i
		}
	}
	if last < 0 {
		return 0
	}
	for i := last + 1; i < len(steps); i++ {
		if steps[i].do == "click" || steps[i].do == "press" {
			return i + 1
		}
	}
	return len(steps)
}

// passwords returns what must not be in the file.
func passwords(steps []step) []string {
	var list []string
	for _, s := range steps {
		if s.password && s.value != "" {
			list = append(list, s.value)
		}
	}
	return list
}
