package scenarios

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func knock(more draft) draft {
	d := draft{"title": "Knock at the gate", "rule": "Knock", "fingerprint": []string{"gate"}, "severity": "low", "seen_at": "2026-03-01T12:00:00Z"}
	for k, v := range more {
		d[k] = v
	}
	return d
}

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

// DESK-57, MIND-10
func TestTheSameEventIsNothingNew(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "lab", "lab")
		s.source(t, "twin", "lab")
		first := s.one(t, "lab", knock(draft{"event_id": "e-1"}))
		again := s.post(t, "lab", lab(t, knock(draft{"event_id": "e-1", "description": "worded otherwise", "severity": "high"})))
		if again.State != "processed" || len(again.Alerts) != 0 || !strings.Contains(again.Reason, first.ID) {
			t.Errorf("outcome %+v", again)
		}
		if a := s.alert(t, first.ID); a.Sightings.Count != 1 || a.Severity != "low" {
			t.Errorf("alert %+v", a)
		}
		if other := s.one(t, "twin", knock(draft{"event_id": "e-1"})); other.ID == first.ID {
			t.Error("events of two sources are one")
		}
		t.Run("twice in one delivery", func(t *testing.T) {
			out := s.post(t, "lab", lab(t, knock(draft{"event_id": "e-2", "rule": "Pair"}), knock(draft{"event_id": "e-2", "rule": "Pair"})))
			if len(out.Alerts) != 1 || s.alert(t, out.Alerts[0]).Sightings.Count != 1 {
				t.Errorf("outcome %+v", out)
			}
		})
		t.Run("the same body with a time of its own is the same event", func(t *testing.T) {
			body := lab(t, knock(draft{"rule": "Timed"}))
			a := s.post(t, "lab", body)
			b := s.post(t, "lab", body)
			if a.Delivery == b.Delivery || len(b.Alerts) != 0 || s.alert(t, a.Alerts[0]).Sightings.Count != 1 {
				t.Errorf("first %+v, then %+v", a, b)
			}
		})
	})
}

func TestTheSameThingAgainIsASighting(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "lab", "lab", "window", "1h")
		first := s.one(t, "lab", knock(nil))
		for _, seen := range []string{"2026-03-01T12:30:00Z", "2026-03-01T11:45:00Z", "2026-03-01T13:25:00Z"} { // within 1h of first or last
			if a := s.one(t, "lab", knock(draft{"seen_at": seen})); a.ID != first.ID {
				t.Fatalf("seen at %s it is another alert", seen)
			}
		}
		a := s.alert(t, first.ID)
		if a.Sightings.Count != 4 || !a.Sightings.First.Equal(at("2026-03-01T11:45:00Z")) || !a.Sightings.Last.Equal(at("2026-03-01T13:25:00Z")) || !a.SeenAt.Equal(at("2026-03-01T12:00:00Z")) {
			t.Errorf("sightings %+v, seen at %s", a.Sightings, a.SeenAt)
		}
		if a.RenewedAt != nil || a.RenewedWhy != "" {
			t.Errorf("a plain repeat made the line new: %s", a.RenewedWhy)
		}
		if len(a.LastSightings) != 3 || !a.LastSightings[0].SeenAt.Equal(at("2026-03-01T13:25:00Z")) {
			t.Errorf("last sightings %+v", a.LastSightings)
		}
		t.Run("outside the window it is another alert, later or earlier", func(t *testing.T) {
			later := s.one(t, "lab", knock(draft{"seen_at": "2026-03-01T14:30:00Z"}))
			earlier := s.one(t, "lab", knock(draft{"seen_at": "2026-03-01T10:00:00Z"}))
			if later.ID == first.ID || earlier.ID == first.ID || earlier.ID == later.ID {
				t.Errorf("%s, %s, %s", first.ID, later.ID, earlier.ID)
			}
			if near := s.one(t, "lab", knock(draft{"seen_at": "2026-03-01T14:40:00Z"})); near.ID != later.ID {
				t.Errorf("a repeat joined %s, want the nearest, %s", near.ID, later.ID)
			}
		})
		t.Run("other rules, fingerprints and sources stay apart", func(t *testing.T) {
			s.source(t, "twin", "lab")
			ids := []string{first.ID, s.one(t, "lab", knock(draft{"rule": "Other"})).ID, s.one(t, "lab", knock(draft{"fingerprint": []string{"other gate"}})).ID, s.one(t, "twin", knock(nil)).ID}
			slices.Sort(ids)
			if len(slices.Compact(ids)) != 4 {
				t.Errorf("alerts %v", ids)
			}
		})
		t.Run("several times in one delivery", func(t *testing.T) {
			out := s.post(t, "lab", lab(t, knock(draft{"rule": "Burst"}), knock(draft{"rule": "Burst", "description": "2"}), knock(draft{"rule": "Burst", "description": "3"})))
			if len(out.Alerts) != 1 || s.alert(t, out.Alerts[0]).Sightings.Count != 3 {
				t.Errorf("outcome %+v", out)
			}
			s.ask(t, http.MethodPost, "/api/v1/deliveries/"+out.Delivery+"/replay", nil).must(http.StatusOK)
			s.settled(t, out.Delivery)
			if n := s.alert(t, out.Alerts[0]).Sightings.Count; n != 3 {
				t.Errorf("a replay counted: %d sightings", n)
			}
		})
	})
}

