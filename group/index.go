package group

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"yagura/alert"
)

// maxEntries bounds how many things an index remembers, which takes about 40 MB; the
// oldest go first. A day of 20,000 alerts names fewer; a storm of things never seen
// again shortens the memory while it lasts.
const maxEntries = 120_000

// Index remembers which group each thing was last seen in. It is not safe for
// concurrent use: one writer of alerts holds it.
//
// A thing is remembered for a day after an alert named it last, by the time of
// receipt, so that a replay of old alerts groups as it would have then. Distances
// are by the product's clock and in either direction: a late alert lands where it
// would have in order.
type Index struct {
	reader         reader
	entries        map[mark]*entry
	oldest, newest *entry // by when they were named last
	groups         map[ID]*state
	swept          int // groups that the last sweep left
	sweeps         uint32
	now            int64 // the latest receipt
	limit          int

	about      []named // of the alert at hand
	candidates []candidate
}

// state is what is known of a group.
type state struct {
	parent ID   // the group that it is part of; 0 for itself
	lone   bool // its founder is its only alert
	kept   bool
	closed bool
	sweep  uint32 // when it was last marked
}

// named is a thing of the alert at hand with what is remembered of it.
type named struct {
	*thing
	entry *entry
}

// NewIndex returns an empty index. infrastructure reports what is declared to be
// shared by many (domain controllers, gateways, scanners); nil means nothing is. It
// is asked for each observable as written and by its canonical name (a host's first
// label, a user's account name, in lower case), so it must be quick.
func NewIndex(infrastructure func(t alert.ObservableType, value string) bool) *Index {
	return &Index{
		reader: reader{infrastructure: infrastructure}, entries: map[mark]*entry{}, groups: map[ID]*state{}, limit: maxEntries,
	}
}

// Place decides where an alert belongs, and remembers it there. An alert without
// a time of the product counts as seen when it was received.
func (x *Index) Place(a *alert.Alert) Placement {
	t := x.know(a)
	x.weigh(a, t)
	at := x.choose(a)
	p := Placement{Group: x.root(Of(a.ID)), New: true} // a replay, when what it founded was merged meanwhile
	p.New = p.Group == Of(a.ID)
	if at != nil {
		p = Placement{Group: at.candidate.group, Reasons: x.reasons(a, at)}
		for _, g := range at.same {
			x.group(g).parent = p.Group
			p.Merged = append(p.Merged, g)
		}
		slices.Sort(p.Merged)
	}
	x.group(p.Group).lone = p.New
	x.remember(a, p.Group, t, at)
	return p
}

// Put remembers an alert in a group that is known already: at start, after
// another node wrote it, or because a person moved it there.
func (x *Index) Put(a *alert.Alert, g ID) {
	g = x.root(g)
	_, known := x.groups[g]
	x.group(g).lone = !known
	t := x.know(a)
	for _, n := range x.about { // a move takes with it what no other alert of the group had
		n.entry.spans = slices.DeleteFunc(n.entry.spans, func(s span) bool {
			return s.alert == a.ID && s.n == 1 && x.root(s.group) != g
		})
	}
	x.weigh(a, t)
	var at *place
	for i := range x.candidates {
		if c := &x.candidates[i]; c.group == g {
			at = &place{candidate: c, flood: c.sum() < 1 && c.flooded() >= 1}
		}
	}
	x.remember(a, g, t, at)
}

// Merge makes from part of into.
func (x *Index) Merge(into, from ID) {
	into, from = x.root(into), x.root(from)
	x.group(into).lone = false
	if into != from {
		x.group(from).parent = into
	}
}

// Keep marks a group that a person shaped (split, merged, moved into): the machine
// may add alerts to it, but never merges it with another again.
func (x *Index) Keep(g ID) { x.group(x.root(g)).kept = true }

// Close makes a group take no further alert: what people have concluded is not
// added to, and what comes after is seen anew.
func (x *Index) Close(g ID) { x.group(x.root(g)).closed = true }

// Open undoes Close: a reopened group takes alerts again.
func (x *Index) Open(g ID) { x.group(x.root(g)).closed = false }

func (x *Index) group(g ID) *state {
	s := x.groups[g]
	if s == nil {
		s = &state{sweep: x.sweeps}
		x.groups[g] = s
	}
	return s
}

// root returns the group that g is part of by now.
func (x *Index) root(g ID) ID {
	top := g
	for s := x.groups[top]; s != nil && s.parent != 0; s = x.groups[top] {
		top = s.parent
	}
	for g != top { // the next one asks only once
		s := x.groups[g]
		g, s.parent = s.parent, top
	}
	return top
}

