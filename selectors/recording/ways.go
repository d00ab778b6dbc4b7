package recording

// Known is what is known of an element on a page: texts as they are, and CSS selectors that match it.
type Known struct {
	TestID, Role, Name, Label, Placeholder, Title, Alt, Text, Field string
	CSS                                                             []string
}

// Ways are the ways to find an element, as a selector file writes them, the best first. What matches too much or will not last is
// left out, unless there is nothing else.
func Ways(k Known) []string {
	list := []target{one("testid", k.TestID, scoreTestID)}
	switch {
	case k.Role == "heading" && k.Name != "":
		list = append(list, byText("heading", k.Name, scoreRole))
	case k.Role != "" && k.Name != "":
		list = append(list, byRole(k.Role, k.Name))
	}
	if k.Label != "" {
		list = append(list, byText("label", k.Label, scoreLabel))
	}
	list = append(list, one("placeholder", k.Placeholder, scorePlaceholder), one("alt", k.Alt, scoreAlt), one("title", k.Title, scoreTitle), one("name", k.Field, scoreName))
	if k.Text != "" {
		list = append(list, byText("text", k.Text, scoreText))
	}
	for i, css := range k.CSS {
		t := byCSS(css)
		t.score += i
		list = append(list, t)
	}
	kept, _ := rank(list)
	out := make([]string, len(kept))
	for i, t := range kept {
		out[i] = t.yaml
	}
	return out
}

// Scalar writes a text as a value of a YAML file.
func Scalar(text string) string { return quoteYAML(text) }
