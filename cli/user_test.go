package cli_test

import (
	"strings"
	"testing"
)

func TestUsersAndKeysAreMadeAndEnded(t *testing.T) {
	t.Parallel()
	a := analyst{t, server(t)}
	if out := a.types("user", "add", "anna", "--role", "analyst", "--display-name", "Anna B."); !strings.Contains(out, "anna signs in with this link") || !strings.Contains(out, a.url+"/sign-in#yl_") {
		t.Errorf("a new user: %s", out)
	}
	first := strings.TrimSpace(a.types("user", "link", "anna", "-q"))
	if second := strings.TrimSpace(a.types("user", "link", "anna", "-q")); first == second || !strings.HasPrefix(second, a.url+"/sign-in#yl_") {
		t.Errorf("links are %s and %s", first, second)
	}
	if out := a.types("user", "change", "anna", "--role", "engineer"); !strings.Contains(out, "engineer") || !strings.Contains(out, "Anna B.") {
		t.Errorf("changed: %s", out)
	}
	a.types("user", "disable", "anna")
	if out := a.types("user", "list"); !strings.Contains(out, "admin") || !strings.Contains(out, "anna") || strings.Count(out, "no") != 1 {
		t.Errorf("users are\n%s", out)
	}
	a.types("user", "enable", "anna")
	for _, wrong := range []struct {
		line string
		code int
	}{
		{"user add anna --role viewer", 1},
		{"user add ben", 1}, // no role: told by the library here, as a mistake by the whole program
		{"user change anna", 2},
		{"user disable nobody", 5},
		{"user disable admin", 1}, // the last one
		{"key create x --role viewer --expires soon", 2},
		{"key create x --role viewer --scope users:manage", 1},
		{"key revoke nobody", 5},
	} {
		_, notes, code := terminal{}.run(t.Context(), append(strings.Fields("yagura " + wrong.line)[1:], "--url", a.url, "--key", apiKey)...)
		if code != wrong.code || notes == "" {
			t.Errorf("%s ends with %d, want %d: %s", wrong.line, code, wrong.code, notes)
		}
	}
	token := strings.TrimSpace(a.types("key", "create", "ci", "--role", "engineer", "--scope", "alerts:read", "--scope", "sources:read", "--expires", "90d", "-q"))
	if out := a.types("key", "list"); !strings.Contains(out, "ci") || !strings.Contains(out, "alerts:read, sources:read") || strings.Contains(out, token) {
		t.Errorf("keys are\n%s", out)
	}
	with := func(args ...string) int {
		_, _, code := terminal{}.run(t.Context(), append(args, "--url", a.url, "--key", token)...)
		return code
	}
	if code := with("source", "list"); code != 0 {
		t.Errorf("the new key ends with %d", code)
	}
	if code := with("source", "add", "x", "--kind", "generic"); code != 4 {
		t.Errorf("beyond its scope the key ends with %d", code)
	}
	a.types("key", "revoke", "ci")
	if code := with("source", "list"); code != 4 {
		t.Errorf("the revoked key ends with %d", code)
	}
}
