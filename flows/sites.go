package flows

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"restock/bot"
	"restock/flows/evidence"
	"restock/selectors"
)

// Sites works in the sites of a job. It implements bot.Sites. All fields must be set, except where it is said otherwise.
type Sites struct {
	Files    map[string]*selectors.Site
	Values   selectors.Values // environment and secrets
	NewPage  func(ctx context.Context, site *selectors.Site) (Page, error)
	Guard    Guard
	Evidence string // folder for what failed steps leave
	// EvidenceMark is added to the names of the folders in it: others work in the same sites for the same run.
	EvidenceMark string
	Zone         *time.Location // for the times that are written into the CRM
	Now          func() time.Time
	BadRows      int // percent of the rows of a stock list whose quantity may be unreadable
	// OpenLimit is how long a page may take to load (default 30s), StepLimit how long a step may (10s) unless it says within:.
	OpenLimit, StepLimit time.Duration
	// Worn, if set, is asked before each flow whether the browser is to be replaced; then all pages are closed first.
	Worn func() bool
	// Key encrypts the sessions that are kept between runs; without it none is kept.
	Key []byte
	// OnQuestion, if set, is told when only a person can go on.
	OnQuestion func(bot.Question)
	// OnPage, if set, is told of each page that a flow has come to: the log-in, the pages of a list, a record.
	OnPage func(ctx context.Context, site *selectors.Site, flow, what string, values selectors.Values, page Page) error
	// SampleSKU is a product to rehearse with where the site has no stock list of its own.
	SampleSKU string
	// OnFailed, if set, is told of the page on which a flow failed because it is not as the file says.
	OnFailed func(ctx context.Context, site *selectors.Site, flow, what string, values selectors.Values, page Page) error

	visits   map[string]*visit
	logOuts  map[string]int // site → sessions that ended
	mu       sync.Mutex
	steps    []bot.Step
	shapes   map[string]bot.Shape // site/flow → what was read since it was asked
	shots    int
	names    []string        // personal texts that were read
	pictured map[string]bool // site/flow whose picture was taken in this run
	goods    map[string]evidence.Good
}

var _ bot.Sites = (*Sites)(nil)

// visit is an open page in a site, logged in.
type visit struct {
	s        *Sites
	site     *selectors.Site
	page     Page
	flow     string            // at work now
	work     map[string]string // values of {word}
	doing    string            // step at work now
	place    string            // of that step in the selector file
	trail    []evidence.Step   // what was done so far
	snapped  time.Time         // when the last small picture was taken
	warn     []string          // fallbacks that matched
	file     *selectors.Download
	complete bot.Completeness     // of the list that was read last
	frame    string               // that is worked in
	trying   int                  // steps of try around the present one
	early    []selectors.Response // answers that came before they were waited for
	opening  []byte               // picture of the first page of the list at work

	submitted bool   // the log-in was sent and nobody knows what became of it
	who       string // the account that is logged in
	misses    int    // times in a row that its kept session did not live
}

// Limits.
const (
	maxLogOuts   = 6 // sessions of a site that may end in one run
	maxRedo      = 2 // times that a flow is begun anew because of the browser or the site
	captureLimit = 25 * time.Second
)

// openLimit is how long a page may take to load.
func (v *visit) openLimit() time.Duration { return cmp.Or(v.s.OpenLimit, 30*time.Second) }

// stepLimit is how long a step may take, unless the file says within:.
func (v *visit) stepLimit() time.Duration { return cmp.Or(v.s.StepLimit, 10*time.Second) }

// come tells of a page that a flow has come to.
func (v *visit) come(ctx context.Context, what string) error {
	if what == "page 1" {
		v.opening = v.s.picture(ctx, v)
	}
	if v.s.OnPage == nil {
		return nil
	}
	return v.s.OnPage(ctx, v.site, v.flow, what, v.values(), v.page)
}

// Steps implements bot.Sites.
func (s *Sites) Steps() []bot.Step {
	s.mu.Lock()
	defer s.mu.Unlock()
	steps := s.steps
	s.steps = nil
	return steps
}

// Shapes implements bot.Sites.
func (s *Sites) Shapes() []bot.Shape {
	var list []bot.Shape
	for _, key := range slices.Sorted(maps.Keys(s.shapes)) {
		list = append(list, s.shapes[key])
	}
	s.shapes = nil
	return list
}

// shape notes what a reading looked like. A list that is asked for several products is one.
func (s *Sites) shape(site, flow string, l *list) {
	if s.shapes == nil {
		s.shapes = map[string]bot.Shape{}
	}
	shape := s.shapes[site+"/"+flow]
	shape.Site, shape.Flow, shape.Rows = site, flow, shape.Rows+len(l.result())
	if len(l.headers) > 0 {
		shape.Headers = slices.Compact(slices.Sorted(slices.Values(l.headers)))
	}
	for _, row := range l.result() {
		for name, cell := range row.cells {
			shape.Add(name, cell.Value)
		}
	}
	s.shapes[site+"/"+flow] = shape
}

