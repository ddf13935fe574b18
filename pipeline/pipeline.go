// Package pipeline is the way of an alert: accept, decode, ingest, observe,
// judge, recognise, save. It is straight-line code, one function a step.
//
// A delivery is safe once Accept returns. Everything after it can crash, fail
// and be repeated: the same delivery gives the same alerts. What cannot be read
// waits as failed, in sight, with the reason; what storage cannot take now is
// tried again.
package pipeline

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"yagura/alert"
	"yagura/fault"
	"yagura/policy"
	"yagura/source"
	"yagura/store"
)

// Pipeline processes deliveries.
type Pipeline struct {
	Store    *store.Store
	Policies func() *policy.Set                    // the policies in force
	Source   func(id string) (source.Source, bool) // settings of a source
	Log      *slog.Logger
	Done     func(deliveries, alerts, sightings, failed int) // told of each commit; may be nil

	slow   slowness
	groups grouper
}

// batch is how many deliveries one commit takes at most.
const batch = 1000

// pollEvery is how often waiting work is looked for where nothing announced it:
// other nodes' deliveries on PostgreSQL, and what failed to be stored.
const pollEvery = 250 * time.Millisecond

// Accept stores a delivery and returns once it is synced to disk; see
// store.Accept. It is the one door into the pipeline.
func (p *Pipeline) Accept(ctx context.Context, d source.Delivery) (alert.DeliveryID, bool, error) {
	return p.Store.Accept(ctx, d)
}

