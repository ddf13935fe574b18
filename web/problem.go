package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yagura/fault"
)

// Problem is an error as the API answers it (RFC 9457).
type Problem struct {
	Type   string              `json:"type,omitempty" doc:"always about:blank"`
	Title  string              `json:"title" doc:"the status in words"`
	Status int                 `json:"status" doc:"the HTTP status"`
	Detail string              `json:"detail" doc:"what is wrong and what to do"`
	ID     string              `json:"id" doc:"this answer's number; the server's log has it too"`
	Errors []*huma.ErrorDetail `json:"errors,omitempty" doc:"fields that cannot be used, with their places"`
	retry  time.Duration
}

// Error returns the detail.
func (p *Problem) Error() string { return p.Detail }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType names problem+json.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders adds Retry-After where it is known.
func (p *Problem) GetHeaders() http.Header {
	if p.retry <= 0 {
		return nil
	}
	return http.Header{"Retry-After": {strconv.Itoa(int((p.retry + time.Second - 1) / time.Second))}}
}

var statuses = map[fault.Kind]int{
	fault.Invalid: http.StatusUnprocessableEntity, fault.NotFound: http.StatusNotFound, fault.Denied: http.StatusForbidden,
	fault.Unknown: http.StatusUnauthorized, fault.Conflict: http.StatusConflict, fault.TooLarge: http.StatusRequestEntityTooLarge,
	fault.TooMany: http.StatusTooManyRequests, fault.Unavailable: http.StatusServiceUnavailable, fault.Internal: http.StatusInternalServerError,
}

func newProblem(status int, detail string) *Problem {
	var b [6]byte
	_, _ = rand.Read(b[:])
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, ID: hex.EncodeToString(b[:])}
}

// problem turns an error into its answer. What is ours to mend is logged whole
// and shown as its number only.
func (s *Server) problem(ctx context.Context, err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	f := fault.Of(err)
	p := newProblem(statuses[f.Kind], f.Message)
	p.retry = f.Retry
	if p.Status >= 500 && s.Log != nil {
		s.Log.ErrorContext(ctx, "a request failed", "id", p.ID, "kind", f.Kind, "error", err)
	}
	return p
}

// fail is problem for huma's operations.
func (s *Server) fail(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	return s.problem(ctx, err)
}

var problems = sync.OnceFunc(func() {
	// huma makes its own errors (a field that does not validate) through this.
	make := func(status int, msg string, errs ...error) huma.StatusError {
		p := newProblem(status, msg)
		for _, err := range errs {
			if d, ok := err.(huma.ErrorDetailer); ok {
				p.Errors = append(p.Errors, d.ErrorDetail())
			} else if err != nil {
				p.Errors = append(p.Errors, &huma.ErrorDetail{Message: err.Error()})
			}
		}
		return p
	}
	huma.NewError = make
	huma.NewErrorWithContext = func(_ huma.Context, status int, msg string, errs ...error) huma.StatusError {
		return make(status, msg, errs...)
	}
})

// plain turns a handler that returns its error into an http.HandlerFunc.
func (s *Server) plain(h func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			p := s.problem(r.Context(), err)
			for k, v := range p.GetHeaders() {
				w.Header()[k] = v
			}
			if p.Status == http.StatusUnauthorized {
				w.Header().Set("WWW-Authenticate", "Bearer")
			}
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(p.Status)
			_ = json.NewEncoder(w).Encode(p)
		}
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(v)
}
