package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// AuditEntry is one line of the audit log.
type AuditEntry struct {
	ID        int64     `json:"id"`
	At        time.Time `json:"at"`
	Principal string    `json:"principal"` // who
	Door      string    `json:"door"`      // by which way in
	Action    string    `json:"action"`    // such as source.create
	Subject   string    `json:"subject"`   // what was changed
	Reason    string    `json:"reason"`    // why, where it was given
}

// AuditPage is one page of the audit log, newest first.
type AuditPage struct {
	Items []AuditEntry `json:"items"`
}

// Audit returns up to limit entries (0: the server's default of 50) before the
// one with the given id (0: from the newest).
func (c *Client) Audit(ctx context.Context, before int64, limit int) (*AuditPage, error) {
	v := values{url.Values{}}
	v.number("before", before)
	v.number("limit", int64(limit))
	var out AuditPage
	if err := c.call(ctx, http.MethodGet, path("audit"), v.Values, nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}
