package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"restock/bot"
	"restock/selectors"
)

// TestLab: somebody who never saw the file finds in the lab why a run failed, mends the line there, sees that it fits, and saves it; the
// next run works. No terminal is needed.
func TestLab(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	o.edit("sites/ims.yaml", "header: On hand", "header: Available")
	path := filepath.Join(o.dir, "sites", "ims.yaml")
	broken, err := os.ReadFile(path)
	o.must(err)
	v := visit(t, 1280, 900)
	v.open(o.url+"/lab", false)
	v.tabTo("ims")
	v.press("Enter")
	v.wait("No page of this site is saved yet")
	v.examine()
	v.tabTo("Fetch the pages anew")
	v.press("Enter")
	v.wait("1 finding</h2>.*line 34:15.*header: Available") // the run failed here: the page was reached, and is kept
	v.clean("lab-broken")
	mended := strings.Replace(string(broken), "header: Available", "header: On hand", 1)
	v.fill("textarea", strings.Replace(string(broken), "header: Available", "heading: On hand", 1))
	v.tabTo("Save")
	v.press("Enter")
	v.wait("nothing was saved, because the file has findings.*line 34")
	v.fill("textarea", mended)
	v.tabTo("Try")
	v.press("Enter")
	v.wait("Every line finds what it should.*These lines match nothing on the pages")
	v.clean("lab-mended")
	if now, _ := os.ReadFile(path); string(now) != string(broken) {
		t.Error("trying has changed the file")
	}
	v.tabTo("Save")
	v.press("Enter")
	v.wait("Saved. The former file is ims.yaml.20")
	if now, _ := os.ReadFile(path); string(now) != mended {
		t.Errorf("the file is %s", now)
	}
	former, _ := filepath.Glob(path + ".20*")
	if len(former) != 1 {
		t.Fatal(former)
	}
	if kept, _ := os.ReadFile(former[0]); string(kept) != string(broken) {
		t.Errorf("the former file is %s", kept)
	}
	if run, err := o.board.run(t.Context(), "restock", "test"); err != nil || run.Outcome != bot.Done {
		t.Errorf("%s, %v", run.Outcome, err)
	}
	// Somebody else saves meanwhile.
	v.examine()
	o.must(os.WriteFile(path, broken, 0o600))
	v.tabTo("Save")
	v.press("Enter")
	v.wait("somebody else has changed ims.yaml meanwhile")
	if now, _ := os.ReadFile(path); string(now) != string(broken) {
		t.Error("what somebody else has saved was overwritten")
	}
}

// clean fails if something is wrong with the page that is shown.
func (v *visitor) clean(name string) {
	v.t.Helper()
	wrong, reach := v.examine()
	for _, what := range wrong {
		v.t.Error(name, what)
	}
	v.picture(name, false)
	v.reaches(reach)
}

// fill writes into a field.
func (v *visitor) fill(css, text string) {
	v.t.Helper()
	field := selectors.Element{Alternatives: []selectors.Target{{CSS: css}}}
	if _, err := v.p.Act(v.t.Context(), selectors.Action{Do: "fill", Element: &field, Text: text}); err != nil {
		v.t.Fatal(err)
	}
}
