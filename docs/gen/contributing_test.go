package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"yagura/policy"
)

// block returns the first code block of a language in a page.
func block(t *testing.T, page, language string) *fstest.MapFile {
	t.Helper()
	_, rest, found := strings.Cut(page, "\n```"+language+"\n")
	text, _, ended := strings.Cut(rest, "\n```")
	if !found || !ended {
		t.Fatalf("the page has no block of %s", language)
	}
	return &fstest.MapFile{Data: []byte(text + "\n")}
}

// FEED-22
func TestTheKindInContributingWorksAsItStandsThere(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{
		"door/door.rego":                   block(t, string(page), "rego"),
		"door/samples/forced.json":         block(t, string(page), "json"),
		"door/samples/forced.expect.yaml":  block(t, string(page), "yaml"),
		"door/samples/minimal.json":        {Data: []byte(`{}`)},
		"door/samples/minimal.expect.yaml": {Data: []byte("count: 1\nalerts: [{severity: medium}]\n")},
	}
	set, err := policy.Load(t.Context(), files)
	if err != nil {
		t.Fatal(err)
	}
	report := policy.Test(t.Context(), set, files, policy.TestOptions{})
	if len(report.Cases) != 2 || len(report.Failed()) > 0 {
		t.Errorf("%d samples ran:\n%s", len(report.Cases), report)
	}
	for _, c := range report.Cases {
		if len(c.Problems) > 0 && !strings.Contains(c.Path, "minimal") {
			t.Errorf("%s: %v", c.Path, c.Problems)
		}
	}
}
