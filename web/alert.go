package web

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yagura/alert"
	"yagura/auth"
	"yagura/fault"
	"yagura/store"
)

// Alert is an alert as the API shows it.
type Alert struct {
	ID                string             `json:"id" doc:"e.g. A-00G6Q4ZW2R" example:"A-00G6Q4ZW2R"`
	Source            string             `json:"source" doc:"source that delivered it"`
	Kind              string             `json:"kind" doc:"kind of that source, e.g. guardduty"`
	Rule              string             `json:"rule" doc:"the product's own name for the detection"`
	Title             string             `json:"title" doc:"one line a person can read"`
	Description       string             `json:"description" doc:"the product's longer text"`
	Severity          string             `json:"severity" enum:"info,low,medium,high,critical" doc:"ours, mapped; the highest of its sightings"`
	ProductSeverity   string             `json:"product_severity" doc:"theirs, as received"`
	Action            string             `json:"action" doc:"what the product did: detected, blocked, allowed, quarantined; empty if unknown"`
	Condition         string             `json:"condition" doc:"of posture findings: present, fixed; otherwise empty"`
	SeenAt            time.Time          `json:"seen_at" doc:"by the product's clock, UTC"`
	ReceivedAt        time.Time          `json:"received_at" doc:"by ours, UTC"`
	Link              string             `json:"link" doc:"the product's own page"`
	Observables       []alert.Observable `json:"observables" doc:"typed values: ip, domain, url, hash, email, user, host, process, file, cve, account, resource"`
	Techniques        []string           `json:"techniques" doc:"MITRE ATT&CK ids"`
	Attributes        []alert.Attribute  `json:"attributes" doc:"what else is worth showing"`
	Tags              []string           `json:"tags" doc:"what the policy tagged it with"`
	Channel           string             `json:"channel,omitempty" doc:"where policy wants it announced"`
	Assignee          string             `json:"assignee,omitempty" doc:"whom policy names"`
	Marks             []string           `json:"marks,omitempty" doc:"what was noticed on the way in: late, future"`
	EventID           string             `json:"event_id,omitempty" doc:"the product's own id of the event"`
	Disposition       string             `json:"disposition" enum:"active,notice,silenced,closed,declined" doc:"where it stands in our hands"`
	DispositionBy     string             `json:"disposition_by" doc:"default, a policy's file:line, or who set it"`
	DispositionReason string             `json:"disposition_reason" doc:"why"`
	Sightings         AlertSightings     `json:"sightings" doc:"how often the same thing was seen"`
	Fingerprint       string             `json:"fingerprint" doc:"what makes it the same thing again"`
	Delivery          string             `json:"delivery" doc:"the delivery that brought it first"`
	RenewedAt         *time.Time         `json:"renewed_at,omitempty" doc:"when a repeat last brought something new"`
	RenewedWhy        string             `json:"renewed_why,omitempty" doc:"what that was"`
	Ticket            string             `json:"ticket,omitempty" doc:"the ticket that it is in, e.g. T-142; absent where in none. Live events leave it out"`
}

// AlertSightings counts how often the same thing was seen.
type AlertSightings struct {
	Count int       `json:"count" doc:"the first time included"`
	First time.Time `json:"first" doc:"by the product's clock, UTC"`
	Last  time.Time `json:"last" doc:"by the product's clock, UTC"`
}

// AlertDetail is one alert with its last sightings.
type AlertDetail struct {
	Alert
	LastSightings []Sighting `json:"last_sightings" doc:"its last repeats, newest first, 100 at most"`
}

// Sighting is one repeat of an alert.
type Sighting struct {
	Delivery    string             `json:"delivery" doc:"its payload is there, under /raw"`
	SeenAt      time.Time          `json:"seen_at" doc:"by the product's clock, UTC"`
	ReceivedAt  time.Time          `json:"received_at" doc:"by ours, UTC"`
	Severity    string             `json:"severity" enum:"info,low,medium,high,critical" doc:"of this sighting"`
	Observables []alert.Observable `json:"observables" doc:"those it brought for the first time"`
}

func showAlert(a *store.StoredAlert) Alert {
	out := Alert{
		ID: a.ID.String(), Source: a.Source, Kind: a.Kind, Rule: a.Rule, Title: a.Title, Description: a.Description,
		Severity: a.Severity.String(), ProductSeverity: a.ProductSeverity, Action: string(a.Action), Condition: string(a.Condition),
		SeenAt: a.SeenAt, ReceivedAt: a.ReceivedAt, Link: a.Link,
		Observables: list(a.Observables), Techniques: list(a.Techniques), Attributes: list(a.Attributes), Tags: list(a.Tags),
		Channel: a.Channel, Assignee: a.Assignee, Marks: a.Marks, EventID: a.EventID,
		Disposition: string(a.Disposition), DispositionBy: a.By, DispositionReason: a.Reason,
		Sightings:   AlertSightings{a.Sightings.Count, a.Sightings.First, a.Sightings.Last},
		Fingerprint: a.Fingerprint, Delivery: a.ID.Delivery().String(), RenewedWhy: a.RenewedWhy,
	}
	if !a.RenewedAt.IsZero() {
		out.RenewedAt = &a.RenewedAt
	}
	return out
}

