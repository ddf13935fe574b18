package scenarios

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yagura/app"
	"yagura/auth"
	"yagura/store"
)

// person is somebody with a browser that keeps the session's cookie.
type person struct {
	t      *testing.T
	s      *server
	cookie string
}

// asks sends a request as a page of the server's own does; headers go in pairs
// and stand over that.
func (p *person) asks(method, path string, body any, headers ...string) answer {
	p.t.Helper()
	var b []byte
	if body != nil {
		var err error
		if b, err = json.Marshal(body); err != nil {
			p.t.Fatal(err)
		}
	}
	h := []string{"Content-Type", "application/json", "Sec-Fetch-Site", "same-origin"}
	if p.cookie != "" {
		h = append(h, "Cookie", p.cookie)
	}
	a := p.s.send(p.t, method, path, b, append(h, headers...)...)
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if p.cookie = c.Name + "=" + c.Value; c.MaxAge < 0 {
			p.cookie = ""
		}
	}
	return a
}

// byLink tries a sign-in link.
func (s *server) byLink(t *testing.T, link string) (*person, answer) {
	t.Helper()
	_, token, ok := strings.Cut(link, "/sign-in#")
	if !ok {
		t.Fatalf("%q is no sign-in link", link)
	}
	p := &person{t: t, s: s}
	return p, p.asks(http.MethodPost, "/api/v1/session", map[string]string{"link": token})
}

// byPassword tries a name and a password.
func (s *server) byPassword(t *testing.T, name, password string, headers ...string) (*person, answer) {
	t.Helper()
	p := &person{t: t, s: s}
	return p, p.asks(http.MethodPost, "/api/v1/session", map[string]string{"name": name, "password": password}, headers...)
}

// user makes a user and signs it in by its link.
func (s *server) user(t *testing.T, name string, role auth.Role) *person {
	t.Helper()
	var made struct{ Link string }
	s.ask(t, http.MethodPost, "/api/v1/users", map[string]any{"name": name, "role": role}).must(http.StatusCreated).into(&made)
	p, a := s.byLink(t, made.Link)
	a.must(http.StatusOK)
	return p
}

// secret is a good password.
const secret = "correct horse battery"

// me is who the API says that somebody is.
type me struct {
	Name, User, Role string
	DisplayName      string `json:"display_name"`
	Permissions      []string
	HasPassword      bool `json:"has_password"`
	Profile          struct{ Language, Zone, Theme, Density string }
}

func (p *person) is() me {
	p.t.Helper()
	var m me
	p.asks(http.MethodGet, "/api/v1/session", nil).must(http.StatusOK).into(&m)
	return m
}

// ticking is a clock that only moves when it is told to.
type ticking struct {
	mu  sync.Mutex
	now time.Time
}

func newTicking() *ticking { return &ticking{now: time.Now().UTC().Truncate(time.Second)} }

func (c *ticking) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *ticking) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// The first start prints a link; it works once, and a password is set after it.
func TestTheFirstAdministratorComesInByLink(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		s := start(t, database)
		first := s.signIn
		if !strings.HasPrefix(first, s.base+"/sign-in#yl_") {
			t.Fatalf("the first start's link is %q", first)
		}
		admin, a := s.byLink(t, first)
		a.must(http.StatusOK)
		set := a.header.Get("Set-Cookie")
		if !strings.Contains(set, "HttpOnly") || !strings.Contains(set, "SameSite=Strict") || strings.Contains(set, "Secure") {
			t.Errorf("the cookie over plain HTTP is %q", set)
		}
		if m := admin.is(); m.User != "admin" || m.Role != "admin" || m.HasPassword || !slices.Contains(m.Permissions, "users:manage") {
			t.Errorf("the first administrator is %+v", m)
		}
		_, a = s.byLink(t, first)
		if got := a.must(http.StatusUnauthorized).detail(); !strings.Contains(got, "yagura user reset") {
			t.Errorf("a used link says %q", got)
		}
		admin.asks(http.MethodPut, "/api/v1/session/password", map[string]string{"new": "short"}).must(http.StatusUnprocessableEntity)
		admin.asks(http.MethodPut, "/api/v1/session/password", map[string]string{"new": secret}).must(http.StatusNoContent)
		if !admin.is().HasPassword {
			t.Error("the password was not set")
		}
		again, a := s.byPassword(t, "Admin ", secret)
		a.must(http.StatusOK)
		if again.is().User != "admin" {
			t.Error("the password signs in somebody else")
		}
		again.asks(http.MethodDelete, "/api/v1/session", nil).must(http.StatusNoContent)
		if again.cookie != "" {
			t.Error("signing out left the cookie")
		}
		admin.is() // the other session goes on
		s.end()
		s.run()
		if s.signIn != "" {
			t.Error("the second start made another link")
		}
		admin.is()
	})
}

