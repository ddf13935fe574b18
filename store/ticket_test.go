package store_test

import (
	"fmt"
	"testing"
	"time"

	"yagura/alert"
	"yagura/fault"
	"yagura/store"
	"yagura/ticket"
)

var someone = ticket.Actor{Name: "alice", Door: "api"}

// concluded makes a ticket of alerts and, where conclusion is not empty, resolves it.
func (w *world) concluded(s *store.Store, title string, conclusion ticket.Conclusion, alerts ...alert.ID) ticket.ID {
	w.t.Helper()
	var id ticket.ID
	err := s.Write(w.t.Context(), store.Full, func(tx *store.Tx) (err error) {
		if id, err = tx.NewTickets(1); err != nil {
			return err
		}
		k, made, err := ticket.New(id, someone, tx.Now().UTC(), ticket.Change{Set: ticket.Delta{Title: &title}, Bind: alerts})
		if err != nil {
			return err
		}
		step := store.TicketStep{Ticket: k, Entries: []ticket.Entry{made}}
		if conclusion != "" {
			owner, status := "alice", ticket.Resolved
			k, done, err := k.Apply(someone, tx.Now().UTC(), ticket.Change{Kind: ticket.Concluded, Set: ticket.Delta{
				Assignee: &owner, Status: &status, Judgement: &ticket.Judgement{Conclusion: conclusion, Reason: "because of " + title},
			}})
			if err != nil {
				return err
			}
			step.Ticket, step.Entries = k, append(step.Entries, done)
		}
		return tx.SaveTickets([]store.TicketStep{step})
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// What was concluded of the same thing before is found by fingerprint and by rule.
func TestPastConclusionsAreFound(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		ids := w.bring(s, thing("a"), thing("b"), thing("c"), thing("d", func(a *alert.Alert) { a.Rule = "R2" }), thing("e", func(a *alert.Alert) { a.Source = "fw" }))
		prints := make([]string, len(ids))
		for i, id := range ids {
			a, err := s.Alert(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			prints[i] = a.Fingerprint
		}
		older := w.concluded(s, "older", ticket.Intended, ids[0])
		w.pass(time.Hour)
		w.concluded(s, "open", "", ids[2])
		newer := w.concluded(s, "newer", ticket.FalsePositive, ids[1], ids[3])
		w.concluded(s, "elsewhere", ticket.TruePositive, ids[4])
		got, err := s.PastConclusions(t.Context(), append(prints[:4:4], prints[0], "00"))
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 3 || got[prints[0]].Ticket != older || got[prints[1]].Ticket != newer || got[prints[3]].Ticket != newer {
			t.Errorf("by fingerprint: %+v", got)
		}
		if p := got[prints[0]]; p.Conclusion != ticket.Intended || p.Reason != "because of older" || p.By != "alice" || p.Title != "older" || !p.At.Equal(dawn) {
			t.Errorf("the older one is %+v", p)
		}
		if _, err := s.PastConclusions(t.Context(), []string{"not hex"}); !fault.Is(err, fault.Invalid) {
			t.Errorf("no fingerprint: %v", err)
		}
		of, err := s.PastConclusionsOfRule(t.Context(), "edr", "R1", 10)
		if err != nil || len(of) != 2 || of[0].Ticket != newer || of[1].Ticket != older {
			t.Errorf("by rule: %+v, %v", of, err)
		}
		if of, err = s.PastConclusionsOfRule(t.Context(), "edr", "R3", 10); err != nil || len(of) != 0 {
			t.Errorf("by a rule that is unknown: %+v, %v", of, err)
		}
	})
}

// An alert that is in a ticket, or that does not exist, is refused, and nothing
// of the order is written; but a number is never given twice.
func TestAnAlertIsInOneTicketAtMost(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		ids := w.bring(s, thing("a"), thing("b"))
		first := w.concluded(s, "first", "", ids[0])
		for name, tt := range map[string]struct {
			bind, unbind []alert.ID
			kind         fault.Kind
		}{
			"in another":     {[]alert.ID{ids[1], ids[0]}, nil, fault.Conflict},
			"of no delivery": {[]alert.ID{ids[1], 5}, nil, fault.NotFound},
			"not in it":      {nil, []alert.ID{ids[0]}, fault.Conflict},
		} {
			err := s.Write(t.Context(), store.Full, func(tx *store.Tx) error {
				id, err := tx.NewTickets(1)
				if err != nil {
					return err
				}
				title := name
				k, e, err := ticket.New(id, someone, tx.Now(), ticket.Change{Set: ticket.Delta{Title: &title}, Bind: tt.bind, Unbind: tt.unbind})
				if err != nil {
					return err
				}
				return tx.SaveTickets([]store.TicketStep{{Ticket: k, Entries: []ticket.Entry{e}}})
			})
			if !fault.Is(err, tt.kind) {
				t.Errorf("%s: %v", name, err)
			}
		}
		in, err := s.TicketsOf(t.Context(), ids)
		if err != nil || len(in) != 1 || in[ids[0]] != first {
			t.Errorf("they are in %v, %v", in, err)
		}
		page, err := s.ListTickets(t.Context(), store.TicketFilter{})
		if err != nil || len(page.Items) != 1 {
			t.Errorf("%d tickets, %v", len(page.Items), err)
		}
	})
}

// A list that would look at too many tickets stops, says where, and goes on from there.
func TestAListOfTicketsIsBounded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		w.concluded(s, "the first", ticket.Intended)
		if _, err := w.sql().ExecContext(t.Context(), `INSERT INTO ticket (id, status, severity, conclusion, concluded_at, merged_into, alerts, version, entries, created_at, updated_at, assignee, folded, doc)
			WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 25000)
			SELECT n.i, 1, 0, 0, 0, 0, 0, 1, 1, t.created_at, t.updated_at, '', 'another', t.doc FROM n, ticket t WHERE t.id = 1`); err != nil {
			t.Fatal(err)
		}
		for _, f := range []store.TicketFilter{{Words: []string{"FIRST"}}, {Statuses: []ticket.Status{ticket.Resolved}}, {Assignees: []string{"alice"}}} {
			page, err := s.ListTickets(t.Context(), f)
			if err != nil || len(page.Items) != 0 || page.Next == "" || page.Stopped.IsZero() || page.Note == "" {
				t.Fatalf("%+v: %d found, %q, %v", f, len(page.Items), page.Note, err)
			}
			f.Cursor = page.Next
			if page, err = s.ListTickets(t.Context(), f); err != nil || len(page.Items) != 1 || page.Next != "" {
				t.Errorf("%+v goes on: %d found, %v", f, len(page.Items), err)
			}
		}
		page, err := s.ListTickets(t.Context(), store.TicketFilter{Oldest: true, Limit: 2})
		if err != nil || fmt.Sprint(page.Items[0].ID, page.Items[1].ID) != "T-1 T-2" {
			t.Errorf("oldest first: %+v, %v", page.Items, err)
		}
	})
}
