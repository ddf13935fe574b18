package desk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"yagura/alert"
	"yagura/auth"
	"yagura/fault"
	"yagura/store"
	"yagura/ticket"
)

// AlertSet is a set of alerts, such as a group's, that shall be one ticket.
type AlertSet struct {
	Title  string // empty: that of its first alert
	Alerts []alert.ID
}

// Refused is a set of which no ticket was made, and why.
type Refused struct {
	Set int // its place in the order, from 0
	Why error
}

const (
	maxSets = 10_000
	// chunkAlerts and chunkSets bound one transaction, so that whoever writes
	// besides need not wait for the whole order.
	chunkAlerts = 2_000
	chunkSets   = 500
)

// ConcludeMany makes one resolved ticket of each set, all with one owner,
// conclusion and reason. A set with an alert that is in a ticket already, or that
// does not exist, is refused and the others go on: tickets has a ticket or the
// zero Ticket for each set. An error means that the order stopped; what tickets
// holds is done.
func (d *Desk) ConcludeMany(ctx context.Context, p auth.Principal, sets []AlertSet, j ticket.Judgement, assignee string) (tickets []ticket.Ticket, refused []Refused, err error) {
	for _, need := range []auth.Permission{auth.ChangeTickets, auth.ConcludeTickets} {
		if err := p.May(need); err != nil {
			return nil, nil, err
		}
	}
	if len(sets) == 0 || len(sets) > maxSets {
		return nil, nil, fault.New(fault.Invalid, "name 1 to %d sets of alerts", maxSets)
	}
	if strings.TrimSpace(assignee) == "" {
		return nil, nil, fault.New(fault.Invalid, "closing needs an owner: name an assignee")
	}
	m := &manyTickets{d: d, p: p, tickets: make([]ticket.Ticket, len(sets))}
	if m.change, err = conclusion(j, assignee, false); err != nil {
		return nil, nil, err
	}
	if m.sets, err = d.normalizeSets(ctx, sets); err != nil {
		return nil, nil, err
	}
	// What no ticket would take is refused before any is made.
	if _, err := m.step(d.store.Now(), 1, m.sets[0]); err != nil {
		return nil, nil, err
	}
	for from := 0; from < len(sets); {
		to, alerts := from, 0
		for to < len(sets) && to-from < chunkSets && (to == from || alerts+len(m.sets[to].Alerts) <= chunkAlerts) {
			alerts += len(m.sets[to].Alerts)
			to++
		}
		if err := m.write(ctx, from, to); err != nil {
			return m.tickets, m.refused, err
		}
		from = to
	}
	return m.tickets, m.refused, nil
}

// normalizeSets returns validated copies, each with a title where its first
// alert exists.
func (d *Desk) normalizeSets(ctx context.Context, sets []AlertSet) ([]AlertSet, error) {
	out := make([]AlertSet, len(sets))
	var first []alert.ID
	total := 0
	for i, set := range sets {
		alerts, err := alertSet(set.Alerts, 1)
		if err != nil {
			return nil, err
		}
		if total += len(alerts); total > maxAlertsAtOnce {
			return nil, fault.New(fault.Invalid, "an order concludes at most %d alerts", maxAlertsAtOnce)
		}
		out[i].Alerts = alerts
		if strings.TrimSpace(set.Title) != "" {
			out[i].Title = ticket.Title(set.Title)
		} else {
			first = append(first, alerts[0])
		}
	}
	found, err := d.store.Alerts(ctx, first)
	if err != nil {
		return nil, err
	}
	titles := map[alert.ID]string{}
	for _, a := range found {
		titles[a.ID] = a.Title
	}
	for i := range out {
		if out[i].Title == "" {
			out[i].Title = ticket.Title(titles[out[i].Alerts[0]])
		}
	}
	return out, nil
}

// manyTickets is one order under way.
type manyTickets struct {
	d       *Desk
	p       auth.Principal
	sets    []AlertSet
	change  ticket.Change
	tickets []ticket.Ticket
	refused []Refused
}

// write makes the tickets of the sets from and up to another in one transaction.
func (m *manyTickets) write(ctx context.Context, from, to int) error {
	var made []store.TicketStep
	var places []int
	var refused []Refused
	err := m.d.store.Write(ctx, store.Full, func(tx *store.Tx) error {
		var all []alert.ID
		for _, set := range m.sets[from:to] {
			all = append(all, set.Alerts...)
		}
		held, err := tx.TicketsOf(all)
		if err != nil {
			return err
		}
		known, err := tx.KnownAlerts(all)
		if err != nil {
			return err
		}
		for i := from; i < to; i++ {
			if why := usable(m.sets[i].Alerts, held, known); why != nil {
				refused = append(refused, Refused{i, why})
				continue
			}
			places = append(places, i)
			for _, id := range m.sets[i].Alerts {
				held[id] = -1 // of this order
			}
		}
		if len(places) == 0 {
			return errSame
		}
		first, err := tx.NewTickets(len(places))
		if err != nil {
			return err
		}
		for n, i := range places {
			st, err := m.step(moment(tx), first+ticket.ID(n), m.sets[i])
			if err != nil {
				return err
			}
			made = append(made, st)
		}
		if err := tx.SaveTickets(made); err != nil {
			return err
		}
		return tx.Audit(m.p.Name, m.p.Door, "ticket.concluded", fmt.Sprintf("%s to %s", made[0].Ticket.ID, made[len(made)-1].Ticket.ID), brief(m.change.Set.Judgement.Reason))
	})
	if err != nil && !errors.Is(err, errSame) {
		return err
	}
	m.refused = append(m.refused, refused...)
	for n, i := range places {
		m.tickets[i] = made[n].Ticket
	}
	return nil
}

// step makes one ticket and concludes it.
func (m *manyTickets) step(now time.Time, id ticket.ID, set AlertSet) (store.TicketStep, error) {
	a := actor(m.p)
	t, born, err := ticket.New(id, a, now, ticket.Change{Set: ticket.Delta{Title: &set.Title}, Bind: set.Alerts})
	if err != nil {
		return store.TicketStep{}, err
	}
	t, done, err := t.Apply(a, now, m.change)
	return store.TicketStep{Ticket: t, Entries: []ticket.Entry{born, done}}, err
}

func usable(alerts []alert.ID, held map[alert.ID]ticket.ID, known map[alert.ID]bool) error {
	for _, id := range alerts {
		switch t := held[id]; {
		case t < 0:
			return fault.New(fault.Conflict, "%s is in another set of this order", id)
		case t > 0:
			return fault.New(fault.Conflict, "%s is in %s already", id, t)
		case !known[id]:
			return fault.New(fault.NotFound, "there is no alert %s", id)
		}
	}
	return nil
}
