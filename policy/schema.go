package policy

import (
	"slices"

	"yagura/alert"
)

// Schema is a JSON Schema (2020-12) as a tree of maps; encoding/json writes it.
type Schema map[string]any

// Field documents one field or rule of a policy's input or output. The
// reference pages and the schemas are made from these, and a test holds them to
// what the code reads.
type Field struct {
	Name   string
	Type   string // for people: "string", "array of strings"
	Doc    string // one or two sentences
	schema Schema
}

func str(values ...string) Schema {
	s := Schema{"type": "string"}
	if len(values) > 0 {
		s["enum"] = values
	}
	return s
}

func arrayOf(items Schema) Schema { return Schema{"type": "array", "items": items} }

func anyOf(schemas ...Schema) Schema { return Schema{"anyOf": schemas} }

var (
	scalar     = Schema{"type": []string{"string", "number", "boolean", "null"}}
	stringList = arrayOf(str())
	severities = str(names(alert.Severities())...)
)

func names(list []alert.Severity) []string {
	var out []string
	for _, s := range list {
		out = append(out, s.String())
	}
	return out
}

func objectOf(required []string, properties Schema) Schema {
	s := Schema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

func attributesSchema() Schema {
	return anyOf(
		arrayOf(objectOf([]string{"key"}, Schema{"key": str(), "value": Schema{}, "link": str()})),
		Schema{"type": "object", "additionalProperties": true},
	)
}

func observablesSchema() Schema {
	var types []string
	for _, t := range alert.ObservableTypes() {
		types = append(types, string(t))
	}
	return arrayOf(objectOf([]string{"type", "value"}, Schema{"type": str(types...), "value": scalar, "role": str()}))
}

func entitiesSchema() Schema {
	var types []string
	for _, t := range alert.EntityTypes() {
		types = append(types, string(t))
	}
	return arrayOf(objectOf([]string{"type", "value"}, Schema{
		"type": str(types...), "value": scalar, "aliases": anyOf(str(), stringList), "shared": Schema{"type": "boolean"},
	}))
}

// AlertFields documents what an alert of an ingest policy may have. Every
// field may be left out or null.
func AlertFields() []Field {
	return []Field{
		{"title", "string", "One line a person can read, up to 300 characters. Left out, it is the description's first line, else the rule, else the kind.", scalar},
		{"description", "string", "The longer text, up to 16 KiB; line breaks stay.", scalar},
		{"rule", "string", "The product's own name for the detection.", scalar},
		{"severity", "info, low, medium, high or critical", "Ours, in any letter case; informational, moderate, warning and important are understood too. Left out, it is the attribute called severity where that holds such a word, else medium. Another word becomes product_severity and counts as medium.", severities},
		{"product_severity", "string or number", "The product's own severity, as received.", scalar},
		{"action", "detected, blocked, allowed or quarantined", "What the product did.", str("detected", "blocked", "allowed", "quarantined")},
		{"condition", "present or fixed", "Posture findings only: the product's own word on whether it still stands.", str("present", "fixed")},
		{"seen_at", "time", "When it happened by the product's clock: RFC 3339 and its common variants (no zone means UTC), or a Unix time in seconds, milli-, micro- or nanoseconds as number or text. Left out or unreadable, the time of receipt counts.", Schema{"type": []string{"string", "number", "null"}}},
		{"link", "http or https URL", "The product's own page. Other URLs are left out.", str()},
		{"event_id", "string or number", "The product's id of this very event: the same id again is nothing new.", scalar},
		{"fingerprint", "array, string or object of scalars", "What makes it the same thing again: rule and who or what it happened to; no times, counters or random ids. One that is empty, or of which nothing stands in the message, is refused and reported. Left out, rule and observables decide.", anyOf(scalar, arrayOf(scalar), Schema{"type": "object"})},
		{"observables", "array of {type, value, role}", "Addresses, users, hosts and the like that the policy knows to be such, with their part in the alert. Others are extracted from the attributes and texts.", observablesSchema()},
		{"entities", "array of {type, value, aliases, shared}", "What the alert is about, named so exactly that another alert with the same name is about the same thing: process (host, process id and image in one value), session, message, registry, resource, host, user, hash, command, sender, subject. They say which alerts belong together and are not shown; up to 100. aliases are other names of the same host or user (SID, DOMAIN\\name); shared marks what many use: what the product itself calls a domain controller, gateway or scanner, and hashes of the operating system's files.", entitiesSchema()},
		{"techniques", "array of strings", "MITRE ATT&CK ids, e.g. T1110.001.", stringList},
		{"attributes", "array of {key, value, link}", "What else is worth showing, up to 200. Values that are numbers or true and false become text, objects and arrays compact JSON. An object of keys and values will do.", attributesSchema()},
		{"attrs", "array of {key, value, link}", "The older name of attributes.", attributesSchema()},
		{"tags", "array or set of strings", "Words to filter by, up to 50.", anyOf(str(), stringList)},
		{"channel", "string", "Where it should be announced.", str()},
		{"topic", "string", "The older name of channel.", str()},
		{"assignee", "string", "Who should look at it.", str()},
	}
}

// IngestRules documents the rules that are read from package ingest.<kind>.
func IngestRules() []Field {
	alertSchema := Schema{"$ref": "#/$defs/alert"}
	return []Field{
		{"alerts", "set or array of alerts", "The alerts that the message holds: of a set in Rego's order, of an array in its own.", arrayOf(alertSchema)},
		{"alert", "set or array of alerts", "The older name of alerts.", arrayOf(alertSchema)},
		{"ignore", "boolean", "Where true, the message is declined.", Schema{"type": "boolean"}},
		{"decline", "string, or a set of them", "Where defined, the message is declined for this reason.", anyOf(Schema{"type": "boolean"}, str(), stringList)},
		{"reason", "string", "Why the message is declined, or why it holds no alert.", str()},
	}
}

// TriageRules documents the rules that are read from package triage.
func TriageRules() []Field {
	return []Field{
		{"title", "string", "Another title.", scalar},
		{"description", "string", "Another description.", scalar},
		{"severity", "info, low, medium, high or critical", "Another severity; the product's stays beside it.", severities},
		{"channel", "string", "Where it should be announced.", str()},
		{"topic", "string", "The older name of channel.", str()},
		{"attr", "array of {key, value, link}", "The older name of attributes.", attributesSchema()},
		{"attributes", "array of {key, value, link}", "Attributes to add.", attributesSchema()},
		{"tags", "array or set of strings", "Tags to add.", anyOf(str(), stringList)},
		{"assignee", "string", "Who should look at it.", str()},
		{"priority", "string or number", "What people go by when they choose what to look at first.", scalar},
		{"publish", "alert, notice or discard", "The older words for the dispositions active, notice and declined.", str("alert", "notice", "discard")},
		{"disposition", "active, notice, closed or declined", "Where the alert stands; before publish where both are defined.", str("active", "notice", "closed", "declined")},
		{"reason", "string", "Why, kept with the disposition.", str()},
	}
}

// TriageInputFields documents what triage and enrich policies read below
// input; names with a dot are inside.
func TriageInputFields() []Field {
	attributes := arrayOf(objectOf(nil, Schema{"key": str(), "value": str(), "link": str()}))
	observables := arrayOf(objectOf(nil, Schema{"type": str(), "value": str(), "role": str(), "scope": str()}))
	return []Field{
		{"schema", "string", "The kind, e.g. guardduty.", str()},
		{"source", "string", "The source that delivered it.", str()},
		{"enrich", "array of {id, prompt, result}", "Results of the enrich policy's prompts; empty until they have run.", Schema{"type": "array"}},
		{"alert.id", "string", "Its id.", str()},
		{"alert.kind", "string", "The kind.", str()},
		{"alert.schema", "string", "The kind again, by its older name.", str()},
		{"alert.source", "string", "The source.", str()},
		{"alert.data", "any", "The message as the ingest policy read it; a message of text is {\"text\": …}.", Schema{}},
		{"alert.metadata.title", "string", "Its title.", str()},
		{"alert.metadata.description", "string", "Its description.", str()},
		{"alert.metadata.attributes", "array of {key, value, link}", "Its attributes; values are strings.", attributes},
		{"alert.metadata.title_source", "string", "Always policy.", str()},
		{"alert.metadata.description_source", "string", "Always policy.", str()},
		{"alert.metadata.tags", "array of strings", "Its tags.", stringList},
		{"alert.metadata.channel", "string", "Where ingest wants it announced; may be empty.", str()},
		{"alert.severity", "string", "info, low, medium, high or critical.", severities},
		{"alert.product_severity", "string", "The product's own.", str()},
		{"alert.rule", "string", "The product's name for the detection.", str()},
		{"alert.observables", "array of {type, value, role, scope}", "All observables, extracted ones included.", observables},
		{"alert.action", "string", "detected, blocked, allowed, quarantined or empty.", str()},
		{"alert.condition", "string", "present, fixed or empty.", str()},
		{"alert.seen_at", "string", "By the product's clock, RFC 3339.", str()},
		{"alert.received_at", "string", "By ours, RFC 3339.", str()},
		{"alert.link", "string", "To the product's page.", str()},
		{"alert.techniques", "array of strings", "MITRE ATT&CK ids.", stringList},
		{"alert.tags", "array of strings", "Its tags.", stringList},
		{"alert.marks", "array of strings", "What was noticed while taking it in, e.g. late.", stringList},
		{"alert.event_id", "string", "The product's id of the event.", str()},
		{"alert.fingerprint", "string", "What makes it the same thing again, 32 hex digits.", str()},
	}
}

// PromptFields documents a task in the set prompts of package enrich.
func PromptFields() []Field {
	return []Field{
		{"id", "string", "By what name triage finds the result.", str()},
		{"inline", "string", "The prompt itself, or", str()},
		{"template", "string", "the file that holds it.", str()},
		{"params", "object", "Values for the template.", Schema{"type": "object"}},
		{"format", "text or json", "What the answer should be.", str("text", "json")},
	}
}

// Functions documents the functions of ours that policies may call, sorted by name.
func Functions() []Field {
	var out []Field
	for _, b := range builtins {
		out = append(out, Field{Name: b.decl.Name, Type: b.decl.Decl.String(), Doc: b.decl.Description})
	}
	slices.SortFunc(out, func(a, b Field) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return out
}

// Forbidden lists Rego's functions that policies cannot call, because they
// reach outside or reveal the host.
func Forbidden() []string { return slices.Clone(forbidden) }

// IngestSchema describes what a package ingest.<kind> yields.
func IngestSchema() Schema {
	s := rules("What a package ingest.<kind> yields", IngestRules())
	s["$defs"] = Schema{"alert": objectOf(nil, properties(AlertFields()))}
	return s
}

// TriageSchema describes what package triage yields.
func TriageSchema() Schema { return rules("What package triage yields", TriageRules()) }

// TriageInputSchema describes what packages triage and enrich read.
func TriageInputSchema() Schema {
	s := rules("What packages triage and enrich read as input", nil)
	for _, f := range TriageInputFields() {
		place(s, f.Name, f.schema)
	}
	return s
}

// EnrichSchema describes what package enrich yields.
func EnrichSchema() Schema {
	return rules("What package enrich yields", []Field{{Name: "prompts", schema: arrayOf(objectOf(nil, properties(PromptFields())))}})
}

func rules(title string, fields []Field) Schema {
	return Schema{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title,
		"type": "object", "properties": properties(fields),
	}
}

func properties(fields []Field) Schema {
	out := Schema{}
	for _, f := range fields {
		s := Schema{}
		for k, v := range f.schema {
			s[k] = v
		}
		if f.Doc != "" {
			s["description"] = f.Doc
		}
		out[f.Name] = s
	}
	return out
}

// place puts a schema at a dotted path of object schemas.
func place(s Schema, path string, leaf Schema) {
	for {
		props := s["properties"].(Schema)
		i := slices.Index([]byte(path), '.')
		if i < 0 {
			props[path] = leaf
			return
		}
		next, ok := props[path[:i]].(Schema)
		if !ok {
			next = Schema{"type": "object", "properties": Schema{}}
			props[path[:i]] = next
		}
		s, path = next, path[i+1:]
	}
}
