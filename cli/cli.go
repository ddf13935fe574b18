// Package cli is the analyst's command line: every command calls the API through
// client/, so that it works with a server on this machine or another and can do
// nothing that the API cannot. It prints tables for people and, with --json, the
// API's own JSON for programs. What alerts say is a stranger's text: nothing of it
// reaches a terminal as a control sequence, and observables stand defanged in tables.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"yagura/client"
)

// Env is what commands take from the process; tests set their own.
type Env struct {
	Getenv func(string) string
	Zone   *time.Location   // the viewer's; times are shown in it
	Now    func() time.Time //
	Screen func(io.Writer) Screen
}

// Process returns the environment of this process.
func Process() Env {
	return Env{Getenv: os.Getenv, Zone: time.Local, Now: time.Now, Screen: screenOf}
}

// Commands returns the analyst's commands, to be put below a root.
func Commands(env Env) []*cli.Command {
	return []*cli.Command{
		env.queueCommand(), env.groupCommands(), env.assetCommands(), env.alertCommands(), env.ticketCommands(), env.deliveryCommands(), env.sourceCommands(), env.kindCommands(), env.userCommands(), env.keyCommands(), env.auditCommand(), env.sendCommand(),
	}
}

// DefaultURL is where a server listens unless it is told otherwise.
const DefaultURL = "http://127.0.0.1:8484"

// keyFileName is where a server keeps its first key, in its data folder; the
// folders are those of `yagura serve` and `yagura demo`.
const keyFileName = "admin.key"

var dataFolders = []string{"./yagura-data", "./.yagura-demo"}

// connection are the flags of every command that calls the API.
func connection() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "url", Usage: "the server's address", Value: DefaultURL, Sources: cli.EnvVars("YAGURA_URL")},
		&cli.StringFlag{Name: "key", Usage: "an API key. Without one, and with a server on this machine, the key file in the data folder is read", Sources: cli.EnvVars("YAGURA_KEY")},
		&cli.StringFlag{Name: "key-file", Usage: "file that holds the API key", TakesFile: true, Sources: cli.EnvVars("YAGURA_KEY_FILE")},
		&cli.BoolFlag{Name: "json", Usage: "print the API's JSON instead of tables; with --all, one item a line"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print ids only, and no notes"},
	}
}

// session is what one run of a command works with.
type session struct {
	env    Env
	client *client.Client
	out    io.Writer // results
	notes  io.Writer // for people only: what is not part of the result
	screen Screen
	json   bool
	quiet  bool
	body   []byte // the last answer, as the server sent it
}

// connect prepares a command's run.
func (e Env) connect(ctx context.Context, cmd *cli.Command) (*session, error) {
	root := cmd.Root()
	s := &session{env: e, out: root.Writer, notes: root.ErrWriter, json: cmd.Bool("json"), quiet: cmd.Bool("quiet"), screen: e.Screen(root.Writer)}
	if s.quiet || s.json {
		s.notes = io.Discard
	}
	keys, err := e.keys(cmd)
	if err != nil {
		return nil, err
	}
	for i, k := range keys {
		c, err := client.New(cmd.String("url"), k)
		if err != nil {
			return nil, usage("%v", err)
		}
		c.Answered = func(body []byte) { s.body = body }
		s.client = c
		if i == len(keys)-1 {
			break
		}
		// Several data folders stand here: whose key is it?
		if _, err := c.Kinds(ctx); client.Status(err) != 401 {
			break
		}
	}
	return s, nil
}

