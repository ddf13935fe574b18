package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	ucli "github.com/urfave/cli/v3"

	"yagura/app"
	"yagura/cli"
	"yagura/client"
	"yagura/cmd/yagura/demo"
)

// demoData is the data folder of `yagura demo`, where none is configured.
const demoData = "./.yagura-demo"

func (p program) demoCommand() *ucli.Command {
	return &ucli.Command{
		Name: "demo", Usage: "start a server and play the demo night into it: a month of made-up alerts",
		Description: "Thirty quiet days and one night of 1,081 detections: a port scan, a brute force, the backup job, and one process inside a container. " +
			"The data stay in " + demoData + ", and running it again adds nothing. With --seed-only it sends them to a server that runs already.",
		Flags: append([]ucli.Flag{
			&ucli.BoolFlag{Name: "seed-only", Usage: "start no server: send to the one at --url"},
			&ucli.StringFlag{Name: "url", Usage: "with --seed-only: the server's address", Value: cli.DefaultURL, Sources: ucli.EnvVars("YAGURA_URL")},
			&ucli.StringFlag{Name: "key", Usage: "with --seed-only: an API key that may make sources", Sources: ucli.EnvVars("YAGURA_KEY")},
		}, demoFlags()...),
		Action: func(ctx context.Context, cmd *ucli.Command) error {
			if err := noArgs(cmd); err != nil {
				return err
			}
			if cmd.Bool("seed-only") {
				return p.seedOnly(ctx, cmd)
			}
			return p.runDemo(ctx, cmd)
		},
	}
}

func (p program) seedOnly(ctx context.Context, cmd *ucli.Command) error {
	url, key := cmd.String("url"), cmd.String("key")
	if key == "" {
		return cli.Usage(errors.New("--seed-only needs an API key: give one with YAGURA_KEY or --key"))
	}
	c, err := client.New(url, key)
	if err != nil {
		return cli.Usage(err)
	}
	if err := p.seed(ctx, cmd, c, url, ""); err != nil {
		return err
	}
	show(cmd.Root().Writer, url, "")
	return nil
}

// runDemo serves, plays the night in, and goes on serving.
func (p program) runDemo(ctx context.Context, cmd *ucli.Command) error {
	cfg, err := p.loadConfig(cmd)
	if err != nil {
		return err
	}
	if cfg.Data == defaultOf("data") {
		cfg.Data = demoData
	}
	a, _, err := start(ctx, cfg, cmd.Root().ErrWriter)
	if err != nil {
		return err
	}
	key := cfg.BootstrapKey.Reveal()
	if key == "" {
		b, err := os.ReadFile(a.KeyPath())
		if err != nil {
			return errors.Join(fmt.Errorf("reading the API key: %w", err), a.Close())
		}
		key = strings.TrimSpace(string(b))
	}
	serving, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- a.Run(serving) }()
	c, err := client.New(a.URL(), key)
	if err == nil {
		err = p.seed(ctx, cmd, c, a.URL(), cfg.Data)
	}
	if err != nil {
		stop()
		err = errors.Join(err, <-ended, a.Close())
		if ctx.Err() != nil {
			return nil // it was told to end
		}
		return err
	}
	show(cmd.Root().Writer, a.URL(), key)
	signIn(cmd.Root().Writer, a)
	return errors.Join(<-ended, a.Close())
}

// demoFlags are the configuration's, with the demo's own data folder.
func demoFlags() []ucli.Flag {
	flags := configFlags()
	for _, f := range flags {
		if s, ok := f.(*ucli.StringFlag); ok && s.Name == "data" {
			s.DefaultText = demoData
		}
	}
	return flags
}

func defaultOf(key string) string {
	for _, o := range app.Options() {
		if o.Key == key {
			return o.Default
		}
	}
	return ""
}

// seed sends the demo's messages and waits until they are processed.
func (p program) seed(ctx context.Context, cmd *ucli.Command, c *client.Client, url, folder string) error {
	notes := cmd.Root().ErrWriter
	fmt.Fprintln(notes, "Playing thirty quiet days and the demo night …")
	got, err := demo.Seed(ctx, demo.Seeding{
		URL: url, Client: c, Folder: folder, Now: p.env.Now().In(p.env.Zone),
		Progress: func(total int) (func(), func()) { return cli.NewProgress(notes, p.env.Screen(notes), total) },
	})
	if err != nil {
		return err
	}
	failed, err := demo.Settle(ctx, c)
	if err != nil {
		return err
	}
	switch {
	case got.Repeats == 0:
		fmt.Fprintf(notes, "%d deliveries sent", got.Sent)
	case got.Sent == 0:
		fmt.Fprintf(notes, "All %d deliveries were there already", got.Repeats)
	default:
		fmt.Fprintf(notes, "%d deliveries sent, %d were there already", got.Sent, got.Repeats)
	}
	if failed > 0 {
		fmt.Fprintf(notes, ", %d failed: yagura delivery list --state failed says why", failed)
	}
	fmt.Fprintf(notes, ". The night is the one of %s.\n", got.Night.Format("2 January 2006"))
	return nil
}

// show prints the address, the key and three lines that show the night. The demo
// may tell its key: nothing in it is true.
func show(w io.Writer, url, key string) {
	if key != "" {
		fmt.Fprintf(w, "\nYagura is on %s\n\n  export YAGURA_KEY=%s\n", url, key)
		if flag := urlFlag(url); flag != "" {
			fmt.Fprintf(w, "  export YAGURA_URL=%s\n", url)
		}
	}
	fmt.Fprintf(w, `
See what is left of the night, four lines of 1,081 detections:

  %[1]s queue
  %[1]s group show ID
  curl -H "Authorization: Bearer $YAGURA_KEY" %[2]s/api/v1/groups

`, typed(), url)
	if key != "" {
		fmt.Fprintln(w, "End with Ctrl-C; the data stay.")
	}
}
