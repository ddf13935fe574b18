package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"yagura/app"
)

// design is the plan that the glossary's words come from. It stands beside a
// developer's clone, not in the repository.
var design = filepath.Join("..", "..", "..", "shared", "DESIGN.md")

// tables returns the rows of the plan's tables of words and of dispositions.
func tables(t *testing.T) (wordRows, dispositionRows [][]string) {
	t.Helper()
	text, err := os.ReadFile(design)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the plan, ../shared/DESIGN.md, is not beside this clone")
	}
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\n## 3. Words")
	chapter, _, ended := strings.Cut(rest, "\n## 4.")
	if !found || !ended {
		t.Fatal("the plan has no chapter 3 of words")
	}
	into := &wordRows
	for line := range strings.Lines(chapter) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|--") || strings.HasPrefix(line, "| word |") {
			continue
		}
		if strings.HasPrefix(line, "| disposition | listed") {
			into = &dispositionRows
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		*into = append(*into, cells)
	}
	return wordRows, dispositionRows
}

// TOOL-11
func TestGlossaryHoldsTheWordsOfThePlan(t *testing.T) {
	t.Parallel()
	wordRows, dispositionRows := tables(t)
	w, err := readWords(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	var ours, oursToo [][]string
	for _, e := range w.Words {
		ours = append(ours, []string{e.Word, e.Meaning})
	}
	for _, d := range w.Dispositions {
		oursToo = append(oursToo, []string{d.Name, d.Listed, d.Queued, d.Announced, d.SetBy})
	}
	for _, pair := range []struct{ plan, ours [][]string }{{wordRows, ours}, {dispositionRows, oursToo}} {
		if len(pair.plan) == 0 {
			t.Error("the plan's table was not found")
		}
		for i := range max(len(pair.plan), len(pair.ours)) {
			var want, got []string
			if i < len(pair.plan) {
				want = pair.plan[i]
			}
			if i < len(pair.ours) {
				got = pair.ours[i]
			}
			if !slices.Equal(want, got) {
				t.Errorf("row %d of docs/words.yaml is\n%q\nand in the plan\n%q", i+1, got, want)
			}
		}
	}
}

// TOOL-12
func TestGlossaryMustExplainWhatTheCodeKnows(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(string) string{
		"a word without meaning":     func(s string) string { return strings.Replace(s, "what a run leaves to be reviewed", "", 1) },
		"an observable type":         func(s string) string { return strings.Replace(s, "process, file, cve", "process, file", 1) },
		"a delivery's state":         func(s string) string { return strings.Replace(s, ", discarded", "", 1) },
		"a disposition":              func(s string) string { return strings.Replace(s, `name: "notice"`, `name: "note"`, 1) },
		"a disposition's cell":       func(s string) string { return strings.Replace(s, `announced: "one line"`, `announced: ""`, 1) },
		"an unknown key":             func(s string) string { return s + "\nphrases: []\n" },
		"a word that stands twice":   func(s string) string { return strings.Replace(s, `word: "delivery"`, `word: "source"`, 1) },
		"a word with nothing at all": func(s string) string { return strings.Replace(s, `word: "verdict"`, `word: ""`, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join("..", "words.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			root := t.TempDir()
			writePage(t, filepath.Join(root, "docs", "words.yaml"), change(string(text)))
			if change(string(text)) == string(text) {
				t.Fatal("the test changes nothing")
			}
			if _, err := glossaryPage(root); err == nil {
				t.Error("the glossary is written all the same")
			}
		})
	}
}

func writePage(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TOOL-12
func TestAnExportedNameWithoutItsTextIsRefused(t *testing.T) {
	t.Parallel()
	const header = "// Package room is for the test.\npackage room\n\n"
	tests := map[string]struct{ code, missing string }{
		"all have one":             {header + "// Do does.\nfunc Do() {}\n\n// T is.\ntype T struct{}\n\n// M does.\nfunc (T) M() {}\n", ""},
		"a function":               {header + "func Do() {}\n", "func Do"},
		"a type":                   {header + "type T struct{}\n", "type T"},
		"a method":                 {header + "// T is.\ntype T struct{}\n\nfunc (T) M() {}\n", "func T.M"},
		"a constant":               {header + "const C = 1\n", "C has"},
		"constants with their own": {header + "const (\n\tA = 1 // one\n\tB = 2 // two\n)\n", ""},
		"constants as a group":     {header + "// The numbers.\nconst (\n\tA = 1\n\tB = 2\n)\n", ""},
		"the package itself":       {"package room\n", "package room"},
		"what nobody sees":         {header + "func do() {}\n", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "room.go")
			writePage(t, file, tt.code)
			_, err := packagePage("room", []string{file})
			if (err == nil) != (tt.missing == "") || err != nil && !strings.Contains(err.Error(), tt.missing) {
				t.Errorf("got %v, want %q", err, tt.missing)
			}
		})
	}
}

// TOOL-10
func TestAPackagePageHoldsNamesWithTheirComments(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "room.go")
	writePage(t, file, "// Package room is for the test.\npackage room\n\n// Open lets people in. It returns how many came, at most 10.\nfunc Open(door string) (n int) { return len(door) }\n\n// Size is how large it is, in metres.\ntype Size struct {\n\tWidth float64 // from wall to wall\n\thidden int\n}\n")
	page, err := packagePage("room", []string{file})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# room", "func Open(door string) (n int)\n", "how many came, at most 10", "Width float64 // from wall to wall"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	if strings.Contains(page, "return len") || strings.Contains(page, "hidden") {
		t.Errorf("the page tells what nobody may use:\n%s", page)
	}
}

