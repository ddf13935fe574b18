package pipeline

import (
	"fmt"
	"slices"
	"time"

	"yagura/alert"
	"yagura/group"
	"yagura/store"
)

// grouper keeps the machine's memory of which group each thing was last seen in.
// It is held by whoever writes alerts, inside the transaction: there is one at a
// time. What a transaction that fails had taught it is forgotten by reading anew.
type grouper struct {
	index  *group.Index  // nil: to be read from the store
	assets *group.Assets // as of the same change
	upTo   int64         // changes up to here are in both
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
	p := &placing{tx: tx, index: g.index, assets: g.assets, batch: b, groups: map[group.ID]*store.Group{}, habits: map[[3]string][2]int{}}
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
	renewed, err := p.renewed(&need)
	if err != nil {
		return err
	}
	slices.Sort(need)
	if p.groups, err = tx.Groups(slices.Compact(need)); err != nil {
		return err
	}
	for i, a := range fresh {
		if err := p.add(a, placed[i]); err != nil {
			return err
		}
	}
	for id, of := range renewed {
		p.renew(of, id)
	}
	for _, line := range p.touched {
		b.Groups = append(b.Groups, line)
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
	err = tx.RecentAlerts(tx.Now().Add(-groupMemory), maxReread, g.index.Put)
	if err != nil {
		return fmt.Errorf("reading recent alerts into groups: %w", err)
	}
	return nil
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
	changed, err := tx.Groups(groups)
	if err != nil {
		return err
	}
	for _, id := range groups {
		line := changed[id]
		if line == nil {
			continue
		}
		switch line.Standing {
		case store.GroupMerged:
			g.index.Merge(line.Into, id)
			continue
		case store.GroupDone:
			g.index.Close(id)
		}
		if line.Kept {
			g.index.Keep(id)
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
	if at.New || line == nil || line.Standing != store.GroupQueued {
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

// renewed returns the alerts that repeats made new again, with their groups, and
// adds those to need.
func (p *placing) renewed(need *[]group.ID) (map[*store.Recurrence]group.ID, error) {
	var ids []alert.ID
	by := map[alert.ID]*store.Recurrence{}
	for _, sg := range p.batch.Sightings {
		if sg.Renews && by[sg.Of.Alert] == nil {
			by[sg.Of.Alert] = sg.Of
			ids = append(ids, sg.Of.Alert)
		}
	}
	groups, err := p.tx.GroupsOf(ids)
	if err != nil {
		return nil, err
	}
	out := make(map[*store.Recurrence]group.ID, len(groups))
	for id, g := range groups {
		out[by[id]] = g
		*need = append(*need, g)
	}
	return out, nil
}

// renew brings a line up again whose alert a repeat made new: worse than before,
// or with something not seen before.
func (p *placing) renew(id group.ID, rec *store.Recurrence) {
	line := p.groups[id]
	if line == nil || line.Standing == store.GroupMerged {
		return
	}
	line.MovedAt = p.tx.Now()
	if rec.Severity > line.Severity {
		before := line.Score
		line.Severity, line.Lead = rec.Severity, rec.Alert
		score, factors := group.Priority(group.Weighed{Severity: rec.Severity, Seen: group.HistoryDays, Rules: len(line.Rules), Sources: len(line.Sources)})
		if score > before {
			line.Score, line.Factors = score, factors
		}
	}
	line.Standing = store.GroupQueued
	p.touch(line)
}
