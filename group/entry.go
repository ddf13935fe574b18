package group

import (
	"hash/maphash"
	"time"

	"yagura/alert"
)

const (
	near = int64(time.Hour)      // within it the same asset is the same incident
	day  = int64(24 * time.Hour) // after it nothing is known to be

	// maxSpans bounds in how many groups one thing is remembered.
	maxSpans = 8
	// hubBeside is how many different other hosts and users a thing may be named
	// beside before it is known to be shared by many.
	hubBeside = 4
	// floodSize is from how many alerts of one rule on an address is known to flood:
	// what other rules say of it within the hour is then the same flood.
	floodSize = 10
	// raidSize is how many alerts within an hour of each other make an address of
	// others, named as their source, the raider of a group: one attempt may come
	// from anywhere, five are somebody's.
	raidSize = 5
)

// span is a time in which a thing was seen in a group, without a break of an
// hour. Between first and last the nearest sighting is at most half an hour away.
type span struct {
	group       ID
	first, last int64 // product's clock, Unix nanoseconds
	alert       alert.ID
	n           uint32 // alerts
	passing     bool   // seen only where a flood touched it among many
}

func (s *span) gap(t int64) int64 {
	switch {
	case t < s.first:
		return s.first - t
	case t > s.last:
		return t - s.last
	}
	return 0
}

// entry is what is remembered of one thing.
type entry struct {
	mark       mark
	same       *entry // the thing that this is another name of; may be nil
	domain     string // DNS domain that the host or user was seen in; may be empty
	spans      []span
	beside     [hubBeside]uint32 // hashes of the other hosts and users it was named beside
	others     uint8
	hub        bool
	touched    int64 // by our clock, Unix nanoseconds
	prev, next *entry
}

// named remembers another host or user that the thing was named beside.
func (e *entry) named(h uint32) {
	if e.hub {
		return
	}
	for _, b := range e.beside[:e.others] {
		if b == h {
			return
		}
	}
	if e.others == hubBeside {
		e.hub = true
		return
	}
	e.beside[e.others] = h
	e.others++
}

// see remembers the thing in a group, and returns how many alerts of the group
// named it without a break. It is passing where first says so when it is seen
// there for the first time, and stays so as long as again says so.
func (x *Index) see(e *entry, g ID, a alert.ID, t int64, first, again bool) uint32 {
	oldest := 0
	for i := range e.spans {
		s := &e.spans[i]
		if s.gap(t) <= near && x.root(s.group) == g {
			if t >= s.last {
				s.alert = a
			}
			s.group, s.first, s.last = g, min(s.first, t), max(s.last, t)
			s.n++
			s.passing = s.passing && again
			return s.n
		}
		if s.last < e.spans[oldest].last {
			oldest = i
		}
	}
	s := span{group: g, first: t, last: t, alert: a, n: 1, passing: first}
	if len(e.spans) < maxSpans {
		e.spans = append(e.spans, s)
	} else if t > e.spans[oldest].last {
		e.spans[oldest] = s
	}
	return 1
}

// entryOf returns what is remembered of a thing, new where make says so, else nil.
func (x *Index) entryOf(k mark, create bool) *entry {
	e := x.entries[k]
	if e == nil {
		if !create {
			return nil
		}
		e = &entry{mark: k}
		x.entries[k] = e
	}
	x.touch(e)
	for e.same != nil { // names of names; only what is no other name is given one more
		e = e.same
		x.touch(e)
	}
	return e
}

// touch makes e the last to expire.
func (x *Index) touch(e *entry) {
	e.touched = x.now
	if x.newest == e {
		return
	}
	x.unlink(e)
	e.prev = x.newest
	if x.newest != nil {
		x.newest.next = e
	}
	x.newest = e
	if x.oldest == nil {
		x.oldest = e
	}
}

func (x *Index) unlink(e *entry) {
	if e.prev != nil {
		e.prev.next = e.next
	} else if x.oldest == e {
		x.oldest = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	} else if x.newest == e {
		x.newest = e.prev
	}
	e.prev, e.next = nil, nil
}

// expire forgets what was not named for a day, and the oldest where there is too much.
func (x *Index) expire() {
	for e := x.oldest; e != nil && (len(x.entries) > x.limit || e.touched < x.now-day-near); e = x.oldest {
		x.unlink(e)
		delete(x.entries, e.mark)
	}
	x.sweep()
}

var seed = maphash.MakeSeed()

// mark stands for a thing in memory: 64 bits of a hash, a third of what its name
// would take. Among half a million things two share one once in a hundred million
// times.
type mark uint64

func (k key) mark() mark {
	var h maphash.Hash
	h.SetSeed(seed)
	_ = h.WriteByte(byte(k.kind))
	_, _ = h.WriteString(k.value)
	return mark(h.Sum64())
}

// floods is the mark of a rule about a thing; of no rule in particular where it is empty.
func (m mark) floods(rule string) mark {
	return m ^ mark(maphash.String(seed, "floods "+rule))
}
