package scenarios

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"yagura/client"
)

// analyst is a client of the server as its administrator.
func (s *server) analyst(t *testing.T) *client.Client {
	t.Helper()
	c, err := client.New(s.base, bootstrapKey)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// alerts brings n alerts that are not alike.
func (s *server) alerts(t *testing.T, src string, n int) []string {
	t.Helper()
	list := make([]draft, n)
	for i := range list {
		list[i] = draft{"title": fmt.Sprintf("%s %d", src, i), "rule": "R", "severity": "low", "event_id": fmt.Sprintf("%s-%d", src, i), "fingerprint": []string{src, fmt.Sprint(i)}}
	}
	out := s.post(t, src, lab(t, list...))
	if len(out.Alerts) != n {
		t.Fatalf("%d alerts of %d: %+v", len(out.Alerts), n, out)
	}
	return out.Alerts
}

// must fails the test on an error of the API.
func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// refused checks that the API refused with a status and said something.
func refused(t *testing.T, err error, status int, words ...string) {
	t.Helper()
	if client.Status(err) != status {
		t.Fatalf("answered %v, want %d", err, status)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("it says %q, which lacks %q", err, w)
		}
	}
}

// The life of a ticket: from an alert that means only "possible" to a person's
// judgement, with everything on its timeline.
// DESK-35, DESK-49, DESK-50, DESK-51, DESK-53, DESK-54, DESK-55, DESK-57, DESK-58, FEED-01, MIND-02
func TestATicketIsHandledByPeople(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		s := start(t, database)
		s.source(t, "edr", "lab")
		ids, c, ctx, tk := s.alerts(t, "edr", 3), s.analyst(t), t.Context(), must[*client.Ticket](t)
		made := tk(c.CreateTicket(ctx, client.NewTicket{Alerts: ids[:1]}))
		if made.Title != "edr 0" || made.Status != "open" || made.AlertCount != 1 || made.Version != 1 || !strings.HasPrefix(made.ID, "T-") {
			t.Errorf("made %+v", made)
		}
		id := made.ID
		tk(c.BindAlerts(ctx, id, ids[1:2]))
		other := tk(c.CreateTicket(ctx, client.NewTicket{TicketSettings: client.TicketSettings{Title: ptr("another")}}))
		_, err := c.BindAlerts(ctx, other.ID, []string{ids[2], ids[0]})
		refused(t, err, http.StatusConflict, ids[0], id, "merge")
		if a := must[*client.AlertDetail](t)(c.Alert(ctx, ids[2])); a.Ticket != "" {
			t.Errorf("%s was bound though the order was refused", a.ID)
		}
		// Closing without a conclusion, or without an owner, is refused.
		_, err = c.ChangeTicket(ctx, id, client.TicketChange{Version: 2, TicketSettings: client.TicketSettings{Status: ptr("resolved")}})
		refused(t, err, http.StatusConflict, "conclusion")
		_, err = c.ConcludeTicket(ctx, id, client.TicketConclusion{Version: 2, Conclusion: "true positive", Reason: "the host beacons"})
		refused(t, err, http.StatusConflict, "owner")
		_, err = c.ConcludeTicket(ctx, id, client.TicketConclusion{Version: 2, Conclusion: "true positive", Assignee: "alice"})
		refused(t, err, http.StatusUnprocessableEntity, "reason")
		taken := tk(c.TakeTicket(ctx, id, 0))
		if taken.Assignee != "key:bootstrap" || taken.Status != "in progress" {
			t.Errorf("taken: %+v", taken)
		}
		tk(c.CommentTicket(ctx, id, "@bob please look at web-1, and @carol@example.com too; mail x@y.example"))
		tk(c.ChangeTicket(ctx, id, client.TicketChange{Version: taken.Version, TicketSettings: client.TicketSettings{
			HandOver: &client.HandOver{Kind: "system", To: "incident desk", Link: "https://case.example/7"}, Severity: ptr("critical"),
		}}))
		done := tk(c.ConcludeTicket(ctx, id, client.TicketConclusion{Version: taken.Version + 1, Conclusion: "true positive", Reason: "the host beacons"}))
		if done.Status != "resolved" || done.Conclusion == nil || done.Conclusion.By != "key:bootstrap" || done.Conclusion.At.IsZero() || done.ResolvedAt == nil || done.HandOver == nil {
			t.Errorf("concluded: %+v", done)
		}
		if a := must[*client.AlertDetail](t)(c.Alert(ctx, ids[0])); a.Ticket != id || a.Severity != "low" || a.Disposition != "active" {
			t.Errorf("the alert's facts stay, and it names its ticket: %+v", a.Alert)
		}
		if page := must[*client.AlertPage](t)(c.Alerts(ctx, client.AlertFilter{Sort: "received_at"})); page.Items[1].Ticket != id {
			t.Errorf("the list says %q", page.Items[1].Ticket)
		}
		open := tk(c.ReopenTicket(ctx, id, done.Version, "it came back"))
		if open.Status != "open" || open.Conclusion != nil || open.ResolvedAt != nil || open.Assignee == "" {
			t.Errorf("reopened: %+v", open)
		}
		d := must[*client.TicketDetail](t)(c.Ticket(ctx, id))
		var kinds []string
		for _, e := range d.Timeline {
			kinds = append(kinds, e.Kind)
			if e.By != "key:bootstrap" || e.Door != "api" || e.At.IsZero() {
				t.Errorf("%s: by %q at %s through %q", e.Kind, e.By, e.At, e.Door)
			}
		}
		if want := []string{"reopened", "concluded", "changed", "commented", "changed", "bound", "created"}; !slices.Equal(kinds, want) {
			t.Errorf("the timeline has %v", kinds)
		}
		if b := d.Timeline[0].Before.Conclusion; b == nil || b.Conclusion != "true positive" || b.Reason != "the host beacons" {
			t.Errorf("the timeline forgets the old conclusion: %+v", b)
		}
		if m := d.Timeline[3].Mentions; !slices.Equal(m, []string{"bob", "carol@example.com"}) {
			t.Errorf("mentions %q", m)
		}
		if len(d.Alerts) != 2 || d.Alerts[0].ID != ids[0] || d.Alerts[0].Title != "edr 0" {
			t.Errorf("its alerts are %+v", d.Alerts)
		}
	})
}

