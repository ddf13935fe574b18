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
	"yagura/group"
)

// GroupStanding is where a group stands.
type GroupStanding int64

// Where a group may stand.
const (
	GroupDone   GroupStanding = iota // handled: not in the queue
	GroupQueued                      // a line of the queue
	GroupMerged                      // part of another group now
)

// Group is a line of the queue as stored: what can be sorted and counted without
// reading its alerts.
type Group struct {
	ID       group.ID
	Standing GroupStanding
	Kept     bool     // a person shaped it: the machine merges it with nothing
	Into     group.ID // where it was merged; 0 otherwise
	Severity alert.Severity
	Score    int            // its priority
	Factors  []group.Factor // what the priority is made of
	Alerts   int            // how many alerts it holds, repeats not counted
	Lead     alert.ID       // the worst of its alerts, the first of those
	FirstAt  time.Time      // when the first of its alerts was seen, by the product's clock, UTC
	LastAt   time.Time      // the latest
	MovedAt  time.Time      // when something new last came to it, by our clock, UTC
	Rules    []string       // of its alerts, the first MaxGroupRules
	Sources  []string       // of its alerts, the first MaxGroupRules
}

// MaxGroupRules is how many rules and sources a group's row names.
const MaxGroupRules = 16

// Include widens what a line says of its alerts by one: times, rules, sources.
func (g *Group) Include(a *alert.Alert) {
	if g.FirstAt.IsZero() || a.SeenAt.Before(g.FirstAt) {
		g.FirstAt = a.SeenAt
	}
	if a.SeenAt.After(g.LastAt) {
		g.LastAt = a.SeenAt
	}
	if a.ReceivedAt.After(g.MovedAt) {
		g.MovedAt = a.ReceivedAt
	}
	g.Rules, g.Sources = union(g.Rules, a.Rule), union(g.Sources, a.Source)
}

// Absorb widens what a line says by what another says, which becomes part of it.
func (g *Group) Absorb(from *Group) {
	g.Alerts += from.Alerts
	if from.Severity > g.Severity {
		g.Severity, g.Lead = from.Severity, from.Lead
	}
	if from.FirstAt.Before(g.FirstAt) {
		g.FirstAt = from.FirstAt
	}
	if from.LastAt.After(g.LastAt) {
		g.LastAt = from.LastAt
	}
	if from.MovedAt.After(g.MovedAt) {
		g.MovedAt = from.MovedAt
	}
	g.Rules, g.Sources = union(g.Rules, from.Rules...), union(g.Sources, from.Sources...)
	from.Standing, from.Into, from.Alerts = GroupMerged, g.ID, 0
}

