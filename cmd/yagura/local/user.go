package local

import (
	"context"
	"errors"
	"fmt"

	ucli "github.com/urfave/cli/v3"

	"yagura/app"
	"yagura/cli"
)

// userReset is the one command about users that needs no key: it is for whoever
// has the server's database at hand and nothing else.
func (p program) userReset() *ucli.Command {
	return &ucli.Command{
		Name: "reset", Usage: "let an administrator back in: print a one-time sign-in link", ArgsUsage: "NAME", Action: p.resetUser,
		Flags: configFlags("data", "database", "listen", "public_url"),
		Description: "It works on the data folder or the database itself, on the server's machine, while the server runs or not. " +
			"The user becomes an enabled administrator without a password, and is made where there is none of that name. It is written to the audit log.",
	}
}

func (p program) resetUser(ctx context.Context, cmd *ucli.Command) error {
	if cmd.NArg() != 1 {
		return cli.Usage(errors.New("name one user: " + cmd.FullName() + " NAME"))
	}
	cfg, err := p.loadConfig(cmd)
	if err != nil {
		return err
	}
	link, err := app.ResetUser(ctx, cfg, cmd.Args().First())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.Root().Writer, "%s\n", link)
	if err == nil {
		fmt.Fprintln(cmd.Root().ErrWriter, "The link works once, within a day. The user has no password now, and is signed out everywhere.")
	}
	return err
}
