package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yagura/alert"
	"yagura/auth"
	"yagura/fault"
	"yagura/group"
	"yagura/store"
	"yagura/ticket"
)

// Event is the data of one live event.
type Event struct {
	ID       string     `json:"id,omitempty" doc:"of the alert, delivery or ticket that changed"`
	Source   string     `json:"source,omitempty"`
	Delivery *Delivery  `json:"delivery,omitempty" doc:"of delivery events"`
	Alert    *Alert     `json:"alert,omitempty" doc:"of alert events: the alert as it is now"`
	Ticket   *Ticket    `json:"ticket,omitempty" doc:"of ticket events: the ticket as it is now; absent where it was deleted"`
	At       *time.Time `json:"at,omitempty"`
}

const (
	eventChunk = 200
	reset      = "event: reset\ndata: {}\n\n"
	// pollEvents is how often other nodes' changes are looked for; this
	// process's own are announced.
	pollEvents = 500 * time.Millisecond
	heartbeat  = 15 * time.Second
)

// getEvents serves GET /api/v1/events: live events (SSE) from now on, or from
// after Last-Event-ID. A client that was away too long gets "reset" first: it
// must read its lists again.
func (s *Server) getEvents(w http.ResponseWriter, r *http.Request) error {
	p, err := s.allow(r, auth.ReadAlerts)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.closing, cancel)()
	after, err := s.Store.LastChange(ctx)
	if err != nil {
		return err
	}
	restored := false
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		if n, err := strconv.ParseInt(id, 10, 64); err == nil && n >= 0 {
			after, restored = min(n, after), n > after // a number that never was comes from before a restore
		}
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	rc := http.NewResponseController(w)
	_ = rc.SetWriteDeadline(time.Time{})
	_ = rc.SetReadDeadline(time.Time{}) // the server's own would end the stream
	fmt.Fprintf(w, "retry: 2000\nid: %d\nevent: hello\ndata: {}\n\n", after)
	if restored {
		fmt.Fprint(w, reset)
	}
	if rc.Flush() != nil {
		return nil
	}
	poll, beat := time.NewTicker(pollEvents), time.NewTicker(heartbeat)
	defer poll.Stop()
	defer beat.Stop()
	for {
		changed := s.Store.Changed()
		n, err := s.sendChanges(ctx, w, p, &after)
		if err != nil || rc.Flush() != nil {
			return nil //nolint:nilerr // the stream has begun: the client comes back with Last-Event-ID
		}
		if n == eventChunk {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-poll.C:
		case <-beat.C:
			// Whoever was signed out, disabled or given another role meanwhile is
			// not told more; a page that is only open does not keep its session.
			if p, err = s.whose(r, false); err != nil || p.May(auth.ReadAlerts) != nil {
				return nil //nolint:nilerr // the stream has begun: the client comes back and is told
			}
			if _, err := fmt.Fprint(w, ": still here\n\n"); err != nil {
				return nil
			}
		}
	}
}

func (s *Server) sendChanges(ctx context.Context, w http.ResponseWriter, p auth.Principal, after *int64) (int, error) {
	list, gone, err := s.Store.Changes(ctx, *after, eventChunk)
	if err != nil {
		return 0, err
	}
	if gone {
		fmt.Fprint(w, reset)
	}
	alerts := map[alert.ID]*store.StoredAlert{}
	var ids []alert.ID
	for _, c := range list {
		if id, ok := c.AlertSubject(); ok {
			ids = append(ids, id)
		}
	}
	found, err := s.Store.Alerts(ctx, ids)
	if err != nil {
		return 0, err
	}
	for _, a := range found {
		alerts[a.ID] = a
	}
	for _, c := range list {
		*after = c.ID
		ev, ok, err := s.event(ctx, p, c, alerts)
		if err != nil {
			return 0, err
		}
		if !ok {
			continue
		}
		data, err := json.Marshal(ev)
		if err != nil {
			return 0, err
		}
		if _, err := fmt.Fprintf(w, "id: %d\nevent: %s\ndata: %s\n\n", c.ID, c.Kind, data); err != nil {
			return 0, err
		}
	}
	return len(list), nil
}

