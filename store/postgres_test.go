package store_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"yagura/alert"
	"yagura/fault"
	"yagura/source"
	"yagura/store"
	"yagura/test/pg"
)

// twoNodes opens one PostgreSQL database twice.
func twoNodes(t *testing.T) (w *world, a, b *store.Store) {
	w = newWorld(t, store.Options{Database: pg.New(t)})
	return w, w.open(), w.open()
}

// FEED-18: two nodes share the work; no delivery is with both.
func TestClaimsOfTwoNodesAreDisjoint(t *testing.T) {
	t.Parallel()
	_, a, b := twoNodes(t)
	all := acceptMany(t, a, 6)
	all = append(all, acceptMany(t, b, 4)...)
	slices.Sort(all)
	ca := claim(t, a, 3)
	cb := claim(t, b, 100)
	wantIDs(t, "the first node's", ids(ca), all[:3])
	wantIDs(t, "the second node's", ids(cb), all[3:])
	third := claim(t, b, 100)
	wantIDs(t, "a third claim", ids(third), nil)
	third.Release()
	// They may be committed in any order.
	settle(t, cb, source.Processed)
	settle(t, ca, source.Processed)
	for _, s := range []*store.Store{a, b} {
		if n, _, err := s.DeliveryCounts(t.Context()); err != nil || n != 0 {
			t.Errorf("%d wait, %v", n, err)
		}
		if row, err := s.DeliveryRow(t.Context(), all[9]); err != nil || row.State != source.Processed {
			t.Errorf("%+v, %v", row, err)
		}
	}
}

