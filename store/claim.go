package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"yagura/alert"
	"yagura/source"
)

// Claim is a handful of deliveries that this process alone works on, until it
// commits what became of them or releases them.
type Claim struct {
	Deliveries []source.Delivery
	s          *Store
	conn       *sql.Conn // PostgreSQL: holds the rows' locks
	after      int64     // SQLite: the claim begins after this delivery
	upTo       int64     // SQLite: the watermark once committed; 0 for requeued ones
	requeued   bool      // SQLite: the deliveries were asked to be replayed
	open       bool
}

// Claim takes up to n deliveries that wait to be processed: those asked to be
// replayed first, then new ones in order of arrival. With none waiting the
// claim is empty. Claims of one process are committed in the order they were
// taken, and released in the opposite one.
func (s *Store) Claim(ctx context.Context, n int) (*Claim, error) {
	c := &Claim{s: s, open: true}
	var err error
	if s.postgres {
		err = c.takePostgres(ctx, n)
	} else {
		err = c.takeSQLite(ctx, n)
	}
	if err != nil {
		c.Release()
		return nil, storageFault(err)
	}
	return c, nil
}

func (c *Claim) takeSQLite(ctx context.Context, n int) error {
	c.s.claiming.Lock()
	defer c.s.claiming.Unlock()
	if !c.s.requeued { // else they are with the pipeline already
		ids, err := ints(c.s.names.QueryContext(ctx, `SELECT delivery FROM pending ORDER BY delivery LIMIT $1`, n))
		if err != nil {
			return fmt.Errorf("reading requeued deliveries: %w", err)
		}
		if len(ids) > 0 {
			c.requeued, c.s.requeued = true, true
			c.Deliveries, err = c.s.waiting(ctx, ids)
			return err
		}
	}
	rows, err := c.s.outbox.QueryContext(ctx, `SELECT id, source, header, body FROM delivery WHERE id > $1 ORDER BY id LIMIT $2`, c.s.claimed, n)
	if err != nil {
		return fmt.Errorf("reading new deliveries: %w", err)
	}
	if c.Deliveries, _, err = scanDeliveries(rows, claimBytes); err != nil {
		return err
	}
	if k := len(c.Deliveries); k > 0 {
		c.after = c.s.claimed
		c.upTo = int64(c.Deliveries[k-1].ID)
		c.s.claimed = c.upTo
	}
	return nil
}

