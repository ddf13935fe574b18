package alert

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestSeverityNames(t *testing.T) {
	t.Parallel()
	for _, s := range Severities() {
		if got, ok := ParseSeverity(s.String()); !ok || got != s {
			t.Errorf("%s reads back as %s, %t", s, got, ok)
		}
	}
	if got, ok := ParseSeverity(" HIGH "); !ok || got != High {
		t.Errorf("HIGH reads as %s, %t", got, ok)
	}
	for _, s := range []string{"", "warning", "5", "highest"} {
		if _, ok := ParseSeverity(s); ok {
			t.Errorf("%q is taken for one of our names", s)
		}
	}
	if Severity(9).String() != "info" || Severity(-1).String() != "info" {
		t.Error("a severity outside the scale has no safe name")
	}
	if !slices.IsSorted(Severities()) || !(Info < Low && Low < Medium && Medium < High && High < Critical) {
		t.Error("severities are not in order")
	}
}

func TestSeverityInJSON(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(Critical)
	if err != nil || string(b) != `"critical"` {
		t.Errorf("JSON is %s, %v", b, err)
	}
	var s Severity
	if err := json.Unmarshal([]byte(`"Low"`), &s); err != nil || s != Low {
		t.Errorf("Low reads as %s, %v", s, err)
	}
	if err := json.Unmarshal([]byte(`"grave"`), &s); err == nil {
		t.Error("an unknown name is taken")
	}
}
