package scenarios

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// labelled are the alerts that the tests of lists look for.
func labelled(t *testing.T, s *server) {
	t.Helper()
	s.source(t, "east", "lab", "may_decline", true)
	s.source(t, "west", "lab")
	s.source(t, "any", "generic")
	for _, m := range []struct {
		src    string
		fields map[string]any
		d      draft
	}{
		{"east", nil, draft{
			"title": "Beacon to a rare host", "rule": "C2/Beacon", "severity": "high", "seen_at": "2026-03-01T10:00:00Z",
			"description": "seen by \"the east tower\" at dawn", "tags": []string{"network", "night"}, "techniques": []string{"T1071.001"},
			"observables": []map[string]string{{"type": "ip", "value": "203.0.113.7"}, {"type": "domain", "value": "lantern.example.com"}},
		}},
		{"east", nil, draft{
			"title": "Login from afar", "rule": "Auth Far", "severity": "low", "seen_at": "2026-03-01T11:00:00Z",
			"tags": []string{"night"}, "observables": []map[string]string{{"type": "user", "value": "kaede"}, {"type": "ip", "value": "198.51.100.20"}},
		}},
		{"west", nil, draft{
			"title": "攻撃を検知しました", "rule": "日本語の規則", "severity": "critical", "seen_at": "2026-03-01T09:00:00Z",
			"description": "ratio foo:bar 100% of _ and % and \\ and 'quoted'", "observables": []map[string]string{{"type": "ip", "value": "2001:db8::7"}},
		}},
		{"west", nil, draft{"title": "Bucket open", "rule": "Posture", "severity": "medium", "condition": "present", "seen_at": "2026-03-01T12:00:00Z"}},
		{"east", map[string]any{"decline": "only a drill"}, draft{"title": "Drill of the guard", "rule": "Drill", "severity": "info", "seen_at": "2026-03-01T08:00:00Z"}},
		{"east", map[string]any{"triage": map[string]any{"disposition": "notice", "reason": "for the record"}}, draft{"title": "Gate report", "rule": "Report", "severity": "info"}},
		{"east", map[string]any{"triage": map[string]any{"disposition": "closed"}}, draft{"title": "Closed at once", "rule": "Noise", "severity": "low"}},
	} {
		if out := s.post(t, m.src, labWith(t, m.fields, m.d)); out.State != "processed" {
			t.Fatalf("%v: %+v", m.d, out)
		}
	}
}

