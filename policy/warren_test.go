package policy_test

import (
	"os"
	"strings"
	"testing"

	"yagura/alert"
	"yagura/policy"
)

// DESK-08: policies written by the public guide of warren run unchanged. Those
// below testdata/warren are worded here and use what the guide shows: both
// generations of package and rule names, Rego with and without its imports,
// helpers, libraries, numeric attribute values, alerts without a title.
func TestPoliciesWrittenForWarrenRunUnchanged(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	fsys := os.DirFS("testdata/warren")
	set, err := policy.Load(ctx, nil, fsys)
	if err != nil {
		t.Fatal(err)
	}
	r := policy.Test(ctx, set, fsys, policy.TestOptions{})
	if failed := r.Failed(); len(failed) > 0 {
		t.Error(r)
	}
	if len(r.Cases) < 12 {
		t.Errorf("only %d samples ran", len(r.Cases))
	}
	if kinds := set.Kinds(); len(kinds) < 11 {
		t.Errorf("only the kinds %v", kinds)
	}
	for _, p := range policy.Check(ctx, nil, fsys) {
		if p.Severity == policy.Bad {
			t.Errorf("check: %s", p)
		}
	}
}

func TestAuthPoliciesAreNotedAndNotRun(t *testing.T) {
	t.Parallel()
	problems := policy.Check(t.Context(), nil, os.DirFS("testdata/warren"))
	var noted bool
	for _, p := range problems {
		noted = noted || p.File == "auth/http.rego" && p.Severity == policy.Note && strings.Contains(p.Text, "auth.http is not run")
	}
	if !noted {
		t.Errorf("no note on auth/http.rego in %v", problems)
	}
}

// The three words that older triage policies publish with, in both packages.
func TestPublishBecomesADisposition(t *testing.T) {
	t.Parallel()
	for _, pkg := range []string{"triage", "commit"} {
		for word, want := range map[string]alert.Disposition{"alert": alert.Active, "notice": alert.Notice, "discard": alert.Declined} {
			t.Run(pkg+" "+word, func(t *testing.T) {
				t.Parallel()
				set := load(t, "package "+pkg+"\n\nimport rego.v1\n\ndefault publish := \"alert\"\n\npublish := \""+word+"\" if input.alert.schema == \"demo\"\n")
				j, err := set.Triage(t.Context(), policy.TriageInput{Alert: &alert.Alert{Kind: "demo"}})
				if err != nil || j.Disposition != want || j.By != "t.rego:7" {
					t.Errorf("got %+v, %v", j, err)
				}
			})
		}
	}
}
