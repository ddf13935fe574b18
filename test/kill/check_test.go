package kill

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"
)

// kept is what the server shows at the end.
type kept struct {
	deliveries []delivery // every one, as lists show them
	alerts     []alert
	tallies    map[string]int // facet counts of severities, without any filter
	total      int            // facet total
}

type delivery struct {
	ID, State, Reason string
	Alerts            int
}

type alert struct {
	ID, Title, Severity string
	Delivery            string
	Sightings           struct{ Count int }
}

// problems compares what is kept with what senders were told: every
// acknowledged delivery there exactly once and processed, each thing one alert
// with as many sightings as were acknowledged, tallies equal to what is listed.
// unsure are messages whose sender heard no answer: they may be there, once.
func (l *ledger) problems(k kept) []string {
	var wrong []string
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	seen := map[string]int{}
	unsure := 0
	for _, d := range k.deliveries {
		seen[d.ID]++
		if d.State != "processed" {
			say("delivery %s is %s: %s", d.ID, d.State, d.Reason)
		}
		if _, ok := l.acked[d.ID]; !ok {
			unsure++
		}
	}
	for _, id := range slices.Sorted(maps.Keys(l.acked)) {
		if seen[id] != 1 {
			say("delivery %s was acknowledged to %s and is there %d times", id, l.acked[id], seen[id])
		}
	}
	things := map[string]alert{}
	severities := map[string]int{}
	for _, a := range k.alerts {
		if other, ok := things[a.Title]; ok {
			say("%q is two alerts, %s and %s", a.Title, other.ID, a.ID)
		}
		things[a.Title] = a
		severities[a.Severity]++
	}
	extra := 0
	for thing, n := range l.sent {
		a, ok := things[thing]
		switch {
		case !ok:
			say("%q was acknowledged %d times and is no alert", thing, n)
		case a.Sightings.Count < n:
			say("%q was acknowledged %d times and counts %d sightings", thing, n, a.Sightings.Count)
		default:
			extra += a.Sightings.Count - n
		}
	}
	for title, a := range things {
		if l.sent[title] == 0 {
			extra += a.Sightings.Count
		}
	}
	if most := 3 * unsure; extra > most { // a message holds three things at most
		say("%d sightings too many, with %d deliveries of which no sender knows", extra, unsure)
	}
	if k.total != len(k.alerts) || !maps.Equal(severities, k.tallies) {
		say("tallies say %d alerts, %v; listed are %d, %v", k.total, k.tallies, len(k.alerts), severities)
	}
	return wrong
}

// kept reads everything that the node shows.
func (n *node) kept() kept {
	n.t.Helper()
	var k kept
	for cursor := ""; ; {
		var p struct {
			Items []delivery
			Next  string
		}
		n.call(http.MethodGet, "/api/v1/deliveries?limit=500&cursor="+url.QueryEscape(cursor), nil, &p)
		k.deliveries = append(k.deliveries, p.Items...)
		if cursor = p.Next; cursor == "" {
			break
		}
	}
	for cursor := ""; ; {
		var p struct {
			Items []alert
			Next  string
		}
		n.call(http.MethodGet, "/api/v1/alerts?limit=500&cursor="+url.QueryEscape(cursor), nil, &p)
		k.alerts = append(k.alerts, p.Items...)
		if cursor = p.Next; cursor == "" {
			break
		}
	}
	var f struct {
		Severity map[string]int
		Total    int
	}
	n.call(http.MethodGet, "/api/v1/alerts/facets", nil, &f)
	k.tallies, k.total = f.Severity, f.Total
	return k
}

// report fails the test with what is wrong, at most the first few.
func (l *ledger) report(t *testing.T, k kept) {
	t.Helper()
	wrong := l.problems(k)
	for i, w := range wrong {
		if i == 20 {
			t.Errorf("and %d more", len(wrong)-i)
			break
		}
		t.Error(w)
	}
	if len(l.acked) == 0 {
		t.Error("nothing was acknowledged: the test proves nothing")
	}
}

// The checker itself must be able to fail.
func TestTheCheckerFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	told := func() *ledger {
		l := newLedger()
		l.note(t, message{"m-1", []string{"a", "b"}}, "D-1")
		l.note(t, message{"m-2", []string{"a"}}, "D-2")
		return l
	}
	whole := func() kept {
		a, b := alert{ID: "A-1", Title: "a", Severity: "low", Delivery: "D-1"}, alert{ID: "A-1-1", Title: "b", Severity: "high", Delivery: "D-1"}
		a.Sightings.Count, b.Sightings.Count = 2, 1
		return kept{
			deliveries: []delivery{{"D-2", "processed", "", 1}, {"D-1", "processed", "", 2}},
			alerts:     []alert{b, a}, tallies: map[string]int{"low": 1, "high": 1}, total: 2,
		}
	}
	if wrong := told().problems(whole()); len(wrong) != 0 {
		t.Fatalf("nothing is wrong, yet: %v", wrong)
	}
	tests := map[string]func(*kept){
		"a lost delivery":        func(k *kept) { k.deliveries = k.deliveries[:1] },
		"a delivery twice":       func(k *kept) { k.deliveries = append(k.deliveries, k.deliveries[0]) },
		"a delivery that waits":  func(k *kept) { k.deliveries[0].State = "received" },
		"a delivery that failed": func(k *kept) { k.deliveries[0].State = "failed" },
		"a lost alert":           func(k *kept) { k.alerts, k.total, k.tallies = k.alerts[:1], 1, map[string]int{"high": 1} },
		"an alert twice":         func(k *kept) { k.alerts = append(k.alerts, k.alerts[0]) },
		"a sighting lost":        func(k *kept) { k.alerts[1].Sightings.Count = 1 },
		"a sighting too many":    func(k *kept) { k.alerts[1].Sightings.Count = 3 },
		"an alert of nobody": func(k *kept) {
			x := alert{ID: "A-9", Title: "x", Severity: "low"}
			x.Sightings.Count = 1
			k.alerts = append(k.alerts, x)
			k.total++
			k.tallies["low"]++
		},
		"a tally that is off":         func(k *kept) { k.tallies["low"] = 2 },
		"a total that is off":         func(k *kept) { k.total = 3 },
		"a tally of another severity": func(k *kept) { k.tallies = map[string]int{"low": 2} },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := whole()
			spoil(&k)
			if wrong := told().problems(k); len(wrong) == 0 {
				t.Error("nobody noticed")
			}
		})
	}
}
