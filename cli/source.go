package cli

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"

	"yagura/client"
)

func (e Env) sourceCommands() *cli.Command {
	return Group(&cli.Command{
		Name: "source", Usage: "make and change sources: where alerts come from", Flags: connection(),
		Commands: []*cli.Command{
			{Name: "list", Usage: "list sources", Action: e.listSources},
			{
				Name: "add", Usage: "make a source and print its token, once", ArgsUsage: "ID", Action: e.addSource,
				Flags: append([]cli.Flag{
					&cli.StringFlag{Name: "kind", Usage: "which policy reads its messages; yagura kind list names them", Required: true},
				}, sourceSettings(true)...),
			},
			{Name: "show", Usage: "show one source", ArgsUsage: "ID", Action: e.showSource},
			{
				Name: "change", Usage: "change settings of a source; what is not given stays", ArgsUsage: "ID", Action: e.changeSource,
				Flags: append(sourceSettings(false), &cli.BoolFlag{Name: "disabled", Usage: "refuse its messages as if it were unknown; --disabled=false takes them again"}),
			},
			{Name: "rotate-token", Usage: "give a source a new token and print it, once; the old one ends at once", ArgsUsage: "ID", Action: e.rotateToken},
			{Name: "rules", Usage: "show what each rule of a source has brought in, and how often it matched", ArgsUsage: "ID", Action: e.sourceRules},
		},
	})
}

// sourceSettings are the flags of a source's settings. Only a new source has
// defaults; a change leaves what is not given.
func sourceSettings(fresh bool) []cli.Flag {
	window, body, rate := "24h", "10485760", "unlimited"
	if !fresh {
		window, body, rate = "", "", ""
	}
	return []cli.Flag{
		&cli.StringFlag{Name: "window", Usage: "a repeat within it is a sighting; a duration such as 24h", DefaultText: window, HideDefault: !fresh},
		&cli.BoolFlag{Name: "may-decline", Usage: "whether policies may decline its messages"},
		&cli.Int64Flag{Name: "max-body", Usage: "largest body in bytes", DefaultText: body, HideDefault: !fresh},
		&cli.FloatFlag{Name: "rate", Usage: "deliveries a second that it may send", DefaultText: rate, HideDefault: !fresh},
		&cli.IntFlag{Name: "burst", Usage: "deliveries at once over the rate", HideDefault: true},
		&cli.StringFlag{Name: "auth-scheme", Usage: "the sender's own signature, taken instead of a token: github, hmac, sns or pubsub"},
		&cli.StringFlag{Name: "auth-secret-ref", Usage: "github, hmac: where the server finds the secret, env:NAME or file:/path"},
		&cli.StringFlag{Name: "auth-header", Usage: "hmac: the header that holds the signature"},
		&cli.StringFlag{Name: "auth-topic", Usage: "sns: ARN of the topic that may send"},
		&cli.StringFlag{Name: "auth-audience", Usage: "pubsub: the token's audience"},
		&cli.StringFlag{Name: "auth-email", Usage: "pubsub: the service account that may send"},
	}
}

// settings reads those that were given.
func settings(cmd *cli.Command) client.SourceSettings {
	var s client.SourceSettings
	if v := cmd.String("window"); cmd.IsSet("window") {
		s.Window = &v
	}
	if v := cmd.Bool("may-decline"); cmd.IsSet("may-decline") {
		s.MayDecline = &v
	}
	if v := cmd.Int64("max-body"); cmd.IsSet("max-body") {
		s.MaxBody = &v
	}
	if v := cmd.Float("rate"); cmd.IsSet("rate") {
		s.Rate = &v
	}
	if v := cmd.Int("burst"); cmd.IsSet("burst") {
		s.Burst = &v
	}
	if v := cmd.Bool("disabled"); cmd.IsSet("disabled") {
		s.Disabled = &v
	}
	if cmd.IsSet("auth-scheme") {
		s.Auth = &client.SourceAuth{
			Scheme: cmd.String("auth-scheme"), SecretRef: cmd.String("auth-secret-ref"), Header: cmd.String("auth-header"),
			Topic: cmd.String("auth-topic"), Audience: cmd.String("auth-audience"), Email: cmd.String("auth-email"),
		}
	}
	return s
}

