// Package ticket holds the rules of a case: one or more alerts that people
// handle together, what they do about it and what they conclude. Everything that
// happens to a ticket is an Entry on its timeline, which is only ever added to:
// replaying it gives the ticket as it is, and undoing is one more entry. It is
// pure: no I/O.
package ticket

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"yagura/alert"
)

// ID numbers a ticket: 1, 2, … in its database. A number is never given twice.
type ID int64

// String returns the id as people write it, e.g. "T-142".
func (id ID) String() string { return "T-" + strconv.FormatInt(int64(id), 10) }

// MarshalText writes the id as people write it; no ticket (0) is empty.
func (id ID) MarshalText() ([]byte, error) {
	if id == 0 {
		return []byte{}, nil
	}
	return []byte(id.String()), nil
}

// UnmarshalText reads what MarshalText wrote, in any letter case.
func (id *ID) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*id = 0
		return nil
	}
	*id, err = ParseID(string(text))
	return err
}

// ParseID reads an id as String writes it, in any letter case.
func ParseID(s string) (ID, error) {
	rest, ok := strings.CutPrefix(strings.ToUpper(strings.TrimSpace(s)), "T-")
	if ok && len(rest) > 0 && len(rest) < 16 && rest[0] >= '1' && rest[0] <= '9' {
		if n, err := strconv.ParseInt(rest, 10, 64); err == nil {
			return ID(n), nil
		}
	}
	return 0, fmt.Errorf("%q is no ticket id; one looks like T-142", s)
}

// Status says how far the work on a ticket is.
type Status string

// The statuses of DESIGN's table of words.
const (
	Open       Status = "open"
	InProgress Status = "in progress"
	Waiting    Status = "waiting"
	Resolved   Status = "resolved"
)

// Statuses lists every status, in the order of the work.
func Statuses() []Status { return []Status{Open, InProgress, Waiting, Resolved} }

// Conclusion is a person's judgement of a ticket; empty where there is none.
type Conclusion string

// The conclusions of DESIGN's table of words.
const (
	FalsePositive Conclusion = "false positive" // the detection is wrong
	Intended      Conclusion = "intended"       // it happened, and was meant to
	Unaffected    Conclusion = "unaffected"     // an attack that did no harm
	TruePositive  Conclusion = "true positive"
	Undetermined  Conclusion = "undetermined"
)

// Conclusions lists every conclusion.
func Conclusions() []Conclusion {
	return []Conclusion{FalsePositive, Intended, Unaffected, TruePositive, Undetermined}
}

// Judgement is a conclusion with its reason, and who drew it when. The zero
// Judgement is none.
type Judgement struct {
	Conclusion Conclusion `json:"conclusion" enum:"false positive,intended,unaffected,true positive,undetermined," doc:"empty where there is none"`
	Reason     string     `json:"reason" doc:"why"`
	By         string     `json:"by" doc:"the person who drew it"`
	At         time.Time  `json:"at" doc:"UTC"`
}

// HandOver says to whom else the ticket was given. It stands beside the
// conclusion, never instead of it. The zero HandOver is none.
type HandOver struct {
	Kind string `json:"kind" enum:"person,team,system," doc:"whether to is a person, a team or another system"`
	To   string `json:"to" doc:"who or what; empty takes the hand-over back"`
	Link string `json:"link,omitempty" doc:"the case in the other system; http or https"`
}

// Task is one thing to do.
type Task struct {
	Text     string `json:"text" doc:"what is to be done"`
	Done     bool   `json:"done,omitempty" doc:"whether it is"`
	Assignee string `json:"assignee,omitempty" doc:"by whom"`
}

// Link leads to something that matters to the ticket.
type Link struct {
	URL   string `json:"url" doc:"http or https"`
	Title string `json:"title,omitempty" doc:"what is there"`
}

// State is what changes can change about a ticket, apart from which alerts are
// in it.
type State struct {
	Title      string
	Status     Status
	Assignee   string // its owner; may be empty until it is resolved
	Severity   string // judged: one of alert.Severity's names; empty where nobody judged
	Judgement  Judgement
	HandOver   HandOver
	Tags       []string
	Fields     map[string]string
	Tasks      []Task
	Links      []Link
	MergedInto ID        // the ticket that took its alerts over; 0 where none did
	ResolvedAt time.Time // zero where it is not resolved
}

// Ticket is the unit of response.
type Ticket struct {
	ID ID
	State
	Alerts    int   // how many are in it
	Version   int64 // grows by one with each change of its state or alerts; comments leave it
	Entries   int64 // on its timeline
	CreatedAt time.Time
	UpdatedAt time.Time // of the last entry
}

// Kind says what sort of thing an Entry tells.
type Kind string

// The kinds of entry.
const (
	Created   Kind = "created"
	Changed   Kind = "changed" // before and after say what
	Concluded Kind = "concluded"
	Reopened  Kind = "reopened"
	Bound     Kind = "bound"
	Unbound   Kind = "unbound"
	Merged    Kind = "merged" // took over the alerts of another, or gave its own to it
	Split     Kind = "split"  // gave some alerts to a new ticket
	Commented Kind = "commented"
	Undone    Kind = "undone"
)

