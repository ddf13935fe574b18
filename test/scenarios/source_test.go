package scenarios

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// sourceSeen is a source as the API shows it.
type sourceSeen struct {
	ID, Kind, Window, Hook, Token string
	MayDecline                    bool  `json:"may_decline"`
	MaxBody                       int64 `json:"max_body"`
	Rate                          float64
	Burst                         int
	Disabled                      bool
	CreatedAt                     time.Time `json:"created_at"`
}

// DESK-16, FEED-22
func TestSources(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		t.Run("made with defaults, the token shown once", func(t *testing.T) {
			var made sourceSeen
			s.ask(t, http.MethodPost, "/api/v1/sources", map[string]any{"id": "gd", "kind": "guardduty"}).must(http.StatusCreated).into(&made)
			if made.Window != "24h0m0s" || made.MayDecline || made.MaxBody != 10<<20 || made.Hook != "/hooks/gd" || len(made.Token) < 20 || made.CreatedAt.IsZero() {
				t.Errorf("made %+v", made)
			}
			s.tokens["gd"] = made.Token
			for _, path := range []string{"/api/v1/sources", "/api/v1/sources/gd"} {
				if a := s.ask(t, http.MethodGet, path, nil).must(http.StatusOK); strings.Contains(string(a.body), made.Token) || strings.Contains(string(a.body), "token") {
					t.Errorf("%s shows the token: %s", path, a.body)
				}
			}
		})
		t.Run("what cannot be made", func(t *testing.T) {
			tests := map[string]struct {
				body   map[string]any
				status int
			}{
				"the same id":           {map[string]any{"id": "gd", "kind": "falco"}, http.StatusConflict},
				"an unknown kind":       {map[string]any{"id": "a", "kind": "nosuch"}, http.StatusUnprocessableEntity},
				"no kind":               {map[string]any{"id": "a"}, http.StatusUnprocessableEntity},
				"no id":                 {map[string]any{"kind": "falco"}, http.StatusUnprocessableEntity},
				"an id in capitals":     {map[string]any{"id": "Guard", "kind": "falco"}, http.StatusUnprocessableEntity},
				"an id with a slash":    {map[string]any{"id": "a/b", "kind": "falco"}, http.StatusUnprocessableEntity},
				"an id of 65":           {map[string]any{"id": strings.Repeat("a", 65), "kind": "falco"}, http.StatusUnprocessableEntity},
				"a window of words":     {map[string]any{"id": "a", "kind": "falco", "window": "a day"}, http.StatusUnprocessableEntity},
				"a negative window":     {map[string]any{"id": "a", "kind": "falco", "window": "-1h"}, http.StatusUnprocessableEntity},
				"a negative rate":       {map[string]any{"id": "a", "kind": "falco", "rate": -1}, http.StatusUnprocessableEntity},
				"an endless body":       {map[string]any{"id": "a", "kind": "falco", "max_body": int64(1) << 40}, http.StatusUnprocessableEntity},
				"a setting of no name":  {map[string]any{"id": "a", "kind": "falco", "colour": "red"}, http.StatusUnprocessableEntity},
				"a secret in the clear": {map[string]any{"id": "a", "kind": "falco", "auth": map[string]any{"scheme": "hmac", "secret_ref": "hunter2"}}, http.StatusUnprocessableEntity},
				"a scheme of no name":   {map[string]any{"id": "a", "kind": "falco", "auth": map[string]any{"scheme": "magic"}}, http.StatusUnprocessableEntity},
			}
			for name, tt := range tests {
				t.Run(name, func(t *testing.T) {
					s.ask(t, http.MethodPost, "/api/v1/sources", tt.body).must(tt.status).detail()
				})
			}
			s.send(t, http.MethodPost, "/api/v1/sources", []byte(`{"id":`), "Authorization", "Bearer "+bootstrapKey, "Content-Type", "application/json").must(http.StatusBadRequest).detail()
		})
		t.Run("changed one setting at a time", func(t *testing.T) {
			var got sourceSeen
			s.ask(t, http.MethodPatch, "/api/v1/sources/gd", map[string]any{"window": "90m"}).must(http.StatusOK)
			s.ask(t, http.MethodPatch, "/api/v1/sources/gd", map[string]any{"may_decline": true, "rate": 5.5, "burst": 9, "max_body": 4096}).must(http.StatusOK)
			s.ask(t, http.MethodGet, "/api/v1/sources/gd", nil).must(http.StatusOK).into(&got)
			if got.Window != "1h30m0s" || !got.MayDecline || got.Rate != 5.5 || got.Burst != 9 || got.MaxBody != 4096 {
				t.Errorf("got %+v", got)
			}
			s.hook(t, "gd", []byte(`{}`)).must(http.StatusAccepted) // its token stays
			s.ask(t, http.MethodPatch, "/api/v1/sources/nosuch", map[string]any{"window": "1h"}).must(http.StatusNotFound).detail()
		})
		t.Run("a rotated token ends the old one at once", func(t *testing.T) {
			var made sourceSeen
			s.ask(t, http.MethodPost, "/api/v1/sources/gd/rotate-token", nil).must(http.StatusOK).into(&made)
			if made.Token == "" || made.Token == s.tokens["gd"] {
				t.Fatalf("token %q", made.Token)
			}
			s.hook(t, "gd", []byte(`{}`)).must(http.StatusUnauthorized)
			s.tokens["gd"] = made.Token
			s.hook(t, "gd", []byte(`{}`)).must(http.StatusAccepted)
		})
		t.Run("everything survives a restart", func(t *testing.T) {
			s.end()
			s.run()
			s.hook(t, "gd", []byte(`{}`)).must(http.StatusAccepted)
			var got sourceSeen
			s.ask(t, http.MethodGet, "/api/v1/sources/gd", nil).must(http.StatusOK).into(&got)
			if got.Window != "1h30m0s" || !got.MayDecline {
				t.Errorf("got %+v", got)
			}
		})
		t.Run("every change is in the audit log, with who and by which door", func(t *testing.T) {
			var log struct {
				Items []struct{ Principal, Door, Action, Subject, Reason string }
			}
			s.ask(t, http.MethodGet, "/api/v1/audit", nil).must(http.StatusOK).into(&log)
			var actions []string
			for _, e := range log.Items {
				if e.Door == "config" { // the first start made the first administrator
					continue
				}
				if e.Principal != "key:bootstrap" || e.Door != "api" || e.Subject != "gd" {
					t.Errorf("entry %+v", e)
				}
				actions = append(actions, e.Action)
			}
			if want := []string{"source.rotate-token", "source.change", "source.change", "source.create"}; !slices.Equal(actions, want) {
				t.Errorf("audit %v, want %v", actions, want)
			}
		})
		t.Run("kinds are listed, ours and the user's", func(t *testing.T) {
			kinds := s.kinds(t)
			for _, k := range []string{"guardduty", "securityhub", "wazuh", "suricata", "falco", "okta", "github", "defender", "opencanary", "generic", "lab"} {
				if !slices.Contains(kinds, k) {
					t.Errorf("kind %s is missing among %v", k, kinds)
				}
			}
		})
	})
}

