// Package local is the program's command line as a whole: the analyst's commands
// of room cli, and beside them those that need no server because they are one
// (serve, demo) or work on its files (config, migrate, policy, backup, restore, user reset).
package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	ucli "github.com/urfave/cli/v3"

	"yagura/app"
	"yagura/cli"
)

// begin is the first thing that is read by whoever types yagura alone.
const begin = `yagura demo     look around: a server with a month of made-up alerts
yagura serve    start the server on ` + cli.DefaultURL + `, data in ./yagura-data
yagura send     deliver a file to it; yagura source add makes the source first
yagura alert    list, search and show what came in
yagura ticket   handle it: make tickets of alerts, conclude them`

const exitCodes = `Exit codes: 0 done; 1 failed, in part or wholly; 2 the command line cannot be used as it is; 3 no server answers; 4 the key or token is missing, wrong, or may not do this; 5 what was named does not exist.`

// Root returns the whole command line of the program.
func Root() *ucli.Command { return root(cli.Process()) }

// program is the command line over what it takes from its process.
type program struct{ env cli.Env }

func root(env cli.Env) *ucli.Command {
	p := program{env}
	r := &ucli.Command{
		Name: "yagura", Usage: "receives, triages and keeps every security alert", UsageText: begin, Description: exitCodes, Version: Version(),
		EnableShellCompletion: true, Suggest: true,
		ConfigureShellCompletionCommand: func(c *ucli.Command) {
			c.Hidden = false
			c.Usage = "print the completion script of bash, zsh, fish or pwsh"
		},
		ExitErrHandler: func(context.Context, *ucli.Command, error) {}, // Run tells errors and exits
	}
	r.Commands = append(r.Commands, p.serveCommand(), p.demoCommand(), p.configCommands(), p.migrateCommands(), policyCommands(), p.backupCommand(), p.restoreCommand())
	for _, c := range cli.Commands(env) {
		if c.Name == "user" {
			c.Commands = append(c.Commands, p.userReset())
		}
		r.Commands = append(r.Commands, c)
	}
	r.Commands = append(r.Commands, &ucli.Command{Name: "version", Usage: "print the version and what it was built with", Action: printVersion})
	cli.Group(r)
	refuse(r)
	return r
}

// refuse has every command report mistakes of its line in one sentence, instead
// of its whole help.
func refuse(c *ucli.Command) {
	c.OnUsageError = func(_ context.Context, cmd *ucli.Command, err error, _ bool) error {
		text := mistake(strings.TrimRight(err.Error(), "\n"))
		return cli.Usage(fmt.Errorf("%s; %s --help says what there is", text, cmd.FullName()))
	}
	if len(c.Commands) == 0 { // --help after an argument: the library takes that for a command's name
		c.CommandNotFound = func(ctx context.Context, cmd *ucli.Command, _ string) {
			if above := cmd.Lineage(); len(above) > 1 {
				_ = ucli.ShowCommandHelp(ctx, above[1], cmd.Name)
			}
		}
	}
	for _, sub := range c.Commands {
		refuse(sub)
	}
}

// mistake words the library's sentences about flags as ours: flags have two
// dashes, and how Go reads numbers is nobody's business.
func mistake(text string) string {
	if flag, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		return "there is no flag --" + strings.TrimLeft(flag, "-")
	}
	if rest, ok := strings.CutPrefix(text, "invalid value "); ok {
		if value, rest, ok := strings.Cut(rest, " for flag -"); ok {
			name, why, _ := strings.Cut(rest, ": ")
			if strings.HasPrefix(why, "strconv.") {
				why = "use a number"
			}
			return fmt.Sprintf("--%s %s: %s", name, value, why)
		}
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: -"); ok {
		return fmt.Sprintf("--%s needs a value", strings.TrimLeft(name, "-"))
	}
	if rest, ok := strings.CutPrefix(text, "Required flag "); ok {
		return "give --" + strings.Trim(strings.TrimSuffix(rest, " not set"), `"`)
	}
	if text != "" {
		text = strings.ToLower(text[:1]) + text[1:]
	}
	return text
}

// Run runs one command line and returns the exit code. Errors are told in one
// sentence on stderr.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return run(ctx, Root(), args, stdin, stdout, stderr)
}

func run(ctx context.Context, r *ucli.Command, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	r.Reader, r.Writer, r.ErrWriter = stdin, stdout, stderr
	err := r.Run(ctx, args)
	if err == nil {
		return 0
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return 130 // interrupted, as shells count it
	}
	text, code := cli.Explain(err)
	if text != "" {
		fmt.Fprintln(stderr, "yagura:", text)
	}
	return code
}

// configFlags are a flag for every key of the configuration, and the one that
// names its file.
//
// With keys named, only those have a flag: what a command does not use would
// only be in the way. The file and the environment may set every key all the same.
func configFlags(keys ...string) []ucli.Flag {
	flags := []ucli.Flag{&ucli.StringFlag{Name: "config", Usage: "the configuration's file (YAML) [$YAGURA_CONFIG]", TakesFile: true}}
	for _, o := range app.Options() {
		if len(keys) > 0 && !slices.Contains(keys, o.Key) {
			continue
		}
		usage := o.Doc + " [$" + o.Env() + "]"
		if o.Secret() {
			usage = "Where the secret is, as env:NAME or file:/path; never the secret itself. " + usage
			flags = append(flags, &ucli.StringFlag{Name: o.Flag() + "-file", Usage: "File that holds " + o.Key + ". [$" + o.Env() + "_FILE]", TakesFile: true})
		}
		flags = append(flags, &ucli.StringFlag{Name: o.Flag(), Usage: usage, DefaultText: o.Default, HideDefault: o.Default == ""})
	}
	return flags
}

// loadConfig resolves the configuration with a command's flags over it.
func (p program) loadConfig(cmd *ucli.Command) (app.Config, error) {
	over := app.Overrides{}
	set := func(flag, key string) {
		if cmd.IsSet(flag) {
			over[key] = cmd.String(flag)
		}
	}
	set("config", "config")
	for _, o := range app.Options() {
		set(o.Flag(), o.Key)
		if o.Secret() {
			set(o.Flag()+"-file", o.Key+"_file")
		}
	}
	cfg, err := app.LoadConfig(over, p.env.Getenv, os.ReadFile)
	if err != nil {
		return cfg, cli.Usage(err)
	}
	return cfg, nil
}

// noArgs refuses arguments where a command takes none.
func noArgs(cmd *ucli.Command) error {
	if cmd.NArg() > 0 {
		return cli.Usage(fmt.Errorf("%s takes no argument, and %q was given", cmd.FullName(), cmd.Args().First()))
	}
	return nil
}

// folderArg returns a command's only argument, a folder.
func folderArg(cmd *ucli.Command) (string, error) {
	if cmd.NArg() != 1 {
		return "", cli.Usage(fmt.Errorf("name one folder: %s FOLDER", cmd.FullName()))
	}
	return cmd.Args().First(), nil
}
