package store

import (
	"context"
	"database/sql"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"yagura/alert"
)

// Bounds of one search. A search that meets one says how far it looked.
const (
	windowSize     = 150_000 // alerts looked through in one go
	maxVerified    = 3_000   // candidates whose text is read
	maxSightings   = 2_000   // matching sightings, newest first
	maxRange       = 20_000  // rows of an address range
	sortedMatches  = 1_000   // matches put in another order than the newest first
	candidateChunk = 256
)

// searchBudget is how long a search goes on opening further windows. Tests of
// what is found, on machines that are busy with other tests, set it higher.
var searchBudget = 70 * time.Millisecond

// wordSearch finds alerts by words, observables, tags and techniques: candidates
// come newest first from one index, and are then checked against everything.
type wordSearch struct {
	s    *Store
	f    AlertFilter
	w    *where // conditions on alert a
	keys []string
	page *AlertPage

	match     any            // full-text query; nil where no word has grams
	sightings map[int64]bool // alerts that a sighting's text matches
	ranged    []int64        // alerts in the address ranges, newest first; nil where none was asked for
	verified  int
}

// termKeys returns the exact keys that f requires, and whether it also asks for
// an address range.
func (s *Store) termKeys(_ context.Context, f AlertFilter) (keys []string, ranged bool, err error) {
	for _, o := range f.Observables {
		if _, ok := alert.ParsePrefixQuery(o); ok {
			ranged = true
			continue
		}
		keys = append(keys, observableTerm(o))
	}
	for _, t := range f.Tags {
		keys = append(keys, tagTerm(t))
	}
	for _, t := range f.Techniques {
		keys = append(keys, techniqueTerm(t))
	}
	return keys, ranged, nil
}

// addressTerm is an address's key: such that a range of addresses is a range of keys.
func addressTerm(a netip.Addr) string {
	b := a.As16()
	return fmt.Sprintf("i%x", b)
}

func prefixTerms(p netip.Prefix) (first, last string) {
	lo := p.Masked().Addr().As16()
	hi := lo
	bits := p.Bits()
	if p.Addr().Is4() {
		bits += 96
	}
	for i := bits; i < 128; i++ {
		hi[i/8] |= 1 << (7 - i%8)
	}
	return fmt.Sprintf("i%x", lo), fmt.Sprintf("i%x", hi)
}

// newest returns up to limit hits below from, newest first.
func (q *wordSearch) newest(ctx context.Context, from cursor, limit int) ([]hit, bool, error) {
	if err := q.prepare(ctx); err != nil {
		return nil, false, err
	}
	lo, hi := firstAlertAt(q.f.From), from.id
	if !q.f.To.IsZero() {
		hi = min(hi, firstAlertAt(q.f.To))
	}
	next, err := q.driver(ctx, lo)
	if err != nil {
		return nil, false, err
	}
	var hits []hit
	start := time.Now()
	for hi > lo {
		ids, edge, err := next(hi)
		if err != nil {
			return nil, false, err
		}
		kept, err := q.check(ctx, ids)
		if err != nil {
			return nil, false, err
		}
		for _, id := range kept {
			hits = append(hits, hit{id, id})
			if len(hits) > limit {
				return hits[:limit], true, nil
			}
		}
		hi = edge
		if hi > lo && (q.verified > maxVerified || time.Since(start) > searchBudget) {
			q.page.stop(hit{hi, hi})
			return hits, false, nil
		}
	}
	return hits, false, nil
}