func ptr[T any](v T) *T { return &v }

// Two people edit one ticket: the second is told what changed, and nothing is
// overwritten.
func TestTheSecondOfTwoEditorsIsToldWhatChanged(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		s := start(t, database)
		c, ctx, tk := s.analyst(t), t.Context(), must[*client.Ticket](t)
		made := tk(c.CreateTicket(ctx, client.NewTicket{TicketSettings: client.TicketSettings{Title: ptr("one"), Tags: &[]string{"a"}}}))
		first := tk(c.ChangeTicket(ctx, made.ID, client.TicketChange{Version: 1, TicketSettings: client.TicketSettings{Assignee: ptr("alice"), Tags: &[]string{"a", "b"}}}))
		tk(c.CommentTicket(ctx, made.ID, "a comment is in nobody's way"))
		_, err := c.ChangeTicket(ctx, made.ID, client.TicketChange{Version: 1, TicketSettings: client.TicketSettings{Tags: &[]string{"c"}}})
		refused(t, err, http.StatusConflict, "key:bootstrap changed assignee, tags", "version 2")
		_, err = c.ChangeTicket(ctx, made.ID, client.TicketChange{Version: 9, TicketSettings: client.TicketSettings{Tags: &[]string{"c"}}})
		refused(t, err, http.StatusConflict, "version 2, not 9")
		_, err = c.TakeTicket(ctx, made.ID, 0)
		refused(t, err, http.StatusConflict, "alice")
		now := must[*client.TicketDetail](t)(c.Ticket(ctx, made.ID))
		if now.Assignee != "alice" || !slices.Equal(now.Tags, []string{"a", "b"}) || now.Version != first.Version {
			t.Errorf("it is %+v", now.Ticket)
		}
		// What changes nothing is no change.
		if same := tk(c.ChangeTicket(ctx, made.ID, client.TicketChange{Version: 2, TicketSettings: client.TicketSettings{Assignee: ptr("alice")}})); same.Version != 2 {
			t.Errorf("nothing changed, and it is version %d", same.Version)
		}
		if tk(c.TakeTicket(ctx, made.ID, 2)).Assignee != "key:bootstrap" {
			t.Error("who names the version takes it over")
		}
	})
}

