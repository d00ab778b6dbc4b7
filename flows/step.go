package flows

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"restock/bot"
	"restock/selectors"
)

// open loads an address of the file anew: nothing of the document before is left.
func (v *visit) open(ctx context.Context, path selectors.Template) error {
	v.doing, v.place = "open "+path.Text, path.Pos.String()
	address, err := v.site.Address(path, v.values())
	if err != nil {
		return err
	}
	return v.goTo(ctx, address)
}

// goTo loads an address anew.
func (v *visit) goTo(ctx context.Context, address string) error {
	v.log("open " + address)
	v.trail[len(v.trail)-1].URL = address
	v.frame = ""
	ctx, cancel := context.WithTimeout(ctx, v.openLimit())
	defer cancel()
	if err := v.page.Open(ctx, "about:blank"); err != nil {
		return err
	}
	return v.page.Open(ctx, address)
}

// addressFor is an address of the file with further values in it. An address that is a value itself is taken as it is.
func (v *visit) addressFor(path selectors.Template, more map[string]string) (string, error) {
	values := v.values()
	work := maps.Clone(v.work)
	if work == nil {
		work = map[string]string{}
	}
	maps.Copy(work, more)
	values.Work = work
	if name, ok := path.Only(); ok {
		return v.site.Resolve(work[name], values)
	}
	return v.site.Address(path, values)
}

// enterFrame goes into a frame of the page; "" stays where it is.
func (v *visit) enterFrame(ctx context.Context, name string) error {
	if name == "" {
		return nil
	}
	v.doing = "frame " + name
	ctx, cancel := context.WithTimeout(ctx, v.openLimit())
	defer cancel()
	if err := v.page.Frame(ctx, name); err != nil {
		return err
	}
	v.frame = name
	return nil
}

// run does steps in order. row, if not nil, is where their targets are looked for.
func (v *visit) run(ctx context.Context, steps []selectors.Step, row *selectors.Row) error {
	for _, s := range steps {
		if err := v.step(ctx, s, row); err != nil {
			return err
		}
		if calm(s) {
			v.snap(ctx)
		}
	}
	return nil
}

// calm reports whether a page is at rest after a step: a menu that a click has opened must not be disturbed by a picture.
func calm(s selectors.Step) bool {
	switch s.Do {
	case "click", "doubleclick", "hover", "press", "type", "select", "dialog":
		return s.Expect != nil
	}
	return true
}

func (v *visit) step(ctx context.Context, s selectors.Step, row *selectors.Row) error {
	v.doing, v.place = s.String(), s.Pos.String()
	v.log(v.doing)
	within := s.Within
	if within == 0 {
		within = v.stepLimit()
	}
	switch s.Do {
	case "open":
		if err := v.open(ctx, s.Address); err != nil {
			return err
		}
		return v.expect(ctx, s, within)
	case "if", "repeat", "try", "frame", "tab":
		if err := v.compound(ctx, s, row, within); err != nil {
			return err
		}
		return v.expect(ctx, s, within)
	case "otp":
		return v.otp(ctx, s)
	}
	outer := ctx
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	switch s.Do {
	case "wait":
		return v.wait(ctx, *s.See)
	case "fill", "type", "select", "append", "upload":
		for _, f := range s.Fields {
			if err := v.field(ctx, s, f, row); err != nil {
				return err
			}
		}
	case "download":
		if err := v.download(ctx, s, row); err != nil {
			return err
		}
	default:
		if err := v.act(ctx, selectors.Action{Do: s.Do, Element: s.Element, Row: row, Key: s.Key, Text: s.Dialog}); err != nil {
			return err
		}
	}
	return v.expect(outer, s, within)
}

// field puts a value into one field.
func (v *visit) field(ctx context.Context, s selectors.Step, f selectors.FieldValue, row *selectors.Row) error {
	text, err := f.Value.Expand(v.values())
	if err != nil {
		return err
	}
	if s.Do == "upload" && !filepath.IsAbs(text) {
		text = filepath.Join(filepath.Dir(v.site.File), text)
	}
	v.doing = s.Do + " " + f.Element.String()
	if v.flow == "login" && f.Value.Secret() {
		if err := v.wait(ctx, selectors.Condition{Visible: &f.Element}); err != nil {
			return err
		}
		if err := v.come(ctx, "log-in"); err != nil {
			return err
		}
	}
	if s.Do == "append" && v.flow == "followup" && row == nil {
		if there, err := v.stands(ctx, f.Element, text); err != nil || there {
			return err
		}
	}
	return v.act(ctx, selectors.Action{
		Do: s.Do, Element: &f.Element, Row: row, Options: s.Options, Text: text, Secret: f.Value.Secret(),
	})
}

