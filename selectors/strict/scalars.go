package strict

import "go.yaml.in/yaml/v4"

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
