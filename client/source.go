package client

import (
	"context"
	"net/http"
	"time"
)

// Source is a configured place that alerts come from.
type Source struct {
	ID         string      `json:"id"`          // as it stands in the hook's path
	Kind       string      `json:"kind"`        // which policy reads its messages
	Window     string      `json:"window"`      // a repeat within it is a sighting; a duration such as 24h0m0s
	MayDecline bool        `json:"may_decline"` // whether policies may decline its messages
	MaxBody    int64       `json:"max_body"`    // bytes
	Rate       float64     `json:"rate"`        // deliveries a second; 0 is unlimited
	Burst      int         `json:"burst"`       // deliveries at once over Rate
	Auth       *SourceAuth `json:"auth,omitempty"`
	Disabled   bool        `json:"disabled"` // refused as if it were unknown
	Hook       string      `json:"hook"`     // path that takes its deliveries
	CreatedAt  time.Time   `json:"created_at"`
}

// SourceAuth says which signature of the sender's own a source takes instead of a token.
type SourceAuth struct {
	Scheme    string `json:"scheme"`               // github, hmac, sns or pubsub
	SecretRef string `json:"secret_ref,omitempty"` // github, hmac: env:NAME or file:/path, on the server
	Header    string `json:"header,omitempty"`     // hmac: the header that holds the signature
	Topic     string `json:"topic,omitempty"`      // sns: the topic's ARN
	Audience  string `json:"audience,omitempty"`   // pubsub: the token's audience
	Email     string `json:"email,omitempty"`      // pubsub: the service account
}

// SourceSettings are a source's settings; what is nil stays as it is, or is the default.
type SourceSettings struct {
	Window     *string     `json:"window,omitempty"` // a duration; default 24h
	MayDecline *bool       `json:"may_decline,omitempty"`
	MaxBody    *int64      `json:"max_body,omitempty"` // bytes
	Rate       *float64    `json:"rate,omitempty"`     // deliveries a second
	Burst      *int        `json:"burst,omitempty"`
	Auth       *SourceAuth `json:"auth,omitempty"`
	Disabled   *bool       `json:"disabled,omitempty"`
}

// NewSource is a source to make.
type NewSource struct {
	ID   string `json:"id"`   // 1 to 64 of a-z, 0-9, '.', '_' and '-'
	Kind string `json:"kind"` // one of Kinds
	SourceSettings
}

// SourceCreated is a source with its token, which is shown this once.
type SourceCreated struct {
	Source
	Token string `json:"token,omitempty"`
}

// SourceList lists every source.
type SourceList struct {
	Items []Source `json:"items"`
	Next  string   `json:"next"` // always empty: sources are few
}

// Rule is what one rule of a source has brought in.
type Rule struct {
	Source    string    `json:"source"`
	Rule      string    `json:"rule"`
	Alerts    int       `json:"alerts"`               // alerts made, declined ones included
	Sightings int       `json:"sightings"`            // repeats counted on them
	Declined  int       `json:"declined"`             //
	Refused   int       `json:"refused_fingerprints"` // fingerprints refused because they would merge everything
	Problem   string    `json:"problem,omitempty"`    // the last refusal's reason
	LastAt    time.Time `json:"last_at"`
}

// RuleList lists a source's rules, busiest first, 500 at most.
type RuleList struct {
	Items []Rule `json:"items"`
	Next  string `json:"next"` // always empty
}

// Kind is a kind that a source may have.
type Kind struct {
	Name string `json:"name"`
	File string `json:"file"` // the policy that reads it
	Ours bool   `json:"ours"` // it ships with the server; otherwise it is the user's own
}

// KindList lists kinds by name.
type KindList struct {
	Items []Kind `json:"items"`
}

// CreateSource makes a source and returns it with its token.
func (c *Client) CreateSource(ctx context.Context, s NewSource) (*SourceCreated, error) {
	var out SourceCreated
	if err := c.call(ctx, http.MethodPost, path("sources"), nil, s, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Sources lists every source by its id.
func (c *Client) Sources(ctx context.Context) (*SourceList, error) {
	var out SourceList
	if err := c.call(ctx, http.MethodGet, path("sources"), nil, nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Source returns one source.
func (c *Client) Source(ctx context.Context, id string) (*Source, error) {
	var out Source
	if err := c.call(ctx, http.MethodGet, path("sources", id), nil, nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// ChangeSource changes those settings of a source that are not nil.
func (c *Client) ChangeSource(ctx context.Context, id string, s SourceSettings) (*Source, error) {
	var out Source
	if err := c.call(ctx, http.MethodPatch, path("sources", id), nil, s, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// RotateToken gives a source a new token; the old one ends at once.
func (c *Client) RotateToken(ctx context.Context, id string) (*SourceCreated, error) {
	var out SourceCreated
	if err := c.call(ctx, http.MethodPost, path("sources", id, "rotate-token"), nil, nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// SourceRules tells what each rule of a source has brought in.
func (c *Client) SourceRules(ctx context.Context, id string) (*RuleList, error) {
	var out RuleList
	if err := c.call(ctx, http.MethodGet, path("sources", id, "rules"), nil, nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Kinds lists the kinds that a source may have.
func (c *Client) Kinds(ctx context.Context) (*KindList, error) {
	var out KindList
	if err := c.call(ctx, http.MethodGet, path("kinds"), nil, nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}
