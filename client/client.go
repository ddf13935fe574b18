// Package client is the API for Go programs: what the page and the command line
// can do, with typed values in and out. It knows the API only as its description
// (/api/openapi.json) tells it and nothing of the server's code, so that it works
// with any server of the same API, and its types can be read alone.
//
//	c, err := client.New("http://127.0.0.1:8484", key)
//	for a, err := range c.EachAlert(ctx, client.AlertFilter{Severity: []string{"critical"}}) {
//
// Every method takes a context, returns when it ends, and may be called by
// several goroutines at once. Errors of the server are *Error.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Client calls one server's API with one key.
type Client struct {
	// HTTP makes the requests; New sets one with a timeout. Replace it for a proxy,
	// or for authorities of your own.
	HTTP *http.Client
	// Answered, where set, gets the body of every successful answer in JSON, as it
	// was sent: for programs that pass it on. It is called before the method returns.
	Answered func(body []byte)

	base *url.URL
	key  string
}

const (
	// timeout bounds one call; the server bounds its own work by half of it.
	timeout = time.Minute
	// maxAnswer bounds an answer in JSON: a page of 500 alerts, each as large as the
	// server makes them, is below it.
	maxAnswer = 256 << 20
)

// New returns a client of the server at base, such as http://127.0.0.1:8484, that
// calls with an API key.
func New(base, key string) (*Client, error) {
	u, err := serverURL(base)
	if err != nil {
		return nil, err
	}
	return &Client{HTTP: &http.Client{Timeout: timeout}, base: u, key: key}, nil
}

func serverURL(base string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(base, "/"))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q is no server's address; use one such as http://127.0.0.1:8484", base)
	}
	return u, nil
}

// Error is an answer of the server that says what went wrong (problem+json).
type Error struct {
	Status int           // the HTTP status
	Detail string        // what is wrong and what to do; safe to show
	ID     string        // the answer's number, which the server's log has too; may be empty
	Fields []FieldError  // fields that cannot be used; may be empty
	Retry  time.Duration // with 429 and 503: when to try again; 0 where unknown
}

// FieldError is one field of a request that cannot be used.
type FieldError struct {
	Place   string `json:"location"` // such as "body.window"
	Message string `json:"message"`  // what is wrong with it
}

// Error returns the detail and the fields.
func (e *Error) Error() string {
	text := e.Detail
	if text == "" {
		text = fmt.Sprintf("the server answered %d %s", e.Status, http.StatusText(e.Status))
	}
	for _, f := range e.Fields {
		text += fmt.Sprintf("; %s: %s", f.Place, f.Message)
	}
	return text
}

// Status returns the HTTP status behind err, or 0 where the server did not answer.
func Status(err error) int {
	return asError(err).Status
}

// asError returns the server's answer behind err, or an empty one.
func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{}
}

// typed is a request's body that goes out as it is.
type typed struct {
	media string
	bytes []byte
}

// request makes a request below the server's address. The body goes out as JSON,
// or as it is where it is typed.
func (c *Client) request(ctx context.Context, method, path string, query url.Values, body any) (*http.Request, error) {
	var content io.Reader
	media := "application/json"
	if t, ok := body.(typed); ok {
		media, content = t.media, bytes.NewReader(t.bytes)
	} else if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("writing the request: %w", err)
		}
		content = bytes.NewReader(b)
	}
	target := c.base.String() + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, target, content)
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", err)
	}
	if content != nil {
		req.Header.Set("Content-Type", media)
	}
	req.Header.Set("Accept", "application/json")
	if c.key != "" {
		req.Header.Set("Authorization", "Bearer "+c.key)
	}
	return req, nil
}

// call makes one call and decodes its answer into out, which may be nil.
func (c *Client) call(ctx context.Context, method, path string, query url.Values, body, out any) error {
	req, err := c.request(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	b, err := fetch(c.HTTP, req, maxAnswer)
	if err != nil {
		return err
	}
	if out != nil {
		if err := json.Unmarshal(b, out); err != nil {
			return fmt.Errorf("reading the answer to %s %s: %w", method, path, err)
		}
	}
	if c.Answered != nil {
		c.Answered(b)
	}
	return nil
}

// raw returns the bytes at path as they are.
func (c *Client) raw(ctx context.Context, path string) ([]byte, error) {
	req, err := c.request(ctx, http.MethodGet, path, nil, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "*/*")
	return fetch(c.HTTP, req, maxAnswer)
}

// fetch returns the body of a successful answer, or what the server says is wrong.
func fetch(h *http.Client, req *http.Request, most int64) ([]byte, error) {
	resp, err := h.Do(req)
	if err != nil {
		return nil, fmt.Errorf("calling the server: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return nil, problem(resp)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err != nil {
		return nil, fmt.Errorf("reading the server's answer: %w", err)
	}
	if int64(len(b)) > most {
		return nil, fmt.Errorf("the server's answer is larger than %d bytes", most)
	}
	return b, nil
}

// problem reads an answer that is no success. What is not problem+json came from
// something in between, and its text is no sentence for people.
func problem(resp *http.Response) error {
	e := &Error{Status: resp.StatusCode, Retry: retryAfter(resp.Header.Get("Retry-After"), time.Now())}
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if media != "application/problem+json" && media != "application/json" {
		return e
	}
	var said struct {
		Detail string       `json:"detail"`
		ID     string       `json:"id"`
		Errors []FieldError `json:"errors"`
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err == nil && json.Unmarshal(b, &said) == nil {
		e.Detail, e.ID, e.Fields = said.Detail, said.ID, said.Errors
	}
	return e
}

// retryAfter reads a Retry-After: seconds, or a date.
func retryAfter(text string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(text); err == nil && n >= 0 {
		return time.Duration(min(n, 24*60*60)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

// path writes /api/v1/ and the parts below it, each escaped.
func path(parts ...string) string {
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return "/api/v1/" + strings.Join(parts, "/")
}
