package store_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"yagura/fault"
	"yagura/store"
)

func TestMigrationsAreTakenOnStartAndListed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for range 2 {
			s := w.open()
			steps, err := s.Migrations(t.Context())
			if err != nil || len(steps) == 0 {
				t.Fatalf("%v, %v", steps, err)
			}
			files := map[string]bool{}
			for _, st := range steps {
				files[st.Database] = true
				if !st.Applied || st.Version == 0 || !strings.HasSuffix(st.Name, ".sql") {
					t.Errorf("%+v", st)
				}
			}
			if s.Postgres() != files["postgres"] || s.Postgres() == files["alerts"] || s.Postgres() == files["deliveries"] {
				t.Errorf("databases %v", files)
			}
			w.close(s)
		}
	})
}

// DESK-14: a database from a newer version is refused with a sentence, and left alone.
func TestANewerDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.close(w.open())
		dbs := []*sql.DB{w.sql()}
		if w.opt.Folder != "" {
			db, err := sql.Open("sqlite", filepath.Join(w.opt.Folder, "deliveries.db"))
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			dbs = append(dbs, db)
		}
		for _, db := range dbs {
			if _, err := db.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9001, true)`); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				s, err := store.Open(t.Context(), w.opt)
				if err == nil {
					_ = s.Close()
					t.Fatal("it was opened")
				}
				if f := fault.Of(err); f.Kind != fault.Conflict || !strings.Contains(f.Message, "newer version of Yagura") || !strings.Contains(f.Message, "9001") {
					t.Errorf("%v: %s", f.Kind, f.Message)
				}
			}
			if _, err := db.ExecContext(t.Context(), `DELETE FROM goose_db_version WHERE version_id = 9001`); err != nil {
				t.Fatal(err)
			}
			w.close(w.open())
		}
	})
}

func TestAStoreThatCannotBeOpenedSaysWhy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opt  store.Options
		kind fault.Kind
	}{
		"no folder":          {store.Options{}, fault.Invalid},
		"folder is a file":   {store.Options{Folder: "/dev/null/x"}, fault.Unavailable},
		"PostgreSQL is away": {store.Options{Database: "postgres://nobody@127.0.0.1:1/none?connect_timeout=2"}, fault.Unavailable},
		"no address":         {store.Options{Database: "postgres://%zz"}, fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := store.Open(t.Context(), c.opt)
			if err == nil {
				_ = s.Close()
				t.Fatal("it was opened")
			}
			if !fault.Is(err, c.kind) {
				t.Errorf("%v, not %v: %v", fault.Of(err).Kind, c.kind, err)
			}
		})
	}
}
