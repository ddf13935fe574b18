package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"yagura/alert"
)

func TestEntitiesOfAnAlertAreReadAndBounded(t *testing.T) {
	t.Parallel()
	const ok = `{"entities": [
		{"type": "Process", "value": " pc-07/4312/x.exe "},
		{"type": "user", "value": "alice@corp.example.com", "aliases": ["S-1-5-21-1-2-3-4", "", "alice", "alice", {}]},
		{"type": "host", "value": "dc-01", "aliases": "dc", "shared": true},
		{"type": "session", "value": ""}, {"type": "resource", "value": 7}]}`
	d, problems := one(t, ok)
	want := []alert.Entity{
		{Type: alert.EntityProcess, Value: "pc-07/4312/x.exe"},
		{Type: alert.EntityUser, Value: "alice@corp.example.com", Aliases: []string{"S-1-5-21-1-2-3-4", "alice"}},
		{Type: alert.EntityHost, Value: "dc-01", Aliases: []string{"dc"}, Shared: true},
		{Type: alert.EntityResource, Value: "7"},
	}
	if fmt.Sprint(d.Entities) != fmt.Sprint(want) || len(problems) > 0 {
		t.Errorf("entities %+v, problems %q", d.Entities, problems)
	}
	d, problems = one(t, `{"entities": [{"type": "planet", "value": "x"}, {"type": "host", "value": "a", "size": 3}]}`)
	if len(d.Entities) != 1 || len(problems) != 2 {
		t.Errorf("entities %+v, problems %q", d.Entities, problems)
	}
	long := `{"type": "command", "value": "` + strings.Repeat("é", 5000) + `", "aliases": [` + strings.TrimSuffix(strings.Repeat(`"a`+strings.Repeat("b", 2000)+`",`, 20), ",") + `]}`
	d, problems = one(t, `{"entities": [`+strings.TrimSuffix(strings.Repeat(long+",", 150), ",")+`]}`)
	if len(d.Entities) != alert.MaxEntities || len(problems) != 1 {
		t.Errorf("%d entities, problems %.200q", len(d.Entities), problems)
	}
	for _, e := range d.Entities {
		if n := len([]rune(e.Value)); n > alert.MaxEntityValue || len(e.Aliases) > alert.MaxEntityAliases {
			t.Fatalf("a value of %d characters, %d aliases", n, len(e.Aliases))
		}
	}
}
