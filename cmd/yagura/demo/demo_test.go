package demo_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"yagura/cmd/yagura/demo"
)

var (
	tokyo = time.FixedZone("JST", 9*60*60)
	date  = time.Date(2026, 11, 21, 0, 0, 0, 0, tokyo)
)

func TestTheNightIsWhatItIsSaidToBe(t *testing.T) {
	t.Parallel()
	stories, kinds := map[demo.Story]int{}, map[string]bool{}
	for _, m := range demo.Night(date) {
		stories[m.Story]++
		kinds[m.Kind] = true
	}
	want := map[demo.Story]int{demo.Scan: 900, demo.Brute: 150, demo.Backup: 30, demo.Container: 1}
	if !maps.Equal(stories, want) {
		t.Errorf("the night is %v, want %v", stories, want)
	}
	if len(kinds) != 8 {
		t.Errorf("%d products: %v", len(kinds), slices.Sorted(maps.Keys(kinds)))
	}
}

func TestQuietDaysAreQuiet(t *testing.T) {
	t.Parallel()
	days, backups := map[string]int{}, map[string]bool{}
	for _, m := range demo.QuietDays(date) {
		day := m.At.In(tokyo).Format(time.DateOnly)
		days[day]++
		if m.Story == demo.Backup {
			backups[day] = true
		} else if m.Story != "" {
			t.Errorf("%s belongs to the story %s of the night", m.Key, m.Story)
		}
		if !m.At.Before(date.Add(-2 * time.Hour)) {
			t.Errorf("%s is at %s, in the night", m.Key, m.At)
		}
	}
	if len(days) != demo.Days || len(backups) != demo.Days {
		t.Errorf("%d days, %d with a backup; want %d", len(days), len(backups), demo.Days)
	}
	for day, n := range days {
		if n < 10 || n > 40 {
			t.Errorf("%s has %d alerts", day, n)
		}
	}
}

func TestEverythingHasItsPlaceInTime(t *testing.T) {
	t.Parallel()
	all := demo.All(date)
	known := map[string]string{}
	for _, s := range demo.Sources() {
		known[s.ID] = s.Kind
	}
	keys := map[string]bool{}
	for i, m := range all {
		if i > 0 && m.At.Before(all[i-1].At) {
			t.Fatalf("%s comes after %s", m.Key, all[i-1].Key)
		}
		if keys[m.Key] {
			t.Errorf("two messages have the key %s", m.Key)
		}
		keys[m.Key] = true
		if known[m.Source] != m.Kind || m.Kind == "" {
			t.Errorf("%s is of source %q, kind %q", m.Key, m.Source, m.Kind)
		}
	}
	if last := all[len(all)-1]; last.At.After(date.Add(6 * time.Hour)) {
		t.Errorf("the night ends at %s", last.At)
	}
}

// The same date gives the same bytes, on every machine and in every run.
func TestTheSameDateGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	if !reflect.DeepEqual(demo.All(date), demo.All(date)) {
		t.Error("two runs differ")
	}
	other := demo.Night(date.AddDate(0, 0, 1))
	for i, m := range demo.Night(date) {
		if m.Key == other[i].Key || bytes.Equal(m.Body, other[i].Body) {
			t.Errorf("%s is the same on another date", m.Key)
		}
	}
}

func TestTheLastNightIsOver(t *testing.T) {
	t.Parallel()
	for now, want := range map[string]string{
		"2026-11-21T05:59:00+09:00": "2026-11-20T00:00:00+09:00",
		"2026-11-21T06:00:00+09:00": "2026-11-21T00:00:00+09:00",
		"2026-11-21T23:59:00+09:00": "2026-11-21T00:00:00+09:00",
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := demo.LastNight(at).Format(time.RFC3339); got != want {
			t.Errorf("at %s the last night was %s, want %s", now, got, want)
		}
	}
}

var (
	address = regexp.MustCompile(`\b(?:\d{1,3}\.){3}\d{1,3}\b`)
	name    = regexp.MustCompile(`\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|net|org|io)\b`)
	own     = []netip.Prefix{
		netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("10.0.0.0/8"),
	}
	// theirs are the domains of the products themselves, which their messages name.
	theirs = regexp.MustCompile(`(?:^|\.)(?:example\.(?:com|net|org)|github\.com|microsoft\.com|microsoft\.graph\.security|graph\.microsoft\.com|amazonaws\.com)$`)
)

// Nobody's address, and nobody's name, is in what we made up.
func TestAddressesAndNamesAreForDocumentation(t *testing.T) {
	t.Parallel()
	for _, m := range demo.All(date) {
		for _, text := range address.FindAllString(string(m.Body), -1) {
			a, err := netip.ParseAddr(text)
			if err != nil || !slices.ContainsFunc(own, func(p netip.Prefix) bool { return p.Contains(a) }) {
				t.Fatalf("%s holds the address %s", m.Key, text)
			}
		}
		for _, text := range name.FindAllString(string(m.Body), -1) {
			if !theirs.MatchString(text) && !slices.Contains([]string{"sample.com"}, text) {
				t.Fatalf("%s holds the name %s", m.Key, text)
			}
		}
	}
}

func TestBodiesTellTheTimeThatTheyHappenedAt(t *testing.T) {
	t.Parallel()
	for _, m := range demo.Night(date) {
		var body map[string]any
		if err := json.Unmarshal(m.Body, &body); err != nil {
			t.Fatalf("%s: %v", m.Key, err)
		}
		day, ms := m.At.UTC().Format("2006-01-02"), fmt.Sprint(m.At.UnixMilli())
		if text := string(m.Body); !strings.Contains(text, day) && !strings.Contains(text, ms) {
			t.Errorf("%s does not tell %s", m.Key, day)
		}
	}
}
