package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"yagura/alert"
	"yagura/fault"
)

// saveStandings writes where alerts stand that do not stand where all start,
// and moves of those that a sighting lifted.
func (tx *Tx) saveStandings(b *Batch) error {
	now := micros(tx.s.Now())
	var args []any
	row := func(id alert.ID, st alert.Standing) {
		args = append(args, int64(id), dispositionNumber(st.Disposition), st.By, st.Reason, now)
	}
	for _, n := range b.Alerts {
		if n.Of.Standing.Disposition != alert.Active {
			row(n.Alert.ID, n.Of.Standing)
		}
	}
	for _, r := range b.Recurrences {
		if r.stored && r.Standing.Disposition != r.standing {
			row(r.Alert, r.Standing)
		}
	}
	return tx.bulk(`INSERT INTO standing (alert, disposition, set_by, reason, at)`, standingConflict, 5, args)
}

const standingConflict = `ON CONFLICT (alert) DO UPDATE SET disposition = excluded.disposition, set_by = excluded.set_by, reason = excluded.reason, at = excluded.at`

// SetStanding moves one alert and reports where it stood. The tallies follow.
func (tx *Tx) SetStanding(id alert.ID, st alert.Standing) (before alert.Standing, err error) {
	var src, kind, rule, sev, disp int64
	found := false
	rows, err := tx.conn.query(tx.ctx, `SELECT a.source, a.kind, a.rule, a.severity, coalesce(s.disposition, 0), coalesce(s.set_by, 'default'), coalesce(s.reason, '')
		FROM alert a LEFT JOIN standing s ON s.alert = a.id WHERE a.id = $1`, int64(id))
	if err != nil {
		return before, fmt.Errorf("reading the standing of %s: %w", id, err)
	}
	err = each(rows, func(r *sql.Rows) error {
		found = true
		return r.Scan(&src, &kind, &rule, &sev, &disp, &before.By, &before.Reason)
	})
	if err != nil {
		return before, fmt.Errorf("reading the standing of %s: %w", id, err)
	}
	if !found {
		return before, fault.New(fault.NotFound, "there is no alert %s", id)
	}
	before.Disposition = dispositionOf(disp)
	err = tx.bulk(`INSERT INTO standing (alert, disposition, set_by, reason, at)`, standingConflict, 5,
		[]any{int64(id), dispositionNumber(st.Disposition), st.By, st.Reason, micros(tx.s.Now())})
	if err != nil {
		return before, err
	}
	cell := tallyCell{src, kind, rule, sev, disp, dayOf(id)}
	moved := cell
	moved.disposition = dispositionNumber(st.Disposition)
	tally := map[tallyCell]int64{}
	tally[cell]--
	tally[moved]++
	return before, tx.addTallies(tally)
}

// StandingOf returns where an alert stands.
func (s *Store) StandingOf(ctx context.Context, id alert.ID) (st alert.Standing, err error) {
	var disp int64
	err = s.read.QueryRowContext(ctx, `SELECT coalesce(s.disposition, 0), coalesce(s.set_by, 'default'), coalesce(s.reason, '')
		FROM alert a LEFT JOIN standing s ON s.alert = a.id WHERE a.id = $1`, int64(id)).Scan(&disp, &st.By, &st.Reason)
	if err == sql.ErrNoRows {
		return st, fault.New(fault.NotFound, "there is no alert %s", id)
	}
	st.Disposition = dispositionOf(disp)
	return st, storageFault(err)
}

// quiet reports whether f asks only for alerts that do not stand where all start.
func (f AlertFilter) quiet() bool {
	return len(f.Dispositions) > 0 && !slices.Contains(f.Dispositions, alert.Active)
}

// standingBelow returns the newest alerts below hi that stand at one of the
// dispositions, candidateChunk at most.
func (s *Store) standingBelow(ctx context.Context, list []alert.Disposition, lo, hi int64) ([]int64, error) {
	var all []int64
	for _, d := range list { // one by one: each is in order in the index
		ids, err := ints(s.read.QueryContext(ctx, `SELECT alert FROM standing WHERE disposition = $1 AND alert < $2 AND alert >= $3 ORDER BY alert DESC LIMIT $4`,
			dispositionNumber(d), hi, lo, candidateChunk))
		if err != nil {
			return nil, fmt.Errorf("listing by disposition: %w", err)
		}
		all = append(all, ids...)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	slices.Reverse(all)
	return all[:min(len(all), candidateChunk)], nil
}