// DESK-56, DESK-57: alerts move between tickets, each in at most one, and every
// move can be undone.
func TestMergeSplitAndUndo(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		s := start(t, database)
		s.source(t, "fw", "lab")
		ids, c, ctx, tk := s.alerts(t, "fw", 4), s.analyst(t), t.Context(), must[*client.Ticket](t)
		a := tk(c.CreateTicket(ctx, client.NewTicket{Alerts: ids[:2]}))
		b := tk(c.CreateTicket(ctx, client.NewTicket{Alerts: ids[2:]}))
		of := func(want ...string) {
			t.Helper()
			for i, w := range want {
				if got := must[*client.AlertDetail](t)(c.Alert(ctx, ids[i])).Ticket; got != w {
					t.Errorf("alert %d is in %q, want %q", i, got, w)
				}
			}
		}
		m := tk(c.MergeTicket(ctx, a.ID, client.TicketMerge{Version: 1, From: b.ID, Reason: "the same scan"}))
		of(a.ID, a.ID, a.ID, a.ID)
		if m.AlertCount != 4 {
			t.Errorf("merged: %+v", m)
		}
		gone := must[*client.TicketDetail](t)(c.Ticket(ctx, b.ID))
		if gone.MergedInto != a.ID || gone.AlertCount != 0 || gone.Timeline[0].Other != a.ID || gone.Timeline[0].Text != "the same scan" {
			t.Errorf("the other is %+v", gone)
		}
		_, err := c.ChangeTicket(ctx, b.ID, client.TicketChange{Version: gone.Version, TicketSettings: client.TicketSettings{Title: ptr("x")}})
		refused(t, err, http.StatusConflict, a.ID)
		_, err = c.UndoTicket(ctx, b.ID, gone.Version)
		refused(t, err, http.StatusConflict, a.ID)
		if page := must[*client.TicketPage](t)(c.Tickets(ctx, client.TicketFilter{})); len(page.Items) != 1 {
			t.Errorf("merged tickets are listed: %+v", page.Items)
		}
		u := tk(c.UndoTicket(ctx, a.ID, m.Version))
		of(a.ID, a.ID, b.ID, b.ID)
		back := must[*client.TicketDetail](t)(c.Ticket(ctx, b.ID))
		if u.AlertCount != 2 || back.MergedInto != "" || back.AlertCount != 2 || back.Title != b.Title || back.Status != b.Status {
			t.Errorf("after undoing the merger: %+v and %+v", u, back.Ticket)
		}
		sp := must[*client.TicketSplit](t)(c.SplitTicket(ctx, a.ID, client.TicketSplitOff{Version: u.Version, Alerts: ids[1:2], Title: "something else"}))
		of(a.ID, sp.New.ID, b.ID, b.ID)
		if sp.New.Title != "something else" || sp.Ticket.AlertCount != 1 || sp.New.AlertCount != 1 {
			t.Errorf("split: %+v", sp)
		}
		_, err = c.SplitTicket(ctx, a.ID, client.TicketSplitOff{Version: sp.Ticket.Version, Alerts: ids[3:]})
		refused(t, err, http.StatusConflict, ids[3], "not in")
		tk(c.UndoTicket(ctx, a.ID, sp.Ticket.Version))
		of(a.ID, a.ID, b.ID, b.ID)
		un := tk(c.UnbindAlerts(ctx, a.ID, sp.Ticket.Version+1, ids[:1]))
		of("", a.ID, b.ID, b.ID)
		tk(c.BindAlerts(ctx, b.ID, ids[:1]))
		_, err = c.UndoTicket(ctx, a.ID, un.Version)
		refused(t, err, http.StatusConflict, "in "+b.ID)
		of(b.ID, a.ID, b.ID, b.ID)
	})
}

