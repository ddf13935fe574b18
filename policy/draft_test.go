package policy_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"yagura/alert"
	"yagura/policy"
)

// echo yields the message itself as an alert.
const echo = "package ingest.demo\nalerts := [input]"

func one(t *testing.T, body string) (policy.Draft, []string) {
	t.Helper()
	got := ingest(t, echo, body)
	if len(got.Drafts) != 1 {
		t.Fatalf("got %+v", got)
	}
	return got.Drafts[0], got.Problems
}

// DESK-09
func TestFieldsOfAnAlertAreReadAndCleaned(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body    string
		got     func(policy.Draft) string
		want    string
		problem string // "" where there is none
	}{
		"title on one line": {`{"title": "  a\n\tb\u0000c\u202Ed  "}`, func(d policy.Draft) string { return d.Title }, "a bcd", ""},
		"a number as title": {`{"title": 7}`, func(d policy.Draft) string { return d.Title }, "7", ""},
		"no title, a description": {
			`{"description": "first line\nsecond"}`, func(d policy.Draft) string { return d.Title }, "first line", "",
		},
		"no title, a rule":    {`{"rule": "R1", "title": null}`, func(d policy.Draft) string { return d.Title }, "R1", ""},
		"nothing":             {`{}`, func(d policy.Draft) string { return d.Title + " " + d.Severity.String() }, "demo alert medium", ""},
		"description":         {`{"description": "a\r\nb\u0007\tc"}`, func(d policy.Draft) string { return d.Description }, "a\nb\tc", ""},
		"severity":            {`{"severity": " HIGH "}`, func(d policy.Draft) string { return d.Severity.String() }, "high", ""},
		"a common word":       {`{"severity": "Informational"}`, func(d policy.Draft) string { return d.Severity.String() }, "info", ""},
		"an unknown severity": {`{"severity": "sev9"}`, func(d policy.Draft) string { return d.Severity.String() + " " + d.ProductSeverity }, "medium sev9", `severity "sev9"`},
		"a numeric severity":  {`{"severity": 8}`, func(d policy.Draft) string { return d.Severity.String() + " " + d.ProductSeverity }, "medium 8", `severity "8"`},
		"severity among attributes": {
			`{"attrs": [{"key": "Severity", "value": "critical"}]}`, func(d policy.Draft) string { return d.Severity.String() }, "critical", "",
		},
		"product severity": {`{"product_severity": 8.50}`, func(d policy.Draft) string { return d.ProductSeverity }, "8.50", ""},
		"action":           {`{"action": "Blocked"}`, func(d policy.Draft) string { return string(d.Action) }, "blocked", ""},
		"unknown action":   {`{"action": "shrugged"}`, func(d policy.Draft) string { return string(d.Action) }, "", `action "shrugged"`},
		"condition":        {`{"condition": "fixed"}`, func(d policy.Draft) string { return string(d.Condition) }, "fixed", ""},
		"link":             {`{"link": "https://example.com/a?b=c#d"}`, func(d policy.Draft) string { return d.Link }, "https://example.com/a?b=c#d", ""},
		"a hostile link":   {`{"link": "javascript:alert(1)"}`, func(d policy.Draft) string { return d.Link }, "", "link"},
		"a tricky link":    {`{"link": "https://user:pw@example.com/"}`, func(d policy.Draft) string { return d.Link }, "", "link"},
		"an empty link":    {`{"link": ""}`, func(d policy.Draft) string { return d.Link }, "", ""},
		"topic":            {`{"topic": "t"}`, func(d policy.Draft) string { return d.Channel }, "t", ""},
		"channel first":    {`{"topic": "t", "channel": "c"}`, func(d policy.Draft) string { return d.Channel }, "c", ""},
		"time":             {`{"seen_at": "2026-01-02T03:04:05+09:00"}`, seen, "2026-01-01T18:04:05Z", ""},
		"a bad time":       {`{"seen_at": "yesterday"}`, seen, "unknown", `seen_at "yesterday"`},
		"no time":          {`{"seen_at": null}`, seen, "unknown", ""},
		"tags":             {`{"tags": ["b", "a", "b", "", 3]}`, func(d policy.Draft) string { return strings.Join(d.Tags, " ") }, "b a 3", ""},
		"techniques": {
			`{"techniques": ["t1110", "T1059.003 - Shell", "brute force"]}`, func(d policy.Draft) string { return strings.Join(d.Techniques, " ") }, "T1110 T1059.003", `technique "brute force"`,
		},
		"observables": {
			`{"observables": [{"type": "IP", "value": "192.0.2.1", "role": "source"}, {"type": "ip", "value": null}, {"type": "zebra", "value": "x"}]}`,
			observed, "ip:192.0.2.1:source", `observable type "zebra"`,
		},
		"attributes of all types": {
			`{"attributes": [{"key": "n", "value": 12345678901234567890}, {"key": "b", "value": true}, {"key": "z", "value": null}, {"key": "o", "value": {"a": ["<"]}}, {"key": "m"}]}`,
			attributed, `n=12345678901234567890 b=true z= o={"a":["<"]} m=`, "",
		},
		"attributes as an object":   {`{"attributes": {"b": 1, "a": "x"}}`, attributed, "a=x b=1", ""},
		"an attribute without key":  {`{"attrs": [{"value": 1}]}`, attributed, "", "without a key"},
		"a hostile attribute link":  {`{"attrs": [{"key": "k", "value": "v", "link": "data:text/html,x"}]}`, attributed, "k=v", `link of attribute "k"`},
		"a field nobody knows":      {`{"title": "x", "sevrity": "high"}`, func(d policy.Draft) string { return d.Title }, "x", `no field "sevrity"`},
		"an event id":               {`{"event_id": 12345678901234567890}`, func(d policy.Draft) string { return d.EventID }, "12345678901234567890", ""},
		"half a surrogate pair":     {`{"title": "x\ud800y"}`, func(d policy.Draft) string { return d.Title }, "x\uFFFDy", ""},
		"the last of two keys":      {`{"title": "a", "title": "b"}`, func(d policy.Draft) string { return d.Title }, "b", ""},
		"a number too large to use": {`{"title": 1e999999999}`, func(d policy.Draft) string { return d.Title }, "1e999999999", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, problems := one(t, tt.body)
			if got := tt.got(d); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			switch {
			case tt.problem == "" && len(problems) > 0:
				t.Errorf("problems %v", problems)
			case tt.problem != "" && (len(problems) != 1 || !strings.Contains(problems[0], tt.problem) || !strings.HasPrefix(problems[0], "t.rego:2: alert 1: ")):
				t.Errorf("want a problem with %q, got %v", tt.problem, problems)
			}
		})
	}
}