// event words one change for those who may see it.
func (s *Server) event(ctx context.Context, p auth.Principal, c store.Change, alerts map[alert.ID]*store.StoredAlert) (ev Event, ok bool, err error) {
	if id, is := c.AlertSubject(); is {
		a := alerts[id]
		if a == nil {
			return ev, false, nil //nolint:nilerr // who may not read deliveries is told of none
		}
		shown := showAlert(a)
		return Event{ID: shown.ID, Source: shown.Source, Alert: &shown}, true, nil
	}
	switch c.Kind {
	case store.DeliveryFailed, store.DeliveryMoved:
		if p.May(auth.ReadDeliveries) != nil {
			return ev, false, nil //nolint:nilerr // who may not read deliveries is told of none
		}
		row, err := s.Store.DeliveryRow(ctx, alert.DeliveryID(c.Subject))
		if fault.Is(err, fault.NotFound) { // the reader would come back to it for ever
			return ev, false, nil
		}
		if err != nil {
			return ev, false, err
		}
		d := showDelivery(row)
		return Event{ID: d.ID, Source: d.Source, Delivery: &d}, true, nil
	case store.GroupChanged:
		return Event{ID: group.ID(c.Subject).String()}, p.May(auth.ReadGroups) == nil, nil
	case store.AssetsChanged:
		return Event{}, p.May(auth.ReadAlerts) == nil, nil
	case store.TicketCreated, store.TicketChanged:
		if p.May(auth.ReadTickets) != nil {
			return ev, false, nil //nolint:nilerr // who may not read tickets is told of none
		}
		t, err := s.Store.Ticket(ctx, ticket.ID(c.Subject))
		if fault.Is(err, fault.NotFound) { // deleted: lists must lose it
			return Event{ID: ticket.ID(c.Subject).String()}, true, nil
		}
		if err != nil {
			return ev, false, err
		}
		shown := showTicket(t)
		return Event{ID: shown.ID, Ticket: &shown}, true, nil
	case store.SourceChanged:
		return Event{Source: c.Body}, p.May(auth.ReadSources) == nil, nil
	}
	return ev, false, nil
}

// describeStreams adds to the API's description what is not served by huma.
func describeStreams(api huma.API) {
	add := func(path, method string, op *huma.Operation) {
		op.Method, op.Path = method, path
		api.OpenAPI().AddOperation(op)
	}
	bytes := func(media, doc string) map[string]*huma.Response {
		return map[string]*huma.Response{"200": {Description: doc, Content: map[string]*huma.MediaType{media: {Schema: &huma.Schema{Type: "string"}}}}}
	}
	pathID := []*huma.Param{{Name: "id", In: "path", Required: true, Description: "as lists show it", Schema: &huma.Schema{Type: "string"}}}
	add("/api/v1/events", http.MethodGet, &huma.Operation{
		OperationID: "live-events", Summary: "Live events", Tags: []string{"events"},
		Description: "Server-sent events: alert.created, alert.sighted, alert.renewed, alert.moved, delivery.failed, delivery.moved, source.changed, group.changed, assets.changed, ticket.created, ticket.changed; hello at the start, reset where too much was missed. Last-Event-ID goes on from there.",
		Responses:   bytes("text/event-stream", "a stream of events"),
	})
	add("/api/v1/alerts/{id}/raw", http.MethodGet, &huma.Operation{
		OperationID: "alert-raw", Summary: "The payload that brought an alert, byte for byte", Tags: []string{"alerts"}, Parameters: pathID,
		Responses: bytes("application/octet-stream", "the body as received"),
	})
	add("/api/v1/deliveries/{id}/raw", http.MethodGet, &huma.Operation{
		OperationID: "delivery-raw", Summary: "A delivery's body, byte for byte", Tags: []string{"deliveries"}, Parameters: pathID,
		Responses: bytes("application/octet-stream", "the body as received"),
	})
	add("/hooks/{source}", http.MethodPost, &huma.Operation{
		OperationID: "post-hook", Summary: "Send a delivery", Tags: []string{"hooks"},
		Description: "Any body. 202 once it is synced to disk; with ?wait=1 the outcome: 200 when settled, 202 after 10 s or for a repeat. The source's token goes as Authorization: Bearer or ?token=; sources may take the sender's own signature instead.",
		Parameters: []*huma.Param{
			{Name: "source", In: "path", Required: true, Description: "source id", Schema: &huma.Schema{Type: "string"}},
			{Name: "wait", In: "query", Schema: &huma.Schema{Type: "string"}, Description: "1: answer with the outcome"},
			{Name: "token", In: "query", Schema: &huma.Schema{Type: "string"}, Description: "the source's token, where the sender can set no header"},
			{Name: "Idempotency-Key", In: "header", Schema: &huma.Schema{Type: "string"}, Description: "the same key again is the same delivery"},
		},
		Security: []map[string][]string{},
		Responses: map[string]*huma.Response{
			"202": {Description: "stored", Content: map[string]*huma.MediaType{"application/json": {Schema: api.OpenAPI().Components.Schemas.Schema(reflectHook, true, "")}}},
			"401": {Description: "token or signature missing or wrong"}, "404": {Description: "no such source"}, "413": {Description: "body over the source's size"},
			"429": {Description: "over the source's rate; see Retry-After"}, "503": {Description: "storage cannot take it now; nothing was stored; see Retry-After"},
		},
	})
}
