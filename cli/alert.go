package cli

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"

	"yagura/client"
)

func (e Env) alertCommands() *cli.Command {
	return Group(&cli.Command{
		Name: "alert", Usage: "list, search and show alerts", Flags: connection(),
		Commands: []*cli.Command{
			{
				Name: "list", Usage: "list alerts, newest first", Flags: append(alertFilters(), paging("-received_at")...),
				Description: "Without --disposition, declined alerts are left out. Times are RFC 3339, a date, or a duration back such as 24h or 7d.",
				Action:      e.listAlerts, DisableSliceFlagSeparator: true,
			},
			{
				Name: "search", Usage: "find alerts by words, addresses, names", ArgsUsage: "WORDS…", Flags: append(alertFilters(), paging("-received_at")...),
				Description: `Words and "quoted phrases" are all required and found as parts of words, in every language. ` +
					"name:value is a field where name is source, kind, severity, rule, observable, tag, technique or disposition. Defanged ones, such as 203[.]0[.]113[.]9, may be pasted as they are.",
				Action: e.searchAlerts, DisableSliceFlagSeparator: true,
			},
			{Name: "show", Usage: "show one alert", ArgsUsage: "ID", Flags: []cli.Flag{
				&cli.BoolFlag{Name: "raw", Usage: "print the payload as it was received instead"},
			}, Action: e.showAlert},
			{
				Name: "count", Usage: "count alerts by source, kind, severity, rule and disposition", Flags: append(alertFilters(),
					&cli.StringFlag{Name: "by", Usage: "count by this field only: source, kind, severity, rule or disposition"}),
				Action: e.countAlerts, DisableSliceFlagSeparator: true,
			},
			{Name: "restore", Usage: "make a declined or closed alert active again", ArgsUsage: "ID", Flags: []cli.Flag{
				&cli.StringFlag{Name: "reason", Usage: "why; on record"},
			}, Action: e.restoreAlert},
			{Name: "watch", Usage: "print alerts as they come in, until interrupted", Action: e.watchAlerts},
		},
	})
}

func alertFilters() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "source", Usage: "of this source; given several times, of any of them"},
		&cli.StringSliceFlag{Name: "kind", Usage: "of sources of this kind"},
		&cli.StringSliceFlag{Name: "severity", Usage: "info, low, medium, high or critical"},
		&cli.StringSliceFlag{Name: "rule", Usage: "of the product's rule, exactly"},
		&cli.StringSliceFlag{Name: "observable", Usage: "with this value, defanged or not, or within this range of addresses; all required"},
		&cli.StringSliceFlag{Name: "tag", Usage: "with this tag; all required"},
		&cli.StringSliceFlag{Name: "technique", Usage: "with this MITRE ATT&CK id; all required"},
		&cli.StringSliceFlag{Name: "disposition", Usage: "active, notice, silenced, closed or declined"},
		&cli.BoolFlag{Name: "unticketed", Usage: "only those that are in no ticket"},
		&cli.StringFlag{Name: "from", Usage: "received at or after", DefaultText: "90d"},
		&cli.StringFlag{Name: "to", Usage: "received before"},
		&cli.StringFlag{Name: "seen-from", Usage: "seen by the product at or after"},
		&cli.StringFlag{Name: "seen-to", Usage: "seen by the product before"},
	}
}

func paging(order string) []cli.Flag {
	flags := []cli.Flag{
		&cli.IntFlag{Name: "limit", Usage: "how many at most, 500 a page", Value: 50},
		&cli.StringFlag{Name: "cursor", Usage: "go on where a list stopped"},
		&cli.BoolFlag{Name: "all", Usage: "every page to the end"},
	}
	if order != "" {
		flags = append(flags, &cli.StringFlag{Name: "sort", Usage: "received_at, seen_at or severity, each also with - before it", Value: order})
	}
	return flags
}

func alertFilter(cmd *cli.Command) client.AlertFilter {
	return client.AlertFilter{
		Source: cmd.StringSlice("source"), Kind: cmd.StringSlice("kind"), Severity: cmd.StringSlice("severity"), Rule: cmd.StringSlice("rule"),
		Observable: cmd.StringSlice("observable"), Tag: cmd.StringSlice("tag"), Technique: cmd.StringSlice("technique"),
		Disposition: cmd.StringSlice("disposition"), From: cmd.String("from"), To: cmd.String("to"),
		SeenFrom: cmd.String("seen-from"), SeenTo: cmd.String("seen-to"), Unticketed: cmd.Bool("unticketed"),
		Sort: cmd.String("sort"), Limit: cmd.Int("limit"), Cursor: cmd.String("cursor"),
	}
}

func (e Env) listAlerts(ctx context.Context, cmd *cli.Command) error {
	if err := none(cmd); err != nil {
		return err
	}
	return e.alerts(ctx, cmd, alertFilter(cmd))
}

func (e Env) searchAlerts(ctx context.Context, cmd *cli.Command) error {
	words, err := many(cmd, "what to find")
	if err != nil {
		return err
	}
	f := alertFilter(cmd)
	f.Q = refang(strings.Join(words, " "))
	return e.alerts(ctx, cmd, f)
}

// maxPage is the most items that the server gives a page.
const maxPage = 500

// alerts prints the alerts that match f: one page, or with --all every page as it comes.
func (e Env) alerts(ctx context.Context, cmd *cli.Command, f client.AlertFilter) error {
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	all := cmd.Bool("all")
	if all && !cmd.IsSet("limit") {
		f.Limit = maxPage
	}
	total := 0
	for {
		page, err := s.client.Alerts(ctx, f)
		if err != nil {
			return err
		}
		total += len(page.Items)
		if err := s.alertPage(page, all); err != nil {
			return err
		}
		if !all || page.Next == "" || page.Next == f.Cursor {
			s.more(count(total, "alert", "alerts"), page.Next, page.Note)
			return nil
		}
		f.Cursor = page.Next
	}
}

