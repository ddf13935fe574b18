package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"yagura/alert"
	"yagura/source"
)

// words are what docs/words.yaml holds: the project's own vocabulary.
type words struct {
	Words []struct {
		Word    string `yaml:"word"`
		Meaning string `yaml:"meaning"`
	} `yaml:"words"`
	Dispositions []struct {
		Name      string `yaml:"name"`
		Listed    string `yaml:"listed"`
		Queued    string `yaml:"queued"`
		Announced string `yaml:"announced"`
		SetBy     string `yaml:"set_by"`
	} `yaml:"dispositions"`
}

func readWords(root string) (words, error) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "words.yaml"))
	if err != nil {
		return words{}, fmt.Errorf("read the words: %w", err)
	}
	var w words
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&w); err != nil {
		return words{}, fmt.Errorf("read docs/words.yaml: %w", err)
	}
	return w, nil
}

// meaning returns what a word means, or nothing.
func (w words) meaning(word string) string {
	for _, entry := range w.Words {
		if entry.Word == word {
			return entry.Meaning
		}
	}
	return ""
}

// glossaryPage writes the glossary.
func glossaryPage(root string) (pages, error) {
	w, err := readWords(root)
	if err != nil {
		return nil, err
	}
	if err := w.check(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString("# Glossary\n\nCode, API, user interface and documentation use these words and no others for these things.\n\n| word | meaning |\n|---|---|\n")
	for _, e := range w.Words {
		fmt.Fprintf(&b, "| <a id=%q></a>%s | %s |\n", anchor(e.Word), e.Word, e.Meaning)
	}
	b.WriteString("\n## Dispositions\n\n| disposition | listed | in the queue | announced | set by |\n|---|---|---|---|---|\n")
	for _, d := range w.Dispositions {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", d.Name, d.Listed, d.Queued, d.Announced, d.SetBy)
	}
	return pages{"glossary.md": b.String()}, nil
}

func anchor(word string) string { return strings.ReplaceAll(strings.ToLower(word), " ", "-") }

// check says which words lack their meaning, and which values that the code
// knows no word explains.
func (w words) check() error {
	var errs []error
	seen := map[string]bool{}
	for _, e := range w.Words {
		if e.Word == "" || len(strings.Fields(e.Meaning)) < 3 {
			errs = append(errs, fmt.Errorf("docs/words.yaml: word %q has no meaning", e.Word))
		}
		if seen[e.Word] {
			errs = append(errs, fmt.Errorf("docs/words.yaml: word %q stands twice", e.Word))
		}
		seen[e.Word] = true
	}
	explained := func(word string, values ...string) {
		text := w.meaning(word)
		for _, v := range values {
			if !containsWord(text, v) {
				errs = append(errs, fmt.Errorf("docs/words.yaml: the meaning of %q does not name %q, which the code has", word, v))
			}
		}
	}
	for _, t := range alert.ObservableTypes() {
		explained("observable", string(t))
	}
	for _, s := range source.States() {
		explained("delivery", string(s))
	}
	explained("action", string(alert.Detected), string(alert.Blocked), string(alert.Allowed), string(alert.Quarantined))
	explained("condition", string(alert.Present), string(alert.Fixed))
	for _, d := range alert.Dispositions() {
		errs = append(errs, w.checkDisposition(string(d)))
	}
	return errors.Join(errs...)
}

// checkDisposition looks for a disposition among the table's rows; "closed"
// stands there as "closed by policy".
func (w words) checkDisposition(name string) error {
	for _, d := range w.Dispositions {
		if d.Name == name || strings.HasPrefix(d.Name, name+" ") {
			if d.Listed == "" || d.Queued == "" || d.Announced == "" || d.SetBy == "" {
				return fmt.Errorf("docs/words.yaml: disposition %q has an empty cell", name)
			}
			return nil
		}
	}
	return fmt.Errorf("docs/words.yaml: disposition %q, which the code has, is missing", name)
}

// containsWord reports whether text holds word with no letter beside it.
func containsWord(text, word string) bool {
	isWord := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_' }
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return !isWord(r) }) {
		if w == word {
			return true
		}
	}
	return false
}
