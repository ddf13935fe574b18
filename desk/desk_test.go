package desk_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"yagura/auth"
	"yagura/desk"
	"yagura/fault"
	"yagura/source"
	"yagura/store"
	"yagura/test/pg"
)

var admin = auth.Principal{Name: "key:test", Role: auth.Admin, Door: "api"}

func node(t *testing.T, db string) *desk.Desk {
	t.Helper()
	st, err := store.Open(t.Context(), store.Options{Database: db, Folder: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	d, err := desk.New(t.Context(), st, func() []string { return []string{"generic"} }, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func add(t *testing.T, d *desk.Desk, id string) source.Source {
	t.Helper()
	s, _, err := d.AddSource(t.Context(), admin, source.Source{ID: id, Kind: "generic"}, "")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A node knows sources from memory. What it writes must not undo what another
// one has just done: above all, an old token must not come back.
func TestNodesDoNotUndoEachOther(t *testing.T) {
	t.Parallel()
	db := pg.New(t)
	a := node(t, db)
	add(t, a, "door")
	b := node(t, db)
	token, err := a.RotateToken(t.Context(), admin, "door")
	if err != nil {
		t.Fatal(err)
	}
	s, _ := b.Source("door") // as it was
	s.Window = time.Hour
	if _, err := b.ChangeSource(t.Context(), admin, s); err != nil {
		t.Fatal(err)
	}
	if s, _ := b.Source("door"); !bytes.Equal(s.TokenHash, auth.HashToken(token)) || s.Window != time.Hour {
		t.Error("the token that was rotated away is back")
	}
	if _, err := a.RotateToken(t.Context(), admin, "door"); err != nil {
		t.Fatal(err)
	}
	if s, _ := a.Source("door"); s.Window != time.Hour {
		t.Errorf("rotating the token brought the window of %s back", s.Window)
	}
}

func TestTwoNodesMakeOneSource(t *testing.T) {
	t.Parallel()
	db := pg.New(t)
	nodes := []*desk.Desk{node(t, db), node(t, db)}
	for round := range 5 {
		id := fmt.Sprint("gate-", round)
		errs := make([]error, len(nodes))
		var wg sync.WaitGroup
		for i, d := range nodes {
			wg.Go(func() { _, _, errs[i] = d.AddSource(t.Context(), admin, source.Source{ID: id, Kind: "generic"}, "") })
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !fault.Is(errs[0], fault.Conflict) && !fault.Is(errs[1], fault.Conflict) {
			t.Errorf("one makes it, the other is told: %v, %v", errs[0], errs[1])
		}
	}
}

// A delivery of a source that another node made just now must not fail because
// this node had looked for another one a moment before.
func TestTheSourceOfADeliveryIsFound(t *testing.T) {
	t.Parallel()
	db := pg.New(t)
	a, b := node(t, db), node(t, db)
	for round := range 3 {
		id := fmt.Sprint("new-", round)
		b.Source("nobody's")
		add(t, a, id)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, ok := b.SourceOfDelivery(id); !ok {
					t.Errorf("%s is not found", id)
				}
			})
		}
		wg.Wait()
	}
}
