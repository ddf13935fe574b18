package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Alert is one detection, normalised: facts that never change once stored, and
// beside them its disposition and sightings, which do.
type Alert struct {
	ID                string       `json:"id"`                    // such as A-00G6Q4ZW2R
	Source            string       `json:"source"`                // source that delivered it
	Kind              string       `json:"kind"`                  // kind of that source, such as guardduty
	Rule              string       `json:"rule"`                  // the product's own name for the detection
	Title             string       `json:"title"`                 // one line; a stranger's text
	Description       string       `json:"description"`           // the product's longer text
	Severity          string       `json:"severity"`              // info, low, medium, high or critical
	ProductSeverity   string       `json:"product_severity"`      // the product's, as received
	Action            string       `json:"action"`                // detected, blocked, allowed or quarantined; may be empty
	Condition         string       `json:"condition"`             // of posture findings: present or fixed
	SeenAt            time.Time    `json:"seen_at"`               // by the product's clock
	ReceivedAt        time.Time    `json:"received_at"`           // by the server's
	Link              string       `json:"link"`                  // the product's own page; may be empty
	Observables       []Observable `json:"observables"`           //
	Techniques        []string     `json:"techniques"`            // MITRE ATT&CK ids
	Attributes        []Attribute  `json:"attributes"`            // what else is worth showing
	Tags              []string     `json:"tags"`                  //
	Channel           string       `json:"channel,omitempty"`     // where policy wants it announced
	Assignee          string       `json:"assignee,omitempty"`    // whom policy names
	Marks             []string     `json:"marks,omitempty"`       // what was noticed on the way in, such as late
	EventID           string       `json:"event_id,omitempty"`    // the product's own id of the event
	Disposition       string       `json:"disposition"`           // active, notice, silenced, closed or declined
	DispositionBy     string       `json:"disposition_by"`        // default, a policy's file:line, or who set it
	DispositionReason string       `json:"disposition_reason"`    // why
	Sightings         Sightings    `json:"sightings"`             // how often the same thing was seen
	Fingerprint       string       `json:"fingerprint"`           // what makes it the same thing again
	Delivery          string       `json:"delivery"`              // the delivery that brought it first
	RenewedAt         *time.Time   `json:"renewed_at,omitempty"`  // when a repeat last brought something new
	RenewedWhy        string       `json:"renewed_why,omitempty"` // what that was
	Ticket            string       `json:"ticket,omitempty"`      // the ticket that it is in; empty where in none, and in live events
}

// Observable is a typed value in an alert.
type Observable struct {
	Type  string `json:"type"`            // ip, domain, url, hash, email, user, host, process, file, cve, account or resource
	Value string `json:"value"`           // as it is, not defanged
	Role  string `json:"role,omitempty"`  // such as source or target
	Scope string `json:"scope,omitempty"` // of addresses: private, documentation and the like; empty for public ones
}

// Attribute is one more field of an alert.
type Attribute struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	Link  string `json:"link,omitempty"` // http or https
}

// Sightings counts how often the same thing was seen, the first time included.
type Sightings struct {
	Count int       `json:"count"`
	First time.Time `json:"first"` // by the product's clock
	Last  time.Time `json:"last"`  // by the product's clock
}

// AlertDetail is one alert with its last repeats, newest first, 100 at most.
type AlertDetail struct {
	Alert
	LastSightings []Sighting `json:"last_sightings"`
}

// Sighting is one repeat of an alert.
type Sighting struct {
	Delivery    string       `json:"delivery"` // its payload is there
	SeenAt      time.Time    `json:"seen_at"`
	ReceivedAt  time.Time    `json:"received_at"`
	Severity    string       `json:"severity"`
	Observables []Observable `json:"observables"` // those that it brought for the first time
}

// AlertFilter narrows a list of alerts. Values of one field are alternatives,
// except observables, tags and techniques, which are all required; fields are
// all required. Times are RFC 3339, a date, or a duration back such as 24h or 7d.
type AlertFilter struct {
	Source, Kind, Severity, Rule []string
	Q                            string   // words and "quoted phrases", found as substrings; name:value for known names
	Observable                   []string // values, or ranges of addresses
	Tag, Technique               []string
	Disposition                  []string // without it declined ones are left out
	From, To                     string   // received; From is 90 days back where it is empty
	SeenFrom, SeenTo             string   // seen by the product
	Sort                         string   // -received_at (the default), received_at, -seen_at, seen_at, -severity or severity
	Limit                        int      // items a page, at most 500; 0 is the server's default of 50
	Cursor                       string   // Next of the page before
	Facets                       bool     // also count by field
}

