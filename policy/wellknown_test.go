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

// read runs yagura.wellknown over a message and returns the alerts as plain Go values.
func readWellknown(t testing.TB, body string) []map[string]any {
	t.Helper()
	v, err := parseInput([]byte(body), nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(mustJSON(t, wellknown(v.Value)))
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func mustJSON(t testing.TB, v *ast.Term) any {
	t.Helper()
	out, err := ast.JSON(v.Value)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// DESK-05: generic finds title, severity, time, link and identity by well-known names.
func TestWellKnownNamesAreFoundAtAnyDepth(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want map[string]any
	}{
		"at the top": {
			`{"title": "Door open", "severity": "HIGH", "timestamp": "2026-01-02T03:04:05Z", "description": "The door of room 4 is open."}`,
			map[string]any{"title": "Door open", "severity": "high", "product_severity": "HIGH", "seen_at": "2026-01-02T03:04:05Z",
				"description": "The door of room 4 is open."},
		},
		"deep down": {
			`{"x": {"alert": {"rule": {"name": "Two logins", "level": 12}, "@timestamp": 1767323045123}}}`,
			map[string]any{"title": "Two logins", "rule": "Two logins", "severity": "critical", "seen_at": "2026-01-02T03:04:05.123Z"},
		},
		"flattened with dots": {
			`{"kibana.alert.rule.name": "Odd process", "kibana.alert.severity": "low", "@timestamp": "2026-01-02T03:04:05Z", "host.name": "web-1"}`,
			map[string]any{"title": "Odd process", "rule": "Odd process", "severity": "low"},
		},
		"the shallow before the deep": {
			`{"title": "Mine", "related": {"title": "Not mine"}, "message": "m", "data": {"title": "Not mine either"}}`,
			map[string]any{"title": "Mine"},
		},
		"a user's name is no title": {
			`{"user": {"name": "alice"}, "event_type": "login_failed"}`,
			map[string]any{"title": "login_failed by alice", "rule": "login_failed"},
		},
		"a sentence in a list of facts": {
			`{"facts": [{"name": "UsbMount", "human": "A disk was attached"}], "host": {"hostname": "mac-1"}}`,
			map[string]any{"title": "A disk was attached"},
		},
		"what blocked, not only that": {
			`{"action": "BLOCK", "terminatingRuleId": "AdminPages", "httpRequest": {"clientIp": "192.0.2.4"}}`,
			map[string]any{"title": "AdminPages: BLOCK by 192.0.2.4", "action": "blocked", "rule": "AdminPages"},
		},
		"JSON in a string": {
			`{"Type": "Notification", "payload": "{\"title\": \"Inner\", \"severity\": \"critical\"}"}`,
			map[string]any{"title": "Inner", "severity": "critical"},
		},
		"names with values": {
			`{"name": "download", "parameters": [{"name": "severity", "value": "low"}, {"name": "doc", "value": "plans"}], "actor": {"email": "bob@example.com"}}`,
			map[string]any{"title": "download by bob@example.com", "severity": "low"},
		},
		"Japanese names": {
			`{"件名": "不審なログイン", "重要度": "高", "発生日時": "2026/01/02 03:04:05"}`,
			map[string]any{"title": "不審なログイン", "severity": "high", "seen_at": "2026-01-02T03:04:05Z"},
		},
		"nothing known": {`{"foo": 1, "bar": [1, 2]}`, map[string]any{"severity": "medium", "title": nil, "seen_at": nil}},
		"hostile types": {`{"title": {"a": 1}, "severity": [[]], "timestamp": true, "id": null, "link": 5}`, map[string]any{"severity": "medium"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := readWellknown(t, tt.body)
			if len(got) != 1 {
				t.Fatalf("%d alerts", len(got))
			}
			for field, want := range tt.want {
				if diff := cmp.Diff(want, got[0][field]); diff != "" {
					t.Errorf("%s: %s\n%v", field, diff, got[0]["attributes"])
				}
			}
		})
	}
}

func TestSeveritiesAreReadOnTheirOwnScale(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		`{"severity": "CRITICAL"}`:                             "critical",
		`{"severity": "E_HIGH"}`:                               "high",
		`{"severity": "SEVERITY_LOW"}`:                         "low",
		`{"severity": "3 - Moderate"}`:                         "medium",
		`{"severity": "Very-High"}`:                            "critical",
		`{"severity": "Informational"}`:                        "info",
		`{"severity": "important"}`:                            "high",
		`{"severity": "緊急"}`:                                   "critical",
		`{"severity": "not critical"}`:                         "medium", // none that we know
		`{"level": "ERROR"}`:                                   "high",
		`{"level": "WARN"}`:                                    "medium",
		`{"level": "notice"}`:                                  "low",
		`{"level": "emerg"}`:                                   "critical",
		`{"priority": "P1"}`:                                   "critical",
		`{"priority": 1}`:                                      "critical",
		`{"priority": "5"}`:                                    "info",
		`{"urgency": "2"}`:                                     "high",
		`{"severity": 8}`:                                      "high",
		`{"severity": 5.4}`:                                    "medium",
		`{"severity": 75}`:                                     "high",
		`{"severity": 0}`:                                      "info",
		`{"severity": 2, "severityName": "Critical"}`:          "critical", // words before numbers
		`{"severity_id": 4}`:                                   "high",     // OCSF
		`{"threat_level_id": "1"}`:                             "high",     // MISP
		`{"rule": {"level": 12}}`:                              "critical", // OSSEC
		`{"nseverity": "4"}`:                                   "high",     // Zabbix
		`{"severityNumber": 17}`:                               "high",     // OpenTelemetry
		`{"version": "1.1", "short_message": "m", "level": 6}`: "info",     // GELF
		`{"cvss": {"baseScore": 9.8}}`:                         "critical",
		`{"risk_score": 47}`:                                   "medium",
		`{"threatScore": 0.95}`:                                "critical",
		`{"malwareScore": 0, "phishScore": 75}`:                "high",
		`{"epss": {"score": 0.9}}`:                             "medium", // no severity at all
		`{"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]}`: "critical",
		`{"finding-severity-counts": {"CRITICAL": 0, "HIGH": 2, "LOW": 9}}`:                            "high",
		`{"low_severity_alert_count": 4, "x": 1}`:                                                      "medium",
		`{"labels": {"severity": "warning"}}`:                                                          "medium",
		`{"resource": {"severity": "low"}, "severity": "high"}`:                                        "high",
		`{"document": {"title": "x"}, "vulns": {"a": [{"severity": "low"}, {"severity": "high"}]}}`:    "high",
		`{"Severity": "none"}`: "info",
	}
	for body, want := range tests {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			got := readWellknown(t, body)
			if len(got) == 0 || got[0]["severity"] != want {
				t.Errorf("want %s: %v", want, got)
			}
		})
	}
}

