package auth

import (
	"slices"
	"strings"
	"testing"
	"time"

	"yagura/fault"
)

func TestRolesGrow(t *testing.T) {
	t.Parallel()
	var before []Permission
	for _, r := range Roles() {
		now := r.Permissions()
		for _, p := range before {
			if !slices.Contains(now, p) {
				t.Errorf("%s does not hold %s, which the role before it does", r, p)
			}
		}
		if len(now) <= len(before) {
			t.Errorf("%s holds no more than the role before it", r)
		}
		before = now
	}
	if Role("owner").Permissions() != nil || slices.Contains(Admin.Permissions(), Public) {
		t.Error("an unknown role holds something, or some role holds what needs no role")
	}
	for _, tt := range []struct {
		role      Role
		may, mayn Permission
	}{
		{Viewer, ReadTickets, ChangeTickets},
		{Responder, ChangeTickets, ConcludeTickets},
		{Analyst, ConcludeTickets, ManageSources},
		{Analyst, ManageSilences, DeleteTickets},
		{Engineer, ManageSources, ManageKeys},
		{Admin, DeleteTickets, Public},
	} {
		pr := Principal{Name: "x", Role: tt.role}
		if pr.May(tt.may) != nil || !fault.Is(pr.May(tt.mayn), fault.Denied) {
			t.Errorf("%s: may %s: %v, may %s: %v", tt.role, tt.may, pr.May(tt.may), tt.mayn, pr.May(tt.mayn))
		}
	}
}

func TestAScopeOnlyTakesAway(t *testing.T) {
	t.Parallel()
	k := Key{Name: "k", Role: Viewer, Scope: []Permission{ReadAlerts, ManageKeys}} // as if it had been written by hand
	p := k.Principal()
	if got := p.Permissions(); !slices.Equal(got, []Permission{SelfProfile, ReadAlerts}) {
		t.Errorf("the key may %v", got)
	}
	if p.MayGrant([]Permission{ReadAlerts}) != nil || p.MayGrant([]Permission{ReadAlerts, ReadGroups}) == nil {
		t.Error("a key grants what it does not hold, or not what it holds")
	}
	if (Key{Role: Viewer}).Principal().Scope != nil {
		t.Error("a key without a scope is limited")
	}
}

func TestPasswordsAreKnownByTheirHash(t *testing.T) {
	t.Parallel()
	const right = "correct horse battery"
	one, err := HashPassword(t.Context(), right)
	if err != nil {
		t.Fatal(err)
	}
	two, err := HashPassword(t.Context(), right)
	if err != nil {
		t.Fatal(err)
	}
	if one == two || !strings.HasPrefix(one, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("the hashes are %s and %s", one, two)
	}
	for _, tt := range []struct {
		stored, password string
		right            bool
	}{
		{one, right, true},
		{two, right, true},
		{one, right + "x", false},
		{one, "", false},
		{"", "", false},
		{"", right, false},
		{one, strings.Repeat("x", 100_000), false},
		// Cheaper parameters of an older version still count.
		{"$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$" + strings.Split(cheap(t, right), "$")[5], right, true},
	} {
		got, err := CheckPassword(t.Context(), tt.stored, tt.password)
		if err != nil || got != tt.right {
			t.Errorf("%.20s against %.20s: %v, %v", tt.password, tt.stored, got, err)
		}
	}
	long := strings.Repeat("x", maxPassword-1) + "y"
	stored, err := HashPassword(t.Context(), long)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := CheckPassword(t.Context(), stored, long+"z"); got || err != nil {
		t.Errorf("a password counts that begins with the right one: %v, %v", got, err)
	}
}

func cheap(t *testing.T, password string) string {
	h := passwordHash{memory: 64, times: 1, lanes: 1, salt: []byte("saltsaltsalt")}
	sum, err := h.of(t.Context(), password, sumSize)
	if err != nil {
		t.Fatal(err)
	}
	h.sum = sum
	return h.String()
}

func TestAStoredHashThatCostsTooMuchIsRefused(t *testing.T) {
	t.Parallel()
	sum := "$c2FsdHNhbHRzYWx0$" + strings.Repeat("A", 43)
	for _, stored := range []string{
		"x", "$argon2i$v=19$m=64,t=1,p=1" + sum, "$argon2id$v=16$m=64,t=1,p=1" + sum, "$argon2id$v=19$m=4294967295,t=1,p=1" + sum,
		"$argon2id$v=19$m=64,t=1000,p=1" + sum, "$argon2id$v=19$m=64,t=1,p=0" + sum, "$argon2id$v=19$m=64,t=1,p=1$!$" + strings.Repeat("A", 43),
		"$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$AAAA", "$argon2id$v=19$m=,t=1,p=1" + sum,
	} {
		if ok, err := CheckPassword(t.Context(), stored, "p"); ok || err == nil {
			t.Errorf("%s: %v, %v", stored, ok, err)
		}
	}
}

func TestWeakPasswordsAreRefused(t *testing.T) {
	t.Parallel()
	for password, good := range map[string]bool{
		"": false, "elevenchars": false, "twelve chars": true, "aaaaaaaaaaaaaaaa": false, "my name is anna": false,
		"十二文字のパスワードです": true, strings.Repeat("ab", 129): false,
	} {
		if err := CheckNewPassword("anna", password); (err == nil) != good {
			t.Errorf("%q: %v", password, err)
		}
	}
}

func TestNamesAndTimes(t *testing.T) {
	t.Parallel()
	for name, good := range map[string]bool{"Anna ": true, "a@example.com": true, "": false, "key:first": false, "-a": false, "ä": false, "a b": false, strings.Repeat("a", 65): false} {
		if _, err := (User{Name: name, Role: Viewer}).Normalize(); (err == nil) != good {
			t.Errorf("user %q: %v", name, err)
		}
	}
	now := time.Date(2026, 3, 10, 21, 0, 0, 0, time.UTC)
	for name, k := range map[string]Key{
		"reserved": {Name: "first", Role: Viewer}, "no role": {Name: "a", Role: "x"}, "past": {Name: "a", Role: Viewer, ExpiresAt: now},
		"for ages": {Name: "a", Role: Viewer, ExpiresAt: now.AddDate(20, 0, 0)}, "over its role": {Name: "a", Role: Viewer, Scope: []Permission{ManageKeys}},
	} {
		if _, err := k.Normalize(now); !fault.Is(err, fault.Invalid) {
			t.Errorf("key %s: %v", name, err)
		}
	}
	s := Session{ByLink: true, CreatedAt: now, SeenAt: now.Add(SessionTime - time.Minute)}
	if !s.Alive(now.Add(SessionTime-time.Second)) || s.Alive(now.Add(SessionTime)) || !s.SetsPassword(now) || s.SetsPassword(now.Add(ByLinkTime)) {
		t.Error("a session does not end in time")
	}
	if (Session{CreatedAt: now, SeenAt: now}).Alive(now.Add(IdleTime)) {
		t.Error("an idle session goes on")
	}
}
