package policy_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"yagura/fault"
	"yagura/policy"
)

func ingestError(t *testing.T, rego, body string) error {
	t.Helper()
	_, err := load(t, rego).Ingest(t.Context(), policy.Message{Kind: "demo", Body: []byte(body)})
	if err == nil {
		t.Fatal("no error")
	}
	return err
}

func TestWhatGoesWrongWhileEvaluatingNamesFileAndLine(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ rego, want string }{
		"a conflict": {
			"package ingest.demo\nalerts contains {\"title\": t}\nt := 1 if input.a\nt := 2 if input.b",
			"t.rego:4: eval_conflict_error",
		},
		"a title that is an object": {
			"package ingest.demo\nalerts contains {\"title\": input}", "t.rego:2: title of alert 1 of ingest.demo is an object",
		},
		"one of several rules": {
			"package ingest.demo\nalerts contains {\"rule\": \"x\"} if input.c\nalerts contains {\"rule\": [1]} if input.a",
			"t.rego:3: rule of alert 1 of ingest.demo is an array",
		},
		"alerts that is a string":    {"package ingest.demo\nalerts := \"x\"", "t.rego:2: alerts of ingest.demo is a string"},
		"alerts that is one object":  {"package ingest.demo\nalerts := {\"title\": \"x\"}", "is an object; it should be a set or an array"},
		"an alert that is a string":  {"package ingest.demo\nalerts contains \"x\"", "alert 1 of ingest.demo is a string"},
		"ignore that is a number":    {"package ingest.demo\nignore := 3", "t.rego:2: ignore of ingest.demo is a number"},
		"a severity that is true":    {"package ingest.demo\nalerts contains {\"severity\": true}", "severity of alert 1"},
		"attributes that are a word": {"package ingest.demo\nalerts contains {\"attrs\": \"x\"}", "attrs of alert 1"},
		"tags with objects":          {"package ingest.demo\nalerts contains {\"tags\": [{}]}", "tags of alert 1"},
		"observables that are words": {"package ingest.demo\nalerts contains {\"observables\": [\"192.0.2.1\"]}", "an entry of observables"},
		"a function's error":         {"package ingest.demo\nalerts contains {\"title\": f(1)}\nf(x) := 1 if x\nf(x) := 2 if x", "t.rego:"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := ingestError(t, tt.rego, `{"a": 1, "b": 2}`)
			if !strings.Contains(err.Error(), tt.want) || !fault.Is(err, fault.Invalid) {
				t.Errorf("want %q, got %v", tt.want, err)
			}
		})
	}
}

func TestALoopEndsAtTheTimeout(t *testing.T) {
	t.Parallel()
	set := load(t, "package ingest.demo\nalerts contains {\"title\": sprintf(\"%d\", [n])} if {\n\tr := numbers.range(1, 100000)\n\tsome a in r\n\tsome b in r\n\tn := a * b\n\tn < 0\n}")
	if testing.Short() {
		t.Skip("takes the whole timeout")
	}
	_, err := set.Ingest(t.Context(), policy.Message{Kind: "demo", Body: []byte(`{}`)})
	if err == nil || !strings.Contains(err.Error(), "took longer than 2s") || !strings.HasPrefix(err.Error(), "t.rego:") || !fault.Is(err, fault.Invalid) {
		t.Errorf("got %v", err)
	}
}

func TestACallerWhoGivesUpStopsTheEvaluation(t *testing.T) {
	t.Parallel()
	set := load(t, "package ingest.demo\nalerts contains {\"title\": \"x\"} if {\n\tsome a in numbers.range(1, 100000)\n\tsome b in numbers.range(1, 100000)\n\ta * b < 0\n}")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := set.Ingest(ctx, policy.Message{Kind: "demo", Body: []byte(`{}`)})
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v", err)
	}
}

