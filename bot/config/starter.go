package config

import (
	"embed"
	"fmt"
	"net"
	"strconv"
	"strings"
	"text/template"
)

//go:embed starter.yaml
var starterFile embed.FS

// Starter are the answers that `restock init` puts into a new restock.yaml.
type Starter struct {
	IMS, CRM string // sites
	SMTP     string // host:port
	From     string
}

// Render writes a commented restock.yaml that loads as it is.
func (s Starter) Render() ([]byte, error) {
	host, port, err := net.SplitHostPort(s.SMTP)
	if err != nil {
		return nil, fmt.Errorf("--smtp %q: expected HOST:PORT, such as mail.example.com:587", s.SMTP)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return nil, fmt.Errorf("--smtp %q: the port is not a number from 1 to 65535", s.SMTP)
	}
	t, err := template.ParseFS(starterFile, "starter.yaml")
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	err = t.Execute(&b, struct{ IMS, CRM, Host, Port, From string }{s.IMS, s.CRM, host, port, s.From})
	return []byte(b.String()), err
}
