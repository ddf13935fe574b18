package scenarios

import (
	"bufio"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"yagura/auth"
	"yagura/desk"
	"yagura/source"
	"yagura/store"
	"yagura/web"
)

// doors serves the web over a store of its own with a key for each role.
func doors(t *testing.T) (*httptest.Server, *desk.Desk) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	st, err := store.Open(ctx, store.Options{Folder: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	d, err := desk.New(ctx, st, func() []string { return []string{"lab"} }, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	w := &web.Server{Store: st, Desk: d, Kinds: func() []web.Kind { return nil }, Log: slog.New(slog.DiscardHandler)}
	for _, r := range []auth.Role{auth.Viewer, auth.Responder, auth.Analyst, auth.Engineer, auth.Admin} {
		w.AddKey(auth.HashToken("key-of-"+string(r)), auth.Principal{Name: string(r), Role: r, Door: "api"})
	}
	srv := httptest.NewServer(w.Handler(ctx))
	t.Cleanup(func() {
		stop()
		srv.Close()
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return srv, d
}

func TestRolesMayDoWhatTheyHold(t *testing.T) {
	t.Parallel()
	srv, _ := doors(t)
	roles := []auth.Role{auth.Viewer, auth.Responder, auth.Analyst, auth.Engineer, auth.Admin}
	for _, tt := range []struct {
		method, path, body string
		from               auth.Role // the least that may
	}{
		{"GET", "/api/v1/alerts", "", auth.Viewer},
		{"GET", "/api/v1/alerts/facets", "", auth.Viewer},
		{"GET", "/api/v1/alerts/A-0000000001", "", auth.Viewer},
		{"GET", "/api/v1/alerts/A-0000000001/raw", "", auth.Viewer},
		{"POST", "/api/v1/alerts/A-0000000001/restore", "", auth.Analyst},
		{"GET", "/api/v1/sources", "", auth.Responder},
		{"GET", "/api/v1/kinds", "", auth.Responder},
		{"GET", "/api/v1/deliveries", "", auth.Analyst},
		{"GET", "/api/v1/deliveries/D-0000000001", "", auth.Analyst},
		{"GET", "/api/v1/deliveries/D-0000000001/raw", "", auth.Analyst},
		{"POST", "/api/v1/deliveries/D-0000000001/replay", "", auth.Engineer},
		{"POST", "/api/v1/deliveries/replay", `{"state":"failed"}`, auth.Engineer},
		{"POST", "/api/v1/deliveries/D-0000000001/discard", `{"reason":"x"}`, auth.Engineer},
		{"POST", "/api/v1/sources", `{"id":"x","kind":"nosuch"}`, auth.Engineer},
		{"PATCH", "/api/v1/sources/nosuch", `{}`, auth.Engineer},
		{"POST", "/api/v1/sources/nosuch/rotate-token", "", auth.Engineer},
		{"GET", "/api/v1/audit", "", auth.Admin},
		{"GET", "/api/v1/groups", "", auth.Viewer},
		{"GET", "/api/v1/groups/G-0000000001", "", auth.Viewer},
		{"POST", "/api/v1/groups/G-0000000001/merge", `{"groups":["G-0000000002"]}`, auth.Analyst},
		{"POST", "/api/v1/groups/G-0000000001/split", `{"alerts":["A-0000000001"]}`, auth.Analyst},
		{"GET", "/api/v1/assets", "", auth.Viewer},
		{"POST", "/api/v1/assets", `{"assets":[{"type":"printer","value":"x","importance":"low"}]}`, auth.Analyst},
		{"POST", "/api/v1/assets/forget", `{"assets":[{"type":"host","value":"x"}]}`, auth.Analyst},
		{"GET", "/api/v1/tickets", "", auth.Viewer},
		{"GET", "/api/v1/tickets/T-1", "", auth.Viewer},
		{"GET", "/api/v1/tickets/facets", "", auth.Viewer},
		{"GET", "/api/v1/tickets/T-1/timeline", "", auth.Viewer},
		{"GET", "/api/v1/tickets/T-1/alerts", "", auth.Viewer},
		{"POST", "/api/v1/tickets", `{"title":"x"}`, auth.Responder},
		{"PATCH", "/api/v1/tickets/T-99", `{"version":1}`, auth.Responder},
		{"POST", "/api/v1/tickets/T-99/take", "", auth.Responder},
		{"POST", "/api/v1/tickets/T-99/comment", `{"text":"x"}`, auth.Responder},
		{"POST", "/api/v1/tickets/T-99/bind", `{"alerts":["A-0000000001"]}`, auth.Responder},
		{"POST", "/api/v1/tickets/T-99/unbind", `{"version":1,"alerts":["A-0000000001"]}`, auth.Responder},
		{"POST", "/api/v1/tickets/T-99/merge", `{"version":1,"from":"T-98"}`, auth.Responder},
		{"POST", "/api/v1/tickets/T-99/split", `{"version":1,"alerts":["A-0000000001"]}`, auth.Responder},
		{"POST", "/api/v1/tickets/T-99/undo", `{"version":1}`, auth.Responder},
		{"POST", "/api/v1/tickets/T-99/conclude", `{"version":1,"conclusion":"intended","reason":"x"}`, auth.Analyst},
		{"POST", "/api/v1/tickets/T-99/reopen", `{"version":1}`, auth.Analyst},
		{"POST", "/api/v1/tickets/conclude", `{"sets":[{"alerts":["A-0000000001"]}],"assignee":"x","conclusion":"intended","reason":"x"}`, auth.Analyst},
		{"DELETE", "/api/v1/tickets/T-99?reason=x", "", auth.Admin},
		{"GET", "/api/v1/session", "", auth.Viewer},
		{"GET", "/api/v1/users", "", auth.Responder},
		{"GET", "/api/v1/users/nosuch", "", auth.Responder},
		{"POST", "/api/v1/users", `{"name":"x","role":"nosuch"}`, auth.Admin},
		{"PATCH", "/api/v1/users/nosuch", `{}`, auth.Admin},
		{"DELETE", "/api/v1/users/nosuch", "", auth.Admin},
		{"PUT", "/api/v1/users/nosuch/password", `{"password":"x"}`, auth.Admin},
		{"POST", "/api/v1/users/nosuch/sign-in-link", "", auth.Admin},
		{"GET", "/api/v1/keys", "", auth.Admin},
		{"POST", "/api/v1/keys", `{"name":"x","role":"nosuch"}`, auth.Admin},
		{"DELETE", "/api/v1/keys/nosuch", "", auth.Admin},
	} {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			may := false
			for _, role := range roles {
				may = may || role == tt.from
				req, err := http.NewRequestWithContext(t.Context(), tt.method, srv.URL+tt.path, strings.NewReader(tt.body))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Authorization", "Bearer key-of-"+string(role))
				req.Header.Set("Content-Type", "application/json")
				res, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				res.Body.Close()
				if denied := res.StatusCode == http.StatusForbidden; denied == may || res.StatusCode >= 500 || res.StatusCode == http.StatusUnauthorized {
					t.Errorf("%s: answered %d, may: %v", role, res.StatusCode, may)
				}
			}
		})
	}
}

// Live events tell each only what he may read.
func TestLiveEventsKeepToPermissions(t *testing.T) {
	t.Parallel()
	srv, d := doors(t)
	admin := auth.Principal{Name: "admin", Role: auth.Admin, Door: "api"}
	first := func(role auth.Role) <-chan string {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/api/v1/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer key-of-"+string(role))
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(res.Body)
		kinds, hello := make(chan string, 16), make(chan struct{})
		go func() {
			defer res.Body.Close()
			for lines.Scan() {
				if kind, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
					if kind == "hello" {
						close(hello)
						continue
					}
					kinds <- kind
				}
			}
		}()
		<-hello
		return kinds
	}
	viewer, responder := first(auth.Viewer), first(auth.Responder)
	if _, _, err := d.AddSource(t.Context(), admin, source.Source{ID: "a", Kind: "lab"}, ""); err != nil {
		t.Fatal(err)
	}
	select {
	case kind := <-responder:
		if kind != "source.changed" {
			t.Errorf("event %s", kind)
		}
	case <-time.After(patience):
		t.Fatal("the responder was told nothing")
	}
	select {
	case kind := <-viewer:
		t.Errorf("the viewer was told of %s", kind)
	default:
	}
}
