// Package scenarios tells stories to a whole server over HTTP, on SQLite and on
// PostgreSQL: what a sender, an analyst or an attacker does, and what each must
// see. Every story names the requirements that it proves.
package scenarios

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"yagura/alert"
	"yagura/app"
	"yagura/store"
	"yagura/test/pg"
)

const bootstrapKey = "scenarios-bootstrap-key"

// patience is how long a story waits for what must come; it never waits that
// long where all is well.
const patience = 20 * time.Second

// TestMain lets more stories run at once than there are processors: they wait
// most of their time, for disks and for policies to be looked at.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// onBoth tells a story on each database. database is empty for SQLite.
func onBoth(t *testing.T, story func(t *testing.T, database string)) {
	t.Helper()
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		story(t, "")
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		story(t, pg.New(t))
	})
}

// labPolicy reads a kind made for these tests: a message names the very alerts
// that it yields.
const labPolicy = `package ingest.lab

alerts := input.lab

ignore if input.ignore

decline := input.decline

reason := input.reason
`

// labTriage lets a message say how its alert is judged.
const labTriage = `package triage

severity := input.alert.data.triage.severity

disposition := input.alert.data.triage.disposition

reason := input.alert.data.triage.reason

tags := input.alert.data.triage.tags
`

// server is a whole server under test.
type server struct {
	t        *testing.T
	base     string
	folder   string // its data
	policies string // its policy folder
	database string // empty: SQLite
	config   string // its configuration file; empty: none
	env      map[string]string
	opts     []app.StoreOption
	tokens   map[string]string
	marks    int
	signIn   string // the first administrator's link, as printed at the first start
	stop     func()
}

type option func(*server)

// with sets an environment variable of the server.
func with(name, value string) option { return func(s *server) { s.env[name] = value } }

// configured gives the server a configuration file.
func configured(yaml string) option { return func(s *server) { s.config = yaml } }

// clock sets the time that the server goes by.
func clock(now func() time.Time) option {
	return func(s *server) { s.opts = append(s.opts, func(o *store.Options) { o.Now = now }) }
}

// policyFile writes a file of the policy folder before the server starts.
func policyFile(name, text string) option {
	return func(s *server) { s.write(name, text) }
}

// start runs a server until the test ends. Its policy folder holds the lab
// kind and triage, unless an option writes others.
func start(t *testing.T, database string, options ...option) *server {
	t.Helper()
	s := &server{t: t, folder: t.TempDir(), policies: t.TempDir(), database: database, tokens: map[string]string{}}
	s.write("lab.rego", labPolicy)
	s.write("triage.rego", labTriage)
	s.env = map[string]string{
		"YAGURA_DATA": s.folder, "YAGURA_LISTEN": "127.0.0.1:0", "YAGURA_BOOTSTRAP_KEY": bootstrapKey,
		"YAGURA_POLICY": s.policies, "YAGURA_DATABASE": database,
	}
	for _, o := range options {
		o(s)
	}
	if s.config != "" {
		file := filepath.Join(t.TempDir(), "yagura.yaml")
		if err := os.WriteFile(file, []byte(s.config), 0o600); err != nil {
			t.Fatal(err)
		}
		s.env["YAGURA_CONFIG"] = file
	}
	s.run()
	t.Cleanup(func() { s.end() })
	return s
}

// run starts the server on its data, which may hold something already.
func (s *server) run() {
	s.t.Helper()
	cfg, err := app.LoadConfig(nil, func(k string) string { return s.env[k] }, os.ReadFile)
	if err != nil {
		s.t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	if os.Getenv("YAGURA_TEST_LOG") != "" {
		log = slog.New(slog.NewTextHandler(s.t.Output(), nil))
	}
	a, err := app.New(context.Background(), cfg, log, s.opts...)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	s.base, s.signIn = a.URL(), a.SignInLink()
	s.stop = func() {
		stop()
		if err := <-done; err != nil {
			s.t.Error(err)
		}
		if err := a.Close(); err != nil {
			s.t.Error(err)
		}
	}
}

// end stops the server; run starts it again.
func (s *server) end() {
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

// write puts a file into the policy folder, whole: as an editor that renames.
func (s *server) write(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.policies, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		s.t.Fatal(err)
	}
}

// answer is what the server answered.
type answer struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	body   []byte
}

// send sends any request; headers go in pairs.
func (s *server) send(t *testing.T, method, path string, body []byte, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.base+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{t, method + " " + path, res.StatusCode, res.Header, b}
}

