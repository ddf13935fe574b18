package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"yagura/alert"
	"yagura/auth"
	"yagura/desk"
	"yagura/fault"
	"yagura/ticket"
)

func (s *Server) ticketChangeRoutes(api huma.API) {
	create := operation("create-ticket", http.MethodPost, "/api/v1/tickets", "Make a ticket, of alerts or of nothing", auth.ChangeTickets)
	create.DefaultStatus, create.MaxBodyBytes = http.StatusCreated, maxOrder
	huma.Register(api, create, s.createTicket)
	huma.Register(api, operation("change-ticket", http.MethodPatch, "/api/v1/tickets/{id}", "Change a ticket; what is absent stays", auth.ChangeTickets), s.changeTicket)
	remove := operation("delete-ticket", http.MethodDelete, "/api/v1/tickets/{id}", "Delete a ticket with its timeline; its alerts stay", auth.DeleteTickets)
	remove.DefaultStatus = http.StatusNoContent
	huma.Register(api, remove, s.deleteTicket)
	order := func(name, summary string, need auth.Permission) huma.Operation {
		op := operation(name+"-ticket", http.MethodPost, "/api/v1/tickets/{id}/"+name, summary, need)
		op.MaxBodyBytes = maxOrder
		return op
	}
	huma.Register(api, order("take", "Make it one's own and begin the work", auth.ChangeTickets), s.takeTicket)
	huma.Register(api, order("comment", "Comment; @name addresses somebody", auth.ChangeTickets), s.commentTicket)
	huma.Register(api, order("conclude", "Draw a conclusion and resolve it", auth.ConcludeTickets), s.concludeTicket)
	huma.Register(api, order("reopen", "Open it again; the conclusion stays on the timeline", auth.ConcludeTickets), s.reopenTicket)
	huma.Register(api, order("bind", "Put alerts into it", auth.ChangeTickets), s.bindTicket)
	huma.Register(api, order("unbind", "Take alerts out of it", auth.ChangeTickets), s.unbindTicket)
	huma.Register(api, order("merge", "Take another ticket's alerts over", auth.ChangeTickets), s.mergeTicket)
	huma.Register(api, order("split", "Move some of its alerts into a new ticket", auth.ChangeTickets), s.splitTicket)
	huma.Register(api, order("undo", "Take its last change back", auth.ChangeTickets), s.undoTicket)
	many := operation("conclude-many", http.MethodPost, "/api/v1/tickets/conclude", "Make one resolved ticket of each of many sets of alerts", auth.ConcludeTickets)
	many.MaxBodyBytes = maxOrder
	huma.Register(api, many, s.concludeMany)
}

// maxOrder bounds the body of an order in bytes: 100,000 ids fit.
const maxOrder = 8 << 20

// TicketSettings are the fields of a ticket as a request gives them; what is
// absent stays as it is.
type TicketSettings struct {
	Title    *string            `json:"title,omitempty" doc:"one line, 300 characters at most"`
	Status   *string            `json:"status,omitempty" doc:"open, in progress, waiting or resolved, which needs a conclusion and an owner"`
	Assignee *string            `json:"assignee,omitempty" doc:"its owner; empty for none"`
	Severity *string            `json:"severity,omitempty" doc:"as judged: info, low, medium, high, critical; empty for none"`
	Tags     *[]string          `json:"tags,omitempty" doc:"all of them"`
	Fields   *map[string]string `json:"fields,omitempty" doc:"all of them"`
	Tasks    *[]ticket.Task     `json:"tasks,omitempty" doc:"all of them"`
	Links    *[]ticket.Link     `json:"links,omitempty" doc:"all of them; http or https"`
	HandOver *ticket.HandOver   `json:"hand_over,omitempty" doc:"to whom else it is given; an empty to takes it back"`
}

func (in TicketSettings) delta() ticket.Delta {
	d := ticket.Delta{
		Title: in.Title, Assignee: in.Assignee, Severity: in.Severity,
		Tags: in.Tags, Fields: in.Fields, Tasks: in.Tasks, Links: in.Links, HandOver: in.HandOver,
	}
	if in.Status != nil {
		status := ticket.Status(*in.Status)
		d.Status = &status
	}
	return d
}

// answerTicket words the outcome of an order on a ticket.
func (s *Server) answerTicket(ctx context.Context, t ticket.Ticket, err error) (*body[Ticket], error) {
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &body[Ticket]{showTicket(t)}, nil
}

// named reads the ids of alerts.
func named(ids []string) ([]alert.ID, error) {
	out := make([]alert.ID, len(ids))
	for i, s := range ids {
		id, err := alert.ParseID(s)
		if err != nil {
			return nil, fault.New(fault.Invalid, "%v", err)
		}
		out[i] = id
	}
	return out, nil
}

type createTicketInput struct {
	Body struct {
		TicketSettings
		Alerts []string `json:"alerts,omitempty" maxItems:"100000" doc:"ids of alerts that are in no ticket; without a title the first one gives it"`
		Text   string   `json:"text,omitempty" doc:"why; on its timeline"`
	}
}

