package store

import (
	"context"
	"database/sql"
	"fmt"

	"yagura/alert"
	"yagura/source"
)

// ChangeKind says what happened.
type ChangeKind int64

// The kinds of change that live events tell of.
const (
	AlertCreated ChangeKind = 1 + iota
	AlertSighted
	AlertRenewed
	AlertMoved // its disposition changed
	DeliveryFailed
	DeliveryMoved // replayed or discarded
	SourceChanged
	GroupChanged // a person or a ticket changed its alerts or its standing
	AssetsChanged
	TicketCreated
	TicketChanged
)

var changeNames = map[ChangeKind]string{
	AlertCreated: "alert.created", AlertSighted: "alert.sighted", AlertRenewed: "alert.renewed", AlertMoved: "alert.moved",
	DeliveryFailed: "delivery.failed", DeliveryMoved: "delivery.moved", SourceChanged: "source.changed", GroupChanged: "group.changed", AssetsChanged: "assets.changed",
	TicketCreated: "ticket.created", TicketChanged: "ticket.changed",
}

// String returns the event's name, such as "alert.created".
func (k ChangeKind) String() string { return changeNames[k] }

// Change is one line of the event log. Its numbers grow in the order of
// commits, on both databases, because there is one writer at a time: a reader
// that asks for what came after the last it saw misses nothing.
type Change struct {
	ID      int64
	Kind    ChangeKind
	Subject int64  // alert, delivery or ticket number; 0 where Body names the subject
	Body    string // a source's id
}

// keepChanges is how many changes a reader that was away may still ask for.
const keepChanges = 200_000

func (tx *Tx) saveChanges(b *Batch) error {
	list := make([]Change, 0, len(b.Alerts)+len(b.Sightings))
	for _, n := range b.Alerts {
		list = append(list, Change{Kind: AlertCreated, Subject: int64(n.Alert.ID)})
	}
	for _, sg := range b.Sightings {
		kind := AlertSighted
		if sg.Renews {
			kind = AlertRenewed
		}
		list = append(list, Change{Kind: kind, Subject: int64(sg.Of.Alert)})
	}
	for _, o := range b.Outcomes {
		if o.State == source.Failed {
			list = append(list, Change{Kind: DeliveryFailed, Subject: int64(o.Delivery)})
		}
	}
	return tx.AddChanges(list...)
}

// AddChanges writes lines of the event log.
func (tx *Tx) AddChanges(list ...Change) error {
	if len(list) == 0 {
		return nil
	}
	last, err := tx.LastChange()
	if err != nil {
		return err
	}
	args := make([]any, 0, 4*len(list))
	for i, c := range list {
		args = append(args, last+1+int64(i), int64(c.Kind), c.Subject, c.Body)
	}
	if err := tx.bulk(`INSERT INTO change (id, kind, subject, body)`, "", 4, args); err != nil {
		return err
	}
	const every = 1 << 14
	if now := last + int64(len(list)); now/every != last/every && now > keepChanges {
		return tx.exec(`DELETE FROM change WHERE id < $1`, now-keepChanges)
	}
	return nil
}

// Changes returns up to n changes that came after the given one, oldest first.
// gone reports that some after it are no longer kept.
func (s *Store) Changes(ctx context.Context, after int64, n int) (list []Change, gone bool, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id, kind, subject, body FROM change WHERE id > $1 ORDER BY id LIMIT $2`, after, n)
	if err != nil {
		return nil, false, storageFault(err)
	}
	err = each(rows, func(r *sql.Rows) error {
		var c Change
		if err := r.Scan(&c.ID, &c.Kind, &c.Subject, &c.Body); err != nil {
			return err
		}
		list = append(list, c)
		return nil
	})
	if err != nil {
		return nil, false, storageFault(err)
	}
	if len(list) == 0 && after > 0 { // a number that never was comes from before a restore
		last, err := s.LastChange(ctx)
		return nil, err == nil && after > last, err
	}
	return list, len(list) > 0 && after > 0 && list[0].ID != after+1, nil
}

// LastChange returns the number of the newest change; 0 where there is none.
func (s *Store) LastChange(ctx context.Context) (id int64, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM change`).Scan(&id)
	return id, storageFault(err)
}

// AlertSubject returns the alert that the change is about; ok is false where
// it is about something else.
func (c Change) AlertSubject() (id alert.ID, ok bool) {
	return alert.ID(c.Subject), c.Kind >= AlertCreated && c.Kind <= AlertMoved
}

// LastChange returns the number of the newest change as the transaction sees it.
func (tx *Tx) LastChange() (id int64, err error) {
	rows, err := tx.conn.query(tx.ctx, `SELECT coalesce(max(id), 0) FROM change`)
	if err != nil {
		return 0, fmt.Errorf("reading the event log: %w", err)
	}
	return id, each(rows, func(r *sql.Rows) error { return r.Scan(&id) })
}

// ChangesBetween returns the changes after the first number up to the second, oldest
// first; nil where they are more than most, or no longer kept.
func (tx *Tx) ChangesBetween(after, upTo int64, most int) ([]Change, error) {
	if upTo < after || upTo-after > int64(most) {
		return nil, nil
	}
	list := make([]Change, 0, upTo-after)
	rows, err := tx.conn.query(tx.ctx, `SELECT id, kind, subject, body FROM change WHERE id > $1 AND id <= $2 ORDER BY id`, after, upTo)
	if err != nil {
		return nil, fmt.Errorf("reading the event log: %w", err)
	}
	err = each(rows, func(r *sql.Rows) error {
		var c Change
		err := r.Scan(&c.ID, &c.Kind, &c.Subject, &c.Body)
		list = append(list, c)
		return err
	})
	if err == nil && int64(len(list)) != upTo-after {
		return nil, nil
	}
	return list, err
}