// sorted puts the newest matches into another order.
func (q *wordSearch) sorted(ctx context.Context, order sortOrder, from cursor, limit int) ([]hit, bool, error) {
	found, more, err := q.newest(ctx, cursor{1<<63 - 1, 1<<63 - 1}, sortedMatches)
	if err != nil {
		return nil, false, err
	}
	if more || q.page.Next != "" {
		q.page.Note = fmt.Sprintf("sorted within the newest %d matches", len(found))
		if len(found) > 0 {
			q.page.Stopped = alert.ID(found[len(found)-1].id).Time()
		}
		q.page.Next = ""
	}
	args := make([]any, len(found))
	for i, h := range found {
		args[i] = h.id
	}
	var hits []hit
	err = inChunks(args, func(in string, chunk []any) error {
		part, err := scanHits(q.s.read.QueryContext(ctx, `SELECT `+order.column+`, id FROM alert WHERE id IN (`+in+`)`, chunk...))
		hits = append(hits, part...)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	sortHits(hits, order.asc)
	at, _ := slices.BinarySearchFunc(hits, from, func(h hit, c cursor) int {
		beyond := h.key > c.key || (h.key == c.key && h.id > c.id)
		if (order.asc && beyond) || (!order.asc && !beyond && (h != hit(c))) {
			return 1
		}
		return -1
	})
	hits = hits[at:]
	return cut(hits, limit), len(hits) > limit, nil
}

// prepare reads what is the same for every candidate.
func (q *wordSearch) prepare(ctx context.Context) error {
	var all []uint32
	for _, word := range q.f.Words {
		all = append(all, queryGrams(word)...)
	}
	all = distinct(all)
	if len(all) > 0 {
		if q.s.postgres {
			list := make([]int32, len(all))
			for i, n := range all {
				list[i] = int32(n)
			}
			q.match = list
		} else {
			q.match = matchAll(all)
		}
		if err := q.matchSightings(ctx); err != nil {
			return err
		}
	}
	return q.readRanges(ctx)
}

// matchSightings finds the alerts that the text of one of their sightings matches.
func (q *wordSearch) matchSightings(ctx context.Context) error {
	query := `SELECT rowid FROM sighting_text WHERE sighting_text MATCH $1 ORDER BY rowid DESC LIMIT $2`
	if q.s.postgres {
		query = `SELECT alert FROM sighting_text WHERE grams @> $1 ORDER BY alert DESC LIMIT $2`
	}
	ids, err := ints(q.s.read.QueryContext(ctx, query, q.match, maxSightings))
	if err != nil {
		return fmt.Errorf("searching sightings: %w", err)
	}
	q.sightings = map[int64]bool{}
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	return inChunks(args, func(in string, chunk []any) error {
		rows, err := q.s.read.QueryContext(ctx, `SELECT alert, doc FROM sighting WHERE id IN (`+in+`)`, chunk...)
		if err != nil {
			return err
		}
		return each(rows, func(r *sql.Rows) error {
			var id int64
			var doc []byte
			if err := r.Scan(&id, &doc); err != nil || q.sightings[id] {
				return err
			}
			d, err := unpackSighting(doc)
			if err == nil && containsAll(d.Text, q.f.Words) {
				q.sightings[id] = true
			}
			return err
		})
	})
}

func containsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// readRanges finds the alerts with an address in every range asked for.
func (q *wordSearch) readRanges(ctx context.Context) error {
	for _, o := range q.f.Observables {
		p, ok := alert.ParsePrefixQuery(o)
		if !ok {
			continue
		}
		first, last := prefixTerms(p)
		ids, err := ints(q.s.read.QueryContext(ctx, `SELECT alert FROM term WHERE key >= $1 AND key <= $2 AND alert >= $3 LIMIT $4`,
			first, last, firstAlertAt(q.f.From), maxRange+1))
		if err != nil {
			return fmt.Errorf("searching addresses: %w", err)
		}
		// The range itself may stand in an alert, as a network.
		nets, err := ints(q.s.read.QueryContext(ctx, `SELECT alert FROM term WHERE key = $1 AND alert >= $2 LIMIT $3`, observableTerm(o), firstAlertAt(q.f.From), maxRange))
		if err != nil {
			return fmt.Errorf("searching addresses: %w", err)
		}
		if len(ids) > maxRange {
			q.page.Note = fmt.Sprintf("the range %s holds too many alerts: %d of them were looked at; name a narrower range or time", p, maxRange)
			q.page.Stopped = q.f.From
		}
		ids = append(ids, nets...)
		slices.Sort(ids)
		ids = slices.Compact(ids)
		slices.Reverse(ids)
		if q.ranged == nil {
			q.ranged = append([]int64{}, ids...)
			continue
		}
		q.ranged = slices.DeleteFunc(q.ranged, func(id int64) bool {
			_, in := slices.BinarySearchFunc(ids, id, func(a, b int64) int { return int(min(1, max(-1, b-a))) })
			return !in
		})
	}
	return nil
}

// driver chooses the index that candidates come from: each call returns some
// candidates below hi, newest first, and where the next call goes on.
func (q *wordSearch) driver(ctx context.Context, lo int64) (func(hi int64) ([]int64, int64, error), error) {
	if q.ranged != nil {
		return func(hi int64) ([]int64, int64, error) {
			at, _ := slices.BinarySearchFunc(q.ranged, hi, func(id, hi int64) int {
				if id < hi {
					return 1
				}
				return -1
			})
			return paged(q.ranged[at:], lo)
		}, nil
	}
	rare, count, err := q.rarest(ctx)
	if err != nil {
		return nil, err
	}
	if rare != "" && (q.match == nil || count < sortedMatches) {
		return func(hi int64) ([]int64, int64, error) {
			ids, err := ints(q.s.read.QueryContext(ctx, `SELECT alert FROM term WHERE key = $1 AND alert < $2 AND alert >= $3 ORDER BY alert DESC LIMIT $4`, rare, hi, lo, candidateChunk))
			return ids, edgeOf(ids, lo), err
		}, nil
	}
	if q.match == nil && q.f.quiet() {
		return func(hi int64) ([]int64, int64, error) {
			ids, err := q.s.standingBelow(ctx, q.f.Dispositions, lo, hi)
			return ids, edgeOf(ids, lo), err
		}, nil
	}
	if q.match == nil { // words too short for any index: read the newest
		return func(hi int64) ([]int64, int64, error) {
			ids, err := ints(q.s.read.QueryContext(ctx, `SELECT id FROM alert WHERE id < $1 AND id >= $2 ORDER BY id DESC LIMIT $3`, hi, lo, candidateChunk))
			return ids, edgeOf(ids, lo), err
		}, nil
	}
	days, err := q.days(ctx)
	if err != nil {
		return nil, err
	}
	return func(hi int64) ([]int64, int64, error) { return q.textWindow(ctx, days, lo, hi) }, nil
}

// paged returns the first chunk of ids, as a copy: whoever checks candidates takes
// out those that fail, and what comes next is looked up in the list itself.
func paged(ids []int64, lo int64) ([]int64, int64, error) {
	ids = slices.Clone(ids[:min(len(ids), candidateChunk)])
	return ids, edgeOf(ids, lo), nil
}

// edgeOf is where the next chunk goes on; lo where this one was the last.
func edgeOf(ids []int64, lo int64) int64 {
	if len(ids) < candidateChunk {
		return lo
	}
	return ids[len(ids)-1]
}

// rarest returns the required key that the fewest alerts have, as far as that
// can be told by looking at sortedMatches of each.
func (q *wordSearch) rarest(ctx context.Context) (key string, count int, err error) {
	for _, k := range q.keys {
		var n int
		if err := q.s.read.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM term WHERE key = $1 LIMIT $2) AS found`, k, sortedMatches).Scan(&n); err != nil {
			return "", 0, fmt.Errorf("searching observables: %w", err)
		}
		if key == "" || n < count {
			key, count = k, n
		}
	}
	return key, count, nil
}

type dayCount struct {
	start, end int64 // alert ids
	n          int64
}

// days returns how many alerts arrived each day, newest first.
func (q *wordSearch) days(ctx context.Context) ([]dayCount, error) {
	rows, err := q.s.read.QueryContext(ctx, `SELECT day, CAST(sum(n) AS BIGINT) FROM tally WHERE day >= $1 GROUP BY day ORDER BY day DESC`, q.f.From.Unix()/86400)
	if err != nil {
		return nil, err
	}
	var list []dayCount
	err = each(rows, func(r *sql.Rows) error {
		var day, n int64
		if err := r.Scan(&day, &n); err != nil {
			return err
		}
		list = append(list, dayCount{firstAlertAt(time.Unix(day*86400, 0)), firstAlertAt(time.Unix((day+1)*86400, 0)), n})
		return nil
	})
	return list, err
}

// textWindow searches the full-text index in a window below hi that holds
// about windowSize alerts, and the sightings' matches that lie in it.
func (q *wordSearch) textWindow(ctx context.Context, days []dayCount, lo, hi int64) ([]int64, int64, error) {
	edge, held := hi, int64(0)
	for _, d := range days {
		if d.start >= hi {
			continue
		}
		top, n := min(d.end, hi), d.n
		if top < d.end {
			n = max(1, int64(float64(n)*float64(top-d.start)/float64(d.end-d.start)))
		}
		if held+n > windowSize {
			part := float64(windowSize-held) / float64(n)
			edge = max(d.start, top-int64(part*float64(top-d.start)))
			held = windowSize
			break
		}
		edge, held = d.start, held+n
	}
	if held < windowSize || edge >= hi {
		edge = lo
	}
	edge = max(edge, lo)
	query := `SELECT rowid FROM alert_text WHERE alert_text MATCH $1 AND rowid < $2 AND rowid >= $3 ORDER BY rowid DESC LIMIT $4`
	if q.s.postgres {
		query = `SELECT alert FROM alert_text WHERE grams @> $1 AND alert < $2 AND alert >= $3 ORDER BY alert DESC LIMIT $4`
	}
	ids, err := ints(q.s.read.QueryContext(ctx, query, q.match, hi, edge, candidateChunk))
	if err != nil {
		return nil, lo, fmt.Errorf("searching text: %w", err)
	}
	if len(ids) == candidateChunk {
		edge = ids[len(ids)-1]
	}
	for id := range q.sightings {
		if id < hi && id >= edge {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	slices.Reverse(ids)
	return ids, edge, nil
}

// check keeps the candidates that meet every condition, in order.
func (q *wordSearch) check(ctx context.Context, ids []int64) ([]int64, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	pass := map[int64]bool{}
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	err := inChunks(args, func(in string, chunk []any) error {
		w := &where{args: slices.Clone(chunk)}
		w.conds = append(w.conds, "a.id IN ("+in+")", renumber(q.w.where(), len(w.args)))
		w.args = append(w.args, q.w.args...)
		for _, k := range q.keys {
			w.add("EXISTS (SELECT 1 FROM term t WHERE t.key = %s AND t.alert = a.id)", k)
		}
		doc := "NULL"
		if len(q.f.Words) > 0 {
			doc = "a.doc"
		}
		rows, err := q.s.read.QueryContext(ctx, `SELECT a.id, a.rule, `+doc+` FROM alert a WHERE `+w.where(), w.args...)
		if err != nil {
			return err
		}
		return each(rows, func(r *sql.Rows) error { return q.verify(ctx, r, pass) })
	})
	if err != nil {
		return nil, fmt.Errorf("checking candidates: %w", err)
	}
	return slices.DeleteFunc(ids, func(id int64) bool { return !pass[id] }), nil
}

// verify reads a candidate's text and notes whether it holds every word.
func (q *wordSearch) verify(ctx context.Context, r *sql.Rows, pass map[int64]bool) error {
	var id, rule int64
	var packed []byte
	if err := r.Scan(&id, &rule, &packed); err != nil {
		return err
	}
	if len(q.f.Words) == 0 || q.sightings[id] {
		pass[id] = true
		return nil
	}
	q.verified++
	d, err := unpackDoc(packed)
	if err != nil {
		return err
	}
	name, err := q.s.wordOf(ctx, rule)
	if err != nil {
		return err
	}
	pass[id] = containsAll(d.searchText(name), q.f.Words)
	return nil
}

var placeholder = regexp.MustCompile(`\$(\d+)`)

// renumber shifts the placeholders of a condition by n.
func renumber(cond string, n int) string {
	return placeholder.ReplaceAllStringFunc(cond, func(m string) string {
		k, _ := strconv.Atoi(m[1:])
		return fmt.Sprintf("$%d", k+n)
	})
}
