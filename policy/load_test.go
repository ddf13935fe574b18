package policy_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"yagura/fault"
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
	set, err := policy.Load(t.Context(), nil, folder(map[string]string{"t.rego": rego}))
	if err != nil {
		t.Fatalf("loading:\n%v", err)
	}
	return set
}

// ingest evaluates the kind demo on a JSON message.
func ingest(t *testing.T, rego, body string) policy.Ingested {
	t.Helper()
	got, err := load(t, rego).Ingest(t.Context(), policy.Message{Kind: "demo", Source: "demo-prod", Body: []byte(body)})
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

func loadError(t *testing.T, files map[string]string) string {
	t.Helper()
	_, err := policy.Load(t.Context(), nil, folder(files))
	if err == nil {
		t.Fatal("the bad policy was accepted")
	}
	if !fault.Is(err, fault.Invalid) {
		t.Errorf("kind of %v", err)
	}
	return err.Error()
}

func TestBadFilesAreRefusedByFileAndLine(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ rego, want string }{
		"syntax":               {"package ingest.demo\n\nalerts contains {", "bad/p.rego:3:"},
		"no package":           {"alerts := []", "bad/p.rego:1:"},
		"empty":                {"", "bad/p.rego"},
		"unknown function":     {"package ingest.demo\nalerts contains x if x := nosuch(input)", "bad/p.rego:2:"},
		"unsafe variable":      {"package ingest.demo\nalerts contains {\"title\": x}", "bad/p.rego:2:"},
		"conflicting types":    {"package ingest.demo\nalerts contains 1\nalerts := 2", "rego_type_error"},
		"recursion":            {"package ingest.demo\nalerts contains x if { x := count(alerts) }", "recursive"},
		"reaching out":         {"package ingest.demo\nalerts contains http.send({\"url\": \"https://example.com\", \"method\": \"get\"})", "http.send"},
		"looking up":           {"package ingest.demo\nalerts contains {\"title\": x} if some x in net.lookup_ip_addr(\"example.com\")", "net.lookup_ip_addr"},
		"reading the host":     {"package ingest.demo\nalerts contains {\"title\": opa.runtime().env.HOME}", "opa.runtime"},
		"reading, as old Rego": {"package ingest.demo\nalerts[x] { x := opa.runtime() }", "opa.runtime"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := loadError(t, map[string]string{"bad/p.rego": tt.rego}); !strings.Contains(got, tt.want) {
				t.Errorf("want %q in:\n%s", tt.want, got)
			}
		})
	}
}

func TestTheErrorOfABadFileIsThatOfCurrentRego(t *testing.T) {
	t.Parallel()
	got := loadError(t, map[string]string{"p.rego": "package ingest.demo\n\nalerts contains {\"title\": } if true"})
	if !strings.HasPrefix(got, "p.rego:3:27: rego_parse_error") {
		t.Errorf("got %s", got)
	}
}

func TestFixturesHiddenFoldersAndUnitTestsAreLeftOut(t *testing.T) {
	t.Parallel()
	set, err := policy.Load(t.Context(), nil, folder(map[string]string{
		"a/demo.rego":                "package ingest.demo\nalerts contains {}",
		"a/testdata/x.rego":          "not rego",
		"a/samples/x.rego":           "not rego",
		"test/demo/detect/x.rego":    "not rego",
		"..2026_01_01/demo.rego":     "not rego",
		"a/demo_test.rego":           "package ingest.demo_test\ntest_it if true",
		"a/named_like_one_test.rego": "package ingest.other\nalerts contains {}",
		"README.md":                  "words",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(set.Kinds(), " "); got != "demo other" {
		t.Errorf("kinds %q", got)
	}
}

func TestAUsersKindTakesThePlaceOfOurs(t *testing.T) {
	t.Parallel()
	ours := folder(map[string]string{"demo/demo.rego": "package ingest.demo\nalerts contains {\"title\": \"ours\"}\nhelp := 1"})
	tests := map[string]struct {
		user  string
		title string
		by    string
	}{
		"nothing of the user's":    {"package triage\ntags contains \"x\"", "ours", "builtin/demo/demo.rego:2"},
		"the same package":         {"package ingest.demo\nalerts contains {\"title\": \"theirs\"}\nhelp := 2", "theirs", "mine.rego:2"},
		"the older package":        {"package alert.demo\nalert contains {\"title\": \"theirs\"}", "theirs", "mine.rego:2"},
		"one that only declines":   {"package ingest.demo\nignore if input.drill", "ours", "mine.rego:2"},
		"one that declines others": {"package ingest.demo\nignore if input.nothing", "ours", "builtin/demo/demo.rego:2"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set, err := policy.Load(t.Context(), ours, folder(map[string]string{"mine.rego": tt.user}))
			if err != nil {
				t.Fatal(err)
			}
			got, err := set.Ingest(t.Context(), policy.Message{Kind: "demo", Body: []byte(`{"drill": true}`)})
			if err != nil || len(got.Drafts) != 1 || got.Drafts[0].Title != tt.title || got.By != tt.by {
				t.Errorf("got %+v, %v", got, err)
			}
			if got.Declined != (tt.by == "mine.rego:2" && tt.title == "ours") {
				t.Errorf("declined: %v", got.Declined)
			}
		})
	}
}

func TestKindsAreFoundWithHyphensAndDots(t *testing.T) {
	t.Parallel()
	set, err := policy.Load(t.Context(), nil, folder(map[string]string{
		"a.rego": "package ingest.cloud_audit\nalerts contains {}",
		"b.rego": "package ingest.edr.v2\nalerts contains {}",
		"c.rego": "package ingest.helpers\nf(x) := x",
	}))
	if err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[string]bool{"cloud-audit": true, "cloud_audit": true, "edr.v2": true, "edr": false, "helpers": false, "other": false} {
		if set.HasKind(kind) != want {
			t.Errorf("HasKind(%q) is %v", kind, !want)
		}
	}
}

func TestListingsNameFilesAndRules(t *testing.T) {
	t.Parallel()
	set, err := policy.Load(t.Context(),
		folder(map[string]string{"demo/demo.rego": "package ingest.demo\nalerts contains {}"}),
		folder(map[string]string{"t.rego": "package triage\nseverity := \"high\" if input.alert\nown := 1"}))
	if err != nil {
		t.Fatal(err)
	}
	files := set.Files()
	if len(files) != 2 || !files[0].Builtin || files[0].Path != "builtin/demo/demo.rego" || files[1].Package != "triage" {
		t.Errorf("files %+v", files)
	}
	rules := set.Rules()
	if len(rules) != 2 || rules[1] != (policy.Rule{Package: "triage", Name: "severity", At: "t.rego:2"}) {
		t.Errorf("rules %+v", rules)
	}
}
