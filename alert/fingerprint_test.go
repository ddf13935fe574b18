package alert

import (
	"slices"
	"strings"
	"testing"
)

func TestFingerprintOf(t *testing.T) {
	t.Parallel()
	base := FingerprintOf("okta", "login", []string{"alice", "web-01"})
	if len(base) != 32 || strings.Trim(base, "0123456789abcdef") != "" {
		t.Fatalf("%q is not 32 hex digits", base)
	}
	if FingerprintOf("okta", "login", []string{"alice", "web-01"}) != base {
		t.Error("the same parts gave another fingerprint")
	}
	for name, other := range map[string]string{
		"another kind":       FingerprintOf("duo", "login", []string{"alice", "web-01"}),
		"another rule":       FingerprintOf("okta", "logout", []string{"alice", "web-01"}),
		"another order":      FingerprintOf("okta", "login", []string{"web-01", "alice"}),
		"a moved boundary":   FingerprintOf("okta", "login", []string{"alicew", "eb-01"}),
		"a joined part":      FingerprintOf("okta", "login", []string{"aliceweb-01"}),
		"rule and kind run":  FingerprintOf("oktal", "ogin", []string{"alice", "web-01"}),
		"an empty last part": FingerprintOf("okta", "login", []string{"alice", "web-01", ""}),
	} {
		if other == base {
			t.Errorf("%s has the same fingerprint", name)
		}
	}
}

// DESK-10: the same thing at another time is the same; another host or user is not.
func TestDefaultBasis(t *testing.T) {
	t.Parallel()
	of := func(a Alert) string {
		a.Observables = Observe(&a)
		return FingerprintOf(a.Kind, a.Rule, DefaultBasis(&a))
	}
	login := func(user, host, ip, at string) Alert {
		return Alert{Rule: "R1", Title: "Failed login at " + at, Observables: []Observable{{Type: User, Value: user}, {Type: Host, Value: host}, {Type: IP, Value: ip}}}
	}
	base := of(login("alice", "web-01", "192.0.2.1", "10:00:01"))
	tests := map[string]struct {
		other Alert
		same  bool
	}{
		"another time":               {login("alice", "web-01", "192.0.2.1", "11:59:59"), true},
		"another letter case":        {login("ALICE", "WEB-01", "192.0.2.1", "10:00:01"), true},
		"another address":            {login("alice", "web-01", "192.0.2.2", "10:00:01"), true},
		"another user":               {login("bob", "web-01", "192.0.2.1", "10:00:01"), false},
		"another host":               {login("alice", "web-02", "192.0.2.1", "10:00:01"), false},
		"another rule":               {Alert{Rule: "R2", Observables: login("alice", "web-01", "192.0.2.1", "").Observables}, false},
		"observables in other order": {Alert{Rule: "R1", Observables: []Observable{{Type: Host, Value: "web-01"}, {Type: User, Value: "alice"}}}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := of(tt.other) == base; got != tt.same {
				t.Errorf("same: %t, want %t", got, tt.same)
			}
		})
	}

	scan := func(ip string) Alert { return Alert{Rule: "scan", Observables: []Observable{{Type: IP, Value: ip}}} }
	if of(scan("192.0.2.1")) == of(scan("192.0.2.2")) {
		t.Error("addresses do not tell alerts apart that name no one else")
	}
	vuln := func(cve string) Alert {
		return Alert{Rule: "scanner", Observables: []Observable{{Type: Host, Value: "web-01"}, {Type: CVE, Value: cve}}}
	}
	if of(vuln("CVE-2021-44228")) == of(vuln("CVE-2021-45046")) {
		t.Error("two vulnerabilities of one host are the same")
	}
}

func TestDefaultBasisMasksTitles(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ a, b string }{
		{"Job 4711 failed at 2026-01-01T10:00:00Z", "job 12 failed  at 2026-02-03T04:05:06Z"},
		{"Session 7f2c1d34-1111-2222-3333-444455556666 stolen", "Session 0a1b2c3d-aaaa-bbbb-cccc-0123456789ab stolen"},
		{"Pod web-5d9c7b8f6a crashed", "Pod web-77ffc0a1b2 crashed"},
	} {
		if MaskTitle(tt.a) != MaskTitle(tt.b) {
			t.Errorf("%q becomes %q, %q becomes %q", tt.a, MaskTitle(tt.a), tt.b, MaskTitle(tt.b))
		}
	}
	if MaskTitle("Disk deadbeef full") == MaskTitle("Disk cafe full") {
		t.Error("words of hex letters are masked")
	}
	if got := DefaultBasis(&Alert{Title: "X 1"}); !slices.Equal(got, []string{"title:x #"}) {
		t.Errorf("basis of a bare title is %q", got)
	}
}
