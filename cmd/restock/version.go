package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func (a *app) versionCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "version",
		Short: "Show the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			version, revision := version()
			if a.json {
				return a.printJSON(map[string]string{"version": version, "revision": revision, "go": runtime.Version()})
			}
			a.print("restock %s %s %s", version, revision, runtime.Version())
			return nil
		},
	})
}

// version is that of the program, with the revision that it was built from.
func version() (version, revision string) {
	version = "development"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version, ""
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			revision = s.Value
		}
	}
	return version, revision
}
