package main

import (
	"testing"
	"testing/fstest"

	"yagura/alert"
	"yagura/policy"
)

func TestTheTriagePolicyOfThePageJudgesAsItSays(t *testing.T) {
	t.Parallel()
	page, err := policyPage("")
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{"ours.rego": block(t, page["policy.md"], "rego")}
	if problems := policy.Check(t.Context(), nil, files); len(problems) > 0 {
		t.Errorf("it has problems: %v", problems)
	}
	set, err := policy.Load(t.Context(), nil, files)
	if err != nil {
		t.Fatal(err)
	}
	from := func(address string) []alert.Observable {
		return []alert.Observable{{Type: "ip", Value: address, Role: "source"}}
	}
	tests := map[string]struct {
		alert       alert.Alert
		disposition alert.Disposition
	}{
		"our scanner":          {alert.Alert{Severity: alert.Info, Observables: from("192.0.2.7")}, "declined"},
		"somebody, in passing": {alert.Alert{Severity: alert.Info, Observables: from("203.0.113.9")}, "notice"},
		"somebody":             {alert.Alert{Severity: alert.High, Observables: from("203.0.113.9")}, ""},
	}
	for name, tt := range tests {
		got, err := set.Triage(t.Context(), policy.TriageInput{Alert: &tt.alert})
		if err != nil || got.Disposition != tt.disposition {
			t.Errorf("%s: %q because %q, want %q (%v)", name, got.Disposition, got.Reason, tt.disposition, err)
		}
	}
}
