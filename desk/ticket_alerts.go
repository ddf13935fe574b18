package desk

import (
	"context"

	"yagura/alert"
	"yagura/auth"
	"yagura/fault"
	"yagura/store"
	"yagura/ticket"
)

// Bind puts alerts into a ticket; those that are in it already stay. One that is
// in another ticket is fault.Conflict, and none is bound.
func (d *Desk) Bind(ctx context.Context, p auth.Principal, id ticket.ID, alerts []alert.ID) (ticket.Ticket, error) {
	alerts, err := alertSet(alerts, 1)
	if err != nil {
		return ticket.Ticket{}, err
	}
	return d.onTicket(ctx, p, auth.ChangeTickets, id, 0, func(tx *store.Tx, t ticket.Ticket) (ticket.Ticket, ticket.Entry, []store.TicketStep, error) {
		held, err := tx.TicketsOf(alerts)
		if err != nil {
			return t, ticket.Entry{}, nil, err
		}
		var fresh []alert.ID
		for _, a := range alerts {
			if held[a] != id {
				fresh = append(fresh, a)
			}
		}
		t, e, err := t.Apply(actor(p), moment(tx), ticket.Change{Kind: ticket.Bound, Bind: fresh})
		return t, e, nil, err
	})
}

// Unbind takes alerts out of a ticket; they are in none then.
func (d *Desk) Unbind(ctx context.Context, p auth.Principal, id ticket.ID, version int64, alerts []alert.ID) (ticket.Ticket, error) {
	alerts, err := alertSet(alerts, 1)
	if err != nil {
		return ticket.Ticket{}, err
	}
	return d.changeTicket(ctx, p, auth.ChangeTickets, id, version, func(ticket.Ticket) (ticket.Change, error) {
		return ticket.Change{Kind: ticket.Unbound, Unbind: alerts}, nil
	})
}

// Merge moves all alerts of the ticket from into another. From keeps its
// timeline and points to where its alerts are.
func (d *Desk) Merge(ctx context.Context, p auth.Principal, into ticket.ID, version int64, from ticket.ID, reason string) (ticket.Ticket, error) {
	return d.onTicket(ctx, p, auth.ChangeTickets, into, version, func(tx *store.Tx, t ticket.Ticket) (ticket.Ticket, ticket.Entry, []store.TicketStep, error) {
		var e ticket.Entry
		other, err := tx.Ticket(from)
		if err != nil {
			return t, e, nil, err
		}
		alerts, err := tx.AlertsIn(from)
		if err != nil {
			return t, e, nil, err
		}
		now := moment(tx)
		other, gave, err := other.MergeInto(actor(p), now, into, alerts, reason)
		if err != nil {
			return t, e, nil, err
		}
		t, e, err = t.Apply(actor(p), now, ticket.Change{Kind: ticket.Merged, Bind: alerts, Other: from, Text: reason})
		return t, e, []store.TicketStep{{Ticket: other, Entries: []ticket.Entry{gave}}}, err
	})
}

// Split moves some alerts of a ticket into a new one and returns both. Without a
// title the new one takes that of its first alert.
func (d *Desk) Split(ctx context.Context, p auth.Principal, id ticket.ID, version int64, alerts []alert.ID, title, reason string) (left, fresh ticket.Ticket, err error) {
	if err := p.May(auth.ChangeTickets); err != nil {
		return left, fresh, err
	}
	if alerts, err = alertSet(alerts, 1); err != nil {
		return left, fresh, err
	}
	set := ticket.Delta{}
	if title != "" {
		set.Title = &title
	}
	if err := d.titled(ctx, &set, alerts); err != nil {
		return left, fresh, err
	}
	left, err = d.onTicket(ctx, p, auth.ChangeTickets, id, version, func(tx *store.Tx, t ticket.Ticket) (ticket.Ticket, ticket.Entry, []store.TicketStep, error) {
		var e ticket.Entry
		nid, err := tx.NewTickets(1)
		if err != nil {
			return t, e, nil, err
		}
		now := moment(tx)
		t, e, err = t.Apply(actor(p), now, ticket.Change{Kind: ticket.Split, Unbind: alerts, Other: nid, Text: reason})
		if err != nil {
			return t, e, nil, err
		}
		var born ticket.Entry
		if fresh, born, err = ticket.New(nid, actor(p), now, ticket.Change{Set: set, Bind: alerts, Other: id, Text: reason}); err != nil {
			return t, e, nil, err
		}
		return t, e, []store.TicketStep{{Ticket: fresh, Entries: []ticket.Entry{born}}}, nil
	})
	return left, fresh, err
}

// Undo takes the last change of a ticket back that was not taken back yet, by an
// entry that does the inverse. A merger gives the other ticket its alerts back; a
// split takes them back, as long as nobody has changed the new ticket.
func (d *Desk) Undo(ctx context.Context, p auth.Principal, id ticket.ID, version int64) (ticket.Ticket, error) {
	return d.onTicket(ctx, p, auth.ChangeTickets, id, version, func(tx *store.Tx, t ticket.Ticket) (ticket.Ticket, ticket.Entry, []store.TicketStep, error) {
		last, err := tx.LastTicketChange(id)
		if err != nil {
			return t, last, nil, err
		}
		if last.After.Judgement != nil {
			if err := p.May(auth.ConcludeTickets); err != nil {
				return t, last, nil, err
			}
		}
		now := moment(tx)
		t, e, err := t.Undo(actor(p), now, last)
		if err != nil {
			return t, e, nil, err
		}
		var others []store.TicketStep
		switch last.Kind {
		case ticket.Merged:
			others, err = giveBack(tx, p, last)
		case ticket.Split:
			others, err = takeBack(tx, p, id, last)
		}
		return t, e, others, err
	})
}

// giveBack is the other half of undoing a merger.
func giveBack(tx *store.Tx, p auth.Principal, last ticket.Entry) ([]store.TicketStep, error) {
	other, err := tx.Ticket(last.Other)
	if err != nil {
		return nil, err
	}
	gave, err := tx.LastTicketChange(other.ID)
	if err != nil {
		return nil, err
	}
	other, e, err := other.GiveBack(actor(p), moment(tx), gave)
	return []store.TicketStep{{Ticket: other, Entries: []ticket.Entry{e}}}, err
}

// takeBack is the other half of undoing a split: the new ticket stays, empty, and
// points to where its alerts are.
func takeBack(tx *store.Tx, p auth.Principal, id ticket.ID, last ticket.Entry) ([]store.TicketStep, error) {
	other, err := tx.Ticket(last.Other)
	if err != nil {
		return nil, err
	}
	if other.Version != 1 {
		return nil, fault.New(fault.Conflict, "%s, which was split off, has been changed since; merge it into %s instead", other.ID, id)
	}
	other, e, err := other.MergeInto(actor(p), moment(tx), id, last.Unbound, "the split was undone")
	return []store.TicketStep{{Ticket: other, Entries: []ticket.Entry{e}}}, err
}
