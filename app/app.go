package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"yagura/auth"
	"yagura/desk"
	"yagura/fault"
	"yagura/intake"
	"yagura/pipeline"
	"yagura/policy"
	"yagura/store"
	"yagura/web"
)

// App is a running system: New wires it, Run serves until its context ends,
// Close gives everything back. cmd/yagura and every whole-server test use it.
type App struct {
	cfg      Config
	log      *slog.Logger
	store    *store.Store
	desk     *desk.Desk
	policies *policies
	pipeline *pipeline.Pipeline
	web      *web.Server
	listener net.Listener
	tls      *tls.Config
	lock     *os.File // SQLite: held while the folder is ours

	mu        sync.Mutex
	verifiers map[string]*intake.Verifier
	keyFile   string // where the first key is kept; empty with a bootstrap key
	signIn    string // the first administrator's sign-in link; empty where there are users already
}

// StoreOption changes how the store is opened; tests use it.
type StoreOption func(*store.Options)

// New opens the database, loads policies, makes the configured sources and
// binds the address. Deliveries are taken once Run is called.
func New(ctx context.Context, cfg Config, log *slog.Logger, opts ...StoreOption) (_ *App, err error) {
	a := &App{cfg: cfg, log: log, verifiers: map[string]*intake.Verifier{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if errs := cfg.Check(); len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	for _, w := range cfg.Warnings() {
		log.Warn(w)
	}
	so := store.Options{Folder: cfg.Data, Database: cfg.Database.Reveal(), Log: log}
	for _, o := range opts {
		o(&so)
	}
	if cfg.Database.Empty() {
		if a.lock, err = lockFolder(cfg.Data); err != nil {
			return nil, err
		}
	}
	a.policies = newPolicies(ctx, cfg.Policy, log)
	if a.store, err = store.Open(ctx, so); err != nil {
		return nil, err
	}
	if a.desk, err = desk.New(ctx, a.store, a.policies.kindNames, log); err != nil {
		return nil, err
	}
	if err := a.configuredSources(ctx); err != nil {
		return nil, err
	}
	if a.tls, err = ServerTLS(cfg.TLS, log); err != nil {
		return nil, err
	}
	a.wire()
	if err := a.firstKey(); err != nil {
		return nil, err
	}
	if a.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", cfg.Listen); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "cannot listen on %s; choose another with YAGURA_LISTEN", cfg.Listen)
	}
	return a, a.firstLink(ctx)
}

// wire makes the pipeline and the web server over store and desk.
func (a *App) wire() {
	var reg *prometheus.Registry
	if a.cfg.Metrics {
		reg = prometheus.NewRegistry()
		reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	}
	a.pipeline = &pipeline.Pipeline{
		Store: a.store, Policies: a.policies.set.Load, Source: a.desk.SourceOfDelivery, Log: a.log, Done: processed(reg),
	}
	a.web = &web.Server{
		Store: a.store, Desk: a.desk, Pipeline: a.pipeline, Verifier: a.verifier,
		EventIDs: func(kind string) []string { return eventIDs[kind] },
		Kinds:    a.kinds, Stalled: a.policies.problem, Trusted: a.cfg.TrustedProxies, Base: a.base, Log: a.log, Metrics: reg,
	}
	if reg != nil {
		a.waiting(reg)
	}
}

// configuredSources makes or changes the sources that the configuration declares.
func (a *App) configuredSources(ctx context.Context) error {
	who := auth.Principal{Name: "config", Role: auth.Admin, Door: "config"}
	for _, w := range a.cfg.Sources {
		err := a.configuredSource(ctx, who, w)
		if fault.Is(err, fault.Conflict) { // another node that starts now made it first
			err = a.configuredSource(ctx, who, w)
		}
		if err != nil {
			return fmt.Errorf("source %s of the configuration: %w", w.ID, err)
		}
	}
	return nil
}

func (a *App) configuredSource(ctx context.Context, who auth.Principal, w SourceSettings) error {
	old, exists := a.desk.Source(w.ID)
	if old.MaxBody == 0 {
		old.MaxBody, old.Rate, old.Burst = a.cfg.Limits.MaxBody, a.cfg.Limits.Rate, a.cfg.Limits.Burst
	}
	src, err := w.Apply(old)
	if err != nil {
		return err
	}
	if !exists {
		_, token, err := a.desk.AddSource(ctx, who, src, w.Token.Reveal())
		if err == nil && w.Token.Empty() && token != "" {
			a.log.Warn("the configuration gives this source no token; make one with: yagura source rotate-token "+w.ID, "source", w.ID)
		}
		return err
	}
	if !w.Token.Empty() {
		src.TokenHash = auth.HashToken(w.Token.Reveal())
	}
	if equalSource(src, old) {
		return nil
	}
	_, err = a.desk.ChangeSource(ctx, who, src)
	return err
}

// verifier returns what checks a source's senders, over the source's own
// network path.
func (a *App) verifier(id string) *intake.Verifier {
	a.mu.Lock()
	defer a.mu.Unlock()
	v := a.verifiers[id]
	if v == nil {
		var own Outgoing
		for _, w := range a.cfg.Sources {
			if w.ID == id {
				own = w.Outgoing
			}
		}
		client, err := OutgoingClient(a.cfg, own)
		if err != nil { // checked at start
			a.log.Error("the source's outgoing path cannot be used; the general one is", "source", id, "error", err)
		}
		v = &intake.Verifier{Client: client}
		a.verifiers[id] = v
	}
	return v
}

// firstKey takes the bootstrap key, or makes a key of its own at the first
// start and keeps it in the data folder for the people of this machine.
func (a *App) firstKey() error {
	if !a.cfg.BootstrapKey.Empty() {
		a.web.AddKey(auth.HashToken(a.cfg.BootstrapKey.Reveal()), auth.Principal{Name: "key:bootstrap", Role: auth.Admin, Door: "api"})
		return nil
	}
	a.keyFile = filepath.Join(a.cfg.Data, KeyFile)
	b, err := os.ReadFile(a.keyFile)
	if errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(a.cfg.Data, 0o700); err != nil {
			return fmt.Errorf("making the data folder: %w", err)
		}
		token, _ := auth.NewToken("yk_")
		b = []byte(token + "\n")
		err = os.WriteFile(a.keyFile, b, 0o600)
	}
	if err != nil {
		return fmt.Errorf("keeping the first API key: %w", err)
	}
	a.web.AddKey(auth.HashToken(strings.TrimSpace(string(b))), auth.Principal{Name: "key:first", Role: auth.Admin, Door: "api"})
	return nil
}

