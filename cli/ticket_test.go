package cli_test

import (
	"strings"
	"testing"
)

// What the API does with tickets, the command line does.
// DESK-49, DESK-50, DESK-53, DESK-57, DESK-58, TOOL-07
func TestATicketIsHandledFromTheCommandLine(t *testing.T) {
	t.Parallel()
	a := analyst{t, server(t)}
	token := a.source("edr")
	if _, notes, code := a.sends(`{"title":"beacon to 203.0.113.9","severity":"high"}`+"\n"+`{"title":"second"}`, "edr", token, "--lines", "--wait", "-"); code != 0 {
		t.Fatal(notes)
	}
	alerts := strings.Fields(a.types("alert", "list", "--sort", "received_at", "-q"))
	if len(alerts) != 2 {
		t.Fatalf("there are %v", alerts)
	}
	id := strings.TrimSpace(a.types("ticket", "new", "-q", "--tag", "c2", alerts[0]))
	a.types("ticket", "bind", id, alerts[1])
	a.types("ticket", "assign", id, "alice")
	a.types("ticket", "comment", id, "@bob", "look", "please")
	a.types("ticket", "change", id, "--severity", "critical", "--hand-over", "team:forensics")
	split := strings.TrimSpace(a.types("ticket", "split", "-q", id, alerts[1]))
	a.types("ticket", "merge", id, split, "--reason", "the same after all")
	a.types("ticket", "undo", id)
	if out := a.types("ticket", "conclude", id, "--as", "true positive", "--reason", "it beacons"); !strings.Contains(out, "is resolved, true positive, owned by alice, with 1 alert") {
		t.Errorf("concluded: %s", out)
	}
	_, notes, code := terminal{}.run(t.Context(), "ticket", "change", id, "--seen", "1", "--title", "x", "--url", a.url, "--key", apiKey)
	if code != 1 || !strings.Contains(notes, "changed assignee") {
		t.Errorf("an old version: %d %s", code, notes)
	}
	shown := a.types("ticket", "show", id)
	for _, want := range []string{"resolved", "alice", "team forensics", "true positive, by key:bootstrap", "@bob look please", "owner alice", "undone", "c2", alerts[0]} {
		if !strings.Contains(shown, want) {
			t.Errorf("shows no %q:\n%s", want, shown)
		}
	}
	if out := a.types("ticket", "list", "--status", "resolved", "beacon"); !strings.Contains(out, id) || strings.Contains(out, split) {
		t.Errorf("lists %s", out)
	}
	if out := a.types("alert", "show", alerts[0]); !strings.Contains(out, id) {
		t.Errorf("the alert does not name its ticket: %s", out)
	}
	a.types("ticket", "reopen", id, "--reason", "again")
	a.types("ticket", "unbind", id, alerts[0])
	a.types("ticket", "take", id, "--seen", strings.TrimSpace(version(t, a.types("ticket", "show", id))))
	a.types("ticket", "delete", id, "--reason", "a test")
	if ids := strings.Fields(a.types("ticket", "list", "-q")); len(ids) != 1 || ids[0] != split {
		t.Errorf("left are %v", ids)
	}
}

func version(t *testing.T, shown string) string {
	t.Helper()
	for line := range strings.Lines(shown) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "version"); ok {
			return v
		}
	}
	t.Fatalf("no version in %s", shown)
	return ""
}
