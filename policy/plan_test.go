package policy

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// both returns the policies as they run, and as the evaluator alone runs them.
func both(t *testing.T, fsys fs.FS) (quick, plain *Set) {
	t.Helper()
	quick, err := Load(t.Context(), fsys)
	if err != nil {
		t.Fatal(err)
	}
	files, problems := readFiles(t.Context(), fsys, nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	plain, problems = compileAll(files)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, p := range plain.ingest {
		p.native = false
	}
	return quick, plain
}

func same(t *testing.T, quick, plain *Set, m Message) {
	t.Helper()
	got, err := quick.Ingest(t.Context(), m)
	want, plainErr := plain.Ingest(t.Context(), m)
	if (err == nil) != (plainErr == nil) || err != nil && err.Error() != plainErr.Error() {
		t.Errorf("error %v; the evaluator alone says %v", err, plainErr)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the evaluator alone (-) says otherwise:\n%s", diff)
	}
}

// However quickly a policy runs, it says what Rego's evaluator says. DESK-05
func TestKindsComeOutAsTheEvaluatorHasThem(t *testing.T) {
	t.Parallel()
	kinds := os.DirFS("../intake")
	quick, plain := both(t, kinds)
	for kind, p := range quick.ingest {
		if p.plan == nil {
			t.Errorf("ingest.%s has no plan, and takes four times as long", kind)
		}
	}
	for _, pattern := range []string{"*/samples/*.json", "*/samples/*.txt"} {
		samples, err := fs.Glob(kinds, pattern)
		if err != nil || len(samples) == 0 {
			t.Fatal(samples, err)
		}
		for _, name := range samples {
			body, err := fs.ReadFile(kinds, name)
			if err != nil {
				t.Fatal(err)
			}
			for _, kind := range quick.Kinds() { // a message of one kind is an odd one of the others
				t.Run(name+" as "+kind, func(t *testing.T) {
					same(t, quick, plain, Message{Kind: kind, Source: "s", Body: body, Text: strings.HasSuffix(name, ".txt")})
				})
			}
		}
	}
}

func TestPlansAndRewritingKeepWhatRegoMeans(t *testing.T) {
	t.Parallel()
	const title = "\nalerts := [{\"title\": sprintf(\"%v\", [x])}]\n"
	tests := map[string]string{
		"a constant table":                `t := {"a": 1, "b": {"c": 2}}` + "\nx := [t, t.b.c, t[input.k]]" + title,
		"a table without the key":         `t := {"z": 1}` + "\nx := t[input.k]" + title,
		"a rule below a constant":         "t.u := 1\nt.v := 2\nx := data.ingest.p.t" + title,
		"two constants that disagree":     "x := 1\nx := 2" + title,
		"two rules that agree":            "x := input.n if input.n\nx := 3 if true" + title,
		"two rules that disagree":         "x := input.n if input.n\nx := 4 if true" + title,
		"a default":                       "default x := 7\nx := 8 if input.n > 5" + title,
		"else":                            "x := 1 if input.n > 5\nelse := 2 if input.n > 2\nelse := 3" + title,
		"a false value":                   "x := input.f" + title,
		"a false condition":               "x := 1 if input.f\nelse := 2" + title,
		"a function of patterns":          "f(0) := \"zero\"\nf(3) := \"three\"\nf([a, b]) := a + b\nx := [f(input.n), f(input.l)]" + title,
		"a function that is undefined":    "f(v) := v if v > 5\nx := [v | some n in input.l; v := f(n)]" + title,
		"a function with an answer each":  "f(o) := v if some v in o\nx := f(input.l)" + title,
		"a function that calls another":   "f(v) := g(v) + 1\ng(v) := w if w := v * 2\nx := [f(input.n), f(2)]" + title,
		"a function used twice":           "f(v) := concat(\"-\", [v, k]) if k := input.k\nx := [f(\"a\"), f(\"b\"), f(input.k)]" + title,
		"an argument that is compared":    "f(v) := 1 if v == 3\nelse := 2\nx := [f(input.n), f(4)]" + title,
		"running through":                 "x := [[k, v] | some k, v in input.o]" + title,
		"running through two lists":       "x := {[a, b] | some a in input.l; some b in input.l; a != b}" + title,
		"running with a value known":      "x := [k | input.o[k] == 2]" + title,
		"running through nothing":         "x := [k | some k in input.nothing]" + title,
		"objects built":                   "x := {k: v | some k, v in input.o}" + title,
		"objects that conflict":           "x := {1: v | some v in input.l}" + title,
		"not":                             "x := 1 if not input.nothing\nelse := 2" + title,
		"not with a function":             "f(v) if v > 2\nx := [n | some n in input.l; not f(n)]" + title,
		"not inside a comprehension":      "x := [n | some n in input.l; not n in {1, 9}]" + title,
		"every":                           "x := 1 if every n in input.l { n > 0 }\nelse := 2" + title,
		"with":                            "y := input.n\nx := [y, z]\nz := v if v := y with input.n as 9" + title,
		"with of a constant":              "c := 1\ny := c + 1\nx := [y, z]\nz := v if v := y with data.ingest.p.c as 9" + title,
		"a function that fails":           "x := to_number(input.k)" + title,
		"a failure beside another alert":  "x := 1\ny := to_number(input.k)\nalerts := [{\"title\": sprintf(\"%v\", [v])} | some v in [x, 2]]",
		"partial rules":                   "y contains n if some n in input.l\nx := y" + title,
		"partial objects":                 "y[k] := v if some k, v in input.o\nx := y" + title,
		"walk":                            "x := [v | walk(input.o, [_, v])]" + title,
		"random from the message":         "x := rand.intn(\"a\", 1000000)" + title,
		"destructuring":                   "x := [a, c] if [a, _, c] := input.l" + title,
		"destructuring another length":    "x := a if [a, _] := input.l" + title,
		"a comprehension in a loop":       "x := [c | some a in input.l; c := count([b | some b in input.l; b > a])]" + title,
		"input as a whole":                "x := count(input)" + title,
		"sets":                            "x := {input.n, input.k} - {input.k}" + title,
		"a number written two ways":       "x := 1 if input.n == 3.0\nelse := 2" + title,
		"alerts as a set":                 "alerts contains {\"title\": v} if some v in [input.k, \"b\"]",
		"ignored":                         "x := 1\nignore if input.n == 3\nreason := \"three\"" + title,
		"well-known and no more":          "alerts := yagura.wellknown(input)\nreason := \"none\"",
		"well-known of a part":            "alerts := yagura.wellknown(input.o)",
		"alerts that are undefined":       "alerts := [{\"title\": input.k}] if input.n > 5",
		"a reason when there is no alert": "alerts := [] if true\nreason := input.k",
	}
	body := []byte(`{"n": 3, "k": "a", "f": false, "l": [1, 2, 3], "o": {"a": 1, "b": 2, "title": "T", "severity": "high"}}`)
	for name, rego := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			quick, plain := both(t, fstest.MapFS{"p.rego": {Data: []byte("package ingest.p\n\n" + rego + "\n")}})
			same(t, quick, plain, Message{Kind: "p", Source: "s", Body: body})
		})
	}
}
