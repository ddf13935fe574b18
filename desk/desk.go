// Package desk makes every change that a person, agent or program orders:
// permission, rule, save, audit and event in one transaction. Beside
// pipeline.Accept it is the only writer that doors may call.
package desk

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"yagura/alert"
	"yagura/auth"
	"yagura/fault"
	"yagura/source"
	"yagura/store"
)

// Desk makes changes on behalf of principals.
type Desk struct {
	store   *store.Store
	log     *slog.Logger
	kinds   func() []string // kinds that some policy reads
	sources atomic.Pointer[map[string]source.Source]
	reading sync.Mutex // held from reading the sources to publishing them: an older reading must not come last
	looked  time.Time  // when they were last read; guarded by reading
}

// New returns a desk over the store. kinds lists the kinds that some policy
// reads; a source of another kind is refused.
func New(ctx context.Context, st *store.Store, kinds func() []string, log *slog.Logger) (*Desk, error) {
	d := &Desk{store: st, log: log, kinds: kinds}
	return d, d.Refresh(ctx)
}

// Refresh reads the sources again; another node may have changed them.
func (d *Desk) Refresh(ctx context.Context) error {
	d.reading.Lock()
	defer d.reading.Unlock()
	return d.refresh(ctx)
}

func (d *Desk) refresh(ctx context.Context) error {
	d.looked = time.Now()
	list, err := d.store.Sources(ctx)
	if err != nil {
		return fmt.Errorf("reading sources: %w", err)
	}
	m := make(map[string]source.Source, len(list))
	for _, s := range list {
		m[s.ID] = s
	}
	d.sources.Store(&m)
	return nil
}

// Source returns a source by its id, from memory. Where several nodes share the
// database another one may have made it just now: an unknown id makes the desk
// read the sources again, a few times a second at most, so whoever asks may wait
// a moment. Nobody is told that a source is unknown by a reading older than his
// question.
func (d *Desk) Source(id string) (source.Source, bool) { return d.find(id, lookAgain) }

// SourceOfDelivery is Source for a delivery that was accepted: its source was
// there, so the sources are read again however often that was.
func (d *Desk) SourceOfDelivery(id string) (source.Source, bool) { return d.find(id, 0) }

// lookAgain is how often unknown ids of strangers may make the desk read the
// sources again.
const lookAgain = 200 * time.Millisecond

func (d *Desk) find(id string, again time.Duration) (source.Source, bool) {
	s, ok := (*d.sources.Load())[id]
	if ok || !d.store.Postgres() {
		return s, ok
	}
	asked := time.Now()
	d.reading.Lock()
	defer d.reading.Unlock()
	// Whoever held the lock may have read it, or that it is not there.
	if s, ok = (*d.sources.Load())[id]; !ok && !d.looked.After(asked) {
		time.Sleep(again - time.Since(d.looked))
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := d.refresh(ctx); err != nil {
			d.log.Error("reading sources failed", "error", err)
		}
		s, ok = (*d.sources.Load())[id]
	}
	return s, ok
}

// Sources lists every source by id.
func (d *Desk) Sources(p auth.Principal) ([]source.Source, error) {
	if err := p.May(auth.ReadSources); err != nil {
		return nil, err
	}
	m := *d.sources.Load()
	list := make([]source.Source, 0, len(m))
	for _, id := range slices.Sorted(maps.Keys(m)) {
		list = append(list, m[id])
	}
	return list, nil
}

// change runs fn in a transaction that is synced, after the permission.
func (d *Desk) change(ctx context.Context, p auth.Principal, need auth.Permission, action, subject, reason string, fn func(*store.Tx) error) error {
	if err := p.May(need); err != nil {
		return err
	}
	return d.store.Write(ctx, store.Full, func(tx *store.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return tx.Audit(p.Name, p.Door, action, subject, reason)
	})
}

// AddSource makes a source and returns it with its token, which is shown this
// once. Where token is empty and the source takes no signature of its own, one
// is made.
func (d *Desk) AddSource(ctx context.Context, p auth.Principal, s source.Source, token string) (source.Source, string, error) {
	s, err := s.Normalize()
	if err != nil {
		return s, "", err
	}
	if kinds := d.kinds(); !slices.Contains(kinds, s.Kind) {
		return s, "", fault.New(fault.Invalid, "kind %q is not known; known are %s. A policy file with \"package ingest.%s\" makes it known", s.Kind, strings.Join(kinds, ", "), s.Kind)
	}
	if _, ok := d.Source(s.ID); ok {
		return s, "", fault.New(fault.Conflict, "source %q exists already; choose another id, or rotate its token", s.ID)
	}
	switch {
	case token != "":
		s.TokenHash = auth.HashToken(token)
	case s.Auth.Scheme == "":
		token, s.TokenHash = auth.NewToken("yh_")
	}
	s.CreatedAt = d.store.Now()
	err = d.changeSource(ctx, p, "source.create", s.ID, func(_ source.Source, exists bool) (source.Source, error) {
		if exists { // another node was first
			return s, fault.New(fault.Conflict, "source %q exists already; choose another id, or rotate its token", s.ID)
		}
		return s, nil
	})
	return s, token, err
}

