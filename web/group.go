package web

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yagura/alert"
	"yagura/auth"
	"yagura/fault"
	"yagura/group"
	"yagura/store"
)

// Group is a line of the queue as the API shows it.
type Group struct {
	ID        string         `json:"id" doc:"e.g. G-00G6Q4ZW2R" example:"G-00G6Q4ZW2R"`
	Standing  string         `json:"standing" enum:"queued,done" doc:"queued: a line of the queue; done: handled"`
	Title     string         `json:"title" doc:"of its worst alert"`
	Why       string         `json:"why" doc:"one sentence: why its alerts belong together"`
	Differs   string         `json:"differs" doc:"what differs among them"`
	Severity  string         `json:"severity" enum:"info,low,medium,high,critical" doc:"the highest of its alerts"`
	Priority  int            `json:"priority" doc:"the sum of its reasons; the queue's order"`
	Reasons   []group.Factor `json:"reasons" doc:"why it stands where it does"`
	Count     int            `json:"count" doc:"alerts in it"`
	Sightings int            `json:"sightings" doc:"repeats included"`
	Sources   []string       `json:"sources" doc:"that its alerts came from, 16 at most"`
	Rules     []string       `json:"rules" doc:"of its alerts, 16 at most"`
	Lead      string         `json:"lead" doc:"its worst alert"`
	Ticket    string         `json:"ticket,omitempty" doc:"the ticket that its worst alert is in"`
	Past      *GroupPast     `json:"past,omitempty" doc:"what people concluded of the like last time"`
	Kept      bool           `json:"kept" doc:"a person shaped it: the machine merges it with nothing"`
	First     time.Time      `json:"first" doc:"first seen, by the product's clock, UTC"`
	Last      time.Time      `json:"last" doc:"last seen, by the product's clock, UTC"`
	MovedAt   time.Time      `json:"moved_at" doc:"when something new last came to it, by our clock, UTC"`
}

// GroupPast is what people concluded last time of what is like a group.
type GroupPast struct {
	Ticket     string    `json:"ticket" doc:"the ticket that was concluded"`
	Title      string    `json:"title" doc:"of that ticket"`
	Conclusion string    `json:"conclusion" doc:"false positive, intended, unaffected, true positive or undetermined"`
	Reason     string    `json:"reason" doc:"as given"`
	By         string    `json:"by" doc:"who concluded it"`
	At         time.Time `json:"at" doc:"when, UTC"`
	Like       string    `json:"like" enum:"the same thing,the same rule" doc:"how alike it is: its fingerprint, or its rule and source"`
}

// GroupAlert is an alert of a group with why the machine put it there.
type GroupAlert struct {
	Alert
	Together []Shared `json:"together" doc:"what it shares with earlier alerts of the group; empty for the first one, and where a person put it there"`
}

// Shared is one thing that an alert shares with an earlier one of its group.
type Shared struct {
	Type  string  `json:"type" doc:"what is shared: process, session, host, user, ip and the like"`
	Value string  `json:"value" doc:"the shared value, not defanged"`
	Alert string  `json:"alert" doc:"the earlier alert that had it last"`
	Gap   string  `json:"gap" doc:"between the two by the product's clock, as 1h2m3s"`
	Score float64 `json:"score" doc:"what it counts; a sum of 1 joins"`
}

// GroupDetail is one group with its alerts.
type GroupDetail struct {
	Group
	Alerts []GroupAlert `json:"alerts" doc:"oldest first, at most 100 a page"`
	Next   string       `json:"next" doc:"cursor of the next page of alerts; empty at the end"`
}

// GroupList is one page of the queue.
type GroupList struct {
	Items []Group `json:"items"`
	Next  string  `json:"next" doc:"cursor of the next page; empty at the end"`
	Total int     `json:"total" doc:"lines in all, as far as was looked"`
	Note  string  `json:"note,omitempty" doc:"how far was looked, where that was not everything"`
}

type groupListInput struct {
	AlertQuery
	Limit  int    `query:"limit" minimum:"0" maximum:"500" doc:"lines a page, default 50"`
	Cursor string `query:"cursor" doc:"next of the page before; pages are of one look at the queue"`
}

