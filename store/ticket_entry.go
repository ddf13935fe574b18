package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"yagura/alert"
	"yagura/fault"
	"yagura/ticket"
)

// entryKinds are numbered in the database by their place: only add at the end.
var entryKinds = []ticket.Kind{
	ticket.Created, ticket.Changed, ticket.Concluded, ticket.Reopened, ticket.Bound, ticket.Unbound,
	ticket.Merged, ticket.Split, ticket.Commented, ticket.Undone,
}

// entryDoc is what an entry's row keeps beside its alerts, which may be many.
type entryDoc struct {
	At       time.Time    `json:"at"`
	By       string       `json:"by"`
	Door     string       `json:"door"`
	Text     string       `json:"text,omitempty"`
	Mentions []string     `json:"mentions,omitempty"`
	Before   ticket.Delta `json:"before,omitzero"`
	After    ticket.Delta `json:"after,omitzero"`
	Other    ticket.ID    `json:"other,omitzero"`
}

func (tx *Tx) saveEntries(steps []TicketStep) error {
	var rows []any
	for _, st := range steps {
		for _, e := range st.Entries {
			doc, err := json.Marshal(entryDoc{e.At, e.By, e.Door, e.Text, e.Mentions, e.Before, e.After, e.Other})
			if err != nil {
				return fmt.Errorf("writing the timeline of %s: %w", st.Ticket.ID, err)
			}
			rows = append(rows, int64(st.Ticket.ID), e.Number, e.Version, numberOf(entryKinds, e.Kind), e.Undoes, string(doc), packAlerts(e))
		}
	}
	return tx.bulk(`INSERT INTO ticket_entry (ticket, n, version, kind, undoes, doc, alerts)`, "", 7, rows)
}

// packAlerts writes the alerts that an entry moved: how many came in, those, and
// those that went out, each as the difference to the one before.
func packAlerts(e ticket.Entry) []byte {
	if len(e.Bound)+len(e.Unbound) == 0 {
		return nil
	}
	b := binary.AppendUvarint(nil, uint64(len(e.Bound)))
	for _, list := range [][]alert.ID{e.Bound, e.Unbound} {
		last := int64(0)
		for _, id := range list {
			b = binary.AppendVarint(b, int64(id)-last)
			last = int64(id)
		}
	}
	return b
}

func unpackAlerts(b []byte, e *ticket.Entry) error {
	if len(b) == 0 {
		return nil
	}
	in, n := binary.Uvarint(b)
	if n <= 0 {
		return fmt.Errorf("the alerts of entry %d cannot be read", e.Number)
	}
	b = b[n:]
	last := int64(0)
	for i := uint64(0); len(b) > 0; i++ {
		if i == in {
			last = 0
		}
		d, n := binary.Varint(b)
		if n <= 0 {
			return fmt.Errorf("the alerts of entry %d cannot be read", e.Number)
		}
		b, last = b[n:], last+d
		if i < in {
			e.Bound = append(e.Bound, alert.ID(last))
		} else {
			e.Unbound = append(e.Unbound, alert.ID(last))
		}
	}
	return nil
}

const entryColumns = `SELECT n, version, kind, undoes, doc, alerts FROM ticket_entry`

func scanEntries(rows *sql.Rows, err error) ([]ticket.Entry, error) {
	if err != nil {
		return nil, fmt.Errorf("reading a timeline: %w", err)
	}
	list := []ticket.Entry{}
	err = each(rows, func(r *sql.Rows) error {
		var e ticket.Entry
		var kind int64
		var doc string
		var moved []byte
		if err := r.Scan(&e.Number, &e.Version, &kind, &e.Undoes, &doc, &moved); err != nil {
			return err
		}
		var d entryDoc
		if err := json.Unmarshal([]byte(doc), &d); err != nil {
			return fmt.Errorf("reading a timeline: %w", err)
		}
		e.Kind, e.At, e.By, e.Door, e.Text, e.Mentions = wordAt(entryKinds, kind), d.At, d.By, d.Door, d.Text, d.Mentions
		e.Before, e.After, e.Other = d.Before, d.After, d.Other
		if err := unpackAlerts(moved, &e); err != nil {
			return err
		}
		list = append(list, e)
		return nil
	})
	return list, err
}

// Timeline returns up to limit entries of a ticket before the given number (0:
// from the newest), newest first.
func (s *Store) Timeline(ctx context.Context, id ticket.ID, before int64, limit int) ([]ticket.Entry, error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	list, err := scanEntries(s.read.QueryContext(ctx, entryColumns+` WHERE ticket = $1 AND n < $2 ORDER BY n DESC LIMIT $3`, int64(id), before, limit))
	return list, storageFault(err)
}

// EntriesSince returns up to limit changes of a ticket after a version, oldest
// first; comments are none.
func (tx *Tx) EntriesSince(id ticket.ID, version int64, limit int) ([]ticket.Entry, error) {
	return scanEntries(tx.conn.query(tx.ctx, entryColumns+` WHERE ticket = $1 AND version > $2 AND kind <> $3 ORDER BY n LIMIT $4`,
		int64(id), version, numberOf(entryKinds, ticket.Commented), limit))
}

// LastTicketChange returns the newest change of a ticket that is not undone, or
// fault.Conflict where there is none.
func (tx *Tx) LastTicketChange(id ticket.ID) (e ticket.Entry, err error) {
	list, err := scanEntries(tx.conn.query(tx.ctx, entryColumns+` e WHERE e.ticket = $1 AND e.kind NOT IN ($2, $3)
		AND NOT EXISTS (SELECT 1 FROM ticket_entry u WHERE u.ticket = $1 AND u.undoes = e.n) ORDER BY e.n DESC LIMIT 1`,
		int64(id), numberOf(entryKinds, ticket.Commented), numberOf(entryKinds, ticket.Undone)))
	if err != nil {
		return e, err
	}
	if len(list) == 0 {
		return e, fault.New(fault.Conflict, "there is nothing to undo")
	}
	return list[0], nil
}
