package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"yagura/source"
)

// sourceSettings is the part of a source that is kept as JSON.
type sourceSettings struct {
	Window     time.Duration `json:"window"`
	MayDecline bool          `json:"may_decline,omitempty"`
	MaxBody    int64         `json:"max_body"`
	Rate       float64       `json:"rate,omitempty"`
	Burst      int           `json:"burst,omitempty"`
	Auth       source.Auth   `json:"auth,omitzero"`
}

// PutSource writes a source, new or changed.
func (tx *Tx) PutSource(src source.Source) error {
	settings, err := json.Marshal(sourceSettings{src.Window, src.MayDecline, src.MaxBody, src.Rate, src.Burst, src.Auth})
	if err != nil {
		return fmt.Errorf("encoding source %s: %w", src.ID, err)
	}
	disabled := int64(0)
	if src.Disabled {
		disabled = 1
	}
	if err := tx.exec(`INSERT INTO source (id, kind, settings, token_hash, created_at, disabled) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, settings = excluded.settings, token_hash = excluded.token_hash, disabled = excluded.disabled`,
		src.ID, src.Kind, string(settings), src.TokenHash, micros(src.CreatedAt), disabled); err != nil {
		return fmt.Errorf("writing source %s: %w", src.ID, err)
	}
	return tx.AddChanges(Change{Kind: SourceChanged, Body: src.ID})
}

const sourceColumns = `SELECT id, kind, settings, token_hash, created_at, disabled FROM source`

// Sources lists every source, by id.
func (s *Store) Sources(ctx context.Context) ([]source.Source, error) {
	list, err := scanSources(s.read.QueryContext(ctx, sourceColumns+` ORDER BY id`))
	return list, storageFault(err)
}

// Source returns a source as the transaction sees it.
func (tx *Tx) Source(id string) (src source.Source, ok bool, err error) {
	list, err := scanSources(tx.conn.query(tx.ctx, sourceColumns+` WHERE id = $1`, id))
	if err != nil || len(list) == 0 {
		return src, false, err
	}
	return list[0], true, nil
}

func scanSources(rows *sql.Rows, err error) ([]source.Source, error) {
	if err != nil {
		return nil, fmt.Errorf("reading sources: %w", err)
	}
	list := []source.Source{}
	err = each(rows, func(r *sql.Rows) error {
		var src source.Source
		var settings string
		var created, disabled int64
		if err := r.Scan(&src.ID, &src.Kind, &settings, &src.TokenHash, &created, &disabled); err != nil {
			return err
		}
		var st sourceSettings
		if err := json.Unmarshal([]byte(settings), &st); err != nil {
			return fmt.Errorf("settings of source %s: %w", src.ID, err)
		}
		src.Window, src.MayDecline, src.MaxBody, src.Rate, src.Burst, src.Auth = st.Window, st.MayDecline, st.MaxBody, st.Rate, st.Burst, st.Auth
		src.CreatedAt, src.Disabled = fromMicros(created), disabled != 0
		list = append(list, src)
		return nil
	})
	return list, err
}
