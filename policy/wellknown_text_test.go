package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"

	"yagura/alert"
)

func TestObservablesCarryTheirRole(t *testing.T) {
	t.Parallel()
	got := readWellknown(t, `{"title": "A", "src_ip": "192.0.2.1", "dst_ip": "198.51.100.2", "actor": {"user": {"email": "eve@example.com"}},
		"host": {"name": "web-1", "os": {"name": "linux"}}, "entities": [{"type": "ip", "address": "203.0.113.9"}, {"kind": "hash", "value": "44d88612fea8a8f36de82e1278abb02f"}],
		"device": {"id": 5}, "instance": "db-1:9100", "user": "N/A", "resources": [{"arn": "arn:aws:s3:::bucket"}]}`)[0]
	text := fmt.Sprint(got["observables"])
	for _, want := range []string{
		"map[role:source type:ip value:192.0.2.1]", "map[role:target type:ip value:198.51.100.2]", "role:actor type:email value:eve@example.com",
		"type:host value:web-1", "type:ip value:203.0.113.9", "type:hash value:44d88612fea8a8f36de82e1278abb02f", "type:host value:db-1]",
		"role:target type:resource value:arn:aws:s3:::bucket",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in %s", want, text)
		}
	}
	if strings.Contains(text, "linux") || strings.Contains(text, "N/A") {
		t.Errorf("too much: %s", text)
	}
}

func TestTextIsReadToo(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want map[string]any
	}{
		"CEF behind syslog": {
			`<134>1 2026-01-02T03:04:05Z sensor-1 cef - - - CEF:0|Acme|Watch|1.0|100|Port scan \| wide|9|src=192.0.2.9 act=blocked msg=Many ports in a short time`,
			map[string]any{"title": "Port scan | wide", "severity": "critical", "action": "blocked", "seen_at": "2026-01-02T03:04:05Z", "description": "Many ports in a short time"},
		},
		"LEEF": {
			"LEEF:2.0|Acme|Guard|1.0|LoginFailure|^|src=192.0.2.10^usrName=erin^sev=8^devTime=2026-01-02T03:04:05Z",
			map[string]any{"rule": "LoginFailure", "severity": "high", "seen_at": "2026-01-02T03:04:05Z"},
		},
		"key=value": {
			`<185>date=2026-01-02 time=03:04:05 devname="fw-1" level="alert" severity="high" srcip=203.0.113.77 action="dropped" msg="traversal seen" logid="0419016384"`,
			map[string]any{"title": "traversal seen", "severity": "high", "action": "blocked", "seen_at": "2026-01-02T03:04:05Z", "event_id": nil},
		},
		"Cisco": {
			`<164>Jan 02 2026 03:04:05 fw-2 : %ASA-4-106023: Deny tcp src outside:203.0.113.5/51234`,
			map[string]any{"title": "Deny tcp src outside:203.0.113.5/51234", "rule": "ASA-4-106023", "severity": "medium", "action": "blocked", "seen_at": "2026-01-02T03:04:05Z"},
		},
		"mail": {
			"Subject: Disk encryption off\nSeverity: Critical\nHost: pc-7\n\nSomebody turned it off.",
			map[string]any{"title": "Disk encryption off", "severity": "critical"},
		},
		"a line":      {"CRITICAL - web-1 does not answer (2026-01-02 03:04:05)", map[string]any{"severity": "critical", "seen_at": "2026-01-02T03:04:05Z"}},
		"a sentence":  {"something happened", map[string]any{"title": "something happened", "severity": "medium"}},
		"JSON inside": {`<14>Jan  2 03:04:05 h app: {"title": "Inner", "severity": "low"}`, map[string]any{"title": "Inner", "severity": "low"}},
		"nothing":     {" ", map[string]any{"title": nil, "severity": "medium"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := json.Marshal(map[string]string{"text": tt.text})
			if err != nil {
				t.Fatal(err)
			}
			got := readWellknown(t, string(body))[0]
			for field, want := range tt.want {
				if diff := cmp.Diff(want, got[field]); diff != "" {
					t.Errorf("%s: %s\n%v", field, diff, got["attributes"])
				}
			}
		})
	}
}

func TestAttributesAreBoundedAndSayHowItWasDecided(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`{"title": "A", "level": "ERROR", "long": "` + strings.Repeat("x", 5000) + `"`)
	for i := range 500 {
		fmt.Fprintf(&b, `, "k%d": %d`, i, i)
	}
	b.WriteString("}")
	attributes, _ := readWellknown(t, b.String())[0]["attributes"].(map[string]any)
	if len(attributes) > wellknownAttributes || len(attributes) < wellknownAttributes-1 {
		t.Errorf("%d attributes", len(attributes))
	}
	if got := fmt.Sprint(attributes["decided"]); !strings.Contains(got, `title from title; severity high from level ("ERROR"); time from nothing`) {
		t.Error(got)
	}
	for key, value := range attributes {
		if len(fmt.Sprint(value)) > wellknownRunes+len("…") {
			t.Errorf("%v is too long", key)
		}
	}
}

