package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"yagura/client"
)

// serve answers as h does, and returns a client of it.
func serve(t *testing.T, h http.HandlerFunc) *client.Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := client.New(s.URL, "a-key")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAServersAddressMustBeOne(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "localhost:8484", "ftp://192.0.2.1", "http://", "http://192.0.2.1?x=1", "://"} {
		if _, err := client.New(bad, ""); err == nil {
			t.Errorf("%q is taken for a server's address", bad)
		}
		if _, err := client.NewHook(bad, "s", ""); err == nil {
			t.Errorf("%q is taken for a hook's address", bad)
		}
	}
}

// TOOL-07
func TestWhatTheServerSaysIsWrongComesWhole(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, `{"detail":"the disk is full; make room","id":"ab12","status":503,"errors":[{"location":"body.window","message":"no duration"}]}`)
	})
	_, err := c.Alerts(t.Context(), client.AlertFilter{})
	said, ok := errors.AsType[*client.Error](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	if said.Status != 503 || said.Detail != "the disk is full; make room" || said.ID != "ab12" || said.Retry != 7*time.Second || len(said.Fields) != 1 || said.Fields[0].Place != "body.window" {
		t.Errorf("got %+v", said)
	}
	if want := "the disk is full; make room; body.window: no duration"; err.Error() != want {
		t.Errorf("it reads %q, want %q", err, want)
	}
}

func TestAnErrorOfAProxyIsNoSentence(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		fmt.Fprint(w, "<html><h1>Bad gateway</h1>")
	})
	_, err := c.Kinds(t.Context())
	if client.Status(err) != 502 || strings.Contains(err.Error(), "<") {
		t.Errorf("got %v with status %d", err, client.Status(err))
	}
}

func TestCallsCarryTheKeyAndWhatWasAsked(t *testing.T) {
	t.Parallel()
	var got []string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, strings.TrimSpace(strings.Join([]string{r.Method, r.URL.RequestURI(), string(body)}, " ")))
		if r.Header.Get("Authorization") != "Bearer a-key" {
			t.Errorf("%s carries %q", r.URL, r.Header.Get("Authorization"))
		}
		fmt.Fprint(w, `{}`)
	})
	ctx, week := t.Context(), "168h"
	calls := []struct {
		do   func() error
		want string
	}{
		{
			func() error {
				_, err := c.Alerts(ctx, client.AlertFilter{
					Severity: []string{"high", "critical"}, Rule: []string{"a, b"}, Q: `"port scan" 攻撃`, Observable: []string{"192.0.2.0/24"},
					From: "7d", Sort: "-severity", Limit: 4, Facets: true,
				})
				return err
			},
			"GET /api/v1/alerts?facets=true&from=7d&limit=4&observable=192.0.2.0%2F24&q=%22port+scan%22+%E6%94%BB%E6%92%83&rule=a%2C+b&severity=high&severity=critical&sort=-severity",
		},
		{func() error { _, err := c.AlertFacets(ctx, client.AlertFilter{Kind: []string{"okta"}}); return err }, "GET /api/v1/alerts/facets?kind=okta"},
		{func() error { _, err := c.Alert(ctx, "A-1/../2"); return err }, "GET /api/v1/alerts/A-1%2F..%2F2"},
		{func() error { _, err := c.AlertRaw(ctx, "A-1"); return err }, "GET /api/v1/alerts/A-1/raw"},
		{func() error { _, err := c.RestoreAlert(ctx, "A-1", "it was ours"); return err }, `POST /api/v1/alerts/A-1/restore {"reason":"it was ours"}`},
		{func() error {
			_, err := c.Deliveries(ctx, client.DeliveryFilter{State: "failed", Source: "s", Limit: 9})
			return err
		}, "GET /api/v1/deliveries?limit=9&source=s&state=failed"},
		{func() error { _, err := c.Delivery(ctx, "D-1"); return err }, "GET /api/v1/deliveries/D-1"},
		{func() error { _, err := c.DeliveryRaw(ctx, "D-1"); return err }, "GET /api/v1/deliveries/D-1/raw"},
		{func() error { _, err := c.Replay(ctx, "D-1"); return err }, "POST /api/v1/deliveries/D-1/replay"},
		{func() error { _, err := c.ReplayMany(ctx, client.Replays{State: "failed"}); return err }, `POST /api/v1/deliveries/replay {"state":"failed"}`},
		{func() error { _, err := c.Discard(ctx, "D-1", "a test"); return err }, `POST /api/v1/deliveries/D-1/discard {"reason":"a test"}`},
		{func() error {
			_, err := c.CreateSource(ctx, client.NewSource{ID: "s", Kind: "okta", SourceSettings: client.SourceSettings{Window: &week}})
			return err
		}, `POST /api/v1/sources {"id":"s","kind":"okta","window":"168h"}`},
		{func() error { _, err := c.Sources(ctx); return err }, "GET /api/v1/sources"},
		{func() error { _, err := c.Source(ctx, "s"); return err }, "GET /api/v1/sources/s"},
		{func() error { _, err := c.ChangeSource(ctx, "s", client.SourceSettings{Window: &week}); return err }, `PATCH /api/v1/sources/s {"window":"168h"}`},
		{func() error { _, err := c.RotateToken(ctx, "s"); return err }, "POST /api/v1/sources/s/rotate-token"},
		{func() error { _, err := c.SourceRules(ctx, "s"); return err }, "GET /api/v1/sources/s/rules"},
		{func() error { _, err := c.Kinds(ctx); return err }, "GET /api/v1/kinds"},
		{func() error { _, err := c.Audit(ctx, 12, 3); return err }, "GET /api/v1/audit?before=12&limit=3"},
	}
	for i, call := range calls {
		if err := call.do(); err != nil {
			t.Errorf("%s: %v", call.want, err)
		}
		if len(got) != i+1 || got[i] != call.want {
			t.Fatalf("asked %q, want %q", got[len(got)-1], call.want)
		}
	}
}

