package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"yagura/alert"
	"yagura/auth"
	"yagura/fault"
	"yagura/store"
	"yagura/ticket"
)

// maxAlertsAtOnce bounds how many alerts one order moves into or out of a ticket.
const maxAlertsAtOnce = 100_000

// machines are how names of principals begin that are nobody's hand.
var machines = []string{"agent:", "machine:", "policy:", "system:"}

// actor says who p is to a ticket. An API key counts as the person it is of.
func actor(p auth.Principal) ticket.Actor {
	machine := slices.ContainsFunc(machines, func(prefix string) bool { return strings.HasPrefix(p.Name, prefix) })
	return ticket.Actor{Name: p.Name, Door: p.Door, Machine: machine}
}

// moment is the time of a transaction, as precise as it is stored.
func moment(tx *store.Tx) time.Time { return tx.Now().UTC().Truncate(time.Microsecond) }

// errSame rolls back a transaction that would change nothing.
var errSame = errors.New("nothing changes")

// onTicket makes one change of a ticket: permission, load, the version that
// whoever orders it saw (0: whatever it is), rule, save, timeline, audit and
// event in one transaction. Where nothing would change it writes nothing.
func (d *Desk) onTicket(ctx context.Context, p auth.Principal, need auth.Permission, id ticket.ID, version int64,
	fn func(tx *store.Tx, t ticket.Ticket) (ticket.Ticket, ticket.Entry, []store.TicketStep, error),
) (after ticket.Ticket, err error) {
	if err := p.May(need); err != nil {
		return after, err
	}
	err = d.store.Write(ctx, store.Full, func(tx *store.Tx) error {
		t, err := tx.Ticket(id)
		if err != nil {
			return err
		}
		if err := fresh(tx, t, version); err != nil {
			return err
		}
		n, e, others, err := fn(tx, t)
		if err != nil {
			return err
		}
		if after = n; e.Number == 0 {
			return errSame
		}
		if err := tx.SaveTickets(append([]store.TicketStep{{Ticket: n, Entries: []ticket.Entry{e}}}, others...)); err != nil {
			return err
		}
		return tx.Audit(p.Name, p.Door, "ticket."+string(e.Kind), id.String(), brief(e.Text))
	})
	if errors.Is(err, errSame) {
		err = nil
	}
	return after, err
}

// brief cuts a text for the audit log; the timeline has it whole.
func brief(s string) string {
	const most = 200
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// fresh refuses a change that was ordered on an older version.
func fresh(tx *store.Tx, t ticket.Ticket, version int64) error {
	if version == 0 || version == t.Version {
		return nil
	}
	later, err := tx.EntriesSince(t.ID, version, 4)
	if err != nil {
		return err
	}
	return t.Stale(version, later)
}

// changeTicket is onTicket for changes of one ticket alone.
func (d *Desk) changeTicket(ctx context.Context, p auth.Principal, need auth.Permission, id ticket.ID, version int64, change func(t ticket.Ticket) (ticket.Change, error)) (ticket.Ticket, error) {
	return d.onTicket(ctx, p, need, id, version, func(tx *store.Tx, t ticket.Ticket) (ticket.Ticket, ticket.Entry, []store.TicketStep, error) {
		c, err := change(t)
		if err != nil {
			return t, ticket.Entry{}, nil, err
		}
		t, e, err := t.Apply(actor(p), moment(tx), c)
		return t, e, nil, err
	})
}

// alertSet sorts alerts and takes repeats out; it refuses none and too many.
func alertSet(ids []alert.ID, least int) ([]alert.ID, error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) < least || len(ids) > maxAlertsAtOnce {
		return nil, fault.New(fault.Invalid, "name %d to %d alerts", least, maxAlertsAtOnce)
	}
	return ids, nil
}

// titled fills in a title where there is none: that of the first alert.
func (d *Desk) titled(ctx context.Context, set *ticket.Delta, alerts []alert.ID) error {
	if set.Title != nil && strings.TrimSpace(*set.Title) != "" || len(alerts) == 0 {
		return nil
	}
	a, err := d.store.Alert(ctx, alerts[0])
	if err != nil {
		return err
	}
	title := ticket.Title(a.Title)
	set.Title = &title
	return nil
}

// NewTicket makes a ticket, of alerts or of nothing; without a title it takes
// that of its first alert. An alert that is in another ticket is fault.Conflict.
func (d *Desk) NewTicket(ctx context.Context, p auth.Principal, set ticket.Delta, alerts []alert.ID, text string) (t ticket.Ticket, err error) {
	if err := p.May(auth.ChangeTickets); err != nil {
		return t, err
	}
	if alerts, err = alertSet(alerts, 0); err != nil {
		return t, err
	}
	if set.Judgement != nil || set.MergedInto != nil {
		return t, fault.New(fault.Invalid, "make the ticket first, then conclude or merge it")
	}
	if err := d.titled(ctx, &set, alerts); err != nil {
		return t, err
	}
	err = d.store.Write(ctx, store.Full, func(tx *store.Tx) error {
		id, err := tx.NewTickets(1)
		if err != nil {
			return err
		}
		var e ticket.Entry
		if t, e, err = ticket.New(id, actor(p), moment(tx), ticket.Change{Set: set, Bind: alerts, Text: text}); err != nil {
			return err
		}
		if err := tx.SaveTickets([]store.TicketStep{{Ticket: t, Entries: []ticket.Entry{e}}}); err != nil {
			return err
		}
		return tx.Audit(p.Name, p.Door, "ticket.created", id.String(), brief(e.Text))
	})
	return t, err
}

