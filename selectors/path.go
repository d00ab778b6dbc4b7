package selectors

import (
	"errors"
	"strconv"
	"strings"
)

// Path leads to a value in a JSON document: names, and positions in lists.
type Path []PathStep

// PathStep is a name, or a position where Name is "".
type PathStep struct {
	Name  string
	Index int
}

// ParsePath reads a path such as data.items or stock[0]["on hand"]. "" or "." is the document itself.
func ParsePath(text string) (Path, error) {
	var path Path
	rest := strings.TrimPrefix(text, "$")
	if rest == "." {
		rest = ""
	}
	for rest != "" {
		switch {
		case strings.HasPrefix(rest, `["`):
			name, after, ok := strings.Cut(rest[2:], `"]`)
			if !ok {
				return nil, errors.New(`[" without "]`)
			}
			path, rest = append(path, PathStep{Name: name}), after
		case strings.HasPrefix(rest, "["):
			number, after, ok := strings.Cut(rest[1:], "]")
			index, err := strconv.Atoi(number)
			if !ok || err != nil || index < 0 {
				return nil, errors.New("[ needs a number and ]")
			}
			path, rest = append(path, PathStep{Index: index}), after
		default:
			rest = strings.TrimPrefix(rest, ".")
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			if end == 0 {
				return nil, errors.New("a name is missing")
			}
			path, rest = append(path, PathStep{Name: rest[:end]}), rest[end:]
		}
	}
	return path, nil
}

// Follow returns what stands at the end of the path in a decoded document, or nil and the part that is not there.
func (p Path) Follow(document any) (value any, missing string) {
	value = document
	for _, step := range p {
		switch inside := value.(type) {
		case map[string]any:
			next, ok := inside[step.Name]
			if step.Name == "" || !ok {
				return nil, step.String()
			}
			value = next
		case []any:
			if step.Name != "" || step.Index >= len(inside) {
				return nil, step.String()
			}
			value = inside[step.Index]
		default:
			return nil, step.String()
		}
	}
	return value, ""
}

// String writes the step as a path does.
func (s PathStep) String() string {
	if s.Name == "" {
		return "[" + strconv.Itoa(s.Index) + "]"
	}
	return s.Name
}