func TestDeclinedMessagesNameTheRuleAndTheReason(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ rego, reason, by string }{
		"ignore": {
			"package ingest.demo\nignore if input.no\nignore if input.yes", "the ignore rule of ingest.demo holds", "t.rego:3",
		},
		"ignore with a reason": {
			"package ingest.demo\nignore if input.yes\nreason := \"a drill\"", "a drill", "t.rego:2",
		},
		"ignore by else": {
			"package ingest.demo\ndefault ignore := false\nignore if input.no\nelse if input.yes", "the ignore rule of ingest.demo holds", "t.rego:4",
		},
		"decline": {"package ingest.demo\ndecline := \"a drill\" if input.yes", "a drill", "t.rego:2"},
		"several reasons": {
			"package ingest.demo\ndecline contains \"b\" if input.yes\ndecline contains \"a\"", "a; b", "t.rego:2",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ingest(t, tt.rego+"\nalerts contains {\"title\": \"still there\"}", `{"yes": true}`)
			if !got.Declined || got.Reason != tt.reason {
				t.Errorf("got %+v", got)
			}
			if got.By != tt.by && name != "several reasons" {
				t.Errorf("by %q, want %q", got.By, tt.by)
			}
			if len(got.Drafts) != 1 {
				t.Errorf("drafts of a declined message: %v", got.Drafts)
			}
		})
	}
}

func TestNotDeclinedWhereIgnoreIsFalseOrTheReasonEmpty(t *testing.T) {
	t.Parallel()
	for _, rego := range []string{"default ignore := false", "ignore := null", "decline := \"\"", "decline := set()"} {
		if got := ingest(t, "package ingest.demo\n"+rego+"\nalerts contains {}", `{}`); got.Declined || len(got.Drafts) != 1 {
			t.Errorf("%s: %+v", rego, got)
		}
	}
}

func TestWhatNoPolicyReadsIsReadByTheGenericOne(t *testing.T) {
	t.Parallel()
	set, err := policy.Load(t.Context(), nil, folder(map[string]string{
		"g.rego": "package ingest.generic\nalerts := [{\"title\": object.get(input, \"t\", \"\")}]",
		"d.rego": "package ingest.demo\nignore if input.t",
	}))
	if err != nil {
		t.Fatal(err)
	}
	got, err := set.Ingest(t.Context(), policy.Message{Kind: "newproduct", Body: []byte(`{"t": "A"}`)})
	if err != nil || len(got.Drafts) != 1 || len(got.Problems) != 1 || got.Drafts[0].Title != "A" {
		t.Errorf("got %+v, %v", got, err)
	}
	got, err = set.Ingest(t.Context(), policy.Message{Kind: "demo", Body: []byte(`{"t": "B"}`)})
	if err != nil || !got.Declined || got.By != "d.rego:2" || len(got.Drafts) != 1 || got.Drafts[0].Title != "B" {
		t.Errorf("a declined message described by the generic policy: %+v, %v", got, err)
	}
	_, err = load(t, "package ingest.demo\nalerts contains {}").Ingest(t.Context(), policy.Message{Kind: "other", Body: []byte(`{}`)})
	if !fault.Is(err, fault.NotFound) {
		t.Errorf("without a generic policy: %v", err)
	}
}

