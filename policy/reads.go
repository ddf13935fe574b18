package policy

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// reads is what of its input a package can look at, found without running it.
// Converting a message is half the cost of an evaluation, so what nothing
// reads is not converted.
type reads struct {
	all    bool
	fields map[string]bool            // first level
	inner  map[string]map[string]bool // second level; nil where a field is read as a whole
}

// covers reports whether field is read.
func (r reads) covers(field string) bool { return r.all || r.fields[field] }

// coversInner reports whether field.inner is read.
func (r reads) coversInner(field, inner string) bool {
	if r.all {
		return true
	}
	in, partly := r.inner[field]
	return r.fields[field] && (!partly || in == nil || in[inner])
}

func (r *reads) note(path []string) {
	switch len(path) {
	case 0:
		r.all = true
	case 1:
		r.fields[path[0]] = true
		r.inner[path[0]] = nil
	default:
		in, seen := r.inner[path[0]]
		r.fields[path[0]] = true
		if seen && in == nil {
			return
		}
		if in == nil {
			in = map[string]bool{}
			r.inner[path[0]] = in
		}
		in[path[1]] = true
	}
}

// readsOf walks the rules and everything they depend on.
func readsOf(c *ast.Compiler, rules map[string][]*ast.Rule) reads {
	r := reads{fields: map[string]bool{}, inner: map[string]map[string]bool{}}
	seen := map[any]bool{}
	var queue []*ast.Rule
	for _, list := range rules {
		queue = append(queue, list...)
	}
	for len(queue) > 0 && !r.all {
		rule := queue[0]
		queue = queue[1:]
		if seen[rule] {
			continue
		}
		seen[rule] = true
		r.visit(rule)
		for dep := range c.Graph.Dependencies(rule) {
			if next, ok := dep.(*ast.Rule); ok {
				queue = append(queue, next)
			}
		}
	}
	return r
}

func (r *reads) visit(node any) {
	ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.With:
			if x.Target != nil {
				if ref, ok := x.Target.Value.(ast.Ref); ok && ref.HasPrefix(ast.InputRootRef) {
					r.all = true // input is replaced: leave the reckoning to the evaluator
				}
			}
		case *ast.Expr:
			if terms, ok := x.Terms.([]*ast.Term); ok && len(terms) > 2 && r.get(terms[0], terms[1:]) {
				for _, t := range terms[3:] {
					r.visit(t)
				}
				for _, w := range x.With {
					r.visit(w)
				}
				return true
			}
		case ast.Call:
			if len(x) > 2 && r.get(x[0], x[1:]) {
				for _, t := range x[3:] {
					r.visit(t)
				}
				return true
			}
		case ast.Ref:
			if len(x) > 0 && x[0].Equal(ast.InputRootDocument) {
				r.note(constantPath(x[1:]))
				for _, t := range x[1:] {
					r.visit(t)
				}
				return true
			}
		case ast.Var:
			if x.Equal(ast.InputRootDocument.Value) {
				r.all = true
			}
		}
		return r.all
	}).Walk(node)
}

// get notes object.get(input, key, …), which reads one field and no more.
func (r *reads) get(operator *ast.Term, args []*ast.Term) bool {
	ref, ok := operator.Value.(ast.Ref)
	if !ok || ref.String() != "object.get" {
		return false
	}
	base, ok := args[0].Value.(ast.Ref)
	if !ok || len(base) == 0 || !base[0].Equal(ast.InputRootDocument) {
		return false
	}
	path := constantPath(base[1:])
	if len(path) < len(base)-1 {
		return false
	}
	switch key := args[1].Value.(type) {
	case ast.String:
		r.note(append(path, string(key)))
		return true
	case *ast.Array:
		for i := range key.Len() {
			s, ok := key.Elem(i).Value.(ast.String)
			if !ok {
				break
			}
			path = append(path, string(s))
		}
		r.note(path)
		return len(path) > 0
	}
	return false
}

// constantPath returns the leading constant names of a reference.
func constantPath(terms []*ast.Term) []string {
	var out []string
	for _, t := range terms {
		s, ok := t.Value.(ast.String)
		if !ok {
			break
		}
		out = append(out, string(s))
	}
	return out
}
