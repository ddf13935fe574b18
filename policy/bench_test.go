package policy_test

import (
	"strings"
	"testing"

	"yagura/alert"
	"yagura/policy"
)

// wideRego reads some fields of a larger message, as our kinds do.
const wideRego = `package ingest.demo

severities := {"1": "low", "2": "medium", "3": "high"}

alerts := [a |
	a := {
		"title": object.get(input, "title", ""),
		"rule": object.get(input, ["rule", "name"], ""),
		"severity": object.get(severities, sprintf("%v", [object.get(input, "level", 0)]), "medium"),
		"seen_at": object.get(input, "time", null),
		"fingerprint": [object.get(input, ["rule", "name"], ""), object.get(input, "host", "")],
		"observables": [{"type": "ip", "value": ip, "role": "source"} | some ip in object.get(input, "addresses", [])],
		"attributes": [{"key": k, "value": object.get(input, k, "")} | some k in ["title", "host", "level"]],
	}
]`

var wideMessage = `{"title": "Many sign-ins failed", "level": 3, "rule": {"name": "signin-bruteforce", "id": 4711},
"time": "2026-03-04T05:06:07.089Z", "host": "mail.example.com", "addresses": ["198.51.100.7", "203.0.113.9"],
"notes": "` + strings.Repeat("something nobody reads, ", 20) + `", "nested": {"a": [1, 2, 3, {"b": {"c": "d"}}], "e": {"f": 1.5, "g": [true, false, null]}}}`

func BenchmarkIngest(b *testing.B) {
	set, err := policy.Load(b.Context(), nil, folder(map[string]string{"t.rego": wideRego}))
	if err != nil {
		b.Fatal(err)
	}
	m := policy.Message{Kind: "demo", Source: "demo-prod", Body: []byte(wideMessage)}
	b.ReportAllocs()
	for b.Loop() {
		got, err := set.Ingest(b.Context(), m)
		if err != nil || len(got.Drafts) != 1 || len(got.Problems) > 0 {
			b.Fatal(got, err)
		}
	}
}

func BenchmarkTriage(b *testing.B) {
	set, err := policy.Load(b.Context(), nil, folder(map[string]string{"t.rego": `package triage
severity := "high" if input.alert.rule == "signin-bruteforce"
tags contains "vip" if {
	some o in input.alert.observables
	o.value == "198.51.100.7"
}
publish := "notice" if input.alert.metadata.title == "nothing"
`}))
	if err != nil {
		b.Fatal(err)
	}
	a := &alert.Alert{
		Kind: "demo", Source: "demo-prod", Rule: "signin-bruteforce", Title: "Many sign-ins failed",
		Observables: []alert.Observable{{Type: alert.IP, Value: "198.51.100.7"}},
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := set.Triage(b.Context(), policy.TriageInput{Alert: a, Data: []byte(wideMessage)}); err != nil {
			b.Fatal(err)
		}
	}
}