// DESK-15, MIND-10, FEED-03
func TestListFilters(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		labelled(t, s)
		const (
			beacon, login, attack, bucket = "Beacon to a rare host", "Login from afar", "攻撃を検知しました", "Bucket open"
			drill, report, closed         = "Drill of the guard", "Gate report", "Closed at once"
		)
		all := []string{closed, report, bucket, attack, login, beacon}
		tests := map[string]struct {
			params []string
			want   []string
		}{
			"nothing: all but declined, newest first": {nil, all},
			"source":                         {[]string{"source", "west"}, []string{bucket, attack}},
			"two sources":                    {[]string{"source", "west,east", "severity", "critical,high"}, []string{attack, beacon}},
			"source given twice":             {[]string{"source", "west", "source", "east", "rule", "Posture"}, []string{bucket}},
			"kind":                           {[]string{"kind", "lab", "source", "west"}, []string{bucket, attack}},
			"another kind":                   {[]string{"kind", "generic"}, []string{}},
			"severity":                       {[]string{"severity", "high"}, []string{beacon}},
			"severity in capitals":           {[]string{"severity", "HIGH"}, []string{beacon}},
			"rule with a comma's neighbour":  {[]string{"rule", "Auth Far"}, []string{login}},
			"rule beyond ASCII":              {[]string{"rule", "日本語の規則"}, []string{attack}},
			"rule is whole":                  {[]string{"rule", "Auth"}, []string{}},
			"observable":                     {[]string{"observable", "203.0.113.7"}, []string{beacon}},
			"observable, defanged":           {[]string{"observable", "203[.]0[.]113[.]7"}, []string{beacon}},
			"observable, defanged domain":    {[]string{"observable", "lantern[.]example[.]com"}, []string{beacon}},
			"observable, IPv6 at length":     {[]string{"observable", "2001:0db8:0:0:0:0:0:7"}, []string{attack}},
			"range of addresses":             {[]string{"observable", "198.51.100.0/24"}, []string{login}},
			"two observables, both required": {[]string{"observable", "203.0.113.7", "observable", "lantern.example.com"}, []string{beacon}},
			"two observables of two alerts":  {[]string{"observable", "203.0.113.7", "observable", "kaede"}, []string{}},
			"tag":                            {[]string{"tag", "night"}, []string{login, beacon}},
			"two tags":                       {[]string{"tag", "night", "tag", "network"}, []string{beacon}},
			"technique":                      {[]string{"technique", "T1071.001"}, []string{beacon}},
			"declined":                       {[]string{"disposition", "declined"}, []string{drill}},
			"active and declined":            {[]string{"disposition", "active,declined"}, []string{drill, bucket, attack, login, beacon}},
			"notice":                         {[]string{"disposition", "notice"}, []string{report}},
			"closed":                         {[]string{"disposition", "closed"}, []string{closed}},
			"seen_from":                      {[]string{"seen_from", "2026-03-01T11:00:00Z", "seen_to", "2026-03-02T00:00:00Z"}, []string{bucket, login}},
			"seen_to is exclusive":           {[]string{"seen_to", "2026-03-01T09:00:00Z"}, []string{}},
			"seen_to":                        {[]string{"seen_to", "2026-03-01T09:00:01Z"}, []string{attack}},
			"from a duration back":           {[]string{"from", "1h"}, all},
			"from the future":                {[]string{"from", "2069-01-01"}, []string{}},
			"to the past":                    {[]string{"to", "2026-01-02"}, []string{}},
			"all together": {[]string{
				"source", "east", "severity", "high", "rule", "C2/Beacon", "q", "rare", "observable", "203.0.113.0/24", "tag", "network",
				"kind", "lab", "disposition", "active", "seen_from", "2026-03-01", "seen_to", "2026-03-02", "from", "1h",
			}, []string{beacon}},
			"sort by seen_at":         {[]string{"sort", "seen_at", "seen_to", "2026-03-02"}, []string{attack, beacon, login, bucket}},
			"sort by -seen_at":        {[]string{"sort", "-seen_at", "seen_to", "2026-03-02"}, []string{bucket, login, beacon, attack}},
			"sort by -severity":       {[]string{"sort", "-severity", "disposition", "active"}, []string{attack, beacon, bucket, login}},
			"sort by received_at":     {[]string{"sort", "received_at"}, []string{beacon, login, attack, bucket, report, closed}},
			"sort a search":           {[]string{"sort", "seen_at", "tag", "night"}, []string{beacon, login}},
			"unknown names of things": {[]string{"source", "nosuch", "rule", "no such"}, []string{}},
		}
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				got := s.titles(t, tt.params...)
				if !slices.Equal(got, tt.want) {
					t.Errorf("got  %q\nwant %q", got, tt.want)
				}
			})
		}
	})
}

