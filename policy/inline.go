package policy

import (
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Bounds of what is written in place of a call.
const (
	inlineShort = 3   // expressions of a function that is called from several places
	inlineBody  = 120 // expressions that a body may grow to
)

// inline writes the bodies of functions, and of rules that are read in one
// place, where they are called. It takes those that have one definition, no
// else, plain variables as arguments and one answer at most, for which a body in
// place means the same: undefined is undefined, a value is the value.
func inline(c *ast.Compiler) {
	in := inliner{compiler: c, rules: map[string]*ast.Rule{}, sites: map[string]int{}}
	defined := map[string]int{}
	for _, m := range c.Modules {
		for _, r := range m.Rules {
			name := r.Ref().String()
			defined[r.Ref().GroundPrefix().String()]++
			in.rules[name] = r
		}
		mocked := false
		ast.WalkWiths(m, func(*ast.With) bool {
			mocked = true
			return true
		})
		if mocked { // what is called may mean something else there
			return
		}
		ast.WalkRefs(m, func(ref ast.Ref) bool {
			in.sites[ref.String()]++
			return false
		})
	}
	for name, r := range in.rules {
		if defined[name] != 1 || !in.plain(r) {
			delete(in.rules, name)
		}
	}
	for _, m := range c.Modules {
		for _, r := range m.Rules {
			for ; r != nil; r = r.Else {
				if understood(r) {
					r.Body = in.body(r.Body, 0)
				}
			}
		}
	}
}

type inliner struct {
	compiler *ast.Compiler
	rules    map[string]*ast.Rule // that can be written in place, by reference
	sites    map[string]int       // how often each reference stands in the modules
	made     int                  // variables made up
}

// plain reports whether the rule can be written in place.
func (in *inliner) plain(r *ast.Rule) bool {
	name := r.Ref().String()
	if r.Default || r.Else != nil || r.Head.RuleKind() != ast.SingleValue || r.Head.Key != nil || r.Head.Value == nil || !r.Ref().IsGround() || !understood(r) {
		return false
	}
	if len(r.Head.Args) == 0 && (in.sites[name] != 1 || always(r)) {
		return false
	}
	if in.sites[name] != 1 && len(r.Body) > inlineShort {
		return false
	}
	bound := map[ast.Var]bool{ast.InputRootDocument.Value.(ast.Var): true, ast.DefaultRootDocument.Value.(ast.Var): true}
	for _, a := range r.Head.Args {
		v, ok := a.Value.(ast.Var)
		if !ok || bound[v] {
			return false
		}
		bound[v] = true
	}
	for _, e := range r.Body {
		if !in.single(e, bound) {
			return false
		}
		note(e, bound)
	}
	return true
}

// single reports whether the expression has one answer at most: no reference in
// it runs through all there are of something.
func (in *inliner) single(e *ast.Expr, bound map[ast.Var]bool) bool {
	if e.IsCall() {
		if b := ast.BuiltinMap[e.Operator().String()]; b != nil && (b.Relation || b.Decl == nil) {
			return false
		}
	}
	var terms []*ast.Term
	switch x := e.Terms.(type) {
	case *ast.Not:
		return true
	case *ast.Term:
		terms = []*ast.Term{x}
	case []*ast.Term:
		terms = x[1:]
	}
	for _, t := range terms {
		one := true
		ast.NewGenericVisitor(func(x any) bool {
			switch x := x.(type) {
			case *ast.ArrayComprehension, *ast.SetComprehension, *ast.ObjectComprehension:
				if t, ok := x.(ast.Value); ok && in.indexed(t) {
					one = false
				}
				return true // has one answer, whatever it runs through
			case ast.Set: // unification of sets
				one = one && x.IsGround()
			case ast.Ref:
				for _, part := range x[1:] {
					switch v := part.Value.(type) {
					case ast.Var:
						one = one && bound[v]
					case ast.String, ast.Number, ast.Boolean:
					default:
						one = false
					}
				}
			}
			return !one
		}).Walk(t)
		if !one {
			return false
		}
	}
	return true
}

// indexed reports whether the evaluator keeps an index for a comprehension: a
// copy of it would have none.
func (in *inliner) indexed(v ast.Value) bool {
	found := false
	check := func(t *ast.Term) bool {
		found = found || in.compiler.ComprehensionIndex(t) != nil
		return found
	}
	ast.WalkTerms(v, check)
	return found
}

func (in *inliner) body(b ast.Body, depth int) ast.Body {
	out := make(ast.Body, 0, len(b))
	w := rewriter{
		leaf: func(*ast.Term) *ast.Term { return nil },
		body: func(b ast.Body) ast.Body { return in.body(b, depth) },
	}
	for _, e := range b {
		if not, ok := e.Terms.(*ast.Not); ok {
			not.Body = in.body(not.Body, depth)
		}
		if terms, ok := e.Terms.([]*ast.Term); ok {
			for _, t := range terms[1:] {
				w.term(t)
			}
			if !e.Negated && len(out) < inlineBody && depth < 8 {
				if r, args, result := in.called(e); r != nil {
					out = append(out, in.body(in.written(r, args, result, e.Location), depth+1)...)
					continue
				}
			}
		}
		out = append(out, e)
	}
	for i, e := range out {
		e.Index = i
	}
	return out
}

// called returns the rule that an expression calls or reads, where it can be
// written in its place.
func (in *inliner) called(e *ast.Expr) (r *ast.Rule, args []*ast.Term, result *ast.Term) {
	if e.IsEquality() {
		for i := range 2 {
			if ref, ok := e.Operand(i).Value.(ast.Ref); ok {
				if r := in.rules[ref.String()]; r != nil && len(r.Head.Args) == 0 {
					return r, nil, e.Operand(1 - i)
				}
			}
		}
		return nil, nil, nil
	}
	if !e.IsCall() {
		return nil, nil, nil
	}
	r = in.rules[e.Operator().String()]
	if ops := e.Operands(); r != nil && len(r.Head.Args) > 0 && len(ops) == len(r.Head.Args)+1 {
		return r, ops[:len(ops)-1], ops[len(ops)-1]
	}
	return nil, nil, nil
}

// written returns the rule's body with variables of its own.
func (in *inliner) written(r *ast.Rule, args []*ast.Term, result *ast.Term, at *ast.Location) ast.Body {
	names := map[ast.Var]*ast.Term{
		ast.InputRootDocument.Value.(ast.Var):   nil,
		ast.DefaultRootDocument.Value.(ast.Var): nil,
	}
	fresh := func(v ast.Var) *ast.Term {
		if t, ok := names[v]; ok {
			return t
		}
		in.made++
		names[v] = ast.VarTerm("__local" + strconv.Itoa(1_000_000_000+in.made) + "__")
		return names[v]
	}
	var out ast.Body
	for i, a := range r.Head.Args {
		v := a.Value.(ast.Var)
		if _, ok := args[i].Value.(ast.Var); ok {
			names[v] = args[i]
			continue
		}
		out = append(out, ast.Equality.Expr(fresh(v), args[i]).SetLocation(at))
	}
	var w rewriter
	w.leaf = func(t *ast.Term) *ast.Term {
		if v, ok := t.Value.(ast.Var); ok {
			return fresh(v)
		}
		return nil
	}
	w.body = func(b ast.Body) ast.Body {
		for _, e := range b {
			switch x := e.Terms.(type) {
			case *ast.Not:
				x.Body = w.body(x.Body)
			case *ast.Term:
				e.Terms = w.term(x)
			case []*ast.Term:
				for i := 1; i < len(x); i++ {
					x[i] = w.term(x[i])
				}
			}
		}
		return b
	}
	if !always(r) {
		out = append(out, w.body(r.Body.Copy())...)
	}
	return append(out, ast.Equality.Expr(result, w.term(r.Head.Value.Copy())).SetLocation(at))
}
