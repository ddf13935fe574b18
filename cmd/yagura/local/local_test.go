package local

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	ucli "github.com/urfave/cli/v3"

	"yagura/cli"
	"yagura/client"
)

// types runs one command line in a process of its own making.
func types(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, notes bytes.Buffer
	code = run(t.Context(), testRoot(), append([]string{"yagura"}, args...), strings.NewReader(""), &out, &notes)
	return out.String(), notes.String(), code
}

func testRoot() *ucli.Command {
	return root(cli.Env{
		Getenv: func(string) string { return "" }, Zone: time.UTC, Now: time.Now, Screen: func(io.Writer) cli.Screen { return cli.Screen{} },
	})
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAloneItSaysHowToStart(t *testing.T) {
	t.Parallel()
	out, _, code := types(t)
	if code != 0 {
		t.Errorf("ends with %d", code)
	}
	start, _, _ := strings.Cut(out, "COMMANDS:")
	for _, want := range []string{"yagura demo", "yagura serve", "yagura send", "http://127.0.0.1:8484"} {
		if !strings.Contains(start, want) {
			t.Errorf("before the list of commands it lacks %q:\n%s", want, start)
		}
	}
}

// TOOL-12
func TestEveryCommandAndFlagHasItsText(t *testing.T) {
	t.Parallel()
	var look func(above string, c *ucli.Command)
	look = func(above string, c *ucli.Command) {
		name := strings.TrimSpace(above + " " + c.Name)
		if c.Usage == "" {
			t.Errorf("%s has no text", name)
		}
		if c.Action == nil && len(c.Commands) == 0 {
			t.Errorf("%s does nothing", name)
		}
		seen := map[string]bool{}
		for _, f := range c.Flags {
			d, ok := f.(ucli.DocGenerationFlag)
			if !ok || d.GetUsage() == "" {
				t.Errorf("%s --%s has no text", name, f.Names()[0])
			}
			for _, n := range f.Names() {
				if seen[n] {
					t.Errorf("%s --%s is declared twice", name, n)
				}
				seen[n] = true
			}
		}
		for _, sub := range c.Commands {
			look(name, sub)
		}
	}
	look("", testRoot())
}

func TestShellsGetTheirCompletion(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish", "pwsh"} {
		out, notes, code := types(t, "completion", shell)
		if code != 0 || len(out) < 100 || notes != "" {
			t.Errorf("%s: ends with %d, %d bytes, %s", shell, code, len(out), notes)
		}
	}
	out, _, _ := types(t, "alert", "--generate-shell-completion")
	for _, want := range []string{"list", "show", "search"} {
		if !strings.Contains(out, want) {
			t.Errorf("completing alert lacks %q:\n%s", want, out)
		}
	}
}

func TestHelpIsGivenAfterAnArgumentToo(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"source change --help", "source change first --help", "source change first -h"} {
		out, notes, code := types(t, strings.Fields(line)...)
		if code != 0 || !strings.Contains(out, "yagura source change [options] ID") {
			t.Errorf("%s ends with %d: %s%s", line, code, out, notes)
		}
	}
}

func TestMistakesOfTheLineAreToldInASentence(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args string
		code int
		says string
	}{
		"unknown command":  {"srve", 2, `did you mean "serve"?`},
		"nothing like it":  {"frob", 2, `has no command "frob"` + "\n"},
		"no such flag":     {"alert list --frob", 2, "there is no flag --frob;"},
		"no number":        {"alert list --limit many", 2, `--limit "many": use a number;`},
		"flag needed":      {"source add x", 2, "give --kind;"},
		"unknown flag":     {"serve --lissten :1", 2, "yagura serve --help"},
		"argument":         {"serve 127.0.0.1:1", 2, "takes no argument"},
		"bad value":        {"serve --limits-rate fast", 2, `"fast" is no number`},
		"bad address":      {"serve --listen nowhere --data " + os.DevNull + "/x", 1, "listen: "},
		"open secret":      {"serve --bootstrap-key correct-horse-battery", 2, "a secret does not stand here"},
		"no folder":        {"policy check", 2, "name one folder"},
		"a file":           {"policy check local_test.go", 2, "is a file"},
		"no samples":       {"policy test .", 1, "there is no sample"},
		"seed without key": {"demo --seed-only", 2, "needs an API key"},
		"no configuration": {"config check --config /nowhere.yaml", 2, "/nowhere.yaml"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, notes, code := types(t, strings.Fields(tt.args)...)
			if code != tt.code || !strings.Contains(notes, tt.says) || !strings.HasPrefix(notes, "yagura: ") {
				t.Errorf("ends with %d, want %d: %s", code, tt.code, notes)
			}
			if strings.Contains(notes, "correct-horse") {
				t.Error("the secret is printed")
			}
		})
	}
}

