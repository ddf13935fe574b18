package policy_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"yagura/alert"
	"yagura/fault"
	"yagura/policy"
)

func triage(t *testing.T, rego string) policy.Judgement {
	t.Helper()
	j, err := load(t, rego).Triage(t.Context(), night())
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func night() policy.TriageInput {
	return policy.TriageInput{
		Alert: &alert.Alert{
			ID: 1 << 20, Source: "demo-prod", Kind: "demo", Rule: "R1", Title: "Title", Severity: alert.Low,
			SeenAt:      time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC),
			Observables: []alert.Observable{{Type: alert.IP, Value: "192.0.2.1", Role: "source", Scope: "documentation"}},
			Attributes:  []alert.Attribute{{Key: "port", Value: "443"}},
			Tags:        []string{"old"}, Channel: "here", Marks: []string{"late"},
		},
		Data: []byte(`{"who": "alice", "n": 12345678901234567890}`),
	}
}

// DESK-13, DESK-14
func TestTriageDecidesWhereAnAlertStands(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		rules string
		want  alert.Disposition
		by    string
		why   string
	}{
		"nothing decided": {"tags contains \"x\"", "", "", ""},
		"notice":          {"disposition := \"notice\"", alert.Notice, "t.rego:2", ""},
		"closed, with a reason": {
			"disposition := \"closed\" if input.alert.rule == \"R1\"\nreason := \"known\"", alert.Closed, "t.rego:2", "known",
		},
		"declined":   {"disposition := \"declined\"", alert.Declined, "t.rego:2", ""},
		"by default": {"default disposition := \"notice\"\ndisposition := \"closed\" if input.nothing", alert.Notice, "t.rego:2", ""},
		"by one of several rules": {
			"default disposition := \"active\"\ndisposition := \"closed\" if input.nothing\ndisposition := \"notice\" if input.source == \"demo-prod\"", alert.Notice, "t.rego:4", "",
		},
		"disposition before publish": {"publish := \"discard\"\ndisposition := \"notice\"", alert.Notice, "t.rego:3", ""},
		"what discard means":         {"publish := \"discard\" if input.alert.data.who == \"alice\"", alert.Declined, "t.rego:2", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := triage(t, "package triage\n"+tt.rules)
			if j.Disposition != tt.want || j.By != tt.by || j.Reason != tt.why {
				t.Errorf("got %+v", j)
			}
		})
	}
}

func TestTriageChangesAndAdds(t *testing.T) {
	t.Parallel()
	j := triage(t, `package triage
title := sprintf("%s of %s", [input.alert.metadata.title, input.alert.data.who])
description := "d"
severity := "critical" if input.alert.severity == "low"
channel := "urgent"
assignee := "bob"
priority := 1
tags contains "new"
tags contains t if some t in input.alert.tags
attributes := [{"key": "n", "value": input.alert.data.n}]
attr contains {"key": "ports", "value": count(input.alert.metadata.attributes), "link": "https://example.com"}`)
	critical := alert.Critical
	want := policy.Judgement{
		Title: "Title of alice", Description: "d", Severity: &critical, Channel: "urgent", Assignee: "bob", Priority: "1",
		Tags:       []string{"new", "old"},
		Attributes: []alert.Attribute{{Key: "ports", Value: "1", Link: "https://example.com"}, {Key: "n", Value: "12345678901234567890"}},
	}
	if !reflect.DeepEqual(j, want) {
		t.Errorf("got  %+v\nwant %+v", j, want)
	}
}

func TestTriageReadsTheWholeAlert(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		`input.alert.id`:                                  alert.ID(1 << 20).String(),
		`input.schema`:                                    "demo",
		`input.source`:                                    "demo-prod",
		`input.alert.schema`:                              "demo",
		`input.alert.seen_at`:                             "2026-02-03T04:05:06Z",
		`input.alert.observables[0].scope`:                "documentation",
		`input.alert.metadata.attributes[0].value`:        "443",
		`input.alert.metadata.channel`:                    "here",
		`input.alert.marks[0]`:                            "late",
		`object.get(input.alert, ["data", "who"], "no")`:  "alice",
		`object.get(input, ["alert", "data", "who"], "")`: "alice",
		`object.get(input.alert, "data", {}).who`:         "alice",
		`sprintf("%d", [count(input.enrich)])`:            "0",
		`sprintf("%d", [count(input.alert)])`:             "20",
		`f(input.alert)`:                                  "alice",
	} {
		if j := triage(t, "package triage\ntitle := "+expression+"\nf(a) := a.data.who"); j.Title != want {
			t.Errorf("%s: got %q, want %q", expression, j.Title, want)
		}
	}
}

func TestTextMessagesReachTriageAsText(t *testing.T) {
	t.Parallel()
	in := night()
	in.Data = []byte("plain words")
	j, err := load(t, "package triage\ntitle := input.alert.data.text").Triage(t.Context(), in)
	if err != nil || j.Title != "plain words" {
		t.Errorf("got %+v, %v", j, err)
	}
}

func TestTriageStandsBeforeCommit(t *testing.T) {
	t.Parallel()
	set, err := policy.Load(t.Context(), nil, folder(map[string]string{
		"a.rego": "package commit\ntitle := \"older\"\nchannel := \"older\"\npublish := \"discard\"\ntags contains \"a\"",
		"b.rego": "package triage\ntitle := \"newer\"\ndisposition := \"notice\"\ntags contains \"b\"",
	}))
	if err != nil {
		t.Fatal(err)
	}
	j, err := set.Triage(t.Context(), night())
	if err != nil || j.Title != "newer" || j.Channel != "older" || j.Disposition != alert.Notice || strings.Join(j.Tags, "") != "ba" {
		t.Errorf("got %+v, %v", j, err)
	}
}

func TestNoTriagePolicyLeavesTheAlertAsItIs(t *testing.T) {
	t.Parallel()
	if j := triage(t, "package ingest.demo\nalerts contains {}"); !reflect.DeepEqual(j, policy.Judgement{}) {
		t.Errorf("got %+v", j)
	}
}

func TestATriagePolicyThatErrsNamesFileAndLine(t *testing.T) {
	t.Parallel()
	for rules, want := range map[string]string{
		"publish := \"maybe\"":           `t.rego:2: publish of triage is "maybe"; it should be alert, notice or discard`,
		"disposition := \"silenced\"":    `t.rego:2: disposition of triage is "silenced"`,
		"severity := 9":                  "t.rego:2: severity of triage is a number",
		"title := input":                 "t.rego:2: title of triage is an object",
		"tags := {\"a\": 1}":             "t.rego:2: tags of alert 1",
		"attr contains \"x\"":            "t.rego:2: an entry of attr",
		"title := \"a\"\ntitle := \"b\"": "t.rego:3: eval_conflict_error",
	} {
		_, err := load(t, "package triage\n"+rules).Triage(t.Context(), night())
		if !fault.Is(err, fault.Invalid) || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s: want %q, got %v", rules, want, err)
		}
	}
}
