package store

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"yagura/alert"
)

// Recurrence is how often one alert's fingerprint was seen within its window.
// The pipeline reads and moves it; Save writes it back.
type Recurrence struct {
	Fingerprint string // 32 hex digits
	Source      string
	Alert       alert.ID
	Count       int
	First, Last time.Time
	Severity    alert.Severity  // the highest seen
	Condition   alert.Condition // the product's latest word, by its own clock
	ConditionAt time.Time
	RenewedAt   time.Time // when the line last became new again; zero if never
	RenewedWhy  string
	Standing    alert.Standing // where the alert stands now

	textHash int64
	severity alert.Severity // as stored, to move the tallies
	standing alert.Disposition
	stored   bool
}

// Renew makes the alert's line new again.
func (r *Recurrence) Renew(at time.Time, why string) { r.RenewedAt, r.RenewedWhy = at, why }

// NewRecurrence returns the recurrence of an alert seen for the first time.
func NewRecurrence(a *alert.Alert) *Recurrence {
	return &Recurrence{
		Fingerprint: a.Fingerprint, Source: a.Source, Alert: a.ID, Count: 1, First: a.SeenAt, Last: a.SeenAt,
		Severity: a.Severity, Condition: a.Condition, ConditionAt: a.SeenAt, Standing: a.Standing,
		severity: a.Severity, standing: a.Disposition,
	}
}

// maxRecurrences bounds how many alerts of one fingerprint and source are looked
// at, the newest; more exist only where the same thing came back after its
// window many times.
const maxRecurrences = 64

// RecurrenceKey names what recurs: a fingerprint within a source.
type RecurrenceKey struct{ Source, Fingerprint string }

// Recurrences returns what is known of each of the keys, newest alert first.
func (tx *Tx) Recurrences(keys []RecurrenceKey) (map[RecurrenceKey][]*Recurrence, error) {
	args := make([]any, 0, 2*len(keys))
	for _, k := range keys {
		b, err := hex.DecodeString(k.Fingerprint)
		if err != nil {
			return nil, fmt.Errorf("fingerprint %q: %w", k.Fingerprint, err)
		}
		src, err := tx.wordID(wordSource, k.Source)
		if err != nil {
			return nil, err
		}
		args = append(args, b, src)
	}
	found := map[RecurrenceKey][]*Recurrence{}
	for len(args) > 0 {
		n := bulkSize(len(args) / 2)
		rows, err := tx.conn.query(tx.ctx, recurrenceText(n, tx.s.postgres), args[:2*n]...)
		if err == nil {
			err = each(rows, func(rows *sql.Rows) error {
				r, err := tx.scanRecurrence(rows)
				if err == nil {
					k := RecurrenceKey{r.Source, r.Fingerprint}
					found[k] = append(found[k], r)
				}
				return err
			})
		}
		if err != nil {
			return nil, fmt.Errorf("looking up fingerprints: %w", err)
		}
		args = args[2*n:]
	}
	return found, nil
}

// recurrenceText asks for n keys. The inner SELECT finds where the newest
// maxRecurrences of a key begin, so that no more of them are read.
func recurrenceText(n int, postgres bool) string {
	var b strings.Builder
	b.WriteString(`SELECT r.fingerprint, r.source, r.alert, r.count, r.first_at, r.last_at, r.severity, r.condition, r.condition_at,
		r.text_hash, r.renewed_at, r.renewed_why, coalesce(s.disposition, 0), coalesce(s.set_by, 'default'), coalesce(s.reason, '')
		FROM (VALUES `)
	pair := "($%d,$%d)"
	if postgres {
		pair = "($%d::bytea,$%d::bigint)"
	}
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, pair, 2*i+1, 2*i+2)
	}
	fmt.Fprintf(&b, `) AS k JOIN recurrence r ON r.fingerprint = k.column1 AND r.source = k.column2
		AND r.alert >= coalesce((SELECT x.alert FROM recurrence x WHERE x.fingerprint = k.column1 AND x.source = k.column2
			ORDER BY x.alert DESC LIMIT 1 OFFSET %d), 0)
		LEFT JOIN standing s ON s.alert = r.alert ORDER BY r.alert DESC`, maxRecurrences-1)
	return b.String()
}