func TestCVSSVectorsScoreAsTheSpecificationSays(t *testing.T) {
	t.Parallel()
	tests := map[string]float64{ // from the examples of CVSS v3.1, checked with its calculator
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H": 9.8,
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N": 6.1,
		"CVSS:3.0/AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:H": 5.5,
		"CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N": 6.4,
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N": 0,
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H": 10,
	}
	for vector, want := range tests {
		if got, ok := cvss3(vector); !ok || got != want {
			t.Errorf("%s: got %v, want %v", vector, got, want)
		}
	}
	for _, bad := range []string{"", "CVSS:3.1", "CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", "CVSS:3.1/AV:/AC:/PR:/UI:/S:/C:/I:/A:"} {
		if got, ok := cvss3(bad); ok {
			t.Errorf("%q scored %v", bad, got)
		}
	}
}

func TestTheEventsOwnTimeIsPreferred(t *testing.T) {
	t.Parallel()
	const want = "2026-01-02T03:04:05Z"
	bodies := []string{
		`{"eventTime": "2026-01-02T03:04:05Z", "created_at": "2026-02-02T00:00:00Z", "updatedAt": "2026-03-02T00:00:00Z"}`,
		`{"created_at": "2026-01-02T03:04:05Z", "updatedAt": "2026-03-02T00:00:00Z"}`,
		`{"firstSeen": "2025-01-02T03:04:05Z", "lastSeen": "2026-01-02T03:04:05Z"}`,
		`{"timestamp": "2026-01-02 03:04:05", "resource": {"createdAt": "2020-01-01T00:00:00Z"}}`,
		`{"timestamp": "2026-01-02T12:04:05+09:00"}`,
		`{"timestamp": "2026-01-02 03:04:05.000000000"}`,
		`{"timestamp": "2026-01-02 03:04:05 (UTC)"}`,
		`{"timestamp": "2026-01-02 03:04:05 +0000 UTC"}`,
		`{"timestamp": "Fri, 02 Jan 2026 03:04:05 GMT"}`,
		`{"timestamp": "1/2/2026 3:04:05 AM"}`,
		`{"timestamp": 1767323045}`,
		`{"timestamp": "1767323045000"}`,
		`{"timestamp": 1767323045000000}`,
		`{"ts": 1767323045.0}`,
		`{"event_date": "2026.01.02", "event_time": "03:04:05"}`,
		`{"timestamp": "0001-01-01T00:00:00Z", "detected_at": "", "time": "2026-01-02T03:04:05Z"}`,
		`{"date": "2026-01-02", "createdAt": "2026-01-02T03:04:05Z"}`,
	}
	for _, body := range bodies {
		if got := readWellknown(t, body)[0]["seen_at"]; got != want {
			t.Errorf("%s: got %v", body, got)
		}
	}
	for _, body := range []string{`{"timestamp": 5}`, `{"timestamp": "soon"}`, `{"time": "3/4/2026 10:00:00"}`, `{"ts": "2026-01-02T03:04:05+99:99"}`} {
		if got := readWellknown(t, body)[0]["seen_at"]; got != nil {
			t.Errorf("%s: got %v", body, got)
		}
	}
}