// FuzzWellknown: whatever comes, nothing panics, the result is bounded, and the
// same message gives the same alerts.
func FuzzWellknown(f *testing.F) {
	for _, seed := range []string{
		`{"title": "A", "findings": [{"severity": 3, "name": "x", "time": "2026-01-02T03:04:05+99:99"}]}`, `[[[]]]`, `"CEF:0|a|b|c|d|e|f|g=h i=j"`,
		`{"text": "<1>1 - - - - - -"}`, `{"a": "{\"a\": \"[1]\"}"}`, `{"severity": "CVSS:3.1/AV:N"}`, `{"":{"":""}}`, `{"@timestamp": "2026-01-02T"}`,
		`{"text": "%ASA-4-1: x"}`, `{"text": "<14>Jan  2 03:04:05 "}`, `{"url": "http://[", "id": "http"}`, `{"schemaId": "x", "severity": "Sev:"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		v, err := parseInput([]byte(body), nil)
		if err != nil {
			v = ast.StringTerm(strings.ToValidUTF8(body, "?"))
		}
		first := wellknown(v.Value)
		if again := wellknown(v.Value); first.Value.Compare(again.Value) != 0 {
			t.Fatalf("two readings differ:\n%v\n%v", first, again)
		}
		if list, ok := first.Value.(*ast.Array); !ok || list.Len() > max(1, len(body)) {
			t.Fatalf("%v", first)
		}
	})
}

func TestGenericReadsWhatNoOtherKindKnows(t *testing.T) {
	t.Parallel()
	set := genericSet(t)
	got, err := set.Ingest(context.Background(), Message{Kind: "generic", Body: []byte(`{"value": []}`)})
	if err != nil || len(got.Drafts) != 0 || !strings.Contains(got.Reason, "no findings") {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = set.Ingest(context.Background(), Message{Kind: "generic", Body: []byte("ERROR: it fell over"), Text: true})
	if err != nil || len(got.Drafts) != 1 || got.Drafts[0].Severity != alert.High || !got.Drafts[0].SeenUnknown {
		t.Errorf("%+v, %v", got, err)
	}
	if len(got.Problems) != 0 {
		t.Error(got.Problems)
	}
}

func genericSet(t testing.TB) *Set {
	t.Helper()
	rego, err := os.ReadFile("../intake/generic/generic.rego")
	if err != nil {
		t.Fatal(err)
	}
	set, err := Load(context.Background(), fstest.MapFS{"generic/generic.rego": {Data: rego}})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func oneKilobyte() string {
	return `{"id": "ldt:0011223344:556677", "detection": {"name": "Credential dumping", "description": "A process read the memory of another that holds credentials.",
 "severity": "High", "confidence": 80, "tactic": "Credential Access", "technique": "T1003.001"}, "timestamp": "2026-01-02T03:04:05.678Z",
 "host": {"name": "DESKTOP-0042", "ip": "192.0.2.44", "os": "Windows 11", "domain": "corp.example.com"}, "user": {"name": "t.yamada", "sid": "S-1-5-21-1"},
 "process": {"name": "rundll.exe", "path": "C:\\Windows\\Temp\\rundll.exe", "pid": 4711, "command_line": "rundll.exe comsvcs.dll MiniDump 624 out.dmp full",
 "sha256": "7b4d61c3a058c0f9e7a24d2ef5c1b4a3d8e9f0a1b2c3d4e5f6a7b8c9d0e1f2a3"}, "parent": {"name": "cmd.exe", "pid": 4000}, "action": "blocked",
 "link": "https://console.example.com/detections/ldt:0011223344:556677", "tags": ["prod", "workstation"], "sensor": {"version": "7.1.2", "group": "default"}}`
}

func BenchmarkWellknown(b *testing.B) {
	body := oneKilobyte()
	b.Run("names", func(b *testing.B) {
		v, err := parseInput([]byte(body), nil)
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			wellknown(v.Value)
		}
	})
	b.Run("ingest", func(b *testing.B) {
		set := genericSet(b)
		m := Message{Kind: "generic", Body: []byte(body)}
		for b.Loop() {
			if _, err := set.Ingest(context.Background(), m); err != nil {
				b.Fatal(err)
			}
		}
	})
}
