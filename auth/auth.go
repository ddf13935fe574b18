// Package auth says who is asking and what they may do: users, sessions, sign-in
// links and API keys, and the roles and permissions that every operation of the
// desk declares. It is pure: no I/O. Of passwords and tokens it only ever hands
// out hashes to keep.
package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"

	"yagura/fault"
)

// Permission is one thing that a principal may be allowed to do.
type Permission string

// The permissions.
const (
	ReadAlerts      Permission = "alerts:read"
	ChangeAlerts    Permission = "alerts:change" // restore
	ReadGroups      Permission = "groups:read"
	ChangeGroups    Permission = "groups:change" // move, join, part
	ReadTickets     Permission = "tickets:read"
	ChangeTickets   Permission = "tickets:change"   // take, comment
	ConcludeTickets Permission = "tickets:conclude" // close with a verdict
	DeleteTickets   Permission = "tickets:delete"
	ManageAssets    Permission = "assets:manage"
	ManageSilences  Permission = "silences:manage"
	ReadDeliveries  Permission = "deliveries:read"
	ChangeDelivery  Permission = "deliveries:change" // replay, discard
	ReadSources     Permission = "sources:read"
	ManageSources   Permission = "sources:manage"
	ReadAudit       Permission = "audit:read"
	ReadProfiles    Permission = "profiles:read"
	ManageUsers     Permission = "users:manage"
	ManageKeys      Permission = "keys:manage"
	SelfProfile     Permission = "profile:self" // one's own session, profile and password
	ReadUsers       Permission = "users:read"   // colleagues' names and roles

	// Public is what an operation needs that proves by itself who asks. No role
	// holds it.
	Public Permission = "public"
)

// Role is a named set of permissions.
type Role string

// The roles; each holds what those before it hold.
const (
	Viewer    Role = "viewer"
	Responder Role = "responder"
	Analyst   Role = "analyst"
	Engineer  Role = "engineer"
	Admin     Role = "admin"
)

// grants is the one table of who may do what: what each role adds to the roles
// before it.
var grants = []struct {
	role Role
	adds []Permission
}{
	{Viewer, []Permission{SelfProfile, ReadAlerts, ReadGroups, ReadTickets}},
	{Responder, []Permission{ReadSources, ReadUsers, ChangeTickets}},
	{Analyst, []Permission{ReadDeliveries, ChangeAlerts, ChangeGroups, ConcludeTickets, ManageSilences, ManageAssets}},
	{Engineer, []Permission{ChangeDelivery, ManageSources, ReadProfiles}},
	{Admin, []Permission{ReadAudit, DeleteTickets, ManageUsers, ManageKeys}},
}

// Permissions returns what the role holds; nothing for an unknown role.
func (r Role) Permissions() []Permission {
	var held []Permission
	for _, g := range grants {
		held = append(held, g.adds...)
		if g.role == r {
			return held
		}
	}
	return nil
}

// Principal is somebody or something that asks, and the door it came in by.
type Principal struct {
	Name    string       // a user's name, or e.g. "key:bootstrap"
	User    string       // the user's name; empty where no user asks
	Role    Role         //
	Scope   []Permission // what of the role may be used; nil: everything
	Door    string       // "web", "api", "config", "cli"
	Session []byte       // hash of the session's token; nil without a session
}

// May returns nil where the principal's role holds p and its scope does too,
// else fault.Denied.
func (pr Principal) May(p Permission) error {
	if !slices.Contains(pr.Role.Permissions(), p) {
		return fault.New(fault.Denied, "%s has role %q, which does not hold %s", pr.Name, pr.Role, p)
	}
	if pr.Scope != nil && !slices.Contains(pr.Scope, p) {
		return fault.New(fault.Denied, "%s is limited to a scope that does not hold %s", pr.Name, p)
	}
	return nil
}

// Permissions returns what the principal may do.
func (pr Principal) Permissions() []Permission {
	return slices.DeleteFunc(pr.Role.Permissions(), func(p Permission) bool { return pr.May(p) != nil })
}

// MayGrant returns nil where the principal holds every one of the permissions,
// else fault.Denied: nobody hands out what he does not have.
func (pr Principal) MayGrant(list []Permission) error {
	for _, p := range list {
		if pr.May(p) != nil {
			return fault.New(fault.Denied, "%s does not hold %s and cannot give it, or take it from somebody who does", pr.Name, p)
		}
	}
	return nil
}

// NewToken returns a fresh random token with a prefix that says what it is for,
// and its hash, which alone is stored.
func NewToken(prefix string) (token string, hash []byte) {
	var b [24]byte
	_, _ = rand.Read(b[:]) // never fails on the platforms we build for
	token = prefix + base64.RawURLEncoding.EncodeToString(b[:])
	return token, HashToken(token)
}

// HashToken returns what is stored of a token. Tokens are long and random, so a
// plain SHA-256 gives nothing away.
func HashToken(token string) []byte {
	h := sha256.Sum256([]byte(strings.TrimSpace(token)))
	return h[:]
}