func TestQuestions(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		labelled(t, s)
		const beacon, login, attack = "Beacon to a rare host", "Login from afar", "攻撃を検知しました"
		tests := map[string]struct {
			q    string
			want []string
		}{
			"a word":                           {"beacon", []string{beacon}},
			"part of a word":                   {"eaco", []string{beacon}},
			"three letters":                    {"aco", []string{beacon}},
			"two characters of Japanese":       {"攻撃", []string{attack}},
			"two characters within a word":     {"検知", []string{attack}},
			"two words, both required":         {"rare beacon", []string{beacon}},
			"two words of two alerts":          {"beacon afar", []string{}},
			"a phrase":                         {`"to a rare"`, []string{beacon}},
			"a phrase out of order":            {`"rare to a"`, []string{}},
			"the description":                  {"dawn", []string{beacon}},
			"a phrase with a word":             {`"east tower" beacon`, []string{beacon}},
			"a quote that never ends":          {`"to a rare`, []string{beacon}},
			"an observable's value":            {"lantern.example", []string{beacon}},
			"a known name":                     {"source:east severity:high", []string{beacon}},
			"a known name in capitals":         {"Severity:HIGH", []string{beacon}},
			"a known name with a phrase":       {`rule:"Auth Far"`, []string{login}},
			"observable by name":               {"observable:198.51.100.20", []string{login}},
			"tag by name, and a word":          {"tag:night login", []string{login}},
			"disposition by name":              {"disposition:declined", []string{"Drill of the guard"}},
			"an unknown name is text":          {"foo:bar", []string{attack}},
			"an unknown name that is nowhere":  {"baz:qux", []string{}},
			"a quoted name is text":            {`"severity:high"`, []string{}},
			"wildcards are letters":            {"100%", []string{attack}},
			"an underscore is a letter":        {"bea_on", []string{}},
			"a backslash":                      {`\ and`, []string{attack}},
			"a single quote":                   {"'quoted'", []string{attack}},
			"SQL is text":                      {"' OR 1=1 --", []string{}},
			"an operator of full-text search":  {"beacon NOT rare", []string{}},
			"brackets":                         {"(beacon", []string{}},
			"a star":                           {"beac*", []string{}},
			"letters' case and width":          {"ＢＥＡＣＯＮ", []string{beacon}},
			"white space alone":                {"  　 ", []string{"Closed at once", "Gate report", "Bucket open", attack, login, beacon}},
			"NUL is left out":                  {"bea\x00con", []string{beacon}},
			"words of an invalid kind of text": {"\xff\xfe", []string{}},
		}
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				got := s.titles(t, "q", tt.q)
				if !slices.Equal(got, tt.want) {
					t.Errorf("q=%q: got %q, want %q", tt.q, got, tt.want)
				}
			})
		}
	})
}

func TestQuestionsThatCannotBeAsked(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		tests := map[string][]string{
			"severity":          {"severity", "dreadful"},
			"severity in q":     {"q", "severity:dreadful"},
			"disposition":       {"disposition", "gone"},
			"sort":              {"sort", "title"},
			"limit":             {"limit", "501"},
			"negative limit":    {"limit", "-1"},
			"limit of words":    {"limit", "many"},
			"from":              {"from", "yesterday"},
			"cursor":            {"cursor", "not one of ours"},
			"too long a word":   {"q", strings.Repeat("long", 200)},
			"too many words":    {"q", strings.Repeat("word ", 40)},
			"a misspelt filter": {"severty", "critical"},
			"too many severity": {"source", strings.Repeat("s,", 60)},
		}
		for name, params := range tests {
			t.Run(name, func(t *testing.T) {
				a := s.ask(t, http.MethodGet, "/api/v1/alerts?"+query(params...), nil)
				if a.status != http.StatusUnprocessableEntity && a.status != http.StatusBadRequest {
					t.Fatalf("answered %d: %.300s", a.status, a.body)
				}
				a.detail()
			})
		}
	})
}

