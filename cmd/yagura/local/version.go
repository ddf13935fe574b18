package local

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	ucli "github.com/urfave/cli/v3"

	"yagura/web"
)

// Version returns the version, with the commit that the program was built from
// where the build knows it.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return web.Version
	}
	var commit, at, changed string
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			commit = s.Value[:min(12, len(s.Value))]
		case "vcs.time":
			at = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				changed = ", changed since"
			}
		}
	}
	if commit == "" {
		return web.Version
	}
	return fmt.Sprintf("%s (commit %s of %s%s)", web.Version, commit, at, changed)
}

func printVersion(_ context.Context, cmd *ucli.Command) error {
	fmt.Fprintf(cmd.Root().Writer, "yagura %s, %s %s/%s\n", Version(), strings.Replace(runtime.Version(), "go", "Go ", 1), runtime.GOOS, runtime.GOARCH)
	return nil
}
