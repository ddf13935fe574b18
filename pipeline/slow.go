package pipeline

import (
	"sync"
	"time"

	"yagura/policy"
)

// A kind whose policy ran into its time limit maxSlow times gets shortLimit for
// each further message, until that did not happen for slowMemory or the policies
// changed. Deliveries are processed in the order they came, so a flood of messages
// that a policy loops over would otherwise hold up all others for hours.
const (
	shortLimit = 25 * time.Millisecond // a thousand times what a message usually takes
	slowMemory = time.Minute
)

// slowness remembers which kinds' policies ran into their time limit lately.
type slowness struct {
	mu    sync.Mutex
	set   *policy.Set
	kinds map[string]strikes
}

type strikes struct {
	n    int
	last time.Time
}

// limit is how long a message of the kind may take.
func (s *slowness) limit(set *policy.Set, kind string, now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.set != set {
		s.set, s.kinds = set, nil
	}
	if k := s.kinds[kind]; k.n >= maxSlow && now.Sub(k.last) < slowMemory {
		return shortLimit
	}
	return policy.Timeout
}

// note counts one message of the kind that ran into its limit.
func (s *slowness) note(kind string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kinds == nil {
		s.kinds = map[string]strikes{}
	}
	k := s.kinds[kind]
	if now.Sub(k.last) >= slowMemory {
		k.n = 0
	}
	s.kinds[kind] = strikes{k.n + 1, now}
}
