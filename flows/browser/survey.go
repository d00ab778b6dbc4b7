package browser

import (
	"context"

	"restock/selectors"
)

// Traits tells of each element what its first match is like, or nil where nothing matches.
func (p *Page) Traits(ctx context.Context, elements []selectors.Element) ([]*selectors.Traits, error) {
	var list []*selectors.Traits
	err := p.ask(ctx, request{Do: "traits", Elements: elements}, &list)
	return list, p.broken(err)
}

// Survey lists what on the page somebody could mean, or the groups of elements that could be the rows of a list.
func (p *Page) Survey(ctx context.Context, groups bool) ([]selectors.Traits, error) {
	var list []selectors.Traits
	what := ""
	if groups {
		what = "groups"
	}
	err := p.ask(ctx, request{Do: "survey", Text: what}, &list)
	return list, p.broken(err)
}

// Ways gives CSS selectors that match exactly one thing of the last survey and nothing else.
func (p *Page) Ways(ctx context.Context, surveyed int) ([]string, error) {
	var list []string
	err := p.ask(ctx, request{Do: "ways", Row: &surveyed}, &list)
	return list, p.broken(err)
}

// InRows gives CSS selectors that match one element in each of nearly all rows.
func (p *Page) InRows(ctx context.Context, rows selectors.Element, skip []selectors.Element) ([]string, error) {
	var list []string
	err := p.ask(ctx, request{Do: "inRows", Rows: &rows, Skip: skip}, &list)
	return list, p.broken(err)
}

// At tells what is at a place of the page, in CSS pixels.
func (p *Page) At(ctx context.Context, x, y int, rows *selectors.Element, skip []selectors.Element) (selectors.Spot, error) {
	var spot selectors.Spot
	err := p.ask(ctx, request{Do: "at", X: float64(x), Y: float64(y), Rows: rows, Skip: skip}, &spot)
	return spot, p.broken(err)
}

// Spots tells where the values of each column of a plan are.
func (p *Page) Spots(ctx context.Context, plan selectors.Plan) ([][]selectors.Box, error) {
	var list [][]selectors.Box
	err := p.ask(ctx, planRequest{Do: "spots", Plan: plan}, &list)
	return list, p.broken(err)
}