// DESK-50, DESK-53, DESK-56: many lines are closed at once, each with owner, conclusion and reason.
func TestManyAreConcludedAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		s := start(t, database)
		s.source(t, "ids", "lab")
		ids, c, ctx := s.alerts(t, "ids", 9), s.analyst(t), t.Context()
		held := must[*client.Ticket](t)(c.CreateTicket(ctx, client.NewTicket{Alerts: ids[8:]}))
		many := client.ConcludeMany{Sets: []client.TicketSet{
			{Title: "scan", Alerts: ids[:4]}, {Alerts: ids[4:6]}, {Alerts: ids[7:]}, {Alerts: []string{ids[6], ids[0]}},
		}, Conclusion: "false positive", Reason: "our own scanner"}
		_, err := c.ConcludeMany(ctx, many)
		refused(t, err, http.StatusUnprocessableEntity, "owner")
		many.Assignee = "alice"
		got := must[*client.ConcludedMany](t)(c.ConcludeMany(ctx, many))
		if got.Made != 2 || got.Tickets[0] == "" || got.Tickets[1] == "" || got.Tickets[2] != "" || len(got.Refused) != 2 ||
			!strings.Contains(got.Refused[0].Why, held.ID) || !strings.Contains(got.Refused[1].Why, "another set") {
			t.Fatalf("concluded %+v", got)
		}
		page := must[*client.TicketPage](t)(c.Tickets(ctx, client.TicketFilter{Status: []string{"resolved"}, Assignee: []string{"alice"}, Conclusion: []string{"false positive"}, Sort: "created_at"}))
		if len(page.Items) != 2 || page.Items[0].Title != "scan" || page.Items[1].Title != "ids 4" || page.Items[0].AlertCount != 4 || page.Items[0].Conclusion.Reason != "our own scanner" {
			t.Errorf("listed %+v", page.Items)
		}
		d := must[*client.TicketDetail](t)(c.Ticket(ctx, got.Tickets[0]))
		if len(d.Timeline) != 2 || d.Timeline[0].Kind != "concluded" || d.Timeline[1].BoundCount != 4 {
			t.Errorf("its timeline is %+v", d.Timeline)
		}
	})
}

