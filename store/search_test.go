package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yagura/alert"
	"yagura/fault"
	"yagura/store"
)

func observe(t alert.ObservableType, values ...string) func(*alert.Alert) {
	return func(a *alert.Alert) {
		for _, v := range values {
			a.Observables = append(a.Observables, alert.Observable{Type: t, Value: v})
		}
	}
}

func describe(text string) func(*alert.Alert) { return func(a *alert.Alert) { a.Description = text } }

// same makes two alerts of different titles the same thing.
func same(name string) func(*alert.Alert) { return func(a *alert.Alert) { a.EventID = name } }

func searchable(w *world, s *store.Store) {
	w.bring(s,
		thing("brute", describe("Failed password for invalid user admin from 198.51.100.7 port 4711 ssh2"), observe(alert.IP, "198.51.100.7"), observe(alert.User, "Admin")),
		thing("container", describe("A shell was spawned in a container (user=root shell=bash parent=runc cmdline=bash -c 'curl x')")),
		thing("japanese", describe("サーバーへのブルートフォース攻撃を検知しました。ﾎｽﾄ名: web-01")),
		thing("wide", describe("ＦＵＬＬ　ＷＩＤＴＨ ＡＢＣ１２３ and Straße and ÉCOLE")),
		thing("tagged", func(a *alert.Alert) {
			a.Tags, a.Techniques = []string{"Prod", "花火"}, []string{"T1110.001", "T1059"}
			a.Attributes = []alert.Attribute{{Key: "region", Value: "ap-northeast-1"}, {Key: "count", Value: "9007199254740993"}}
			a.Link = "https://console.example.com/finding/abc?id=42"
			a.Rule = "UnauthorizedAccess:EC2/SSHBruteForce"
		}),
		thing("operators", describe(`NEAR(a b) AND NOT "quoted" OR x* ^caret 50% _under_ \back {brace} it's; -- end`)),
		thing("emoji", describe("deployed 🚀🔥✨ to prod")),
		thing("hangul", describe("공격이 탐지되었습니다")),
	)
	w.pass(time.Minute)
	w.bring(s,
		thing("repeated", describe("the first text")),
		thing("repeated", describe("the first text")),
		thing("repeated again", same("repeated"), describe("wording of a later occurrence"), observe(alert.Host, "late-host"), func(a *alert.Alert) { a.Tags = []string{"latecomer"} }),
	)
}

