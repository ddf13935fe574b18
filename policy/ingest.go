package policy

import (
	"context"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"yagura/fault"
)

// fallbackKind reads messages that have no policy of their own.
const fallbackKind = "generic"

// Ingest evaluates the package ingest.<Kind> on the message. A kind without a
// policy is read by ingest.generic, and Problems says so; without that either,
// the error is fault.NotFound. A declined message that the package makes no
// alert of is described by ingest.generic, so that it can be listed.
//
// A function that fails makes its rule undefined, as Rego has it. Where that
// leaves a message without any alert, and the policy gives no reason for that, the
// failure is the error: no alert is lost to a number that could not be read.
//
// Everything a policy does wrong while it runs (a conflict between rules, a
// loop that passes Timeout, an alert of the wrong shape) is fault.Invalid and
// names file, line and reason. Fields that can be mended are mended, each with
// a sentence in Problems.
func (s *Set) Ingest(ctx context.Context, m Message) (Ingested, error) {
	p, kind := s.program(m.Kind), m.Kind
	var out Ingested
	if p == nil {
		if p = s.program(fallbackKind); p == nil {
			return out, fault.New(fault.NotFound, "no policy reads kind %q: there is no package ingest.%s", m.Kind, m.Kind)
		}
		kind = fallbackKind
		if m.Kind != fallbackKind {
			out.Problems = append(out.Problems, fmt.Sprintf("no policy reads kind %q; it was read as %s", m.Kind, fallbackKind))
		}
	}
	input, err := p.input(m)
	if err != nil {
		return out, err
	}
	if p.native && p.direct(m, input, &out) {
		return out, nil
	}
	var failed []topdown.Error
	rules, err := s.eval(ctx, p, m, input, nil, &failed)
	if err != nil {
		return out, err
	}
	if err := s.declined(ctx, p, m, input, rules, &out); err != nil {
		return out, err
	}
	if err := s.drafts(ctx, p, m, input, rules, &out); err != nil {
		return out, err
	}
	if len(out.Drafts) > 0 {
		return out, nil
	}
	if out.Declined {
		if kind != fallbackKind {
			s.describe(ctx, m, &out)
		}
		return out, nil
	}
	out.By = p.where()
	out.Reason = phrase(rules["reason"])
	if out.Reason == "" && len(failed) > 0 { // no decision of the policy's: a function failed, and Rego calls that undefined
		return out, s.failure(ctx, p, &failed[0])
	}
	if out.Reason == "" {
		out.Reason = fmt.Sprintf("%s makes no alert of this message", p.pkg)
	}
	return out, nil
}

// input converts the message into what the package's rules see.
func (p *program) input(m Message) (*ast.Term, error) {
	if m.Text {
		return ast.ObjectTerm([2]*ast.Term{ast.StringTerm("text"), ast.StringTerm(strings.ToValidUTF8(string(m.Body), "\uFFFD"))}), nil
	}
	keep := p.reads.covers
	if p.reads.all {
		keep = nil
	}
	input, err := parseInput(m.Body, keep)
	if err != nil {
		return nil, fault.New(fault.Invalid, "the message cannot be read: %s", err)
	}
	return input, nil
}

// declined reads ignore (true, or a reason) and decline (a reason, or true).
func (s *Set) declined(ctx context.Context, p *program, m Message, input *ast.Term, rules map[string]ast.Value, out *Ingested) error {
	for _, name := range []string{"decline", "ignore"} {
		switch v := rules[name].(type) {
		case nil, ast.Null:
			continue
		case ast.Boolean:
			if !v {
				continue
			}
		case ast.String, ast.Set, *ast.Array:
			if phrase(v) == "" {
				continue
			}
			out.Reason = phrase(v)
		default:
			return fault.New(fault.Invalid, "%s: %s of %s is %s; it should be true, false or a reason",
				at(p.rules[name][0].Location), name, p.pkg, article(v))
		}
		out.Declined = true
		out.By = s.decided(ctx, p, m, input, name)
		if out.Reason == "" {
			out.Reason = phrase(rules["reason"])
		}
		if out.Reason == "" {
			out.Reason = fmt.Sprintf("the %s rule of %s holds", name, p.pkg)
		}
		return nil
	}
	return nil
}