// DESK-66: what is left: without owner, and idle.
func TestTicketsAreListedByWhatIsLeft(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		now := time.Now()
		s := start(t, database, clock(func() time.Time { return now }))
		c, ctx := s.analyst(t), t.Context()
		for i, set := range []client.TicketSettings{
			{Title: ptr("Brute force 攻撃 100%"), Tags: &[]string{"vpn", "night"}, Severity: ptr("high")},
			{Title: ptr("Backup job"), Assignee: ptr("alice"), Tags: &[]string{"vpn"}},
			{Title: ptr("Port scan"), Status: ptr("waiting")},
		} {
			must[*client.Ticket](t)(c.CreateTicket(ctx, client.NewTicket{TicketSettings: set}))
			_ = i
		}
		for name, tt := range map[string]struct {
			f    client.TicketFilter
			want []string
		}{
			"all":            {client.TicketFilter{}, []string{"Port scan", "Backup job", "Brute force 攻撃 100%"}},
			"no owner":       {client.TicketFilter{Assignee: []string{"none"}}, []string{"Port scan", "Brute force 攻撃 100%"}},
			"tags":           {client.TicketFilter{Tag: []string{"vpn", "night"}}, []string{"Brute force 攻撃 100%"}},
			"substring":      {client.TicketFilter{Q: "FORCE 撃"}, []string{"Brute force 攻撃 100%"}},
			"wildcards":      {client.TicketFilter{Q: "0%"}, []string{"Brute force 攻撃 100%"}},
			"no wildcard":    {client.TicketFilter{Q: "b%k"}, nil},
			"in the query":   {client.TicketFilter{Q: "status:waiting assignee:none"}, []string{"Port scan"}},
			"severity":       {client.TicketFilter{Severity: []string{"high", "low"}}, []string{"Brute force 攻撃 100%"}},
			"idle":           {client.TicketFilter{IdleSince: "1h"}, nil},
			"made before":    {client.TicketFilter{To: "1h"}, nil},
			"made since":     {client.TicketFilter{From: "1h", Sort: "created_at", Limit: 1}, []string{"Brute force 攻撃 100%", "Backup job", "Port scan"}},
			"page after one": {client.TicketFilter{Limit: 2}, []string{"Port scan", "Backup job", "Brute force 攻撃 100%"}},
		} {
			var got []string
			for tk, err := range c.EachTicket(ctx, tt.f) {
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				got = append(got, tk.Title)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%s: %q, want %q", name, got, tt.want)
			}
		}
		_, err := c.Tickets(ctx, client.TicketFilter{Status: []string{"shut"}})
		refused(t, err, http.StatusUnprocessableEntity, "in progress")
		_, err = c.Tickets(ctx, client.TicketFilter{Cursor: "x"})
		refused(t, err, http.StatusUnprocessableEntity, "cursor")
	})
}

// What is hostile is kept as text, bounded, or refused in a sentence.
func TestHostileTextsOfTickets(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		s := start(t, database)
		s.source(t, "evil", "lab")
		c, ctx, tk := s.analyst(t), t.Context(), must[*client.Ticket](t)
		title := "<script>alert(1)</script>\r\n\x1b[31m\u202etxt.exe\u200b " + strings.Repeat("長", 5000)
		a := s.one(t, "evil", draft{"title": title, "rule": "R", "fingerprint": []string{"x"}})
		made := tk(c.CreateTicket(ctx, client.NewTicket{Alerts: []string{a.ID}}))
		if strings.ContainsAny(made.Title, "\r\n\x1b") || len([]rune(made.Title)) > 300 || !strings.HasPrefix(made.Title, "<script>") {
			t.Errorf("its title is %.80q", made.Title)
		}
		change := func(set client.TicketSettings, words ...string) {
			t.Helper()
			_, err := c.ChangeTicket(ctx, made.ID, client.TicketChange{Version: 1, TicketSettings: set})
			refused(t, err, http.StatusUnprocessableEntity, words...)
		}
		change(client.TicketSettings{Title: ptr(strings.Repeat("x", 301))}, "300")
		change(client.TicketSettings{Title: ptr(" \n")}, "empty")
		change(client.TicketSettings{Links: &[]client.Link{{URL: "javascript:alert(1)"}}}, "https://")
		change(client.TicketSettings{Links: &[]client.Link{{URL: "https://a.example/\nx"}}}, "https://")
		change(client.TicketSettings{HandOver: &client.HandOver{Kind: "system", To: "x", Link: "file:///etc/passwd"}}, "https://")
		change(client.TicketSettings{Severity: ptr("awful")}, "critical")
		many := map[string]string{}
		for i := range 51 {
			many[fmt.Sprint(i)] = "x"
		}
		change(client.TicketSettings{Fields: &many}, "50")
		_, err := c.CommentTicket(ctx, made.ID, "  ")
		refused(t, err, http.StatusUnprocessableEntity, "text")
		_, err = c.CommentTicket(ctx, made.ID, strings.Repeat("x", 10_001))
		refused(t, err, http.StatusUnprocessableEntity, "10000")
		_, err = c.BindAlerts(ctx, made.ID, []string{"A-0000000001"})
		refused(t, err, http.StatusNotFound)
		_, err = c.BindAlerts(ctx, made.ID, []string{"'; drop table ticket"})
		refused(t, err, http.StatusUnprocessableEntity)
		_, err = c.MergeTicket(ctx, made.ID, client.TicketMerge{Version: 1, From: made.ID})
		refused(t, err, http.StatusUnprocessableEntity, "itself")
		for _, id := range []string{"T-0", "T-99", "T--1", "T-99999999999999999999", "x"} {
			_, err := c.Ticket(ctx, id)
			refused(t, err, http.StatusNotFound)
		}
		now := tk(c.ChangeTicket(ctx, made.ID, client.TicketChange{Version: 1, TicketSettings: client.TicketSettings{
			Title: ptr("a\x00b <b>bold</b>"), Fields: &map[string]string{"case\n": "\u202e\x00x"}, Tags: &[]string{"<i>", "<i>"},
		}}))
		if now.Title != "a b <b>bold</b>" || now.Fields["case"] != "\u202ex" || !slices.Equal(now.Tags, []string{"<i>"}) {
			t.Errorf("it is %+v", now)
		}
	})
}

