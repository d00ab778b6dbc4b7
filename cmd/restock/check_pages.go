package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"restock/bot"
	"restock/flows"
	"restock/selectors"
	"restock/selectors/strict"
)

// trial is what the selectors of a file match, over all pages that were looked at.
type trial struct {
	rows  []flows.Inspected
	pages int
}

// add takes what one page gave. Of each selector the best page counts.
func (t *trial) add(list []flows.Inspected) {
	t.pages++
	for _, in := range list {
		at := slices.IndexFunc(t.rows, func(r flows.Inspected) bool { return r.Pos == in.Pos && r.What == in.What && r.Flow == in.Flow })
		switch {
		case at < 0:
			t.rows = append(t.rows, in)
		case t.rows[at].Matches == 0 || t.rows[at].Problem != "" && in.Problem == "" && in.Matches > 0:
			t.rows[at] = in
		case in.Problem != "" && in.Matches > 1 && t.rows[at].Problem == "": // several where one should be, on one page only
			t.rows[at].Problem = in.Problem
		}
	}
	slices.SortStableFunc(t.rows, func(a, b flows.Inspected) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
}

func (t *trial) findings() strict.Findings {
	var list strict.Findings
	for _, r := range t.rows {
		if r.Problem != "" {
			list.Add(r.Pos, fmt.Sprintf("%s › %s: %s", r.Flow, r.What, r.Problem), strings.TrimSuffix("a selector that fits the page; the file has "+r.Selector, "; the file has "), "")
		}
	}
	return list
}

// table writes the trial for people: selector, line, matches, alternative, sample.
func (t *trial) table(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "line\tflow\twhat\tmatches\talternative\tsample\tselector")
	for _, r := range t.rows {
		alternative, note := "-", cmp.Or(r.Problem, r.Note)
		if r.Alternative > 0 {
			alternative = fmt.Sprint(r.Alternative)
		}
		if note != "" {
			note = "  ! " + note
		}
		fmt.Fprintf(tw, "%d\t%s\t%s\t%d\t%s\t%s\t%s%s\n", r.Line, r.Flow, r.What, r.Matches, alternative, r.Sample, r.Selector, note)
	}
	return tw.Flush()
}

// checkLive logs in and tries every selector on the pages of the site. It writes nothing.
func (a *app) checkLive(ctx context.Context, name string) (t trial, err error) {
	l, err := a.openLab(ctx, name)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	l.sites.OnPage = func(ctx context.Context, site *selectors.Site, flow, what string, values selectors.Values, page flows.Page) error {
		list, err := flows.Inspect(ctx, page, site, flow, what, values)
		if err == nil {
			t.add(list)
		}
		return err
	}
	failed, notes := l.sites.Rehearse(ctx, l.site.Site)
	for _, note := range notes {
		a.say("%s", note)
	}
	for flow, err := range failed {
		step, ok := errors.AsType[*bot.StepError](err)
		if !ok || step.Place == "" || step.Class == bot.SiteDown || step.Class == bot.Browser {
			return t, err
		}
		t.rows = append(t.rows, flows.Inspected{Pos: parsePlace(step.Place), Flow: flow, What: step.Step, Problem: fmt.Sprintf("expected %s, found %s; %s", step.Expected, bot.Redact(step.Found), strings.Join(append([]string{step.Hint}, picture(step)...), "; "))})
	}
	return t, nil
}

func picture(step *bot.StepError) []string {
	if step.Evidence == "" {
		return nil
	}
	return []string{"screenshot: " + filepath.Join(step.Evidence, "screenshot.png")}
}

// parsePlace reads file:line:column.
func parsePlace(place string) strict.Pos {
	var p strict.Pos
	parts := strings.Split(place, ":")
	if n := len(parts); n >= 3 {
		p.File = strings.Join(parts[:n-2], ":")
		_, _ = fmt.Sscan(parts[n-2], &p.Line)
		_, _ = fmt.Sscan(parts[n-1], &p.Column)
	}
	return p
}

