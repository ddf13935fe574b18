package policy

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"yagura/alert"
)

// Check reads what Load reads and lists everything its authors should know, by
// file and line: errors, for which Load refuses the set, then warnings about
// what compiles but hardly does what was meant, and notes.
func Check(ctx context.Context, builtin fs.FS, user ...fs.FS) []Problem {
	files, problems := readFiles(ctx, builtin, user)
	set, bad := compileAll(files)
	problems = append(problems, bad...)
	var r review
	for _, f := range files {
		r.file(f)
	}
	if set != nil {
		r.unread(set, files)
		r.conflicts(set)
	}
	problems = append(problems, r.problems...)
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return problems
}

// review gathers warnings and notes, from the syntax alone.
type review struct{ problems []Problem }

func (r *review) add(l *ast.Location, level Level, format string, args ...any) {
	p := Problem{Severity: level, Text: fmt.Sprintf(format, args...)}
	if l != nil {
		p.File, p.Line, p.Col = l.File, l.Row, l.Col
	}
	r.problems = append(r.problems, p)
}

// file looks at one file's rules.
func (r *review) file(f *File) {
	l := f.module.Package.Location
	switch {
	case f.Ignored != "":
		r.add(l, Note, "package %s is not run: %s", f.Package, f.Ignored)
		return
	case f.Replaced:
		r.add(l, Note, "a user's policy takes the place of package %s", f.Package)
		return
	}
	if f.Version == "v0" {
		r.add(l, Note, "this is Rego from before 1.0; it runs, new rules are better written with if and contains")
	}
	els := f.elements()
	for _, rule := range f.module.Rules {
		name := ruleName(rule)
		switch {
		case (els[0] == "ingest" || els[0] == "alert") && len(els) > 1:
			if name == "alerts" || name == "alert" {
				for _, obj := range yielded(rule) {
					r.alert(obj)
				}
			}
		case els[0] == "enrich" && len(els) == 1 && name == "prompts":
			for _, obj := range yielded(rule) {
				r.prompt(obj)
			}
		case (els[0] == "triage" || els[0] == "commit") && len(els) == 1:
			r.verdict(name, rule)
		}
	}
}

// alert looks at an alert written as an object.
func (r *review) alert(obj ast.Object) {
	obj.Foreach(func(k, v *ast.Term) {
		name, ok := k.Value.(ast.String)
		if !ok {
			return
		}
		if _, known := fields[string(name)]; !known {
			r.add(k.Location, Warn, "an alert has no field %q; it will be left out", string(name))
			return
		}
		word, constant := v.Value.(ast.String)
		switch {
		case name == "severity" && constant:
			if _, ok := severityWord(string(word)); !ok {
				r.add(v.Location, Warn, "severity %q is none of info, low, medium, high, critical", string(word))
			}
		case name == "action" && constant && word != "" && !slices.Contains([]alert.Action{alert.Detected, alert.Blocked, alert.Allowed, alert.Quarantined}, alert.Action(strings.ToLower(string(word)))):
			r.add(v.Location, Warn, "action %q is none of detected, blocked, allowed, quarantined", string(word))
		case name == "condition" && constant && word != "" && !slices.Contains([]alert.Condition{alert.Present, alert.Fixed}, alert.Condition(strings.ToLower(string(word)))):
			r.add(v.Location, Warn, "condition %q is neither present nor fixed", string(word))
		case name == "fingerprint" && isConstant(v) && v.Value.Compare(ast.Null{}) != 0:
			r.add(cmp.Or(v.Location, k.Location), Warn, "this fingerprint is constant: every alert would count as the same; it will not be used")
		}
	})
}

// prompt looks at a task of the enrich policy written as an object.
func (r *review) prompt(obj ast.Object) {
	var at *ast.Location
	texts := 0
	obj.Foreach(func(k, v *ast.Term) {
		name, ok := k.Value.(ast.String)
		if !ok {
			return
		}
		at = cmp.Or(at, k.Location)
		switch name {
		case "inline", "template":
			texts++
		case "format":
			if word, ok := v.Value.(ast.String); ok && word != "text" && word != "json" {
				r.add(v.Location, Warn, "format %q of a prompt is neither text nor json", string(word))
			}
		case "id", "params":
		default:
			r.add(k.Location, Warn, "a prompt has no field %q", string(name))
		}
	})
	if texts != 1 {
		r.add(at, Warn, "a prompt has either inline or template")
	}
}

// verdict looks at a rule of the triage policy with a constant value.
func (r *review) verdict(name string, rule *ast.Rule) {
	if rule.Head.Value == nil {
		return
	}
	word, ok := rule.Head.Value.Value.(ast.String)
	if !ok {
		return
	}
	l := rule.Head.Value.Location
	if l == nil {
		l = rule.Location
	}
	switch name {
	case "publish":
		if _, ok := published[strings.ToLower(string(word))]; !ok {
			r.add(l, Warn, "publish %q is none of alert, notice, discard", string(word))
		}
	case "disposition":
		if d := alert.Disposition(strings.ToLower(string(word))); d == alert.Silenced || !slices.Contains(alert.Dispositions(), d) {
			r.add(l, Warn, "disposition %q is none of active, notice, closed, declined", string(word))
		}
	case "severity":
		if _, ok := severityWord(string(word)); !ok {
			r.add(l, Warn, "severity %q is none of info, low, medium, high, critical", string(word))
		}
	}
}

