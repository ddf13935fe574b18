package store

import (
	"encoding/json"
	"fmt"
	"strings"

	"yagura/alert"
)

// alertDoc is what an alert's row keeps beside its columns.
type alertDoc struct {
	Title       string             `json:"t"`
	Description string             `json:"d,omitempty"`
	ProductSev  string             `json:"p,omitempty"`
	Severity    alert.Severity     `json:"s"` // as first seen; the column holds the highest seen
	Action      alert.Action       `json:"a,omitempty"`
	Condition   alert.Condition    `json:"c,omitempty"` // as first seen
	Link        string             `json:"l,omitempty"`
	Observables []alert.Observable `json:"o,omitempty"`
	Entities    []alert.Entity     `json:"y,omitempty"`
	Techniques  []string           `json:"x,omitempty"`
	Attributes  []alert.Attribute  `json:"b,omitempty"`
	Tags        []string           `json:"g,omitempty"`
	Channel     string             `json:"h,omitempty"`
	Assignee    string             `json:"n,omitempty"`
	Marks       []string           `json:"m,omitempty"`
	EventID     string             `json:"e,omitempty"`
	More        string             `json:"z,omitempty"` // further text of the message that search finds
}

func docOf(a *alert.Alert, more string) alertDoc {
	return alertDoc{
		Title: a.Title, Description: a.Description, ProductSev: a.ProductSeverity, Severity: a.Severity,
		Action: a.Action, Condition: a.Condition, Link: a.Link, Observables: a.Observables, Entities: a.Entities,
		Techniques: a.Techniques, Attributes: a.Attributes, Tags: a.Tags, Channel: a.Channel,
		Assignee: a.Assignee, Marks: a.Marks, EventID: a.EventID, More: more,
	}
}

func (d alertDoc) pack() ([]byte, error) {
	b, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("encoding an alert: %w", err)
	}
	return compress(b), nil
}

func unpackDoc(b []byte) (d alertDoc, err error) {
	raw, err := decompress(b)
	if err != nil {
		return d, fmt.Errorf("an alert's document: %w", err)
	}
	if err := json.Unmarshal(raw, &d); err != nil {
		return d, fmt.Errorf("an alert's document: %w", err)
	}
	return d, nil
}

func (d *alertDoc) into(a *alert.Alert) {
	a.Title, a.Description, a.ProductSeverity = d.Title, d.Description, d.ProductSev
	a.Action, a.Condition, a.Link = d.Action, d.Condition, d.Link
	a.Observables, a.Techniques, a.Attributes, a.Tags = d.Observables, d.Techniques, d.Attributes, d.Tags
	a.Entities = d.Entities
	a.Channel, a.Assignee, a.Marks, a.EventID = d.Channel, d.Assignee, d.Marks, d.EventID
}

// searchText is the folded text in which words are looked for: fields parted
// by line ends, so that no phrase crosses two of them.
func (d *alertDoc) searchText(rule string) string {
	var b strings.Builder
	b.Grow(1024)
	line := func(s string) {
		if s != "" && b.Len() < maxFolded {
			b.WriteString(s)
			b.WriteByte('\n')
		}
	}
	line(d.Title)
	line(rule)
	line(d.Description)
	for _, o := range d.Observables {
		line(o.Value)
	}
	for _, t := range d.Tags {
		line(t)
	}
	for _, t := range d.Techniques {
		line(t)
	}
	for _, a := range d.Attributes {
		line(a.Value)
	}
	line(d.Link)
	line(d.More)
	s := b.String()
	if len(s) > maxFolded {
		s = strings.ToValidUTF8(s[:maxFolded], "")
	}
	return fold(s)
}
