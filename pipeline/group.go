package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"yagura/alert"
	"yagura/group"
	"yagura/store"
	"yagura/ticket"
)

// grouper keeps the machine's memory of which group each thing was last seen in.
// It is held by whoever writes alerts, inside the transaction: there is one at a
// time. What a transaction that fails had taught it is forgotten by reading anew.
type grouper struct {
	index  *group.Index  // nil: to be read from the store
	assets *group.Assets // as of the same change
	upTo   int64         // changes up to here are in both

	joined map[ticket.ID][]alert.ID // of the batch at hand: alerts that go into open tickets
}

// What is read back into the index at start: a day, as far as any rule of grouping
// reaches back, and as many alerts as a start can wait for.
const (
	groupMemory = 24 * time.Hour
	maxReread   = 100_000
)

// place puts the batch's alerts that belong in the queue into groups.
func (g *grouper) place(tx *store.Tx, b *store.Batch) error {
	if err := g.catchUp(tx); err != nil {
		return err
	}
	p := &placing{tx: tx, index: g.index, assets: g.assets, batch: b, groups: map[group.ID]*store.Group{}, joined: map[ticket.ID][]alert.ID{}, habits: map[[3]string][2]int{}}
	fresh := queued(b)
	placed := make([]group.Placement, len(fresh))
	var need []group.ID
	for i, a := range fresh {
		placed[i] = g.index.Place(a)
		if !placed[i].New {
			need = append(need, placed[i].Group)
			need = append(need, placed[i].Merged...)
		}
	}
	again, err := p.again(&need)
	if err != nil {
		return err
	}
	slices.Sort(need)
	need = slices.Compact(need)
	if p.groups, err = tx.Groups(need); err != nil {
		return err
	}
	if p.tickets, err = tx.GroupTickets(need); err != nil {
		return err
	}
	for i, a := range fresh {
		if err := p.add(a, placed[i]); err != nil {
			return err
		}
	}
	for i := range b.Sightings {
		p.repeat(again[b.Sightings[i].Of.Alert], &b.Sightings[i])
	}
	b.Groups = append(b.Groups, p.touched...)
	g.joined = p.joined
	return nil
}

