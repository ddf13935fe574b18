package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"yagura/alert"
	"yagura/fault"
	"yagura/source"
)

// acceptance is one delivery waiting for the next commit, and its answer.
type acceptance struct {
	d      source.Delivery
	key    []byte // nil where the delivery has no idempotency key
	header string
	body   []byte // compressed
	probe  bool   // no delivery: try whether one could be stored
	reply  chan accepted
}

type accepted struct {
	id     alert.DeliveryID
	repeat bool
	err    error
}

// acceptBatch bounds how many deliveries one commit takes.
const acceptBatch = 512

// acceptTimeout bounds one commit of deliveries on PostgreSQL.
const acceptTimeout = 20 * time.Second

// Accept stores a delivery and returns once it is synced to disk. Deliveries
// that arrive together share a commit. A delivery whose key its source has used
// before is not stored again: repeat is true and id is the first one's. Where
// storage cannot take it the error is fault.Unavailable, and nothing was stored
// that anybody was told of.
func (s *Store) Accept(ctx context.Context, d source.Delivery) (id alert.DeliveryID, repeat bool, err error) {
	a := &acceptance{d: d, body: compress(d.Body), header: "{}", reply: make(chan accepted, 1)}
	if d.Key != "" {
		a.key = deliveryKey(d.Source, d.Key)
	}
	if len(d.Header) > 0 {
		h, err := json.Marshal(d.Header)
		if err != nil {
			return 0, false, fmt.Errorf("encoding the delivery's headers: %w", err)
		}
		a.header = string(h)
	}
	select {
	case s.acceptc <- a:
	case <-s.closing:
		return 0, false, fault.New(fault.Unavailable, "the system is shutting down; send it again")
	case <-ctx.Done():
		return 0, false, unavailable(ctx.Err(), "the delivery could not be stored in time; send it again")
	}
	select {
	case r := <-a.reply:
		return r.id, r.repeat, r.err
	case <-s.stopped: // it came after the last commit, or with it
		select {
		case r := <-a.reply:
			return r.id, r.repeat, r.err
		default:
			return 0, false, fault.New(fault.Unavailable, "the system is shutting down; send it again")
		}
	case <-ctx.Done():
		// It may still be stored; the sender was told nothing and will repeat it.
		return 0, false, unavailable(ctx.Err(), "the delivery could not be stored in time; send it again")
	}
}

func deliveryKey(src, key string) []byte {
	h := sha256.New()
	h.Write([]byte(src))
	h.Write([]byte{0})
	h.Write([]byte(key))
	return h.Sum(nil)[:16]
}

// Accepted returns how many deliveries this process has taken since it started.
func (s *Store) Accepted() int64 { return s.taken.Load() }

// gatherFor is how long a commit waits for as many deliveries as the last one
// held. A lone sender waits for nothing; many share a commit and its sync.
const gatherFor = 2 * time.Millisecond

// gather adds to a batch what has come meanwhile: as many as last time, unless
// they stay out for gatherFor, and whatever else is there.
func (s *Store) gather(batch []*acceptance, last int) []*acceptance {
	var patience <-chan time.Time
	for len(batch) < acceptBatch {
		select {
		case a := <-s.acceptc:
			batch = append(batch, a)
			continue
		default:
		}
		if len(batch) >= last {
			break
		}
		if patience == nil {
			patience = time.After(gatherFor)
		}
		select {
		case a := <-s.acceptc:
			batch = append(batch, a)
		case <-patience:
			last = 0
		case <-s.closing:
			last = 0
		}
	}
	return batch
}

// acceptLoop is the one writer of deliveries in this process.
func (s *Store) acceptLoop() {
	defer close(s.stopped)
	batch := make([]*acceptance, 0, acceptBatch)
	last := 1
	for {
		batch = batch[:0]
		select {
		case a := <-s.acceptc:
			batch = append(batch, a)
		case <-s.closing:
			return
		}
		batch = s.gather(batch, last)
		last = len(batch)
		answers, err := s.storeDeliveries(batch)
		if err != nil {
			err = unavailable(err, "the delivery could not be stored; send it again")
			s.broken.note(err)
			s.opt.Log.Error("storing deliveries failed", "error", err, "deliveries", len(batch))
		} else {
			s.broken.note(nil)
			s.taken.Add(int64(len(batch)))
			s.Nudge()
		}
		for i, a := range batch {
			if err != nil {
				a.reply <- accepted{err: err}
			} else {
				a.reply <- answers[i]
			}
		}
	}
}

