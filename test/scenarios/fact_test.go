package scenarios

import (
	"net/http"
	"testing"
)

// MIND-02: an alert says only that something is possible. What is decided about
// it stands beside the facts and never changes them.
func TestWhatIsDecidedLeavesTheFactsAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		s := start(t, database, policyFile("night.rego", "package triage\ndisposition := \"notice\"\nreason := \"a drill\"\n"))
		s.source(t, "log", "generic")
		out := s.post(t, "log", []byte(`{"title":"Beacon","severity":"high","user":"mallory","src_ip":"203.0.113.77","timestamp":"2026-01-02T03:04:05Z"}`))
		before := s.alert(t, out.Alerts[0])
		if before.Disposition != "notice" {
			t.Fatalf("disposition %q, want notice", before.Disposition)
		}
		s.ask(t, http.MethodPost, "/api/v1/alerts/"+before.ID+"/restore", map[string]any{"reason": "no drill"}).must(http.StatusOK)
		after := s.alert(t, before.ID)
		if after.Disposition != "active" {
			t.Errorf("disposition %q after restoring", after.Disposition)
		}
		for _, c := range []struct{ field, before, after string }{
			{"title", before.Title, after.Title},
			{"severity", before.Severity, after.Severity},
			{"product_severity", before.ProductSeverity, after.ProductSeverity},
			{"fingerprint", before.Fingerprint, after.Fingerprint},
		} {
			if c.before != c.after {
				t.Errorf("%s was %q and became %q", c.field, c.before, c.after)
			}
		}
		if !before.SeenAt.Equal(after.SeenAt) {
			t.Errorf("seen_at was %s and became %s", before.SeenAt, after.SeenAt)
		}
	})
}

// FEED-04, FEED-14: a rule that nobody has heard of arrives without a change
// here, under the product's own name and with the product's own link.
func TestARuleThatIsNewToUsArrivesLikeAnyOther(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		s := start(t, database)
		s.source(t, "gd", "guardduty")
		out := s.post(t, "gd", []byte(`{"schemaVersion":"2.0","accountId":"111122223333","region":"eu-west-1","id":"0123456789abcdef0123456789abcdef",
			"type":"Impact:Quantum/EntanglementTheft.Z","severity":8.1,"title":"A qubit left the building.","updatedAt":"2026-01-02T03:04:05.000Z",
			"resource":{"resourceType":"QuantumComputer"},"service":{"count":1}}`))
		if len(out.Alerts) != 1 {
			t.Fatalf("%d alerts, want 1: %s", len(out.Alerts), out.Reason)
		}
		a := s.alert(t, out.Alerts[0])
		if a.Rule != "Impact:Quantum/EntanglementTheft.Z" || a.Title != "A qubit left the building." || a.Severity != "high" {
			t.Errorf("rule %q, title %q, severity %q", a.Rule, a.Title, a.Severity)
		}
		if want := "https://eu-west-1.console.aws.amazon.com/guardduty/"; len(a.Link) < len(want) || a.Link[:len(want)] != want {
			t.Errorf("link %q, want one to the product's own page", a.Link)
		}
	})
}
