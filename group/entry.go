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
	key        key
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

// see remembers the thing in a group.
func (x *Index) see(e *entry, g ID, a alert.ID, t int64, passing bool) {
	oldest := 0
	for i := range e.spans {
		s := &e.spans[i]
		if s.gap(t) <= near && x.root(s.group) == g {
			if t >= s.last {
				s.alert = a
			}
			s.group, s.first, s.last = g, min(s.first, t), max(s.last, t)
			s.n++
			s.passing = s.passing && passing
			return
		}
		if s.last < e.spans[oldest].last {
			oldest = i
		}
	}
	s := span{group: g, first: t, last: t, alert: a, n: 1, passing: passing}
	if len(e.spans) < maxSpans {
		e.spans = append(e.spans, s)
	} else if t > e.spans[oldest].last {
		e.spans[oldest] = s
	}
}

// entryOf returns what is remembered of a thing, new where make says so, else nil.
func (x *Index) entryOf(k key, create bool) *entry {
	e := x.entries[k]
	if e == nil {
		if !create {
			return nil
		}
		e = &entry{key: k}
		x.entries[k] = e
	}
	x.touch(e)
	if e.same != nil {
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
		delete(x.entries, e.key)
	}
	x.sweep()
}

var seed = maphash.MakeSeed()

func hashOf(k key) uint32 {
	return uint32(maphash.String(seed, k.value)) ^ uint32(k.kind)<<28 //nolint:gosec // half of a hash will do
}
