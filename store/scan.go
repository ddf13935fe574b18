package store

import (
	"context"
	"fmt"
	"math"
	"slices"

	"yagura/alert"
)

// scanBound is how many rows a list looks at for one page before it stops and
// says so.
const scanBound = 20_000

// scan walks the rows of one index in order, filters them by the rest, and
// looks at scanBound of them at most.
func (s *Store) scan(ctx context.Context, f AlertFilter, order sortOrder, from cursor, limit int, page *AlertPage) ([]hit, bool, error) {
	drive := AlertFilter{}
	if order.column == "id" { // other orders walk the index that is in their order
		var err error
		if drive, err = s.narrowest(ctx, f); err != nil {
			return nil, false, err
		}
	}
	walk := &where{}
	if ok, err := s.columnConditions(ctx, walk, drive, "a."); err != nil || !ok {
		return nil, false, err
	}
	walk.add("a.id >= %s", firstAlertAt(f.From))
	if !f.To.IsZero() {
		walk.add("a.id < %s", firstAlertAt(f.To))
	}
	after(walk, order, from)
	rest, ok, err := s.alertConditions(ctx, f, noIndex)
	if err != nil || !ok {
		return nil, false, err
	}
	// Most pages fill at once; only where one does not is it worth walking far.
	for _, bound := range []int{2*limit + 50, scanBound} {
		edge, err := scanHits(s.read.QueryContext(ctx, `SELECT a.`+order.column+`, a.id FROM alert a WHERE `+walk.where()+orderBy(order)+
			fmt.Sprintf(" LIMIT 1 OFFSET %d", bound-1), walk.args...))
		if err != nil {
			return nil, false, err
		}
		w := &where{conds: slices.Clone(walk.conds), args: slices.Clone(walk.args)}
		if len(edge) > 0 {
			upTo(w, order, cursor(edge[0]))
		}
		w.conds = append(w.conds, renumber(rest.where(), len(w.args)))
		w.args = append(w.args, rest.args...)
		hits, err := scanHits(s.read.QueryContext(ctx, `SELECT a.`+order.column+`, a.id FROM alert a WHERE `+w.where()+orderBy(order)+
			fmt.Sprintf(" LIMIT %d", limit+1), w.args...))
		if err != nil || len(hits) > limit || len(edge) == 0 {
			return cut(hits, limit), len(hits) > limit, err
		}
		if bound == scanBound {
			page.stop(edge[0])
			return hits, false, nil
		}
	}
	return nil, false, nil // not reached: the last bound returns
}

// noIndex before a column keeps both databases from choosing an index by it: an
// expression is not what the index holds.
const noIndex = "+a."

// alertConditions are f's conditions on a row of alert a, but for its words and
// terms. With the prefix noIndex the database may not choose an index by them.
func (s *Store) alertConditions(ctx context.Context, f AlertFilter, prefix string) (w *where, ok bool, err error) {
	w = &where{}
	if ok, err = s.columnConditions(ctx, w, f, prefix); err != nil || !ok {
		return w, ok, err
	}
	w.add("a.id >= %s", firstAlertAt(f.From))
	if !f.To.IsZero() {
		w.add("a.id < %s", firstAlertAt(f.To))
	}
	if !f.SeenFrom.IsZero() {
		w.add("a.seen_at >= %s", micros(f.SeenFrom))
	}
	if !f.SeenTo.IsZero() {
		w.add("a.seen_at < %s", micros(f.SeenTo))
	}
	if f.Unticketed {
		w.conds = append(w.conds, "NOT EXISTS (SELECT 1 FROM ticket_alert k WHERE k.alert = a.id)")
	}
	switch {
	case len(f.Dispositions) == 0:
		w.add("NOT EXISTS (SELECT 1 FROM standing s WHERE s.alert = a.id AND s.disposition = %s)", dispositionNumber(alert.Declined))
	case slices.Contains(f.Dispositions, alert.Active):
		var others []any
		for _, d := range dispositionNumbers {
			if !slices.Contains(f.Dispositions, d) {
				others = append(others, dispositionNumber(d))
			}
		}
		if len(others) > 0 {
			sub := &where{args: w.args}
			sub.in("s.disposition", others)
			w.args = sub.args
			w.conds = append(w.conds, "NOT EXISTS (SELECT 1 FROM standing s WHERE s.alert = a.id AND "+sub.where()+")")
		}
	default:
		sub := &where{args: w.args}
		sub.in("s.disposition", dispositionArgs(f.Dispositions))
		w.args = sub.args
		w.conds = append(w.conds, "EXISTS (SELECT 1 FROM standing s WHERE s.alert = a.id AND "+sub.where()+")")
	}
	return w, true, nil
}

