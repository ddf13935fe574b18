package group

import (
	"fmt"

	"yagura/alert"
)

// Factor is one reason why a line of the queue stands where it does.
type Factor struct {
	Points int    `json:"points" doc:"what it adds to the priority; negative lowers the line"`
	Text   string `json:"text" doc:"the reason, one phrase"`
}

// Weighed is what the priority of a line is made of.
type Weighed struct {
	Severity alert.Severity // the highest of its alerts
	Action   alert.Action   // of the worst alert
	Seen     int            // alerts of the worst alert's rule and source in the HistoryDays before it
	Days     int            // on how many of those days
	Rules    int            // different rules in the group
	Sources  int            // different sources in the group
	Asset    *Asset         // the most important that its worst alert names; nil where none is declared
}

// HistoryDays is how far back a rule's habit is looked at.
const HistoryDays = 90

// What a rule's habit means: RoutineDays of HistoryDays is routine, RareAlerts at
// most is rare.
const (
	RoutineDays = 10
	RareAlerts  = 3
)

var severityPoints = map[alert.Severity]int{
	alert.Info: 5, alert.Low: 20, alert.Medium: 40, alert.High: 60, alert.Critical: 80,
}

// Priority weighs a line: the sum of its factors, and the factors, the severity's
// first. What is routine lowers a line by less than a step of severity: it never
// hides one.
func Priority(w Weighed) (score int, factors []Factor) {
	add := func(points int, format string, args ...any) {
		score += points
		factors = append(factors, Factor{points, fmt.Sprintf(format, args...)})
	}
	add(severityPoints[w.Severity], "severity %s", w.Severity)
	switch {
	case w.Seen == 0:
		add(15, "first alert of this rule in %d days", HistoryDays)
	case w.Seen <= RareAlerts:
		add(8, "rare: %s of this rule in %d days", numbered(w.Seen, "alert"), HistoryDays)
	case w.Days >= RoutineDays:
		add(-15, "routine: this rule spoke on %d of the last %d days", w.Days, HistoryDays)
	}
	if w.Rules > 1 {
		add(min(5*(w.Rules-1), 15), "%d different rules agree", w.Rules)
	}
	if w.Sources > 1 {
		add(5, "%d sources agree", w.Sources)
	}
	if points := importancePoints[assetImportance(w.Asset)]; points != 0 {
		owner := ""
		if w.Asset.Owner != "" {
			owner = ", of " + w.Asset.Owner
		}
		add(points, "%s %s is of %s importance%s", w.Asset.Type, clip(w.Asset.Value), w.Asset.Importance, clip(owner))
	}
	switch w.Action {
	case alert.Blocked, alert.Quarantined:
		add(-5, "the product %s it", w.Action)
	case alert.Allowed:
		add(5, "the product let it pass")
	}
	return score, factors
}

var importancePoints = map[Importance]int{Unimportant: -10, Important: 10, Critical: 20}

func assetImportance(a *Asset) Importance {
	if a == nil {
		return Normal
	}
	return a.Importance
}

// clip bounds a value within a reason, in characters.
func clip(s string) string {
	const most = 80
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

func numbered(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
