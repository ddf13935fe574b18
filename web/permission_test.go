package web

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"yagura/auth"
)

// publicOperations are the operations that need no permission: they prove by
// themselves who asks.
var publicOperations = []string{"sign-in"}

// publicRoutes are the routes beside huma's operations that anybody may ask, and why.
var publicRoutes = map[string]string{
	"POST /hooks/{source}":   "a source's token or its sender's signature stands for a permission",
	"/hooks/":                "says only that there is no such hook",
	"GET /healthz":           "for load balancers; tells nothing",
	"GET /readyz":            "for load balancers; tells nothing",
	"GET /metrics":           "for Prometheus; names of sources and counts",
	"GET /api/docs":          "the page of the API's description",
	"GET /api/docs/page.js":  "the same",
	"GET /api/docs/page.css": "the same",
	"/api/":                  "says only that there is no such path",
	"/":                      "the browser app's own files, which are the same for everybody",
}

func TestEveryOperationDeclaresAPermission(t *testing.T) {
	t.Parallel()
	api := humago.New(http.NewServeMux(), apiConfig())
	(&Server{}).describe(api)
	plain := plainRoutes(t)
	n := 0
	for path, item := range api.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete, item.Head, item.Options, item.Trace} {
			if op == nil || slices.Contains(plain, op.Method+" "+path) || strings.HasPrefix(path, "/hooks/") {
				continue // described only; the other test looks at them
			}
			n++
			need, ok := op.Metadata["permission"].(auth.Permission)
			switch {
			case !ok:
				t.Errorf("%s %s declares no permission", op.Method, path)
			case need == auth.Public && !slices.Contains(publicOperations, op.OperationID):
				t.Errorf("%s %s is open to everybody", op.Method, path)
			case need != auth.Public && !slices.Contains(auth.Admin.Permissions(), need):
				t.Errorf("%s %s needs %q, which no role holds", op.Method, path, need)
			}
		}
	}
	if n < 30 {
		t.Errorf("only %d operations were looked at", n)
	}
}

// Whatever stands beside the operations refuses a request that says nothing about
// who asks, before it looks at anything: the server here has no store.
func TestEveryRouteAsksWho(t *testing.T) {
	t.Parallel()
	s := &Server{Log: slog.New(slog.DiscardHandler)}
	h := s.Handler(t.Context())
	routes := plainRoutes(t)
	for pattern, why := range publicRoutes {
		if !slices.Contains(routes, pattern) || why == "" {
			t.Errorf("%s is no route any more", pattern)
		}
	}
	for _, pattern := range routes {
		if publicRoutes[pattern] != "" {
			continue
		}
		method, path, ok := strings.Cut(pattern, " ")
		if !ok {
			t.Errorf("%s takes every method", pattern)
			continue
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, strings.ReplaceAll(path, "{id}", "x"), nil))
		if w.Code != http.StatusUnauthorized {
			t.Errorf("%s answers a stranger with %d; call s.allow first, or say in this test why anybody may ask", pattern, w.Code)
		}
	}
}

// plainRoutes lists the patterns that the package gives to the mux itself.
func plainRoutes(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(gotoken.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	var list []string
	visit := func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 2 {
			return true
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok && (sel.Sel.Name == "HandleFunc" || sel.Sel.Name == "Handle") {
			lit, ok := call.Args[0].(*ast.BasicLit)
			if !ok {
				t.Errorf("a route is no literal; this test cannot see it")
				return true
			}
			pattern, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, pattern)
		}
		return true
	}
	for _, file := range files {
		ast.Inspect(file, visit)
	}
	return list
}
