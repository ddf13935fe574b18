package desk

import (
	"context"

	"yagura/auth"
	"yagura/fault"
	"yagura/store"
)

func noUser(name string) error { return fault.New(fault.NotFound, "there is no user %q", name) }

func userIn(tx *store.Tx, name string) (auth.User, error) {
	u, ok, err := tx.User(name)
	if err == nil && !ok {
		err = noUser(name)
	}
	return u, err
}

// Users lists every user, by name. Their passwords' hashes are left out.
func (d *Desk) Users(ctx context.Context, p auth.Principal) ([]auth.User, error) {
	if err := p.May(auth.ReadUsers); err != nil {
		return nil, err
	}
	list, err := d.store.Users(ctx)
	for i := range list {
		list[i].Password = ""
	}
	return list, err
}

// User returns one user, without the password's hash.
func (d *Desk) User(ctx context.Context, p auth.Principal, name string) (auth.User, error) {
	if err := p.May(auth.ReadUsers); err != nil {
		return auth.User{}, err
	}
	u, ok, err := d.store.User(ctx, name)
	if err == nil && !ok {
		err = noUser(name)
	}
	u.Password = ""
	return u, err
}

// AddUser makes a user and returns it with the token of a sign-in link, by which
// the user comes in and sets a password.
func (d *Desk) AddUser(ctx context.Context, p auth.Principal, u auth.User) (_ auth.User, token string, err error) {
	if u, err = u.Normalize(); err != nil {
		return u, "", err
	}
	u.CreatedAt, u.Password = d.store.Now(), ""
	err = d.change(ctx, p, auth.ManageUsers, "user.create", u.Name, "role "+string(u.Role), func(tx *store.Tx) error {
		if err := p.MayGrant(u.Role.Permissions()); err != nil {
			return err
		}
		if _, exists, err := tx.User(u.Name); err != nil {
			return err
		} else if exists {
			return fault.New(fault.Conflict, "user %q exists already; choose another name", u.Name)
		}
		if err := tx.PutUser(u); err != nil {
			return err
		}
		token, err = newLink(tx, u.Name)
		return err
	})
	return u, token, err
}

// newLink makes a sign-in link; an older one of the same user ends.
func newLink(tx *store.Tx, user string) (token string, err error) {
	if err := tx.DropLinks(user); err != nil {
		return "", err
	}
	token, hash := auth.NewToken("yl_")
	return token, tx.AddLink(auth.Link{Hash: hash, User: user, ExpiresAt: tx.Now().Add(auth.LinkTime)})
}

// ChangeUser writes what change makes of a user's display name, role and whether
// it is disabled. A user that is disabled is out at once.
func (d *Desk) ChangeUser(ctx context.Context, p auth.Principal, name string, change func(*auth.User)) (auth.User, error) {
	var u auth.User
	err := d.change(ctx, p, auth.ManageUsers, "user.change", name, "", func(tx *store.Tx) error {
		now, err := userIn(tx, name)
		if err != nil {
			return err
		}
		wanted := now
		change(&wanted)
		u = now
		u.DisplayName, u.Role, u.Disabled = wanted.DisplayName, wanted.Role, wanted.Disabled
		if u, err = u.Normalize(); err != nil {
			return err
		}
		if err := p.MayGrant(append(now.Role.Permissions(), u.Role.Permissions()...)); err != nil {
			return err
		}
		if err := tx.PutUser(u); err != nil {
			return err
		}
		if u.Disabled {
			if err := tx.EndSessions(name, nil); err != nil {
				return err
			}
			if err := tx.DropLinks(name); err != nil {
				return err
			}
		}
		if note := changed(now, u); note != "" {
			if err := tx.Audit(p.Name, p.Door, "user.set-role", name, note); err != nil {
				return err
			}
		}
		return oneAdminLeft(tx)
	})
	u.Password = ""
	return u, err
}

// changed words what a change of a user means for what he may do.
func changed(before, after auth.User) string {
	note := ""
	if before.Role != after.Role {
		note = string(before.Role) + " is now " + string(after.Role)
	}
	if before.Disabled != after.Disabled {
		if note != "" {
			note += ", "
		}
		note += map[bool]string{true: "disabled", false: "enabled"}[after.Disabled]
	}
	return note
}

// oneAdminLeft refuses what would leave nobody who manages users.
func oneAdminLeft(tx *store.Tx) error {
	list, err := tx.Users()
	if err != nil {
		return err
	}
	for _, u := range list {
		if u.Role == auth.Admin && !u.Disabled {
			return nil
		}
	}
	return fault.New(fault.Conflict, "this is the last administrator who is not disabled; make another one first")
}