// Delta is part of a State: the fields that are not nil.
type Delta struct {
	Title      *string            `json:"title,omitempty" doc:"one line"`
	Status     *Status            `json:"status,omitempty" doc:"open, in progress, waiting or resolved"`
	Assignee   *string            `json:"assignee,omitempty" doc:"its owner; empty for none"`
	Severity   *string            `json:"severity,omitempty" doc:"as judged; empty for none"`
	Judgement  *Judgement         `json:"conclusion,omitempty" doc:"empty for none"`
	HandOver   *HandOver          `json:"hand_over,omitempty" doc:"empty for none"`
	Tags       *[]string          `json:"tags,omitempty" doc:"all of them"`
	Fields     *map[string]string `json:"fields,omitempty" doc:"all of them"`
	Tasks      *[]Task            `json:"tasks,omitempty" doc:"all of them"`
	Links      *[]Link            `json:"links,omitempty" doc:"all of them"`
	MergedInto *ID                `json:"merged_into,omitempty" doc:"the ticket that took its alerts over; empty for none"`
	ResolvedAt *time.Time         `json:"resolved_at,omitempty" doc:"UTC; year 1 where it is not resolved"`
}

// Entry is one thing that happened to a ticket. Entries are never changed.
type Entry struct {
	Number   int64      // 1, 2, … on its timeline
	Version  int64      // of the ticket after it
	At       time.Time  // UTC
	By       string     // the principal
	Door     string     // by which way in: "api", "cli", …
	Kind     Kind       //
	Text     string     // a comment, or the reason of a change; may be empty
	Mentions []string   // names that the text addresses with @
	Before   Delta      // what it changed, as it was
	After    Delta      // and as it is since
	Bound    []alert.ID // alerts that came in
	Unbound  []alert.ID // alerts that went out
	Other    ID         // the other ticket of a merge or split; 0 where there is none
	Undoes   int64      // the entry that it undoes; 0 where it undoes none
}

// Actor is who changes a ticket.
type Actor struct {
	Name    string
	Door    string
	Machine bool // a program that is nobody's hand: it may not conclude
}

// difference returns what of s changes where it becomes n, both ways.
func difference(s, n State) (before, after Delta) {
	differ(s.Title == n.Title, &before.Title, &after.Title, s.Title, n.Title)
	differ(s.Status == n.Status, &before.Status, &after.Status, s.Status, n.Status)
	differ(s.Assignee == n.Assignee, &before.Assignee, &after.Assignee, s.Assignee, n.Assignee)
	differ(s.Severity == n.Severity, &before.Severity, &after.Severity, s.Severity, n.Severity)
	differ(s.Judgement == n.Judgement, &before.Judgement, &after.Judgement, s.Judgement, n.Judgement)
	differ(s.HandOver == n.HandOver, &before.HandOver, &after.HandOver, s.HandOver, n.HandOver)
	differ(slices.Equal(s.Tags, n.Tags), &before.Tags, &after.Tags, whole(s.Tags), whole(n.Tags))
	differ(maps.Equal(s.Fields, n.Fields), &before.Fields, &after.Fields, wholeMap(s.Fields), wholeMap(n.Fields))
	differ(slices.Equal(s.Tasks, n.Tasks), &before.Tasks, &after.Tasks, whole(s.Tasks), whole(n.Tasks))
	differ(slices.Equal(s.Links, n.Links), &before.Links, &after.Links, whole(s.Links), whole(n.Links))
	differ(s.MergedInto == n.MergedInto, &before.MergedInto, &after.MergedInto, s.MergedInto, n.MergedInto)
	differ(s.ResolvedAt.Equal(n.ResolvedAt), &before.ResolvedAt, &after.ResolvedAt, s.ResolvedAt, n.ResolvedAt)
	return before, after
}

func differ[T any](same bool, before, after **T, was, is T) {
	if !same {
		*before, *after = &was, &is
	}
}

// whole makes an absent list an empty one: null would read as "not changed".
func whole[T any](s []T) []T { return append([]T{}, s...) }

func wholeMap(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	maps.Copy(out, m)
	return out
}

// With returns the state with d's fields.
func (s State) With(d Delta) State {
	put(&s.Title, d.Title)
	put(&s.Status, d.Status)
	put(&s.Assignee, d.Assignee)
	put(&s.Severity, d.Severity)
	put(&s.Judgement, d.Judgement)
	put(&s.HandOver, d.HandOver)
	put(&s.Tags, d.Tags)
	put(&s.Fields, d.Fields)
	put(&s.Tasks, d.Tasks)
	put(&s.Links, d.Links)
	put(&s.MergedInto, d.MergedInto)
	put(&s.ResolvedAt, d.ResolvedAt)
	return s
}

func put[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// Empty reports whether d changes nothing.
func (d Delta) Empty() bool { return d == Delta{} }

// Names lists the fields of d, as the API names them.
func (d Delta) Names() []string {
	var list []string
	for _, f := range []struct {
		name string
		has  bool
	}{
		{"title", d.Title != nil},
		{"status", d.Status != nil},
		{"assignee", d.Assignee != nil},
		{"severity", d.Severity != nil},
		{"conclusion", d.Judgement != nil},
		{"hand_over", d.HandOver != nil},
		{"tags", d.Tags != nil},
		{"fields", d.Fields != nil},
		{"tasks", d.Tasks != nil},
		{"links", d.Links != nil},
		{"merged_into", d.MergedInto != nil},
	} {
		if f.has {
			list = append(list, f.name)
		}
	}
	return list
}
