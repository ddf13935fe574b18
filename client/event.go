package client

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Event is one live event.
type Event struct {
	Type     string     `json:"-"`            // alert.created, alert.sighted, alert.renewed, alert.moved, delivery.failed, delivery.moved, source.changed, ticket.created, ticket.changed, hello or reset
	Cursor   string     `json:"-"`            // Events goes on from after it
	ID       string     `json:"id,omitempty"` // of the alert, delivery or ticket that changed
	Source   string     `json:"source,omitempty"`
	Delivery *Delivery  `json:"delivery,omitempty"` // of delivery events
	Alert    *Alert     `json:"alert,omitempty"`    // of alert events: the alert as it is now
	Ticket   *Ticket    `json:"ticket,omitempty"`   // of ticket events: the ticket as it is now; nil where it was deleted
	At       *time.Time `json:"at,omitempty"`
}

// maxEvent bounds one line of the stream.
const maxEvent = 16 << 20

// Events follows what changes, from now on or, where cursor is not empty, from
// after that event. When the connection breaks it is made again, going on where it
// broke. "hello" comes at each connection; "reset" says that too much was missed, and
// that lists are to be read again. It ends with ctx, or after an error that no new
// connection mends, such as a wrong key.
func (c *Client) Events(ctx context.Context, cursor string) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		s := &stream{cursor: cursor, wait: 2 * time.Second}
		for failures := 0; ; {
			more, err := c.follow(ctx, s, func(e Event) bool {
				failures = 0
				return yield(e, nil)
			})
			if !more {
				return
			}
			if ctx.Err() != nil {
				yield(Event{}, ctx.Err())
				return
			}
			if st := Status(err); st >= 400 && st < 500 && st != http.StatusTooManyRequests {
				yield(Event{}, err)
				return
			}
			failures++
			pause := max(min(s.wait*time.Duration(failures), time.Minute), asError(err).Retry)
			select {
			case <-ctx.Done():
				yield(Event{}, ctx.Err())
				return
			case <-time.After(pause):
			}
		}
	}
}

// stream is where a broken connection goes on.
type stream struct {
	cursor string
	wait   time.Duration // what the server asks to wait before coming again
}

// follow reads one connection to its end; more is false once yield wants no more.
func (c *Client) follow(ctx context.Context, s *stream, yield func(Event) bool) (more bool, err error) {
	req, err := c.request(ctx, http.MethodGet, path("events"), nil, nil)
	if err != nil {
		return true, err
	}
	req.Header.Set("Accept", "text/event-stream")
	if s.cursor != "" {
		req.Header.Set("Last-Event-ID", s.cursor)
	}
	h := *c.HTTP
	h.Timeout = 0 // the stream has no end
	resp, err := h.Do(req)
	if err != nil {
		return true, fmt.Errorf("calling the server: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return true, problem(resp)
	}
	return s.read(resp.Body, yield)
}

// read cuts a stream into events, as the HTML standard says (section 9.2.6).
func (s *stream) read(r io.Reader, yield func(Event) bool) (more bool, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxEvent)
	var kind string
	var data []string
	cursor := s.cursor // counts once its event was read whole
	for lines.Scan() {
		line := lines.Text()
		if line == "" {
			s.cursor = cursor
			if len(data) > 0 {
				e := Event{Type: kind, Cursor: s.cursor}
				if err := json.Unmarshal([]byte(strings.Join(data, "\n")), &e); err != nil {
					return true, fmt.Errorf("reading an event: %w", err)
				}
				if !yield(e) {
					return false, nil
				}
			}
			kind, data = "", nil
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "id":
			cursor = value
		case "event":
			kind = value
		case "data":
			data = append(data, value)
		case "retry":
			if n, err := strconv.Atoi(value); err == nil && n >= 0 {
				s.wait = time.Duration(n) * time.Millisecond
			}
		}
	}
	return true, lines.Err()
}
