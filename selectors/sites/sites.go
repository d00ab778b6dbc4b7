// Package sites holds starter selector files for real systems. They are data: no Go code knows a system.
package sites

import (
	"embed"
	"io/fs"
	"path"
	"strings"
)

//go:embed *.yaml
var files embed.FS

// Names lists the systems that there is a starter file for.
func Names() []string {
	entries, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(path.Base(e), ".yaml")
	}
	return names
}

// File returns the content of a starter file.
func File(name string) ([]byte, error) { return files.ReadFile(name + ".yaml") }

//go:embed blank.txt
var blank string

// Blank is a file for a site that nobody here knows, to be filled in. It loads as it is.
func Blank(site string) []byte {
	secret := strings.ToUpper(strings.ReplaceAll(site, "-", "_"))
	return []byte(strings.NewReplacer("{SITE}", site, "{SECRET}", secret).Replace(blank))
}
