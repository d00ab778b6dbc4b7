package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// plainly says what is wrong with JSON without the names of our own code.
func plainly(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		kind := map[string]string{"bool": "true or false", "string": "a text"}[wrong.Type.String()]
		if kind == "" {
			kind = "an object"
		}
		return fmt.Errorf("%s is a %s; expected %s", cmp.Or(wrong.Field, "it"), wrong.Value, kind)
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}

// ticked reads a box of a form.
func ticked(text string) bool {
	return slices.Contains([]string{"yes", "on", "true", "1"}, strings.ToLower(strings.TrimSpace(text)))
}
