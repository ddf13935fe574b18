package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"yagura/alert"
	"yagura/fault"
	"yagura/ticket"
)

// TicketFilter says which tickets to list. Values of one field are alternatives,
// except tags and words, which are all required; fields are all required.
type TicketFilter struct {
	Statuses    []ticket.Status
	Assignees   []string // "" is nobody
	Conclusions []ticket.Conclusion
	Severities  []string // as judged
	Tags        []string
	Words       []string  // substrings of the title, in any letter case
	From, To    time.Time // of creation, From inclusive; zero: without bound
	IdleSince   time.Time // only those with nothing on their timeline since; zero: all
	Merged      bool      // also those that were merged into others
	Oldest      bool      // oldest first; otherwise newest first
	Limit       int       // 1 to MaxLimit; 0 is DefaultLimit
	Cursor      string    // from TicketPage.Next
}

// TicketPage is one page of a list of tickets.
type TicketPage struct {
	Items   []ticket.Ticket
	Next    string    // the next page's cursor; empty at the end
	Stopped time.Time // where the list met its bound before the page was full; Next goes on
	Note    string    // what Stopped means
}

// maxTicketWalk is how many tickets one page looks at.
const maxTicketWalk = 20_000

func (f TicketFilter) normalize() (TicketFilter, error) {
	if f.Limit == 0 {
		f.Limit = DefaultLimit
	}
	if f.Limit < 1 || f.Limit > MaxLimit {
		return f, fault.New(fault.Invalid, "limit %d: use 1 to %d", f.Limit, MaxLimit)
	}
	for _, n := range []int{len(f.Statuses), len(f.Assignees), len(f.Conclusions), len(f.Severities), len(f.Tags)} {
		if n > maxValues {
			return f, fault.New(fault.Invalid, "a filter takes at most %d values of one field", maxValues)
		}
	}
	for _, v := range f.Statuses {
		if !slices.Contains(ticket.Statuses(), v) {
			return f, fault.New(fault.Invalid, "status %q: use open, in progress, waiting or resolved", v)
		}
	}
	for _, v := range f.Conclusions {
		if !slices.Contains(ticket.Conclusions(), v) {
			return f, fault.New(fault.Invalid, "conclusion %q: use false positive, intended, unaffected, true positive or undetermined", v)
		}
	}
	for _, v := range f.Severities {
		if !slices.Contains(severityNames(), v) {
			return f, fault.New(fault.Invalid, "severity %q: use info, low, medium, high or critical", v)
		}
	}
	if len(f.Words) > maxWords {
		return f, fault.New(fault.Invalid, "a search has at most %d words", maxWords)
	}
	words := make([]string, 0, len(f.Words))
	for _, w := range f.Words {
		if len(w) > maxWord {
			return f, fault.New(fault.Invalid, "a search word has at most %d bytes", maxWord)
		}
		if w = fold(strings.TrimSpace(plain(w))); w != "" {
			words = append(words, w)
		}
	}
	f.Words = words
	return f, nil
}

// conditions are f's conditions on a row t of ticket.
func (f TicketFilter) conditions() *where {
	w := &where{}
	numbered(w, "t.status", ticket.Statuses(), f.Statuses)
	numbered(w, "t.conclusion", ticket.Conclusions(), f.Conclusions)
	numbered(w, "t.severity", severityNames(), f.Severities)
	if len(f.Assignees) > 0 {
		args := make([]any, len(f.Assignees))
		for i, v := range f.Assignees {
			args[i] = plain(v)
		}
		w.in("t.assignee", args)
	}
	for _, tag := range f.Tags {
		w.add("EXISTS (SELECT 1 FROM ticket_tag g WHERE g.ticket = t.id AND g.tag = %s)", plain(tag))
	}
	for _, word := range f.Words {
		w.add(`t.folded LIKE %s ESCAPE '!'`, "%"+strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(word)+"%")
	}
	if !f.From.IsZero() {
		w.add("t.created_at >= %s", micros(f.From))
	}
	if !f.To.IsZero() {
		w.add("t.created_at < %s", micros(f.To))
	}
	if !f.IdleSince.IsZero() {
		w.add("t.updated_at < %s", micros(f.IdleSince))
	}
	if !f.Merged {
		w.add("t.merged_into = %s", int64(0))
	}
	return w
}

