package cli

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"

	"yagura/client"
)

func (e Env) ticketCommands() *cli.Command {
	seen := &cli.Int64Flag{Name: "seen", Usage: "the version that you looked at; where the ticket has moved on nothing is done, and you are told what changed", DefaultText: "what it is now"}
	reason := &cli.StringFlag{Name: "reason", Usage: "why; on the timeline"}
	settings := []cli.Flag{
		&cli.StringFlag{Name: "title", Usage: "one line"},
		&cli.StringFlag{Name: "assignee", Usage: "its owner"},
		&cli.StringFlag{Name: "severity", Usage: "as you judge it: info, low, medium, high or critical"},
		&cli.StringSliceFlag{Name: "tag", Usage: "a tag; all that it shall have"},
	}
	return Group(&cli.Command{
		Name: "ticket", Usage: "list, show and handle tickets", Flags: connection(),
		Commands: []*cli.Command{
			{
				Name: "list", Usage: "list tickets, newest first", Flags: append(ticketFilters(), paging("")...), Action: e.listTickets, DisableSliceFlagSeparator: true,
				Description: "Words after the command are searched for in titles. Without --merged, tickets that were merged into others are left out.", ArgsUsage: "[WORDS…]",
			},
			{Name: "show", Usage: "show one ticket with its alerts and timeline", ArgsUsage: "ID", Action: e.showTicket},
			{
				Name: "new", Usage: "make a ticket, of alerts or of nothing", ArgsUsage: "[ALERT…]", Action: e.newTicket, DisableSliceFlagSeparator: true,
				Flags: append([]cli.Flag{&cli.StringFlag{Name: "text", Usage: "why; on the timeline"}}, settings...), Description: "Without --title the first alert gives it one.",
			},
			{
				Name: "change", Usage: "change a ticket; what is not given stays", ArgsUsage: "ID", Action: e.changeTicket, DisableSliceFlagSeparator: true,
				Flags: append([]cli.Flag{
					seen, &cli.StringFlag{Name: "status", Usage: "open, in progress, waiting or resolved"},
					&cli.StringFlag{Name: "hand-over", Usage: "to whom else it is given: person:NAME, team:NAME or system:NAME; empty takes it back"},
					&cli.StringFlag{Name: "hand-over-link", Usage: "the case in the other system; http or https"},
				}, settings...),
			},
			{Name: "bind", Usage: "put alerts into a ticket", ArgsUsage: "ID ALERT…", Action: e.bindTicket},
			{Name: "unbind", Usage: "take alerts out of a ticket", ArgsUsage: "ID ALERT…", Flags: []cli.Flag{seen}, Action: e.unbindTicket},
			{Name: "take", Usage: "make a ticket your own and begin the work", ArgsUsage: "ID", Flags: []cli.Flag{seen}, Action: e.takeTicket},
			{Name: "assign", Usage: "give a ticket an owner", ArgsUsage: "ID NAME", Flags: []cli.Flag{seen}, Action: e.assignTicket},
			{Name: "comment", Usage: "add a comment; @name addresses somebody", ArgsUsage: "ID TEXT…", Action: e.commentTicket},
			{
				Name: "conclude", Usage: "draw a conclusion and resolve the ticket", ArgsUsage: "ID", Action: e.concludeTicket, Flags: []cli.Flag{
					seen,
					&cli.StringFlag{Name: "as", Usage: "false positive, intended, unaffected, true positive or undetermined", Required: true},
					&cli.StringFlag{Name: "reason", Usage: "why", Required: true},
					&cli.StringFlag{Name: "assignee", Usage: "its owner, where it has none yet"},
					&cli.BoolFlag{Name: "keep-open", Usage: "do not resolve it yet"},
				},
			},
			{Name: "reopen", Usage: "open a resolved ticket again; its conclusion stays on the timeline", ArgsUsage: "ID", Flags: []cli.Flag{seen, reason}, Action: e.reopenTicket},
			{Name: "merge", Usage: "let a ticket take over the alerts of another", ArgsUsage: "ID FROM", Flags: []cli.Flag{seen, reason}, Action: e.mergeTicket},
			{
				Name: "split", Usage: "move alerts of a ticket into a new one", ArgsUsage: "ID ALERT…", Action: e.splitTicket,
				Flags: []cli.Flag{seen, reason, &cli.StringFlag{Name: "title", Usage: "of the new ticket; without one its first alert gives it"}},
			},
			{Name: "undo", Usage: "take the last change of a ticket back", ArgsUsage: "ID", Flags: []cli.Flag{seen}, Action: e.undoTicket},
			{
				Name: "delete", Usage: "delete a ticket with its timeline; its alerts stay", ArgsUsage: "ID", Action: e.deleteTicket,
				Flags: []cli.Flag{&cli.StringFlag{Name: "reason", Usage: "why; kept in the audit log", Required: true}},
			},
		},
	})
}

