package policy

import "fmt"

// Level says how much a problem matters.
type Level string

// The levels of a problem.
const (
	Bad  Level = "error"   // the set cannot be used
	Warn Level = "warning" // it works, but hardly as its author meant
	Note Level = "note"    // worth knowing
)

// Problem is something about a policy file that its author should know.
type Problem struct {
	File     string // as in File.Path; empty where it is about the whole
	Line     int    // from 1; 0 where it is about the file
	Col      int    // from 1
	Severity Level
	Text     string // one sentence
}

// String words the problem as file:line:col: text; severities other than error
// stand before the text.
func (p Problem) String() string {
	text := p.Text
	if p.Severity != Bad {
		text = string(p.Severity) + ": " + text
	}
	switch {
	case p.File == "":
		return text
	case p.Line == 0:
		return p.File + ": " + text
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Col, text)
}
