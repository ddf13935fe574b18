package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yagura/auth"
	"yagura/desk"
	"yagura/fault"
)

// Session says who asks and what that one may do.
type Session struct {
	Name        string            `json:"name" doc:"who asks, as the audit log has it"`
	User        string            `json:"user" doc:"the user's name; empty for a key"`
	DisplayName string            `json:"display_name" doc:"as colleagues see the user"`
	Role        auth.Role         `json:"role" doc:"viewer, responder, analyst, engineer or admin"`
	Permissions []auth.Permission `json:"permissions" doc:"what this one may do"`
	HasPassword bool              `json:"has_password" doc:"whether the user has a password; without one only a link signs in"`
	Profile     Profile           `json:"profile"`
}

// Profile is how a user wants the pages to be.
type Profile struct {
	Language string `json:"language" doc:"en or ja; empty: as the browser says"`
	Zone     string `json:"zone" doc:"time zone such as Asia/Tokyo; empty: the browser's"`
	Theme    string `json:"theme" doc:"light or dark; empty: as the browser says"`
	Density  string `json:"density" doc:"comfortable or compact; empty: comfortable"`
}

// SignIn is what proves who somebody is: a name and a password, or a link's token.
type SignIn struct {
	Name     string `json:"name,omitempty" maxLength:"64" doc:"the user's name, with password"`
	Password string `json:"password,omitempty" maxLength:"256" doc:"the user's password"`
	Link     string `json:"link,omitempty" maxLength:"200" doc:"instead: what stands after # in a sign-in link; it works once"`
}

// ProfileChange is what a user changes of the own profile; what is absent stays.
type ProfileChange struct {
	DisplayName *string `json:"display_name,omitempty" doc:"as colleagues see the user"`
	Language    *string `json:"language,omitempty" doc:"en or ja; empty: as the browser says"`
	Zone        *string `json:"zone,omitempty" doc:"time zone such as Asia/Tokyo; empty: the browser's"`
	Theme       *string `json:"theme,omitempty" doc:"light or dark; empty: as the browser says"`
	Density     *string `json:"density,omitempty" doc:"comfortable or compact; empty: comfortable"`
}

// PasswordChange is a new password for the one who asks.
type PasswordChange struct {
	Old string `json:"old,omitempty" maxLength:"256" doc:"the password until now; not needed within an hour of signing in by link"`
	New string `json:"new" maxLength:"256" doc:"at least 12 characters"`
}

func (s *Server) sessionRoutes(api huma.API) {
	open := operation("sign-in", http.MethodPost, "/api/v1/session", "Sign in with a password or a one-time link; the session is a cookie", auth.Public)
	open.Security = []map[string][]string{{}}
	huma.Register(api, open, s.signIn)
	huma.Register(api, operation("get-session", http.MethodGet, "/api/v1/session", "Who asks, and what that one may do", auth.SelfProfile), s.getSession)
	huma.Register(api, operation("sign-out", http.MethodDelete, "/api/v1/session", "End the session", auth.SelfProfile), s.signOut)
	huma.Register(api, operation("change-profile", http.MethodPatch, "/api/v1/session", "Change the own display name and profile", auth.SelfProfile), s.changeProfile)
	huma.Register(api, operation("change-password", http.MethodPut, "/api/v1/session/password", "Change the own password; every other session of the user ends", auth.SelfProfile), s.changePassword)
}

// signedIn is an answer that sets the session's cookie.
type signedIn struct {
	SetCookie    http.Cookie `header:"Set-Cookie"`
	CacheControl string      `header:"Cache-Control"`
	Body         Session
}

type signInInput struct{ Body SignIn }

