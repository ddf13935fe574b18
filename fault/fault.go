// Package fault gives every failure a kind and a sentence that is safe to show.
//
// Doors (web, cli) translate kinds into their own language (HTTP statuses, exit
// codes); everything below them wraps errors with what was being done and only
// classifies one where somebody branches on it.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what sort of failure an error is, for those who must branch on it.
type Kind string

// The kinds of failure.
const (
	Invalid     Kind = "invalid"     // the caller sent something that cannot be used
	NotFound    Kind = "not found"   // the thing named does not exist
	Denied      Kind = "denied"      // known caller, but not allowed
	Unknown     Kind = "unknown"     // the caller did not prove who it is
	Conflict    Kind = "conflict"    // the thing exists already or has moved on
	TooLarge    Kind = "too large"   // over a configured size
	TooMany     Kind = "too many"    // over a configured rate
	Unavailable Kind = "unavailable" // cannot be done now; trying again later may work
	Internal    Kind = "internal"    // ours to mend; its text stays in the log
)

// Error is a failure with a kind and a message that is safe to show to the
// caller. Err, the cause, is for the log only.
type Error struct {
	Kind    Kind
	Message string        // one sentence that says what to do; never holds secrets or SQL
	Err     error         // the cause, or nil
	Retry   time.Duration // with TooMany and Unavailable: when to try again; 0 where unknown
}

// Error returns the safe message, followed by the cause where there is one.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New returns an error of kind with a formatted message that is safe to show.
func New(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Wrap returns err classified as kind with a message that is safe to show. It
// returns nil where err is nil.
func Wrap(err error, kind Kind, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...), Err: err}
}

// Of returns err as an *Error. An error nobody classified is Internal, and
// its text stays in the log.
func Of(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Kind: Internal, Message: "internal error", Err: err}
}

// Is reports whether err was classified as kind.
func Is(err error, kind Kind) bool { return err != nil && Of(err).Kind == kind }