// The default window goes by receipt, not by the product's clock.
func TestDefaultWindowGoesByReceipt(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		var now atomic.Int64
		day := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
		now.Store(day.UnixNano())
		s := start(t, db, clock(func() time.Time { return time.Unix(0, now.Load()).UTC() }))
		s.source(t, "lab", "lab")
		s.one(t, "lab", draft{"title": "Old news, just in", "rule": "r1", "seen_at": "2025-01-01T00:00:00Z"})
		now.Store(day.Add(100 * 24 * time.Hour).UnixNano())
		s.one(t, "lab", draft{"title": "Fresh", "rule": "r2", "seen_at": "2025-01-01T00:00:00Z"})
		if got := s.titles(t); !slices.Equal(got, []string{"Fresh"}) {
			t.Errorf("without from: %q", got)
		}
		if got := s.titles(t, "from", "101d"); !slices.Equal(got, []string{"Fresh", "Old news, just in"}) {
			t.Errorf("with from: %q", got)
		}
		if got := s.titles(t, "from", "2026-04-30", "to", "2026-05-02"); !slices.Equal(got, []string{"Old news, just in"}) {
			t.Errorf("from and to: %q", got)
		}
		if got := len(s.deliveries(t)); got != 1 {
			t.Errorf("%d deliveries in the default window, want 1", got)
		}
	})
}

func TestPagesAndFacets(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "lab", "lab")
		severities := []string{"low", "medium", "high"}
		const total = 47
		for i := range total {
			s.hook(t, "lab", lab(t, draft{
				"title": fmt.Sprintf("Number %02d", i), "rule": fmt.Sprint("r", i), "severity": severities[i%3],
				"seen_at": fmt.Sprintf("2026-03-%02dT00:00:00Z", 1+i%7),
			})).must(http.StatusAccepted)
		}
		until(t, "all are listed", func() bool { return len(s.list(t, "limit", "500").Items) == total })
		for _, sort := range []string{"", "received_at", "-received_at", "seen_at", "-seen_at", "severity", "-severity"} {
			t.Run("every page once, sorted by "+sort, func(t *testing.T) {
				whole := s.titles(t, "sort", sort, "limit", "500")
				var got []string
				cursor, pages := "", 0
				for {
					p := s.list(t, "sort", sort, "limit", "10", "cursor", cursor)
					pages++
					for _, a := range p.Items {
						got = append(got, a.Title)
					}
					if pages == 2 { // what comes in meanwhile moves nothing
						s.post(t, "lab", lab(t, draft{"title": "Late " + sort, "rule": "late" + sort, "severity": "info", "seen_at": "2026-02-01T00:00:00Z"}))
					}
					if cursor = p.Next; cursor == "" {
						break
					}
				}
				got = slices.DeleteFunc(got, func(t string) bool { return strings.HasPrefix(t, "Late "+sort) && !slices.Contains(whole, t) })
				if !slices.Equal(got, whole) {
					t.Errorf("pages: %q\nwhole: %q", got, whole)
				}
				if pages < 5 {
					t.Errorf("%d pages of ten", pages)
				}
			})
		}
		t.Run("pages of a search", func(t *testing.T) {
			seen := map[string]int{}
			cursor := ""
			for {
				p := s.list(t, "q", "number", "limit", "7", "cursor", cursor)
				for _, a := range p.Items {
					seen[a.Title]++
				}
				if cursor = p.Next; cursor == "" {
					break
				}
			}
			for title, n := range seen {
				if n != 1 {
					t.Errorf("%s is on %d pages", title, n)
				}
			}
			if len(seen) != total {
				t.Errorf("%d found, want %d", len(seen), total)
			}
		})
		t.Run("facets", func(t *testing.T) {
			for _, params := range [][]string{{"facets", "true", "q", "number"}, {"facets", "true", "severity", "high", "q", "number"}} {
				p := s.list(t, append(params, "limit", "500")...)
				if p.Facets == nil || p.Facets.Total != len(p.Items) || p.Facets.Source["lab"] != len(p.Items) || p.Facets.Severity["high"] != 15 && p.Facets.Severity["high"] != 16 {
					t.Errorf("%v: facets %+v of %d", params, p.Facets, len(p.Items))
				}
			}
			var f facets
			s.ask(t, http.MethodGet, "/api/v1/alerts/facets", nil).must(http.StatusOK).into(&f)
			if all := len(s.list(t, "limit", "500").Items); f.Total != all || f.Kind["lab"] != all || f.Disposition["active"] != all || f.Capped {
				t.Errorf("facets %+v of %d", f, all)
			}
		})
	})
}
