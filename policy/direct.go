package policy

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"yagura/alert"
)

// A package that says no more than
//
//	alerts := yagura.wellknown(input)
//
// as ingest.generic does, is not evaluated where the message yields alerts: what
// was found in it becomes drafts without taking the form of Rego values between,
// which costs more than finding it. The drafts are the same; what is unusual
// (no alert, a field of the wrong shape) is left to the evaluation.

// directly reports whether the package is of that form.
func (p *program) directly() bool {
	rules := p.rules["alerts"]
	if len(rules) != 1 || len(p.rules["alert"])+len(p.rules["ignore"])+len(p.rules["decline"]) > 0 {
		return false
	}
	r := rules[0]
	if r.Default || r.Else != nil || r.Head.RuleKind() != ast.SingleValue || len(r.Head.Args) > 0 || r.Head.Value == nil || len(r.Body) != 2 {
		return false
	}
	in, call := r.Body[0], r.Body[1]
	if len(in.With)+len(call.With) > 0 || in.Negated || call.Negated || !in.IsEquality() || !call.IsCall() || call.Operator().String() != "yagura.wellknown" {
		return false
	}
	ref, ok := in.Operand(1).Value.(ast.Ref)
	if !ok {
		return in.Operand(1).Equal(ast.InputRootDocument) && p.joined(in, call, r)
	}
	return ref.Equal(ast.InputRootRef) && p.joined(in, call, r)
}

// joined reports whether the input goes into the call, and its outcome is the
// value of the rule.
func (p *program) joined(in, call *ast.Expr, r *ast.Rule) bool {
	return len(call.Operands()) == 2 && in.Operand(0).Equal(call.Operand(0)) && call.Operand(1).Equal(r.Head.Value)
}

// direct makes the drafts of a package of that form, or reports that the package
// must be evaluated.
func (p *program) direct(m Message, input *ast.Term, out *Ingested) (done bool) {
	defer func() { // the evaluation words it
		if recover() != nil {
			done = false
		}
	}()
	found := readings(input.Value)
	if len(found) == 0 || len(found) > MaxDrafts {
		return false
	}
	problems := slices.Clone(out.Problems)
	where := at(p.rules["alerts"][0].Location)
	drafts := make([]Draft, 0, len(found))
	for i, r := range found {
		w := writer{kind: m.Kind, n: i + 1, body: m.Body, pkg: p.pkg, where: where, constants: p.constants, problems: &problems}
		d, ok := r.draft(&w)
		if !ok {
			return false
		}
		drafts = append(drafts, d)
	}
	out.Drafts, out.Problems, out.By = drafts, problems, where
	return true
}

// draft writes what term writes straight into a draft, field by field in Rego's
// order. It is not ok where the two could differ.
func (r *reading) draft(w *writer) (d Draft, ok bool) {
	d.SeenUnknown = true
	d.Severity = unset
	said := r.said()
	slices.SortFunc(said, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	for i := range said[1:] {
		if said[i][0] == said[i+1][0] {
			return d, false
		}
	}
	if len(r.seen) > maxObservables {
		return d, false
	}
	ok = true
	put := func(read func(*writer, *Draft, string, ast.Value) error, name, value string) {
		if value != "" && read(w, &d, name, ast.String(value)) != nil {
			ok = false
		}
	}
	list := func(read func(*writer, *Draft, string, ast.Value) error, name string, values []string) {
		if len(values) > 0 && read(w, &d, name, stringArray(values)) != nil {
			ok = false
		}
	}
	put((*writer).action, "action", r.action)
	d.Attributes = make([]alert.Attribute, 0, len(said))
	for _, p := range said {
		d.Attributes = w.attribute(d.Attributes, p[0], ast.String(p[1]), "")
	}
	put((*writer).condition, "condition", r.condition)
	put((*writer).description, "description", r.description)
	d.EventID = line(r.eventID, maxWord)
	list((*writer).fingerprint, "fingerprint", r.basis)
	put((*writer).link, "link", r.link)
	for _, o := range r.seen {
		w.observable(&d, alert.Observable{
			Type: alert.ObservableType(line(string(o.typ), maxLink)), Value: line(o.value, maxLink), Role: line(o.part, maxLink),
		})
	}
	d.ProductSeverity, d.Rule = line(r.sevText, maxWord), line(r.rule, maxWord)
	put((*writer).seenAt, "seen_at", r.seenAt)
	put((*writer).severity, "severity", r.ourSeverity())
	list((*writer).tags, "tags", r.tags)
	list((*writer).techniques, "techniques", r.tech)
	d.Title = line(r.title, maxTitle)
	w.complete(&d)
	return d, ok
}
