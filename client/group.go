package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Group is a line of the queue: alerts that the machine, or a person, holds to
// belong together.
type Group struct {
	ID        string     `json:"id"`               // such as G-00G6Q4ZW2R
	Standing  string     `json:"standing"`         // queued or done
	Title     string     `json:"title"`            // of its worst alert; a stranger's text
	Why       string     `json:"why"`              // why its alerts belong together; holds strangers' values
	Differs   string     `json:"differs"`          // what differs among them
	Severity  string     `json:"severity"`         // the highest of its alerts
	Priority  int        `json:"priority"`         // the sum of Reasons' points
	Reasons   []Factor   `json:"reasons"`          // why it stands where it does
	Count     int        `json:"count"`            // alerts in it
	Sightings int        `json:"sightings"`        // repeats included
	Sources   []string   `json:"sources"`          // 16 at most
	Rules     []string   `json:"rules"`            // 16 at most
	Lead      string     `json:"lead"`             // its worst alert
	Kept      bool       `json:"kept"`             // a person shaped it
	Ticket    string     `json:"ticket,omitempty"` // the ticket that its worst alert is in
	Past      *GroupPast `json:"past,omitempty"`   // what people concluded of the like last time
	First     time.Time  `json:"first"`            // by the product's clock
	Last      time.Time  `json:"last"`             // by the product's clock
	MovedAt   time.Time  `json:"moved_at"`         // when something new last came to it
}

// GroupPast is what people concluded last time of what is like a group.
type GroupPast struct {
	Ticket     string    `json:"ticket"`
	Title      string    `json:"title"`
	Conclusion string    `json:"conclusion"` // false positive, intended, unaffected, true positive or undetermined
	Reason     string    `json:"reason"`
	By         string    `json:"by"`
	At         time.Time `json:"at"`
	Like       string    `json:"like"` // how alike: the same thing, or the same rule
}

// Factor is one reason for a line's priority.
type Factor struct {
	Points int    `json:"points"`
	Text   string `json:"text"`
}

// GroupAlert is an alert of a group with what it shares with earlier ones.
type GroupAlert struct {
	Alert
	Together []Shared `json:"together"`
}

// Shared is one thing that an alert shares with an earlier one of its group.
type Shared struct {
	Type  string  `json:"type"`
	Value string  `json:"value"`
	Alert string  `json:"alert"` // the earlier alert
	Gap   string  `json:"gap"`   // between the two, as 1h2m3s
	Score float64 `json:"score"` // what it counts; a sum of 1 joins
}

// GroupDetail is one group with a page of its alerts, oldest first.
type GroupDetail struct {
	Group
	Alerts []GroupAlert `json:"alerts"`
	Next   string       `json:"next"` // cursor of the next page of alerts
}

// GroupPage is one page of the queue.
type GroupPage struct {
	Items []Group `json:"items"`
	Next  string  `json:"next"`           // cursor of the next page; empty at the end
	Total int     `json:"total"`          // lines in all, as far as was looked
	Note  string  `json:"note,omitempty"` // how far was looked, where that was not everything
}

// Groups returns one page of the queue, first by priority: the lines that hold an
// alert matching f. Its Sort and Facets mean nothing here.
func (c *Client) Groups(ctx context.Context, f AlertFilter) (*GroupPage, error) {
	v := values{f.query()}
	v.number("limit", int64(f.Limit))
	v.text("cursor", f.Cursor)
	var page GroupPage
	if err := c.call(ctx, http.MethodGet, path("groups"), v.Values, nil, &page); err != nil {
		return nil, err
	}
	return &page, nil
}

// EachGroup walks the whole queue, page after page, as it was at the first one. It
// ends after the first error.
func (c *Client) EachGroup(ctx context.Context, f AlertFilter) iter.Seq2[Group, error] {
	return each(ctx, f.Cursor, func(ctx context.Context, cursor string) ([]Group, string, error) {
		f.Cursor = cursor
		page, err := c.Groups(ctx, f)
		if err != nil {
			return nil, "", err
		}
		return page.Items, page.Next, nil
	})
}

// Group returns one group with a page of its alerts, at most limit (0: the server's
// default of 100); cursor is Next of the page before, empty for the first.
func (c *Client) Group(ctx context.Context, id string, limit int, cursor string) (*GroupDetail, error) {
	v := values{url.Values{}}
	v.number("limit", int64(limit))
	v.text("cursor", cursor)
	var out GroupDetail
	if err := c.call(ctx, http.MethodGet, path("groups", id), v.Values, nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// MergeGroups makes other groups part of one. The reason is on record.
func (c *Client) MergeGroups(ctx context.Context, into string, groups []string, reason string) (*Group, error) {
	return c.shapeGroup(ctx, path("groups", into, "merge"), struct {
		Groups []string `json:"groups"`
		Reason string   `json:"reason,omitempty"`
	}{groups, reason})
}

// SplitGroup takes alerts out of a group into one of their own, which it returns.
// The reason is on record.
func (c *Client) SplitGroup(ctx context.Context, id string, alerts []string, reason string) (*Group, error) {
	return c.shapeGroup(ctx, path("groups", id, "split"), struct {
		Alerts []string `json:"alerts"`
		Reason string   `json:"reason,omitempty"`
	}{alerts, reason})
}

func (c *Client) shapeGroup(ctx context.Context, path string, body any) (*Group, error) {
	var out Group
	if err := c.call(ctx, http.MethodPost, path, nil, body, &out); err != nil {
		return nil, err
	}
	return &out, nil
}
