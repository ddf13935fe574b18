package policy

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"yagura/alert"
	"yagura/fault"
)

// Triage evaluates package triage, and the older package commit, on one alert.
// Their input is
//
//	{"alert": {"id", "kind", "schema", "source", "metadata": {"title", "description", "attributes",
//	           "title_source", "description_source", "tags", "channel"}, "data": the message,
//	           "severity", "product_severity", "rule", "action", "condition", "seen_at", "received_at", "link",
//	           "observables", "techniques", "tags", "marks", "fingerprint", "event_id"},
//	 "enrich": [], "schema": the kind, "source": the source}
//
// Where both packages decide the same, triage's word stands. Without either
// the Judgement is empty. Errors are as Ingest's.
func (s *Set) Triage(ctx context.Context, in TriageInput) (Judgement, error) {
	var j Judgement
	if len(s.triage) == 0 || in.Alert == nil {
		return j, nil
	}
	data := false
	for _, p := range s.triage {
		data = data || p.reads.coversInner("alert", "data")
	}
	input := triageInput(in, data)
	m := Message{Kind: in.Alert.Kind, Source: in.Alert.Source, Body: in.Data}
	for _, p := range s.triage {
		rules, err := s.eval(ctx, p, m, input, nil, nil)
		if err != nil {
			return Judgement{}, err
		}
		r := ruling{set: s, p: p, m: m, input: input, rules: rules, j: &j}
		if err := r.apply(ctx); err != nil {
			return Judgement{}, err
		}
	}
	return j, nil
}

// ruling reads what one package decided into a judgement.
type ruling struct {
	set   *Set
	p     *program
	m     Message
	input *ast.Term
	rules map[string]ast.Value
	j     *Judgement
}

// wrong is the error of a rule with a value it cannot have.
func (r *ruling) wrong(ctx context.Context, name, want string) error {
	return fault.New(fault.Invalid, "%s: %s of %s is %s; it should be %s",
		r.set.decided(ctx, r.p, r.m, r.input, name), name, r.p.pkg, shownValue(r.rules[name]), want)
}

// shownValue words a value for an error: short strings as they are, else its type.
func shownValue(v ast.Value) string {
	if s, ok := v.(ast.String); ok {
		return `"` + line(string(s), 60) + `"`
	}
	return article(v)
}

func (r *ruling) apply(ctx context.Context) error {
	for _, f := range []struct {
		name  string
		into  *string
		limit int
	}{
		{"title", &r.j.Title, maxTitle},
		{"channel", &r.j.Channel, maxWord},
		{"topic", &r.j.Channel, maxWord},
		{"assignee", &r.j.Assignee, maxWord},
		{"priority", &r.j.Priority, maxWord},
	} {
		v, ok := r.scalar(f.name)
		if !ok {
			return r.wrong(ctx, f.name, "a string")
		}
		if *f.into == "" {
			*f.into = line(v, f.limit)
		}
	}
	description, ok := r.scalar("description")
	if !ok {
		return r.wrong(ctx, "description", "a string")
	}
	if r.j.Description == "" {
		r.j.Description = paragraphs(description, maxDescription)
	}
	if v, ok := r.scalar("severity"); !ok {
		return r.wrong(ctx, "severity", "one of info, low, medium, high, critical")
	} else if v != "" && r.j.Severity == nil {
		sev, known := severityWord(v)
		if !known {
			return r.wrong(ctx, "severity", "one of info, low, medium, high, critical")
		}
		r.j.Severity = &sev
	}
	if err := r.lists(ctx); err != nil {
		return err
	}
	return r.disposition(ctx)
}

// scalar returns a rule's value as text, "" where it is undefined or null; not
// ok where it is no scalar.
func (r *ruling) scalar(name string) (string, bool) {
	v := r.rules[name]
	if v == nil {
		return "", true
	}
	return text(v), ast.IsScalar(v)
}

func (r *ruling) lists(ctx context.Context) error {
	d := Draft{}
	for _, name := range []string{"attr", "attributes", "tags"} {
		v := r.rules[name]
		if v == nil {
			continue
		}
		w := writer{pkg: r.p.pkg, n: 1, where: at(r.p.rules[name][0].Location), problems: &r.j.Problems}
		if _, null := v.(ast.Null); null {
			continue
		}
		var err error
		if name == "tags" {
			err = w.tags(&d, name, v)
		} else {
			err = w.attributes(&d, name, v)
		}
		if err != nil {
			return fault.New(fault.Invalid, "%s: %s", w.where, err)
		}
	}
	r.j.Attributes = append(r.j.Attributes, d.Attributes...)
	for _, t := range d.Tags {
		if !slices.Contains(r.j.Tags, t) {
			r.j.Tags = append(r.j.Tags, t)
		}
	}
	return nil
}

