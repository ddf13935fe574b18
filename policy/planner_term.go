package policy

import "github.com/open-policy-agent/opa/v1/ast"

// term plans a term without unknowns.
func (s *scope) term(t *ast.Term) planTerm {
	switch x := t.Value.(type) {
	case ast.Var:
		if x.Equal(ast.InputRootDocument.Value) {
			return func(r *planRun, _ []*ast.Term) *ast.Term { return r.input }
		}
		if !s.bound[x] {
			unplanned()
		}
		n := s.slot(x)
		return func(_ *planRun, f []*ast.Term) *ast.Term { return f[n] }
	case ast.Ref:
		return s.path(x)
	case *ast.Array:
		if !isConstant(t) {
			return s.array(x)
		}
	case ast.Object:
		if !isConstant(t) {
			return s.object(x)
		}
	case ast.Set:
		if !isConstant(t) {
			return s.set(x)
		}
	case *ast.ArrayComprehension, *ast.SetComprehension, *ast.ObjectComprehension:
		return s.comprehension(t)
	case ast.String, ast.Number, ast.Boolean, ast.Null:
	default:
		unplanned()
	}
	return func(*planRun, []*ast.Term) *ast.Term { return t }
}

func (s *scope) array(x *ast.Array) planTerm {
	parts := make([]planTerm, x.Len())
	for i := range parts {
		parts[i] = s.term(x.Elem(i))
	}
	return func(r *planRun, f []*ast.Term) *ast.Term {
		items := make([]*ast.Term, len(parts))
		for i, p := range parts {
			if items[i] = p(r, f); items[i] == nil {
				return nil
			}
		}
		return ast.ArrayTerm(items...)
	}
}

func (s *scope) object(x ast.Object) planTerm {
	var parts [][2]planTerm
	x.Foreach(func(k, v *ast.Term) {
		if !isConstant(k) { // they could be equal
			unplanned()
		}
		parts = append(parts, [2]planTerm{s.term(k), s.term(v)})
	})
	return func(r *planRun, f []*ast.Term) *ast.Term {
		items := make([][2]*ast.Term, len(parts))
		for i, p := range parts {
			items[i] = [2]*ast.Term{p[0](r, f), p[1](r, f)}
			if items[i][0] == nil || items[i][1] == nil {
				return nil
			}
		}
		return ast.ObjectTerm(items...)
	}
}

func (s *scope) set(x ast.Set) planTerm {
	var parts []planTerm
	x.Foreach(func(v *ast.Term) { parts = append(parts, s.term(v)) })
	return func(r *planRun, f []*ast.Term) *ast.Term {
		items := make([]*ast.Term, len(parts))
		for i, p := range parts {
			if items[i] = p(r, f); items[i] == nil {
				return nil
			}
		}
		return ast.SetTerm(items...)
	}
}

func (s *scope) comprehension(t *ast.Term) (out planTerm) {
	s.inner(func() {
		switch x := t.Value.(type) {
		case *ast.ArrayComprehension:
			body, item := s.body(x.Body), planTerm(nil)
			item = s.term(x.Term)
			out = func(r *planRun, f []*ast.Term) *ast.Term {
				var items []*ast.Term
				body.run(r, f, 0, func() bool {
					items = append(items, defined(item(r, f)))
					return true
				})
				return ast.ArrayTerm(items...)
			}
		case *ast.SetComprehension:
			body, item := s.body(x.Body), planTerm(nil)
			item = s.term(x.Term)
			out = func(r *planRun, f []*ast.Term) *ast.Term {
				items := ast.NewSet()
				body.run(r, f, 0, func() bool {
					items.Add(defined(item(r, f)))
					return true
				})
				return ast.NewTerm(items)
			}
		case *ast.ObjectComprehension:
			body, key, value := s.body(x.Body), planTerm(nil), planTerm(nil)
			key, value = s.term(x.Key), s.term(x.Value)
			out = func(r *planRun, f []*ast.Term) *ast.Term {
				items := ast.NewObject()
				body.run(r, f, 0, func() bool {
					k, v := defined(key(r, f)), defined(value(r, f))
					if had := items.Get(k); had != nil && !had.Equal(v) {
						panic(errOrdinary) // a conflict
					}
					items.Insert(k, v)
					return true
				})
				return ast.NewTerm(items)
			}
		}
	})
	return out
}