// sweep forgets groups that nothing remembered stands in, once they have doubled.
func (x *Index) sweep() {
	if len(x.groups) < 2*x.swept+10_000 {
		return
	}
	x.sweeps++
	for _, e := range x.entries {
		for i := range e.spans {
			s := &e.spans[i]
			s.group = x.root(s.group)
			x.group(s.group).sweep = x.sweeps
		}
	}
	for g, s := range x.groups {
		// What a person said of a group may come before its alerts do: it stays a round.
		if s.sweep+1 < x.sweeps || s.sweep < x.sweeps && !s.kept && !s.closed {
			delete(x.groups, g)
		}
	}
	x.swept = len(x.groups)
}

// know reads what the alert is about into x.about, and returns when it was seen.
func (x *Index) know(a *alert.Alert) int64 {
	seen := a.SeenAt
	if seen.IsZero() {
		seen = a.ReceivedAt
	}
	t := nanos(seen)
	x.now = max(x.now, nanos(a.ReceivedAt))
	x.expire()
	things := x.reader.read(a)
	x.about = x.about[:0]
	for i := range things {
		th := &things[i]
		x.qualify(th)
		e := x.entryOf(th.mark(), true)
		if th.kind.asset() {
			if e.domain == "" {
				e.domain = th.domain
			}
			x.alias(th, e)
		}
		if !slices.ContainsFunc(x.about, func(n named) bool { return n.entry == e }) {
			x.about = append(x.about, named{th, e})
		}
	}
	return t
}

// nanos is the time in Unix nanoseconds, within what those can hold.
func nanos(t time.Time) int64 {
	if y := t.Year(); y < 1700 || y > 2200 {
		return 0
	}
	return t.UnixNano()
}

// qualify keeps namesakes of unrelated DNS domains apart: alice of one company is
// not alice of another. Names without such a domain are the first one's.
func (x *Index) qualify(t *thing) {
	if !strings.Contains(t.domain, ".") {
		return
	}
	e := x.entries[t.mark()]
	if e != nil && strings.Contains(e.domain, ".") && !related(e.domain, t.domain) {
		t.value += "." + t.domain
	}
}

// alias remembers the other names of a host or user.
func (x *Index) alias(t *thing, e *entry) {
	for _, name := range t.aliases {
		other := hostOf(name)
		if t.kind == user {
			other = userOf(name)
		}
		// A display name ("Emma Clark") is nobody's own.
		if other.value == "" || other.key == t.key || other.mark() == e.mark || strings.Contains(other.value, " ") {
			continue
		}
		m := other.mark()
		o := x.entries[m]
		if o == nil {
			o = &entry{mark: m}
			x.entries[m] = o
		}
		x.touch(o)
		x.touch(e)
		if o.same == nil && e.same == nil {
			o.same = e
			e.spans = append(e.spans, o.spans[:min(len(o.spans), maxSpans-len(e.spans))]...)
			o.spans = nil
		}
	}
}

// remember puts what the alert is about into group g.
func (x *Index) remember(a *alert.Alert, g ID, t int64, at *place) {
	for i, n := range x.about {
		first, again := false, false
		if at != nil && i != at.candidate.flood.about && n.kind >= host {
			first, again = at.flood, at.candidate.flood.score > 0
		}
		if n.shared {
			n.entry.hub = true
		}
		x.see(n.entry, g, a.ID, t, first, again)
		beside := 0 // one alert about a dozen machines makes none of them a hub
		for _, o := range x.about {
			if beside < hubBeside/2 && o.kind.asset() && !o.mentioned && o.entry != n.entry {
				n.entry.named(uint32(o.entry.mark)) //nolint:gosec // half of a hash will do
				beside++
			}
		}
		if n.kind.floods() && !n.mentioned {
			size := x.see(x.entryOf(floodMark(a, n), true), g, a.ID, t, false, false)
			if n.source && size >= floodSize {
				x.see(x.entryOf(floodingMark(n), true), g, a.ID, t, false, false)
			}
		}
	}
}

// floodingMark is that of an address that floods, whatever it tries next.
func floodingMark(n named) mark { return n.entry.mark.floods("") }

// floodMark is that of the rule about one address, host or user.
func floodMark(a *alert.Alert, n named) mark {
	return n.entry.mark.floods(cmp.Or(a.Rule, alert.MaskTitle(a.Title), "-"))
}