func TestRepeatsThatBringSomethingNewAreSeenAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "lab", "lab", "may_decline", true)
		ip := func(v string) []map[string]string { return []map[string]string{{"type": "ip", "value": v}} }

		t.Run("a higher severity", func(t *testing.T) {
			s.one(t, "lab", knock(draft{"rule": "Rise"}))
			a := s.one(t, "lab", knock(draft{"rule": "Rise", "severity": "high"}))
			if a.Severity != "high" || a.RenewedAt == nil || !strings.Contains(a.RenewedWhy, "severity") {
				t.Errorf("alert %+v", a)
			}
			why := a.RenewedWhy
			if a = s.one(t, "lab", knock(draft{"rule": "Rise", "severity": "info"})); a.Severity != "high" || a.RenewedWhy != why {
				t.Errorf("a milder repeat moved it: %+v", a)
			}
			if got := s.titles(t, "severity", "high", "rule", "Rise"); len(got) != 1 {
				t.Errorf("listed by its risen severity: %q", got)
			}
			if got := s.titles(t, "severity", "low", "rule", "Rise"); len(got) != 0 {
				t.Errorf("still listed by its old severity: %q", got)
			}
		})
		t.Run("a new observable", func(t *testing.T) {
			s.one(t, "lab", knock(draft{"rule": "Spread", "observables": ip("192.0.2.10")}))
			a := s.one(t, "lab", knock(draft{"rule": "Spread", "observables": ip("192.0.2.10"), "description": "again"}))
			if a.RenewedAt != nil {
				t.Errorf("a known observable made it new: %s", a.RenewedWhy)
			}
			a = s.one(t, "lab", knock(draft{"rule": "Spread", "observables": ip("198.51.100.77"), "description": "and lanterns in the valley"}))
			if a.RenewedAt == nil || !strings.Contains(a.RenewedWhy, "198.51.100.77") {
				t.Errorf("alert %+v", a)
			}
			for _, params := range [][]string{{"observable", "198.51.100.77"}, {"observable", "198.51.100.0/24"}, {"q", "lanterns valley"}, {"q", "100.77"}, {"observable", "192.0.2.10"}} {
				if got := s.list(t, append(params, "rule", "Spread")...).Items; len(got) != 1 || got[0].ID != a.ID {
					t.Errorf("%v does not find it by a sighting: %v", params, got)
				}
			}
		})
		t.Run("declined, then a repeat that is not", func(t *testing.T) {
			out := s.post(t, "lab", labWith(t, map[string]any{"decline": "a drill"}, knock(draft{"rule": "Drill"})))
			if a := s.alert(t, out.Alerts[0]); a.Disposition != "declined" || a.DispositionReason != "a drill" || !strings.Contains(a.DispositionBy, "lab.rego:") {
				t.Errorf("alert %+v", a)
			}
			a := s.one(t, "lab", knock(draft{"rule": "Drill", "description": "no drill"}))
			if a.ID != out.Alerts[0] || a.Disposition != "active" || a.Sightings.Count != 2 || !strings.Contains(a.RenewedWhy, "declined") {
				t.Errorf("alert %+v", a)
			}
			if n := len(s.list(t, "rule", "Drill").Items); n != 1 {
				t.Errorf("it is listed %d times", n)
			}
			s.post(t, "lab", labWith(t, map[string]any{"decline": "a drill"}, knock(draft{"rule": "Drill", "description": "drill again"})))
			if a := s.alert(t, a.ID); a.Disposition != "active" || a.Sightings.Count != 3 {
				t.Errorf("a declined repeat silenced it: %+v", a)
			}
		})
		t.Run("a restored one stays", func(t *testing.T) {
			out := s.post(t, "lab", labWith(t, map[string]any{"decline": "a drill"}, knock(draft{"rule": "Kept"})))
			s.ask(t, http.MethodPost, "/api/v1/alerts/"+out.Alerts[0]+"/restore", map[string]any{"reason": "not a drill"}).must(http.StatusOK)
			s.post(t, "lab", labWith(t, map[string]any{"decline": "a drill"}, knock(draft{"rule": "Kept", "description": "2"})))
			if a := s.alert(t, out.Alerts[0]); a.Disposition != "active" || a.DispositionReason != "not a drill" || a.DispositionBy != "key:bootstrap" {
				t.Errorf("alert %+v", a)
			}
			s.ask(t, http.MethodPost, "/api/v1/alerts/"+out.Alerts[0]+"/restore", nil).must(http.StatusConflict).detail()
			s.ask(t, http.MethodPost, "/api/v1/alerts/A-0000000000/restore", nil).must(http.StatusNotFound).detail()
		})
	})
}

