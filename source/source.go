// Package source holds where alerts come from: a configured source with its
// token, limits and permissions, and the deliveries it brings. It is pure: no I/O.
package source

import (
	"regexp"
	"strings"
	"time"

	"yagura/alert"
	"yagura/fault"
)

// Defaults of a source's settings.
const (
	DefaultWindow  = 24 * time.Hour
	DefaultMaxBody = 10 << 20 // bytes
)

// Source is a configured place alerts come from.
type Source struct {
	ID         string        // as it stands in the hook's path, e.g. "guardduty-prod"
	Kind       string        // which policy package reads its messages, e.g. "guardduty"
	Window     time.Duration // a repeat within it is a sighting
	MayDecline bool          // whether policies may decline its messages
	MaxBody    int64         // largest body in bytes
	Rate       float64       // deliveries a second it may send; 0 is unlimited
	Burst      int           // how many it may send at once over Rate
	Auth       Auth          // how a sender proves itself beside the token
	CreatedAt  time.Time     // UTC
	Disabled   bool          // a disabled source is refused as unknown
	TokenHash  []byte        // SHA-256 of the token; nil where only a signature is taken
}

// Auth says which signature of the sender's own a source takes instead of a
// token. The zero value takes none.
type Auth struct {
	Scheme    string `json:"scheme,omitempty"`     // "", "github", "hmac", "sns", "pubsub"
	SecretRef string `json:"secret_ref,omitempty"` // "env:NAME" or "file:/path": the HMAC secret
	Header    string `json:"header,omitempty"`     // hmac: header that holds the signature
	Topic     string `json:"topic,omitempty"`      // sns: the topic ARN that may send
	Audience  string `json:"audience,omitempty"`   // pubsub: the token's audience
	Email     string `json:"email,omitempty"`      // pubsub: the service account that may send
}

var idForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// Normalize returns a validated copy of s with defaults filled in.
func (s Source) Normalize() (Source, error) {
	if !idForm.MatchString(s.ID) {
		return s, fault.New(fault.Invalid, "source id %q: use 1 to 64 of a-z, 0-9, '.', '_' and '-', starting with a letter or digit", s.ID)
	}
	if !idForm.MatchString(s.Kind) {
		return s, fault.New(fault.Invalid, "kind %q is not a kind's name", s.Kind)
	}
	if s.Window == 0 {
		s.Window = DefaultWindow
	}
	if s.Window < 0 || s.Window > 366*24*time.Hour {
		return s, fault.New(fault.Invalid, "window %s: use a duration between 0 and 366 days, such as 24h", s.Window)
	}
	if s.MaxBody == 0 {
		s.MaxBody = DefaultMaxBody
	}
	if s.MaxBody < 0 || s.MaxBody > 100<<20 {
		return s, fault.New(fault.Invalid, "max_body %d: use at most 104857600 bytes", s.MaxBody)
	}
	if s.Rate < 0 || s.Burst < 0 {
		return s, fault.New(fault.Invalid, "rate and burst cannot be negative")
	}
	switch s.Auth.Scheme {
	case "":
	case "sns":
		if s.Auth.Topic == "" {
			return s, fault.New(fault.Invalid, "auth.scheme sns needs auth.topic, the ARN of the topic that may send")
		}
	case "pubsub":
		if s.Auth.Audience == "" || s.Auth.Email == "" {
			return s, fault.New(fault.Invalid, "auth.scheme pubsub needs auth.audience and auth.email, the service account that may send")
		}
	case "github", "hmac":
		if s.Auth.SecretRef == "" {
			return s, fault.New(fault.Invalid, "auth.scheme %q needs auth.secret_ref, such as env:HOOK_SECRET or file:/run/secrets/hook", s.Auth.Scheme)
		}
		// Anything else would be a secret, stored and shown in the clear.
		if name, ok := strings.CutPrefix(s.Auth.SecretRef, "env:"); !ok || name == "" {
			if path, ok := strings.CutPrefix(s.Auth.SecretRef, "file:"); !ok || path == "" {
				return s, fault.New(fault.Invalid, "auth.secret_ref names where the secret is, env:NAME or file:/path; never the secret itself")
			}
		}
	default:
		return s, fault.New(fault.Invalid, "auth.scheme %q: use github, hmac, sns or pubsub", s.Auth.Scheme)
	}
	return s, nil
}

// State is how far a delivery has come.
type State string

// The states of a delivery.
const (
	Received  State = "received"
	Processed State = "processed"
	Failed    State = "failed"
	Discarded State = "discarded"
)

// States lists every state of a delivery.
func States() []State { return []State{Received, Processed, Failed, Discarded} }

// Delivery is one message as received: the durable start of everything.
type Delivery struct {
	ID     alert.DeliveryID
	Source string
	Header map[string]string // the few request headers that policies may read, in lower case
	Body   []byte            // exactly as received
	Key    string            // idempotency key: the same key again is the same delivery; may be empty

	Unreadable string // why what was stored of it cannot be read; empty where it can
}

// Outcome is what became of a delivery.
type Outcome struct {
	Delivery alert.DeliveryID
	State    State
	Reason   string // why it failed, was discarded, or yielded no alert
	Alerts   int    // how many alerts it made or saw again
}
