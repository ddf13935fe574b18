package policy_test

import (
	"strings"
	"testing"

	"yagura/alert"
	"yagura/policy"
)

const demoRego = `package ingest.demo

alerts contains {"title": input.title, "severity": "low", "tags": ["x"], "seen_at": input.at, "attributes": [{"key": "n", "value": input.n}]} if {
	not ignore
}

default ignore := false

ignore if input.title == "test"

reason := "only a test" if ignore
`

func runFixtures(t *testing.T, files map[string]string, opts policy.TestOptions) policy.Report {
	t.Helper()
	files["demo/demo.rego"] = demoRego
	fsys := folder(files)
	set, err := policy.Load(t.Context(), nil, fsys)
	if err != nil {
		t.Fatal(err)
	}
	return policy.Test(t.Context(), set, fsys, opts)
}

func TestSamplesThatMeetTheirExpectationPass(t *testing.T) {
	t.Parallel()
	r := runFixtures(t, map[string]string{
		"demo/samples/a.json":        `{"title": "A door is open", "at": 1767225600, "n": 7}`,
		"demo/samples/a.expect.yaml": "alerts:\n  - title: A door is open\n    severity: low\n    seen_at: 2026-01-01T00:00:00Z\n    attributes: {n: 7}\n    tags: [x]\n    observables: [\"ip:192.0.2.1\"]\n",
		"demo/samples/b.json":        `{"title": "test"}`,
		"demo/samples/b.expect.yaml": "declined: only a test\n",
		"test/demo/detect/one.json":  `{"title": "x", "at": "", "n": null}`,
		"test/demo/ignore/one.json":  `{"title": "test"}`,
	}, policy.TestOptions{Observe: func(*alert.Alert, policy.Message) []alert.Observable {
		return []alert.Observable{{Type: alert.IP, Value: "192.0.2.1"}}
	}})
	if len(r.Cases) != 4 || len(r.Failed()) != 0 {
		t.Errorf("%d cases\n%s", len(r.Cases), r)
	}
}

func TestSamplesThatMissTheirExpectationFailWithADiff(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		files map[string]string
		want  string
	}{
		"another title": {map[string]string{
			"demo/samples/a.json": `{"title": "A", "at": 1, "n": 1}`, "demo/samples/a.expect.yaml": "alerts: [{title: B}]",
		}, "alerts[0].title\n    - B\n    + A"},
		"another count": {map[string]string{
			"demo/samples/a.json": `{"title": "A", "at": 1, "n": 1}`, "demo/samples/a.expect.yaml": "count: 2",
		}, "- 2\n    + 1 alerts: \"A\""},
		"a key nobody knows": {map[string]string{
			"demo/samples/a.json": `{}`, "demo/samples/a.expect.yaml": "alerts: [{titel: B}]",
		}, "titel"},
		"nothing expected": {map[string]string{
			"demo/samples/a.json": `{}`, "demo/samples/a.expect.yaml": "",
		}, "an expectation names"},
		"no expectation": {map[string]string{"demo/samples/a.json": `{}`}, "there is no expectation a.expect.yaml"},
		"no sample":      {map[string]string{"demo/samples/a.expect.yaml": "count: 0"}, "there is no sample"},
		"a bad sample": {map[string]string{
			"demo/samples/a.json": `{"title": }`, "demo/samples/a.expect.yaml": "count: 0",
		}, "line 1, column 11"},
		"a declined message": {map[string]string{
			"demo/samples/a.json": `{"title": "test"}`, "demo/samples/a.expect.yaml": "count: 0",
		}, "not declined"},
		"detected where it should not be": {map[string]string{
			"test/demo/ignore/a.json": `{"title": "A", "at": 1, "n": 1}`,
		}, "no alert, or declined"},
		"not detected": {map[string]string{"test/demo/detect/a.json": `{"title": "test"}`}, "at least one alert"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := runFixtures(t, tt.files, policy.TestOptions{})
			if len(r.Failed()) != 1 || !strings.Contains(r.String(), tt.want) {
				t.Errorf("want one failure with %q, got\n%s", tt.want, r)
			}
		})
	}
}
