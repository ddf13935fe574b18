package store

import (
	"context"
	"database/sql"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

// Advisory locks on PostgreSQL.
const (
	migrateLock = 7_411_001
	writeLock   = 7_411_002
)

// Durability says what a commit may leave to be made again.
type Durability int

// The durabilities.
const (
	// Rebuildable commits survive the program's death at once, and a power cut
	// only once something later was synced: the watermark goes back with them,
	// so deliveries make them again.
	Rebuildable Durability = iota
	// Full commits are synced: they hold what deliveries cannot make again.
	Full
)

// conn is one connection with its prepared statements.
type conn struct {
	c        *sql.Conn
	postgres bool
	stmts    map[string]*sql.Stmt
}

func newConn(c *sql.Conn, postgres bool) *conn {
	return &conn{c: c, postgres: postgres, stmts: map[string]*sql.Stmt{}}
}

func (c *conn) close() {
	for _, st := range c.stmts {
		st.Close()
	}
	c.c.Close()
}

// stmt prepares query once a connection. pgx keeps its own cache, so it is
// given the text.
func (c *conn) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	st, ok := c.stmts[query]
	if !ok {
		var err error
		if st, err = c.c.PrepareContext(ctx, query); err != nil {
			return nil, fmt.Errorf("preparing %q: %w", query, err)
		}
		c.stmts[query] = st
	}
	return st, nil
}

func (c *conn) exec(ctx context.Context, query string, args ...any) (int64, error) {
	plainArgs(args)
	var res sql.Result
	var err error
	if c.postgres {
		res, err = c.c.ExecContext(ctx, query, args...)
	} else {
		var st *sql.Stmt
		if st, err = c.stmt(ctx, query); err != nil { //nolint:sqlclosecheck // kept with the connection
			return 0, err
		}
		res, err = st.ExecContext(ctx, args...)
	}
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (c *conn) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	plainArgs(args)
	if c.postgres {
		return c.c.QueryContext(ctx, query, args...)
	}
	st, err := c.stmt(ctx, query) //nolint:sqlclosecheck // kept with the connection
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

// Tx is one transaction that writes alerts and what hangs on them.
type Tx struct {
	s        *Store
	conn     *conn
	ctx      context.Context
	newWords map[word]int64
}

// Write runs fn in one transaction. There is one writer at a time: in this
// process by a lock, between nodes by PostgreSQL's. Nothing in fn may reach
// the network.
func (s *Store) Write(ctx context.Context, d Durability, fn func(*Tx) error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.writeAlone(ctx, d, fn)
}

// writeAlone is Write for whoever holds the lock.
func (s *Store) writeAlone(ctx context.Context, d Durability, fn func(*Tx) error) (err error) {
	defer func() { s.stuck.note(err) }()
	if s.postgres {
		c, err := s.write.Conn(ctx)
		if err != nil {
			return unavailable(err, "PostgreSQL does not answer")
		}
		defer c.Close()
		return s.commitOn(ctx, newConn(c, true), fn)
	}
	if err := s.setSync(ctx, d); err != nil {
		return unavailable(err, "the database cannot be written")
	}
	return s.commitOn(ctx, s.wconn, fn)
}

func (s *Store) setSync(ctx context.Context, d Durability) error {
	full := d == Full
	if s.fullNow == full || s.opt.Unsynced {
		return nil
	}
	level := "NORMAL"
	if full {
		level = "FULL"
	}
	// Not given up half-way: fullNow must say what is.
	if _, err := s.wconn.c.ExecContext(context.WithoutCancel(ctx), `PRAGMA synchronous = `+level); err != nil {
		return err
	}
	s.fullNow = full
	return nil
}

func (s *Store) commitOn(ctx context.Context, c *conn, fn func(*Tx) error) (err error) {
	if err := c.begin(ctx); err != nil {
		return unavailable(err, "the database cannot be written")
	}
	return s.finish(ctx, c, fn)
}

// begin opens a transaction on c.
func (c *conn) begin(ctx context.Context) error {
	if c.postgres { // a connection given up half-way is closed
		_, err := c.exec(ctx, beginPostgres)
		return err
	}
	// SQLite's connection is kept: a BEGIN given up just as it succeeds would
	// leave its transaction open, and every later BEGIN would be refused.
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	const begin = `BEGIN IMMEDIATE`
	_, err := c.exec(ctx, begin)
	if err != nil {
		if _, open := c.exec(ctx, `ROLLBACK`); open == nil { // one whose rollback had failed
			_, err = c.exec(ctx, begin)
		}
	}
	return err
}

// beginPostgres names the level that everything here counts on, whatever the
// server's default: each statement sees what was committed before it.
const beginPostgres = `BEGIN ISOLATION LEVEL READ COMMITTED`

// finish runs fn in the transaction open on c and commits it, or rolls it back.
func (s *Store) finish(ctx context.Context, c *conn, fn func(*Tx) error) (err error) {
	done := false
	defer func() {
		if !done {
			// SQLite has rolled back by itself after some failures: no matter.
			_, _ = c.exec(context.WithoutCancel(ctx), `ROLLBACK`)
			s.stuck.note(err)
		}
	}()
	defer func() {
		if r := recover(); r != nil { // else it would end the program, again and again
			err = fmt.Errorf("panic while writing: %v\n%s", r, debug.Stack())
		}
	}()
	if s.postgres {
		if _, err := c.exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(writeLock)); err != nil {
			return unavailable(err, "the database cannot be written")
		}
	}
	tx := &Tx{s: s, conn: c, ctx: ctx}
	if err := fn(tx); err != nil {
		return storageFault(err)
	}
	if _, err := c.exec(context.WithoutCancel(ctx), `COMMIT`); err != nil {
		return unavailable(err, "the database could not commit")
	}
	done = true
	tx.keepWords()
	s.stuck.note(nil)
	s.signal.renew()
	return nil
}