// nameTickets says of each alert shown which ticket it is in, to who may know.
func (s *Server) nameTickets(ctx context.Context, alerts []*store.StoredAlert, shown []Alert) error {
	if principal(ctx).May(auth.ReadTickets) != nil {
		return nil
	}
	ids := make([]alert.ID, len(alerts))
	for i, a := range alerts {
		ids[i] = a.ID
	}
	in, err := s.Store.TicketsOf(ctx, ids)
	for i, id := range ids {
		if t := in[id]; t != 0 {
			shown[i].Ticket = t.String()
		}
	}
	return err
}

// list makes an absent list an empty one: clients need not tell them apart.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// AlertQuery is what narrows a list of alerts. Values of one parameter, given
// several times or parted by commas, are alternatives; parameters are all
// required.
type AlertQuery struct {
	Source      []string `query:"source,explode" doc:"source id"`
	Kind        []string `query:"kind,explode" doc:"kind of source"`
	Severity    []string `query:"severity,explode" doc:"info, low, medium, high, critical"`
	Rule        []string `query:"rule,explode" doc:"the product's rule, exactly; given once for each rule"`
	Q           string   `query:"q" doc:"words and quoted phrases, all required, found as substrings; name:value is a field where name is source, kind, severity, rule, observable, tag, technique or disposition"`
	Observable  []string `query:"observable,explode" doc:"a value (defanged or not) or a range of addresses; all required"`
	Tag         []string `query:"tag,explode" doc:"all required"`
	Technique   []string `query:"technique,explode" doc:"MITRE ATT&CK id; all required"`
	Disposition []string `query:"disposition,explode" doc:"active, notice, silenced, closed, declined; without it declined ones are left out"`
	From        string   `query:"from" doc:"received at or after: RFC 3339, or a duration back such as 24h or 7d; default 90 days"`
	To          string   `query:"to" doc:"received before"`
	SeenFrom    string   `query:"seen_from" doc:"seen by the product at or after"`
	SeenTo      string   `query:"seen_to" doc:"seen by the product before"`
}

type alertListInput struct {
	AlertQuery
	Sort   string `query:"sort" doc:"-received_at (default), received_at, -seen_at, seen_at, -severity, severity"`
	Limit  int    `query:"limit" minimum:"0" maximum:"500" doc:"items a page, default 50"`
	Cursor string `query:"cursor" doc:"next of the page before"`
	Facets bool   `query:"facets" doc:"also count by field"`
}

// AlertList is one page of alerts.
type AlertList struct {
	Items   []Alert    `json:"items"`
	Next    string     `json:"next" doc:"cursor of the next page; empty at the end"`
	Stopped *time.Time `json:"stopped,omitempty" doc:"the list met its bound before the page was full: it looked back to here; next goes on"`
	Note    string     `json:"note,omitempty" doc:"what stopped means"`
	Facets  *Facets    `json:"facets,omitempty"`
}

// Facets counts matching alerts by field.
type Facets struct {
	Source      map[string]int `json:"source" doc:"by source id"`
	Kind        map[string]int `json:"kind" doc:"by kind of source"`
	Rule        map[string]int `json:"rule" doc:"the hundred most frequent"`
	Severity    map[string]int `json:"severity" doc:"by our severity"`
	Disposition map[string]int `json:"disposition" doc:"by where they stand"`
	Total       int            `json:"total" doc:"of all that match"`
	Capped      bool           `json:"capped" doc:"counting stopped at 1,000 alerts"`
}

type body[T any] struct{ Body T }

type idInput struct {
	ID string `path:"id" doc:"as lists show it"`
}

func (s *Server) alertRoutes(api huma.API) {
	huma.Register(api, operation("list-alerts", http.MethodGet, "/api/v1/alerts", "List alerts", auth.ReadAlerts), s.listAlerts)
	huma.Register(api, operation("alert-facets", http.MethodGet, "/api/v1/alerts/facets", "Count alerts by field", auth.ReadAlerts), s.alertFacets)
	huma.Register(api, operation("get-alert", http.MethodGet, "/api/v1/alerts/{id}", "One alert with its last sightings", auth.ReadAlerts), s.getAlert)
	huma.Register(api, operation("restore-alert", http.MethodPost, "/api/v1/alerts/{id}/restore", "Make an alert active again", auth.ChangeAlerts), s.restoreAlert)
}

