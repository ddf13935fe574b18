package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"yagura/alert"
	"yagura/auth"
	"yagura/fault"
	"yagura/group"
	"yagura/store"
)

// maxMembers bounds how many alerts one order moves, and how many of a group are
// read to weigh it anew.
const maxMembers = 10_000

// MergeGroups makes other groups part of one: a person says that they belong
// together, and the machine does not undo it.
func (d *Desk) MergeGroups(ctx context.Context, p auth.Principal, into group.ID, from []group.ID, reason string) error {
	from = slices.Clone(from)
	slices.Sort(from)
	from = slices.DeleteFunc(slices.Compact(from), func(id group.ID) bool { return id == into })
	if len(from) == 0 || len(from) > maxAtOnce {
		return fault.New(fault.Invalid, "name 1 to %d other groups to merge into %s", maxAtOnce, into)
	}
	return d.change(ctx, p, auth.ChangeGroups, "group.merge", into.String(), named("from", from, reason), func(tx *store.Tx) error {
		lines, err := queuedGroups(tx, append([]group.ID{into}, from...))
		if err != nil {
			return err
		}
		if lines[into].Alerts == 1 { // its founder stands alone no longer
			if err := tx.PutMembers(membersOf(into, []alert.ID{lines[into].Lead})); err != nil {
				return err
			}
		}
		for _, id := range from {
			moved, err := tx.Members(id, maxMembers+1)
			if err != nil {
				return err
			}
			if len(moved) > maxMembers {
				return fault.New(fault.Invalid, "%s holds more than %d alerts; merge the other one into it instead", id, maxMembers)
			}
			if err := tx.PutMembers(membersOf(into, moved)); err != nil {
				return err
			}
			line := lines[id]
			line.Standing, line.Into, line.Alerts = store.GroupMerged, into, 0
			if err := tx.PutGroups([]*store.Group{line}); err != nil {
				return err
			}
		}
		return shaped(tx, lines[into], from...)
	})
}

// SplitGroup takes alerts out of a group into one of their own, and returns it. The
// machine does not put them together again.
func (d *Desk) SplitGroup(ctx context.Context, p auth.Principal, id group.ID, out []alert.ID, reason string) (made group.ID, err error) {
	out = slices.Clone(out)
	slices.Sort(out)
	out = slices.Compact(out)
	if len(out) == 0 || len(out) > maxMembers {
		return 0, fault.New(fault.Invalid, "name 1 to %d alerts of %s to take out of it", maxMembers, id)
	}
	err = d.change(ctx, p, auth.ChangeGroups, "group.split", id.String(), named("alerts", out, reason), func(tx *store.Tx) error {
		lines, err := queuedGroups(tx, []group.ID{id})
		if err != nil {
			return err
		}
		all, err := tx.Members(id, maxMembers+1)
		if err != nil {
			return err
		}
		for _, a := range out {
			if !slices.Contains(all, a) {
				return fault.New(fault.Invalid, "%s is not in %s", a, id)
			}
		}
		if len(out) == len(all) {
			return fault.New(fault.Invalid, "these are all alerts of %s: nothing would be left in it", id)
		}
		if slices.Contains(out, id.Founder()) { // a group keeps its founder: the others leave
			out = slices.DeleteFunc(all, func(a alert.ID) bool { return slices.Contains(out, a) })
		}
		made, err = freeGroup(tx, out)
		if err != nil {
			return err
		}
		if err := tx.PutMembers(membersOf(made, out)); err != nil {
			return err
		}
		if err := shaped(tx, &store.Group{ID: made, Standing: store.GroupQueued}); err != nil {
			return err
		}
		return shaped(tx, lines[id])
	})
	return made, err
}

// queuedGroups returns groups that are all lines of the queue.
func queuedGroups(tx *store.Tx, ids []group.ID) (map[group.ID]*store.Group, error) {
	lines, err := tx.Groups(ids)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		switch line := lines[id]; {
		case line == nil:
			return nil, fault.New(fault.NotFound, "there is no group %s", id)
		case line.Standing == store.GroupMerged:
			return nil, fault.New(fault.Conflict, "%s is part of %s since; look there", id, line.Into)
		case line.Standing != store.GroupQueued:
			return nil, fault.New(fault.Conflict, "%s is no longer in the queue; change its ticket instead", id)
		}
	}
	return lines, nil
}

