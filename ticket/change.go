package ticket

import (
	"slices"
	"strings"
	"time"

	"yagura/alert"
	"yagura/fault"
)

// Change is what somebody wants done to a ticket in one step. Fields of Set that
// are nil stay as they are.
type Change struct {
	Kind   Kind
	Set    Delta // Judgement's By and At are filled in
	Text   string
	Bind   []alert.ID // that are in no ticket, or in Other
	Unbind []alert.ID // that are in this one
	Other  ID         // the other ticket of a merge or split
}

// New returns a ticket that holds the alerts, and its first entry. text says why
// it was made and may be empty; other is the ticket that it was split from, or 0.
func New(id ID, a Actor, at time.Time, c Change) (Ticket, Entry, error) {
	c.Kind = Created
	t := Ticket{ID: id, State: State{Status: Open}, CreatedAt: at}
	if c.Set.Title == nil {
		return t, Entry{}, fault.New(fault.Invalid, "a ticket needs a title, or alerts that give it one")
	}
	return t.Apply(a, at, c)
}

// Apply makes a change and returns the ticket after it with the entry that tells
// of it. Where nothing would change the entry's Number is 0 and the ticket stays
// as it is. Errors are fault.Invalid for what cannot be used, fault.Denied for a
// machine that concludes, and fault.Conflict for what the ticket's state forbids.
func (t Ticket) Apply(a Actor, at time.Time, c Change) (Ticket, Entry, error) {
	if c.Kind != Commented && t.MergedInto != 0 {
		return t, Entry{}, fault.New(fault.Conflict, "%s was merged into %s; change that one, or undo the merge there", t.ID, t.MergedInto)
	}
	c.Text = strings.TrimSpace(c.Text)
	if err := limit("the text", c.Text, maxText); err != nil {
		return t, Entry{}, err
	}
	set, err := c.Set.normalize()
	if err != nil {
		return t, Entry{}, err
	}
	if j := set.Judgement; j != nil {
		if a.Machine {
			return t, Entry{}, fault.New(fault.Denied, "%s is a machine: conclusions are drawn by people", a.Name)
		}
		if j.Conclusion != "" {
			j.By, j.At = a.Name, at
		}
	}
	next := t.With(set)
	if err := t.allows(next, c.Kind); err != nil {
		return t, Entry{}, err
	}
	switch {
	case next.Status != Resolved:
		next.ResolvedAt = time.Time{}
	case t.Status != Resolved:
		next.ResolvedAt = at
	}
	e := Entry{Kind: c.Kind, Text: c.Text, Bound: c.Bind, Unbound: c.Unbind, Other: c.Other}
	e.Before, e.After = difference(t.State, next)
	if e.Kind == Commented {
		if e.Text == "" {
			return t, Entry{}, fault.New(fault.Invalid, "a comment needs a text")
		}
	} else if e.Kind != Merged && e.After.Empty() && len(e.Bound) == 0 && len(e.Unbound) == 0 {
		return t, Entry{}, nil
	}
	e.Mentions = mentions(c.Text)
	n, e := t.record(a, at, next, e)
	return n, e, nil
}

// record numbers the entry and moves the ticket on.
func (t Ticket) record(a Actor, at time.Time, next State, e Entry) (Ticket, Entry) {
	t.State = next
	t.Alerts += len(e.Bound) - len(e.Unbound)
	t.Entries++
	if e.Kind != Commented {
		t.Version++
	}
	t.UpdatedAt = at
	e.Number, e.Version, e.At, e.By, e.Door = t.Entries, t.Version, at, a.Name, a.Door
	return t, e
}

// allows reports what forbids the ticket to become next.
func (t Ticket) allows(next State, k Kind) error {
	switch {
	case t.Status == Resolved && next.Status != Resolved && k != Reopened:
		return fault.New(fault.Conflict, "%s is resolved; reopen it first", t.ID)
	case k == Reopened && t.Status != Resolved:
		return fault.New(fault.Conflict, "%s is %s, not resolved: there is nothing to reopen", t.ID, t.Status)
	case next.Judgement.Conclusion != "" && next.Judgement.Reason == "":
		return fault.New(fault.Invalid, "a conclusion needs a reason")
	case next.Status == Resolved && next.Judgement.Conclusion == "":
		return fault.New(fault.Conflict, "closing %s needs a conclusion: conclude it as false positive, intended, unaffected, true positive or undetermined, with a reason", t.ID)
	case next.Status == Resolved && next.Assignee == "" && t.Status == Resolved:
		return fault.New(fault.Conflict, "%s is resolved and keeps an owner; reopen it first, or name another", t.ID)
	case next.Status == Resolved && next.Assignee == "":
		return fault.New(fault.Conflict, "closing %s needs an owner: assign it, or take it, first", t.ID)
	}
	return nil
}