// after is the keyset condition: rows beyond the cursor in the given order.
func after(w *where, order sortOrder, from cursor) {
	op := "<"
	if order.asc {
		op = ">"
	}
	if order.column == "id" {
		w.add("a.id "+op+" %s", from.id)
		return
	}
	w.conds = append(w.conds, fmt.Sprintf("(a.%s, a.id) %s (%s, %s)", order.column, op, w.arg(from.key), w.arg(from.id)))
}

// upTo is the condition that ends a walk: rows up to and with the edge.
func upTo(w *where, order sortOrder, edge cursor) {
	op := ">="
	if order.asc {
		op = "<="
	}
	if order.column == "id" {
		w.add("a.id "+op+" %s", edge.id)
		return
	}
	w.conds = append(w.conds, fmt.Sprintf("(a.%s, a.id) %s (%s, %s)", order.column, op, w.arg(edge.key), w.arg(edge.id)))
}

func orderBy(order sortOrder) string {
	dir := "DESC"
	if order.asc {
		dir = "ASC"
	}
	if order.column == "id" {
		return " ORDER BY a.id " + dir
	}
	return fmt.Sprintf(" ORDER BY a.%s %s, a.id %s", order.column, dir, dir)
}

// narrowest returns a filter of the one field of f that the fewest alerts
// match, by the counters. Several values of a field make rows that must be
// sorted first: where those are too many for that it returns none, and the
// newest rows are walked.
func (s *Store) narrowest(ctx context.Context, f AlertFilter) (AlertFilter, error) {
	var all []AlertFilter
	several := false
	add := func(n int, one AlertFilter) {
		if n > 0 {
			all, several = append(all, one), several || n > 1
		}
	}
	add(len(f.Sources), AlertFilter{Sources: f.Sources})
	add(len(f.Kinds), AlertFilter{Kinds: f.Kinds})
	add(len(f.Rules), AlertFilter{Rules: f.Rules})
	add(len(f.Severities), AlertFilter{Severities: f.Severities})
	if len(all) == 0 || (len(all) == 1 && !several) {
		return AlertFilter{Sources: f.Sources, Kinds: f.Kinds, Rules: f.Rules, Severities: f.Severities}, nil
	}
	best, least := AlertFilter{}, int64(math.MaxInt64)
	for _, one := range all {
		w := &where{}
		ok, err := s.columnConditions(ctx, w, one, "")
		if err != nil {
			return best, err
		}
		var n int64
		if ok {
			if err := s.read.QueryRowContext(ctx, `SELECT CAST(coalesce(sum(n), 0) AS BIGINT) FROM tally WHERE `+w.where(), w.args...).Scan(&n); err != nil {
				return best, err
			}
		}
		if values := len(one.Sources) + len(one.Kinds) + len(one.Rules) + len(one.Severities); values > 1 && n > scanBound {
			continue
		}
		if n < least {
			best, least = one, n
		}
	}
	return best, nil
}

// seen reports whether f asks for a range of the product's times.
func (f AlertFilter) seen() bool { return !f.SeenFrom.IsZero() || !f.SeenTo.IsZero() }

// seenBetween returns the alerts seen in f's range of times, newest received
// first, from the index on that time; nil where there are more than maxRange.
func (s *Store) seenBetween(ctx context.Context, f AlertFilter) ([]int64, error) {
	w := &where{}
	if !f.SeenFrom.IsZero() {
		w.add("seen_at >= %s", micros(f.SeenFrom))
	}
	if !f.SeenTo.IsZero() {
		w.add("seen_at < %s", micros(f.SeenTo))
	}
	ids, err := ints(s.read.QueryContext(ctx, `SELECT id FROM alert WHERE `+w.where()+fmt.Sprintf(" LIMIT %d", maxRange+1), w.args...))
	if err != nil || len(ids) > maxRange {
		return nil, err
	}
	slices.Sort(ids)
	slices.Reverse(ids)
	return append([]int64{}, ids...), nil
}
