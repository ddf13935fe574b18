package policy

import (
	"maps"
	"regexp"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// optimize rewrites compiled rules so that they say the same with less work.
// The evaluator pays for every expression and every variable that it binds, and
// the compiler writes many of both:
//
//   - a rule that is a constant (a table of words, of paths) is evaluated anew
//     for each message; here its value takes the place of references to it;
//   - a function that is short or called from one place is written there (see
//     inline.go);
//   - one field that is read several times in a body is read once;
//   - a variable that only names another one or a constant is done away with.
//
// Rules keep their places and locations, so that errors name the same lines.
// Rules with what is not understood for certain (with, every and the like) stay
// as they are.
func optimize(c *ast.Compiler) {
	inline(c)
	o := optimizer{compiler: c, constants: constantRules(c)}
	for _, m := range c.Modules {
		for _, r := range m.Rules {
			for ; r != nil; r = r.Else {
				o.rule(r)
			}
		}
	}
}

// constantRules returns the values of rules that always have the same, by
// reference.
func constantRules(c *ast.Compiler) map[string]*ast.Term {
	out := map[string]*ast.Term{}
	defined := map[string]int{}
	mocked := false
	for _, m := range c.Modules {
		for _, r := range m.Rules {
			defined[r.Ref().GroundPrefix().String()]++
		}
		ast.WalkWiths(m, func(w *ast.With) bool {
			ref, ok := w.Target.Value.(ast.Ref)
			mocked = mocked || !ok || !ref[0].Equal(ast.InputRootDocument)
			return mocked
		})
	}
	if mocked { // rules take other values then
		return out
	}
	for _, m := range c.Modules {
		for _, r := range m.Rules {
			ref, v := r.Ref(), r.Head.Value
			if v != nil && !r.Default && r.Else == nil && r.Head.Key == nil && len(r.Head.Args) == 0 && ref.IsGround() &&
				defined[ref.String()] == 1 && always(r) && isConstant(v) && v.IsGround() {
				out[ref.String()] = v
			}
		}
	}
	for name := range out { // where a rule stands below another one's name, the evaluator merges them
		for other := range defined {
			if rest, below := strings.CutPrefix(other, name); below && rest != "" && (rest[0] == '.' || rest[0] == '[') {
				delete(out, name)
			}
		}
	}
	return out
}

type optimizer struct {
	compiler  *ast.Compiler
	constants map[string]*ast.Term // by reference
	made      int                  // variables made up

	// Of the rule at hand.
	pinned map[ast.Var]bool      // variables that must stay
	heads  map[ast.Var]bool      // variables that references start from: no constant can stand there
	seen   map[ast.Var]bool      // variables that have a value at this point
	subst  map[ast.Var]*ast.Term // what stands for a variable: another one, or a constant
}

// generated are the variables that the compiler makes up, each for one scope.
var generated = regexp.MustCompile(`^__local\d+__$`)

func (o *optimizer) rule(r *ast.Rule) {
	if r.Default || !understood(r) {
		return
	}
	o.pinned, o.heads, o.seen, o.subst = map[ast.Var]bool{}, map[ast.Var]bool{}, map[ast.Var]bool{}, map[ast.Var]*ast.Term{}
	for _, arg := range r.Head.Args {
		note(arg, o.seen)
	}
	for _, t := range append(ast.Ref{r.Head.Key}, r.Head.Reference...) { // these stay as written
		if t != nil {
			note(t, o.pinned)
		}
	}
	ast.WalkTerms(r.Body, func(t *ast.Term) bool {
		if ref, ok := t.Value.(ast.Ref); ok && len(ref) > 0 {
			if v, ok := ref[0].Value.(ast.Var); ok {
				o.heads[v] = true
			}
		}
		if index := o.compiler.ComprehensionIndex(t); index != nil {
			for _, k := range index.Keys {
				note(k, o.pinned)
			}
		}
		return false
	})
	r.Body = o.body(r.Body, map[string]*ast.Term{})
	r.Head.Value = o.term(r.Head.Value, nil)
}

func note(node any, vars map[ast.Var]bool) {
	ast.WalkVars(node, func(v ast.Var) bool {
		vars[v] = true
		return false
	})
}

// understood reports whether the rule has only expressions of the plain kinds.
func understood(r *ast.Rule) bool {
	ok := true
	ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.Expr:
			switch x.Terms.(type) {
			case []*ast.Term, *ast.Term, *ast.Not:
			default:
				ok = false
			}
			ok = ok && len(x.With) == 0
		case *ast.TemplateString, ast.Call:
			ok = false
		case *ast.Rule:
			return x != r // not its else
		}
		return !ok
	}).Walk(r)
	return ok
}

