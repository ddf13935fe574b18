package crash_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	sqlite3 "modernc.org/sqlite/lib"

	"yagura/alert"
	"yagura/fault"
	"yagura/pipeline"
	"yagura/source"
	"yagura/store"
	"yagura/test/crash"
)

// failures are what a disk may answer, and to what.
var failures = map[string]struct {
	code int32
	ops  []crash.Op
}{
	"full":                      {sqlite3.SQLITE_FULL, []crash.Op{crash.Write}},
	"broken":                    {sqlite3.SQLITE_IOERR_WRITE, []crash.Op{crash.Write}},
	"not syncing":               {sqlite3.SQLITE_IOERR_FSYNC, []crash.Op{crash.Sync}},
	"read-only":                 {sqlite3.SQLITE_READONLY, []crash.Op{crash.Write, crash.Truncate, crash.Delete}},
	"locked":                    {sqlite3.SQLITE_BUSY, []crash.Op{crash.Write}},
	"gone, reads and writes":    {sqlite3.SQLITE_IOERR_READ, []crash.Op{crash.Read, crash.Write, crash.Sync}},
	"full within a transaction": {sqlite3.SQLITE_FULL, nil}, // every third write
}

func refusing(name, file string) func(crash.Op, string) int32 {
	f := failures[name]
	var writes atomic.Int64
	return func(op crash.Op, path string) int32 {
		if !strings.Contains(filepath.Base(path), file) {
			return 0
		}
		if f.ops == nil && op == crash.Write && writes.Add(1)%3 == 0 {
			return f.code
		}
		for _, o := range f.ops {
			if o == op {
				return f.code
			}
		}
		return 0
	}
}

func failing(t *testing.T) (*crash.Disk, *store.Store, *pipeline.Pipeline, string) {
	t.Helper()
	d := crash.NewDisk(t)
	d.Forget()
	folder := t.TempDir()
	s, p := open(t, store.Options{Folder: folder, VFS: d.Name()})
	t.Cleanup(func() {
		d.Refuse(nil)
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return d, s, p, folder
}

func finish(t *testing.T, p *pipeline.Pipeline) {
	t.Helper()
	for {
		n, err := p.Step(t.Context())
		if err != nil {
			t.Fatalf("processing: %v", err)
		}
		if n == 0 {
			return
		}
	}
}

// A disk that cannot take a delivery: 503 and not ready, nothing is claimed to be
// stored, and it recovers by itself. DESK-01
func TestADiskThatFailsIsSaidAndRecoversByItself(t *testing.T) {
	t.Parallel()
	for name := range failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, s, p, _ := failing(t)
			stored := map[int]bool{}
			acceptAll := func(from, to int) (refused int) {
				for i := from; i < to; i++ {
					_, repeat, err := s.Accept(t.Context(), source.Delivery{Source: "edr", Body: message(i), Key: fmt.Sprint("key ", i)})
					switch {
					case err == nil && !repeat:
						stored[i] = true
					case err == nil:
						t.Errorf("message %d was stored though its sender was told otherwise", i)
					case !fault.Is(err, fault.Unavailable):
						t.Errorf("message %d: %v", i, err)
					case fault.Of(err).Retry == 0:
						t.Errorf("message %d: no word of when to try again", i)
					default:
						refused++
					}
				}
				return refused
			}
			if acceptAll(0, 5) != 0 {
				t.Fatal("a whole disk refuses")
			}
			if err := s.Healthy(t.Context()); err != nil {
				t.Errorf("healthy: %v", err)
			}
			d.Refuse(refusing(name, "deliveries.db"))
			if acceptAll(5, 10) == 0 {
				t.Error("nothing was refused")
			}
			if failures[name].ops != nil {
				if err := s.Healthy(t.Context()); !fault.Is(err, fault.Unavailable) {
					t.Errorf("healthy, though it takes nothing: %v", err)
				}
			}
			d.Refuse(nil)
			if err := s.Healthy(t.Context()); err != nil {
				t.Errorf("it does not recover: %v", err)
			}
			// Who was refused sends again; who was not, is there already.
			for i := range 10 {
				_, repeat, err := s.Accept(t.Context(), source.Delivery{Source: "edr", Body: message(i), Key: fmt.Sprint("key ", i)})
				if err != nil || repeat != stored[i] {
					t.Errorf("message %d again: a repeat %v, %v; stored before: %v", i, repeat, err, stored[i])
				}
			}
			finish(t, p)
			list := deliveries(t, s, t.Errorf)
			if len(list) != 10 {
				t.Errorf("%d deliveries are stored", len(list))
			}
		})
	}
}

