package policy

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
	calls "github.com/open-policy-agent/opa/v1/topdown/builtins"
)

// A plan is a package's rules as Go closures, for the part of Rego that ingest
// policies are mostly written in: complete rules and functions with else,
// comprehensions, negation, Rego's own pure functions and ours. It takes a
// fraction of the evaluator's time, which is made for queries with any unknowns.
//
// The evaluator remains the measure. A package with anything else in it (with,
// every, partial rules, random functions) has no plan, and whenever something is
// out of the ordinary while a plan runs (a function fails, two rules disagree,
// the work passes planSteps), the plan gives up and the evaluator starts afresh:
// what errors say and what Timeout stops is its business alone.
type plan struct {
	rules []*planRule // in the order of the program's names
	slots int         // of memo
}

// Bounds of one run; beyond them the evaluator starts afresh, under Timeout.
// Ordinary messages take a few hundred expressions and a tenth of a millisecond.
const (
	planSteps = 50_000
	planTime  = 100 * time.Millisecond
)

// planRule is one rule of all its definitions.
type planRule struct {
	memo     int // where its value is kept; functions have none
	function bool
	chains   [][]*planBranch // definitions, each with its else branches
	fallback *ast.Term       // of default
}

// planBranch is one body with its value.
type planBranch struct {
	slots int // variables
	args  []planMatch
	body  *planBody
	value planTerm
}

type (
	planTerm  func(r *planRun, f []*ast.Term) *ast.Term              // nil where undefined
	planMatch func(r *planRun, f []*ast.Term, v *ast.Term) bool      // compares v, or takes it
	planEach  func(r *planRun, f []*ast.Term, next func() bool) bool // false stops all
)

// planStep is one expression: one that holds or does not, or one that runs
// through several answers.
type planStep struct {
	test func(r *planRun, f []*ast.Term) bool
	each planEach
}

type planBody struct {
	steps  []planStep
	simple bool // no step runs through several answers
}

// planRun is one run of a plan.
type planRun struct {
	ctx   builtinContext
	input *ast.Term
	memo  []planMemo
	steps int
	began time.Time
	arena []*ast.Term
	top   int
	out   *ast.Term
	yield func(*ast.Term) error
}

type builtinContext = topdown.BuiltinContext

type planMemo struct {
	known bool
	value *ast.Term
}

// errOrdinary is what a plan gives up with.
var errOrdinary = errors.New("not for a plan")

var planRuns = sync.Pool{New: func() any {
	r := &planRun{arena: make([]*ast.Term, 256)}
	r.yield = func(t *ast.Term) error {
		if r.out != nil { // several answers
			panic(errOrdinary)
		}
		r.out = t
		return nil
	}
	return r
}}

var never = topdown.NewCancel()

// run evaluates the plan; not ok where the evaluator must.
func (p *plan) run(ctx context.Context, m Message, input *ast.Term, names []string) (values map[string]ast.Value, ok bool) {
	r := planRuns.Get().(*planRun)
	defer func() {
		if recover() != nil {
			values, ok = nil, false
			return // r is left to the collector: it is in no known state
		}
		clear(r.arena)
		clear(r.memo)
		r.ctx, r.input, r.out, r.steps, r.top = builtinContext{}, nil, nil, 0, 0
		planRuns.Put(r)
	}()
	if len(r.memo) < p.slots {
		r.memo = make([]planMemo, p.slots)
	}
	r.input, r.began = input, time.Now()
	r.ctx = builtinContext{Context: withMessage(ctx, m), Cancel: never, Cache: calls.Cache{}, Capabilities: capabilities()}
	values = make(map[string]ast.Value, len(names))
	for i, rule := range p.rules {
		if v := rule.eval(r, nil); v != nil {
			values[names[i]] = v.Value
		}
	}
	return values, true
}

