// Package payloads posts every real payload of ../shared/data/alerts to a whole
// server, as its product would, and compares what comes out with what a person
// expects who read the payload: the YAML files beside this one.
package payloads

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"yagura/alert"
	"yagura/app"
)

const shared = "../../../shared/data/alerts"

// product is one YAML file: what the payloads of one product must yield.
type product struct {
	Kind  string             `yaml:"kind"`
	Files map[string]payload `yaml:"files"`
}

type payload struct {
	Count    *int       `yaml:"count"`
	CountMin *int       `yaml:"count_min"`
	None     string     `yaml:"none"` // why there is no alert
	Alerts   []expected `yaml:"alerts"`
}

type expected struct {
	Title           string            `yaml:"title"`
	TitleContains   string            `yaml:"title_contains"`
	Rule            string            `yaml:"rule"`
	Severity        string            `yaml:"severity"`
	ProductSeverity string            `yaml:"product_severity"`
	Action          string            `yaml:"action"`
	Condition       string            `yaml:"condition"`
	SeenAt          time.Time         `yaml:"seen_at"`
	SeenUnknown     bool              `yaml:"seen_unknown"`
	Link            string            `yaml:"link"`
	Observables     []string          `yaml:"observables"`
	NotObservables  []string          `yaml:"not_observables"`
	Techniques      []string          `yaml:"techniques"`
	Attributes      map[string]string `yaml:"attributes"`
	Tags            []string          `yaml:"tags"`
}

// got is an alert as the API shows it.
type got struct {
	ID              string             `json:"id"`
	Rule            string             `json:"rule"`
	Title           string             `json:"title"`
	Severity        string             `json:"severity"`
	ProductSeverity string             `json:"product_severity"`
	Action          string             `json:"action"`
	Condition       string             `json:"condition"`
	SeenAt          time.Time          `json:"seen_at"`
	ReceivedAt      time.Time          `json:"received_at"`
	Link            string             `json:"link"`
	Observables     []alert.Observable `json:"observables"`
	Techniques      []string           `json:"techniques"`
	Attributes      []alert.Attribute  `json:"attributes"`
	Tags            []string           `json:"tags"`
}

const bootstrapKey = "payloads-bootstrap-key"

// DESK-01, DESK-02, DESK-03, DESK-06, DESK-09, DESK-10, MIND-01, MIND-10, FEED-03, FEED-18, FEED-22
func TestPayloads(t *testing.T) {
	if _, err := os.Stat(shared); err != nil {
		t.Skipf("the shared payloads are not beside this checkout: %v", err)
	}
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no expectations: %v", err)
	}
	base := serve(t)
	for _, file := range files {
		name := strings.TrimSuffix(file, ".yaml")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := read(t, file)
			payloads, err := os.ReadDir(filepath.Join(shared, name))
			if err != nil {
				t.Fatalf("expectations of a product that has no payloads: %v", err)
			}
			for _, f := range payloads {
				if _, ok := p.Files[f.Name()]; !ok {
					t.Errorf("nobody said what %s must yield", f.Name())
				}
			}
			n := 0
			for _, file := range slices.Sorted(keys(p.Files)) {
				n++
				t.Run(file, func(t *testing.T) {
					// A source of its own: a payload must not be another one's sighting.
					token := addSource(t, base, fmt.Sprintf("%s-%d", strings.ReplaceAll(name, "_", "-"), n), p.Kind)
					post(t, base, token, filepath.Join(shared, name, file), p.Files[file])
				})
			}
		})
	}
	t.Run("every product has expectations", func(t *testing.T) {
		dirs, err := os.ReadDir(shared)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range dirs {
			if d.IsDir() && !slices.Contains(files, d.Name()+".yaml") {
				t.Errorf("product %s has no expectations", d.Name())
			}
		}
	})
}

func keys[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func read(t *testing.T, file string) product {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	var p product
	if err := dec.Decode(&p); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return p
}

func serve(t *testing.T) (base string) {
	t.Helper()
	env := map[string]string{"YAGURA_DATA": t.TempDir(), "YAGURA_LISTEN": "127.0.0.1:0", "YAGURA_BOOTSTRAP_KEY": bootstrapKey}
	cfg, err := app.LoadConfig(nil, func(k string) string { return env[k] }, os.ReadFile)
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

func call(t *testing.T, method, url, token string, body []byte, into any) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatalf("%s %s: %s", method, url, b)
	}
	return res.StatusCode
}

func addSource(t *testing.T, base, id, kind string) (token string) {
	t.Helper()
	var made struct{ Token, Detail string }
	body := fmt.Sprintf(`{"id":%q,"kind":%q}`, id, kind)
	if status := call(t, http.MethodPost, base+"/api/v1/sources", bootstrapKey, []byte(body), &made); status != http.StatusCreated {
		t.Fatalf("making source %s: %d %s", id, status, made.Detail)
	}
	return id + "?wait=1&token=" + made.Token
}

