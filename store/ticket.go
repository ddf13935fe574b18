package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"yagura/alert"
	"yagura/fault"
	"yagura/ticket"
)

// ticketDoc is the part of a ticket that is kept as JSON.
type ticketDoc struct {
	Title      string            `json:"title"`
	Reason     string            `json:"reason,omitempty"`
	By         string            `json:"by,omitempty"`
	HandOver   ticket.HandOver   `json:"hand_over,omitzero"`
	Tags       []string          `json:"tags,omitempty"`
	Fields     map[string]string `json:"fields,omitempty"`
	Tasks      []ticket.Task     `json:"tasks,omitempty"`
	Links      []ticket.Link     `json:"links,omitempty"`
	ResolvedAt time.Time         `json:"resolved_at,omitzero"`
}

// numberOf is a word's place in its list, from 1; 0 is none.
func numberOf[T comparable](list []T, v T) int64 { return int64(slices.Index(list, v)) + 1 }

func wordAt[T any](list []T, n int64) (v T) {
	if n >= 1 && n <= int64(len(list)) {
		return list[n-1]
	}
	return v
}

func severityNames() []string {
	var list []string
	for _, v := range alert.Severities() {
		list = append(list, v.String())
	}
	return list
}

const (
	ticketColumns = `t.id, t.status, t.severity, t.conclusion, t.concluded_at, t.merged_into, t.alerts, t.version, t.entries, t.created_at, t.updated_at, t.assignee, t.doc`
	// ticketConflict makes a row that is there already what it is now.
	ticketConflict = `ON CONFLICT (id) DO UPDATE SET status = excluded.status, severity = excluded.severity, conclusion = excluded.conclusion,
		concluded_at = excluded.concluded_at, merged_into = excluded.merged_into, alerts = excluded.alerts, version = excluded.version,
		entries = excluded.entries, updated_at = excluded.updated_at, assignee = excluded.assignee, folded = excluded.folded, doc = excluded.doc`
)

func scanTicket(r *sql.Rows) (t ticket.Ticket, err error) {
	var id, status, severity, conclusion, concluded, merged, created, updated int64
	var doc string
	if err := r.Scan(&id, &status, &severity, &conclusion, &concluded, &merged, &t.Alerts, &t.Version, &t.Entries, &created, &updated, &t.Assignee, &doc); err != nil {
		return t, err
	}
	var d ticketDoc
	if err := json.Unmarshal([]byte(doc), &d); err != nil {
		return t, fmt.Errorf("the document of T-%d: %w", id, err)
	}
	t.ID, t.MergedInto = ticket.ID(id), ticket.ID(merged)
	t.Title, t.HandOver, t.Tags, t.Fields, t.Tasks, t.Links, t.ResolvedAt = d.Title, d.HandOver, d.Tags, d.Fields, d.Tasks, d.Links, d.ResolvedAt
	t.Status, t.Severity = wordAt(ticket.Statuses(), status), wordAt(severityNames(), severity)
	t.Judgement = ticket.Judgement{Conclusion: wordAt(ticket.Conclusions(), conclusion), Reason: d.Reason, By: d.By, At: fromMicros(concluded)}
	t.CreatedAt, t.UpdatedAt = fromMicros(created), fromMicros(updated)
	return t, nil
}

func scanTickets(rows *sql.Rows, err error) ([]ticket.Ticket, error) {
	if err != nil {
		return nil, fmt.Errorf("reading tickets: %w", err)
	}
	list := []ticket.Ticket{}
	err = each(rows, func(r *sql.Rows) error {
		t, err := scanTicket(r)
		list = append(list, t)
		return err
	})
	return list, err
}

// TicketStep is a ticket after some change, with the entries that tell of it;
// it is what SaveTickets writes.
type TicketStep struct {
	Ticket  ticket.Ticket
	Entries []ticket.Entry
}

// NewTickets returns n fresh ids, the first of which is first. A number is never
// given twice, even where its ticket is deleted.
func (tx *Tx) NewTickets(n int) (first ticket.ID, err error) {
	var last int64
	rows, err := tx.conn.query(tx.ctx, `INSERT INTO meta (name, value) VALUES ('ticket', $1)
		ON CONFLICT (name) DO UPDATE SET value = meta.value + excluded.value RETURNING value`, int64(n))
	if err != nil {
		return 0, fmt.Errorf("numbering tickets: %w", err)
	}
	if err := each(rows, func(r *sql.Rows) error { return r.Scan(&last) }); err != nil {
		return 0, fmt.Errorf("numbering tickets: %w", err)
	}
	return ticket.ID(last - int64(n) + 1), nil
}

