package policy_test

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"yagura/policy"
)

// folder makes a policy folder of file names and contents.
func folder(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

// load compiles one file, t.rego.
func load(t *testing.T, rego string) *policy.Set {
	t.Helper()
	set, err := policy.Load(context.Background(), nil, folder(map[string]string{"t.rego": rego}))
	if err != nil {
		t.Fatalf("loading:\n%v", err)
	}
	return set
}

// ingest evaluates the kind demo on a JSON message.
func ingest(t *testing.T, rego, body string) policy.Ingested {
	t.Helper()
	got, err := load(t, rego).Ingest(context.Background(), policy.Message{Kind: "demo", Source: "demo-prod", Body: []byte(body)})
	if err != nil {
		t.Fatalf("ingesting: %v", err)
	}
	return got
}

// DESK-08
func TestIngestMakesAlertsOfAnArbitraryPayload(t *testing.T) {
	t.Parallel()
	got := ingest(t, `package ingest.demo
alerts contains {
	"title": sprintf("%s on %s", [input.what, input.host]),
	"severity": "high",
	"seen_at": input.time,
	"fingerprint": [input.what, input.host],
	"attrs": [{"key": "big", "value": input.big}],
}`, `{"what": "login", "host": "db1.example.com", "time": "2026-02-03T04:05:06Z", "big": 12345678901234567890, "unused": [1, {"a": 2}]}`)
	if len(got.Drafts) != 1 {
		t.Fatalf("drafts: %+v", got)
	}
	d := got.Drafts[0]
	if d.Title != "login on db1.example.com" || d.Severity.String() != "high" || d.SeenUnknown || len(got.Problems) > 0 {
		t.Errorf("draft %+v, problems %v", d, got.Problems)
	}
	if d.SeenAt.Format("2006-01-02T15:04:05Z") != "2026-02-03T04:05:06Z" {
		t.Errorf("seen at %s", d.SeenAt)
	}
	if d.Attributes[0].Value != "12345678901234567890" {
		t.Errorf("a large number came out as %q", d.Attributes[0].Value)
	}
	if strings.Join(d.Basis, "|") != "login|db1.example.com" {
		t.Errorf("basis %q", d.Basis)
	}
	if got.By != "t.rego:2" {
		t.Errorf("by %q", got.By)
	}
}