func TestConfigurationIsCheckedAndShownWithoutSecrets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key := write(t, dir, "key", "hunter2hunter2hunter2\n")
	file := write(t, dir, "yagura.yaml", "listen: 127.0.0.1:1\nbootstrap_key: file:"+key+"\nsources:\n  edge: {kind: suricata, window: 7d, token: \"file:"+key+"\"}\n")
	out, notes, code := types(t, "config", "check", "--config", file)
	if code != 0 || !strings.Contains(out, "in order ("+file+")") {
		t.Errorf("ends with %d: %s%s", code, out, notes)
	}
	out, notes, code = types(t, "config", "show", "--config", file, "--log-level", "debug")
	if code != 0 || strings.Contains(out, "hunter2") {
		t.Errorf("ends with %d: %s%s", code, out, notes)
	}
	for _, want := range []string{"listen: 127.0.0.1:1", "bootstrap_key: '[secret]'", "level: debug", "max_body: 10MiB", "window: 168h0m0s", "token: '[secret]'"} {
		if !strings.Contains(out, want) {
			t.Errorf("it lacks %q:\n%s", want, out)
		}
	}
	write(t, dir, "yagura.yaml", "listn: x\n")
	if _, notes, code = types(t, "config", "check", "--config", file); code != 2 || !strings.Contains(notes, file+":1") {
		t.Errorf("a mistake ends with %d: %s", code, notes)
	}
}

const shopPolicy = `package ingest.shop

alerts := [{"title": input.what, "severity": "high"}]
`

// TOOL-02
func TestPoliciesAreCheckedAndTested(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "shop/shop.rego", shopPolicy)
	write(t, dir, "shop/samples/theft.json", `{"what": "a theft"}`)
	write(t, dir, "shop/samples/theft.expect.yaml", "alerts:\n  - title: a theft\n    severity: high\n")
	if out, notes, code := types(t, "policy", "check", dir); code != 0 || !strings.Contains(out, "0 errors, 0 warnings") {
		t.Errorf("check ends with %d: %s%s", code, out, notes)
	}
	if out, notes, code := types(t, "policy", "test", dir); code != 0 || !strings.Contains(out, "1 sample, 0 failed") {
		t.Errorf("test ends with %d: %s%s", code, out, notes)
	}
	if out, _, _ := types(t, "policy", "kinds", dir); !regexp.MustCompile(`shop +shop/shop.rego +yours`).MatchString(out) || !regexp.MustCompile(`okta .* comes with Yagura`).MatchString(out) {
		t.Errorf("kinds are %s", out)
	}
	write(t, dir, "shop/samples/theft.expect.yaml", "alerts:\n  - title: a theft\n    severity: low\n")
	out, notes, code := types(t, "policy", "test", dir)
	if code != 1 || !strings.Contains(out, "FAIL shop/samples/theft.json (shop)") || !strings.Contains(out, "low") || !strings.Contains(out, "high") || !strings.Contains(notes, "1 sample did not give") {
		t.Errorf("a wrong expectation ends with %d: %s%s", code, out, notes)
	}
	write(t, dir, "shop/shop.rego", "package ingest.shop\n\nalerts := [{\"title\": nobody}]\n")
	if out, _, code := types(t, "policy", "check", dir); code != 1 || !strings.Contains(out, "shop/shop.rego:3:") {
		t.Errorf("a broken policy ends with %d: %s", code, out)
	}
}

func TestMigrationsAreListedAndNotTaken(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	out, notes, code := types(t, "migrate", "status", "--data", dir)
	if code != 0 || !strings.Contains(out, "00001_alerts.sql") || strings.Contains(out, "yes") {
		t.Errorf("ends with %d: %s%s", code, out, notes)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("looking made the data folder")
	}
}

func TestAResetNeedsADatabase(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	if _, notes, code := types(t, "user", "reset", "admin", "--data", dir); code == 0 || !strings.Contains(notes, "no database in "+dir) {
		t.Errorf("ends with %d: %s", code, notes)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("looking made the data folder")
	}
	if _, _, code := types(t, "user", "reset", "--data", dir); code != 2 {
		t.Errorf("without a name it ends with %d", code)
	}
}

func TestVersionIsPrinted(t *testing.T) {
	t.Parallel()
	if out, _, code := types(t, "version"); code != 0 || !regexp.MustCompile(`^yagura \d+\.\d+\.\d+\S* .*Go 1\.\d+`).MatchString(out) {
		t.Errorf("ends with %d: %s", code, out)
	}
}

// printed is a writer that tells when something was written.
type printed struct {
	lines chan string
	all   bytes.Buffer
}

func (p *printed) Write(b []byte) (int, error) {
	p.all.Write(b)
	p.lines <- p.all.String()
	return len(b), nil
}

// until waits for the expression in what is printed.
func (p *printed) until(t *testing.T, expression string) []string {
	t.Helper()
	want := regexp.MustCompile(expression)
	late := time.After(time.Minute)
	for {
		select {
		case text := <-p.lines:
			if m := want.FindStringSubmatch(text); m != nil {
				return m
			}
		case <-late:
			t.Fatalf("%s was not printed", expression)
		}
	}
}