// FEED-03, MIND-10
func TestRulesTellHowOftenTheyMatched(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db, policyFile("constant.rego", "package ingest.constant\n\nalerts := [{\"title\": input.t, \"rule\": \"Same\", \"fingerprint\": [\"always\"], \"observables\": [{\"type\": \"host\", \"value\": input.host}]}]\n"))
		s.source(t, "lab", "lab", "may_decline", true)
		s.source(t, "constant", "constant")
		for i := range 5 {
			s.one(t, "lab", draft{"title": "Knock", "rule": "Knock", "fingerprint": []string{"door"}, "description": strings.Repeat("x", i+1)})
		}
		s.post(t, "lab", labWith(t, map[string]any{"decline": "drill"}, draft{"title": "Drill", "rule": "Knock", "fingerprint": []string{"drill"}}))
		for _, text := range []string{`{"t":"first","host":"north-gate"}`, `{"t":"second","host":"south-gate"}`} {
			s.post(t, "constant", []byte(text))
		}
		type rule struct {
			Rule, Problem               string
			Alerts, Sightings, Declined int
			Refused                     int `json:"refused_fingerprints"`
		}
		rules := func(src string) rule {
			var got struct{ Items []rule }
			a := s.ask(t, http.MethodGet, "/api/v1/sources/"+src+"/rules", nil).must(http.StatusOK).into(&got)
			if len(got.Items) != 1 {
				t.Fatalf("rules of %s: %s", src, a.body)
			}
			return got.Items[0]
		}
		if r := rules("lab"); r.Rule != "Knock" || r.Alerts != 2 || r.Sightings != 4 || r.Declined != 1 || r.Refused != 0 {
			t.Errorf("rule %+v", r)
		}
		if r := rules("constant"); r.Alerts != 2 || r.Sightings != 0 || r.Refused != 2 || r.Problem == "" {
			t.Errorf("a constant fingerprint merged everything, or nobody was told: %+v", r)
		}
	})
}