// Links and sessions end, unused and used.
func TestLinksAndSessionsEnd(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		c := newTicking()
		s := start(t, database, clock(c.read))
		link := s.signIn
		c.pass(auth.LinkTime)
		_, a := s.byLink(t, link)
		a.must(http.StatusUnauthorized)
		var made, other struct{ Link string }
		s.ask(t, http.MethodPost, "/api/v1/users/admin/sign-in-link", nil).must(http.StatusOK).into(&made)
		s.ask(t, http.MethodPost, "/api/v1/users/admin/sign-in-link", nil).must(http.StatusOK).into(&other)
		_, a = s.byLink(t, made.Link)
		a.must(http.StatusUnauthorized) // a newer one was made
		idle, a := s.byLink(t, other.Link)
		a.must(http.StatusOK)
		idle.asks(http.MethodPut, "/api/v1/session/password", map[string]string{"new": secret}).must(http.StatusNoContent)
		busy, a := s.byPassword(t, "admin", secret)
		a.must(http.StatusOK)
		began := c.read()
		for c.read().Before(began.Add(auth.IdleTime)) {
			c.pass(auth.IdleTime / 2)
			busy.is()
		}
		idle.asks(http.MethodGet, "/api/v1/session", nil).must(http.StatusUnauthorized)
		for c.read().Before(began.Add(auth.SessionTime - auth.IdleTime/2)) {
			c.pass(auth.IdleTime / 2)
			busy.is()
		}
		c.pass(auth.IdleTime / 2)
		if got := busy.asks(http.MethodGet, "/api/v1/session", nil).must(http.StatusUnauthorized).detail(); got != "your session has ended; sign in again" {
			t.Errorf("an ended session says %q", got)
		}
	})
}

// What is wrong is never said, guessing is slowed down, and the right person comes in.
func TestWrongPasswordsAreLimited(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		c := newTicking()
		s := start(t, database, clock(c.read), with("YAGURA_TRUSTED_PROXIES", "127.0.0.1/32"))
		from := func(n int) []string { return []string{"X-Forwarded-For", fmt.Sprintf("192.0.2.%d", n)} }
		anna := s.user(t, "anna", auth.Analyst)
		anna.asks(http.MethodPut, "/api/v1/session/password", map[string]string{"new": secret}).must(http.StatusNoContent)
		_, a := s.byPassword(t, "anna", secret, from(1)...)
		a.must(http.StatusOK)
		_, wrong := s.byPassword(t, "anna", "wrong", from(2)...)
		_, nobody := s.byPassword(t, "nobody", "wrong", from(2)...)
		if wrong.must(http.StatusUnauthorized).detail() != nobody.must(http.StatusUnauthorized).detail() {
			t.Error("the answer tells which names there are")
		}
		// One address tries many names.
		for i := range 8 {
			_, a = s.byPassword(t, fmt.Sprintf("name%d", i), "wrong", from(2)...)
			a.must(http.StatusUnauthorized)
		}
		_, a = s.byPassword(t, "name9", "wrong", from(2)...)
		if a.must(http.StatusTooManyRequests); a.header.Get("Retry-After") == "" {
			t.Error("nothing says when to try again")
		}
		// Many addresses try one name.
		limited := false
		for i := range 20 {
			_, a = s.byPassword(t, "anna", "wrong", from(100+i)...)
			limited = limited || a.status == http.StatusTooManyRequests
		}
		if !limited {
			t.Error("many addresses may guess one name's password without end")
		}
		_, a = s.byPassword(t, "anna", secret, from(200)...)
		a.must(http.StatusTooManyRequests) // right, but from a strange address: not yet
		_, a = s.byPassword(t, "anna", secret, from(1)...)
		a.must(http.StatusOK) // from where she signs in
		c.pass(time.Minute)
		_, a = s.byPassword(t, "anna", secret, from(200)...)
		a.must(http.StatusOK) // and soon from everywhere
	})
}

