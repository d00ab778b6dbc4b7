package strict

import (
	"fmt"

	"go.yaml.in/yaml/v4"
)

// Section writes what stands in a file under some keys, without comments and layout, so that two files can be compared; "" is nothing.
func Section(data []byte, keys ...string) string {
	var root any
	if yaml.Unmarshal(data, &root) != nil {
		return ""
	}
	for _, key := range keys {
		mapping, ok := root.(map[string]any)
		if !ok || mapping[key] == nil {
			return ""
		}
		root = mapping[key]
	}
	return fmt.Sprint(root) // keys are sorted
}
