package policy

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"yagura/alert"
)

// Expectation is what a sample should come to, as written in NAME.expect.yaml
// beside it. What it leaves out is not checked; a key it does not know is an error.
type Expectation struct {
	Kind   string            `yaml:"kind"`   // which policy reads the sample; by default its folder's
	Source string            `yaml:"source"` // the source that sent it; by default the kind
	Header map[string]string `yaml:"header"` // request headers, e.g. x-github-event

	Alerts   []ExpectedAlert `yaml:"alerts"`   // in order
	Count    *int            `yaml:"count"`    // how many alerts there are, where Alerts lists fewer
	Declined *string         `yaml:"declined"` // part of the reason why the message is declined
	None     *string         `yaml:"none"`     // part of the reason why there is no alert

	Triage *ExpectedJudgement `yaml:"triage"` // what the triage policy says of the first alert
}

// ExpectedAlert lists what is checked of one alert.
type ExpectedAlert struct {
	Title            *string           `yaml:"title"` // exact, or
	TitleContains    *string           `yaml:"title_contains"`
	Description      *string           `yaml:"description"`
	DescriptionPart  *string           `yaml:"description_contains"`
	Rule             *string           `yaml:"rule"`
	Severity         *string           `yaml:"severity"`
	ProductSeverity  *string           `yaml:"product_severity"`
	SeenAt           *string           `yaml:"seen_at"`
	SeenUnknown      *bool             `yaml:"seen_unknown"` // the message has no time of its own
	Action           *string           `yaml:"action"`
	Condition        *string           `yaml:"condition"`
	Link             *string           `yaml:"link"`
	EventID          *string           `yaml:"event_id"`
	Channel          *string           `yaml:"channel"`
	Assignee         *string           `yaml:"assignee"`
	Observables      []string          `yaml:"observables"`     // "type:value", at least these
	NotObservables   []string          `yaml:"not_observables"` // none of these
	Entities         []string          `yaml:"entities"`        // "type:value", at least these
	NotEntities      []string          `yaml:"not_entities"`    // none of these
	Techniques       []string          `yaml:"techniques"`      // at least
	Attributes       map[string]string `yaml:"attributes"`      // at least
	Tags             []string          `yaml:"tags"`            // at least
	Fingerprint      *[]string         `yaml:"fingerprint"`     // the exact basis; [] where there is none
	AttributesAbsent []string          `yaml:"not_attributes"`  // none of these keys
}

// ExpectedJudgement lists what is checked of a judgement.
type ExpectedJudgement struct {
	Title       *string           `yaml:"title"`
	Description *string           `yaml:"description"`
	Severity    *string           `yaml:"severity"`
	Channel     *string           `yaml:"channel"`
	Assignee    *string           `yaml:"assignee"`
	Priority    *string           `yaml:"priority"`
	Disposition *string           `yaml:"disposition"`
	Reason      *string           `yaml:"reason"`
	By          *string           `yaml:"by"`
	Tags        []string          `yaml:"tags"`       // at least
	Attributes  map[string]string `yaml:"attributes"` // at least
}

// ParseExpectation reads an expectation file.
func ParseExpectation(text []byte) (Expectation, error) {
	var e Expectation
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&e); err != nil && !errors.Is(err, io.EOF) {
		return e, fmt.Errorf("reading an expectation: %w", err)
	}
	if e.Alerts == nil && e.Count == nil && e.Declined == nil && e.None == nil {
		return e, errors.New("an expectation names alerts, count, declined or none")
	}
	for _, a := range e.Alerts {
		if a.SeenAt != nil {
			if _, ok := ParseTime(*a.SeenAt); !ok {
				return e, fmt.Errorf("seen_at %q is no time", *a.SeenAt)
			}
		}
	}
	return e, nil
}

// Compare lists where got differs from what is expected, one entry a field;
// empty where nothing does.
func (e Expectation) Compare(got Ingested) []string {
	var d differences
	switch {
	case e.Declined != nil:
		if !got.Declined {
			d.add("declined", *e.Declined, outcome(got))
			return d
		}
		d.part("declined", e.Declined, got.Reason)
	case got.Declined:
		d.add("outcome", "not declined", outcome(got))
	}
	if e.None != nil {
		if len(got.Drafts) > 0 || got.Declined {
			d.add("none", *e.None, outcome(got))
			return d
		}
		d.part("none", e.None, got.Reason)
	}
	want := len(e.Alerts)
	if e.Count != nil {
		want = *e.Count
	}
	if (e.Alerts != nil || e.Count != nil) && len(got.Drafts) != want {
		d.add("count", fmt.Sprint(want), outcome(got))
	}
	for i, a := range e.Alerts {
		if i >= len(got.Drafts) {
			break
		}
		d = append(d, a.compare(fmt.Sprintf("alerts[%d].", i), got.Drafts[i])...)
	}
	return d
}

// outcome words what became of a message in one line.
func outcome(got Ingested) string {
	var titles []string
	for _, d := range got.Drafts[:min(5, len(got.Drafts))] {
		titles = append(titles, fmt.Sprintf("%q", d.Title))
	}
	text := fmt.Sprintf("%d alerts", len(got.Drafts))
	if len(titles) > 0 {
		text += ": " + strings.Join(titles, ", ")
	}
	if got.Declined {
		return "declined (" + got.Reason + "), " + text
	}
	if len(got.Drafts) == 0 {
		text += " (" + got.Reason + ")"
	}
	return text
}

