package store

import (
	"context"
	"database/sql"
	"time"
)

// Audit records who changed what, by which door.
func (tx *Tx) Audit(principal, door, action, subject, reason string) error {
	return tx.exec(`INSERT INTO audit (at, principal, door, action, subject, reason) VALUES ($1, $2, $3, $4, $5, $6)`,
		micros(tx.s.Now()), principal, door, action, subject, reason)
}

// AuditEntry is one line of the audit log.
type AuditEntry struct {
	ID        int64
	At        time.Time
	Principal string // who
	Door      string // by which way in: "api", "config", …
	Action    string // e.g. "source.create"
	Subject   string
	Reason    string
}

// AuditLog lists the newest entries before the given one (0: from the newest).
func (s *Store) AuditLog(ctx context.Context, before int64, limit int) ([]AuditEntry, error) {
	if before <= 0 {
		before = 1<<63 - 1
	}
	rows, err := s.read.QueryContext(ctx, `SELECT id, at, principal, door, action, subject, reason FROM audit WHERE id < $1 ORDER BY id DESC LIMIT $2`, before, limit)
	if err != nil {
		return nil, storageFault(err)
	}
	list := []AuditEntry{}
	err = each(rows, func(r *sql.Rows) error {
		var e AuditEntry
		var at int64
		if err := r.Scan(&e.ID, &at, &e.Principal, &e.Door, &e.Action, &e.Subject, &e.Reason); err != nil {
			return err
		}
		e.At = fromMicros(at)
		list = append(list, e)
		return nil
	})
	return list, storageFault(err)
}