// ChangeTicket changes the fields of set that are not nil: everything but the
// conclusion, which Conclude draws, and merging.
func (d *Desk) ChangeTicket(ctx context.Context, p auth.Principal, id ticket.ID, version int64, set ticket.Delta) (ticket.Ticket, error) {
	if set.Judgement != nil || set.MergedInto != nil {
		return ticket.Ticket{}, fault.New(fault.Invalid, "conclusions and mergers have orders of their own: conclude, merge")
	}
	return d.changeTicket(ctx, p, auth.ChangeTickets, id, version, func(ticket.Ticket) (ticket.Change, error) {
		return ticket.Change{Kind: ticket.Changed, Set: set}, nil
	})
}

// Take makes p the owner of a ticket and begins the work on it. Somebody else's
// ticket is only taken by who names the version that he saw.
func (d *Desk) Take(ctx context.Context, p auth.Principal, id ticket.ID, version int64) (ticket.Ticket, error) {
	return d.changeTicket(ctx, p, auth.ChangeTickets, id, version, func(t ticket.Ticket) (ticket.Change, error) {
		if version == 0 && t.Assignee != "" && t.Assignee != p.Name {
			return ticket.Change{}, fault.New(fault.Conflict, "%s is %s's; to take it over, name the version that you saw (%d)", id, t.Assignee, t.Version)
		}
		set := ticket.Delta{Assignee: &p.Name}
		if t.Status == ticket.Open {
			status := ticket.InProgress
			set.Status = &status
		}
		return ticket.Change{Kind: ticket.Changed, Set: set}, nil
	})
}

// Comment adds a comment. It changes nothing else, so it needs no version.
func (d *Desk) Comment(ctx context.Context, p auth.Principal, id ticket.ID, text string) (ticket.Ticket, error) {
	return d.changeTicket(ctx, p, auth.ChangeTickets, id, 0, func(ticket.Ticket) (ticket.Change, error) {
		return ticket.Change{Kind: ticket.Commented, Text: text}, nil
	})
}

// Conclude draws a conclusion and, unless keepOpen, resolves the ticket, which
// needs an owner: the one it has, or assignee.
func (d *Desk) Conclude(ctx context.Context, p auth.Principal, id ticket.ID, version int64, j ticket.Judgement, assignee string, keepOpen bool) (ticket.Ticket, error) {
	return d.changeTicket(ctx, p, auth.ConcludeTickets, id, version, func(ticket.Ticket) (ticket.Change, error) {
		return conclusion(j, assignee, keepOpen)
	})
}

func conclusion(j ticket.Judgement, assignee string, keepOpen bool) (ticket.Change, error) {
	if j.Conclusion == "" {
		return ticket.Change{}, fault.New(fault.Invalid, "name a conclusion: false positive, intended, unaffected, true positive or undetermined")
	}
	set := ticket.Delta{Judgement: &ticket.Judgement{Conclusion: j.Conclusion, Reason: j.Reason}}
	if assignee != "" {
		set.Assignee = &assignee
	}
	if !keepOpen {
		status := ticket.Resolved
		set.Status = &status
	}
	return ticket.Change{Kind: ticket.Concluded, Set: set}, nil
}

// Reopen makes a resolved ticket open again. Its conclusion stays on the
// timeline; the ticket has none until another is drawn.
func (d *Desk) Reopen(ctx context.Context, p auth.Principal, id ticket.ID, version int64, reason string) (ticket.Ticket, error) {
	return d.changeTicket(ctx, p, auth.ConcludeTickets, id, version, func(ticket.Ticket) (ticket.Change, error) {
		status := ticket.Open
		return ticket.Change{Kind: ticket.Reopened, Set: ticket.Delta{Status: &status, Judgement: &ticket.Judgement{}}, Text: reason}, nil
	})
}

// DeleteTicket removes a ticket with its timeline. Its alerts stay; the audit log
// keeps who did it, its title and the reason, which is needed.
func (d *Desk) DeleteTicket(ctx context.Context, p auth.Principal, id ticket.ID, reason string) error {
	if err := p.May(auth.DeleteTickets); err != nil {
		return err
	}
	if strings.TrimSpace(reason) == "" {
		return fault.New(fault.Invalid, "deleting a ticket needs a reason; it is all that stays, in the audit log")
	}
	return d.store.Write(ctx, store.Full, func(tx *store.Tx) error {
		t, err := tx.Ticket(id)
		if err != nil {
			return err
		}
		if err := tx.DeleteTicket(id); err != nil {
			return err
		}
		return tx.Audit(p.Name, p.Door, "ticket.deleted", id.String(), fmt.Sprintf("%s (its title: %s; alerts: %d)", brief(reason), brief(t.Title), t.Alerts))
	})
}
