package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// answer prints the last answer as the server sent it. On a terminal it is
// indented, for eyes.
func (s *session) answer() error {
	return s.printJSON(bytes.TrimSpace(s.body), s.screen.Terminal)
}

func (s *session) printJSON(body []byte, indent bool) error {
	body = cleanJSON(body)
	if indent {
		var b bytes.Buffer
		if err := json.Indent(&b, body, "", "  "); err == nil {
			body = b.Bytes()
		}
	}
	_, err := s.out.Write(append(body, '\n'))
	return err
}

// lines prints the items of the last answer, one a line.
func (s *session) lines() error {
	var page struct {
		Items []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(s.body, &page); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	for _, item := range page.Items {
		var b bytes.Buffer
		if err := json.Compact(&b, item); err != nil {
			return fmt.Errorf("reading the answer: %w", err)
		}
		if err := s.printJSON(b.Bytes(), false); err != nil {
			return err
		}
	}
	return nil
}

// say prints a line of the result; strangers' text must come cleaned.
func (s *session) say(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

// note prints a line that is not part of the result.
func (s *session) note(format string, args ...any) { fmt.Fprintf(s.notes, format+"\n", args...) }

// bytes prints a payload as it is. To a terminal it goes cleaned: it is a stranger's.
func (s *session) bytes(b []byte) error {
	if s.screen.Terminal {
		b = []byte(strings.TrimRight(cleanLines(string(b)), "\n") + "\n")
	}
	_, err := s.out.Write(b)
	return err
}

// ids prints ids, one a line.
func (s *session) ids(list ...string) error {
	for _, id := range list {
		s.say("%s", clean(id))
	}
	return nil
}

// field is one line of a card: a name and what it says, left out where that is empty.
type field struct{ name, text string }

// card prints fields under each other, names aligned.
func (s *session) card(fields []field) {
	wide := 0
	for _, f := range fields {
		if f.text != "" {
			wide = max(wide, columns(f.name))
		}
	}
	for _, f := range fields {
		if f.text != "" {
			s.say("  %s%s  %s", f.name, strings.Repeat(" ", wide-columns(f.name)), s.screen.paint(clean(f.text)))
		}
	}
}

// section prints a heading above a part of a card.
func (s *session) section(name string) { s.say("\n%s", s.screen.bold(name)) }

// count words a number of things.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