// stands reports whether a field holds a text already: an attempt that was cut off has put it there.
func (v *visit) stands(ctx context.Context, e selectors.Element, text string) (bool, error) {
	filled, err := e.With(v.values())
	if err != nil {
		return false, err
	}
	a, err := v.page.Read(ctx, selectors.Plan{Record: true, Limit: 1, Columns: [][]selectors.Selection{{{Element: &filled, Take: "value"}}}})
	if err != nil || len(a.Rows) != 1 || len(a.Rows[0]) != 1 || len(a.Rows[0][0]) != 1 || a.Rows[0][0][0].Value == nil {
		return false, err // the action says what is wrong with the field
	}
	if text = strings.TrimSpace(text); text == "" || !strings.Contains(*a.Rows[0][0][0].Value, text) {
		return false, nil
	}
	v.log("not appended again: it stands there")
	return true, nil
}

// download takes the file that a click brings.
func (v *visit) download(ctx context.Context, s selectors.Step, row *selectors.Row) error {
	filled, err := s.Element.With(v.values())
	if err != nil {
		return err
	}
	file, alternative, err := v.page.Download(ctx, selectors.Action{Element: &filled, Row: row})
	if err != nil {
		return err
	}
	v.fallback(&filled, alternative)
	v.file = &file
	v.log(fmt.Sprintf("took a file of %d bytes", len(file.Data)))
	return nil
}

// act does one action and notes when it was not the first alternative of its element that matched.
func (v *visit) act(ctx context.Context, a selectors.Action) error {
	if a.Element != nil {
		filled, err := a.Element.With(v.values())
		if err != nil {
			return err
		}
		a.Element = &filled
	}
	if a.Options != nil {
		filled, err := a.Options.With(v.values())
		if err != nil {
			return err
		}
		a.Options = &filled
	}
	alternative, err := v.page.Act(ctx, a)
	if err == nil {
		v.fallback(a.Element, alternative)
	}
	return err
}

// fallback notes, once, that it was not the first alternative of an element that matched.
func (v *visit) fallback(e *selectors.Element, alternative int) {
	if e == nil || alternative <= 0 || alternative >= len(e.Alternatives) {
		return
	}
	text := fmt.Sprintf("%s: %s matched only by its alternative %d (%s)", e.Pos, e, alternative+1, e.Alternatives[alternative])
	if !slices.Contains(v.warn, text) {
		v.warn = append(v.warn, text)
	}
}

func (v *visit) expect(ctx context.Context, s selectors.Step, within time.Duration) error {
	if s.Expect == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return v.wait(ctx, *s.Expect)
}

// wait waits until a condition holds.
func (v *visit) wait(ctx context.Context, c selectors.Condition) error {
	_, err := v.first(ctx, c)
	return err
}

// first waits until one of the conditions holds and returns which.
func (v *visit) first(ctx context.Context, conditions ...selectors.Condition) (int, error) {
	conditions, err := v.filled(conditions)
	if err != nil {
		return 0, err
	}
	for attempt := 0; ; attempt++ {
		seen, err := v.page.See(ctx, conditions...)
		if err == nil {
			for i, holds := range seen {
				if holds {
					return i, nil
				}
			}
			err = pause(ctx, attempt)
		}
		if err == nil {
			continue
		}
		if _, hung := errors.AsType[*bot.StepError](err); ctx.Err() != nil && !errors.Is(ctx.Err(), context.Canceled) && !(hung && attempt == 0) {
			return 0, notSeen(conditions)
		}
		return 0, err
	}
}

// filled puts the values of the work at hand into conditions.
func (v *visit) filled(conditions []selectors.Condition) ([]selectors.Condition, error) {
	list := make([]selectors.Condition, len(conditions))
	for i, c := range conditions {
		var err error
		if list[i], err = c.With(v.values()); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func notSeen(conditions []selectors.Condition) error {
	expected := ""
	for i := range conditions {
		if i > 0 {
			expected += ", or "
		}
		expected += conditions[i].String()
	}
	return &bot.StepError{
		Class: bot.PageChanged, Expected: expected, Found: "nothing of it in time",
		Hint: "look at the screenshot: is it the right page, and does the selector still fit?",
	}
}

// pause waits between two looks: 20 ms at first, then up to 250 ms.
func pause(ctx context.Context, attempt int) error {
	return pauseFor(ctx, min(time.Duration(attempt+1)*20*time.Millisecond, 250*time.Millisecond))
}

func pauseFor(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