// Another site's page cannot use the cookie that the browser sends along.
func TestOtherSitesCannotUseASession(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		s := start(t, database)
		anna := s.user(t, "anna", auth.Analyst)
		host := strings.TrimPrefix(s.base, "http://")
		for _, tt := range []struct {
			name, site, origin string
			status             int
		}{
			{"own page", "same-origin", s.base, http.StatusOK},
			{"own page of an old browser", "", s.base, http.StatusOK},
			{"other site", "cross-site", "https://evil.example", http.StatusForbidden},
			{"sister site", "same-site", s.base, http.StatusForbidden},
			{"other site of an old browser", "", "https://evil.example", http.StatusForbidden},
			{"other port", "", "http://" + host + "0", http.StatusForbidden},
			{"no origin", "", "null", http.StatusForbidden},
			{"nothing", "", "", http.StatusForbidden},
		} {
			a := anna.asks(http.MethodPatch, "/api/v1/session", map[string]string{"theme": "dark"}, "Sec-Fetch-Site", tt.site, "Origin", tt.origin)
			if a.status != tt.status {
				t.Errorf("%s: answered %d, want %d: %s", tt.name, a.status, tt.status, a.body)
			}
		}
		anna.asks(http.MethodGet, "/api/v1/session", nil, "Sec-Fetch-Site", "cross-site").must(http.StatusOK)
		_, a := s.byPassword(t, "anna", secret, "Sec-Fetch-Site", "cross-site")
		a.must(http.StatusForbidden) // nor sign anybody in as somebody else
	})
}

// With https outside, the cookie never travels in the clear.
func TestTheCookieIsSecureBehindTLS(t *testing.T) {
	t.Parallel()
	s := start(t, "", with("YAGURA_PUBLIC_URL", "https://yagura.example.com/"))
	if !strings.HasPrefix(s.signIn, "https://yagura.example.com/sign-in#") {
		t.Errorf("the link is %q", s.signIn)
	}
	p, a := s.byLink(t, s.signIn)
	a.must(http.StatusOK)
	if set := a.header.Get("Set-Cookie"); !strings.HasPrefix(set, "__Host-yagura_session=") || !strings.Contains(set, "; Secure") || !strings.Contains(set, "Path=/") || strings.Contains(set, "Domain") {
		t.Errorf("the cookie is %q", set)
	}
	change := func(origin string) answer {
		return p.asks(http.MethodPatch, "/api/v1/session", map[string]string{"theme": "dark"}, "Sec-Fetch-Site", "", "Origin", origin)
	}
	change("https://yagura.example.com").must(http.StatusOK) // the proxy may have changed Host
	change("http://yagura.example.com").must(http.StatusForbidden)
	change(s.base).must(http.StatusForbidden)
}

