package flows

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"restock/bot"
	"restock/flows/evidence"
)

// Limits of the flight recorder. It must not slow the work down: a small picture takes some 40 ms.
const (
	maxTrail      = 400
	maxThumbnails = 16
	thumbEvery    = time.Second
	thumbWidth    = 340
	goodWidth     = 1100
	thumbLimit    = 2 * time.Second
	maxNames      = 3000
)

// log adds a line to what was done; the last ones are kept.
func (v *visit) log(text string) {
	if v.trail = append(v.trail, evidence.Step{At: v.s.Now().In(v.s.Zone), Text: text}); len(v.trail) > maxTrail {
		v.trail = append([]evidence.Step(nil), v.trail[maxTrail/2:]...)
	}
}

// snap adds a small picture to the last step, unless there was one a moment ago.
func (v *visit) snap(ctx context.Context) {
	now := v.s.Now()
	if v.s.Evidence == "" || len(v.trail) == 0 || now.Sub(v.snapped) < thumbEvery {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, thumbLimit)
	defer cancel()
	picture, err := v.page.Picture(ctx, thumbWidth, v.hidden())
	if v.snapped = v.s.Now(); err != nil {
		return // what is wrong with the page is told by the next step
	}
	v.trail[len(v.trail)-1].Picture = picture
	n := 0
	for i := len(v.trail) - 1; i >= 0; i-- {
		if v.trail[i].Picture == nil {
			continue
		}
		if n++; n > maxThumbnails {
			v.trail[i].Picture = nil
		}
	}
}

// evidence captures the page of a failed step. A failing capture does not hide the failure itself.
func (s *Sites) evidence(ctx context.Context, v *visit, err error) error {
	step, ok := errors.AsType[*bot.StepError](err)
	if !ok || v == nil || step.Evidence != "" || s.Evidence == "" || step.Class == bot.Config && step.URL == "" {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), captureLimit)
	defer cancel()
	s.shots++
	dir := filepath.Join(s.Evidence, fmt.Sprintf("%02d-%s-%s", s.shots, v.site.Site, v.flow)+s.EvidenceMark)
	r := evidence.Record{
		At: s.Now().In(s.Zone), Failure: step, Steps: v.trail, Excerpt: evidence.Excerpt(step.Place), Definition: evidence.Definition(step.Place, step.Expected),
		Good: s.lastGood(v),
	}
	if captured := v.page.Capture(ctx, dir, v.hidden()); captured != nil {
		r.Captured = captured.Error()
	}
	if s.OnFailed != nil && step.Class == bot.PageChanged {
		if err := s.OnFailed(ctx, v.site, v.flow, "page that failed", v.values(), v.page); err != nil {
			r.Captured = strings.TrimPrefix(r.Captured+"; "+err.Error(), "; ")
		}
	}
	if saveErr := errors.Join(evidence.Save(dir, r), evidence.Compose(s.Evidence)); saveErr != nil {
		s.note(bot.Step{At: s.Now(), Site: v.site.Site, Flow: v.flow, Text: "evidence could not be kept", Error: bot.Clean(saveErr.Error())})
		return err
	}
	step.Evidence = dir
	return err
}

// Witness implements bot.Sites. What the page showed was read, but is not believed: it is no picture of how it should be.
func (s *Sites) Witness(ctx context.Context, site string, failure *bot.StepError) error {
	v := s.visits[site]
	if v == nil {
		return failure
	}
	delete(s.goods, site+"/"+v.flow)
	return s.evidence(ctx, v, failure)
}

// worked keeps the picture of a flow that worked, once a run: of a list, its first page. It is kept for later runs when this one ends, if it
// was believed.
func (s *Sites) worked(ctx context.Context, v *visit) {
	picture := v.opening
	if picture == nil {
		picture = s.picture(ctx, v)
	}
	if picture == nil { // there is an older one
		return
	}
	if s.goods == nil {
		s.pictured, s.goods = map[string]bool{}, map[string]evidence.Good{}
	}
	key := v.site.Site + "/" + v.flow
	s.pictured[key] = true
	s.goods[key] = evidence.Good{At: s.Now().In(s.Zone), Picture: picture}
}

// picture takes a picture of a flow's page, unless there is one of this run, or none is wanted.
func (s *Sites) picture(ctx context.Context, v *visit) []byte {
	if s.Evidence == "" || s.pictured[v.site.Site+"/"+v.flow] {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, thumbLimit)
	defer cancel()
	picture, err := v.page.Picture(ctx, goodWidth, v.hidden())
	if err != nil {
		return nil
	}
	return picture
}

// lastGood is the last picture of a flow that worked: of this run, or of an earlier one.
func (s *Sites) lastGood(v *visit) *evidence.Good {
	if good, ok := s.goods[v.site.Site+"/"+v.flow]; ok {
		return &good
	}
	return evidence.LastGood(filepath.Dir(s.Evidence), v.site.Site, v.flow)
}

// keepGood keeps the pictures of the flows that worked for later runs.
func (s *Sites) keepGood() {
	var errs []error
	for key, good := range s.goods {
		site, flow, _ := strings.Cut(key, "/")
		errs = append(errs, evidence.SaveGood(filepath.Dir(s.Evidence), site, flow, good))
	}
	s.goods = nil
	if err := errors.Join(errs...); err != nil {
		s.note(bot.Step{At: s.Now(), Flow: "evidence", Text: "pictures could not be kept", Error: bot.Clean(err.Error())})
	}
}
