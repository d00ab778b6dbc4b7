package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"restock/bot/config"
	"restock/selectors"
	"restock/selectors/strict"
)

func (a *app) checkCommand() *cobra.Command {
	var live, update bool
	var pages string
	c := &cobra.Command{
		Use:   "check [FILE...]",
		Short: "Check restock.yaml and selector files, offline or on the site",
		Long: "Check restock.yaml and selector files without a browser. Without FILE, restock.yaml and all files in its sites folder\n" +
			"are checked. Every problem is reported at once, as file:line:column. Exit code 3 if there is one.\n\n" +
			"With --pages DIR every selector of FILE is tried on the pages that `restock pages` saved there; with --live on the site\n" +
			"itself, read-only. Both show for each selector how many elements it matches, by which alternative, and a sample.\n" +
			"--update accepts what --pages shows (DIR/expected.txt); later differences are findings.",
		Example: "  restock check\n  restock check sites/crm.yaml\n  restock check --live sites/crm.yaml\n" +
			"  restock check --pages pages/crm sites/crm.yaml",
		RunE: func(c *cobra.Command, args []string) error {
			if live && pages != "" {
				return usagef("--live and --pages: one of them")
			}
			if update && pages == "" {
				return usagef("--update goes with --pages DIR")
			}
			if (live || pages != "") && len(args) != 1 {
				return usagef("which FILE? Give one selector file, or the name of a site")
			}
			if live || pages != "" {
				return a.try(c, args[0], pages, update)
			}
			findings, checked, err := a.check(args)
			if err != nil {
				return err
			}
			return a.printFindings(findings, checked)
		},
	}
	c.Flags().BoolVar(&live, "live", false, "Try every selector on the site, read-only")
	c.Flags().StringVar(&pages, "pages", "", "Try every selector on the saved pages in this folder")
	c.Flags().BoolVar(&update, "update", false, "With --pages: accept what the selectors match now")
	return a.jsonFlag(c)
}

// try tries the selectors of a file on saved pages, or on the site.
func (a *app) try(c *cobra.Command, name, pages string, update bool) error {
	var t trial
	var err error
	if pages != "" {
		t, err = a.checkPages(c.Context(), name, pages)
	} else {
		t, err = a.checkLive(c.Context(), name)
	}
	if findings, ok := errors.AsType[strict.Findings](err); ok {
		return a.printFindings(findings, 1)
	}
	if err != nil {
		return err
	}
	findings := t.findings()
	if pages != "" {
		changed, err := t.golden(pages, update)
		if err != nil {
			return err
		}
		findings = append(findings, changed...)
	}
	if a.json {
		if findings == nil {
			findings = strict.Findings{}
		}
		if err := a.printJSON(map[string]any{"findings": findings, "files": 1, "pages": t.pages, "selectors": t.rows}); err != nil {
			return err
		}
		if len(findings) > 0 {
			return &silent{exitFindings}
		}
		return nil
	}
	if err := t.table(a.stdout); err != nil {
		return err
	}
	a.say("%d selector(s) on %d page(s)", len(t.rows), t.pages)
	return a.printFindings(findings, 1)
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
			findings = append(findings, badTexts(c)...)
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
	known, loaded := map[string]bool{}, map[string]*selectors.Site{}
	var names []string
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".yaml")
		if site, err := selectors.LoadFile(f); err == nil {
			name = site.Site
			loaded[name] = site
		}
		known[name] = true
		names = append(names, name)
	}
	var findings strict.Findings
	for _, j := range c.Jobs {
		findings = append(findings, missingFlows(c, j, loaded)...)
		for _, name := range []string{j.IMS, j.CRM, j.Orders} {
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

// missingFlows finds flows that a job needs and the files of its sites do not have.
func missingFlows(c *config.Config, j config.Job, sites map[string]*selectors.Site) strict.Findings {
	var findings strict.Findings
	needs := []struct{ site, flow string }{{j.IMS, "stock"}, {j.CRM, "subscribers"}, {j.CRM, "followup"}, {j.Orders, "orders"}}
	if p := c.Public; p != nil && p.SignUp != nil && p.SignUp.Job == j.Name {
		needs = append(needs, struct{ site, flow string }{j.CRM, "signup"})
	}
	for _, need := range needs {
		if site := sites[need.site]; site != nil && !slices.Contains(site.Flows(), need.flow) {
			findings.Add(site.Pos, fmt.Sprintf("no %s flow, which job %s needs of the site %s", need.flow, j.Name, need.site), need.flow+":", "")
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
