// Package store keeps everything: all SQL is here, for SQLite and PostgreSQL,
// in one file per concept. It is concrete: its tests, and everybody else's, run
// on the real databases.
//
// On SQLite there are two files. deliveries.db takes messages in, every commit
// synced, and never waits for anything else; yagura.db holds what is made of
// them. Each batch of alerts commits together with a watermark, "deliveries
// applied up to here", so that whatever a crash takes from yagura.db is made
// again from deliveries.db. On PostgreSQL everything is in one database; nodes
// claim deliveries with SKIP LOCKED and write alerts one node at a time.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // the "pgx" driver
	_ "modernc.org/sqlite"             // the "sqlite" driver

	"yagura/alert"
	"yagura/fault"
)

// Options says where a store keeps its data.
type Options struct {
	Folder   string           // SQLite files live here; made where absent
	Database string           // postgres://… ; empty means SQLite in Folder
	Now      func() time.Time // the clock; nil means time.Now
	Log      *slog.Logger     // nil means slog.Default
	VFS      string           // SQLite: name of a registered file layer; tests only
	Unsynced bool             // SQLite: do not sync commits; tests only, to prove that syncing matters
}

// Store is an open database. Its methods are safe for concurrent use.
type Store struct {
	opt      Options
	postgres bool
	write    *sql.DB // alerts: one connection on SQLite
	read     *sql.DB // alerts: many connections, read only on SQLite
	inbox    *sql.DB // deliveries: one writing connection on SQLite
	outbox   *sql.DB // deliveries: many reading connections
	names    *sql.DB // words and what waits: short look-ups that must not wait for readers, who make some of them themselves

	words   words
	acceptc chan *acceptance
	closing chan struct{} // closed when the store is to close
	stopped chan struct{} // closed when nothing more is accepted
	arrived chan struct{} // capacity 1: something may be waiting to be processed
	taken   atomic.Int64  // deliveries accepted by this process
	lastID  atomic.Int64  // SQLite: last delivery number given out

	writing sync.Mutex // one writer of alerts in this process
	wconn   *conn      // SQLite: the one connection that writes alerts
	fullNow bool       // SQLite: whether wconn syncs each commit
	iconn   *conn      // SQLite: the one connection that writes deliveries; of acceptLoop

	claiming sync.Mutex // guards the three below
	claimed  int64      // SQLite: deliveries up to here are with the pipeline
	settled  int64      // SQLite: the watermark as last committed
	requeued bool       // SQLite: what waits in pending is with the pipeline

	signal signal  // closed and renewed at each commit of alerts
	broken failing // storing deliveries
	stuck  failing // writing alerts
}

// Open opens the database, brings its tables up to date and starts accepting.
// A database written by a newer version is refused.
func Open(ctx context.Context, opt Options) (*Store, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Log == nil {
		opt.Log = slog.Default()
	}
	s := &Store{
		opt:      opt,
		postgres: opt.Database != "",
		acceptc:  make(chan *acceptance, 1024),
		closing:  make(chan struct{}),
		stopped:  make(chan struct{}),
		arrived:  make(chan struct{}, 1),
	}
	s.signal.renew()
	if err := s.connect(ctx); err != nil {
		_ = s.closeDatabases()
		return nil, err
	}
	if err := s.migrate(ctx); err != nil {
		_ = s.closeDatabases()
		return nil, err
	}
	if err := s.start(ctx); err != nil {
		_ = s.closeDatabases()
		return nil, err
	}
	return s, nil
}

func (s *Store) start(ctx context.Context) error {
	if !s.postgres {
		c, err := s.write.Conn(ctx)
		if err != nil {
			return fmt.Errorf("opening the writing connection: %w", err)
		}
		s.wconn, s.fullNow = newConn(c, false), true
		if c, err = s.inbox.Conn(ctx); err != nil {
			return fmt.Errorf("opening the accepting connection: %w", err)
		}
		s.iconn = newConn(c, false)
		var last, mark int64
		if err := s.outbox.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM delivery`).Scan(&last); err != nil {
			return fmt.Errorf("reading the last delivery: %w", err)
		}
		if err := s.read.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = 'watermark'`).Scan(&mark); err != nil {
			return fmt.Errorf("reading the watermark: %w", err)
		}
		s.lastID.Store(last)
		s.claimed, s.settled = mark, mark
	}
	if err := s.words.load(ctx, s.read); err != nil {
		return err
	}
	go s.acceptLoop()
	s.Nudge()
	return nil
}

