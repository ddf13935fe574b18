package policy

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
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
			map[string]any{
				"title": "Door open", "severity": "high", "product_severity": "HIGH", "seen_at": "2026-01-02T03:04:05Z",
				"description": "The door of room 4 is open.",
			},
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
		"a long title in Japanese": {
			`{"title": "本社サーバー室の端末から不審なアクセスが繰り返し検出されましたので確認をお願いします", "severity": "high"}`,
			map[string]any{"title": "本社サーバー室の端末から不審なアクセスが繰り返し検出されましたので確認をお願いします"},
		},
		"nothing a person reads is a title": {
			`{"title": "YWxlcnQgdGV4dCB0aGF0IGlzIGVuY29kZWQgYW5kIHRoYXQgbm9ib2R5IGNhbiByZWFk", "summary": "A door opened"}`,
			map[string]any{"title": "A door opened"},
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
	if a := `{"id": "77", "title": "A", "severity": "low"}`; id(a) == id(strings.Replace(a, "low", "high", 1)) {
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