func (s *Server) groupRoutes(api huma.API) {
	huma.Register(api, operation("list-groups", http.MethodGet, "/api/v1/groups", "The queue: groups of alerts, first by priority", auth.ReadGroups), s.listGroups)
	huma.Register(api, operation("get-group", http.MethodGet, "/api/v1/groups/{id}", "One group with its alerts", auth.ReadGroups), s.getGroup)
	huma.Register(api, operation("merge-groups", http.MethodPost, "/api/v1/groups/{id}/merge", "Make other groups part of this one", auth.ChangeGroups), s.mergeGroups)
	huma.Register(api, operation("split-group", http.MethodPost, "/api/v1/groups/{id}/split", "Take alerts out into a group of their own", auth.ChangeGroups), s.splitGroup)
}

func (s *Server) listGroups(ctx context.Context, in *groupListInput) (*body[GroupList], error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	look, at, err := s.look(ctx, in)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	limit := in.Limit
	if limit == 0 {
		limit = store.DefaultLimit
	}
	end := min(at+limit, len(look.ids))
	lines, err := s.Store.Groups(ctx, look.ids[at:end])
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out := GroupList{Total: len(look.ids), Note: look.note}
	if out.Items, err = s.showGroups(ctx, lines); err != nil {
		return nil, s.fail(ctx, err)
	}
	if end < len(look.ids) {
		out.Next = fmt.Sprintf("%s.%d", look.token, end)
	}
	return &body[GroupList]{out}, nil
}

// explained bounds how many alerts of a group are read to say why they belong together.
const explained = 500

// showGroups words lines of the queue. Those merged away meanwhile are left out.
func (s *Server) showGroups(ctx context.Context, lines []*store.Group) ([]Group, error) {
	counts, err := s.Store.CountGroups(ctx, lines)
	if err != nil {
		return nil, err
	}
	ids, leads := make([]group.ID, len(lines)), make([]alert.ID, len(lines))
	for i, g := range lines {
		ids[i], leads[i] = g.ID, g.Lead
	}
	tickets, err := s.Store.GroupTickets(ctx, ids)
	if err != nil {
		return nil, err
	}
	past, err := s.past(ctx, leads)
	if err != nil {
		return nil, err
	}
	out := make([]Group, 0, len(lines))
	for _, g := range lines {
		if g.Standing == store.GroupMerged {
			continue
		}
		e, err := s.explain(ctx, g)
		if err != nil {
			return nil, err
		}
		n := counts[g.ID]
		standing := "done"
		if g.Standing == store.GroupQueued {
			standing = "queued"
		}
		out = append(out, Group{
			ID: g.ID.String(), Standing: standing, Title: e.title, Why: e.why, Differs: e.differs, Severity: g.Severity.String(),
			Priority: g.Score, Reasons: list(g.Factors), Count: g.Alerts, Sightings: n.Sightings, Sources: list(g.Sources), Rules: list(g.Rules),
			Lead: g.Lead.String(), Kept: g.Kept, First: n.First, Last: n.Last, MovedAt: g.MovedAt, Past: past[g.Lead],
		})
		if t, ok := tickets[g.ID]; ok {
			out[len(out)-1].Ticket = t.ID.String()
		}
	}
	return out, nil
}

// explain says why a group's alerts belong together, from memory where nothing
// came to it since.
func (s *Server) explain(ctx context.Context, g *store.Group) (explanation, error) {
	if e, ok := s.looks.explanation(g); ok {
		return e, nil
	}
	ids, err := s.Store.GroupMembers(ctx, g, 0, explained)
	if err != nil {
		return explanation{}, err
	}
	found, err := s.Store.Alerts(ctx, append(ids, g.Lead))
	if err != nil {
		return explanation{}, err
	}
	e := explanation{alerts: g.Alerts, movedAt: g.MovedAt}
	alerts := make([]*alert.Alert, 0, len(found))
	for i, a := range found {
		if a.ID == g.Lead {
			e.title = a.Title
		}
		if i < len(ids) {
			alerts = append(alerts, &a.Alert)
		}
	}
	e.why, e.differs = group.Explain(alerts)
	if g.Alerts > len(alerts) {
		e.differs += fmt.Sprintf(" (of its first %d alerts)", len(alerts))
	}
	s.looks.keep(g, e)
	return e, nil
}

type groupInput struct {
	ID     string `path:"id" doc:"as lists show it"`
	Cursor string `query:"cursor" doc:"next of the page of alerts before"`
	Limit  int    `query:"limit" minimum:"0" maximum:"100" doc:"alerts a page, default 100"`
}

