package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yagura/alert"
	"yagura/auth"
	"yagura/fault"
	"yagura/source"
	"yagura/store"
)

// Delivery is a delivery as the API shows it; its body is under /raw.
type Delivery struct {
	ID         string    `json:"id" example:"D-00G6Q4ZW2R" doc:"as lists show it"`
	Source     string    `json:"source" doc:"the source that sent it"`
	State      string    `json:"state" enum:"received,processed,failed,discarded" doc:"how far it has come"`
	Reason     string    `json:"reason" doc:"why it failed, was discarded, or made no alert"`
	Alerts     int       `json:"alerts" doc:"alerts it made or saw again"`
	Size       int64     `json:"size" doc:"bytes as received"`
	ReceivedAt time.Time `json:"received_at" doc:"UTC"`
}

// DeliveryDetail is one delivery with its alerts.
type DeliveryDetail struct {
	Delivery
	AlertIDs []string          `json:"alert_ids" doc:"alerts it made or saw again"`
	Headers  map[string]string `json:"headers" doc:"the request headers that were kept"`
}

// DeliveryList is one page of deliveries, newest first.
type DeliveryList struct {
	Items []Delivery `json:"items"`
	Next  string     `json:"next" doc:"cursor of the next page; empty at the end"`
}

func showDelivery(d store.DeliveryRow) Delivery {
	return Delivery{d.ID.String(), d.Source, string(d.State), d.Reason, d.Alerts, d.Size, d.ID.Time()}
}

func (s *Server) deliveryRoutes(api huma.API) {
	huma.Register(api, operation("list-deliveries", http.MethodGet, "/api/v1/deliveries", "List deliveries, newest first", auth.ReadDeliveries), s.listDeliveries)
	huma.Register(api, operation("get-delivery", http.MethodGet, "/api/v1/deliveries/{id}", "One delivery", auth.ReadDeliveries), s.getDelivery)
	huma.Register(api, operation("replay-delivery", http.MethodPost, "/api/v1/deliveries/{id}/replay", "Process a delivery again", auth.ChangeDelivery), s.replayDelivery)
	huma.Register(api, operation("replay-deliveries", http.MethodPost, "/api/v1/deliveries/replay", "Process many deliveries again", auth.ChangeDelivery), s.replayDeliveries)
	huma.Register(api, operation("discard-delivery", http.MethodPost, "/api/v1/deliveries/{id}/discard", "Give a failed delivery up, with a reason", auth.ChangeDelivery), s.discardDelivery)
}

type deliveryListInput struct {
	Source string `query:"source" doc:"the source that sent it"`
	State  string `query:"state" doc:"received, processed, failed or discarded"`
	From   string `query:"from" doc:"received at or after; default 90 days"`
	To     string `query:"to" doc:"received before"`
	Limit  int    `query:"limit" minimum:"0" maximum:"500" doc:"items a page, default 50"`
	Cursor string `query:"cursor" doc:"next of the page before"`
}

func (in *deliveryListInput) filter(now time.Time) (f store.DeliveryFilter, err error) {
	f = store.DeliveryFilter{Source: in.Source, State: source.State(in.State), Limit: in.Limit, Cursor: in.Cursor}
	if f.From, err = moment("from", in.From, now); err != nil {
		return f, err
	}
	f.To, err = moment("to", in.To, now)
	return f, err
}

func (s *Server) listDeliveries(ctx context.Context, in *deliveryListInput) (*body[DeliveryList], error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	f, err := in.filter(s.Store.Now())
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	page, err := s.Store.ListDeliveries(ctx, f)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out := DeliveryList{Items: make([]Delivery, len(page.Items)), Next: page.Next}
	for i, d := range page.Items {
		out.Items[i] = showDelivery(d)
	}
	return &body[DeliveryList]{out}, nil
}

