package cli

import (
	"context"

	"github.com/urfave/cli/v3"
)

func (e Env) kindCommands() *cli.Command {
	return Group(&cli.Command{
		Name: "kind", Usage: "list the kinds that a source may have", Flags: connection(),
		Commands: []*cli.Command{{Name: "list", Usage: "list kinds and the policy that reads each", Action: e.listKinds}},
	})
}

func (e Env) listKinds(ctx context.Context, cmd *cli.Command) error {
	if err := none(cmd); err != nil {
		return err
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	list, err := s.client.Kinds(ctx)
	if err != nil {
		return err
	}
	if s.json {
		return s.answer()
	}
	t := &table{head: []string{"KIND", "POLICY", "WHOSE"}}
	for _, k := range list.Items {
		if s.quiet {
			s.say("%s", clean(k.Name))
			continue
		}
		whose := "yours"
		if k.Ours {
			whose = "comes with Yagura"
		}
		t.add(k.Name, k.File, whose)
	}
	if s.quiet {
		return nil
	}
	return t.write(s.out, s.screen)
}
