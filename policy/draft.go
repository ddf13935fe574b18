package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"yagura/alert"
)

// writer turns one value that a policy yielded into a draft.
type writer struct {
	kind     string // of the message
	pkg      string
	where    string // file:line of the rule, as far as is known
	n        int    // which alert of the message, from 1
	body     []byte
	problems *[]string

	constants map[string]bool // fingerprints that the package writes as constants
}

// maxProblems bounds what one message has to say about its policy.
const maxProblems = 50

func (w *writer) problem(format string, args ...any) {
	p := fmt.Sprintf("%s: alert %d: ", w.where, w.n) + fmt.Sprintf(format, args...)
	if len(*w.problems) < maxProblems && !slices.Contains(*w.problems, p) {
		*w.problems = append(*w.problems, p)
	}
}

// wrong is the error of a known field that has a type it cannot have.
func (w *writer) wrong(field string, v ast.Value, want string) error {
	return fmt.Errorf("%s of alert %d of %s is %s; it should be %s", field, w.n, w.pkg, article(v), want)
}

// fields maps every field that an alert of an ingest policy may have to what
// reads it. schema.go documents them in the same order.
var fields = map[string]func(w *writer, d *Draft, name string, v ast.Value) error{
	"title":       func(w *writer, d *Draft, n string, v ast.Value) error { return w.line(&d.Title, n, v, maxTitle) },
	"description": (*writer).description,
	"rule":        func(w *writer, d *Draft, n string, v ast.Value) error { return w.line(&d.Rule, n, v, maxWord) },
	"severity":    (*writer).severity,
	"product_severity": func(w *writer, d *Draft, n string, v ast.Value) error {
		return w.line(&d.ProductSeverity, n, v, maxWord)
	},
	"action":      (*writer).action,
	"condition":   (*writer).condition,
	"seen_at":     (*writer).seenAt,
	"link":        (*writer).link,
	"event_id":    func(w *writer, d *Draft, n string, v ast.Value) error { return w.line(&d.EventID, n, v, maxWord) },
	"fingerprint": (*writer).fingerprint,
	"observables": (*writer).observables,
	"entities":    (*writer).entities,
	"techniques":  (*writer).techniques,
	"attributes":  (*writer).attributes,
	"attrs":       (*writer).attributes,
	"tags":        (*writer).tags,
	"channel":     func(w *writer, d *Draft, n string, v ast.Value) error { return w.line(&d.Channel, n, v, maxWord) },
	"topic":       (*writer).topic,
	"assignee":    func(w *writer, d *Draft, n string, v ast.Value) error { return w.line(&d.Assignee, n, v, maxWord) },
}

// draft reads one alert. Errors are about fields of the wrong type.
func (w *writer) draft(item *ast.Term) (Draft, error) {
	d := Draft{SeenUnknown: true}
	d.Severity = unset
	obj, ok := item.Value.(ast.Object)
	if !ok {
		return d, fmt.Errorf("alert %d of %s is %s; it should be an object", w.n, w.pkg, article(item.Value))
	}
	var err error
	obj.Until(func(k, v *ast.Term) bool {
		name, _ := k.Value.(ast.String)
		read, known := fields[string(name)]
		if !known {
			w.problem("there is no field %q", line(text(k.Value), 60))
			return false
		}
		if _, null := v.Value.(ast.Null); null {
			return false
		}
		err = read(w, &d, string(name), v.Value)
		return err != nil
	})
	if err != nil {
		return d, err
	}
	w.complete(&d)
	return d, nil
}

// unset marks a severity that the policy did not give.
const unset = alert.Severity(-1)

// complete fills in what the policy left out.
func (w *writer) complete(d *Draft) {
	if d.Severity == unset {
		// Policies of older guides put it among the attributes.
		for _, a := range d.Attributes {
			if s, ok := severityWord(a.Value); ok && strings.EqualFold(a.Key, "severity") {
				d.Severity = s
				break
			}
		}
	}
	if d.Severity == unset {
		d.Severity = alert.Medium // info would hide what nobody judged
	}
	if d.Title == "" {
		first, _, _ := strings.Cut(d.Description, "\n")
		d.Title = line(first, maxTitle)
	}
	if d.Title == "" {
		d.Title = d.Rule
	}
	if d.Title == "" {
		d.Title = line(w.kind, maxWord) + " alert"
	}
}

// line reads a scalar as one line of text.
func (w *writer) line(into *string, name string, v ast.Value, limit int) error {
	if !ast.IsScalar(v) {
		return w.wrong(name, v, "a string")
	}
	*into = line(text(v), limit)
	return nil
}

func (w *writer) description(d *Draft, name string, v ast.Value) error {
	if !ast.IsScalar(v) {
		return w.wrong(name, v, "a string")
	}
	d.Description = paragraphs(text(v), maxDescription)
	return nil
}

