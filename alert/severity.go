package alert

import (
	"strconv"
	"strings"
)

// Severity is how bad an alert may be, on our own scale of five.
type Severity int

// The severities, mildest first.
const (
	Info Severity = iota
	Low
	Medium
	High
	Critical
)

var severityNames = [...]string{"info", "low", "medium", "high", "critical"}

// Severities lists every severity, mildest first.
func Severities() []Severity { return []Severity{Info, Low, Medium, High, Critical} }

// String returns the severity's name: info, low, medium, high or critical.
func (s Severity) String() string {
	if s < Info || s > Critical {
		return "info"
	}
	return severityNames[s]
}

// MarshalText writes the severity's name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a severity's name; other words are an error.
func (s *Severity) UnmarshalText(text []byte) error {
	v, ok := ParseSeverity(string(text))
	if !ok {
		return strconv.ErrSyntax
	}
	*s = v
	return nil
}

// ParseSeverity reads one of our five names, in any letter case. It knows no
// product's own words: policies map those.
func ParseSeverity(s string) (Severity, bool) {
	for i, name := range severityNames {
		if strings.EqualFold(strings.TrimSpace(s), name) {
			return Severity(i), true
		}
	}
	return Info, false
}
