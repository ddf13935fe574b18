package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"yagura/app"
)

const apiKey = "command-line-tests-key"

// server runs a whole server until the test ends and returns its address.
func server(t *testing.T) string {
	t.Helper()
	env := map[string]string{"YAGURA_DATA": t.TempDir(), "YAGURA_LISTEN": "127.0.0.1:0", "YAGURA_BOOTSTRAP_KEY": apiKey}
	cfg, err := app.LoadConfig(nil, func(name string) string { return env[name] }, os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a.URL()
}

// analyst types commands for one server.
type analyst struct {
	t   *testing.T
	url string
}

func (a analyst) types(args ...string) (stdout string) {
	a.t.Helper()
	out, notes, code := terminal{}.run(a.t.Context(), append(args, "--url", a.url, "--key", apiKey)...)
	if code != 0 {
		a.t.Fatalf("%q ends with %d: %s", args, code, notes)
	}
	return out
}

// source makes a source and returns its token.
func (a analyst) source(id string) string {
	a.t.Helper()
	return strings.TrimSpace(a.types("source", "add", id, "--kind", "generic", "-q"))
}

// sends runs yagura send and returns its summary and exit code.
func (a analyst) sends(stdin, source, token string, args ...string) (out, notes string, code int) {
	a.t.Helper()
	return terminal{stdin: stdin}.run(a.t.Context(), append([]string{"send", "--url", a.url, "--source", source, "--token", token}, args...)...)
}

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TOOL-02, TOOL-07
func TestAFolderIsSentOnceAndFound(t *testing.T) {
	t.Parallel()
	a := analyst{t, server(t)}
	token := a.source("first")
	dir := folder(t, map[string]string{
		"one.json":         `{"title":"Sign-in from a new country","severity":"high","user":"alice@example.com","src_ip":"203.0.113.9"}`,
		"deeper/two.json":  `{"title":"攻撃を検知しました","severity":"low"}`,
		".hidden/not.json": `{"title":"hidden"}`,
		"text.txt":         "something happened on web-1",
	})
	_, notes, code := a.sends("", "first", token, "--wait", dir)
	if code != 0 || !strings.Contains(notes, "3 sent, 0 sent before, 3 alerts made or seen again, 0 failed") {
		t.Fatalf("ends with %d: %s", code, notes)
	}
	_, notes, _ = a.sends("", "first", token, dir)
	if !strings.Contains(notes, "0 sent, 3 sent before") {
		t.Errorf("a second time: %s", notes)
	}
	if ids := strings.Fields(a.types("alert", "list", "--source", "first", "-q")); len(ids) != 3 {
		t.Errorf("lists %v", ids)
	}
	// What an analyst pastes out of a report is defanged.
	out := a.types("alert", "search", "hxxp", "--json")
	if !strings.Contains(out, `"items":[]`) {
		t.Errorf("a word that is nowhere: %s", out)
	}
	for _, words := range [][]string{{"203[.]0[.]113[.]9"}, {"new", "country"}, {`"new country"`}, {"severity:high"}} {
		ids := strings.Fields(a.types(append([]string{"alert", "search", "-q"}, words...)...))
		if len(ids) != 1 {
			t.Fatalf("searching %q finds %v", words, ids)
		}
		if shown := a.types("alert", "show", ids[0]); !strings.Contains(shown, "Sign-in from a new country") || strings.Contains(shown, "203.0.113.9") {
			t.Errorf("shows %s", shown)
		}
		if raw := a.types("alert", "show", "--raw", ids[0]); !strings.HasPrefix(raw, `{"title":"Sign-in`) {
			t.Errorf("raw is %s", raw)
		}
	}
	if out := a.types("alert", "search", "攻撃"); !strings.Contains(out, "攻撃を検知しました") {
		t.Errorf("finds %s", out)
	}
}

func TestLinesAreSentOneByOne(t *testing.T) {
	t.Parallel()
	a := analyst{t, server(t)}
	token := a.source("lines")
	const lines = `{"title":"one"}` + "\n\n" + `{"title":"two"}` + "\r\n" + `{"title":"one"}`
	out, _, code := a.sends(lines, "lines", token, "--lines", "--wait", "--json", "-")
	if code != 0 {
		t.Fatalf("ends with %d", code)
	}
	deliveries := map[string]bool{}
	for line := range strings.Lines(out) {
		var o struct {
			File, Delivery, State string
			Repeat                bool
		}
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if o.State != "processed" || o.Repeat || !strings.HasPrefix(o.File, "standard input line ") {
			t.Errorf("got %+v", o)
		}
		deliveries[o.Delivery] = true
	}
	if len(deliveries) != 3 {
		t.Errorf("%d deliveries, want 3: the same line twice was twice meant", len(deliveries))
	}
	if _, notes, _ := a.sends(lines, "lines", token, "--lines", "-"); !strings.Contains(notes, "0 sent, 3 sent before") {
		t.Errorf("sent again: %s", notes)
	}
	if _, notes, _ := a.sends(lines, "lines", token, "--lines", "--again", "-"); !strings.Contains(notes, "3 sent, 0 sent before") {
		t.Errorf("sent --again: %s", notes)
	}
}

func TestSourcesAndDeliveriesAreLookedAfter(t *testing.T) {
	t.Parallel()
	a := analyst{t, server(t)}
	old := a.source("s")
	if out := a.types("source", "change", "s", "--window", "2h", "--may-decline"); !strings.Contains(out, "2h") || !strings.Contains(out, "may decline   yes") {
		t.Errorf("changed to %s", out)
	}
	renewed := strings.TrimSpace(a.types("source", "rotate-token", "s", "-q"))
	if _, _, code := a.sends(`{"title":"x"}`, "s", old, "-"); code != 4 {
		t.Errorf("the old token ends with %d, want 4", code)
	}
	if _, notes, code := a.sends(`{"title":"x"}`, "s", renewed, "-", "--wait"); code != 0 {
		t.Errorf("the new token ends with %d: %s", code, notes)
	}
	id := strings.TrimSpace(a.types("delivery", "list", "--source", "s", "-q"))
	if out := a.types("delivery", "show", id); !strings.Contains(out, "processed") {
		t.Errorf("shows %s", out)
	}
	if out := a.types("delivery", "show", "--raw", id); out != `{"title":"x"}` {
		t.Errorf("raw is %s", out)
	}
	a.types("delivery", "replay", id)
	if out := a.types("audit", "--json"); !strings.Contains(out, "source.create") || !strings.Contains(out, "delivery.replay") {
		t.Errorf("the audit log is %s", out)
	}
	if out := a.types("kind", "list"); !strings.Contains(out, "generic") {
		t.Errorf("kinds are %s", out)
	}
	if out := a.types("source", "rules", "s", "--json"); !strings.Contains(out, `"alerts":1`) {
		t.Errorf("rules are %s", out)
	}
}

func TestFailuresHaveASentenceAndACode(t *testing.T) {
	t.Parallel()
	url := server(t)
	tests := map[string]struct {
		args string
		code int
		says string
	}{
		"no such alert":        {"alert show A-00000000ZZ --key " + apiKey, 5, ""},
		"no alert's id":        {"alert show nonsense --key " + apiKey, 5, "is no alert id"},
		"wrong key":            {"alert list --key wrong", 4, "not valid"},
		"no key":               {"alert list", 2, "there is no API key"},
		"no key file":          {"alert list --key-file /nowhere/key", 2, "cannot be read"},
		"nobody there":         {"alert list --key x --url http://127.0.0.1:1", 3, "no server answers at 127.0.0.1:1"},
		"no address":           {"alert list --key x --url nonsense", 2, "no server's address"},
		"a kind that is none":  {"source add s --kind nonsense --key " + apiKey, 1, "nonsense"},
		"a severity that none": {"alert list --severity loud --key " + apiKey, 1, "use info, low, medium, high or critical"},
		"no argument":          {"alert show", 2, "name an alert"},
		"too many arguments":   {"alert list x", 2, "takes no argument"},
		"no such command":      {"alert lits", 2, `did you mean "list"?`},
		"nothing to replay":    {"delivery replay", 2, "--state failed"},
		"no token":             {"send --source s x.json", 2, "rotate-token s"},
		"nothing to send":      {"send --source s --token t", 2, "name a file"},
		"no such file":         {"send --source s --token t /nowhere/x.json", 1, "no such file"},
		"no such source":       {"send --source nonsense --token t testdata/api/kinds.json", 5, "no such source"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := strings.Fields(tt.args)
			if !strings.Contains(tt.args, "--url") {
				args = append(args, "--url", url)
			}
			out, notes, code := terminal{env: map[string]string{"YAGURA_DATA": "/nowhere"}}.run(t.Context(), args...)
			if code != tt.code || !strings.Contains(notes, tt.says) {
				t.Errorf("ends with %d, want %d: %s%s", code, tt.code, out, notes)
			}
			if strings.Contains(notes, "goroutine") || strings.Count(strings.TrimSpace(notes[strings.Index(notes, "yagura:"):]), "\n") > 1 {
				t.Errorf("says too much: %s", notes)
			}
		})
	}
}

