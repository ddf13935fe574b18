package scenarios

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TOOL-08, TOOL-10
func TestDescriptionOfTheAPI(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	var doc struct {
		OpenAPI string
		Info    struct{ Title, Version, Description string }
		Paths   map[string]map[string]struct {
			OperationID string
			Summary     string
			Parameters  []struct {
				Name, In, Description string
				Schema                map[string]any
			}
			Responses map[string]any
			Security  []map[string][]string
		}
		Components struct {
			Schemas         map[string]any
			SecuritySchemes map[string]any
		}
	}
	a := s.send(t, http.MethodGet, "/api/openapi.json", nil).must(http.StatusOK)
	a.into(&doc)
	if !strings.HasPrefix(doc.OpenAPI, "3.1") || doc.Info.Title == "" || doc.Info.Version == "" {
		t.Errorf("openapi %q, info %+v", doc.OpenAPI, doc.Info)
	}
	want := map[string][]string{
		"/api/v1/alerts": {"get"}, "/api/v1/alerts/facets": {"get"}, "/api/v1/alerts/{id}": {"get"}, "/api/v1/alerts/{id}/raw": {"get"}, "/api/v1/alerts/{id}/restore": {"post"},
		"/api/v1/assets": {"get", "post"}, "/api/v1/assets/import": {"post"}, "/api/v1/assets/forget": {"post"},
		"/api/v1/groups": {"get"}, "/api/v1/groups/{id}": {"get"}, "/api/v1/groups/{id}/merge": {"post"}, "/api/v1/groups/{id}/split": {"post"},
		"/api/v1/deliveries": {"get"}, "/api/v1/deliveries/{id}": {"get"}, "/api/v1/deliveries/{id}/raw": {"get"}, "/api/v1/deliveries/{id}/replay": {"post"},
		"/api/v1/deliveries/replay": {"post"}, "/api/v1/deliveries/{id}/discard": {"post"},
		"/api/v1/sources": {"get", "post"}, "/api/v1/sources/{id}": {"get", "patch"}, "/api/v1/sources/{id}/rotate-token": {"post"}, "/api/v1/sources/{id}/rules": {"get"},
		"/api/v1/kinds": {"get"}, "/api/v1/audit": {"get"}, "/api/v1/events": {"get"}, "/hooks/{source}": {"post"},
	}
	ids := map[string]bool{}
	for path, methods := range want {
		for _, m := range methods {
			if _, ok := doc.Paths[path][m]; !ok {
				t.Errorf("%s %s is not described", m, path)
			}
		}
	}
	variable := regexp.MustCompile(`\{(\w+)\}`)
	for path, methods := range doc.Paths {
		for m, op := range methods {
			if op.OperationID == "" || ids[op.OperationID] || op.Summary == "" || len(op.Responses) == 0 {
				t.Errorf("%s %s: id %q, summary %q, %d responses", m, path, op.OperationID, op.Summary, len(op.Responses))
			}
			ids[op.OperationID] = true
			for _, v := range variable.FindAllStringSubmatch(path, -1) {
				found := false
				for _, p := range op.Parameters {
					found = found || p.Name == v[1] && p.In == "path"
				}
				if !found {
					t.Errorf("%s %s does not describe {%s}", m, path, v[1])
				}
			}
			// What is described is served: no 404 of the router, and nothing without a key.
			var body []byte
			if op.OperationID == "sign-in" { // it asks for its own proof
				body = []byte(`{"link":"never made"}`)
			}
			res := s.send(t, strings.ToUpper(m), variable.ReplaceAllString(path, "D-0000000000"), body, "Content-Type", "application/json")
			if !strings.HasPrefix(path, "/hooks") && res.status != http.StatusUnauthorized {
				t.Errorf("%s %s without a key: %d", m, path, res.status)
			}
		}
	}
	for _, p := range doc.Paths["/api/v1/alerts"]["get"].Parameters {
		if p.Description == "" {
			t.Errorf("parameter %s has no description", p.Name)
		}
	}
	t.Run("every reference leads somewhere", func(t *testing.T) {
		for _, m := range regexp.MustCompile(`"\$ref":\s*"([^"]+)"`).FindAllSubmatch(a.body, -1) {
			name, ok := strings.CutPrefix(string(m[1]), "#/components/schemas/")
			if _, known := doc.Components.Schemas[name]; !ok || !known {
				t.Errorf("%s leads nowhere", m[1])
			}
		}
	})
	t.Run("the contract's fields of an alert", func(t *testing.T) {
		var schemas map[string]struct{ Properties map[string]any }
		b, _ := json.Marshal(doc.Components.Schemas)
		if err := json.Unmarshal(b, &schemas); err != nil {
			t.Fatal(err)
		}
		for _, f := range strings.Fields(`id source kind rule title description severity product_severity action condition seen_at received_at link observables techniques
			attributes tags disposition disposition_by disposition_reason sightings fingerprint delivery`) {
			if schemas["Alert"].Properties[f] == nil {
				t.Errorf("Alert.%s is not described", f)
			}
		}
	})
}

