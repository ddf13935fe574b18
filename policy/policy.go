// Package policy runs the written rules that shape alerts: Rego that people
// write, or that a form writes for them. Ingest policies (package
// ingest.<kind>) turn a product's message into drafts of alerts; the triage
// policy (package triage) judges one alert. Policies reach nothing outside:
// no network, no environment.
package policy

import (
	"time"

	"yagura/alert"
)

// Message is what an ingest policy reads.
type Message struct {
	Kind   string            // which package reads it: ingest.<Kind>
	Source string            // the source that sent it
	Header map[string]string // request headers worth knowing, names in lower case
	Body   []byte            // JSON, one message, already unwrapped; or text, see Text
	Text   bool              // Body is no JSON: input is {"text": "…"}
}

// Ingested is what an ingest policy made of a message.
type Ingested struct {
	Drafts   []Draft
	Declined bool     // the policy's ignore rule held: Drafts are to be declined
	Reason   string   // why it was declined, or why there is no draft
	By       string   // file:line of the rule that declined or made them
	Problems []string // what the policy did that was mended or refused, e.g. a constant fingerprint
}

// Draft is one alert as an ingest policy words it, cleaned and typed.
type Draft struct {
	alert.Alert          // ID, Source, Kind, ReceivedAt, Sightings and Standing are not yet set
	Basis       []string // what makes it the same thing again; nil where the policy names none
	Refused     string   // why the policy's fingerprint is not taken; empty where it is, or none is named
	SeenUnknown bool     // the message gave no time of its own
}

// TriageInput is what the triage policy reads, beside the alert itself.
type TriageInput struct {
	Alert *alert.Alert
	Data  []byte // the message, JSON
}

// Judgement is what the triage policy decided; zero fields leave the alert as it is.
type Judgement struct {
	Title, Description string
	Severity           *alert.Severity
	Tags               []string          // added
	Attributes         []alert.Attribute // added
	Channel, Assignee  string
	Priority           string
	Disposition        alert.Disposition // "" leaves it active
	Reason             string
	By                 string   // file:line of the rule that set the disposition
	Problems           []string // what was mended or left out
}

// Limits on one evaluation.
const (
	Timeout   = 2 * time.Second // an ingest or triage evaluation that takes longer fails
	MaxDrafts = alert.MaxPerDelivery
)
