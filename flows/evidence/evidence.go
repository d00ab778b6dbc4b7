// Package evidence writes what failed steps leave: a folder for each, and one page for the whole run that an admin opens
// without tools. The page needs nothing but itself: pictures are in it, and no script.
package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"restock/bot"
)

// FileName is the page of a run.
const FileName = "evidence.html"

// Step is one thing that was done before a failure.
type Step struct {
	At      time.Time `json:"at"`
	Text    string    `json:"text"`
	URL     string    `json:"url,omitempty"`
	Picture []byte    `json:"picture,omitempty"` // a small JPEG, secrets and personal data covered
}

// Record is what stands in record.json of a failed step, beside what the browser has captured.
type Record struct {
	At      time.Time      `json:"at"`
	Failure *bot.StepError `json:"failure"`
	Steps   []Step         `json:"steps"`
	Excerpt []Line         `json:"excerpt,omitempty"` // of the selector file, around the line that failed
	// Definition is where the element is defined that the line names.
	Definition []Line `json:"definition,omitempty"`
	Captured   string `json:"captured,omitempty"`
	Good       *Good  `json:"good,omitempty"`
}

// Line is a line of the selector file.
type Line struct {
	Number int    `json:"number"`
	Text   string `json:"text"`
	Here   bool   `json:"here,omitempty"`
}

// Good is the last picture of a flow that worked.
type Good struct {
	At      time.Time `json:"at"`
	URL     string    `json:"url,omitempty"`
	Picture []byte    `json:"picture"`
}

// maxSteps are kept with a failure.
const maxSteps = 60

// Save writes a failure into its folder: record.json for programs and steps.txt for people with a terminal.
func Save(dir string, r Record) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	r.Steps = r.Steps[max(0, len(r.Steps)-maxSteps):]
	for i := range r.Steps {
		r.Steps[i].Text, r.Steps[i].URL = bot.Redact(r.Steps[i].Text), bot.Redact(r.Steps[i].URL)
	}
	clean := *r.Failure
	for _, text := range []*string{&clean.Expected, &clean.Found, &clean.URL, &clean.Step, &clean.Hint} {
		*text = bot.Redact(*text)
	}
	r.Failure = &clean
	data, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	failure, err := json.MarshalIndent(clean, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(
		write(filepath.Join(dir, "record.json"), data),
		write(filepath.Join(dir, "failure.json"), append(failure, '\n')),
		write(filepath.Join(dir, "steps.txt"), []byte(stepsText(r))),
	)
}

func stepsText(r Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", r.Failure)
	for _, s := range r.Steps {
		fmt.Fprintln(&b, s.At.Format("15:04:05.000")+" "+s.Text)
	}
	fmt.Fprintf(&b, "%s FAILED: %s\n", r.At.Format("15:04:05.000"), r.Failure.Step)
	if r.Captured != "" {
		fmt.Fprintf(&b, "\nnot everything could be captured: %s\n", r.Captured)
	}
	return b.String()
}

// write replaces a file in one go, so that nobody reads half of it.
func write(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp") // workers write the same page
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), path)
}
