package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yagura/alert"
	"yagura/fault"
	"yagura/source"
	"yagura/store"
)

// work processes claims until ctx ends, as the pipeline does.
func (w *world) work(ctx context.Context, s *store.Store) {
	for ctx.Err() == nil {
		c, err := s.Claim(context.Background(), 50)
		if err != nil {
			w.t.Errorf("claiming: %v", err)
			return
		}
		if len(c.Deliveries) == 0 {
			c.Release()
			select {
			case <-ctx.Done():
			case <-s.Arrived():
			}
			continue
		}
		if err := c.Commit(context.Background(), func(tx *store.Tx) error { _, err := w.save(tx, c.Deliveries); return err }); err != nil {
			w.t.Errorf("committing: %v", err)
			return
		}
	}
}

// send accepts a delivery for one alert and returns its id.
func (w *world) send(s *store.Store, a alert.Alert) alert.DeliveryID {
	w.mu.Lock()
	n := len(w.alert)
	w.alert = append(w.alert, a)
	w.mu.Unlock()
	return accept(w.t, s, source.Delivery{Source: a.Source, Body: []byte(strconv.Itoa(n))})
}

// DESK-14: a backup made while the store takes deliveries and processes them
// lacks nothing that was acknowledged before it began, and repeats nothing.
func TestABackupUnderLoadLacksNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, store.Options{Folder: t.TempDir()})
	s := w.open()
	ctx, stop := context.WithCancel(t.Context())
	var mu sync.Mutex
	acked := map[alert.DeliveryID]string{}
	var senders, working sync.WaitGroup
	working.Go(func() { w.work(ctx, s) })
	started := make(chan struct{}, 4)
	for g := range 4 {
		senders.Go(func() {
			for i := 0; ctx.Err() == nil && i < 5000; i++ {
				title := fmt.Sprintf("thing %d of %d", i, g)
				id := w.send(s, thing(title))
				mu.Lock()
				acked[id] = title
				mu.Unlock()
				if i == 50 {
					started <- struct{}{}
				}
			}
		})
	}
	for range 4 {
		<-started
	}
	for round := range 3 {
		mu.Lock()
		before := maps.Clone(acked)
		mu.Unlock()
		to := filepath.Join(t.TempDir(), "deep", "backup")
		report, err := store.Backup(t.Context(), w.opt, to)
		if err != nil {
			t.Fatal(err)
		}
		if report.Deliveries < int64(len(before)) || len(report.Files) != 2 || report.Files[0].Version == 0 {
			t.Errorf("round %d: %+v after %d deliveries", round, report, len(before))
		}
		restoredLacksNothing(t, w, to, report, before)
	}
	stop()
	senders.Wait()
	working.Wait()
}

func restoredLacksNothing(t *testing.T, w *world, backup string, report store.BackupReport, before map[alert.DeliveryID]string) {
	t.Helper()
	for _, name := range []string{"yagura.db", "deliveries.db", "manifest.json"} {
		st, err := os.Stat(filepath.Join(backup, name))
		if err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, st, err)
		}
	}
	r := newWorld(t, store.Options{Folder: filepath.Join(t.TempDir(), "new")})
	if err := store.Restore(t.Context(), r.opt, backup); err != nil {
		t.Fatal(err)
	}
	s := r.open()
	waiting, _, err := s.DeliveryCounts(t.Context())
	if err != nil || int64(waiting) != report.Waiting {
		t.Errorf("%d wait, %v; the report says %d", waiting, err, report.Waiting)
	}
	w.mu.Lock()
	r.alert = append(r.alert, w.alert...)
	w.mu.Unlock()
	r.bring(s) // processes what the backup's alerts lack
	for id, title := range before {
		row, err := s.DeliveryRow(t.Context(), id)
		if err != nil || row.State != source.Processed {
			t.Errorf("%v: %+v, %v", id, row, err)
			continue
		}
		if a, err := s.Alert(t.Context(), id.Alert(0)); err != nil || a.Title != title || a.Sightings.Count != 1 {
			t.Errorf("%v: %+v, %v; want %q once", id, a, err, title)
		}
	}
	kept, counted := counters(t, r)
	if diff := cmp.Diff(counted, kept); diff != "" {
		t.Error(diff)
	}
	total, err := s.Facets(t.Context(), store.AlertFilter{})
	if err != nil || int64(total.Total) != report.Deliveries {
		t.Errorf("%d alerts of %d deliveries, %v", total.Total, report.Deliveries, err)
	}
	// It goes on as any store does, also with search.
	id := r.send(s, thing("after the restore", describe("freshly written")))
	r.bring(s)
	if got := titles(t, s, store.AlertFilter{Words: []string{"freshly"}}); len(got) != 1 {
		t.Errorf("%v after the restore: %q", id, got)
	}
	if got := titles(t, s, store.AlertFilter{Words: []string{"thing 7 of 2"}}); len(got) != 1 {
		t.Errorf("search of what was backed up: %q", got)
	}
}

func backedUp(t *testing.T) (w *world, backup string) {
	t.Helper()
	w = newWorld(t, store.Options{Folder: t.TempDir()})
	s := w.open()
	w.bring(s, thing("one"), thing("two"))
	w.close(s)
	backup = filepath.Join(t.TempDir(), "backup")
	if _, err := store.Backup(t.Context(), w.opt, backup); err != nil {
		t.Fatal(err)
	}
	return w, backup
}

