package cli

import (
	"context"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"

	"yagura/client"
)

// queueCommand lists what is left to do.
func (e Env) queueCommand() *cli.Command {
	return &cli.Command{
		Name: "queue", Usage: "list what is left to do: groups of alerts, first by priority", ArgsUsage: "[WORDS…]",
		Flags: append(append(connection(), alertFilters()...), paging("")...),
		Description: "A line is a group of alerts that belong together, or a lone one. With filters or words, a line is listed where one of its alerts matches. " +
			"`yagura group show` says why its alerts belong together.",
		Action: e.listGroups, DisableSliceFlagSeparator: true,
	}
}

func (e Env) groupCommands() *cli.Command {
	reason := &cli.StringFlag{Name: "reason", Usage: "why; on record"}
	return Group(&cli.Command{
		Name: "group", Usage: "show, merge and split groups of alerts", Flags: connection(),
		Commands: []*cli.Command{
			{Name: "show", Usage: "show one group with its alerts and why they belong together", ArgsUsage: "ID", Action: e.showGroup},
			{Name: "merge", Usage: "make other groups part of the first one; the machine does not undo it", ArgsUsage: "ID OTHER…", Flags: []cli.Flag{reason}, Action: e.mergeGroups},
			{Name: "split", Usage: "take alerts out of a group into one of their own; the machine does not undo it", ArgsUsage: "ID ALERT…", Flags: []cli.Flag{reason}, Action: e.splitGroup},
		},
	})
}

func (e Env) listGroups(ctx context.Context, cmd *cli.Command) error {
	f := alertFilter(cmd)
	f.Q = refang(strings.Join(cmd.Args().Slice(), " "))
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	all := cmd.Bool("all")
	if all && !cmd.IsSet("limit") {
		f.Limit = maxPage
	}
	shown := 0
	for {
		page, err := s.client.Groups(ctx, f)
		if err != nil {
			return err
		}
		shown += len(page.Items)
		if err := s.groupPage(page, all); err != nil {
			return err
		}
		if !all || page.Next == "" || page.Next == f.Cursor {
			s.more(count(shown, "line", "lines")+" of "+strconv.Itoa(page.Total), page.Next, page.Note)
			return nil
		}
		f.Cursor = page.Next
	}
}

func (s *session) groupPage(page *client.GroupPage, all bool) error {
	switch {
	case s.json && all:
		return s.lines()
	case s.json:
		return s.answer()
	case s.quiet:
		for _, g := range page.Items {
			s.say("%s", clean(g.ID))
		}
		return nil
	case len(page.Items) == 0:
		return nil
	}
	t := &table{head: []string{"ID", "PRIORITY", "SEVERITY", "ALERTS", "TIMES", "LAST SEEN", "TITLE", "WHY", "LAST TIME"}, flex: map[int]int{6: 24, 7: 24, 8: 12}}
	for _, g := range page.Items {
		t.add(g.ID, strconv.Itoa(g.Priority), g.Severity, strconv.Itoa(g.Count), strconv.Itoa(g.Sightings), s.env.when(g.Last),
			defangText(g.Title, nil), defangText(g.Why, nil), lastTime(g.Past))
	}
	return t.write(s.out, s.screen)
}

// lastTime words what people concluded of the like.
func lastTime(p *client.GroupPast) string {
	if p == nil {
		return ""
	}
	return p.Conclusion + " (" + p.Ticket + ", " + p.Like + ")"
}

func (e Env) showGroup(ctx context.Context, cmd *cli.Command) error {
	id, err := one(cmd, "a group")
	if err != nil {
		return err
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	g, err := s.client.Group(ctx, id, 0, "")
	switch {
	case err != nil:
		return err
	case s.json:
		return s.answer()
	case s.quiet:
		return s.ids(g.ID)
	}
	return s.groupCard(g)
}

// groupCard prints all that is known of a group, and its first alerts.
func (s *session) groupCard(g *client.GroupDetail) error {
	e := s.env
	s.say("%s  %s", s.screen.bold(clean(g.ID)), s.screen.paint(clean(g.Severity)))
	s.say("%s\n", s.screen.bold(clean(defangText(g.Title, nil))))
	s.card([]field{
		{"standing", g.Standing},
		{"why together", defangText(g.Why, nil)},
		{"what differs", defangText(g.Differs, nil)},
		{"alerts", count(g.Count, "alert", "alerts") + ", seen " + count(g.Sightings, "time", "times")},
		{"seen", e.when(g.First) + " to " + e.when(g.Last)},
		{"ticket", g.Ticket},
		{"last time", lastTime(g.Past)},
		{"sources", strings.Join(g.Sources, ", ")},
		{"rules", strings.Join(g.Rules, ", ")},
	})
	s.section("Priority " + strconv.Itoa(g.Priority))
	for _, f := range g.Reasons {
		s.say("  %+4d  %s", f.Points, clean(f.Text))
	}
	s.section("Alerts")
	list := make([]client.Alert, len(g.Alerts))
	for i, a := range g.Alerts {
		list[i] = a.Alert
	}
	if err := s.alertTable(list); err != nil {
		return err
	}
	if g.Next != "" {
		s.note("the first %d of %d", len(list), g.Count)
	}
	return nil
}

func (e Env) mergeGroups(ctx context.Context, cmd *cli.Command) error {
	return e.shapeGroup(ctx, cmd, "a group and what to merge into it", func(s *session, id string, rest []string, reason string) (*client.Group, error) {
		return s.client.MergeGroups(ctx, id, rest, reason)
	})
}

func (e Env) splitGroup(ctx context.Context, cmd *cli.Command) error {
	return e.shapeGroup(ctx, cmd, "a group and the alerts to take out of it", func(s *session, id string, rest []string, reason string) (*client.Group, error) {
		return s.client.SplitGroup(ctx, id, rest, reason)
	})
}

func (e Env) shapeGroup(ctx context.Context, cmd *cli.Command, what string, do func(s *session, id string, rest []string, reason string) (*client.Group, error)) error {
	ids, err := many(cmd, what)
	if err != nil {
		return err
	}
	if len(ids) < 2 {
		return usage("name %s", what)
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	g, err := do(s, ids[0], ids[1:], cmd.String("reason"))
	switch {
	case err != nil:
		return err
	case s.json:
		return s.answer()
	case s.quiet:
		return s.ids(g.ID)
	}
	s.say("%s holds %s", clean(g.ID), count(g.Count, "alert", "alerts"))
	return nil
}