// conflicts finds rules of triage that always hold beside others of the same
// name with another value: where both hold, evaluation fails. Who writes that
// mostly means a default.
func (r *review) conflicts(set *Set) {
	for _, p := range set.triage {
		for _, name := range p.names {
			for _, rule := range p.rules[name] {
				if rule.Default || rule.Head.RuleKind() == ast.MultiValue || rule.Head.Value == nil || !always(rule) {
					continue
				}
				for _, other := range p.rules[name] {
					if other != rule && !other.Default && other.Head.Value != nil && !other.Head.Value.Equal(rule.Head.Value) {
						r.add(rule.Location, Warn, "%s is always %s here and something else at %s where that holds, which is a conflict; write: default %s := %s",
							name, rule.Head.Value, at(other.Location), name, rule.Head.Value)
						break
					}
				}
			}
		}
	}
}

func always(r *ast.Rule) bool {
	return len(r.Body) == 1 && r.Body[0].Equal(ast.NewExpr(ast.BooleanTerm(true)))
}

// unread finds packages that nothing evaluates: mostly misspelt names.
func (r *review) unread(set *Set, files []*File) {
	used := map[string]bool{"triage": true, "commit": true, "enrich": true}
	for kind, p := range set.ingest {
		used["ingest."+kind] = p.pkg == "ingest."+kind
		used["alert."+kind] = p.pkg == "alert."+kind
	}
	for _, f := range files {
		if f.Ignored == "" && !f.Replaced {
			ast.WalkRefs(set.compiler.Modules[f.Path], func(ref ast.Ref) bool {
				if path := constantPath(ref[1:]); ref[0].Equal(ast.DefaultRootDocument) {
					for i := range path {
						if name := strings.Join(path[:i+1], "."); name != f.Package {
							used[name] = true
						}
					}
				}
				return false
			})
		}
	}
	for _, f := range files {
		els := f.elements()
		l := f.module.Package.Location
		switch {
		case f.Ignored != "" || f.Replaced || used[f.Package]:
		case els[0] == "alert" && len(els) > 1 && set.ingest[kindOf(els)] != nil:
			r.add(l, Warn, "nothing reads package %s: %s stands before it", f.Package, set.ingest[kindOf(els)].pkg)
		case (els[0] == "ingest" || els[0] == "alert") && len(els) > 1:
			r.add(l, Warn, "nothing reads package %s: it has none of the rules %s", f.Package, strings.Join(ingestRules, ", "))
		default:
			r.add(l, Warn, "nothing reads package %s; packages are ingest.<kind>, enrich, triage, and those that they import", f.Package)
		}
	}
}

// yielded returns the object literals that a rule yields: in its head, or
// behind a variable or comprehension in it.
func yielded(rule *ast.Rule) []ast.Object {
	var out []ast.Object
	for r := rule; r != nil; r = r.Else {
		for _, t := range []*ast.Term{r.Head.Key, r.Head.Value} {
			out = append(out, literals(t, r.Body, 0)...)
		}
		if ref := r.Head.Ref(); len(ref) == 2 { // alert[x] { … } of older syntax
			out = append(out, literals(ref[1], r.Body, 0)...)
		}
	}
	return out
}

func literals(t *ast.Term, body ast.Body, depth int) []ast.Object {
	if t == nil || depth > 5 {
		return nil
	}
	switch v := t.Value.(type) {
	case ast.Object:
		return []ast.Object{v}
	case *ast.Array:
		var out []ast.Object
		for i := range v.Len() {
			out = append(out, literals(v.Elem(i), body, depth+1)...)
		}
		return out
	case *ast.ArrayComprehension:
		return literals(v.Term, v.Body, depth+1)
	case *ast.SetComprehension:
		return literals(v.Term, v.Body, depth+1)
	case ast.Var:
		var out []ast.Object
		for _, e := range body {
			if (e.IsAssignment() || e.IsEquality()) && e.Operand(0) != nil && e.Operand(0).Equal(t) {
				out = append(out, literals(e.Operand(1), body, depth+1)...)
			}
		}
		return out
	}
	return nil
}

// isConstant reports whether a term holds no reference, variable or call.
func isConstant(t *ast.Term) bool {
	constant := true
	ast.WalkTerms(t, func(t *ast.Term) bool {
		switch t.Value.(type) {
		case ast.Var, ast.Ref, ast.Call, *ast.ArrayComprehension, *ast.SetComprehension, *ast.ObjectComprehension, *ast.TemplateString:
			constant = false
		}
		return !constant
	})
	return constant
}
