package scenarios

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// DESK-08
func TestPoliciesThatGoWrongFailTheirDeliveriesOnly(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		tests := map[string]struct {
			rules string // of the policy
			line  int    // that the reason must name
			says  string
		}{
			"conflict":     {"alerts := [{\"title\": \"a\"}] if input.n\n\nalerts := [] if input.n\n", 3, "conflict"},
			"division":     {"alerts := [{\"title\": sprintf(\"%d\", [1 / input.zero])}]\n", 3, "zero"},
			"wrong shape":  {"alerts := \"none\"\n", 3, "alerts"},
			"wrong field":  {"alerts := [{\"title\": {\"not\": \"a text\"}}]\n", 3, "title"},
			"wrong member": {"alerts := [7]\n", 3, ""},
			"endless":      {"alerts := [{\"title\": \"x\"} | numbers.range(1, 30000)[_] == numbers.range(2, 30001)[_] * 7; false]\n", 3, "2s"},
		}
		for name, tt := range tests {
			kind := strings.ReplaceAll(name, " ", "")
			s.write(kind+".rego", "package ingest."+kind+"\n\n"+tt.rules)
		}
		s.reloaded(t)
		s.source(t, "fine", "lab")
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				kind := strings.ReplaceAll(name, " ", "")
				s.source(t, kind, kind)
				began := time.Now()
				out := s.post(t, kind, []byte(`{"n":1,"zero":0}`))
				if out.State != "failed" || len(out.Alerts) != 0 || !strings.Contains(out.Reason, fmt.Sprintf("%s.rego:%d", kind, tt.line)) || !strings.Contains(out.Reason, tt.says) {
					t.Errorf("outcome %+v", out)
				}
				if took := time.Since(began); took > 9*time.Second {
					t.Errorf("it took %s", took)
				}
				if d := s.delivery(t, out.Delivery); d.State != "failed" || d.Reason != out.Reason {
					t.Errorf("delivery %+v", d)
				}
				s.one(t, "fine", draft{"title": "Others go on " + name, "rule": name})
			})
		}
	})
}

// DESK-08, DESK-12
func TestATriagePolicyThatErrsFailsInSight(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db, policyFile("triage.rego", "package triage\n\nseverity := \"low\" if input.alert.data.err\n\nseverity := \"high\" if input.alert.data.err\n"))
		s.source(t, "lab", "lab")
		out := s.post(t, "lab", labWith(t, map[string]any{"err": true}, draft{"title": "Judged"}))
		if out.State != "failed" || !strings.Contains(out.Reason, "triage.rego:3") {
			t.Fatalf("outcome %+v", out)
		}
		s.one(t, "lab", draft{"title": "Fine"})
		s.write("triage.rego", labTriage)
		s.reloaded(t)
		s.ask(t, http.MethodPost, "/api/v1/deliveries/"+out.Delivery+"/replay", nil).must(http.StatusOK)
		if d := s.settled(t, out.Delivery); d.State != "processed" || d.Alerts != 1 {
			t.Errorf("delivery %+v", d)
		}
	})
}

// DESK-08
func TestBadPolicyFilesAreRefusedWhileTheOldServe(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "lab", "lab")
		s.one(t, "lab", draft{"title": "Before"})
		for name, text := range map[string]string{
			"syntax":  "package ingest.lab\n\nalerts := [{\n",
			"network": "package ingest.lab\n\nalerts := http.send({\"method\": \"get\", \"url\": \"http://192.0.2.1/\"}).body\n",
			"no rule": "package ingest.lab\n\nalerts := nosuch(input)\n",
		} {
			t.Run(name, func(t *testing.T) {
				s.write("lab.rego", text)
				until(t, "the folder is refused", func() bool { return s.metric(t, "yagura_policies_stale") == 1 })
				s.one(t, "lab", draft{"title": "Meanwhile " + name, "rule": name})
				s.send(t, http.MethodGet, "/readyz", nil).must(http.StatusOK)
				s.write("lab.rego", labPolicy)
				until(t, "the mended folder serves", func() bool { return s.metric(t, "yagura_policies_stale") == 0 })
			})
		}
	})
}

