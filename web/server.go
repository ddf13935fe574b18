// Package web is the HTTP door: hooks that take deliveries in, the API with its
// description made from Go types, live events, health and metrics.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"

	"yagura/auth"
	"yagura/desk"
	"yagura/fault"
	"yagura/intake"
	"yagura/pipeline"
	"yagura/store"
)

// Version is the version of the program and of its API's description.
var Version = "0.1.0-dev"

// Server answers HTTP requests. Its fields are set once, before Handler.
type Server struct {
	Store    *store.Store
	Desk     *desk.Desk
	Pipeline *pipeline.Pipeline
	Verifier func(sourceID string) *intake.Verifier // checks senders' signatures, over the source's own network path
	EventIDs func(kind string) []string             // paths of a kind's event ids, for repeats at the door
	Kinds    func() []Kind
	Stalled  func() error // why deliveries wait or are read by older policies; nil, or nil where they do not
	Trusted  []netip.Prefix
	Base     func() string // how people reach this server, such as https://yagura.example.com; nil: nobody said
	Log      *slog.Logger
	Metrics  *prometheus.Registry // nil: /metrics is not served

	counters *counters
	limits   limits
	looks    looks
	signIns  signIns
	keys     []key
	closing  context.Context
	beat     time.Duration // how often streams say that they are there; 0: heartbeat
}

type key struct {
	hash      []byte
	principal auth.Principal
}

// AddKey lets whoever sends the token act as p.
func (s *Server) AddKey(hash []byte, p auth.Principal) {
	s.keys = append(s.keys, key{hash, p})
}

// Handler returns the server's routes. Streams end when closing does.
func (s *Server) Handler(closing context.Context) http.Handler {
	s.closing = closing
	s.counters = newCounters(s.Metrics)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /hooks/{source}", s.plain(s.postHook))
	mux.HandleFunc("/hooks/", s.plain(s.noHook))
	mux.HandleFunc("GET /healthz", s.plain(s.getHealth))
	mux.HandleFunc("GET /readyz", s.plain(s.getReady))
	if s.Metrics != nil {
		mux.Handle("GET /metrics", s.metricsHandler())
	}
	mux.HandleFunc("GET /api/v1/events", s.plain(s.getEvents))
	mux.HandleFunc("GET /api/v1/alerts/{id}/raw", s.plain(s.getAlertRaw))
	mux.HandleFunc("GET /api/v1/deliveries/{id}/raw", s.plain(s.getDeliveryRaw))
	s.docs(mux)
	s.profile(mux)
	s.describe(humago.New(mux, apiConfig()))
	mux.HandleFunc("/api/", s.plain(func(http.ResponseWriter, *http.Request) error {
		return fault.New(fault.NotFound, "there is no such path in the API; /api/openapi.json lists them")
	}))
	mux.HandleFunc("/", s.page())
	return secure(mux)
}

func apiConfig() huma.Config {
	c := huma.DefaultConfig("Yagura", Version)
	c.Info.Description = "Receive, triage, investigate and manage security alerts. Every operation but signing in needs an API key, sent as Authorization: Bearer, or a session's cookie; with a cookie, changes are taken from this server's own pages only."
	c.OpenAPIPath = "/api/openapi"
	c.DocsPath = ""     // its page loads scripts from elsewhere: ours is in docs.go
	c.CreateHooks = nil // no $schema in bodies
	c.SchemasPath = ""
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"key":     {Type: "http", Scheme: "bearer", Description: "an API key"},
		"session": {Type: "apiKey", In: "cookie", Name: "yagura_session", Description: "a session, opened by POST /api/v1/session; over TLS its name begins with __Host-"},
	}
	c.Security = []map[string][]string{{"key": {}}, {"session": {}}}
	return c
}

// describe registers every operation of the API.
func (s *Server) describe(api huma.API) {
	problems()
	api.UseMiddleware(s.authenticate(api))
	s.alertRoutes(api)
	s.groupRoutes(api)
	s.assetRoutes(api)
	s.ticketRoutes(api)
	s.deliveryRoutes(api)
	s.sourceRoutes(api)
	s.sessionRoutes(api)
	s.userRoutes(api)
	s.keyRoutes(api)
	describeStreams(api)
}

// OpenAPI returns the description of the API, JSON.
func OpenAPI() ([]byte, error) {
	mux := http.NewServeMux()
	api := humago.New(mux, apiConfig())
	(&Server{}).describe(api)
	return api.OpenAPI().MarshalJSON()
}

// secure sets the headers that every answer carries.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		next.ServeHTTP(w, r)
	})
}

func (s *Server) authenticate(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, _ := humago.Unwrap(ctx)
		var p auth.Principal
		need, declared := ctx.Operation().Metadata["permission"].(auth.Permission)
		err := error(fault.New(fault.Denied, "this operation declares no permission"))
		switch {
		case !declared || need == "":
		case need == auth.Public:
			err = nil
		default:
			p, err = s.allow(r, need)
		}
		if err == nil {
			err = knownParameters(ctx)
		}
		if err != nil {
			pr := s.problem(ctx.Context(), err)
			ctx.SetHeader("Content-Type", "application/problem+json")
			if pr.Status == http.StatusUnauthorized {
				ctx.SetHeader("WWW-Authenticate", "Bearer")
			}
			ctx.SetStatus(pr.Status)
			_ = api.Marshal(ctx.BodyWriter(), "application/json", pr)
			return
		}
		next(huma.WithValue(huma.WithValue(ctx, requestKey{}, r), principalKey{}, p))
	}
}

// knownParameters refuses query parameters that the operation does not have: a
// misspelt filter would otherwise list everything and look like an answer.
func knownParameters(ctx huma.Context) error {
	u := ctx.URL()
	if u.RawQuery == "" {
		return nil
	}
	known := []string{"limit", "cursor"} // clients page every list alike, also those that come whole
	for _, p := range ctx.Operation().Parameters {
		if p.In == "query" {
			known = append(known, p.Name)
		}
	}
	for name := range u.Query() {
		if !slices.Contains(known, name) {
			return fault.New(fault.Invalid, "there is no query parameter %q here; known are %s", name, strings.Join(slices.Compact(slices.Sorted(slices.Values(known))), ", "))
		}
	}
	return nil
}

// operation describes one operation and the permission that it needs.
func operation(id, method, path, summary string, need auth.Permission) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: method, Path: path, Summary: summary,
		Tags:     []string{strings.Split(strings.TrimPrefix(path, "/api/v1/"), "/")[0]},
		Metadata: map[string]any{"permission": need}, Description: needs(need),
	}
}

// needs words a permission for the description, so that a key's scope can be
// chosen by reading it.
func needs(p auth.Permission) string {
	if p == auth.Public {
		return "Needs no key."
	}
	return "Needs `" + string(p) + "`."
}

// timeout bounds what one request may cost the database.
const timeout = 30 * time.Second
