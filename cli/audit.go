package cli

import (
	"context"
	"strconv"

	"github.com/urfave/cli/v3"
)

func (e Env) auditCommand() *cli.Command {
	return &cli.Command{
		Name: "audit", Usage: "list who changed what, newest first", Action: e.audit,
		Flags: append(connection(),
			&cli.IntFlag{Name: "limit", Usage: "how many at most, 500 a page", Value: 50},
			&cli.Int64Flag{Name: "before", Usage: "entries before the one with this number", HideDefault: true},
			&cli.BoolFlag{Name: "all", Usage: "every page to the end"}),
	}
}

func (e Env) audit(ctx context.Context, cmd *cli.Command) error {
	if err := none(cmd); err != nil {
		return err
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	all, limit, before := cmd.Bool("all"), cmd.Int("limit"), cmd.Int64("before")
	if all && !cmd.IsSet("limit") {
		limit = maxPage
	}
	for {
		page, err := s.client.Audit(ctx, before, limit)
		switch {
		case err != nil:
			return err
		case s.json && all:
			err = s.lines()
		case s.json:
			err = s.answer()
		case len(page.Items) > 0:
			t := &table{head: []string{"NUMBER", "AT", "WHO", "BY", "ACTION", "SUBJECT", "REASON"}, flex: map[int]int{6: 16}}
			for _, a := range page.Items {
				t.add(strconv.FormatInt(a.ID, 10), e.when(a.At), a.Principal, a.Door, a.Action, a.Subject, a.Reason)
			}
			err = t.write(s.out, s.screen)
		}
		if err != nil || !all || len(page.Items) == 0 {
			return err
		}
		before = page.Items[len(page.Items)-1].ID
	}
}