// freeGroup returns the id of a group that one of the alerts may found: one that
// is no group's yet, or was merged away.
func freeGroup(tx *store.Tx, list []alert.ID) (group.ID, error) {
	ids := make([]group.ID, len(list))
	for i, a := range list {
		ids[i] = group.Of(a)
	}
	taken, err := tx.Groups(ids)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		if g := taken[id]; g == nil || g.Standing == store.GroupMerged {
			return id, nil
		}
	}
	return 0, fault.New(fault.Conflict, "each of these alerts founded a group that still stands; merge those instead")
}

// named words what an order names, for the audit log: the first few, and how many.
func named[T interface{ String() string }](what string, list []T, reason string) string {
	const most = 10
	words := make([]string, 0, most)
	for _, v := range list[:min(len(list), most)] {
		words = append(words, v.String())
	}
	text := what + " " + strings.Join(words, ", ")
	if more := len(list) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	if reason != "" {
		text = reason + " (" + text + ")"
	}
	return text
}

func membersOf(id group.ID, list []alert.ID) []store.Member {
	out := make([]store.Member, len(list))
	for i, a := range list {
		out[i] = store.Member{Alert: a, Group: id}
	}
	return out
}

// enqueue makes an alert that was not in the queue a line of it, or brings the
// line up again that it is in.
func enqueue(tx *store.Tx, id alert.ID) error {
	in, err := tx.GroupsOf([]alert.ID{id})
	if err != nil {
		return err
	}
	at, ok := in[id]
	if !ok {
		at = group.Of(id)
	}
	lines, err := tx.Groups([]group.ID{at})
	if err != nil {
		return err
	}
	line := lines[at]
	if line == nil {
		line = &store.Group{ID: at}
		if err := tx.PutMembers(membersOf(at, []alert.ID{id})); err != nil {
			return err
		}
	}
	kept := line.Kept
	line.Standing = store.GroupQueued
	return weighed(tx, line, kept)
}

// shaped is weighed for a line whose alerts a person chose: the machine merges it
// with nothing from now on.
func shaped(tx *store.Tx, line *store.Group, others ...group.ID) error {
	return weighed(tx, line, true, others...)
}

// weighed weighs a line anew after what it holds changed, and tells of it and of
// the groups that went into it.
func weighed(tx *store.Tx, line *store.Group, kept bool, others ...group.ID) error {
	members, err := tx.Members(line.ID, maxMembers)
	if err != nil {
		return err
	}
	list, err := tx.Alerts(members)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return fault.New(fault.Internal, "group %s holds no alert", line.ID)
	}
	line.Kept, line.Alerts, line.Rules, line.Sources = kept, len(list), nil, nil
	line.Lead, line.Severity, line.Score = 0, alert.Info, 0
	var lead *store.StoredAlert
	for _, a := range list {
		if lead == nil || a.Severity > lead.Severity {
			lead = a
		}
		line.Include(&a.Alert)
	}
	line.Lead, line.Severity = lead.ID, lead.Severity
	seen, days, err := tx.RuleHabit(lead.Source, lead.Kind, lead.Rule)
	if err != nil {
		return err
	}
	line.Score, line.Factors = group.Priority(group.Weighed{
		Severity: lead.Severity, Action: lead.Action, Seen: max(seen-1, 0), Days: days, Rules: len(line.Rules), Sources: len(line.Sources),
	})
	line.MovedAt = tx.Now()
	if err := tx.PutGroups([]*store.Group{line}); err != nil {
		return err
	}
	changes := []store.Change{{Kind: store.GroupChanged, Subject: int64(line.ID)}}
	for _, id := range others {
		changes = append(changes, store.Change{Kind: store.GroupChanged, Subject: int64(id)})
	}
	return tx.AddChanges(changes...)
}
