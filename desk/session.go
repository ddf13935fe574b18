package desk

import (
	"context"

	"yagura/auth"
	"yagura/fault"
	"yagura/store"
)

// Opened is a session that has just been opened.
type Opened struct {
	User      auth.User
	Principal auth.Principal
	Token     string // for the cookie; nowhere else and never again
}

// errWrong is the one answer to a sign-in that fails, whatever is wrong.
func errWrong() error { return fault.New(fault.Unknown, "the name or the password is wrong") }

// SignIn opens a session for whoever knows a user's password. A name that is not
// there takes as long as a wrong password and gets the same answer. The caller
// limits how often it may be tried.
func (d *Desk) SignIn(ctx context.Context, name, password string) (Opened, error) {
	u, ok, err := d.store.User(ctx, name)
	if err != nil {
		return Opened{}, err
	}
	if !ok || u.Disabled {
		u.Password = ""
	}
	right, err := auth.CheckPassword(ctx, u.Password, password)
	if err != nil {
		return Opened{}, err
	}
	if !right {
		return Opened{}, errWrong()
	}
	o := Opened{User: u, Principal: u.Principal()}
	err = d.change(ctx, o.Principal, auth.SelfProfile, "session.open", u.Name, "by password", func(tx *store.Tx) error {
		now, ok, err := tx.User(u.Name)
		if err != nil {
			return err
		}
		if !ok || now.Disabled || now.Password != u.Password { // changed meanwhile
			return errWrong()
		}
		return d.open(tx, &o, now, false)
	})
	return o, err
}

// SignInByLink opens a session for whoever holds a sign-in link, which works once.
func (d *Desk) SignInByLink(ctx context.Context, token string) (Opened, error) {
	var o Opened
	err := d.store.Write(ctx, store.Full, func(tx *store.Tx) error {
		link, ok, err := tx.TakeLink(auth.HashToken(token))
		if err != nil {
			return err
		}
		var u auth.User
		if ok && tx.Now().Before(link.ExpiresAt) {
			u, ok, err = tx.User(link.User)
		} else {
			ok = false
		}
		if err != nil {
			return err
		}
		if !ok || u.Disabled {
			return fault.New(fault.Unknown, "this sign-in link was used, has expired or never was; ask an administrator for another, or run on the server: yagura user reset NAME")
		}
		o = Opened{User: u, Principal: u.Principal()}
		if err := d.open(tx, &o, u, true); err != nil {
			return err
		}
		return tx.Audit(u.Name, o.Principal.Door, "session.open", u.Name, "by link")
	})
	return o, err
}

// open writes a session of u into o.
func (d *Desk) open(tx *store.Tx, o *Opened, u auth.User, byLink bool) error {
	now := tx.Now()
	if err := tx.DropEnded(now); err != nil {
		return err
	}
	token, hash := auth.NewToken("ys_")
	u.SeenAt = now
	if err := tx.PutUser(u); err != nil {
		return err
	}
	o.User, o.Principal, o.Token = u, u.Principal(), token
	o.Principal.Session = hash
	return tx.AddSession(auth.Session{Hash: hash, User: u.Name, ByLink: byLink, CreatedAt: now, SeenAt: now})
}

// BySession returns who a session's token belongs to, as that user is now. used
// says whether the session is used thereby, so that it does not end for idleness.
func (d *Desk) BySession(ctx context.Context, token string, used bool) (auth.Principal, error) {
	hash, now := auth.HashToken(token), d.store.Now()
	ses, ok, err := d.store.Session(ctx, hash)
	if err != nil {
		return auth.Principal{}, err
	}
	var u auth.User
	if ok && ses.Alive(now) {
		u, ok, err = d.store.User(ctx, ses.User)
	} else {
		ok = false
	}
	if err != nil {
		return auth.Principal{}, err
	}
	if !ok || u.Disabled {
		return auth.Principal{}, fault.New(fault.Unknown, "your session has ended; sign in again")
	}
	if used && now.Sub(ses.SeenAt) >= auth.SeenEvery {
		d.seen(ctx, func(tx *store.Tx) error { return tx.SeeSession(hash, now) })
	}
	p := u.Principal()
	p.Session = hash
	return p, nil
}

