package policy_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"yagura/policy"
)

func TestCheckTellsWhatWasHardlyMeant(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ rego, want string }{
		"a misspelt field":           {"package ingest.demo\nalerts contains {\n\t\"titel\": \"x\"}", `p.rego:3:2: warning: an alert has no field "titel"`},
		"behind a variable":          {"package ingest.demo\nalerts contains a if a := {\"titel\": \"x\"}", `p.rego:2:28: warning: an alert has no field "titel"`},
		"in a comprehension":         {"package ingest.demo\nalerts := [a | some f in input\na := {\"titel\": f}]", `p.rego:3:7: warning: an alert has no field "titel"`},
		"in older syntax":            {"package alert.demo\nalert[a] { a := {\"titel\": 1} }", `warning: an alert has no field "titel"`},
		"a severity nobody knows":    {"package ingest.demo\nalerts contains {\"severity\": \"sev1\"}", `p.rego:2:30: warning: severity "sev1"`},
		"an action nobody knows":     {"package ingest.demo\nalerts contains {\"action\": \"drop\"}", `warning: action "drop"`},
		"a constant fingerprint":     {"package ingest.demo\nalerts contains {\"fingerprint\": [\"a\", \"b\"]}", "p.rego:2:33: warning: this fingerprint is constant"},
		"a publish nobody knows":     {"package triage\npublish := \"drop\"", `p.rego:2:12: warning: publish "drop"`},
		"a disposition nobody knows": {"package triage\ndisposition := \"silenced\"", `warning: disposition "silenced"`},
		"a value that is always so": {
			"package triage\nchannel := \"a\" if input.alert\nchannel := \"b\"", `p.rego:3:1: warning: channel is always "b" here and something else at p.rego:2`,
		},
		"a misspelt package":    {"package ingst.demo\nalerts contains {}", "p.rego:1:1: warning: nothing reads package ingst.demo"},
		"an inner package":      {"package triage.more\ntags contains 1", "nothing reads package triage.more"},
		"a kind without rules":  {"package ingest.demo\nalarm := 1", "none of the rules alerts"},
		"an enrich prompt":      {"package enrich\nprompts contains {\"id\": \"x\", \"text\": \"y\"}", `a prompt has no field "text"`},
		"a prompt without text": {"package enrich\nprompts contains {\"id\": \"x\"}", "either inline or template"},
		"a format of a prompt":  {"package enrich\nprompts contains {\"inline\": \"x\", \"format\": \"xml\"}", `format "xml"`},
		"older Rego":            {"package ingest.demo\nalerts[x] { x := input.a[_] }", "p.rego:1:1: note: this is Rego from before 1.0"},
		"another's package":     {"package auth.http\nallow := true", "note: package auth.http is not run"},
		"one that stands in another's place": {
			"package ingest.ours\nalerts contains {}", "builtin/ours.rego:1:1: note: a user's policy takes the place of package ingest.ours",
		},
		"an error":        {"package ingest.demo\nalerts contains x", "p.rego:2:17: rego_unsafe_var_error"},
		"a syntax error":  {"package ingest.demo\nalerts contains {", "p.rego:2:17: rego_parse_error"},
		"an older rival":  {"package alert.ours2\nalert contains {}", ""},
		"nothing at all":  {"package ingest.demo\nimport data.lib.x\nalerts contains {\"title\": x.y, \"severity\": \"HIGH\", \"fingerprint\": [input.a]}", ""},
		"a wrapped value": {"package ingest.demo\nalerts contains {\"severity\": upper(\"sev1\"), \"fingerprint\": null}", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			problems := policy.Check(t.Context(),
				folder(map[string]string{"ours.rego": "package ingest.ours\nalerts contains {}", "l.rego": "package lib.x\ny := 1", "u.rego": "package ingest.user\nimport data.lib.x\nalerts contains {\"title\": x.y}"}),
				folder(map[string]string{"p.rego": tt.rego}))
			var lines []string
			for _, p := range problems {
				lines = append(lines, p.String())
			}
			got := strings.Join(lines, "\n")
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("want %q in:\n%s", tt.want, got)
			}
		})
	}
}

func TestCheckListsAllErrorsAndLoadTheFirst(t *testing.T) {
	t.Parallel()
	files := map[string]string{"a.rego": "package ingest.a\nalerts contains x\nalert contains y", "b.rego": "package"}
	var bad int
	for _, p := range policy.Check(t.Context(), nil, folder(files)) {
		if p.Severity == policy.Bad {
			bad++
		}
	}
	if bad < 3 {
		t.Errorf("%d errors of three", bad)
	}
	if got := loadError(t, files); !strings.HasPrefix(got, "b.rego:1:") {
		t.Errorf("got %s", got)
	}
}

// The reference is made from the field lists; they hold what the code reads.
func TestEveryFieldIsDocumentedAndInTheSchema(t *testing.T) {
	t.Parallel()
	lists := map[string][]policy.Field{
		"alert": policy.AlertFields(), "ingest": policy.IngestRules(), "triage": policy.TriageRules(),
		"input": policy.TriageInputFields(), "prompt": policy.PromptFields(), "functions": policy.Functions(),
	}
	for name, list := range lists {
		for _, f := range list {
			if f.Doc == "" || f.Type == "" {
				t.Errorf("%s %s has no text", name, f.Name)
			}
		}
	}
	for _, f := range policy.AlertFields() {
		if _, problems := one(t, `{"`+f.Name+`": null}`); len(problems) > 0 {
			t.Errorf("the documented field %s: %v", f.Name, problems)
		}
	}
	text, err := json.Marshal(policy.IngestSchema())
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]any
		Defs       map[string]struct{ Properties map[string]any } `json:"$defs"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	if len(schema.Properties) != len(policy.IngestRules()) || len(schema.Defs["alert"].Properties) != len(policy.AlertFields()) {
		t.Errorf("schema %s", text)
	}
	input, err := json.Marshal(policy.TriageInputSchema())
	if err != nil || !strings.Contains(string(input), `"title_source"`) {
		t.Errorf("input schema %s, %v", input, err)
	}
	for _, s := range []policy.Schema{policy.TriageSchema(), policy.EnrichSchema()} {
		if _, err := json.Marshal(s); err != nil || len(slices.Collect(maps.Keys(s))) < 3 {
			t.Errorf("schema %v, %v", s, err)
		}
	}
}
