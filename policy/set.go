package policy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"

	"yagura/fault"
)

// Set is the policies in force, compiled. It never changes and may be used by
// many goroutines; who watches the files loads a new one and swaps it in.
type Set struct {
	compiler *ast.Compiler
	store    storage.Store // empty: policies have no data beside their input
	files    []*File
	ingest   map[string]*program // by kind
	triage   []*program          // package triage, then the older commit
}

// The rules that are read from a package; others are the author's own.
var (
	ingestRules = []string{"alerts", "alert", "ignore", "decline", "reason"}
	triageRules = []string{
		"title", "description", "severity", "channel", "topic", "attr", "attributes", "tags",
		"assignee", "priority", "publish", "disposition", "reason",
	}
)

func newSet(c *ast.Compiler, files []*File) (*Set, error) {
	s := &Set{compiler: c, store: inmem.New(), files: files, ingest: map[string]*program{}}
	for _, root := range []string{"ingest", "alert"} { // the newer name first
		for _, f := range files {
			els := f.elements()
			if f.Replaced || f.Ignored != "" || els[0] != root || len(els) < 2 || s.ingest[kindOf(els)] != nil {
				continue
			}
			p, err := newProgram(c, els, ingestRules)
			if err != nil {
				return nil, err
			}
			p.constants = constantBases(modulesOf(files, f.Package))
			if len(p.rules) > 0 { // others are libraries that happen to stand there
				s.ingest[kindOf(els)] = p
			}
		}
	}
	for _, name := range []string{"triage", "commit"} {
		p, err := newProgram(c, []string{name}, triageRules)
		if err != nil {
			return nil, err
		}
		if len(p.rules) > 0 {
			s.triage = append(s.triage, p)
		}
	}
	return s, nil
}

// modulesOf returns what the files in force say of a package, as it was written.
func modulesOf(files []*File, pkg string) []*ast.Module {
	var out []*ast.Module
	for _, f := range files {
		if f.Package == pkg && !f.Replaced && f.Ignored == "" {
			out = append(out, f.module)
		}
	}
	return out
}

// Kinds lists the kinds that have an ingest policy, sorted.
func (s *Set) Kinds() []string { return slices.Sorted(maps.Keys(s.ingest)) }

// HasKind reports whether a policy reads messages of kind. Rego names hold no
// hyphen or dot, so github-audit is also served by package ingest.github_audit.
func (s *Set) HasKind(kind string) bool { return s.program(kind) != nil }

func (s *Set) program(kind string) *program {
	if p := s.ingest[kind]; p != nil {
		return p
	}
	return s.ingest[strings.ReplaceAll(kind, "-", "_")]
}

