package policy

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"yagura/fault"
)

// Limits on what a policy folder may hold.
const (
	maxFileSize = 1 << 20 // bytes of one file
	maxFiles    = 10000
)

// Load reads, compiles and checks every *.rego file of builtin (ours; may be
// nil) and of the user's folders. Files below testdata, samples, test and
// hidden folders are left out, and so are Rego's own unit tests (_test.rego
// with test_ rules). A user's package ingest.X or alert.X that makes alerts
// takes the place of our ingest.X; one that only declines is added to it.
// Packages of other systems (auth.*) are noted and not run.
//
// The first bad file fails the whole: the error is fault.Invalid and names
// file, line and reason, and the caller keeps the Set it has. Check lists all
// problems instead. User files are named by their path in their folder, ours by
// "builtin/" and theirs.
func Load(ctx context.Context, builtin fs.FS, user ...fs.FS) (*Set, error) {
	files, problems := readFiles(ctx, builtin, user)
	if len(problems) > 0 {
		return nil, refusal(problems)
	}
	set, problems := compileAll(files)
	if len(problems) > 0 {
		return nil, refusal(problems)
	}
	optimize(set.compiler)
	set.makePlans()
	return set, nil
}

// refusal makes one error of the problems that forbid to use a set.
func refusal(problems []Problem) error {
	const shown = 5
	lines := make([]string, 0, shown+1)
	for _, p := range problems[:min(shown, len(problems))] {
		lines = append(lines, p.String())
	}
	if more := len(problems) - shown; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return fault.New(fault.Invalid, "%s", strings.Join(lines, "\n"))
}

// File is one policy file of a set.
type File struct {
	Path     string // as errors name it
	Package  string // e.g. "ingest.guardduty"
	Builtin  bool   // ours
	Replaced bool   // ours, and a user's package stands in its place
	Ignored  string // why it does not run, e.g. for packages of other systems; empty where it does
	Version  string // "v1", or "v0" for older syntax
	module   *ast.Module
}

func (f *File) elements() []string { return packagePath(f.module) }

// readFiles finds and parses all files.
func readFiles(ctx context.Context, builtin fs.FS, user []fs.FS) ([]*File, []Problem) {
	var files []*File
	var problems []Problem
	taken := map[string]bool{}
	add := func(fsys fs.FS, prefix string, ours bool) {
		err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if d.IsDir() {
				if name != "." && leftOut(d.Name()) {
					return fs.SkipDir
				}
				return nil
			}
			if path.Ext(name) != ".rego" || strings.HasPrefix(d.Name(), ".") {
				return nil
			}
			if len(files) >= maxFiles {
				return fmt.Errorf("more than %d policy files", maxFiles)
			}
			shown := prefix + name
			for n := 2; taken[shown]; n++ {
				shown = fmt.Sprintf("%s%d/%s", prefix, n, name)
			}
			taken[shown] = true
			f, bad := parse(fsys, name, shown)
			problems = append(problems, bad...)
			if f != nil {
				f.Builtin = ours
				files = append(files, f)
			}
			return nil
		})
		if err != nil {
			problems = append(problems, Problem{Severity: Bad, Text: "reading policy files: " + err.Error()})
		}
	}
	if builtin != nil {
		add(builtin, "builtin/", true)
	}
	for _, fsys := range user {
		add(fsys, "", false)
	}
	return files, problems
}

// leftOut says which folders hold no policies to run: fixtures, and hidden
// ones (where mounted ConfigMaps and .git keep copies).
func leftOut(folder string) bool {
	switch folder {
	case "testdata", "samples", "test":
		return true
	}
	return strings.HasPrefix(folder, ".")
}

