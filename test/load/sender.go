package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// sender posts deliveries over a few connections and times each answer. It
// writes requests by hand: on the same two cores an ordinary client would cost
// as much as the server that is measured.
type sender struct {
	addr   string // 127.0.0.1:port; the load never leaves this machine
	tokens map[string]string
	conns  int
	rate   int // messages a second over all connections; 0: as fast as answers come

	began time.Time // when the first message was due

	mu    sync.Mutex
	took  []time.Duration
	acked atomic.Int64
	other atomic.Int64 // answers that were not 202
}

// mostRate is how many messages a second are made beforehand where the server
// alone sets the pace.
const mostRate = 32_000

// run sends for the given time, or total messages where total > 0.
func (s *sender) run(d time.Duration, total int64, seed uint64) error {
	each := int(total)/s.conns*2 + 100 // connections do not send equally many
	if total == 0 {
		rate := s.rate * 5 / 4
		if rate == 0 {
			rate = mostRate
		}
		each = int(float64(rate)*d.Seconds()/float64(s.conns)) + 100
	}
	prepared := make([][][]byte, s.conns)
	for c := range prepared {
		prepared[c] = s.prepare(newMessages(seed*1000+uint64(c)), each)
	}
	runtime.GC()
	var sent atomic.Int64
	began := time.Now()
	s.began = began
	deadline := time.Now().Add(d)
	errs := make(chan error, s.conns)
	for c := range s.conns {
		go func() {
			errs <- s.connection(prepared[c], func() bool {
				if total > 0 {
					return sent.Add(1) <= total
				}
				if s.rate > 0 { // keep to the rate: wait until the next message is due
					due := began.Add(time.Duration(sent.Add(1)) * time.Second / time.Duration(s.rate))
					time.Sleep(time.Until(due))
				}
				return time.Now().Before(deadline)
			})
		}()
	}
	var first error
	for range s.conns {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	return first
}

// prepare makes the requests of one connection beforehand: on the machine that
// is measured, making them meanwhile would cost the server its time.
func (s *sender) prepare(m *messages, n int) [][]byte {
	list := make([][]byte, n)
	for i := range list {
		kind, body := m.next(time.Now())
		req := fmt.Appendf(nil, "POST /hooks/load-%s HTTP/1.1\r\nHost: load\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", kind, s.tokens[kind], len(body))
		list[i] = append(req, body...)
	}
	return list
}

func (s *sender) connection(requests [][]byte, more func() bool) error {
	c, err := new(net.Dialer).DialContext(context.Background(), "tcp", s.addr)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	r := bufio.NewReaderSize(c, 4<<10)
	var took []time.Duration
	for i := 0; more(); i++ {
		if i == len(requests) {
			return fmt.Errorf("the prepared messages are used up; one connection sent more than its share of %d a second", mostRate)
		}
		req := requests[i]
		requests[i] = nil
		start := time.Now()
		if _, err := c.Write(req); err != nil {
			return err
		}
		status, err := answer(r)
		if err != nil {
			return err
		}
		took = append(took, time.Since(start))
		if status == 202 {
			s.acked.Add(1)
		} else {
			s.other.Add(1)
		}
	}
	s.mu.Lock()
	s.took = append(s.took, took...)
	s.mu.Unlock()
	return nil
}

// answer reads one response and returns its status.
func answer(r *bufio.Reader) (status int, err error) {
	length := 0
	for i := 0; ; i++ {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if i == 0 {
			status, _ = strconv.Atoi(strings.Fields(string(line))[1])
		} else if v, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			length, _ = strconv.Atoi(string(v))
		}
	}
	_, err = r.Discard(length)
	return status, err
}

func percentile(list []time.Duration, p float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[min(len(list)-1, int(p*float64(len(list))))]
}