// DESK-01
func TestAnItemHasEveryFieldOfTheContract(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "lab", "lab")
		s.one(t, "lab", draft{"title": "Bare"})
		full := s.one(t, "lab", draft{
			"title": "Full", "rule": "F1", "description": "line one\nline two", "severity": "high", "product_severity": 8.5, "action": "blocked", "condition": "present",
			"seen_at": "2026-04-01T01:02:03.456789Z", "link": "https://console.example.com/f/1", "event_id": "ev-1", "techniques": []string{"T1110.001"},
			"attributes": []map[string]any{{"key": "bytes", "value": "12", "link": "https://x.example.com/"}}, "tags": []string{"one"},
			"observables": []map[string]string{{"type": "ip", "value": "192.0.2.1", "role": "attacker"}},
		})
		var p struct{ Items []map[string]any }
		s.ask(t, http.MethodGet, "/api/v1/alerts", nil).must(http.StatusOK).into(&p)
		fields := strings.Fields(`id source kind rule title description severity product_severity action condition seen_at received_at link observables techniques
			attributes tags disposition disposition_by disposition_reason sightings fingerprint delivery`)
		for _, it := range p.Items {
			for _, f := range fields {
				v, ok := it[f]
				if !ok || v == nil {
					t.Errorf("%v: %s is %v", it["title"], f, v)
				}
			}
			for f := range it {
				if strings.Contains(f, "raw") || f == "body" || f == "payload" {
					t.Errorf("a list carries %s", f)
				}
			}
		}
		if full.Severity != "high" || full.ProductSeverity != "8.5" || full.Action != "blocked" || full.Condition != "present" || full.Link != "https://console.example.com/f/1" ||
			full.SeenAt.Format("2006-01-02T15:04:05.999999Z07:00") != "2026-04-01T01:02:03.456789Z" || !slices.Equal(full.Techniques, []string{"T1110.001"}) ||
			full.attribute("bytes") != "12" || full.Description != "line one\nline two" || full.Disposition != "active" || full.DispositionBy != "default" || len(full.Fingerprint) != 32 ||
			full.Sightings.Count != 1 || !full.Sightings.First.Equal(full.SeenAt) || !full.Sightings.Last.Equal(full.SeenAt) {
			t.Errorf("alert %+v", full)
		}
		var roles []string
		for _, o := range full.Observables {
			roles = append(roles, string(o.Type)+" "+o.Value+" "+o.Role)
		}
		if !slices.Contains(roles, "ip 192.0.2.1 attacker") {
			t.Errorf("observables %v", roles)
		}
	})
}

func TestDocumentationPageLoadsNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	page := s.send(t, http.MethodGet, "/api/docs", nil).must(http.StatusOK)
	csp := page.header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "script-src 'self'") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") {
		t.Errorf("policy %q", csp)
	}
	html := string(page.body)
	if m := regexp.MustCompile(`(?i)(src|href|action)\s*=\s*["']?(https?:)?//`).FindString(html); m != "" {
		t.Errorf("the page points elsewhere: %s", m)
	}
	if m := regexp.MustCompile(`(?is)<script[^>]*>\s*[^<\s]|<style|\son\w+\s*=|style\s*=`).FindString(html); m != "" {
		t.Errorf("the page has something inline that its policy forbids: %s", m)
	}
	scripts := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(html, -1)
	if len(scripts) == 0 {
		t.Error("the page has no script")
	}
	for _, m := range scripts {
		path := m[1]
		if !strings.HasPrefix(path, "/") {
			path = "/api/" + strings.TrimPrefix(path, "./")
		}
		res := s.send(t, http.MethodGet, path, nil).must(http.StatusOK)
		if strings.Contains(string(res.body), "https://cdn") || strings.Contains(string(res.body), "unpkg") {
			t.Errorf("%s loads from elsewhere", path)
		}
	}
}

func TestHealthReadinessAndMetrics(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.send(t, http.MethodGet, "/healthz", nil).must(http.StatusOK)
		s.send(t, http.MethodGet, "/readyz", nil).must(http.StatusOK)
		s.source(t, "lab", "lab")
		s.one(t, "lab", draft{"title": "Counted", "fingerprint": []string{"c"}, "rule": "c"})
		s.one(t, "lab", draft{"title": "Counted", "fingerprint": []string{"c"}, "rule": "c", "description": "again"})
		s.hook(t, "lab", lab(t, draft{"title": "Keyed", "rule": "k"}), "Idempotency-Key", "k").must(http.StatusAccepted)
		s.hook(t, "lab", lab(t, draft{"title": "Keyed", "rule": "k"}), "Idempotency-Key", "k").must(http.StatusAccepted)
		until(t, "all is processed", func() bool { return s.metric(t, "yagura_processed_total") == 3 })
		for name, want := range map[string]float64{
			`yagura_deliveries_total{repeat="no",source="lab"}`: 3, `yagura_deliveries_total{repeat="yes",source="lab"}`: 1,
			"yagura_alerts_total": 2, "yagura_sightings_total": 1, "yagura_failed_total": 0, "yagura_deliveries_waiting": 0, "yagura_deliveries_failed": 0, "yagura_policies_stale": 0,
		} {
			if got := s.metric(t, name); got != want {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		}
	})
}

func TestProblemsAreSafeToShow(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	for _, path := range []string{"/api/v1/nosuch", "/api/v1/alerts/A-0000000000", "/api/v1/alerts/nonsense", "/api/v1/sources/nosuch", "/api/v1/deliveries/D-0000000000"} {
		a := s.ask(t, http.MethodGet, path, nil)
		if a.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.status)
		}
		if d := a.detail(); strings.Contains(strings.ToLower(d), "select") || strings.Contains(d, ".go:") {
			t.Errorf("%s: %s", path, d)
		}
	}
	s.send(t, http.MethodGet, "/api/v1/alerts", nil).must(http.StatusUnauthorized).detail()
	s.send(t, http.MethodGet, "/api/v1/alerts", nil, "Authorization", "Bearer wrong").must(http.StatusUnauthorized).detail()
	a := s.send(t, http.MethodGet, "/api/v1/alerts", nil)
	if a.header.Get("WWW-Authenticate") == "" || a.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers %v", a.header)
	}
}

func TestMetricsMayBeSwitchedOff(t *testing.T) {
	t.Parallel()
	s := start(t, "", with("YAGURA_METRICS", "no"))
	s.send(t, http.MethodGet, "/metrics", nil).must(http.StatusNotFound)
	s.source(t, "lab", "lab")
	s.one(t, "lab", draft{"title": "Uncounted"})
}
