package scenarios

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"yagura/test/pg"
)

// hostile are bodies that nobody should send; must says what must come of each.
// state "" means that processed and failed are both right, as long as it is said
// and nothing breaks.
var hostile = map[string]struct {
	body   string
	state  string
	reason string // a failed one says at least this
}{
	"not JSON":               {"the gate stands open", "processed", ""},
	"half an object":         {`{"title":"Gate","severity":`, "", ""},
	"an object and a half":   {`{"title":"Gate"}{"title":`, "", ""},
	"empty":                  {"", "", ""},
	"white space":            {" \r\n\t ", "", ""},
	"null":                   {"null", "", ""},
	"a number":               {"42", "", ""},
	"a text":                 {`"gate"`, "", ""},
	"an empty object":        {"{}", "", ""},
	"an empty list":          {"[]", "processed", ""},
	"lists of lists":         {`[[[["gate"]]]]`, "", ""},
	"invalid UTF-8":          {"{\"title\":\"Gate \xff\xfe open\",\"severity\":\"high\"}", "processed", ""},
	"invalid UTF-8 in a key": {"{\"ti\xfftle\":\"Gate\",\"title\":\"Key\"}", "processed", ""},
	"NUL, raw":               {"{\"title\":\"Gate\x00open\"}", "", ""},
	"NUL, escaped":           {`{"title":"Gate\u0000open","host":"a\u0000b","user":"\u0000","ip":"192.0.2.9\u0000"}`, "processed", ""},
	"NUL in text":            {"the gate\x00stands open", "processed", ""},
	"nesting of 10,000":      {strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000), "failed", "200"},
	"lists of 10,000":        {strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), "failed", "200"},
	"brackets that open":     {strings.Repeat("[", 200_000), "", ""},
	"nesting of 150":         {`{"title":"Deep","a":` + strings.Repeat(`{"a":`, 150) + "1" + strings.Repeat("}", 150) + "}", "processed", ""},
	"duplicate keys":         {`{"title":"First","title":"Second","severity":"low","severity":"high"}`, "processed", ""},
	"a lone surrogate":       {`{"title":"Gate \ud800 open \udc00\ud800","host":"\udfff"}`, "processed", ""},
	"a huge text":            {`{"title":"` + strings.Repeat("long ", 200_000) + `"}`, "processed", ""},
	"a huge key":             {`{"title":"Key","` + strings.Repeat("k", 1_000_000) + `":1}`, "processed", ""},
	"many keys":              {`{"title":"Keys"` + manyKeys(20_000) + `}`, "processed", ""},
	"numbers of all sizes":   {`{"title":"N","a":1e400,"b":-1e-400,"c":123456789012345678901234567890,"d":0.1e-7,"e":-0}`, "", ""},
	"not a number":           {`{"title":"N","a":NaN,"b":Infinity}`, "", ""},
	"comments":               {"{\"title\":\"N\" /* c */}", "", ""},
	"a trailing comma":       {`{"title":"N",}`, "", ""},
	"controls and markup":    {`{"title":"<script>alert(1)</script>\u001b[31m\u0007\u202e","message":"<img src=x onerror=1>"}`, "processed", ""},
	"a name of a prototype":  {`{"__proto__":{"title":"x"},"constructor":1,"title":"Proto"}`, "processed", ""},
	"an odd link":            {`{"title":"L","link":"javascript:alert(1)","url":"file:///etc/passwd"}`, "processed", ""},
	"gzip of nothing known":  {"\x1f\x8b\x08\x00broken", "", ""},
	"a text of one line":     {strings.Repeat("x", 1<<20), "processed", ""},
	"lines of JSON, one bad": {"{\"title\":\"one\"}\n{\"title\":\n{\"title\":\"three\"}\n", "", ""},
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"key%d":%d`, i, i)
	}
	return b.String()
}

// DESK-01, MIND-11
func TestHostileBodiesAreStoredAndSettled(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		for _, kind := range []string{"generic", "guardduty", "falco", "lab"} {
			s.source(t, kind, kind)
		}
		for name, tt := range hostile {
			t.Run(name, func(t *testing.T) {
				for _, kind := range []string{"generic", "guardduty", "falco", "lab"} {
					out := s.post(t, kind, []byte(tt.body))
					if out.State != "processed" && out.State != "failed" {
						t.Fatalf("%s: %+v", kind, out)
					}
					if (out.State == "failed" || len(out.Alerts) == 0) && out.Reason == "" {
						t.Errorf("%s: %s with no reason", kind, out.State)
					}
					if strings.Contains(out.Reason, "internal error") {
						t.Errorf("%s: %s", kind, out.Reason)
					}
					if len(out.Reason) > 4000 {
						t.Errorf("%s: the reason has %d bytes", kind, len(out.Reason))
					}
					if kind == "generic" && tt.state != "" && (out.State != tt.state || !strings.Contains(out.Reason, tt.reason)) {
						t.Errorf("%s: %s (%.300s), want %s", kind, out.State, out.Reason, tt.state)
					}
					for _, id := range out.Alerts {
						checkItem(t, s.alert(t, id))
					}
				}
			})
		}
		if a := s.ask(t, http.MethodGet, "/api/v1/alerts?limit=500", nil).must(http.StatusOK); !json.Valid(a.body) {
			t.Error("the list is no JSON")
		}
		for _, kind := range []string{"generic", "lab"} { // others go on
			if out := s.post(t, kind, lab(t, draft{"title": "After it all"})); kind == "lab" && len(out.Alerts) != 1 {
				t.Errorf("outcome %+v", out)
			}
		}
	})
}

// A small body that unpacks to a huge one is stored, fails in sight, and soon.
func TestACompressionBomb(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	s.source(t, "any", "generic")
	bomb := gzipped(t, bytes.Repeat([]byte(`{"title":"boom"},`), 20<<20)) // 340 MB
	began := time.Now()
	out := s.post(t, "any", bomb, "Content-Encoding", "gzip")
	if out.State != "failed" || !strings.Contains(out.Reason, "unpacks to more than") || len(out.Alerts) != 0 {
		t.Errorf("outcome %+v", out)
	}
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("it took %s", took)
	}
	if a := s.ask(t, http.MethodGet, "/api/v1/deliveries/"+out.Delivery+"/raw", nil).must(http.StatusOK); !bytes.Equal(a.body, bomb) {
		t.Error("its raw differs")
	}
}

// checkItem holds an alert to its bounds, whatever it was made of.
func checkItem(t *testing.T, a item) {
	t.Helper()
	if strings.TrimSpace(a.Title) == "" || len([]rune(a.Title)) > 300 {
		t.Errorf("title of %d characters: %.100q", len([]rune(a.Title)), a.Title)
	}
	if len(a.Description) > 17<<10 || len(a.Attributes) > 200 || len(a.Tags) > 60 {
		t.Errorf("description of %d bytes, %d attributes, %d tags", len(a.Description), len(a.Attributes), len(a.Tags))
	}
	texts := []string{a.Title, a.Description, a.Rule, a.Link, a.ProductSeverity}
	for _, at := range a.Attributes {
		texts = append(texts, at.Key, at.Value)
	}
	for _, o := range a.Observables {
		texts = append(texts, o.Value)
	}
	for _, s := range texts {
		if strings.ContainsAny(s, "\x00\x07\x1b") {
			t.Errorf("a control character is left in %.100q", s)
		}
	}
	if a.Link != "" && !strings.HasPrefix(a.Link, "http://") && !strings.HasPrefix(a.Link, "https://") {
		t.Errorf("link %q", a.Link)
	}
}

// Numbers over 2^53 are exact, and both databases give the same.
func TestBothDatabasesGiveTheSame(t *testing.T) {
	t.Parallel()
	lite, post := start(t, ""), start(t, pg.New(t))
	body := `{"title":"Odd \u0000 numbers","severity":"high","id":9007199254740993,"big":12345678901234567890123,"negative":-9223372036854775809,"float":0.1,
		"many":100000000000000000001,"exp":1E+2,"account":"123456789012","time":"2026-03-01T00:00:00.123456789Z","host":"gate\u0000-1","a":{"b":"x\ud800y"},
		"src_ip":"2001:DB8::1","user":"Kaede","日本":"攻撃"}`
	var items []item
	for _, s := range []*server{lite, post} {
		s.source(t, "any", "generic")
		out := s.post(t, "any", []byte(body))
		if out.State != "processed" || len(out.Alerts) != 1 {
			t.Fatalf("outcome %+v", out)
		}
		items = append(items, s.alert(t, out.Alerts[0]))
		for _, q := range []string{"9007199254740993", "12345678901234567890123", "9223372036854775809", "攻撃", "kaede"} {
			if len(s.list(t, "q", q).Items) != 1 {
				t.Errorf("q=%s finds nothing", q)
			}
		}
	}
	for key, want := range map[string]string{"id": "9007199254740993", "big": "12345678901234567890123", "negative": "-9223372036854775809", "many": "100000000000000000001"} {
		for _, a := range items {
			if got := a.attribute(key); got != want {
				t.Errorf("attribute %s is %q, want %q", key, got, want)
			}
		}
	}
	a, b := items[0], items[1]
	if a.Title != b.Title || a.Fingerprint != b.Fingerprint || !a.SeenAt.Equal(b.SeenAt) || a.Severity != b.Severity || a.Description != b.Description ||
		!slices.Equal(a.Attributes, b.Attributes) || !slices.Equal(a.Observables, b.Observables) || !slices.Equal(a.Tags, b.Tags) {
		t.Errorf("SQLite:     %+v\nPostgreSQL: %+v", a, b)
	}
	t.Run("numbers through a user's policy", func(t *testing.T) {
		for _, s := range []*server{lite, post} {
			s.source(t, "lab", "lab")
			out := s.post(t, "lab", []byte(`{"lab":[{"title":"N","attributes":[{"key":"n","value":9007199254740993},{"key":"m","value":12345678901234567890123}]}]}`))
			if len(out.Alerts) != 1 {
				t.Fatalf("outcome %+v", out)
			}
			if a := s.alert(t, out.Alerts[0]); a.attribute("n") != "9007199254740993" || a.attribute("m") != "12345678901234567890123" {
				t.Errorf("attributes %+v", a.Attributes)
			}
		}
	})
}

// Hostile words in every parameter find nothing and break nothing.
func TestHostileParameters(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "lab", "lab")
		s.one(t, "lab", draft{"title": "Only one"})
		words := []string{"'", "''; DROP TABLE alert; --", `"`, "\\", "%", "_", "\x00", "a\x00b", "\xff\xfe", "\ud7ff", "NEAR(a b)", "a AND", "*", "(", "$1", "{}", strings.Repeat("é", 250), "攻", "\u202e", "..", "0/0", "::/0"}
		for _, name := range []string{"q", "source", "kind", "rule", "observable", "tag", "technique"} {
			for _, w := range words {
				a := s.ask(t, http.MethodGet, "/api/v1/alerts?"+query(name, w, "facets", "true"), nil)
				if a.status != http.StatusOK && a.status != http.StatusUnprocessableEntity {
					t.Errorf("%s=%q: %d %.200s", name, w, a.status, a.body)
				}
			}
		}
		for _, name := range []string{"source", "state", "cursor", "from", "limit"} {
			for _, w := range words {
				a := s.ask(t, http.MethodGet, "/api/v1/deliveries?"+query(name, w), nil)
				if a.status >= 500 {
					t.Errorf("deliveries %s=%q: %d %.200s", name, w, a.status, a.body)
				}
			}
		}
		for _, name := range []string{"from", "to", "seen_from", "seen_to", "sort", "cursor", "limit", "severity", "disposition"} {
			for _, w := range append(words, "9999999999d", "-1h", "0001-01-01", "9999-12-31T23:59:59Z", "1e9") {
				a := s.ask(t, http.MethodGet, "/api/v1/alerts?"+query(name, w), nil)
				if a.status >= 500 {
					t.Errorf("%s=%q: %d %.200s", name, w, a.status, a.body)
				}
			}
		}
		for _, h := range []string{"Idempotency-Key", "X-GitHub-Delivery", "Ce-Id", "Content-Type", "User-Agent"} {
			for _, v := range []string{"\xff\xfe", strings.Repeat("k", 10_000), "'; --", "a\tb"} {
				a := s.hook(t, "lab", lab(t, draft{"title": "Headers"}), h, v)
				if a.status != http.StatusAccepted {
					t.Errorf("%s: %.20q: %d %.200s", h, v, a.status, a.body)
				}
			}
		}
		if n := len(s.list(t, "q", "only").Items); n != 1 {
			t.Errorf("%d alerts are left", n)
		}
	})
}
