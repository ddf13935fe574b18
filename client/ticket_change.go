package client

import (
	"context"
	"net/http"
	"net/url"
)

// TicketSettings are the fields of a ticket; what is nil stays as it is.
type TicketSettings struct {
	Title    *string            `json:"title,omitempty"`
	Status   *string            `json:"status,omitempty"`
	Assignee *string            `json:"assignee,omitempty"` // empty for none
	Severity *string            `json:"severity,omitempty"` // empty for none
	Tags     *[]string          `json:"tags,omitempty"`     // all of them
	Fields   *map[string]string `json:"fields,omitempty"`   // all of them
	Tasks    *[]Task            `json:"tasks,omitempty"`    // all of them
	Links    *[]Link            `json:"links,omitempty"`    // all of them
	HandOver *HandOver          `json:"hand_over,omitempty"`
}

// NewTicket is a ticket to make.
type NewTicket struct {
	TicketSettings
	Alerts []string `json:"alerts,omitempty"` // that are in no ticket; without a title the first one gives it
	Text   string   `json:"text,omitempty"`   // why
}

// TicketChange changes a ticket. Every change names the version that it is made
// on: where the ticket has moved on, the server answers 409 and says what changed.
type TicketChange struct {
	Version int64 `json:"version"`
	TicketSettings
}

// TicketConclusion concludes a ticket and, unless KeepOpen, resolves it.
type TicketConclusion struct {
	Version    int64  `json:"version"`
	Conclusion string `json:"conclusion"`
	Reason     string `json:"reason"`
	Assignee   string `json:"assignee,omitempty"` // where it has no owner yet
	KeepOpen   bool   `json:"keep_open,omitempty"`
}

// TicketMerge lets a ticket take over the alerts of another.
type TicketMerge struct {
	Version int64  `json:"version"`
	From    string `json:"from"`
	Reason  string `json:"reason,omitempty"`
}

// TicketSplitOff moves alerts of a ticket into a new one.
type TicketSplitOff struct {
	Version int64    `json:"version"`
	Alerts  []string `json:"alerts"`
	Title   string   `json:"title,omitempty"` // without one the first alert gives it
	Reason  string   `json:"reason,omitempty"`
}

// TicketSplit is a ticket after it was split, and the new one.
type TicketSplit struct {
	Ticket Ticket `json:"ticket"`
	New    Ticket `json:"new"`
}

// TicketSet is a set of alerts that shall be one ticket.
type TicketSet struct {
	Title  string   `json:"title,omitempty"` // without one the first alert gives it
	Alerts []string `json:"alerts"`
}

// ConcludeMany makes one resolved ticket of each set.
type ConcludeMany struct {
	Sets       []TicketSet `json:"sets"`
	Assignee   string      `json:"assignee"`
	Conclusion string      `json:"conclusion"`
	Reason     string      `json:"reason"`
}

// ConcludedMany is what came of it.
type ConcludedMany struct {
	Tickets []string     `json:"tickets"` // for each set, in order; empty where none was made
	Made    int          `json:"made"`
	Refused []RefusedSet `json:"refused"`
}

// RefusedSet is a set of which no ticket was made.
type RefusedSet struct {
	Set int    `json:"set"` // its place, from 0
	Why string `json:"why"`
}

// order sends one order on a ticket.
func (c *Client) order(ctx context.Context, method, where string, in any) (*Ticket, error) {
	var out Ticket
	if err := c.call(ctx, method, where, nil, in, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// CreateTicket makes a ticket.
func (c *Client) CreateTicket(ctx context.Context, t NewTicket) (*Ticket, error) {
	return c.order(ctx, http.MethodPost, path("tickets"), t)
}

// ChangeTicket changes those fields of a ticket that are not nil.
func (c *Client) ChangeTicket(ctx context.Context, id string, t TicketChange) (*Ticket, error) {
	return c.order(ctx, http.MethodPatch, path("tickets", id), t)
}

// DeleteTicket deletes a ticket with its timeline; its alerts stay.
func (c *Client) DeleteTicket(ctx context.Context, id, reason string) error {
	v := values{url.Values{}}
	v.text("reason", reason)
	return c.call(ctx, http.MethodDelete, path("tickets", id), v.Values, nil, nil)
}

// TakeTicket makes the ticket the caller's own. A version (else 0) is needed to
// take it over from somebody.
func (c *Client) TakeTicket(ctx context.Context, id string, version int64) (*Ticket, error) {
	return c.order(ctx, http.MethodPost, path("tickets", id, "take"), map[string]any{"version": version})
}

// CommentTicket adds a comment; @name addresses somebody.
func (c *Client) CommentTicket(ctx context.Context, id, text string) (*Ticket, error) {
	return c.order(ctx, http.MethodPost, path("tickets", id, "comment"), map[string]any{"text": text})
}

// ConcludeTicket concludes a ticket.
func (c *Client) ConcludeTicket(ctx context.Context, id string, t TicketConclusion) (*Ticket, error) {
	return c.order(ctx, http.MethodPost, path("tickets", id, "conclude"), t)
}

// ReopenTicket opens a resolved ticket again.
func (c *Client) ReopenTicket(ctx context.Context, id string, version int64, reason string) (*Ticket, error) {
	return c.order(ctx, http.MethodPost, path("tickets", id, "reopen"), map[string]any{"version": version, "reason": reason})
}

// BindAlerts puts alerts into a ticket.
func (c *Client) BindAlerts(ctx context.Context, id string, alerts []string) (*Ticket, error) {
	return c.order(ctx, http.MethodPost, path("tickets", id, "bind"), map[string]any{"alerts": alerts})
}

// UnbindAlerts takes alerts out of a ticket.
func (c *Client) UnbindAlerts(ctx context.Context, id string, version int64, alerts []string) (*Ticket, error) {
	return c.order(ctx, http.MethodPost, path("tickets", id, "unbind"), map[string]any{"version": version, "alerts": alerts})
}

// MergeTicket lets a ticket take over the alerts of another.
func (c *Client) MergeTicket(ctx context.Context, id string, t TicketMerge) (*Ticket, error) {
	return c.order(ctx, http.MethodPost, path("tickets", id, "merge"), t)
}

// SplitTicket moves alerts of a ticket into a new one.
func (c *Client) SplitTicket(ctx context.Context, id string, t TicketSplitOff) (*TicketSplit, error) {
	var out TicketSplit
	if err := c.call(ctx, http.MethodPost, path("tickets", id, "split"), nil, t, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// UndoTicket takes the last change of a ticket back.
func (c *Client) UndoTicket(ctx context.Context, id string, version int64) (*Ticket, error) {
	return c.order(ctx, http.MethodPost, path("tickets", id, "undo"), map[string]any{"version": version})
}

// ConcludeMany makes one resolved ticket of each of many sets of alerts.
func (c *Client) ConcludeMany(ctx context.Context, m ConcludeMany) (*ConcludedMany, error) {
	var out ConcludedMany
	if err := c.call(ctx, http.MethodPost, path("tickets", "conclude"), nil, m, &out); err != nil {
		return nil, err
	}
	return &out, nil
}