func TestAKeyKeepsToItsScopeAndTime(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		c := newTicking()
		s := start(t, database, clock(c.read))
		make := func(key map[string]any, as ...string) answer {
			b, err := json.Marshal(key)
			if err != nil {
				t.Fatal(err)
			}
			return s.send(t, http.MethodPost, "/api/v1/keys", b, append([]string{"Content-Type", "application/json", "Authorization", "Bearer " + bootstrapKey}, as...)...)
		}
		var narrow, short, granter struct{ Token string }
		make(map[string]any{"name": "narrow", "role": "engineer", "scope": []string{"alerts:read"}}).must(http.StatusCreated).into(&narrow)
		make(map[string]any{"name": "short", "role": "admin", "expires_at": c.read().Add(time.Hour)}).must(http.StatusCreated).into(&short)
		make(map[string]any{"name": "granter", "role": "admin", "scope": []string{"keys:manage", "users:manage", "alerts:read"}}).must(http.StatusCreated).into(&granter)
		make(map[string]any{"name": "narrow", "role": "viewer"}).must(http.StatusConflict)
		make(map[string]any{"name": "wide", "role": "viewer", "scope": []string{"users:manage"}}).must(http.StatusUnprocessableEntity)
		make(map[string]any{"name": "late", "role": "viewer", "expires_at": c.read()}).must(http.StatusUnprocessableEntity)
		with := func(token, method, path string, body string) answer {
			return s.send(t, method, path, []byte(body), "Authorization", "Bearer "+token, "Content-Type", "application/json")
		}
		with(narrow.Token, http.MethodGet, "/api/v1/alerts", "").must(http.StatusOK)
		with(narrow.Token, http.MethodGet, "/api/v1/sources", "").must(http.StatusForbidden)
		var m me
		if with(narrow.Token, http.MethodGet, "/api/v1/session", "").must(http.StatusOK).into(&m); m.Name != "key:narrow" || len(m.Permissions) != 2 {
			t.Errorf("the key is %+v", m)
		}
		with(narrow.Token, http.MethodDelete, "/api/v1/session", "").must(http.StatusConflict)
		// Nobody hands out more than he has.
		make(map[string]any{"name": "more", "role": "admin"}, "Authorization", "Bearer "+granter.Token).must(http.StatusForbidden)
		make(map[string]any{"name": "less", "role": "viewer", "scope": []string{"alerts:read"}}, "Authorization", "Bearer "+granter.Token).must(http.StatusCreated)
		make(map[string]any{"name": "other", "role": "viewer", "scope": []string{"groups:read"}}, "Authorization", "Bearer "+granter.Token).must(http.StatusForbidden)
		with(granter.Token, http.MethodPost, "/api/v1/users", `{"name":"x","role":"admin"}`).must(http.StatusForbidden)
		with(granter.Token, http.MethodPost, "/api/v1/users/admin/sign-in-link", "").must(http.StatusForbidden)
		with(granter.Token, http.MethodPut, "/api/v1/users/admin/password", `{"password":"`+secret+`"}`).must(http.StatusForbidden)
		with(granter.Token, http.MethodDelete, "/api/v1/users/admin", "").must(http.StatusForbidden)
		with(short.Token, http.MethodGet, "/api/v1/audit", "").must(http.StatusOK)
		c.pass(time.Hour)
		with(short.Token, http.MethodGet, "/api/v1/audit", "").must(http.StatusUnauthorized)
		list := s.ask(t, http.MethodGet, "/api/v1/keys", nil).must(http.StatusOK)
		for _, token := range []string{narrow.Token, short.Token, granter.Token} {
			if bytes.Contains(list.body, []byte(token)) {
				t.Error("the list shows a token")
			}
		}
		s.ask(t, http.MethodDelete, "/api/v1/keys/narrow", nil).must(http.StatusNoContent)
		with(narrow.Token, http.MethodGet, "/api/v1/alerts", "").must(http.StatusUnauthorized)
		s.ask(t, http.MethodDelete, "/api/v1/keys/narrow", nil).must(http.StatusNotFound)
	})
}

func TestTheLastAdministratorStays(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		s := start(t, database)
		admin, a := s.byLink(t, s.signIn)
		a.must(http.StatusOK)
		for _, change := range []map[string]any{{"disabled": true}, {"role": "engineer"}} {
			admin.asks(http.MethodPatch, "/api/v1/users/admin", change).must(http.StatusConflict)
		}
		admin.asks(http.MethodDelete, "/api/v1/users/admin", nil).must(http.StatusConflict)
		second := s.user(t, "second", auth.Admin)
		second.asks(http.MethodPatch, "/api/v1/users/admin", map[string]any{"disabled": true}).must(http.StatusOK)
		admin.asks(http.MethodGet, "/api/v1/session", nil).must(http.StatusUnauthorized) // out at once
		second.asks(http.MethodPost, "/api/v1/users/admin/sign-in-link", nil).must(http.StatusConflict)
		second.asks(http.MethodPatch, "/api/v1/users/second", map[string]any{"role": "viewer"}).must(http.StatusConflict)
		second.asks(http.MethodPatch, "/api/v1/users/admin", map[string]any{"disabled": false}).must(http.StatusOK)
		second.asks(http.MethodPatch, "/api/v1/users/second", map[string]any{"role": "viewer"}).must(http.StatusOK)
		second.asks(http.MethodPost, "/api/v1/users", map[string]any{"name": "x", "role": "viewer"}).must(http.StatusForbidden) // the role counts at once
		if got := second.is(); got.Role != "viewer" {
			t.Errorf("the second is %+v", got)
		}
	})
}

