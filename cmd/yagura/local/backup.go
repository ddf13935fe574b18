package local

import (
	"context"
	"errors"

	ucli "github.com/urfave/cli/v3"
)

func (p program) backupCommand() *ucli.Command {
	return &ucli.Command{
		Name: "backup", Usage: "copy everything into a folder, while the server runs or not", ArgsUsage: "FOLDER", Flags: configFlags(), Action: p.backup,
		Description: "The folder must be empty or not there yet. The alerts are copied first and the deliveries second, so that nothing is missing: what the alerts lack is made again from the deliveries.",
	}
}

func (p program) restoreCommand() *ucli.Command {
	return &ucli.Command{
		Name: "restore", Usage: "bring a backup back into an empty data folder; the server must not run", ArgsUsage: "FOLDER", Flags: configFlags(), Action: p.restore,
	}
}

func (p program) backup(_ context.Context, cmd *ucli.Command) error {
	if _, err := folderArg(cmd); err != nil {
		return err
	}
	return errors.New("backup is not built yet")
}

func (p program) restore(_ context.Context, cmd *ucli.Command) error {
	if _, err := folderArg(cmd); err != nil {
		return err
	}
	return errors.New("restore is not built yet")
}
