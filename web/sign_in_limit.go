package web

import (
	"net/netip"
	"sync"
	"time"
)

// Sign-ins that fail are limited by two buckets, one of the client's address and
// one of the name. A name's bucket would let a stranger keep its owner out, so
// an address that the name signed in from before has one of its own for it;
// sign-in links need no name.
const (
	failuresAtOnce = 10
	failureEvery   = 15 * time.Second    // a further one
	rememberFor    = 30 * 24 * time.Hour // an address that a name signed in from
	maxFailures    = 10_000              // buckets, and addresses, that are kept
)

// signIns counts failed sign-ins. The zero value is ready.
type signIns struct {
	mu      sync.Mutex
	buckets map[string]*failures
	known   map[string]time.Time // address and name → last success
	swept   time.Time
}

// failures is a bucket: left may be used now, and one more each failureEvery.
type failures struct {
	left float64
	at   time.Time
}

func (f *failures) fill(now time.Time) {
	if passed := now.Sub(f.at); passed > 0 {
		f.left = min(f.left+float64(passed)/float64(failureEvery), failuresAtOnce)
	}
	f.at = now
}

// take counts an attempt as failed before it is made, so that many at once do
// not slip through; back takes that back. Where too many have failed, wait
// says when to try again. name is empty for links.
func (s *signIns) take(now time.Time, from netip.Addr, name string) (wait time.Duration, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.of(now, from, name)
	for _, f := range list {
		f.fill(now)
		if f.left < 1 {
			wait = max(wait, time.Duration((1-f.left)*float64(failureEvery)))
		}
	}
	if wait > 0 {
		return wait, false
	}
	for _, f := range list {
		f.left--
	}
	return 0, true
}

// back takes back what take counted; where the attempt succeeded the address is
// remembered.
func (s *signIns) back(now time.Time, from netip.Addr, name string, succeeded bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.of(now, from, name) {
		f.left = min(f.left+1, failuresAtOnce)
	}
	if name == "" || !succeeded {
		return
	}
	if s.known == nil {
		s.known = map[string]time.Time{}
	}
	if len(s.known) >= maxFailures {
		s.sweep(now)
	}
	if len(s.known) < maxFailures {
		s.known[network(from)+" "+name] = now
	}
}

// of returns the buckets of an attempt.
func (s *signIns) of(now time.Time, from netip.Addr, name string) []*failures {
	home := network(from)
	list := []*failures{s.bucket(now, "from "+home)}
	if name == "" {
		return list
	}
	key := "name " + name
	if at, ok := s.known[home+" "+name]; ok && now.Sub(at) <= rememberFor {
		key = "name " + name + " from " + home
	}
	return append(list, s.bucket(now, key))
}

func (s *signIns) bucket(now time.Time, key string) *failures {
	if s.buckets == nil {
		s.buckets = map[string]*failures{}
	}
	if f := s.buckets[key]; f != nil {
		return f
	}
	if len(s.buckets) >= maxFailures {
		s.sweep(now)
		if len(s.buckets) >= maxFailures { // many addresses attack: what is new shares one
			key = "others"
		}
	}
	f := s.buckets[key]
	if f == nil {
		f = &failures{failuresAtOnce, now}
		s.buckets[key] = f
	}
	return f
}

// sweep forgets what no longer limits anybody, and addresses that were not used
// for long. It looks at everything, so not at every attempt.
func (s *signIns) sweep(now time.Time) {
	if now.Sub(s.swept) < failureEvery {
		return
	}
	s.swept = now
	for k, f := range s.buckets {
		if f.fill(now); f.left >= failuresAtOnce {
			delete(s.buckets, k)
		}
	}
	for k, at := range s.known {
		if now.Sub(at) > rememberFor {
			delete(s.known, k)
		}
	}
}

// network is what one client has to itself: an IPv4 address, or the 64 bits of an
// IPv6 network.
func network(a netip.Addr) string {
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return "here" // a Unix socket
	}
	return p.String()
}
