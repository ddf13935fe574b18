package policy

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// planner turns compiled rules into closures. It panics with errOrdinary at
// what a plan cannot say. The compiler has put the expressions of every body
// into an order in which variables have values where they are needed, so which
// occurrence of a variable gives it its value is known beforehand.
type planner struct {
	byName map[string][]*ast.Rule
	done   map[string]*planRule
	slots  int // of memo
}

func unplanned() { panic(errOrdinary) }

// rule returns the plan of a complete rule or function; nil where there is none
// of that name.
func (pl *planner) rule(name string) *planRule {
	if r := pl.done[name]; r != nil {
		return r
	}
	rules := pl.byName[name]
	if len(rules) == 0 {
		return nil
	}
	out := &planRule{function: len(rules[0].Head.Args) > 0, memo: pl.slots}
	if !out.function {
		pl.slots++
	}
	pl.done[name] = out
	for _, r := range rules {
		if r.Head.RuleKind() != ast.SingleValue || r.Head.Key != nil || r.Head.Value == nil || !r.Ref().IsGround() ||
			len(r.Head.Args) != len(rules[0].Head.Args) {
			unplanned()
		}
		if r.Default {
			if out.function || out.fallback != nil || !isConstant(r.Head.Value) || r.Else != nil {
				unplanned()
			}
			out.fallback = r.Head.Value
			continue
		}
		var chain []*planBranch
		for b := r; b != nil; b = b.Else {
			if !understood(b) || b.Head.Value == nil || len(b.Head.Args) != len(r.Head.Args) {
				unplanned()
			}
			chain = append(chain, pl.branch(b))
		}
		out.chains = append(out.chains, chain)
	}
	return out
}

func (pl *planner) branch(r *ast.Rule) *planBranch {
	s := &scope{pl: pl, slots: map[ast.Var]int{}, bound: map[ast.Var]bool{}}
	b := &planBranch{}
	for _, a := range r.Head.Args {
		b.args = append(b.args, s.match(a))
	}
	b.body = s.body(r.Body)
	b.value = s.term(r.Head.Value)
	b.slots = len(s.slots)
	return b
}

// scope is one rule's variables while its plan is made.
type scope struct {
	pl    *planner
	slots map[ast.Var]int
	bound map[ast.Var]bool // have a value at this point
}

func (s *scope) slot(v ast.Var) int {
	n, ok := s.slots[v]
	if !ok {
		n = len(s.slots)
		s.slots[v] = n
	}
	return n
}

// inner makes something with variables that have values in it alone.
func (s *scope) inner(f func()) {
	outer := make(map[ast.Var]bool, len(s.bound))
	for v := range s.bound {
		outer[v] = true
	}
	f()
	s.bound = outer
}

func (s *scope) body(b ast.Body) *planBody {
	out := &planBody{simple: true}
	for _, e := range b {
		st := s.step(e)
		out.simple = out.simple && st.each == nil
		out.steps = append(out.steps, st)
	}
	return out
}

func (s *scope) step(e *ast.Expr) planStep {
	if len(e.With) > 0 {
		unplanned()
	}
	if e.Negated {
		plain := *e
		plain.Negated = false
		return s.not(ast.Body{&plain})
	}
	switch x := e.Terms.(type) {
	case *ast.Not:
		return s.not(x.Body)
	case *ast.Term:
		return s.unify(x, func() planMatch { return truth })
	case []*ast.Term:
		switch {
		case e.IsEquality():
			a, b := x[1], x[2]
			if s.openRef(b) && !s.openRef(a) {
				a, b = b, a
			}
			if s.open(a) && !s.openRef(a) { // the side with the unknowns takes the other's value
				if a, b = b, a; s.open(a) {
					unplanned()
				}
			}
			return s.unify(a, func() planMatch { return s.match(b) })
		case e.IsCall():
			return s.call(x[0], x[1:])
		}
	}
	unplanned()
	return planStep{}
}

func (s *scope) not(b ast.Body) (st planStep) {
	s.inner(func() {
		body := s.body(b)
		st.test = func(r *planRun, f []*ast.Term) bool {
			if body.simple {
				return !body.holds(r, f)
			}
			return body.run(r, f, 0, func() bool { return false })
		}
	})
	return st
}

func truth(_ *planRun, _ []*ast.Term, v *ast.Term) bool { return v.Value != ast.Boolean(false) }

func (s *scope) openRef(t *ast.Term) bool {
	_, ok := t.Value.(ast.Ref)
	return ok && s.open(t)
}

