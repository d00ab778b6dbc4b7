package flows

import (
	"context"
	"strings"
	"time"

	"restock/bot"
	"restock/flows/table"
	"restock/selectors"
)

// answers reports whether the rows are those of the page's own requests.
func (l *list) answers() bool { return l.r.From != nil && l.r.From.Response != "" }

// fromFile reports whether the rows are those of a file.
func (l *list) fromFile() bool { return l.r.From != nil && l.r.From.Download != nil }

// lookFile makes the lines of the file that was taken the rows of an answer.
func (l *list) lookFile(a selectors.Answer) (selectors.Answer, error) {
	fail := &bot.StepError{
		Class: bot.DataContract, Step: "read the file", Place: l.r.From.Pos.String(), URL: a.URL, Expected: "a list that was downloaded whole",
		Hint: "download it by hand and compare it with from: and columns: in the selector file",
	}
	if l.file == nil {
		fail.Found = "no file: no download step was done"
		return a, fail
	}
	t, err := table.Read(l.file.Name, l.file.Data, *l.r.From.Download)
	if err != nil {
		fail.Found = err.Error()
		return a, fail
	}
	a.Headers, a.Next, a.Rows = t.Headers, "none", nil
	a.Empty = len(t.Rows) == 0
	for _, row := range t.Rows {
		cells := make([]selectors.Tried, len(l.plan.Columns))
		for i, alternatives := range l.plan.Columns {
			fields := l.layout.columns[l.layout.names[i]]
			for j, s := range alternatives {
				cells[i] = append(cells[i], fromTable(t, row, s, fields[j]))
			}
		}
		a.Rows = append(a.Rows, cells)
	}
	return a, nil
}

func fromTable(t table.Table, row []table.Value, s selectors.Selection, f selectors.Field) selectors.Cell {
	switch {
	case s.Take == "column":
		return selectors.Cell{}
	case s.Join != nil:
		return joined(len(s.Join), func(i int) selectors.Cell { return fromTable(t, row, s.Join[i], f.Join[i]) })
	}
	index, why := t.Column(s.Header)
	if why != "" {
		return selectors.Cell{Why: why}
	}
	v := row[index]
	if date, ok := v.Date(); ok && strings.HasPrefix(f.Type, "date") {
		if f.Type == "date" {
			date, _, _ = strings.Cut(date, "T")
		}
		return selectors.Cell{Value: &date}
	}
	return cellOf(v, f)
}

func cellOf(v table.Value, f selectors.Field) selectors.Cell {
	if v.Number != "" && (f.Type == "number" || f.Type == "integer" || f.Type == "money") {
		return selectors.Cell{Value: &v.Number, Plain: true}
	}
	return selectors.Cell{Value: &v.Text}
}

func joined(n int, part func(int) selectors.Cell) selectors.Cell {
	texts := make([]string, n)
	for i := range texts {
		c := part(i)
		if c.Value == nil {
			return c
		}
		texts[i] = *c.Value
	}
	text := strings.Join(texts, selectors.Joint)
	return selectors.Cell{Value: &text}
}

// quietAnswers is how long no further answer must come before those that came are the page.
const quietAnswers = 300 * time.Millisecond

// lookAnswers waits for the answers to the page's own requests and makes their entries the rows.
func (l *list) lookAnswers(ctx context.Context, a selectors.Answer) (selectors.Answer, error) {
	if !a.Proof {
		return a, nil
	}
	var bodies []selectors.Response
	seen := map[string]bool{}
	since := time.Now()
	for attempt := 0; ; attempt++ {
		list, waiting, err := l.v.page.Responses()
		if err != nil {
			return a, err
		}
		list, l.v.early = append(l.v.early, list...), nil
		for _, r := range list {
			since = time.Now()
			if !seen[string(r.Body)] { // asked twice, answered alike
				seen[string(r.Body)] = true
				bodies = append(bodies, r)
			}
		}
		if len(bodies) > 0 && !waiting && time.Since(since) >= quietAnswers {
			break
		}
		if err := pause(ctx, attempt); err != nil {
			if len(bodies) > 0 {
				break
			}
			return a, &bot.StepError{
				Class: bot.PageChanged, Step: "read the answers", Place: l.r.From.Pos.String(), URL: a.URL,
				Expected: "an answer from " + l.r.From.Response, Found: "none in time", Hint: "look for the address in the network pane of a browser",
			}
		}
	}
	now, err := l.v.page.Read(ctx, l.plan) // the pager, now that the answers are there
	if err != nil {
		return a, err
	}
	now.Rows = nil
	for _, r := range bodies {
		if err := l.addAnswer(&now, r); err != nil {
			return a, err
		}
	}
	return now, nil
}

func (l *list) addAnswer(a *selectors.Answer, r selectors.Response) error {
	entries, document, err := table.List(r.Body, l.r.Rows.JSON)
	if err != nil {
		return &bot.StepError{
			Class: bot.PageChanged, Step: "read the answers", Place: l.r.Rows.Pos.String(), URL: r.URL, Expected: "a list at " + l.r.Rows.JSON,
			Found: err.Error(), Hint: "look at the answer in the network pane of a browser",
		}
	}
	if l.r.Total != nil && l.r.Total.JSON != "" {
		c := fromEntry(document, selectors.Selection{Path: l.r.Total.JSON}, *l.r.Total)
		a.Total = &c
	}
	a.Empty = a.Empty || len(entries) == 0
	for _, entry := range entries {
		cells := make([]selectors.Tried, len(l.plan.Columns))
		for i, alternatives := range l.plan.Columns {
			fields := l.layout.columns[l.layout.names[i]]
			for j, s := range alternatives {
				cells[i] = append(cells[i], fromEntry(entry, s, fields[j]))
			}
		}
		a.Rows = append(a.Rows, cells)
	}
	return nil
}

func fromEntry(entry any, s selectors.Selection, f selectors.Field) selectors.Cell {
	switch {
	case s.Take == "column":
		return selectors.Cell{}
	case s.Join != nil:
		return joined(len(s.Join), func(i int) selectors.Cell { return fromEntry(entry, s.Join[i], f.Join[i]) })
	}
	v, why := table.At(entry, s.Path)
	if why != "" {
		return selectors.Cell{Why: why}
	}
	return cellOf(v, f)
}

// scrollAnswers scrolls to the end so that the page asks for more, and reports whether it did.
func (l *list) scrollAnswers(ctx context.Context) (bool, error) {
	if l.total >= 0 && len(l.records) >= l.total {
		return false, nil
	}
	waiting, cancel := context.WithTimeout(ctx, stall)
	defer cancel()
	for attempt := 0; ; attempt++ {
		if err := l.scrollTo(ctx, "end"); err != nil {
			return false, err
		}
		a, err := l.v.page.Read(ctx, l.plan)
		if err != nil {
			return false, err
		}
		if a.Pending > 0 {
			return true, nil
		}
		list, coming, err := l.v.page.Responses()
		if err != nil {
			return false, err
		}
		if coming {
			return true, nil
		}
		if len(list) > 0 {
			l.v.early = append(l.v.early, list...)
			return true, nil
		}
		if pause(waiting, attempt) != nil {
			l.ended = true
			return false, context.Cause(ctx)
		}
	}
}
