package desk_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"strings"
	"testing"
)

// open are the desk's exported operations that need no permission, and why.
var open = map[string]string{
	"Refresh":          "changes nothing and tells nothing",
	"Source":           "asked by hooks, which have a token of their own",
	"SourceOfDelivery": "asked by the pipeline",
	"SignIn":           "proves by a password who asks",
	"SignInByLink":     "proves by a link who asks",
	"BySession":        "tells who asks",
	"ByKey":            "tells who asks",
}

// Every exported operation takes a principal and asks what it may do, itself or
// by calling another function of the desk that does so first.
func TestEveryOperationAsksForAPermission(t *testing.T) {
	t.Parallel()
	pkgs, err := parser.ParseDir(token.NewFileSet(), ".", func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }, 0)
	if err != nil {
		t.Fatal(err)
	}
	funcs := map[string]*ast.FuncDecl{}
	for _, file := range pkgs["desk"].Files {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil {
				funcs[f.Name.Name] = f
			}
		}
	}
	for name, why := range open {
		if funcs[name] == nil || why == "" {
			t.Errorf("%s is no operation any more", name)
		}
	}
	operations := 0
	for name, f := range funcs {
		if !f.Name.IsExported() || open[name] != "" {
			continue
		}
		operations++
		if !takesPrincipal(f) {
			t.Errorf("desk.%s takes no auth.Principal: who asks? Where nobody need be known, say why in this test", name)
		}
		if !asks(funcs, name, map[string]bool{}) {
			t.Errorf("desk.%s asks for no permission: call p.May or d.change, or say in this test why none is needed", name)
		}
	}
	if operations < 15 {
		t.Errorf("only %d operations were looked at", operations)
	}
}

func takesPrincipal(f *ast.FuncDecl) bool {
	for _, p := range f.Type.Params.List {
		if sel, ok := p.Type.(*ast.SelectorExpr); ok && sel.Sel.Name == "Principal" {
			return true
		}
	}
	return false
}

// asks reports whether a function calls May, or another of the desk that does.
func asks(funcs map[string]*ast.FuncDecl, name string, seen map[string]bool) bool {
	f := funcs[name]
	if f == nil || seen[name] {
		return false
	}
	seen[name] = true
	found := false
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
				found = found || sel.Sel.Name == "May" || asks(funcs, sel.Sel.Name, seen)
			}
		}
		return !found
	})
	return found
}
