package group

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yagura/alert"
)

// partition numbers the groups in the order of the alerts' ids, so that two can be compared.
func partition(alerts []*alert.Alert, at []ID) []int {
	byID := map[alert.ID]ID{}
	ids := make([]alert.ID, len(alerts))
	for i, a := range alerts {
		byID[a.ID], ids[i] = at[i], a.ID
	}
	slices.Sort(ids)
	number := map[ID]int{}
	var out []int
	for _, id := range ids {
		g := byID[id]
		if _, ok := number[g]; !ok {
			number[g] = len(number)
		}
		out = append(out, number[g])
	}
	return out
}

// some draws an alert about a few of few things, so that much is shared.
func some(t *rapid.T, id int, window time.Duration) *alert.Alert {
	about := rapid.SliceOfN(rapid.SampledFrom([]string{
		"host:a", "host:b", "host:c.corp.example.com", "user:alice", `user:CORP\bob`, "user:root", "ip:203.0.113.9", "ip:127.0.0.1", "domain:evil.example",
		"url:https://evil.example/x", "=process:a/1/x", "=message:m", "=command:psexec \\\\b cmd", "=user:carol", "email:x@example.com",
	}), 0, 5).Draw(t, "about")
	a := made(id, time.Duration(rapid.Int64Range(0, int64(window)).Draw(t, "after")), about...)
	a.Rule = rapid.SampledFrom([]string{"r1", "r2", ""}).Draw(t, "rule")
	return a
}

func TestChainsAreTheSameInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var chain []*alert.Alert
		for id := 1; id <= rapid.IntRange(2, 12).Draw(t, "n"); id++ {
			h := rapid.IntRange(0, 3).Draw(t, "host")
			// A machine and its user, never beside many others: no hub.
			chain = append(chain, made(id, time.Duration(rapid.IntRange(0, 300).Draw(t, "minute"))*minute, fmt.Sprintf("host:h%d", h), fmt.Sprintf("user:u%d", h)))
		}
		want := partition(chain, placed(NewIndex(nil), chain...))
		shuffled := slices.Clone(chain)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 1)) //nolint:gosec // an order, no secret
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if got := partition(shuffled, placed(NewIndex(nil), shuffled...)); !slices.Equal(got, want) {
			t.Fatalf("in another order %v, want %v", got, want)
		}
	})
}

func TestWhateverComesAPlacementHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x := NewIndex(nil)
		gone, closed, kept := map[ID]bool{}, map[ID]bool{}, map[ID]bool{}
		for id := 1; id <= rapid.IntRange(1, 40).Draw(t, "n"); id++ {
			a := some(t, id, 30*time.Hour)
			p := x.Place(a)
			switch {
			case slices.Contains(p.Merged, p.Group):
				t.Fatalf("%+v merges with itself", p)
			case gone[p.Group] || closed[p.Group]:
				t.Fatalf("%+v is in a group that is no more", p)
			case p.New && (p.Group != Of(a.ID) || len(p.Reasons) > 0):
				t.Fatalf("%+v is new", p)
			case !p.New && len(p.Reasons) == 0:
				t.Fatalf("%+v has no reason", p)
			case len(p.Merged) > 0 && kept[p.Group]:
				t.Fatalf("%+v merges what a person kept", p)
			case !slices.IsSortedFunc(p.Reasons, func(a, b Reason) int { return -int(4 * (a.Score - b.Score)) }):
				t.Fatalf("%+v is not in order", p)
			}
			sum := 0.0
			for _, r := range p.Reasons {
				sum += r.Score
			}
			if !p.New && sum < 1 {
				t.Fatalf("%+v sums to %v", p, sum)
			}
			for _, g := range p.Merged {
				if kept[g] || gone[g] {
					t.Fatalf("%+v merges what it may not", p)
				}
				gone[g] = true
			}
			switch rapid.IntRange(0, 12).Draw(t, "then") {
			case 0:
				x.Close(p.Group)
				closed[p.Group] = true
			case 1:
				x.Keep(p.Group)
				kept[p.Group] = true
			}
		}
	})
}

// A server that starts puts what the last one placed, and goes on as it would have.
func TestPuttingTheResultsRestoresWhatWasKnown(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var before, after []*alert.Alert
		n := rapid.IntRange(1, 12).Draw(t, "n")
		for id := 1; id <= n; id++ {
			h := rapid.IntRange(0, 3).Draw(t, "host")
			before = append(before, made(id, time.Duration(rapid.IntRange(0, 300).Draw(t, "minute"))*minute, fmt.Sprintf("host:h%d", h), fmt.Sprintf("user:u%d", rapid.IntRange(0, 3).Draw(t, "user"))))
		}
		for id := n + 1; id <= n+5; id++ {
			after = append(after, some(t, id, 6*time.Hour))
		}
		first := NewIndex(nil)
		at := placed(first, before...)
		second := NewIndex(nil)
		for i, a := range before {
			second.Put(a, at[i])
		}
		for _, a := range after {
			p, q := first.Place(a), second.Place(a)
			if p.Group != q.Group || p.New != q.New || !slices.Equal(p.Merged, q.Merged) {
				t.Fatalf("%v: before %+v, after a start %+v", a.Observables, p, q)
			}
		}
	})
}