func ticketFilters() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "status", Usage: "open, in progress, waiting or resolved; given several times, any of them"},
		&cli.StringSliceFlag{Name: "assignee", Usage: "of this owner; none is nobody, me is whose key it is"},
		&cli.StringSliceFlag{Name: "conclusion", Usage: "false positive, intended, unaffected, true positive or undetermined"},
		&cli.StringSliceFlag{Name: "severity", Usage: "as judged: info, low, medium, high or critical"},
		&cli.StringSliceFlag{Name: "tag", Usage: "with this tag; all required"},
		&cli.StringFlag{Name: "from", Usage: "made at or after; RFC 3339, a date, or a duration back such as 7d"},
		&cli.StringFlag{Name: "to", Usage: "made before"},
		&cli.StringFlag{Name: "idle-since", Usage: "only those to which nothing has happened since"},
		&cli.BoolFlag{Name: "merged", Usage: "also those that were merged into others"},
	}
}

func (e Env) listTickets(ctx context.Context, cmd *cli.Command) error {
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	f := client.TicketFilter{
		Q: strings.Join(cmd.Args().Slice(), " "), Status: cmd.StringSlice("status"), Assignee: cmd.StringSlice("assignee"), Conclusion: cmd.StringSlice("conclusion"),
		Severity: cmd.StringSlice("severity"), Tag: cmd.StringSlice("tag"), From: cmd.String("from"), To: cmd.String("to"),
		IdleSince: cmd.String("idle-since"), Merged: cmd.Bool("merged"), Limit: cmd.Int("limit"), Cursor: cmd.String("cursor"),
	}
	all := cmd.Bool("all")
	if all && !cmd.IsSet("limit") {
		f.Limit = maxPage
	}
	total := 0
	for {
		page, err := s.client.Tickets(ctx, f)
		if err != nil {
			return err
		}
		total += len(page.Items)
		if err := s.ticketPage(page, all); err != nil {
			return err
		}
		if !all || page.Next == "" || page.Next == f.Cursor {
			s.more(count(total, "ticket", "tickets"), page.Next, page.Note)
			return nil
		}
		f.Cursor = page.Next
	}
}

func (s *session) ticketPage(page *client.TicketPage, all bool) error {
	switch {
	case s.json && all:
		return s.lines()
	case s.json:
		return s.answer()
	case s.quiet:
		for _, t := range page.Items {
			s.say("%s", clean(t.ID))
		}
		return nil
	case len(page.Items) == 0:
		return nil
	}
	t := &table{head: []string{"ID", "STATUS", "OWNER", "SEVERITY", "ALERTS", "UPDATED", "CONCLUSION", "TITLE"}, flex: map[int]int{7: 24}}
	for _, k := range page.Items {
		t.add(k.ID, k.Status, cmp.Or(k.Assignee, absent), cmp.Or(k.Severity, absent), strconv.Itoa(k.AlertCount), s.env.when(k.UpdatedAt), concluded(k.Conclusion), defangText(k.Title, nil))
	}
	return t.write(s.out, s.screen)
}

func concluded(j *client.Judgement) string {
	if j == nil {
		return absent
	}
	return j.Conclusion
}

