package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"time"

	"yagura/alert"
	"yagura/fault"
	"yagura/source"
)

// DeliveryFilter says which deliveries to list.
type DeliveryFilter struct {
	Source   string
	State    source.State // "" is any
	From, To time.Time    // of receipt; From zero: DefaultWindow back
	Limit    int
	Cursor   string
}

// DeliveryRow is a delivery in a list: never its body.
type DeliveryRow struct {
	ID     alert.DeliveryID
	Source string
	Size   int64 // bytes as received
	State  source.State
	Reason string
	Alerts int
}

// DeliveryPage is one page of a list of deliveries, newest first.
type DeliveryPage struct {
	Items []DeliveryRow
	Next  string
}

// ListDeliveries lists deliveries, newest first, by keyset.
func (s *Store) ListDeliveries(ctx context.Context, f DeliveryFilter) (*DeliveryPage, error) {
	if f.Limit == 0 {
		f.Limit = DefaultLimit
	}
	if f.Limit < 1 || f.Limit > MaxLimit {
		return nil, fault.New(fault.Invalid, "limit %d: use 1 to %d", f.Limit, MaxLimit)
	}
	if f.State != "" && !slices.Contains(source.States(), f.State) {
		return nil, fault.New(fault.Invalid, "state %q: use received, processed, failed or discarded", f.State)
	}
	f.Source = plain(f.Source)
	if f.From.IsZero() {
		f.From = s.Now().Add(-DefaultWindow)
	}
	lo, hi := int64(alert.DeliveryAt(f.From)), int64(math.MaxInt64)
	if !f.To.IsZero() {
		hi = int64(alert.DeliveryAt(f.To))
	}
	if f.Cursor != "" {
		c, err := parseCursor(f.Cursor)
		if err != nil {
			return nil, err
		}
		hi = min(hi, c.id)
	}
	page := &DeliveryPage{Items: []DeliveryRow{}}
	// Outcomes live apart from bodies: take rows from the narrower side until
	// the page is full or the bound is met.
	for looked := 0; looked < scanBound; {
		var rows []DeliveryRow
		var err error
		if f.State != "" && f.State != source.Processed && f.State != source.Received {
			rows, err = s.byOutcome(ctx, f, lo, hi)
		} else {
			rows, err = s.byArrival(ctx, f, lo, hi)
		}
		if err != nil {
			return nil, storageFault(fmt.Errorf("listing deliveries: %w", err))
		}
		for _, r := range rows {
			hi = int64(r.ID)
			if (f.State != "" && r.State != f.State) || (f.Source != "" && r.Source != f.Source) {
				continue
			}
			if len(page.Items) == f.Limit {
				page.Next = cursor{0, int64(page.Items[f.Limit-1].ID)}.String()
				return page, nil
			}
			page.Items = append(page.Items, r)
		}
		looked += len(rows)
		if len(rows) < deliveryChunk {
			return page, nil
		}
	}
	page.Next = cursor{0, hi}.String()
	return page, nil
}

const deliveryChunk = 512

func (s *Store) byOutcome(ctx context.Context, f DeliveryFilter, lo, hi int64) ([]DeliveryRow, error) {
	// The state is written into the text so that the partial index serves.
	ids, err := ints(s.read.QueryContext(ctx, fmt.Sprintf(`SELECT delivery FROM outcome WHERE state = %d AND state <> 1 AND delivery < $1 AND delivery >= $2
		ORDER BY delivery DESC LIMIT %d`, stateNumber(f.State), deliveryChunk), hi, lo))
	if err != nil {
		return nil, err
	}
	return s.deliveryRows(ctx, ids)
}

func (s *Store) byArrival(ctx context.Context, f DeliveryFilter, lo, hi int64) ([]DeliveryRow, error) {
	w := &where{}
	if f.Source != "" {
		w.add("source = %s", f.Source)
	}
	w.add("id < %s", hi)
	w.add("id >= %s", lo)
	ids, err := ints(s.outbox.QueryContext(ctx, `SELECT id FROM delivery WHERE `+w.where()+fmt.Sprintf(` ORDER BY id DESC LIMIT %d`, deliveryChunk), w.args...))
	if err != nil {
		return nil, err
	}
	return s.deliveryRows(ctx, ids)
}

