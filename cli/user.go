package cli

import (
	"context"

	"github.com/urfave/cli/v3"

	"yagura/client"
)

func (e Env) userCommands() *cli.Command {
	return Group(&cli.Command{
		Name: "user", Usage: "make and change users: the people who sign in", Flags: connection(),
		Commands: []*cli.Command{
			{Name: "list", Usage: "list users", Action: e.listUsers},
			{
				Name: "add", Usage: "make a user and print a one-time link to sign in with", ArgsUsage: "NAME", Action: e.addUser,
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "role", Usage: "viewer, responder, analyst, engineer or admin", Required: true},
					&cli.StringFlag{Name: "display-name", Usage: "as colleagues see the user"},
				},
			},
			{
				Name: "change", Usage: "change a user's role or display name; what is not given stays", ArgsUsage: "NAME", Action: e.changeUser,
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "role", Usage: "viewer, responder, analyst, engineer or admin"},
					&cli.StringFlag{Name: "display-name", Usage: "as colleagues see the user"},
				},
			},
			{Name: "disable", Usage: "sign a user out at once, and in no more", ArgsUsage: "NAME", Action: e.disableUser(true)},
			{Name: "enable", Usage: "let a disabled user sign in again", ArgsUsage: "NAME", Action: e.disableUser(false)},
			{Name: "link", Usage: "make another one-time link to sign in with; an older one ends", ArgsUsage: "NAME", Action: e.linkUser},
		},
	})
}

func (e Env) listUsers(ctx context.Context, cmd *cli.Command) error {
	if err := none(cmd); err != nil {
		return err
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	list, err := s.client.Users(ctx)
	if err != nil {
		return err
	}
	if s.json {
		return s.answer()
	}
	t := &table{head: []string{"NAME", "ROLE", "MAY SIGN IN", "LAST SIGN-IN", "DISPLAY NAME"}, flex: map[int]int{4: 16}}
	for _, u := range list.Items {
		if s.quiet {
			s.say("%s", clean(u.Name))
			continue
		}
		seen := absent
		if u.SeenAt != nil {
			seen = e.when(*u.SeenAt)
		}
		t.add(u.Name, u.Role, yesNo(!u.Disabled), seen, u.DisplayName)
	}
	if s.quiet {
		return nil
	}
	if len(list.Items) > 0 {
		if err := t.write(s.out, s.screen); err != nil {
			return err
		}
	}
	s.note("%s", count(len(list.Items), "user", "users"))
	return nil
}

func (e Env) addUser(ctx context.Context, cmd *cli.Command) error {
	name, err := one(cmd, "the new user")
	if err != nil {
		return err
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	made, err := s.client.CreateUser(ctx, client.NewUser{Name: name, Role: cmd.String("role"), DisplayName: cmd.String("display-name")})
	if err != nil {
		return err
	}
	return s.linked(made.Name, made.SignInLink)
}

func (e Env) linkUser(ctx context.Context, cmd *cli.Command) error {
	name, err := one(cmd, "a user")
	if err != nil {
		return err
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	link, err := s.client.CreateSignInLink(ctx, name)
	if err != nil {
		return err
	}
	return s.linked(name, *link)
}

// linked shows a sign-in link. With -q it is all that is printed, for scripts.
func (s *session) linked(name string, l client.SignInLink) error {
	switch {
	case s.json:
		return s.answer()
	case s.quiet:
		s.say("%s", clean(l.Link))
		return nil
	}
	s.say("%s signs in with this link, once, before %s; hand it over in private:\n\n  %s\n", clean(name), s.env.when(l.Expires), clean(l.Link))
	return nil
}

func (e Env) changeUser(ctx context.Context, cmd *cli.Command) error {
	var change client.UserChange
	if v := cmd.String("role"); cmd.IsSet("role") {
		change.Role = &v
	}
	if v := cmd.String("display-name"); cmd.IsSet("display-name") {
		change.DisplayName = &v
	}
	if change == (client.UserChange{}) {
		return usage("name what to change; %s --help lists it", cmd.FullName())
	}
	return e.withUser(ctx, cmd, change)
}

func (e Env) disableUser(disabled bool) cli.ActionFunc {
	return func(ctx context.Context, cmd *cli.Command) error {
		return e.withUser(ctx, cmd, client.UserChange{Disabled: &disabled})
	}
}

func (e Env) withUser(ctx context.Context, cmd *cli.Command, change client.UserChange) error {
	name, err := one(cmd, "a user")
	if err != nil {
		return err
	}
	s, err := e.connect(ctx, cmd)
	if err != nil {
		return err
	}
	u, err := s.client.ChangeUser(ctx, name, change)
	switch {
	case err != nil:
		return err
	case s.json:
		return s.answer()
	case s.quiet:
		return s.ids(u.Name)
	}
	s.say("%s\n", s.screen.bold(clean(u.Name)))
	s.card([]field{{"display name", u.DisplayName}, {"role", u.Role}, {"may sign in", yesNo(!u.Disabled)}, {"made", e.when(u.CreatedAt)}})
	return nil
}