func numbered[T comparable](w *where, column string, all, wanted []T) {
	if len(wanted) == 0 {
		return
	}
	args := make([]any, len(wanted))
	for i, v := range wanted {
		args[i] = numberOf(all, v)
	}
	w.in(column, args)
}

// ListTickets lists the tickets that match f by their number, by keyset: each
// appears once over all pages, whatever is made meanwhile.
func (s *Store) ListTickets(ctx context.Context, f TicketFilter) (*TicketPage, error) {
	f, err := f.normalize()
	if err != nil {
		return nil, err
	}
	op, edgeOp, order := "<", ">=", "DESC"
	from := cursor{id: 1<<63 - 1}
	if f.Oldest {
		op, edgeOp, order, from = ">", "<=", "ASC", cursor{}
	}
	if f.Cursor != "" {
		if from, err = parseCursor(f.Cursor); err != nil {
			return nil, err
		}
	}
	edge, err := ints(s.read.QueryContext(ctx, fmt.Sprintf(`SELECT id FROM ticket WHERE id %s $1 ORDER BY id %s LIMIT 1 OFFSET %d`, op, order, maxTicketWalk-1), from.id))
	if err != nil {
		return nil, storageFault(fmt.Errorf("listing tickets: %w", err))
	}
	w := f.conditions()
	w.add("t.id "+op+" %s", from.id)
	if len(edge) > 0 {
		w.add("t.id "+edgeOp+" %s", edge[0])
	}
	list, err := scanTickets(s.read.QueryContext(ctx, `SELECT `+ticketColumns+` FROM ticket t WHERE `+w.where()+
		fmt.Sprintf(" ORDER BY t.id %s LIMIT %d", order, f.Limit+1), w.args...))
	if err != nil {
		return nil, storageFault(err)
	}
	page := &TicketPage{Items: list}
	switch {
	case len(list) > f.Limit:
		page.Items = list[:f.Limit]
		page.Next = cursor{id: int64(page.Items[f.Limit-1].ID)}.String()
	case len(edge) > 0:
		page.Next = cursor{id: edge[0]}.String()
		last, err := s.Ticket(ctx, ticket.ID(edge[0]))
		if err == nil {
			page.Stopped = last.CreatedAt
			page.Note = fmt.Sprintf("looked at %d tickets, up to %s, and stopped there; next goes on", maxTicketWalk, last.ID)
		} else if !fault.Is(err, fault.NotFound) {
			return nil, err
		}
	}
	return page, nil
}

// TicketsOf returns the ticket of each of the alerts that is in one.
func (s *Store) TicketsOf(ctx context.Context, ids []alert.ID) (map[alert.ID]ticket.ID, error) {
	out := map[alert.ID]ticket.ID{}
	err := inChunks(alertArgs(ids), func(list string, chunk []any) error {
		rows, err := s.read.QueryContext(ctx, `SELECT alert, ticket FROM ticket_alert WHERE alert IN (`+list+`)`, chunk...)
		if err != nil {
			return err
		}
		return each(rows, scanTicketOf(out))
	})
	if err != nil {
		return nil, storageFault(fmt.Errorf("reading tickets of alerts: %w", err))
	}
	return out, nil
}

// Tickets returns those of the tickets that exist, by id.
func (s *Store) Tickets(ctx context.Context, ids []ticket.ID) (map[ticket.ID]ticket.Ticket, error) {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = int64(id)
	}
	out := map[ticket.ID]ticket.Ticket{}
	err := inChunks(args, func(list string, chunk []any) error {
		found, err := scanTickets(s.read.QueryContext(ctx, `SELECT `+ticketColumns+` FROM ticket t WHERE t.id IN (`+list+`)`, chunk...))
		for _, t := range found {
			out[t.ID] = t
		}
		return err
	})
	return out, storageFault(err)
}

// AlertsOfTicket returns up to limit alerts of a ticket after the given one (0:
// from the first), oldest first.
func (s *Store) AlertsOfTicket(ctx context.Context, id ticket.ID, after alert.ID, limit int) ([]alert.ID, error) {
	list, err := ints(s.read.QueryContext(ctx, `SELECT alert FROM ticket_alert WHERE ticket = $1 AND alert > $2 ORDER BY alert LIMIT $3`, int64(id), int64(after), limit))
	if err != nil {
		return nil, storageFault(fmt.Errorf("reading the alerts of %s: %w", id, err))
	}
	return alertIDs(list), nil
}
