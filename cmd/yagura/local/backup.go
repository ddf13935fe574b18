package local

import (
	"context"
	"encoding/json"
	"fmt"

	ucli "github.com/urfave/cli/v3"

	"yagura/app"
	"yagura/store"
)

func (p program) backupCommand() *ucli.Command {
	return &ucli.Command{
		Name: "backup", Usage: "copy alerts and deliveries into a folder, while the server runs or not", ArgsUsage: "FOLDER", Action: p.backup,
		Flags: append([]ucli.Flag{&ucli.BoolFlag{Name: "json", Usage: "print what the backup holds as JSON"}}, configFlags("data", "database")...),
		Description: "The alerts are copied first and the deliveries second, so that nothing is missing: what the alerts lack is made again from the deliveries. " +
			"The first API key's file, files that hold secrets, policies and the configuration are not in it: copy them yourself. On PostgreSQL use pg_dump.",
	}
}

func (p program) restoreCommand() *ucli.Command {
	return &ucli.Command{
		Name: "restore", Usage: "bring a backup back into a data folder that holds no database", ArgsUsage: "FOLDER", Flags: configFlags("data", "database"), Action: p.restore,
		Description: "A backup that was changed, is not complete or comes from a newer version is refused, and the data folder stays as it was. " +
			"Where the data folder holds no API key the next start makes one.",
	}
}

func (p program) backup(ctx context.Context, cmd *ucli.Command) error {
	to, err := folderArg(cmd)
	if err != nil {
		return err
	}
	cfg, err := p.loadConfig(cmd)
	if err != nil {
		return err
	}
	made, err := store.Backup(ctx, storeOptions(cfg), to)
	if err != nil {
		return err
	}
	w := cmd.Root().Writer
	if cmd.Bool("json") {
		if err := json.NewEncoder(w).Encode(made); err != nil {
			return fmt.Errorf("writing what the backup holds: %w", err)
		}
		return nil
	}
	var size int64
	for _, f := range made.Files {
		size += f.Bytes
	}
	waiting := ""
	if made.Waiting > 0 {
		waiting = fmt.Sprintf(", %d of them to be processed after a restore", made.Waiting)
	}
	fmt.Fprintf(w, "%s holds %d alerts and %d deliveries%s: %.1f MiB\n", to, made.Alerts, made.Deliveries, waiting, float64(size)/(1<<20))
	fmt.Fprintf(w, "Bring it back with: yagura restore %s --data NEW-FOLDER\n", to)
	return nil
}

func (p program) restore(ctx context.Context, cmd *ucli.Command) error {
	from, err := folderArg(cmd)
	if err != nil {
		return err
	}
	cfg, err := p.loadConfig(cmd)
	if err != nil {
		return err
	}
	if err := store.Restore(ctx, storeOptions(cfg), from); err != nil {
		return err
	}
	fmt.Fprintf(cmd.Root().Writer, "%s holds what %s held. Start it with: yagura serve --data %[1]s\n", cfg.Data, from)
	return nil
}

func storeOptions(cfg app.Config) store.Options {
	return store.Options{Folder: cfg.Data, Database: cfg.Database.Reveal()}
}
