package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yagura/alert"
	"yagura/fault"
	"yagura/source"
	"yagura/store"
)

func claim(t *testing.T, s *store.Store, n int) *store.Claim {
	t.Helper()
	c, err := s.Claim(context.Background(), n)
	if err != nil {
		t.Fatalf("claiming: %v", err)
	}
	t.Cleanup(c.Release)
	return c
}

func ids(c *store.Claim) []alert.DeliveryID {
	var list []alert.DeliveryID
	for _, d := range c.Deliveries {
		list = append(list, d.ID)
	}
	return list
}

func settle(t *testing.T, c *store.Claim, state source.State) {
	t.Helper()
	err := c.Commit(context.Background(), func(tx *store.Tx) error {
		var out []source.Outcome
		for _, d := range c.Deliveries {
			out = append(out, source.Outcome{Delivery: d.ID, State: state})
		}
		return tx.SaveOutcomes(out)
	})
	if err != nil {
		t.Fatalf("committing: %v", err)
	}
}

func acceptMany(t *testing.T, s *store.Store, n int) (list []alert.DeliveryID) {
	t.Helper()
	for i := range n {
		list = append(list, accept(t, s, source.Delivery{Source: "edr", Body: fmt.Appendf(nil, "message %d", i)}))
	}
	return list
}

func wantIDs(t *testing.T, what string, got, want []alert.DeliveryID) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: %s", what, diff)
	}
}

func TestClaimsComeInOrderOfArrival(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		if c := claim(t, s, 10); len(c.Deliveries) != 0 {
			t.Errorf("an empty store gives %d deliveries", len(c.Deliveries))
		} else {
			c.Release()
		}
		all := acceptMany(t, s, 7)
		c := claim(t, s, 3)
		wantIDs(t, "first claim", ids(c), all[:3])
		if string(c.Deliveries[2].Body) != "message 2" {
			t.Errorf("body %q", c.Deliveries[2].Body)
		}
		settle(t, c, source.Processed)
		c = claim(t, s, 100)
		wantIDs(t, "second claim", ids(c), all[3:])
		settle(t, c, source.Processed)
		c = claim(t, s, 100)
		wantIDs(t, "third claim", ids(c), nil)
		c.Release()
		if n, _, err := s.DeliveryCounts(t.Context()); err != nil || n != 0 {
			t.Errorf("%d wait, %v", n, err)
		}
	})
}

// DESK-01: what a crash interrupts is taken up again, and nothing of it stays.
func TestAClaimThatWasNotCommittedIsClaimedAgain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		all := acceptMany(t, s, 5)
		settle(t, claim(t, s, 2), source.Processed)

		c := claim(t, s, 2)
		c.Release()
		c.Release()
		c = claim(t, s, 2)
		wantIDs(t, "after a release", ids(c), all[2:4])

		broken := errors.New("broken")
		err := c.Commit(t.Context(), func(tx *store.Tx) error {
			if err := tx.SaveOutcomes([]source.Outcome{{Delivery: all[2], State: source.Processed}}); err != nil {
				return err
			}
			return broken
		})
		if !errors.Is(err, broken) {
			t.Errorf("the commit says %v", err)
		}
		c.Release()
		if row, err := s.DeliveryRow(t.Context(), all[2]); err != nil || row.State != source.Received {
			t.Errorf("a commit that failed left %+v, %v", row, err)
		}
		c = claim(t, s, 2)
		wantIDs(t, "after a commit that failed", ids(c), all[2:4])
		c.Release()
		w.close(s)
		s = w.open()
		select {
		case <-s.Arrived():
		default:
			t.Error("a store that opens does not say that there may be work")
		}
		c = claim(t, s, 100)
		wantIDs(t, "after a restart", ids(c), all[2:])
		settle(t, c, source.Failed)
		w.close(s)
		s = w.open()
		c = claim(t, s, 100)
		wantIDs(t, "after all were settled", ids(c), nil)
		c.Release()
	})
}

