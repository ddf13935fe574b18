package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"yagura/alert"
	"yagura/group"
)

// MaxQueue is how many lines of the queue one look at it holds, the first by
// priority: nobody pages further, and filters lead to the others.
const MaxQueue = 10_000

// Queue returns the lines of the queue, first by priority, the newer first among
// equals. more says that there are further ones.
func (s *Store) Queue(ctx context.Context) (ids []group.ID, more bool, err error) {
	list, err := ints(s.read.QueryContext(ctx, `SELECT id FROM alert_group WHERE standing = 1 ORDER BY score DESC, id DESC LIMIT $1`, MaxQueue+1))
	if err != nil {
		return nil, false, storageFault(fmt.Errorf("reading the queue: %w", err))
	}
	ids = make([]group.ID, 0, len(list))
	for _, id := range list[:min(len(list), MaxQueue)] {
		ids = append(ids, group.ID(id))
	}
	return ids, len(list) > MaxQueue, nil
}

// QueueMatching returns those lines of the queue that hold an alert matching f,
// first by priority. It looks at the newest MaxQueue matching alerts; page says
// where it stopped looking, if it did.
func (s *Store) QueueMatching(ctx context.Context, f AlertFilter) (ids []group.ID, page *AlertPage, err error) {
	f.Sort, f.Cursor, f.Limit = "", "", 0
	if f, err = f.normalize(s.Now()); err != nil {
		return nil, nil, err
	}
	page = &AlertPage{}
	hits, more, err := s.find(ctx, f, MaxQueue, page)
	if err != nil {
		return nil, nil, storageFault(err)
	}
	if more && page.Note == "" {
		page.Note = fmt.Sprintf("these hold the newest %d matching alerts; narrow it down to see others", len(hits))
	}
	args := make([]any, len(hits))
	for i, h := range hits {
		args[i] = h.id
	}
	var found []queueLine
	seen := map[int64]bool{}
	err = inChunks(args, func(in string, chunk []any) error {
		rows, err := s.read.QueryContext(ctx, `SELECT q.id, q.score FROM alert a LEFT JOIN group_alert m ON m.alert = a.id
			JOIN alert_group q ON q.id = coalesce(m.grp, a.id) WHERE q.standing = 1 AND a.id IN (`+in+`)`, chunk...)
		if err != nil {
			return err
		}
		return each(rows, func(r *sql.Rows) error {
			var l queueLine
			if err := r.Scan(&l.id, &l.score); err != nil {
				return err
			}
			if !seen[l.id] {
				seen[l.id] = true
				found = append(found, l)
			}
			return nil
		})
	})
	if err != nil {
		return nil, nil, storageFault(fmt.Errorf("reading the queue: %w", err))
	}
	sortQueue(found)
	for _, l := range found {
		ids = append(ids, group.ID(l.id))
	}
	return ids, page, nil
}

type queueLine struct{ id, score int64 }

// sortQueue puts lines in the queue's order.
func sortQueue(list []queueLine) {
	slices.SortFunc(list, func(a, b queueLine) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.id, a.id)) })
}

// Count is what the alerts of a group add up to.
type Count struct {
	Sightings   int // repeats included
	First, Last time.Time
}

// CountGroups adds up the sightings of groups' alerts.
func (s *Store) CountGroups(ctx context.Context, list []*Group) (map[group.ID]Count, error) {
	out := map[group.ID]Count{}
	var lone, many []any
	for _, g := range list {
		if g.Alerts == 1 {
			lone = append(lone, int64(g.Lead))
		} else {
			many = append(many, int64(g.ID))
		}
	}
	founder := map[int64]group.ID{}
	for _, g := range list {
		if g.Alerts == 1 {
			founder[int64(g.Lead)] = g.ID
		}
	}
	read := func(query string, args []any, of func(int64) group.ID) error {
		return inChunks(args, func(in string, chunk []any) error {
			rows, err := s.read.QueryContext(ctx, fmt.Sprintf(query, in), chunk...)
			if err != nil {
				return err
			}
			return each(rows, func(r *sql.Rows) error {
				var id, n, first, last int64
				if err := r.Scan(&id, &n, &first, &last); err != nil {
					return err
				}
				out[of(id)] = Count{int(n), fromMicros(first), fromMicros(last)}
				return nil
			})
		})
	}
	const joined = ` JOIN recurrence r ON r.fingerprint = a.fingerprint AND r.source = a.source AND r.alert = a.id `
	err := read(`SELECT a.id, r.count, r.first_at, r.last_at FROM alert a`+joined+`WHERE a.id IN (%s)`, lone, func(id int64) group.ID { return founder[id] })
	if err == nil {
		err = read(`SELECT m.grp, CAST(sum(r.count) AS BIGINT), min(r.first_at), max(r.last_at) FROM group_alert m JOIN alert a ON a.id = m.alert`+joined+
			`WHERE m.grp IN (%s) GROUP BY m.grp`, many, func(id int64) group.ID { return group.ID(id) })
	}
	if err != nil {
		return nil, storageFault(fmt.Errorf("counting the sightings of groups: %w", err))
	}
	return out, nil
}

// RecentAlerts calls fn for the alerts received since, oldest first, with the
// group each is in, at most limit of the newest; those that are in none are left
// out. It reads within the transaction, a chunk at a time.
func (tx *Tx) RecentAlerts(since time.Time, limit int, fn func(*alert.Alert, group.ID)) error {
	const chunk = 1000
	lo := firstAlertAt(since)
	rows, err := tx.conn.query(tx.ctx, `SELECT id FROM alert WHERE id >= $1 ORDER BY id DESC LIMIT 1 OFFSET $2`, lo, limit)
	if err != nil {
		return err
	}
	if err := each(rows, func(r *sql.Rows) error { return r.Scan(&lo) }); err != nil {
		return err
	}
	for {
		var ids []alert.ID
		rows, err := tx.conn.query(tx.ctx, `SELECT id FROM alert WHERE id > $1 ORDER BY id LIMIT $2`, lo, chunk)
		if err != nil {
			return err
		}
		err = each(rows, func(r *sql.Rows) error {
			err := r.Scan(&lo)
			ids = append(ids, alert.ID(lo))
			return err
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := tx.AlertsWithGroups(ids, fn); err != nil {
			return err
		}
	}
}

// AlertsWithGroups calls fn for those of the alerts that are in a group, oldest first.
func (tx *Tx) AlertsWithGroups(ids []alert.ID, fn func(*alert.Alert, group.ID)) error {
	groups, err := tx.GroupsOf(ids)
	if err != nil || len(groups) == 0 {
		return err
	}
	list, err := tx.Alerts(ids)
	if err != nil {
		return err
	}
	for _, a := range list {
		if g, ok := groups[a.ID]; ok {
			fn(&a.Alert, g)
		}
	}
	return nil
}

// Alerts returns those of the alerts that exist, as the transaction sees them,
// oldest first.
func (tx *Tx) Alerts(ids []alert.ID) (list []*StoredAlert, err error) {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = int64(id)
	}
	err = tx.in(`SELECT `+alertColumns+` FROM `+alertTables+` WHERE a.id IN (%s) ORDER BY a.id`, args, func(r *sql.Rows) error {
		a, err := tx.s.scanAlert(tx.ctx, r)
		if err == nil {
			list = append(list, a)
		}
		return err
	})
	return list, err
}