func (s *Server) signIn(ctx context.Context, in *signInInput) (*signedIn, error) {
	r, _ := ctx.Value(requestKey{}).(*http.Request)
	name := strings.ToLower(strings.TrimSpace(in.Body.Name))
	byLink := in.Body.Link != ""
	switch {
	case byLink == (name != "" || in.Body.Password != ""), !byLink && (name == "" || in.Body.Password == ""):
		return nil, s.fail(ctx, fault.New(fault.Invalid, "send a name and a password, or a link's token"))
	case r.Header.Get("Sec-Fetch-Site") != "" || r.Header.Get("Origin") != "":
		// Another site must not sign somebody in as somebody else.
		if err := s.sameOrigin(r); err != nil {
			return nil, s.fail(ctx, err)
		}
	}
	var o desk.Opened
	err := s.attempt(r, name, func() (err error) {
		if byLink {
			o, err = s.Desk.SignInByLink(ctx, in.Body.Link)
		} else {
			o, err = s.Desk.SignIn(ctx, name, in.Body.Password)
		}
		return err
	})
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &signedIn{s.cookie(r, o.Token), "no-store", showSession(o.Principal, o.User)}, nil
}

// attempt runs what proves who somebody is, unless too many attempts failed from
// the same address or for the same name. name is empty for links.
func (s *Server) attempt(r *http.Request, name string, prove func() error) error {
	from := ClientAddress(r, s.Trusted)
	if wait, ok := s.signIns.take(s.Store.Now(), from, name); !ok {
		wait = max(wait.Round(time.Second), time.Second)
		return &fault.Error{Kind: fault.TooMany, Message: fmt.Sprintf("too many sign-ins have failed; try again in %s, or ask an administrator for a sign-in link", wait), Retry: wait}
	}
	err := prove()
	if fault.Is(err, fault.Unknown) || fault.Is(err, fault.Denied) {
		// Not the name: some type their password into its field.
		s.Log.WarnContext(r.Context(), "a sign-in failed", "client", from)
		return err
	}
	s.signIns.back(s.Store.Now(), from, name, err == nil)
	return err
}

func showSession(p auth.Principal, u auth.User) Session {
	return Session{
		Name: p.Name, User: u.Name, DisplayName: u.DisplayName, Role: p.Role, Permissions: p.Permissions(),
		HasPassword: u.Password != "", Profile: showProfile(u.Profile),
	}
}

func showProfile(p auth.Profile) Profile { return Profile{p.Language, p.Zone, p.Theme, p.Density} }

func (s *Server) getSession(ctx context.Context, _ *struct{}) (*body[Session], error) {
	u, err := s.Desk.Whoami(ctx, principal(ctx))
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &body[Session]{showSession(principal(ctx), u)}, nil
}

// signedOut is an answer that takes the session's cookie back.
type signedOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (s *Server) signOut(ctx context.Context, _ *struct{}) (*signedOut, error) {
	if err := s.Desk.SignOut(ctx, principal(ctx)); err != nil {
		return nil, s.fail(ctx, err)
	}
	r, _ := ctx.Value(requestKey{}).(*http.Request)
	return &signedOut{s.cookie(r, "")}, nil
}

type changeProfileInput struct{ Body ProfileChange }

func (s *Server) changeProfile(ctx context.Context, in *changeProfileInput) (*body[Session], error) {
	u, err := s.Desk.ChangeProfile(ctx, principal(ctx), func(u *auth.User) {
		set(&u.DisplayName, in.Body.DisplayName)
		set(&u.Profile.Language, in.Body.Language)
		set(&u.Profile.Zone, in.Body.Zone)
		set(&u.Profile.Theme, in.Body.Theme)
		set(&u.Profile.Density, in.Body.Density)
	})
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &body[Session]{showSession(principal(ctx), u)}, nil
}

type changePasswordInput struct{ Body PasswordChange }

func (s *Server) changePassword(ctx context.Context, in *changePasswordInput) (*struct{}, error) {
	p := principal(ctx)
	r, _ := ctx.Value(requestKey{}).(*http.Request)
	// A stolen session must not guess the password at leisure.
	err := s.attempt(r, p.User, func() error { return s.Desk.ChangePassword(ctx, p, in.Body.Old, in.Body.New) })
	return nil, s.fail(ctx, err)
}
