// Package kill ends real processes with kill -9, in the middle of their work,
// and looks whether anything that a sender was told is safe is gone, or there
// twice: on SQLite, on PostgreSQL, and with two nodes on one PostgreSQL.
package kill

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const bootstrapKey = "kill-bootstrap-key-0123"

// patience is how long a test waits for what must come.
const patience = 60 * time.Second

// program builds the real program once a run of the tests.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(buildFolder, "yagura")
	cmd := exec.Command("go", "build", "-o", path, "yagura/cmd/yagura")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the program: %w: %s", err, out)
	}
	return path, nil
})

var buildFolder string

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "yagura-kill-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	buildFolder = folder
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// node is one process of the program. Its address stays over restarts, so that
// senders find it again.
type node struct {
	t        *testing.T
	addr     string
	folder   string
	database string
	policies string
	cmd      *exec.Cmd
	log      *os.File
}

// labPolicy lets a message name its alert.
const labPolicy = "package ingest.lab\n\nalerts := input.lab\n"

func newNode(t *testing.T, database string) *node {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	n := &node{t: t, addr: l.Addr().String(), folder: t.TempDir(), database: database, policies: t.TempDir()}
	if err := os.WriteFile(filepath.Join(n.policies, "lab.rego"), []byte(labPolicy), 0o600); err != nil {
		t.Fatal(err)
	}
	if n.log, err = os.Create(filepath.Join(t.TempDir(), "log")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if n.cmd != nil {
			_ = n.cmd.Process.Kill()
			_ = n.cmd.Wait()
		}
		if t.Failed() {
			b, _ := os.ReadFile(n.log.Name())
			t.Logf("the end of the log of %s:\n%s", n.addr, b[max(0, len(b)-4000):])
		}
		n.log.Close()
	})
	return n
}

// start runs the process and waits until it is ready.
func (n *node) start() {
	n.t.Helper()
	path, err := program()
	if err != nil {
		n.t.Fatal(err)
	}
	n.cmd = exec.Command(path, "serve")
	n.cmd.Env = append(os.Environ(), "YAGURA_DATA="+n.folder, "YAGURA_LISTEN="+n.addr, "YAGURA_DATABASE="+n.database,
		"YAGURA_BOOTSTRAP_KEY="+bootstrapKey, "YAGURA_POLICY="+n.policies)
	n.cmd.Stdout, n.cmd.Stderr = n.log, n.log
	if err := n.cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	until(n.t, "the node is ready", func() bool {
		res, err := http.Get("http://" + n.addr + "/readyz")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// kill ends the process at once: it runs no more code of its own.
func (n *node) kill() {
	n.t.Helper()
	if err := n.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		n.t.Fatal(err)
	}
	_ = n.cmd.Wait()
	n.cmd = nil
}

// call asks the API; a test that goes on must get 2xx.
func (n *node) call(method, path string, body, into any) {
	n.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		n.t.Fatal(err)
	}
	req, err := http.NewRequest(method, "http://"+n.addr+path, bytes.NewReader(b))
	if err != nil {
		n.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+bootstrapKey)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		n.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		n.t.Fatal(err)
	}
	if res.StatusCode >= 300 {
		n.t.Fatalf("%s %s: %d %s", method, path, res.StatusCode, text)
	}
	if into != nil {
		if err := json.Unmarshal(text, into); err != nil {
			n.t.Fatalf("%s %s: %v: %.300s", method, path, err, text)
		}
	}
}

// source makes a source of the lab kind and returns its token.
func (n *node) source(id string) string {
	n.t.Helper()
	var made struct{ Token string }
	n.call(http.MethodPost, "/api/v1/sources", map[string]any{"id": id, "kind": "lab"}, &made)
	return made.Token
}

func (n *node) metric(name string) float64 {
	n.t.Helper()
	res, err := http.Get("http://" + n.addr + "/metrics")
	if err != nil {
		n.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		n.t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, name+" "); ok {
			f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
			if err != nil {
				n.t.Fatal(err)
			}
			return f
		}
	}
	n.t.Fatalf("there is no metric %s", name)
	return 0
}

// drained waits until nothing waits to be processed.
func (n *node) drained() {
	n.t.Helper()
	until(n.t, "nothing waits", func() bool { return n.metric("yagura_deliveries_waiting") == 0 })
}

// until asks again and again until what holds.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	deadline, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for !holds() {
		select {
		case <-again.C:
		case <-deadline.Done():
			t.Fatalf("waited %s in vain until %s", patience, what)
		}
	}
}
