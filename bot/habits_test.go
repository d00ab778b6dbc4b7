package bot_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// habits is what is counted over every file of the tree.
type habits struct {
	t     *testing.T
	fset  *token.FileSet
	sizes []int
}

// TestSize holds the budget of code: no file over 500 lines and the median at most 120, no function over 80 lines; and nothing
// that happens by itself: no init, no state of a package, nothing that panics where it was given something wrong.
func TestSize(t *testing.T) {
	h := &habits{t: t, fset: token.NewFileSet()}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		file, err := parser.ParseFile(h.fset, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		h.file(path, file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(h.sizes)
	if median := h.sizes[len(h.sizes)/2]; median > 120 {
		t.Errorf("the median file has %d lines: at most 120", median)
	}
}

func (h *habits) file(path string, file *ast.File) {
	lines := h.fset.File(file.Pos()).LineCount()
	h.sizes = append(h.sizes, lines)
	if lines > 500 {
		h.t.Errorf("%s has %d lines: at most 500", path, lines)
	}
	tests := strings.HasSuffix(path, "_test.go")
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			h.function(decl)
		case *ast.GenDecl:
			if decl.Tok == token.VAR && !tests {
				h.variable(decl)
			}
		}
	}
	if !tests {
		ast.Inspect(file, h.must)
	}
}

func (h *habits) function(f *ast.FuncDecl) {
	if n := h.fset.Position(f.End()).Line - h.fset.Position(f.Pos()).Line + 1; n > 80 {
		h.t.Errorf("%s: %s has %d lines: at most 80", h.fset.Position(f.Pos()), f.Name.Name, n)
	}
	if f.Name.Name == "init" && f.Recv == nil {
		h.t.Errorf("%s: an init function", h.fset.Position(f.Pos()))
	}
}

// variable allows errors by which callers tell what happened, embedded files, and proofs that a type is an interface.
func (h *habits) variable(decl *ast.GenDecl) {
	embedded := decl.Doc != nil && slices.ContainsFunc(decl.Doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") })
	for _, spec := range decl.Specs {
		for _, name := range spec.(*ast.ValueSpec).Names {
			if lower := strings.ToLower(name.Name); name.Name != "_" && !embedded && !strings.HasPrefix(lower, "err") {
				h.t.Errorf("%s: %s is state of a package", h.fset.Position(name.Pos()), name.Name)
			}
		}
	}
}

// must finds calls of functions that panic where they are given something wrong.
func (h *habits) must(n ast.Node) bool {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return true
	}
	name := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	if rest, ok := strings.CutPrefix(name, "Must"); ok && rest != "" && rest[0] >= 'A' && rest[0] <= 'Z' {
		h.t.Errorf("%s: %s panics where it is given something wrong", h.fset.Position(call.Pos()), name)
	}
	return true
}
