// Package main writes docs/reference from the code: the glossary, every key of
// the configuration, every command, every kind of source and every exported name
// with its own comment, so that the reference cannot drift from what it describes.
// A word, key or name without its text is an error, and so is a page that is not
// up to date.
//
//	go run ./docs/gen          write the pages
//	go run ./docs/gen -check   compare them, and say which differ
//	go run ./docs/gen -openapi print the API's description, from which the browser app's types are made
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"yagura/web"
)

// heading opens every page.
const heading = "<!-- Written by `make docs` from the code. Change the code, not this page. -->\n\n"

// reference is where the pages stand, below the repository's root.
const reference = "docs/reference"

// pages maps a page's path below reference to its text.
type pages map[string]string

// section makes some of the pages from the repository at root. An error says
// which text is missing.
type section func(root string) (pages, error)

// sections are all parts of the reference.
var sections = []section{glossaryPage, configPage, kindsPage, policyPage, apiPage, cliPage, packagePages}

func main() {
	check := flag.Bool("check", false, "compare instead of writing")
	root := flag.String("root", ".", "the repository's root")
	openapi := flag.Bool("openapi", false, "print the API's description instead")
	flag.Parse()
	if *openapi {
		b, err := web.OpenAPI()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(string(b))
		return
	}
	if err := run(*root, *check); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(root string, check bool) error {
	made, missing := generate(root)
	if check {
		return errors.Join(missing, compare(root, made))
	}
	return errors.Join(missing, write(root, made))
}

// generate makes every page, and the list of them. Pages are made even where
// texts are missing; the error says which.
func generate(root string) (pages, error) {
	all := pages{}
	var errs []error
	for _, s := range sections {
		some, err := s(root)
		errs = append(errs, err)
		for path, text := range some {
			all[path] = heading + text
		}
	}
	all["README.md"] = heading + contents(all)
	return all, errors.Join(errs...)
}

// contents lists the pages under their titles.
func contents(all pages) string {
	var b bytes.Buffer
	b.WriteString("# Reference\n\n")
	for _, path := range sortedKeys(all) {
		fmt.Fprintf(&b, "- [%s](%s)\n", title(all[path]), path)
	}
	return b.String()
}

// title returns a page's first heading.
func title(page string) string {
	for line := range bytes.Lines([]byte(page)) {
		if t, ok := bytes.CutPrefix(line, []byte("# ")); ok {
			return string(bytes.TrimSpace(t))
		}
	}
	return "untitled"
}

// write puts the pages where they belong and removes those that no longer are.
func write(root string, made pages) error {
	for path, text := range made {
		full := filepath.Join(root, reference, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return fmt.Errorf("make the page's folder: %w", err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			return fmt.Errorf("write the page: %w", err)
		}
	}
	there, err := existing(root)
	if err != nil {
		return err
	}
	for path := range there {
		if _, ok := made[path]; !ok {
			if err := os.Remove(filepath.Join(root, reference, path)); err != nil {
				return fmt.Errorf("remove a page that is no more: %w", err)
			}
		}
	}
	return nil
}

// compare says which pages are not as the code has them.
func compare(root string, made pages) error {
	there, err := existing(root)
	if err != nil {
		return err
	}
	var wrong []string
	for path, text := range made {
		switch old, ok := there[path]; {
		case !ok:
			wrong = append(wrong, path+" is missing")
		case old != text:
			wrong = append(wrong, path+" is out of date")
		}
	}
	for path := range there {
		if _, ok := made[path]; !ok {
			wrong = append(wrong, path+" describes nothing any more")
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.Sort(wrong)
	return fmt.Errorf("the reference is not as the code has it; run make docs\n  %s", strings.Join(wrong, "\n  "))
}

// existing reads the pages as they stand.
func existing(root string) (pages, error) {
	there := pages{}
	base := filepath.Join(root, reference)
	err := filepath.WalkDir(base, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read the page: %w", err)
		}
		rel, err := filepath.Rel(base, path)
		there[filepath.ToSlash(rel)] = string(text)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return there, nil
	}
	return there, err
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
