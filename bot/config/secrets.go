package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Secret is a value that nothing prints: what looks at it sees a function.
type Secret struct{ reveal func() string }

// NewSecret hides a value.
func NewSecret(value string) Secret { return Secret{func() string { return value }} }

// Reveal returns the value. Only what types or sends it may call this.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// String hides the value.
func (Secret) String() string { return "<secret>" }

// GoString hides the value.
func (Secret) GoString() string { return "<secret>" }

// MarshalText hides the value.
func (Secret) MarshalText() ([]byte, error) { return []byte("<secret>"), nil }

// Secrets looks secrets up: as a systemd credential ($CREDENTIALS_DIRECTORY/NAME), then as a private file secrets/NAME
// beside restock.yaml, then as the environment variable RESTOCK_SECRET_NAME.
type Secrets struct {
	Folder string // of restock.yaml
	Getenv func(string) (string, bool)
}

// Lookup returns a secret; ok is false where there is none. A file that others can read is an error: what is in it is no
// secret any more.
func (s Secrets) Lookup(name string) (secret Secret, ok bool, err error) {
	if dir, set := s.Getenv("CREDENTIALS_DIRECTORY"); set && dir != "" {
		if secret, ok, err := read(filepath.Join(dir, name), false); ok || err != nil {
			return secret, ok, err
		}
	}
	if secret, ok, err := read(filepath.Join(s.Folder, "secrets", name), true); ok || err != nil {
		return secret, ok, err
	}
	if value, set := s.Getenv("RESTOCK_SECRET_" + name); set && value != "" {
		return NewSecret(value), true, nil
	}
	return Secret{}, false, nil
}

func read(path string, private bool) (Secret, bool, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return Secret{}, false, nil
	}
	if err != nil {
		return Secret{}, false, err
	}
	if private && info.Mode().Perm()&0o077 != 0 {
		return Secret{}, false, fmt.Errorf("%s can be read by others (mode %04o): run `chmod 600 %s`", path, info.Mode().Perm(), path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return Secret{}, false, err
	}
	value := strings.TrimRight(string(data), "\r\n")
	return NewSecret(value), value != "", nil
}