// bind puts alerts that came to groups which people handle already into their
// tickets. It follows the saving of the alerts, in the same transaction. Where a
// ticket cannot take them their group is a line of the queue again: an alert is
// never with nobody.
func (g *grouper) bind(tx *store.Tx) error {
	for _, id := range slices.Sorted(maps.Keys(g.joined)) {
		held, err := tx.TicketsOf(g.joined[id])
		if err != nil {
			return err
		}
		free := slices.DeleteFunc(g.joined[id], func(a alert.ID) bool { return held[a] != 0 })
		if len(free) == 0 {
			continue
		}
		t, err := tx.Ticket(id)
		if err != nil {
			return err
		}
		at := tx.Now().UTC().Truncate(time.Microsecond)
		t, e, err := t.Apply(ticket.Actor{Name: "grouping", Door: "pipeline", Machine: true}, at, ticket.Change{Kind: ticket.Bound, Bind: free})
		if err != nil {
			err = tx.SettleGroups(free)
		} else {
			err = tx.SaveTickets([]store.TicketStep{{Ticket: t, Entries: []ticket.Entry{e}}})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// queued returns the alerts of a batch that come into the queue: new ones, and
// those that a repeat lifted out of what is not listed there.
func queued(b *store.Batch) []*alert.Alert {
	list := make([]*alert.Alert, 0, len(b.Alerts))
	for _, n := range b.Alerts {
		if n.Of.Standing.Disposition == alert.Active {
			list = append(list, n.Alert)
		}
	}
	lifted := map[alert.ID]bool{}
	for _, sg := range b.Sightings {
		if sg.Of.Lifted() && !lifted[sg.Of.Alert] {
			lifted[sg.Of.Alert] = true
			again := *sg.Alert
			again.ID, again.SeenAt = sg.Of.Alert, sg.Of.First
			list = append(list, &again)
		}
	}
	return list
}

// catchUp brings into the index what others wrote since the last batch: other
// nodes, and people.
func (g *grouper) catchUp(tx *store.Tx) error {
	last, err := tx.LastChange()
	if err != nil {
		return err
	}
	if g.index != nil && last == g.upTo {
		return nil
	}
	if g.index != nil {
		list, err := tx.ChangesBetween(g.upTo, last, maxReread)
		if err != nil {
			return err
		}
		if list != nil {
			g.upTo = last
			return g.learn(tx, list)
		}
	}
	if err := g.readAssets(tx); err != nil {
		return err
	}
	g.index, g.upTo = group.NewIndex(g.infrastructure), last
	seen := map[group.ID]bool{}
	err = tx.RecentAlerts(tx.Now().Add(-groupMemory), maxReread, func(a *alert.Alert, in group.ID) {
		seen[in] = true
		g.index.Put(a, in)
	})
	if err != nil {
		return fmt.Errorf("reading recent alerts into groups: %w", err)
	}
	_, err = g.mark(tx, slices.Collect(maps.Keys(seen)))
	return err
}

// readAssets reads what the organisation owns.
func (g *grouper) readAssets(tx *store.Tx) error {
	list, err := tx.Assets()
	if err == nil {
		g.assets = group.NewAssets(list)
	}
	return err
}

// infrastructure reports whether something is declared to be shared by many.
func (g *grouper) infrastructure(t alert.ObservableType, value string) bool {
	return g.assets.Infrastructure(t, value)
}

// learn brings changes into the index, oldest first.
func (g *grouper) learn(tx *store.Tx, list []store.Change) error {
	var alerts []alert.ID
	var groups []group.ID
	for _, c := range list {
		switch c.Kind {
		case store.AlertCreated:
			alerts = append(alerts, alert.ID(c.Subject))
		case store.GroupChanged:
			groups = append(groups, group.ID(c.Subject))
		case store.AssetsChanged:
			if err := g.readAssets(tx); err != nil {
				return err
			}
		}
	}
	if err := tx.AlertsWithGroups(alerts, g.index.Put); err != nil {
		return err
	}
	return g.regroup(tx, groups)
}

// regroup brings what people did to groups into the index.
func (g *grouper) regroup(tx *store.Tx, ids []group.ID) error {
	lines, err := g.mark(tx, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		line := lines[id]
		if line == nil || line.Standing != store.GroupQueued || !line.Kept && line.Alerts > 1 {
			continue // what it holds is as the index knows it
		}
		members, err := tx.Members(id, maxReread)
		if err != nil {
			return err
		}
		if err := tx.AlertsWithGroups(members, g.index.Put); err != nil {
			return err
		}
	}
	return nil
}

// mark tells the index which groups were merged away, are kept as a person shaped
// them, or are closed by a conclusion.
func (g *grouper) mark(tx *store.Tx, ids []group.ID) (map[group.ID]*store.Group, error) {
	lines, err := tx.Groups(ids)
	if err != nil {
		return nil, err
	}
	tickets, err := tx.GroupTickets(ids)
	if err != nil {
		return nil, err
	}
	for id, line := range lines {
		switch {
		case line.Standing == store.GroupMerged:
			g.index.Merge(line.Into, id)
			continue
		case line.Standing == store.GroupDone && tickets[id].Resolved:
			g.index.Close(id)
		default:
			g.index.Open(id)
		}
		if line.Kept {
			g.index.Keep(id)
		}
	}
	return lines, nil
}

// forget drops the index after a transaction that did not commit.
func (g *grouper) forget() { g.index = nil }

// placing is the work on one batch.
type placing struct {
	tx      *store.Tx
	index   *group.Index
	assets  *group.Assets
	batch   *store.Batch
	groups  map[group.ID]*store.Group // as stored or made, those that the batch needs
	touched []*store.Group
	tickets map[group.ID]store.GroupTicket
	joined  map[ticket.ID][]alert.ID
	habits  map[[3]string][2]int // source, kind, rule → alerts and days before this batch
}

func (p *placing) touch(line *store.Group) {
	if !slices.Contains(p.touched, line) {
		p.touched = append(p.touched, line)
	}
}

// add puts one alert where the machine placed it.
func (p *placing) add(a *alert.Alert, at group.Placement) error {
	line := p.groups[at.Group]
	in, handled := p.tickets[at.Group]
	open := line != nil && line.Standing == store.GroupDone && handled && !in.Resolved
	if at.New || line == nil || line.Standing != store.GroupQueued && !open {
		if !at.New { // what the index took for a line is none any more
			p.index.Put(a, group.Of(a.ID))
		}
		line = &store.Group{ID: group.Of(a.ID), Standing: store.GroupQueued, Severity: a.Severity, Alerts: 1, Lead: a.ID}
		line.Include(a)
		p.groups[line.ID] = line
		p.touched = append(p.touched, line)
		return p.weigh(line, a)
	}
	for _, from := range at.Merged {
		p.merge(line, from)
	}
	if line.Alerts == 1 { // its founder stands alone no longer
		p.batch.Members = append(p.batch.Members, store.Member{Alert: line.Lead, Group: line.ID})
	}
	p.batch.Members = append(p.batch.Members, store.Member{Alert: a.ID, Group: line.ID, Reasons: at.Reasons})
	if open { // people are on it: it is theirs at once
		p.joined[in.ID] = append(p.joined[in.ID], a.ID)
	}
	line.Alerts++
	line.Include(a)
	p.touch(line)
	if a.Severity > line.Severity {
		line.Severity, line.Lead = a.Severity, a.ID
	}
	return p.weigh(line, a)
}

// merge makes another group part of line.
func (p *placing) merge(line *store.Group, id group.ID) {
	from := p.groups[id]
	if from == nil || from == line || from.Standing == store.GroupMerged {
		return
	}
	for _, g := range []*store.Group{line, from} {
		if g.Alerts == 1 {
			p.batch.Members = append(p.batch.Members, store.Member{Alert: g.Lead, Group: line.ID})
		}
	}
	for i := range p.batch.Members {
		if p.batch.Members[i].Group == id {
			p.batch.Members[i].Group = line.ID
		}
	}
	p.batch.Merges = append(p.batch.Merges, store.Merge{Into: line.ID, From: id})
	if from.Standing == store.GroupQueued { // nobody has its alerts in hand yet
		line.Standing = store.GroupQueued
	}
	line.Absorb(from)
	p.touch(from)
	p.touch(line)
}

// weigh gives a line its priority, after a came to it.
func (p *placing) weigh(line *store.Group, a *alert.Alert) error {
	key := [3]string{a.Source, a.Kind, a.Rule}
	habit, ok := p.habits[key]
	if !ok {
		var err error
		if habit[0], habit[1], err = p.tx.RuleHabit(a.Source, a.Kind, a.Rule); err != nil {
			return err
		}
		p.habits[key] = habit
	}
	w := group.Weighed{Severity: line.Severity, Action: a.Action, Seen: habit[0], Days: habit[1], Rules: len(line.Rules), Sources: len(line.Sources)}
	if asset, ok := p.assets.Foremost(a); ok {
		w.Asset = &asset
	}
	score, factors := group.Priority(w)
	if line.Alerts == 1 || score > line.Score { // the strongest of its alerts speaks for a line
		line.Score, line.Factors = score, factors
	}
	return nil
}

// again returns the groups of alerts that repeats were counted on, and adds them
// to need.
func (p *placing) again(need *[]group.ID) (map[alert.ID]group.ID, error) {
	var ids []alert.ID
	seen := map[alert.ID]bool{}
	for _, sg := range p.batch.Sightings {
		if id := sg.Of.Alert; !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	groups, err := p.tx.GroupsOf(ids)
	for _, g := range groups {
		*need = append(*need, g)
	}
	return groups, err
}

// repeat brings a line up again where a repeat brought something new: it is worse,
// names something not seen before, or follows a conclusion.
func (p *placing) repeat(id group.ID, sg *store.Sighting) {
	line := p.groups[id]
	if line == nil || line.Standing == store.GroupMerged {
		return
	}
	if in := p.tickets[id]; line.Standing == store.GroupDone && in.Resolved {
		line.Standing = store.GroupQueued
		p.index.Open(id) // it goes on
		if !sg.Renews {
			sg.Renews = true
			sg.Of.Renew(p.tx.Now(), fmt.Sprintf("it came again after %s was resolved", in.ID))
		}
	}
	if !sg.Renews {
		return
	}
	line.MovedAt = p.tx.Now()
	if sg.Of.Severity > line.Severity {
		line.Severity, line.Lead = sg.Of.Severity, sg.Of.Alert
		score, factors := group.Priority(group.Weighed{Severity: line.Severity, Seen: group.HistoryDays, Rules: len(line.Rules), Sources: len(line.Sources)})
		if score > line.Score {
			line.Score, line.Factors = score, factors
		}
	}
	p.touch(line)
}
