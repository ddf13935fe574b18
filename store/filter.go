package store

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"yagura/alert"
	"yagura/fault"
)

// AlertFilter says which alerts to list. Values of one field are alternatives;
// fields are all required.
type AlertFilter struct {
	Sources, Kinds, Rules []string
	Severities            []alert.Severity
	Dispositions          []alert.Disposition // none: all but declined
	Observables           []string            // values, or address ranges such as 198.51.100.0/24; all required
	Tags, Techniques      []string            // all required
	Words                 []string            // substrings, all required in one occurrence
	From, To              time.Time           // of receipt, From inclusive; From zero: DefaultWindow back
	SeenFrom, SeenTo      time.Time           // by the product's clock
	Unticketed            bool                // only those that are in no ticket
	Sort                  string              // "-received_at" (default), "received_at", "-seen_at", "seen_at", "-severity", "severity"
	Limit                 int                 // 1 to MaxLimit; 0 is DefaultLimit
	Cursor                string              // from AlertPage.Next
}

// Bounds of a list.
const (
	DefaultWindow = 90 * 24 * time.Hour // of receipt, where no From is given; from the start of that UTC day
	DefaultLimit  = 50
	MaxLimit      = 500
	maxValues     = 50  // alternatives in one field
	maxWords      = 16  // words in one search
	maxWord       = 512 // bytes of one word
)

type sortOrder struct {
	column string
	asc    bool
}

var sortOrders = map[string]sortOrder{
	"-received_at": {"id", false}, "received_at": {"id", true},
	"-seen_at": {"seen_at", false}, "seen_at": {"seen_at", true},
	"-severity": {"severity", false}, "severity": {"severity", true},
}

// Sorts lists the orders that AlertFilter.Sort takes.
func Sorts() []string {
	return []string{"-received_at", "received_at", "-seen_at", "seen_at", "-severity", "severity"}
}

// normalize returns a validated copy with defaults filled in.
func (f AlertFilter) normalize(now time.Time) (AlertFilter, error) {
	if f.Limit == 0 {
		f.Limit = DefaultLimit
	}
	if f.Limit < 1 || f.Limit > MaxLimit {
		return f, fault.New(fault.Invalid, "limit %d: use 1 to %d", f.Limit, MaxLimit)
	}
	if f.Sort == "" {
		f.Sort = "-received_at"
	}
	if _, ok := sortOrders[f.Sort]; !ok {
		return f, fault.New(fault.Invalid, "sort %q: use one of %s", f.Sort, strings.Join(Sorts(), ", "))
	}
	for _, n := range []int{len(f.Sources), len(f.Kinds), len(f.Rules), len(f.Severities), len(f.Dispositions), len(f.Observables), len(f.Tags), len(f.Techniques)} {
		if n > maxValues {
			return f, fault.New(fault.Invalid, "a filter takes at most %d values of one field", maxValues)
		}
	}
	for _, d := range f.Dispositions {
		if !slices.Contains(dispositionNumbers, d) {
			return f, fault.New(fault.Invalid, "disposition %q: use active, notice, silenced, closed or declined", d)
		}
	}
	words := make([]string, 0, len(f.Words))
	for _, w := range f.Words {
		if w = fold(strings.TrimSpace(strings.ReplaceAll(w, "\x00", ""))); w != "" {
			words = append(words, w)
		}
		if len(w) > maxWord {
			return f, fault.New(fault.Invalid, "a search word has at most %d bytes", maxWord)
		}
	}
	if len(words) > maxWords {
		return f, fault.New(fault.Invalid, "a search has at most %d words", maxWords)
	}
	f.Words = words
	if f.From.IsZero() {
		f.From = now.Add(-DefaultWindow).UTC().Truncate(24 * time.Hour)
	}
	return f, nil
}

// where collects conditions and their values. Values are always bound.
type where struct {
	conds []string
	args  []any
}

func (w *where) arg(v any) string {
	w.args = append(w.args, v)
	return fmt.Sprintf("$%d", len(w.args))
}

// add appends a condition with one %s for v.
func (w *where) add(cond string, v any) { w.conds = append(w.conds, fmt.Sprintf(cond, w.arg(v))) }

func (w *where) in(column string, values []any) {
	if len(values) == 1 {
		w.add(column+" = %s", values[0])
		return
	}
	marks := make([]string, len(values))
	for i, v := range values {
		marks[i] = w.arg(v)
	}
	w.conds = append(w.conds, column+" IN ("+strings.Join(marks, ",")+")")
}

func (w *where) where() string {
	if len(w.conds) == 0 {
		return "1 = 1"
	}
	return strings.Join(w.conds, " AND ")
}

func dispositionArgs(list []alert.Disposition) []any {
	args := make([]any, len(list))
	for i, d := range list {
		args[i] = dispositionNumber(d)
	}
	return args
}

// columnConditions adds f's conditions on source, kind, rule and severity. ok
// is false where a name is unknown, so that nothing can match.
func (s *Store) columnConditions(ctx context.Context, w *where, f AlertFilter, prefix string) (ok bool, err error) {
	for _, c := range []struct {
		column string
		what   int64
		values []string
	}{{"source", wordSource, f.Sources}, {"kind", wordKind, f.Kinds}, {"rule", wordRule, f.Rules}} {
		if len(c.values) == 0 {
			continue
		}
		var ids []any
		for _, v := range c.values {
			id, known, err := s.lookup(ctx, c.what, v)
			if err != nil {
				return false, err
			}
			if known {
				ids = append(ids, id)
			}
		}
		if len(ids) == 0 {
			return false, nil
		}
		w.in(prefix+c.column, ids)
	}
	if len(f.Severities) > 0 {
		args := make([]any, len(f.Severities))
		for i, v := range f.Severities {
			args[i] = int64(v)
		}
		w.in(prefix+"severity", args)
	}
	return true, nil
}

// cursor is a place in a list: the last row's sort key and id.
type cursor struct{ key, id int64 }

func (c cursor) String() string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(c.key))
	binary.BigEndian.PutUint64(b[8:], uint64(c.id))
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func parseCursor(s string) (c cursor, err error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) != 16 {
		return c, fault.New(fault.Invalid, "the cursor is not one of ours; take it from next of the page before")
	}
	return cursor{int64(binary.BigEndian.Uint64(b[:8])), int64(binary.BigEndian.Uint64(b[8:]))}, nil
}
