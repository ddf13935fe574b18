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
	"yagura/ticket"
)

// Ticket is a ticket as the API shows it.
type Ticket struct {
	ID         string            `json:"id" doc:"e.g. T-142" example:"T-142"`
	Title      string            `json:"title" doc:"one line; it may be a stranger's text"`
	Status     string            `json:"status" enum:"open,in progress,waiting,resolved" doc:"how far the work is"`
	Assignee   string            `json:"assignee" doc:"its owner; empty where it has none"`
	Severity   string            `json:"severity" enum:"info,low,medium,high,critical," doc:"as people judged it; empty where nobody did"`
	Conclusion *ticket.Judgement `json:"conclusion,omitempty" doc:"absent where there is none"`
	HandOver   *ticket.HandOver  `json:"hand_over,omitempty" doc:"to whom else it was given; absent where to nobody"`
	Tags       []string          `json:"tags" doc:"at most 50"`
	Fields     map[string]string `json:"fields" doc:"fields of the organisation's own, at most 50"`
	Tasks      []ticket.Task     `json:"tasks" doc:"what is to be done, at most 200"`
	Links      []ticket.Link     `json:"links" doc:"what matters to it, at most 50"`
	AlertCount int               `json:"alert_count" doc:"alerts in it"`
	MergedInto string            `json:"merged_into,omitempty" doc:"the ticket that took its alerts over"`
	Version    int64             `json:"version" doc:"grows with each change; name it in the next one"`
	CreatedAt  time.Time         `json:"created_at" doc:"UTC"`
	UpdatedAt  time.Time         `json:"updated_at" doc:"of the last entry on its timeline, UTC"`
	ResolvedAt *time.Time        `json:"resolved_at,omitempty" doc:"UTC; absent where it is not resolved"`
}

// TicketDetail is one ticket with its timeline and alerts.
type TicketDetail struct {
	Ticket
	Timeline []TicketEntry `json:"timeline" doc:"what happened to it, newest first, 100 entries at most; /timeline has the rest"`
	Alerts   []TicketAlert `json:"alerts" doc:"its alerts, oldest first, 100 at most; /alerts has the rest"`
}

// TicketEntry is one thing that happened to a ticket.
type TicketEntry struct {
	Number       int64        `json:"number" doc:"its place on the timeline, from 1"`
	Version      int64        `json:"version" doc:"of the ticket after it"`
	At           time.Time    `json:"at" doc:"UTC"`
	By           string       `json:"by" doc:"who"`
	Door         string       `json:"door" doc:"by which way in"`
	Kind         string       `json:"kind" enum:"created,changed,concluded,reopened,bound,unbound,merged,split,commented,undone" doc:"what sort of thing"`
	Text         string       `json:"text,omitempty" doc:"a comment, or the reason"`
	Mentions     []string     `json:"mentions,omitempty" doc:"names that the text addresses with @"`
	Before       ticket.Delta `json:"before" doc:"the fields that it changed, as they were"`
	After        ticket.Delta `json:"after" doc:"and as they are since"`
	Bound        []string     `json:"bound,omitempty" doc:"alerts that came in, the first 100"`
	BoundCount   int          `json:"bound_count,omitempty" doc:"how many"`
	Unbound      []string     `json:"unbound,omitempty" doc:"alerts that went out, the first 100"`
	UnboundCount int          `json:"unbound_count,omitempty" doc:"how many"`
	Other        string       `json:"other,omitempty" doc:"the other ticket of a merge or split"`
	Undoes       int64        `json:"undoes,omitempty" doc:"the number of the entry that it undoes"`
}

// TicketAlert is an alert in short.
type TicketAlert struct {
	ID       string    `json:"id" doc:"e.g. A-00G6Q4ZW2R"`
	Title    string    `json:"title" doc:"a stranger's text"`
	Severity string    `json:"severity" enum:"info,low,medium,high,critical" doc:"of the alert"`
	Source   string    `json:"source" doc:"source that delivered it"`
	Rule     string    `json:"rule" doc:"the product's own name for the detection"`
	SeenAt   time.Time `json:"seen_at" doc:"by the product's clock, UTC"`
}

