package config

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"restock/selectors"
	"restock/selectors/strict"
)

// Cluster says that the state is kept by NATS JetStream servers, for restock on several machines. The folder data: then holds what
// belongs to this machine: evidence, journals, the audit log.
type Cluster struct {
	strict.Pos
	At       strict.Places
	Servers  []string           `yaml:"servers,required"` // nats://host:4222, all of them
	Monitors []string           `yaml:"monitors"`         // http://host:8222, where each tells how it is set up; default: those of servers with port 8222
	User     selectors.Template `yaml:"user"`
	Password selectors.Template `yaml:"password"` // ${secret:NAME}
	Name     string             `yaml:"name"`     // of the state there; default restock
	Replicas int                `yaml:"replicas"` // servers that keep each entry; default 3
	Risk     bool               `yaml:"accept_duplicate_risk"`
}

// cluster checks the servers of the state.
func (ck *checker) cluster() {
	c := ck.c.Cluster
	if c == nil {
		return
	}
	if !c.Password.Empty() {
		ck.secretOnly(c.Password, "password")
	}
	for _, server := range c.Servers {
		if u, err := url.Parse(server); err != nil || u.Scheme != "nats" || u.Hostname() == "" || u.User != nil || u.Path != "" {
			ck.report(c.At.Of("servers", c.Pos), fmt.Sprintf("server %q", server), "an address such as nats://n1.example:4222", "user: and password: stand beside servers:")
		}
	}
	for _, monitor := range c.Monitors {
		if u, err := url.Parse(monitor); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
			ck.report(c.At.Of("monitors", c.Pos), fmt.Sprintf("monitor %q", monitor), "an address such as http://n1.example:8222", "")
		}
	}
	if c.Name == "" {
		c.Name = "restock"
	}
	if first := c.Name[0]; first < 'a' || first > 'z' || strings.Trim(c.Name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
		ck.report(c.At.Of("name", c.Pos), fmt.Sprintf("name %q", c.Name), "small letters, digits, - and _", "")
	}
	if c.Replicas == 0 {
		c.Replicas = 3
	}
	if c.Replicas < 1 || c.Replicas > 5 {
		ck.report(c.At.Of("replicas", c.Pos), fmt.Sprint("replicas ", c.Replicas), "3, or 5", "")
	}
}

// Address is where the state is, for package state. The values give the password.
func (c *Config) Address(values selectors.Values) (string, error) {
	if c.Cluster == nil {
		return "bolt://" + c.Path(c.Data), nil
	}
	user, err := c.Cluster.User.Expand(values)
	if err != nil {
		return "", err
	}
	password, err := c.Cluster.Password.Expand(values)
	if err != nil {
		return "", err
	}
	hosts := make([]string, len(c.Cluster.Servers))
	for i, server := range c.Cluster.Servers {
		u, err := url.Parse(server)
		if err != nil {
			return "", err
		}
		port := u.Port()
		if port == "" {
			port = "4222"
		}
		hosts[i] = net.JoinHostPort(u.Hostname(), port)
	}
	query := url.Values{"replicas": {strconv.Itoa(c.Cluster.Replicas)}, "monitor": c.Cluster.Monitors}
	if c.Cluster.Risk {
		query.Set("accept_duplicate_risk", "true")
	}
	who := ""
	if user != "" {
		who = url.UserPassword(user, password).String() + "@"
	}
	return "nats://" + who + strings.Join(hosts, ",") + "/" + c.Cluster.Name + "?" + query.Encode(), nil
}
