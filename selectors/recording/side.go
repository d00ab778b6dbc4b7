package recording

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// sideProject is a project of Selenium IDE.
type sideProject struct {
	URL   string `json:"url"`
	Tests []struct {
		Name     string `json:"name"`
		Commands []struct {
			Command string     `json:"command"`
			Target  string     `json:"target"`
			Targets [][]string `json:"targets"`
			Value   string     `json:"value"`
		} `json:"commands"`
	} `json:"tests"`
}

func side(text []byte) (steps []step, base string, err error) {
	var project sideProject
	if err := json.Unmarshal(text, &project); err != nil {
		return nil, "", fmt.Errorf("the JSON cannot be read: %w", err)
	}
	if len(project.Tests) == 0 {
		return nil, "", errOther
	}
	base = origin(project.URL)
	for _, c := range project.Tests[0].Commands {
		if strings.HasPrefix(c.Command, "//") {
			continue // switched off
		}
		s := step{do: map[string]string{
			"open": "open", "click": "click", "doubleClick": "doubleclick", "type": "fill", "sendKeys": "fill", "select": "select",
			"mouseOver": "hover", "check": "check", "uncheck": "uncheck", "waitForElementVisible": "wait", "waitForElementPresent": "wait",
			"clickAt": "click", "editContent": "fill",
		}[c.Command], value: c.Value}
		switch c.Command {
		case "setWindowSize", "mouseOut", "close", "mouseDown", "mouseUp":
			continue
		case "open":
			s.value = c.Target
		case "select":
			s.value = strings.TrimPrefix(c.Value, "label=")
		case "sendKeys":
			if key := submatch(`^\$\{KEY_([A-Z]+)\}$`, c.Value); key != "" {
				s.do, s.value = "press", key[:1]+strings.ToLower(key[1:])
			}
		}
		if s.do == "" {
			s.note = fmt.Sprintf("the command %q was not taken over", c.Command)
		}
		all := c.Target
		locators := [][]string{{c.Target}}
		if s.do != "open" && s.do != "" {
			for _, t := range append(locators, c.Targets...) {
				if len(t) > 0 {
					all += " " + t[0]
					s.targets = append(s.targets, locator(t[0])...)
				}
			}
		}
		s.password = s.do == "fill" && passwordLike(all)
		steps = append(steps, s)
	}
	return steps, base, nil
}

// locator reads one locator of Selenium.
func locator(s string) []target {
	kind, value, ok := strings.Cut(s, "=")
	if !ok || strings.HasPrefix(s, "/") {
		return []target{byXPath(s)}
	}
	switch kind {
	case "id":
		return []target{byCSS("#" + value)}
	case "name":
		return []target{one("name", value, scoreName)}
	case "css":
		return []target{byCSS(value)}
	case "xpath":
		return []target{byXPath(value)}
	case "linkText":
		return []target{byRole("link", value)}
	case "partialLinkText":
		return []target{byRole("link", "*"+value+"*")}
	}
	return nil
}

// origin returns the site of an address.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
