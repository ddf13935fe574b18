package cli

import (
	"context"
	"strings"

	"github.com/urfave/cli/v3"

	"yagura/client"
)

// version is the version that a change is made on: the one that was looked at, or
// what the ticket is now.
func (s *session) version(ctx context.Context, cmd *cli.Command, id string) (int64, error) {
	if cmd.IsSet("seen") {
		return cmd.Int64("seen"), nil
	}
	t, err := s.client.Ticket(ctx, id)
	if err != nil {
		return 0, err
	}
	return t.Version, nil
}

// ticketDone prints what a ticket is after an order.
func (s *session) ticketDone(t *client.Ticket, err error) error {
	switch {
	case err != nil:
		return err
	case s.json:
		return s.answer()
	case s.quiet:
		return s.ids(t.ID)
	}
	said := clean(t.Status)
	if t.Conclusion != nil {
		said += ", " + clean(t.Conclusion.Conclusion)
	}
	if t.Assignee != "" {
		said += ", owned by " + clean(t.Assignee)
	}
	s.say("%s is %s, with %s: %s", clean(t.ID), said, count(t.AlertCount, "alert", "alerts"), clean(defangText(t.Title, nil)))
	return nil
}

// onTicket runs an order that names a ticket and at least so many things more.
func (e Env) onTicket(ctx context.Context, cmd *cli.Command, more int, what string, order func(s *session, id string, rest []string) (*client.Ticket, error)) error {
	args := cmd.Args().Slice()
	if len(args) < 1+more || (more == 0 && len(args) > 1) {
		return usage("name %s: %s %s", what, cmd.FullName(), cmd.ArgsUsage)
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	return s.ticketDone(order(s, args[0], args[1:]))
}

// versioned is onTicket for changes that are made on a version.
func (e Env) versioned(ctx context.Context, cmd *cli.Command, more int, what string, order func(s *session, id string, version int64, rest []string) (*client.Ticket, error)) error {
	return e.onTicket(ctx, cmd, more, what, func(s *session, id string, rest []string) (*client.Ticket, error) {
		v, err := s.version(ctx, cmd, id)
		if err != nil {
			return nil, err
		}
		return order(s, id, v, rest)
	})
}

// ticketSettings reads the flags that were given.
func ticketSettings(cmd *cli.Command) (set client.TicketSettings, err error) {
	for name, to := range map[string]**string{"title": &set.Title, "assignee": &set.Assignee, "severity": &set.Severity, "status": &set.Status} {
		if v := cmd.String(name); cmd.IsSet(name) {
			*to = &v
		}
	}
	if tags := cmd.StringSlice("tag"); cmd.IsSet("tag") {
		set.Tags = &tags
	}
	if to := cmd.String("hand-over"); cmd.IsSet("hand-over") {
		kind, name, ok := strings.Cut(to, ":")
		if to != "" && !ok {
			return set, usage("--hand-over %q: use person:NAME, team:NAME or system:NAME", to)
		}
		set.HandOver = &client.HandOver{Kind: kind, To: name, Link: cmd.String("hand-over-link")}
	}
	return set, nil
}

func (e Env) newTicket(ctx context.Context, cmd *cli.Command) error {
	set, err := ticketSettings(cmd)
	if err != nil {
		return err
	}
	if cmd.NArg() == 0 && set.Title == nil {
		return usage("name alerts, or give the ticket a --title: %s %s", cmd.FullName(), cmd.ArgsUsage)
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	return s.ticketDone(s.client.CreateTicket(ctx, client.NewTicket{TicketSettings: set, Alerts: cmd.Args().Slice(), Text: cmd.String("text")}))
}

func (e Env) changeTicket(ctx context.Context, cmd *cli.Command) error {
	set, err := ticketSettings(cmd)
	if err != nil {
		return err
	}
	return e.versioned(ctx, cmd, 0, "a ticket", func(s *session, id string, version int64, _ []string) (*client.Ticket, error) {
		return s.client.ChangeTicket(ctx, id, client.TicketChange{Version: version, TicketSettings: set})
	})
}

func (e Env) bindTicket(ctx context.Context, cmd *cli.Command) error {
	return e.onTicket(ctx, cmd, 1, "a ticket and alerts", func(s *session, id string, alerts []string) (*client.Ticket, error) {
		return s.client.BindAlerts(ctx, id, alerts)
	})
}

func (e Env) unbindTicket(ctx context.Context, cmd *cli.Command) error {
	return e.versioned(ctx, cmd, 1, "a ticket and alerts", func(s *session, id string, version int64, alerts []string) (*client.Ticket, error) {
		return s.client.UnbindAlerts(ctx, id, version, alerts)
	})
}

func (e Env) takeTicket(ctx context.Context, cmd *cli.Command) error {
	return e.onTicket(ctx, cmd, 0, "a ticket", func(s *session, id string, _ []string) (*client.Ticket, error) {
		return s.client.TakeTicket(ctx, id, cmd.Int64("seen"))
	})
}

func (e Env) assignTicket(ctx context.Context, cmd *cli.Command) error {
	return e.versioned(ctx, cmd, 1, "a ticket and its owner", func(s *session, id string, version int64, name []string) (*client.Ticket, error) {
		owner := strings.Join(name, " ")
		return s.client.ChangeTicket(ctx, id, client.TicketChange{Version: version, TicketSettings: client.TicketSettings{Assignee: &owner}})
	})
}

func (e Env) commentTicket(ctx context.Context, cmd *cli.Command) error {
	return e.onTicket(ctx, cmd, 1, "a ticket and what to say", func(s *session, id string, words []string) (*client.Ticket, error) {
		return s.client.CommentTicket(ctx, id, strings.Join(words, " "))
	})
}

func (e Env) concludeTicket(ctx context.Context, cmd *cli.Command) error {
	return e.versioned(ctx, cmd, 0, "a ticket", func(s *session, id string, version int64, _ []string) (*client.Ticket, error) {
		return s.client.ConcludeTicket(ctx, id, client.TicketConclusion{
			Version: version, Conclusion: cmd.String("as"), Reason: cmd.String("reason"), Assignee: cmd.String("assignee"), KeepOpen: cmd.Bool("keep-open"),
		})
	})
}

func (e Env) reopenTicket(ctx context.Context, cmd *cli.Command) error {
	return e.versioned(ctx, cmd, 0, "a ticket", func(s *session, id string, version int64, _ []string) (*client.Ticket, error) {
		return s.client.ReopenTicket(ctx, id, version, cmd.String("reason"))
	})
}

func (e Env) mergeTicket(ctx context.Context, cmd *cli.Command) error {
	if cmd.NArg() > 2 {
		return usage("merge one ticket at a time: %s %s", cmd.FullName(), cmd.ArgsUsage)
	}
	return e.versioned(ctx, cmd, 1, "a ticket and the one to take over", func(s *session, id string, version int64, from []string) (*client.Ticket, error) {
		return s.client.MergeTicket(ctx, id, client.TicketMerge{Version: version, From: from[0], Reason: cmd.String("reason")})
	})
}

func (e Env) splitTicket(ctx context.Context, cmd *cli.Command) error {
	return e.versioned(ctx, cmd, 1, "a ticket and alerts", func(s *session, id string, version int64, alerts []string) (*client.Ticket, error) {
		made, err := s.client.SplitTicket(ctx, id, client.TicketSplitOff{Version: version, Alerts: alerts, Title: cmd.String("title"), Reason: cmd.String("reason")})
		if err != nil {
			return nil, err
		}
		return &made.New, nil
	})
}

func (e Env) undoTicket(ctx context.Context, cmd *cli.Command) error {
	return e.versioned(ctx, cmd, 0, "a ticket", func(s *session, id string, version int64, _ []string) (*client.Ticket, error) {
		return s.client.UndoTicket(ctx, id, version)
	})
}

func (e Env) deleteTicket(ctx context.Context, cmd *cli.Command) error {
	id, err := one(cmd, "a ticket")
	if err != nil {
		return err
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	if err := s.client.DeleteTicket(ctx, id, cmd.String("reason")); err != nil {
		return err
	}
	s.note("%s is deleted; its alerts are in no ticket", clean(id))
	return nil
}
