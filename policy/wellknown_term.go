package policy

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"yagura/alert"
)

// term writes the alert in the form that ingest policies yield.
func (r *reading) term() *ast.Term {
	items := make([][2]*ast.Term, 0, 16)
	put := func(key, value string) {
		if value != "" {
			items = append(items, [2]*ast.Term{ast.InternedTerm(key), ast.StringTerm(value)})
		}
	}
	put("title", r.title)
	put("rule", r.rule)
	put("description", r.description)
	put("severity", r.ourSeverity())
	put("product_severity", r.sevText)
	put("seen_at", r.seenAt)
	put("link", r.link)
	put("action", r.action)
	put("condition", r.condition)
	put("event_id", r.eventID)
	list := func(key string, values []string) {
		if len(values) > 0 {
			items = append(items, [2]*ast.Term{ast.InternedTerm(key), ast.NewTerm(stringArray(values))})
		}
	}
	list("fingerprint", r.basis)
	list("techniques", r.tech)
	list("tags", r.tags)
	if len(r.seen) > 0 {
		items = append(items, [2]*ast.Term{ast.InternedTerm("observables"), r.observables()})
	}
	items = append(items, [2]*ast.Term{ast.InternedTerm("attributes"), r.attributes()})
	return ast.ObjectTerm(items...)
}

func (r *reading) ourSeverity() string {
	if r.sevWhy == "" {
		r.sev = alert.Medium
	}
	return r.sev.String()
}

func stringArray(values []string) *ast.Array {
	out := make([]*ast.Term, len(values))
	for i, v := range values {
		out[i] = ast.StringTerm(v)
	}
	return ast.NewArray(out...)
}

func (r *reading) observables() *ast.Term {
	out := make([]*ast.Term, len(r.seen))
	for i, o := range r.seen {
		fields := [][2]*ast.Term{
			{ast.InternedTerm("type"), ast.InternedTerm(string(o.typ))},
			{ast.InternedTerm("value"), ast.StringTerm(o.value)},
		}
		if o.part != "" {
			fields = append(fields, [2]*ast.Term{ast.InternedTerm("role"), ast.InternedTerm(o.part)})
		}
		out[i] = ast.ObjectTerm(fields...)
	}
	return ast.ArrayTerm(out...)
}

func (r *reading) attributes() *ast.Term {
	pairs := r.said()
	out := make([][2]*ast.Term, len(pairs))
	for i, p := range pairs {
		out[i] = [2]*ast.Term{ast.StringTerm(p[0]), ast.StringTerm(p[1])}
	}
	return ast.ObjectTerm(out...)
}

// said is all that the message says, under dotted names, so that it can be
// searched, the shallow first where there are too many; and under "decided" how
// the alert's own fields were found.
func (r *reading) said() [][2]string {
	n := min(len(r.leaves), wellknownAttributes-1)
	out := make([][2]string, 0, n+1)
	for i := range r.leaves {
		if len(out) >= n {
			break
		}
		l := &r.leaves[i]
		switch {
		case l.path == r.descWhy || l.path == r.titleWhy && l.text == r.title: // shown already
			continue
		case i >= r.own && r.has(l.path), l.path == "decided":
			continue
		}
		text := l.text
		if len(text) > wellknownRunes {
			if text = cutRunes(text, wellknownRunes); len(text) < len(l.text) {
				text += "…"
			}
		}
		out = append(out, [2]string{l.path, text})
	}
	return append(out, [2]string{"decided", r.decided()})
}

// has says whether the alert itself has a field of that path; one of the batch
// around it gives way.
func (r *reading) has(path string) bool {
	for i := range r.leaves[:r.own] {
		if r.leaves[i].path == path {
			return true
		}
	}
	return false
}

// unread is what stood where a severity should.
func unread(s string) string {
	if s == "" {
		return ""
	}
	return `, "` + cutRunes(s, 40) + `" is none`
}

// decided says in words which field gave what.
func (r *reading) decided() string {
	var b strings.Builder
	say := func(what, why string) {
		if why == "" {
			return
		}
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString(what)
		b.WriteString(" from ")
		b.WriteString(why)
	}
	say("title", r.titleWhy)
	say("rule", r.ruleWhy)
	if r.sevWhy == "" {
		say("severity medium", `nothing: no severity found`+unread(r.sevText))
	} else {
		say("severity "+r.sev.String(), r.sevWhy+` ("`+cutRunes(r.sevText, 40)+`")`)
	}
	if r.seenWhy == "" {
		say("time", "nothing: no time found")
	}
	say("time", r.seenWhy)
	say("link", r.linkWhy)
	say("action", r.actionWhy)
	say("condition", r.condWhy)
	say("event id", r.idWhy)
	say("fingerprint", r.basisWhy)
	return b.String()
}