func (c *Claim) takePostgres(ctx context.Context, n int) (err error) {
	if c.conn, err = c.s.write.Conn(ctx); err != nil {
		return err
	}
	if _, err = c.conn.ExecContext(ctx, beginPostgres); err != nil {
		return err
	}
	// Locked now, deleted with the commit: a row deleted this early would make
	// whoever asks for a replay wait for the claim, and the claim for him.
	ids, err := ints(c.conn.QueryContext(ctx, `SELECT delivery FROM pending ORDER BY delivery LIMIT $1 FOR UPDATE SKIP LOCKED`, n))
	if err != nil {
		return fmt.Errorf("claiming deliveries: %w", err)
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	c.Deliveries, err = c.s.waiting(ctx, ids)
	return err
}

// Keep shortens the claim to its first n deliveries, at least one. The others
// wait as before. It is called before the next claim is taken.
func (c *Claim) Keep(n int) {
	if n >= len(c.Deliveries) {
		return
	}
	c.Deliveries = c.Deliveries[:n]
	if c.upTo > 0 {
		c.s.claiming.Lock()
		defer c.s.claiming.Unlock()
		c.upTo = int64(c.Deliveries[n-1].ID)
		c.s.claimed = c.upTo
	}
}

// Commit writes what became of the claim's deliveries: fn's work and the claim
// end together, or not at all. After an error the deliveries wait as before.
func (c *Claim) Commit(ctx context.Context, fn func(*Tx) error) error {
	settled := func(tx *Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return c.settle(tx)
	}
	if !c.s.postgres {
		err := c.s.Write(ctx, Rebuildable, settled)
		if err == nil {
			c.open = false
			c.end(func() { c.s.settled = max(c.s.settled, c.upTo) })
		}
		return err
	}
	c.s.writing.Lock()
	defer c.s.writing.Unlock()
	c.open = false
	defer c.conn.Close()
	return c.s.finish(ctx, newConn(c.conn, true), settled)
}

func (c *Claim) settle(tx *Tx) error {
	if c.upTo > 0 {
		if !c.inOrder() {
			return errors.New("a claim is committed before the one taken before it")
		}
		return tx.exec(`UPDATE meta SET value = max(value, $1) WHERE name = 'watermark'`, c.upTo)
	}
	args := make([]any, len(c.Deliveries))
	for i, d := range c.Deliveries {
		args[i] = int64(d.ID)
	}
	return inChunks(args, func(list string, chunk []any) error {
		return tx.exec(`DELETE FROM pending WHERE delivery IN (`+list+`)`, chunk...)
	})
}

// inOrder reports whether everything before the claim is settled: the watermark
// must not pass deliveries that nobody has processed.
func (c *Claim) inOrder() bool {
	c.s.claiming.Lock()
	defer c.s.claiming.Unlock()
	return c.after <= c.s.settled
}

// end notes that the claim is over, and where the next one is to start.
func (c *Claim) end(move func()) {
	c.s.claiming.Lock()
	defer c.s.claiming.Unlock()
	if c.requeued {
		c.s.requeued = false
	}
	move()
}

// Release gives back a claim that was not committed; a nil one and one that
// ended already are left alone.
func (c *Claim) Release() {
	if c == nil || !c.open {
		return
	}
	c.open = false
	if c.conn != nil {
		_, _ = c.conn.ExecContext(context.Background(), `ROLLBACK`)
		c.conn.Close()
		return
	}
	c.end(func() {
		// Where its deliveries were settled apart, a later claim may hold what
		// comes after them: that stays claimed.
		if c.upTo > c.s.settled {
			c.s.claimed = max(c.s.settled, min(c.s.claimed, c.after))
		}
	})
}

// waiting reads deliveries to be claimed, in order, as many as claimBytes
// allows. One that is gone is unreadable: else it would wait for ever, before
// all others.
func (s *Store) waiting(ctx context.Context, ids []int64) ([]source.Delivery, error) {
	list, full, err := s.deliveriesOf(ctx, ids, claimBytes)
	if err != nil {
		return nil, err
	}
	found := make(map[alert.DeliveryID]bool, len(list))
	for _, d := range list {
		found[d.ID] = true
	}
	read := len(list)
	for _, id := range ids {
		d := alert.DeliveryID(id)
		if full && d > list[read-1].ID {
			break
		}
		if !found[d] {
			list = append(list, source.Delivery{ID: d, Unreadable: "it is not among the stored deliveries"})
		}
	}
	if len(list) > read {
		slices.SortFunc(list, func(a, b source.Delivery) int { return cmp.Compare(a.ID, b.ID) })
	}
	return list, nil
}

// deliveriesOf reads the deliveries of ids, which are sorted, until they hold
// more than room bytes; full says that it stopped there.
func (s *Store) deliveriesOf(ctx context.Context, ids []int64, room int) (list []source.Delivery, full bool, err error) {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	err = inChunks(args, func(in string, chunk []any) error {
		if full {
			return nil
		}
		rows, err := s.outbox.QueryContext(ctx, `SELECT id, source, header, body FROM delivery WHERE id IN (`+in+`) ORDER BY id`, chunk...)
		if err != nil {
			return err
		}
		var part []source.Delivery
		if part, full, err = scanDeliveries(rows, room); err != nil {
			return err
		}
		for _, d := range part {
			room -= len(d.Body)
		}
		list = append(list, part...)
		return nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("reading deliveries: %w", err)
	}
	return list, full, nil
}

// claimBytes bounds the bodies of one claim, all but the last: they are in
// memory at once, with what is made of them.
const claimBytes = 8 << 20

var errFull = errors.New("enough was read")

// scanDeliveries reads rows until their bodies hold more than room bytes; full
// says that it stopped there. What cannot be unpacked is a delivery too: it must
// not keep others from being read.
func scanDeliveries(rows *sql.Rows, room int) (list []source.Delivery, full bool, err error) {
	err = each(rows, func(r *sql.Rows) error {
		var d source.Delivery
		var id int64
		var header string
		var body []byte
		if err := r.Scan(&id, &d.Source, &header, &body); err != nil {
			return err
		}
		d.ID = alert.DeliveryID(id)
		if header != "{}" {
			if err := json.Unmarshal([]byte(header), &d.Header); err != nil {
				d.Unreadable = fmt.Sprintf("its stored headers cannot be read: %v", err)
			}
		}
		var err error
		if d.Body, err = decompress(body); err != nil {
			d.Unreadable = fmt.Sprintf("its stored body cannot be read: %v", err)
		}
		list = append(list, d)
		if room -= len(d.Body); room < 0 {
			return errFull
		}
		return nil
	})
	if errors.Is(err, errFull) {
		return list, true, nil
	}
	return list, false, err
}

func ints(rows *sql.Rows, err error) ([]int64, error) {
	if err != nil {
		return nil, err
	}
	var list []int64
	err = each(rows, func(r *sql.Rows) error {
		var n int64
		if err := r.Scan(&n); err != nil {
			return err
		}
		list = append(list, n)
		return nil
	})
	return list, err
}

// Settle ends the claim of deliveries whose outcomes were committed apart from
// it, the oldest waiting ones.
func (s *Store) Settle(ctx context.Context, ids []alert.DeliveryID) error {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = int64(id)
	}
	var last int64
	err := s.Write(ctx, Rebuildable, func(tx *Tx) error {
		query := `DELETE FROM pending WHERE delivery IN (%s)`
		if s.postgres { // another node may have claimed them meanwhile: it ends them itself
			query = `DELETE FROM pending WHERE delivery IN (SELECT delivery FROM pending WHERE delivery IN (%s) FOR UPDATE SKIP LOCKED)`
		}
		err := inChunks(args, func(list string, chunk []any) error {
			return tx.exec(fmt.Sprintf(query, list), chunk...)
		})
		if err != nil || s.postgres || len(ids) == 0 {
			return err
		}
		var mark int64
		rows, err := tx.conn.query(tx.ctx, `SELECT value FROM meta WHERE name = 'watermark'`)
		if err != nil {
			return err
		}
		if err := each(rows, func(r *sql.Rows) error { return r.Scan(&mark) }); err != nil {
			return err
		}
		// Requeued deliveries lie below the watermark; new ones move it.
		if last = int64(ids[len(ids)-1]); last > mark {
			return tx.exec(`UPDATE meta SET value = $1 WHERE name = 'watermark'`, last)
		}
		return nil
	})
	if err == nil {
		s.claiming.Lock()
		s.settled = max(s.settled, last) // so that releasing the claim does not bring them back
		s.claiming.Unlock()
	}
	return err
}