// ByKey returns who an API key's token belongs to.
func (d *Desk) ByKey(ctx context.Context, token string) (auth.Principal, error) {
	k, ok, err := d.store.KeyOf(ctx, auth.HashToken(token))
	if err != nil {
		return auth.Principal{}, err
	}
	now := d.store.Now()
	switch {
	case !ok:
		return auth.Principal{}, fault.New(fault.Unknown, "this API key is not valid")
	case !k.Alive(now):
		return auth.Principal{}, fault.New(fault.Unknown, "this API key has expired; make another with: yagura key create")
	}
	if now.Sub(k.UsedAt) >= auth.SeenEvery {
		d.seen(ctx, func(tx *store.Tx) error { return tx.SeeKey(k.Name, now) })
	}
	return k.Principal(), nil
}

// seen notes a last use. Nobody is refused because it could not be noted, and a
// power cut may take it.
func (d *Desk) seen(ctx context.Context, fn func(*store.Tx) error) {
	if err := d.store.Write(ctx, store.Rebuildable, fn); err != nil {
		d.log.Warn("a last use could not be noted", "error", err)
	}
}

// SignOut ends the session that asks.
func (d *Desk) SignOut(ctx context.Context, p auth.Principal) error {
	if p.Session == nil {
		return fault.New(fault.Conflict, "%s has no session to end; a key ends with: yagura key revoke", p.Name)
	}
	return d.change(ctx, p, auth.SelfProfile, "session.end", p.User, "", func(tx *store.Tx) error { return tx.EndSession(p.Session) })
}

// Whoami returns the user that asks; the zero User where a key does.
func (d *Desk) Whoami(ctx context.Context, p auth.Principal) (auth.User, error) {
	if err := p.May(auth.SelfProfile); err != nil || p.User == "" {
		return auth.User{}, err
	}
	u, ok, err := d.store.User(ctx, p.User)
	if err == nil && !ok {
		err = noUser(p.User)
	}
	return u, err
}

// ChangeProfile changes how the one who asks is called and wants the pages to be.
func (d *Desk) ChangeProfile(ctx context.Context, p auth.Principal, change func(*auth.User)) (auth.User, error) {
	var u auth.User
	if p.User == "" {
		return u, fault.New(fault.Conflict, "%s is no user and has no profile", p.Name)
	}
	err := d.change(ctx, p, auth.SelfProfile, "profile.change", p.User, "", func(tx *store.Tx) error {
		now, err := userIn(tx, p.User)
		if err != nil {
			return err
		}
		wanted := now
		change(&wanted)
		now.DisplayName, now.Profile = wanted.DisplayName, wanted.Profile // nothing else is one's own
		if u, err = now.Normalize(); err != nil {
			return err
		}
		return tx.PutUser(u)
	})
	return u, err
}

// ChangePassword sets the password of the one who asks, who must know the old
// one, unless there is none or a sign-in link opened the session within the
// hour. Every other session of the user ends.
func (d *Desk) ChangePassword(ctx context.Context, p auth.Principal, old, password string) error {
	if err := p.May(auth.SelfProfile); err != nil {
		return err
	}
	if p.Session == nil {
		return fault.New(fault.Conflict, "%s has no session; sign in to change your password", p.Name)
	}
	if err := auth.CheckNewPassword(p.User, password); err != nil {
		return err
	}
	before, ok, err := d.store.User(ctx, p.User)
	if err == nil && !ok {
		err = noUser(p.User)
	}
	if err != nil {
		return err
	}
	ses, _, err := d.store.Session(ctx, p.Session)
	if err != nil {
		return err
	}
	if before.Password != "" && !ses.SetsPassword(d.store.Now()) {
		right, err := auth.CheckPassword(ctx, before.Password, old)
		if err != nil {
			return err
		}
		if !right {
			return fault.New(fault.Denied, "the old password is wrong")
		}
	}
	hash, err := auth.HashPassword(ctx, password)
	if err != nil {
		return err
	}
	return d.change(ctx, p, auth.SelfProfile, "password.change", p.User, "", func(tx *store.Tx) error {
		now, err := userIn(tx, p.User)
		if err != nil {
			return err
		}
		if now.Password != before.Password {
			return fault.New(fault.Conflict, "the password was changed meanwhile; sign in again")
		}
		return setPassword(tx, now, hash, p.Session)
	})
}

// setPassword writes a password's hash and ends the sessions but one, and every link.
func setPassword(tx *store.Tx, u auth.User, hash string, keep []byte) error {
	u.Password = hash
	if err := tx.PutUser(u); err != nil {
		return err
	}
	if err := tx.DropLinks(u.Name); err != nil {
		return err
	}
	return tx.EndSessions(u.Name, keep)
}