func defined(t *ast.Term) *ast.Term {
	if t == nil {
		panic(errOrdinary)
	}
	return t
}

// start plans what a reference starts from, and returns how many parts of it
// that took.
func (s *scope) start(ref ast.Ref) (planTerm, int) {
	if !ref[0].Equal(ast.DefaultRootDocument) {
		return s.term(ref[0]), 1
	}
	for n := 2; n <= len(ref); n++ {
		if !ref[:n].IsGround() {
			break
		}
		if rule := s.pl.rule(ref[:n].String()); rule != nil && !rule.function {
			return func(r *planRun, _ []*ast.Term) *ast.Term { return rule.eval(r, nil) }, n
		}
	}
	unplanned()
	return nil, 0
}

// path plans a reference without unknowns.
func (s *scope) path(ref ast.Ref) planTerm {
	from, n := s.start(ref)
	if n == len(ref) {
		return from
	}
	keys := make([]planTerm, 0, len(ref)-n)
	for _, k := range ref[n:] {
		keys = append(keys, s.term(k))
	}
	return func(r *planRun, f []*ast.Term) *ast.Term {
		v := from(r, f)
		for _, k := range keys {
			if v == nil {
				return nil
			}
			key := k(r, f)
			if key == nil {
				return nil
			}
			v = child(v, key)
		}
		return v
	}
}

func child(v, key *ast.Term) *ast.Term {
	switch x := v.Value.(type) {
	case ast.Object:
		return x.Get(key)
	case *ast.Array:
		return x.Get(key)
	case ast.Set:
		if x.Contains(key) {
			return key
		}
	}
	return nil
}

// ref plans a reference that runs through all there are of something.
func (s *scope) ref(ref ast.Ref) func(r *planRun, f []*ast.Term, next func(*ast.Term) bool) bool {
	from, n := s.start(ref)
	type part struct {
		key  planTerm
		slot int
	}
	var parts []part
	for _, k := range ref[n:] {
		if v, ok := k.Value.(ast.Var); ok && s.open(k) {
			s.bound[v] = true
			parts = append(parts, part{slot: s.slot(v)})
			continue
		}
		parts = append(parts, part{key: s.term(k)})
	}
	var walk func(r *planRun, f []*ast.Term, v *ast.Term, i int, next func(*ast.Term) bool) bool
	walk = func(r *planRun, f []*ast.Term, v *ast.Term, i int, next func(*ast.Term) bool) bool {
		for ; i < len(parts) && parts[i].key != nil; i++ {
			key := parts[i].key(r, f)
			if key == nil {
				return true
			}
			if v = child(v, key); v == nil {
				return true
			}
		}
		if i == len(parts) {
			return next(v)
		}
		slot := parts[i].slot
		more := true
		switch x := v.Value.(type) {
		case *ast.Array:
			for j := 0; j < x.Len() && more; j++ {
				r.step()
				f[slot] = ast.InternedTerm(j)
				more = walk(r, f, x.Elem(j), i+1, next)
			}
		case ast.Object:
			x.Until(func(k, v *ast.Term) bool {
				r.step()
				f[slot] = k
				more = walk(r, f, v, i+1, next)
				return !more
			})
		case ast.Set:
			x.Until(func(k *ast.Term) bool {
				r.step()
				f[slot] = k
				more = walk(r, f, k, i+1, next)
				return !more
			})
		}
		return more
	}
	return func(r *planRun, f []*ast.Term, next func(*ast.Term) bool) bool {
		v := from(r, f)
		return v == nil || walk(r, f, v, 0, next)
	}
}
