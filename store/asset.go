package store

import (
	"context"
	"database/sql"
	"fmt"

	"yagura/alert"
	"yagura/group"
)

// MaxAssets is how many assets may be declared: all of them are looked up in memory.
const MaxAssets = 200_000

const assetColumns = `type, value, owner, importance, infrastructure, note`

func scanAsset(r *sql.Rows) (a group.Asset, err error) {
	var kind, importance string
	var infrastructure int64
	err = r.Scan(&kind, &a.Value, &a.Owner, &importance, &infrastructure, &a.Note)
	a.Type, a.Importance, a.Infrastructure = alert.ObservableType(kind), group.Importance(importance), infrastructure != 0
	return a, err
}

// Assets returns every declared asset, by type and value.
func (tx *Tx) Assets() (list []group.Asset, err error) {
	rows, err := tx.conn.query(tx.ctx, `SELECT `+assetColumns+` FROM asset ORDER BY type, value`)
	if err != nil {
		return nil, fmt.Errorf("reading assets: %w", err)
	}
	return list, each(rows, func(r *sql.Rows) error {
		a, err := scanAsset(r)
		list = append(list, a)
		return err
	})
}

// AssetPage returns up to limit assets after the given one, by type and value.
func (s *Store) AssetPage(ctx context.Context, afterType, afterValue string, limit int) ([]group.Asset, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT `+assetColumns+` FROM asset WHERE (type, value) > ($1, $2) ORDER BY type, value LIMIT $3`, afterType, afterValue, limit)
	if err != nil {
		return nil, storageFault(fmt.Errorf("reading assets: %w", err))
	}
	list := []group.Asset{}
	err = each(rows, func(r *sql.Rows) error {
		a, err := scanAsset(r)
		list = append(list, a)
		return err
	})
	return list, storageFault(err)
}

// CountAssets returns how many assets are declared.
func (tx *Tx) CountAssets() (n int, err error) {
	rows, err := tx.conn.query(tx.ctx, `SELECT count(*) FROM asset`)
	if err != nil {
		return 0, fmt.Errorf("counting assets: %w", err)
	}
	return n, each(rows, func(r *sql.Rows) error { return r.Scan(&n) })
}

// PutAssets declares assets; of two that are the same thing the later one holds.
func (tx *Tx) PutAssets(list []group.Asset) error {
	type key struct {
		kind  alert.ObservableType
		value string
	}
	last := map[key]int{}
	for i, a := range list {
		last[key{a.Type, a.Value}] = i
	}
	args := make([]any, 0, 6*len(list))
	for i, a := range list {
		if last[key{a.Type, a.Value}] != i { // PostgreSQL writes a row once a statement
			continue
		}
		infrastructure := int64(0)
		if a.Infrastructure {
			infrastructure = 1
		}
		args = append(args, string(a.Type), a.Value, a.Owner, string(a.Importance), infrastructure, a.Note)
	}
	return tx.bulk(`INSERT INTO asset (`+assetColumns+`)`, `ON CONFLICT (type, value) DO UPDATE SET owner = excluded.owner,
		importance = excluded.importance, infrastructure = excluded.infrastructure, note = excluded.note`, 6, args)
}

// DeleteAssets takes assets off the list and returns how many were on it.
func (tx *Tx) DeleteAssets(list []group.Asset) (n int64, err error) {
	for _, a := range list {
		one, err := tx.conn.exec(tx.ctx, `DELETE FROM asset WHERE type = $1 AND value = $2`, string(a.Type), a.Value)
		if err != nil {
			return n, fmt.Errorf("deleting an asset: %w", err)
		}
		n += one
	}
	return n, nil
}

// DropAssets takes every asset off the list.
func (tx *Tx) DropAssets() error { return tx.exec(`DELETE FROM asset`) }
