package store_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"yagura/alert"
	"yagura/store"
)

// Whoever asks for a change may hang up at any moment. The one connection that
// writes must come out of it clean, and nothing may be half done.
func TestAChangeGivenUpLeavesNothingBehind(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		ctx := context.Background()
		rounds := 400
		if w.opt.Database != "" {
			rounds = 40 // each costs a connection
		}
		for i := range rounds {
			cctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(time.Duration(rand.IntN(300))*time.Microsecond, cancel)
			_ = s.Write(cctx, store.Durability(i%2), func(tx *store.Tx) error {
				for range 3 {
					if err := tx.Audit("key:x", "api", "test", "s", ""); err != nil {
						return err
					}
				}
				return nil
			})
			cancel()
			if err := s.Write(ctx, store.Rebuildable, func(tx *store.Tx) error { return tx.AddChanges(store.Change{Kind: store.SourceChanged, Body: "x"}) }); err != nil {
				t.Fatalf("after %d changes given up: %v", i+1, err)
			}
		}
		list, err := s.AuditLog(ctx, 0, 5000)
		if err != nil || len(list)%3 != 0 {
			t.Errorf("%d lines, of three each: %v", len(list), err)
		}
	})
}

// A defect of ours must not end the program again and again on one delivery.
func TestAPanicWhileWritingIsAnError(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		acceptMany(t, s, 1)
		c := claim(t, s, 10)
		err := c.Commit(context.Background(), func(*store.Tx) error { var a *alert.Alert; a.Title = "x"; return nil })
		if err == nil {
			t.Fatal("no error")
		}
		c.Release()
		if c := claim(t, s, 10); len(c.Deliveries) != 1 {
			t.Errorf("%d deliveries wait, want 1", len(c.Deliveries))
		}
		if err := s.Write(context.Background(), store.Full, func(tx *store.Tx) error { return tx.Audit("a", "b", "c", "d", "") }); err != nil {
			t.Error(err)
		}
	})
}