func (e Env) listSources(ctx context.Context, cmd *cli.Command) error {
	if err := none(cmd); err != nil {
		return err
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	list, err := s.client.Sources(ctx)
	if err != nil {
		return err
	}
	if s.json {
		return s.answer()
	}
	t := &table{head: []string{"ID", "KIND", "WINDOW", "MAY DECLINE", "TAKES", "HOOK"}}
	for _, src := range list.Items {
		if s.quiet {
			s.say("%s", clean(src.ID))
			continue
		}
		t.add(src.ID, src.Kind, duration(src.Window), yesNo(src.MayDecline), takes(src), src.Hook)
	}
	if s.quiet {
		return nil
	}
	if len(list.Items) > 0 {
		if err := t.write(s.out, s.screen); err != nil {
			return err
		}
	}
	s.note("%s", count(len(list.Items), "source", "sources"))
	return nil
}

// takes words by what a source knows its sender.
func takes(s client.Source) string {
	switch {
	case s.Disabled:
		return "nothing (disabled)"
	case s.Auth != nil:
		return s.Auth.Scheme + " signature"
	}
	return "token"
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// bytesOf writes a size as people set it: in MiB or KiB where it is a whole number of them.
func bytesOf(n int64) string {
	switch {
	case n > 0 && n%(1<<20) == 0:
		return strconv.FormatInt(n>>20, 10) + " MiB"
	case n > 0 && n%(1<<10) == 0:
		return strconv.FormatInt(n>>10, 10) + " KiB"
	}
	return strconv.FormatInt(n, 10) + " bytes"
}

// duration leaves the zeros out of 24h0m0s.
func duration(s string) string {
	if short, ok := strings.CutSuffix(s, "m0s"); ok {
		s = short + "m"
	}
	if short, ok := strings.CutSuffix(s, "h0m"); ok {
		s = short + "h"
	}
	return s
}

func (e Env) addSource(ctx context.Context, cmd *cli.Command) error {
	id, err := one(cmd, "the new source")
	if err != nil {
		return err
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	made, err := s.client.CreateSource(ctx, client.NewSource{ID: id, Kind: cmd.String("kind"), SourceSettings: settings(cmd)})
	if err != nil {
		return err
	}
	return s.created(cmd, made)
}

// created shows a source's token. With -q it is all that is printed, for scripts.
func (s *session) created(cmd *cli.Command, made *client.SourceCreated) error {
	switch {
	case s.json:
		return s.answer()
	case made.Token == "":
		s.say("%s takes deliveries at %s with a %s signature", clean(made.ID), clean(made.Hook), clean(made.Auth.Scheme))
		return nil
	case s.quiet:
		s.say("%s", clean(made.Token))
		return nil
	}
	s.say("%s takes deliveries at %s with this token, which is shown only now:\n\n  %s\n", clean(made.ID), clean(made.Hook), clean(made.Token))
	s.note("Send one:\n\n  curl -H 'Authorization: Bearer %s' '%s%s?wait=1' --json '{\"title\": \"Hello\"}'", clean(made.Token), strings.TrimRight(cmd.String("url"), "/"), clean(made.Hook))
	return nil
}

func (e Env) showSource(ctx context.Context, cmd *cli.Command) error {
	return e.withSource(ctx, cmd, func(s *session, id string) (*client.Source, error) { return s.client.Source(ctx, id) })
}

func (e Env) changeSource(ctx context.Context, cmd *cli.Command) error {
	change := settings(cmd)
	if change == (client.SourceSettings{}) {
		return usage("name what to change; %s --help lists the settings", cmd.FullName())
	}
	return e.withSource(ctx, cmd, func(s *session, id string) (*client.Source, error) { return s.client.ChangeSource(ctx, id, change) })
}

// withSource does something that yields a source, and shows it.
func (e Env) withSource(ctx context.Context, cmd *cli.Command, do func(*session, string) (*client.Source, error)) error {
	id, err := one(cmd, "a source")
	if err != nil {
		return err
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	src, err := do(s, id)
	switch {
	case err != nil:
		return err
	case s.json:
		return s.answer()
	case s.quiet:
		return s.ids(src.ID)
	}
	rate := "unlimited"
	if src.Rate > 0 {
		rate = fmt.Sprintf("%g a second, %d at once", src.Rate, src.Burst)
	}
	fields := []field{
		{"kind", src.Kind},
		{"hook", src.Hook},
		{"takes", takes(*src)},
		{"window", duration(src.Window)},
		{"may decline", yesNo(src.MayDecline)},
		{"largest body", bytesOf(src.MaxBody)},
		{"rate", rate},
		{"made", e.when(src.CreatedAt)},
	}
	if a := src.Auth; a != nil {
		fields = append(fields, field{"secret", a.SecretRef}, field{"header", a.Header}, field{"topic", a.Topic}, field{"audience", a.Audience}, field{"email", a.Email})
	}
	s.say("%s\n", s.screen.bold(clean(src.ID)))
	s.card(fields)
	return nil
}

func (e Env) rotateToken(ctx context.Context, cmd *cli.Command) error {
	id, err := one(cmd, "a source")
	if err != nil {
		return err
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	made, err := s.client.RotateToken(ctx, id)
	if err != nil {
		return err
	}
	return s.created(cmd, made)
}

func (e Env) sourceRules(ctx context.Context, cmd *cli.Command) error {
	id, err := one(cmd, "a source")
	if err != nil {
		return err
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	list, err := s.client.SourceRules(ctx, id)
	if err != nil {
		return err
	}
	if s.json {
		return s.answer()
	}
	t := &table{head: []string{"RULE", "ALERTS", "REPEATS", "DECLINED", "LAST", "FINGERPRINTS REFUSED"}, flex: map[int]int{0: 24, 5: 16}}
	for _, r := range list.Items {
		refused := ""
		if r.Refused > 0 {
			refused = with(strconv.Itoa(r.Refused), r.Problem)
		}
		t.add(cmp.Or(r.Rule, absent), strconv.Itoa(r.Alerts), strconv.Itoa(r.Sightings), strconv.Itoa(r.Declined), e.when(r.LastAt), refused)
	}
	if len(list.Items) > 0 {
		if err := t.write(s.out, s.screen); err != nil {
			return err
		}
	}
	s.note("%s", count(len(list.Items), "rule", "rules"))
	return nil
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
