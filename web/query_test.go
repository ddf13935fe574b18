package web

import (
	"slices"
	"strings"
	"testing"
	"time"

	"yagura/alert"
	"yagura/store"
)

func TestWordsReadsFieldsPhrasesAndText(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		q    string
		want store.AlertFilter
	}{
		"words":                             {"lateral movement", store.AlertFilter{Words: []string{"lateral", "movement"}}},
		"a phrase":                          {`"lateral movement" now`, store.AlertFilter{Words: []string{"lateral movement", "now"}}},
		"a known name":                      {"source:okta-prod failed", store.AlertFilter{Sources: []string{"okta-prod"}, Words: []string{"failed"}}},
		"a known name with a phrase":        {`rule:"ET SCAN Nmap"`, store.AlertFilter{Rules: []string{"ET SCAN Nmap"}}},
		"another name is text":              {"foo:bar http://x.example", store.AlertFilter{Words: []string{"foo:bar", "http://x.example"}}},
		"a known name in quotes is text":    {`"source:okta"`, store.AlertFilter{Words: []string{"source:okta"}}},
		"a name without a value is text":    {"source:", store.AlertFilter{Words: []string{"source:"}}},
		"severities":                        {"severity:high,critical", store.AlertFilter{Severities: []alert.Severity{alert.High, alert.Critical}}},
		"an observable with colons":         {"observable:2001:db8::1", store.AlertFilter{Observables: []string{"2001:db8::1"}}},
		"an open quote runs to the end":     {`"a b`, store.AlertFilter{Words: []string{"a b"}}},
		"a Japanese space parts words":      {"攻撃　検知", store.AlertFilter{Words: []string{"攻撃", "検知"}}},
		"a path of Windows keeps its slash": {`C:\Windows\System32`, store.AlertFilter{Words: []string{`C:\Windows\System32`}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got store.AlertFilter
			if err := words(&got, tt.q); err != nil {
				t.Fatal(err)
			}
			for _, c := range []struct {
				field     string
				got, want []string
			}{
				{"words", got.Words, tt.want.Words},
				{"sources", got.Sources, tt.want.Sources},
				{"rules", got.Rules, tt.want.Rules},
				{"observables", got.Observables, tt.want.Observables},
			} {
				if !slices.Equal(c.got, c.want) {
					t.Errorf("%s: %q, want %q", c.field, c.got, c.want)
				}
			}
			if !slices.Equal(got.Severities, tt.want.Severities) {
				t.Errorf("severities: %v, want %v", got.Severities, tt.want.Severities)
			}
		})
	}
}

func TestMomentReadsTimesAndDurationsBack(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"":                          {},
		"2026-03-01":                time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
		"2026-03-01T09:00:00+09:00": time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
		"2026-03-01T09:00:00 09:00": time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), // an unescaped plus
		"24h":                       time.Date(2026, 3, 9, 12, 0, 0, 0, time.UTC),
		"7d":                        time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC),
	} {
		got, err := moment("from", text, now)
		if err != nil || !got.Equal(want) {
			t.Errorf("%q: %v %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"yesterday", "-5h", "99999d", "2026-13-01", "d"} {
		if _, err := moment("from", text, now); err == nil || !strings.Contains(err.Error(), "from") {
			t.Errorf("%q: error %v, want one that names the parameter", text, err)
		}
	}
}

// FuzzFilter: whatever is asked for, the answer is a filter or a sentence, and
// no word of the query is lost.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{"", `"`, "a:b", "severity:high", `tag:"x y" z`, "observable:198.51.100.0/24", "disposition:declined 攻撃", "\x00\xff", strings.Repeat(`"`, 50)} {
		f.Add(s, s, s)
	}
	now := time.Now()
	f.Fuzz(func(t *testing.T, q, list, from string) {
		in := AlertQuery{Q: q, Source: []string{list}, Severity: []string{list}, Observable: []string{list}, From: from}
		got, err := in.filter(now)
		if err != nil {
			return
		}
		if !got.From.IsZero() && got.From.After(now.AddDate(8000, 0, 0)) {
			t.Errorf("from %q became %v", from, got.From)
		}
		n := 0
		for _, w := range cutWords(q) {
			if w.text == "" {
				t.Error("an empty word")
			}
			n++
		}
		fields := len(got.Words) + len(got.Sources) + len(got.Kinds) + len(got.Rules) + len(got.Observables) + len(got.Tags) + len(got.Techniques) + len(got.Dispositions)
		if fields < n-len(got.Severities) && len(got.Severities) == 0 {
			t.Errorf("%q has %d words, %d were kept", q, n, fields)
		}
	})
}
