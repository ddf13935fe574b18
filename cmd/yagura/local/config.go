package local

import (
	"context"
	"errors"
	"fmt"

	ucli "github.com/urfave/cli/v3"

	"yagura/app"
	"yagura/cli"
)

func (p program) configCommands() *ucli.Command {
	return cli.Group(&ucli.Command{
		Name: "config", Usage: "check and show the configuration",
		Commands: []*ucli.Command{
			{Name: "check", Usage: "say what is wrong with the configuration, by file and line; starts nothing", Flags: configFlags(), Action: p.checkConfig},
			{Name: "show", Usage: "print the configuration as it is resolved, secrets hidden", Flags: configFlags(), Action: p.showConfig},
		},
	})
}

func (p program) checkConfig(_ context.Context, cmd *ucli.Command) error {
	if err := noArgs(cmd); err != nil {
		return err
	}
	cfg, err := p.loadConfig(cmd)
	if err != nil {
		return err
	}
	w := cmd.Root().Writer
	for _, warning := range cfg.Warnings() {
		fmt.Fprintln(w, "warning:", warning)
	}
	if errs := cfg.Check(); len(errs) > 0 {
		return fmt.Errorf("the configuration cannot be used:\n%w", errors.Join(errs...))
	}
	from := "no file"
	if cfg.File != "" {
		from = cfg.File
	}
	fmt.Fprintf(w, "the configuration is in order (%s)\n", from)
	return nil
}

func (p program) showConfig(_ context.Context, cmd *ucli.Command) error {
	if err := noArgs(cmd); err != nil {
		return err
	}
	cfg, err := p.loadConfig(cmd)
	if err != nil {
		return err
	}
	text, err := app.ShowConfig(cfg)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(cmd.Root().Writer, text)
	return err
}