func (e Env) showTicket(ctx context.Context, cmd *cli.Command) error {
	id, err := one(cmd, "a ticket")
	if err != nil {
		return err
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	t, err := s.client.Ticket(ctx, id)
	switch {
	case err != nil:
		return err
	case s.json:
		return s.answer()
	case s.quiet:
		return s.ids(t.ID)
	}
	return s.ticketCard(t)
}

// ticketCard prints a ticket, its alerts and its timeline.
func (s *session) ticketCard(t *client.TicketDetail) error {
	s.say("%s  %s", s.screen.bold(clean(t.ID)), clean(t.Status))
	s.say("%s\n", s.screen.bold(clean(defangText(t.Title, nil))))
	conclusion, handOver, resolved := "", "", ""
	if j := t.Conclusion; j != nil {
		conclusion = j.Conclusion + ", by " + j.By + " " + s.env.when(j.At) + ": " + j.Reason
	}
	if h := t.HandOver; h != nil {
		handOver = with(h.Kind+" "+h.To, h.Link)
	}
	if t.ResolvedAt != nil {
		resolved = s.env.when(*t.ResolvedAt)
	}
	fields := []field{
		{"owner", t.Assignee},
		{"severity", t.Severity},
		{"conclusion", conclusion},
		{"handed over to", handOver},
		{"merged into", t.MergedInto},
		{"tags", strings.Join(t.Tags, ", ")},
		{"made", s.env.when(t.CreatedAt)},
		{"resolved", resolved},
		{"version", strconv.FormatInt(t.Version, 10)},
	}
	for _, name := range mostFirst(zero(t.Fields)) {
		fields = append(fields, field{clean(name), t.Fields[name]})
	}
	for _, l := range t.Links {
		fields = append(fields, field{"link", with(l.URL, l.Title)})
	}
	for _, k := range t.Tasks {
		mark := "to do"
		if k.Done {
			mark = "done"
		}
		fields = append(fields, field{mark, with(k.Text, k.Assignee)})
	}
	s.card(fields)
	if len(t.Alerts) > 0 {
		s.section(count(t.AlertCount, "alert", "alerts"))
		rows := &table{head: []string{"  ID", "SEVERITY", "SEEN", "SOURCE", "TITLE"}, flex: map[int]int{4: 24}}
		for _, a := range t.Alerts {
			rows.add("  "+a.ID, a.Severity, s.env.when(a.SeenAt), a.Source, defangText(a.Title, nil))
		}
		if err := rows.write(s.out, s.screen); err != nil {
			return err
		}
		if more := t.AlertCount - len(t.Alerts); more > 0 {
			s.note("and %d more alerts", more)
		}
	}
	s.section("Timeline")
	rows := &table{head: []string{"  WHEN", "WHO", "DOOR", "WHAT"}, flex: map[int]int{3: 24}}
	for _, entry := range t.Timeline {
		rows.add("  "+s.env.when(entry.At), entry.By, entry.Door, happened(entry))
	}
	return rows.write(s.out, s.screen)
}

// zero makes names of fields ready to be sorted.
func zero(fields map[string]string) map[string]int {
	out := make(map[string]int, len(fields))
	for name := range fields {
		out[name] = 0
	}
	return out
}

// happened says in a line what an entry of a timeline tells.
func happened(e client.TicketEntry) string {
	parts := []string{e.Kind}
	change := func(name string, before, after *string) {
		if after != nil {
			was := ""
			if before != nil && *before != "" {
				was = *before + " → "
			}
			parts = append(parts, name+" "+was+cmp.Or(*after, absent))
		}
	}
	if e.Kind != "created" {
		change("title", e.Before.Title, e.After.Title)
		change("status", e.Before.Status, e.After.Status)
	}
	change("owner", e.Before.Assignee, e.After.Assignee)
	change("severity", e.Before.Severity, e.After.Severity)
	if j := e.After.Conclusion; j != nil && j.Conclusion != "" {
		parts = append(parts, j.Conclusion+": "+j.Reason)
	}
	for _, f := range []struct {
		name string
		has  bool
	}{
		{"hand-over", e.After.HandOver != nil},
		{"tags", e.After.Tags != nil},
		{"fields", e.After.Fields != nil},
		{"tasks", e.After.Tasks != nil},
		{"links", e.After.Links != nil},
	} {
		if f.has && e.Kind != "created" {
			parts = append(parts, f.name)
		}
	}
	if e.BoundCount > 0 {
		parts = append(parts, count(e.BoundCount, "alert in", "alerts in"))
	}
	if e.UnboundCount > 0 {
		parts = append(parts, count(e.UnboundCount, "alert out", "alerts out"))
	}
	if e.Other != "" {
		parts = append(parts, "with "+e.Other)
	}
	if e.Text != "" {
		parts = append(parts, e.Text)
	}
	return strings.Join(parts, "; ")
}
