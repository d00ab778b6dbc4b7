package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"restock/bot/config"
	"restock/selectors"
	"restock/selectors/strict"
)

func (a *app) checkCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "check [FILE...]",
		Short: "Check restock.yaml and selector files, offline",
		Long: "Check restock.yaml and selector files without a browser. Without FILE, restock.yaml and all files in its sites folder\n" +
			"are checked. Every problem is reported at once, as file:line:column. Exit code 3 if there is one.",
		Example: "  restock check\n  restock check sites/crm.yaml",
		RunE: func(_ *cobra.Command, args []string) error {
			findings, checked, err := a.check(args)
			if err != nil {
				return err
			}
			return a.printFindings(findings, checked)
		},
	}
	return a.jsonFlag(c)
}

// check reads the files and collects what is wrong with them.
func (a *app) check(files []string) (findings strict.Findings, checked int, err error) {
	collect := func(err error) error {
		if some, ok := errors.AsType[strict.Findings](err); ok {
			findings = append(findings, some...)
			return nil
		}
		return err
	}
	if len(files) == 0 {
		c, err := config.Load(a.config)
		if err := collect(err); err != nil {
			return nil, 0, err
		}
		checked++
		folder := filepath.Join(filepath.Dir(a.config), "sites")
		if c != nil {
			folder = c.Path(c.Sites)
		}
		if files, err = filepath.Glob(filepath.Join(folder, "*.yaml")); err != nil {
			return nil, 0, err
		}
		if c != nil {
			findings = append(findings, missingSites(c, files)...)
		}
	}
	for _, file := range files {
		var err error
		if filepath.Base(file) == config.FileName {
			_, err = config.Load(file)
		} else {
			_, err = selectors.LoadFile(file)
		}
		if err := collect(err); err != nil {
			return nil, checked, err
		}
		checked++
	}
	return findings, checked, nil
}

// missingSites finds jobs whose site has no file.
func missingSites(c *config.Config, files []string) strict.Findings {
	known := map[string]bool{}
	var names []string
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".yaml")
		if site, err := selectors.LoadFile(f); err == nil {
			name = site.Site
		}
		known[name] = true
		names = append(names, name)
	}
	var findings strict.Findings
	for _, j := range c.Jobs {
		for _, name := range []string{j.IMS, j.CRM} {
			if name != "" && !known[name] {
				findings = append(findings, strict.Finding{
					Pos: j.Pos, Found: fmt.Sprintf("site %q in job %s", name, j.Name), Expected: "one of " + strict.List(names),
					Hint: "write " + filepath.Join(c.Sites, name+".yaml"),
				})
			}
		}
	}
	return findings
}

func (a *app) printFindings(findings strict.Findings, checked int) error {
	if a.json {
		list := findings
		if list == nil {
			list = strict.Findings{}
		}
		if err := a.printJSON(map[string]any{"findings": list, "files": checked}); err != nil {
			return err
		}
	} else if len(findings) > 0 {
		for _, f := range findings {
			a.print("%s", f.Error())
		}
		a.say("%d finding(s) in %d file(s)", len(findings), checked)
	} else {
		a.print("%d file(s) checked: nothing wrong", checked)
	}
	if len(findings) > 0 {
		return &silent{exitFindings}
	}
	return nil
}
