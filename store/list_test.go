package store_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yagura/alert"
	"yagura/store"
)

// order compares two alerts as a sort does.
func order(by string) func(a, b *store.StoredAlert) int {
	return func(a, b *store.StoredAlert) int {
		var c int
		switch strings.TrimPrefix(by, "-") {
		case "seen_at":
			c = a.SeenAt.Compare(b.SeenAt)
		case "severity":
			c = cmp.Compare(a.Severity, b.Severity)
		}
		c = cmp.Or(c, cmp.Compare(a.ID, b.ID))
		if strings.HasPrefix(by, "-") {
			return -c
		}
		return c
	}
}

// What is present at page one and does not move appears exactly once over all
// pages, in order, whatever is written between them. DESK-15
func TestPagingMissesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		n := 0
		add := func(rt *rapid.T, count int) {
			var list []alert.Alert
			for range count {
				n++
				list = append(list, thing(fmt.Sprintf("thing %d", n), func(a *alert.Alert) {
					a.Source = rapid.SampledFrom([]string{"edr", "fw"}).Draw(rt, "source")
					a.Rule = rapid.SampledFrom([]string{"R1", "R2"}).Draw(rt, "rule")
					a.Severity = rapid.SampledFrom(alert.Severities()).Draw(rt, "severity")
					a.SeenAt = dawn.Add(-time.Duration(rapid.IntRange(0, 5).Draw(rt, "seen")) * time.Minute) // many alike
					a.Tags = rapid.SampledFrom([][]string{nil, {"prod"}, {"prod", "web"}}).Draw(rt, "tags")
					a.Standing.Disposition = rapid.SampledFrom([]alert.Disposition{alert.Active, alert.Active, alert.Notice, alert.Declined}).Draw(rt, "disposition")
				}))
			}
			w.bring(s, list...)
		}
		rapid.Check(t, func(rt *rapid.T) {
			add(rt, rapid.IntRange(1, 6).Draw(rt, "alerts"))
			f := store.AlertFilter{
				Sort:         rapid.SampledFrom(store.Sorts()).Draw(rt, "sort"),
				Limit:        rapid.SampledFrom([]int{1, 2, 7, 50, 100}).Draw(rt, "limit"),
				Sources:      rapid.SampledFrom([][]string{nil, {"edr"}, {"edr", "fw"}}).Draw(rt, "sources"),
				Rules:        rapid.SampledFrom([][]string{nil, {"R2"}}).Draw(rt, "rules"),
				Severities:   rapid.SampledFrom([][]alert.Severity{nil, {alert.Info, alert.High}}).Draw(rt, "severities"),
				Tags:         rapid.SampledFrom([][]string{nil, nil, {"prod"}}).Draw(rt, "with tags"),
				Words:        rapid.SampledFrom([][]string{nil, nil, {"thing"}}).Draw(rt, "words"),
				Dispositions: rapid.SampledFrom([][]alert.Disposition{nil, nil, {alert.Active, alert.Notice}, {alert.Notice}}).Draw(rt, "dispositions"),
			}
			if rapid.Bool().Draw(rt, "by time") {
				f.SeenFrom = dawn.Add(-4 * time.Minute)
			}
			want := map[alert.ID]bool{}
			all, err := s.ListAlerts(context.Background(), store.AlertFilter{Limit: 500, Dispositions: alert.Dispositions()})
			if err != nil {
				rt.Fatal(err)
			}
			for _, a := range all.Items {
				if (len(f.Sources) == 0 || slices.Contains(f.Sources, a.Source)) && (len(f.Rules) == 0 || slices.Contains(f.Rules, a.Rule)) &&
					(len(f.Severities) == 0 || slices.Contains(f.Severities, a.Severity)) && (len(f.Tags) == 0 || len(a.Tags) > 0) &&
					(f.SeenFrom.IsZero() || !a.SeenAt.Before(f.SeenFrom)) &&
					(len(f.Dispositions) > 0 && slices.Contains(f.Dispositions, a.Disposition) || len(f.Dispositions) == 0 && a.Disposition != alert.Declined) {
					want[a.ID] = true
				}
			}
			if len(all.Items) == 500 {
				return // more than can be told apart here
			}
			seen := map[alert.ID]int{}
			var got []*store.StoredAlert
			writes := rapid.IntRange(0, 3).Draw(rt, "writes")
			for pages := 0; ; pages++ {
				page, err := s.ListAlerts(context.Background(), f)
				if err != nil {
					rt.Fatal(err)
				}
				if len(page.Items) > f.Limit {
					rt.Errorf("a page of %d has %d", f.Limit, len(page.Items))
				}
				if !page.Stopped.IsZero() && len(f.Words)+len(f.Tags) > 0 && f.Sort != "-received_at" {
					return // a slow machine: the search ran out of time and says so
				}
				for _, a := range page.Items {
					seen[a.ID]++
				}
				got = append(got, page.Items...)
				if f.Cursor = page.Next; f.Cursor == "" {
					break
				}
				if pages < writes {
					add(rt, 1)
				}
			}
			for id := range want {
				if seen[id] != 1 {
					rt.Errorf("%v comes %d times", id, seen[id])
				}
			}
			for id, n := range seen {
				if n != 1 {
					rt.Errorf("%v comes %d times", id, n)
				}
				if !want[id] && id <= all.Items[0].ID {
					rt.Errorf("%v does not belong there", id)
				}
			}
			if !slices.IsSortedFunc(got, order(f.Sort)) {
				rt.Errorf("not in the order of %s", f.Sort)
			}
		})
	})
}

