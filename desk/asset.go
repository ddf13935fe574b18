package desk

import (
	"context"
	"fmt"

	"yagura/auth"
	"yagura/fault"
	"yagura/group"
	"yagura/store"
)

// maxAssetsAtOnce bounds one order over assets.
const maxAssetsAtOnce = 50_000

// DeclareAssets adds assets to the list of what the organisation owns, or changes
// those that are on it. With replace the list holds nothing else afterwards.
func (d *Desk) DeclareAssets(ctx context.Context, p auth.Principal, list []group.Asset, replace bool) error {
	list, err := normalizedAssets(list)
	if err != nil {
		return err
	}
	action := "asset.declare"
	if replace {
		action = "asset.replace"
	}
	return d.change(ctx, p, auth.ManageAssets, action, fmt.Sprintf("%d assets", len(list)), "", func(tx *store.Tx) error {
		if replace {
			if err := tx.DropAssets(); err != nil {
				return err
			}
		}
		if err := tx.PutAssets(list); err != nil {
			return err
		}
		n, err := tx.CountAssets()
		if err != nil {
			return err
		}
		if n > store.MaxAssets {
			return fault.New(fault.Invalid, "the list would hold %d assets; %d is the most. Declare ranges of addresses instead of each one", n, store.MaxAssets)
		}
		return tx.AddChanges(store.Change{Kind: store.AssetsChanged})
	})
}

// ForgetAssets takes assets off the list, by type and value.
func (d *Desk) ForgetAssets(ctx context.Context, p auth.Principal, list []group.Asset) error {
	list, err := normalizedAssets(list)
	if err != nil {
		return err
	}
	return d.change(ctx, p, auth.ManageAssets, "asset.forget", fmt.Sprintf("%s %s and others, %d in all", list[0].Type, list[0].Value, len(list)), "", func(tx *store.Tx) error {
		n, err := tx.DeleteAssets(list)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, "none of these assets is on the list")
		}
		return tx.AddChanges(store.Change{Kind: store.AssetsChanged})
	})
}

func normalizedAssets(list []group.Asset) ([]group.Asset, error) {
	if len(list) == 0 || len(list) > maxAssetsAtOnce {
		return nil, fault.New(fault.Invalid, "name 1 to %d assets", maxAssetsAtOnce)
	}
	out := make([]group.Asset, len(list))
	for i, a := range list {
		n, err := a.Normalize()
		if err != nil {
			return nil, fault.New(fault.Invalid, "asset %d: %s", i+1, fault.Of(err).Message)
		}
		out[i] = n
	}
	return out, nil
}
