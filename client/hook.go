package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Hook sends deliveries to one source, as its product would. Senders need the
// source's token, not an API key.
type Hook struct {
	HTTP *http.Client // NewHook sets one with a timeout

	url   string
	token string
}

// NewHook returns a sender to a source of the server at base.
func NewHook(base, source, token string) (*Hook, error) {
	u, err := serverURL(base)
	if err != nil {
		return nil, err
	}
	return &Hook{HTTP: &http.Client{Timeout: timeout}, url: u.String() + "/hooks/" + url.PathEscape(source), token: token}, nil
}

// Message is one delivery to send.
type Message struct {
	Body   []byte
	Key    string            // idempotency key: the same key again is the same delivery; may be empty
	Header map[string]string // more headers, such as X-GitHub-Event; may be nil
	Wait   bool              // answer with the outcome, for which the server waits up to ten seconds
}

// Sent is what became of a message.
type Sent struct {
	Delivery string   `json:"delivery"` // a repeat has the first one's
	State    string   `json:"state"`    // with Wait: received where it is not settled yet, else processed or failed
	Alerts   []string `json:"alerts"`   // with Wait: alerts that it made or saw again
	Reason   string   `json:"reason"`   // with Wait: why it failed or made no alert
	Repeat   bool     `json:"-"`        // the server had this delivery already
}

// Send delivers one message. It returns once the server has synced it to disk. An
// *Error with status 429 or 503 says when to send it again; a message with a key
// may be sent again after any error.
func (h *Hook) Send(ctx context.Context, m Message) (*Sent, error) {
	target := h.url
	if m.Wait {
		target += "?wait=1"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(m.Body))
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	for name, value := range m.Header {
		req.Header.Set(name, value)
	}
	req.Header.Set("Authorization", "Bearer "+h.token)
	if m.Key != "" {
		req.Header.Set("Idempotency-Key", m.Key)
	}
	resp, err := h.HTTP.Do(req)
	if err != nil {
		return nil, fmt.Errorf("sending: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return nil, problem(resp)
	}
	out := Sent{Repeat: resp.Header.Get(replayed) == "true"}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	return &out, nil
}

// replayed is the header by which the server says that it had a delivery already.
const replayed = "Idempotent-Replayed"

// Pause returns how long to wait before a message that failed with err is sent
// again for the nth time, n from 1, and whether that may help at all.
func Pause(err error, n int) (time.Duration, bool) {
	growing := min(500*time.Millisecond<<min(n-1, 6), 30*time.Second)
	switch Status(err) {
	case 0: // the server did not answer
		return growing, true
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusBadGateway, http.StatusGatewayTimeout:
	default:
		return 0, false
	}
	return max(asError(err).Retry, growing), true
}
