package evidence

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"html/template"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"restock/bot"
)

//go:embed evidence.tmpl
var files embed.FS

// captured is page.json, as the browser writes it.
type captured struct {
	URL     string   `json:"url"`
	Status  int      `json:"status"`
	Near    []string `json:"near"`
	Network []string `json:"network"`
	Console []string `json:"console"`
	Refused []string `json:"refused"`
	Masked  int      `json:"masked"`
	Missing []string `json:"missing"`
	Dialogs []struct{ Kind, Message string }
}

// View is one failure on the page.
type View struct {
	Record
	Page      captured
	Title     string
	Cause     string
	Next      string
	For       bot.Role
	Pictured  bool // there is a picture
	Picture   template.URL
	Before    template.URL
	Structure string
	Moments   []moment
	Folder    string
	Customers string   // what it means for them
	Who       string   // must act
	Same      []string // where else the same broke in this run
}

type moment struct {
	Step
	Shown template.URL
}

// Compose writes the page of a run from the folders of its failures.
func Compose(dir string) error {
	views, err := Read(dir)
	if err != nil || len(views) == 0 {
		return err
	}
	t, err := template.New("").Funcs(template.FuncMap{
		"clock": func(t time.Time) string { return t.Format("15:04:05.0") },
		"day":   func(t time.Time) string { return t.Format("Mon 2 Jan 2006 15:04:05 MST") },
		"plain": plain,
	}).ParseFS(files, "evidence.tmpl")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "evidence.tmpl", struct {
		Run      string
		Failures []View
	}{filepath.Base(dir), views}); err != nil {
		return err
	}
	return write(filepath.Join(dir, FileName), b.Bytes())
}

// Read reads the failures of a run from their folders; those with the same cause are one.
func Read(dir string) (views []View, err error) { return readAll(dir, load) }

// Heads returns the same without pictures and structure, which are large: whether there is a picture is told.
func Heads(dir string) (views []View, err error) { return readAll(dir, head) }

func readAll(dir string, load func(string) (View, error)) (views []View, err error) {
	folders, err := filepath.Glob(filepath.Join(dir, "*", "record.json"))
	if err != nil || len(folders) == 0 {
		return nil, err
	}
	sort.Strings(folders)
	for _, file := range folders {
		v, err := load(filepath.Dir(file))
		if err != nil {
			return nil, err
		}
		if same := sameCause(views, v); same != nil {
			same.Same = append(same.Same, v.Address())
			continue
		}
		views = append(views, v)
	}
	return views, nil
}

// head loads what failed, without what is large.
func head(dir string) (View, error) {
	v := View{Folder: filepath.Base(dir)}
	data, err := os.ReadFile(filepath.Join(dir, "record.json"))
	if err == nil {
		err = json.Unmarshal(data, &v.Record)
	}
	if err != nil {
		return v, err
	}
	if data, err := os.ReadFile(filepath.Join(dir, "page.json")); err == nil { // a browser that has died leaves none
		_ = json.Unmarshal(data, &v.Page)
	}
	_, err = os.Stat(filepath.Join(dir, "screenshot.png"))
	v.Pictured = err == nil
	f := v.Failure
	v.Title = strings.Join(strings.FieldsFunc(f.Site+"\x00"+f.Flow+"\x00"+f.Step, func(r rune) bool { return r == 0 }), " › ")
	v.Cause, v.Next, v.For = f.Class.Cause(), f.Next(), f.Class.For()
	wanted := f.Expected + " " + f.Step
	for _, line := range append(v.Excerpt, v.Definition...) {
		if line.Here {
			wanted += " " + line.Text
		}
	}
	nearest(v.Page.Near, wanted)
	v.Customers, v.Who = customers(f.Flow, f.Class), who(v.For)
	return v, nil
}

// load loads all of it.
func load(dir string) (View, error) {
	v, err := head(dir)
	if err != nil {
		return v, err
	}
	if data, err := os.ReadFile(filepath.Join(dir, "page.html")); err == nil {
		v.Structure = string(data)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "screenshot.png")); err == nil {
		v.Picture = picture("png", data)
	}
	if v.Good != nil {
		v.Before = picture("jpeg", v.Good.Picture)
	}
	for _, s := range v.Steps {
		m := moment{Step: s}
		if len(s.Picture) > 0 {
			m.Shown = picture("jpeg", s.Picture)
		}
		v.Moments = append(v.Moments, m)
	}
	return v, nil
}

// Address is where the page was.
func (v View) Address() string { return cmp.Or(v.Failure.URL, v.Page.URL) }

// Missing reports whether something was not found on the page.
func (v View) Missing() bool { return v.Failure.Class == bot.PageChanged }

// sameCause finds a failure of the same step: one mistake in a file breaks every record.
func sameCause(views []View, v View) *View {
	for i := range views {
		a, b := views[i].Failure, v.Failure
		if a.Place != "" && a.Place == b.Place && a.Class == b.Class && a.Step == b.Step {
			return &views[i]
		}
	}
	return nil
}

// customers says what a failure means for those who wait.
func customers(flow string, class bot.Class) string {
	switch {
	case flow == "followup" && class == bot.Business:
		return "They were told already, and are not told again. The CRM does not show it: decide about the record by hand."
	case class == bot.HeldClass:
		return "Nobody was told anything because of it, and nothing was remembered. It waits for you: see what to do."
	case flow == "followup":
		return "They were told already, and are not told again. Only the note in the CRM is missing; the next run reads the record and writes it."
	}
	return "Nobody was told anything because of it, and nothing was remembered: the next run that works tells everybody who waits, once."
}

// who names the reader.
func who(r bot.Role) string {
	switch r {
	case bot.Analyst:
		return "the analyst, who keeps the selector files"
	case bot.Admin:
		return "the admin, who looks after the records and after restock"
	}
	return "ops, who look after servers, schedules and secrets"
}
