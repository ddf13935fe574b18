package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"yagura/auth"
)

// PutUser writes a user, new or changed.
func (tx *Tx) PutUser(u auth.User) error {
	profile, err := json.Marshal(u.Profile)
	if err != nil {
		return fmt.Errorf("encoding the profile of %s: %w", u.Name, err)
	}
	err = tx.exec(`INSERT INTO "user" (name, display, role, disabled, password, profile, created_at, seen_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (name) DO UPDATE SET display = excluded.display, role = excluded.role, disabled = excluded.disabled,
		password = excluded.password, profile = excluded.profile, seen_at = excluded.seen_at`,
		u.Name, u.DisplayName, string(u.Role), number(u.Disabled), u.Password, string(profile), micros(u.CreatedAt), micros(u.SeenAt))
	if err != nil {
		return fmt.Errorf("writing user %s: %w", u.Name, err)
	}
	return nil
}

// DeleteUser removes a user with all sessions and links.
func (tx *Tx) DeleteUser(name string) error {
	if err := tx.EndSessions(name, nil); err != nil {
		return err
	}
	if err := tx.DropLinks(name); err != nil {
		return err
	}
	return tx.exec(`DELETE FROM "user" WHERE name = $1`, name)
}

const userColumns = `SELECT name, display, role, disabled, password, profile, created_at, seen_at FROM "user"`

// Users lists every user, by name.
func (s *Store) Users(ctx context.Context) ([]auth.User, error) {
	list, err := scanUsers(s.read.QueryContext(ctx, userColumns+` ORDER BY name`))
	return list, storageFault(err)
}

// User returns a user; ok is false where there is none of that name.
func (s *Store) User(ctx context.Context, name string) (u auth.User, ok bool, err error) {
	u, ok, err = firstOf(scanUsers(s.names.QueryContext(ctx, userColumns+` WHERE name = $1`, name)))
	return u, ok, storageFault(err)
}

// User returns a user as the transaction sees it.
func (tx *Tx) User(name string) (u auth.User, ok bool, err error) {
	return firstOf(scanUsers(tx.conn.query(tx.ctx, userColumns+` WHERE name = $1`, name)))
}

// Users lists every user, by name, as the transaction sees them.
func (tx *Tx) Users() ([]auth.User, error) {
	return scanUsers(tx.conn.query(tx.ctx, userColumns+` ORDER BY name`))
}

func scanUsers(rows *sql.Rows, err error) ([]auth.User, error) {
	if err != nil {
		return nil, fmt.Errorf("reading users: %w", err)
	}
	list := []auth.User{}
	err = each(rows, func(r *sql.Rows) error {
		var u auth.User
		var role, profile string
		var disabled, created, seen int64
		if err := r.Scan(&u.Name, &u.DisplayName, &role, &disabled, &u.Password, &profile, &created, &seen); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(profile), &u.Profile); err != nil {
			return fmt.Errorf("profile of %s: %w", u.Name, err)
		}
		u.Role, u.Disabled, u.CreatedAt, u.SeenAt = auth.Role(role), disabled != 0, fromMicros(created), fromMicros(seen)
		list = append(list, u)
		return nil
	})
	return list, err
}

// firstOf returns the first of a list that was read; ok is false where it is empty.
func firstOf[T any](list []T, err error) (first T, ok bool, _ error) {
	if err != nil || len(list) == 0 {
		return first, false, err
	}
	return list[0], true, nil
}

func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
