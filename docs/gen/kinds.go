package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// kindsPage lists the kinds of sources that come with Yagura, each with the
// comment that opens its policy.
func kindsPage(root string) (pages, error) {
	files, err := filepath.Glob(filepath.Join(root, "intake", "*", "*.rego"))
	if err != nil {
		return nil, fmt.Errorf("look for kinds: %w", err)
	}
	var b bytes.Buffer
	b.WriteString("# Kinds of sources\n\nA source has one kind; its policy turns the product's messages into alerts. A file of the same package in your own policy folder takes the place of ours, and [a new kind](../../CONTRIBUTING.md) needs no more than that.\n\n")
	var errs []error
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read a kind's policy: %w", err)
		}
		kind := filepath.Base(filepath.Dir(file))
		comment, isKind := policyComment(string(text), kind)
		if !isKind {
			continue // a library, or a second file of the same package
		}
		if comment == "" {
			errs = append(errs, fmt.Errorf("intake/%s/%s does not open with a comment that says what it reads", kind, filepath.Base(file)))
		}
		fmt.Fprintf(&b, "## `%s`\n\n%s\n\n", kind, comment)
	}
	return pages{"kinds.md": b.String()}, errors.Join(errs...)
}

// policyComment returns the comment above a policy's package clause, or below it
// where none is above, and whether the package is the kind's own.
func policyComment(text, kind string) (comment string, isKind bool) {
	var above, below []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		note, isComment := strings.CutPrefix(line, "#")
		switch {
		case strings.HasPrefix(line, "package "):
			if strings.TrimSpace(strings.TrimPrefix(line, "package ")) != "ingest."+kind {
				return "", false
			}
			isKind = true
		case isComment && strings.HasPrefix(strings.TrimSpace(note), "METADATA"):
		case isComment && !isKind:
			above = append(above, strings.TrimPrefix(note, " "))
		case isComment:
			below = append(below, strings.TrimPrefix(note, " "))
		case line != "" && !isComment && isKind, line == "" && len(below) > 0:
			return first(above, below), true
		}
	}
	return first(above, below), isKind
}

func first(above, below []string) string {
	if len(above) > 0 {
		return strings.TrimSpace(strings.Join(above, "\n"))
	}
	return strings.TrimSpace(strings.Join(below, "\n"))
}
