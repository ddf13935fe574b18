package store

import (
	"cmp"
	"database/sql"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"yagura/alert"
)

// term is one exact value that an alert is found by.
type term struct {
	key   string
	alert int64
}

func observableTerm(value string) string {
	key := alert.ObservableKey(value)
	if a, err := netip.ParseAddr(key); err == nil {
		return addressTerm(a)
	}
	return termKey("o", key)
}

func tagTerm(tag string) string      { return termKey("t", fold(tag)) }
func techniqueTerm(id string) string { return termKey("x", fold(id)) }

// maxTermKey bounds a key: a longer value is found by its beginning.
const maxTermKey = 256

func termKey(kind, value string) string {
	if len(value) > maxTermKey {
		value = value[:maxTermKey]
	}
	return kind + strings.ToValidUTF8(strings.ReplaceAll(value, "\x00", ""), "")
}

// saveTerms indexes the batch's observables, tags and techniques and returns
// those that sightings brought for the first time.
func (tx *Tx) saveTerms(b *Batch) (fresh map[term]bool, err error) {
	var added, seen []term
	for _, n := range b.Alerts {
		added = appendTerms(added, n.Alert, n.Alert.ID)
	}
	for _, sg := range b.Sightings {
		seen = appendTerms(seen, sg.Alert, sg.Of.Alert)
	}
	if err := tx.bulk(`INSERT INTO term (key, alert)`, `ON CONFLICT DO NOTHING`, 2, termArgs(added)); err != nil {
		return nil, err
	}
	fresh = map[term]bool{}
	args := termArgs(seen)
	for len(args) > 0 {
		n := bulkSize(len(args) / 2)
		rows, err := tx.conn.query(tx.ctx, tx.bulkText(`INSERT INTO term (key, alert)`, `ON CONFLICT DO NOTHING RETURNING key, alert`, 2, n), args[:2*n]...)
		if err != nil {
			return nil, fmt.Errorf("indexing observables: %w", err)
		}
		err = each(rows, func(r *sql.Rows) error {
			var t term
			if err := r.Scan(&t.key, &t.alert); err != nil {
				return err
			}
			fresh[t] = true
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("indexing observables: %w", err)
		}
		args = args[2*n:]
	}
	return fresh, nil
}

func appendTerms(list []term, a *alert.Alert, id alert.ID) []term {
	add := func(key string) { list = append(list, term{key, int64(id)}) }
	for _, o := range a.Observables {
		add(observableTerm(o.Value))
	}
	for _, t := range a.Tags {
		add(tagTerm(t))
	}
	for _, t := range a.Techniques {
		add(techniqueTerm(t))
	}
	return list
}

// termArgs sorts terms so that neighbours in the index are written together.
func termArgs(list []term) []any {
	slices.SortFunc(list, func(a, b term) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.alert, b.alert))
	})
	list = slices.Compact(list)
	args := make([]any, 0, 2*len(list))
	for _, t := range list {
		args = append(args, t.key, t.alert)
	}
	return args
}
