package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"yagura/auth"
)

// AddKey writes a new API key.
func (tx *Tx) AddKey(k auth.Key) error {
	scope, err := json.Marshal(k.Scope)
	if err != nil {
		return fmt.Errorf("encoding the scope of key %s: %w", k.Name, err)
	}
	err = tx.exec(`INSERT INTO api_key (name, role, scope, hash, created_at, created_by, expires_at, used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		k.Name, string(k.Role), string(scope), k.Hash, micros(k.CreatedAt), k.CreatedBy, micros(k.ExpiresAt), micros(k.UsedAt))
	if err != nil {
		return fmt.Errorf("writing key %s: %w", k.Name, err)
	}
	return nil
}

// SeeKey notes when a key was last used.
func (tx *Tx) SeeKey(name string, at time.Time) error {
	return tx.exec(`UPDATE api_key SET used_at = $1 WHERE name = $2`, micros(at), name)
}

// DeleteKey removes a key: its token is refused from now on.
func (tx *Tx) DeleteKey(name string) error {
	return tx.exec(`DELETE FROM api_key WHERE name = $1`, name)
}

const keyColumns = `SELECT name, role, scope, hash, created_at, created_by, expires_at, used_at FROM api_key`

// Keys lists every key, by name.
func (s *Store) Keys(ctx context.Context) ([]auth.Key, error) {
	list, err := scanKeys(s.read.QueryContext(ctx, keyColumns+` ORDER BY name`))
	return list, storageFault(err)
}

// KeyOf returns the key whose token has this hash; ok is false where there is
// none. It may have expired.
func (s *Store) KeyOf(ctx context.Context, hash []byte) (k auth.Key, ok bool, err error) {
	k, ok, err = firstOf(scanKeys(s.names.QueryContext(ctx, keyColumns+` WHERE hash = $1`, hash)))
	return k, ok, storageFault(err)
}

// Key returns a key by its name as the transaction sees it.
func (tx *Tx) Key(name string) (k auth.Key, ok bool, err error) {
	return firstOf(scanKeys(tx.conn.query(tx.ctx, keyColumns+` WHERE name = $1`, name)))
}

func scanKeys(rows *sql.Rows, err error) ([]auth.Key, error) {
	if err != nil {
		return nil, fmt.Errorf("reading keys: %w", err)
	}
	list := []auth.Key{}
	err = each(rows, func(r *sql.Rows) error {
		var k auth.Key
		var role, scope string
		var created, expires, used int64
		if err := r.Scan(&k.Name, &role, &scope, &k.Hash, &created, &k.CreatedBy, &expires, &used); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(scope), &k.Scope); err != nil {
			return fmt.Errorf("scope of key %s: %w", k.Name, err)
		}
		k.Role, k.CreatedAt, k.ExpiresAt, k.UsedAt = auth.Role(role), fromMicros(created), fromMicros(expires), fromMicros(used)
		list = append(list, k)
		return nil
	})
	return list, err
}