// SaveTickets writes tickets as they are after a change, new ones too, with
// their entries, tags and events. Which alerts move where follows from the
// entries: alerts go out of tickets before they come into others. One that is in
// another ticket, or that does not exist, is fault.Conflict or fault.NotFound, and
// nothing is written.
func (tx *Tx) SaveTickets(steps []TicketStep) error { return tx.saveTickets(steps, tx.moveAlerts) }

// SaveNewTickets is SaveTickets for new tickets of alerts that this transaction
// has seen to exist (KnownAlerts) and to be in no ticket (TicketsOf): it does not
// look again.
func (tx *Tx) SaveNewTickets(steps []TicketStep) error { return tx.saveTickets(steps, tx.putAlerts) }

// putAlerts puts alerts that are in no ticket into tickets.
func (tx *Tx) putAlerts(steps []TicketStep) error {
	var rows []any
	for _, st := range steps {
		for _, e := range st.Entries {
			for _, id := range e.Bound {
				rows = append(rows, int64(id), int64(st.Ticket.ID))
			}
		}
	}
	return tx.bulk(`INSERT INTO ticket_alert (alert, ticket)`, "", 2, rows)
}

func (tx *Tx) saveTickets(steps []TicketStep, move func([]TicketStep) error) error {
	var rows, tags, changed []any
	var changes []Change
	for _, st := range steps {
		t := st.Ticket
		doc, err := json.Marshal(ticketDoc{t.Title, t.Judgement.Reason, t.Judgement.By, t.HandOver, t.Tags, t.Fields, t.Tasks, t.Links, t.ResolvedAt})
		if err != nil {
			return fmt.Errorf("writing %s: %w", t.ID, err)
		}
		rows = append(rows, int64(t.ID), numberOf(ticket.Statuses(), t.Status), numberOf(severityNames(), t.Severity),
			numberOf(ticket.Conclusions(), t.Judgement.Conclusion), micros(t.Judgement.At), int64(t.MergedInto), int64(t.Alerts),
			t.Version, t.Entries, micros(t.CreatedAt), micros(t.UpdatedAt), t.Assignee, fold(t.Title), string(doc))
		kind := TicketChanged
		for _, e := range st.Entries {
			if e.Kind == ticket.Created {
				kind = TicketCreated
			}
			if e.After.Tags != nil && e.Kind != ticket.Created {
				changed = append(changed, int64(t.ID))
			}
		}
		if kind == TicketCreated || slices.Contains(changed, any(int64(t.ID))) {
			for _, tag := range t.Tags {
				tags = append(tags, fold(tag), int64(t.ID))
			}
		}
		changes = append(changes, Change{Kind: kind, Subject: int64(t.ID)})
	}
	if err := tx.bulk(`INSERT INTO ticket (id, status, severity, conclusion, concluded_at, merged_into, alerts, version, entries, created_at, updated_at, assignee, folded, doc)`,
		ticketConflict, 14, rows); err != nil {
		return err
	}
	for _, id := range changed {
		if err := tx.exec(`DELETE FROM ticket_tag WHERE ticket = $1`, id); err != nil {
			return fmt.Errorf("writing tags: %w", err)
		}
	}
	if err := tx.bulk(`INSERT INTO ticket_tag (tag, ticket)`, "ON CONFLICT DO NOTHING", 2, tags); err != nil {
		return err
	}
	if err := tx.saveEntries(steps); err != nil {
		return err
	}
	if err := move(steps); err != nil {
		return err
	}
	moved, err := tx.moved(steps)
	if err != nil {
		return err
	}
	if err := tx.SettleGroups(moved); err != nil {
		return err
	}
	return tx.AddChanges(changes...)
}

// moveAlerts takes alerts out of tickets and puts them into others, as the
// entries of the steps say.
func (tx *Tx) moveAlerts(steps []TicketStep) error {
	var in, rows []any
	for _, st := range steps {
		for _, e := range st.Entries {
			if err := tx.release(st.Ticket.ID, e.Unbound); err != nil {
				return err
			}
			for _, id := range e.Bound {
				in, rows = append(in, int64(id)), append(rows, int64(id), int64(st.Ticket.ID))
			}
		}
	}
	if len(in) == 0 {
		return nil
	}
	held, err := tx.TicketsOf(idsOf(in))
	if err != nil {
		return err
	}
	for id, t := range held {
		return fault.New(fault.Conflict, "%s is in %s already; unbind it there first, or merge the tickets", id, t)
	}
	known, err := tx.knownAlerts(in)
	if err != nil {
		return err
	}
	for _, id := range in {
		if !known[id.(int64)] {
			return fault.New(fault.NotFound, "there is no alert %s", alert.ID(id.(int64)))
		}
	}
	return tx.bulk(`INSERT INTO ticket_alert (alert, ticket)`, "", 2, rows)
}

func idsOf(list []any) []alert.ID {
	ids := make([]alert.ID, len(list))
	for i, v := range list {
		ids[i] = alert.ID(v.(int64))
	}
	return ids
}