// ask asks the API as its administrator.
func (s *server) ask(t *testing.T, method, path string, body any) answer {
	t.Helper()
	var b []byte
	if body != nil {
		var err error
		if b, err = json.Marshal(body); err != nil {
			t.Fatal(err)
		}
	}
	return s.send(t, method, path, b, "Authorization", "Bearer "+bootstrapKey, "Content-Type", "application/json")
}

// must fails the test where the status is another.
func (a answer) must(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: answered %d, want %d: %.500s", a.what, a.status, status, a.body)
	}
	return a
}

// into decodes the body.
func (a answer) into(v any) answer {
	a.t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		a.t.Fatalf("%s: %v: %.500s", a.what, err, a.body)
	}
	return a
}

// detail is the sentence of a problem; the answer must be one.
func (a answer) detail() string {
	a.t.Helper()
	if ct := a.header.Get("Content-Type"); ct != "application/problem+json" {
		a.t.Errorf("%s: content type %q, want application/problem+json", a.what, ct)
	}
	var p struct{ Detail, ID, Title string }
	a.into(&p)
	if p.Detail == "" || p.ID == "" || p.Title == "" {
		a.t.Errorf("%s: a problem has title, detail and id: %s", a.what, a.body)
	}
	return p.Detail
}

// source makes a source; settings go in pairs, such as "may_decline", true.
func (s *server) source(t *testing.T, id, kind string, settings ...any) {
	t.Helper()
	body := map[string]any{"id": id, "kind": kind}
	for i := 0; i+1 < len(settings); i += 2 {
		body[settings[i].(string)] = settings[i+1]
	}
	var made struct{ Token string }
	s.ask(t, http.MethodPost, "/api/v1/sources", body).must(http.StatusCreated).into(&made)
	s.tokens[id] = made.Token
}

// outcome is what a hook answers.
type outcome struct {
	Delivery string
	State    string
	Alerts   []string
	Reason   string
}

// hook posts a body to a source's hook with its token and returns the answer.
func (s *server) hook(t *testing.T, src string, body []byte, headers ...string) answer {
	t.Helper()
	name, query, _ := strings.Cut(src, "?")
	if query != "" {
		query = "?" + query
	}
	return s.send(t, http.MethodPost, "/hooks/"+name+query, body, append([]string{"Authorization", "Bearer " + s.tokens[name]}, headers...)...)
}

// post posts a body and waits for its outcome, which must be settled.
func (s *server) post(t *testing.T, src string, body []byte, headers ...string) outcome {
	t.Helper()
	var out outcome
	a := s.hook(t, src+"?wait=1", body, headers...)
	a.into(&out)
	if a.status != http.StatusOK && a.status != http.StatusAccepted || out.State == "received" || out.State == "" {
		t.Fatalf("%s: %d %.500s", a.what, a.status, a.body)
	}
	return out
}

// draft is an alert as the lab policy takes it.
type draft map[string]any

// lab is a message of the lab kind.
func lab(t *testing.T, alerts ...draft) []byte {
	t.Helper()
	return labWith(t, nil, alerts...)
}

