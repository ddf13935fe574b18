package scenarios

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// Messages late by a week, from next year, and replayed in reverse: right
// order, right windows, marked. // DESK-01
func TestTimesThatAreNotNow(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		var now atomic.Int64
		day := time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
		now.Store(day.UnixNano())
		s := start(t, db, clock(func() time.Time { return time.Unix(0, now.Load()).UTC() }))
		s.source(t, "lab", "lab", "window", "24h")
		seen := func(rule string, d time.Duration) item {
			now.Add(int64(time.Second))
			return s.one(t, "lab", draft{"title": rule, "rule": rule, "fingerprint": []string{"gate"}, "seen_at": day.Add(d).Format(time.RFC3339Nano)})
		}
		week := seen("late by a week", -7*24*time.Hour)
		year := seen("from next year", 366*24*time.Hour)
		skew := seen("a minute ahead", time.Minute)
		fresh := seen("just now", 0)
		old := seen("of another century", -40*365*24*time.Hour)
		if !week.SeenAt.Equal(day.Add(-7*24*time.Hour)) || !slices.Contains(week.Marks, "late") {
			t.Errorf("late: seen at %s, marks %v", week.SeenAt, week.Marks)
		}
		if !year.SeenAt.Equal(year.ReceivedAt) || !slices.Contains(year.Marks, "future") {
			t.Errorf("from next year: seen at %s, received at %s, marks %v", year.SeenAt, year.ReceivedAt, year.Marks)
		}
		if skew.SeenAt.After(skew.ReceivedAt) || len(skew.Marks) != 0 {
			t.Errorf("a minute ahead: seen at %s, received at %s, marks %v", skew.SeenAt, skew.ReceivedAt, skew.Marks)
		}
		if len(fresh.Marks) != 0 {
			t.Errorf("just now: marks %v", fresh.Marks)
		}
		if want := day.Add(-40 * 365 * 24 * time.Hour); !old.SeenAt.Equal(want) || !slices.Contains(old.Marks, "late") {
			t.Errorf("old: seen at %s, want %s, marks %v", old.SeenAt, want, old.Marks)
		}
		if got, want := s.titles(t, "sort", "seen_at"), []string{"of another century", "late by a week", "just now", "from next year", "a minute ahead"}; !slices.Equal(got, want) {
			t.Errorf("by seen_at: %q, want %q", got, want)
		}
		if got, want := s.titles(t), []string{"of another century", "just now", "a minute ahead", "from next year", "late by a week"}; !slices.Equal(got, want) {
			t.Errorf("by receipt: %q, want %q", got, want)
		}
	})
}

func TestARunReplayedInReverseIsOneAlert(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "lab", "lab", "window", "1h")
		begin := at("2026-03-01T00:00:00Z")
		message := func(rule string, i int) draft {
			return draft{"title": rule, "rule": rule, "fingerprint": []string{"gate"}, "seen_at": begin.Add(time.Duration(i) * 30 * time.Minute).Format(time.RFC3339), "description": fmt.Sprint(i)}
		}
		const n = 12 // six hours, never an hour apart
		orders := map[string]func(i int) int{"in order": func(i int) int { return i }, "in reverse": func(i int) int { return n - 1 - i }}
		for name, order := range orders {
			t.Run(name, func(t *testing.T) {
				var a item
				for i := range n {
					a = s.one(t, "lab", message(name, order(i)))
				}
				if a.Sightings.Count != n || !a.Sightings.First.Equal(begin) || !a.Sightings.Last.Equal(begin.Add((n-1)*30*time.Minute)) {
					t.Errorf("sightings %+v", a.Sightings)
				}
				if got := len(s.list(t, "rule", name).Items); got != 1 {
					t.Errorf("%d alerts, want 1", got)
				}
			})
		}
	})
}
