package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"yagura/auth"
	"yagura/desk"
	"yagura/fault"
	"yagura/store"
	"yagura/web"
)

// ResetUser lets an administrator back in who is locked out: it writes to the
// database that cfg names, whether a server runs on it or not, and returns a
// sign-in link that works once, within a day. The user becomes an enabled
// administrator without a password; sessions of the user end.
func ResetUser(ctx context.Context, cfg Config, name string, opts ...StoreOption) (link string, err error) {
	so := store.Options{Folder: cfg.Data, Database: cfg.Database.Reveal(), Log: slog.New(slog.DiscardHandler)}
	for _, o := range opts {
		o(&so)
	}
	if cfg.Database.Empty() {
		unlock, err := besideServer(ctx, cfg.Data, so)
		if err != nil {
			return "", err
		}
		defer func() { err = errors.Join(err, unlock()) }()
	}
	st, err := store.Open(ctx, so)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	d, err := desk.New(ctx, st, func() []string { return nil }, so.Log)
	if err != nil {
		return "", err
	}
	token, err := d.ResetUser(ctx, auth.Principal{Name: "cli", Role: auth.Admin, Door: "cli"}, name)
	if err != nil {
		return "", err
	}
	base := strings.TrimRight(cfg.PublicURL, "/")
	if base == "" {
		scheme := "http"
		if cfg.TLS.CertFile != "" {
			scheme = "https"
		}
		base = scheme + "://" + cfg.Listen
	}
	return web.SignInURL(base, token), nil
}

// besideServer makes sure that a data folder may be written to: either no server
// runs on it, and none can start meanwhile, or one of this version does.
func besideServer(ctx context.Context, folder string, so store.Options) (unlock func() error, err error) {
	if _, err := os.Stat(filepath.Join(folder, "yagura.db")); err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "there is no database in %s; name the server's data folder with --data", folder)
	}
	lock, err := lockFolder(folder)
	switch {
	case err == nil:
		return lock.Close, nil
	case !fault.Is(err, fault.Conflict):
		return nil, err
	}
	// A server runs. Bringing its tables up to date under it would break it.
	steps, err := store.MigrationStatus(ctx, so)
	if err != nil {
		return nil, fmt.Errorf("looking at the tables of %s: %w", folder, err)
	}
	for _, s := range steps {
		if !s.Applied {
			return nil, fault.New(fault.Conflict, "an older version of the server runs on %s; end it first, or use its own program", folder)
		}
	}
	return func() error { return nil }, nil
}
