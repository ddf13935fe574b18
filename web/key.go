package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yagura/auth"
)

// Key is an API key as lists show it; never its token.
type Key struct {
	Name      string            `json:"name" doc:"as it was made"`
	Role      auth.Role         `json:"role" doc:"viewer, responder, analyst, engineer or admin"`
	Scope     []auth.Permission `json:"scope" doc:"what of the role it may use; empty: everything"`
	CreatedAt time.Time         `json:"created_at" doc:"UTC"`
	CreatedBy string            `json:"created_by" doc:"who made it"`
	ExpiresAt *time.Time        `json:"expires_at,omitempty" doc:"UTC; absent: never"`
	UsedAt    *time.Time        `json:"used_at,omitempty" doc:"last use, UTC, within five minutes; absent: never"`
}

// KeyCreated is a new key with its token, which is shown this once.
type KeyCreated struct {
	Key
	Token string `json:"token" doc:"send it as Authorization: Bearer; shown this once"`
}

// KeyList lists every key.
type KeyList struct {
	Items []Key  `json:"items"`
	Next  string `json:"next" doc:"always empty: keys are few"`
}

// NewKey is a key to make.
type NewKey struct {
	Name      string     `json:"name" doc:"1 to 64 of a-z, 0-9, '.', '_' and '-'" example:"ci"`
	Role      string     `json:"role" doc:"viewer, responder, analyst, engineer or admin; not more than your own" example:"viewer"`
	Scope     []string   `json:"scope,omitempty" doc:"permissions of the role that it may use, such as alerts:read; absent: all"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"when it ends; absent: never"`
}

func showKey(k auth.Key) Key {
	out := Key{Name: k.Name, Role: k.Role, Scope: append([]auth.Permission{}, k.Scope...), CreatedAt: k.CreatedAt, CreatedBy: k.CreatedBy}
	if !k.ExpiresAt.IsZero() {
		out.ExpiresAt = &k.ExpiresAt
	}
	if !k.UsedAt.IsZero() {
		out.UsedAt = &k.UsedAt
	}
	return out
}

func (s *Server) keyRoutes(api huma.API) {
	create := operation("create-key", http.MethodPost, "/api/v1/keys", "Make an API key", auth.ManageKeys)
	create.DefaultStatus = http.StatusCreated
	huma.Register(api, create, s.createKey)
	huma.Register(api, operation("list-keys", http.MethodGet, "/api/v1/keys", "List API keys", auth.ManageKeys), s.listKeys)
	huma.Register(api, operation("revoke-key", http.MethodDelete, "/api/v1/keys/{name}", "Revoke an API key; its token ends at once", auth.ManageKeys), s.revokeKey)
}

type createKeyInput struct{ Body NewKey }

func (s *Server) createKey(ctx context.Context, in *createKeyInput) (*body[KeyCreated], error) {
	k := auth.Key{Name: in.Body.Name, Role: auth.Role(in.Body.Role)}
	for _, p := range in.Body.Scope {
		k.Scope = append(k.Scope, auth.Permission(p))
	}
	if in.Body.ExpiresAt != nil {
		k.ExpiresAt = in.Body.ExpiresAt.UTC()
	}
	k, token, err := s.Desk.AddKey(ctx, principal(ctx), k)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &body[KeyCreated]{KeyCreated{showKey(k), token}}, nil
}

func (s *Server) listKeys(ctx context.Context, _ *struct{}) (*body[KeyList], error) {
	list, err := s.Desk.Keys(ctx, principal(ctx))
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out := KeyList{Items: make([]Key, len(list))}
	for i, k := range list {
		out.Items[i] = showKey(k)
	}
	return &body[KeyList]{out}, nil
}

func (s *Server) revokeKey(ctx context.Context, in *nameInput) (*struct{}, error) {
	return nil, s.fail(ctx, s.Desk.RevokeKey(ctx, principal(ctx), in.Name))
}