// labWith adds other fields to a message of the lab kind, such as ignore.
func labWith(t *testing.T, fields map[string]any, alerts ...draft) []byte {
	t.Helper()
	m := map[string]any{"lab": append([]draft{}, alerts...)}
	for k, v := range fields {
		m[k] = v
	}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// one posts a lab message that must yield one alert, and returns it.
func (s *server) one(t *testing.T, src string, d draft) item {
	t.Helper()
	out := s.post(t, src, lab(t, d))
	if out.State != "processed" || len(out.Alerts) != 1 {
		t.Fatalf("posting %v: %+v", d, out)
	}
	return s.alert(t, out.Alerts[0])
}

// item is an alert as the API shows it.
type item struct {
	ID, Source, Kind, Rule, Title, Description, Severity, Action, Condition, Link, Fingerprint, Delivery string
	ProductSeverity                                                                                      string    `json:"product_severity"`
	SeenAt                                                                                               time.Time `json:"seen_at"`
	ReceivedAt                                                                                           time.Time `json:"received_at"`
	Observables                                                                                          []alert.Observable
	Techniques, Tags, Marks                                                                              []string
	Attributes                                                                                           []alert.Attribute
	Disposition                                                                                          string
	DispositionBy                                                                                        string `json:"disposition_by"`
	DispositionReason                                                                                    string `json:"disposition_reason"`
	Sightings                                                                                            struct {
		Count       int
		First, Last time.Time
	}
	RenewedAt     *time.Time `json:"renewed_at"`
	RenewedWhy    string     `json:"renewed_why"`
	LastSightings []struct {
		Delivery   string
		SeenAt     time.Time `json:"seen_at"`
		ReceivedAt time.Time `json:"received_at"`
		Severity   string
	} `json:"last_sightings"`
}

func (s *server) alert(t *testing.T, id string) item {
	t.Helper()
	var a item
	s.ask(t, http.MethodGet, "/api/v1/alerts/"+id, nil).must(http.StatusOK).into(&a)
	return a
}

func (a item) attribute(key string) string {
	for _, at := range a.Attributes {
		if at.Key == key {
			return at.Value
		}
	}
	return ""
}

// page is a page of alerts.
type page struct {
	Items  []item
	Next   string
	Facets *facets
}

type facets struct {
	Source, Kind, Rule, Severity, Disposition map[string]int
	Total                                     int
	Capped                                    bool
}

// list lists alerts; parameters go in pairs.
func (s *server) list(t *testing.T, params ...string) page {
	t.Helper()
	var p page
	s.ask(t, http.MethodGet, "/api/v1/alerts?"+query(params...), nil).must(http.StatusOK).into(&p)
	return p
}

func query(params ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(params); i += 2 {
		q.Add(params[i], params[i+1])
	}
	return q.Encode()
}

// titles lists the titles of alerts.
func (s *server) titles(t *testing.T, params ...string) []string {
	t.Helper()
	list := []string{}
	for _, a := range s.list(t, params...).Items {
		list = append(list, a.Title)
	}
	return list
}

// delivery is a delivery as the API shows it.
type delivery struct {
	ID, Source, State, Reason string
	Alerts                    int
	Size                      int64
	ReceivedAt                time.Time `json:"received_at"`
	AlertIDs                  []string  `json:"alert_ids"`
	Headers                   map[string]string
}

func (s *server) delivery(t *testing.T, id string) delivery {
	t.Helper()
	var d delivery
	s.ask(t, http.MethodGet, "/api/v1/deliveries/"+id, nil).must(http.StatusOK).into(&d)
	return d
}

func (s *server) deliveries(t *testing.T, params ...string) []delivery {
	t.Helper()
	var p struct{ Items []delivery }
	s.ask(t, http.MethodGet, "/api/v1/deliveries?"+query(params...), nil).must(http.StatusOK).into(&p)
	return p.Items
}

// settled waits until a delivery is no longer waiting.
func (s *server) settled(t *testing.T, id string) delivery {
	t.Helper()
	var d delivery
	until(t, "delivery "+id+" is settled", func() bool {
		d = s.delivery(t, id)
		return d.State != "received"
	})
	return d
}

// until asks again and again until what holds.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for !holds() {
		select {
		case <-again.C:
		case <-deadline.C:
			t.Fatalf("waited %s in vain until %s", patience, what)
		}
	}
}

// metric reads one number; labels stand in it as Prometheus writes them.
func (s *server) metric(t *testing.T, name string) float64 {
	t.Helper()
	a := s.send(t, http.MethodGet, "/metrics", nil).must(http.StatusOK)
	for line := range strings.Lines(string(a.body)) {
		if v, ok := strings.CutPrefix(line, name+" "); ok {
			f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
	}
	return 0
}

// refused is how often the hooks refused a source for a reason.
func (s *server) refused(t *testing.T, src, reason string) float64 {
	t.Helper()
	return s.metric(t, fmt.Sprintf("yagura_refused_total{reason=%q,source=%q}", reason, src))
}

// reloaded waits until the server serves the policy folder as it is now. A file
// made for that says so: a kind that was not there before.
func (s *server) reloaded(t *testing.T) {
	t.Helper()
	s.marks++
	mark := fmt.Sprintf("mark%d", s.marks)
	s.write("mark.rego", "package ingest."+mark+"\n\nalerts := []\n")
	until(t, "the policies are loaded again", func() bool { return slices.Contains(s.kinds(t), mark) })
}

func (s *server) kinds(t *testing.T) []string {
	t.Helper()
	var k struct{ Items []struct{ Name string } }
	s.ask(t, http.MethodGet, "/api/v1/kinds", nil).must(http.StatusOK).into(&k)
	var names []string
	for _, kind := range k.Items {
		names = append(names, kind.Name)
	}
	return names
}

// postgres makes an empty PostgreSQL database, or skips.
func postgres(t *testing.T) string {
	t.Helper()
	return pg.New(t)
}