// parse reads one file; nil where it is to be left out or bad.
func parse(fsys fs.FS, name, shown string) (*File, []Problem) {
	src, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, []Problem{{File: shown, Severity: Bad, Text: "cannot be read: " + err.Error()}}
	}
	if len(src) > maxFileSize {
		return nil, []Problem{{File: shown, Severity: Bad, Text: fmt.Sprintf("is larger than %d bytes", maxFileSize)}}
	}
	src = bytes.TrimPrefix(src, []byte("\uFEFF"))
	f := &File{Path: shown, Version: "v1"}
	caps := capabilities()
	f.module, err = ast.ParseModuleWithOpts(shown, string(src), ast.ParserOptions{RegoVersion: ast.RegoV1, Capabilities: caps})
	if err != nil {
		// Policies written before Rego 1.0, with or without the keywords that
		// came from the future then.
		f.Version = "v0"
		for _, keywords := range []bool{true, false} {
			m, older := ast.ParseModuleWithOpts(shown, string(src), ast.ParserOptions{RegoVersion: ast.RegoV0, AllFutureKeywords: keywords, Capabilities: caps})
			if older == nil {
				f.module, err = m, nil
				break
			}
		}
	}
	if err != nil {
		return nil, problemsOf(err, shown)
	}
	if f.module == nil {
		return nil, []Problem{{File: shown, Line: 1, Col: 1, Severity: Bad, Text: "the file is empty: a policy starts with its package"}}
	}
	els := f.elements()
	f.Package = strings.Join(els, ".")
	if strings.HasSuffix(name, "_test.rego") && isUnitTest(f.module) {
		return nil, nil
	}
	if els[0] == "auth" {
		f.Ignored = "auth policies belong to another system; who may do what is decided by roles and tokens here"
	}
	return f, nil
}

// isUnitTest reports whether the module holds tests for `opa test`.
func isUnitTest(m *ast.Module) bool {
	return slices.ContainsFunc(m.Rules, func(r *ast.Rule) bool { return strings.HasPrefix(ruleName(r), "test_") })
}

// compileAll makes a set of parsed files.
func compileAll(files []*File) (*Set, []Problem) {
	replace(files)
	modules := map[string]*ast.Module{}
	for _, f := range files {
		if f.Ignored == "" && !f.Replaced {
			modules[f.Path] = f.module
		}
	}
	c := ast.NewCompiler().WithCapabilities(capabilities()).WithEnablePrintStatements(false).WithDefaultRegoVersion(ast.RegoV1)
	c.Compile(modules)
	if c.Failed() {
		return nil, problemsOf(c.Errors, "")
	}
	set, err := newSet(c, files)
	if err != nil {
		return nil, problemsOf(err, "")
	}
	return set, nil
}

// replace marks files of ours where the user has written a package for the kind.
func replace(files []*File) {
	made := map[string]bool{}
	for _, f := range files {
		if els := f.elements(); !f.Builtin && len(els) > 1 && (els[0] == "ingest" || els[0] == "alert") && makesAlerts(f.module) {
			made[kindOf(els)] = true
		}
	}
	for _, f := range files {
		if els := f.elements(); f.Builtin && len(els) > 1 && els[0] == "ingest" && made[kindOf(els)] {
			f.Replaced = true
		}
	}
}

func makesAlerts(m *ast.Module) bool {
	return slices.ContainsFunc(m.Rules, func(r *ast.Rule) bool {
		name := ruleName(r)
		return name == "alerts" || name == "alert"
	})
}

// kindOf names the kind that a package ingest.X or alert.X reads.
func kindOf(elements []string) string { return strings.Join(elements[1:], ".") }

// packagePath returns the names of a package, without "data".
func packagePath(m *ast.Module) []string {
	out := make([]string, 0, len(m.Package.Path))
	for _, t := range m.Package.Path[1:] {
		if s, ok := t.Value.(ast.String); ok {
			out = append(out, string(s))
		}
	}
	if len(out) == 0 {
		out = append(out, "")
	}
	return out
}

// ruleName returns the first name of a rule: "alerts" of alerts contains x.
func ruleName(r *ast.Rule) string {
	switch v := r.Head.Ref()[0].Value.(type) {
	case ast.Var:
		return string(v)
	case ast.String:
		return string(v)
	}
	return ""
}

// problemsOf turns what the Rego library reports into problems of ours.
func problemsOf(err error, file string) []Problem {
	var list ast.Errors
	var one *ast.Error
	switch {
	case errors.As(err, &list):
	case errors.As(err, &one):
		list = ast.Errors{one}
	default:
		return []Problem{{File: file, Severity: Bad, Text: err.Error()}}
	}
	out := make([]Problem, 0, len(list))
	for _, e := range list {
		p := Problem{File: file, Severity: Bad, Text: e.Code + ": " + e.Message}
		if e.Location != nil {
			p.File, p.Line, p.Col = cmp.Or(e.Location.File, file), e.Location.Row, e.Location.Col
		}
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return out
}
