// Command yagura is the whole system in one program: it serves, it looks after
// its own data, and it is the analyst's command line.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"yagura/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cfg, err := app.LoadConfig(nil, os.Getenv, os.ReadFile)
	if err == nil {
		err = serve(ctx, cfg)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "yagura:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, cfg app.Config) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: cfg.Log.Level}))
	a, err := app.New(ctx, cfg, log)
	if err != nil {
		return err
	}
	log.Info("serving", "url", a.URL())
	err = a.Run(ctx)
	if cerr := a.Close(); err == nil {
		err = cerr
	}
	return err
}