func seen(d policy.Draft) string {
	if d.SeenUnknown {
		return "unknown"
	}
	return d.SeenAt.Format("2006-01-02T15:04:05.999999999Z07:00")
}

func observed(d policy.Draft) string {
	var out []string
	for _, o := range d.Observables {
		out = append(out, string(o.Type)+":"+o.Value+":"+o.Role)
	}
	return strings.Join(out, " ")
}

func attributed(d policy.Draft) string {
	var out []string
	for _, a := range d.Attributes {
		out = append(out, a.Key+"="+a.Value+a.Link)
	}
	return strings.Join(out, " ")
}

// DESK-10: a basis that cannot tell two things apart is refused and reported.
func TestAnEmptyOrConstantFingerprintIsRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fingerprint string
		want        string // the basis; "" where it is refused or missing
		problem     string
	}{
		"from the message":        {`[input.rule, input.user]`, "brute|alice", ""},
		"with a constant part":    {`["demo", input.user]`, "demo|alice", ""},
		"a lone string":           {`input.user`, "alice", ""},
		"an object":               {`{"u": input.user, "r": input.rule}`, "r=brute|u=alice", ""},
		"in other letter case":    {`[upper(input.user)]`, "ALICE", ""},
		"put together":            {`[sprintf("%s/%s", [input.rule, input.user])]`, "brute/alice", ""},
		"a digest":                {`[crypto.sha256(input.user)]`, "2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90", ""},
		"a number":                {`[input.port]`, "443", ""},
		"none":                    {`null`, "", ""},
		"constant":                {`["nothing of it"]`, "", "is constant"},
		"constant by a default":   {`[object.get(input, "missing", "unknown")]`, "", "is constant"},
		"constant, as an object":  {`{"user": "nobody"}`, "", "is constant"},
		"empty":                   {`[]`, "", "is empty"},
		"empty strings":           {`["", object.get(input, "missing", "")]`, "", "is empty"},
		"an empty string":         {`""`, "", "is empty"},
		"an object without value": {`{"user": null}`, "", "is empty"},
		"in another script":       {`[input.name]`, "アリス", ""},
		"a constant of a word that stands in the message": {`["brute"]`, "", "is constant"},
		"a constant by a rule":                            {`[kind, "alice"]`, "", "is constant"},
		"a constant beside a field":                       {`[kind, input.user]`, "brute|alice", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ingest(t, "package ingest.demo\nalerts contains {\"fingerprint\": "+tt.fingerprint+"}\nkind := \"brute\"",
				`{"rule": "brute", "user": "alice", "port": 443, "name": "\u30a2\u30ea\u30b9"}`)
			if len(got.Drafts) != 1 || strings.Join(got.Drafts[0].Basis, "|") != tt.want {
				t.Fatalf("got %+v", got)
			}
			if tt.problem == "" && len(got.Problems) > 0 || tt.problem != "" && (len(got.Problems) != 1 ||
				!strings.Contains(got.Problems[0], "fingerprint of ingest.demo "+tt.problem) || !strings.HasPrefix(got.Problems[0], "t.rego:2")) {
				t.Errorf("problems %v", got.Problems)
			}
		})
	}
}

func TestNothingOfAnAlertIsUnbounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("長い", 20000)
	many := func(format string, n int) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = strings.ReplaceAll(format, "#", string(rune('a'+i%26))+strings.Repeat("x", i/26))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	body := `{"title": "` + long + `", "description": "` + long + `", "rule": "` + long + `", "tags": ` + many(`"#"`, 300) +
		`, "attributes": ` + many(`{"key": "#", "value": "`+long[:9000]+`"}`, 300) +
		`, "observables": ` + many(`{"type": "user", "value": "#"}`, 300) + `, "fingerprint": ` + many(`"#"`, 300) + `}`
	d, problems := one(t, body)
	check(t, d)
	if utf8.RuneCountInString(d.Title) != 300 || !strings.HasSuffix(d.Title, "…") {
		t.Errorf("title of %d characters", utf8.RuneCountInString(d.Title))
	}
	if len(d.Attributes) != 200 || len(d.Observables) != 200 || len(d.Tags) != 50 || len(d.Basis) != 50 {
		t.Errorf("%d attributes, %d observables, %d tags, %d parts of the basis", len(d.Attributes), len(d.Observables), len(d.Tags), len(d.Basis))
	}
	if len(problems) != 4 {
		t.Errorf("problems %v", problems)
	}
}

// check fails where a draft breaks what everything behind it relies on.
func check(t *testing.T, d policy.Draft) {
	t.Helper()
	lines := []string{d.Title, d.Rule, d.ProductSeverity, d.Link, d.EventID, d.Channel, d.Assignee}
	lines = append(lines, d.Tags...)
	lines = append(lines, d.Techniques...)
	for _, o := range d.Observables {
		lines = append(lines, string(o.Type), o.Value, o.Role)
	}
	lines = append(lines, d.Basis...)
	texts := []string{d.Description}
	for _, a := range d.Attributes {
		lines = append(lines, a.Key, a.Link)
		texts = append(texts, a.Value)
		if len(a.Value) > 4<<10 {
			t.Errorf("an attribute's value of %d bytes", len(a.Value))
		}
	}
	for _, l := range lines {
		if strings.ContainsAny(l, "\n\r\t\x00") || len(l) > 4*4096 {
			t.Errorf("not one bounded line: %.80q (%d bytes)", l, len(l))
		}
	}
	for _, s := range append(lines, texts...) {
		if !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\x1b\u202e") {
			t.Errorf("not clean: %.80q", s)
		}
	}
	if d.Title == "" || utf8.RuneCountInString(d.Title) > 300 || len(d.Description) > 16<<10 {
		t.Errorf("title %.80q, description of %d bytes", d.Title, len(d.Description))
	}
	if d.Severity < alert.Info || d.Severity > alert.Critical {
		t.Errorf("severity %d", d.Severity)
	}
	if d.Link != "" && !strings.HasPrefix(strings.ToLower(d.Link), "http") {
		t.Errorf("link %q", d.Link)
	}
}

// FuzzDraft lets any JSON be the alert that a policy yields: it is refused or
// comes out clean.
func FuzzDraft(f *testing.F) {
	for _, s := range []string{
		`{"title": "x", "severity": "high", "seen_at": 1767225600}`,
		`{"title": "a\u0000\u202e\ud800", "link": "http://[", "tags": ["x", null, 3], "attrs": {"a": {"b": []}}}`,
		`{"fingerprint": {"a": 1}, "observables": [{"type": "ip", "value": 1e400}], "techniques": "T1110"}`,
		`{"title": "` + strings.Repeat("\\u200b\\n", 400) + `"}`, `[]`, `{"seen_at": 9e99}`, `{"a":`, `{"description": "\r\r\n"}`,
	} {
		f.Add([]byte(s))
	}
	set, err := policy.Load(f.Context(), nil, folder(map[string]string{"t.rego": echo}))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := set.Ingest(t.Context(), policy.Message{Kind: "demo", Body: body})
		if err != nil {
			return
		}
		for _, d := range got.Drafts {
			check(t, d)
		}
		if len(got.Problems) > 50 {
			t.Errorf("%d problems", len(got.Problems))
		}
	})
}

// FuzzInput holds our JSON reader to the standard library's.
func FuzzInput(f *testing.F) {
	for _, s := range []string{`{"a": [1, 2.5e3, -0, "x\u0041\n", null, true]}`, `01`, `{"a": 1, "a": 2}`, "\xef\xbb\xbf{}", `"\ud83d\ude00"`, `[1,]`, `{"k": "\x"}`} {
		f.Add([]byte(s))
	}
	set, err := policy.Load(f.Context(), nil, folder(map[string]string{"t.rego": "package ingest.demo\nalerts := [{\"description\": json.marshal(input)}]"}))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := set.Ingest(t.Context(), policy.Message{Kind: "demo", Body: body})
		valid := json.Valid([]byte(strings.TrimPrefix(strings.ToValidUTF8(string(body), "\uFFFD"), "\uFEFF")))
		if valid != (err == nil) && !strings.Contains(string(body), "[[[[") && !strings.Contains(string(body), "{{{{") && !strings.Contains(text(err), "nested deeper") {
			t.Errorf("valid: %v, but %v", valid, err)
		}
		_ = got
	})
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
