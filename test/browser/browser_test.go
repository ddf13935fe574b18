// Package browser drives the browser app in a real browser, against the real
// program with the demo night in it.
package browser

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"yagura/ui"
)

// chromium returns the browser to use, or nothing.
func chromium() string {
	for _, name := range []string{os.Getenv("YAGURA_CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// needs skips where this machine cannot drive a browser, and says what it lacks.
func needs(t *testing.T) (node, browser string) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("the app in a browser: node is not installed")
	}
	if browser = chromium(); browser == "" {
		t.Skip("the app in a browser: no chromium is installed")
	}
	if _, err := os.Stat("../../ui/node_modules/playwright-core"); err != nil {
		t.Skip("the app in a browser: ui/node_modules is not there; make build installs it")
	}
	if _, built := ui.Files(); !built {
		t.Skip("the app in a browser: it is not built into this program; make build does it")
	}
	return node, browser
}

// start runs the program's demo until the test ends and returns where it is.
func start(t *testing.T) (url, key string) {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "yagura")
	if out, err := exec.Command("go", "build", "-o", program, "yagura/cmd/yagura").CombinedOutput(); err != nil {
		t.Fatalf("building the program: %v\n%s", err, out)
	}
	cmd := exec.Command(program, "demo")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "YAGURA_LISTEN=127.0.0.1:0", "YAGURA_DATA="+filepath.Join(dir, "data"))
	cmd.Stderr = nil
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if u, ok := strings.CutPrefix(lines.Text(), "Yagura is on "); ok {
			url = u
		}
		if _, k, ok := strings.Cut(lines.Text(), "export YAGURA_KEY="); ok {
			key = k
		}
		if strings.HasPrefix(lines.Text(), "End with") {
			go func() {
				for lines.Scan() { // or the program would wait for a reader
				}
			}()
			return url, key
		}
	}
	t.Fatal("the demo ended before it was ready")
	return "", ""
}

func TestTheAppShowsTheNight(t *testing.T) {
	t.Parallel()
	node, browser := needs(t)
	url, key := start(t)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, "browser/journey.mjs")
	cmd.Dir = "../../ui"
	cmd.Env = append(os.Environ(), "YAGURA_URL="+url, "YAGURA_KEY="+key, "YAGURA_CHROMIUM="+browser)
	out, err := cmd.CombinedOutput()
	steps := 0
	for line := range strings.Lines(string(out)) {
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		name, why, _ := strings.Cut(rest, " :: ")
		if kind != "pass" && kind != "fail" {
			continue
		}
		steps++
		t.Run(name, func(t *testing.T) {
			if kind == "fail" {
				t.Error(why)
			}
		})
	}
	if err != nil || steps == 0 {
		t.Errorf("the journey: %v\n%s", err, out)
	}
	t.Logf("%s", out)
}
