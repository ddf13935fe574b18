package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"time"

	"yagura/alert"
)

// AlertPage is one page of a list of alerts.
type AlertPage struct {
	Items []*StoredAlert
	Next  string // the next page's cursor; empty at the end
	// Stopped says how far the list looked where it met its bound before the
	// page was full; Next goes on from there. Zero where it looked at all.
	Stopped time.Time
	Note    string // what Stopped means, for people
}

// scanBound is how many rows a list looks at for one page before it stops and
// says so.
const scanBound = 20_000

// hit is an alert found: its id and the key it is sorted by.
type hit struct{ key, id int64 }

// ListAlerts lists the alerts that match f, by keyset: what does not move
// appears exactly once over all pages, whatever is written meanwhile.
func (s *Store) ListAlerts(ctx context.Context, f AlertFilter) (*AlertPage, error) {
	f, err := f.normalize(s.Now())
	if err != nil {
		return nil, err
	}
	page := &AlertPage{Items: []*StoredAlert{}}
	hits, more, err := s.find(ctx, f, f.Limit, page)
	if err != nil {
		return nil, storageFault(err)
	}
	ids := make([]int64, len(hits))
	for i, h := range hits {
		ids[i] = h.id
	}
	if page.Items, err = s.alertsByID(ctx, ids); err != nil {
		return nil, err
	}
	if page.Next == "" && more && len(hits) > 0 {
		last := hits[len(hits)-1]
		page.Next = cursor(last).String()
	}
	return page, nil
}

// find returns up to limit hits in order and whether there are more. Where it
// meets its bound it sets page.Next and page.Stopped itself.
func (s *Store) find(ctx context.Context, f AlertFilter, limit int, page *AlertPage) ([]hit, bool, error) {
	w, ok, err := s.alertConditions(ctx, f)
	if err != nil || !ok {
		return nil, false, err
	}
	order := sortOrders[f.Sort]
	from := cursor{math.MaxInt64, math.MaxInt64}
	if order.asc {
		from = cursor{math.MinInt64, math.MinInt64}
	}
	if f.Cursor != "" {
		if from, err = parseCursor(f.Cursor); err != nil {
			return nil, false, err
		}
	}
	keys, ranged, err := s.termKeys(ctx, f)
	if err != nil {
		return nil, false, err
	}
	var seen []int64 // alerts in the range of seen times, where they are few
	if f.seen() && order.column == "id" && !order.asc {
		if seen, err = s.seenBetween(ctx, f); err != nil {
			return nil, false, err
		}
	}
	switch {
	case len(f.Words) > 0 || len(keys) > 0 || ranged || seen != nil:
		q := &wordSearch{s: s, f: f, w: w, keys: keys, page: page, ranged: seen}
		if order.column == "id" && !order.asc {
			return q.newest(ctx, from, limit)
		}
		return q.sorted(ctx, order, from, limit)
	default:
		return s.scan(ctx, f, w, order, from, limit, page)
	}
}

