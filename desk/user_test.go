package desk_test

import (
	"sync"
	"testing"

	"yagura/auth"
	"yagura/desk"
	"yagura/fault"
	"yagura/test/pg"
)

// invite makes a user on a desk and signs it in.
func invite(t *testing.T, d *desk.Desk, name string, role auth.Role) desk.Opened {
	t.Helper()
	_, link, err := d.AddUser(t.Context(), admin, auth.User{Name: name, Role: role})
	if err != nil {
		t.Fatal(err)
	}
	o, err := d.SignInByLink(t.Context(), link)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// atOnce runs every function at the same moment and returns how many succeeded;
// the others must have failed with the kind.
func atOnce(t *testing.T, kind fault.Kind, list ...func() error) (succeeded int) {
	t.Helper()
	var wg sync.WaitGroup
	var mu sync.Mutex
	begin := make(chan struct{})
	for _, fn := range list {
		wg.Go(func() {
			<-begin
			err := fn()
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				succeeded++
			} else if !fault.Is(err, kind) {
				t.Errorf("fails with %v, want %s", err, kind)
			}
		})
	}
	close(begin)
	wg.Wait()
	return succeeded
}

// Two administrators on two nodes disable each other at the same moment: one stays.
func TestAdministratorsDoNotDisableEachOther(t *testing.T) {
	t.Parallel()
	db := pg.New(t)
	a, b := node(t, db), node(t, db)
	anna, ben := invite(t, a, "anna", auth.Admin), invite(t, a, "ben", auth.Admin)
	disable := func(d *desk.Desk, by auth.Principal, whom string) func() error {
		return func() error {
			_, err := d.ChangeUser(t.Context(), by, whom, func(u *auth.User) { u.Disabled = true })
			return err
		}
	}
	if n := atOnce(t, fault.Conflict, disable(a, anna.Principal, "ben"), disable(b, ben.Principal, "anna")); n != 1 {
		t.Errorf("%d were disabled", n)
	}
}

// Many hold the same link at the same moment: one comes in.
func TestALinkSignsInOnce(t *testing.T) {
	t.Parallel()
	for name, db := range map[string]string{"SQLite": "", "PostgreSQL": pg.New(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := node(t, db)
			_, link, err := d.AddUser(t.Context(), admin, auth.User{Name: "anna", Role: auth.Viewer})
			if err != nil {
				t.Fatal(err)
			}
			try := func() error { _, err := d.SignInByLink(t.Context(), link); return err }
			if n := atOnce(t, fault.Unknown, try, try, try, try, try, try); n != 1 {
				t.Errorf("%d came in by one link", n)
			}
			if first, err := d.FirstLink(t.Context(), admin); err != nil || first != "" {
				t.Errorf("with a user there, the first start makes %q, %v", first, err)
			}
		})
	}
}

// Nodes that start together make one first administrator.
func TestNodesMakeOneFirstLink(t *testing.T) {
	t.Parallel()
	db := pg.New(t)
	a, b := node(t, db), node(t, db)
	var mu sync.Mutex
	links := 0
	first := func(d *desk.Desk) func() error {
		return func() error {
			link, err := d.FirstLink(t.Context(), admin)
			mu.Lock()
			defer mu.Unlock()
			if link != "" {
				links++
			}
			return err
		}
	}
	if n := atOnce(t, "", first(a), first(b)); n != 2 || links != 1 {
		t.Errorf("%d nodes start, with %d links", n, links)
	}
}