// published translates older policies' words for dispositions.
var published = map[string]alert.Disposition{
	"alert": alert.Active, "notice": alert.Notice, "discard": alert.Declined,
}

func (r *ruling) disposition(ctx context.Context) error {
	if r.j.Disposition != "" {
		return nil
	}
	for _, name := range []string{"disposition", "publish"} {
		v := r.rules[name]
		if v == nil {
			continue
		}
		word, ok := r.scalar(name)
		word = strings.ToLower(strings.TrimSpace(word))
		if ok && word == "" {
			continue
		}
		var known bool
		if name == "publish" {
			r.j.Disposition, known = published[word]
			ok = ok && known
		} else {
			r.j.Disposition = alert.Disposition(word)
			ok = ok && slices.Contains([]alert.Disposition{alert.Active, alert.Notice, alert.Closed, alert.Declined}, r.j.Disposition)
		}
		if !ok {
			r.j.Disposition = ""
			return r.wrong(ctx, name, map[string]string{
				"publish": "alert, notice or discard", "disposition": "active, notice, closed or declined",
			}[name])
		}
		r.j.By = r.set.decided(ctx, r.p, r.m, r.input, name)
		r.j.Reason = phrase(r.rules["reason"])
		return nil
	}
	return nil
}

// triageInput builds what triage policies read.
func triageInput(in TriageInput, data bool) *ast.Term {
	a := in.Alert
	attributes := make([]*ast.Term, 0, len(a.Attributes))
	for _, at := range a.Attributes {
		attributes = append(attributes, object("key", at.Key, "value", at.Value, "link", at.Link))
	}
	observables := make([]*ast.Term, 0, len(a.Observables))
	for _, o := range a.Observables {
		observables = append(observables, object("type", string(o.Type), "value", o.Value, "role", o.Role, "scope", o.Scope))
	}
	tags := list(a.Tags)
	body := ast.NullTerm()
	if data {
		body = messageTerm(in.Data)
	}
	metadata := ast.ObjectTerm(
		field("title", ast.StringTerm(a.Title)),
		field("description", ast.StringTerm(a.Description)),
		field("attributes", ast.ArrayTerm(attributes...)),
		field("title_source", ast.StringTerm("policy")),
		field("description_source", ast.StringTerm("policy")),
		field("tags", tags),
		field("channel", ast.StringTerm(a.Channel)),
	)
	alertTerm := ast.ObjectTerm(
		field("id", ast.StringTerm(a.ID.String())),
		field("schema", ast.StringTerm(a.Kind)),
		field("kind", ast.StringTerm(a.Kind)),
		field("source", ast.StringTerm(a.Source)),
		field("metadata", metadata),
		field("data", body),
		field("severity", ast.StringTerm(a.Severity.String())),
		field("product_severity", ast.StringTerm(a.ProductSeverity)),
		field("rule", ast.StringTerm(a.Rule)),
		field("observables", ast.ArrayTerm(observables...)),
		field("action", ast.StringTerm(string(a.Action))),
		field("condition", ast.StringTerm(string(a.Condition))),
		field("seen_at", ast.StringTerm(moment(a.SeenAt))),
		field("received_at", ast.StringTerm(moment(a.ReceivedAt))),
		field("link", ast.StringTerm(a.Link)),
		field("techniques", list(a.Techniques)),
		field("tags", tags),
		field("marks", list(a.Marks)),
		field("event_id", ast.StringTerm(a.EventID)),
		field("fingerprint", ast.StringTerm(a.Fingerprint)),
	)
	return ast.ObjectTerm(
		field("alert", alertTerm),
		field("enrich", ast.ArrayTerm()),
		field("schema", ast.StringTerm(a.Kind)),
		field("source", ast.StringTerm(a.Source)),
	)
}

// messageTerm converts the message; what is no JSON is its text.
func messageTerm(data []byte) *ast.Term {
	if v, err := parseInput(data, nil); err == nil {
		return v
	}
	return ast.ObjectTerm(field("text", ast.StringTerm(strings.ToValidUTF8(string(data), "\uFFFD"))))
}

func field(name string, v *ast.Term) [2]*ast.Term { return [2]*ast.Term{ast.StringTerm(name), v} }

func object(pairs ...string) *ast.Term {
	items := make([][2]*ast.Term, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		items = append(items, field(pairs[i], ast.StringTerm(pairs[i+1])))
	}
	return ast.ObjectTerm(items...)
}

func list(words []string) *ast.Term {
	terms := make([]*ast.Term, 0, len(words))
	for _, w := range words {
		terms = append(terms, ast.StringTerm(w))
	}
	return ast.ArrayTerm(terms...)
}

// moment words a time as Rego's time functions read it; "" where it is unknown.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
