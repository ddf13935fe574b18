package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Delivery is one message as it was received.
type Delivery struct {
	ID         string    `json:"id"` // such as D-00G6Q4ZW2R
	Source     string    `json:"source"`
	State      string    `json:"state"`       // received, processed, failed or discarded
	Reason     string    `json:"reason"`      // why it failed, was discarded, or made no alert
	Alerts     int       `json:"alerts"`      // alerts that it made or saw again
	Size       int64     `json:"size"`        // bytes as received
	ReceivedAt time.Time `json:"received_at"` // by the server's clock
}

// DeliveryDetail is one delivery with its alerts.
type DeliveryDetail struct {
	Delivery
	AlertIDs []string          `json:"alert_ids"` // alerts that it made or saw again
	Headers  map[string]string `json:"headers"`   // the request headers that were kept, names in lower case
}

// DeliveryFilter narrows a list of deliveries. Times are as in AlertFilter.
type DeliveryFilter struct {
	Source   string
	State    string // received, processed, failed or discarded
	From, To string // received; From is 90 days back where it is empty
	Limit    int    // items a page, at most 500; 0 is the server's default of 50
	Cursor   string // Next of the page before
}

// DeliveryPage is one page of deliveries, newest first.
type DeliveryPage struct {
	Items []Delivery `json:"items"`
	Next  string     `json:"next"` // cursor of the next page; empty at the end
}

// Deliveries returns one page of the deliveries that match f.
func (c *Client) Deliveries(ctx context.Context, f DeliveryFilter) (*DeliveryPage, error) {
	v := values{url.Values{}}
	v.text("source", f.Source)
	v.text("state", f.State)
	v.text("from", f.From)
	v.text("to", f.To)
	v.number("limit", int64(f.Limit))
	v.text("cursor", f.Cursor)
	var page DeliveryPage
	if err := c.call(ctx, http.MethodGet, path("deliveries"), v.Values, nil, &page); err != nil {
		return nil, err
	}
	return &page, nil
}

// EachDelivery walks all deliveries that match f, from f.Cursor on. It ends
// after the first error.
func (c *Client) EachDelivery(ctx context.Context, f DeliveryFilter) iter.Seq2[Delivery, error] {
	return each(ctx, f.Cursor, func(ctx context.Context, cursor string) ([]Delivery, string, error) {
		f.Cursor = cursor
		page, err := c.Deliveries(ctx, f)
		if err != nil {
			return nil, "", err
		}
		return page.Items, page.Next, nil
	})
}

// Delivery returns one delivery.
func (c *Client) Delivery(ctx context.Context, id string) (*DeliveryDetail, error) {
	var out DeliveryDetail
	if err := c.call(ctx, http.MethodGet, path("deliveries", id), nil, nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// DeliveryRaw returns a delivery's body, byte for byte as it was received.
func (c *Client) DeliveryRaw(ctx context.Context, id string) ([]byte, error) {
	return c.raw(ctx, path("deliveries", id, "raw"))
}

// Replay has one delivery processed again. It returns at once; the delivery's
// state tells what came of it.
func (c *Client) Replay(ctx context.Context, id string) (*Delivery, error) {
	var out Delivery
	if err := c.call(ctx, http.MethodPost, path("deliveries", id, "replay"), nil, nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Replays names deliveries to process again: by their ids, or by state and source.
type Replays struct {
	IDs    []string `json:"ids,omitempty"`    // at most 1,000
	Source string   `json:"source,omitempty"` // of this source only
	State  string   `json:"state,omitempty"`  // failed, discarded or processed: newest first, 500 at most a call
}

// Replayed says how many deliveries will be processed again.
type Replayed struct {
	Replayed int `json:"replayed"`
}

// ReplayMany has many deliveries processed again.
func (c *Client) ReplayMany(ctx context.Context, which Replays) (*Replayed, error) {
	var out Replayed
	if err := c.call(ctx, http.MethodPost, path("deliveries", "replay"), nil, which, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Discard gives a delivery up. The reason is on record.
func (c *Client) Discard(ctx context.Context, id, reason string) (*Delivery, error) {
	var out Delivery
	body := struct {
		Reason string `json:"reason"`
	}{reason}
	if err := c.call(ctx, http.MethodPost, path("deliveries", id, "discard"), nil, body, &out); err != nil {
		return nil, err
	}
	return &out, nil
}