// waiting notes how many wait for each product.
func (s *Sites) waiting(site string, asked map[string]int, whole bool) {
	key := site + "/subscribers"
	shape := s.shapes[key]
	if shape.Waiting == nil {
		shape.Waiting = map[string]int{}
	}
	for sku, n := range asked {
		shape.Waiting[sku] += n
	}
	shape.Whole = whole
	s.shapes[key] = shape
}

// Close implements bot.Sites.
func (s *Sites) Close() error {
	s.keepGood()
	return s.closePages()
}

// closePages closes all pages; the next flow opens new ones.
func (s *Sites) closePages() error {
	var errs []error
	for name, v := range s.visits {
		_ = v.keep(context.Background()) // a page that cannot give its session any more has none worth keeping
		errs = append(errs, v.page.Close())
		delete(s.visits, name)
	}
	return errors.Join(errs...)
}

// do runs a flow in a site: it opens and logs in where needed, answers interruptions by beginning the flow anew, tries
// once more what the site or the browser broke, and leaves evidence of what failed for good.
func (s *Sites) do(ctx context.Context, site, flow string, work map[string]string, f func(context.Context, *visit) (string, error)) error {
	started := s.Now()
	redone := 0
	if s.Worn != nil && s.Worn() {
		_ = s.closePages() // kept sessions spare the log-in
	}
	for {
		v, err := s.enter(ctx, site, flow, work)
		var text string
		if err == nil {
			v.begin(flow, work)
			text, err = f(ctx, v)
		}
		if index, cut := v.cut(ctx, err); cut {
			if err = v.answer(ctx, index); err == nil {
				continue
			}
		}
		if err == nil {
			s.worked(ctx, v)
			step := bot.Step{At: started, Took: s.Now().Sub(started), Site: site, Flow: flow, Text: text, Complete: v.complete, Fallbacks: v.warn}
			if len(v.warn) > 0 {
				step.Text += "; fallbacks: " + strings.Join(v.warn, "; ")
				v.warn = nil
			}
			s.note(step)
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		err = s.explain(v, site, flow, err)
		err = s.human(ctx, v, err)
		if bot.ClassOf(err).Temporary() && redone < maxRedo && !(v != nil && v.submitted && redone > 0) {
			redone++
			s.leave(site)
			if again, waitErr := s.patience(ctx, err); waitErr != nil {
				return waitErr
			} else if again {
				continue
			}
		}
		err = s.evidence(ctx, v, err)
		s.note(bot.Step{At: started, Took: s.Now().Sub(started), Site: site, Flow: flow, Text: "failed", Error: err.Error()})
		s.leave(site)
		return err
	}
}

// patience waits for as long as a site asks for, if that is short; a long wait is left to a later run.
func (s *Sites) patience(ctx context.Context, err error) (again bool, waitErr error) {
	step, ok := errors.AsType[*bot.StepError](err)
	if !ok || step.RetryAfter == 0 {
		return true, nil
	}
	if step.RetryAfter > maxPatience {
		return false, nil
	}
	return true, pauseFor(ctx, step.RetryAfter)
}

// maxPatience is how long a run waits for a site that asks for it.
const maxPatience = 20 * time.Second

// human recognises what only a person can pass: a puzzle that is to tell people from programs. It is not tried again.
func (s *Sites) human(ctx context.Context, v *visit, err error) error {
	step, ok := errors.AsType[*bot.StepError](err)
	if !ok || v == nil || step.Class != bot.PageChanged || ctx.Err() != nil {
		return err
	}
	looking, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	v.page.Watch(nil)
	seen, seeErr := v.page.See(looking, selectors.Condition{Visible: &selectors.Element{Alternatives: []selectors.Target{{CSS: puzzles, Many: true}}}})
	if seeErr != nil || !seen[0] {
		return err
	}
	return &bot.StepError{
		Class: bot.MFA, Site: step.Site, Flow: step.Flow, Step: step.Step, Place: step.Place, URL: step.URL, Expected: step.Expected,
		Found: "a puzzle that is to tell people from programs (CAPTCHA)",
		Hint:  "log in once by hand from this machine, or ask whoever looks after the site to let the bot's account in; restock never solves such puzzles", Err: err,
	}
}

// puzzles are the frames and boxes of the common ones.
const puzzles = `iframe[src*="captcha"],iframe[title*="captcha" i],iframe[src*="challenges.cloudflare.com"],.g-recaptcha,.h-captcha,.cf-turnstile,[id*="captcha" i],[class*="captcha" i]`

// cut reports whether an error is an interruption, and which. The end of the session is one, described or not.
func (v *visit) cut(ctx context.Context, err error) (index int, ok bool) {
	if in, ok := errors.AsType[*selectors.Interrupted](err); ok {
		return in.Index, true
	}
	if v != nil && err != nil && ctx.Err() == nil && v.ended(ctx, err) {
		return len(v.site.Interruptions), true
	}
	return 0, false
}

// enter returns the open visit of a site, or begins one.
func (s *Sites) enter(ctx context.Context, name, flow string, work map[string]string) (*visit, error) {
	if v := s.visits[name]; v != nil {
		return v, nil
	}
	site, ok := s.Files[name]
	if !ok {
		return nil, &bot.StepError{
			Class: bot.Config, Site: name, Flow: flow, Expected: "a selector file for the site " + name, Found: "none",
			Hint: "add it to sites/, or correct the job in restock.yaml",
		}
	}
	page, err := s.NewPage(ctx, site)
	if err != nil {
		return nil, err
	}
	v := &visit{s: s, site: site}
	v.page = &clearing{page, v}
	v.begin("login", work)
	if err := v.login(ctx); err != nil {
		// The page is kept until evidence of it was taken.
		s.keep(name, v)
		return v, err
	}
	s.keep(name, v)
	return v, nil
}

func (s *Sites) keep(name string, v *visit) {
	if s.visits == nil {
		s.visits = map[string]*visit{}
	}
	s.visits[name] = v
}

// leave closes a site's page; the next flow begins with a new one.
func (s *Sites) leave(name string) {
	if v := s.visits[name]; v != nil {
		_ = v.page.Close() // it is broken already; the browser takes it along
		delete(s.visits, name)
	}
}

func (s *Sites) note(step bot.Step) {
	s.mu.Lock()
	s.steps = append(s.steps, step)
	s.mu.Unlock()
}

// explain completes an error with what the flow knows: site, flow, step and the line of the selector file.
func (s *Sites) explain(v *visit, site, flow string, err error) error {
	if missing, ok := errors.AsType[*selectors.MissingError](err); ok {
		return &bot.StepError{
			Class: bot.Config, Site: site, Flow: flow, Place: missing.Pos.String(), Expected: missing.Name + " to be set",
			Found: "nothing", Hint: missing.Hint, Err: err,
		}
	}
	step, ok := errors.AsType[*bot.StepError](err)
	if !ok {
		step = &bot.StepError{Class: bot.BotBug, Found: err.Error(), Expected: "the flow to work", Err: err}
	}
	step.Site = site
	if step.Flow == "" {
		step.Flow = flow
	}
	if v != nil {
		if refused := v.page.Refused(); len(refused) > 0 {
			step.Hint = strings.TrimPrefix(step.Hint+"; restock refused "+strings.Join(refused[:min(len(refused), 3)], "; and "), "; ")
		}
		step.Flow = v.flow
		if step.Step == "" {
			step.Step = v.doing
		}
		if step.Place == "" {
			step.Place = v.place
		}
	}
	return step
}

func (v *visit) begin(flow string, work map[string]string) {
	v.flow, v.work, v.doing, v.place, v.complete, v.opening = flow, work, "", "", "", nil
	v.page.Watch(v.interruptions())
	v.page.Reading(v.reads())
}

// reads reports whether the flow at work must not change anything.
func (v *visit) reads() bool {
	return v.flow == "stock" || v.flow == "subscribers" || v.flow == "orders"
}

func (v *visit) interruptions() []selectors.Condition {
	list := make([]selectors.Condition, len(v.site.Interruptions))
	for i, one := range v.site.Interruptions {
		list[i] = one.See
	}
	return append(list, v.loginForm()...)
}

// answer deals with an interruption: one of the file, or the end of the session.
func (v *visit) answer(ctx context.Context, index int) error {
	v.page.Watch(nil)
	if index >= len(v.site.Interruptions) {
		v.doing, v.place = "the session has ended", v.site.Login.Pos.String()
	} else {
		in := v.site.Interruptions[index]
		v.doing, v.place = "interruption "+in.See.String(), in.Pos.String()
		if in.Fail != "" {
			return &bot.StepError{Class: bot.SiteDown, Expected: "no interruption", Found: in.Fail, Hint: "look at the screenshot"}
		}
	}
	v.log(v.doing)
	if v.s.logOuts == nil {
		v.s.logOuts = map[string]int{}
	}
	if v.s.logOuts[v.site.Site]++; v.s.logOuts[v.site.Site] > maxLogOuts {
		return &bot.StepError{
			Class: bot.Auth, Expected: "a session that lasts", Found: fmt.Sprintf("%d that ended in one run", v.s.logOuts[v.site.Site]),
			Hint: "does somebody else, or another job, log in with the same account? Give the bot one of its own",
		}
	}
	return v.login(ctx)
}

func (v *visit) values() selectors.Values {
	values := v.s.Values
	values.Work = v.work
	return values
}