// TOOL-12
func TestAnOptionWithoutItsTextIsRefused(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := describe(&b, "", app.Option{Key: "colour", Type: "text"}, true); err == nil {
		t.Error("an option without a text is described")
	}
	if err := describe(&b, "", app.Option{Key: "colour", Type: "text", Default: "red", Doc: "What it looks like."}, true); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"### `colour`", "What it looks like.", "default `red`", "`YAGURA_COLOUR`", "`--colour`"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page lacks %q:\n%s", want, b.String())
		}
	}
}

func TestAKindIsDescribedByTheCommentThatOpensItsPolicy(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text, comment string
		isKind        bool
	}{
		"above":            {"# Door reads doors.\n# Twice.\npackage ingest.door\n\n# not this\nx := 1\n", "Door reads doors.\nTwice.", true},
		"below":            {"package ingest.door\n\n# Door reads doors.\n\n# not this\nx := 1\n", "Door reads doors.", true},
		"none":             {"package ingest.door\n\nx := 1\n", "", true},
		"another package":  {"# A library.\npackage lib.door\n", "", false},
		"metadata's title": {"# METADATA\n# title: Door\npackage ingest.door\n", "title: Door", true},
	}
	for name, tt := range tests {
		if comment, isKind := policyComment(tt.text, "door"); comment != tt.comment || isKind != tt.isKind {
			t.Errorf("%s: got %q, %v", name, comment, isKind)
		}
	}
}

func TestPagesThatAreNotAsTheCodeHasThemAreNamed(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	made := pages{"a.md": "# A\n", "packages/b.md": "# B\n"}
	if err := compare(root, made); err == nil || !strings.Contains(err.Error(), "a.md is missing") {
		t.Errorf("with no page at all: %v", err)
	}
	if err := write(root, made); err != nil {
		t.Fatal(err)
	}
	if err := compare(root, made); err != nil {
		t.Errorf("just written: %v", err)
	}
	writePage(t, filepath.Join(root, reference, "a.md"), "# Another\n")
	writePage(t, filepath.Join(root, reference, "old.md"), "# Old\n")
	err := compare(root, made)
	if err == nil || !strings.Contains(err.Error(), "a.md is out of date") || !strings.Contains(err.Error(), "old.md describes nothing") {
		t.Errorf("changed by hand: %v", err)
	}
	if err := write(root, made); err != nil {
		t.Fatal(err)
	}
	if err := compare(root, made); err != nil {
		t.Errorf("written again: %v", err)
	}
}
