package store

import (
	"cmp"
	"context"
	"database/sql"
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
	w, ok, err := s.alertConditions(ctx, f, noIndex)
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
	case len(f.Words) > 0 || len(keys) > 0 || ranged || seen != nil || (f.quiet() && order.column == "id" && !order.asc):
		q := &wordSearch{s: s, f: f, w: w, keys: keys, page: page, ranged: seen}
		if order.column == "id" && !order.asc {
			return q.newest(ctx, from, limit)
		}
		return q.sorted(ctx, order, from, limit)
	default:
		return s.scan(ctx, f, order, from, limit, page)
	}
}

func (p *AlertPage) stop(at hit) {
	p.Next = cursor(at).String()
	p.Stopped = alert.ID(at.id).Time()
	p.Note = "looked back to " + p.Stopped.Format(time.RFC3339) + " and stopped there; next goes on"
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