// The first start says where things are, never the key; the end is clean.
func TestServeSaysWhereThingsAreAndEndsCleanly(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	for _, first := range []bool{true, false} {
		ctx, stop := context.WithCancel(t.Context())
		out, log := &printed{lines: make(chan string, 100)}, &printed{lines: make(chan string, 100)}
		ended := make(chan int, 1)
		go func() {
			ended <- run(ctx, testRoot(), []string{"yagura", "serve", "--data", dir, "--listen", "127.0.0.1:0", "--log-format", "json"}, strings.NewReader(""), out, log)
		}()
		url := log.until(t, `"msg":"serving","url":"(http://127\.0\.0\.1:\d+)"`)[1]
		if first {
			text := out.until(t, `(?s)Yagura is on `+url+`.* source add first --kind generic --url `+url)[0]
			if !strings.Contains(text, filepath.Join(dir, "admin.key")) {
				t.Errorf("the key's file is not named: %s", text)
			}
			link := out.until(t, regexp.QuoteMeta(url)+`/sign-in#(yl_\S+)`)[1]
			if strings.Contains(log.all.String(), link) {
				t.Error("the sign-in link was logged")
			}
			// The server runs, and on its folder a second link is made.
			made, _, code := types(t, "user", "reset", "admin", "--data", dir, "--public-url", "https://yagura.example.com")
			if code != 0 || !regexp.MustCompile(`^https://yagura\.example\.com/sign-in#yl_\S+\n$`).MatchString(made) {
				t.Errorf("the reset ends with %d: %s", code, made)
			}
			c, err := client.New(url, "")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.SignIn(t.Context(), client.SignIn{Link: link}); client.Status(err) != http.StatusUnauthorized {
				t.Errorf("the first link still works: %v", err)
			}
			_, token, _ := strings.Cut(strings.TrimSpace(made), "#")
			if who, err := c.SignIn(t.Context(), client.SignIn{Link: token}); err != nil || who.User != "admin" {
				t.Errorf("the second link signs in %+v, %v", who, err)
			}
		}
		key, err := os.ReadFile(filepath.Join(dir, "admin.key"))
		if err != nil {
			t.Fatal(err)
		}
		c, err := client.New(url, strings.TrimSpace(string(key)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Kinds(t.Context()); err != nil {
			t.Errorf("the server does not serve: %v", err)
		}
		stop()
		if code := <-ended; code != 0 {
			t.Errorf("ends with %d: %s", code, log.all.String())
		}
		if strings.Contains(out.all.String()+log.all.String(), strings.TrimSpace(string(key))) {
			t.Error("the key was printed")
		}
		if !first && out.all.Len() > 0 {
			t.Errorf("the second start says %s", out.all.String())
		}
	}
}

func TestTheDemoShowsTheNightAndGoesOnServing(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	data := t.TempDir()
	out, log := &printed{lines: make(chan string, 100)}, &printed{lines: make(chan string, 100)}
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, testRoot(), []string{"yagura", "demo", "--data", data, "--listen", "127.0.0.1:0"}, strings.NewReader(""), out, log)
	}()
	found := out.until(t, `(?s)Yagura is on (\S+)\n.*YAGURA_KEY=(\S+)\n.*End with Ctrl-C`)
	for _, want := range []string{"curl -H", "alert list", "alert search container", "alert count"} {
		if !strings.Contains(found[0], want) {
			t.Errorf("it does not say %q", want)
		}
	}
	list, notes, code := types(t, "alert", "list", "--severity", "critical", "--url", found[1], "--key", found[2])
	if code != 0 || strings.Count(list, "\n") != 2 || !strings.Contains(list, "Drop and execute new binary in container") {
		t.Errorf("ends with %d: %s%s", code, list, notes)
	}
	// What is told of a running server may be sent to it again, and adds nothing.
	if _, notes, code := types(t, "demo", "--seed-only", "--url", found[1], "--key", found[2]); code != 0 || !strings.Contains(notes, "were there already") {
		t.Errorf("--seed-only ends with %d: %s", code, notes)
	}
	// A backup is made while it runs, and brought back beside it.
	copied, fresh := filepath.Join(t.TempDir(), "copy"), filepath.Join(t.TempDir(), "fresh")
	if text, notes, code := types(t, "backup", copied, "--data", data); code != 0 || !regexp.MustCompile(`holds [1-9]\d+ alerts and [1-9]\d+ deliveries`).MatchString(text) {
		t.Errorf("backup ends with %d: %s%s", code, text, notes)
	}
	if text, notes, code := types(t, "restore", copied, "--data", fresh); code != 0 || !strings.Contains(text, "yagura serve --data "+fresh) {
		t.Errorf("restore ends with %d: %s%s", code, text, notes)
	}
	if _, notes, code := types(t, "restore", copied, "--data", data); code != 1 {
		t.Errorf("restoring over a database ends with %d: %s", code, notes)
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("ends with %d: %s", code, log.all.String())
	}
}