// DESK-16: search finds any substring of three letters and any two CJK characters.
func TestSearchFindsSubstrings(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		words []string
		want  []string
	}{
		"a word":                       {[]string{"password"}, []string{"brute"}},
		"three letters within a word":  {[]string{"ssw"}, []string{"brute"}},
		"letter case":                  {[]string{"fAILED PassWORD"}, []string{"brute"}},
		"a phrase":                     {[]string{"invalid user admin"}, []string{"brute"}},
		"a phrase in another order":    {[]string{"user invalid admin"}, nil},
		"two words, both there":        {[]string{"password", "4711"}, []string{"brute"}},
		"two words, one absent":        {[]string{"password", "runc"}, nil},
		"across punctuation":           {[]string{"(user=root"}, []string{"container"}},
		"over a word's end":            {[]string{"d in a con"}, []string{"container"}},
		"absent":                       {[]string{"no such thing"}, nil},
		"absent, of known grams":       {[]string{"wordpass"}, nil},
		"two kanji":                    {[]string{"攻撃"}, []string{"japanese"}},
		"two kana":                     {[]string{"ブル"}, []string{"japanese"}},
		"kana and kanji":               {[]string{"フォース攻撃を検知"}, []string{"japanese"}},
		"half-width kana":              {[]string{"ﾌﾞﾙｰﾄﾌｫｰｽ"}, []string{"japanese"}},
		"written in half-width":        {[]string{"ホスト名"}, []string{"japanese"}},
		"kanji in another order":       {[]string{"撃攻"}, nil},
		"CJK and Latin":                {[]string{"攻撃", "web-01"}, []string{"japanese"}},
		"Hangul":                       {[]string{"탐지"}, []string{"hangul"}},
		"full width":                   {[]string{"full width abc123"}, []string{"wide"}},
		"full width in the query":      {[]string{"ｓｔｒａße"}, []string{"wide"}},
		"accents":                      {[]string{"école"}, []string{"wide"}},
		"emoji":                        {[]string{"🚀🔥✨"}, []string{"emoji"}},
		"title":                        {[]string{"brute"}, []string{"tagged", "brute"}},
		"rule":                         {[]string{"ec2/sshbrute"}, []string{"tagged"}},
		"tag":                          {[]string{"花火"}, []string{"tagged"}},
		"technique":                    {[]string{"t1110"}, []string{"tagged"}},
		"attribute":                    {[]string{"northeast"}, []string{"tagged"}},
		"exact number":                 {[]string{"9007199254740993"}, []string{"tagged"}},
		"number off by one":            {[]string{"9007199254740992"}, nil},
		"link":                         {[]string{"finding/abc?id=42"}, []string{"tagged"}},
		"observable":                   {[]string{"198.51.100"}, []string{"brute"}},
		"operators of full text":       {[]string{"near(a b) and not"}, []string{"operators"}},
		"a quoted word":                {[]string{`"quoted"`}, []string{"operators"}},
		"a star is a star":             {[]string{"x* ^caret"}, []string{"operators"}},
		"percent is a percent":         {[]string{"50%"}, []string{"operators"}},
		"percent is no wildcard":       {[]string{"pass%word"}, nil},
		"underscore is no wildcard":    {[]string{"pass_ord"}, nil},
		"star is no wildcard":          {[]string{"passw*"}, nil},
		"a backslash":                  {[]string{`\back {brace} it's; --`}, []string{"operators"}},
		"two letters, short":           {[]string{"zz"}, nil},
		"two letters":                  {[]string{"=b"}, []string{"container"}},
		"short beside long":            {[]string{"spawned", "-c"}, []string{"container"}},
		"words of a sighting":          {[]string{"later occurrence"}, []string{"repeated"}},
		"words of the first":           {[]string{"first text"}, []string{"repeated"}},
		"words of two sightings":       {[]string{"first text", "later occurrence"}, nil},
		"a title of a sighting":        {[]string{"repeated again"}, []string{"repeated"}},
		"spaces around":                {[]string{"  password  "}, []string{"brute"}},
		"no phrase crosses two fields": {[]string{"brute failed"}, nil},
	}
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		searchable(w, s)
		for name, c := range tests {
			got := titles(t, s, store.AlertFilter{Words: c.words})
			if c.want == nil {
				c.want = []string{}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s: %q: %s", name, c.words, diff)
			}
			sorted := titles(t, s, store.AlertFilter{Words: c.words, Sort: "received_at", Limit: 1})
			if len(sorted) != len(c.want) {
				t.Errorf("%s: %q, oldest first: %q", name, c.words, sorted)
			}
		}
	})
}

// Every substring of three letters and of two CJK characters, one by one.
func TestSearchFindsEverySubstringOfAText(t *testing.T) {
	t.Parallel()
	text := "Köln GmbH: 10.20.30.40 → powershell.exe -enc SQBFAFgA 東京都のサーバ cafe\u0301"
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		w.bring(s, thing("one", describe(text)), thing("other", describe("something else")))
		runes := []rune(text)
		for i := range runes {
			for _, n := range []int{3, 5, 9} {
				if i+n > len(runes) {
					continue
				}
				part := string(runes[i : i+n])
				if len([]rune(strings.TrimSpace(part))) < 3 || strings.HasPrefix(part, "\u0301") || strings.HasSuffix(string(runes[:i+n]), "cafe") {
					continue // half a letter is none
				}
				if got := titles(t, s, store.AlertFilter{Words: []string{part}}); len(got) != 1 || got[0] != "one" {
					t.Errorf("%q finds %q", part, got)
				}
			}
		}
		for _, part := range []string{"東京", "京都", "都の", "のサ", "サー", "ーバ"} {
			if got := titles(t, s, store.AlertFilter{Words: []string{part}}); len(got) != 1 {
				t.Errorf("%q finds %q", part, got)
			}
		}
	})
}

