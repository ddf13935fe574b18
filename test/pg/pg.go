// Package pg makes PostgreSQL databases for tests: one of its own for each test
// that asks, gone when the test ends.
package pg

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the "pgx" driver
)

// Env names the environment variable that says where tests find a PostgreSQL
// server whose user may make databases. "off" skips every test that needs one.
const Env = "YAGURA_TEST_POSTGRES"

const usual = "postgres://postgres@127.0.0.1:5432/"

// server asks once a process whether the server answers.
var server = sync.OnceValues(func() (string, error) {
	addr := os.Getenv(Env)
	if addr == "" {
		addr = usual
	}
	db, err := sql.Open("pgx", addr)
	if err != nil {
		return addr, err
	}
	defer func() { _ = db.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return addr, db.PingContext(ctx)
})

// New makes an empty database and returns its address. The database is dropped,
// with whoever is still connected, when the test ends. Where no server answers
// the test is skipped, and says where it looked.
func New(t testing.TB) string {
	t.Helper()
	if os.Getenv(Env) == "off" {
		t.Skip("PostgreSQL: left out by " + Env + "=off")
	}
	addr, err := server()
	if err != nil {
		t.Skipf("no PostgreSQL answers at %s; set %s: %v", addr, Env, err)
	}
	var b [8]byte
	_, _ = rand.Read(b[:])
	name := "yagura_test_" + hex.EncodeToString(b[:])
	admin(t, addr, "CREATE DATABASE "+name)
	t.Cleanup(func() { admin(t, addr, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	// What a power cut would do to PostgreSQL is not ours to test, and waiting for
	// the disk is most of the time that these tests take.
	admin(t, addr, "ALTER DATABASE "+name+" SET synchronous_commit = off")
	u, err := url.Parse(addr)
	if err != nil {
		t.Fatalf("%s: %v", Env, err)
	}
	u.Path = "/" + name
	return u.String()
}

func admin(t testing.TB, addr, order string) {
	t.Helper()
	db, err := sql.Open("pgx", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := db.ExecContext(ctx, order); err != nil {
		t.Fatalf("%s: %v", order, err)
	}
}
