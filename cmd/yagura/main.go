// Command yagura is the whole system in one program: it serves, it looks after
// its own data, and it is the analyst's command line.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"yagura/app"
	"yagura/cmd/yagura/local"
)

func main() {
	app.TuneRuntime()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it at once
	code := local.Run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
