package alert

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzObserve feeds hostile text: nothing panics, results are bounded, typed,
// unique and already in their canonical form.
func FuzzObserve(f *testing.F) {
	for _, seed := range []string{
		"from 198.51.100.7:443 to [2001:db8::1]:80", `C:\Program Files (x86)\a\b.exe`, `"user":"CORP\\bob","ip":"192.0.2.1"`,
		"hxxps://evil[.]example/((.))", "arn:aws:iam::123456789012:user/a/b", "/subscriptions/7f2c1d34-1111-2222-3333-444455556666/resourceGroups/a",
		"//compute.googleapis.com/projects/my-proj-1/zones/x", "sha256:275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f",
		"user=\"a b\" host=x version=1.2.3.4", `\\192.0.2.1\c$\x`, "%TEMP%\\a.exe", "cve_2021_44228 例え.jp", "arn:", "http://", "@", `\\?\C:\`, "::", "a@b@c.com",
		"/dev/tcp/203.0.113.5/4444", "*.example.com", "bücher.example", "http://user:pw@[::1]:80/?q", "\xff\xfe[dot]", `{"key": "`, `user='x="y'`,
	} {
		f.Add(seed, seed, "src_ip")
	}
	for _, key := range []string{"user", "hostname", "domain", "url", "hash", "email", "process", "file", "path", "cve", "account_id", "project_id", "resource", "message", "id"} {
		f.Add("", `x\y.z, [1.2.3.4] "a@b.c" /etc/passwd`, key)
	}
	f.Fuzz(func(t *testing.T, title, value, key string) {
		a := &Alert{Title: title, Attributes: []Attribute{{Key: key, Value: value}}, Observables: []Observable{{Type: ObservableType(key), Value: value}}}
		found := Observe(a)
		if len(found) > MaxObservables {
			t.Fatalf("%d observables", len(found))
		}
		seen := map[string]bool{}
		for _, o := range found {
			again, ok := Normalize(o)
			if !ok || again != o {
				t.Fatalf("%+v becomes %+v (valid: %t)", o, again, ok)
			}
			if !utf8.ValidString(o.Value) || strings.IndexByte(o.Value, 0) >= 0 || len(o.Value) > maxURL {
				t.Fatalf("%q is no clean value", o.Value)
			}
			id := string(o.Type) + " " + o.Value
			if seen[id] {
				t.Fatalf("%s is there twice", id)
			}
			seen[id] = true
			if ObservableKey(o.Value) == "" {
				t.Fatalf("%q has no key", o.Value)
			}
		}
		a.Observables = found
		DefaultBasis(a)
		if got, want := Refang(DefangText(title)), Refang(title); got != want {
			t.Fatalf("%q defanged and refanged is %q, want %q", title, got, want)
		}
	})
}

// FuzzObservableKey holds that a key is its own key and that an observable is
// found by its canonical value as well as by the value as written.
func FuzzObservableKey(f *testing.F) {
	for _, s := range []string{"CORP\\Alice", "198.51.100.7:443", "Example.COM.", "hxxp://A[.]example/B", "SHA256:44D88612FEA8A8F36DE82E1278ABB02F", "2001:DB8::1", "x.y\\z", "203.0.113.9/24", "\\a\\b", "ß.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		key := ObservableKey(s)
		if len(key) > 4*len(s)+64 {
			t.Fatalf("the key of %q is %q", s, key)
		}
		for _, typ := range []ObservableType{IP, Domain, Email, CVE, Hash} {
			if o, ok := Normalize(Observable{Type: typ, Value: s}); ok && Refang(s) == s && !strings.HasPrefix(s, "*.") {
				if got := ObservableKey(o.Value); got != key {
					t.Fatalf("%s %q has key %q, its canonical form %q has %q", typ, s, key, o.Value, got)
				}
			}
		}
	})
}
