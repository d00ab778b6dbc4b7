package table

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"restock/selectors"
)

// List returns the entries of the list that stands at a path of a JSON document, and the document itself.
func List(body []byte, path string) (entries []any, document any, err error) {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))))
	d.UseNumber()
	if err := d.Decode(&document); err != nil {
		return nil, nil, errors.New("an answer that is not JSON, or was cut off")
	}
	p, err := selectors.ParsePath(path)
	if err != nil {
		return nil, nil, err
	}
	value, missing := p.Follow(document)
	if missing != "" {
		return nil, nil, fmt.Errorf("an answer without %s in %s", missing, path)
	}
	entries, ok := value.([]any)
	if !ok {
		return nil, nil, fmt.Errorf("%s at %s", kind(value), path)
	}
	if len(entries) > MaxRows {
		return nil, nil, fmt.Errorf("more than %d entries", MaxRows)
	}
	return entries, document, nil
}

// At returns the value at a path of a decoded document, or why there is none.
func At(document any, path string) (v Value, why string) {
	p, err := selectors.ParsePath(path)
	if err != nil {
		return v, err.Error()
	}
	found, missing := p.Follow(document)
	if missing != "" {
		return v, "the answer has no " + missing
	}
	switch x := found.(type) {
	case nil:
		return Value{}, ""
	case string:
		return Value{Text: x}, ""
	case json.Number:
		return Value{Text: x.String(), Number: x.String()}, ""
	case bool:
		return Value{Text: fmt.Sprint(x)}, ""
	}
	return v, kind(found) + " at " + path + ", expected one value"
}

func kind(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return "a single value"
}
