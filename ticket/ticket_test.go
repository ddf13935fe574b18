package ticket

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"yagura/alert"
	"yagura/fault"
)

var (
	noon  = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	alice = Actor{Name: "alice", Door: "api"}
	robot = Actor{Name: "agent:triage", Door: "api", Machine: true}
)

func to[T any](v T) *T { return &v }

func made(t *testing.T) Ticket {
	t.Helper()
	tk, e, err := New(7, alice, noon, Change{Set: Delta{Title: to("beacon")}, Bind: []alert.ID{1, 2}})
	if err != nil || e.Kind != Created || e.Number != 1 || tk.Version != 1 || tk.Alerts != 2 {
		t.Fatalf("%+v %+v %v", tk, e, err)
	}
	return tk
}

// DESK-49, DESK-50, DESK-53
func TestWhatATicketForbids(t *testing.T) {
	t.Parallel()
	open := made(t)
	owned, _, err := open.Apply(alice, noon, Change{Kind: Changed, Set: Delta{Assignee: to("alice")}})
	if err != nil {
		t.Fatal(err)
	}
	judged := Delta{Judgement: &Judgement{Conclusion: Intended, Reason: "a test of ours"}, Status: to(Resolved)}
	done, _, err := owned.Apply(alice, noon.Add(time.Hour), Change{Kind: Concluded, Set: judged})
	if err != nil || !done.ResolvedAt.Equal(noon.Add(time.Hour)) || done.Judgement.By != "alice" {
		t.Fatalf("%+v %v", done, err)
	}
	merged, _, err := open.MergeInto(alice, noon, 9, []alert.ID{1, 2}, "")
	if err != nil || merged.Alerts != 0 {
		t.Fatalf("%+v %v", merged, err)
	}
	for name, tt := range map[string]struct {
		of   Ticket
		who  Actor
		do   Change
		kind fault.Kind
		says string
	}{
		"closing without conclusion":  {owned, alice, Change{Kind: Changed, Set: Delta{Status: to(Resolved)}}, fault.Conflict, "needs a conclusion"},
		"closing without owner":       {open, alice, Change{Kind: Concluded, Set: judged}, fault.Conflict, "needs an owner"},
		"concluding without reason":   {owned, alice, Change{Kind: Concluded, Set: Delta{Judgement: &Judgement{Conclusion: Intended, Reason: " "}}}, fault.Invalid, "reason"},
		"a conclusion of our own":     {owned, alice, Change{Kind: Concluded, Set: Delta{Judgement: &Judgement{Conclusion: "benign", Reason: "x"}}}, fault.Invalid, "undetermined"},
		"a machine's conclusion":      {owned, robot, Change{Kind: Concluded, Set: judged}, fault.Denied, "people"},
		"taking the owner away":       {done, alice, Change{Kind: Changed, Set: Delta{Assignee: to("")}}, fault.Conflict, "keeps an owner"},
		"taking the conclusion away":  {done, alice, Change{Kind: Changed, Set: Delta{Judgement: &Judgement{}}}, fault.Conflict, "needs a conclusion"},
		"opening without reopening":   {done, alice, Change{Kind: Changed, Set: Delta{Status: to(Waiting)}}, fault.Conflict, "reopen"},
		"reopening what is open":      {open, alice, Change{Kind: Reopened, Set: Delta{Status: to(Open)}}, fault.Conflict, "not resolved"},
		"changing what was merged":    {merged, alice, Change{Kind: Changed, Set: Delta{Title: to("x")}}, fault.Conflict, "T-9"},
		"an unknown status":           {open, alice, Change{Kind: Changed, Set: Delta{Status: to(Status("shut"))}}, fault.Invalid, "in progress"},
		"an empty comment":            {open, alice, Change{Kind: Commented, Text: "\n"}, fault.Invalid, "text"},
		"a hand-over to no one known": {open, alice, Change{Kind: Changed, Set: Delta{HandOver: &HandOver{Kind: "planet", To: "x"}}}, fault.Invalid, "team"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			after, e, err := tt.of.Apply(tt.who, noon, tt.do)
			if !fault.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("refused with %v, want %s and %q", err, tt.kind, tt.says)
			}
			if !reflect.DeepEqual(after, tt.of) || e.Number != 0 {
				t.Errorf("refused, and yet %+v", after)
			}
		})
	}
	// Handing over stands beside the conclusion.
	handed, _, err := done.Apply(alice, noon, Change{Kind: Changed, Set: Delta{HandOver: &HandOver{Kind: "team", To: "forensics"}}})
	if err != nil || handed.Judgement != done.Judgement || handed.Status != Resolved {
		t.Errorf("%+v %v", handed, err)
	}
}

