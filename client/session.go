package client

import (
	"context"
	"net/http"
)

// Session says who asks and what that one may do.
type Session struct {
	Name        string   `json:"name"` // as the audit log has it
	User        string   `json:"user"` // empty for a key
	DisplayName string   `json:"display_name"`
	Role        string   `json:"role"`
	Permissions []string `json:"permissions"`
	HasPassword bool     `json:"has_password"` // without one only a link signs in
	Profile     Profile  `json:"profile"`
}

// Profile is how a user wants the pages to be; empty fields leave it to the browser.
type Profile struct {
	Language string `json:"language"` // en or ja
	Zone     string `json:"zone"`     // such as Asia/Tokyo
	Theme    string `json:"theme"`    // light or dark
	Density  string `json:"density"`  // comfortable or compact
}

// SignIn is a name and a password, or the token of a sign-in link.
type SignIn struct {
	Name     string `json:"name,omitempty"`
	Password string `json:"password,omitempty"`
	Link     string `json:"link,omitempty"` // what stands after # in the link; works once
}

// ProfileChange is what to change of the own profile; what is nil stays.
type ProfileChange struct {
	DisplayName *string `json:"display_name,omitempty"`
	Language    *string `json:"language,omitempty"`
	Zone        *string `json:"zone,omitempty"`
	Theme       *string `json:"theme,omitempty"`
	Density     *string `json:"density,omitempty"`
}

// PasswordChange is a new password for the user that asks.
type PasswordChange struct {
	Old string `json:"old,omitempty"` // not needed within an hour of signing in by link
	New string `json:"new"`           // at least 12 characters
}

// SignIn opens a session. It is a cookie: give HTTP a jar to keep it in. Programs
// use a key instead, which needs no session.
func (c *Client) SignIn(ctx context.Context, s SignIn) (*Session, error) {
	var out Session
	if err := c.call(ctx, http.MethodPost, path("session"), nil, s, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Session tells who the key or session belongs to.
func (c *Client) Session(ctx context.Context) (*Session, error) {
	var out Session
	if err := c.call(ctx, http.MethodGet, path("session"), nil, nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// SignOut ends the session; a key has none.
func (c *Client) SignOut(ctx context.Context) error {
	return c.call(ctx, http.MethodDelete, path("session"), nil, nil, nil)
}

// ChangeProfile changes those fields of the own profile that are not nil.
func (c *Client) ChangeProfile(ctx context.Context, p ProfileChange) (*Session, error) {
	var out Session
	if err := c.call(ctx, http.MethodPatch, path("session"), nil, p, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// ChangePassword changes the own password; every other session of the user ends.
func (c *Client) ChangePassword(ctx context.Context, p PasswordChange) error {
	return c.call(ctx, http.MethodPut, path("session", "password"), nil, p, nil)
}