// shownInTicket is how many entries, alerts and ids a ticket shows at once.
const shownInTicket = 100

func showTicket(t ticket.Ticket) Ticket {
	out := Ticket{
		ID: t.ID.String(), Title: t.Title, Status: string(t.Status), Assignee: t.Assignee, Severity: t.Severity,
		Tags: list(t.Tags), Fields: t.Fields, Tasks: list(t.Tasks), Links: list(t.Links),
		AlertCount: t.Alerts, Version: t.Version, CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt,
	}
	if out.Fields == nil {
		out.Fields = map[string]string{}
	}
	if t.Judgement.Conclusion != "" {
		out.Conclusion = &t.Judgement
	}
	if t.HandOver.To != "" {
		out.HandOver = &t.HandOver
	}
	if t.MergedInto != 0 {
		out.MergedInto = t.MergedInto.String()
	}
	if !t.ResolvedAt.IsZero() {
		out.ResolvedAt = &t.ResolvedAt
	}
	return out
}

func showEntry(e ticket.Entry) TicketEntry {
	out := TicketEntry{
		Number: e.Number, Version: e.Version, At: e.At, By: e.By, Door: e.Door, Kind: string(e.Kind), Text: e.Text, Mentions: e.Mentions,
		Before: e.Before, After: e.After, Bound: firstIDs(e.Bound), BoundCount: len(e.Bound), Unbound: firstIDs(e.Unbound), UnboundCount: len(e.Unbound), Undoes: e.Undoes,
	}
	if e.Other != 0 {
		out.Other = e.Other.String()
	}
	return out
}

func firstIDs(ids []alert.ID) []string {
	out := make([]string, 0, min(len(ids), shownInTicket))
	for _, id := range ids[:min(len(ids), shownInTicket)] {
		out = append(out, id.String())
	}
	return out
}

func (s *Server) ticketRoutes(api huma.API) {
	huma.Register(api, operation("list-tickets", http.MethodGet, "/api/v1/tickets", "List tickets, newest first", auth.ReadTickets), s.listTickets)
	huma.Register(api, operation("get-ticket", http.MethodGet, "/api/v1/tickets/{id}", "One ticket with its timeline and alerts", auth.ReadTickets), s.getTicket)
	huma.Register(api, operation("ticket-timeline", http.MethodGet, "/api/v1/tickets/{id}/timeline", "What happened to a ticket, newest first", auth.ReadTickets), s.ticketTimeline)
	huma.Register(api, operation("ticket-alerts", http.MethodGet, "/api/v1/tickets/{id}/alerts", "A ticket's alerts, oldest first", auth.ReadTickets), s.ticketAlerts)
	s.ticketChangeRoutes(api)
}

// TicketQuery is what narrows a list of tickets. Values of one parameter, given
// several times or parted by commas, are alternatives; parameters are all
// required.
type TicketQuery struct {
	Q          string   `query:"q" doc:"words and quoted phrases, all required, found as substrings of the title; name:value is a field where name is status, assignee, conclusion, severity or tag"`
	Status     []string `query:"status,explode" doc:"open, in progress, waiting, resolved"`
	Assignee   []string `query:"assignee,explode" doc:"its owner, exactly; none is nobody, me is who asks"`
	Conclusion []string `query:"conclusion,explode" doc:"false positive, intended, unaffected, true positive, undetermined"`
	Severity   []string `query:"severity,explode" doc:"as judged: info, low, medium, high, critical"`
	Tag        []string `query:"tag,explode" doc:"all required"`
	From       string   `query:"from" doc:"made at or after: RFC 3339, a date, or a duration back such as 24h or 7d"`
	To         string   `query:"to" doc:"made before"`
	IdleSince  string   `query:"idle_since" doc:"only those to which nothing has happened since, such as 7d"`
	Merged     bool     `query:"merged" doc:"also those that were merged into others"`
}