func (s *Server) getGroup(ctx context.Context, in *groupInput) (*body[GroupDetail], error) {
	id, err := groupID(in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	g, err := s.Store.Group(ctx, id)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	shown, err := s.showGroups(ctx, []*store.Group{g})
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	if len(shown) == 0 { // merged away between the two readings
		return nil, s.fail(ctx, fault.New(fault.Conflict, "%s was merged just now; ask again", id))
	}
	out := GroupDetail{Group: shown[0]}
	if out.Alerts, out.Next, err = s.groupAlerts(ctx, g, in); err != nil {
		return nil, s.fail(ctx, err)
	}
	return &body[GroupDetail]{out}, nil
}

func (s *Server) groupAlerts(ctx context.Context, g *store.Group, in *groupInput) ([]GroupAlert, string, error) {
	const most = 100
	limit := in.Limit
	if limit == 0 {
		limit = most
	}
	var after alert.ID
	if in.Cursor != "" {
		id, err := alert.ParseID(in.Cursor)
		if err != nil {
			return nil, "", fault.New(fault.Invalid, "the cursor is not one of ours; take it from next of the page before")
		}
		after = id
	}
	ids, err := s.Store.GroupMembers(ctx, g, after, limit+1)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(ids) > limit {
		ids = ids[:limit]
		next = ids[limit-1].String()
	}
	found, err := s.Store.Alerts(ctx, ids)
	if err != nil {
		return nil, "", err
	}
	reasons, err := s.Store.MemberReasons(ctx, ids)
	if err != nil {
		return nil, "", err
	}
	out := make([]GroupAlert, len(found))
	for i, a := range found {
		out[i] = GroupAlert{Alert: showAlert(a), Together: []Shared{}}
		for _, r := range reasons[a.ID] {
			out[i].Together = append(out[i].Together, Shared{r.Type, r.Value, r.Alert.String(), r.Gap.Round(time.Millisecond).String(), r.Score})
		}
	}
	return out, next, nil
}

type mergeGroupsInput struct {
	ID   string `path:"id" doc:"as lists show it"`
	Body struct {
		Groups []string `json:"groups" minItems:"1" maxItems:"1000" doc:"those that become part of this one"`
		Reason string   `json:"reason,omitempty" maxLength:"1000" doc:"why; on record"`
	}
}

func (s *Server) mergeGroups(ctx context.Context, in *mergeGroupsInput) (*body[Group], error) {
	id, err := groupID(in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	from := make([]group.ID, len(in.Body.Groups))
	for i, text := range in.Body.Groups {
		if from[i], err = groupID(text); err != nil {
			return nil, s.fail(ctx, err)
		}
	}
	if err := s.Desk.MergeGroups(ctx, principal(ctx), id, from, in.Body.Reason); err != nil {
		return nil, s.fail(ctx, err)
	}
	return s.oneGroup(ctx, id)
}

type splitGroupInput struct {
	ID   string `path:"id" doc:"as lists show it"`
	Body struct {
		Alerts []string `json:"alerts" minItems:"1" maxItems:"10000" doc:"those that leave"`
		Reason string   `json:"reason,omitempty" maxLength:"1000" doc:"why; on record"`
	}
}

func (s *Server) splitGroup(ctx context.Context, in *splitGroupInput) (*body[Group], error) {
	id, err := groupID(in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out := make([]alert.ID, len(in.Body.Alerts))
	for i, text := range in.Body.Alerts {
		if out[i], err = alertID(text); err != nil {
			return nil, s.fail(ctx, err)
		}
	}
	made, err := s.Desk.SplitGroup(ctx, principal(ctx), id, out, in.Body.Reason)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return s.oneGroup(ctx, made)
}

func (s *Server) oneGroup(ctx context.Context, id group.ID) (*body[Group], error) {
	g, err := s.Store.Group(ctx, id)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	shown, err := s.showGroups(ctx, []*store.Group{g})
	if err != nil || len(shown) == 0 {
		return nil, s.fail(ctx, err)
	}
	return &body[Group]{shown[0]}, nil
}

func groupID(s string) (group.ID, error) {
	id, err := group.ParseID(s)
	if err != nil {
		return 0, fault.New(fault.NotFound, "%v", err)
	}
	return id, nil
}