// storeDeliveries commits a batch on the inbox's own connection, whose
// statements stay prepared: at thousands of commits a second that is half of
// their cost.
func (s *Store) storeDeliveries(batch []*acceptance) (answers []accepted, err error) {
	ctx := context.Background()
	c := s.iconn
	if s.postgres {
		// A server that stopped answering must not hold up all later ones.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, acceptTimeout)
		defer cancel()
		pc, err := s.inbox.Conn(ctx)
		if err != nil {
			return nil, err
		}
		defer pc.Close()
		c = newConn(pc, true)
	}
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	var next alert.DeliveryID
	answers, next, err = s.insertDeliveries(&Tx{s: s, conn: c, ctx: ctx}, batch)
	if err == nil {
		_, err = c.exec(ctx, `COMMIT`)
	}
	if err != nil {
		_, _ = c.exec(ctx, `ROLLBACK`)
		return nil, err
	}
	if !s.postgres {
		s.lastID.Store(int64(next) - 1)
	}
	return answers, nil
}

func (s *Store) insertDeliveries(tx *Tx, batch []*acceptance) ([]accepted, alert.DeliveryID, error) {
	next, err := s.numbers(tx, len(batch))
	if err != nil {
		return nil, 0, err
	}
	known, err := knownKeys(tx, batch)
	if err != nil {
		return nil, 0, err
	}
	answers := make([]accepted, len(batch))
	probe := []byte("probe")
	rows, keys, fresh := make([]any, 0, 5*len(batch)), []any(nil), []any(nil)
	for i, a := range batch {
		if a.probe {
			if err := tx.bulk(`INSERT INTO delivery_key (key, delivery)`, "", 2, []any{probe, int64(0)}); err != nil {
				return nil, 0, err
			}
			if err := tx.exec(`DELETE FROM delivery_key WHERE key = $1`, probe); err != nil {
				return nil, 0, err
			}
			continue
		}
		if a.key != nil {
			if id, ok := known[string(a.key)]; ok {
				answers[i] = accepted{id: id, repeat: true}
				continue
			}
		}
		id := next
		next++
		answers[i] = accepted{id: id}
		rows = append(rows, int64(id), a.d.Source, a.header, int64(len(a.d.Body)), a.body)
		fresh = append(fresh, int64(id))
		if a.key != nil {
			known[string(a.key)] = id
			keys = append(keys, a.key, int64(id))
		}
	}
	if err := tx.bulk(`INSERT INTO delivery (id, source, header, size, body)`, "", 5, rows); err != nil {
		return nil, 0, err
	}
	if err := tx.bulk(`INSERT INTO delivery_key (key, delivery)`, "", 2, keys); err != nil {
		return nil, 0, err
	}
	if s.postgres {
		err = tx.bulk(`INSERT INTO pending (delivery)`, "", 1, fresh)
	}
	return answers, next, err
}

// numbers gives out n delivery numbers, the first of which it returns. They
// follow the clock, and never go back even where the clock does.
func (s *Store) numbers(tx *Tx, n int) (alert.DeliveryID, error) {
	now := int64(alert.DeliveryAt(s.opt.Now()))
	if !s.postgres {
		return alert.DeliveryID(max(now, s.lastID.Load()+1)), nil
	}
	// The row stays locked until the commit: numbers become visible in order.
	var last int64
	rows, err := tx.conn.query(tx.ctx, `UPDATE clock SET last = greatest(last + 1, $1) + $2 - 1 RETURNING last`, now, int64(n))
	if err == nil {
		err = each(rows, func(r *sql.Rows) error { return r.Scan(&last) })
	}
	if err != nil {
		return 0, fmt.Errorf("taking delivery numbers: %w", err)
	}
	return alert.DeliveryID(last - int64(n) + 1), nil
}

func knownKeys(tx *Tx, batch []*acceptance) (map[string]alert.DeliveryID, error) {
	known := map[string]alert.DeliveryID{}
	var args []any
	for _, a := range batch {
		if a.key != nil {
			args = append(args, a.key)
		}
	}
	err := tx.in(`SELECT key, delivery FROM delivery_key WHERE key IN (%s)`, args, func(r *sql.Rows) error {
		var key []byte
		var id int64
		if err := r.Scan(&key, &id); err != nil {
			return err
		}
		known[string(key)] = alert.DeliveryID(id)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("looking up delivery keys: %w", err)
	}
	return known, nil
}