func TestTextMessagesAreInputText(t *testing.T) {
	t.Parallel()
	set := load(t, "package ingest.demo\nalerts contains {\"title\": input.text}")
	got, err := set.Ingest(t.Context(), policy.Message{Kind: "demo", Text: true, Body: []byte("disk {full \xff of host7")})
	if err != nil || len(got.Drafts) != 1 || got.Drafts[0].Title != "disk {full \uFFFD of host7" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestPoliciesReadHeadersAndTheSource(t *testing.T) {
	t.Parallel()
	set := load(t, `package ingest.demo
alerts contains {"title": yagura.header("X-Event"), "rule": yagura.source()}
reason := "no event" if not yagura.header("x-event")`)
	got, err := set.Ingest(t.Context(), policy.Message{Kind: "demo", Source: "demo-7", Header: map[string]string{"x-event": "push"}, Body: []byte(`{}`)})
	if err != nil || len(got.Drafts) != 1 || got.Drafts[0].Title != "push" || got.Drafts[0].Rule != "demo-7" {
		t.Errorf("got %+v, %v", got, err)
	}
	got, err = set.Ingest(t.Context(), policy.Message{Kind: "demo", Body: []byte(`{}`)})
	if err != nil || len(got.Drafts) != 0 || got.Reason != "no event" {
		t.Errorf("without the header: %+v, %v", got, err)
	}
}

func TestArraysKeepTheProductsOrder(t *testing.T) {
	t.Parallel()
	got := ingest(t, "package ingest.demo\nalerts := [{\"title\": x} | some x in input]", `["c", "a", "b"]`)
	var titles []string
	for _, d := range got.Drafts {
		titles = append(titles, d.Title)
	}
	if strings.Join(titles, "") != "cab" {
		t.Errorf("order %v", titles)
	}
}

func TestARandomPolicyDrawsTheSameForTheSameMessage(t *testing.T) {
	t.Parallel()
	set := load(t, "package ingest.demo\nalerts contains {\"title\": sprintf(\"%d %s\", [rand.intn(\"x\", 1000000), uuid.rfc4122(\"k\")])}")
	title := func(body string) string {
		got, err := set.Ingest(t.Context(), policy.Message{Kind: "demo", Body: []byte(body)})
		if err != nil || len(got.Drafts) != 1 {
			t.Fatal(got, err)
		}
		return got.Drafts[0].Title
	}
	first, again, other := title(`{"a": 1}`), title(`{"a": 1}`), title(`{"a": 2}`)
	if first != again || first == other {
		t.Errorf("drew %q, %q and %q", first, again, other)
	}
}

// What a package cannot read is not converted; that must never show.
func TestOnlyWhatIsReadIsConverted(t *testing.T) {
	t.Parallel()
	body := `{"a": {"b": "1"}, "c": ["2"], "d": "3", "key": "d", "unread": {"x": [1, 2, {"y": null}]}}`
	for expression, want := range map[string]string{
		`input.a.b`:                                      "1",
		`input["c"][0]`:                                  "2",
		`input[input.key]`:                               "3",
		`object.get(input, "d", "")`:                     "3",
		`object.get(input, ["a","b"],"")`:                "1",
		`object.get(input, input.key, "")`:               "3",
		`object.get(input.a, "b", "")`:                   "1",
		`f(input)`:                                       "3",
		`g(input.a)`:                                     "1",
		`sprintf("%d", [count(input)])`:                  "5",
		`concat("", [v | some k, v in input; k == "d"])`: "3",
		`h`:                                     "3",
		`data.lib.other.title`:                  "1",
		`concat(",", [k | some k, _ in input])`: "a,c,d,key,unread",
		`whole.d`:                               "3",
		`object.get(object.get(input, "a", {}), "b", "")`: "1",
		`replaced`: "9",
	} {
		set, err := policy.Load(t.Context(), nil, folder(map[string]string{
			"t.rego": "package ingest.demo\nalerts contains {\"title\": " + expression + "}\nf(x) := x.d\ng(x) := x.b\nh := v if {\n\tsome k\n\tv := input[k]\n\tk == \"d\"\n}\nwhole := input\nreplaced := v if v := inner with input as {\"z\": \"9\"}\ninner := input.z",
			"l.rego": "package lib.other\ntitle := input.a.b",
		}))
		if err != nil {
			t.Fatal(err)
		}
		got, err := set.Ingest(t.Context(), policy.Message{Kind: "demo", Body: []byte(body)})
		if err != nil || len(got.Drafts) != 1 || got.Drafts[0].Title != want {
			t.Errorf("%s: want %q, got %+v, %v", expression, want, got, err)
		}
	}
}

func TestASetServesManyAtOnce(t *testing.T) {
	t.Parallel()
	set := load(t, wideRego)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 50 {
				host := fmt.Sprintf("h%d-%d.example.com", w, i)
				body := fmt.Sprintf(`{"title": "t", "host": %q, "rule": {"name": "r"}}`, host)
				got, err := set.Ingest(t.Context(), policy.Message{Kind: "demo", Body: []byte(body)})
				if err != nil || len(got.Drafts) != 1 || got.Drafts[0].Basis[1] != host {
					t.Errorf("got %+v, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
}