type ticketListInput struct {
	TicketQuery
	Sort   string `query:"sort" enum:"-created_at,created_at," doc:"-created_at (default) or created_at"`
	Limit  int    `query:"limit" minimum:"0" maximum:"500" doc:"items a page, default 50"`
	Cursor string `query:"cursor" doc:"next of the page before"`
}

// TicketList is one page of tickets.
type TicketList struct {
	Items   []Ticket   `json:"items"`
	Next    string     `json:"next" doc:"cursor of the next page; empty at the end"`
	Stopped *time.Time `json:"stopped,omitempty" doc:"the list met its bound before the page was full: it looked back to tickets made then; next goes on"`
	Note    string     `json:"note,omitempty" doc:"what stopped means"`
}

func (q TicketQuery) filter(p auth.Principal, now time.Time) (f store.TicketFilter, err error) {
	status, assignee, concluded, severity := split(q.Status), nonEmpty(q.Assignee), split(q.Conclusion), split(q.Severity)
	f.Tags, f.Merged = nonEmpty(q.Tag), q.Merged
	for _, w := range cutWords(q.Q) {
		name, value, ok := strings.Cut(w.text, ":")
		if w.quoted || !ok || value == "" {
			name = ""
		}
		switch strings.ToLower(name) {
		case "status":
			status = append(status, strings.Split(value, ",")...)
		case "assignee":
			assignee = append(assignee, value)
		case "conclusion":
			concluded = append(concluded, strings.Split(value, ",")...)
		case "severity":
			severity = append(severity, strings.Split(value, ",")...)
		case "tag":
			f.Tags = append(f.Tags, value)
		default:
			f.Words = append(f.Words, w.text)
		}
	}
	for _, v := range status {
		f.Statuses = append(f.Statuses, ticket.Status(spaced(v)))
	}
	for _, v := range concluded {
		f.Conclusions = append(f.Conclusions, ticket.Conclusion(spaced(v)))
	}
	for _, v := range severity {
		f.Severities = append(f.Severities, strings.ToLower(v))
	}
	for _, v := range assignee {
		switch v {
		case "none":
			v = ""
		case "me":
			v = p.Name
		}
		f.Assignees = append(f.Assignees, v)
	}
	for _, t := range []struct {
		name, text string
		to         *time.Time
	}{{"from", q.From, &f.From}, {"to", q.To, &f.To}, {"idle_since", q.IdleSince, &f.IdleSince}} {
		if *t.to, err = moment(t.name, t.text, now); err != nil {
			return f, err
		}
	}
	return f, nil
}

// spaced takes "in-progress" and "in_progress" for "in progress": a query has no
// quotes to spare.
func spaced(s string) string {
	return strings.ToLower(strings.NewReplacer("-", " ", "_", " ").Replace(s))
}

func (s *Server) listTickets(ctx context.Context, in *ticketListInput) (*body[TicketList], error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	f, err := in.filter(principal(ctx), s.Store.Now())
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	f.Oldest, f.Limit, f.Cursor = in.Sort == "created_at", in.Limit, in.Cursor
	page, err := s.Store.ListTickets(ctx, f)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out := TicketList{Items: make([]Ticket, len(page.Items)), Next: page.Next, Note: page.Note}
	for i, t := range page.Items {
		out.Items[i] = showTicket(t)
	}
	if !page.Stopped.IsZero() {
		out.Stopped = &page.Stopped
	}
	return &body[TicketList]{out}, nil
}

func ticketID(s string) (ticket.ID, error) {
	id, err := ticket.ParseID(s)
	if err != nil {
		return 0, fault.New(fault.NotFound, "%v", err)
	}
	return id, nil
}

