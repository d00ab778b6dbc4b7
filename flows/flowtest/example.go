package flowtest

import "fmt"

// Example returns the selector file of a difficulty, and its page.
func Example(n int) (file, page string, err error) {
	data, err := embedded.ReadFile(fmt.Sprintf("difficulties/%02d.yaml", n))
	if err != nil {
		return "", "", err
	}
	html, err := embedded.ReadFile(fmt.Sprintf("difficulties/%02d.html", n))
	return string(data), string(html), err
}
