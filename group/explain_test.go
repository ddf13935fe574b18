package group

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"yagura/alert"
)

func TestExplainSaysWhyAndWhatDiffers(t *testing.T) {
	t.Parallel()
	var scan []*alert.Alert
	for i := range 40 {
		scan = append(scan, ruled(made(i+1, time.Duration(i)*minute, "ip:203.0.113.9", fmt.Sprintf("host:pc-%d", i)), "Port scan"))
	}
	tests := map[string]struct {
		alerts       []*alert.Alert
		why, differs string
	}{
		"one user and process": {
			[]*alert.Alert{
				made(1, 0, "user:tgs2z", "=process:win10v.corp.example.com/4312/mimikatz.exe"),
				made(2, 4*minute, "user:tgs2z", "=process:win10v.corp.example.com/4312/mimikatz.exe"),
			},
			"same process mimikatz.exe on win10v and same user tgs2z, within 4 minutes", "2 rules",
		},
		"a scan":          {scan, "same rule Port scan and same ip 203.0.113.9, within 39 minutes", "40 hosts"},
		"a chain":         {[]*alert.Alert{made(1, 0, "host:a"), made(2, 0, "host:a", "host:b"), made(3, time.Hour, "host:b"), made(4, 2*time.Hour, "host:c")}, "linked one by one by what they share, within 2 hours", "4 rules, 3 hosts"},
		"most of them":    {[]*alert.Alert{made(1, 0, "host:a"), made(2, 0, "host:a"), made(3, time.Second, "host:b")}, "same host a (2 of 3), within one second", "3 rules, 2 hosts"},
		"twice the same":  {[]*alert.Alert{ruled(made(1, 0, "host:a"), "x"), ruled(made(2, 90*time.Second, "host:a"), "x")}, "same rule x and same host a, within 2 minutes", "only the time"},
		"a lone one":      {[]*alert.Alert{made(1, 0, "ip:203.0.113.9", "host:web-01")}, "alone: nothing like it about host web-01 within a day", ""},
		"one of no thing": {[]*alert.Alert{made(1, 0)}, "nothing is like it", ""},
		"none":            {nil, "no alerts", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			why, differs := Explain(tt.alerts)
			if why != tt.why || differs != tt.differs {
				t.Errorf("%q, %q\nwant %q, %q", why, differs, tt.why, tt.differs)
			}
		})
	}
}

func TestExplainTakesHostileValues(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		hostile := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
			"\u202eexe.evil", "a\x00b\nc", strings.Repeat("long ", 400), "\xff\xfe\xfd", "\u2066x\u2069", "///", "😀" + strings.Repeat("é", 200), "\U000e0041",
		}))
		var alerts []*alert.Alert
		for i := range rapid.IntRange(1, 4).Draw(t, "n") {
			a := made(i+1, 0)
			a.Rule = hostile.Draw(t, "rule")
			for _, o := range []alert.ObservableType{alert.Host, alert.User, alert.IP, alert.URL} {
				a.Observables = append(a.Observables, alert.Observable{Type: o, Value: hostile.Draw(t, "value")})
			}
			for _, e := range alert.EntityTypes() {
				a.Entities = append(a.Entities, alert.Entity{Type: e, Value: hostile.Draw(t, "entity"), Aliases: []string{hostile.Draw(t, "alias")}})
			}
			alerts = append(alerts, a)
		}
		why, differs := Explain(alerts)
		x := NewIndex(nil)
		said := []string{why, differs}
		for _, a := range alerts {
			for _, r := range x.Place(a).Reasons {
				if utf8.RuneCountInString(r.Value) > maxWord {
					t.Fatalf("a reason of %d characters", utf8.RuneCountInString(r.Value))
				}
				said = append(said, r.Value)
			}
		}
		for _, s := range said {
			if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.C, r) }) || utf8.RuneCountInString(s) > 600 {
				t.Fatalf("said %q", s)
			}
		}
	})
}

func TestExplainIsTheSameEachTimeAndBounded(t *testing.T) {
	t.Parallel()
	alerts := stream(100_000)
	begin := time.Now()
	why, differs := Explain(alerts)
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("100,000 alerts took %v", took)
	}
	for range 3 {
		again, also := Explain(alerts)
		if again != why || also != differs {
			t.Errorf("%q, %q and then %q, %q", why, differs, again, also)
		}
	}
	if !strings.HasPrefix(differs, "at least ") {
		t.Errorf("a count of some is told as one of all: %q", differs)
	}
	mixed := []*alert.Alert{made(1, 0, "host:a", "user:alice", "ip:203.0.113.9", "domain:x.example"), made(2, 0, "host:a", "user:alice", "ip:203.0.113.9", "domain:x.example")}
	first, _ := Explain(mixed)
	slices.Reverse(mixed)
	if second, _ := Explain(mixed); first != second {
		t.Errorf("%q in order, %q in reverse", first, second)
	}
}