// Deleting is its own permission, keeps a line in the audit log, and gives no
// number twice.
func TestDeletingATicketLeavesItsAlertsAndALine(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		s := start(t, database)
		s.source(t, "edr", "lab")
		ids, c, ctx, tk := s.alerts(t, "edr", 1), s.analyst(t), t.Context(), must[*client.Ticket](t)
		made := tk(c.CreateTicket(ctx, client.NewTicket{Alerts: ids}))
		refused(t, c.DeleteTicket(ctx, made.ID, ""), http.StatusUnprocessableEntity, "reason")
		if err := c.DeleteTicket(ctx, made.ID, "made by mistake"); err != nil {
			t.Fatal(err)
		}
		_, err := c.Ticket(ctx, made.ID)
		refused(t, err, http.StatusNotFound)
		if a := must[*client.AlertDetail](t)(c.Alert(ctx, ids[0])); a.Ticket != "" {
			t.Errorf("the alert is in %q", a.Ticket)
		}
		log := must[*client.AuditPage](t)(c.Audit(ctx, 0, 1)).Items[0]
		if log.Action != "ticket.deleted" || log.Subject != made.ID || !strings.Contains(log.Reason, "made by mistake") || !strings.Contains(log.Reason, made.Title) {
			t.Errorf("the audit log says %+v", log)
		}
		if again := tk(c.CreateTicket(ctx, client.NewTicket{Alerts: ids})); again.ID == made.ID {
			t.Errorf("%s is given again", again.ID)
		}
	})
}

// Live events tell of tickets.
func TestLiveEventsTellOfTickets(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		s := start(t, database)
		c, ctx := s.analyst(t), t.Context()
		var seen []string
		for e, err := range c.Events(ctx, "") {
			if err != nil {
				t.Fatal(err)
			}
			switch e.Type {
			case "hello":
				made := must[*client.Ticket](t)(c.CreateTicket(ctx, client.NewTicket{TicketSettings: client.TicketSettings{Title: ptr("live")}}))
				must[*client.Ticket](t)(c.TakeTicket(ctx, made.ID, 0))
				continue
			case "ticket.created", "ticket.changed":
				seen = append(seen, e.Type)
				if e.Ticket == nil || e.Ticket.Title != "live" || e.ID != e.Ticket.ID {
					t.Errorf("%s says %+v", e.Type, e.Ticket)
				}
			}
			if len(seen) == 2 {
				break
			}
		}
		if !slices.Equal(seen, []string{"ticket.created", "ticket.changed"}) {
			t.Errorf("told of %v", seen)
		}
	})
}
