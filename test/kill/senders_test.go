package kill

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// ledger is what senders were told: it alone says what must be there at the end.
type ledger struct {
	mu    sync.Mutex
	next  atomic.Int64      // number of the next message
	acked map[string]string // delivery → the things it holds, as the sender wrote them
	sent  map[string]int    // thing → how often it was acknowledged, by different keys
}

func newLedger() *ledger { return &ledger{acked: map[string]string{}, sent: map[string]int{}} }

// message is one delivery of a sender's: n things, by names of their own.
type message struct {
	key    string // Idempotency-Key: a repeat after a broken answer is the same delivery
	things []string
}

func (m message) body() []byte {
	type draft struct {
		Title       string   `json:"title"`
		Rule        string   `json:"rule"`
		Severity    string   `json:"severity"`
		Fingerprint []string `json:"fingerprint"`
		Description string   `json:"description"`
	}
	drafts := []draft{}
	for i, thing := range m.things {
		drafts = append(drafts, draft{thing, "rule of " + thing, "medium", []string{thing}, fmt.Sprintf("message %s, place %d, lantern out at the gate", m.key, i)})
	}
	b, _ := json.Marshal(map[string]any{"lab": drafts})
	return b
}

// note records an acknowledgement; the same delivery must not stand for two messages.
func (l *ledger) note(t *testing.T, m message, delivery string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if before, ok := l.acked[delivery]; ok && before != m.key {
		t.Errorf("delivery %s was given to %s and to %s", delivery, before, m.key)
	}
	l.acked[delivery] = m.key
	for _, thing := range m.things {
		l.sent[thing]++
	}
}

func (l *ledger) size() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acked)
}

// senders post until their context ends. Each repeats a message, under its key,
// until it is acknowledged: what a sender must do, and may do as often as it likes.
type senders struct {
	t      *testing.T
	ledger *ledger
	token  string
	addrs  []string // nodes, taken in turn
	stop   context.CancelFunc
	wg     sync.WaitGroup
}

func (l *ledger) senders(t *testing.T, count int, token string, addrs ...string) *senders {
	ctx, stop := context.WithCancel(context.Background())
	s := &senders{t: t, ledger: l, token: token, addrs: addrs, stop: stop}
	for i := range count {
		s.wg.Go(func() { s.run(ctx, i) })
	}
	t.Cleanup(s.end)
	return s
}

// end stops the senders once each has its last answer.
func (s *senders) end() {
	s.stop()
	s.wg.Wait()
}

func (s *senders) run(ctx context.Context, who int) {
	// A connection of its own: one that broke must not hold up the others.
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
	defer client.CloseIdleConnections()
	for i := 0; ctx.Err() == nil; i++ {
		n := s.ledger.next.Add(1)
		m := message{key: fmt.Sprintf("m-%d", n), things: []string{fmt.Sprintf("thing %d", n)}}
		switch i % 5 {
		case 1: // several alerts in one delivery
			m.things = append(m.things, fmt.Sprintf("second thing %d", n), fmt.Sprintf("third thing %d", n))
		case 2, 3: // a thing that all see again and again
			m.things = []string{fmt.Sprintf("common thing %d", n%7)}
		}
		s.deliver(ctx, client, m, who+i)
	}
}

// deliver posts a message until it is acknowledged. When the test ends it gives
// up: nothing is known of that message then, and nothing is noted.
func (s *senders) deliver(ctx context.Context, client *http.Client, m message, turn int) {
	for try := 0; ; try++ {
		if ctx.Err() != nil {
			return
		}
		req, err := http.NewRequest(http.MethodPost, "http://"+s.addrs[(turn+try)%len(s.addrs)]+"/hooks/lab", bytes.NewReader(m.body()))
		if err != nil {
			s.t.Error(err)
			return
		}
		req.Header.Set("Authorization", "Bearer "+s.token)
		req.Header.Set("Idempotency-Key", m.key)
		res, err := client.Do(req)
		if err == nil {
			var got struct{ Delivery string }
			err = json.NewDecoder(res.Body).Decode(&got)
			res.Body.Close()
			if err == nil && res.StatusCode == http.StatusAccepted && got.Delivery != "" {
				s.ledger.note(s.t, m, got.Delivery)
				return
			}
			if res.StatusCode != http.StatusAccepted && res.StatusCode != http.StatusServiceUnavailable {
				s.t.Errorf("answered %d", res.StatusCode)
				return
			}
		}
		pause(ctx, time.Duration(1+rand.IntN(10))*time.Millisecond) // as a sender does whose server is away
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
