package recording

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// recorderFlow is a recording of Chrome DevTools (the schema of @puppeteer/replay).
type recorderFlow struct {
	Title string `json:"title"`
	Steps []struct {
		Type      string            `json:"type"`
		URL       string            `json:"url"`
		Value     string            `json:"value"`
		Key       string            `json:"key"`
		Selectors []json.RawMessage `json:"selectors"`
		Frame     []int             `json:"frame"`
		Asserted  []struct {
			Type string `json:"type"`
			URL  string `json:"url"`
		} `json:"assertedEvents"`
	} `json:"steps"`
}

func recorder(text []byte) (steps []step, base string, err error) {
	var flow recorderFlow
	if err := json.Unmarshal(text, &flow); err != nil {
		return nil, "", fmt.Errorf("the JSON cannot be read: %w", err)
	}
	if len(flow.Steps) == 0 {
		return nil, "", errOther
	}
	for _, r := range flow.Steps {
		s := step{value: r.Value}
		s.do = map[string]string{
			"navigate": "open", "click": "click", "doubleClick": "doubleclick", "change": "fill", "hover": "hover", "keyDown": "press",
			"waitForElement": "wait",
		}[r.Type]
		switch r.Type {
		case "setViewport", "keyUp", "emulateNetworkConditions", "close":
			continue
		case "scroll":
			if len(r.Selectors) == 0 {
				continue
			}
			s.do = "scroll"
		case "navigate":
			s.value = r.URL
			if base == "" {
				base = origin(r.URL)
			}
		case "keyDown":
			if s.value = r.Key; !slices.Contains([]string{"Enter", "Tab", "Escape", "ArrowDown", "ArrowUp"}, r.Key) {
				continue // letters are part of the change that follows
			}
		}
		if s.do == "" {
			s.note = fmt.Sprintf("a step %q was not taken over", r.Type)
		}
		if len(r.Frame) > 0 {
			s.note = "it was recorded inside a frame: put it into  - frame: NAME"
		}
		for _, raw := range r.Selectors {
			s.targets = append(s.targets, recorded(raw, s.do)...)
		}
		for _, event := range r.Asserted {
			if event.Type == "navigation" {
				s.expect = event.URL
			}
		}
		s.password = s.do == "fill" && passwordLike(string(joinRaw(r.Selectors)))
		steps = append(steps, s)
	}
	return steps, base, nil
}

func joinRaw(list []json.RawMessage) []byte {
	var all []byte
	for _, raw := range list {
		all = append(all, raw...)
	}
	return all
}

// passwordLike recognises a field whose value must not be written down.
func passwordLike(selectors string) bool {
	return regexpMatch(`(?i)pass(word|wort|code)?\b|passwd|pwd|kennwort|mot de passe|contrase|senha|type=\\?['"]?password|\bpin\b|secret|one-?time|\botp\b|2fa`, selectors)
}

// recorded reads one alternative: a selector, or a chain through shadow roots whose last one is the element.
func recorded(raw json.RawMessage, do string) []target {
	var chain []string
	var single string
	if json.Unmarshal(raw, &single) == nil {
		chain = []string{single}
	} else if json.Unmarshal(raw, &chain) != nil || len(chain) == 0 {
		return nil
	}
	s := chain[len(chain)-1]
	kind, rest, prefixed := strings.Cut(s, "/")
	switch {
	case prefixed && kind == "aria":
		return []target{aria(rest, do)}
	case prefixed && kind == "text":
		return []target{byText("text", rest, scoreText)}
	case prefixed && kind == "xpath":
		return []target{byXPath(rest)}
	case prefixed && kind == "pierce":
		return []target{byCSS(rest)}
	}
	return []target{byCSS(s)}
}

// aria reads Name[role="button"]. Where no role was recorded, what was done tells what it can be.
func aria(s, do string) target {
	role := submatch(`\[role="([a-z]+)"\]$`, s)
	name := s
	if re, err := regexp.Compile(`\[role="[a-z]+"\]$`); err == nil {
		name = re.ReplaceAllString(s, "")
	}
	switch {
	case role != "" && name != "":
		return byRole(role, name)
	case role != "":
		return target{yaml: "{role: " + role + "}", score: scoreRole, why: "a role without a name matches too much"}
	case do == "fill" || do == "select":
		return byText("label", name, scoreLabel)
	}
	return byText("text", name, scoreText)
}
