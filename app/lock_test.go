package app

import (
	"log/slog"
	"os"
	"strings"
	"testing"
)

func TestASecondServerIsKeptOffTheDataFolder(t *testing.T) {
	t.Parallel()
	env := map[string]string{"YAGURA_DATA": t.TempDir(), "YAGURA_LISTEN": "127.0.0.1:0"}
	cfg, err := LoadConfig(nil, func(k string) string { return env[k] }, os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	first, err := New(t.Context(), cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := New(t.Context(), cfg, log); err == nil || !strings.Contains(err.Error(), "another server uses the data folder") {
		t.Errorf("a second server: %v %v", second, err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	third, err := New(t.Context(), cfg, log)
	if err != nil {
		t.Fatalf("after the first one ended: %v", err)
	}
	if err := third.Close(); err != nil {
		t.Error(err)
	}
}
