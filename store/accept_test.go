package store_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yagura/alert"
	"yagura/fault"
	"yagura/source"
	"yagura/store"
)

// DESK-01: what was accepted is there, byte for byte.
func TestADeliveryIsKeptByteForByte(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		bodies := map[string][]byte{
			"JSON":          []byte(`{"a": 1 ,"a":2}` + "\n"),
			"empty":         {},
			"NUL and 0xff":  {0, 1, 0xff, 0xfe, 0},
			"half a rune":   []byte("攻撃")[:4],
			"large":         bytes.Repeat([]byte("0123456789abcdef"), 1<<16),
			"looks like an": []byte("'; DROP TABLE delivery; --"),
		}
		ids := map[string]alert.DeliveryID{}
		header := map[string]string{"content-type": "application/json", "x-odd": "\x00\xff\u2028'\""}
		for name, b := range bodies {
			ids[name] = accept(t, s, source.Delivery{Source: "edr", Header: header, Body: b})
		}
		w.close(s)
		s = w.open()
		for name, id := range ids {
			d, err := s.Delivery(t.Context(), id)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if !bytes.Equal(d.Body, bodies[name]) {
				t.Errorf("%s: the body changed", name)
			}
			if d.Source != "edr" || d.Header["content-type"] != "application/json" {
				t.Errorf("%s: source %q, headers %v", name, d.Source, d.Header)
			}
			row, err := s.DeliveryRow(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			want := store.DeliveryRow{ID: id, Source: "edr", Size: int64(len(bodies[name])), State: source.Received}
			if diff := cmp.Diff(want, row); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	})
}

// DESK-02: the same key of the same source is one delivery, however many send
// it at once.
func TestTheSameKeyIsOneDelivery(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		const senders, keys = 16, 8
		var mu sync.Mutex
		got := map[string]map[alert.DeliveryID]int{}
		firsts := 0
		var wg sync.WaitGroup
		for range senders {
			wg.Go(func() {
				for k := range keys {
					key := fmt.Sprintf("key %d", k)
					id, repeat, err := s.Accept(context.Background(), source.Delivery{Source: "edr", Key: key, Body: []byte(key)})
					mu.Lock()
					if err != nil {
						t.Error(err)
					} else if got[key] == nil {
						got[key] = map[alert.DeliveryID]int{}
					}
					got[key][id]++
					if !repeat {
						firsts++
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		for key, ids := range got {
			if len(ids) != 1 {
				t.Errorf("%s became %d deliveries", key, len(ids))
			}
		}
		if firsts != keys {
			t.Errorf("%d senders were told that theirs is the first; want %d", firsts, keys)
		}
		page, err := s.ListDeliveries(t.Context(), store.DeliveryFilter{})
		if err != nil || len(page.Items) != keys {
			t.Errorf("%d deliveries are stored, %v; want %d", len(page.Items), err, keys)
		}

		w.close(s)
		s = w.open()
		id, repeat, err := s.Accept(t.Context(), source.Delivery{Source: "edr", Key: "key 3"})
		first := slices.Collect(maps.Keys(got["key 3"]))[0]
		if err != nil || !repeat || id != first {
			t.Errorf("after a restart: %v %v %v; want %v, a repeat", id, repeat, err, first)
		}
		if other, repeat, err := s.Accept(t.Context(), source.Delivery{Source: "fw", Key: "key 3"}); err != nil || repeat || other == first {
			t.Errorf("another source's key: %v %v %v", other, repeat, err)
		}
		for range 2 {
			if _, repeat, err := s.Accept(t.Context(), source.Delivery{Source: "edr"}); err != nil || repeat {
				t.Errorf("without a key: %v %v", repeat, err)
			}
		}
	})
}

// DESK-01: ids sort by arrival and say when that was, whatever the clock does.
func TestDeliveryNumbersGrowEvenWhenTheClockGoesBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		var last alert.DeliveryID
		next := func(what string) {
			t.Helper()
			id := accept(t, s, source.Delivery{Source: "edr"})
			if id <= last {
				t.Errorf("%s: %v comes after %v", what, id, last)
			}
			last = id
		}
		next("first")
		if d := last.Time().Sub(dawn).Abs(); d > time.Millisecond {
			t.Errorf("the id says %s, the clock said %s", last.Time(), dawn)
		}
		next("the same tick")
		w.pass(-time.Hour)
		next("an hour back")
		w.close(s)
		s = w.open()
		next("an hour back, after a restart")
		w.pass(2 * time.Hour)
		next("on again")
		if d := last.Time().Sub(dawn.Add(time.Hour)).Abs(); d > time.Millisecond {
			t.Errorf("the id says %s", last.Time())
		}
	})
}

