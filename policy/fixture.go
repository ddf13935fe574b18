package policy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"yagura/alert"
)

// TestOptions shape a test run; the zero value is fine.
type TestOptions struct {
	// Observe returns what the observe step finds in an alert beyond what its
	// policy names; nil checks only what the policy yields.
	Observe func(a *alert.Alert, m Message) []alert.Observable
	// Kinds limits the run to these kinds; empty runs all.
	Kinds []string
}

// Report is what a test run found, in the order of paths.
type Report struct {
	Cases []Case
}

// Case is one sample that was evaluated and compared.
type Case struct {
	Path        string   // of the sample
	Kind        string   // whose policy read it
	Differences []string // expected against got; empty where it passed
	Problems    []string // what the policy did that was mended; no failure
}

// Failed returns the cases that did not pass.
func (r Report) Failed() []Case {
	return slices.DeleteFunc(slices.Clone(r.Cases), func(c Case) bool { return len(c.Differences) == 0 })
}

// String words the report for a terminal: failures with their differences, and
// a last line that counts.
func (r Report) String() string {
	var b strings.Builder
	failed := r.Failed()
	for _, c := range failed {
		fmt.Fprintf(&b, "FAIL %s (%s)\n", c.Path, c.Kind)
		for _, d := range c.Differences {
			b.WriteString("  " + strings.ReplaceAll(d, "\n", "\n  ") + "\n")
		}
		for _, p := range c.Problems {
			b.WriteString("  note: " + p + "\n")
		}
	}
	samples := "samples"
	if len(r.Cases) == 1 {
		samples = "sample"
	}
	fmt.Fprintf(&b, "%d %s, %d failed\n", len(r.Cases), samples, len(failed))
	return b.String()
}

const expectSuffix = ".expect.yaml"

// Test evaluates every sample below fsys with set and compares it with its
// expectation. Samples are
//
//	<kind>/samples/NAME.json or NAME.txt, with NAME.expect.yaml (see Expectation)
//	test/<kind>/detect/*.json, which must become at least one alert
//	test/<kind>/ignore/*.json, which must become none or be declined
//
// A sample without an expectation fails, and so does an expectation without
// its sample.
func Test(ctx context.Context, set *Set, fsys fs.FS, opts TestOptions) Report {
	var r Report
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		if d.IsDir() {
			if name != "." && strings.HasPrefix(d.Name(), ".") {
				return fs.SkipDir
			}
			return nil
		}
		dir := path.Dir(name)
		var c *Case
		switch path.Base(dir) {
		case "samples":
			c = sample(ctx, set, fsys, name, opts)
		case "detect", "ignore":
			if path.Ext(name) == ".json" && path.Base(path.Dir(path.Dir(dir))) == "test" {
				c = detection(ctx, set, fsys, name)
			}
		}
		if c != nil && (len(opts.Kinds) == 0 || slices.Contains(opts.Kinds, c.Kind)) {
			r.Cases = append(r.Cases, *c)
		}
		return nil
	})
	if err != nil {
		r.Cases = append(r.Cases, Case{Path: ".", Differences: []string{"reading samples: " + err.Error()}})
	}
	return r
}

// sample runs one file of a samples folder; nil where it is none.
func sample(ctx context.Context, set *Set, fsys fs.FS, name string, opts TestOptions) *Case {
	c := &Case{Path: name, Kind: folderKind(set, fsys, path.Dir(path.Dir(name)))}
	fail := func(format string, args ...any) *Case {
		c.Differences = append(c.Differences, fmt.Sprintf(format, args...))
		return c
	}
	if base, ok := strings.CutSuffix(name, expectSuffix); ok {
		for _, ext := range []string{".json", ".txt"} {
			if _, err := fs.Stat(fsys, base+ext); err == nil {
				return nil // comes with its sample
			}
		}
		return fail("there is no sample %s.json or .txt for this expectation", path.Base(base))
	}
	ext := path.Ext(name)
	if ext != ".json" && ext != ".txt" {
		return nil
	}
	text, err := fs.ReadFile(fsys, strings.TrimSuffix(name, ext)+expectSuffix)
	if err != nil {
		return fail("there is no expectation %s", path.Base(strings.TrimSuffix(name, ext))+expectSuffix)
	}
	e, err := ParseExpectation(text)
	if err != nil {
		return fail("%s", err)
	}
	body, err := fs.ReadFile(fsys, name)
	if err != nil {
		return fail("%s", err)
	}
	if e.Kind != "" {
		c.Kind = e.Kind
	}
	m := Message{Kind: c.Kind, Source: e.Source, Header: map[string]string{}, Body: body, Text: ext == ".txt"}
	if m.Source == "" {
		m.Source = c.Kind
	}
	for k, v := range e.Header {
		m.Header[strings.ToLower(k)] = v
	}
	got, err := set.Ingest(ctx, m)
	if err != nil {
		return fail("%s", err)
	}
	c.Problems = got.Problems
	if opts.Observe != nil {
		for i := range got.Drafts {
			d := &got.Drafts[i]
			d.Observables = append(d.Observables, opts.Observe(&d.Alert, m)...)
		}
	}
	c.Differences = e.Compare(got)
	if e.Triage != nil {
		c.Differences = append(c.Differences, triaged(ctx, set, m, got, *e.Triage)...)
	}
	return c
}

// triaged checks what the triage policy says of the first alert.
func triaged(ctx context.Context, set *Set, m Message, got Ingested, want ExpectedJudgement) []string {
	if len(got.Drafts) == 0 {
		return []string{"triage: there is no alert to judge"}
	}
	a := got.Drafts[0].Alert
	a.Kind, a.Source = m.Kind, m.Source
	j, err := set.Triage(ctx, TriageInput{Alert: &a, Data: m.Body})
	if err != nil {
		return []string{err.Error()}
	}
	return want.Compare(j)
}

// detection runs one file of test/<kind>/detect or ignore.
func detection(ctx context.Context, set *Set, fsys fs.FS, name string) *Case {
	dir := path.Dir(name)
	c := &Case{Path: name, Kind: path.Base(path.Dir(dir))}
	body, err := fs.ReadFile(fsys, name)
	if err != nil {
		c.Differences = []string{err.Error()}
		return c
	}
	got, err := set.Ingest(ctx, Message{Kind: c.Kind, Source: c.Kind, Body: body})
	if err != nil {
		c.Differences = []string{err.Error()}
		return c
	}
	c.Problems = got.Problems
	detected := len(got.Drafts) > 0 && !got.Declined
	if want := path.Base(dir) == "detect"; want != detected {
		var d differences
		d.add(path.Base(dir), map[bool]string{true: "at least one alert", false: "no alert, or declined"}[want], outcome(got))
		c.Differences = d
	}
	return c
}

// folderKind names the kind whose samples stand in folder: by the folder's
// name, else by the policy in it.
func folderKind(set *Set, fsys fs.FS, folder string) string {
	base := path.Base(folder)
	if set.HasKind(base) {
		return base
	}
	names, _ := fs.Glob(fsys, path.Join(folder, "*.rego"))
	for _, name := range names {
		f, _ := parse(fsys, name, name)
		if f == nil || f.module == nil {
			continue
		}
		if els := f.elements(); len(els) > 1 && (els[0] == "ingest" || els[0] == "alert") {
			return kindOf(els)
		}
	}
	return base
}