// DESK-05: failed deliveries are processed again when asked, discarded ones are not.
func TestRequeuedDeliveriesAreClaimedAgain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		all := acceptMany(t, s, 6)
		settle(t, claim(t, s, 5), source.Failed) // the sixth waits
		requeue := func(list ...alert.DeliveryID) {
			t.Helper()
			if err := s.Write(context.Background(), store.Full, func(tx *store.Tx) error { return tx.Requeue(list) }); err != nil {
				t.Fatal(err)
			}
		}
		requeue(all[3], all[1])
		requeue(all[1], all[0])
		if row, _ := s.DeliveryRow(t.Context(), all[1]); row.State != source.Received || row.Reason == "" {
			t.Errorf("a requeued delivery is %+v", row)
		}
		if n, _, err := s.DeliveryCounts(t.Context()); err != nil || n != 4 {
			t.Errorf("%d wait, %v; want 4", n, err)
		}
		discard := func(id alert.DeliveryID) error {
			return s.Write(t.Context(), store.Full, func(tx *store.Tx) error { return tx.Discard([]alert.DeliveryID{id}, "noise") })
		}
		if err := discard(all[2]); err != nil {
			t.Fatal(err)
		}
		if err := discard(all[0]); !fault.Is(err, fault.Conflict) {
			t.Errorf("discarding one that waits: %v", err)
		}
		w.close(s)
		s = w.open()
		var got []alert.DeliveryID
		for {
			c := claim(t, s, 1)
			if len(c.Deliveries) == 0 {
				c.Release()
				break
			}
			got = append(got, ids(c)...)
			settle(t, c, source.Processed)
		}
		slices.Sort(got)
		wantIDs(t, "claimed", got, []alert.DeliveryID{all[0], all[1], all[3], all[5]})
		row, err := s.DeliveryRow(t.Context(), all[2])
		if err != nil || row.State != source.Discarded || row.Reason != "noise" {
			t.Errorf("a discarded delivery is %+v, %v", row, err)
		}
		if row, _ := s.DeliveryRow(t.Context(), all[4]); row.State != source.Failed {
			t.Errorf("one that nobody touched is %+v", row)
		}
	})
}

// Outcomes that were committed apart end the claim: what came after goes on.
func TestSettledDeliveriesAreNotClaimedAgain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		all := acceptMany(t, s, 4)
		c := claim(t, s, 2)
		err := c.Commit(t.Context(), func(*store.Tx) error { return errors.New("refused for good") })
		if err == nil {
			t.Fatal("the commit succeeded")
		}
		if err := s.Settle(t.Context(), all[:2]); err != nil {
			t.Fatal(err)
		}
		c.Release()
		c = claim(t, s, 10)
		wantIDs(t, "claimed", ids(c), all[2:])
		c.Release()
		// Two claims in flight: releasing the later leaves the earlier alone.
		first := claim(t, s, 1)
		second := claim(t, s, 1)
		wantIDs(t, "the second of two", ids(second), all[3:])
		second.Release()
		settle(t, first, source.Processed)
		second = claim(t, s, 1)
		wantIDs(t, "after the second was released", ids(second), all[3:])
		second.Release()
	})
}

// SQLite's watermark says "everything up to here": a claim that overtakes the one
// before it would hide that one's deliveries for ever.
func TestAClaimDoesNotOvertakeTheOneBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, store.Options{Folder: t.TempDir()})
	s := w.open()
	all := acceptMany(t, s, 6)
	first, second := claim(t, s, 2), claim(t, s, 2)
	if err := second.Commit(t.Context(), func(*store.Tx) error { return nil }); err == nil {
		t.Error("the second claim was committed before the first")
	}
	first.Release() // in the wrong order
	second.Release()
	c := claim(t, s, 10)
	wantIDs(t, "claimed", ids(c), all)
	settle(t, c, source.Processed)
	if n, _, err := s.DeliveryCounts(t.Context()); err != nil || n != 0 {
		t.Errorf("%d wait, %v", n, err)
	}
}
