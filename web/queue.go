package web

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"strconv"
	"strings"
	"sync"
	"time"

	"yagura/fault"
	"yagura/group"
	"yagura/store"
)

// looks keeps what readers of the queue come back for: the order of lines as one
// look at it was, so that pages neither repeat nor miss a line while priorities
// move, and explanations that still hold.
type looks struct {
	mu        sync.Mutex
	taken     map[string]*look
	order     []string // of taken, oldest first
	explained map[group.ID]explanation
}

// look is the queue's order at one moment.
type look struct {
	token string
	ids   []group.ID
	note  string
	at    time.Time
}

// explanation is a group in words, as of so many alerts.
type explanation struct {
	title, why, differs string
	alerts              int
	movedAt             time.Time
}

// What is kept at most.
const (
	maxLooks        = 64
	maxExplanations = 10_000
	lookFor         = 15 * time.Minute
)

func (l *looks) explanation(g *store.Group) (explanation, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.explained[g.ID]
	return e, ok && e.alerts == g.Alerts && e.movedAt.Equal(g.MovedAt)
}

func (l *looks) keep(g *store.Group, e explanation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.explained == nil || len(l.explained) >= maxExplanations {
		l.explained = map[group.ID]explanation{}
	}
	l.explained[g.ID] = e
}

func (l *looks) put(k *look) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken == nil {
		l.taken = map[string]*look{}
	}
	var b [9]byte
	_, _ = rand.Read(b[:]) // never fails on the platforms we build for
	k.token = base64.RawURLEncoding.EncodeToString(b[:])
	l.taken[k.token], l.order = k, append(l.order, k.token)
	for len(l.order) > 0 && (len(l.order) > maxLooks || time.Since(l.taken[l.order[0]].at) > lookFor) {
		delete(l.taken, l.order[0])
		l.order = l.order[1:]
	}
}

func (l *looks) get(token string) *look {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.taken[token]
}

// look takes a look at the queue, or goes on with the one that the cursor names,
// from which line on.
func (s *Server) look(ctx context.Context, in *groupListInput) (k *look, at int, err error) {
	if in.Cursor != "" {
		token, place, _ := strings.Cut(in.Cursor, ".")
		at, err := strconv.Atoi(place)
		if err != nil || at < 0 {
			return nil, 0, fault.New(fault.Invalid, "the cursor is not one of ours; take it from next of the page before")
		}
		k := s.looks.get(token)
		if k == nil {
			return nil, 0, fault.New(fault.Invalid, "this look at the queue is over, and the queue has moved on: start again at its first page")
		}
		return k, min(at, len(k.ids)), nil
	}
	k = &look{at: time.Now()}
	f, err := in.filter(s.Store.Now())
	if err != nil {
		return nil, 0, err
	}
	if in.AlertQuery.empty() {
		more := false
		if k.ids, more, err = s.Store.Queue(ctx); err != nil {
			return nil, 0, err
		}
		if more {
			k.note = "these are the first " + strconv.Itoa(store.MaxQueue) + " lines; narrow the queue down to see others"
		}
	} else {
		page := (*store.AlertPage)(nil)
		if k.ids, page, err = s.Store.QueueMatching(ctx, f); err != nil {
			return nil, 0, err
		}
		k.note = page.Note
	}
	s.looks.put(k)
	return k, 0, nil
}

// empty reports whether the query narrows nothing.
func (q *AlertQuery) empty() bool {
	return len(q.Source)+len(q.Kind)+len(q.Severity)+len(q.Rule)+len(q.Observable)+len(q.Tag)+len(q.Technique)+len(q.Disposition) == 0 &&
		strings.TrimSpace(q.Q+q.From+q.To+q.SeenFrom+q.SeenTo) == ""
}
