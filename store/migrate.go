package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"

	"yagura/fault"
)

//go:embed migrations
var migrations embed.FS

// Migration is one step of a database's tables and whether it was taken.
type Migration struct {
	Database string // "alerts", "deliveries" or "postgres"
	Version  int64
	Name     string
	Applied  bool
}

type migrated struct {
	name    string
	db      *sql.DB
	dialect goose.Dialect
}

func (s *Store) migrated() []migrated {
	if s.postgres {
		return []migrated{{"postgres", s.write, goose.DialectPostgres}}
	}
	return []migrated{{"deliveries", s.inbox, goose.DialectSQLite3}, {"alerts", s.write, goose.DialectSQLite3}}
}

func (m migrated) provider() (*goose.Provider, error) {
	sub, err := fs.Sub(migrations, "migrations/"+m.name)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(m.dialect, m.db, sub, goose.WithSlog(slog.New(slog.DiscardHandler)))
}

func (s *Store) migrate(ctx context.Context) error {
	if s.postgres {
		// Nodes that start together take turns.
		c, err := s.write.Conn(ctx)
		if err != nil {
			return unavailable(err, "PostgreSQL does not answer")
		}
		defer c.Close()
		if _, err := c.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, migrateLock); err != nil {
			return unavailable(err, "PostgreSQL does not answer")
		}
		defer func() { _, _ = c.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, migrateLock) }()
	}
	for _, m := range s.migrated() {
		p, err := m.provider()
		if err != nil {
			return fmt.Errorf("reading migrations of %s: %w", m.name, err)
		}
		current, target, err := p.GetVersions(ctx)
		if err != nil {
			return unavailable(err, "the database cannot be read")
		}
		if current > target {
			return fault.New(fault.Conflict, "the %s database was written by a newer version of Yagura (its tables are at step %d, this program knows %d); start the newer version, or restore a backup", m.name, current, target)
		}
		if current == target {
			continue
		}
		if _, err := p.Up(ctx); err != nil {
			return fmt.Errorf("bringing the tables of %s up to date: %w", m.name, err)
		}
	}
	return nil
}

// Migrations lists every step of the tables and whether it was taken.
func (s *Store) Migrations(ctx context.Context) ([]Migration, error) {
	var list []Migration
	for _, m := range s.migrated() {
		// The writing connections are taken while the store is open.
		if !s.postgres {
			m.db = map[string]*sql.DB{"deliveries": s.outbox, "alerts": s.read}[m.name]
		}
		p, err := m.provider()
		if err != nil {
			return nil, err
		}
		steps, err := p.Status(ctx)
		if err != nil {
			return nil, unavailable(err, "the database cannot be read")
		}
		for _, st := range steps {
			list = append(list, Migration{m.name, st.Source.Version, st.Source.Path, st.State == goose.StateApplied})
		}
	}
	return list, nil
}
