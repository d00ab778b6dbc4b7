package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"restock/flows"
	"restock/selectors"
)

func (a *app) pagesCommand() *cobra.Command {
	var out string
	var most int
	c := &cobra.Command{
		Use:   "pages SITE",
		Short: "Save the pages of a site, to try selectors without it",
		Long: "Log in to a site, go through its flows without writing anything, and save each page as one HTML file without scripts.\n" +
			"Passwords are left out; e-mail addresses, phone numbers and what the file marks with mask: are replaced.\n" +
			"`restock check --pages DIR FILE` then tries the file on them. SITE is a name in the sites folder, or a file.",
		Example: "  restock pages crm\n  restock check --pages pages/crm sites/crm.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) (err error) {
			l, err := a.openLab(c.Context(), args[0])
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, l.close()) }()
			if out == "" {
				out = filepath.Join("pages", l.site.Site)
			}
			if err := os.MkdirAll(out, 0o700); err != nil {
				return err
			}
			s := &saver{dir: out, most: most, saved: map[string]int{}}
			l.sites.OnPage, l.sites.OnFailed = s.save, s.save
			failed, notes := l.sites.Rehearse(c.Context(), l.site.Site)
			for _, note := range notes {
				a.say("%s", note)
			}
			if a.json {
				if err := a.printJSON(map[string]any{"folder": out, "files": s.files}); err != nil {
					return err
				}
			} else {
				for _, f := range s.files {
					a.print("%s", filepath.Join(out, f))
				}
				a.say("%d page(s) saved. Look at them before you give them away, then: restock check --pages %s %s", len(s.files), out, l.site.File)
			}
			return l.failures(failed)
		},
	}
	c.Flags().StringVarP(&out, "out", "o", "", "Folder for the pages (default: pages/SITE)")
	c.Flags().IntVar(&most, "most", 5, "Pages of each flow at most")
	return a.jsonFlag(c)
}

// saved is what the first line of a saved page says of it.
type saved struct {
	Site string `json:"site"`
	Flow string `json:"flow"`
	What string `json:"what"`
	URL  string `json:"url"`
}

// savedMark begins the first line of a saved page.
const savedMark = "<!-- restock page "

// saver saves the pages that flows come to.
type saver struct {
	dir   string
	most  int
	saved map[string]int
	files []string
}

func (s *saver) save(ctx context.Context, site *selectors.Site, flow, what string, _ selectors.Values, page flows.Page) error {
	if s.saved[flow] >= s.most && what != pageThatFailed {
		return nil
	}
	s.saved[flow]++
	name := fmt.Sprintf("%02d-%s-%s.html", len(s.files)+1, flow, strings.ReplaceAll(what, " ", "-"))
	s.files = append(s.files, name)
	return savePage(ctx, filepath.Join(s.dir, name), site.Site, flow, what, page)
}

// savePage saves the page that is shown, with secrets and addresses replaced.
func savePage(ctx context.Context, file, site, flow, what string, page flows.Page) error {
	text, err := page.Snapshot(ctx)
	if err != nil {
		return err
	}
	now, err := page.Read(ctx, selectors.Plan{Record: true, Limit: 1})
	if err != nil {
		return err
	}
	about, err := json.Marshal(saved{site, flow, what, now.URL})
	if err != nil {
		return err
	}
	head := savedMark + strings.ReplaceAll(string(about), "--", "-\\u002d") + " -->\n<!doctype html>\n"
	return os.WriteFile(file, []byte(head+text), 0o600)
}
