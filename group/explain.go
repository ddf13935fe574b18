package group

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"yagura/alert"
)

const (
	// sampled bounds how many alerts of a group are searched for what they share;
	// what more than half of a group has in common is in any such sample.
	sampled = 64
	// told bounds how many shared things, and how many differences, are told.
	told = 3
	// counted bounds how many alerts are counted.
	counted = 20_000
	// maxDistinct bounds how many different values are counted.
	maxDistinct = 10_000
)

// Explain says in one sentence each why alerts belong together and what differs
// between them, in plain English: "same user alice and same process mimikatz.exe
// on web-01, within 4 minutes" and "40 hosts, 2 rules". Values are at most 60
// characters, without control characters. The same alerts in the same order give
// the same sentences; of very many only some are searched for what they share.
func Explain(alerts []*alert.Alert) (why, differs string) {
	switch len(alerts) {
	case 0:
		return "no alerts", ""
	case 1:
		return alone(alerts[0]), ""
	}
	shared, spread := count(alerts)
	within := "within " + duration(alerts)
	if len(shared) == 0 {
		return "linked one by one by what they share, " + within, spread
	}
	return strings.Join(shared[:len(shared)-1], ", ") + and(len(shared)) + shared[len(shared)-1] + ", " + within, spread
}

func and(n int) string {
	if n > 1 {
		return " and "
	}
	return ""
}

// alone words an alert that nothing is like.
func alone(a *alert.Alert) string {
	r := reader{}
	for _, k := range []kind{host, user, ip, resource, domain} {
		for _, t := range r.read(a) {
			if t.kind == k {
				return fmt.Sprintf("alone: nothing like it about %s within a day", words(t))
			}
		}
	}
	return "nothing is like it"
}

// words names a thing: "host web-01".
func words(t thing) string {
	show := clean(t.show)
	if t.kind == process { // host/process id/image
		if at := strings.Split(t.show, "/"); len(at) >= 3 {
			on, _, _ := strings.Cut(at[0], ".")
			show = fmt.Sprintf("%s on %s", clean(at[len(at)-1]), clean(on))
		}
	}
	if show == "" {
		show = "(unreadable)"
	}
	return kindNames[t.kind] + " " + show
}

// tally is one thing that several alerts share.
type tally struct {
	thing
	n int
}

// count finds what most alerts share, worded, and how much they differ.
func count(alerts []*alert.Alert) (shared []string, differs string) {
	r := reader{}
	tallies := map[key]*tally{}
	step := max(1, len(alerts)/sampled)
	for i := 0; i < len(alerts); i += step {
		for _, t := range r.read(alerts[i]) {
			if tallies[t.key] == nil && !t.mentioned {
				tallies[t.key] = &tally{thing: t}
			}
		}
	}
	distinct := map[kind]map[string]bool{host: {}, user: {}, ip: {}, flood: {}}
	all, step := 0, (len(alerts)+counted-1)/counted
	for i := 0; i < len(alerts); i += step {
		a := alerts[i]
		all++
		if rule := ruleOf(a); len(distinct[flood]) < maxDistinct {
			distinct[flood][rule] = true
		}
		for _, t := range r.read(a) {
			if have := tallies[t.key]; have != nil {
				have.n++
			}
			if d := distinct[t.kind]; d != nil && len(d) < maxDistinct && !t.mentioned {
				d[t.value] = true
			}
		}
	}
	differs = different(distinct)
	if step > 1 {
		differs = "at least " + differs
	}
	return common(tallies, all, distinct), differs
}

// common words the things that more than half of the alerts share, those of all
// first, then the strongest kinds.
func common(tallies map[key]*tally, all int, distinct map[kind]map[string]bool) []string {
	var list []*tally
	for _, t := range tallies {
		if 2*t.n > all {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b *tally) int {
		if a.n != b.n {
			return b.n - a.n
		}
		if a.kind != b.kind {
			return int(a.kind) - int(b.kind)
		}
		return strings.Compare(a.value, b.value)
	})
	var out []string
	seen := map[kind]bool{}
	if len(distinct[flood]) == 1 {
		for rule := range distinct[flood] {
			if rule = clean(rule); rule != "" {
				out = append(out, "same rule "+rule)
			}
		}
	}
	for _, t := range list {
		if len(out) == told {
			break
		}
		if seen[t.kind] || t.kind == command && seen[process] {
			continue
		}
		seen[t.kind] = true
		said := "same " + words(t.thing)
		if t.n < all {
			said += fmt.Sprintf(" (%d of %d)", t.n, all)
		}
		out = append(out, said)
	}
	return out
}

// different words what differs, the larger numbers first.
func different(distinct map[kind]map[string]bool) string {
	names := map[kind]string{host: "hosts", user: "users", ip: "addresses", flood: "rules"}
	kinds := []kind{host, user, ip, flood}
	slices.SortStableFunc(kinds, func(a, b kind) int { return len(distinct[b]) - len(distinct[a]) })
	var out []string
	for _, k := range kinds {
		switch n := len(distinct[k]); {
		case n >= maxDistinct:
			out = append(out, fmt.Sprintf("more than %d %s", maxDistinct-1, names[k]))
		case n > 1:
			out = append(out, fmt.Sprintf("%d %s", n, names[k]))
		}
	}
	if len(out) == 0 {
		return "only the time"
	}
	return strings.Join(out[:min(len(out), told)], ", ")
}

// duration words the time from the first to the last alert.
func duration(alerts []*alert.Alert) string {
	first, last := alerts[0].SeenAt, alerts[0].SeenAt
	for _, a := range alerts {
		if a.SeenAt.Before(first) {
			first = a.SeenAt
		}
		if a.SeenAt.After(last) {
			last = a.SeenAt
		}
	}
	return lasting(last.Sub(first))
}

// lasting words a duration, rounded up, in its largest fitting unit.
func lasting(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{time.Second, "second"}, {time.Minute, "minute"}, {time.Hour, "hour"}, {24 * time.Hour, "day"}} {
		limit := 60
		switch u.unit {
		case time.Hour:
			limit = 48
		case 24 * time.Hour:
			limit = 1 << 30
		}
		n := int((d + u.unit - 1) / u.unit)
		if n <= 1 {
			return "one " + u.name
		}
		if n <= limit {
			return fmt.Sprintf("%d %ss", n, u.name)
		}
	}
	return "a long time"
}