// severityWord reads our five words, and four that everybody understands.
func severityWord(s string) (alert.Severity, bool) {
	if sev, ok := alert.ParseSeverity(s); ok {
		return sev, true
	}
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "informational":
		return alert.Info, true
	case "moderate", "warning":
		return alert.Medium, true
	case "important":
		return alert.High, true
	}
	return alert.Info, false
}

func (w *writer) severity(d *Draft, name string, v ast.Value) error {
	s := text(v)
	switch v.(type) {
	case ast.String, ast.Number:
	default:
		return w.wrong(name, v, "one of info, low, medium, high, critical")
	}
	if strings.TrimSpace(s) == "" {
		return nil
	}
	if sev, ok := severityWord(s); ok {
		d.Severity = sev
		return nil
	}
	w.problem("severity %q is none of info, low, medium, high, critical; it is kept as the product's and counts as medium", line(s, 60))
	if d.ProductSeverity == "" {
		d.ProductSeverity = line(s, maxWord)
	}
	return nil
}

func (w *writer) action(d *Draft, name string, v ast.Value) error {
	word, err := w.word(name, v, "detected, blocked, allowed or quarantined",
		string(alert.Detected), string(alert.Blocked), string(alert.Allowed), string(alert.Quarantined))
	d.Action = alert.Action(word)
	return err
}

func (w *writer) condition(d *Draft, name string, v ast.Value) error {
	word, err := w.word(name, v, "present or fixed", string(alert.Present), string(alert.Fixed))
	d.Condition = alert.Condition(word)
	return err
}

// word reads one of a few words; another one is dropped with a problem.
func (w *writer) word(name string, v ast.Value, want string, words ...string) (string, error) {
	s, ok := v.(ast.String)
	if !ok {
		return "", w.wrong(name, v, want)
	}
	got := strings.ToLower(strings.TrimSpace(string(s)))
	if got == "" || slices.Contains(words, got) {
		return got, nil
	}
	w.problem("%s %q is not %s; it is left out", name, line(got, 60), want)
	return "", nil
}

func (w *writer) seenAt(d *Draft, name string, v ast.Value) error {
	switch v.(type) {
	case ast.String, ast.Number:
	default:
		return w.wrong(name, v, "a time in RFC 3339 or a Unix time")
	}
	s := text(v)
	if strings.TrimSpace(s) == "" {
		return nil
	}
	t, ok := ParseTime(s)
	if !ok {
		w.problem("seen_at %q is no time that can be read", line(s, 60))
		return nil
	}
	d.SeenAt, d.SeenUnknown = t, false
	return nil
}

func (w *writer) link(d *Draft, name string, v ast.Value) error {
	s, ok := v.(ast.String)
	if !ok {
		return w.wrong(name, v, "an http or https URL")
	}
	d.Link = w.web(string(s), "link")
	return nil
}

// web returns s where it may be shown as a link.
func (w *writer) web(s, what string) string {
	link := webLink(s)
	if link == "" && strings.TrimSpace(s) != "" {
		w.problem("%s %q is no http or https URL; it is left out", what, line(s, 60))
	}
	return link
}

func (w *writer) topic(d *Draft, name string, v ast.Value) error {
	if d.Channel != "" { // channel stands before topic in Rego's order of fields
		return nil
	}
	return w.line(&d.Channel, name, v, maxWord)
}

// list returns the members of an array or set; a lone scalar is one of them.
func (w *writer) list(name string, v ast.Value, limit int) ([]*ast.Term, error) {
	items, ok := members(v)
	if !ok {
		if !ast.IsScalar(v) {
			return nil, w.wrong(name, v, "an array")
		}
		items = []*ast.Term{{Value: v}}
	}
	if len(items) > limit {
		w.problem("%s has %d entries; the first %d are kept", name, len(items), limit)
		items = items[:limit]
	}
	return items, nil
}

func (w *writer) tags(d *Draft, name string, v ast.Value) error {
	items, err := w.list(name, v, maxTags)
	for _, it := range items {
		if !ast.IsScalar(it.Value) {
			return w.wrong(name, it.Value, "an array of strings")
		}
		if t := line(text(it.Value), maxWord); t != "" && !slices.Contains(d.Tags, t) {
			d.Tags = append(d.Tags, t)
		}
	}
	return err
}

var techniqueForm = regexp.MustCompile(`\bT\d{4}(?:\.\d{3})?\b`)

func (w *writer) techniques(d *Draft, name string, v ast.Value) error {
	items, err := w.list(name, v, maxTechniques)
	for _, it := range items {
		s := line(text(it.Value), maxWord)
		found := techniqueForm.FindString(strings.ToUpper(s))
		switch {
		case found == "" && s != "":
			w.problem("technique %q is no ATT&CK id such as T1110.001; it is left out", cut(s, 60))
		case found != "" && !slices.Contains(d.Techniques, found):
			d.Techniques = append(d.Techniques, found)
		}
	}
	return err
}