// more says how a list ended.
func (s *session) more(counted, next, stopped string) {
	switch {
	case stopped != "":
		s.note("%s; %s", counted, clean(stopped))
	case next != "":
		s.note("%s, and more: add --all, or --cursor %s", counted, clean(next))
	default:
		s.note("%s", counted)
	}
}

func (s *session) alertPage(page *client.AlertPage, all bool) error {
	switch {
	case s.json && all:
		return s.lines()
	case s.json:
		return s.answer()
	case s.quiet:
		for _, a := range page.Items {
			s.say("%s", clean(a.ID))
		}
		return nil
	case len(page.Items) == 0:
		return nil
	}
	return s.alertTable(page.Items)
}

// shownObservables is how many observables a line of a table holds.
const shownObservables = 3

func (s *session) alertTable(list []client.Alert) error {
	t := &table{head: []string{"ID", "SEVERITY", "LAST SEEN", "TIMES", "SOURCE", "TITLE", "OBSERVABLES"}, flex: map[int]int{5: 24, 6: 12}}
	moved := slices.ContainsFunc(list, func(a client.Alert) bool { return a.Disposition != "active" })
	if moved {
		t.head = slices.Insert(t.head, 2, "DISPOSITION")
		t.flex = map[int]int{6: 24, 7: 12}
	}
	for _, a := range list {
		row := []string{
			a.ID, a.Severity, s.env.when(a.Sightings.Last), strconv.Itoa(a.Sightings.Count), a.Source,
			defangText(a.Title, a.Observables), observables(a.Observables),
		}
		if moved {
			row = slices.Insert(row, 2, a.Disposition)
		}
		t.add(row...)
	}
	return t.write(s.out, s.screen)
}

// observables are the first of an alert's, those that lead outside first; a value
// that is both a user and an email stands once.
func observables(list []client.Observable) string {
	rank := func(o client.Observable) int {
		r := slices.Index([]string{"url", "domain", "ip", "hash", "cve", "email", "user", "host", "file", "process", "resource", "account"}, o.Type)
		if r < 0 {
			return len(list) + 12
		}
		if o.Scope == "private" {
			r += 6
		}
		return r
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b client.Observable) int { return rank(a) - rank(b) })
	var out []string
	for _, o := range list {
		if text := defang(o); !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	if more := len(out) - shownObservables; more > 0 {
		out = append(out[:shownObservables], "+"+strconv.Itoa(more))
	}
	return strings.Join(out, " ")
}

func (e Env) countAlerts(ctx context.Context, cmd *cli.Command) error {
	if err := none(cmd); err != nil {
		return err
	}
	by := cmd.String("by")
	if by != "" && !slices.Contains([]string{"source", "kind", "severity", "rule", "disposition"}, by) {
		return usage("--by %q: use source, kind, severity, rule or disposition", by)
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	got, err := s.client.AlertFacets(ctx, alertFilter(cmd))
	if err != nil {
		return err
	}
	if s.json {
		return s.answer()
	}
	t := &table{head: []string{"BY", "VALUE", "ALERTS"}, flex: map[int]int{1: 24}}
	var cut []string
	for _, f := range []struct {
		name   string
		counts map[string]int
	}{
		{"severity", got.Severity},
		{"source", got.Source},
		{"kind", got.Kind},
		{"rule", got.Rule},
		{"disposition", got.Disposition},
	} {
		if by != "" && by != f.name {
			continue
		}
		values := mostFirst(f.counts)
		if by == "" && len(values) > shownValues {
			values = values[:shownValues]
			cut = append(cut, f.name)
		}
		for _, value := range values {
			t.add(f.name, cmp.Or(value, absent), strconv.Itoa(f.counts[value]))
		}
	}
	if err := t.write(s.out, s.screen); err != nil {
		return err
	}
	for _, name := range cut {
		s.note("the %d most frequent of %s; --by %[2]s shows all", shownValues, name)
	}
	if got.Capped {
		s.note("counted the newest %d only; narrow it down for exact counts", got.Total)
	} else {
		s.note("%s", count(got.Total, "alert", "alerts"))
	}
	return nil
}

// shownValues is how many values of each field are counted where none is named.
const shownValues = 10

// absent stands for a value that an alert does not have.
const absent = "-"

// mostFirst orders the values of a facet.
func mostFirst(counts map[string]int) []string {
	list := make([]string, 0, len(counts))
	for v := range counts {
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b string) int {
		if n := counts[b] - counts[a]; n != 0 {
			return n
		}
		return strings.Compare(a, b)
	})
	return list
}

func (e Env) restoreAlert(ctx context.Context, cmd *cli.Command) error {
	id, err := one(cmd, "an alert")
	if err != nil {
		return err
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	a, err := s.client.RestoreAlert(ctx, id, cmd.String("reason"))
	switch {
	case err != nil:
		return err
	case s.json:
		return s.answer()
	case s.quiet:
		return s.ids(a.ID)
	}
	s.say("%s is %s", clean(a.ID), clean(a.Disposition))
	return nil
}

func (e Env) watchAlerts(ctx context.Context, cmd *cli.Command) error {
	if err := none(cmd); err != nil {
		return err
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	s.note("waiting for alerts; end with Ctrl-C")
	for ev, err := range s.client.Events(ctx, "") {
		if ctx.Err() != nil { // interrupted, as people are told to
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.event(ev); err != nil {
			return err
		}
	}
	return nil
}