func (s *Server) createTicket(ctx context.Context, in *createTicketInput) (*body[Ticket], error) {
	ids, err := named(in.Body.Alerts)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	t, err := s.Desk.NewTicket(ctx, principal(ctx), in.Body.delta(), ids, in.Body.Text)
	return s.answerTicket(ctx, t, err)
}

type changeTicketInput struct {
	ID   string `path:"id" doc:"as lists show it"`
	Body struct {
		Version int64 `json:"version" minimum:"1" doc:"the version that you saw; another one is refused, and nothing is overwritten"`
		TicketSettings
	}
}

func (s *Server) changeTicket(ctx context.Context, in *changeTicketInput) (*body[Ticket], error) {
	id, err := ticketID(in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	t, err := s.Desk.ChangeTicket(ctx, principal(ctx), id, in.Body.Version, in.Body.delta())
	return s.answerTicket(ctx, t, err)
}

type deleteTicketInput struct {
	ID     string `path:"id" doc:"as lists show it"`
	Reason string `query:"reason" doc:"why; needed, and kept in the audit log"`
}

func (s *Server) deleteTicket(ctx context.Context, in *deleteTicketInput) (*struct{}, error) {
	id, err := ticketID(in.ID)
	if err == nil {
		defer s.looks.concluded()
		err = s.Desk.DeleteTicket(ctx, principal(ctx), id, in.Reason)
	}
	return nil, s.fail(ctx, err)
}

type takeTicketInput struct {
	ID   string `path:"id" doc:"as lists show it"`
	Body *struct {
		Version int64 `json:"version,omitempty" minimum:"0" doc:"the version that you saw; needed to take it over from somebody"`
	}
}

func (s *Server) takeTicket(ctx context.Context, in *takeTicketInput) (*body[Ticket], error) {
	id, err := ticketID(in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	version := int64(0)
	if in.Body != nil {
		version = in.Body.Version
	}
	t, err := s.Desk.Take(ctx, principal(ctx), id, version)
	return s.answerTicket(ctx, t, err)
}

type commentTicketInput struct {
	ID   string `path:"id" doc:"as lists show it"`
	Body struct {
		Text string `json:"text" doc:"10,000 characters at most; @name addresses somebody"`
	}
}

func (s *Server) commentTicket(ctx context.Context, in *commentTicketInput) (*body[Ticket], error) {
	id, err := ticketID(in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	t, err := s.Desk.Comment(ctx, principal(ctx), id, in.Body.Text)
	return s.answerTicket(ctx, t, err)
}

type concludeTicketInput struct {
	ID   string `path:"id" doc:"as lists show it"`
	Body struct {
		Version    int64  `json:"version" minimum:"1" doc:"the version that you saw"`
		Conclusion string `json:"conclusion" doc:"false positive, intended, unaffected, true positive or undetermined"`
		Reason     string `json:"reason" doc:"why; needed"`
		Assignee   string `json:"assignee,omitempty" doc:"its owner, where it has none yet"`
		KeepOpen   bool   `json:"keep_open,omitempty" doc:"do not resolve it yet"`
	}
}

func (s *Server) concludeTicket(ctx context.Context, in *concludeTicketInput) (*body[Ticket], error) {
	id, err := ticketID(in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	b := in.Body
	defer s.looks.concluded()
	t, err := s.Desk.Conclude(ctx, principal(ctx), id, b.Version, ticket.Judgement{Conclusion: ticket.Conclusion(b.Conclusion), Reason: b.Reason}, b.Assignee, b.KeepOpen)
	return s.answerTicket(ctx, t, err)
}

type reopenTicketInput struct {
	ID   string `path:"id" doc:"as lists show it"`
	Body struct {
		Version int64  `json:"version" minimum:"1" doc:"the version that you saw"`
		Reason  string `json:"reason,omitempty" doc:"why; on its timeline"`
	}
}

func (s *Server) reopenTicket(ctx context.Context, in *reopenTicketInput) (*body[Ticket], error) {
	id, err := ticketID(in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	defer s.looks.concluded()
	t, err := s.Desk.Reopen(ctx, principal(ctx), id, in.Body.Version, in.Body.Reason)
	return s.answerTicket(ctx, t, err)
}

type bindTicketInput struct {
	ID   string `path:"id" doc:"as lists show it"`
	Body struct {
		Alerts []string `json:"alerts" minItems:"1" maxItems:"100000" doc:"ids of alerts that are in no other ticket"`
	}
}

func (s *Server) bindTicket(ctx context.Context, in *bindTicketInput) (*body[Ticket], error) {
	id, err := ticketID(in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	ids, err := named(in.Body.Alerts)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	t, err := s.Desk.Bind(ctx, principal(ctx), id, ids)
	return s.answerTicket(ctx, t, err)
}

type unbindTicketInput struct {
	ID   string `path:"id" doc:"as lists show it"`
	Body struct {
		Version int64    `json:"version" minimum:"1" doc:"the version that you saw"`
		Alerts  []string `json:"alerts" minItems:"1" maxItems:"100000" doc:"ids of alerts that are in it"`
	}
}

func (s *Server) unbindTicket(ctx context.Context, in *unbindTicketInput) (*body[Ticket], error) {
	id, err := ticketID(in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	ids, err := named(in.Body.Alerts)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	t, err := s.Desk.Unbind(ctx, principal(ctx), id, in.Body.Version, ids)
	return s.answerTicket(ctx, t, err)
}

type mergeTicketInput struct {
	ID   string `path:"id" doc:"as lists show it"`
	Body struct {
		Version int64  `json:"version" minimum:"1" doc:"the version that you saw"`
		From    string `json:"from" doc:"the ticket whose alerts it takes over, and which points to it from then on"`
		Reason  string `json:"reason,omitempty" doc:"why; on both timelines"`
	}
}

func (s *Server) mergeTicket(ctx context.Context, in *mergeTicketInput) (*body[Ticket], error) {
	id, err := ticketID(in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	from, err := ticketID(in.Body.From)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	t, err := s.Desk.Merge(ctx, principal(ctx), id, in.Body.Version, from, in.Body.Reason)
	return s.answerTicket(ctx, t, err)
}

type splitTicketInput struct {
	ID   string `path:"id" doc:"as lists show it"`
	Body struct {
		Version int64    `json:"version" minimum:"1" doc:"the version that you saw"`
		Alerts  []string `json:"alerts" minItems:"1" maxItems:"100000" doc:"ids of alerts that are in it"`
		Title   string   `json:"title,omitempty" doc:"of the new ticket; without one its first alert gives it"`
		Reason  string   `json:"reason,omitempty" doc:"why; on both timelines"`
	}
}

// TicketSplit is a ticket after it was split, and the new one.
type TicketSplit struct {
	Ticket Ticket `json:"ticket" doc:"what is left"`
	New    Ticket `json:"new" doc:"the ticket that was made"`
}

func (s *Server) splitTicket(ctx context.Context, in *splitTicketInput) (*body[TicketSplit], error) {
	id, err := ticketID(in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	ids, err := named(in.Body.Alerts)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	left, fresh, err := s.Desk.Split(ctx, principal(ctx), id, in.Body.Version, ids, in.Body.Title, in.Body.Reason)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &body[TicketSplit]{TicketSplit{showTicket(left), showTicket(fresh)}}, nil
}

type undoTicketInput struct {
	ID   string `path:"id" doc:"as lists show it"`
	Body struct {
		Version int64 `json:"version" minimum:"1" doc:"the version that you saw"`
	}
}

func (s *Server) undoTicket(ctx context.Context, in *undoTicketInput) (*body[Ticket], error) {
	id, err := ticketID(in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	defer s.looks.concluded()
	t, err := s.Desk.Undo(ctx, principal(ctx), id, in.Body.Version)
	return s.answerTicket(ctx, t, err)
}

// TicketSet is a set of alerts, such as a group's, that shall be one ticket.
type TicketSet struct {
	Title  string   `json:"title,omitempty" doc:"without one its first alert gives it"`
	Alerts []string `json:"alerts" minItems:"1" maxItems:"100000" doc:"ids of alerts that are in no ticket"`
}

type concludeManyInput struct {
	Body struct {
		Sets       []TicketSet `json:"sets" minItems:"1" maxItems:"10000" doc:"each becomes one ticket"`
		Assignee   string      `json:"assignee" doc:"owner of all of them"`
		Conclusion string      `json:"conclusion" doc:"false positive, intended, unaffected, true positive or undetermined"`
		Reason     string      `json:"reason" doc:"why; needed"`
	}
}

// ConcludedMany is what came of concluding many sets.
type ConcludedMany struct {
	Tickets []string     `json:"tickets" doc:"for each set, in its order, the ticket that was made; empty where none was"`
	Made    int          `json:"made" doc:"how many were"`
	Refused []RefusedSet `json:"refused" doc:"sets of which none was made, and why"`
}

// RefusedSet is a set of which no ticket was made.
type RefusedSet struct {
	Set int    `json:"set" doc:"its place in the order, from 0"`
	Why string `json:"why" doc:"what is wrong and what to do"`
}

func (s *Server) concludeMany(ctx context.Context, in *concludeManyInput) (*body[ConcludedMany], error) {
	sets := make([]desk.AlertSet, len(in.Body.Sets))
	for i, set := range in.Body.Sets {
		ids, err := named(set.Alerts)
		if err != nil {
			return nil, s.fail(ctx, err)
		}
		sets[i] = desk.AlertSet{Title: set.Title, Alerts: ids}
	}
	j := ticket.Judgement{Conclusion: ticket.Conclusion(in.Body.Conclusion), Reason: in.Body.Reason}
	defer s.looks.concluded()
	tickets, refused, err := s.Desk.ConcludeMany(ctx, principal(ctx), sets, j, in.Body.Assignee)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out := ConcludedMany{Tickets: make([]string, len(tickets)), Refused: make([]RefusedSet, len(refused))}
	for i, t := range tickets {
		if t.ID != 0 {
			out.Tickets[i] = t.ID.String()
			out.Made++
		}
	}
	for i, r := range refused {
		out.Refused[i] = RefusedSet{r.Set, fault.Of(r.Why).Message}
	}
	return &body[ConcludedMany]{out}, nil
}
