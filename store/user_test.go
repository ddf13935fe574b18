package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"yagura/auth"
	"yagura/store"
)

// write runs one transaction that must succeed.
func write(t *testing.T, s *store.Store, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := s.Write(context.Background(), store.Full, fn); err != nil {
		t.Fatal(err)
	}
}

func TestUsersComeBackAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		full := auth.User{
			Name: "anna", DisplayName: "アンナ", Role: auth.Analyst, Disabled: true, Password: "$argon2id$…", CreatedAt: dawn, SeenAt: dawn.Add(time.Second),
			Profile: auth.Profile{Language: "ja", Zone: "Asia/Tokyo", Theme: "dark", Density: "compact"},
		}
		bare := auth.User{Name: "b_b", Role: auth.Viewer, CreatedAt: dawn}
		check := func(want ...auth.User) {
			t.Helper()
			w.close(s)
			s = w.open()
			got, err := s.Users(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		}
		check()
		write(t, s, func(tx *store.Tx) error {
			if err := tx.PutUser(bare); err != nil {
				return err
			}
			return tx.PutUser(full)
		})
		check(full, bare)
		full.Disabled, full.Role, full.Password, full.Profile = false, auth.Admin, "", auth.Profile{}
		write(t, s, func(tx *store.Tx) error { return tx.PutUser(full) })
		check(full, bare)
		if u, ok, err := s.User(t.Context(), "anna"); !ok || err != nil || u.Role != auth.Admin {
			t.Errorf("read %+v, %v, %v", u, ok, err)
		}
		if _, ok, err := s.User(t.Context(), "nobody"); ok || err != nil {
			t.Errorf("nobody is there: %v, %v", ok, err)
		}
		write(t, s, func(tx *store.Tx) error { return tx.DeleteUser("anna") })
		check(bare)
	})
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		session := func(n byte, user string, created, seen time.Time) auth.Session {
			return auth.Session{Hash: []byte{n, 0, 255}, User: user, ByLink: n == 1, CreatedAt: created, SeenAt: seen}
		}
		one, two := session(1, "anna", dawn, dawn), session(2, "anna", dawn, dawn)
		three, idle := session(3, "ben", dawn, dawn), session(4, "ben", dawn.Add(-24*time.Hour), dawn.Add(-auth.IdleTime))
		old := session(5, "ben", dawn.Add(-auth.SessionTime), dawn)
		all := []auth.Session{one, two, three, idle, old}
		write(t, s, func(tx *store.Tx) error {
			for _, ses := range all {
				if err := tx.AddSession(ses); err != nil {
					return err
				}
			}
			return nil
		})
		left := func(want ...auth.Session) {
			t.Helper()
			var got []auth.Session
			for _, ses := range all {
				if found, ok, err := s.Session(t.Context(), ses.Hash); err != nil {
					t.Fatal(err)
				} else if ok {
					got = append(got, found)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		}
		left(all...)
		write(t, s, func(tx *store.Tx) error { return tx.DropEnded(dawn) })
		left(one, two, three)
		write(t, s, func(tx *store.Tx) error { return tx.EndSessions("anna", two.Hash) })
		left(two, three)
		two.SeenAt = dawn.Add(time.Hour)
		write(t, s, func(tx *store.Tx) error { return tx.SeeSession(two.Hash, two.SeenAt) })
		left(two, three)
		write(t, s, func(tx *store.Tx) error { return tx.EndSession(three.Hash) })
		left(two)
		write(t, s, func(tx *store.Tx) error { return tx.DeleteUser("anna") })
		left()
	})
}

func TestALinkIsTakenOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		link := auth.Link{Hash: []byte("h"), User: "anna", ExpiresAt: dawn.Add(time.Hour)}
		take := func(there bool) {
			t.Helper()
			write(t, s, func(tx *store.Tx) error {
				got, ok, err := tx.TakeLink(link.Hash)
				if ok != there || ok && !cmp.Equal(got, link) {
					t.Errorf("took %+v, %v", got, ok)
				}
				return err
			})
		}
		take(false)
		write(t, s, func(tx *store.Tx) error { return tx.AddLink(link) })
		take(true)
		take(false)
		write(t, s, func(tx *store.Tx) error { return tx.AddLink(link) })
		write(t, s, func(tx *store.Tx) error { return tx.DropLinks("anna") })
		take(false)
		write(t, s, func(tx *store.Tx) error { return tx.AddLink(link) })
		write(t, s, func(tx *store.Tx) error { return tx.DropEnded(link.ExpiresAt) })
		take(false)
	})
}

func TestKeysComeBackAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.open()
		full := auth.Key{
			Name: "ci", Role: auth.Engineer, Scope: []auth.Permission{auth.ReadAlerts, auth.ManageSources}, Hash: []byte{0, 1},
			CreatedAt: dawn, CreatedBy: "anna", ExpiresAt: dawn.Add(time.Hour),
		}
		bare := auth.Key{Name: "x", Role: auth.Viewer, Hash: []byte{2}, CreatedAt: dawn, CreatedBy: "cli"}
		write(t, s, func(tx *store.Tx) error {
			if err := tx.AddKey(bare); err != nil {
				return err
			}
			return tx.AddKey(full)
		})
		write(t, s, func(tx *store.Tx) error { return tx.SeeKey("x", dawn.Add(time.Minute)) })
		bare.UsedAt = dawn.Add(time.Minute)
		got, err := s.Keys(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]auth.Key{full, bare}, got, cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
		if k, ok, err := s.KeyOf(t.Context(), full.Hash); err != nil || !ok || k.Name != "ci" {
			t.Errorf("read %+v, %v, %v", k, ok, err)
		}
		write(t, s, func(tx *store.Tx) error { return tx.DeleteKey("ci") })
		if _, ok, err := s.KeyOf(t.Context(), full.Hash); err != nil || ok {
			t.Errorf("a revoked key is there: %v, %v", ok, err)
		}
	})
}
