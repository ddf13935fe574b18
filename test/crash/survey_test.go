package crash_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"

	"yagura/alert"
	"yagura/source"
	"yagura/store"
)

// survey opens what a power cut left, lets the pipeline finish, and returns what
// is missing of what was promised. behind reports that alerts had gone back and
// were made again.
func survey(t *testing.T, folder string, promises []any) (lost []string, behind bool) {
	t.Helper()
	miss := func(format string, args ...any) { lost = append(lost, fmt.Sprintf(format, args...)) }
	before := together(t, folder, miss)
	for _, p := range promises {
		if n, ok := p.(applied); ok && int64(n) > before {
			behind = true
		}
	}
	if len(lost) > 0 {
		return lost, behind
	}
	if s, err := store.Open(context.Background(), store.Options{Folder: folder, Log: slog.New(slog.DiscardHandler)}); err != nil {
		miss("the store does not open: %v", err)
		return lost, behind
	} else if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, p := open(t, store.Options{Folder: folder})
	defer s.Close()
	for {
		n, err := p.Step(t.Context())
		if err != nil {
			miss("processing: %v", err)
			return lost, behind
		}
		if n == 0 {
			break
		}
	}
	stored := deliveries(t, s, miss)
	audits := map[string]bool{}
	log, err := s.AuditLog(t.Context(), 0, 10_000)
	if err != nil {
		miss("reading the audit log: %v", err)
	}
	for _, e := range log {
		audits[e.Subject] = true
	}
	for _, p := range promises {
		switch p, ok := p.(sent); {
		case !ok:
		case p.audit != "":
			if !audits[p.audit] {
				miss("the change %q is gone", p.audit)
			}
		case stored[p.id] != string(message(p.n)):
			miss("delivery %v, message %d, is gone or another", p.id, p.n)
		}
	}
	alerts := count(t, folder, len(stored), miss)
	found, err := s.Facets(t.Context(), store.AlertFilter{Words: []string{"message number"}, Dispositions: alert.Dispositions()})
	if err != nil || found.Total != int(alerts) {
		miss("%d alerts are stored, search finds %+v, %v", alerts, found, err)
	}
	return lost, behind
}

// deliveries lists every delivery, each message once and processed.
func deliveries(t *testing.T, s *store.Store, miss func(string, ...any)) map[alert.DeliveryID]string {
	t.Helper()
	stored, times := map[alert.DeliveryID]string{}, map[string]int{}
	f := store.DeliveryFilter{Limit: store.MaxLimit}
	for {
		page, err := s.ListDeliveries(t.Context(), f)
		if err != nil {
			miss("listing deliveries: %v", err)
			return stored
		}
		for _, row := range page.Items {
			if row.State != source.Processed || row.Alerts != 1 {
				miss("%v is %s with %d alerts: %s", row.ID, row.State, row.Alerts, row.Reason)
			}
			d, err := s.Delivery(t.Context(), row.ID)
			if err != nil {
				miss("reading %v: %v", row.ID, err)
				continue
			}
			stored[row.ID] = string(d.Body)
			if times[string(d.Body)]++; times[string(d.Body)] > 1 {
				miss("%s is there %d times", d.Body, times[string(d.Body)])
			}
		}
		if f.Cursor = page.Next; f.Cursor == "" {
			return stored
		}
	}
}

func number(t *testing.T, db *sql.DB, miss func(string, ...any), query string, args ...any) (n int64) {
	t.Helper()
	if err := db.QueryRow(query, args...).Scan(&n); err != nil {
		miss("%s: %v", query, err)
	}
	return n
}

func attach(t *testing.T, folder, name string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// together looks at the two files before anything is made again: the watermark
// and the alerts must have gone back to the same moment. It returns how many
// deliveries are applied.
func together(t *testing.T, folder string, miss func(string, ...any)) (applied int64) {
	t.Helper()
	db, in := attach(t, folder, "yagura.db"), attach(t, folder, "deliveries.db")
	defer db.Close()
	defer in.Close()
	for name, f := range map[string]*sql.DB{"yagura.db": db, "deliveries.db": in} {
		var verdict string
		if err := f.QueryRow(`PRAGMA integrity_check`).Scan(&verdict); err != nil || verdict != "ok" {
			miss("%s is damaged: %s %v", name, verdict, err)
			return 0
		}
	}
	var tables int
	if err := db.QueryRow(`SELECT count(*) FROM sqlite_master WHERE name IN ('meta', 'outcome', 'audit')`).Scan(&tables); err != nil || tables < 3 {
		return 0 // cut before there were tables
	}
	if number(t, in, miss, `SELECT count(*) FROM sqlite_master WHERE name = 'delivery'`) == 0 {
		return 0
	}
	mark := number(t, db, miss, `SELECT value FROM meta WHERE name = 'watermark'`)
	below := number(t, in, miss, `SELECT count(*) FROM delivery WHERE id <= $1`, mark)
	for what, query := range map[string]string{
		"outcomes":    `SELECT count(*) FROM outcome`,
		"occurrences": `SELECT (SELECT count(*) FROM alert) + (SELECT count(*) FROM sighting)`,
		"counted":     `SELECT coalesce(sum(count), 0) FROM recurrence`,
	} {
		if n := number(t, db, miss, query); n != below {
			miss("the watermark stands after %d deliveries, but there are %d %s", below, n, what)
		}
	}
	return below
}

// count compares what is kept twice: counters, alerts, sightings, and returns how
// many alerts there are.
func count(t *testing.T, folder string, stored int, miss func(string, ...any)) int64 {
	t.Helper()
	db := attach(t, folder, "yagura.db")
	defer db.Close()
	alerts := number(t, db, miss, `SELECT count(*) FROM alert`)
	for what, c := range map[string]struct {
		query string
		want  int64
	}{
		"occurrences": {`SELECT (SELECT count(*) FROM alert) + (SELECT count(*) FROM sighting)`, int64(stored)},
		"counters":    {`SELECT coalesce(sum(n), 0) FROM tally`, alerts},
		"counters that lie": {`SELECT count(*) FROM (
			SELECT source, kind, rule, severity, disposition, sum(n) AS n FROM tally GROUP BY 1, 2, 3, 4, 5 HAVING sum(n) <> 0
			EXCEPT SELECT source, kind, rule, severity, coalesce(disposition, 0), count(*) FROM alert LEFT JOIN standing ON alert = alert.id GROUP BY 1, 2, 3, 4, 5)`, 0},
		"times seen": {`SELECT coalesce(sum(count), 0) FROM recurrence`, int64(stored)},
		"of rules":   {`SELECT coalesce(sum(alerts + sightings), 0) FROM rule_stat`, int64(stored)},
		"events":     {`SELECT count(*) FROM event`, int64(stored)},
	} {
		if n := number(t, db, miss, c.query); n != c.want {
			miss("%s: %d, not %d", what, n, c.want)
		}
	}
	return alerts
}
