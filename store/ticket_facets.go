package store

import (
	"context"
	"database/sql"
	"fmt"

	"yagura/ticket"
)

// TicketFacets counts tickets by field: value → how many. Nobody, no conclusion
// and no severity count under "".
type TicketFacets struct {
	Status, Assignee, Conclusion, Severity map[string]int
	Total                                  int
	Capped                                 bool // only the newest 20,000 that match were counted
}

// TicketFacets counts the tickets that match f; its order, limit and cursor mean
// nothing here.
func (s *Store) TicketFacets(ctx context.Context, f TicketFilter) (*TicketFacets, error) {
	f.Limit, f.Cursor = 0, ""
	f, err := f.normalize()
	if err != nil {
		return nil, err
	}
	w := f.conditions()
	rows, err := s.read.QueryContext(ctx, `SELECT c.status, c.assignee, c.conclusion, c.severity, count(*) FROM (
		SELECT t.status, t.assignee, t.conclusion, t.severity FROM ticket t WHERE `+w.where()+fmt.Sprintf(` ORDER BY t.id DESC LIMIT %d) c
		GROUP BY c.status, c.assignee, c.conclusion, c.severity`, maxTicketWalk), w.args...)
	if err != nil {
		return nil, storageFault(fmt.Errorf("counting tickets: %w", err))
	}
	out := &TicketFacets{Status: map[string]int{}, Assignee: map[string]int{}, Conclusion: map[string]int{}, Severity: map[string]int{}}
	err = each(rows, func(r *sql.Rows) error {
		var status, conclusion, severity int64
		var assignee string
		var n int
		if err := r.Scan(&status, &assignee, &conclusion, &severity, &n); err != nil {
			return err
		}
		out.Status[string(wordAt(ticket.Statuses(), status))] += n
		out.Assignee[assignee] += n
		out.Conclusion[string(wordAt(ticket.Conclusions(), conclusion))] += n
		out.Severity[wordAt(severityNames(), severity)] += n
		out.Total += n
		return nil
	})
	out.Capped = out.Total >= maxTicketWalk
	return out, storageFault(err)
}