func TestABackupIsNeverOverwritten(t *testing.T) {
	t.Parallel()
	w, backup := backedUp(t)
	if _, err := store.Backup(t.Context(), w.opt, backup); !fault.Is(err, fault.Conflict) {
		t.Errorf("a second backup into the same folder: %v", err)
	}
	if _, err := store.Backup(t.Context(), w.opt, w.opt.Folder); !fault.Is(err, fault.Conflict) {
		t.Errorf("a backup into the data folder: %v", err)
	}
	if err := store.Restore(t.Context(), w.opt, backup); !fault.Is(err, fault.Conflict) {
		t.Errorf("restoring over a database: %v", err)
	}
	if _, err := store.Backup(t.Context(), store.Options{Folder: t.TempDir()}, t.TempDir()); !fault.Is(err, fault.NotFound) {
		t.Errorf("a backup of nothing: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	to := t.TempDir()
	if _, err := store.Backup(ctx, w.opt, to); err == nil {
		t.Error("a backup that was broken off succeeded")
	}
	if list, _ := os.ReadDir(to); len(list) != 0 {
		t.Errorf("a backup that was broken off leaves %v", list)
	}
}

// DESK-14: what is damaged, incomplete or newer is refused, and nothing is left
// in the folder.
func TestABackupThatIsNotWholeIsRefused(t *testing.T) {
	t.Parallel()
	change := func(edit func(*store.BackupReport)) func(*testing.T, string) {
		return func(t *testing.T, backup string) {
			path := filepath.Join(backup, "manifest.json")
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var r store.BackupReport
			if err := json.Unmarshal(b, &r); err != nil {
				t.Fatal(err)
			}
			edit(&r)
			b, _ = json.Marshal(r)
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	tests := map[string]struct {
		harm func(t *testing.T, backup string)
		kind fault.Kind
		says string
	}{
		"a flipped bit": {func(t *testing.T, backup string) {
			path := filepath.Join(backup, "deliveries.db")
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			b[len(b)/2] ^= 1
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}, fault.Invalid, "deliveries.db"},
		"cut short": {func(t *testing.T, backup string) {
			if err := os.Truncate(filepath.Join(backup, "yagura.db"), 8192); err != nil {
				t.Fatal(err)
			}
		}, fault.Invalid, "yagura.db"},
		"a file is missing": {func(t *testing.T, backup string) {
			if err := os.Remove(filepath.Join(backup, "deliveries.db")); err != nil {
				t.Fatal(err)
			}
		}, fault.Unavailable, "deliveries.db"},
		"no manifest": {func(t *testing.T, backup string) {
			if err := os.Remove(filepath.Join(backup, "manifest.json")); err != nil {
				t.Fatal(err)
			}
		}, fault.NotFound, "no complete backup"},
		"a manifest that is none": {func(t *testing.T, backup string) {
			if err := os.WriteFile(filepath.Join(backup, "manifest.json"), []byte("{"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, fault.Invalid, "manifest.json"},
		"another format": {change(func(r *store.BackupReport) { r.Format = 2 }), fault.Conflict, "format 2"},
		"newer tables":   {change(func(r *store.BackupReport) { r.Files[0].Version = 9001 }), fault.Conflict, "newer version of Yagura"},
		"a strange name": {change(func(r *store.BackupReport) { r.Files[1].Name = "../../etc/passwd" }), fault.Invalid, "does not name"},
		"one file only":  {change(func(r *store.BackupReport) { r.Files = r.Files[:1] }), fault.Invalid, "does not name"},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, backup := backedUp(t)
			c.harm(t, backup)
			folder := t.TempDir()
			err := store.Restore(t.Context(), store.Options{Folder: folder}, backup)
			if !fault.Is(err, c.kind) || !strings.Contains(fault.Of(err).Message, c.says) {
				t.Errorf("%v: %v", fault.Of(err).Kind, err)
			}
			if list, _ := os.ReadDir(folder); len(list) != 0 {
				t.Errorf("%v stand in the folder", list)
			}
		})
	}
}

func TestABackupOfADamagedDatabaseFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, store.Options{Folder: t.TempDir()})
	s := w.open()
	var list []alert.Alert
	for i := range 300 {
		list = append(list, thing(fmt.Sprintf("thing %d", i), describe(strings.Repeat(fmt.Sprint("text ", i), 50))))
	}
	w.bring(s, list...)
	w.close(s)
	path := filepath.Join(w.opt.Folder, "yagura.db")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(b) / 3; i < len(b)/2; i++ {
		b[i] = 0xA5
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	if _, err := store.Backup(t.Context(), w.opt, to); err == nil {
		t.Error("it was backed up")
	}
	if list, _ := os.ReadDir(to); len(list) != 0 {
		t.Errorf("it left %v", list)
	}
}

func TestPostgresIsBackedUpByItsOwnTools(t *testing.T) {
	t.Parallel()
	opt := store.Options{Database: "postgres://yagura:secret@db.example.com:5433/alerts?sslmode=disable"}
	_, err := store.Backup(t.Context(), opt, "/backups/of today")
	want := "use: pg_dump --format=custom --file='/backups/of today/yagura.dump' postgres://yagura@db.example.com:5433/alerts"
	if f := fault.Of(err); f.Kind != fault.Invalid || !strings.HasSuffix(f.Message, want) || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
	err = store.Restore(t.Context(), opt, "/b")
	want = "use: pg_restore --no-owner --dbname=postgres://yagura@db.example.com:5433/alerts /b/yagura.dump"
	if f := fault.Of(err); f.Kind != fault.Invalid || !strings.HasSuffix(f.Message, want) || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}

// The clock of a report is the store's.
func TestABackupSaysWhenItWasBegun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, store.Options{Folder: t.TempDir()})
	w.close(w.open())
	w.pass(time.Hour)
	r, err := store.Backup(t.Context(), w.opt, t.TempDir())
	if err != nil || !r.MadeAt.Equal(dawn.Add(time.Hour)) || r.Alerts != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}