func (tx *Tx) scanRecurrence(rows *sql.Rows) (*Recurrence, error) {
	r := &Recurrence{stored: true}
	var print []byte
	var src, id, first, last, sev, condAt, renewed, disp int64
	var cond string
	if err := rows.Scan(&print, &src, &id, &r.Count, &first, &last, &sev, &cond, &condAt, &r.textHash, &renewed, &r.RenewedWhy,
		&disp, &r.Standing.By, &r.Standing.Reason); err != nil {
		return nil, err
	}
	r.Fingerprint, r.Alert = hex.EncodeToString(print), alert.ID(id)
	r.First, r.Last, r.ConditionAt, r.RenewedAt = fromMicros(first), fromMicros(last), fromMicros(condAt), fromMicros(renewed)
	r.Severity, r.Condition = alert.Severity(sev), alert.Condition(cond)
	r.Standing.Disposition = dispositionOf(disp)
	r.severity, r.standing = r.Severity, r.Standing.Disposition
	var err error
	r.Source, err = tx.s.wordOf(tx.ctx, src)
	return r, err
}

func (tx *Tx) saveRecurrences(list []*Recurrence) error {
	args := make([]any, 0, 12*len(list))
	for _, r := range list {
		print, err := hex.DecodeString(r.Fingerprint)
		if err != nil {
			return fmt.Errorf("fingerprint %q: %w", r.Fingerprint, err)
		}
		src, err := tx.wordID(wordSource, r.Source)
		if err != nil {
			return err
		}
		args = append(args, print, src, int64(r.Alert), int64(r.Count), micros(r.First), micros(r.Last), int64(r.Severity), string(r.Condition),
			micros(r.ConditionAt), r.textHash, micros(r.RenewedAt), r.RenewedWhy)
	}
	return tx.bulk(`INSERT INTO recurrence (fingerprint, source, alert, count, first_at, last_at, severity, condition, condition_at, text_hash, renewed_at, renewed_why)`,
		`ON CONFLICT (fingerprint, source, alert) DO UPDATE SET count = excluded.count, first_at = excluded.first_at, last_at = excluded.last_at,
			severity = excluded.severity, condition = excluded.condition, condition_at = excluded.condition_at, text_hash = excluded.text_hash,
			renewed_at = excluded.renewed_at, renewed_why = excluded.renewed_why`, 12, args)
}

// EventKey is what Events looks an event up by: the product's own id of an
// event within its source.
func EventKey(src, eventID string) string {
	h := sha256.New()
	h.Write([]byte(src))
	h.Write([]byte{0})
	h.Write([]byte(eventID))
	return string(h.Sum(nil)[:16])
}

// Events returns which of the event keys were seen before, with their alerts.
func (tx *Tx) Events(keys []string) (map[string]alert.ID, error) {
	args := make([]any, len(keys))
	for i, k := range keys {
		args[i] = []byte(k)
	}
	found := map[string]alert.ID{}
	err := tx.in(`SELECT key, alert FROM event WHERE key IN (%s)`, args, func(rows *sql.Rows) error {
		var key []byte
		var id int64
		if err := rows.Scan(&key, &id); err != nil {
			return err
		}
		found[string(key)] = alert.ID(id)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("looking up events: %w", err)
	}
	return found, nil
}

// Occurrences returns which of the occurrences are stored already, as an alert
// of their own or as a sighting, with the alert they belong to.
func (tx *Tx) Occurrences(ids []alert.ID) (map[alert.ID]alert.ID, error) {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = int64(id)
	}
	found := map[alert.ID]alert.ID{}
	scan := func(rows *sql.Rows) error {
		var id, of int64
		if err := rows.Scan(&id, &of); err != nil {
			return err
		}
		found[alert.ID(id)] = alert.ID(of)
		return nil
	}
	if err := tx.in(`SELECT id, id FROM alert WHERE id IN (%s)`, args, scan); err != nil {
		return nil, fmt.Errorf("looking up alerts: %w", err)
	}
	if err := tx.in(`SELECT id, alert FROM sighting WHERE id IN (%s)`, args, scan); err != nil {
		return nil, fmt.Errorf("looking up sightings: %w", err)
	}
	return found, nil
}

// Lifted reports whether a repeat made an alert active that was stored as
// something else.
func (r *Recurrence) Lifted() bool {
	return r.stored && r.standing != alert.Active && r.Standing.Disposition == alert.Active
}