// DESK-09: an alert is found by its observables, however they are written.
func TestAlertsAreFoundByObservables(t *testing.T) {
	t.Parallel()
	sha := strings.Repeat("0a", 32)
	tests := map[string]struct {
		values []string
		want   []string
	}{
		"address":                 {[]string{"192.0.2.10"}, []string{"v4 low"}},
		"defanged address":        {[]string{"192[.]0[.]2[.]10"}, []string{"v4 low"}},
		"part of an address":      {[]string{"192.0.2.1"}, nil},
		"IPv6, short":             {[]string{"2001:db8::1"}, []string{"v6"}},
		"IPv6, long, upper case":  {[]string{"2001:0DB8:0:0:0:0:0:1"}, []string{"v6"}},
		"IPv4 within IPv6":        {[]string{"::ffff:192.0.2.10"}, []string{"v4 low"}},
		"domain":                  {[]string{"Evil.Example.com"}, []string{"names"}},
		"defanged domain":         {[]string{"evil[.]example[.]com"}, []string{"names"}},
		"defanged URL":            {[]string{"hxxps://evil[.]example[.]com/a?b=c"}, []string{"names"}},
		"hash in upper case":      {[]string{strings.ToUpper(sha)}, []string{"names"}},
		"e-mail":                  {[]string{"Bob@example.com"}, []string{"names"}},
		"CVE":                     {[]string{"cve-2026-12345"}, []string{"names"}},
		"file":                    {[]string{`c:\windows\temp\X.EXE`}, []string{"names"}},
		"two, of one alert":       {[]string{"evil.example.com", sha}, []string{"names"}},
		"two, of different ones":  {[]string{"evil.example.com", "192.0.2.10"}, nil},
		"of a sighting":           {[]string{"late-host"}, []string{"repeated"}},
		"absent":                  {[]string{"203.0.113.200"}, nil},
		"/32":                     {[]string{"192.0.2.10/32"}, []string{"v4 low"}},
		"/25, lower half":         {[]string{"192.0.2.0/25"}, []string{"v4 low"}},
		"/25, upper half":         {[]string{"192.0.2.128/25"}, []string{"v4 high"}},
		"/24":                     {[]string{"192.0.2.0/24"}, []string{"v4 high", "v4 low"}},
		"/24, host bits set":      {[]string{"192.0.2.77/24"}, []string{"v4 high", "v4 low"}},
		"/24, defanged":           {[]string{"192[.]0[.]2[.]0/24"}, []string{"v4 high", "v4 low"}},
		"/24, its neighbours":     {[]string{"192.0.1.0/24"}, []string{"v4 before"}},
		"/22":                     {[]string{"192.0.0.0/22"}, []string{"v4 after", "v4 high", "v4 low", "v4 before"}},
		"/1 and no IPv6":          {[]string{"128.0.0.0/1"}, []string{"v4 after", "v4 high", "v4 low", "v4 before"}},
		"/0 is no range":          {[]string{"0.0.0.0/0"}, nil},
		"v6 /64":                  {[]string{"2001:db8::/64"}, []string{"v6"}},
		"v6 /48":                  {[]string{"2001:db8::/48"}, []string{"v6 next", "v6"}},
		"v6 /128":                 {[]string{"2001:db8::1/128"}, []string{"v6"}},
		"v6 /33, the other half":  {[]string{"2001:db8:8000::/33"}, nil},
		"two ranges":              {[]string{"192.0.2.0/24", "192.0.2.0/25"}, []string{"v4 low"}},
		"two ranges, disjoint":    {[]string{"192.0.2.0/25", "192.0.2.128/25"}, nil},
		"a range and a value":     {[]string{"192.0.2.0/24", "shared-host"}, []string{"v4 high", "v4 low"}},
		"a range and another":     {[]string{"192.0.2.0/24", "evil.example.com"}, nil},
		"a network, by its name":  {[]string{"198.51.100.0/24"}, []string{"net"}},
		"a hostile value":         {[]string{`' OR 1=1 --`}, nil},
		"empty":                   {[]string{""}, nil},
		"white space":             {[]string{"  192.0.2.10  "}, []string{"v4 low"}},
		"not a range: a path":     {[]string{"a/24"}, nil},
		"not a range: too narrow": {[]string{"192.0.2.0/33"}, nil},
	}
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		w.bring(s,
			thing("v4 before", observe(alert.IP, "192.0.1.255")),
			thing("v4 low", observe(alert.IP, "192.0.2.10"), observe(alert.Host, "shared-host")),
			thing("v4 high", observe(alert.IP, "192.0.2.255"), observe(alert.Host, "shared-host")),
			thing("v4 after", observe(alert.IP, "192.0.3.0")),
			thing("v6", observe(alert.IP, "2001:db8::1")),
			thing("v6 next", observe(alert.IP, "2001:db8:0:1::1")),
			thing("names", observe(alert.Domain, "evil.example.com"), observe(alert.URL, "https://evil.example.com/a?b=c"), observe(alert.Hash, sha),
				observe(alert.Email, "bob@example.com"), observe(alert.CVE, "CVE-2026-12345"), observe(alert.File, `C:\Windows\Temp\x.exe`)),
			thing("net", observe(alert.IP, "198.51.100.0/24")),
			thing("repeated"),
			thing("repeated", observe(alert.Host, "late-host")),
		)
		for name, c := range tests {
			got := titles(t, s, store.AlertFilter{Observables: c.values})
			if c.want == nil {
				c.want = []string{}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s: %q: %s", name, c.values, diff)
			}
		}
	})
}