// KeyFile is the name of the file in the data folder that holds the first API
// key, where no bootstrap key is set.
const KeyFile = "admin.key"

// KeyPath returns the file that holds the first API key; empty with a bootstrap key.
func (a *App) KeyPath() string { return a.keyFile }

// firstLink makes the first administrator where there is no user yet.
func (a *App) firstLink(ctx context.Context) error {
	token, err := a.desk.FirstLink(ctx, auth.Principal{Name: "config", Role: auth.Admin, Door: "config"})
	if err != nil {
		return fmt.Errorf("making the first administrator: %w", err)
	}
	if token != "" {
		a.signIn = web.SignInURL(a.base(), token)
	}
	return nil
}

// SignInLink returns the link by which the first administrator signs in, once,
// within a day; empty where there were users already. It is to be shown to whoever
// starts the server, and nowhere else.
func (a *App) SignInLink() string { return a.signIn }

// base is how people reach this server, without a slash at its end.
func (a *App) base() string {
	if a.cfg.PublicURL != "" {
		return strings.TrimRight(a.cfg.PublicURL, "/")
	}
	return a.URL()
}

// URL returns the address that the server listens on.
func (a *App) URL() string {
	scheme := "http"
	if a.tls != nil {
		scheme = "https"
	}
	return scheme + "://" + a.listener.Addr().String()
}

func (a *App) kinds() []web.Kind {
	set := a.policies.set.Load()
	if set == nil {
		return []web.Kind{}
	}
	files := map[string]policy.File{}
	for _, f := range set.Files() {
		if !f.Replaced && f.Ignored == "" {
			files[f.Package] = f
		}
	}
	list := []web.Kind{}
	for _, k := range set.Kinds() {
		f, ok := files["ingest."+k]
		if !ok {
			f = files["alert."+k]
		}
		list = append(list, web.Kind{Name: k, File: f.Path, Ours: f.Builtin})
	}
	return list
}

// shutdownGrace is how long requests under way may take once Run is to end.
const shutdownGrace = 10 * time.Second

// Run serves until ctx ends, then finishes what is under way.
func (a *App) Run(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var wg sync.WaitGroup
	wg.Go(func() { a.policies.watch(work) })
	wg.Go(func() { a.process(work) })
	if a.store.Postgres() {
		wg.Go(func() { a.followSources(work) })
	}
	srv := &http.Server{
		Handler: a.web.Handler(ctx), TLSConfig: a.tls, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}
	failed := make(chan error, 1)
	go func() {
		if a.tls != nil {
			failed <- srv.ServeTLS(a.listener, "", "")
			return
		}
		failed <- srv.Serve(a.listener)
	}()
	var err error
	select {
	case <-ctx.Done():
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
		defer cancel()
		if srv.Shutdown(grace) != nil {
			_ = srv.Close()
		}
	case err = <-failed:
	}
	stop()
	wg.Wait()
	return err
}

// process runs the pipeline as soon as policies serve.
func (a *App) process(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-a.policies.loaded:
		_ = a.pipeline.Run(ctx)
	}
}

// followSources reads sources again: other nodes change them too.
func (a *App) followSources(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := a.desk.Refresh(ctx); err != nil && ctx.Err() == nil {
				a.log.Error("reading sources failed", "error", err)
			}
		}
	}
}

// Close gives back what New took. It may be called after a New that failed.
func (a *App) Close() error {
	var errs []error
	if a.listener != nil {
		if err := a.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
		a.store = nil
	}
	if a.lock != nil {
		errs = append(errs, a.lock.Close())
		a.lock = nil
	}
	return errors.Join(errs...)
}
