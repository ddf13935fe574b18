package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"yagura/auth"
	"yagura/desk"
	"yagura/store"
)

// Whoever is signed out is told no more, however long the stream was open.
func TestAStreamEndsWithItsSession(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
	defer stop()
	log := slog.New(slog.DiscardHandler)
	st, err := store.Open(ctx, store.Options{Folder: t.TempDir(), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	d, err := desk.New(ctx, st, func() []string { return nil }, log)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Store: st, Desk: d, Log: log, beat: 10 * time.Millisecond}
	srv := httptest.NewServer(s.Handler(ctx))
	defer srv.Close()
	root := auth.Principal{Name: "test", Role: auth.Admin, Door: "cli"}
	_, link, err := d.AddUser(ctx, root, auth.User{Name: "anna", Role: auth.Viewer})
	if err != nil {
		t.Fatal(err)
	}
	o, err := d.SignInByLink(ctx, link)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: "yagura_session", Value: o.Token})
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.ReadFull(res.Body, make([]byte, 60)); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("the stream does not begin: %d, %v", res.StatusCode, err)
	}
	if _, err := d.ChangeUser(ctx, root, "anna", func(u *auth.User) { u.Disabled = true }); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil || ctx.Err() != nil {
		t.Errorf("the stream went on: %v", err)
	}
}
