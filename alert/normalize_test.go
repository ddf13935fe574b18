package alert

import (
	"testing"

	"pgregory.net/rapid"
)

func TestNormalize(t *testing.T) {
	t.Parallel()
	tests := []struct {
		typ      ObservableType
		in, want string // want "" is refused
	}{
		{IP, " 198.51.100.7:443 ", "198.51.100.7"},
		{IP, "::ffff:198.51.100.7", "198.51.100.7"},
		{IP, "[2001:DB8::1]:80", "2001:db8::1"},
		{IP, "fe80::1%eth0", "fe80::1"},
		{IP, "203.0.113.9/24", "203.0.113.0/24"},
		{IP, "2001:db8::1/32", "2001:db8::/32"},
		{IP, "0.0.0.0/0", ""},
		{IP, "256.1.1.1", ""},
		{IP, "01.2.3.4", ""},
		{IP, "198.51.100.7:port", ""},
		{Domain, "Evil.Example.", "evil.example"},
		{Domain, "bücher.example", "xn--bcher-kva.example"},
		{Domain, "*.example.com", "example.com"},
		{Domain, "_dmarc.example.com", "_dmarc.example.com"},
		{Domain, "co.uk", ""},
		{Domain, "cmd.exe", ""},
		{Domain, "localhost", ""},
		{Domain, "-a.example", ""},
		{URL, "HTTPS://Evil.Example/Path?Q", "https://evil.example/Path?Q"},
		{URL, "http://192.0.2.1:8080", "http://192.0.2.1:8080"},
		{URL, "http://[2001:DB8::1]/x", "http://[2001:db8::1]/x"},
		{URL, "javascript:alert(1)", ""},
		{URL, "http://", ""},
		{URL, "http://a b/", ""},
		{URL, "http://a.example:port/", ""},
		{Hash, "SHA256:275A021BBFB6489E54D471899F7DB9D1663FC695EC2FE2A2C4538AABF651FD0F", "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"},
		{Hash, "00000000000000000000000000000000", ""},
		{Hash, "44d88612", ""},
		{Email, "Alice@Example.COM", "alice@example.com"},
		{Email, "alice@nowhere", ""},
		{User, `CORP\alice`, "alice"},
		{User, "N/A", ""},
		{User, "...", ""},
		{Host, "WEB-01:9100", "WEB-01"},
		{Host, "web 01", ""},
		{Process, `C:\Windows\System32\cmd.exe`, "cmd.exe"},
		{Process, "/usr/bin/nc", "nc"},
		{Process, "1234", ""},
		{File, `\\?\C:\x.exe`, `C:\x.exe`},
		{File, "http://a.example/x", ""},
		{CVE, "cve_2021_44228", "CVE-2021-44228"},
		{CVE, "CVE-21-1", ""},
		{Account, "7F2C1D34-1111-2222-3333-444455556666", "7f2c1d34-1111-2222-3333-444455556666"},
		{Resource, "arn:aws:s3:::bucket", "arn:aws:s3:::bucket"},
		{User, "a\x00b", ""},
		{User, "a\xffb", ""},
		{User, "a\u202eb", ""}, // text direction overrides hide what a name is
		{"nonsense", "x", ""},
	}
	for _, tt := range tests {
		got, ok := Normalize(Observable{Type: tt.typ, Value: tt.in, Role: "source"})
		if ok != (tt.want != "") || ok && got.Value != tt.want {
			t.Errorf("Normalize(%s %q) = %q, %t; want %q", tt.typ, tt.in, got.Value, ok, tt.want)
		}
		if ok && got.Role != "source" {
			t.Errorf("Normalize(%s %q) lost the role", tt.typ, tt.in)
		}
		if again, ok2 := Normalize(got); ok && (!ok2 || again != got) {
			t.Errorf("Normalize(%s %q) is not idempotent: %q, then %q", tt.typ, tt.in, got.Value, again.Value)
		}
	}
}