// FEED-18: what a dead node had claimed is taken up by another at once, and
// nothing of what it had begun stays.
func TestTheWorkOfADeadNodeIsTakenUp(t *testing.T) {
	t.Parallel()
	w, a, b := twoNodes(t)
	all := acceptMany(t, a, 5)
	ca := claim(t, a, 3)
	db := w.sql()
	// The node dies: its connections are cut.
	if _, err := db.ExecContext(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'idle in transaction'`); err != nil {
		t.Fatal(err)
	}
	var cb *store.Claim
	for deadline := time.Now().Add(10 * time.Second); ; {
		cb = claim(t, b, 100)
		if len(cb.Deliveries) == len(all) {
			break
		}
		cb.Release()
		if time.Now().After(deadline) {
			t.Fatalf("only %d deliveries came free", len(cb.Deliveries))
		}
	}
	wantIDs(t, "the other node's", ids(cb), all)
	settle(t, cb, source.Processed)
	// The dead one comes back to life and finds that it is too late.
	err := ca.Commit(t.Context(), func(tx *store.Tx) error {
		return tx.SaveOutcomes([]source.Outcome{{Delivery: all[0], State: source.Failed}})
	})
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("the dead node's commit: %v", err)
	}
	if row, err := b.DeliveryRow(t.Context(), all[0]); err != nil || row.State != source.Processed {
		t.Errorf("%+v, %v", row, err)
	}
	acceptMany(t, a, 1) // and goes on
	if c := claim(t, a, 10); len(c.Deliveries) != 1 {
		t.Errorf("the node that came back claims %d", len(c.Deliveries))
	} else {
		c.Release()
	}
}

// Several nodes accept, process, change and read at once: everything is processed
// once, and a reader by cursor sees each change once, in order.
func TestTwoNodesWorkOnOneDatabase(t *testing.T) {
	t.Parallel()
	w, a, b := twoNodes(t)
	const each = 120
	ctx, stop := context.WithCancel(t.Context())
	var working, senders sync.WaitGroup
	for _, s := range []*store.Store{a, b} {
		working.Go(func() {
			for ctx.Err() == nil {
				c, err := s.Claim(context.Background(), 7)
				if err == nil && len(c.Deliveries) > 0 {
					err = c.Commit(context.Background(), func(tx *store.Tx) error { _, err := w.save(tx, c.Deliveries); return err })
				}
				if err != nil {
					t.Errorf("working: %v", err)
				}
				if c != nil {
					c.Release()
				}
			}
		})
		senders.Go(func() {
			for i := range each {
				w.send(s, thing(fmt.Sprint("thing ", i))) // the same from both nodes: one alert, two sightings
				if i%20 == 0 {
					if _, _, err := s.Accept(ctx, source.Delivery{Source: "edr", Key: fmt.Sprint("key ", i), Body: []byte("0")}); err != nil {
						t.Errorf("accepting: %v", err)
					}
				}
			}
		})
	}
	seen, last := 0, int64(0)
	read := func() {
		list, gone, err := b.Changes(t.Context(), last, 1000)
		if err != nil || gone {
			t.Errorf("changes after %d: gone %v, %v", last, gone, err)
		}
		for _, c := range list {
			if c.ID != last+1 {
				t.Errorf("change %d comes after %d", c.ID, last)
			}
			last = c.ID
			seen++
		}
	}
	done := make(chan struct{})
	go func() { senders.Wait(); close(done) }()
	for sending := true; sending; {
		select {
		case <-done:
			sending = false
		default:
			read()
		}
	}
	for n := 1; n > 0; {
		var err error
		if n, _, err = a.DeliveryCounts(t.Context()); err != nil {
			t.Fatal(err)
		}
		read()
	}
	stop()
	working.Wait()
	read()
	if want := 2*each + each/20; seen != want { // each/20 keys, the same from both
		t.Errorf("%d changes, want one for each of %d deliveries", seen, want)
	}
	kept, counted := counters(t, w)
	total := int64(0)
	for c, n := range counted {
		total += n
		if kept[c] != n {
			t.Errorf("%+v is counted %d, kept %d", c, n, kept[c])
		}
	}
	if total != each {
		t.Errorf("%d alerts; want %d", total, each)
	}
	page, err := a.ListAlerts(t.Context(), store.AlertFilter{Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	sightings := 0
	for _, one := range page.Items {
		sightings += one.Sightings.Count
	}
	if want := 2*each + each/20; sightings != want {
		t.Errorf("%d times seen, want %d", sightings, want)
	}
}

// A delivery may be asked for again while a node works on it: nobody waits for
// the other for ever, and it is processed.
func TestAReplayAndAClaimDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	w, a, b := twoNodes(t)
	id := w.send(a, thing("one"))
	settle(t, claim(t, a, 1), source.Failed)
	requeue := func(ctx context.Context) error {
		return b.Write(ctx, store.Full, func(tx *store.Tx) error { return tx.Requeue([]alert.DeliveryID{id}) })
	}
	if err := requeue(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := claim(t, a, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	asked := make(chan error, 1)
	go func() { asked <- requeue(ctx) }()
	err := c.Commit(ctx, func(tx *store.Tx) error { _, err := w.save(tx, c.Deliveries); return err })
	if err != nil && !fault.Is(err, fault.Unavailable) {
		t.Errorf("the claim: %v", err)
	}
	if err := <-asked; err != nil && !fault.Is(err, fault.Unavailable) {
		t.Errorf("the replay: %v", err)
	}
	if ctx.Err() != nil {
		t.Fatal("they waited for each other")
	}
	w.bring(a)
	if row, err := a.DeliveryRow(t.Context(), id); err != nil || row.State != source.Processed {
		t.Errorf("%+v, %v", row, err)
	}
	if got, err := a.Alert(t.Context(), id.Alert(0)); err != nil || got.Sightings.Count < 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

// Nodes that start together take turns in making the tables.
func TestNodesThatStartTogetherMakeTheTablesOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, store.Options{Database: pg.New(t)})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			s, err := store.Open(context.Background(), w.opt)
			if err != nil {
				t.Errorf("opening: %v", err)
				return
			}
			if err := s.Close(); err != nil {
				t.Errorf("closing: %v", err)
			}
		})
	}
	wg.Wait()
}