// unify plans a = b, where a may run through a reference, whose unknowns come
// first, and b may have unknowns.
func (s *scope) unify(a *ast.Term, b func() planMatch) planStep {
	if s.open(a) {
		ref, ok := a.Value.(ast.Ref)
		if !ok {
			unplanned()
		}
		each := s.ref(ref)
		m := b()
		return planStep{each: func(r *planRun, f []*ast.Term, next func() bool) bool {
			return each(r, f, func(v *ast.Term) bool { return !m(r, f, v) || next() })
		}}
	}
	t := s.term(a)
	m := b()
	return planStep{test: func(r *planRun, f []*ast.Term) bool {
		v := t(r, f)
		return v != nil && m(r, f, v)
	}}
}

// open reports whether a term has variables without a value, comprehensions aside.
func (s *scope) open(t *ast.Term) bool {
	open := false
	ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.ArrayComprehension, *ast.SetComprehension, *ast.ObjectComprehension:
			return true
		case ast.Var:
			if !s.bound[x] && !x.Equal(ast.InputRootDocument.Value) && !x.Equal(ast.DefaultRootDocument.Value) {
				open = true
			}
		}
		return open
	}).Walk(t)
	return open
}

// match plans what takes or compares a value.
func (s *scope) match(t *ast.Term) planMatch {
	switch x := t.Value.(type) {
	case ast.Var:
		if s.open(t) {
			s.bound[x] = true
			n := s.slot(x)
			return func(_ *planRun, f []*ast.Term, v *ast.Term) bool {
				f[n] = v
				return true
			}
		}
	case *ast.Array:
		if s.open(t) {
			parts := make([]planMatch, x.Len())
			for i := range parts {
				parts[i] = s.match(x.Elem(i))
			}
			return func(r *planRun, f []*ast.Term, v *ast.Term) bool {
				a, ok := v.Value.(*ast.Array)
				if !ok || a.Len() != len(parts) {
					return false
				}
				for i, p := range parts {
					if !p(r, f, a.Elem(i)) {
						return false
					}
				}
				return true
			}
		}
	}
	if s.open(t) {
		unplanned()
	}
	want := s.term(t)
	return func(r *planRun, f []*ast.Term, v *ast.Term) bool {
		w := want(r, f)
		return w != nil && w.Equal(v)
	}
}

// call plans a function of Rego, of ours or of the policy's.
func (s *scope) call(operator *ast.Term, operands []*ast.Term) planStep {
	name := operator.Value.String()
	var arity int
	var do func(r *planRun, args []*ast.Term) *ast.Term
	if ref, ok := operator.Value.(ast.Ref); ok && ref[0].Equal(ast.DefaultRootDocument) {
		rule := s.pl.rule(name)
		if rule == nil || !rule.function {
			unplanned()
		}
		arity = len(s.pl.byName[name][0].Head.Args)
		do = rule.eval
	} else {
		arity, do = builtinOf(name)
	}
	if len(operands) != arity && len(operands) != arity+1 {
		unplanned()
	}
	args := make([]planTerm, arity)
	for i := range args {
		args[i] = s.term(operands[i])
	}
	take := planMatch(truth)
	if len(operands) > arity {
		take = s.match(operands[arity])
	}
	return planStep{test: func(r *planRun, f []*ast.Term) bool {
		arena, top := &r.arena[0], r.top
		values := r.frame(len(args))
		ready := true
		for i, a := range args {
			if values[i] = a(r, f); values[i] == nil {
				ready = false
				break
			}
		}
		var v *ast.Term
		if ready {
			v = do(r, values)
		}
		if &r.arena[0] == arena {
			r.top = top
		}
		return v != nil && take(r, f, v)
	}}
}

// endless are functions that may take as long as Timeout lets them.
var endless = map[string]bool{"numbers.range": true, "numbers.range_step": true, "net.cidr_expand": true}

// builtinOf returns a function that is pure and has one answer.
func builtinOf(name string) (int, func(r *planRun, args []*ast.Term) *ast.Term) {
	decl, f := ast.BuiltinMap[name], topdown.GetBuiltin(name)
	if own := functions[name]; own != nil && decl == nil {
		decl, f = own.Decl, own.Func
	}
	if decl == nil || f == nil || decl.Nondeterministic || decl.Relation || decl.Decl.Result() == nil || endless[name] {
		unplanned()
	}
	return decl.Decl.Arity(), func(r *planRun, args []*ast.Term) *ast.Term {
		r.out = nil
		if err := f(r.ctx, args, r.yield); err != nil {
			panic(errOrdinary)
		}
		v := r.out
		r.out = nil
		return v
	}
}