// DESK-09: one search key for all forms of a value.
func TestObservableKey(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"198.51.100.7":                     {"198.51.100.7", "198.51.100.7:443", "198[.]51[.]100[.]7", "::ffff:198.51.100.7", " 198.51.100.7 "},
		"2001:db8::1":                      {"2001:DB8:0::1", "[2001:db8::1]:443"},
		"203.0.113.0/24":                   {"203.0.113.0/24", "203.0.113.77/24"},
		"evil.example":                     {"Evil.Example.", "evil[.]example", "EVIL(dot)EXAMPLE"},
		"xn--bcher-kva.example":            {"bücher.example", "xn--bcher-kva.EXAMPLE"},
		"https://evil.example/a":           {"hxxps://evil[.]example/A", "https://EVIL.example/a"},
		"alice@example.com":                {"Alice@Example.com", "alice[@]example[.]com"},
		"alice":                            {"CORP\\Alice", "ALICE"},
		"cve-2021-44228":                   {"CVE-2021-44228", "cve_2021_44228"},
		"44d88612fea8a8f36de82e1278abb02f": {"44D88612FEA8A8F36DE82E1278ABB02F", "md5:44d88612fea8a8f36de82e1278abb02f"},
		`c:\windows\system32\cmd.exe`:      {`C:\Windows\System32\cmd.exe`},
		"web-01":                           {"WEB-01"},
		"":                                 {"", "  "},
	}
	for want, values := range tests {
		for _, v := range values {
			if got := ObservableKey(v); got != want {
				t.Errorf("ObservableKey(%q) = %q, want %q", v, got, want)
			}
		}
	}
}

func TestCanonicalValueHasTheKeyOfTheWrittenOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := observable.Draw(t, "o")
		if o.Type == Process || o.Type == File {
			return
		}
		key := ObservableKey(o.Value)
		if again := ObservableKey(key); again != key {
			t.Fatalf("%q has key %q, and that %q", o.Value, key, again)
		}
	})
}

func TestParsePrefixQuery(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"198.51.100.7/24": "198.51.100.0/24", "198[.]51[.]100[.]0/24": "198.51.100.0/24", "2001:db8::/32": "2001:db8::/32",
		"198.51.100.7": "", "x/24": "", "": "", "0.0.0.0/0": "",
	} {
		p, ok := ParsePrefixQuery(in)
		if ok != (want != "") || ok && p.String() != want {
			t.Errorf("ParsePrefixQuery(%q) = %s, %t; want %q", in, p, ok, want)
		}
	}
}

// DESK-09: private and documentation ranges are marked.
func TestScopeOf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		typ         ObservableType
		value, want string
	}{
		{IP, "10.1.2.3", "private"},
		{IP, "172.31.255.1", "private"},
		{IP, "172.32.0.1", ""},
		{IP, "192.168.0.1", "private"},
		{IP, "100.64.0.1", "shared"},
		{IP, "100.128.0.1", ""},
		{IP, "127.0.0.1", "loopback"},
		{IP, "::1", "loopback"},
		{IP, "169.254.169.254", "link-local"},
		{IP, "fe80::1", "link-local"},
		{IP, "224.0.0.1", "multicast"},
		{IP, "ff02::1", "multicast"},
		{IP, "192.0.2.1", "documentation"},
		{IP, "198.51.100.1", "documentation"},
		{IP, "203.0.113.1", "documentation"},
		{IP, "2001:db8::1", "documentation"},
		{IP, "3fff::1", "documentation"},
		{IP, "fd00::1", "private"},
		{IP, "0.0.0.0", "unspecified"},
		{IP, "::", "unspecified"},
		{IP, "255.255.255.255", "broadcast"},
		{IP, "198.18.0.1", "benchmark"},
		{IP, "240.0.0.1", "reserved"},
		{IP, "8.8.8.8", ""},
		{IP, "2606:4700::1111", ""},
		{IP, "10.1.0.0/16", "private"},
		{IP, "10.0.0.0/7", ""},
		{IP, "203.0.113.0/25", "documentation"},
		{Domain, "example.com", "documentation"},
		{Domain, "a.example.org", "documentation"},
		{Domain, "badexample.com", ""},
		{Domain, "x.test", "documentation"},
		{Domain, "x.invalid", "documentation"},
		{Domain, "x.example", "documentation"},
		{Domain, "x.localhost", "loopback"},
		{Domain, "db.internal", "private"},
		{Domain, "x.corp", "private"},
		{Domain, "nas.lan", "private"},
		{Domain, "a.local", "private"},
		{User, "10.1.2.3", ""},
	}
	for _, tt := range tests {
		if got := ScopeOf(Observable{Type: tt.typ, Value: tt.value}); got != tt.want {
			t.Errorf("scope of %s is %q, want %q", tt.value, got, tt.want)
		}
	}
}