// The same with a writer that does not wait for pages.
func TestPagingUnderConcurrentWrites(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		var list []alert.Alert
		for i := range 200 {
			list = append(list, thing(fmt.Sprintf("before %d", i), func(a *alert.Alert) { a.Severity = alert.Severity(i % 5) }))
		}
		present := w.bring(s, list...)
		stop, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					w.bring(s, thing(fmt.Sprintf("meanwhile %d", i), func(a *alert.Alert) { a.Severity = alert.Severity(i % 5) }), thing("before 7"))
				}
			}
		}()
		defer func() { close(stop); <-done }()
		for _, f := range []store.AlertFilter{
			{}, {Sort: "received_at"}, {Sort: "-seen_at"}, {Sort: "-severity"}, {Words: []string{"before"}}, {Sources: []string{"edr"}, Rules: []string{"R1"}},
		} {
			f.Limit = 17
			seen := map[alert.ID]int{}
			for range 500 {
				page, err := s.ListAlerts(t.Context(), f)
				if err != nil {
					t.Fatal(err)
				}
				last := false
				for _, a := range page.Items {
					seen[a.ID]++
					// Oldest first never ends while somebody writes.
					last = last || f.Sort == "received_at" && strings.HasPrefix(a.Title, "meanwhile")
				}
				if f.Cursor = page.Next; f.Cursor == "" || last {
					break
				}
			}
			for _, id := range present {
				if seen[id] != 1 {
					t.Errorf("%+v: %v comes %d times", f, id, seen[id])
				}
			}
		}
	})
}

// plant writes many alerts at once, n to each source, past the store.
func plant(t *testing.T, w *world, s *store.Store, sources []string, n int) {
	t.Helper()
	for i, src := range sources {
		first := w.bring(s, thing("first of "+src, func(a *alert.Alert) { a.Source, a.Rule = src, "rule of "+src }))[0]
		w.pass(time.Duration(n+10) * 10 * time.Microsecond)
		for _, order := range []string{
			`INSERT INTO alert (id, source, kind, rule, severity, seen_at, fingerprint, doc)
				WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
				SELECT a.id + n.i * 65536, a.source, a.kind, a.rule, n.i % 5, a.seen_at + n.i % 7, a.fingerprint, a.doc FROM alert a, n WHERE a.id = $2`,
			`INSERT INTO recurrence (fingerprint, source, alert, count, first_at, last_at, severity, condition, condition_at, text_hash, renewed_at, renewed_why)
				WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
				SELECT r.fingerprint, r.source, r.alert + n.i * 65536, 1, r.first_at, r.last_at, 0, '', 0, 0, 0, '' FROM recurrence r, n WHERE r.alert = $2`,
			`UPDATE tally SET n = n + $1 WHERE rule = (SELECT rule FROM alert WHERE id = $2)`,
		} {
			if _, err := w.sql().ExecContext(t.Context(), order, n, int64(first)); err != nil {
				t.Fatalf("source %d: %v", i, err)
			}
		}
	}
}