func alertArgs(ids []alert.ID) []any {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = int64(id)
	}
	return args
}

// release takes alerts out of a ticket; one that is not in it is fault.Conflict.
func (tx *Tx) release(t ticket.ID, ids []alert.ID) error {
	if len(ids) == 0 {
		return nil
	}
	held, err := tx.TicketsOf(ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if held[id] != t {
			return fault.New(fault.Conflict, "%s is not in %s", id, t)
		}
	}
	return inChunks(alertArgs(ids), func(list string, chunk []any) error {
		return tx.exec(`DELETE FROM ticket_alert WHERE alert IN (`+list+`)`, chunk...)
	})
}

// TicketsOf returns the ticket of each of the alerts that is in one, as the
// transaction sees it.
func (tx *Tx) TicketsOf(ids []alert.ID) (map[alert.ID]ticket.ID, error) {
	out := map[alert.ID]ticket.ID{}
	err := tx.in(`SELECT alert, ticket FROM ticket_alert WHERE alert IN (%s)`, alertArgs(ids), scanTicketOf(out))
	if err != nil {
		return nil, fmt.Errorf("reading tickets of alerts: %w", err)
	}
	return out, nil
}

func scanTicketOf(out map[alert.ID]ticket.ID) func(*sql.Rows) error {
	return func(r *sql.Rows) error {
		var a, t int64
		err := r.Scan(&a, &t)
		out[alert.ID(a)] = ticket.ID(t)
		return err
	}
}

// knownAlerts returns which of the alerts, all int64, exist.
func (tx *Tx) knownAlerts(ids []any) (map[int64]bool, error) {
	known := map[int64]bool{}
	err := tx.in(`SELECT id FROM alert WHERE id IN (%s)`, ids, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		known[id] = true
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("looking for alerts: %w", err)
	}
	return known, nil
}

// KnownAlerts returns which of the alerts exist, as the transaction sees it.
func (tx *Tx) KnownAlerts(ids []alert.ID) (map[alert.ID]bool, error) {
	known, err := tx.knownAlerts(alertArgs(ids))
	out := make(map[alert.ID]bool, len(known))
	for id := range known {
		out[alert.ID(id)] = true
	}
	return out, err
}

// Ticket returns a ticket as the transaction sees it, or fault.NotFound.
func (tx *Tx) Ticket(id ticket.ID) (t ticket.Ticket, err error) {
	list, err := scanTickets(tx.conn.query(tx.ctx, `SELECT `+ticketColumns+` FROM ticket t WHERE t.id = $1`, int64(id)))
	return oneTicket(id, list, err)
}

// Ticket returns one ticket, or fault.NotFound.
func (s *Store) Ticket(ctx context.Context, id ticket.ID) (ticket.Ticket, error) {
	list, err := scanTickets(s.read.QueryContext(ctx, `SELECT `+ticketColumns+` FROM ticket t WHERE t.id = $1`, int64(id)))
	return oneTicket(id, list, storageFault(err))
}

func oneTicket(id ticket.ID, list []ticket.Ticket, err error) (t ticket.Ticket, _ error) {
	if err != nil {
		return t, err
	}
	if len(list) == 0 {
		return t, fault.New(fault.NotFound, "there is no ticket %s", id)
	}
	return list[0], nil
}

// AlertsIn returns the alerts of a ticket, by id.
func (tx *Tx) AlertsIn(id ticket.ID) ([]alert.ID, error) {
	list, err := ints(tx.conn.query(tx.ctx, `SELECT alert FROM ticket_alert WHERE ticket = $1 ORDER BY alert`, int64(id)))
	if err != nil {
		return nil, fmt.Errorf("reading the alerts of %s: %w", id, err)
	}
	return alertIDs(list), nil
}

func alertIDs(list []int64) []alert.ID {
	ids := make([]alert.ID, len(list))
	for i, n := range list {
		ids[i] = alert.ID(n)
	}
	return ids
}

// DeleteTicket removes a ticket with its timeline; its alerts stay and are in no
// ticket then.
func (tx *Tx) DeleteTicket(id ticket.ID) error {
	held, err := tx.AlertsIn(id)
	if err != nil {
		return err
	}
	for _, order := range []string{
		`DELETE FROM ticket_alert WHERE ticket = $1`, `DELETE FROM ticket_tag WHERE ticket = $1`,
		`DELETE FROM ticket_entry WHERE ticket = $1`, `DELETE FROM ticket WHERE id = $1`,
	} {
		if err := tx.exec(order, int64(id)); err != nil {
			return fmt.Errorf("deleting %s: %w", id, err)
		}
	}
	if err := tx.SettleGroups(held); err != nil {
		return err
	}
	return tx.AddChanges(Change{Kind: TicketChanged, Subject: int64(id)})
}
