package scenarios

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the "sqlite" driver

	"yagura/app"
)

// refusedForStorage posts until storage refuses, which must be said in full.
func refusedForStorage(t *testing.T, s *server, body []byte) {
	t.Helper()
	var a answer
	until(t, "a delivery is refused", func() bool {
		a = s.hook(t, "lab", body)
		return a.status != http.StatusAccepted
	})
	if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
		t.Fatalf("answered %d, Retry-After %q: %.200s", a.status, a.header.Get("Retry-After"), a.body)
	}
	if d := a.detail(); strings.Contains(strings.ToLower(d), "sqlite") || strings.Contains(d, "database is") {
		t.Errorf("the answer tells of the inside: %s", d)
	}
	if r := s.send(t, http.MethodGet, "/readyz", nil); r.status != http.StatusServiceUnavailable {
		t.Errorf("/readyz answers %d", r.status)
	}
	s.send(t, http.MethodGet, "/healthz", nil).must(http.StatusOK)
}

// recovered waits until the server takes and processes deliveries again, with
// nobody's help.
func recovered(t *testing.T, s *server, title string) {
	t.Helper()
	until(t, "the server is ready again", func() bool { return s.send(t, http.MethodGet, "/readyz", nil).status == http.StatusOK })
	until(t, "deliveries are taken again", func() bool {
		return s.hook(t, "lab", lab(t, draft{"title": title, "rule": title})).status == http.StatusAccepted
	})
	until(t, "it is listed", func() bool { return len(s.list(t, "rule", title).Items) == 1 })
}

// hold takes a lock on a database file as another program would.
func hold(t *testing.T, file string) (release func()) {
	t.Helper()
	db, err := sql.Open("sqlite", file+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	c, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ExecContext(context.Background(), "BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		_, err := c.ExecContext(context.Background(), "ROLLBACK")
		if err := errors.Join(err, c.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	}
}

func TestALockedDatabaseOfDeliveries(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	s.source(t, "lab", "lab")
	s.one(t, "lab", draft{"title": "Before", "rule": "Before"})
	release := hold(t, filepath.Join(s.folder, "deliveries.db"))
	refusedForStorage(t, s, lab(t, draft{"title": "Refused", "rule": "Refused"}))
	if n := len(s.list(t, "rule", "Before").Items); n != 1 {
		t.Errorf("lists show %d alerts meanwhile", n)
	}
	release()
	recovered(t, s, "After")
	if n := len(s.list(t, "rule", "Refused").Items); n != 0 {
		t.Errorf("what was refused is there: %d alerts", n)
	}
}

func TestALockedDatabaseOfAlertsLetsDeliveriesWait(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	s.source(t, "lab", "lab")
	release := hold(t, filepath.Join(s.folder, "yagura.db"))
	var ids []string
	for i := range 5 {
		var out outcome
		s.hook(t, "lab", lab(t, draft{"title": fmt.Sprint("Waiting ", i), "rule": fmt.Sprint("w", i)})).must(http.StatusAccepted).into(&out)
		ids = append(ids, out.Delivery)
	}
	until(t, "/readyz says so", func() bool { return s.send(t, http.MethodGet, "/readyz", nil).status == http.StatusServiceUnavailable })
	release()
	for _, id := range ids {
		if d := s.settled(t, id); d.State != "processed" || d.Alerts != 1 {
			t.Errorf("delivery %+v", d)
		}
	}
	recovered(t, s, "After")
}

// small mounts a file system of a few megabytes, or skips.
func small(t *testing.T, megabytes int) string {
	t.Helper()
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%dm", megabytes)); err != nil {
		t.Skipf("a small disk cannot be made here (it needs root on Linux): %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(folder, syscall.MNT_DETACH) })
	return folder
}

func TestAFullDisk(t *testing.T) {
	t.Parallel()
	folder := small(t, 24)
	s := start(t, "", with("YAGURA_DATA", folder))
	s.source(t, "lab", "lab")
	s.one(t, "lab", draft{"title": "Before", "rule": "Before"})

	// Something else fills the disk, all but a little.
	ballast := filepath.Join(folder, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 64<<10)
	for err == nil {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	f.Close()

	var taken []string
	var a answer
	until(t, "the disk is full", func() bool {
		var out outcome
		a = s.hook(t, "lab", lab(t, draft{"title": fmt.Sprint("Squeezed ", len(taken)), "rule": fmt.Sprint("s", len(taken)), "description": strings.Repeat(time.Now().String(), 100)}))
		if a.status == http.StatusAccepted {
			a.into(&out)
			taken = append(taken, out.Delivery)
		}
		return a.status == http.StatusServiceUnavailable
	})
	if a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	until(t, "/readyz says so", func() bool { return s.send(t, http.MethodGet, "/readyz", nil).status == http.StatusServiceUnavailable })
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	recovered(t, s, "After")
	for _, id := range taken {
		if d := s.settled(t, id); d.State != "processed" || d.Alerts != 1 {
			t.Errorf("%s was acknowledged: %+v", id, d)
		}
	}
}

// A running server meets a read-only disk only where its file layer says so, which
// test/crash does; one that starts on such a disk must say what is wrong.
func TestStartingOnAReadOnlyDisk(t *testing.T) {
	t.Parallel()
	folder := small(t, 64)
	s := start(t, "", with("YAGURA_DATA", folder))
	s.source(t, "lab", "lab")
	s.one(t, "lab", draft{"title": "Before", "rule": "Before"})
	s.end()
	remount := func(flags uintptr) {
		t.Helper()
		if err := syscall.Mount("tmpfs", folder, "tmpfs", syscall.MS_REMOUNT|flags, ""); err != nil {
			t.Fatal(err)
		}
	}
	remount(syscall.MS_RDONLY)
	cfg, err := app.LoadConfig(nil, func(k string) string { return s.env[k] }, os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.New(t.Context(), cfg, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), folder) {
		t.Errorf("starting on a read-only disk: %v", err)
	}
	remount(0)
	s.run()
	recovered(t, s, "After")
	if n := len(s.list(t, "rule", "Before").Items); n != 1 {
		t.Errorf("%d alerts of before are left", n)
	}
}

// A PostgreSQL that goes away and comes back.
func TestAPostgreSQLThatIsReadOnlyForAWhile(t *testing.T) {
	t.Parallel()
	database := postgres(t)
	s := start(t, database)
	s.source(t, "lab", "lab")
	s.one(t, "lab", draft{"title": "Before", "rule": "Before"})
	db, err := sql.Open("pgx", database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	name := database[strings.LastIndex(database, "/")+1:]
	order := func(text string) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	kick := "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
	order("ALTER DATABASE " + name + " SET default_transaction_read_only = on")
	order(kick)
	refusedForStorage(t, s, lab(t, draft{"title": "Refused", "rule": "Refused"}))
	order("SET default_transaction_read_only = off")
	order("ALTER DATABASE " + name + " RESET default_transaction_read_only")
	order(kick)
	recovered(t, s, "After")
	if n := len(s.list(t, "rule", "Refused").Items); n != 0 {
		t.Errorf("what was refused is there: %d alerts", n)
	}
}
