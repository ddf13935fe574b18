package pipeline

import (
	"context"
	"time"
)

// pace holds processing back while deliveries come more than half again as fast as
// they can be processed. Such a storm ends with a backlog whatever is done, and
// a sender that is kept waiting may give up, while a stored delivery waits for
// ever: so accepting goes first, and processing takes one part of the time in
// ten until the storm calms.
type pace struct {
	accepted func() int64 // deliveries accepted so far
	capacity float64      // deliveries processed a second while at work
	count    int64
	at       time.Time
}

const (
	stormFactor = 1.5
	restFactor  = 9 // rest for so many times the work's own time
	maxRest     = 4 * time.Second
	restSlice   = 50 * time.Millisecond
)

// after is told of each commit, and returns when the next one may follow.
func (p *pace) after(ctx context.Context, n int, took time.Duration) {
	p.note(n, took)
	now := time.Now()
	if p.at.IsZero() || now.Sub(p.at) < restSlice { // too short a time to tell a rate by
		if p.at.IsZero() {
			p.count, p.at = p.accepted(), now
		}
		return
	}
	for rest := min(restFactor*took, maxRest); rest > 0 && p.storm(time.Now()); rest -= restSlice {
		select {
		case <-ctx.Done():
			return
		case <-time.After(restSlice):
		}
	}
}

// note learns how much can be processed: from batches large enough to tell.
func (p *pace) note(n int, took time.Duration) {
	if n < batch/2 || took <= 0 {
		return
	}
	rate := float64(n) / took.Seconds()
	if p.capacity == 0 {
		p.capacity = rate
	}
	p.capacity += (rate - p.capacity) / 8
}

// storm reports whether, since it was last asked, deliveries came more than half
// again as fast as they can be processed.
func (p *pace) storm(now time.Time) bool {
	count := p.accepted()
	rate := float64(count-p.count) / max(now.Sub(p.at).Seconds(), 0.001)
	p.count, p.at = count, now
	return p.capacity > 0 && rate > stormFactor*p.capacity
}
