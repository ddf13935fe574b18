package client

import (
	"context"
	"net/http"
	"time"
)

// Key is an API key, without its token.
type Key struct {
	Name      string     `json:"name"`
	Role      string     `json:"role"`
	Scope     []string   `json:"scope"` // what of the role it may use; empty: everything
	CreatedAt time.Time  `json:"created_at"`
	CreatedBy string     `json:"created_by"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"` // nil: never
	UsedAt    *time.Time `json:"used_at,omitempty"`    // last use, within five minutes; nil: never
}

// KeyCreated is a new key with its token, which is shown this once.
type KeyCreated struct {
	Key
	Token string `json:"token"`
}

// KeyList lists every key.
type KeyList struct {
	Items []Key  `json:"items"`
	Next  string `json:"next"` // always empty: keys are few
}

// NewKey is a key to make.
type NewKey struct {
	Name      string     `json:"name"` // 1 to 64 of a-z, 0-9, '.', '_' and '-'
	Role      string     `json:"role"`
	Scope     []string   `json:"scope,omitempty"`      // permissions such as alerts:read; empty: the role's
	ExpiresAt *time.Time `json:"expires_at,omitempty"` // nil: never
}

// CreateKey makes a key and returns it with its token.
func (c *Client) CreateKey(ctx context.Context, k NewKey) (*KeyCreated, error) {
	var out KeyCreated
	if err := c.call(ctx, http.MethodPost, path("keys"), nil, k, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Keys lists every key by name.
func (c *Client) Keys(ctx context.Context) (*KeyList, error) {
	var out KeyList
	if err := c.call(ctx, http.MethodGet, path("keys"), nil, nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// RevokeKey ends a key at once.
func (c *Client) RevokeKey(ctx context.Context, name string) error {
	return c.call(ctx, http.MethodDelete, path("keys", name), nil, nil, nil)
}