func (tx *Tx) exec(query string, args ...any) error {
	_, err := tx.conn.exec(tx.ctx, query, args...)
	return err
}

// bulk inserts rows of width columns in few statements. head is "INSERT INTO t
// (a, b)", tail what follows the values, such as ON CONFLICT.
func (tx *Tx) bulk(head, tail string, width int, args []any) error {
	for len(args) > 0 {
		n := bulkSize(len(args) / width)
		if err := tx.exec(tx.bulkText(head, tail, width, n), args[:n*width]...); err != nil {
			return fmt.Errorf("%s: %w", head, err)
		}
		args = args[n*width:]
	}
	return nil
}

// bulkSize keeps the number of different statements small, so that each is
// prepared once.
func bulkSize(rows int) int {
	for _, n := range []int{64, 32, 16, 8, 4, 2} {
		if rows >= n {
			return n
		}
	}
	return 1
}

// bulkText is the statement for a number of rows. SQLite is given parameters
// without names: it looks each named one up among all before it, which for a
// statement of hundreds costs more than the rows.
func (tx *Tx) bulkText(head, tail string, width, rows int) string {
	key := bulkKey{head, tail, width, rows, tx.s.postgres}
	if text, ok := bulkTexts.Load(key); ok {
		return text.(string)
	}
	var b strings.Builder
	b.WriteString(head)
	b.WriteString(" VALUES ")
	p := 0
	for r := range rows {
		if r > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('(')
		for c := range width {
			if c > 0 {
				b.WriteByte(',')
			}
			p++
			if tx.s.postgres {
				fmt.Fprintf(&b, "$%d", p)
			} else {
				b.WriteByte('?')
			}
		}
		b.WriteByte(')')
	}
	b.WriteByte(' ')
	b.WriteString(tail)
	text, _ := bulkTexts.LoadOrStore(key, b.String())
	return text.(string)
}

type bulkKey struct {
	head, tail  string
	width, rows int
	postgres    bool
}

// bulkTexts keeps the few statements that bulk makes: bulkKey → string.
var bulkTexts sync.Map

// in runs a query whose text has one %s for a list of values, over args in
// chunks, and hands each row to scan.
func (tx *Tx) in(query string, args []any, scan func(*sql.Rows) error) error {
	return inChunks(args, func(list string, chunk []any) error {
		rows, err := tx.conn.query(tx.ctx, fmt.Sprintf(query, list), chunk...)
		if err != nil {
			return err
		}
		return each(rows, scan)
	})
}

// inChunks cuts args into few sizes of chunk and calls fn with "$1,$2,…".
func inChunks(args []any, fn func(list string, chunk []any) error) error {
	for len(args) > 0 {
		n := bulkSize(len(args))
		if err := fn(placeholders(n), args[:n]); err != nil {
			return err
		}
		args = args[n:]
	}
	return nil
}

func placeholders(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "$%d", i+1)
	}
	return b.String()
}

func each(rows *sql.Rows, scan func(*sql.Rows) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Now returns the store's clock.
func (tx *Tx) Now() time.Time { return tx.s.Now() }