func TestTheLastHundredSightingsAreListed(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "lab", "lab")
		var last string
		for i := range 130 {
			var out outcome
			s.hook(t, "lab", lab(t, knock(draft{"description": fmt.Sprint("knock ", i), "seen_at": at("2026-03-01T12:00:00Z").Add(time.Duration(i) * time.Second).Format(time.RFC3339)}))).must(http.StatusAccepted).into(&out)
			last = out.Delivery
		}
		d := s.settled(t, last)
		a := s.alert(t, d.AlertIDs[0])
		if a.Sightings.Count != 130 || len(a.LastSightings) != 100 || a.LastSightings[0].Delivery != last {
			t.Errorf("%d sightings, %d listed, the newest of %s", a.Sightings.Count, len(a.LastSightings), a.LastSightings[0].Delivery)
		}
		for i := 1; i < len(a.LastSightings); i++ {
			if a.LastSightings[i].ReceivedAt.After(a.LastSightings[i-1].ReceivedAt) {
				t.Fatal("they are not newest first")
			}
		}
		s.ask(t, http.MethodGet, "/api/v1/deliveries/"+a.LastSightings[99].Delivery+"/raw", nil).must(http.StatusOK) // every payload stays
	})
}

// FEED-19 (its first half: the condition)
func TestPostureComesAndGoes(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "cspm", "lab", "window", "1h")
		bucket := func(condition, seen string) item {
			return s.one(t, "cspm", draft{"title": "Bucket is public", "rule": "S3.2", "fingerprint": []string{"bucket-1"}, "severity": "medium", "condition": condition, "seen_at": seen})
		}
		first := bucket("present", "2026-03-01T00:00:00Z")
		fixed := bucket("fixed", "2026-03-09T00:00:00Z")
		if fixed.ID != first.ID || fixed.Condition != "fixed" || fixed.Sightings.Count != 2 {
			t.Fatalf("fixed a week later: %+v", fixed)
		}
		if late := bucket("present", "2026-03-05T00:00:00Z"); late.Condition != "fixed" || late.RenewedAt != nil {
			t.Errorf("an older word, come late, moved it: %+v", late)
		}
		again := bucket("present", "2026-04-01T00:00:00Z")
		if again.ID != first.ID || again.Condition != "present" || again.RenewedAt == nil || !strings.Contains(again.RenewedWhy, "fixed") {
			t.Errorf("present again: %+v", again)
		}
		if n := len(s.list(t).Items); n != 1 {
			t.Errorf("%d alerts, want the one finding", n)
		}
	})
}

// DESK-12, DESK-13, DESK-14, DESK-15, DESK-16
func TestDecliningIsForSourcesThatMay(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "news", "lab", "may_decline", true)
		s.source(t, "monitor", "lab")
		ways := map[string]map[string]any{
			"by ingest's ignore":  {"ignore": true},
			"by ingest's decline": {"decline": "not ours"},
			"by triage":           {"triage": map[string]any{"disposition": "declined", "reason": "not ours"}},
		}
		for name, fields := range ways {
			t.Run(name, func(t *testing.T) {
				d := draft{"title": "Item " + name, "rule": name}
				news := s.post(t, "news", labWith(t, fields, d))
				if a := s.alert(t, news.Alerts[0]); a.Disposition != "declined" || a.DispositionReason == "" || !strings.Contains(a.DispositionBy, ".rego:") || a.Title != "Item "+name {
					t.Errorf("of news: %+v", a)
				}
				monitor := s.post(t, "monitor", labWith(t, fields, d))
				if a := s.alert(t, monitor.Alerts[0]); a.Disposition != "notice" || !strings.Contains(a.DispositionReason, "does not permit") {
					t.Errorf("of a monitor: %+v", a)
				}
				if got := s.list(t, "rule", name).Items; len(got) != 1 || got[0].Source != "monitor" {
					t.Errorf("listed: %v", got)
				}
				if got := s.list(t, "rule", name, "disposition", "declined").Items; len(got) != 1 || got[0].Source != "news" {
					t.Errorf("declined: %v", got)
				}
				var f facets
				s.ask(t, http.MethodGet, "/api/v1/alerts/facets?"+query("rule", name, "disposition", "declined"), nil).must(http.StatusOK).into(&f)
				if f.Total != 1 {
					t.Errorf("%d declined are counted", f.Total)
				}
				s.ask(t, http.MethodPost, "/api/v1/alerts/"+news.Alerts[0]+"/restore", map[string]any{"reason": "look again"}).must(http.StatusOK)
				if got := s.list(t, "rule", name, "disposition", "active").Items; len(got) != 1 || got[0].Source != "news" {
					t.Errorf("restored: %v", got)
				}
			})
		}
		t.Run("what a policy declines without making an alert is kept with a title", func(t *testing.T) {
			out := s.post(t, "news", []byte(`{"decline":"not ours","lab":[],"title":"A vulnerability in lanterns"}`))
			if len(out.Alerts) != 1 {
				t.Fatalf("outcome %+v", out)
			}
			if a := s.alert(t, out.Alerts[0]); a.Disposition != "declined" || a.Title != "A vulnerability in lanterns" {
				t.Errorf("alert %+v", a)
			}
		})
	})
}
