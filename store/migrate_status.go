package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"yagura/fault"
)

// MigrationStatus lists every step of the tables and whether it was taken, and
// takes none itself. Where there is no database yet, none was.
func MigrationStatus(ctx context.Context, opt Options) ([]Migration, error) {
	s := &Store{opt: opt, postgres: opt.Database != ""}
	if !s.postgres {
		_, err := os.Stat(filepath.Join(opt.Folder, alertsFile))
		if errors.Is(err, fs.ErrNotExist) {
			return s.untaken(ctx)
		}
	}
	defer func() { _ = s.closeDatabases() }()
	if err := s.connect(ctx); err != nil {
		return nil, err
	}
	for _, m := range s.migrated() {
		p, err := m.provider()
		if err != nil {
			return nil, fmt.Errorf("reading migrations of %s: %w", m.name, err)
		}
		current, target, err := p.GetVersions(ctx)
		if err != nil {
			return nil, unavailable(err, "the database cannot be read")
		}
		if current > target {
			return nil, fault.New(fault.Conflict, "the %s database was written by a newer version of Yagura (its tables are at step %d, this program knows %d)", m.name, current, target)
		}
	}
	return s.Migrations(ctx)
}

// untaken lists the steps of a SQLite database that is not there.
func (s *Store) untaken(ctx context.Context) ([]Migration, error) {
	for _, db := range []**sql.DB{&s.outbox, &s.read} {
		empty, err := sql.Open("sqlite", ":memory:")
		if err != nil {
			return nil, fmt.Errorf("opening an empty database: %w", err)
		}
		defer func() { _ = empty.Close() }()
		empty.SetMaxOpenConns(1) // each connection to :memory: is a database of its own
		*db = empty
	}
	return s.Migrations(ctx)
}