func (s *Server) listAlerts(ctx context.Context, in *alertListInput) (*body[AlertList], error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	f, err := in.filter(s.Store.Now())
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	f.Sort, f.Limit, f.Cursor = in.Sort, in.Limit, in.Cursor
	page, err := s.Store.ListAlerts(ctx, f)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out := AlertList{Items: make([]Alert, len(page.Items)), Next: page.Next, Note: page.Note}
	for i, a := range page.Items {
		out.Items[i] = showAlert(a)
	}
	if err := s.nameTickets(ctx, page.Items, out.Items); err != nil {
		return nil, s.fail(ctx, err)
	}
	if !page.Stopped.IsZero() {
		out.Stopped = &page.Stopped
	}
	if in.Facets {
		if out.Facets, err = s.facets(ctx, f); err != nil {
			return nil, s.fail(ctx, err)
		}
	}
	return &body[AlertList]{out}, nil
}

func (s *Server) alertFacets(ctx context.Context, in *AlertQuery) (*body[Facets], error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	f, err := in.filter(s.Store.Now())
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out, err := s.facets(ctx, f)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &body[Facets]{*out}, nil
}

func (s *Server) facets(ctx context.Context, f store.AlertFilter) (*Facets, error) {
	got, err := s.Store.Facets(ctx, f)
	if err != nil {
		return nil, err
	}
	return &Facets{got.Source, got.Kind, most(got.Rule, 100), got.Severity, got.Disposition, got.Total, got.Capped}, nil
}

func (s *Server) getAlert(ctx context.Context, in *idInput) (*body[AlertDetail], error) {
	id, err := alertID(in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	a, err := s.Store.Alert(ctx, id)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	seen, err := s.Store.Sightings(ctx, id)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	shown := []Alert{showAlert(a)}
	if err := s.nameTickets(ctx, []*store.StoredAlert{a}, shown); err != nil {
		return nil, s.fail(ctx, err)
	}
	out := AlertDetail{Alert: shown[0], LastSightings: make([]Sighting, len(seen))}
	for i, sg := range seen {
		out.LastSightings[i] = Sighting{sg.Delivery.String(), sg.SeenAt, sg.ReceivedAt, sg.Severity.String(), list(sg.Observables)}
	}
	return &body[AlertDetail]{out}, nil
}

type restoreInput struct {
	ID   string `path:"id" doc:"as lists show it"`
	Body *struct {
		Reason string `json:"reason,omitempty" maxLength:"1000" doc:"why; on record"`
	}
}

func (s *Server) restoreAlert(ctx context.Context, in *restoreInput) (*body[Alert], error) {
	id, err := alertID(in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	reason := ""
	if in.Body != nil {
		reason = in.Body.Reason
	}
	if err := s.Desk.Restore(ctx, principal(ctx), id, reason); err != nil {
		return nil, s.fail(ctx, err)
	}
	a, err := s.Store.Alert(ctx, id)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	shown := []Alert{showAlert(a)}
	if err := s.nameTickets(ctx, []*store.StoredAlert{a}, shown); err != nil {
		return nil, s.fail(ctx, err)
	}
	return &body[Alert]{shown[0]}, nil
}

func alertID(s string) (alert.ID, error) {
	id, err := alert.ParseID(s)
	if err != nil {
		return 0, fault.New(fault.NotFound, "%v", err)
	}
	return id, nil
}

// getAlertRaw serves the delivery that brought the alert, byte for byte.
func (s *Server) getAlertRaw(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.allow(r, auth.ReadAlerts); err != nil {
		return err
	}
	id, err := alertID(r.PathValue("id"))
	if err != nil {
		return err
	}
	if _, err := s.Store.Alert(r.Context(), id); err != nil {
		return err
	}
	return s.raw(w, r, id.Delivery())
}

// raw serves a delivery's body as plain bytes: it is a stranger's, so no
// browser may take it for a page.
func (s *Server) raw(w http.ResponseWriter, r *http.Request, id alert.DeliveryID) error {
	d, err := s.Store.Delivery(r.Context(), id)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", `attachment; filename="`+id.String()+`"`)
	w.Header().Set("X-Original-Content-Type", strings.Map(printable, d.Header["content-type"]))
	_, err = w.Write(d.Body)
	return ignoreBroken(err)
}

func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return -1
	}
	return r
}

// ignoreBroken drops the error of a client that went away: there is nobody to tell.
func ignoreBroken(error) error { return nil }
