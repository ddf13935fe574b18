package store_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"testing"

	"yagura/alert"
	"yagura/store"
)

// What came back after its window a thousand times is not read a thousand times
// with each message, and does not hide what another source knows of the same.
func TestOnlyTheNewestRecurrencesAreRead(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		of := func(src string) func(*alert.Alert) { return func(a *alert.Alert) { a.Source = src } }
		w.bring(s, thing("quiet's", of("quiet")), thing("busy's", of("busy")))
		db := w.sql()
		print := alert.FingerprintOf("generic", "R", []string{"the same"})
		b, _ := hex.DecodeString(print)
		word := func(name string) (id int64) {
			if err := db.QueryRowContext(context.Background(), `SELECT id FROM word WHERE what = 1 AND value = $1`, name).Scan(&id); err != nil {
				t.Fatal(err)
			}
			return id
		}
		add := func(src, id int64) {
			change(t, db, fmt.Sprintf(`INSERT INTO recurrence (fingerprint, source, alert, count, first_at, last_at, severity, condition, condition_at, text_hash, renewed_at, renewed_why)
				VALUES ($1, %d, %d, 1, 1, 1, 0, '', 0, 0, 0, '')`, src, id), b)
		}
		busy, quiet := word("busy"), word("quiet")
		add(quiet, 5)
		for i := range 200 {
			add(busy, int64(1000+i))
		}
		keys := []store.RecurrenceKey{{Source: "quiet", Fingerprint: print}, {Source: "busy", Fingerprint: print}, {Source: "new", Fingerprint: print}}
		err := s.Write(context.Background(), store.Rebuildable, func(tx *store.Tx) error {
			found, err := tx.Recurrences(keys)
			if err != nil {
				return err
			}
			if list := found[keys[0]]; len(list) != 1 || list[0].Alert != 5 {
				t.Errorf("quiet's: %d", len(list))
			}
			if list := found[keys[1]]; len(list) != 64 || list[0].Alert != 1199 || list[63].Alert != 1136 {
				t.Errorf("busy's: %d", len(list))
			}
			if len(found) != 2 {
				t.Errorf("%d keys found", len(found))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
