package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"restock/flows/flowtest"
)

// analyst is a person who tries a selector file.
type analyst struct {
	t     *testing.T
	world *flowtest.World
	dir   string
	out   bytes.Buffer
}

func newAnalyst(t *testing.T) *analyst {
	t.Helper()
	w, err := flowtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	a := &analyst{t: t, world: w, dir: t.TempDir()}
	for _, site := range []string{"ims", "crm"} {
		data, err := flowtest.SiteFile(site)
		if err != nil {
			t.Fatal(err)
		}
		a.write(site+".yaml", string(data))
	}
	return a
}

func (a *analyst) write(name, text string) {
	a.t.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, name), []byte(text), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// run does one verb and returns its exit code.
func (a *analyst) run(args ...string) int {
	a.t.Helper()
	a.out.Reset()
	values := a.world.Values()
	env := func(name string) (string, bool) {
		if secret, ok := strings.CutPrefix(name, "RESTOCK_SECRET_"); ok {
			return values.Secret(secret)
		}
		if v, ok := values.Env(name); ok {
			return v, true
		}
		return os.LookupEnv(name)
	}
	app := &app{stdout: &a.out, stderr: &a.out, getenv: env, now: time.Now}
	return app.main(a.t.Context(), append([]string{"--config", a.dir}, args...))
}

func (a *analyst) file(name string) string { return filepath.Join(a.dir, name) }

// TestSavedPages: the pages of a site are saved without passwords and personal data, a file is tried on them without the site, and
// a selector that does not fit any more is a finding at its line.
func TestSavedPages(t *testing.T) {
	a := newAnalyst(t)
	for _, site := range []string{"ims", "crm"} {
		if code := a.run("pages", a.file(site+".yaml"), "--out", a.file("pages-"+site), "--most", "2"); site == "ims" && code != exitDone {
			t.Fatalf("exit %d\n%s", code, &a.out)
		}
	}
	a.nothingPersonal()
	a.world.IMS.Close() // the site is not needed any more
	if code := a.run("check", "--pages", a.file("pages-ims"), a.file("ims.yaml"), "--update"); code != exitDone {
		t.Fatalf("exit %d\n%s", code, &a.out)
	}
	for _, want := range []string{`column sku +20 +1 +AO-`, `login +step 1: fill +1 +1`, `rows +20 +1`, `total +1 +1 +1-20 of 120|total +1 +1`} {
		if !regexp.MustCompile(want).MatchString(a.out.String()) {
			t.Errorf("expected %s in\n%s", want, &a.out)
		}
	}
	if code := a.run("check", "--pages", a.file("pages-ims"), a.file("ims.yaml")); code != exitDone {
		t.Errorf("the same again: exit %d\n%s", code, &a.out)
	}
	data, err := os.ReadFile(a.file("ims.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	a.write("ims.yaml", strings.NewReplacer("header: On hand", "header: Available", "table.stock tbody tr", "table.stock >").Replace(string(data)))
	if code := a.run("check", "--json", "--pages", a.file("pages-ims"), a.file("ims.yaml")); code != exitFindings {
		t.Errorf("exit %d\n%s", code, &a.out)
	}
	var result struct {
		Findings []struct {
			File                  string
			Line                  int
			Found, Expected, Hint string
		}
	}
	if err := json.Unmarshal(a.out.Bytes()[bytes.IndexByte(a.out.Bytes(), '{'):], &result); err != nil || len(result.Findings) == 0 {
		t.Fatalf("%v\n%s", err, &a.out)
	}
	if f := result.Findings[0]; f.Line == 0 || !strings.Contains(f.Found, "not a valid selector") && !strings.Contains(a.out.String(), "not a valid selector") {
		t.Errorf("%+v\n%s", f, &a.out)
	}
}

// nothingPersonal looks for what must not be in any saved page.
func (a *analyst) nothingPersonal() {
	a.t.Helper()
	files, err := filepath.Glob(filepath.Join(a.dir, "pages-*", "*.html"))
	if err != nil || len(files) < 4 {
		a.t.Fatalf("%d pages, %v", len(files), err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			a.t.Fatal(err)
		}
		text := string(data)
		if strings.Contains(text, flowtest.Password) || strings.Contains(text, "<script") {
			a.t.Errorf("%s holds the password, or a script", f)
		}
		for _, r := range a.world.Requests() {
			if r.Email != "" && strings.Contains(text, r.Email) || r.Phone != "" && strings.Contains(text, r.Phone) {
				a.t.Errorf("%s holds an address of a customer", f)
			}
		}
	}
}

// TestCheckLive: every selector is tried on the site, nothing is written, and what does not fit is a finding.
func TestCheckLive(t *testing.T) {
	t.Parallel()
	a := newAnalyst(t)
	if code := a.run("check", "--live", a.file("crm.yaml")); code != exitDone {
		t.Logf("crm: exit %d\n%s", code, &a.out) // its list needs a product that only the stock knows
	}
	if code := a.run("check", "--live", a.file("ims.yaml")); code != exitDone {
		t.Fatalf("exit %d\n%s", code, &a.out)
	}
	data, err := os.ReadFile(a.file("ims.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	a.write("ims.yaml", strings.Replace(string(data), "{header: SKU}", "{header: Code}", 1))
	if code := a.run("check", "--live", a.file("ims.yaml")); code != exitFindings || !strings.Contains(a.out.String(), "0 columns with the heading Code") {
		t.Errorf("exit %d\n%s", code, &a.out)
	}
	if n := len(a.world.Saves()); n != 0 {
		t.Errorf("%d requests were changed", n)
	}
}
