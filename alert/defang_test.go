package alert

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func TestRefang(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"hxxps://evil[.]example/a", "https://evil.example/a"},
		{"hXXp://evil[dot]example", "hTTp://evil.example"},
		{"HXXP[:]//evil(.)example", "HTTP://evil.example"},
		{"hxxp[://]evil{.}example", "http://evil.example"},
		{"fxp://files[.]example", "ftp://files.example"},
		{"198[.]51[.]100[.]7", "198.51.100.7"},
		{"a[@]example[.]com, b[at]example[ dot ]com", "a@example.com, b@example.com"},
		{"2001[:]db8[:][:]1", "2001:db8::1"},
		{"polka dot and dot com", "polka dot and dot com"},
		{"meet me (at) noon [sic] (see below)", "meet me @ noon [sic] (see below)"},
		{"array[0] {x} f(a.b)", "array[0] {x} f(a.b)"},
		{"hxxp without an end", "hxxp without an end"},
		{"", ""},
	}
	for _, tt := range tests {
		if got := Refang(tt.in); got != tt.want {
			t.Errorf("Refang(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestDefang(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   Observable
		want string
	}{
		{Observable{Type: URL, Value: "https://evil.example/a.php"}, "hxxps://evil[.]example/a.php"},
		{Observable{Type: URL, Value: "ftp://files.example/x"}, "fxp://files[.]example/x"},
		{Observable{Type: IP, Value: "198.51.100.7"}, "198[.]51[.]100[.]7"},
		{Observable{Type: IP, Value: "2001:db8::1"}, "2001[:]db8[:][:]1"},
		{Observable{Type: Email, Value: "a@example.com"}, "a[@]example[.]com"},
		{Observable{Type: User, Value: "a@example.com"}, "a[@]example[.]com"},
		{Observable{Type: Host, Value: "web-1.corp.example"}, "web-1[.]corp[.]example"},
		{Observable{Type: Process, Value: "cmd.exe"}, "cmd.exe"},
	}
	for _, tt := range tests {
		if got := Defang(tt.in); got != tt.want {
			t.Errorf("Defang(%v) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestDefangText(t *testing.T) {
	t.Parallel()
	in := `User bob@example.com fetched HTTPS://evil.example/a.php from 198.51.100.7:8080, then [2001:db8::1]; jndi:ldap://203.0.113.5/x; cmd.exe ran, see sub.evil.test.`
	want := `User bob[@]example[.]com fetched HXXPS://evil[.]example/a.php from 198[.]51[.]100[.]7:8080, then [2001[:]db8[:][:]1]; jndi:ldap://203[.]0[.]113[.]5/x; cmd.exe ran, see sub[.]evil[.]test.`
	if got := DefangText(in); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := DefangText(want); got != want {
		t.Errorf("defanging twice changed the text: %s", got)
	}
}

// label draws a name's label.
var label = rapid.StringMatching(`[a-z][a-z0-9]{1,8}(-[a-z0-9]{1,4})?`)

// observable draws an observable in its canonical form.
var observable = rapid.Custom(func(t *rapid.T) Observable {
	domain := label.Draw(t, "label") + "." + rapid.SampledFrom([]string{"example.com", "example", "co.uk", "io", "internal"}).Draw(t, "suffix")
	v4 := fmt.Sprintf("%d.%d.%d.%d", rapid.IntRange(0, 255).Draw(t, "a"), rapid.IntRange(0, 255).Draw(t, "b"), rapid.IntRange(0, 255).Draw(t, "c"), rapid.IntRange(0, 255).Draw(t, "d"))
	v6 := fmt.Sprintf("2001:db8:%x::%x", rapid.IntRange(1, 65535).Draw(t, "e"), rapid.IntRange(1, 65535).Draw(t, "f"))
	path := rapid.StringMatching(`(/[a-zA-Z0-9._~-]{1,8}){0,3}(\?[a-z]=[a-z0-9]{1,5})?`).Draw(t, "path")
	o := rapid.SampledFrom([]Observable{
		{Type: IP, Value: v4},
		{Type: IP, Value: v6},
		{Type: Domain, Value: domain},
		{Type: Host, Value: domain},
		{Type: Email, Value: label.Draw(t, "local") + "@" + domain},
		{Type: URL, Value: "https://" + domain + path},
		{Type: URL, Value: "http://" + v4 + ":8080" + path},
		{Type: URL, Value: "http://[" + v6 + "]" + path},
		{Type: File, Value: `C:\Windows\` + label.Draw(t, "file") + ".exe"},
		{Type: User, Value: label.Draw(t, "user")},
	}).Draw(t, "observable")
	o, ok := Normalize(o)
	if !ok {
		t.Fatalf("the drawn %v is not valid", o)
	}
	return o
})

func TestRefangUndoesDefang(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := observable.Draw(t, "o")
		if got := Refang(Defang(o)); got != o.Value {
			t.Fatalf("%q defanged is %q, refanged %q", o.Value, Defang(o), got)
		}
		if ObservableKey(Defang(o)) != ObservableKey(o.Value) {
			t.Fatalf("%q and its defanged form have different keys", o.Value)
		}
	})
}

func TestRefangUndoesDefangText(t *testing.T) {
	t.Parallel()
	part := rapid.OneOf(
		rapid.Map(observable, func(o Observable) string { return o.Value }),
		rapid.Map(observable, Defang),
		rapid.SampledFrom([]string{" ", ", ", "(", ")", "[", "]", "[.]", "[dot]", "{", "}", ":", "/", "@", "\\", "\"", "=", "端末", "http://", "hxxp://", "version "}),
		rapid.StringN(0, 8, 16),
	)
	rapid.Check(t, func(t *rapid.T) {
		text := ""
		for _, p := range rapid.SliceOfN(part, 0, 12).Draw(t, "parts") {
			text += p
		}
		if got, want := Refang(DefangText(text)), Refang(text); got != want {
			t.Fatalf("%q\ndefanged %q\nrefanged %q", text, DefangText(text), got)
		}
	})
}

func TestDefangedTextNamesTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := observable.Draw(t, "o")
		text := "seen " + o.Value + " again"
		plain, fanged := Observe(&Alert{Description: text}), Observe(&Alert{Description: DefangText(text)})
		if len(plain) != len(fanged) {
			t.Fatalf("%q names %v, defanged %v", text, plain, fanged)
		}
		for i := range plain {
			if plain[i] != fanged[i] {
				t.Fatalf("%q names %v, defanged %v", text, plain, fanged)
			}
		}
	})
}
