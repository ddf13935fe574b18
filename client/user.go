package client

import (
	"context"
	"net/http"
	"time"
)

// User is a person who signs in.
type User struct {
	Name        string     `json:"name"`
	DisplayName string     `json:"display_name"`
	Role        string     `json:"role"` // viewer, responder, analyst, engineer or admin
	Disabled    bool       `json:"disabled"`
	CreatedAt   time.Time  `json:"created_at"`
	SeenAt      *time.Time `json:"seen_at,omitempty"` // last sign-in; nil where there was none
}

// UserList lists every user.
type UserList struct {
	Items []User `json:"items"`
	Next  string `json:"next"` // always empty: users are few
}

// UserCreated is a new user with the link to come in by.
type UserCreated struct {
	User
	SignInLink
}

// SignInLink signs a user in, once.
type SignInLink struct {
	Link    string    `json:"link"` // to be handed over in private; shown this once
	Expires time.Time `json:"link_expires_at"`
}

// NewUser is a user to make.
type NewUser struct {
	Name        string `json:"name"` // 1 to 64 of a-z, 0-9, '.', '_', '-' and '@'
	DisplayName string `json:"display_name,omitempty"`
	Role        string `json:"role"`
}

// UserChange is what to change of a user; what is nil stays.
type UserChange struct {
	DisplayName *string `json:"display_name,omitempty"`
	Role        *string `json:"role,omitempty"`
	Disabled    *bool   `json:"disabled,omitempty"`
}

// NewPassword is a password for somebody else.
type NewPassword struct {
	Password string `json:"password"` // at least 12 characters
}

// CreateUser makes a user and returns it with a sign-in link.
func (c *Client) CreateUser(ctx context.Context, u NewUser) (*UserCreated, error) {
	var out UserCreated
	if err := c.call(ctx, http.MethodPost, path("users"), nil, u, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Users lists every user by name.
func (c *Client) Users(ctx context.Context) (*UserList, error) {
	var out UserList
	if err := c.call(ctx, http.MethodGet, path("users"), nil, nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// User returns one user.
func (c *Client) User(ctx context.Context, name string) (*User, error) {
	var out User
	if err := c.call(ctx, http.MethodGet, path("users", name), nil, nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// ChangeUser changes those fields of a user that are not nil.
func (c *Client) ChangeUser(ctx context.Context, name string, u UserChange) (*User, error) {
	var out User
	if err := c.call(ctx, http.MethodPatch, path("users", name), nil, u, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// DeleteUser removes a user; what the user did stays under the name.
func (c *Client) DeleteUser(ctx context.Context, name string) error {
	return c.call(ctx, http.MethodDelete, path("users", name), nil, nil, nil)
}

// SetPassword sets another user's password.
func (c *Client) SetPassword(ctx context.Context, name string, p NewPassword) error {
	return c.call(ctx, http.MethodPut, path("users", name, "password"), nil, p, nil)
}

// CreateSignInLink makes a one-time link that signs a user in; an older one ends.
func (c *Client) CreateSignInLink(ctx context.Context, name string) (*SignInLink, error) {
	var out SignInLink
	if err := c.call(ctx, http.MethodPost, path("users", name, "sign-in-link"), nil, nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}
