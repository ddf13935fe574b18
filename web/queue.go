package web

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"strconv"
	"strings"
	"sync"
	"time"

	"yagura/alert"
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
	rules     map[ruleKey]pastOfRule
}

type ruleKey struct{ source, rule string }

// pastOfRule is the last conclusion on a rule of a source, if any, as of a moment.
type pastOfRule struct {
	past *store.PastConclusion
	at   time.Time
}

// rememberRule is how long the last conclusion on a rule is taken from memory:
// finding it looks at thousands of alerts.
const rememberRule = 30 * time.Second

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

// past returns what people concluded last of the like of alerts: of the same
// thing, else of the same rule and source.
func (s *Server) past(ctx context.Context, ids []alert.ID) (map[alert.ID]*GroupPast, error) {
	list, err := s.Store.Alerts(ctx, ids)
	if err != nil {
		return nil, err
	}
	prints := make([]string, len(list))
	for i, a := range list {
		prints[i] = a.Fingerprint
	}
	same, err := s.Store.PastConclusions(ctx, prints)
	if err != nil {
		return nil, err
	}
	out := map[alert.ID]*GroupPast{}
	for _, a := range list {
		if p, ok := same[a.Fingerprint]; ok {
			out[a.ID] = showPast(&p, "the same thing")
			continue
		}
		p, err := s.pastOfRule(ctx, ruleKey{a.Source, a.Rule})
		if err != nil {
			return nil, err
		}
		if p != nil {
			out[a.ID] = showPast(p, "the same rule")
		}
	}
	return out, nil
}

func showPast(p *store.PastConclusion, like string) *GroupPast {
	return &GroupPast{p.Ticket.String(), p.Title, string(p.Conclusion), p.Reason, p.By, p.At, like}
}

func (s *Server) pastOfRule(ctx context.Context, k ruleKey) (*store.PastConclusion, error) {
	l := &s.looks
	l.mu.Lock()
	known, ok := l.rules[k]
	l.mu.Unlock()
	if ok && time.Since(known.at) < rememberRule {
		return known.past, nil
	}
	list, err := s.Store.PastConclusionsOfRule(ctx, k.source, k.rule, 1)
	if err != nil {
		return nil, err
	}
	found := pastOfRule{at: time.Now()}
	if len(list) > 0 {
		found.past = &list[0]
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rules == nil || len(l.rules) >= maxExplanations {
		l.rules = map[ruleKey]pastOfRule{}
	}
	l.rules[k] = found
	return found.past, nil
}

// concluded forgets what was concluded last: somebody just concluded, or took a
// conclusion back.
func (l *looks) concluded() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rules = nil
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
		var more bool
		if k.ids, more, err = s.Store.Queue(ctx); err != nil {
			return nil, 0, err
		}
		if more {
			k.note = "these are the first " + strconv.Itoa(store.MaxQueue) + " lines; narrow the queue down to see others"
		}
	} else {
		var page *store.AlertPage
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
