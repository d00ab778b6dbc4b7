package browser

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/go-rod/rod/lib/proto"

	"restock/selectors"
)

// upload puts a file into the prepared file field and reads its name back.
func (p *Page) upload(ctx context.Context, a selectors.Action) (again string, err error) {
	data, err := os.ReadFile(a.Text)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(p.b.proc.profile, "uploads")
	path := filepath.Join(dir, filepath.Base(a.Text))
	err = errors.Join(os.MkdirAll(dir, 0o700), giveTo(dir), os.WriteFile(path, data, 0o600), giveTo(path))
	if err != nil {
		return "", err
	}
	world, err := p.enter(ctx)
	if err != nil {
		return "", err
	}
	field, err := proto.RuntimeEvaluate{Expression: "__restock.target", ContextID: world}.Call(p.in(ctx))
	if err != nil {
		return "", p.left(err)
	}
	if err := (proto.DOMSetFileInputFiles{Files: []string{path}, ObjectID: field.Result.ObjectID}).Call(p.in(ctx)); err != nil {
		return "it is no file field", nil //nolint:nilerr // Chrome says so as an error of the protocol
	}
	var done prepared
	if err := p.askOnce(ctx, request{Do: "file"}, &done); err != nil {
		return "", err
	}
	if !done.OK || done.Value != filepath.Base(a.Text) {
		return "it does not hold the file", nil
	}
	return "", nil
}
