package desk

import (
	"context"

	"yagura/auth"
	"yagura/fault"
	"yagura/store"
)

// Keys lists every API key, by name, without its hash.
func (d *Desk) Keys(ctx context.Context, p auth.Principal) ([]auth.Key, error) {
	if err := p.May(auth.ManageKeys); err != nil {
		return nil, err
	}
	list, err := d.store.Keys(ctx)
	for i := range list {
		list[i].Hash = nil
	}
	return list, err
}

// AddKey makes an API key and returns it with its token, which is shown this
// once. Nobody makes a key that may do more than himself.
func (d *Desk) AddKey(ctx context.Context, p auth.Principal, k auth.Key) (_ auth.Key, token string, err error) {
	if k, err = k.Normalize(d.store.Now()); err != nil {
		return k, "", err
	}
	token, k.Hash = auth.NewToken("yk_")
	k.CreatedAt, k.CreatedBy = d.store.Now(), p.Name
	err = d.change(ctx, p, auth.ManageKeys, "key.create", k.Name, "role "+string(k.Role), func(tx *store.Tx) error {
		if err := p.MayGrant(k.Principal().Permissions()); err != nil {
			return err
		}
		if _, exists, err := tx.Key(k.Name); err != nil {
			return err
		} else if exists {
			return fault.New(fault.Conflict, "key %q exists already; choose another name, or revoke that one first", k.Name)
		}
		return tx.AddKey(k)
	})
	k.Hash = nil
	if err != nil {
		token = ""
	}
	return k, token, err
}

// RevokeKey removes an API key: its token is refused from now on.
func (d *Desk) RevokeKey(ctx context.Context, p auth.Principal, name string) error {
	return d.change(ctx, p, auth.ManageKeys, "key.revoke", name, "", func(tx *store.Tx) error {
		_, exists, err := tx.Key(name)
		if err != nil {
			return err
		}
		if !exists {
			return fault.New(fault.NotFound, "there is no key %q", name)
		}
		return tx.DeleteKey(name)
	})
}