// The alerts' file fails: deliveries are accepted and wait, and are processed
// when it takes writes again.
func TestDeliveriesWaitWhileAlertsCannotBeWritten(t *testing.T) {
	t.Parallel()
	for name := range failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, s, p, folder := failing(t)
			take := func(from, to int) {
				t.Helper()
				for i := from; i < to; i++ {
					if _, _, err := s.Accept(t.Context(), source.Delivery{Source: "edr", Body: message(i)}); err != nil {
						t.Errorf("message %d: %v", i, err)
					}
				}
			}
			take(0, 3)
			finish(t, p)
			d.Refuse(refusing(name, "yagura.db"))
			take(3, 20)
			if failures[name].ops != nil {
				// Synced writes see a disk that only fails to sync; others need not.
				change := s.Write(t.Context(), store.Full, func(tx *store.Tx) error { return tx.Audit("key:x", "api", "test", "lost", "") })
				if !fault.Is(change, fault.Unavailable) {
					t.Errorf("a person's change: %v", change)
				}
				if err := s.Healthy(t.Context()); !fault.Is(err, fault.Unavailable) && name != "not syncing" {
					t.Errorf("healthy, though alerts cannot be written: %v", err)
				}
			}
			if name != "not syncing" {
				if _, err := p.Step(t.Context()); !fault.Is(err, fault.Unavailable) {
					t.Errorf("processing: %v", err)
				}
			}
			take(20, 25)
			d.Refuse(nil)
			finish(t, p)
			if err := s.Healthy(t.Context()); err != nil {
				t.Errorf("it does not recover: %v", err)
			}
			if got := deliveries(t, s, t.Errorf); len(got) != 25 {
				t.Errorf("%d deliveries are stored", len(got))
			}
			count(t, folder, 25, t.Errorf)
			log, err := s.AuditLog(t.Context(), 0, 10)
			if err != nil || len(log) != 0 {
				t.Errorf("a change that was refused is kept: %v, %v", log, err)
			}
		})
	}
}

// Somebody else holds the database: as long as that lasts it is busy, then it
// goes on. This one waits for SQLite's own patience.
func TestADatabaseThatIsLockedIsBusyAndRecovers(t *testing.T) {
	t.Parallel()
	_, s, p, folder := failing(t)
	for _, file := range []string{"deliveries.db", "yagura.db"} {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(folder, file))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		c, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.ExecContext(t.Context(), `BEGIN IMMEDIATE`); err != nil {
			t.Fatal(err)
		}
		if file == "deliveries.db" {
			_, _, err = s.Accept(t.Context(), source.Delivery{Source: "edr", Body: message(1)})
		} else {
			err = s.Write(t.Context(), store.Full, func(tx *store.Tx) error { return tx.Audit("a", "b", "c", "d", "e") })
		}
		if !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s locked: %v", file, err)
		}
		if _, err := c.ExecContext(context.Background(), `ROLLBACK`); err != nil {
			t.Fatal(err)
		}
		if err := s.Healthy(t.Context()); err != nil {
			t.Errorf("%s, free again: %v", file, err)
		}
	}
	if _, _, err := s.Accept(t.Context(), source.Delivery{Source: "edr", Body: message(1)}); err != nil {
		t.Error(err)
	}
	finish(t, p)
	if got := deliveries(t, s, t.Errorf); len(got) != 1 {
		t.Errorf("%d deliveries", len(got))
	}
}

// One row that the database refuses for good: its delivery waits as failed, in
// sight, the others of its batch are processed, and a replay after the mend works.
func TestARefusedRowFailsItsOwnDeliveryOnly(t *testing.T) {
	t.Parallel()
	_, s, p, folder := failing(t)
	db := attach(t, folder, "yagura.db")
	defer db.Close()
	if _, err := db.Exec(`CREATE TRIGGER refuse BEFORE INSERT ON alert WHEN NEW.severity = 3 BEGIN SELECT RAISE(ABORT, 'no such alert'); END`); err != nil {
		t.Fatal(err)
	}
	var all []alert.DeliveryID
	for i := range 6 { // each about another host; the odd ones are high
		id, _, err := s.Accept(t.Context(), source.Delivery{Source: "edr", Body: message(3*i + 1)})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, id)
	}
	finish(t, p)
	for i, id := range all {
		want := source.Processed
		if (3*i+1)%2 == 1 {
			want = source.Failed
		}
		row, err := s.DeliveryRow(t.Context(), id)
		if err != nil || row.State != want || want == source.Failed && row.Reason == "" {
			t.Errorf("%v: %+v, %v; want %s", id, row, err, want)
		}
	}
	if _, err := db.Exec(`DROP TRIGGER refuse`); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), store.Full, func(tx *store.Tx) error { return tx.Requeue(all) }); err != nil {
		t.Fatal(err)
	}
	finish(t, p)
	if got := deliveries(t, s, t.Errorf); len(got) != 6 {
		t.Errorf("%d deliveries", len(got))
	}
	if n := number(t, db, t.Errorf, `SELECT coalesce(sum(count), 0) FROM recurrence`); n != 6 {
		t.Errorf("counted %d times: a replay adds no sighting", n)
	}
}
