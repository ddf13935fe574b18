package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
)

// What a word names. Rows refer to words by number: it keeps them and their
// indexes small.
const (
	wordSource = 1
	wordKind   = 2
	wordRule   = 3
)

type word struct {
	what  int64
	value string
}

// words is the dictionary of source, kind and rule names, held in memory too.
type words struct {
	mu    sync.RWMutex
	ids   map[word]int64
	names map[int64]string
}

func (w *words) load(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, `SELECT id, what, value FROM word`)
	if err != nil {
		return fmt.Errorf("reading words: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ids, w.names = map[word]int64{}, map[int64]string{}
	return each(rows, func(r *sql.Rows) error {
		var id int64
		var k word
		if err := r.Scan(&id, &k.what, &k.value); err != nil {
			return err
		}
		w.ids[k], w.names[id] = id, k.value
		return nil
	})
}

func (w *words) id(what int64, value string) (int64, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	id, ok := w.ids[word{what, value}]
	return id, ok
}

func (w *words) name(id int64) (string, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	s, ok := w.names[id]
	return s, ok
}

func (w *words) put(what int64, value string, id int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ids[word{what, value}], w.names[id] = id, value
}

// wordID returns the word's number, giving it one where it has none. A number
// given in a transaction that rolls back is forgotten at the next look-up,
// because the memory is filled from committed rows and from this call only
// after the database confirmed the row.
func (tx *Tx) wordID(what int64, value string) (int64, error) {
	value = plain(value)
	if id, ok := tx.s.words.id(what, value); ok {
		return id, nil
	}
	if id, ok := tx.newWords[word{what, value}]; ok {
		return id, nil
	}
	if err := tx.exec(`INSERT INTO word (what, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, what, value); err != nil {
		return 0, fmt.Errorf("naming %q: %w", value, err)
	}
	var id int64
	rows, err := tx.conn.query(tx.ctx, `SELECT id FROM word WHERE what = $1 AND value = $2`, what, value)
	if err != nil {
		return 0, fmt.Errorf("naming %q: %w", value, err)
	}
	if err := each(rows, func(r *sql.Rows) error { return r.Scan(&id) }); err != nil {
		return 0, fmt.Errorf("naming %q: %w", value, err)
	}
	if tx.newWords == nil {
		tx.newWords = map[word]int64{}
	}
	tx.newWords[word{what, value}] = id
	return id, nil
}

// keepWords remembers the words of a committed transaction.
func (tx *Tx) keepWords() {
	for k, id := range tx.newWords {
		tx.s.words.put(k.what, k.value, id)
	}
}

// lookup finds a word's number for reading; another node may have named it.
func (s *Store) lookup(ctx context.Context, what int64, value string) (int64, bool, error) {
	value = plain(value)
	if id, ok := s.words.id(what, value); ok {
		return id, true, nil
	}
	if !s.postgres {
		return 0, false, nil
	}
	var id int64
	err := s.names.QueryRowContext(ctx, `SELECT id FROM word WHERE what = $1 AND value = $2`, what, value).Scan(&id)
	if err == sql.ErrNoRows {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, storageFault(err)
	}
	s.words.put(what, value, id)
	return id, true, nil
}

// wordOf returns the word that a number stands for.
func (s *Store) wordOf(ctx context.Context, id int64) (string, error) {
	if v, ok := s.words.name(id); ok {
		return v, nil
	}
	var what int64
	var v string
	if err := s.names.QueryRowContext(ctx, `SELECT what, value FROM word WHERE id = $1`, id).Scan(&what, &v); err != nil {
		return "", fmt.Errorf("reading word %d: %w", id, storageFault(err))
	}
	s.words.put(what, v, id)
	return v, nil
}