func TestBatchesAreSplitAndListsOfOneAlertAreNot(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want []string // titles
	}{
		"findings":                    {`{"findings": [{"title": "A", "severity": "low"}, {"title": "B", "severity": "high"}]}`, []string{"A", "B"}},
		"value":                       {`{"@odata.context": "x", "value": [{"id": "1", "title": "A", "createdDateTime": "2026-01-01T00:00:00Z"}]}`, []string{"A"}},
		"an array":                    {`[{"title": "A"}, {"title": "B"}]`, []string{"A", "B"}},
		"hits":                        {`{"hits": {"total": {"value": 1}, "hits": [{"_id": "x1", "_source": {"message": "A b", "@timestamp": "2026-01-01T00:00:00Z"}}]}}`, []string{"A b"}},
		"boxes":                       {`{"results": [{"source": {"path": "a"}, "packages": [{"vulnerabilities": [{"id": "CVE-2026-0001", "summary": "A"}, {"id": "CVE-2026-0002", "summary": "B"}]}]}]}`, []string{"A", "B"}},
		"by severity":                 {`{"summary_of": {"vulnerabilities": {"CRITICAL": [{"title": "A", "severity": "critical"}], "LOW": [{"title": "B", "severity": "low"}]}}}`, []string{"A", "B"}},
		"alertmanager":                {`{"status": "firing", "title": "x", "alerts": [{"labels": {"alertname": "Down"}, "annotations": {"summary": "web is down"}, "startsAt": "2026-01-01T00:00:00Z"}]}`, []string{"Down: web is down"}},
		"an incident with its alerts": {`{"title": "A", "severity": "high", "alerts": [{"title": "B", "severity": "low"}, {"title": "C", "severity": "low"}]}`, []string{"A"}},
		"entities":                    {`{"title": "A", "entities": [{"name": "x", "id": "1", "severity": "low", "time": "2026-01-01T00:00:00Z"}]}`, []string{"A"}},
		"an advisory":                 {`{"document": {"csaf_version": "2.0", "title": "A"}, "vulnerabilities": [{"cve": "CVE-2026-0001", "title": "B"}, {"cve": "CVE-2026-0002", "title": "C"}]}`, []string{"A"}},
		"an empty batch":              {`{"value": []}`, nil},
		"an empty array":              {`[]`, nil},
		"a list of numbers":           {`{"title": "A", "values": [1, 2]}`, []string{"A"}},
		"tags":                        {`{"title": "A", "tags": [{"name": "x"}, {"name": "y"}]}`, []string{"A"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var titles []string
			for _, a := range readWellknown(t, tt.body) {
				title, _ := a["title"].(string)
				titles = append(titles, title)
			}
			if diff := cmp.Diff(tt.want, titles); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnAlertOfABatchKeepsWhatTheBatchSays(t *testing.T) {
	t.Parallel()
	got := readWellknown(t, `{"scanner": "s1", "CreatedAt": "2026-01-01T00:00:00Z", "Target": "registry/app:1",
		"findings": [{"VulnerabilityID": "CVE-2026-0001", "PkgName": "curl", "InstalledVersion": "8.1", "Severity": "HIGH"}]}`)[0]
	if got["title"] != "CVE-2026-0001 in curl 8.1" || got["seen_at"] != "2026-01-01T00:00:00Z" || got["condition"] != "present" {
		t.Errorf("%v", got)
	}
	if diff := cmp.Diff([]any{"CVE-2026-0001", "curl", "registry/app:1"}, got["fingerprint"]); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(fmt.Sprint(got["attributes"]), "scanner") {
		t.Error("the batch's own fields are not among the attributes")
	}
}

// DESK-08: an id that the product sends again must not hide a change.
func TestEventIDsAreOfThisEventOnly(t *testing.T) {
	t.Parallel()
	id := func(body string) string { s, _ := readWellknown(t, body)[0]["event_id"].(string); return s }
	if got := id(`{"title": "A", "event_id": "6a0e5f0e-1111-4222-8333-444455556666"}`); got != "6a0e5f0e-1111-4222-8333-444455556666" {
		t.Errorf("a unique id was not taken: %q", got)
	}
	for name, body := range map[string]string{
		"a kind of event":       `{"eventid": "cowrie.command.input", "message": "ls"}`,
		"a number of a message": `{"title": "A", "logid": "0419016384"}`,
		"a rule's id":           `{"title": "A", "rule": {"id": "6a0e5f0e-1111-4222-8333-444455556666"}}`,
		"a user's id":           `{"title": "A", "user": {"id": "6a0e5f0e-1111-4222-8333-444455556666"}}`,
	} {
		if got := id(body); strings.Contains(got, "cowrie") || got == "0419016384" || strings.HasPrefix(got, "6a0e") {
			t.Errorf("%s was taken for the event's id: %q", name, got)
		}
	}
	open := `{"id": "77", "title": "A", "updatedAt": "2026-01-01T00:00:00Z", "status": "open"}`
	for name, other := range map[string]string{
		"later":   strings.Replace(open, "2026-01-01", "2026-01-02", 1),
		"changed": strings.Replace(open, "open", "closed", 1),
	} {
		if id(open) == id(other) {
			t.Errorf("%s: both are %q", name, id(open))
		}
	}
	if a := `{"id": "77", "title": "A", "severity": "low"}`; id(a) != id(a) || id(a) == id(strings.Replace(a, "low", "high", 1)) {
		t.Error("an id without a time must follow the content")
	}
	batch := readWellknown(t, `[{"id": "CVE-2026-0001", "event_id": "abcdef0123456789", "title": "A"}, {"event_id": "abcdef0123456789", "title": "B"}]`)
	if batch[0]["event_id"] != nil || batch[1]["event_id"] != nil {
		t.Error("an id that two alerts of a message share was taken")
	}
}

func TestFingerprintsComeFromStableIdentitiesOnly(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want any
	}{
		"a deduplication key":     {`{"title": "A", "dedup_key": "k-1"}`, []any{"k-1"}},
		"alertmanager's":          {`{"labels": {"alertname": "x"}, "fingerprint": "c4ed"}`, []any{"c4ed"}},
		"an incident":             {`{"incident": {"incident_id": "prod-1", "summary": "A b"}}`, []any{"prod-1"}},
		"an alert of an incident": {`{"alertId": "9", "incidentId": "3", "title": "A"}`, nil},
		"nothing":                 {`{"title": "A", "id": "1"}`, nil},
	}
	for name, tt := range tests {
		if diff := cmp.Diff(tt.want, readWellknown(t, tt.body)[0]["fingerprint"]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Alert text is hostile: a link in our pages must lead to the product.
func TestOnlyLinksOfTheProductAreTaken(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want any
	}{
		"its own field":         {`{"title": "A", "alert_url": "https://siem.example.com/a/1"}`, "https://siem.example.com/a/1"},
		"names the id":          {`{"id": "46161", "message": "m m", "url": "https://siem.example.com/issues/46161/"}`, "https://siem.example.com/issues/46161/"},
		"in the incident":       {`{"incident": {"summary": "A b", "url": "https://c.example.com/i"}}`, "https://c.example.com/i"},
		"the vendor's, but any": {`{"title": "A", "vendor": "Acme", "url": "https://app.acme.com/x"}`, nil},
		"the vendor's host":     {`{"title": "A", "vendor": "Acme", "threatURL": "https://app.acme.com/x"}`, "https://app.acme.com/x"},
		"what was visited":      {`{"eventid": "web", "url": "http://malicious.example.com/payload.exe"}`, nil},
		"another scheme":        {`{"title": "A", "alert_url": "javascript:alert(1)"}`, nil},
		"markup in an address":  {`{"title": "A", "alert_url": "https://x.example.com/\"><script>"}`, nil},
	}
	for name, tt := range tests {
		if diff := cmp.Diff(tt.want, readWellknown(t, tt.body)[0]["link"]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

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