// DESK-15: a list that would look too far stops, says where, and goes on from there.
func TestAScanThatIsTooLongStopsAndSaysWhere(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		rare := w.bring(s, thing("the one", func(a *alert.Alert) { a.Source, a.Rule, a.Severity = "edr", "rule of fw", alert.Critical }))[0]
		plant(t, w, s, []string{"edr", "fw"}, 30_000)
		for _, f := range []store.AlertFilter{
			{Sources: []string{"edr"}, Rules: []string{"rule of fw"}},
			{Sources: []string{"edr"}, Rules: []string{"rule of fw"}, Sort: "-seen_at"},
			{Sources: []string{"edr"}, Rules: []string{"rule of fw"}, Sort: "severity"},
		} {
			stops, found, pages := 0, 0, 0
			for ; pages < 20; pages++ {
				page, err := s.ListAlerts(t.Context(), f)
				if err != nil {
					t.Fatal(err)
				}
				if !page.Stopped.IsZero() {
					stops++
					if page.Next == "" || page.Note == "" {
						t.Errorf("%+v stopped without saying how to go on: %+v", f, page)
					}
				}
				for _, a := range page.Items {
					found++
					if a.ID != rare {
						t.Errorf("%+v finds %s", f, a.Title)
					}
				}
				if f.Cursor = page.Next; f.Cursor == "" {
					break
				}
			}
			if stops == 0 || found != 1 {
				t.Errorf("%+v: found %d after %d stops on %d pages", f, found, stops, pages)
			}
		}
		// A search for something frequent within a source that has little of it.
		f := store.AlertFilter{Words: []string{"first of"}, Severities: []alert.Severity{alert.Critical}, Rules: []string{"rule of fw"}, Limit: 100}
		for range 50 {
			page, err := s.ListAlerts(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			if f.Cursor = page.Next; f.Cursor == "" {
				break
			}
		}
		if f.Cursor != "" {
			t.Error("the search does not end")
		}
	})
}

// DESK-10: an alert lists its last sightings, counts all, and shows what is new.
func TestSightingsAreCountedAndTheLastListed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		id := w.bring(s, thing("beacon", observe(alert.Host, "web-01")))[0]
		var list []alert.Alert
		for i := range store.MaxSightings + 20 {
			list = append(list, thing("beacon", observe(alert.Host, "web-01"), func(a *alert.Alert) { a.SeenAt = dawn.Add(time.Duration(i) * time.Second) }))
		}
		w.bring(s, list...)
		w.pass(time.Hour)
		w.bring(s, thing("beacon", observe(alert.Host, "web-01"), observe(alert.IP, "203.0.113.9"), func(a *alert.Alert) { a.Severity = alert.High }))
		a, err := s.Alert(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if a.Sightings.Count != store.MaxSightings+22 || !a.Sightings.First.Equal(a.SeenAt) || a.Sightings.Last.Before(dawn.Add(time.Hour)) {
			t.Errorf("%+v", a.Sightings)
		}
		if a.Severity != alert.High || a.RenewedWhy != "new observable ip 203.0.113.9" || a.RenewedAt.IsZero() {
			t.Errorf("severity %v, new again at %v because %q", a.Severity, a.RenewedAt, a.RenewedWhy)
		}
		seen, err := s.Sightings(t.Context(), id)
		if err != nil || len(seen) != store.MaxSightings {
			t.Fatalf("%d sightings, %v", len(seen), err)
		}
		if len(seen[0].Observables) != 1 || seen[0].Observables[0].Value != "203.0.113.9" || len(seen[1].Observables) != 0 {
			t.Errorf("the last sighting brought %v, the one before %v", seen[0].Observables, seen[1].Observables)
		}
		if !slices.IsSortedFunc(seen, func(a, b store.SightingOf) int { return cmp.Compare(b.ID, a.ID) }) {
			t.Error("sightings are not newest first")
		}
		of, err := s.AlertsOf(t.Context(), seen[0].Delivery)
		if err != nil || len(of) != 1 || of[0] != id {
			t.Errorf("the last delivery was seen as %v, %v", of, err)
		}
		if got := titles(t, s, store.AlertFilter{Observables: []string{"203.0.113.0/24"}}); len(got) != 1 {
			t.Errorf("by the sighting's address: %q", got)
		}
		some, err := s.Alerts(t.Context(), []alert.ID{id + 1, id, id + 2})
		if err != nil || len(some) != 1 || some[0].ID != id {
			t.Errorf("of three asked for: %v, %v", some, err)
		}
	})
}