// Files lists every file that was loaded, ours first, in the order of paths.
func (s *Set) Files() []File {
	out := make([]File, 0, len(s.files))
	for _, f := range s.files {
		out = append(out, *f)
	}
	slices.SortStableFunc(out, func(a, b File) int {
		if a.Builtin != b.Builtin {
			if a.Builtin {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Path, b.Path)
	})
	return out
}

// Rule is one rule that is read from a policy, for listings.
type Rule struct {
	Package string // e.g. "triage"
	Name    string // e.g. "severity"
	At      string // file:line
}

// Rules lists the rules that are read from the packages in force, by package,
// file and line.
func (s *Set) Rules() []Rule {
	var out []Rule
	programs := slices.Clone(s.triage)
	for _, kind := range s.Kinds() {
		programs = append(programs, s.ingest[kind])
	}
	for _, p := range programs {
		for _, name := range p.names {
			for _, r := range p.rules[name] {
				out = append(out, Rule{Package: p.pkg, Name: name, At: at(r.Location)})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Rule) int { return strings.Compare(a.Package, b.Package) })
	return out
}

// program is one package prepared for evaluation: a single query that asks for
// those of its rules that we read, and for nothing else of the tree.
type program struct {
	pkg   string
	names []string               // rules asked for, in the order of the query
	rules map[string][]*ast.Rule // by name
	query ast.Body
	qc    ast.QueryCompiler
	reads reads // what of input they can look at

	constants map[string]bool // see constantBases
	native    bool            // see directly
	plan      *plan           // nil where the evaluator must evaluate the query
}

func newProgram(c *ast.Compiler, elements, wanted []string) (*program, error) {
	p := &program{pkg: strings.Join(elements, "."), rules: map[string][]*ast.Rule{}}
	for _, file := range slices.Sorted(maps.Keys(c.Modules)) {
		m := c.Modules[file]
		if !slices.Equal(packagePath(m), elements) {
			continue
		}
		for _, r := range m.Rules {
			if name := ruleName(r); slices.Contains(wanted, name) {
				p.rules[name] = append(p.rules[name], r)
			}
		}
	}
	ref := "data"
	for _, e := range elements {
		ref += fmt.Sprintf("[%q]", e)
	}
	var parts []string
	for _, name := range wanted {
		if len(p.rules[name]) > 0 {
			p.names = append(p.names, name)
			// A comprehension, so that an undefined rule leaves the others alone.
			parts = append(parts, fmt.Sprintf("[v | v := %s.%s]", ref, name))
		}
	}
	if len(parts) == 0 {
		return p, nil
	}
	body, err := ast.ParseBodyWithOpts("x = ["+strings.Join(parts, ", ")+"]", ast.ParserOptions{RegoVersion: ast.RegoV1})
	if err != nil {
		return nil, fmt.Errorf("preparing package %s: %w", p.pkg, err)
	}
	p.qc = c.QueryCompiler()
	if p.query, err = p.qc.Compile(body); err != nil {
		return nil, fmt.Errorf("preparing package %s: %w", p.pkg, err)
	}
	p.reads = readsOf(c, p.rules)
	p.native = p.directly()
	return p, nil
}

// eval evaluates the package and returns the values of its defined rules.
func (s *Set) eval(ctx context.Context, p *program, m Message, input *ast.Term, tracer topdown.QueryTracer, failed *[]topdown.Error) (values map[string]ast.Value, err error) {
	defer func() { // whatever a message does to the library, only that message fails
		if r := recover(); r != nil {
			values, err = nil, fault.Wrap(fmt.Errorf("panic: %v", r), fault.Internal, "evaluating %s failed", p.pkg)
		}
	}()
	if p.plan != nil && tracer == nil {
		if values, ok := p.plan.run(ctx, m, input, p.names); ok {
			return values, nil
		}
	}
	cancel := topdown.NewCancel()
	defer context.AfterFunc(ctx, cancel.Cancel)()
	timer := time.AfterFunc(Timeout, cancel.Cancel)
	defer timer.Stop()
	txn, err := s.store.NewTransaction(ctx)
	if err != nil {
		return nil, fmt.Errorf("evaluating %s: %w", p.pkg, err)
	}
	defer s.store.Abort(ctx, txn)
	q := topdown.NewQuery(p.query).
		WithQueryCompiler(p.qc).
		WithCompiler(s.compiler).
		WithStore(s.store).
		WithTransaction(txn).
		WithBuiltins(functions).
		WithInput(input).
		WithSeed(&seed{body: m.Body}).
		WithCancel(cancel).
		WithBuiltinErrorList(failed)
	if tracer != nil {
		q = q.WithQueryTracer(tracer)
	}
	var result *ast.Array
	err = q.Iter(withMessage(ctx, m), func(r topdown.QueryResult) error {
		if x := r[ast.Var("x")]; x != nil {
			result, _ = x.Value.(*ast.Array)
		}
		return nil
	})
	if err != nil {
		return nil, s.failure(ctx, p, err)
	}
	out := make(map[string]ast.Value, len(p.names))
	if result == nil {
		return out, nil
	}
	for i, name := range p.names {
		if found, ok := result.Elem(i).Value.(*ast.Array); ok && found.Len() > 0 {
			out[name] = found.Elem(0).Value
		}
	}
	return out, nil
}

// failure words an evaluation's error for the policy's author.
func (s *Set) failure(ctx context.Context, p *program, err error) error {
	where := p.where()
	var te *topdown.Error
	if !errors.As(err, &te) {
		return fault.Wrap(err, fault.Internal, "evaluating %s", p.pkg)
	}
	if te.Location != nil && te.Location.File != "" {
		where = at(te.Location)
	}
	if te.Code == topdown.CancelErr {
		if ctx.Err() != nil {
			return fault.Wrap(ctx.Err(), fault.Unavailable, "evaluating %s was stopped", p.pkg)
		}
		return fault.New(fault.Invalid, "%s: %s took longer than %s", where, p.pkg, Timeout)
	}
	return fault.New(fault.Invalid, "%s: %s: %s", where, te.Code, paragraphs(te.Message, 1000)) // it may quote the message
}

// where names the first rule of the package.
func (p *program) where() string {
	for _, name := range p.names {
		return at(p.rules[name][0].Location)
	}
	return p.pkg
}

// decided names the rule called name that held when the package was evaluated
// on input. Where several could have, it evaluates once more and watches.
func (s *Set) decided(ctx context.Context, p *program, m Message, input *ast.Term, name string) string {
	rules := p.rules[name]
	if len(rules) == 0 {
		return p.where()
	}
	fallback := at(rules[0].Location)
	if len(rules) == 1 && rules[0].Else == nil {
		return fallback
	}
	for _, r := range rules {
		if r.Default {
			fallback = at(r.Location)
		}
	}
	w := &watcher{name: name, pkg: rules[0].Module.Package}
	if _, err := s.eval(ctx, p, m, input, w, nil); err != nil {
		return fallback
	}
	return cmp.Or(w.at, fallback)
}

// watcher notes the first rule of a name that came out true.
type watcher struct {
	name string
	pkg  *ast.Package
	at   string
}

func (w *watcher) Enabled() bool               { return w.at == "" }
func (w *watcher) Config() topdown.TraceConfig { return topdown.TraceConfig{} }
func (w *watcher) TraceEvent(e topdown.Event) {
	if r, ok := e.Node.(*ast.Rule); ok && e.Op == topdown.ExitOp && w.at == "" && !r.Default &&
		ruleName(r) == w.name && r.Module != nil && r.Module.Package.Equal(w.pkg) {
		w.at = at(r.Location)
	}
}

// at words a location as file:line.
func at(l *ast.Location) string {
	if l == nil {
		return ""
	}
	return fmt.Sprintf("%s:%d", l.File, l.Row)
}

// seed feeds Rego's random functions from the message, so that a replay of it
// draws the same.
type seed struct {
	body  []byte
	state uint64
}

func (s *seed) Read(b []byte) (int, error) {
	if s.state == 0 {
		s.state = 14695981039346656037 // FNV-1a of the message
		for _, c := range s.body {
			s.state = (s.state ^ uint64(c)) * 1099511628211
		}
	}
	for i := range b { // splitmix64
		s.state += 0x9e3779b97f4a7c15
		z := s.state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		b[i] = byte(z ^ z>>31)
	}
	return len(b), nil
}
