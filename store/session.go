package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"yagura/auth"
)

// AddSession writes a new session.
func (tx *Tx) AddSession(s auth.Session) error {
	err := tx.exec(`INSERT INTO session (hash, user_name, by_link, created_at, seen_at) VALUES ($1, $2, $3, $4, $5)`,
		s.Hash, s.User, number(s.ByLink), micros(s.CreatedAt), micros(s.SeenAt))
	if err != nil {
		return fmt.Errorf("writing a session of %s: %w", s.User, err)
	}
	return nil
}

// SeeSession notes when a session was last used.
func (tx *Tx) SeeSession(hash []byte, at time.Time) error {
	return tx.exec(`UPDATE session SET seen_at = $1 WHERE hash = $2`, micros(at), hash)
}

// EndSession removes one session, which need not be there.
func (tx *Tx) EndSession(hash []byte) error {
	return tx.exec(`DELETE FROM session WHERE hash = $1`, hash)
}

// EndSessions removes every session of a user but the one to keep, which may be nil.
func (tx *Tx) EndSessions(user string, keep []byte) error {
	if keep == nil { // nothing differs from NULL
		return tx.exec(`DELETE FROM session WHERE user_name = $1`, user)
	}
	return tx.exec(`DELETE FROM session WHERE user_name = $1 AND hash <> $2`, user, keep)
}

// DropEnded removes sessions and links that have ended by themselves.
func (tx *Tx) DropEnded(now time.Time) error {
	err := tx.exec(`DELETE FROM session WHERE seen_at <= $1 OR created_at <= $2`, micros(now.Add(-auth.IdleTime)), micros(now.Add(-auth.SessionTime)))
	if err != nil {
		return err
	}
	return tx.exec(`DELETE FROM sign_in_link WHERE expires_at <= $1`, micros(now))
}

const sessionColumns = `SELECT hash, user_name, by_link, created_at, seen_at FROM session`

// Session returns the session whose token has this hash; ok is false where
// there is none. One that has ended by itself may still be there.
func (s *Store) Session(ctx context.Context, hash []byte) (ses auth.Session, ok bool, err error) {
	ses, ok, err = firstOf(scanSessions(s.names.QueryContext(ctx, sessionColumns+` WHERE hash = $1`, hash)))
	return ses, ok, storageFault(err)
}

// Session returns a session as the transaction sees it.
func (tx *Tx) Session(hash []byte) (ses auth.Session, ok bool, err error) {
	return firstOf(scanSessions(tx.conn.query(tx.ctx, sessionColumns+` WHERE hash = $1`, hash)))
}

func scanSessions(rows *sql.Rows, err error) ([]auth.Session, error) {
	if err != nil {
		return nil, fmt.Errorf("reading sessions: %w", err)
	}
	var list []auth.Session
	err = each(rows, func(r *sql.Rows) error {
		var s auth.Session
		var byLink, created, seen int64
		if err := r.Scan(&s.Hash, &s.User, &byLink, &created, &seen); err != nil {
			return err
		}
		s.ByLink, s.CreatedAt, s.SeenAt = byLink != 0, fromMicros(created), fromMicros(seen)
		list = append(list, s)
		return nil
	})
	return list, err
}

// AddLink writes a sign-in link.
func (tx *Tx) AddLink(l auth.Link) error {
	return tx.exec(`INSERT INTO sign_in_link (hash, user_name, expires_at) VALUES ($1, $2, $3)`, l.Hash, l.User, micros(l.ExpiresAt))
}

// DropLinks removes every link of a user.
func (tx *Tx) DropLinks(user string) error {
	return tx.exec(`DELETE FROM sign_in_link WHERE user_name = $1`, user)
}

// TakeLink removes and returns the link whose token has this hash; ok is false
// where there is none. One that has expired may still be there.
func (tx *Tx) TakeLink(hash []byte) (l auth.Link, ok bool, err error) {
	rows, err := tx.conn.query(tx.ctx, `SELECT hash, user_name, expires_at FROM sign_in_link WHERE hash = $1`, hash)
	if err != nil {
		return l, false, fmt.Errorf("reading a sign-in link: %w", err)
	}
	err = each(rows, func(r *sql.Rows) error {
		var expires int64
		ok = true
		if err := r.Scan(&l.Hash, &l.User, &expires); err != nil {
			return err
		}
		l.ExpiresAt = fromMicros(expires)
		return nil
	})
	if err != nil || !ok {
		return l, false, err
	}
	return l, true, tx.exec(`DELETE FROM sign_in_link WHERE hash = $1`, hash)
}
