package local

import (
	"context"
	"fmt"
	"text/tabwriter"

	ucli "github.com/urfave/cli/v3"

	"yagura/cli"
	"yagura/store"
)

func (p program) migrateCommands() *ucli.Command {
	return cli.Group(&ucli.Command{
		Name: "migrate", Usage: "look at the steps that brought the database's tables to where they are",
		Commands: []*ucli.Command{{
			Name: "status", Usage: "list the steps and which were taken; serve takes those that are missing", Flags: configFlags("data", "database"), Action: p.migrateStatus,
		}},
	})
}

func (p program) migrateStatus(ctx context.Context, cmd *ucli.Command) error {
	if err := noArgs(cmd); err != nil {
		return err
	}
	cfg, err := p.loadConfig(cmd)
	if err != nil {
		return err
	}
	steps, err := store.MigrationStatus(ctx, storeOptions(cfg))
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(cmd.Root().Writer, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "DATABASE\tSTEP\tNAME\tTAKEN")
	for _, s := range steps {
		taken := "no"
		if s.Applied {
			taken = "yes"
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", s.Database, s.Version, s.Name, taken)
	}
	return w.Flush()
}
