package web

import (
	"context"
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"

	"yagura/auth"
	"yagura/fault"
)

type (
	principalKey struct{}
	requestKey   struct{}
)

// principal returns who asks, as the middleware found it.
func principal(ctx context.Context) auth.Principal {
	p, _ := ctx.Value(principalKey{}).(auth.Principal)
	return p
}

// identify returns who the request's key or session belongs to. A key stands
// over a session: whoever sends one means it.
func (s *Server) identify(r *http.Request) (auth.Principal, error) { return s.whose(r, true) }

// whose is identify; with used false the request does not count as a use that
// keeps a session from ending.
func (s *Server) whose(r *http.Request, used bool) (auth.Principal, error) {
	if token := bearer(r.Header.Get("Authorization")); token != "" {
		hash := auth.HashToken(token)
		for _, k := range s.keys {
			if subtle.ConstantTimeCompare(hash, k.hash) == 1 {
				return k.principal, nil
			}
		}
		return s.Desk.ByKey(r.Context(), token)
	}
	c, err := r.Cookie(s.cookieName(r))
	if err != nil || c.Value == "" {
		return auth.Principal{}, fault.New(fault.Unknown, "this needs an API key or a session; send the key as \"Authorization: Bearer KEY\", or sign in at /api/v1/session")
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		if err := s.sameOrigin(r); err != nil {
			return auth.Principal{}, err
		}
	}
	return s.Desk.BySession(r.Context(), c.Value, used)
}

func bearer(authorization string) string {
	scheme, token, ok := strings.Cut(authorization, " ")
	if !ok || !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// sameOrigin refuses what another site's page makes a browser send: the cookie
// comes along by itself, so it proves who, and not that he wants it. Browsers say
// where a request comes from, by Sec-Fetch-Site or, over plain HTTP, by Origin
// alone; what says neither is no browser and has no cookie to send.
func (s *Server) sameOrigin(r *http.Request) error {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin":
		return nil
	case "":
		u, err := url.Parse(r.Header.Get("Origin"))
		if err != nil || u.Host == "" {
			break
		}
		secure := u.Scheme == "https" || !s.secure(r)
		if secure && strings.EqualFold(u.Host, r.Host) || strings.EqualFold(u.Scheme+"://"+u.Host, s.base()) {
			return nil
		}
	}
	return fault.New(fault.Denied, "this request does not come from a page of this server, so the session does not count; programs send an API key instead")
}

// base is how people reach this server, such as https://yagura.example.com;
// empty where nobody said.
func (s *Server) base() string {
	if s.Base == nil {
		return ""
	}
	return strings.TrimRight(s.Base(), "/")
}

// secure reports whether the browser speaks TLS, with us or with a proxy of ours.
func (s *Server) secure(r *http.Request) bool {
	return r.TLS != nil || strings.HasPrefix(s.base(), "https://")
}

// cookieName is the session's. Over TLS its prefix has browsers take it from this
// very host only.
func (s *Server) cookieName(r *http.Request) string {
	if s.secure(r) {
		return "__Host-yagura_session"
	}
	return "yagura_session"
}

// cookie returns the cookie that holds a session's token; an empty token ends it.
func (s *Server) cookie(r *http.Request, token string) http.Cookie {
	c := http.Cookie{
		Name: s.cookieName(r), Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: s.secure(r), MaxAge: int(auth.SessionTime.Seconds()),
	}
	if token == "" {
		c.MaxAge = -1
	}
	return c
}

// allow authenticates a request outside huma's operations.
func (s *Server) allow(r *http.Request, need auth.Permission) (auth.Principal, error) {
	p, err := s.identify(r)
	if err != nil {
		return p, err
	}
	return p, p.May(need)
}
