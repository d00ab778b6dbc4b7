package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"restock/bot/config"
	"restock/selectors"
	"restock/selectors/sites"
	"restock/selectors/strict"
	"restock/state"
)

func (a *app) initCommand() *cobra.Command {
	var site, ims, crm, smtp, from string
	c := &cobra.Command{
		Use:   "init DIR",
		Short: "Make a folder with restock.yaml, selector files and an empty state",
		Long: "Make a folder with a commented restock.yaml, a selector file for each site, and an empty state.\n" +
			"Nothing that is there already is overwritten. In a folder with a restock.yaml of your own, only the state is made.\n\nStarter files: " + strings.Join(sites.Names(), ", ") + ".",
		Example: "  restock init shop --site tryton --smtp mail.example.com:587",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if ims == "" {
				ims = site
			}
			if crm == "" {
				crm = site
			}
			if _, err := os.Stat(filepath.Join(args[0], config.FileName)); err == nil && ims == "" && crm == "" {
				return a.complete(cmd.Context(), args[0])
			}
			if ims == "" || crm == "" {
				return usagef("which sites? Give --site NAME, or --ims NAME and --crm NAME: there are starter files for %s; for any other name a file to fill in is made", strict.List(sites.Names()))
			}
			return a.initialise(cmd.Context(), args[0], config.Starter{IMS: ims, CRM: crm, SMTP: smtp, From: from})
		},
	}
	c.Flags().StringVar(&site, "site", "", "Starter file that is both the inventory system and the CRM")
	c.Flags().StringVar(&ims, "ims", "", "Starter file of the inventory system")
	c.Flags().StringVar(&crm, "crm", "", "Starter file of the CRM")
	c.Flags().StringVar(&smtp, "smtp", "localhost:25", "Mail server as HOST:PORT")
	c.Flags().StringVar(&from, "from", "shop@example.com", "Address that customers see as the sender")
	return c
}

func (a *app) initialise(ctx context.Context, dir string, s config.Starter) error {
	yaml, err := s.Render()
	if err != nil {
		return usagef("%w", err)
	}
	type file struct {
		path string
		data []byte
	}
	files := []file{{filepath.Join(dir, config.FileName), yaml}}
	for _, name := range slices.Compact([]string{s.IMS, s.CRM}) {
		data, err := sites.File(name)
		if err != nil {
			data = sites.Blank(name)
			if _, err := selectors.Load(name+".yaml", data); err != nil {
				return usagef("--site %q: a site's name has small letters, digits, - and _ only", name)
			}
			a.say("no starter file for %s: made one to fill in (there are starter files for %s)", name, strict.List(sites.Names()))
		}
		files = append(files, file{filepath.Join(dir, "sites", name+".yaml"), data})
	}
	if _, err := config.Parse(files[0].path, yaml); err != nil {
		return err
	}
	for _, folder := range []string{dir, filepath.Join(dir, "sites")} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	for _, folder := range []string{filepath.Join(dir, "secrets"), filepath.Join(dir, "data")} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
	}
	for _, f := range files {
		if err := writeNew(f.path, f.data); err != nil {
			return err
		}
	}
	if err := state.Create(ctx, "bolt://"+filepath.Join(dir, "data")); err != nil {
		return err
	}
	a.say("made %s. Next: edit %s, then `restock run --config %s --dry-run`", dir, files[0].path, dir)
	return nil
}

// complete makes what is missing in a folder whose restock.yaml was written by hand.
func (a *app) complete(ctx context.Context, dir string) error {
	c, err := config.Load(dir)
	if err != nil {
		return err
	}
	for _, folder := range []string{filepath.Join(c.Folder, "secrets"), c.Path(c.Data)} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
	}
	w := a.workshop(c)
	address, err := w.stateAddress()
	if err != nil {
		return err
	}
	if err := state.Create(ctx, address); err != nil {
		return err
	}
	if _, err := w.key(); err != nil {
		return err
	}
	where := c.Path(c.Data)
	if c.Cluster != nil {
		where = strings.Join(c.Cluster.Servers, ", ")
		a.say("each other machine needs the same secrets: copy the folder %s, %s in it above all, before it begins", filepath.Join(c.Folder, "secrets"), stateKey)
	}
	a.say("made the empty state in %s; everything else was left as it is", where)
	return nil
}

// writeNew writes a file that must not be there yet. The same content again is no harm.
func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, os.ErrExist) {
		if old, readErr := os.ReadFile(path); readErr == nil && string(old) == string(data) {
			return nil
		}
		return fmt.Errorf("%s is there already and is not overwritten: choose another folder, or move it away", path)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
