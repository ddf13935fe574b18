package scenarios

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// live is one live event.
type live struct {
	id, kind string
	data     struct {
		ID, Source string
		Alert      *item
		Delivery   *delivery
	}
}

// follower reads the live events of a server.
type follower struct {
	t      *testing.T
	events chan live
	last   string // id of the last event taken
	stop   func()
}

// follow opens the stream, after an event where lastID is not empty, and returns
// once the server has said hello.
func (s *server) follow(t *testing.T, lastID string) *follower {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+bootstrapKey)
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if ct := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || ct != "text/event-stream" {
		t.Fatalf("events: %d %s", res.StatusCode, ct)
	}
	f := &follower{t: t, events: make(chan live, 10_000), stop: cancel, last: lastID}
	go func() {
		defer res.Body.Close()
		defer close(f.events)
		lines := bufio.NewScanner(res.Body)
		lines.Buffer(nil, 16<<20)
		var ev live
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				ev.id = value
			case "event":
				ev.kind = value
			case "data":
				if json.Unmarshal([]byte(value), &ev.data) != nil {
					ev.kind = "not JSON: " + value
				}
			case "":
				if ev.kind != "" {
					f.events <- ev
				}
				ev = live{}
			}
		}
	}()
	if ev := f.next(); ev.kind != "hello" {
		t.Fatalf("the stream begins with %q", ev.kind)
	}
	return f
}

func (f *follower) next() live {
	f.t.Helper()
	select {
	case ev, ok := <-f.events:
		if !ok {
			f.t.Fatal("the stream ended")
		}
		if ev.id != "" {
			f.last = ev.id
		}
		return ev
	case <-time.After(patience):
		f.t.Fatal("no event came")
	}
	return live{}
}

// must takes the next event, which must be of the kind.
func (f *follower) must(kind string) live {
	f.t.Helper()
	ev := f.next()
	if ev.kind != kind {
		f.t.Fatalf("event %s of %s, want %s", ev.kind, ev.data.ID, kind)
	}
	return ev
}

// DESK-63
func TestLiveEvents(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db, policyFile("lab.rego", brokenLab))
		s.source(t, "before", "lab")
		f := s.follow(t, "")
		s.source(t, "lab", "lab")
		if ev := f.must("source.changed"); ev.data.Source != "lab" {
			t.Errorf("event %+v", ev)
		}
		a := s.one(t, "lab", draft{"title": "Knock", "rule": "Knock", "fingerprint": []string{"door"}, "severity": "low"})
		if ev := f.must("alert.created"); ev.data.ID != a.ID || ev.data.Alert == nil || ev.data.Alert.Title != "Knock" || ev.data.Source != "lab" {
			t.Errorf("event %+v", ev)
		}
		s.one(t, "lab", draft{"title": "Knock", "rule": "Knock", "fingerprint": []string{"door"}, "severity": "low", "description": "again"})
		if ev := f.must("alert.sighted"); ev.data.ID != a.ID || ev.data.Alert.Sightings.Count != 2 {
			t.Errorf("event %+v", ev)
		}
		s.one(t, "lab", draft{"title": "Knock", "rule": "Knock", "fingerprint": []string{"door"}, "severity": "high", "description": "louder"})
		if ev := f.must("alert.renewed"); ev.data.ID != a.ID || ev.data.Alert.Severity != "high" || ev.data.Alert.RenewedWhy == "" {
			t.Errorf("event %+v", ev)
		}
		failed := s.post(t, "lab", labWith(t, map[string]any{"break": true}, draft{"title": "x"}))
		if ev := f.must("delivery.failed"); ev.data.ID != failed.Delivery || ev.data.Delivery == nil || ev.data.Delivery.Reason == "" {
			t.Errorf("event %+v", ev)
		}
		s.ask(t, http.MethodPost, "/api/v1/deliveries/"+failed.Delivery+"/discard", map[string]any{"reason": "a test"}).must(http.StatusOK)
		if ev := f.must("delivery.moved"); ev.data.ID != failed.Delivery || ev.data.Delivery.State != "discarded" {
			t.Errorf("event %+v", ev)
		}
		notice := s.post(t, "lab", labWith(t, map[string]any{"triage": map[string]any{"disposition": "notice"}}, draft{"title": "Note", "rule": "Note"}))
		f.must("alert.created")
		s.ask(t, http.MethodPost, "/api/v1/alerts/"+notice.Alerts[0]+"/restore", nil).must(http.StatusOK)
		if ev := f.must("alert.moved"); ev.data.ID != notice.Alerts[0] || ev.data.Alert.Disposition != "active" {
			t.Errorf("event %+v", ev)
		}
		if ev := f.must("group.changed"); ev.data.ID != groupOf(notice.Alerts[0]) {
			t.Errorf("event %+v", ev)
		}
		s.send(t, http.MethodGet, "/api/v1/events", nil).must(http.StatusUnauthorized)
	})
}

// DESK-63
func TestLiveEventsGoOnWhereTheyBroke(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "lab", "lab")
		f := s.follow(t, "")
		const total = 600 // more than one reading of the log takes
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := range total {
				s.hook(t, "lab", lab(t, draft{"title": fmt.Sprint("n", i), "rule": fmt.Sprint("r", i)}))
			}
		}()
		var got []string
		for cut := 50; len(got) < total; cut += 125 {
			for len(got) < min(cut, total) {
				got = append(got, f.must("alert.created").data.Alert.Title)
			}
			f.stop()
			f = s.follow(t, f.last)
		}
		<-done
		want := make([]string, total)
		for i := range want {
			want[i] = fmt.Sprint("n", i)
		}
		if !slices.Equal(got, want) {
			for i := range got {
				if got[i] != want[i] {
					t.Fatalf("event %d is of %s, want %s", i, got[i], want[i])
				}
			}
		}
		t.Run("an id of a stranger's begins now", func(t *testing.T) {
			for _, id := range []string{"nonsense", "-5", "99999999999"} {
				f := s.follow(t, id)
				if id == "99999999999" { // from before a restore: its lists are stale
					f.must("reset")
				}
				s.one(t, "lab", draft{"title": "After " + id, "rule": "after" + id})
				if ev := f.must("alert.created"); ev.data.Alert.Title != "After "+id {
					t.Errorf("event of %s", ev.data.Alert.Title)
				}
			}
		})
	})
}
