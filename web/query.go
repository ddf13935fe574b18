package web

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"yagura/alert"
	"yagura/fault"
	"yagura/store"
)

// filter turns the query's parameters into a filter.
func (q AlertQuery) filter(now time.Time) (f store.AlertFilter, err error) {
	f.Sources, f.Kinds, f.Rules = split(q.Source), split(q.Kind), nonEmpty(q.Rule)
	f.Unticketed = q.Ticket == "none"
	f.Observables, f.Tags, f.Techniques = nonEmpty(q.Observable), nonEmpty(q.Tag), split(q.Technique)
	if err := severities(&f, split(q.Severity)); err != nil {
		return f, err
	}
	for _, d := range split(q.Disposition) {
		f.Dispositions = append(f.Dispositions, alert.Disposition(strings.ToLower(d)))
	}
	if err := words(&f, q.Q); err != nil {
		return f, err
	}
	for _, t := range []struct {
		name, text string
		to         *time.Time
	}{{"from", q.From, &f.From}, {"to", q.To, &f.To}, {"seen_from", q.SeenFrom, &f.SeenFrom}, {"seen_to", q.SeenTo, &f.SeenTo}} {
		if *t.to, err = moment(t.name, t.text, now); err != nil {
			return f, err
		}
	}
	return f, nil
}

func severities(f *store.AlertFilter, names []string) error {
	for _, n := range names {
		v, ok := alert.ParseSeverity(n)
		if !ok {
			return fault.New(fault.Invalid, "severity %q: use info, low, medium, high or critical", n)
		}
		f.Severities = append(f.Severities, v)
	}
	return nil
}

// words reads q: words and "quoted phrases", and name:value for known names.
// A colon after any other name is text.
func words(f *store.AlertFilter, q string) error {
	for _, w := range cutWords(q) {
		name, value, ok := strings.Cut(w.text, ":")
		if w.quoted || !ok || value == "" {
			f.Words = append(f.Words, w.text)
			continue
		}
		switch strings.ToLower(name) {
		case "source":
			f.Sources = append(f.Sources, value)
		case "kind":
			f.Kinds = append(f.Kinds, value)
		case "rule":
			f.Rules = append(f.Rules, value)
		case "severity":
			if err := severities(f, strings.Split(value, ",")); err != nil {
				return err
			}
		case "observable":
			f.Observables = append(f.Observables, value)
		case "tag":
			f.Tags = append(f.Tags, value)
		case "technique":
			f.Techniques = append(f.Techniques, value)
		case "disposition":
			f.Dispositions = append(f.Dispositions, alert.Disposition(strings.ToLower(value)))
		default:
			f.Words = append(f.Words, w.text)
		}
	}
	return nil
}

type queryWord struct {
	text   string
	quoted bool
}

// cutWords cuts q at white space, but not within quotes; name:"a value" is one
// word. An opening quote without its closing one runs to the end.
func cutWords(q string) []queryWord {
	var list []queryWord
	var b strings.Builder
	quoted, inside := false, false
	flush := func() {
		if b.Len() > 0 {
			list = append(list, queryWord{b.String(), quoted})
		}
		b.Reset()
		quoted = false
	}
	for _, r := range q {
		switch {
		case r == '"':
			if !inside && b.Len() == 0 {
				quoted = true
			}
			inside = !inside
		case !inside && (r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\u3000'):
			flush()
		default:
			b.WriteRune(r)
		}
	}
	flush()
	return list
}

// split takes values given several times or parted by commas.
func split(values []string) []string {
	var out []string
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

func nonEmpty(values []string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(s string) bool { return strings.TrimSpace(s) == "" })
}

// moment reads a time: RFC 3339, a date, or a duration back from now (90m, 24h, 7d).
func moment(name, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	// A "+" of a zone that was not escaped arrives as a space.
	if t, err := time.Parse(time.RFC3339Nano, strings.Replace(text, " ", "+", 1)); err == nil {
		return t.UTC(), nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n <= 36500 {
			return now.AddDate(0, 0, -n).UTC(), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d).UTC(), nil
	}
	return time.Time{}, fault.New(fault.Invalid, "%s %q: use RFC 3339 such as 2026-01-31T09:00:00Z, a date, or a duration back such as 24h or 7d", name, text)
}

// most keeps the n largest counts.
func most(m map[string]int, n int) map[string]int {
	if len(m) <= n {
		return m
	}
	names := make([]string, 0, len(m))
	for k := range m {
		names = append(names, k)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(m[b], m[a]), cmp.Compare(a, b)) })
	out := make(map[string]int, n)
	for _, k := range names[:n] {
		out[k] = m[k]
	}
	return out
}