// union adds to a list what it lacks, up to what a row names.
func union(list []string, more ...string) []string {
	for _, s := range more {
		if len(list) < MaxGroupRules && !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// groupDoc is what a group's row keeps beside its columns.
type groupDoc struct {
	Factors []group.Factor `json:"f,omitempty"`
	Rules   []string       `json:"r,omitempty"`
	Sources []string       `json:"s,omitempty"`
}

// Member is an alert that belongs to a group.
type Member struct {
	Alert   alert.ID
	Group   group.ID
	Reasons []group.Reason // why; empty for a founder, and where a person put it there
}

// Merge says that one group is part of another from now on.
type Merge struct{ Into, From group.ID }

const groupColumns = `id, standing, kept, into_id, severity, score, alerts, lead, first_at, last_at, moved_at, doc`

func scanGroup(r *sql.Rows) (*Group, error) {
	g := &Group{}
	var id, standing, kept, into, sev, lead, first, last, moved int64
	var doc string
	if err := r.Scan(&id, &standing, &kept, &into, &sev, &g.Score, &g.Alerts, &lead, &first, &last, &moved, &doc); err != nil {
		return nil, err
	}
	g.ID, g.Standing, g.Kept, g.Into = group.ID(id), GroupStanding(standing), kept != 0, group.ID(into)
	g.Severity, g.Lead = alert.Severity(sev), alert.ID(lead)
	g.FirstAt, g.LastAt, g.MovedAt = fromMicros(first), fromMicros(last), fromMicros(moved)
	if doc != "" {
		var d groupDoc
		if err := json.Unmarshal([]byte(doc), &d); err != nil {
			return nil, fmt.Errorf("the document of group %s: %w", g.ID, err)
		}
		g.Factors, g.Rules, g.Sources = d.Factors, d.Rules, d.Sources
	}
	return g, nil
}

// saveGroups writes lines, then who belongs to which, then what was merged.
func (tx *Tx) saveGroups(b *Batch) error {
	if err := tx.PutGroups(b.Groups); err != nil {
		return err
	}
	if err := tx.PutMembers(b.Members); err != nil {
		return err
	}
	for _, m := range b.Merges {
		if err := tx.exec(`UPDATE group_alert SET grp = $1 WHERE grp = $2`, int64(m.Into), int64(m.From)); err != nil {
			return fmt.Errorf("merging %s into %s: %w", m.From, m.Into, err)
		}
	}
	return nil
}

// PutGroups writes rows of groups, new ones and old.
func (tx *Tx) PutGroups(list []*Group) error {
	args := make([]any, 0, 12*len(list))
	for _, g := range list {
		doc, err := json.Marshal(groupDoc{g.Factors, g.Rules, g.Sources})
		if err != nil {
			return fmt.Errorf("encoding group %s: %w", g.ID, err)
		}
		kept := int64(0)
		if g.Kept {
			kept = 1
		}
		args = append(args, int64(g.ID), int64(g.Standing), kept, int64(g.Into), int64(g.Severity), int64(g.Score), int64(g.Alerts), int64(g.Lead),
			micros(g.FirstAt), micros(g.LastAt), micros(g.MovedAt), string(doc))
	}
	return tx.bulk(`INSERT INTO alert_group (`+groupColumns+`)`,
		`ON CONFLICT (id) DO UPDATE SET standing = excluded.standing, kept = excluded.kept, into_id = excluded.into_id, severity = excluded.severity,
			score = excluded.score, alerts = excluded.alerts, lead = excluded.lead, first_at = excluded.first_at, last_at = excluded.last_at,
			moved_at = excluded.moved_at, doc = excluded.doc`, 12, args)
}

// PutMembers writes which group alerts are in; an alert is in one.
func (tx *Tx) PutMembers(list []Member) error {
	last := map[alert.ID]int{}
	for i, m := range list {
		last[m.Alert] = i
	}
	args := make([]any, 0, 3*len(list))
	for i, m := range list {
		if last[m.Alert] != i { // PostgreSQL writes a row once a statement
			continue
		}
		why := ""
		if len(m.Reasons) > 0 {
			b, err := json.Marshal(m.Reasons)
			if err != nil {
				return fmt.Errorf("encoding why %s is in %s: %w", m.Alert, m.Group, err)
			}
			why = string(b)
		}
		args = append(args, int64(m.Alert), int64(m.Group), why)
	}
	return tx.bulk(`INSERT INTO group_alert (alert, grp, why)`, `ON CONFLICT (alert) DO UPDATE SET grp = excluded.grp, why = excluded.why`, 3, args)
}

// Groups returns those of the groups that exist.
func (tx *Tx) Groups(ids []group.ID) (map[group.ID]*Group, error) {
	found := map[group.ID]*Group{}
	err := tx.in(`SELECT `+groupColumns+` FROM alert_group WHERE id IN (%s)`, groupArgs(ids), func(r *sql.Rows) error {
		g, err := scanGroup(r)
		if err == nil {
			found[g.ID] = g
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading groups: %w", err)
	}
	return found, nil
}

// GroupsOf returns the groups that alerts are in; one that never was in the queue
// is in none.
func (tx *Tx) GroupsOf(ids []alert.ID) (map[alert.ID]group.ID, error) {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = int64(id)
	}
	found := map[alert.ID]group.ID{}
	scan := func(r *sql.Rows) error {
		var id, g int64
		if err := r.Scan(&id, &g); err != nil {
			return err
		}
		found[alert.ID(id)] = group.ID(g)
		return nil
	}
	// A founder without a row of its own is in the group it founded.
	if err := tx.in(`SELECT id, id FROM alert_group WHERE id IN (%s)`, slices.Clone(args), scan); err != nil {
		return nil, fmt.Errorf("reading groups of alerts: %w", err)
	}
	if err := tx.in(`SELECT alert, grp FROM group_alert WHERE alert IN (%s)`, args, scan); err != nil {
		return nil, fmt.Errorf("reading groups of alerts: %w", err)
	}
	return found, nil
}

// Members returns the alerts of a group as the transaction sees them, oldest
// first, at most limit.
func (tx *Tx) Members(id group.ID, limit int) (list []alert.ID, err error) {
	// A founder without a row of its own is in the group it founded.
	rows, err := tx.conn.query(tx.ctx, `SELECT alert FROM group_alert WHERE grp = $1
		UNION ALL SELECT id FROM alert_group WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM group_alert WHERE alert = $1)
		ORDER BY 1 LIMIT $2`, int64(id), limit)
	if err != nil {
		return nil, fmt.Errorf("reading the alerts of %s: %w", id, err)
	}
	return list, each(rows, func(r *sql.Rows) error {
		var n int64
		err := r.Scan(&n)
		list = append(list, alert.ID(n))
		return err
	})
}

func groupArgs(ids []group.ID) []any {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = int64(id)
	}
	return args
}

// RuleHabit says how often a rule of a source spoke in the HistoryDays before now:
// how many alerts, and on how many days.
func (tx *Tx) RuleHabit(src, kind, rule string) (alerts, days int, err error) {
	var ids [3]int64
	for i, w := range []struct {
		what  int64
		value string
	}{{wordSource, src}, {wordKind, kind}, {wordRule, rule}} {
		if ids[i], err = tx.wordID(w.what, w.value); err != nil {
			return 0, 0, err
		}
	}
	since := tx.Now().Unix()/86400 - group.HistoryDays
	rows, err := tx.conn.query(tx.ctx, `SELECT CAST(coalesce(sum(n), 0) AS BIGINT), count(DISTINCT day) FROM tally
		WHERE source = $1 AND kind = $2 AND rule = $3 AND day >= $4`, ids[0], ids[1], ids[2], since)
	if err != nil {
		return 0, 0, fmt.Errorf("reading a rule's habit: %w", err)
	}
	err = each(rows, func(r *sql.Rows) error { return r.Scan(&alerts, &days) })
	return alerts, days, err
}

// Group returns one group. One that was merged away leads to where it is now.
func (s *Store) Group(ctx context.Context, id group.ID) (*Group, error) {
	for range 100 { // a chain of merges is short; the bound keeps a broken one from looping
		list, err := s.Groups(ctx, []group.ID{id})
		if err != nil {
			return nil, err
		}
		if len(list) == 0 {
			break
		}
		if list[0].Standing != GroupMerged {
			return list[0], nil
		}
		id = list[0].Into
	}
	return nil, fault.New(fault.NotFound, "there is no group %s", id)
}

// Groups returns those of the groups that exist, in the order asked for.
func (s *Store) Groups(ctx context.Context, ids []group.ID) ([]*Group, error) {
	found := map[group.ID]*Group{}
	err := inChunks(groupArgs(ids), func(in string, chunk []any) error {
		rows, err := s.read.QueryContext(ctx, `SELECT `+groupColumns+` FROM alert_group WHERE id IN (`+in+`)`, chunk...)
		if err != nil {
			return err
		}
		return each(rows, func(r *sql.Rows) error {
			g, err := scanGroup(r)
			if err == nil {
				found[g.ID] = g
			}
			return err
		})
	})
	if err != nil {
		return nil, storageFault(fmt.Errorf("reading groups: %w", err))
	}
	list := make([]*Group, 0, len(ids))
	for _, id := range ids {
		if g := found[id]; g != nil {
			list = append(list, g)
		}
	}
	return list, nil
}

// GroupMembers returns the alerts of a group that come after the given one, oldest
// first, at most limit.
func (s *Store) GroupMembers(ctx context.Context, g *Group, after alert.ID, limit int) ([]alert.ID, error) {
	ids, err := ints(s.read.QueryContext(ctx, `SELECT alert FROM group_alert WHERE grp = $1 AND alert > $2 ORDER BY alert LIMIT $3`, int64(g.ID), int64(after), limit))
	if err != nil {
		return nil, storageFault(fmt.Errorf("reading the alerts of %s: %w", g.ID, err))
	}
	if len(ids) == 0 && g.Alerts == 1 && after < g.Lead {
		return []alert.ID{g.Lead}, nil
	}
	list := make([]alert.ID, len(ids))
	for i, id := range ids {
		list[i] = alert.ID(id)
	}
	return list, nil
}

// MemberReasons returns why the machine put alerts where they are; none for one
// that founded its group or that a person put there.
func (s *Store) MemberReasons(ctx context.Context, ids []alert.ID) (map[alert.ID][]group.Reason, error) {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = int64(id)
	}
	out := map[alert.ID][]group.Reason{}
	err := inChunks(args, func(in string, chunk []any) error {
		rows, err := s.read.QueryContext(ctx, `SELECT alert, why FROM group_alert WHERE why <> '' AND alert IN (`+in+`)`, chunk...)
		if err != nil {
			return err
		}
		return each(rows, func(r *sql.Rows) error {
			var id int64
			var why string
			if err := r.Scan(&id, &why); err != nil {
				return err
			}
			var reasons []group.Reason
			if err := json.Unmarshal([]byte(why), &reasons); err != nil {
				return fmt.Errorf("why %s is in its group: %w", alert.ID(id), err)
			}
			out[alert.ID(id)] = reasons
			return nil
		})
	})
	if err != nil {
		return nil, storageFault(err)
	}
	return out, nil
}
