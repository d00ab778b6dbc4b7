package main

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/draw"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"

	"restock/bot/web/admin"
	"restock/flows"
	"restock/flows/proposal"
	"restock/selectors"
)

// keepGood keeps a page on which the file finds everything: it tells later what an element was that is not found any more.
func (b *workbench) keepGood(p tried) error {
	if p.What == pageThatFailed { // whatever was wrong with it
		return nil
	}
	found := func(in flows.Inspected) bool { return in.Flow == p.Flow && in.Problem == "" && in.Matches > 0 }
	if !slices.ContainsFunc(p.list, found) || slices.ContainsFunc(p.list, func(in flows.Inspected) bool { return in.Problem != "" }) {
		return nil
	}
	data, err := os.ReadFile(p.file)
	if err != nil {
		return err
	}
	dir := b.w.goodPages(p.Site)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	name := goodName(dir, p.Flow, p.What)
	return errors.Join(os.WriteFile(name+".new", data, 0o600), os.Rename(name+".new", name))
}

// goodPage is the last good page to compare a page with.
func (b *workbench) goodPage(p tried) (string, bool) {
	files, _ := filepath.Glob(filepath.Join(b.w.goodPages(p.Site), p.Flow+"-*.html"))
	best := ""
	for _, file := range files {
		about, err := aboutPage(file)
		switch {
		case err != nil || about.Flow != p.Flow:
		case about.What == p.What:
			return file, true
		case best == "" && (about.What == "detail") == (p.What == "detail"):
			best = file
		}
	}
	return best, best != ""
}

// propose adds what can be proposed for what a page does not show any more.
func (b *workbench) propose(ctx context.Context, l *lab, p tried, text string, picture []byte, t *admin.Trial) error {
	broken := slices.ContainsFunc(p.list, func(in flows.Inspected) bool { return in.Problem != "" && in.Flow == p.Flow })
	file, ok := b.goodPage(p)
	if !broken || !ok {
		return nil
	}
	page, err := l.page(ctx, l.site)
	if err != nil {
		return err
	}
	defer func() { _ = page.Close() }() // the browser ends with the trial
	if err := openSaved(ctx, page, file); err != nil {
		return err
	}
	contract, err := b.w.ledger.Contract(ctx, p.Site, p.Flow)
	if err != nil {
		return err
	}
	former, err := b.File(p.Site)
	if err != nil {
		return err
	}
	if _, err := selectors.Load(b.path(p.Site), []byte(former)); err != nil {
		former = text // what is saved has findings
	}
	c := proposal.Case{File: b.path(p.Site), Text: text, Former: former, Flow: p.Flow, What: p.What, Contract: contract}
	proposals, refusals, err := proposal.Find(ctx, c, page, p.page, p.values)
	if err != nil {
		return err
	}
	was, err := page.Picture(ctx, labWidth, selectors.Hidden{})
	if err != nil {
		return err
	}
	for _, one := range proposals {
		t.Proposals = append(t.Proposals, admin.Proposal{
			Line: one.Line, At: one.At, Flow: one.Flow, What: one.What, Before: one.Before, After: one.After, Text: one.Text, Reasons: one.Reasons,
			Was: crop(was, one.Was), Now: crop(picture, one.Now),
		})
	}
	for _, one := range refusals {
		t.Refusals = append(t.Refusals, admin.Refusal{Line: one.Line, Flow: one.Flow, What: one.What, Why: one.Why})
	}
	return nil
}

// crop cuts what is around a box out of a picture; nothing where the box is not on it.
func crop(picture []byte, b selectors.Box) []byte {
	const around, widest, highest = 24, 560, 220
	whole, err := jpeg.Decode(bytes.NewReader(picture))
	if err != nil || b[2] == 0 {
		return nil
	}
	part := image.Rect(b[0]-around, b[1]-around, b[0]+min(b[2], widest)+around, b[1]+min(b[3], highest)+around).Intersect(whole.Bounds())
	if part.Empty() {
		return nil
	}
	cut := image.NewRGBA(image.Rect(0, 0, part.Dx(), part.Dy()))
	draw.Draw(cut, cut.Bounds(), whole, part.Min, draw.Src)
	var out bytes.Buffer
	if jpeg.Encode(&out, cut, &jpeg.Options{Quality: 85}) != nil {
		return nil
	}
	return out.Bytes()
}