// DeleteUser removes a user, who is out at once. What the user did stays under
// the name.
func (d *Desk) DeleteUser(ctx context.Context, p auth.Principal, name string) error {
	return d.change(ctx, p, auth.ManageUsers, "user.delete", name, "", func(tx *store.Tx) error {
		u, err := userIn(tx, name)
		if err != nil {
			return err
		}
		if err := p.MayGrant(u.Role.Permissions()); err != nil {
			return err
		}
		if err := tx.DeleteUser(name); err != nil {
			return err
		}
		return oneAdminLeft(tx)
	})
}

// NewLink makes a one-time sign-in link for a user and returns its token. An
// older link ends.
func (d *Desk) NewLink(ctx context.Context, p auth.Principal, name string) (token string, err error) {
	err = d.change(ctx, p, auth.ManageUsers, "user.link", name, "", func(tx *store.Tx) error {
		u, err := userIn(tx, name)
		if err != nil {
			return err
		}
		if u.Disabled {
			return fault.New(fault.Conflict, "%s is disabled; enable the user first", name)
		}
		if err := p.MayGrant(u.Role.Permissions()); err != nil {
			return err
		}
		token, err = newLink(tx, name)
		return err
	})
	return token, err
}

// SetPassword sets the password of somebody else, whose sessions end. One's own
// is changed by ChangePassword, which asks for the old one.
func (d *Desk) SetPassword(ctx context.Context, p auth.Principal, name, password string) error {
	if err := p.May(auth.ManageUsers); err != nil {
		return err
	}
	if name == p.User {
		return fault.New(fault.Invalid, "your own password is changed with the old one, at /api/v1/session/password")
	}
	if err := auth.CheckNewPassword(name, password); err != nil {
		return err
	}
	hash, err := auth.HashPassword(ctx, password)
	if err != nil {
		return err
	}
	return d.change(ctx, p, auth.ManageUsers, "user.set-password", name, "", func(tx *store.Tx) error {
		u, err := userIn(tx, name)
		if err != nil {
			return err
		}
		if err := p.MayGrant(u.Role.Permissions()); err != nil {
			return err
		}
		return setPassword(tx, u, hash, nil)
	})
}

// FirstAdmin is the user that the first start makes.
const FirstAdmin = "admin"

// FirstLink makes the first administrator and returns the token of its sign-in
// link, where there is no user yet; else "".
func (d *Desk) FirstLink(ctx context.Context, p auth.Principal) (token string, err error) {
	if err := p.May(auth.ManageUsers); err != nil {
		return "", err
	}
	if list, err := d.store.Users(ctx); err != nil || len(list) > 0 {
		return "", err
	}
	err = d.change(ctx, p, auth.ManageUsers, "user.create", FirstAdmin, "first start", func(tx *store.Tx) error {
		list, err := tx.Users()
		if err != nil {
			return err
		}
		if len(list) > 0 { // another node was first
			return fault.New(fault.Conflict, "there are users already")
		}
		if err := tx.PutUser(auth.User{Name: FirstAdmin, Role: auth.Admin, CreatedAt: tx.Now()}); err != nil {
			return err
		}
		token, err = newLink(tx, FirstAdmin)
		return err
	})
	if fault.Is(err, fault.Conflict) {
		return "", nil
	}
	return token, err
}

// ResetUser lets an administrator back in who is locked out: it makes the user
// an enabled administrator without a password, whatever it was, ends its sessions
// and returns the token of a sign-in link.
func (d *Desk) ResetUser(ctx context.Context, p auth.Principal, name string) (token string, err error) {
	u, err := auth.User{Name: name, Role: auth.Admin}.Normalize()
	if err != nil {
		return "", err
	}
	err = d.change(ctx, p, auth.ManageUsers, "user.reset", u.Name, "", func(tx *store.Tx) error {
		if err := p.MayGrant(auth.Admin.Permissions()); err != nil {
			return err
		}
		now, exists, err := tx.User(u.Name)
		if err != nil {
			return err
		}
		if exists {
			u = now
		} else {
			u.CreatedAt = tx.Now()
		}
		u.Role, u.Disabled, u.Password = auth.Admin, false, ""
		if err := tx.PutUser(u); err != nil {
			return err
		}
		if err := tx.EndSessions(u.Name, nil); err != nil {
			return err
		}
		token, err = newLink(tx, u.Name)
		return err
	})
	return token, err
}
