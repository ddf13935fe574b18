package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"yagura/alert"
	"yagura/fault"
)

// StoredAlert is an alert with what its sightings added.
type StoredAlert struct {
	alert.Alert
	RenewedAt  time.Time // when its line last became new again; zero if never
	RenewedWhy string
}

// alertColumns are what scanAlert reads; a is alert, r recurrence, s standing.
const alertColumns = `a.id, a.source, a.kind, a.rule, a.severity, a.seen_at, a.fingerprint, a.doc,
	r.count, r.first_at, r.last_at, r.condition, r.renewed_at, r.renewed_why, coalesce(s.disposition, 0), coalesce(s.set_by, 'default'), coalesce(s.reason, '')`

const alertTables = `alert a
	JOIN recurrence r ON r.fingerprint = a.fingerprint AND r.source = a.source AND r.alert = a.id
	LEFT JOIN standing s ON s.alert = a.id`

func (s *Store) scanAlert(ctx context.Context, r *sql.Rows) (*StoredAlert, error) {
	var id, src, kind, rule, sev, seen, first, last, renewed, disp int64
	var print, doc []byte
	var cond string
	out := &StoredAlert{}
	a := &out.Alert
	if err := r.Scan(&id, &src, &kind, &rule, &sev, &seen, &print, &doc, &a.Sightings.Count, &first, &last, &cond, &renewed, &out.RenewedWhy,
		&disp, &a.By, &a.Reason); err != nil {
		return nil, err
	}
	d, err := unpackDoc(doc)
	if err != nil {
		return nil, err
	}
	d.into(a)
	a.ID = alert.ID(id)
	a.Severity, a.Disposition = alert.Severity(sev), dispositionOf(disp)
	a.SeenAt, a.ReceivedAt = fromMicros(seen), a.ID.Time()
	a.Sightings.First, a.Sightings.Last = fromMicros(first), fromMicros(last)
	a.Fingerprint = fmt.Sprintf("%x", print)
	a.Condition = alert.Condition(cond)
	out.RenewedAt = fromMicros(renewed)
	for _, n := range []struct {
		id int64
		to *string
	}{{src, &a.Source}, {kind, &a.Kind}, {rule, &a.Rule}} {
		if *n.to, err = s.wordOf(ctx, n.id); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Alert returns one alert, whatever its disposition.
func (s *Store) Alert(ctx context.Context, id alert.ID) (*StoredAlert, error) {
	list, err := s.alertsByID(ctx, []int64{int64(id)})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fault.New(fault.NotFound, "there is no alert %s", id)
	}
	return list[0], nil
}

// Alerts returns those of the alerts that exist, in the order asked for.
func (s *Store) Alerts(ctx context.Context, ids []alert.ID) ([]*StoredAlert, error) {
	list := make([]int64, len(ids))
	for i, id := range ids {
		list[i] = int64(id)
	}
	return s.alertsByID(ctx, list)
}

func (s *Store) alertsByID(ctx context.Context, ids []int64) ([]*StoredAlert, error) {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	found := map[int64]*StoredAlert{}
	err := inChunks(args, func(in string, chunk []any) error {
		rows, err := s.read.QueryContext(ctx, `SELECT `+alertColumns+` FROM `+alertTables+` WHERE a.id IN (`+in+`)`, chunk...)
		if err != nil {
			return err
		}
		return each(rows, func(r *sql.Rows) error {
			a, err := s.scanAlert(ctx, r)
			if err == nil {
				found[int64(a.ID)] = a
			}
			return err
		})
	})
	if err != nil {
		return nil, storageFault(fmt.Errorf("reading alerts: %w", err))
	}
	list := make([]*StoredAlert, 0, len(ids))
	for _, id := range ids {
		if a := found[id]; a != nil {
			list = append(list, a)
		}
	}
	return list, nil
}

// SightingOf is one repeat of an alert, as stored.
type SightingOf struct {
	ID          alert.ID
	Delivery    alert.DeliveryID
	SeenAt      time.Time
	ReceivedAt  time.Time
	Severity    alert.Severity
	Observables []alert.Observable // those that it brought for the first time
}

// MaxSightings is how many sightings an alert lists; all are counted, and every
// payload stays with its delivery.
const MaxSightings = 100

// Sightings lists an alert's last repeats, newest first.
func (s *Store) Sightings(ctx context.Context, id alert.ID) ([]SightingOf, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id, seen_at, severity, doc FROM sighting WHERE alert = $1 ORDER BY id DESC LIMIT $2`, int64(id), MaxSightings)
	if err != nil {
		return nil, storageFault(err)
	}
	list := []SightingOf{}
	err = each(rows, func(r *sql.Rows) error {
		var sid, seen, sev int64
		var doc []byte
		if err := r.Scan(&sid, &seen, &sev, &doc); err != nil {
			return err
		}
		d, err := unpackSighting(doc)
		if err != nil {
			return err
		}
		o := alert.ID(sid)
		list = append(list, SightingOf{o, o.Delivery(), fromMicros(seen), o.Time(), alert.Severity(sev), d.New})
		return nil
	})
	return list, storageFault(err)
}

func unpackSighting(doc []byte) (d sightingDoc, err error) {
	raw, err := decompress(doc)
	if err != nil {
		return d, fmt.Errorf("a sighting's document: %w", err)
	}
	return d, json.Unmarshal(raw, &d)
}

// AlertsOf returns the alerts that a delivery made or saw again, in its order.
func (s *Store) AlertsOf(ctx context.Context, d alert.DeliveryID) ([]alert.ID, error) {
	lo, hi := int64(d.Alert(0)), int64(d.Alert(alert.MaxPerDelivery-1))
	rows, err := s.read.QueryContext(ctx, `SELECT id AS occurrence, id AS alert FROM alert WHERE id BETWEEN $1 AND $2
		UNION ALL SELECT id, alert FROM sighting WHERE id BETWEEN $1 AND $2 ORDER BY 1`, lo, hi)
	if err != nil {
		return nil, storageFault(err)
	}
	list, seen := []alert.ID{}, map[int64]bool{}
	err = each(rows, func(r *sql.Rows) error {
		var occ, id int64
		if err := r.Scan(&occ, &id); err != nil {
			return err
		}
		if !seen[id] {
			seen[id] = true
			list = append(list, alert.ID(id))
		}
		return nil
	})
	return list, storageFault(err)
}