func TestAlertsAreFoundByTagsTechniquesAndTime(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		mark := func(seen time.Duration, change ...func(*alert.Alert)) func(*alert.Alert) {
			return func(a *alert.Alert) {
				a.SeenAt = dawn.Add(seen)
				for _, c := range change {
					c(a)
				}
			}
		}
		tag := func(tags ...string) func(*alert.Alert) { return func(a *alert.Alert) { a.Tags = tags } }
		w.bring(s, thing("a", mark(-time.Hour, tag("prod", "web")), func(a *alert.Alert) { a.Techniques = []string{"T1110.001"} }))
		w.pass(time.Hour)
		w.bring(s, thing("b", mark(-2*time.Hour, tag("prod"))))
		w.pass(24 * time.Hour)
		w.bring(s, thing("c", mark(0, tag("dev")), func(a *alert.Alert) { a.Severity = alert.Critical }))
		all := []string{"c", "b", "a"}
		tests := map[string]struct {
			f    store.AlertFilter
			want []string
		}{
			"nothing asked":            {store.AlertFilter{}, all},
			"tag":                      {store.AlertFilter{Tags: []string{"prod"}}, []string{"b", "a"}},
			"tag in capitals":          {store.AlertFilter{Tags: []string{"PROD"}}, []string{"b", "a"}},
			"both tags":                {store.AlertFilter{Tags: []string{"prod", "web"}}, []string{"a"}},
			"part of a tag":            {store.AlertFilter{Tags: []string{"pro"}}, []string{}},
			"technique":                {store.AlertFilter{Techniques: []string{"t1110.001"}}, []string{"a"}},
			"tag and technique":        {store.AlertFilter{Tags: []string{"dev"}, Techniques: []string{"T1110.001"}}, []string{}},
			"tag and severity":         {store.AlertFilter{Tags: []string{"dev"}, Severities: []alert.Severity{alert.Critical}}, []string{"c"}},
			"tag and words":            {store.AlertFilter{Tags: []string{"prod"}, Words: []string{"R1"}}, []string{"b", "a"}},
			"from is inclusive":        {store.AlertFilter{From: dawn.Add(time.Hour)}, []string{"c", "b"}},
			"to is exclusive":          {store.AlertFilter{To: dawn.Add(time.Hour)}, []string{"a"}},
			"from and to":              {store.AlertFilter{From: dawn.Add(time.Minute), To: dawn.Add(2 * time.Hour)}, []string{"b"}},
			"from after to":            {store.AlertFilter{From: dawn.Add(3 * time.Hour), To: dawn.Add(time.Hour)}, []string{}},
			"before 2026":              {store.AlertFilter{From: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)}, []string{}},
			"far ahead":                {store.AlertFilter{From: time.Date(2060, 1, 1, 0, 0, 0, 0, time.UTC)}, []string{}},
			"seen from":                {store.AlertFilter{SeenFrom: dawn.Add(-time.Hour)}, []string{"c", "a"}},
			"seen to":                  {store.AlertFilter{SeenTo: dawn.Add(-time.Hour)}, []string{"b"}},
			"seen and source":          {store.AlertFilter{SeenTo: dawn, Sources: []string{"edr"}}, []string{"b", "a"}},
			"words and from":           {store.AlertFilter{Words: []string{"edr", "generic"}, From: dawn.Add(time.Hour)}, []string{}},
			"tag and to":               {store.AlertFilter{Tags: []string{"prod"}, To: dawn.Add(time.Minute)}, []string{"a"}},
			"sources are alternatives": {store.AlertFilter{Sources: []string{"edr", "fw"}}, all},
			"an unknown source":        {store.AlertFilter{Sources: []string{"fw"}}, []string{}},
			"an unknown kind":          {store.AlertFilter{Kinds: []string{"okta"}}, []string{}},
			"an unknown rule":          {store.AlertFilter{Rules: []string{"R9"}, Sources: []string{"edr"}}, []string{}},
		}
		for name, c := range tests {
			for _, limit := range []int{0, 1, 2} {
				c.f.Limit = limit
				if diff := cmp.Diff(c.want, titles(t, s, c.f)); diff != "" {
					t.Errorf("%s, limit %d: %s", name, limit, diff)
				}
			}
		}
		w.pass(store.DefaultWindow)
		if got := titles(t, s, store.AlertFilter{}); len(got) != 1 || got[0] != "c" {
			t.Errorf("without a time the list goes back %s, to the start of that day: %q", store.DefaultWindow, got)
		}
	})
}

