package demo_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"yagura/app"
	"yagura/client"
	"yagura/cmd/yagura/demo"
)

const apiKey = "demo-tests-api-key"

// server runs a whole server until the test ends, and returns its address and a client.
func server(t *testing.T) (string, *client.Client) {
	t.Helper()
	env := map[string]string{"YAGURA_DATA": t.TempDir(), "YAGURA_LISTEN": "127.0.0.1:0", "YAGURA_BOOTSTRAP_KEY": apiKey}
	cfg, err := app.LoadConfig(nil, func(name string) string { return env[name] }, os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	c, err := client.New(a.URL(), apiKey)
	if err != nil {
		t.Fatal(err)
	}
	return a.URL(), c
}

// counted walks all alerts that were first seen in the night.
func counted(t *testing.T, c *client.Client, f client.AlertFilter) (detections int, byKind map[string]int, alerts []client.Alert) {
	t.Helper()
	byKind = map[string]int{}
	f.Limit = 500
	for a, err := range c.EachAlert(t.Context(), f) {
		if err != nil {
			t.Fatal(err)
		}
		detections += a.Sightings.Count
		byKind[a.Kind] += a.Sightings.Count
		alerts = append(alerts, a)
	}
	return detections, byKind, alerts
}

// Every message becomes what its product meant: the counts come out exactly, the
// container stands first, and a second run adds nothing.
func TestTheDemoIsSeenAsItWasMeant(t *testing.T) {
	t.Parallel()
	url, c := server(t)
	now := time.Now().In(tokyo)
	night := demo.LastNight(now)
	seeding := demo.Seeding{URL: url, Client: c, Folder: t.TempDir(), Now: now}
	first, err := demo.Seed(t.Context(), seeding)
	if err != nil {
		t.Fatal(err)
	}
	total := len(demo.All(night))
	if first.Sent != total || first.Repeats != 0 || !first.Night.Equal(night) {
		t.Errorf("the first run: %+v, want %d sent", first, total)
	}
	if failed, err := demo.Settle(t.Context(), c); failed != 0 || err != nil {
		t.Fatalf("%d deliveries failed, %v", failed, err)
	}
	all, _, _ := counted(t, c, client.AlertFilter{Disposition: []string{"active", "notice", "closed", "declined"}})
	if all != total {
		t.Errorf("%d messages became %d detections", total, all)
	}
	got, kinds, alerts := counted(t, c, client.AlertFilter{SeenFrom: night.Add(-2 * time.Hour).Format(time.RFC3339), Sort: "-severity"})
	if got != 1081 || len(kinds) != 8 {
		t.Errorf("the night has %d detections of %d products: %v", got, len(kinds), kinds)
	}
	if a := alerts[0]; a.Severity != "critical" || a.Kind != "falco" || a.Sightings.Count != 1 || a.Title != "Drop and execute new binary in container" {
		t.Errorf("first stands %s %q, seen %d times", a.Severity, a.Title, a.Sightings.Count)
	}
	if alerts[1].Severity == "critical" {
		t.Error("there are two critical alerts")
	}
	for _, a := range alerts {
		if a.Title == "" || a.SeenAt.After(a.ReceivedAt) || len(a.Observables) == 0 {
			t.Errorf("%s of %s: %q with %d observables, seen at %s", a.ID, a.Source, a.Title, len(a.Observables), a.SeenAt)
		}
	}

	fourLines(t, c)

	// Days later, on the same data.
	seeding.Now = now.AddDate(0, 0, 3)
	second, err := demo.Seed(t.Context(), seeding)
	if err != nil {
		t.Fatal(err)
	}
	if second.Sent != 0 || second.Repeats != total {
		t.Errorf("the second run: %+v", second)
	}
	if again, _, _ := counted(t, c, client.AlertFilter{Disposition: []string{"active", "notice", "closed", "declined"}}); again != all {
		t.Errorf("%d detections became %d", all, again)
	}
	info, err := os.Stat(filepath.Join(seeding.Folder, "demo-tokens"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the tokens' file: %v, %v", info, err)
	}
}

// fourLines checks that the morning's queue is what the night was: four stories,
// the container first, those that are known with what was concluded last time.
func fourLines(t *testing.T, c *client.Client) {
	t.Helper()
	page, err := c.Groups(t.Context(), client.AlertFilter{})
	if err != nil {
		t.Fatal(err)
	}
	sightings := map[int]bool{}
	for _, g := range page.Items {
		sightings[g.Sightings] = true
		t.Logf("%s %3d %4d× %3d alerts %v %q: %s", g.ID, g.Priority, g.Sightings, g.Count, g.Sources, g.Title, g.Why)
	}
	if len(page.Items) != 4 || !sightings[900] || !sightings[150] || !sightings[30] || !sightings[1] {
		t.Errorf("the queue holds %d lines", len(page.Items))
		return
	}
	if page.Items[0].Sightings != 1 || page.Items[0].Severity != "critical" {
		t.Errorf("first stands %q", page.Items[0].Title)
	}
	for _, g := range page.Items {
		if g.Sightings == 30 && (g.Past == nil || g.Past.Conclusion != "intended") {
			t.Errorf("the backup cites %+v", g.Past)
		}
	}
}

// Where the tokens are lost, the demo's own sources get new ones.
func TestLostTokensAreMadeAnew(t *testing.T) {
	t.Parallel()
	url, c := server(t)
	seeding := demo.Seeding{URL: url, Client: c, Now: time.Now()}
	for run, want := range []int{0, len(demo.All(demo.LastNight(seeding.Now)))} {
		got, err := demo.Seed(t.Context(), seeding)
		if err != nil {
			t.Fatal(err)
		}
		if got.Repeats != want {
			t.Errorf("run %d: %+v, want %d repeats", run+1, got, want)
		}
	}
}

func TestAWrongKeyIsSaid(t *testing.T) {
	t.Parallel()
	url, _ := server(t)
	c, err := client.New(url, "wrong")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := demo.Seed(t.Context(), demo.Seeding{URL: url, Client: c, Now: time.Now()}); client.Status(err) != 401 {
		t.Errorf("got %v", err)
	}
}
