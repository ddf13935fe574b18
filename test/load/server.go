package main

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
	"time"
)

const bootstrapKey = "load-bootstrap-key-0123"

// server is a yagura process under measurement.
type server struct {
	cmd    *exec.Cmd
	addr   string
	folder string
	db     string // postgres:// or empty
}

func freeAddr() (string, error) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}

// start runs the program and returns how long it took to be ready.
func (s *server) start(program string) (ready time.Duration, err error) {
	if s.addr, err = freeAddr(); err != nil {
		return 0, err
	}
	s.cmd = exec.CommandContext(context.Background(), program, "serve")
	s.cmd.Env = append(os.Environ(), "YAGURA_DATA="+s.folder, "YAGURA_LISTEN="+s.addr, "YAGURA_DATABASE="+s.db, "YAGURA_BOOTSTRAP_KEY="+bootstrapKey)
	log, err := os.OpenFile(filepath.Join(s.folder, "server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	s.cmd.Stdout, s.cmd.Stderr = log, log
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return 0, err
	}
	for time.Since(began) < 30*time.Second {
		res, err := s.get("/readyz")
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return time.Since(began), nil
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
	return 0, fmt.Errorf("the server was not ready within 30 s; see %s", log.Name())
}

func (s *server) stop() {
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.cmd.Process.Signal(os.Interrupt)
		_ = s.cmd.Wait()
		s.cmd = nil
	}
}

func (s *server) get(path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+s.addr+path, nil)
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(req)
}

// call asks the API and returns how long the answer took.
func (s *server) call(method, path string, body any, into any) (time.Duration, error) {
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		r = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, "http://"+s.addr+path, r)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+bootstrapKey)
	req.Header.Set("Content-Type", "application/json")
	began := time.Now()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	took := time.Since(began)
	if err != nil {
		return 0, err
	}
	if res.StatusCode >= 300 {
		return 0, fmt.Errorf("%s %s: %s %s", method, path, res.Status, b)
	}
	if into == nil {
		return took, nil
	}
	return took, json.Unmarshal(b, into)
}

func (s *server) sources() (map[string]string, error) {
	tokens := map[string]string{}
	for _, kind := range loadKinds {
		var made struct{ Token string }
		if _, err := s.call(http.MethodPost, "/api/v1/sources", map[string]any{"id": "load-" + kind, "kind": kind}, &made); err != nil {
			return nil, err
		}
		tokens[kind] = made.Token
	}
	return tokens, nil
}

// metric reads one number from /metrics.
func (s *server) metric(name string) (float64, error) {
	res, err := s.get("/metrics")
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, name+" "); ok {
			return strconv.ParseFloat(strings.TrimSpace(v), 64)
		}
	}
	return 0, fmt.Errorf("no metric %s", name)
}

// drained waits until n deliveries are processed and returns when that was.
func (s *server) drained(n float64) error {
	for deadline := time.Now().Add(10 * time.Minute); time.Now().Before(deadline); {
		v, err := s.metric("yagura_processed_total")
		if err != nil {
			return err
		}
		if v >= n {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("the backlog did not end within ten minutes")
}

// memory returns the process's resident memory now and at its peak, in MB.
func (s *server) memory() (now, peak float64) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, 0
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		kb, _ := strconv.ParseFloat(f[1], 64)
		switch f[0] {
		case "VmRSS:":
			now = kb / 1024
		case "VmHWM:":
			peak = kb / 1024
		}
	}
	return now, peak
}

// cpu returns the processor time that the process has used.
func (s *server) cpu() time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	user, _ := strconv.ParseInt(f[11], 10, 64)
	sys, _ := strconv.ParseInt(f[12], 10, 64)
	return time.Duration(user+sys) * 10 * time.Millisecond // 100 ticks a second
}

func (s *server) disk() (bytes int64) {
	_ = filepath.Walk(s.folder, func(_ string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			bytes += info.Size()
		}
		return nil
	})
	return bytes
}

// profile writes where the server spends its time during a phase; the channel
// closes once it is written.
func (s *server) profile(file, phase string, d time.Duration) <-chan struct{} {
	done := make(chan struct{})
	if file == "" {
		close(done)
		return done
	}
	go func() {
		defer close(done)
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", s.addr, max(1, int(d.Seconds())-1)), nil)
		if err != nil {
			return
		}
		req.Header.Set("Authorization", "Bearer "+bootstrapKey)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return
		}
		defer res.Body.Close()
		if b, err := io.ReadAll(res.Body); err == nil {
			_ = os.WriteFile(file+"."+strings.NewReplacer(" ", "-", "/", "-", ",", "").Replace(phase), b, 0o600)
		}
	}()
	return done
}
