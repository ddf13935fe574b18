package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"yagura/alert"
)

// tallyCell is one cell of the counters that facets are answered from: alerts
// by source, kind, rule, severity, disposition and UTC day of receipt. They
// move in the transaction that moves the alerts, so they are always right.
type tallyCell struct{ source, kind, rule, severity, disposition, day int64 }

func (c tallyCell) compare(d tallyCell) int {
	return cmp.Or(cmp.Compare(c.source, d.source), cmp.Compare(c.kind, d.kind), cmp.Compare(c.rule, d.rule),
		cmp.Compare(c.severity, d.severity), cmp.Compare(c.disposition, d.disposition), cmp.Compare(c.day, d.day))
}

func dayOf(id alert.ID) int64 { return id.Time().Unix() / 86400 }

func (tx *Tx) saveTallies(b *Batch) error {
	tally := map[tallyCell]int64{}
	for _, n := range b.Alerts {
		src, kind, rule, err := tx.wordIDs(n.Alert)
		if err != nil {
			return err
		}
		tally[tallyCell{src, kind, rule, int64(n.Of.Severity), dispositionNumber(n.Of.Standing.Disposition), dayOf(n.Alert.ID)}]++
	}
	for _, sg := range b.Sightings {
		r := sg.Of
		if !r.stored || (r.Severity == r.severity && r.Standing.Disposition == r.standing) {
			continue
		}
		src, kind, rule, err := tx.wordIDs(sg.Alert)
		if err != nil {
			return err
		}
		cell := tallyCell{src, kind, rule, int64(r.severity), dispositionNumber(r.standing), dayOf(r.Alert)}
		tally[cell]--
		cell.severity, cell.disposition = int64(r.Severity), dispositionNumber(r.Standing.Disposition)
		tally[cell]++
		r.severity, r.standing = r.Severity, r.Standing.Disposition // moved once, however many sightings
	}
	return tx.addTallies(tally)
}

func (tx *Tx) addTallies(tally map[tallyCell]int64) error {
	cells := make([]tallyCell, 0, len(tally))
	for c, n := range tally {
		if n != 0 {
			cells = append(cells, c)
		}
	}
	slices.SortFunc(cells, tallyCell.compare)
	args := make([]any, 0, 7*len(cells))
	for _, c := range cells {
		args = append(args, c.source, c.kind, c.rule, c.severity, c.disposition, c.day, tally[c])
	}
	return tx.bulk(`INSERT INTO tally (source, kind, rule, severity, disposition, day, n)`,
		`ON CONFLICT (source, kind, rule, severity, disposition, day) DO UPDATE SET n = tally.n + excluded.n`, 7, args)
}

// Facets counts alerts by the values of a few fields.
type Facets struct {
	Source, Kind, Rule, Severity, Disposition map[string]int
	Total                                     int
	Capped                                    bool // counting stopped at FacetCap alerts
}

// FacetCap is how many alerts are counted where no counter answers.
const FacetCap = 1000

func newFacets() *Facets {
	return &Facets{Source: map[string]int{}, Kind: map[string]int{}, Rule: map[string]int{}, Severity: map[string]int{}, Disposition: map[string]int{}}
}

func (f *Facets) add(src, kind, rule string, sev alert.Severity, disp alert.Disposition, n int) {
	if n == 0 {
		return
	}
	f.Source[src] += n
	f.Kind[kind] += n
	f.Rule[rule] += n
	f.Severity[sev.String()] += n
	f.Disposition[string(disp)] += n
	f.Total += n
}

// Facets counts the alerts that match f: exactly from the counters where f
// names whole days and at most indexed fields, otherwise up to FacetCap.
func (s *Store) Facets(ctx context.Context, f AlertFilter) (*Facets, error) {
	f, err := f.normalize(s.Now())
	if err != nil {
		return nil, err
	}
	if !f.tallied() {
		return s.countedFacets(ctx, f)
	}
	q, ok, err := s.tallyQuery(ctx, f)
	out := newFacets()
	if err != nil || !ok {
		return out, err
	}
	rows, err := s.read.QueryContext(ctx, `SELECT source, kind, rule, severity, disposition, CAST(sum(n) AS BIGINT) FROM tally WHERE `+q.where()+
		` GROUP BY source, kind, rule, severity, disposition`, q.args...)
	if err != nil {
		return nil, storageFault(fmt.Errorf("counting: %w", err))
	}
	err = each(rows, func(r *sql.Rows) error {
		var src, kind, rule, sev, disp, n int64
		if err := r.Scan(&src, &kind, &rule, &sev, &disp, &n); err != nil {
			return err
		}
		names := [3]string{}
		for i, id := range []int64{src, kind, rule} {
			if names[i], err = s.wordOf(ctx, id); err != nil {
				return err
			}
		}
		out.add(names[0], names[1], names[2], alert.Severity(sev), dispositionOf(disp), int(n))
		return nil
	})
	return out, storageFault(err)
}

// tallied reports whether counters answer f: no text, terms or seen times, and
// whole days.
func (f AlertFilter) tallied() bool {
	day := func(t time.Time) bool { return t.IsZero() || t.Truncate(24*time.Hour).Equal(t) }
	return !f.Unticketed && len(f.Words) == 0 && len(f.Observables) == 0 && len(f.Tags) == 0 && len(f.Techniques) == 0 &&
		f.SeenFrom.IsZero() && f.SeenTo.IsZero() && day(f.From) && day(f.To)
}

func (s *Store) tallyQuery(ctx context.Context, f AlertFilter) (q where, ok bool, err error) {
	if ok, err = s.columnConditions(ctx, &q, f, ""); err != nil || !ok {
		return q, ok, err
	}
	if !f.From.IsZero() {
		q.add("day >= %s", f.From.Unix()/86400)
	}
	if !f.To.IsZero() {
		q.add("day < %s", f.To.Unix()/86400)
	}
	if len(f.Dispositions) == 0 {
		q.add("disposition <> %s", dispositionNumber(alert.Declined))
	} else {
		q.in("disposition", dispositionArgs(f.Dispositions))
	}
	return q, true, nil
}
