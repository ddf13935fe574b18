package cli

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"yagura/client"
)

// hostile are texts that try to take a terminal over, or to hide.
var hostile = map[string]string{
	"colour":             "\x1b[31mred",
	"window title":       "\x1b]0;owned\x07",
	"eight-bit CSI":      "\u009b2J",
	"clipboard":          "\x1b]52;c;cm0gLXJmIC8=\x1b\\",
	"backspaces":         "safe\b\b\b\bevil",
	"turned around":      "invoice\u202efdp.exe",
	"isolated":           "\u2067abc\u2069",
	"invisible":          "pay\u200bpal",
	"tag characters":     "hello\U000e0041\U000e0042",
	"delete":             "a\x7fb",
	"NUL":                "a\x00b",
	"carriage return":    "good\rbad",
	"byte order mark":    "\ufeffx",
	"soft hyphen":        "exam\u00adple",
	"broken UTF-8":       "a\xff\xfeb\xc2",
	"paragraph and line": "a\u2028b\u2029c\u0085d",
}

func TestNothingOfAStrangersTextIsObeyedByATerminal(t *testing.T) {
	t.Parallel()
	for name, text := range hostile {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, got := range []string{clean(text), cleanLines(text)} {
				if i := strings.IndexFunc(got, func(r rune) bool { return r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf) }); i >= 0 {
					t.Errorf("%q keeps a dangerous character at %d", got, i)
				}
			}
			if got := clean(text); strings.Contains(got, "\n") {
				t.Errorf("%q has several lines", got)
			}
		})
	}
}

func TestWhatIsTakenOutStaysVisible(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"\x1b[31mred":        `\x1b[31mred`,
		"a\u202eb":           `a\u202eb`,
		"x\U000e0041":        `x\U000e0041`,
		"two\n\n\tlines":     "two lines",
		"攻撃を検知 ✓":            "攻撃を検知 ✓",
		"plain text, [x] \\": `plain text, [x] \`,
	} {
		if got := clean(text); got != want {
			t.Errorf("clean(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestCleanedJSONMeansTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "object")
		in["hostile"] = "\u009b2J \u202e \x7f \U000e0041"
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(in); err != nil {
			t.Fatal(err)
		}
		got := cleanJSON(b.Bytes())
		if i := bytes.IndexFunc(bytes.TrimSpace(got), dangerous); i >= 0 {
			t.Fatalf("%q keeps a dangerous character", got)
		}
		var was, is map[string]string
		if json.Unmarshal(b.Bytes(), &was) != nil || json.Unmarshal(got, &is) != nil || !reflect.DeepEqual(was, is) {
			t.Fatalf("%q became %q", b.Bytes(), got)
		}
	})
}

func TestCutFitsAndSaysSo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := clean(rapid.String().Draw(t, "text"))
		n := rapid.IntRange(1, 40).Draw(t, "columns")
		got := cut(s, n)
		if columns(got) > n {
			t.Fatalf("cut(%q, %d) = %q takes %d columns", s, n, got, columns(got))
		}
		if got != s && !strings.HasSuffix(got, "…") {
			t.Fatalf("cut(%q, %d) = %q does not say that something is missing", s, n, got)
		}
	})
}

func TestColumnsCountsWhatATerminalShows(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 0, "abc": 3, "攻撃": 4, "ｱｲ": 2, "Ａ": 2, "e\u0301": 1, "é": 1, "한글": 4, "…": 1, "🔥": 2} {
		if got := columns(text); got != want {
			t.Errorf("%q takes %d columns, counted %d", text, want, got)
		}
	}
}

func TestIndicatorsAreDefanged(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in   client.Observable
		want string
	}{
		"address":       {client.Observable{Type: "ip", Value: "198.51.100.7"}, "198[.]51[.]100[.]7"},
		"IPv6":          {client.Observable{Type: "ip", Value: "2001:db8::7"}, "2001[:]db8[:][:]7"},
		"domain":        {client.Observable{Type: "domain", Value: "evil.example.com"}, "evil[.]example[.]com"},
		"page":          {client.Observable{Type: "url", Value: "https://evil.example/a.html"}, "hxxps://evil[.]example/a.html"},
		"file transfer": {client.Observable{Type: "url", Value: "ftp://evil.example/a"}, "fxp://evil[.]example/a"},
		"mail":          {client.Observable{Type: "email", Value: "a.b@example.com"}, "a.b[@]example[.]com"},
		"user":          {client.Observable{Type: "user", Value: "alice"}, "alice"},
		"hash":          {client.Observable{Type: "hash", Value: "d41d8cd98f00b204e9800998ecf8427e"}, "d41d8cd98f00b204e9800998ecf8427e"},
		"file":          {client.Observable{Type: "file", Value: "/tmp/a.out"}, "/tmp/a.out"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := defang(tt.in)
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if tt.in.Type != "url" && refang(got) != tt.in.Value {
				t.Errorf("pasted back it is %q, want %q", refang(got), tt.in.Value)
			}
		})
	}
}

func TestTitlesAreDefangedToo(t *testing.T) {
	t.Parallel()
	known := []client.Observable{{Type: "ip", Value: "203.0.113.9"}, {Type: "user", Value: "a.mori"}}
	const text = "a.mori opened HTTPS://Bad.Example/x.html from 203.0.113.9 (v1.2.3)"
	if got, want := defangText(text, known), "a.mori opened HXXPS://Bad[.]Example/x.html from 203[.]0[.]113[.]9 (v1.2.3)"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestTheKeyOfThisMachineIsForThisMachineOnly(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"http://127.0.0.1:8484": true, "http://localhost:1": true, "https://[::1]:8484": true, "http://127.9.9.9": true,
		"http://192.0.2.1:8484": false, "https://yagura.example.com": false, "http://127.0.0.1.example.com": false, "": false, "http://0.0.0.0": false,
	} {
		if got := loopback(address); got != want {
			t.Errorf("%s is this machine: %v, want %v", address, got, want)
		}
	}
}