func TestNothingIsAcceptedOnceTheStoreCloses(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		w.close(s)
		if _, _, err := s.Accept(t.Context(), source.Delivery{Source: "edr"}); !fault.Is(err, fault.Unavailable) {
			t.Errorf("after closing: %v", err)
		}
	})
}

func TestAcceptGivesUpWithItsCaller(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		// It may win the race and be stored; it may not fail otherwise.
		if _, _, err := s.Accept(ctx, source.Delivery{Source: "edr"}); err != nil && !fault.Is(err, fault.Unavailable) {
			t.Errorf("%v", err)
		}
	})
}

// DESK-05: what is listed is what came, by state and source, page by page.
func TestDeliveriesAreListedByStateAndSource(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		states := []source.State{source.Received, source.Processed, source.Failed, source.Discarded}
		want := map[string][]alert.DeliveryID{} // newest first
		var all []alert.DeliveryID
		for i := range 40 {
			w.pass(time.Second)
			src := []string{"edr", "fw"}[i%2]
			all = append(all, accept(t, s, source.Delivery{Source: src, Body: []byte(strings.Repeat("x", i))}))
		}
		var outcomes []source.Outcome
		for i, id := range slices.Backward(all) {
			st, src := states[i/2%4], []string{"edr", "fw"}[i%2]
			if st != source.Received {
				outcomes = append(outcomes, source.Outcome{Delivery: id, State: st, Reason: "because", Alerts: i})
			}
			for _, key := range []string{"/", string(st) + "/", "/" + src, string(st) + "/" + src} {
				want[key] = append(want[key], id)
			}
		}
		if err := s.Write(t.Context(), store.Full, func(tx *store.Tx) error { return tx.SaveOutcomes(outcomes) }); err != nil {
			t.Fatal(err)
		}
		for _, st := range append(states, "") {
			for _, src := range []string{"", "edr", "fw", "nobody"} {
				for _, limit := range []int{1, 3, 7, 500} {
					var got []alert.DeliveryID
					f := store.DeliveryFilter{State: st, Source: src, Limit: limit}
					for {
						page, err := s.ListDeliveries(t.Context(), f)
						if err != nil {
							t.Fatal(err)
						}
						for _, r := range page.Items {
							got = append(got, r.ID)
							if st != "" && r.State != st || src != "" && r.Source != src {
								t.Errorf("%s %q holds %+v", st, src, r)
							}
							if r.State != source.Received && r.Reason != "because" {
								t.Errorf("%v has no reason", r.ID)
							}
						}
						if len(page.Items) > limit {
							t.Errorf("a page of %d has %d", limit, len(page.Items))
						}
						if f.Cursor = page.Next; f.Cursor == "" {
							break
						}
					}
					if diff := cmp.Diff(want[string(st)+"/"+src], got); diff != "" {
						t.Errorf("state %q source %q limit %d: %s", st, src, limit, diff)
					}
				}
			}
		}
		from, to := all[10].Time(), all[20].Time()
		page, err := s.ListDeliveries(t.Context(), store.DeliveryFilter{From: from, To: to})
		if err != nil || len(page.Items) != 10 || page.Items[0].ID != all[19] || page.Items[9].ID != all[10] {
			t.Errorf("from %s to %s: %d deliveries, %v", from, to, len(page.Items), err)
		}
		waiting, failed, err := s.DeliveryCounts(t.Context())
		if err != nil || waiting != 40 || failed != 10 {
			// All 40 wait: outcomes alone do not end a claim.
			t.Errorf("%d waiting, %d failed, %v", waiting, failed, err)
		}
		for _, f := range []store.DeliveryFilter{{Limit: -1}, {Limit: store.MaxLimit + 1}, {State: "gone"}, {Cursor: "?"}, {Cursor: "AAAA"}} {
			if _, err := s.ListDeliveries(t.Context(), f); !fault.Is(err, fault.Invalid) {
				t.Errorf("%+v: %v", f, err)
			}
		}
		if _, err := s.DeliveryRow(t.Context(), 42); !fault.Is(err, fault.NotFound) {
			t.Errorf("no such delivery: %v", err)
		}
		if _, err := s.Delivery(t.Context(), 42); !fault.Is(err, fault.NotFound) {
			t.Errorf("no such delivery: %v", err)
		}
	})
}
