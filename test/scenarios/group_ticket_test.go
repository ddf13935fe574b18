package scenarios

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// on is a detection by one of several rules on one host and user.
func on(host, rule, event string) draft {
	return draft{
		"title": rule + " on " + host, "rule": rule, "severity": "medium", "event_id": event, "fingerprint": []string{host, rule},
		"observables": []map[string]string{{"type": "host", "value": host}, {"type": "user", "value": "user-of-" + host}},
	}
}

// DESK-57, DESK-60, MIND-32
func TestTicketsTakeLinesOutOfTheQueueAndConclusionsComeBack(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "lab", "lab")
		a := s.one(t, "lab", on("db01", "Odd sign-in", "e1"))
		b := s.one(t, "lab", on("db01", "New service", "e2"))
		other := s.one(t, "lab", on("ws77", "Odd sign-in", "e3"))
		p := s.queue(t)
		if p.Total != 2 {
			t.Fatalf("queue %+v", p.Items)
		}
		g := s.group(t, groupOf(a.ID))
		if g.Count != 2 || !slices.Equal(alertIDs(g), []string{a.ID, b.ID}) || !strings.Contains(g.Why, "db01") {
			t.Fatalf("the two on one host and user are %+v", g)
		}

		var tk struct {
			ID      string
			Version int
		}
		s.ask(t, http.MethodPost, "/api/v1/tickets", map[string]any{"alerts": []string{a.ID, b.ID}, "assignee": "mori"}).must(http.StatusCreated).into(&tk)
		if p := s.queue(t); p.Total != 1 || p.Items[0].Lead != other.ID {
			t.Fatalf("with a ticket the queue holds %v", lineTitles(p))
		}
		t.Run("what joins the group is the ticket's at once", func(t *testing.T) {
			c := s.one(t, "lab", on("db01", "Cleared log", "e4"))
			if g := s.group(t, groupOf(a.ID)); g.Count != 3 || g.Standing != "done" {
				t.Errorf("group %+v", g)
			}
			if p := s.queue(t); p.Total != 1 {
				t.Errorf("queue %v", lineTitles(p))
			}
			var detail struct {
				Version    int
				AlertCount int `json:"alert_count"`
				Timeline   []struct{ By, Kind string }
			}
			s.ask(t, http.MethodGet, "/api/v1/tickets/"+tk.ID, nil).must(http.StatusOK).into(&detail)
			if detail.AlertCount != 3 || detail.Timeline[0].By != "grouping" {
				t.Errorf("%s did not come into the ticket: %+v", c.ID, detail)
			}
			tk.Version = detail.Version
		})
		t.Run("what is taken out is a line again", func(t *testing.T) {
			s.ask(t, http.MethodPost, "/api/v1/tickets/"+tk.ID+"/unbind", map[string]any{"version": tk.Version, "alerts": []string{b.ID}}).must(http.StatusOK).into(&tk)
			if p := s.queue(t); p.Total != 2 {
				t.Errorf("queue %v", lineTitles(p))
			}
			s.ask(t, http.MethodPost, "/api/v1/tickets/"+tk.ID+"/bind", map[string]any{"alerts": []string{b.ID}}).must(http.StatusOK).into(&tk)
			if p := s.queue(t); p.Total != 1 {
				t.Errorf("queue %v", lineTitles(p))
			}
		})
		s.ask(t, http.MethodPost, "/api/v1/tickets/"+tk.ID+"/conclude", map[string]any{"version": tk.Version, "conclusion": "intended", "reason": "a planned move"}).must(http.StatusOK)
		t.Run("after the conclusion the like is a line of its own that cites it", func(t *testing.T) {
			d := s.one(t, "lab", on("db01", "Stopped guard", "e5"))
			g := s.group(t, groupOf(d.ID))
			if g.ID == groupOf(a.ID) || g.Count != 1 || g.Standing != "queued" {
				t.Errorf("group %+v", g)
			}
			// The other host's alert is of a rule that was concluded on.
			l := s.group(t, groupOf(other.ID))
			if l.Past == nil || l.Past.Ticket != tk.ID || l.Past.Conclusion != "intended" || l.Past.Like != "the same rule" || l.Past.Reason != "a planned move" {
				t.Errorf("past %+v", l.Past)
			}
		})
		t.Run("the same thing again follows the conclusion", func(t *testing.T) {
			again := s.one(t, "lab", on("db01", "Odd sign-in", "e6"))
			if again.ID != a.ID {
				t.Fatalf("%s is no repeat of %s", again.ID, a.ID)
			}
			g := s.group(t, groupOf(a.ID))
			if g.Standing != "queued" || g.Ticket != tk.ID || g.Past == nil || g.Past.Like != "the same thing" {
				t.Errorf("group %+v", g)
			}
			s.one(t, "lab", on("db01", "New task", "e7")) // it ties what is open about the host together
			if p := s.queue(t, "observable", "db01"); p.Total != 1 {
				t.Errorf("what comes now stands apart: %v", lineTitles(p))
			}
			if now := s.alert(t, a.ID); !strings.Contains(now.RenewedWhy, tk.ID) {
				t.Errorf("renewed: %q", now.RenewedWhy)
			}
		})
	})
}

// What the machine knows of groups outlives the program: the like still joins.
func TestGroupsGoOnAfterARestart(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "lab", "lab")
		a := s.one(t, "lab", on("db01", "Odd sign-in", "e1"))
		done := s.one(t, "lab", on("ws77", "Odd sign-in", "e2"))
		s.ask(t, http.MethodPost, "/api/v1/tickets/conclude", map[string]any{
			"sets": []any{map[string]any{"alerts": []string{done.ID}}}, "assignee": "mori", "conclusion": "false positive", "reason": "a test",
		}).must(http.StatusOK)
		s.end()
		s.run()
		b := s.one(t, "lab", on("db01", "New service", "e3"))
		if g := s.group(t, groupOf(a.ID)); g.Count != 2 || !slices.Contains(alertIDs(g), b.ID) {
			t.Errorf("after a restart %s did not join: %+v", b.ID, g)
		}
		c := s.one(t, "lab", on("ws77", "New service", "e4"))
		if g := s.group(t, groupOf(c.ID)); g.ID != groupOf(c.ID) || g.Count != 1 {
			t.Errorf("after a restart %s joined what is concluded: %+v", c.ID, g)
		}
	})
}
