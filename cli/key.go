package cli

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"yagura/client"
)

func (e Env) keyCommands() *cli.Command {
	return Group(&cli.Command{
		Name: "key", Usage: "make and revoke API keys, for programs", Flags: connection(),
		Commands: []*cli.Command{
			{Name: "list", Usage: "list keys, never their tokens", Action: e.listKeys},
			{
				Name: "create", Usage: "make a key and print its token, once", ArgsUsage: "NAME", Action: e.createKey,
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "role", Usage: "viewer, responder, analyst, engineer or admin; not more than your own", Required: true},
					&cli.StringSliceFlag{Name: "scope", Usage: "only this permission of the role, such as alerts:read; may be given several times"},
					&cli.StringFlag{Name: "expires", Usage: "how long it lasts, such as 90d or 12h", DefaultText: "for ever"},
				},
			},
			{Name: "revoke", Usage: "end keys at once", ArgsUsage: "NAME …", Action: e.revokeKeys},
		},
	})
}

func (e Env) listKeys(ctx context.Context, cmd *cli.Command) error {
	if err := none(cmd); err != nil {
		return err
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	list, err := s.client.Keys(ctx)
	if err != nil {
		return err
	}
	if s.json {
		return s.answer()
	}
	t := &table{head: []string{"NAME", "ROLE", "MADE BY", "EXPIRES", "LAST USE", "SCOPE"}, flex: map[int]int{5: 16}}
	for _, k := range list.Items {
		if s.quiet {
			s.say("%s", clean(k.Name))
			continue
		}
		expires, used := "never", absent
		if k.ExpiresAt != nil {
			expires = e.when(*k.ExpiresAt)
		}
		if k.UsedAt != nil {
			used = e.when(*k.UsedAt)
		}
		scope := "all of its role"
		if len(k.Scope) > 0 {
			scope = strings.Join(k.Scope, ", ")
		}
		t.add(k.Name, k.Role, k.CreatedBy, expires, used, scope)
	}
	if s.quiet {
		return nil
	}
	if len(list.Items) > 0 {
		if err := t.write(s.out, s.screen); err != nil {
			return err
		}
	}
	s.note("%s", count(len(list.Items), "key", "keys"))
	return nil
}

func (e Env) createKey(ctx context.Context, cmd *cli.Command) error {
	name, err := one(cmd, "the new key")
	if err != nil {
		return err
	}
	k := client.NewKey{Name: name, Role: cmd.String("role"), Scope: cmd.StringSlice("scope")}
	if cmd.IsSet("expires") {
		d, err := lasting(cmd.String("expires"))
		if err != nil {
			return err
		}
		at := e.Now().Add(d).UTC()
		k.ExpiresAt = &at
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	made, err := s.client.CreateKey(ctx, k)
	switch {
	case err != nil:
		return err
	case s.json:
		return s.answer()
	case s.quiet:
		s.say("%s", clean(made.Token))
		return nil
	}
	s.say("%s is a key with this token, which is shown only now:\n\n  %s\n", clean(made.Name), clean(made.Token))
	return nil
}

// lasting reads a duration of at least a minute, in days too.
func lasting(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n int
		n, err = strconv.Atoi(days)
		d = time.Duration(min(n, 9999)) * 24 * time.Hour // a duration holds no more than 292 years
	}
	if err != nil || d < time.Minute {
		return 0, usage("--expires %s: use a duration such as 90d or 12h", text)
	}
	return d, nil
}

func (e Env) revokeKeys(ctx context.Context, cmd *cli.Command) error {
	names, err := many(cmd, "keys")
	if err != nil {
		return err
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := s.client.RevokeKey(ctx, name); err != nil {
			return err
		}
		s.note("%s is revoked", clean(name))
	}
	return nil
}
