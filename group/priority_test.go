package group

import (
	"slices"
	"strings"
	"testing"

	"yagura/alert"
)

func TestPriorityIsTheSumOfItsReasons(t *testing.T) {
	t.Parallel()
	for _, sev := range alert.Severities() {
		for _, seen := range []int{0, 2, 500} {
			for _, rules := range []int{1, 2, 9} {
				score, factors := Priority(Weighed{Severity: sev, Seen: seen, Days: min(seen, 80), Rules: rules, Sources: rules, Action: alert.Blocked})
				sum := 0
				for _, f := range factors {
					sum += f.Points
					if f.Text == "" {
						t.Error("a reason without words")
					}
				}
				if sum != score {
					t.Errorf("%d points are reasoned with %d", score, sum)
				}
			}
		}
	}
}

// What is routine stands lower, but never below what is milder by a step and new.
func TestWhatIsRoutineIsLoweredNotHidden(t *testing.T) {
	t.Parallel()
	routine, why := Priority(Weighed{Severity: alert.High, Seen: 900, Days: 60, Rules: 1, Sources: 1})
	plain, _ := Priority(Weighed{Severity: alert.High, Seen: 20, Days: 3, Rules: 1, Sources: 1})
	milder, _ := Priority(Weighed{Severity: alert.Medium, Seen: 20, Days: 3, Rules: 1, Sources: 1})
	if routine >= plain || routine <= milder {
		t.Errorf("routine %d, not routine %d, milder %d", routine, plain, milder)
	}
	if !slices.ContainsFunc(why, func(f Factor) bool { return strings.Contains(f.Text, "60 of the last 90 days") }) {
		t.Errorf("reasons %v", why)
	}
}

func TestWhatMattersToTheOrganisationStandsHigher(t *testing.T) {
	t.Parallel()
	w := Weighed{Severity: alert.Medium, Seen: 20, Days: 3, Rules: 1, Sources: 1}
	plain, _ := Priority(w)
	w.Asset = &Asset{Type: alert.Host, Value: "db01", Owner: "dba team", Importance: Critical}
	critical, why := Priority(w)
	w.Asset.Importance = Unimportant
	low, _ := Priority(w)
	if low >= plain || plain >= critical {
		t.Errorf("unimportant %d, unknown %d, critical %d", low, plain, critical)
	}
	if !slices.ContainsFunc(why, func(f Factor) bool { return strings.Contains(f.Text, "db01") && strings.Contains(f.Text, "dba team") }) {
		t.Errorf("reasons %v", why)
	}
}
