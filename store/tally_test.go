package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"yagura/alert"
	"yagura/fault"
	"yagura/store"
)

// cell is one cell of the counters.
type cell struct{ source, kind, rule, severity, disposition, day int64 }

// counters reads the counters, and counts the alerts one by one.
func counters(t testing.TB, w *world) (kept, counted map[cell]int64) {
	t.Helper()
	db := w.sql()
	kept, counted = map[cell]int64{}, map[cell]int64{}
	rows, err := db.Query(`SELECT source, kind, rule, severity, disposition, day, n FROM tally WHERE n <> 0`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var c cell
		var n int64
		if err := rows.Scan(&c.source, &c.kind, &c.rule, &c.severity, &c.disposition, &c.day, &n); err != nil {
			t.Fatal(err)
		}
		kept[c] = n
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	rows, err = db.Query(`SELECT a.source, a.kind, a.rule, a.severity, coalesce(s.disposition, 0), a.id FROM alert a LEFT JOIN standing s ON s.alert = a.id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var c cell
		var id int64
		if err := rows.Scan(&c.source, &c.kind, &c.rule, &c.severity, &c.disposition, &id); err != nil {
			t.Fatal(err)
		}
		c.day = alert.ID(id).Time().Unix() / 86400
		counted[c]++
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return kept, counted
}

// DESK-15: facets are right because the counters move with the alerts.
func TestCountersStayEqualToACountOfAlerts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		var made []alert.ID
		rapid.Check(t, func(rt *rapid.T) {
			for range rapid.IntRange(1, 6).Draw(rt, "steps") {
				switch rapid.IntRange(0, 4).Draw(rt, "step") {
				case 0, 1, 2: // several at once: new ones, repeats, repeats of what is in the same batch
					n := rapid.IntRange(1, 8).Draw(rt, "alerts")
					var list []alert.Alert
					for range n {
						disp := rapid.SampledFrom([]alert.Disposition{alert.Active, alert.Active, alert.Notice, alert.Closed, alert.Declined}).Draw(rt, "disposition")
						list = append(list, thing(fmt.Sprint("thing ", rapid.IntRange(0, 40).Draw(rt, "thing")), func(a *alert.Alert) {
							a.Source = rapid.SampledFrom([]string{"edr", "fw"}).Draw(rt, "source")
							a.Rule = rapid.SampledFrom([]string{"R1", "R2"}).Draw(rt, "rule")
							a.Severity = rapid.SampledFrom(alert.Severities()).Draw(rt, "severity")
							a.Standing = alert.Standing{Disposition: disp, By: "triage.rego:1", Reason: "drawn"}
						}))
					}
					made = append(made, w.bring(s, list...)...)
				case 3:
					if len(made) == 0 {
						continue
					}
					id := rapid.SampledFrom(made).Draw(rt, "moved")
					to := alert.Standing{Disposition: rapid.SampledFrom(alert.Dispositions()).Draw(rt, "to"), By: "key:x", Reason: "moved"}
					err := s.Write(context.Background(), store.Full, func(tx *store.Tx) error {
						_, err := tx.SetStanding(id, to)
						return err
					})
					if err != nil {
						rt.Fatal(err)
					}
					if got, err := s.StandingOf(context.Background(), id); err != nil || got != to {
						rt.Errorf("%v stands %+v, %v; want %+v", id, got, err, to)
					}
				case 4:
					w.pass(time.Duration(rapid.IntRange(0, 5).Draw(rt, "hours")) * time.Hour)
				}
			}
		})
		kept, counted := counters(t, w)
		if diff := cmp.Diff(counted, kept); diff != "" {
			t.Errorf("counted (-) and kept (+): %s", diff)
		}
		if len(counted) < 10 {
			t.Errorf("only %d cells: the test proves little", len(counted))
		}

		// Facets say the same as the list.
		for name, f := range map[string]store.AlertFilter{
			"all but declined": {},
			"one source":       {Sources: []string{"fw"}},
			"two fields":       {Rules: []string{"R1"}, Severities: []alert.Severity{alert.High, alert.Info}},
			"declined":         {Dispositions: []alert.Disposition{alert.Declined}},
			"active or notice": {Dispositions: []alert.Disposition{alert.Active, alert.Notice}},
			"from a day":       {From: dawn.Truncate(24 * time.Hour).Add(24 * time.Hour)},
			"up to a day":      {To: dawn.Truncate(24 * time.Hour).Add(24 * time.Hour)},
			"from an hour":     {From: dawn.Add(time.Hour)},
			"by words":         {Words: []string{"thing 1"}},
			"nobody":           {Sources: []string{"nobody"}},
		} {
			facets, err := s.Facets(t.Context(), f)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			want := &store.Facets{Source: map[string]int{}, Kind: map[string]int{}, Rule: map[string]int{}, Severity: map[string]int{}, Disposition: map[string]int{}}
			f.Limit = 500
			for {
				page, err := s.ListAlerts(t.Context(), f)
				if err != nil {
					t.Fatal(err)
				}
				for _, a := range page.Items {
					want.Source[a.Source]++
					want.Kind[a.Kind]++
					want.Rule[a.Rule]++
					want.Severity[a.Severity.String()]++
					want.Disposition[string(a.Disposition)]++
					want.Total++
				}
				if f.Cursor = page.Next; f.Cursor == "" {
					break
				}
			}
			if diff := cmp.Diff(want, facets); diff != "" {
				t.Errorf("%s: list (-) and facets (+): %s", name, diff)
			}
		}
	})
}

func TestFacetsWithoutCountersAreCappedAndSaySo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		var list []alert.Alert
		for i := range store.FacetCap + 50 {
			list = append(list, thing(fmt.Sprintf("thing %d", i)))
		}
		w.bring(s, list...)
		exact, err := s.Facets(t.Context(), store.AlertFilter{})
		if err != nil || exact.Capped || exact.Total != store.FacetCap+50 || exact.Source["edr"] != store.FacetCap+50 {
			t.Errorf("by counters: %+v, %v", exact, err)
		}
		capped, err := s.Facets(t.Context(), store.AlertFilter{Words: []string{"thing"}})
		// A slow machine stops earlier, and says so alike.
		if err != nil || !capped.Capped || capped.Total == 0 || capped.Total > store.FacetCap {
			t.Errorf("by words: %+v, %v", capped, err)
		}
		few, err := s.Facets(t.Context(), store.AlertFilter{Words: []string{"thing 100"}})
		if err != nil || few.Capped || few.Total != 11 { // 100, 1000 to 1009
			t.Errorf("by a rare word: %+v, %v", few, err)
		}
	})
}

func TestARestoredAlertSaysWhoAndWhy(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		declined := func(a *alert.Alert) {
			a.Standing = alert.Standing{Disposition: alert.Declined, By: "ingest.rego:7", Reason: "a scanner of ours"}
		}
		id := w.bring(s, thing("scan", declined))[0]
		if got := titles(t, s, store.AlertFilter{}); len(got) != 0 {
			t.Errorf("a declined alert is listed: %v", got)
		}
		if got := titles(t, s, store.AlertFilter{Dispositions: []alert.Disposition{alert.Declined}}); len(got) != 1 {
			t.Errorf("declined: %v", got)
		}
		a, err := s.Alert(t.Context(), id)
		if err != nil || a.Disposition != alert.Declined || a.By != "ingest.rego:7" || a.Reason != "a scanner of ours" {
			t.Errorf("%+v, %v", a, err)
		}
		var before alert.Standing
		err = s.Write(t.Context(), store.Full, func(tx *store.Tx) (err error) {
			before, err = tx.SetStanding(id, alert.Standing{Disposition: alert.Active, By: "key:x", Reason: "it is none of ours"})
			return err
		})
		if err != nil || before.Disposition != alert.Declined || before.By != "ingest.rego:7" {
			t.Errorf("before: %+v, %v", before, err)
		}
		if got := titles(t, s, store.AlertFilter{Dispositions: []alert.Disposition{alert.Active}}); len(got) != 1 {
			t.Errorf("active: %v", got)
		}
		if a, _ := s.Alert(t.Context(), id); a.By != "key:x" || a.Reason != "it is none of ours" {
			t.Errorf("%+v", a.Standing)
		}
		err = s.Write(t.Context(), store.Full, func(tx *store.Tx) error {
			_, err := tx.SetStanding(id+1, alert.Standing{Disposition: alert.Active})
			return err
		})
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("moving an alert that is not there: %v", err)
		}
		if _, err := s.StandingOf(t.Context(), id+1); !fault.Is(err, fault.NotFound) {
			t.Errorf("an alert that is not there stands: %v", err)
		}
		if _, err := s.Alert(t.Context(), id+1); !fault.Is(err, fault.NotFound) {
			t.Errorf("an alert that is not there: %v", err)
		}
	})
}

// DESK-10: each rule shows how often it matched.
func TestRulesCountWhatTheyBroughtIn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		rule := func(r string) func(*alert.Alert) { return func(a *alert.Alert) { a.Rule = r } }
		w.bring(s, thing("one", rule("scan")), thing("two", rule("scan")), thing("one", rule("scan")), thing("x", rule("rare")))
		w.pass(time.Hour)
		w.bring(s, thing("one", rule("scan")), thing("z", rule("rare"), func(a *alert.Alert) { a.Standing.Disposition = alert.Declined }))
		err := s.Write(t.Context(), store.Rebuildable, func(tx *store.Tx) error {
			return tx.Save(&store.Batch{Refused: []store.RefusedBasis{{Source: "edr", Rule: "rare", Problem: "the basis is empty"}}})
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Rules(t.Context(), "edr", 10)
		want := []store.Rule{
			{Source: "edr", Name: "scan", Alerts: 2, Sightings: 2, LastAt: dawn.Add(time.Hour)},
			{Source: "edr", Name: "rare", Alerts: 2, Declined: 1, Refused: 1, LastAt: dawn.Add(time.Hour), Problem: "the basis is empty"},
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		if all, err := s.Rules(t.Context(), "", 1); err != nil || len(all) != 1 || all[0].Name != "scan" {
			t.Errorf("the busiest: %+v, %v", all, err)
		}
		if none, err := s.Rules(t.Context(), "nobody", 10); err != nil || len(none) != 0 {
			t.Errorf("of nobody: %+v, %v", none, err)
		}
	})
}