// body rewrites one body; known holds the references that were read before,
// with the variables that they were read into.
func (o *optimizer) body(b ast.Body, known map[string]*ast.Term) ast.Body {
	out := make(ast.Body, 0, len(b))
	for _, e := range b {
		switch x := e.Terms.(type) {
		case *ast.Not:
			x.Body = o.body(x.Body, maps.Clone(known))
		case *ast.Term:
			e.Terms = o.term(x, known)
		case []*ast.Term:
			terms := append([]*ast.Term(nil), x...)
			for i := 1; i < len(terms); i++ {
				terms[i] = o.term(terms[i], known)
				if pre := o.table(&terms[i]); pre != nil {
					out = append(out, pre.SetLocation(e.Location))
				}
			}
			e.Terms = terms
			if e.IsEquality() && !e.Negated && (o.unneeded(terms[1], terms[2], known) || o.unneeded(terms[2], terms[1], known)) {
				continue
			}
		}
		note(e, o.seen)
		out = append(out, e)
	}
	if len(out) == 0 {
		out = append(out, ast.NewExpr(ast.BooleanTerm(true)).SetLocation(b[0].Location))
	}
	for i, e := range out {
		e.Index = i
	}
	return out
}

// unneeded reports whether all that the expression v = t does is to give
// another variable's value or a constant a name of its own.
func (o *optimizer) unneeded(v, t *ast.Term, known map[string]*ast.Term) bool {
	name, ok := v.Value.(ast.Var)
	if !ok || o.seen[name] || !generated.MatchString(string(name)) {
		return false
	}
	switch value := t.Value.(type) {
	case ast.Var:
		if !o.seen[value] || o.pinned[name] {
			return false
		}
		o.subst[name] = t
		return true
	case ast.Ref:
		for _, part := range value {
			if part, ok := part.Value.(ast.Var); ok && !o.seen[part] && !part.Equal(ast.InputRootDocument.Value) && !part.Equal(ast.DefaultRootDocument.Value) {
				return false // it runs through all there are
			}
			switch part.Value.(type) {
			case ast.Var, ast.String, ast.Number, ast.Boolean:
			default:
				return false
			}
		}
		before := known[value.String()]
		if before == nil {
			known[value.String()] = v
			return false
		}
		if o.pinned[name] {
			return false
		}
		o.subst[name] = before
		return true
	}
	if o.pinned[name] || o.heads[name] || !isConstant(t) || !t.IsGround() {
		return false
	}
	o.subst[name] = t
	return true
}

// table gives a constant that a reference goes into a variable of its own.
func (o *optimizer) table(at **ast.Term) *ast.Expr {
	ref, ok := (*at).Value.(ast.Ref)
	if !ok || !ref[0].Equal(ast.DefaultRootDocument) {
		return nil
	}
	for n := len(ref) - 1; n > 1; n-- {
		c := o.constants[ref[:n].String()]
		if c == nil {
			continue
		}
		o.made++
		v := ast.VarTerm("__table" + strconv.Itoa(o.made) + "__").SetLocation((*at).Location)
		t := **at
		t.Value = append(ast.Ref{v}, ref[n:]...)
		*at = &t
		return ast.Equality.Expr(v, c)
	}
	return nil
}

// term returns what stands for t; t itself does not change, but for bodies in it.
func (o *optimizer) term(t *ast.Term, known map[string]*ast.Term) *ast.Term {
	w := rewriter{
		leaf: func(t *ast.Term) *ast.Term {
			switch x := t.Value.(type) {
			case ast.Var:
				return o.subst[x]
			case ast.Ref:
				return o.constants[x.String()]
			}
			return nil
		},
		body: func(b ast.Body) ast.Body { return o.body(b, maps.Clone(known)) },
	}
	return w.term(t)
}

// rewriter replaces variables and references in terms, and bodies in them.
type rewriter struct {
	leaf func(t *ast.Term) *ast.Term // what stands for it; nil leaves it
	body func(b ast.Body) ast.Body
}

func (w *rewriter) term(t *ast.Term) *ast.Term {
	if t == nil {
		return nil
	}
	var value ast.Value
	same := true
	part := func(t *ast.Term) *ast.Term {
		now := w.term(t)
		same = same && now == t
		return now
	}
	switch x := t.Value.(type) {
	case ast.Var:
		if now := w.leaf(t); now != nil {
			return now
		}
		return t
	case ast.Ref:
		if now := w.leaf(t); now != nil {
			return now
		}
		ref := make(ast.Ref, len(x))
		for i := range x {
			ref[i] = part(x[i])
		}
		value = ref
	case *ast.Array:
		items := make([]*ast.Term, x.Len())
		for i := range items {
			items[i] = part(x.Elem(i))
		}
		value = ast.NewArray(items...)
	case ast.Object:
		items := make([][2]*ast.Term, 0, x.Len())
		x.Foreach(func(k, v *ast.Term) { items = append(items, [2]*ast.Term{part(k), part(v)}) })
		value = ast.NewObject(items...)
	case ast.Set:
		items := make([]*ast.Term, 0, x.Len())
		x.Foreach(func(k *ast.Term) { items = append(items, part(k)) })
		value = ast.NewSet(items...)
	case *ast.ArrayComprehension:
		x.Body = w.body(x.Body)
		x.Term = w.term(x.Term)
		return t
	case *ast.SetComprehension:
		x.Body = w.body(x.Body)
		x.Term = w.term(x.Term)
		return t
	case *ast.ObjectComprehension:
		x.Body = w.body(x.Body)
		x.Key, x.Value = w.term(x.Key), w.term(x.Value)
		return t
	default:
		return t
	}
	if same {
		return t
	}
	return &ast.Term{Value: value, Location: t.Location}
}
