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

// Scalars are all texts of a file, its keys too, as they are meant: without quotes and escapes.
func Scalars(data []byte) []string {
	var root yaml.Node
	if yaml.Unmarshal(data, &root) != nil {
		return nil
	}
	var list []string
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		if n.Kind == yaml.ScalarNode {
			list = append(list, n.Value)
		}
		for _, part := range n.Content {
			walk(part)
		}
	}
	walk(&root)
	return list
}