// alertConditions are f's conditions on a row of alert a, but for its words and
// terms.
func (s *Store) alertConditions(ctx context.Context, f AlertFilter) (w *where, ok bool, err error) {
	w = &where{}
	if ok, err = s.columnConditions(ctx, w, f, "a."); err != nil || !ok {
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
		sub.in("disposition", dispositionArgs(f.Dispositions))
		w.args = sub.args
		w.conds = append(w.conds, "a.id IN (SELECT alert FROM standing WHERE "+sub.where()+")")
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

// scan walks the rows in order. Its bound is a deadline of work, not of time:
// the database is asked for at most scanBound rows of the narrowest index and
// filters those.
func (s *Store) scan(ctx context.Context, f AlertFilter, w *where, order sortOrder, from cursor, limit int, page *AlertPage) ([]hit, bool, error) {
	after(w, order, from)
	key := "a." + order.column
	if narrow := f.fields(); narrow <= 1 && (!f.seen() || order.column == "seen_at") {
		rows, err := s.read.QueryContext(ctx, `SELECT `+key+`, a.id FROM alert a WHERE `+w.where()+orderBy(order)+fmt.Sprintf(" LIMIT %d", limit+1), w.args...)
		hits, err := scanHits(rows, err)
		return cut(hits, limit), len(hits) > limit, err
	}
	drive, err := s.narrowest(ctx, f)
	if err != nil {
		return nil, false, err
	}
	inner := &where{}
	if ok, err := s.columnConditions(ctx, inner, drive, "a."); err != nil || !ok {
		return nil, false, err
	}
	inner.add("a.id >= %s", firstAlertAt(f.From))
	if !f.To.IsZero() {
		inner.add("a.id < %s", firstAlertAt(f.To))
	}
	after(inner, order, from)
	outer := &where{args: inner.args}
	if ok, err := s.alertConditionsInto(ctx, outer, f); err != nil || !ok {
		return nil, false, err
	}
	text := fmt.Sprintf(`SELECT a.k, a.id FROM (SELECT a.%s AS k, a.* FROM alert a WHERE %s%s LIMIT %d) a WHERE %s`,
		order.column, inner.where(), orderBy(order), scanBound, outer.where())
	dir := "DESC"
	if order.asc {
		dir = "ASC"
	}
	text += fmt.Sprintf(" ORDER BY a.k %s, a.id %s LIMIT %d", dir, dir, limit+1)
	rows, err := s.read.QueryContext(ctx, text, outer.args...)
	hits, err := scanHits(rows, err)
	if err != nil || len(hits) > limit {
		return cut(hits, limit), len(hits) > limit, err
	}
	// The page is not full: was that all, or the bound?
	edge, err := scanHits(s.read.QueryContext(ctx, `SELECT `+key+`, a.id FROM alert a WHERE `+inner.where()+orderBy(order)+
		fmt.Sprintf(" LIMIT 1 OFFSET %d", scanBound-1), inner.args...))
	if err != nil || len(edge) == 0 {
		return hits, false, err
	}
	page.stop(edge[0])
	// Alerts that arrived since the first query have moved the edge towards the
	// newest: what lies beyond it comes with the next page.
	hits = slices.DeleteFunc(hits, func(h hit) bool {
		beyond := cmp.Or(cmp.Compare(h.key, edge[0].key), cmp.Compare(h.id, edge[0].id))
		return order.asc && beyond > 0 || !order.asc && beyond < 0
	})
	return hits, false, nil
}

func (p *AlertPage) stop(at hit) {
	p.Next = cursor(at).String()
	p.Stopped = alert.ID(at.id).Time()
	p.Note = "looked back to " + p.Stopped.Format(time.RFC3339) + " and stopped there; next goes on"
}

func (s *Store) alertConditionsInto(ctx context.Context, w *where, f AlertFilter) (bool, error) {
	sub, ok, err := s.alertConditions(ctx, f)
	if err != nil || !ok {
		return ok, err
	}
	// The two share one list of arguments: renumber the second's.
	w.conds = append(w.conds, renumber(sub.where(), len(w.args)))
	w.args = append(w.args, sub.args...)
	return true, nil
}

// fields counts the filters that narrow a scan by a column of their own.
func (f AlertFilter) fields() int {
	n := 0
	for _, set := range []bool{
		len(f.Sources) > 0, len(f.Kinds) > 0, len(f.Rules) > 0, len(f.Severities) > 0,
		len(f.Dispositions) > 0, f.seen(),
	} {
		if set {
			n++
		}
	}
	if order := sortOrders[f.Sort]; order.column != "id" && n > 0 {
		n++
	}
	return n
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

// narrowest returns a filter of the one field of f that the fewest alerts
// match, by the counters.
func (s *Store) narrowest(ctx context.Context, f AlertFilter) (AlertFilter, error) {
	all := []AlertFilter{{Sources: f.Sources}, {Kinds: f.Kinds}, {Rules: f.Rules}, {Severities: f.Severities}}
	best, least := AlertFilter{}, int64(math.MaxInt64)
	for _, one := range all {
		if one.fields() == 0 {
			continue
		}
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
		if n < least {
			best, least = one, n
		}
	}
	return best, nil
}

func cut(hits []hit, limit int) []hit {
	if len(hits) > limit {
		return hits[:limit]
	}
	return hits
}

func scanHits(rows *sql.Rows, err error) ([]hit, error) {
	if err != nil {
		return nil, err
	}
	var list []hit
	err = each(rows, func(r *sql.Rows) error {
		var h hit
		if err := r.Scan(&h.key, &h.id); err != nil {
			return err
		}
		list = append(list, h)
		return nil
	})
	return list, err
}

func sortHits(list []hit, asc bool) {
	slices.SortFunc(list, func(a, b hit) int {
		c := cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.id, b.id))
		if asc {
			return c
		}
		return -c
	})
}

// countedFacets counts up to FacetCap matching alerts one by one.
func (s *Store) countedFacets(ctx context.Context, f AlertFilter) (*Facets, error) {
	out := newFacets()
	page := &AlertPage{}
	f.Cursor, f.Sort = "", "-received_at"
	hits, more, err := s.find(ctx, f, FacetCap, page)
	if err != nil {
		return nil, storageFault(err)
	}
	out.Capped = more || !page.Stopped.IsZero()
	args := make([]any, len(hits))
	for i, h := range hits {
		args[i] = h.id
	}
	err = inChunks(args, func(in string, chunk []any) error {
		rows, err := s.read.QueryContext(ctx, `SELECT a.source, a.kind, a.rule, a.severity, coalesce(s.disposition, 0)
			FROM alert a LEFT JOIN standing s ON s.alert = a.id WHERE a.id IN (`+in+`)`, chunk...)
		if err != nil {
			return err
		}
		return each(rows, func(r *sql.Rows) error { return s.countRow(ctx, r, out) })
	})
	return out, storageFault(err)
}

func (s *Store) countRow(ctx context.Context, r *sql.Rows, out *Facets) error {
	var src, kind, rule, sev, disp int64
	if err := r.Scan(&src, &kind, &rule, &sev, &disp); err != nil {
		return err
	}
	names := [3]string{}
	var err error
	for i, id := range []int64{src, kind, rule} {
		if names[i], err = s.wordOf(ctx, id); err != nil {
			return err
		}
	}
	out.add(names[0], names[1], names[2], alert.Severity(sev), dispositionOf(disp), 1)
	return nil
}
