package cli

import (
	"context"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"

	"yagura/client"
)

func (e Env) deliveryCommands() *cli.Command {
	return Group(&cli.Command{
		Name: "delivery", Usage: "list, replay and discard deliveries: messages as they were received", Flags: connection(),
		Commands: []*cli.Command{
			{Name: "list", Usage: "list deliveries, newest first", Flags: append([]cli.Flag{
				&cli.StringFlag{Name: "source", Usage: "of this source"},
				&cli.StringFlag{Name: "state", Usage: "received, processed, failed or discarded"},
				&cli.StringFlag{Name: "from", Usage: "received at or after", DefaultText: "90d"},
				&cli.StringFlag{Name: "to", Usage: "received before"},
			}, paging("")...), Action: e.listDeliveries},
			{Name: "show", Usage: "show one delivery and what became of it", ArgsUsage: "ID", Flags: []cli.Flag{
				&cli.BoolFlag{Name: "raw", Usage: "print its body as it was received instead"},
			}, Action: e.showDelivery},
			{
				Name: "replay", Usage: "process deliveries again, after a policy was mended", ArgsUsage: "[ID…]", Flags: []cli.Flag{
					&cli.StringFlag{Name: "state", Usage: "instead of ids: those in this state, failed, discarded or processed; 500 at most"},
					&cli.StringFlag{Name: "source", Usage: "with --state: of this source only"},
				},
				Description: "A replay makes the same alerts with the same ids: what was made already is not made twice, and no sighting is added.",
				Action:      e.replay,
			},
			{Name: "discard", Usage: "give failed deliveries up, with a reason", ArgsUsage: "ID…", Flags: []cli.Flag{
				&cli.StringFlag{Name: "reason", Usage: "why; on record", Required: true},
			}, Action: e.discard},
		},
	})
}

func (e Env) listDeliveries(ctx context.Context, cmd *cli.Command) error {
	if err := none(cmd); err != nil {
		return err
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	f := client.DeliveryFilter{
		Source: cmd.String("source"), State: cmd.String("state"), From: cmd.String("from"), To: cmd.String("to"),
		Limit: cmd.Int("limit"), Cursor: cmd.String("cursor"),
	}
	all := cmd.Bool("all")
	if all && !cmd.IsSet("limit") {
		f.Limit = maxPage
	}
	total := 0
	for {
		page, err := s.client.Deliveries(ctx, f)
		if err != nil {
			return err
		}
		total += len(page.Items)
		if err := s.deliveryPage(page, all); err != nil {
			return err
		}
		if !all || page.Next == "" || page.Next == f.Cursor {
			s.more(count(total, "delivery", "deliveries"), page.Next, "")
			return nil
		}
		f.Cursor = page.Next
	}
}

func (s *session) deliveryPage(page *client.DeliveryPage, all bool) error {
	switch {
	case s.json && all:
		return s.lines()
	case s.json:
		return s.answer()
	case s.quiet:
		for _, d := range page.Items {
			s.say("%s", clean(d.ID))
		}
		return nil
	case len(page.Items) == 0:
		return nil
	}
	t := &table{head: []string{"ID", "STATE", "RECEIVED", "SOURCE", "BYTES", "ALERTS", "REASON"}, flex: map[int]int{6: 24}}
	for _, d := range page.Items {
		t.add(d.ID, d.State, s.env.when(d.ReceivedAt), d.Source, strconv.FormatInt(d.Size, 10), strconv.Itoa(d.Alerts), d.Reason)
	}
	return t.write(s.out, s.screen)
}

func (e Env) showDelivery(ctx context.Context, cmd *cli.Command) error {
	id, err := one(cmd, "a delivery")
	if err != nil {
		return err
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	if cmd.Bool("raw") {
		b, err := s.client.DeliveryRaw(ctx, id)
		if err != nil {
			return err
		}
		return s.bytes(b)
	}
	d, err := s.client.Delivery(ctx, id)
	switch {
	case err != nil:
		return err
	case s.json:
		return s.answer()
	case s.quiet:
		return s.ids(d.ID)
	}
	s.say("%s  %s\n", s.screen.bold(clean(d.ID)), s.screen.paint(clean(d.State)))
	s.card([]field{
		{"source", d.Source},
		{"received", e.when(d.ReceivedAt)},
		{"bytes", strconv.FormatInt(d.Size, 10)},
		{"reason", d.Reason},
		{"alerts", strings.Join(d.AlertIDs, " ")},
	})
	if len(d.Headers) > 0 {
		s.section("Headers")
		var fields []field
		for _, name := range sortedNames(d.Headers) {
			fields = append(fields, field{clean(name), d.Headers[name]})
		}
		s.card(fields)
	}
	return nil
}

func (e Env) replay(ctx context.Context, cmd *cli.Command) error {
	which := client.Replays{IDs: cmd.Args().Slice(), State: cmd.String("state"), Source: cmd.String("source")}
	switch {
	case len(which.IDs) == 0 && which.State == "":
		return usage("name deliveries, or a state: %s --state failed", cmd.FullName())
	case len(which.IDs) > 0 && (which.State != "" || which.Source != ""):
		return usage("name deliveries or a state, not both")
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	done, err := s.client.ReplayMany(ctx, which)
	if err != nil {
		return err
	}
	if s.json {
		return s.answer()
	}
	s.note("%s processed again; yagura delivery list shows what became of them", count(done.Replayed, "delivery is being", "deliveries are being"))
	if which.State != "" && done.Replayed >= maxPage {
		s.note("there may be more: run it again")
	}
	return nil
}

func (e Env) discard(ctx context.Context, cmd *cli.Command) error {
	ids, err := many(cmd, "deliveries")
	if err != nil {
		return err
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	for _, id := range ids {
		d, err := s.client.Discard(ctx, id, cmd.String("reason"))
		switch {
		case err != nil:
			return err
		case s.json:
			err = s.answer()
		case s.quiet:
			err = s.ids(d.ID)
		default:
			s.say("%s is %s", clean(d.ID), clean(d.State))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