func (w *writer) attributes(d *Draft, name string, v ast.Value) error {
	var err error
	if d.Attributes, err = w.attributeList(d.Attributes, name, v); len(d.Attributes) == 0 {
		d.Attributes = nil
	}
	return err
}

// attributeList reads [{key, value, link}], or an object {key: value}.
func (w *writer) attributeList(into []alert.Attribute, name string, v ast.Value) ([]alert.Attribute, error) {
	if obj, ok := v.(ast.Object); ok {
		if items, set := members(v); !set || len(items) == 0 {
			obj.Foreach(func(k, val *ast.Term) {
				into = w.attribute(into, text(k.Value), val.Value, "")
			})
			return into, nil
		}
	}
	items, ok := members(v)
	if !ok {
		return into, w.wrong(name, v, `an array of {"key", "value", "link"}`)
	}
	if into == nil && len(items) > 0 {
		into = make([]alert.Attribute, 0, min(len(items), maxAttributes))
	}
	for _, it := range items {
		obj, ok := it.Value.(ast.Object)
		if !ok {
			return into, w.wrong("an entry of "+name, it.Value, `{"key", "value", "link"}`)
		}
		if obj.Len() == 2 { // as nearly all are
			if key, value := obj.Get(keyTerm), obj.Get(valueTerm); key != nil && value != nil {
				into = w.attribute(into, text(key.Value), value.Value, "")
				continue
			}
		}
		var key, link string
		var value ast.Value = ast.Null{}
		obj.Foreach(func(k, val *ast.Term) {
			switch text(k.Value) {
			case "key":
				key = text(val.Value)
			case "value":
				value = val.Value
			case "link":
				link = text(val.Value)
			case "auto": // written by systems that mark what a model filled in
			default:
				w.problem("there is no field %q in %s", line(text(k.Value), 60), name)
			}
		})
		into = w.attribute(into, key, value, link)
	}
	return into, nil
}

func (w *writer) attribute(into []alert.Attribute, key string, value ast.Value, link string) []alert.Attribute {
	key = line(key, maxWord)
	if key == "" {
		w.problem("an attribute without a key is left out")
		return into
	}
	if len(into) == maxAttributes {
		w.problem("there are more than %d attributes; the others are left out", maxAttributes)
	}
	if len(into) >= maxAttributes {
		return into
	}
	a := alert.Attribute{Key: key, Value: paragraphs(text(value), maxValue)}
	if link != "" {
		a.Link = w.web(link, fmt.Sprintf("link of attribute %q", cut(key, 60)))
	}
	return append(into, a)
}

func (w *writer) observables(d *Draft, name string, v ast.Value) error {
	items, err := w.list(name, v, maxObservables)
	d.Observables = slices.Grow(d.Observables, len(items))
	for _, it := range items {
		obj, ok := it.Value.(ast.Object)
		if !ok {
			return w.wrong("an entry of "+name, it.Value, `{"type", "value", "role"}`)
		}
		if obj.Len() == 3 { // as nearly all are
			typ, value, role := scalarAt(obj, typeTerm), scalarAt(obj, valueTerm), scalarAt(obj, roleTerm)
			if typ != nil && value != nil && role != nil {
				w.observable(d, alert.Observable{
					Type: alert.ObservableType(line(text(typ), maxLink)), Value: line(text(value), maxLink), Role: line(text(role), maxLink),
				})
				continue
			}
		}
		var o alert.Observable
		var bad ast.Value
		obj.Foreach(func(k, val *ast.Term) {
			var into *string
			switch text(k.Value) {
			case "type":
				into = (*string)(&o.Type)
			case "value":
				into = &o.Value
			case "role":
				into = &o.Role
			default:
				w.problem("there is no field %q in observables", line(text(k.Value), 60))
				return
			}
			if !ast.IsScalar(val.Value) {
				bad = val.Value
				return
			}
			*into = line(text(val.Value), maxLink)
		})
		if bad != nil {
			return w.wrong("a field of "+name, bad, "a string")
		}
		w.observable(d, o)
	}
	if len(d.Observables) == 0 {
		d.Observables = nil
	}
	return err
}

func scalarAt(obj ast.Object, key *ast.Term) ast.Value {
	if t := obj.Get(key); t != nil && ast.IsScalar(t.Value) {
		return t.Value
	}
	return nil
}

var observableTypes = alert.ObservableTypes()

func (w *writer) observable(d *Draft, o alert.Observable) {
	o.Type = alert.ObservableType(strings.ToLower(string(o.Type)))
	switch {
	case o.Value == "": // products leave fields empty; nothing to say about it
	case !slices.Contains(observableTypes, o.Type):
		w.problem("observable type %q is unknown; %q is left out", cut(string(o.Type), 60), cut(o.Value, 60))
	default:
		d.Observables = append(d.Observables, o)
	}
}