func (f AlertFilter) query() url.Values {
	v := values{url.Values{}}
	v.text("source", f.Source...)
	v.text("kind", f.Kind...)
	v.text("severity", f.Severity...)
	v.text("rule", f.Rule...)
	v.text("q", f.Q)
	v.text("observable", f.Observable...)
	v.text("tag", f.Tag...)
	v.text("technique", f.Technique...)
	v.text("disposition", f.Disposition...)
	v.text("from", f.From)
	v.text("to", f.To)
	v.text("seen_from", f.SeenFrom)
	v.text("seen_to", f.SeenTo)
	return v.Values
}

// AlertPage is one page of a list of alerts.
type AlertPage struct {
	Items   []Alert    `json:"items"`
	Next    string     `json:"next"`              // cursor of the next page; empty at the end
	Stopped *time.Time `json:"stopped,omitempty"` // the server looked back to here and stopped; Next goes on
	Note    string     `json:"note,omitempty"`    // what Stopped means
	Facets  *Facets    `json:"facets,omitempty"`  // where they were asked for
}

// Facets counts alerts by field: value → how many.
type Facets struct {
	Source      map[string]int `json:"source"`
	Kind        map[string]int `json:"kind"`
	Rule        map[string]int `json:"rule"` // the hundred most frequent
	Severity    map[string]int `json:"severity"`
	Disposition map[string]int `json:"disposition"`
	Total       int            `json:"total"`
	Capped      bool           `json:"capped"` // counting stopped at 1,000
}

// Alerts returns one page of the alerts that match f.
func (c *Client) Alerts(ctx context.Context, f AlertFilter) (*AlertPage, error) {
	v := values{f.query()}
	v.text("sort", f.Sort)
	v.number("limit", int64(f.Limit))
	v.text("cursor", f.Cursor)
	if f.Facets {
		v.text("facets", "true")
	}
	var page AlertPage
	if err := c.call(ctx, http.MethodGet, path("alerts"), v.Values, nil, &page); err != nil {
		return nil, err
	}
	return &page, nil
}

// EachAlert walks all alerts that match f, page after page, from f.Cursor on. It
// ends after the first error.
func (c *Client) EachAlert(ctx context.Context, f AlertFilter) iter.Seq2[Alert, error] {
	return each(ctx, f.Cursor, func(ctx context.Context, cursor string) ([]Alert, string, error) {
		f.Cursor = cursor
		page, err := c.Alerts(ctx, f)
		if err != nil {
			return nil, "", err
		}
		return page.Items, page.Next, nil
	})
}

// AlertFacets counts the alerts that match f; its Sort, Limit and Cursor mean nothing here.
func (c *Client) AlertFacets(ctx context.Context, f AlertFilter) (*Facets, error) {
	var out Facets
	if err := c.call(ctx, http.MethodGet, path("alerts", "facets"), f.query(), nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Alert returns one alert with its last sightings.
func (c *Client) Alert(ctx context.Context, id string) (*AlertDetail, error) {
	var out AlertDetail
	if err := c.call(ctx, http.MethodGet, path("alerts", id), nil, nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// AlertRaw returns the delivery that brought an alert, byte for byte as it was received.
func (c *Client) AlertRaw(ctx context.Context, id string) ([]byte, error) {
	return c.raw(ctx, path("alerts", id, "raw"))
}

// RestoreAlert makes a declined, closed or noticed alert active again. The reason is on record.
func (c *Client) RestoreAlert(ctx context.Context, id, reason string) (*Alert, error) {
	var out Alert
	body := struct {
		Reason string `json:"reason,omitempty"`
	}{reason}
	if err := c.call(ctx, http.MethodPost, path("alerts", id, "restore"), nil, body, &out); err != nil {
		return nil, err
	}
	return &out, nil
}