// Postgres reports whether the store stands on PostgreSQL.
func (s *Store) Postgres() bool { return s.postgres }

// Now returns the store's clock.
func (s *Store) Now() time.Time { return s.opt.Now() }

// Close stops accepting, waits for commits under way and closes the database.
func (s *Store) Close() error {
	close(s.closing)
	<-s.stopped
	s.writing.Lock()
	defer s.writing.Unlock()
	for _, c := range []*conn{s.wconn, s.iconn} {
		if c != nil {
			c.close()
		}
	}
	return s.closeDatabases()
}

func (s *Store) closeDatabases() error {
	var errs []error
	seen := map[*sql.DB]bool{nil: true}
	for _, db := range []*sql.DB{s.names, s.outbox, s.inbox, s.read, s.write} {
		if !seen[db] {
			seen[db] = true
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

func (s *Store) connect(ctx context.Context) error {
	if s.postgres {
		return s.connectPostgres(ctx)
	}
	if s.opt.Folder == "" {
		return fault.New(fault.Invalid, "no data folder is set; set YAGURA_DATA")
	}
	if err := os.MkdirAll(s.opt.Folder, 0o700); err != nil {
		return fault.Wrap(err, fault.Unavailable, "the data folder %s cannot be made", s.opt.Folder)
	}
	for _, o := range []struct {
		db     **sql.DB
		file   string
		conns  int
		writer bool
		cache  int // KiB a connection
	}{
		{&s.inbox, deliveriesFile, 1, true, 4 << 10},
		{&s.outbox, deliveriesFile, 3, false, 2 << 10},
		{&s.write, alertsFile, 1, true, 40 << 10},
		{&s.read, alertsFile, 4, false, 8 << 10},
		{&s.names, alertsFile, 1, false, 256},
	} {
		db, err := sql.Open("sqlite", s.sqliteDSN(o.file, o.writer, o.cache))
		if err != nil {
			return fmt.Errorf("opening %s: %w", o.file, err)
		}
		db.SetMaxOpenConns(o.conns)
		db.SetMaxIdleConns(o.conns)
		*o.db = db
		if o.writer {
			if err := db.PingContext(ctx); err != nil {
				return unavailable(err, "the database file %s cannot be opened", filepath.Join(s.opt.Folder, o.file))
			}
		}
	}
	return nil
}

// The files of a SQLite store, in its data folder.
const (
	deliveriesFile = "deliveries.db"
	alertsFile     = "yagura.db"
)

func (s *Store) sqliteDSN(file string, writer bool, cacheKiB int) string {
	q := url.Values{}
	q.Add("_pragma", "busy_timeout(5000)")
	q.Add("_pragma", fmt.Sprintf("cache_size(-%d)", cacheKiB))
	q.Add("_pragma", "temp_store(memory)")
	if writer {
		q.Add("_pragma", "journal_mode(WAL)")
		q.Add("_pragma", "wal_autocheckpoint(10000)")
		q.Add("_pragma", "journal_size_limit(134217728)") // what one long commit took is given back
		sync := "FULL"
		if s.opt.Unsynced {
			sync = "OFF"
		}
		q.Add("_pragma", "synchronous("+sync+")")
		q.Set("_txlock", "immediate")
	} else {
		q.Add("_pragma", "query_only(1)")
	}
	if s.opt.VFS != "" {
		q.Set("vfs", s.opt.VFS)
	}
	path := filepath.Join(s.opt.Folder, file)
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

func (s *Store) connectPostgres(ctx context.Context) error {
	if _, err := pgx.ParseConfig(s.opt.Database); err != nil {
		return fault.Wrap(err, fault.Invalid, "the database address is not usable; it looks like postgres://user@host:5432/name")
	}
	pool := func(conns, idle int) (*sql.DB, error) {
		db, err := sql.Open("pgx", s.opt.Database)
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "the database address is not usable; it looks like postgres://user@host:5432/name")
		}
		db.SetMaxOpenConns(conns)
		db.SetMaxIdleConns(idle)
		return db, nil
	}
	db, err := pool(16, 8)
	if err != nil {
		return err
	}
	s.write, s.read, s.outbox = db, db, db
	// Accepting waits for no reader, and neither does a look-up that is made
	// while a reader's connection is held.
	if s.inbox, err = pool(2, 2); err != nil {
		return err
	}
	if s.names, err = pool(2, 1); err != nil {
		return err
	}
	if err := db.PingContext(ctx); err != nil {
		return unavailable(err, "PostgreSQL does not answer; check YAGURA_DATABASE and that the server runs")
	}
	return nil
}

// unavailable classifies a database's refusal as a thing that may pass.
func unavailable(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	f := fault.New(fault.Unavailable, format, args...)
	f.Err, f.Retry = err, 5*time.Second
	return f
}

// Healthy reports whether the database took what it was last given, deliveries
// and alerts; the error says what went wrong. It tries a small write where it
// did not.
func (s *Store) Healthy(ctx context.Context) error {
	if err := s.broken.stillSo(ctx, s.probe); err != nil {
		return err
	}
	if err := s.stuck.stillSo(ctx, s.probeAlerts); err != nil {
		return err
	}
	var one int
	if err := s.read.QueryRowContext(ctx, `SELECT 1`).Scan(&one); err != nil {
		return unavailable(err, "the database does not answer")
	}
	return nil
}

// probe asks the accepting loop, which alone writes deliveries, for an empty
// commit that writes and takes back a row.
func (s *Store) probe(ctx context.Context) error {
	a := &acceptance{probe: true, reply: make(chan accepted, 1)}
	select {
	case s.acceptc <- a:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case r := <-a.reply:
		return r.err
	case <-s.stopped:
		return context.Canceled
	case <-ctx.Done():
		return ctx.Err()
	}
}

// probeAlerts writes a row and takes it back: SQLite does not write a row that
// stays the same. Whoever writes now will say himself how it went.
func (s *Store) probeAlerts(ctx context.Context) error {
	if !s.writing.TryLock() {
		return context.DeadlineExceeded
	}
	defer s.writing.Unlock()
	return s.writeAlone(ctx, Rebuildable, func(tx *Tx) error {
		if err := tx.exec(`INSERT INTO meta (name, value) VALUES ('probe', 0)`); err != nil {
			return err
		}
		return tx.exec(`DELETE FROM meta WHERE name = 'probe'`)
	})
}

// failing remembers why the last write of one kind could not be done.
type failing struct{ why atomic.Pointer[fault.Error] }

func (f *failing) note(err error) {
	if err == nil {
		f.why.Store(nil)
	} else if e := fault.Of(err); e.Kind == fault.Unavailable {
		f.why.Store(e)
	}
}

// stillSo returns why writes fail, unless probe finds that they no longer do.
func (f *failing) stillSo(ctx context.Context, probe func(context.Context) error) error {
	why := f.why.Load()
	if why == nil {
		return nil
	}
	if probe(ctx) != nil {
		return why
	}
	f.why.CompareAndSwap(why, nil)
	return nil
}

// Nudge tells whoever waits on Arrived that there may be work.
func (s *Store) Nudge() {
	select {
	case s.arrived <- struct{}{}:
	default:
	}
}

// Arrived has an element when deliveries may be waiting.
func (s *Store) Arrived() <-chan struct{} { return s.arrived }

// signal is a broadcast: whoever holds its channel sees it close at the next event.
type signal struct {
	mu sync.Mutex
	c  chan struct{}
}

func (g *signal) renew() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.c != nil {
		close(g.c)
	}
	g.c = make(chan struct{})
}

func (g *signal) wait() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.c
}

// Changed returns a channel that closes at this process's next commit of alerts.
// Take it before reading, so that nothing falls between.
func (s *Store) Changed() <-chan struct{} { return s.signal.wait() }

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

func firstAlertAt(t time.Time) int64 { return int64(alert.DeliveryAt(t).Alert(0)) }
