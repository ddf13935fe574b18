package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"yagura/alert"
)

// Rule is what one product's rule has brought in.
type Rule struct {
	Source    string
	Name      string
	Alerts    int       // alerts made, declined ones included
	Sightings int       // repeats counted on them: how often the fingerprint matched
	Declined  int       // of the alerts
	Refused   int       // fingerprints refused because they would merge everything
	LastAt    time.Time // UTC
	Problem   string    // the last refusal's reason
}

func (tx *Tx) saveRuleStats(b *Batch) error {
	type key struct{ source, rule string }
	stats := map[key]*Rule{}
	var order []key
	of := func(src, rule string) *Rule {
		k := key{src, rule}
		if stats[k] == nil {
			stats[k] = &Rule{}
			order = append(order, k)
		}
		return stats[k]
	}
	for _, n := range b.Alerts {
		r := of(n.Alert.Source, n.Alert.Rule)
		r.Alerts++
		if n.Of.Standing.Disposition == alert.Declined {
			r.Declined++
		}
	}
	for _, sg := range b.Sightings {
		of(sg.Alert.Source, sg.Alert.Rule).Sightings++
	}
	for _, p := range b.Refused {
		r := of(p.Source, p.Rule)
		r.Refused++
		r.Problem = p.Problem
	}
	now := micros(tx.s.Now())
	args := make([]any, 0, 8*len(order))
	for _, k := range order {
		src, err := tx.wordID(wordSource, k.source)
		if err != nil {
			return err
		}
		rule, err := tx.wordID(wordRule, k.rule)
		if err != nil {
			return err
		}
		r := stats[k]
		args = append(args, src, rule, int64(r.Alerts), int64(r.Sightings), int64(r.Declined), int64(r.Refused), now, r.Problem)
	}
	return tx.bulk(`INSERT INTO rule_stat (source, rule, alerts, sightings, declined, refused, last_at, problem)`,
		`ON CONFLICT (source, rule) DO UPDATE SET alerts = rule_stat.alerts + excluded.alerts, sightings = rule_stat.sightings + excluded.sightings,
			declined = rule_stat.declined + excluded.declined, refused = rule_stat.refused + excluded.refused, last_at = excluded.last_at,
			problem = CASE WHEN excluded.problem = '' THEN rule_stat.problem ELSE excluded.problem END`, 8, args)
}

// Rules lists what each rule of a source has brought in, busiest first; every
// source's where src is empty. At most limit.
func (s *Store) Rules(ctx context.Context, src string, limit int) ([]Rule, error) {
	query, args := `SELECT source, rule, alerts, sightings, declined, refused, last_at, problem FROM rule_stat`, []any{}
	if src != "" {
		id, ok, err := s.lookup(ctx, wordSource, src)
		if err != nil || !ok {
			return []Rule{}, err
		}
		query, args = query+` WHERE source = $1`, append(args, id)
	}
	query += fmt.Sprintf(` ORDER BY alerts + sightings DESC, source, rule LIMIT %d`, limit)
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, storageFault(err)
	}
	list := []Rule{}
	err = each(rows, func(q *sql.Rows) error {
		var r Rule
		var sid, rid, last int64
		if err := q.Scan(&sid, &rid, &r.Alerts, &r.Sightings, &r.Declined, &r.Refused, &last, &r.Problem); err != nil {
			return err
		}
		r.LastAt = fromMicros(last)
		if r.Source, err = s.wordOf(ctx, sid); err != nil {
			return err
		}
		if r.Name, err = s.wordOf(ctx, rid); err != nil {
			return err
		}
		list = append(list, r)
		return nil
	})
	return list, storageFault(err)
}