// changeSource writes what fn makes of a source as it is stored: others, on
// other nodes too, may have changed it since it was read into memory.
func (d *Desk) changeSource(ctx context.Context, p auth.Principal, action, id string, fn func(now source.Source, exists bool) (source.Source, error)) error {
	err := d.change(ctx, p, auth.ManageSources, action, id, "", func(tx *store.Tx) error {
		now, exists, err := tx.Source(id)
		if err != nil {
			return err
		}
		s, err := fn(now, exists)
		if err != nil {
			return err
		}
		return tx.PutSource(s)
	})
	if err != nil {
		return err
	}
	return d.Refresh(context.WithoutCancel(ctx)) // it is done, whoever hung up
}

func gone(id string) error { return fault.New(fault.NotFound, "there is no source %q", id) }

// ChangeSource writes a source's settings; its token stays, unless s has another
// than the source had.
func (d *Desk) ChangeSource(ctx context.Context, p auth.Principal, s source.Source) (source.Source, error) {
	s, err := s.Normalize()
	if err != nil {
		return s, err
	}
	old, ok := d.Source(s.ID)
	if !ok {
		return s, gone(s.ID)
	}
	keep := s.TokenHash == nil || bytes.Equal(s.TokenHash, old.TokenHash)
	err = d.changeSource(ctx, p, "source.change", s.ID, func(now source.Source, exists bool) (source.Source, error) {
		if !exists {
			return s, gone(s.ID)
		}
		if s.Kind != now.Kind {
			return s, fault.New(fault.Invalid, "a source keeps its kind: %q is a %s; make a new source", s.ID, now.Kind)
		}
		s.CreatedAt = now.CreatedAt
		if keep { // as it is now: it may have been rotated meanwhile
			s.TokenHash = now.TokenHash
		}
		return s, nil
	})
	return s, err
}

// RotateToken gives a source a new token; the old one is refused from now on.
func (d *Desk) RotateToken(ctx context.Context, p auth.Principal, id string) (token string, err error) {
	token, hash := auth.NewToken("yh_")
	err = d.changeSource(ctx, p, "source.rotate-token", id, func(now source.Source, exists bool) (source.Source, error) {
		if !exists {
			return now, gone(id)
		}
		now.TokenHash = hash
		return now, nil
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// Restore makes an alert active again that a policy declined, closed or turned
// into a notice.
func (d *Desk) Restore(ctx context.Context, p auth.Principal, id alert.ID, reason string) error {
	if reason == "" {
		reason = "restored"
	}
	return d.change(ctx, p, auth.ChangeAlerts, "alert.restore", id.String(), reason, func(tx *store.Tx) error {
		before, err := tx.SetStanding(id, alert.Standing{Disposition: alert.Active, By: p.Name, Reason: reason})
		if err != nil {
			return err
		}
		if before.Disposition == alert.Active {
			return fault.New(fault.Conflict, "%s is active already", id)
		}
		if err := tx.AddChanges(store.Change{Kind: store.AlertMoved, Subject: int64(id)}); err != nil {
			return err
		}
		return enqueue(tx, id)
	})
}

// maxAtOnce bounds one order over many deliveries.
const maxAtOnce = 1000

// Replay makes deliveries wait to be processed again; what they have made stays.
func (d *Desk) Replay(ctx context.Context, p auth.Principal, ids []alert.DeliveryID) error {
	return d.moveDeliveries(ctx, p, "delivery.replay", "", ids, (*store.Tx).Requeue)
}

// Discard gives deliveries up, with a reason; they stay listed and can be replayed.
func (d *Desk) Discard(ctx context.Context, p auth.Principal, ids []alert.DeliveryID, reason string) error {
	if reason == "" {
		return fault.New(fault.Invalid, "discarding needs a reason")
	}
	return d.moveDeliveries(ctx, p, "delivery.discard", reason, ids, func(tx *store.Tx, ids []alert.DeliveryID) error { return tx.Discard(ids, reason) })
}

func (d *Desk) moveDeliveries(ctx context.Context, p auth.Principal, action, reason string, ids []alert.DeliveryID, fn func(*store.Tx, []alert.DeliveryID) error) error {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids) // PostgreSQL writes a row once a statement
	if len(ids) == 0 || len(ids) > maxAtOnce {
		return fault.New(fault.Invalid, "name 1 to %d deliveries", maxAtOnce)
	}
	if err := p.May(auth.ChangeDelivery); err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := d.store.DeliveryRow(ctx, id); err != nil {
			return err
		}
	}
	subject := ids[0].String()
	if len(ids) > 1 {
		subject = fmt.Sprintf("%s and %d more", ids[0], len(ids)-1)
	}
	err := d.change(ctx, p, auth.ChangeDelivery, action, subject, reason, func(tx *store.Tx) error { return fn(tx, ids) })
	if err != nil {
		return err
	}
	d.store.Nudge()
	return nil
}