func (a ExpectedAlert) compare(prefix string, got Draft) []string {
	var d differences
	d.exact(prefix+"title", a.Title, got.Title)
	d.part(prefix+"title_contains", a.TitleContains, got.Title)
	d.exact(prefix+"description", a.Description, got.Description)
	d.part(prefix+"description_contains", a.DescriptionPart, got.Description)
	d.exact(prefix+"rule", a.Rule, got.Rule)
	d.exact(prefix+"severity", a.Severity, got.Severity.String())
	d.exact(prefix+"product_severity", a.ProductSeverity, got.ProductSeverity)
	d.exact(prefix+"action", a.Action, string(got.Action))
	d.exact(prefix+"condition", a.Condition, string(got.Condition))
	d.exact(prefix+"link", a.Link, got.Link)
	d.exact(prefix+"event_id", a.EventID, got.EventID)
	d.exact(prefix+"channel", a.Channel, got.Channel)
	d.exact(prefix+"assignee", a.Assignee, got.Assignee)
	seen := "unknown"
	if !got.SeenUnknown {
		seen = got.SeenAt.Format("2006-01-02T15:04:05.999999999Z07:00")
	}
	if a.SeenAt != nil {
		if want, _ := ParseTime(*a.SeenAt); got.SeenUnknown || !want.Equal(got.SeenAt) {
			d.add(prefix+"seen_at", *a.SeenAt, seen)
		}
	}
	if a.SeenUnknown != nil && *a.SeenUnknown != got.SeenUnknown {
		d.add(prefix+"seen_unknown", fmt.Sprint(*a.SeenUnknown), seen)
	}
	var observables []string
	for _, o := range got.Observables {
		observables = append(observables, string(o.Type)+":"+o.Value)
	}
	d.atLeast(prefix+"observables", a.Observables, observables)
	d.noneOf(prefix+"not_observables", a.NotObservables, observables)
	var entities []string
	for _, e := range got.Entities {
		entities = append(entities, string(e.Type)+":"+e.Value)
	}
	d.atLeast(prefix+"entities", a.Entities, entities)
	d.noneOf(prefix+"not_entities", a.NotEntities, entities)
	d.atLeast(prefix+"techniques", a.Techniques, got.Techniques)
	d.atLeast(prefix+"tags", a.Tags, got.Tags)
	d.attributes(prefix+"attributes", a.Attributes, got.Attributes)
	var keys []string
	for _, at := range got.Attributes {
		keys = append(keys, at.Key)
	}
	d.noneOf(prefix+"not_attributes", a.AttributesAbsent, keys)
	if a.Fingerprint != nil && !slices.Equal(*a.Fingerprint, got.Basis) && len(*a.Fingerprint)+len(got.Basis) > 0 {
		d.add(prefix+"fingerprint", fmt.Sprintf("%q", *a.Fingerprint), fmt.Sprintf("%q", got.Basis))
	}
	return d
}

// Compare lists where the judgement differs from what is expected.
func (e ExpectedJudgement) Compare(got Judgement) []string {
	var d differences
	d.exact("triage.title", e.Title, got.Title)
	d.exact("triage.description", e.Description, got.Description)
	severity := ""
	if got.Severity != nil {
		severity = got.Severity.String()
	}
	d.exact("triage.severity", e.Severity, severity)
	d.exact("triage.channel", e.Channel, got.Channel)
	d.exact("triage.assignee", e.Assignee, got.Assignee)
	d.exact("triage.priority", e.Priority, got.Priority)
	d.exact("triage.disposition", e.Disposition, string(got.Disposition))
	d.exact("triage.reason", e.Reason, got.Reason)
	d.exact("triage.by", e.By, got.By)
	d.atLeast("triage.tags", e.Tags, got.Tags)
	d.attributes("triage.attributes", e.Attributes, got.Attributes)
	return d
}

// differences are readable: the field, what was expected, what came.
type differences []string

func (d *differences) add(field, want, got string) {
	*d = append(*d, fmt.Sprintf("%s\n  - %s\n  + %s", field, cmp.Or(want, `""`), cmp.Or(got, `""`)))
}

func (d *differences) exact(field string, want *string, got string) {
	if want != nil && *want != got {
		d.add(field, *want, got)
	}
}

func (d *differences) part(field string, want *string, got string) {
	if want != nil && !strings.Contains(got, *want) {
		d.add(field, *want, got)
	}
}

func (d *differences) atLeast(field string, want, got []string) {
	for _, w := range want {
		if !slices.Contains(got, w) {
			d.add(field, w, "only "+cmp.Or(strings.Join(got, ", "), "nothing"))
		}
	}
}

func (d *differences) noneOf(field string, unwanted, got []string) {
	for _, u := range unwanted {
		if slices.Contains(got, u) {
			d.add(field, "no "+u, strings.Join(got, ", "))
		}
	}
}

func (d *differences) attributes(field string, want map[string]string, got []alert.Attribute) {
	var keys []string
	for _, a := range got {
		keys = append(keys, a.Key)
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		i := slices.IndexFunc(got, func(a alert.Attribute) bool { return a.Key == key })
		if i < 0 {
			d.add(field+"."+key, want[key], "no such attribute; there are "+cmp.Or(strings.Join(keys, ", "), "none"))
		} else if got[i].Value != want[key] {
			d.add(field+"."+key, want[key], got[i].Value)
		}
	}
}
