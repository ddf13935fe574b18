package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	ucli "github.com/urfave/cli/v3"

	"yagura/app"
)

func (p program) serveCommand() *ucli.Command {
	return &ucli.Command{
		Name: "serve", Usage: "start the server", Flags: configFlags(), Action: p.serve,
		Description: "It needs no configuration. Flags stand over environment variables, those over the configuration's file. It ends on Ctrl-C or SIGTERM, after what is under way.",
	}
}

func (p program) serve(ctx context.Context, cmd *ucli.Command) error {
	if err := noArgs(cmd); err != nil {
		return err
	}
	cfg, err := p.loadConfig(cmd)
	if err != nil {
		return err
	}
	first := firstStart(cfg)
	a, log, err := start(ctx, cfg, cmd.Root().ErrWriter)
	if err != nil {
		return err
	}
	log.Info("serving", "url", a.URL(), "version", Version())
	if first {
		welcome(cmd.Root().Writer, a)
	}
	signIn(cmd.Root().Writer, a)
	return errors.Join(a.Run(ctx), a.Close())
}

// start wires the server; it serves once its Run is called.
func start(ctx context.Context, cfg app.Config, to io.Writer) (*app.App, *slog.Logger, error) {
	opts := &slog.HandlerOptions{Level: cfg.Log.Level}
	var h slog.Handler = slog.NewTextHandler(to, opts)
	if cfg.Log.Format == "json" {
		h = slog.NewJSONHandler(to, opts)
	}
	log := slog.New(h)
	a, err := app.New(ctx, cfg, log)
	return a, log, err
}

// firstStart reports whether no server has run with this data folder yet.
func firstStart(cfg app.Config) bool {
	if !cfg.BootstrapKey.Empty() {
		return false
	}
	_, err := os.Stat(filepath.Join(cfg.Data, app.KeyFile))
	return errors.Is(err, os.ErrNotExist)
}

// welcome tells people, once, where the server and its key are and what to type
// next. The key itself is not told: this may end up in a log.
func welcome(w io.Writer, a *app.App) {
	fmt.Fprintf(w, `
Yagura is on %s
An API key with every permission is in %s

Next, in another terminal:

  %s source add first --kind generic%s%s

`, a.URL(), a.KeyPath(), typed(), urlFlag(a.URL()), keyFlag(a.KeyPath()))
}

// signIn tells, at the first start alone, the link by which the first
// administrator comes in.
func signIn(w io.Writer, a *app.App) {
	if link := a.SignInLink(); link != "" {
		fmt.Fprintf(w, "Sign in as admin with this link, once, within a day (%s user reset admin makes another):\n\n  %s\n\n", typed(), link)
	}
}

// typed is the program as it was called, so that what is printed can be typed.
func typed() string {
	if len(os.Args) > 0 && strings.Contains(os.Args[0], "/") {
		return os.Args[0]
	}
	return "yagura"
}

// keyFlag is what a command needs to find this server's key: nothing where it
// looks by itself.
func keyFlag(path string) string {
	if filepath.Clean(path) == filepath.Join(defaultOf("data"), app.KeyFile) {
		return ""
	}
	return " --key-file " + path
}

// urlFlag is what a command needs to find this server.
func urlFlag(url string) string {
	if url == "http://127.0.0.1:8484" {
		return ""
	}
	return " --url " + url
}