// checkPages tries a file on saved pages.
func (a *app) checkPages(ctx context.Context, name, dir string) (t trial, err error) {
	l, err := a.openLab(ctx, name, "127.0.0.1")
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	err = l.try(ctx, dir, func(p tried) error {
		t.add(p.list)
		return nil
	})
	if err == nil && t.pages == 0 {
		err = fmt.Errorf("none of the pages in %s is of the site %s", dir, l.site.Site)
	}
	return t, err
}

// tried is a saved page, as it is shown, and what the selectors match on it.
type tried struct {
	saved
	in     *selectors.Site
	file   string
	page   flows.Page
	values selectors.Values
	list   []flows.Inspected
}

// try opens each saved page of the site in a folder, and tells what the selectors match there.
func (l *lab) try(ctx context.Context, dir string, tell func(tried) error) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.html"))
	if err != nil || len(files) == 0 {
		return errors.Join(err, fmt.Errorf("no saved pages in %s: make them with `restock pages SITE --out %s`", dir, dir))
	}
	page, err := l.page(ctx, l.site)
	if err != nil {
		return err
	}
	values := l.values
	values.Any = true
	for _, file := range files {
		about, err := aboutPage(file)
		if err != nil {
			return err
		}
		if about.Site != l.site.Site {
			continue
		}
		if err := openSaved(ctx, page, file); err != nil {
			return err
		}
		list, err := flows.Inspect(ctx, page, l.site, about.Flow, about.What, values)
		if err == nil {
			err = tell(tried{about, l.site, file, page, values, list})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// openSaved shows a saved page.
func openSaved(ctx context.Context, page flows.Page, file string) error {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { servePage(w, r, filepath.Dir(file)) }))
	defer server.Close()
	return page.Open(ctx, server.URL+"/"+filepath.Base(file))
}

// aboutPage reads the first line of a saved page.
func aboutPage(file string) (saved, error) {
	var about saved
	data, err := os.ReadFile(file)
	if err != nil {
		return about, err
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	text, ok := strings.CutPrefix(string(line), savedMark)
	text, end := strings.CutSuffix(text, " -->")
	if !ok || !end || json.Unmarshal([]byte(text), &about) != nil {
		return about, fmt.Errorf("%s:1: expected the line that `restock pages` writes (%s…), found another one", file, savedMark)
	}
	return about, nil
}

// servePage gives a saved page to the browser as it was: with its address, and without anything that could run or load.
func servePage(w http.ResponseWriter, r *http.Request, dir string) {
	file := filepath.Join(dir, filepath.Base(r.URL.Path))
	about, err := aboutPage(file)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	data, err := os.ReadFile(file)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'")
	address := html.EscapeString(about.URL)
	head := fmt.Sprintf(`<head><meta name="restock-address" content="%s"><base href="%s">`, address, address)
	text := string(data)
	if i := strings.Index(text, "<head"); i >= 0 {
		if j := strings.IndexByte(text[i:], '>'); j >= 0 {
			text = text[:i] + head + text[i+j+1:]
		}
	}
	_, _ = io.WriteString(w, text) // the browser is ours: if it is gone, that is seen elsewhere
}

// golden compares a trial with what it was when it was accepted, or accepts it.
func (t *trial) golden(dir string, update bool) (strict.Findings, error) {
	var b bytes.Buffer
	if err := t.table(&b); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "expected.txt")
	if update {
		return nil, os.WriteFile(path, b.Bytes(), 0o644)
	}
	want, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list strict.Findings
	old, now := strings.Split(string(want), "\n"), strings.Split(b.String(), "\n")
	for i := range max(len(old), len(now)) {
		was, is := "nothing", "nothing"
		if i < len(old) {
			was = strings.Join(strings.Fields(old[i]), " ")
		}
		if i < len(now) {
			is = strings.Join(strings.Fields(now[i]), " ")
		}
		if was != is {
			list.Add(strict.Pos{File: path, Line: i + 1, Column: 1}, is, was, "if the change is right, accept it with --update")
		}
	}
	return list, nil
}