// DESK-08
func TestABrokenFolderAtStartLetsDeliveriesWait(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "lab", "lab")
		s.source(t, "gd", "guardduty")
		s.end()
		s.write("lab.rego", "package ingest.lab\n\nalerts := [\n")
		s.run()
		s.send(t, http.MethodGet, "/healthz", nil).must(http.StatusOK)
		var out outcome
		s.hook(t, "lab", lab(t, draft{"title": "Patient"})).must(http.StatusAccepted).into(&out)
		var other outcome
		s.hook(t, "gd", []byte(`{"title":"waits too"}`)).must(http.StatusAccepted).into(&other)
		until(t, "both wait", func() bool { return len(s.deliveries(t, "state", "received")) == 2 })
		if got := s.metric(t, "yagura_policies_stale"); got != 1 {
			t.Errorf("yagura_policies_stale is %v", got)
		}
		if got := s.metric(t, "yagura_deliveries_waiting"); got != 2 {
			t.Errorf("yagura_deliveries_waiting is %v", got)
		}
		s.write("lab.rego", labPolicy)
		if d := s.settled(t, out.Delivery); d.State != "processed" || d.Alerts != 1 {
			t.Errorf("delivery %+v", d)
		}
		s.settled(t, other.Delivery)
	})
}

// DESK-08, FEED-22: a user's file takes the place of ours, and a new kind needs a file only.
func TestAUsersPolicyTakesThePlaceOfOurs(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "falco", "falco")
		message := `{"output":"A shell was spawned","priority":"Notice","rule":"Terminal shell","time":"2026-03-01T00:00:00Z","output_fields":{"n":%d}}`
		ours := s.post(t, "falco", fmt.Appendf(nil, message, 1))
		s.write("deep/er/falco.rego", "package ingest.falco\n\nalerts contains {\"title\": concat(\" \", [\"Mine:\", input.rule]), \"rule\": \"mine\"}\n")
		s.reloaded(t)
		mine := s.post(t, "falco", fmt.Appendf(nil, message, 2))
		if a, b := s.alert(t, ours.Alerts[0]), s.alert(t, mine.Alerts[0]); a.Title == "Mine: Terminal shell" || b.Title != "Mine: Terminal shell" {
			t.Errorf("ours %q, mine %q", a.Title, b.Title)
		}
		s.ask(t, http.MethodPost, "/api/v1/sources", map[string]any{"id": "brand", "kind": "brandnew"}).must(http.StatusUnprocessableEntity).detail()
		s.write("brandnew.rego", "package ingest.brandnew\n\nalerts contains {\"title\": input.what}\n")
		s.reloaded(t)
		s.source(t, "brand", "brandnew")
		if out := s.post(t, "brand", []byte(`{"what":"Seen by a product nobody knew"}`)); s.alert(t, out.Alerts[0]).Title != "Seen by a product nobody knew" {
			t.Errorf("outcome %+v", out)
		}
	})
}

// A policy that loops costs its own deliveries; a flood of them must not keep
// the others waiting for long. // DESK-08
func TestALoopingPolicyDoesNotHoldUpTheOthers(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db, policyFile("endless.rego", "package ingest.endless\n\nalerts := [{\"title\": \"x\"} | numbers.range(1, 30000)[_] == numbers.range(2, 30001)[_] * 7; false]\n"))
		s.source(t, "endless", "endless")
		s.source(t, "fine", "lab")
		const flood = 40 // at two seconds each, 80 s of evaluation
		for range flood {
			s.hook(t, "endless", []byte(`{}`)).must(http.StatusAccepted)
		}
		began := time.Now()
		var out outcome
		s.hook(t, "fine", lab(t, draft{"title": "Held up?"})).must(http.StatusAccepted).into(&out)
		if d := s.settled(t, out.Delivery); d.State != "processed" || d.Alerts != 1 {
			t.Errorf("delivery %+v", d)
		}
		t.Logf("it waited %s", time.Since(began))
	})
}

// DESK-01: a sender that waits is told after ten seconds that it need not.
func TestWaitingEndsAfterTenSeconds(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	s.source(t, "lab", "lab")
	s.end()
	s.write("lab.rego", "package ingest.lab\n\nalerts := [\n")
	s.run() // nothing is processed until the folder is mended
	began := time.Now()
	var out outcome
	s.hook(t, "lab?wait=1", lab(t, draft{"title": "Patient"})).must(http.StatusAccepted).into(&out)
	if took := time.Since(began); took < 9*time.Second || took > 14*time.Second || out.State != "received" || out.Delivery == "" || out.Alerts == nil {
		t.Errorf("after %s: %+v", took, out)
	}
}
