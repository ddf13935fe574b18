package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"yagura/alert"
	"yagura/source"
	"yagura/store"
	"yagura/test/pg"
)

// each runs a test on both databases: they promise the same.
func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		fn(t, newWorld(t, store.Options{Folder: t.TempDir()}))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		fn(t, newWorld(t, store.Options{Database: pg.New(t)}))
	})
}

// world is one database, its clock and what was put into it.
type world struct {
	t     *testing.T
	opt   store.Options
	mu    sync.Mutex
	now   time.Time
	alert []alert.Alert // by the number that stands in a delivery's body
	open1 map[*store.Store]bool
}

// dawn is when worlds begin: late in the day, so that tests cross midnight.
var dawn = time.Date(2026, 3, 10, 21, 0, 0, 0, time.UTC)

func newWorld(t *testing.T, opt store.Options) *world {
	w := &world{t: t, now: dawn, open1: map[*store.Store]bool{}}
	opt.Now = func() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now }
	opt.Log = slog.New(slog.DiscardHandler)
	w.opt = opt
	return w
}

func (w *world) open(change ...func(*store.Options)) *store.Store {
	w.t.Helper()
	opt := w.opt
	for _, c := range change {
		c(&opt)
	}
	s, err := store.Open(context.Background(), opt)
	if err != nil {
		w.t.Fatalf("opening: %v", err)
	}
	w.open1[s] = true
	w.t.Cleanup(func() { w.close(s) })
	return s
}

func (w *world) close(s *store.Store) {
	if w.open1[s] {
		delete(w.open1, s)
		if err := s.Close(); err != nil {
			w.t.Errorf("closing: %v", err)
		}
	}
}

// pass moves the clock on.
func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// sql opens the alerts' database beside the store.
func (w *world) sql() *sql.DB {
	w.t.Helper()
	driver, addr := "sqlite", "file:"+filepath.Join(w.opt.Folder, "yagura.db")+"?_pragma=busy_timeout(5000)"
	if w.opt.Database != "" {
		driver, addr = "pgx", w.opt.Database
	}
	db, err := sql.Open(driver, addr)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { db.Close() })
	return db
}

// thing is a plain alert with the given title; the options change it.
func thing(title string, change ...func(*alert.Alert)) alert.Alert {
	a := alert.Alert{
		Source: "edr", Kind: "generic", Rule: "R1", Title: title, Severity: alert.Low, EventID: title,
		Standing: alert.Standing{Disposition: alert.Active, By: "default"},
	}
	for _, c := range change {
		c(&a)
	}
	return a
}

func accept(t testing.TB, s *store.Store, d source.Delivery) alert.DeliveryID {
	t.Helper()
	id, _, err := s.Accept(context.Background(), d)
	if err != nil {
		t.Fatalf("accepting: %v", err)
	}
	return id
}

// bring accepts a delivery for each alert, processes them in one claim and
// returns the ids of the alerts that they became or were seen again as.
func (w *world) bring(s *store.Store, list ...alert.Alert) []alert.ID {
	w.t.Helper()
	ids := make([]alert.ID, len(list))
	for i, a := range list {
		w.mu.Lock()
		n := len(w.alert)
		w.alert = append(w.alert, a)
		w.mu.Unlock()
		ids[i] = accept(w.t, s, source.Delivery{Source: a.Source, Body: []byte(strconv.Itoa(n))}).Alert(0)
	}
	var became map[alert.ID]alert.ID
	for {
		c, err := s.Claim(context.Background(), 1000)
		if err != nil {
			w.t.Fatalf("claiming: %v", err)
		}
		if len(c.Deliveries) == 0 {
			c.Release()
			break
		}
		err = c.Commit(context.Background(), func(tx *store.Tx) (err error) {
			var part map[alert.ID]alert.ID
			if part, err = w.save(tx, c.Deliveries); became == nil {
				became = part
			}
			for k, v := range part {
				became[k] = v
			}
			return err
		})
		if err != nil {
			w.t.Fatalf("committing: %v", err)
		}
	}
	for i, id := range ids {
		ids[i] = became[id]
	}
	return ids
}

// save is the pipeline in little: the same title of the same source and rule
// is the same thing again.
func (w *world) save(tx *store.Tx, list []source.Delivery) (map[alert.ID]alert.ID, error) {
	b := &store.Batch{Events: map[string]alert.ID{}}
	became := map[alert.ID]alert.ID{}
	inBatch := map[string]*store.Recurrence{}
	var keys []store.RecurrenceKey
	alerts := make([]alert.Alert, len(list))
	for i, d := range list {
		n, err := strconv.Atoi(string(d.Body))
		if err != nil {
			return nil, fmt.Errorf("not one of ours: %q", d.Body)
		}
		w.mu.Lock()
		a := w.alert[n]
		w.mu.Unlock()
		a.ID, a.ReceivedAt = d.ID.Alert(0), d.ID.Time()
		if a.SeenAt.IsZero() {
			a.SeenAt = a.ReceivedAt
		}
		a.Fingerprint = alert.FingerprintOf(a.Source, a.Rule, []string{a.EventID})
		alerts[i], keys = a, append(keys, store.RecurrenceKey{Source: a.Source, Fingerprint: a.Fingerprint})
	}
	known, err := tx.Recurrences(keys)
	if err != nil {
		return nil, err
	}
	for i := range alerts {
		a := &alerts[i]
		rec := inBatch[a.Fingerprint]
		if list := known[keys[i]]; rec == nil && len(list) > 0 {
			rec = list[0]
			b.Recurrences = append(b.Recurrences, rec)
		}
		if rec == nil {
			rec = store.NewRecurrence(a)
			b.Recurrences = append(b.Recurrences, rec)
			b.Alerts = append(b.Alerts, store.NewAlert{Alert: a, Of: rec})
		} else {
			rec.Count++
			rec.Last = a.SeenAt
			rec.Severity = max(rec.Severity, a.Severity)
			if rec.Standing.Disposition != alert.Active && a.Disposition == alert.Active {
				rec.Standing = a.Standing
			}
			b.Sightings = append(b.Sightings, store.Sighting{ID: a.ID, SeenAt: a.SeenAt, Severity: a.Severity, Alert: a, Of: rec})
		}
		inBatch[a.Fingerprint] = rec
		became[a.ID] = rec.Alert
		b.Outcomes = append(b.Outcomes, source.Outcome{Delivery: list[i].ID, State: source.Processed, Alerts: 1})
	}
	return became, tx.Save(b)
}

// titles lists everything that f finds, page by page.
func titles(t testing.TB, s *store.Store, f store.AlertFilter) []string {
	t.Helper()
	list := []string{}
	for range 1000 {
		page, err := s.ListAlerts(context.Background(), f)
		if err != nil {
			t.Fatalf("listing %+v: %v", f, err)
		}
		for _, a := range page.Items {
			list = append(list, a.Title)
		}
		if page.Next == "" {
			return list
		}
		f.Cursor = page.Next
	}
	t.Fatal("the list has no end")
	return nil
}
