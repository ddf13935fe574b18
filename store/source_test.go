package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"yagura/source"
	"yagura/store"
)

func TestSourcesComeBackAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		full := source.Source{
			ID: "a-full", Kind: "guardduty", Window: 90 * time.Minute, MayDecline: true, MaxBody: 4096, Rate: 2.5, Burst: 10,
			Auth:      source.Auth{Scheme: "hmac", SecretRef: "env:X", Header: "x-sig", Topic: "t", Audience: "u", Email: "a@example.com"},
			CreatedAt: dawn, Disabled: true, TokenHash: []byte{0, 255, 1},
		}
		bare := source.Source{ID: "b-bare", Kind: "generic", CreatedAt: dawn}
		write := func(list ...source.Source) {
			t.Helper()
			err := s.Write(context.Background(), store.Full, func(tx *store.Tx) error {
				for _, src := range list {
					if err := tx.PutSource(src); err != nil {
						return err
					}
				}
				return tx.Audit("key:x", "api", "source.create", "a-full", "")
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		check := func(want ...source.Source) {
			t.Helper()
			w.close(s)
			s = w.open()
			got, err := s.Sources(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		}
		check()
		write(bare, full)
		check(full, bare)
		full.Disabled, full.TokenHash, full.Window = false, nil, time.Hour
		write(full)
		check(full, bare)
		log, err := s.AuditLog(t.Context(), 0, 10)
		if err != nil || len(log) != 2 || log[0].Principal != "key:x" || log[0].Action != "source.create" || log[0].At.IsZero() || log[0].ID <= log[1].ID {
			t.Errorf("the audit log holds %+v, %v", log, err)
		}
		if older, err := s.AuditLog(t.Context(), log[0].ID, 10); err != nil || len(older) != 1 || older[0].ID != log[1].ID {
			t.Errorf("before %d: %+v, %v", log[0].ID, older, err)
		}
	})
}

// The event log is read by a cursor: nothing is missed, nothing comes twice.
func TestChangesAreReadInOrderWithoutGaps(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		if n, err := s.LastChange(t.Context()); err != nil || n != 0 {
			t.Errorf("an empty log ends at %d, %v", n, err)
		}
		add := func(n int) {
			t.Helper()
			err := s.Write(context.Background(), store.Rebuildable, func(tx *store.Tx) error {
				var list []store.Change
				for i := range n {
					list = append(list, store.Change{Kind: store.AlertCreated, Subject: int64(i)})
				}
				return tx.AddChanges(list...)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		// A writer's lines appear together: its reader sees whole commits.
		changed := s.Changed()
		add(3)
		select {
		case <-changed:
		default:
			t.Error("nobody was told of the commit")
		}
		add(150)
		failed := s.Write(t.Context(), store.Rebuildable, func(tx *store.Tx) error {
			_ = tx.AddChanges(store.Change{Kind: store.AlertMoved})
			return fmt.Errorf("no")
		})
		if failed == nil {
			t.Fatal("no error")
		}
		add(1)
		var after int64
		seen := 0
		for {
			list, gone, err := s.Changes(t.Context(), after, 50)
			if err != nil || gone {
				t.Fatalf("after %d: gone %v, %v", after, gone, err)
			}
			if len(list) == 0 {
				break
			}
			for _, c := range list {
				if c.ID != after+1 {
					t.Errorf("%d comes after %d", c.ID, after)
				}
				after = c.ID
				seen++
			}
		}
		if last, _ := s.LastChange(t.Context()); seen != 154 || last != after {
			t.Errorf("%d changes up to %d, the last is %d; want 154", seen, after, last)
		}
		if _, err := w.sql().ExecContext(t.Context(), `DELETE FROM change WHERE id <= 20`); err != nil {
			t.Fatal(err)
		}
		if list, gone, err := s.Changes(t.Context(), 10, 5); err != nil || !gone || len(list) != 5 || list[0].ID != 21 {
			t.Errorf("after a change that is no longer kept: %v gone %v %v", list, gone, err)
		}
		if _, gone, err := s.Changes(t.Context(), 20, 5); err != nil || gone {
			t.Errorf("after the oldest kept one's neighbour: gone %v %v", gone, err)
		}
		// A reader that saw more than there is comes from before a restore.
		if _, gone, err := s.Changes(t.Context(), 100_000, 5); err != nil || !gone {
			t.Errorf("after a change that never was: gone %v, %v", gone, err)
		}
	})
}
