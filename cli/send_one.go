package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"strings"
	"sync"
	"time"

	"yagura/client"
)

// one sends one message, again and again where that may help. An error ends the
// whole run: the others would fail the same way.
func (s *sending) one(ctx context.Context, p parcel) error {
	maps.Copy(p.header, s.header)
	message := client.Message{Body: p.body, Key: p.key, Header: p.header, Wait: s.wait}
	deadline := time.Now().Add(s.retryFor)
	for n := 1; ; n++ {
		got, err := s.hook.Send(ctx, message)
		if err == nil {
			return s.sent(p, got)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		pause, may := client.Pause(err, n)
		if !may || time.Now().Add(pause).After(deadline) {
			return s.refused(p, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// outcome is what --json prints for each delivery.
type outcome struct {
	File string `json:"file"` // and line
	*client.Sent
	Repeat bool   `json:"repeat,omitempty"`
	Error  string `json:"error,omitempty"`
}

func (s *sending) sent(p parcel, got *client.Sent) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if got.Repeat {
		s.counts.repeats++
	} else {
		s.counts.sent++
	}
	s.counts.alerts += len(got.Alerts)
	if got.State == "failed" {
		s.counts.rejected++
		if !s.json {
			s.line("%s: failed as %s: %s", p.name, got.Delivery, got.Reason)
		}
	}
	s.bar.step()
	return s.print(outcome{File: p.name, Sent: got, Repeat: got.Repeat})
}

func (s *sending) refused(p parcel, err error) error {
	switch client.Status(err) {
	case 413, 400, 422: // this one only
	default:
		return fmt.Errorf("%s: %w", p.name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts.failed++
	if !s.json {
		s.line("%s: refused: %v", p.name, err)
	}
	s.bar.step()
	return s.print(outcome{File: p.name, Error: err.Error()})
}

func (s *sending) print(o outcome) error {
	if !s.json {
		return nil
	}
	b, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("writing the outcome: %w", err)
	}
	_, err = s.out.Write(append(cleanJSON(b), '\n'))
	return err
}

// line prints beside the progress bar.
func (s *sending) line(format string, args ...any) {
	s.bar.clear()
	for i, a := range args {
		args[i] = clean(fmt.Sprint(a))
	}
	fmt.Fprintf(s.notes, format+"\n", args...)
}

func (s *sending) summary(stopped error) {
	if s.quiet || s.json {
		return
	}
	parts := []string{fmt.Sprintf("%d sent", s.counts.sent), fmt.Sprintf("%d sent before", s.counts.repeats)}
	if s.wait {
		parts = append(parts, count(s.counts.alerts, "alert", "alerts")+" made or seen again", fmt.Sprintf("%d failed", s.counts.rejected))
	}
	if s.counts.failed > 0 {
		parts = append(parts, fmt.Sprintf("%d refused", s.counts.failed))
	}
	text := strings.Join(parts, ", ")
	if stopped != nil {
		text = "stopped: " + text
	}
	fmt.Fprintln(s.notes, text)
}

// bar shows progress on a terminal. A nil bar, and one that has no terminal, shows nothing.
type bar struct {
	mu    sync.Mutex
	w     io.Writer
	width int
	of    int
	done  int
	shown time.Time
}

func newBar(w io.Writer, s Screen) *bar {
	if !s.Terminal {
		return nil
	}
	return &bar{w: w, width: max(min(s.Width, 100)-24, 10)}
}

// NewProgress returns a function that shows on w how much of total is done, where
// w is a terminal, and one that takes the bar away.
func NewProgress(w io.Writer, s Screen, total int) (step, end func()) {
	b := newBar(w, s)
	b.total(total)
	return b.step, b.end
}

func (b *bar) total(n int) {
	if b != nil {
		b.of = n
	}
}

// barEvery is how often the bar is drawn; oftener only flickers.
const barEvery = 100 * time.Millisecond

func (b *bar) step() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done++
	if now := time.Now(); now.Sub(b.shown) >= barEvery || b.done == b.of {
		b.shown = now
		b.draw()
	}
}

func (b *bar) draw() {
	if b.of == 0 {
		fmt.Fprintf(b.w, "\r%d", b.done)
		return
	}
	full := min(b.width*b.done/b.of, b.width)
	fmt.Fprintf(b.w, "\r[%s%s] %d/%d", strings.Repeat("=", full), strings.Repeat(" ", b.width-full), b.done, b.of)
}

func (b *bar) clear() {
	if b != nil && b.done > 0 {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
}

func (b *bar) end() {
	if b != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.clear()
	}
}
