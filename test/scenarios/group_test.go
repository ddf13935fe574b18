package scenarios

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// line is a line of the queue, as much as is looked at here.
type line struct {
	ID, Standing, Title, Why, Differs, Severity, Lead, Ticket string
	Priority, Count, Sightings                                int
	Kept                                                      bool
	Reasons                                                   []struct {
		Points int
		Text   string
	}
	Sources, Rules []string
	Alerts         []item
	Next           string
	Past           *struct{ Ticket, Conclusion, Reason, Like string }
}

type queuePage struct {
	Items []line
	Next  string
	Total int
	Note  string
}

func (s *server) queue(t *testing.T, params ...string) queuePage {
	t.Helper()
	var p queuePage
	s.ask(t, http.MethodGet, "/api/v1/groups?"+query(params...), nil).must(http.StatusOK).into(&p)
	return p
}

func (s *server) group(t *testing.T, id string) line {
	t.Helper()
	var l line
	s.ask(t, http.MethodGet, "/api/v1/groups/"+id, nil).must(http.StatusOK).into(&l)
	return l
}

func groupOf(alert string) string { return "G" + strings.TrimPrefix(alert, "A") }

func lineTitles(p queuePage) (list []string) {
	for _, l := range p.Items {
		list = append(list, l.Title)
	}
	return list
}

func alertIDs(l line) (list []string) {
	for _, a := range l.Alerts {
		list = append(list, a.ID)
	}
	return list
}

// Unlike alerts: nothing that the machine could put together.
func unlike(i int, severity string) draft {
	return draft{
		"title": fmt.Sprintf("Matter %d", i), "rule": fmt.Sprintf("R%d", i), "severity": severity, "event_id": fmt.Sprint("e", i),
		"observables": []map[string]string{{"type": "host", "value": fmt.Sprintf("host-%d", i)}},
	}
}

// MIND-05, DESK-66
func TestTheQueueHoldsWhatIsLeftByPriority(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "lab", "lab", "may_decline", true)
		for i, severity := range []string{"low", "critical", "info", "high"} {
			s.one(t, "lab", unlike(i, severity))
		}
		p := s.queue(t)
		if got := lineTitles(p); !slices.Equal(got, []string{"Matter 1", "Matter 3", "Matter 0", "Matter 2"}) || p.Total != 4 {
			t.Fatalf("queue %v, %d in all", got, p.Total)
		}
		top := p.Items[0]
		sum := 0
		for _, r := range top.Reasons {
			sum += r.Points
		}
		if top.Standing != "queued" || top.Count != 1 || top.Sightings != 1 || top.Priority != sum || len(top.Reasons) < 2 || top.Lead == "" {
			t.Errorf("first line %+v", top)
		}
		t.Run("narrowed down to lines that hold a matching alert", func(t *testing.T) {
			for name, params := range map[string][]string{"severity": {"severity", "high"}, "word": {"q", "Matter 3"}, "observable": {"observable", "host-3"}, "rule": {"rule", "R3"}} {
				if got := lineTitles(s.queue(t, params...)); name != "word" && !slices.Equal(got, []string{"Matter 3"}) || !slices.Contains(got, "Matter 3") {
					t.Errorf("by %s: %v", name, got)
				}
			}
			if p := s.queue(t, "q", "nothing like it"); len(p.Items) != 0 || p.Items == nil {
				t.Errorf("nothing matches, yet %+v", p.Items)
			}
		})
		t.Run("a repeat is one line with two sightings", func(t *testing.T) {
			again := unlike(3, "high")
			again["event_id"] = "e3-again"
			s.one(t, "lab", again)
			if l := s.queue(t, "rule", "R3").Items[0]; l.Sightings != 2 || l.Count != 1 {
				t.Errorf("line %+v", l)
			}
		})
		t.Run("a repeat that is worse raises its line", func(t *testing.T) {
			worse := unlike(2, "critical")
			worse["event_id"] = "e2-again"
			s.one(t, "lab", worse)
			if l := s.queue(t, "rule", "R2").Items[0]; l.Severity != "critical" || l.Priority < 80 {
				t.Errorf("line %+v", l)
			}
		})
	})
}

// A page is of one look: what comes in meanwhile neither repeats nor hides a line.
func TestPagesOfTheQueueAreOfOneLook(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "lab", "lab")
		for i := range 5 {
			s.one(t, "lab", unlike(i, "low"))
		}
		seen := map[string]int{}
		cursor := ""
		for n := 0; ; n++ {
			p := s.queue(t, "limit", "2", "cursor", cursor)
			for _, l := range p.Items {
				seen[l.Title]++
			}
			if cursor = p.Next; cursor == "" {
				break
			}
			s.one(t, "lab", unlike(100+n, "critical")) // it goes before all others
		}
		if len(seen) != 5 {
			t.Errorf("%v", seen)
		}
		for title, n := range seen {
			if n != 1 {
				t.Errorf("%s came %d times", title, n)
			}
		}
		for _, cursor := range []string{"gone.2", "nonsense", "x.-1"} {
			s.ask(t, http.MethodGet, "/api/v1/groups?"+query("cursor", cursor), nil).must(http.StatusUnprocessableEntity).detail()
		}
	})
}

