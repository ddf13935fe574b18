package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"yagura/alert"
	"yagura/source"
	"yagura/store"
)

// deliveries opens the deliveries' database beside the store.
func (w *world) deliveries() *sql.DB {
	w.t.Helper()
	if w.opt.Database != "" {
		return w.sql()
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(w.opt.Folder, "deliveries.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { db.Close() })
	return db
}

func change(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(context.Background(), query, args...); err != nil {
		t.Fatal(err)
	}
}

// One delivery that cannot be unpacked must not keep the others from being
// processed, new ones or replayed.
func TestWhatCannotBeReadDoesNotHoldUpOthers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		all := acceptMany(t, s, 5)
		db := w.deliveries()
		change(t, db, `UPDATE delivery SET body = $1 WHERE id = $2`, []byte{1, 0xff, 0xff}, int64(all[1]))
		change(t, db, `UPDATE delivery SET header = '{' WHERE id = $1`, int64(all[3]))
		for _, round := range []string{"new", "replayed"} {
			c := claim(t, s, 10)
			wantIDs(t, round, ids(c), all)
			for i, d := range c.Deliveries {
				if bad := i == 1 || i == 3; bad != (d.Unreadable != "") {
					t.Errorf("%s: delivery %d is unreadable: %q", round, i, d.Unreadable)
				}
			}
			settle(t, c, source.Processed)
			requeue(t, s, all...)
		}
		if _, err := s.Delivery(context.Background(), all[1]); err == nil || !strings.Contains(err.Error(), all[1].String()) {
			t.Errorf("reading the broken one: %v", err)
		}
		// What waits but is gone is handed out too, so that it can be settled.
		change(t, db, `DELETE FROM delivery WHERE id = $1`, int64(all[0]))
		c := claim(t, s, 10)
		wantIDs(t, "one is gone", ids(c), all)
		if c.Deliveries[0].Unreadable == "" {
			t.Error("what is gone is handed out as if it were there")
		}
		settle(t, c, source.Failed)
		if c := claim(t, s, 10); len(c.Deliveries) > 0 {
			t.Errorf("%d still wait", len(c.Deliveries))
		}
	})
}

func TestAClaimIsBoundedByBytes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		big := bytes.Repeat([]byte("0123456789abcdef"), 3<<20/16) // 3 MiB: the third passes the bound
		var all []alert.DeliveryID
		for range 7 {
			all = append(all, accept(t, s, source.Delivery{Source: "edr", Body: big}))
		}
		drain := func(what string, want ...int) {
			t.Helper()
			rest := all
			for _, n := range want {
				c := claim(t, s, 100)
				wantIDs(t, what, ids(c), rest[:n])
				settle(t, c, source.Processed)
				rest = rest[n:]
			}
		}
		drain("new", 3, 3, 1)
		requeue(t, s, all...)
		drain("replayed", 3, 3, 1)
	})
}

func TestAClaimKeepsItsFirst(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		all := acceptMany(t, s, 6)
		for _, round := range []string{"new", "replayed"} {
			c := claim(t, s, 10)
			c.Keep(2)
			wantIDs(t, round, ids(c), all[:2])
			settle(t, c, source.Processed)
			c = claim(t, s, 10)
			wantIDs(t, round+", the others", ids(c), all[2:])
			settle(t, c, source.Processed)
			requeue(t, s, all...)
		}
	})
}

func requeue(t *testing.T, s *store.Store, ids ...alert.DeliveryID) {
	t.Helper()
	if err := s.Write(context.Background(), store.Full, func(tx *store.Tx) error { return tx.Requeue(ids) }); err != nil {
		t.Fatal(err)
	}
}