func TestPeopleChangeWhatIsTheirs(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		c := newTicking()
		s := start(t, database, clock(c.read))
		anna := s.user(t, "anna", auth.Viewer)
		anna.asks(http.MethodPatch, "/api/v1/session", map[string]string{"display_name": "アンナ", "language": "ja", "zone": "Asia/Tokyo", "density": "compact"}).must(http.StatusOK)
		anna.asks(http.MethodPatch, "/api/v1/session", map[string]string{"theme": "dark"}).must(http.StatusOK)
		m := anna.is()
		if m.DisplayName != "アンナ" || m.Profile.Language != "ja" || m.Profile.Zone != "Asia/Tokyo" || m.Profile.Theme != "dark" || m.Profile.Density != "compact" || m.Role != "viewer" {
			t.Errorf("anna is %+v", m)
		}
		for _, bad := range []map[string]string{{"theme": "pink"}, {"zone": "../etc/passwd"}, {"language": "tlh"}, {"display_name": "a\nb"}, {"role": "admin"}} {
			anna.asks(http.MethodPatch, "/api/v1/session", bad).must(http.StatusUnprocessableEntity)
		}
		password := func(p *person, old, next string) answer {
			return p.asks(http.MethodPut, "/api/v1/session/password", map[string]string{"old": old, "new": next})
		}
		password(anna, "", secret).must(http.StatusNoContent)
		other, a := s.byPassword(t, "anna", secret)
		a.must(http.StatusOK)
		password(other, "", secret+"2").must(http.StatusForbidden)
		password(other, "wrong", secret+"2").must(http.StatusForbidden)
		password(other, secret, secret+"2").must(http.StatusNoContent)
		anna.asks(http.MethodGet, "/api/v1/session", nil).must(http.StatusUnauthorized) // her other sessions end
		other.is()
		_, a = s.byPassword(t, "anna", secret)
		a.must(http.StatusUnauthorized)
		// Whoever forgot it gets a link; that counts for an hour.
		var made struct{ Link string }
		s.ask(t, http.MethodPost, "/api/v1/users/anna/sign-in-link", nil).must(http.StatusOK).into(&made)
		back, a := s.byLink(t, made.Link)
		a.must(http.StatusOK)
		c.pass(auth.ByLinkTime)
		password(back, "", secret+"3").must(http.StatusForbidden)
		s.ask(t, http.MethodPut, "/api/v1/users/anna/password", map[string]string{"password": secret + "4"}).must(http.StatusNoContent)
		back.asks(http.MethodGet, "/api/v1/session", nil).must(http.StatusUnauthorized)
		_, a = s.byPassword(t, "anna", secret+"4")
		a.must(http.StatusOK)
		s.ask(t, http.MethodDelete, "/api/v1/users/anna", nil).must(http.StatusNoContent)
		_, a = s.byPassword(t, "anna", secret+"4")
		a.must(http.StatusUnauthorized)
	})
}

// Whoever has the database at hand comes in again, while the server runs and not.
func TestALockedOutAdministratorIsLetIn(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		s := start(t, database)
		admin, a := s.byLink(t, s.signIn)
		a.must(http.StatusOK)
		admin.asks(http.MethodPut, "/api/v1/session/password", map[string]string{"new": secret}).must(http.StatusNoContent)
		second := s.user(t, "second", auth.Admin)
		second.asks(http.MethodPatch, "/api/v1/users/admin", map[string]any{"disabled": true, "role": "viewer"}).must(http.StatusOK)
		reset := func(name string) string {
			t.Helper()
			cfg, err := app.LoadConfig(nil, func(k string) string { return s.env[k] }, os.ReadFile)
			if err != nil {
				t.Fatal(err)
			}
			link, err := app.ResetUser(t.Context(), cfg, name, func(*store.Options) {})
			if err != nil {
				t.Fatal(err)
			}
			return link
		}
		admin, a = s.byLink(t, reset("admin"))
		a.must(http.StatusOK)
		if m := admin.is(); m.Role != "admin" || m.HasPassword {
			t.Errorf("after the reset admin is %+v", m)
		}
		s.end()
		link := reset("rescue") // there is no such user, and no server
		s.run()
		rescue, a := s.byLink(t, link)
		a.must(http.StatusOK)
		var log struct {
			Items []struct{ Principal, Door, Action, Subject string }
		}
		rescue.asks(http.MethodGet, "/api/v1/audit", nil).must(http.StatusOK).into(&log)
		resets := 0
		for _, e := range log.Items {
			if e.Action == "user.reset" && e.Door == "cli" && (e.Subject == "admin" || e.Subject == "rescue") {
				resets++
			}
		}
		if resets != 2 {
			t.Errorf("the audit log holds %+v", log.Items)
		}
	})
}
