package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Ticket is the unit of response: one or more alerts, handled by people.
type Ticket struct {
	ID         string            `json:"id"`                    // such as T-142
	Title      string            `json:"title"`                 // one line; it may be a stranger's text
	Status     string            `json:"status"`                // open, in progress, waiting or resolved
	Assignee   string            `json:"assignee"`              // its owner; empty where it has none
	Severity   string            `json:"severity"`              // as people judged it; empty where nobody did
	Conclusion *Judgement        `json:"conclusion,omitempty"`  // nil where there is none
	HandOver   *HandOver         `json:"hand_over,omitempty"`   // nil where it was given to nobody else
	Tags       []string          `json:"tags"`                  //
	Fields     map[string]string `json:"fields"`                // the organisation's own
	Tasks      []Task            `json:"tasks"`                 //
	Links      []Link            `json:"links"`                 //
	AlertCount int               `json:"alert_count"`           // alerts in it
	MergedInto string            `json:"merged_into,omitempty"` // the ticket that took its alerts over
	Version    int64             `json:"version"`               // grows with each change; name it in the next one
	CreatedAt  time.Time         `json:"created_at"`
	UpdatedAt  time.Time         `json:"updated_at"`
	ResolvedAt *time.Time        `json:"resolved_at,omitempty"`
}

// Judgement is a conclusion with its reason, and who drew it when.
type Judgement struct {
	Conclusion string    `json:"conclusion"` // false positive, intended, unaffected, true positive or undetermined; empty for none
	Reason     string    `json:"reason"`
	By         string    `json:"by"`
	At         time.Time `json:"at"`
}

// HandOver says to whom else a ticket was given.
type HandOver struct {
	Kind string `json:"kind"`           // person, team or system
	To   string `json:"to"`             // empty takes it back
	Link string `json:"link,omitempty"` // the case in the other system; http or https
}

// Task is one thing to do.
type Task struct {
	Text     string `json:"text"`
	Done     bool   `json:"done,omitempty"`
	Assignee string `json:"assignee,omitempty"`
}

// Link leads to something that matters to a ticket.
type Link struct {
	URL   string `json:"url"` // http or https
	Title string `json:"title,omitempty"`
}

// TicketDetail is one ticket with its newest 100 entries and its first 100 alerts.
type TicketDetail struct {
	Ticket
	Timeline []TicketEntry `json:"timeline"` // newest first
	Alerts   []TicketAlert `json:"alerts"`   // oldest first
}

// TicketEntry is one thing that happened to a ticket.
type TicketEntry struct {
	Number       int64     `json:"number"`                  // its place on the timeline, from 1
	Version      int64     `json:"version"`                 // of the ticket after it
	At           time.Time `json:"at"`                      //
	By           string    `json:"by"`                      // who
	Door         string    `json:"door"`                    // by which way in
	Kind         string    `json:"kind"`                    // created, changed, concluded, reopened, bound, unbound, merged, split, commented or undone
	Text         string    `json:"text,omitempty"`          // a comment, or the reason
	Mentions     []string  `json:"mentions,omitempty"`      // names that the text addresses with @
	Before       Delta     `json:"before"`                  // what it changed, as it was
	After        Delta     `json:"after"`                   // and as it is since
	Bound        []string  `json:"bound,omitempty"`         // alerts that came in, the first 100
	BoundCount   int       `json:"bound_count,omitempty"`   //
	Unbound      []string  `json:"unbound,omitempty"`       // alerts that went out, the first 100
	UnboundCount int       `json:"unbound_count,omitempty"` //
	Other        string    `json:"other,omitempty"`         // the other ticket of a merge or split
	Undoes       int64     `json:"undoes,omitempty"`        // the number of the entry that it undoes
}

// Delta is part of a ticket: the fields that are not nil.
type Delta struct {
	Title      *string            `json:"title,omitempty"`
	Status     *string            `json:"status,omitempty"`
	Assignee   *string            `json:"assignee,omitempty"`
	Severity   *string            `json:"severity,omitempty"`
	Conclusion *Judgement         `json:"conclusion,omitempty"`
	HandOver   *HandOver          `json:"hand_over,omitempty"`
	Tags       *[]string          `json:"tags,omitempty"`
	Fields     *map[string]string `json:"fields,omitempty"`
	Tasks      *[]Task            `json:"tasks,omitempty"`
	Links      *[]Link            `json:"links,omitempty"`
	MergedInto *string            `json:"merged_into,omitempty"`
	ResolvedAt *time.Time         `json:"resolved_at,omitempty"`
}