// DESK-15
func TestWhatIsNotActiveIsNotInTheQueueUntilRestored(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db, policyFile("triage.rego", `package triage
disposition := "closed" if input.alert.rule == "R1"
`))
		s.source(t, "lab", "lab")
		a := s.one(t, "lab", unlike(1, "high"))
		if a.Disposition != "closed" {
			t.Fatalf("alert %+v", a)
		}
		if p := s.queue(t); p.Total != 0 {
			t.Fatalf("queue %+v", p.Items)
		}
		s.ask(t, http.MethodPost, "/api/v1/alerts/"+a.ID+"/restore", map[string]string{"reason": "look again"}).must(http.StatusOK)
		if p := s.queue(t); p.Total != 1 || p.Items[0].Lead != a.ID || p.Items[0].Kept {
			t.Errorf("queue %+v", p.Items)
		}
	})
}

// DESK-60, FEED-02
func TestPeopleMergeAndSplitGroups(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "lab", "lab")
		var ids, groups []string
		for i := range 4 {
			a := s.one(t, "lab", unlike(i, []string{"low", "high", "medium", "info"}[i]))
			ids, groups = append(ids, a.ID), append(groups, groupOf(a.ID))
		}
		var l line
		s.ask(t, http.MethodPost, "/api/v1/groups/"+groups[0]+"/merge", map[string]any{"groups": groups[1:3], "reason": "one visitor"}).must(http.StatusOK).into(&l)
		if l.ID != groups[0] || l.Count != 3 || !l.Kept || l.Severity != "high" || l.Lead != ids[1] || len(l.Rules) != 3 {
			t.Fatalf("merged %+v", l)
		}
		if p := s.queue(t); p.Total != 2 || p.Items[0].ID != groups[0] {
			t.Errorf("queue %v", lineTitles(p))
		}
		if got := alertIDs(s.group(t, groups[1])); !slices.Equal(got, ids[:3]) { // its link leads on
			t.Errorf("the merged group holds %v", got)
		}
		s.ask(t, http.MethodPost, "/api/v1/groups/"+groups[0]+"/merge", map[string]any{"groups": groups[1:2]}).must(http.StatusConflict).detail()

		t.Run("split", func(t *testing.T) {
			s.ask(t, http.MethodPost, "/api/v1/groups/"+groups[0]+"/split", map[string]any{"alerts": ids[1:2], "reason": "another one"}).must(http.StatusOK).into(&l)
			if l.ID != groups[1] || l.Count != 1 || l.Severity != "high" || !l.Kept {
				t.Errorf("split off %+v", l)
			}
			if rest := s.group(t, groups[0]); rest.Count != 2 || rest.Severity != "medium" || !slices.Equal(alertIDs(rest), []string{ids[0], ids[2]}) {
				t.Errorf("left %+v", rest)
			}
			if one := s.group(t, groups[1]); !slices.Equal(alertIDs(one), ids[1:2]) {
				t.Errorf("alone %+v", one)
			}
		})
		t.Run("splitting the founder off leaves it its group", func(t *testing.T) {
			s.ask(t, http.MethodPost, "/api/v1/groups/"+groups[0]+"/split", map[string]any{"alerts": ids[:1]}).must(http.StatusOK).into(&l)
			if l.ID != groups[2] || s.group(t, groups[0]).Count != 1 || s.group(t, groups[2]).Count != 1 {
				t.Errorf("split off %+v", l)
			}
		})
		t.Run("what cannot be split", func(t *testing.T) {
			for name, list := range map[string][]string{"all of it": ids[3:], "another's": ids[:1], "none that exists": {"A-00G6Q4ZW2R"}} {
				t.Run(name, func(t *testing.T) {
					s.ask(t, http.MethodPost, "/api/v1/groups/"+groups[3]+"/split", map[string]any{"alerts": list}).must(http.StatusUnprocessableEntity).detail()
				})
			}
			s.ask(t, http.MethodGet, "/api/v1/groups/G-00G6Q4ZW2R", nil).must(http.StatusNotFound).detail()
			s.ask(t, http.MethodGet, "/api/v1/groups/A-1", nil).must(http.StatusNotFound).detail()
		})
		s.end()
		s.run()
		if p := s.queue(t); p.Total != 4 {
			t.Errorf("after a restart the queue holds %v", lineTitles(p))
		}
	})
}