func TestEachAlertWalksEveryPageOnce(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		pages := map[string]string{
			"":  `{"items":[{"id":"A-1"},{"id":"A-2"}],"next":"x"}`,
			"x": `{"items":[],"next":"y","note":"stopped"}`, // a bound was met: not the end
			"y": `{"items":[{"id":"A-3"}],"next":""}`,
		}
		fmt.Fprint(w, pages[r.URL.Query().Get("cursor")])
	})
	var ids []string
	for a, err := range c.EachAlert(t.Context(), client.AlertFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, a.ID)
	}
	if !slices.Equal(ids, []string{"A-1", "A-2", "A-3"}) {
		t.Errorf("walked %v", ids)
	}
}

func TestAnErrorEndsTheWalk(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("cursor") != "" {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, `{"items":[{"id":"D-1"}],"next":"x"}`)
	})
	items, failures := 0, 0
	for _, err := range c.EachDelivery(t.Context(), client.DeliveryFilter{}) {
		if err != nil {
			failures++
		} else {
			items++
		}
	}
	if items != 1 || failures != 1 {
		t.Errorf("%d items and %d errors; want one of each", items, failures)
	}
}

// A program that passes answers on gets them as they were sent, fields that
// this version does not know included.
func TestAnsweredGetsTheServersOwnJSON(t *testing.T) {
	t.Parallel()
	const answer = `{"items":[{"id":"A-1","of_a_later_version":7}],"next":""}`
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, answer) })
	var got string
	c.Answered = func(b []byte) { got = string(b) }
	if _, err := c.Alerts(t.Context(), client.AlertFilter{}); err != nil || got != answer {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestEventsGoOnWhereTheConnectionBroke(t *testing.T) {
	t.Parallel()
	var seen []string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Get("Last-Event-ID"))
		w.Header().Set("Content-Type", "text/event-stream")
		if len(seen) == 1 {
			fmt.Fprint(w, "retry: 1\nid: 4\nevent: hello\ndata: {}\n\n: still here\n\nid: 5\nevent: alert.created\ndata: {\"id\":\"A-5\",\ndata: \"alert\":{\"id\":\"A-5\",\"title\":\"one\"}}\n\nid: 6\nevent: alert.created\ndata: {\"id\":")
			return // breaks off within an event
		}
		fmt.Fprint(w, "id: 6\nevent: alert.sighted\ndata: {\"id\":\"A-5\"}\n\n")
	})
	var got []string
	for e, err := range c.Events(t.Context(), "3") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e.Type+" "+e.Cursor+" "+e.ID)
		if e.Type == "alert.created" && (e.Alert == nil || e.Alert.Title != "one") {
			t.Errorf("the event holds %+v", e.Alert)
		}
		if e.Type == "alert.sighted" {
			break
		}
	}
	if want := []string{"hello 4 ", "alert.created 5 A-5", "alert.sighted 6 A-5"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if !slices.Equal(seen, []string{"3", "5"}) {
		t.Errorf("went on after %q; want after what was read whole", seen)
	}
}