func TestTheKeyFileOfTheDataFolderIsFound(t *testing.T) {
	t.Parallel()
	url := server(t)
	dir := folder(t, map[string]string{"admin.key": apiKey + "\n"})
	if _, notes, code := (terminal{env: map[string]string{"YAGURA_DATA": dir}}).run(t.Context(), "kind", "list", "--url", url); code != 0 {
		t.Errorf("ends with %d: %s", code, notes)
	}
	if app.KeyFile != "admin.key" {
		t.Error("the server keeps its key elsewhere")
	}
}

// A server that is too busy is asked again when it said, and nothing is lost or doubled.
func TestSendWaitsForABusyServer(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	keys := make(chan string, 10)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		keys <- r.Header.Get("Idempotency-Key")
		switch calls.Add(1) {
		case 1:
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
		case 2:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			w.WriteHeader(http.StatusAccepted)
			fmt.Fprint(w, `{"delivery":"D-1"}`)
		}
	}))
	defer s.Close()
	_, notes, code := terminal{stdin: `{"a":1}`}.run(t.Context(), "send", "--url", s.URL, "--source", "s", "--token", "t", "-")
	if code != 0 || !strings.Contains(notes, "1 sent") || calls.Load() != 3 {
		t.Errorf("ends with %d after %d calls: %s", code, calls.Load(), notes)
	}
	if first := <-keys; first == "" || first != <-keys || first != <-keys {
		t.Error("it was not the same delivery each time")
	}
}

func TestSendGivesUpInTime(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer s.Close()
	if _, notes, code := (terminal{stdin: "x"}).run(t.Context(), "send", "--url", s.URL, "--source", "s", "--token", "t", "--retry-for", "1s", "-"); code != 1 || !strings.Contains(notes, "stopped: 0 sent") {
		t.Errorf("ends with %d: %s", code, notes)
	}
}

// One message that is refused for itself does not keep the others back.
func TestSendGoesOnAfterOneRefusal(t *testing.T) {
	t.Parallel()
	a := analyst{t, server(t)}
	token := a.source("small")
	a.types("source", "change", "small", "--max-body", "60")
	dir := folder(t, map[string]string{"a.json": `{"title":"small"}`, "b.json": `{"title":"` + strings.Repeat("large ", 20) + `"}`, "c.json": `{"title":"small too"}`})
	_, notes, code := a.sends("", "small", token, dir)
	if code != 1 || !strings.Contains(notes, "2 sent, 0 sent before, 1 refused") || !strings.Contains(notes, "b.json: refused: the body is larger") {
		t.Errorf("ends with %d: %s", code, notes)
	}
}
