package selectors

import (
	"os"

	"restock/selectors/strict"
)

// LoadFile reads and checks a selector file. The error is a strict.Findings with every problem, if there is any.
func LoadFile(path string) (*Site, error) {
	data, err := os.ReadFile(path)
	if err == nil {
		err = strict.Guarded(path)
	}
	if err != nil {
		return nil, err
	}
	return Load(path, data)
}

// Load reads and checks the content of a selector file; the name is used in findings.
func Load(name string, data []byte) (*Site, error) {
	var site Site
	findings := strict.Decode(name, data, &site)
	c := checker{site: &site, findings: findings}
	if site.Pos.File != "" {
		c.check()
	}
	if err := c.findings.Err(); err != nil {
		return nil, err
	}
	return &site, nil
}