func TestEventsEndWhereNoNewConnectionHelps(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	n := 0
	for _, err := range c.Events(t.Context(), "") {
		if n++; client.Status(err) != 401 {
			t.Errorf("got %v", err)
		}
	}
	if n != 1 {
		t.Errorf("%d errors, want one and the end", n)
	}
}

func TestAHookSendsTokenKeyAndHeaders(t *testing.T) {
	t.Parallel()
	var r2 *http.Request
	var body string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		r2, body = r.Clone(context.Background()), string(b)
		w.Header().Set("Idempotent-Replayed", "true")
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, `{"delivery":"D-1","state":"processed","alerts":["A-1"],"reason":""}`)
	}))
	defer s.Close()
	h, err := client.NewHook(s.URL+"/", "git hub", "t0ken")
	if err != nil {
		t.Fatal(err)
	}
	got, err := h.Send(t.Context(), client.Message{Body: []byte("hello"), Key: "k-1", Wait: true, Header: map[string]string{"X-GitHub-Event": "push", "Content-Type": "text/plain"}})
	if err != nil {
		t.Fatal(err)
	}
	if got.Delivery != "D-1" || got.State != "processed" || !slices.Equal(got.Alerts, []string{"A-1"}) || !got.Repeat {
		t.Errorf("got %+v", got)
	}
	if r2.URL.RequestURI() != "/hooks/git%20hub?wait=1" || body != "hello" {
		t.Errorf("sent %q to %s", body, r2.URL.RequestURI())
	}
	for name, want := range map[string]string{"Authorization": "Bearer t0ken", "Idempotency-Key": "k-1", "X-GitHub-Event": "push", "Content-Type": "text/plain"} {
		if r2.Header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, r2.Header.Get(name), want)
		}
	}
}

func TestPauseSaysWhatMayBeSentAgain(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err   error
		again bool
		least time.Duration
	}{
		"no answer":   {errors.New("connection refused"), true, 0},
		"too many":    {&client.Error{Status: 429, Retry: 9 * time.Second}, true, 9 * time.Second},
		"unavailable": {&client.Error{Status: 503}, true, 0},
		"bad gateway": {&client.Error{Status: 502}, true, 0},
		"wrong token": {&client.Error{Status: 401}, false, 0},
		"too large":   {&client.Error{Status: 413}, false, 0},
		"our mistake": {&client.Error{Status: 500}, false, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, again := client.Pause(tt.err, 1)
			later, _ := client.Pause(tt.err, 30)
			if again != tt.again || first < tt.least || later > time.Minute || (again && later < first) {
				t.Errorf("first %s, later %s, again %v", first, later, again)
			}
		})
	}
}

// Types are written as the API writes them, so that programs may pass them on.
func TestAnAlertSurvivesTheRoundTrip(t *testing.T) {
	t.Parallel()
	in := client.Alert{ID: "A-1", Observables: []client.Observable{{Type: "ip", Value: "192.0.2.1", Scope: "documentation"}}, Sightings: client.Sightings{Count: 2}, SeenAt: time.Date(2026, 3, 2, 1, 2, 3, 4000, time.UTC)}
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out client.Alert
	if err := json.Unmarshal(b, &out); err != nil || out.SeenAt != in.SeenAt || out.Observables[0] != in.Observables[0] || out.Sightings.Count != 2 {
		t.Errorf("%s became %+v, %v", b, out, err)
	}
}

// A server that is away is not called in a tight loop.
func TestEventsWaitLongerWhileTheServerIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		c, err := client.New("http://192.0.2.1", "")
		if err != nil {
			t.Fatal(err)
		}
		c.HTTP = &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			calls++
			return nil, errors.New("no route")
		})}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		for _, err := range c.Events(ctx, "") {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		}
		if calls < 5 || calls > 40 {
			t.Errorf("called %d times in ten minutes", calls)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
