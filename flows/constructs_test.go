package flows_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/flows/flowtest"
	"restock/selectors"
)

// TestConstructs: what the selector file can say beyond the difficulties, each on a page of its own.
func TestConstructs(t *testing.T) {
	special := map[int]func(*trial){
		43: func(t *trial) { t.told(501) }, 44: csvFile, 48: virtualGrid, 49: otherFrames, 51: fetchedPages, 56: uploadedFile, 57: words, 58: twoLines, 59: laterPage, 60: keptSession,
	}
	for n := flowtest.Difficulties + 1; n <= flowtest.Last; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			trial := newTrial(t, n)
			if f := special[n]; f != nil {
				f(trial)
			} else {
				trial.whole()
			}
		})
	}
}

func csvFile(t *trial) {
	t.whole()
	for kind, want := range map[string]string{"cut": "", "page": "a web page instead of a file", "short": "cut off"} {
		other := newTrial(t.T, 44)
		other.d.Switch("export", kind)
		_, err := other.s.Stock(t.Context(), "d")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func virtualGrid(t *trial) {
	found, r := t.levels()
	if len(found) != 120 || r.Complete != bot.CompleteYes || found["P-12-9"] != "6" || found["P-01-0"] != "0" {
		t.Errorf("%d rows, complete %s", len(found), r.Complete)
	}
}

// otherFrames reads a list in a frame of the same site, and in one of another site, which lives in another process.
func otherFrames(t *trial) {
	t.whole()
	other := newTrial(t.T, 49)
	apart, err := flowtest.StartDifficulty(49)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(apart.Close)
	other.d.Switch("apart", strings.Replace(apart.URL, "127.0.0.1", "localhost", 1))
	other.whole()
}

// fetchedPages: fetching gives the rows that are shown, or is given up with the reason.
func fetchedPages(t *trial) {
	t.whole()
	if text := t.s.Steps()[0].Text; strings.Contains(text, "given up") || !strings.Contains(text, "12 rows on 6 pages") {
		t.Error(text)
	}
	scripted := newTrial(t.T, 51)
	scripted.d.Switch("script", "yes") // a script changes what is shown
	found, _ := scripted.levels()
	if len(found) != 12 || found["XP-03"] != "1250" {
		t.Errorf("%v", found)
	}
	if text := scripted.s.Steps()[0].Text; !strings.Contains(text, "walk: fetch was given up") {
		t.Error(text)
	}
}

func uploadedFile(t *trial) {
	file := filepath.Join(t.TempDir(), "proof.txt")
	if err := os.WriteFile(file, []byte("told the customer"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := t.s.Values.Env
	t.s.Values.Env = func(name string) (string, bool) {
		if name == "FILE" {
			return file, true
		}
		return env(name)
	}
	if w := t.told(501); w.Note != "proof.txt: told the customer" {
		t.Errorf("%+v", w)
	}
}

func words(t *trial) {
	r, err := t.s.Stock(t.Context(), "d")
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range t.d.Products() {
		want := bot.Out
		if p.Quantity > 0 {
			want = bot.In
		}
		if r.Levels[i].Availability != want {
			t.Errorf("%+v", r.Levels[i])
		}
	}
	t.d.Switch("odd", "yes")
	t.fails(bot.DataContract, `"Coming soon" is not in the map`, "In stock, Sold out")
}

func twoLines(t *trial) {
	subs := t.waiting("P-01", "P-02", "P-03")
	if len(subs) != 6 || subs["505"].SKU != t.d.Request(505).SKU {
		t.Errorf("%+v", subs)
	}
}

func laterPage(t *trial) {
	t.told(506)
}

// keptSession: a search that is sent, a log-in that is not tried when the account is locked, a record that the site refuses.
func keptSession(t *trial) {
	t.whole()
	t.d.Switch("reject", "yes")
	_, err := t.follow(502)
	if bot.ClassOf(err) != bot.Business || !strings.Contains(err.Error(), "refused the entry") {
		t.Errorf("%v", err)
	}
	if saves, _ := t.d.Counts(); saves != 0 {
		t.Errorf("%d saves", saves)
	}
	other := newTrial(t.T, 60)
	other.d.Switch("locked", "yes")
	for range 2 {
		other.fails(bot.Auth, "60.yaml:")
	}
	third := newTrial(t.T, 60)
	third.s.Files["d"].Posts = nil
	third.s.StepLimit = 500 * time.Millisecond
	third.fails(bot.PageChanged, "sent while only reading")
}

// TestEveryWordIsTried: every key of the language stands in a file that a test runs against a page.
func TestEveryWordIsTried(t *testing.T) {
	var all strings.Builder
	for n := 1; n <= flowtest.Last; n++ {
		file, _, err := flowtest.Example(n)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(file)
	}
	for _, site := range []string{"ims", "crm"} {
		data, err := flowtest.SiteFile(site)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(data)
	}
	elsewhere := map[string]bool{ // tried by tests with files of their own
		"allow": true, "mask": true, "refused": true, "encoding": true, "sheet": true, "decimal": true, "max": true,
		"language": true, "product": true, "unit": true, "options": true,
	}
	for _, word := range selectors.Vocabulary() {
		if !strings.Contains(all.String(), word+":") && !elsewhere[word] {
			t.Errorf("no page tries the word %s", word)
		}
	}
}
