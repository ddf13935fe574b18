package cli

import (
	"context"
	"os"
	"strings"

	"github.com/urfave/cli/v3"

	"yagura/client"
)

func (e Env) assetCommands() *cli.Command {
	return Group(&cli.Command{
		Name: "asset", Usage: "declare what the organisation owns, so that what matters stands first", Flags: connection(),
		Commands: []*cli.Command{
			{Name: "list", Usage: "list every asset", Action: e.listAssets},
			{
				Name: "import", Usage: "declare assets from a CSV file", ArgsUsage: "FILE",
				Description: "The first line names the columns: type and value, and any of owner, importance, infrastructure and note. " +
					"type is host, user, email, account, domain, resource or ip (an address or a range); importance is low, normal, high or critical; infrastructure is yes or no. " +
					"Infrastructure, such as a domain controller, a gateway or a scanner, ties no alerts together. A file with any mistake changes nothing.",
				Flags:  []cli.Flag{&cli.BoolFlag{Name: "replace", Usage: "the list holds nothing else afterwards"}},
				Action: e.importAssets,
			},
			{Name: "forget", Usage: "take assets off the list", ArgsUsage: "TYPE:VALUE…", Action: e.forgetAssets},
		},
	})
}

func (e Env) listAssets(ctx context.Context, cmd *cli.Command) error {
	if err := none(cmd); err != nil {
		return err
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	t := &table{head: []string{"TYPE", "VALUE", "IMPORTANCE", "INFRASTRUCTURE", "OWNER", "NOTE"}, flex: map[int]int{1: 24, 5: 12}}
	cursor, n := "", 0
	for {
		page, err := s.client.Assets(ctx, 0, cursor)
		if err != nil {
			return err
		}
		if s.json {
			if err := s.lines(); err != nil {
				return err
			}
		}
		for _, a := range page.Items {
			if s.quiet {
				s.say("%s", clean(a.Type+":"+a.Value))
			}
			t.add(a.Type, a.Value, a.Importance, yesNo(a.Infrastructure), a.Owner, a.Note)
			n++
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if s.json || s.quiet {
		return nil
	}
	if n > 0 {
		if err := t.write(s.out, s.screen); err != nil {
			return err
		}
	}
	s.note("%s", count(n, "asset", "assets"))
	return nil
}

func (e Env) importAssets(ctx context.Context, cmd *cli.Command) error {
	file, err := one(cmd, "a CSV file")
	if err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return usage("the file cannot be read: %v", err)
	}
	return e.changeAssets(ctx, cmd, "declared", func(s *session) (*client.AssetsTaken, error) {
		return s.client.ImportAssets(ctx, text, cmd.Bool("replace"))
	})
}

func (e Env) forgetAssets(ctx context.Context, cmd *cli.Command) error {
	names, err := many(cmd, "the assets to forget, as type:value")
	if err != nil {
		return err
	}
	refs := make([]client.AssetRef, len(names))
	for i, name := range names {
		kind, value, ok := strings.Cut(name, ":")
		if !ok {
			return usage("%q: name an asset as type:value, such as host:db01", name)
		}
		refs[i] = client.AssetRef{Type: kind, Value: value}
	}
	return e.changeAssets(ctx, cmd, "forgotten", func(s *session) (*client.AssetsTaken, error) { return s.client.ForgetAssets(ctx, refs) })
}

func (e Env) changeAssets(ctx context.Context, cmd *cli.Command, done string, do func(*session) (*client.AssetsTaken, error)) error {
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	got, err := do(s)
	switch {
	case err != nil:
		return err
	case s.json:
		return s.answer()
	}
	s.note("%s %s", count(got.Assets, "asset", "assets"), done)
	return nil
}