// keys returns the API keys to try, in order; at least one.
func (e Env) keys(cmd *cli.Command) ([]string, error) {
	if k := cmd.String("key"); k != "" {
		return []string{k}, nil
	}
	if path := cmd.String("key-file"); path != "" {
		k, err := readSecret(path)
		if err != nil {
			return nil, usage("the API key cannot be read: %v", err)
		}
		return []string{k}, nil
	}
	folders := dataFolders
	if own := e.Getenv("YAGURA_DATA"); own != "" {
		folders = []string{own}
	}
	var keys []string
	if loopback(cmd.String("url")) { // this machine's key is for this machine only
		for _, f := range folders {
			if k, err := readSecret(filepath.Join(f, keyFileName)); err == nil {
				keys = append(keys, k)
			}
		}
	}
	if len(keys) == 0 {
		return nil, usage("there is no API key: give one with YAGURA_KEY or --key-file, or stand where the server's data folder is (%s is in it)", keyFileName)
	}
	return keys, nil
}

func readSecret(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	k := strings.TrimSpace(string(b))
	if k == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return k, nil
}

func loopback(server string) bool {
	u, err := url.Parse(server)
	if err != nil {
		return false
	}
	host := u.Hostname()
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

// one returns a command's only argument.
func one(cmd *cli.Command, what string) (string, error) {
	if cmd.NArg() != 1 {
		return "", usage("name %s: %s %s", what, cmd.FullName(), cmd.ArgsUsage)
	}
	return cmd.Args().First(), nil
}

// many returns a command's arguments, at least one.
func many(cmd *cli.Command, what string) ([]string, error) {
	if cmd.NArg() == 0 {
		return nil, usage("name %s: %s %s", what, cmd.FullName(), cmd.ArgsUsage)
	}
	return cmd.Args().Slice(), nil
}

// none refuses arguments where a command takes none: mostly a flag without its dashes.
func none(cmd *cli.Command) error {
	if cmd.NArg() > 0 {
		return usage("%s takes no argument, and %q was given", cmd.FullName(), cmd.Args().First())
	}
	return nil
}

// Group is a command that only holds others: alone it prints its help, and a
// word that is none of them is refused.
func Group(c *cli.Command) *cli.Command {
	c.Action = func(_ context.Context, cmd *cli.Command) error {
		if !cmd.Args().Present() {
			return cli.ShowSubcommandHelp(cmd)
		}
		word := cmd.Args().First()
		near := ""
		if s := cli.SuggestCommand(cmd.Commands, word); s != "" && alike(s, word) {
			near = fmt.Sprintf("; did you mean %q?", s)
		}
		return usage("%s has no command %q%s", cmd.FullName(), word, near)
	}
	return c
}

// alike reports whether a suggestion is worth making: the library offers the
// nearest name however far away it is.
func alike(name, word string) bool {
	return name != "" && word != "" && name[0] == word[0]
}

// Exit codes of every command.
const (
	ExitFailed  = 1 // it was done in part or not at all: the server refused, or something failed
	ExitUsage   = 2 // the command line cannot be used as it is
	ExitOffline = 3 // the server cannot be reached
	ExitDenied  = 4 // the key or token is missing, wrong, or may not do this
	ExitMissing = 5 // what was named does not exist
)

// usageError is a command line that cannot be used as it is.
type usageError struct{ error }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// Usage marks an error as a mistake of the command line.
func Usage(err error) error {
	if err == nil {
		return nil
	}
	return usageError{err}
}

// Explain returns a failed command's one sentence for people and its exit code.
func Explain(err error) (sentence string, code int) {
	if _, ok := errors.AsType[usageError](err); ok {
		return cleanLines(err.Error()), ExitUsage
	}
	if answer, ok := errors.AsType[*client.Error](err); ok {
		sentence, code = clean(err.Error()), ExitFailed
		switch answer.Status {
		case 401, 403:
			code = ExitDenied
		case 404:
			code = ExitMissing
		}
		if answer.ID != "" && answer.Status >= 500 {
			sentence += " (the server's log says more under " + clean(answer.ID) + ")"
		}
		return sentence, code
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return fmt.Sprintf("no server answers at %s (%v); start one with: yagura serve, or name it with --url", op.Addr, op.Err), ExitOffline
	}
	if call, ok := errors.AsType[*url.Error](err); ok {
		return clean("the server does not answer: " + call.Err.Error()), ExitOffline
	}
	return cleanLines(err.Error()), ExitFailed
}