// An entry is kept as JSON: what it says must come back as it was, also where
// what it changed is now empty.
func TestADeltaComesBackFromJSON(t *testing.T) {
	t.Parallel()
	full := State{
		Title: "a", Status: Resolved, Assignee: "b", Severity: "low", Judgement: Judgement{Intended, "r", "alice", noon}, HandOver: HandOver{"team", "x", "https://a.example"},
		Tags: []string{"t"}, Fields: map[string]string{"k": "v"}, Tasks: []Task{{"do", true, "b"}}, Links: []Link{{"https://b.example", "b"}}, MergedInto: 3, ResolvedAt: noon,
	}
	for _, pair := range [][2]State{{full, {}}, {{}, full}} {
		before, after := difference(pair[0], pair[1])
		for _, d := range []*Delta{&before, &after} {
			b, err := json.Marshal(d)
			if err != nil {
				t.Fatal(err)
			}
			*d = Delta{}
			if err := json.Unmarshal(b, d); err != nil {
				t.Fatalf("%s: %v", b, err)
			}
		}
		there, _ := difference(pair[0].With(after), pair[1])
		back, _ := difference(pair[1].With(before), pair[0])
		if !there.Empty() || !back.Empty() {
			t.Errorf("lost on the way: %v and %v", there.Names(), back.Names())
		}
		if len(after.Names()) != 11 {
			t.Errorf("it names %v", after.Names())
		}
	}
}

func TestMentions(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"@alice please":                   {"alice"},
		"see @bob.b, (@carol) and @bob.b": {"bob.b", "carol"},
		"mail x@y.example or @d@y.example.": {
			"d@y.example",
		},
		"お願い @山田 さん、@佐藤": {"山田", "佐藤"},
		"@ @@ a@b":       nil,
	} {
		if got := mentions(text); !slices.Equal(got, want) {
			t.Errorf("%q mentions %q, want %q", text, got, want)
		}
	}
	if n := len(mentions(strings.Repeat("@a"+" ", 5) + strings.Repeat(" @b@c ", 1000) + strings.Repeat("@", 100_000))); n > maxMentions {
		t.Errorf("%d names", n)
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"T-1", "t-142", " T-9 "} {
		if id, err := ParseID(s); err != nil || !strings.EqualFold(id.String(), strings.TrimSpace(s)) {
			t.Errorf("%q is %v, %v", s, id, err)
		}
	}
	for _, s := range []string{"", "T-", "T-0", "T-01", "T--1", "T-+1", "T-1x", "T-9999999999999999", "A-1", "142"} {
		if id, err := ParseID(s); err == nil {
			t.Errorf("%q is %v", s, id)
		}
	}
}

func FuzzTitle(f *testing.F) {
	f.Add("a\x00\r\n\u2028b\xff")
	f.Add(strings.Repeat("長", 400))
	f.Fuzz(func(t *testing.T, s string) {
		title := Title(s)
		if err := line("it", &title, maxTitle, true); err != nil || title != Title(s) {
			t.Errorf("%q becomes %q, which a ticket does not take: %v", s, title, err)
		}
	})
}
