package pipeline

import (
	"testing"
	"time"

	"yagura/alert"
	"yagura/intake"
	"yagura/policy"
	"yagura/source"
)

// A replay must find every alert at the place it had, whatever became readable.
func TestPlacesDependOnTheMessageAlone(t *testing.T) {
	t.Parallel()
	yields := []int{2, 1, 0, 3}
	places := func(skip int) map[[2]int]int {
		s := shaped{messages: len(yields)}
		got := map[[2]int]int{}
		for n, k := range yields {
			for i := range k {
				if n != skip {
					got[[2]int{n, i}] = s.place(n, i)
				}
			}
		}
		return got
	}
	all := places(-1)
	seen := map[int]bool{}
	for at, p := range all {
		if seen[p] {
			t.Errorf("two alerts have place %d", p)
		}
		seen[p] = true
		for skip := range yields {
			if q, ok := places(skip)[at]; ok && q != p {
				t.Errorf("alert %v has place %d, and %d where message %d cannot be read", at, p, q, skip)
			}
		}
	}
}

func TestEveryPlaceCanBeTaken(t *testing.T) {
	t.Parallel()
	const messages = 1000
	s := shaped{messages: messages}
	seen := make([]bool, alert.MaxPerDelivery)
	take := func(n, i int) {
		p := s.place(n, i)
		if p < 0 || seen[p] {
			t.Fatalf("alert %d of message %d has place %d", i, n, p)
		}
		seen[p] = true
		s.occurrences = append(s.occurrences, occurrence{alert: &alert.Alert{ID: alert.DeliveryID(1).Alert(p)}})
	}
	for i := range 300 {
		take(7, i)
	}
	for n := range messages {
		if n != 7 {
			take(n, 0)
		}
	}
	for i := 300; len(s.occurrences) < alert.MaxPerDelivery; i++ {
		take(7, i)
	}
	if p := s.place(7, 1); p >= 0 {
		t.Errorf("place %d is given twice", p)
	}
}

func TestAnEnvelopesTimeThatStandsForNone(t *testing.T) {
	t.Parallel()
	received := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2026-03-01T11:59:00Z": received.Add(-time.Minute),
		"0001-01-01T00:00:00Z": received,
		"1970-01-01T00:00:00Z": received,
		"":                     received,
	} {
		var p Pipeline
		o := p.observe(source.Source{}, intake.Message{Time: text}, &policy.Draft{SeenUnknown: true}, 0, alert.DeliveryAt(received))
		if !o.alert.SeenAt.Equal(want) || len(o.alert.Marks) > 0 {
			t.Errorf("%q is seen at %s, %v, want %s", text, o.alert.SeenAt, o.alert.Marks, want)
		}
	}
}