// frame gives n cells; release returns them.
func (r *planRun) frame(n int) []*ast.Term {
	if r.top+n > len(r.arena) {
		r.arena = make([]*ast.Term, 2*len(r.arena)+n) // what was given stays with its owners
		r.top = 0
	}
	f := r.arena[r.top : r.top+n : r.top+n]
	r.top += n
	return f
}

func (r *planRun) step() {
	if r.steps++; r.steps > planSteps || r.steps%32 == 0 && time.Since(r.began) > planTime {
		panic(errOrdinary)
	}
}

func (p *planRule) eval(r *planRun, args []*ast.Term) *ast.Term {
	if !p.function {
		if m := &r.memo[p.memo]; m.known {
			return m.value
		}
	}
	var value *ast.Term
	for _, chain := range p.chains {
		for _, b := range chain {
			r.step()
			v := b.eval(r, args)
			if v == nil {
				continue
			}
			if value != nil && !value.Equal(v) {
				panic(errOrdinary) // a conflict
			}
			value = v
			break
		}
	}
	if value == nil {
		value = p.fallback
	}
	if !p.function {
		r.memo[p.memo] = planMemo{true, value}
	}
	return value
}

func (b *planBranch) eval(r *planRun, args []*ast.Term) *ast.Term {
	arena, top := &r.arena[0], r.top
	f := r.frame(b.slots)
	var value *ast.Term
	matched := true
	for i, m := range b.args {
		if matched = m(r, f, args[i]); !matched {
			break
		}
	}
	switch {
	case !matched:
	case b.body.simple:
		if b.body.holds(r, f) {
			if value = b.value(r, f); value == nil {
				panic(errOrdinary)
			}
		}
	default:
		b.body.run(r, f, 0, func() bool {
			v := b.value(r, f)
			if v == nil || value != nil && !value.Equal(v) {
				panic(errOrdinary)
			}
			value = v
			return true
		})
	}
	if &r.arena[0] == arena {
		r.top = top
	}
	return value
}

// holds evaluates a body of simple steps.
func (b *planBody) holds(r *planRun, f []*ast.Term) bool {
	for i := range b.steps {
		r.step()
		if !b.steps[i].test(r, f) {
			return false
		}
	}
	return true
}

// run calls emit for every answer from step i on, until one returns false.
func (b *planBody) run(r *planRun, f []*ast.Term, i int, emit func() bool) bool {
	for ; i < len(b.steps); i++ {
		r.step()
		if s := &b.steps[i]; s.each != nil {
			next := i + 1
			return s.each(r, f, func() bool { return b.run(r, f, next, emit) })
		} else if !s.test(r, f) {
			return true
		}
	}
	return emit()
}

// makePlans gives every program a plan that can have one.
func (s *Set) makePlans() {
	var names []string
	byName := map[string][]*ast.Rule{}
	for _, m := range s.compiler.Modules {
		for _, r := range m.Rules {
			names = append(names, r.Ref().GroundPrefix().String())
			byName[r.Ref().String()] = append(byName[r.Ref().String()], r)
		}
	}
	slices.Sort(names)
	for name := range byName { // a rule below another one's name: leave both to the evaluator
		for _, end := range []string{".", "["} {
			i, _ := slices.BinarySearch(names, name+end)
			if i < len(names) && strings.HasPrefix(names[i], name+end) {
				delete(byName, name)
			}
		}
	}
	for _, p := range s.ingest {
		p.plan = planOf(p, byName)
	}
	for _, p := range s.triage {
		p.plan = planOf(p, byName)
	}
}

// planOf makes the plan of a program; nil where it has none.
func planOf(p *program, byName map[string][]*ast.Rule) (out *plan) {
	defer func() {
		if recover() != nil { // something that a plan cannot say
			out = nil
		}
	}()
	pl := planner{byName: byName, done: map[string]*planRule{}}
	out = &plan{}
	for _, name := range p.names {
		r := pl.rule(p.rules[name][0].Ref().String())
		if r == nil || r.function {
			return nil
		}
		out.rules = append(out.rules, r)
	}
	out.slots = pl.slots
	return out
}