func (s *Server) getDelivery(ctx context.Context, in *idInput) (*body[DeliveryDetail], error) {
	id, err := deliveryID(in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out, err := s.deliveryDetail(ctx, id)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &body[DeliveryDetail]{*out}, nil
}

func (s *Server) deliveryDetail(ctx context.Context, id alert.DeliveryID) (*DeliveryDetail, error) {
	row, err := s.Store.DeliveryRow(ctx, id)
	if err != nil {
		return nil, err
	}
	d, err := s.Store.Delivery(ctx, id)
	if err != nil {
		return nil, err
	}
	ids, err := s.Store.AlertsOf(ctx, id)
	if err != nil {
		return nil, err
	}
	out := &DeliveryDetail{Delivery: showDelivery(row), AlertIDs: make([]string, len(ids)), Headers: map[string]string{}}
	for i, a := range ids {
		out.AlertIDs[i] = a.String()
	}
	for k, v := range d.Header {
		out.Headers[k] = v
	}
	return out, nil
}

func (s *Server) replayDelivery(ctx context.Context, in *idInput) (*body[Delivery], error) {
	id, err := deliveryID(in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	if err := s.Desk.Replay(ctx, principal(ctx), []alert.DeliveryID{id}); err != nil {
		return nil, s.fail(ctx, err)
	}
	return s.deliveryNow(ctx, id)
}

func (s *Server) deliveryNow(ctx context.Context, id alert.DeliveryID) (*body[Delivery], error) {
	row, err := s.Store.DeliveryRow(ctx, id)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &body[Delivery]{showDelivery(row)}, nil
}

type replayManyInput struct {
	Body struct {
		IDs    []string `json:"ids,omitempty" maxItems:"1000" doc:"deliveries to replay; or name source and state"`
		Source string   `json:"source,omitempty" doc:"replay this source's"`
		State  string   `json:"state,omitempty" enum:"failed,discarded,processed" doc:"replay those in this state, newest first, 500 at most a call"`
	}
}

// ReplayedMany says how many deliveries will be processed again.
type ReplayedMany struct {
	Replayed int `json:"replayed" doc:"how many will be processed again"`
}

func (s *Server) replayDeliveries(ctx context.Context, in *replayManyInput) (*body[ReplayedMany], error) {
	var ids []alert.DeliveryID
	for _, text := range in.Body.IDs {
		id, err := deliveryID(text)
		if err != nil {
			return nil, s.fail(ctx, err)
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		if in.Body.State == "" {
			return nil, s.fail(ctx, fault.New(fault.Invalid, "name ids, or a state such as failed"))
		}
		page, err := s.Store.ListDeliveries(ctx, store.DeliveryFilter{Source: in.Body.Source, State: source.State(in.Body.State), Limit: store.MaxLimit})
		if err != nil {
			return nil, s.fail(ctx, err)
		}
		for _, d := range page.Items {
			ids = append(ids, d.ID)
		}
		if len(ids) == 0 {
			return &body[ReplayedMany]{}, nil
		}
	}
	if err := s.Desk.Replay(ctx, principal(ctx), ids); err != nil {
		return nil, s.fail(ctx, err)
	}
	return &body[ReplayedMany]{ReplayedMany{len(ids)}}, nil
}

type discardInput struct {
	ID   string `path:"id" doc:"as lists show it"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"1000" doc:"why; on record"`
	}
}

func (s *Server) discardDelivery(ctx context.Context, in *discardInput) (*body[Delivery], error) {
	id, err := deliveryID(in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	if err := s.Desk.Discard(ctx, principal(ctx), []alert.DeliveryID{id}, in.Body.Reason); err != nil {
		return nil, s.fail(ctx, err)
	}
	return s.deliveryNow(ctx, id)
}

func deliveryID(s string) (alert.DeliveryID, error) {
	id, err := alert.ParseDeliveryID(s)
	if err != nil {
		return 0, fault.New(fault.NotFound, "%v", err)
	}
	return id, nil
}

// getDeliveryRaw serves a delivery's body, byte for byte.
func (s *Server) getDeliveryRaw(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.allow(r, auth.ReadDeliveries); err != nil {
		return err
	}
	id, err := deliveryID(r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.raw(w, r, id)
}