// Undo returns the ticket as it was before the entry last, and the entry that
// tells of it. last must be the newest change that was not undone yet.
func (t Ticket) Undo(a Actor, at time.Time, last Entry) (Ticket, Entry, error) {
	switch {
	case last.Kind == Created:
		return t, Entry{}, fault.New(fault.Conflict, "there is nothing to undo: %s is as it was made", t.ID)
	case last.Kind == Commented || last.Kind == Undone:
		return t, Entry{}, fault.New(fault.Conflict, "a comment or an undoing cannot be undone")
	case last.After.MergedInto != nil:
		return t, Entry{}, fault.New(fault.Conflict, "%s was merged into %s; undo the merge there", t.ID, last.Other)
	case a.Machine && last.After.Judgement != nil:
		return t, Entry{}, fault.New(fault.Denied, "%s is a machine: conclusions are drawn by people", a.Name)
	}
	return t.inverse(a, at, last)
}

// GiveBack is Undo for the other ticket of a merge that is being undone.
func (t Ticket) GiveBack(a Actor, at time.Time, last Entry) (Ticket, Entry, error) {
	if last.After.MergedInto == nil || t.MergedInto == 0 {
		return t, Entry{}, fault.New(fault.Conflict, "%s is not merged any more", t.ID)
	}
	return t.inverse(a, at, last)
}

func (t Ticket) inverse(a Actor, at time.Time, last Entry) (Ticket, Entry, error) {
	e := Entry{Kind: Undone, Before: last.After, After: last.Before, Bound: last.Unbound, Unbound: last.Bound, Other: last.Other, Undoes: last.Number}
	n, e := t.record(a, at, t.With(e.After), e)
	return n, e, nil
}

// MergeInto returns the ticket after it gave all its alerts to another.
func (t Ticket) MergeInto(a Actor, at time.Time, into ID, alerts []alert.ID, reason string) (Ticket, Entry, error) {
	if into == t.ID {
		return t, Entry{}, fault.New(fault.Invalid, "%s cannot be merged into itself", t.ID)
	}
	return t.Apply(a, at, Change{Kind: Merged, Set: Delta{MergedInto: &into}, Text: reason, Unbind: alerts, Other: into})
}

// Replay returns the state that a whole timeline leads to, and the alerts in it
// by id.
func Replay(timeline []Entry) (s State, alerts []alert.ID) {
	s.Status = Open
	in := map[alert.ID]bool{}
	for _, e := range timeline {
		s = s.With(e.After)
		for _, id := range e.Bound {
			in[id] = true
		}
		for _, id := range e.Unbound {
			delete(in, id)
		}
	}
	for id := range in {
		alerts = append(alerts, id)
	}
	slices.Sort(alerts)
	return s, alerts
}

// Stale says that a change was ordered on an old version, and who changed what
// since. later are the entries after that version, oldest first; at most a few
// are named.
func (t Ticket) Stale(seen int64, later []Entry) error {
	const named = 3
	var said []string
	for i, e := range later {
		if i == named {
			said = append(said, "and more")
			break
		}
		said = append(said, e.By+" "+e.words())
	}
	if len(said) == 0 {
		return fault.New(fault.Conflict, "%s is at version %d, not %d; read it again and repeat the change on what it is now", t.ID, t.Version, seen)
	}
	return fault.New(fault.Conflict, "%s has changed since version %d: %s. Nothing was overwritten; read it again (version %d) and repeat the change", t.ID, seen, strings.Join(said, "; "), t.Version)
}

// words says in a few words what an entry did.
func (e Entry) words() string {
	switch names := e.After.Names(); {
	case e.Kind == Changed && len(names) > 0:
		return "changed " + strings.Join(names, ", ")
	case e.Kind == Bound || e.Kind == Unbound:
		return string(e.Kind) + " alerts"
	case e.Kind == Concluded:
		if j := e.After.Judgement; j != nil {
			return "concluded " + string(j.Conclusion)
		}
	case e.Kind == Undone && len(names) > 0:
		return "undid a change of " + strings.Join(names, ", ")
	case e.Kind == Undone:
		return "undid a change of alerts"
	case e.Kind == Merged || e.Kind == Split:
		return string(e.Kind) + " it with " + e.Other.String()
	}
	return string(e.Kind) + " it"
}