// TicketAlert is an alert of a ticket, in short.
type TicketAlert struct {
	ID       string    `json:"id"`
	Title    string    `json:"title"` // a stranger's text
	Severity string    `json:"severity"`
	Source   string    `json:"source"`
	Rule     string    `json:"rule"`
	SeenAt   time.Time `json:"seen_at"`
}

// TicketFilter narrows a list of tickets. Values of one field are alternatives,
// except tags, which are all required; fields are all required.
type TicketFilter struct {
	Q          string   // words and "quoted phrases" of the title; name:value for known names
	Status     []string // open, in progress, waiting or resolved
	Assignee   []string // none is nobody, me is whose key it is
	Conclusion []string
	Severity   []string // as judged
	Tag        []string
	From, To   string // made; RFC 3339, a date, or a duration back such as 7d
	IdleSince  string // only those to which nothing has happened since, such as 7d
	Merged     bool   // also those that were merged into others
	Sort       string // -created_at (the default) or created_at
	Limit      int    // items a page, at most 500; 0 is the server's default of 50
	Cursor     string // Next of the page before
}

// TicketPage is one page of a list of tickets.
type TicketPage struct {
	Items   []Ticket   `json:"items"`
	Next    string     `json:"next"`              // cursor of the next page; empty at the end
	Stopped *time.Time `json:"stopped,omitempty"` // the server looked back to here and stopped; Next goes on
	Note    string     `json:"note,omitempty"`    // what Stopped means
}

// TicketTimeline is part of a ticket's timeline, newest first.
type TicketTimeline struct {
	Items []TicketEntry `json:"items"`
}

// TicketAlerts is one page of a ticket's alerts, oldest first.
type TicketAlerts struct {
	Items []TicketAlert `json:"items"`
	Next  string        `json:"next"` // cursor of the next page; empty at the end
}

// Tickets returns one page of the tickets that match f.
func (c *Client) Tickets(ctx context.Context, f TicketFilter) (*TicketPage, error) {
	v := values{url.Values{}}
	v.text("q", f.Q)
	v.text("status", f.Status...)
	v.text("assignee", f.Assignee...)
	v.text("conclusion", f.Conclusion...)
	v.text("severity", f.Severity...)
	v.text("tag", f.Tag...)
	v.text("from", f.From)
	v.text("to", f.To)
	v.text("idle_since", f.IdleSince)
	if f.Merged {
		v.text("merged", "true")
	}
	v.text("sort", f.Sort)
	v.number("limit", int64(f.Limit))
	v.text("cursor", f.Cursor)
	var page TicketPage
	if err := c.call(ctx, http.MethodGet, path("tickets"), v.Values, nil, &page); err != nil {
		return nil, err
	}
	return &page, nil
}

// EachTicket walks all tickets that match f, page after page, from f.Cursor on. It
// ends after the first error.
func (c *Client) EachTicket(ctx context.Context, f TicketFilter) iter.Seq2[Ticket, error] {
	return each(ctx, f.Cursor, func(ctx context.Context, cursor string) ([]Ticket, string, error) {
		f.Cursor = cursor
		page, err := c.Tickets(ctx, f)
		if err != nil {
			return nil, "", err
		}
		return page.Items, page.Next, nil
	})
}

// Ticket returns one ticket with its timeline and alerts.
func (c *Client) Ticket(ctx context.Context, id string) (*TicketDetail, error) {
	var out TicketDetail
	if err := c.call(ctx, http.MethodGet, path("tickets", id), nil, nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// TicketTimeline returns up to limit entries (0: the server's default of 100)
// before the one with the given number (0: from the newest).
func (c *Client) TicketTimeline(ctx context.Context, id string, before int64, limit int) (*TicketTimeline, error) {
	v := values{url.Values{}}
	v.number("before", before)
	v.number("limit", int64(limit))
	var out TicketTimeline
	if err := c.call(ctx, http.MethodGet, path("tickets", id, "timeline"), v.Values, nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// TicketAlerts returns one page of a ticket's alerts.
func (c *Client) TicketAlerts(ctx context.Context, id, cursor string, limit int) (*TicketAlerts, error) {
	v := values{url.Values{}}
	v.text("cursor", cursor)
	v.number("limit", int64(limit))
	var out TicketAlerts
	if err := c.call(ctx, http.MethodGet, path("tickets", id, "alerts"), v.Values, nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}
