package cli_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	ucli "github.com/urfave/cli/v3"

	"yagura/cli"
)

var update = flag.Bool("update", false, "write the golden files anew")

// terminal is where a test's commands run.
type terminal struct {
	screen cli.Screen
	env    map[string]string
	stdin  string
}

// run runs one command line and returns what it printed and its exit code.
func (t terminal) run(ctx context.Context, args ...string) (stdout, stderr string, code int) {
	env := cli.Env{
		Getenv: func(name string) string { return t.env[name] },
		Zone:   time.FixedZone("JST", 9*60*60), Now: time.Now,
		Screen: func(io.Writer) cli.Screen { return t.screen },
	}
	var out, notes bytes.Buffer
	root := &ucli.Command{
		Name: "yagura", Commands: cli.Commands(env), Reader: strings.NewReader(t.stdin), Writer: &out, ErrWriter: &notes,
		ExitErrHandler: func(context.Context, *ucli.Command, error) {},
	}
	err := root.Run(ctx, append([]string{"yagura"}, args...))
	if err != nil {
		var sentence string
		sentence, code = cli.Explain(err)
		fmt.Fprintln(&notes, "yagura:", sentence)
	}
	return out.String(), notes.String(), code
}

// api answers as a server with fixed contents does.
func api(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/api/v1/")
		b, err := os.ReadFile(filepath.Join("testdata", "api", strings.ReplaceAll(path, "/", "-")+".json"))
		if err != nil {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprintf(w, `{"status":404,"detail":"there is no %s","id":"00"}`, path)
			return
		}
		_, _ = w.Write(b)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// What people see is kept word for word: golden files, written by -update and
// read by whoever changes them.
func TestCommandsPrintWhatTheGoldenFilesHold(t *testing.T) {
	t.Parallel()
	url := api(t)
	narrow := cli.Screen{Terminal: true, Width: 100}
	tests := map[string]struct {
		screen cli.Screen
		args   string
	}{
		"alert-list":        {cli.Screen{}, "alert list"},
		"alert-list-narrow": {narrow, "alert list"},
		"alert-list-colour": {cli.Screen{Terminal: true, Colour: true}, "alert list"},
		"alert-list-json":   {cli.Screen{}, "alert list --json"},
		"alert-list-lines":  {cli.Screen{}, "alert list --json --all"},
		"alert-list-quiet":  {cli.Screen{}, "alert list -q"},
		"alert-show":        {cli.Screen{}, "alert show A-00G6Q4ZW2R"},
		"alert-show-narrow": {narrow, "alert show A-00G6Q4ZW2R"},
		"alert-show-raw":    {narrow, "alert show --raw A-00G6Q4ZW2R"},
		"alert-count":       {cli.Screen{}, "alert count"},
		"alert-count-by":    {cli.Screen{}, "alert count --by severity"},
		"ticket-list":       {cli.Screen{}, "ticket list"},
		"ticket-show":       {cli.Screen{}, "ticket show T-142"},
		"ticket-narrow":     {narrow, "ticket show T-142"},
		"delivery-list":     {narrow, "delivery list"},
		"delivery-show":     {cli.Screen{}, "delivery show D-00G6Q4ZW2R"},
		"source-list":       {cli.Screen{}, "source list"},
		"source-show":       {cli.Screen{}, "source show github"},
		"source-rules":      {narrow, "source rules github"},
		"kind-list":         {cli.Screen{}, "kind list"},
		"audit":             {cli.Screen{}, "audit"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, notes, code := terminal{screen: tt.screen}.run(t.Context(), append(strings.Fields(tt.args), "--url", url, "--key", "k")...)
			if code != 0 {
				t.Fatalf("exit code %d: %s", code, notes)
			}
			got := out + "-- notes --\n" + strings.ReplaceAll(notes, url, "http://server")
			file := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("printed\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// The server may be as hostile as the alerts in it.
func TestNothingPrintedIsAControlSequence(t *testing.T) {
	t.Parallel()
	url := api(t)
	for _, args := range []string{"alert list", "alert list --json", "alert show A-00G6Q4ZW2R", "alert show --json A-00G6Q4ZW2R", "alert show --raw A-00G6Q4ZW2R", "ticket list", "ticket show T-142", "ticket list --json", "delivery show D-00G6Q4ZW2R", "source rules github", "audit", "alert show A-none\x1b[2J"} {
		out, notes, _ := terminal{screen: cli.Screen{Terminal: true, Width: 80}}.run(t.Context(), append(strings.Split(args, " "), "--url", url, "--key", "k")...)
		for _, bad := range []string{"\x1b", "\u009b", "\u202e", "\x07", "\b", "\r"} {
			if strings.Contains(out+notes, bad) {
				t.Errorf("%q prints %q:\n%s", args, bad, out+notes)
			}
		}
	}
}
