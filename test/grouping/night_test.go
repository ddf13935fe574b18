package grouping

import (
	"testing"
	"time"

	"yagura/alert"
	"yagura/cmd/yagura/demo"
	"yagura/group"
	"yagura/intake"
	"yagura/policy"
)

// The night that make run shows: a scan, a brute force, the backup job and the one
// process that matters are a line each, and no line holds two of them.
func TestTheDemoNightIsAFewGroups(t *testing.T) {
	t.Parallel()
	set, err := policy.Load(t.Context(), intake.Kinds)
	if err != nil {
		t.Fatal(err)
	}
	x := group.NewIndex(nil)
	at := map[group.ID]map[demo.Story]int{}
	id := alert.ID(0)
	for _, m := range demo.All(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)) {
		made, err := set.Ingest(t.Context(), policy.Message{Kind: m.Kind, Source: m.Source, Header: m.Header, Body: m.Body})
		if err != nil {
			t.Fatal(err)
		}
		for i := range made.Drafts {
			id++
			a := &made.Drafts[i].Alert
			a.ID, a.Kind, a.ReceivedAt = id, m.Kind, m.At
			a.Observables = alert.Observe(a)
			p := x.Place(a)
			if at[p.Group] == nil {
				at[p.Group] = map[demo.Story]int{}
			}
			for _, g := range p.Merged {
				for s, n := range at[g] {
					at[p.Group][s] += n
				}
				delete(at, g)
			}
			at[p.Group][m.Story]++
		}
	}
	t.Logf("%d alerts in %d groups", id, len(at))
	largest := map[demo.Story]int{}
	total := map[demo.Story]int{}
	for g, stories := range at {
		if _, quiet := stories[""]; len(stories) > 2 || len(stories) == 2 && !quiet {
			t.Errorf("group %v holds %v", g, stories)
		}
		for s, n := range stories {
			largest[s] = max(largest[s], n)
			total[s] += n
		}
	}
	for _, s := range []demo.Story{demo.Scan, demo.Brute, demo.Container} {
		if largest[s] != total[s] || total[s] == 0 {
			t.Errorf("%s: %d of %d alerts are in one group", s, largest[s], total[s])
		}
	}
	if largest[demo.Backup] < 25 {
		t.Errorf("of the backup job's night %d alerts are in one group", largest[demo.Backup])
	}
}