// Run processes deliveries until ctx ends. While one claim commits the next is
// being shaped: one waits for the disk, the other for the processor.
func (p *Pipeline) Run(ctx context.Context) error {
	yieldToAccepting()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	ahead := p.ahead(ctx)
	pace := &pace{accepted: p.Store.Accepted}
	for {
		began := time.Now()
		cur := <-ahead
		if n := len(cur.shaped); n > 0 && cur.err == nil {
			ahead = p.ahead(ctx)
			if cur.err = p.commit(ctx, cur.claim, cur.shaped); cur.err == nil {
				pace.after(ctx, n, time.Since(began))
				continue
			}
			// What was claimed after it goes back first.
			(<-ahead).claim.Release()
		}
		cur.claim.Release()
		if cur.err != nil && ctx.Err() == nil {
			p.Log.Error("processing deliveries failed; trying again", "error", cur.err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-p.Store.Arrived():
		}
		ahead = p.ahead(ctx)
	}
}

// taken is a claim and what was shaped of it.
type taken struct {
	claim  *store.Claim
	shaped []shaped
	err    error
}

// ahead claims and shapes on a goroutine of its own.
func (p *Pipeline) ahead(ctx context.Context) <-chan taken {
	c := make(chan taken, 1)
	go func() {
		yieldToAccepting()
		c <- p.take(ctx)
	}()
	return c
}

func (p *Pipeline) take(ctx context.Context) (t taken) {
	if t.claim, t.err = p.Store.Claim(ctx, batch); t.err != nil {
		return t
	}
	t.shaped = p.shapeAll(ctx, t.claim.Deliveries)
	t.claim.Keep(len(t.shaped))
	t.err = ctx.Err() // a policy cut short by shutdown is no failure of the delivery
	return t
}

// Step processes one claim and returns how many deliveries it held.
func (p *Pipeline) Step(ctx context.Context) (int, error) {
	t := p.take(ctx)
	defer t.claim.Release()
	if t.err != nil || len(t.shaped) == 0 {
		return 0, t.err
	}
	if err := p.commit(ctx, t.claim, t.shaped); err != nil {
		return 0, err
	}
	return len(t.shaped), nil
}

// commit saves what came of a claim. Where the database refuses a row for good,
// each delivery is tried apart, and the one at fault waits as failed.
func (p *Pipeline) commit(ctx context.Context, claim *store.Claim, shaped []shaped) error {
	var b *store.Batch
	err := claim.Commit(ctx, func(tx *store.Tx) (err error) {
		b, err = p.file(tx, shaped)
		return err
	})
	p.filed(b, err)
	if err != nil && !fault.Is(err, fault.Unavailable) && ctx.Err() == nil {
		p.Log.Error("a batch could not be stored; trying its deliveries apart", "error", err)
		if err = p.apart(ctx, shaped); err == nil {
			claim.Release() // nothing is left to give back
		}
		return err
	}
	if err == nil {
		p.report(b)
	}
	return err
}

// file recognises, groups and saves what came of deliveries, in the transaction
// that does.
func (p *Pipeline) file(tx *store.Tx, list []shaped) (*store.Batch, error) {
	b, err := recognise(tx, list)
	if err != nil {
		return nil, err
	}
	if err := tx.MarkRenewals(b); err != nil {
		return nil, err
	}
	if err := p.groups.place(tx, b); err != nil {
		return nil, err
	}
	if err := tx.Save(b); err != nil {
		return nil, err
	}
	if err := p.groups.bind(tx); err != nil {
		return nil, err
	}
	b.LastChange, err = tx.LastChange()
	return b, err
}

// filed is told how the transaction ended.
func (p *Pipeline) filed(b *store.Batch, err error) {
	if err != nil {
		p.groups.forget()
		return
	}
	p.groups.upTo = b.LastChange
}

// apart saves deliveries one by one. The claim was rolled back; each outcome
// commits with what it made, and the claim's end follows with the next step,
// which finds them all settled.
func (p *Pipeline) apart(ctx context.Context, all []shaped) error {
	for _, one := range all {
		var b *store.Batch
		save := func(tx *store.Tx) (err error) {
			b, err = p.file(tx, []shaped{one})
			return err
		}
		err := p.Store.Write(ctx, store.Rebuildable, save)
		p.filed(b, err)
		if err != nil && !fault.Is(err, fault.Unavailable) {
			p.Log.Error("a delivery could not be stored", "delivery", one.delivery.ID, "error", err)
			one.occurrences = nil
			one.fail("its alerts could not be stored: the database refuses them")
			err = p.Store.Write(ctx, store.Rebuildable, save)
			p.filed(b, err)
		}
		if err != nil {
			return err
		}
		p.report(b)
	}
	return p.Store.Settle(ctx, deliveryIDs(all))
}

func deliveryIDs(all []shaped) []alert.DeliveryID {
	ids := make([]alert.DeliveryID, len(all))
	for i, s := range all {
		ids[i] = s.delivery.ID
	}
	return ids
}

func (p *Pipeline) report(b *store.Batch) {
	failed := 0
	for _, o := range b.Outcomes {
		if o.State == source.Failed {
			failed++
			p.Log.Warn("a delivery failed", "delivery", o.Delivery, "reason", o.Reason)
		}
	}
	if p.Done != nil {
		p.Done(len(b.Outcomes), len(b.Alerts), len(b.Sightings), failed)
	}
}

// maxShaped is after how many alerts a claim takes no further delivery: what is
// made of them is in memory at once, and commits together.
const maxShaped = 20_000

// shapeAll shapes deliveries on several processors, keeping their order. Where
// they yield very many alerts it stops after the first few deliveries.
func (p *Pipeline) shapeAll(ctx context.Context, list []source.Delivery) []shaped {
	out := make([]shaped, len(list))
	done := make([]bool, len(list))
	// One processor is left to accepting, which comes first.
	workers := max(1, min(runtime.NumCPU()-1, (len(list)+31)/32))
	var wg sync.WaitGroup
	var next, made atomic.Int64
	part := func() {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(list) || i > 0 && made.Load() >= maxShaped {
				return
			}
			out[i] = p.shape(ctx, list[i])
			done[i] = true
			made.Add(int64(len(out[i].occurrences)))
		}
	}
	for range workers - 1 {
		wg.Go(func() {
			yieldToAccepting()
			part()
		})
	}
	part()
	wg.Wait()
	if i := slices.Index(done, false); i >= 0 {
		out = out[:i]
	}
	return out
}

// Outcome returns what became of a delivery, waiting until it is settled or ctx
// ends; then it returns what is known.
func (p *Pipeline) Outcome(ctx context.Context, id alert.DeliveryID) (store.DeliveryRow, []alert.ID, error) {
	look := context.WithoutCancel(ctx)
	poll := time.NewTicker(pollEvery) // another node may settle it
	defer poll.Stop()
	for {
		changed := p.Store.Changed()
		row, err := p.Store.DeliveryRow(look, id)
		if err != nil {
			return row, nil, err
		}
		if row.State != source.Received {
			ids, err := p.Store.AlertsOf(look, id)
			return row, ids, err
		}
		select {
		case <-ctx.Done():
			return row, []alert.ID{}, nil
		case <-changed:
		case <-poll.C:
		}
	}
}

// fault's safe message, for an outcome's reason.
func reasonOf(err error) string {
	f := fault.Of(err)
	if f.Kind == fault.Internal {
		return fmt.Sprintf("internal error: %v", err)
	}
	return f.Message
}
