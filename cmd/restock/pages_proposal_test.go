package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"restock/bot"
	"restock/flows/flowtest"
	"restock/selectors"
)

// TestLabProposal: the site has a new version. A run fails; the lab, which nobody had opened before, proposes what to write, shows it
// before and after, and changes nothing by itself. An element that is picked is told how it can be found. The mended file is tried on
// the live site, saved, and the next run works.
func TestLabProposal(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	path := filepath.Join(o.dir, "sites", "ims.yaml")
	if run, err := o.board.run(t.Context(), "restock", "test"); err != nil || run.Outcome != bot.Done {
		t.Fatalf("%s, %v", run.Outcome, err)
	}
	before, err := os.ReadFile(path)
	o.must(err)
	o.world.Fault(newVersion(o.world))
	if run, _ := o.board.run(t.Context(), "restock", "test"); run.Outcome != bot.FailedRun {
		t.Fatalf("a run on the new version: %s", run.Outcome)
	}
	v := visit(t, 1280, 900)
	v.open(o.url+"/lab/ims", false)
	v.tabTo("Fetch the pages anew")
	v.press("Enter")
	v.wait("Line 29: stock, rows.*table.inventory tbody tr.*Line 34: stock, column quantity.*header: Available.*A proposal changes nothing until somebody saves it")
	v.clean("lab-proposal")
	if now, _ := os.ReadFile(path); string(now) != string(before) {
		t.Fatal("a proposal has changed the file")
	}
	v.tabTo("Pick on the picture")
	v.press("Enter")
	v.click("figure:has(.picking) svg.shot")
	v.wait("Ways to find what was picked")
	v.clean("lab-picked")
	v.tabTo("Show ways to find it")
	v.press("Enter")
	v.wait("Ways to find what was picked.*only this")
	v.examine()
	v.tabTo("Put line 34 into the text and try")
	v.press("Enter")
	v.wait("Every line finds what it should")
	v.examine()
	v.tabTo("Try on the live site")
	v.press("Enter")
	v.wait("These are the pages of the site as they are now")
	v.clean("lab-live")
	v.tabTo("Save")
	v.press("Enter")
	v.wait("Saved. The former file is ims.yaml.20")
	o.release(v)
	if run, err := o.board.run(t.Context(), "restock", "test"); err != nil || run.Outcome != bot.Done {
		t.Errorf("with the proposal: %s, %v", run.Outcome, err)
	}
	after, err := os.ReadFile(path)
	o.must(err)
	want := strings.NewReplacer(`rows: {css: "table.stock tbody tr"}`, `rows: {css: table.inventory tbody tr}`, "quantity: {header: On hand,", "quantity: {header: Available,").Replace(string(before))
	if string(after) != want {
		t.Errorf("the file is now\n%s", after)
	}
}

// release does a run whose list is not like those before, which holds it, and lets it pass on the page: not when the question is
// answered with no.
func (o *office) release(v *visitor) {
	o.t.Helper()
	run, _ := o.board.run(o.t.Context(), "restock", "test")
	if run.Outcome != bot.HeldRun {
		o.t.Fatalf("a list with another heading: %s", run.Outcome)
	}
	for _, answer := range []string{"dismiss", "accept"} {
		v.open(o.url+"/runs/"+run.ID, false)
		v.tabTo("Release what it held")
		if _, err := v.p.Act(o.t.Context(), selectors.Action{Do: "dialog", Text: answer}); err != nil {
			o.t.Fatal(err)
		}
		v.press("Enter")
		if answer == "accept" {
			v.wait("[Rr]eleased")
		} else if next, _ := o.board.run(o.t.Context(), "restock", "test"); next.Outcome != bot.HeldRun {
			o.t.Fatalf("nobody had released it: %s", next.Outcome)
		} else {
			run = next
		}
	}
}

// newVersion answers as the next version of the IMS: another class, another heading.
func newVersion(w *flowtest.World) func(http.ResponseWriter, *http.Request) bool {
	return func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/products" {
			return false
		}
		number := 1
		if _, err := fmt.Sscan(r.FormValue("page"), &number); err != nil {
			number = 1
		}
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		text := strings.NewReplacer(`class="stock"`, `class="inventory"`, "On hand", "Available").Replace(flowtest.StockPage(w.Products(), number))
		_, _ = rw.Write([]byte(text))
		return true
	}
}

// click clicks an element with the mouse.
func (v *visitor) click(css string) {
	v.t.Helper()
	element := selectors.Element{Alternatives: []selectors.Target{{CSS: css}}}
	if _, err := v.p.Act(v.t.Context(), selectors.Action{Do: "click", Element: &element}); err != nil {
		v.t.Fatal(err)
	}
}
