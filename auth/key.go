package auth

import (
	"slices"
	"strings"
	"time"

	"yagura/fault"
)

// Key lets a program act through the API.
type Key struct {
	Name      string       // 1 to 64 of a-z, 0-9, '.', '_' and '-'
	Role      Role         //
	Scope     []Permission // what of the role it may use; empty: everything
	Hash      []byte       // of its token
	CreatedAt time.Time    // UTC
	CreatedBy string       // who made it
	ExpiresAt time.Time    // UTC; zero: never
	UsedAt    time.Time    // last use, UTC, up to SeenEvery late; zero: never used
}

// reservedKeys are the keys that stand outside the database.
var reservedKeys = []string{"bootstrap", "first"}

// Normalize returns the key as it may be stored, or fault.Invalid.
func (k Key) Normalize(now time.Time) (Key, error) {
	k.Name = strings.ToLower(strings.TrimSpace(k.Name))
	if !keyName.MatchString(k.Name) || slices.Contains(reservedKeys, k.Name) {
		return k, fault.New(fault.Invalid, "a key's name has 1 to 64 of a-z, 0-9, '.', '_' and '-', begins with a letter or digit, and is not %s", strings.Join(reservedKeys, " or "))
	}
	if err := k.Role.Check(); err != nil {
		return k, err
	}
	k.Scope = slices.Clone(k.Scope)
	slices.Sort(k.Scope)
	k.Scope = slices.Compact(k.Scope)
	for _, p := range k.Scope {
		if !slices.Contains(k.Role.Permissions(), p) {
			return k, fault.New(fault.Invalid, "role %s does not hold %q; it holds %s", k.Role, p, join(k.Role.Permissions()))
		}
	}
	if !k.ExpiresAt.IsZero() && !k.ExpiresAt.After(now) {
		return k, fault.New(fault.Invalid, "the key would have expired already; give a later time")
	}
	if k.ExpiresAt.After(now.Add(maxKeyTime)) {
		return k, fault.New(fault.Invalid, "a key lasts ten years at most; leave its expiry out where it has none")
	}
	return k, nil
}

func join(list []Permission) string {
	text := make([]string, len(list))
	for i, p := range list {
		text[i] = string(p)
	}
	return strings.Join(text, ", ")
}

// Alive reports whether the key has not expired.
func (k Key) Alive(now time.Time) bool { return k.ExpiresAt.IsZero() || now.Before(k.ExpiresAt) }

// Principal returns the key as somebody who asks through the API. Every key may
// ask who it is.
func (k Key) Principal() Principal {
	p := Principal{Name: "key:" + k.Name, Role: k.Role, Door: "api"}
	if len(k.Scope) > 0 {
		p.Scope = append(slices.Clone(k.Scope), SelfProfile)
	}
	return p
}
