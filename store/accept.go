package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

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
	reply  chan accepted
}

type accepted struct {
	id     alert.DeliveryID
	repeat bool
	err    error
}

// acceptBatch bounds how many deliveries one commit takes.
const acceptBatch = 512

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

// acceptLoop is the one writer of deliveries in this process.
func (s *Store) acceptLoop() {
	defer close(s.stopped)
	batch := make([]*acceptance, 0, acceptBatch)
	for {
		batch = batch[:0]
		select {
		case a := <-s.acceptc:
			batch = append(batch, a)
		case <-s.closing:
			return
		}
	fill:
		for len(batch) < acceptBatch {
			select {
			case a := <-s.acceptc:
				batch = append(batch, a)
			default:
				break fill
			}
		}
		answers, err := s.storeDeliveries(batch)
		if err != nil {
			err = unavailable(err, "the delivery could not be stored; send it again")
			s.note(err)
			s.opt.Log.Error("storing deliveries failed", "error", err, "deliveries", len(batch))
		} else {
			s.note(nil)
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

func (s *Store) storeDeliveries(batch []*acceptance) ([]accepted, error) {
	ctx := context.Background()
	tx, err := s.inbox.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	next, err := s.numbers(ctx, tx, len(batch))
	if err != nil {
		return nil, err
	}
	known, err := knownKeys(ctx, tx, batch)
	if err != nil {
		return nil, err
	}
	answers := make([]accepted, len(batch))
	rows, keys, fresh := make([]any, 0, 5*len(batch)), []any(nil), []any(nil)
	for i, a := range batch {
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
	if err := insertRows(ctx, tx, `INSERT INTO delivery (id, source, header, size, body)`, 5, rows); err != nil {
		return nil, err
	}
	if err := insertRows(ctx, tx, `INSERT INTO delivery_key (key, delivery)`, 2, keys); err != nil {
		return nil, err
	}
	if s.postgres {
		if err := insertRows(ctx, tx, `INSERT INTO pending (delivery)`, 1, fresh); err != nil {
			return nil, err
		}
	}
	if err := tx.Commit(); err != nil {
		return nil, err
	}
	if !s.postgres {
		s.lastID.Store(int64(next) - 1)
	}
	return answers, nil
}

// numbers gives out n delivery numbers, the first of which it returns. They
// follow the clock, and never go back even where the clock does.
func (s *Store) numbers(ctx context.Context, tx *sql.Tx, n int) (alert.DeliveryID, error) {
	now := int64(alert.DeliveryAt(s.opt.Now()))
	if !s.postgres {
		return alert.DeliveryID(max(now, s.lastID.Load()+1)), nil
	}
	// The row stays locked until the commit: numbers become visible in order.
	var last int64
	err := tx.QueryRowContext(ctx, `UPDATE clock SET last = greatest(last + 1, $1) + $2 - 1 RETURNING last`, now, int64(n)).Scan(&last)
	if err != nil {
		return 0, fmt.Errorf("taking delivery numbers: %w", err)
	}
	return alert.DeliveryID(last - int64(n) + 1), nil
}

func knownKeys(ctx context.Context, tx *sql.Tx, batch []*acceptance) (map[string]alert.DeliveryID, error) {
	known := map[string]alert.DeliveryID{}
	var args []any
	for _, a := range batch {
		if a.key != nil {
			args = append(args, a.key)
		}
	}
	err := inChunks(args, func(list string, chunk []any) error {
		rows, err := tx.QueryContext(ctx, `SELECT key, delivery FROM delivery_key WHERE key IN (`+list+`)`, chunk...)
		if err != nil {
			return err
		}
		return each(rows, func(r *sql.Rows) error {
			var key []byte
			var id int64
			if err := r.Scan(&key, &id); err != nil {
				return err
			}
			known[string(key)] = alert.DeliveryID(id)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("looking up delivery keys: %w", err)
	}
	return known, nil
}

func insertRows(ctx context.Context, tx *sql.Tx, head string, width int, args []any) error {
	for len(args) > 0 {
		n := bulkSize(len(args) / width)
		if _, err := tx.ExecContext(ctx, bulkText(head, "", width, n), args[:n*width]...); err != nil {
			return fmt.Errorf("%s: %w", head, err)
		}
		args = args[n*width:]
	}
	return nil
}

var errNoDelivery = errors.New("no such delivery")