// drafts reads what the package's alerts and alert rules yield.
func (s *Set) drafts(ctx context.Context, p *program, m Message, input *ast.Term, rules map[string]ast.Value, out *Ingested) error {
	for _, name := range []string{"alerts", "alert"} {
		v := rules[name]
		if v == nil {
			continue
		}
		where := at(p.rules[name][0].Location)
		items, ok := members(v)
		if !ok {
			return fault.New(fault.Invalid, "%s: %s of %s is %s; it should be a set or an array of alerts", where, name, p.pkg, article(v))
		}
		if len(items) > 0 && !out.Declined {
			out.By = where
		}
		if len(items)+len(out.Drafts) > MaxDrafts {
			return fault.New(fault.Invalid, "%s: %s of %s yields %d alerts; one message may yield %d", where, name, p.pkg, len(items), MaxDrafts)
		}
		for _, item := range items {
			w := writer{kind: m.Kind, n: len(out.Drafts) + 1, body: m.Body, pkg: p.pkg, where: where, constants: p.constants, problems: &out.Problems}
			d, err := w.draft(item)
			if err != nil {
				if len(p.rules[name]) > 1 { // say which of them
					w.where = s.decided(ctx, p, m, input, name)
				}
				return fault.New(fault.Invalid, "%s: %s", w.where, err)
			}
			out.Drafts = append(out.Drafts, d)
		}
	}
	return nil
}

// describe lets the generic policy word what was declined. It only helps the
// list of declined messages, so what goes wrong is left aside.
func (s *Set) describe(ctx context.Context, m Message, out *Ingested) {
	p := s.program(fallbackKind)
	if p == nil {
		return
	}
	input, err := p.input(m)
	if err != nil {
		return
	}
	var made Ingested
	if p.native && p.direct(m, input, &made) {
		out.Drafts = made.Drafts
		return
	}
	rules, err := s.eval(ctx, p, m, input, nil, nil)
	if err != nil {
		return
	}
	if s.drafts(ctx, p, m, input, rules, &made) == nil {
		out.Drafts = made.Drafts
	}
}

// members returns the members of a set in Rego's order or of an array in its
// own. An object whose values are all true is a set in older syntax (alert[x]).
func members(v ast.Value) ([]*ast.Term, bool) {
	switch v := v.(type) {
	case ast.Set:
		return v.Slice(), true
	case *ast.Array:
		out := make([]*ast.Term, 0, v.Len())
		for i := range v.Len() {
			out = append(out, v.Elem(i))
		}
		return out, true
	case ast.Object:
		var out []*ast.Term
		plain := false
		v.Foreach(func(k, val *ast.Term) {
			if b, ok := val.Value.(ast.Boolean); !ok || !bool(b) {
				plain = true
			}
			if _, ok := k.Value.(ast.Object); !ok {
				plain = true
			}
			out = append(out, k)
		})
		return out, !plain
	}
	return nil, false
}

// phrase makes one line of a string, or of a set or array of strings.
func phrase(v ast.Value) string {
	switch v := v.(type) {
	case nil:
		return ""
	case ast.String, ast.Number:
		return line(text(v), maxTitle)
	case ast.Set, *ast.Array:
		items, _ := members(v)
		var list []string
		for _, it := range items {
			if w := line(text(it.Value), maxTitle); w != "" {
				list = append(list, w)
			}
		}
		return line(strings.Join(list, "; "), maxTitle)
	}
	return ""
}

// article names a value's type: "a number", "an object".
func article(v ast.Value) string {
	name := ast.ValueName(v)
	switch {
	case name == "null":
		return name
	case strings.ContainsRune("aeiou", rune(name[0])):
		return "an " + name
	}
	return "a " + name
}
