package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"yagura/alert"
	"yagura/group"
	"yagura/ticket"
)

// SettleGroups moves the groups of alerts that came into tickets, or left them:
// one whose alerts are all in tickets is no line of the queue any more, one with
// an alert that is in none is. It tells of every one of them: what is resolved
// takes no further alert, and what is reopened does.
func (tx *Tx) SettleGroups(alerts []alert.ID) error {
	if len(alerts) == 0 {
		return nil
	}
	of, err := tx.GroupsOf(alerts)
	if err != nil {
		return err
	}
	ids := slices.Sorted(maps.Values(of))
	ids = slices.Compact(ids)
	open := map[group.ID]bool{}
	scan := func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		open[group.ID(id)] = true
		return err
	}
	// A group whose only alert is its founder has no row of members.
	if err := tx.in(`SELECT DISTINCT m.grp FROM group_alert m WHERE NOT EXISTS (SELECT 1 FROM ticket_alert t WHERE t.alert = m.alert) AND m.grp IN (%s)`, groupArgs(ids), scan); err != nil {
		return fmt.Errorf("reading groups of tickets: %w", err)
	}
	if err := tx.in(`SELECT g.id FROM alert_group g WHERE NOT EXISTS (SELECT 1 FROM group_alert m WHERE m.grp = g.id)
		AND NOT EXISTS (SELECT 1 FROM ticket_alert t WHERE t.alert = g.id) AND g.id IN (%s)`, groupArgs(ids), scan); err != nil {
		return fmt.Errorf("reading groups of tickets: %w", err)
	}
	changes := make([]Change, 0, len(ids))
	var done, queued []any
	for _, id := range ids {
		if open[id] {
			queued = append(queued, int64(id))
		} else {
			done = append(done, int64(id))
		}
		changes = append(changes, Change{Kind: GroupChanged, Subject: int64(id)})
	}
	for standing, list := range map[GroupStanding][]any{GroupDone: done, GroupQueued: queued} {
		err := inChunks(list, func(in string, chunk []any) error {
			return tx.exec(fmt.Sprintf(`UPDATE alert_group SET standing = %d WHERE standing <> %d AND id IN (%s)`, standing, GroupMerged, in), chunk...)
		})
		if err != nil {
			return fmt.Errorf("moving groups of tickets: %w", err)
		}
	}
	return tx.AddChanges(changes...)
}

// moved returns the alerts whose groups a change of tickets may move: those that
// went in or out, and all of a ticket that was resolved or reopened.
func (tx *Tx) moved(steps []TicketStep) ([]alert.ID, error) {
	var list []alert.ID
	for _, st := range steps {
		for _, e := range st.Entries {
			list = append(append(list, e.Bound...), e.Unbound...)
			if e.Kind == ticket.Created || e.After.Status == nil || len(e.Bound)+len(e.Unbound) > 0 {
				continue
			}
			in, err := tx.AlertsIn(st.Ticket.ID)
			if err != nil {
				return nil, err
			}
			list = append(list, in...)
		}
	}
	return list, nil
}

// GroupTicket is the ticket that a group's worst alert is in.
type GroupTicket struct {
	ID       ticket.ID
	Resolved bool
}

const groupTicketQuery = `SELECT g.id, t.id, t.status FROM alert_group g JOIN ticket_alert a ON a.alert = g.lead JOIN ticket t ON t.id = a.ticket WHERE g.id IN (%s)`

func scanGroupTicket(out map[group.ID]GroupTicket) func(*sql.Rows) error {
	return func(r *sql.Rows) error {
		var id, in, status int64
		err := r.Scan(&id, &in, &status)
		out[group.ID(id)] = GroupTicket{ticket.ID(in), wordAt(ticket.Statuses(), status) == ticket.Resolved}
		return err
	}
}

// GroupTickets returns the tickets of groups that have one, as the transaction
// sees them.
func (tx *Tx) GroupTickets(ids []group.ID) (map[group.ID]GroupTicket, error) {
	out := map[group.ID]GroupTicket{}
	if err := tx.in(groupTicketQuery, groupArgs(ids), scanGroupTicket(out)); err != nil {
		return nil, fmt.Errorf("reading tickets of groups: %w", err)
	}
	return out, nil
}

// GroupTickets returns the tickets of groups that have one.
func (s *Store) GroupTickets(ctx context.Context, ids []group.ID) (map[group.ID]GroupTicket, error) {
	out := map[group.ID]GroupTicket{}
	err := inChunks(groupArgs(ids), func(in string, chunk []any) error {
		rows, err := s.read.QueryContext(ctx, fmt.Sprintf(groupTicketQuery, in), chunk...)
		if err != nil {
			return err
		}
		return each(rows, scanGroupTicket(out))
	})
	if err != nil {
		return nil, storageFault(fmt.Errorf("reading tickets of groups: %w", err))
	}
	return out, nil
}