// Hostile strings in every parameter: an answer or a sentence, never a failure.
func TestHostileParametersAreJustText(t *testing.T) {
	t.Parallel()
	hostile := []string{
		"'", `"`, `''`, `"" OR "`, "%", "_", `\`, "NEAR(", "AND", "OR NOT", "a AND b", `" *`, "*", "^", "col:x", "{a b}", "(", ")", "-", "+", "--", "/*", ";",
		"$1", "$99", "?", ":name", "\x00", "a\x00b", "\xff\xfe", "\xe6\x94", "\u202e", "😀", "' UNION SELECT 1 --", "1); DROP TABLE alert; --",
		strings.Repeat("a", 400), strings.Repeat("攻撃", 80), strings.Repeat("(", 300), "::/0", "0.0.0.0/0", "[.]", "hxxp://", "\r\n", "\t",
	}
	tooLong := strings.Repeat("x", 5000)
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		searchable(w, s)
		for _, h := range append(hostile, tooLong) {
			for name, f := range map[string]store.AlertFilter{
				"source": {Sources: []string{h}}, "sources": {Sources: []string{h, "edr"}}, "kind": {Kinds: []string{h}}, "rule": {Rules: []string{h}},
				"observable": {Observables: []string{h}}, "tag": {Tags: []string{h}}, "technique": {Techniques: []string{h}}, "word": {Words: []string{h}},
				"words": {Words: []string{"user", h}}, "disposition": {Dispositions: []alert.Disposition{alert.Disposition(h)}},
				"sort": {Sort: h}, "cursor": {Cursor: h}, "all": {Sources: []string{h}, Tags: []string{h}, Words: []string{h}, Observables: []string{h}},
			} {
				for _, sort := range []string{"", "seen_at"} {
					if name != "sort" {
						f.Sort = sort
					}
					if _, err := s.ListAlerts(t.Context(), f); err != nil && !fault.Is(err, fault.Invalid) {
						t.Errorf("%s %.20q: %v", name, h, err)
					}
				}
				if _, err := s.Facets(t.Context(), f); err != nil && !fault.Is(err, fault.Invalid) {
					t.Errorf("facets by %s %.20q: %v", name, h, err)
				}
			}
			for _, f := range []store.DeliveryFilter{{Source: h}, {State: "received", Source: h}, {State: "failed", Source: h}, {Cursor: h}} {
				if _, err := s.ListDeliveries(t.Context(), f); err != nil && !fault.Is(err, fault.Invalid) {
					t.Errorf("deliveries %.20q: %v", h, err)
				}
			}
			if _, err := s.Rules(t.Context(), h, 10); err != nil {
				t.Errorf("rules of %.20q: %v", h, err)
			}
		}
		for name, f := range map[string]store.AlertFilter{
			"too many values": {Tags: make([]string, 51)},
			"too many words":  {Words: strings.Fields(strings.Repeat("word ", 17))},
			"a long word":     {Words: []string{tooLong}},
			"limit":           {Limit: 501},
			"no limit":        {Limit: -1},
		} {
			if _, err := s.ListAlerts(t.Context(), f); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// Hostile text in every field of an alert is stored, shown and found alike on
// both databases.
func TestHostileTextIsStored(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		for i, h := range []string{"a\x00b nul", "\xff\xfe invalid", "'quoted\" \\ %", strings.Repeat("long ", 1000), "\u202eltr", strings.Repeat("\x00", 50)} {
			a := thing(h, func(a *alert.Alert) {
				a.EventID, a.Rule, a.Description = fmt.Sprint(i), h[:min(len(h), 200)], h
				a.Tags, a.Techniques = []string{h}, []string{h}
				a.Attributes = []alert.Attribute{{Key: h, Value: h}}
				a.Standing = alert.Standing{Disposition: alert.Notice, By: h, Reason: h}
			}, observe(alert.File, h))
			id := w.bring(s, a, a)[0]
			w.bring(s, thing(h+" again", func(a *alert.Alert) { a.EventID, a.Rule = fmt.Sprint(i), h[:min(len(h), 200)] }, observe(alert.Host, h+"host")))
			got, err := s.Alert(t.Context(), id)
			if err != nil || got.Sightings.Count != 3 {
				t.Fatalf("%.20q: %+v, %v", h, got, err)
			}
			for _, f := range []store.AlertFilter{{Tags: []string{h}}, {Rules: []string{got.Rule}}, {Rules: []string{h[:min(len(h), 200)]}}} {
				if list := titles(t, s, f); i < 5 && len(list) != 1 {
					t.Errorf("%.20q finds %.60q", h, list)
				}
			}
			if strings.Contains(got.By+got.Reason+got.Rule, "\x00") {
				t.Errorf("%.20q: NUL came back", h)
			}
			seen, err := s.Sightings(t.Context(), id)
			if err != nil || len(seen) != 2 {
				t.Errorf("%.20q: sightings %v, %v", h, seen, err)
			}
			d := got.ID.Delivery()
			if err := s.Write(t.Context(), store.Full, func(tx *store.Tx) error {
				if err := tx.Audit(h, h, h, h, h); err != nil {
					return err
				}
				return tx.Requeue([]alert.DeliveryID{d})
			}); err != nil {
				t.Errorf("%.20q: %v", h, err)
			}
		}
	})
}