func (s *Server) getTicket(ctx context.Context, in *idInput) (*body[TicketDetail], error) {
	out, err := s.ticketDetail(ctx, in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &body[TicketDetail]{*out}, nil
}

func (s *Server) ticketDetail(ctx context.Context, id string) (*TicketDetail, error) {
	tid, err := ticketID(id)
	if err != nil {
		return nil, err
	}
	t, err := s.Store.Ticket(ctx, tid)
	if err != nil {
		return nil, err
	}
	out := &TicketDetail{Ticket: showTicket(t)}
	if out.Timeline, err = s.entries(ctx, tid, 0, shownInTicket); err != nil {
		return nil, err
	}
	out.Alerts, _, err = s.shortAlerts(ctx, tid, 0, shownInTicket)
	return out, err
}

func (s *Server) entries(ctx context.Context, id ticket.ID, before int64, limit int) ([]TicketEntry, error) {
	entries, err := s.Store.Timeline(ctx, id, before, limit)
	if err != nil {
		return nil, err
	}
	out := make([]TicketEntry, len(entries))
	for i, e := range entries {
		out[i] = showEntry(e)
	}
	return out, nil
}

// shortAlerts returns a ticket's alerts after the given one, and the id that
// those after them follow; 0 at the end.
func (s *Server) shortAlerts(ctx context.Context, id ticket.ID, after alert.ID, limit int) ([]TicketAlert, alert.ID, error) {
	ids, err := s.Store.AlertsOfTicket(ctx, id, after, limit+1)
	if err != nil {
		return nil, 0, err
	}
	next := alert.ID(0)
	if len(ids) > limit {
		ids = ids[:limit]
		next = ids[limit-1]
	}
	found, err := s.Store.Alerts(ctx, ids)
	if err != nil {
		return nil, 0, err
	}
	out := make([]TicketAlert, len(found))
	for i, a := range found {
		out[i] = TicketAlert{a.ID.String(), a.Title, a.Severity.String(), a.Source, a.Rule, a.SeenAt}
	}
	return out, next, nil
}

type timelineInput struct {
	ID     string `path:"id" doc:"as lists show it"`
	Before int64  `query:"before" doc:"entries before this number"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"entries, default 100"`
}

// TicketTimeline is part of a ticket's timeline.
type TicketTimeline struct {
	Items []TicketEntry `json:"items"`
}

func (s *Server) ticketTimeline(ctx context.Context, in *timelineInput) (*body[TicketTimeline], error) {
	id, err := ticketID(in.ID)
	if err == nil {
		_, err = s.Store.Ticket(ctx, id)
	}
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	items, err := s.entries(ctx, id, in.Before, in.Limit)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &body[TicketTimeline]{TicketTimeline{items}}, nil
}

type ticketAlertsInput struct {
	ID     string `path:"id" doc:"as lists show it"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"items a page, default 100"`
	Cursor string `query:"cursor" doc:"next of the page before"`
}

// TicketAlerts is one page of a ticket's alerts.
type TicketAlerts struct {
	Items []TicketAlert `json:"items"`
	Next  string        `json:"next" doc:"cursor of the next page; empty at the end"`
}

func (s *Server) ticketAlerts(ctx context.Context, in *ticketAlertsInput) (*body[TicketAlerts], error) {
	id, err := ticketID(in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	if _, err := s.Store.Ticket(ctx, id); err != nil {
		return nil, s.fail(ctx, err)
	}
	after := alert.ID(0)
	if in.Cursor != "" {
		if after, err = alert.ParseID(in.Cursor); err != nil {
			return nil, s.fail(ctx, fault.New(fault.Invalid, "the cursor is not one of ours; take it from next of the page before"))
		}
	}
	items, next, err := s.shortAlerts(ctx, id, after, in.Limit)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out := TicketAlerts{Items: items}
	if next != 0 {
		out.Next = next.String()
	}
	return &body[TicketAlerts]{out}, nil
}
