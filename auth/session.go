package auth

import "time"

// How long sessions and sign-in links last.
const (
	IdleTime    = 12 * time.Hour     // a session that nobody uses ends
	SessionTime = 7 * 24 * time.Hour // every session ends
	LinkTime    = 24 * time.Hour     // a sign-in link that nobody used ends
	ByLinkTime  = time.Hour          // a session that a link opened may set a password without the old one
	SeenEvery   = 5 * time.Minute    // how exactly a session's or key's last use is known
	maxKeyTime  = 10 * 366 * 24 * time.Hour
)

// Session is a user signed in on one browser.
type Session struct {
	Hash      []byte    // of the token in the cookie
	User      string    // who
	ByLink    bool      // opened by a sign-in link, not by a password
	CreatedAt time.Time // UTC
	SeenAt    time.Time // last use, UTC, up to SeenEvery late
}

// Alive reports whether the session has not ended by itself.
func (s Session) Alive(now time.Time) bool {
	return now.Before(s.SeenAt.Add(IdleTime)) && now.Before(s.CreatedAt.Add(SessionTime))
}

// SetsPassword reports whether the session may set the user's password without
// the old one: a link is for those who have none, or forgot it.
func (s Session) SetsPassword(now time.Time) bool {
	return s.ByLink && now.Before(s.CreatedAt.Add(ByLinkTime))
}

// Link is a way to sign in that works once.
type Link struct {
	Hash      []byte    // of the token in the link
	User      string    // whom it signs in
	ExpiresAt time.Time // UTC
}