func post(t *testing.T, base, hook, path string, want payload) {
	t.Helper()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out struct {
		Delivery, State, Reason, Detail string
		Alerts                          []string
	}
	if status := call(t, http.MethodPost, base+"/hooks/"+hook, "", body, &out); status != http.StatusOK {
		t.Fatalf("posting: %d %s %s", status, out.State, out.Detail)
	}
	if out.State != "processed" {
		t.Errorf("state %s: %s", out.State, out.Reason)
	}
	var alerts []got
	for _, id := range out.Alerts {
		var a got
		if status := call(t, http.MethodGet, base+"/api/v1/alerts/"+id, bootstrapKey, nil, &a); status != http.StatusOK {
			t.Fatalf("alert %s: %d", id, status)
		}
		alerts = append(alerts, a)
	}
	if want.None != "" && (len(alerts) > 0 || out.Reason == "") {
		t.Errorf("want no alert and a reason, got %d alerts, reason %q", len(alerts), out.Reason)
	}
	if want.Count != nil && len(alerts) != *want.Count {
		t.Errorf("want %d alerts, got %d: %s", *want.Count, len(alerts), titles(alerts))
	}
	if want.CountMin != nil && len(alerts) < *want.CountMin {
		t.Errorf("want at least %d alerts, got %d", *want.CountMin, len(alerts))
	}
	for i, w := range want.Alerts {
		if i < len(alerts) {
			compare(t, fmt.Sprintf("alert %d", i), w, alerts[i])
		} else if want.Count == nil {
			t.Errorf("alert %d is missing", i)
		}
	}
}

func titles(alerts []got) string {
	var list []string
	for _, a := range alerts {
		list = append(list, a.Title)
	}
	return strings.Join(list, " | ")
}

func compare(t *testing.T, at string, w expected, a got) {
	t.Helper()
	for _, c := range []struct{ field, want, got string }{
		{"title", w.Title, a.Title},
		{"rule", w.Rule, a.Rule},
		{"severity", w.Severity, a.Severity},
		{"product_severity", w.ProductSeverity, a.ProductSeverity},
		{"action", w.Action, a.Action},
		{"condition", w.Condition, a.Condition},
		{"link", w.Link, a.Link},
	} {
		if c.want != "" && c.want != c.got {
			t.Errorf("%s: %s is %q, want %q", at, c.field, c.got, c.want)
		}
	}
	if strings.TrimSpace(a.Title) == "" {
		t.Errorf("%s has no title", at)
	}
	if !strings.Contains(strings.ToLower(a.Title), strings.ToLower(w.TitleContains)) {
		t.Errorf("%s: title is %q, want it to contain %q", at, a.Title, w.TitleContains)
	}
	if !w.SeenAt.IsZero() && a.SeenAt.Sub(w.SeenAt).Abs() > time.Microsecond {
		t.Errorf("%s: seen at %s, want %s", at, a.SeenAt.Format(time.RFC3339Nano), w.SeenAt.Format(time.RFC3339Nano))
	}
	if w.SeenUnknown && !a.SeenAt.Equal(a.ReceivedAt) {
		t.Errorf("%s: seen at %s, but its payload has no time", at, a.SeenAt)
	}
	for _, o := range w.Observables {
		if !has(a.Observables, o, true) {
			t.Errorf("%s: observable %s is missing among %s", at, o, names(a.Observables))
		}
	}
	for _, o := range w.NotObservables {
		if has(a.Observables, o, false) {
			t.Errorf("%s: %s is no observable", at, o)
		}
	}
	for _, x := range w.Techniques {
		if !slices.Contains(a.Techniques, x) {
			t.Errorf("%s: technique %s is missing among %v", at, x, a.Techniques)
		}
	}
	for _, x := range w.Tags {
		if !slices.Contains(a.Tags, x) {
			t.Errorf("%s: tag %s is missing among %v", at, x, a.Tags)
		}
	}
	for k, v := range w.Attributes {
		if !slices.ContainsFunc(a.Attributes, func(at alert.Attribute) bool { return at.Key == k && at.Value == v }) {
			t.Errorf("%s: attribute %s=%s is missing", at, k, v)
		}
	}
}

// has reports whether the list holds the observable. Where one is required, a
// user may stand for an e-mail address: products use them for both.
func has(list []alert.Observable, want string, lenient bool) bool {
	kind, value, _ := strings.Cut(want, ":")
	o := alert.Observable{Type: alert.ObservableType(kind), Value: value}
	if n, ok := alert.Normalize(o); ok {
		o = n
	}
	return slices.ContainsFunc(list, func(x alert.Observable) bool {
		same := x.Type == o.Type || (lenient && o.Type == alert.Email && x.Type == alert.User)
		return same && strings.EqualFold(x.Value, o.Value)
	})
}

func names(list []alert.Observable) string {
	var out []string
	for _, o := range list {
		out = append(out, string(o.Type)+":"+o.Value)
	}
	return strings.Join(out, " ")
}