// deliveryRows reads deliveries and their outcomes, in the order of ids.
func (s *Store) deliveryRows(ctx context.Context, ids []int64) ([]DeliveryRow, error) {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	found := make(map[int64]*DeliveryRow, len(ids))
	err := inChunks(args, func(in string, chunk []any) error {
		rows, err := s.outbox.QueryContext(ctx, `SELECT id, source, size FROM delivery WHERE id IN (`+in+`)`, chunk...)
		if err != nil {
			return err
		}
		if err := each(rows, func(r *sql.Rows) error {
			d := &DeliveryRow{State: source.Received}
			var id int64
			if err := r.Scan(&id, &d.Source, &d.Size); err != nil {
				return err
			}
			d.ID = alert.DeliveryID(id)
			found[id] = d
			return nil
		}); err != nil {
			return err
		}
		rows, err = s.read.QueryContext(ctx, `SELECT delivery, state, reason, alerts FROM outcome WHERE delivery IN (`+in+`)`, chunk...)
		if err != nil {
			return err
		}
		return each(rows, func(r *sql.Rows) error {
			var id, state, n int64
			var reason string
			if err := r.Scan(&id, &state, &reason, &n); err != nil {
				return err
			}
			if d := found[id]; d != nil {
				d.State, d.Reason, d.Alerts = stateNumbers[state], reason, int(n)
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	list := make([]DeliveryRow, 0, len(ids))
	for _, id := range ids {
		if d := found[id]; d != nil {
			list = append(list, *d)
		}
	}
	return list, nil
}

// DeliveryRow returns one delivery without its body.
func (s *Store) DeliveryRow(ctx context.Context, id alert.DeliveryID) (DeliveryRow, error) {
	rows, err := s.deliveryRows(ctx, []int64{int64(id)})
	if err != nil {
		return DeliveryRow{}, storageFault(err)
	}
	if len(rows) == 0 {
		return DeliveryRow{}, fault.New(fault.NotFound, "there is no delivery %s", id)
	}
	return rows[0], nil
}

// Delivery returns one delivery with its body, byte for byte as received.
func (s *Store) Delivery(ctx context.Context, id alert.DeliveryID) (source.Delivery, error) {
	list, _, err := s.deliveriesOf(ctx, []int64{int64(id)}, math.MaxInt)
	if err != nil {
		return source.Delivery{}, storageFault(err)
	}
	if len(list) == 0 {
		return source.Delivery{}, fault.New(fault.NotFound, "there is no delivery %s", id)
	}
	if why := list[0].Unreadable; why != "" {
		return source.Delivery{}, fmt.Errorf("delivery %s: %s", id, why)
	}
	return list[0], nil
}

// DeliveryCounts returns how many deliveries wait and how many failed.
func (s *Store) DeliveryCounts(ctx context.Context) (waiting, failed int, err error) {
	if err := s.read.QueryRowContext(ctx, `SELECT count(*) FROM outcome WHERE state = 2 AND state <> 1`).Scan(&failed); err != nil {
		return 0, 0, storageFault(err)
	}
	if err := s.read.QueryRowContext(ctx, `SELECT count(*) FROM pending`).Scan(&waiting); err != nil {
		return 0, 0, storageFault(err)
	}
	if !s.postgres {
		var mark, n int64
		if err := s.read.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = 'watermark'`).Scan(&mark); err != nil {
			return 0, 0, storageFault(err)
		}
		if err := s.outbox.QueryRowContext(ctx, `SELECT count(*) FROM delivery WHERE id > $1`, mark).Scan(&n); err != nil {
			return 0, 0, storageFault(err)
		}
		waiting += int(n)
	}
	return waiting, failed, nil
}

// Requeue makes deliveries wait to be processed again.
func (tx *Tx) Requeue(ids []alert.DeliveryID) error {
	var pending []any
	outcomes := make([]source.Outcome, len(ids))
	changes := make([]Change, len(ids))
	for i, id := range ids {
		pending = append(pending, int64(id))
		outcomes[i] = source.Outcome{Delivery: id, State: source.Received, Reason: "replay asked for"}
		changes[i] = Change{Kind: DeliveryMoved, Subject: int64(id)}
	}
	if err := tx.bulk(`INSERT INTO pending (delivery)`, `ON CONFLICT DO NOTHING`, 1, pending); err != nil {
		return err
	}
	if err := tx.SaveOutcomes(outcomes); err != nil {
		return err
	}
	return tx.AddChanges(changes...)
}

// Discard gives failed deliveries up, with the reason; they stay listed and can
// be replayed. Where one of them does not stand as failed it is fault.Conflict:
// what waits or was processed is not given up.
func (tx *Tx) Discard(ids []alert.DeliveryID, reason string) error {
	outcomes := make([]source.Outcome, len(ids))
	changes := make([]Change, len(ids))
	args := make([]any, len(ids))
	for i, id := range ids {
		outcomes[i] = source.Outcome{Delivery: id, State: source.Discarded, Reason: reason}
		changes[i] = Change{Kind: DeliveryMoved, Subject: int64(id)}
		args[i] = int64(id)
	}
	failed := map[alert.DeliveryID]bool{}
	err := tx.in(`SELECT delivery, state FROM outcome WHERE delivery IN (%s)`, args, func(r *sql.Rows) error {
		var id, state int64
		if err := r.Scan(&id, &state); err != nil {
			return err
		}
		st := stateNumbers[state]
		failed[alert.DeliveryID(id)] = st == source.Failed || st == source.Discarded
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading outcomes: %w", err)
	}
	for _, id := range ids {
		if !failed[id] {
			return fault.New(fault.Conflict, "%s is not failed; only failed deliveries are discarded", id)
		}
	}
	if err := tx.SaveOutcomes(outcomes); err != nil {
		return err
	}
	return tx.AddChanges(changes...)
}
