package auth

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"yagura/fault"
)

// User is a person who signs in.
type User struct {
	Name        string    // 1 to 64 of a-z, 0-9, '.', '_', '-' and '@'; never changes
	DisplayName string    // as colleagues see it; empty: Name
	Role        Role      //
	Disabled    bool      // may not sign in; what the user did stays
	Password    string    // as HashPassword wrote it; empty: signs in by link only
	Profile     Profile   //
	CreatedAt   time.Time // UTC
	SeenAt      time.Time // last sign-in, UTC; zero where there was none
}

// Profile is how a user wants the pages to be.
type Profile struct {
	Language string `json:"language,omitempty"` // "en" or "ja"; empty: as the browser says
	Zone     string `json:"zone,omitempty"`     // an IANA name such as Asia/Tokyo; empty: the browser's
	Theme    string `json:"theme,omitempty"`    // "light" or "dark"; empty: as the browser says
	Density  string `json:"density,omitempty"`  // "comfortable" or "compact"; empty: comfortable
}

var (
	userName = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{0,63}$`)
	keyName  = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)
	zoneName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+_-]*(/[A-Za-z0-9+_-]+){0,2}$`)
)

// Roles lists the roles, from the least to the most.
func Roles() []Role {
	list := make([]Role, len(grants))
	for i, g := range grants {
		list[i] = g.role
	}
	return list
}

// Check returns fault.Invalid where there is no such role.
func (r Role) Check() error {
	if slices.Contains(Roles(), r) {
		return nil
	}
	return fault.New(fault.Invalid, "there is no role %q; roles are viewer, responder, analyst, engineer and admin", r)
}

// Normalize returns the user as it may be stored, or fault.Invalid.
func (u User) Normalize() (User, error) {
	u.Name = strings.ToLower(strings.TrimSpace(u.Name))
	if !userName.MatchString(u.Name) {
		return u, fault.New(fault.Invalid, "a user's name has 1 to 64 of a-z, 0-9, '.', '_', '-' and '@', and begins with a letter or digit")
	}
	if err := u.Role.Check(); err != nil {
		return u, err
	}
	var err error
	if u.DisplayName, err = displayName(u.DisplayName); err != nil {
		return u, err
	}
	u.Profile, err = u.Profile.Normalize()
	return u, err
}

func displayName(s string) (string, error) {
	s = strings.TrimSpace(s)
	odd := func(r rune) bool { return !unicode.IsGraphic(r) }
	if utf8.RuneCountInString(s) > 100 || !utf8.ValidString(s) || strings.ContainsFunc(s, odd) {
		return s, fault.New(fault.Invalid, "a display name is one line of at most 100 characters")
	}
	return s, nil
}

// Normalize returns the profile as it may be stored, or fault.Invalid.
func (p Profile) Normalize() (Profile, error) {
	for _, f := range []struct{ what, value, known string }{
		{"language", p.Language, "en ja"},
		{"theme", p.Theme, "light dark"},
		{"density", p.Density, "comfortable compact"},
	} {
		if known := strings.Fields(f.known); f.value != "" && !slices.Contains(known, f.value) {
			return p, fault.New(fault.Invalid, "%s %q is not known; use %s, or leave it empty", f.what, f.value, strings.Join(known, " or "))
		}
	}
	if p.Zone != "" && (len(p.Zone) > 64 || !zoneName.MatchString(p.Zone)) {
		return p, fault.New(fault.Invalid, "zone %q is no time zone; use a name such as Asia/Tokyo or UTC", p.Zone)
	}
	return p, nil
}

// Principal returns the user as somebody who asks through the web.
func (u User) Principal() Principal {
	return Principal{Name: u.Name, User: u.Name, Role: u.Role, Door: "web"}
}
