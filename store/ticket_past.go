package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"yagura/fault"
	"yagura/ticket"
)

// PastConclusion is what people concluded of a ticket that held an alert like
// the one asked about.
type PastConclusion struct {
	Ticket ticket.ID
	Title  string
	ticket.Judgement
}

// PastConclusions returns the last conclusion that was drawn of a ticket with an
// alert of each fingerprint (hex digits); fingerprints of which none was drawn are
// left out. Reopened tickets have none.
func (s *Store) PastConclusions(ctx context.Context, fingerprints []string) (map[string]PastConclusion, error) {
	args := make([]any, len(fingerprints))
	for i, f := range fingerprints {
		b, err := hex.DecodeString(f)
		if err != nil {
			return nil, fault.New(fault.Invalid, "%q is no fingerprint; use the hex digits that an alert shows", f)
		}
		args[i] = b
	}
	out := map[string]PastConclusion{}
	err := inChunks(args, func(list string, chunk []any) error {
		rows, err := s.read.QueryContext(ctx, `SELECT r.fingerprint, t.id, t.conclusion, t.concluded_at, t.doc FROM recurrence r
			JOIN ticket_alert ta ON ta.alert = r.alert JOIN ticket t ON t.id = ta.ticket
			WHERE r.fingerprint IN (`+list+`) AND t.conclusion <> 0`, chunk...)
		if err != nil {
			return err
		}
		return each(rows, func(r *sql.Rows) error {
			var print []byte
			p, err := scanPast(r, &print)
			if key := hex.EncodeToString(print); err == nil && later(p, out[key]) {
				out[key] = p
			}
			return err
		})
	})
	if err != nil {
		return nil, storageFault(fmt.Errorf("reading past conclusions: %w", err))
	}
	return out, nil
}

func later(p, than PastConclusion) bool {
	return p.At.After(than.At) || p.At.Equal(than.At) && p.Ticket > than.Ticket
}

func scanPast(r *sql.Rows, first any) (p PastConclusion, err error) {
	var id, conclusion, at int64
	var doc string
	if err := r.Scan(first, &id, &conclusion, &at, &doc); err != nil {
		return p, err
	}
	var d ticketDoc
	if err := json.Unmarshal([]byte(doc), &d); err != nil {
		return p, fmt.Errorf("the document of T-%d: %w", id, err)
	}
	return PastConclusion{ticket.ID(id), d.Title, ticket.Judgement{
		Conclusion: wordAt(ticket.Conclusions(), conclusion), Reason: d.Reason, By: d.By, At: fromMicros(at),
	}}, nil
}

// pastOfRule is how many of the newest alerts of a rule are looked at.
const pastOfRule = 5_000

// PastConclusionsOfRule returns the last conclusions of tickets with alerts of a
// rule of a source, newest first, limit at most. It looks at the rule's newest
// 5,000 alerts.
func (s *Store) PastConclusionsOfRule(ctx context.Context, source, rule string, limit int) ([]PastConclusion, error) {
	list := []PastConclusion{}
	src, ok, err := s.lookup(ctx, wordSource, source)
	if err != nil || !ok {
		return list, err
	}
	rid, ok, err := s.lookup(ctx, wordRule, rule)
	if err != nil || !ok {
		return list, err
	}
	rows, err := s.read.QueryContext(ctx, fmt.Sprintf(`SELECT 0, t.id, t.conclusion, t.concluded_at, t.doc FROM ticket t WHERE t.conclusion <> 0 AND t.id IN (
		SELECT ta.ticket FROM (SELECT id, source FROM alert WHERE rule = $1 ORDER BY id DESC LIMIT %d) a JOIN ticket_alert ta ON ta.alert = a.id WHERE a.source = $2)
		ORDER BY t.concluded_at DESC, t.id DESC LIMIT %d`, pastOfRule, min(max(limit, 1), MaxLimit)), rid, src)
	if err != nil {
		return nil, storageFault(fmt.Errorf("reading past conclusions: %w", err))
	}
	err = each(rows, func(r *sql.Rows) error {
		var none int64
		p, err := scanPast(r, &none)
		list = append(list, p)
		return err
	})
	return list, storageFault(err)
}
