package evidence_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/flows/evidence"
	"restock/flows/flowtest"
)

func jpegOf(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewRGBA(image.Rect(0, 0, 20, 10)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestCompose: the page of a run says what broke, where, what to do, and shows both pictures; it needs nothing but itself.
func TestCompose(t *testing.T) {
	root := t.TempDir()
	run := filepath.Join(root, "20261125-090000-abcdef")
	file := filepath.Join(root, "crm.yaml")
	if err := os.WriteFile(file, []byte("version: 1\nsite: crm\nelements:\n  save: [{role: button, name: Save}]\nfollowup:\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	if err := evidence.SaveGood(root, "crm", "followup", evidence.Good{At: at.Add(-time.Hour), Picture: jpegOf(t)}); err != nil {
		t.Fatal(err)
	}
	good := evidence.LastGood(root, "crm", "followup")
	if good == nil || evidence.LastGood(root, "crm", "stock") != nil {
		t.Fatalf("%+v", good)
	}
	r := evidence.Record{
		At: at, Excerpt: evidence.Excerpt(file + ":4:9"), Good: good, Definition: evidence.Definition(file+":4:9", "to click save (role button; line 2)"),
		Failure: &bot.StepError{
			Class: bot.PageChanged, Site: "crm", Flow: "followup", Step: "click save", Place: file + ":4:9", URL: "https://crm.example.com/requests/7?q=bob@example.com",
			Expected: "to click save (role button; line 2)", Found: "not on the page", Hint: "correct the selector",
		},
		Steps: []evidence.Step{{At: at, Text: "open https://crm.example.com/?mail=bob@example.com", URL: "https://crm.example.com/"}, {At: at, Text: "click save", Picture: jpegOf(t)}},
	}
	dir := filepath.Join(run, "01-crm-followup")
	if err := evidence.Save(dir, r); err != nil {
		t.Fatal(err)
	}
	page := `{"url":"https://crm.example.com/","status":200,"near":["<a> \"Help\"","<button> \"Save changes\""],"network":["XHR https://crm.example.com/api: status 500"],"console":["x is not defined"],"dialogs":[{"Kind":"alert","Message":"No"}]}`
	for name, text := range map[string]string{"page.json": page, "page.html": "<html>\n  <body>", "screenshot.png": "\x89PNG"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	twice := r // the same line breaks on another record
	other := *r.Failure
	other.URL = "https://crm.example.com/requests/8"
	twice.Failure = &other
	if err := evidence.Save(filepath.Join(run, "02-crm-followup"), twice); err != nil {
		t.Fatal(err)
	}
	if err := evidence.Compose(run); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(run, evidence.FileName))
	if err != nil {
		t.Fatal(err)
	}
	html := string(data)
	if n := strings.Count(html, "<article>"); n != 1 || !strings.Contains(html, "the same on") || !strings.Contains(html, "requests/8") {
		t.Errorf("%d articles for one mistake", n)
	}
	for _, want := range []string{
		"PAGE_CHANGED", bot.PageChanged.Cause(), "for the analyst", "crm › followup › click save", "not on the page", "correct the selector", `class="here"`, "name: Save",
		"data:image/png;base64,", "data:image/jpeg;base64,", "When it worked last, Wed 25 Nov 2026 08:00", "told already, and are not told again", "What that line names", "status 500", "x is not defined", "dialog (alert): No", "&lt;body&gt;",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if strings.Index(html, "Save changes") > strings.Index(html, "&#34;Help&#34;") {
		t.Error("what is likest does not come first")
	}
	if strings.Contains(html, "bob@example.com") || strings.Contains(html, "<script") || regexp.MustCompile(`(src|href)="(http|//|file)`).MatchString(html) {
		t.Error("the page holds an address, a script, or needs the network")
	}
}

// TestHostile: no text of a page becomes a part of the evidence page.
func TestHostile(t *testing.T) {
	for _, text := range flowtest.Hostile() {
		run := filepath.Join(t.TempDir(), "run")
		dir := filepath.Join(run, "01-a-b")
		r := evidence.Record{
			Failure: &bot.StepError{Class: bot.BotBug, Site: text, Flow: text, Step: text, Place: text, URL: text, Expected: text, Found: text, Hint: text}, Captured: text,
			Steps: []evidence.Step{{Text: text, URL: text}}, Excerpt: []evidence.Line{{Number: 1, Text: text}},
		}
		if err := evidence.Save(dir, r); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "page.html"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := evidence.Compose(run); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(run, evidence.FileName))
		if err != nil {
			t.Fatal(err)
		}
		if i := strings.IndexFunc(string(data), bot.Unprintable); i >= 0 {
			t.Errorf("%q: the page holds %q", text, data[i:min(len(data), i+4)])
		}
		for _, tag := range []string{"<script", "<img src=x", "onerror=alert(1)>"} {
			if strings.Contains(string(data), tag) {
				t.Errorf("%q: the page holds %s", text, tag)
			}
		}
	}
}

// TestPrune: the oldest go first, by age, number and size; the last good pictures stay.
func TestPrune(t *testing.T) {
	now := time.Now()
	make := func() string {
		root := t.TempDir()
		for i, name := range []string{"a", "b", "c", "d", "good"} {
			dir := filepath.Join(root, name)
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "x"), make1k(), 0o600); err != nil {
				t.Fatal(err)
			}
			at := now.Add(-time.Duration(i*24) * time.Hour)
			if err := os.Chtimes(dir, at, at); err != nil {
				t.Fatal(err)
			}
		}
		return root
	}
	for name, c := range map[string]struct {
		keep evidence.Keep
		left string
	}{
		"all":  {evidence.Keep{}, "a b c d good"},
		"age":  {evidence.Keep{Age: 36 * time.Hour}, "a b good"},
		"runs": {evidence.Keep{Runs: 3}, "a b c good"},
		"size": {evidence.Keep{Size: 2100}, "a b good"},
		"one":  {evidence.Keep{Size: 10}, "a good"},
	} {
		root := make()
		if _, err := evidence.Prune(root, c.keep, now); err != nil {
			t.Fatal(err)
		}
		var left []string
		entries, err := os.ReadDir(root)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			left = append(left, e.Name())
		}
		if got := strings.Join(left, " "); got != c.left {
			t.Errorf("%s: %s, expected %s", name, got, c.left)
		}
	}
	if n, err := evidence.Prune(filepath.Join(t.TempDir(), "none"), evidence.Keep{Runs: 1}, now); n != 0 || err != nil {
		t.Error(n, err)
	}
}

func make1k() []byte { return bytes.Repeat([]byte("x"), 1000) }
