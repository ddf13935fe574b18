package scenarios

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

func gzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// DESK-01, FEED-05
func TestRawIsByteForByte(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "any", "generic")
		binary := make([]byte, 64<<10)
		_, _ = rand.Read(binary)
		every := make([]byte, 256)
		for i := range every {
			every[i] = byte(i)
		}
		tests := map[string]struct {
			body    []byte
			headers []string
		}{
			"JSON with odd spaces":       {[]byte("  { \"title\" :\t\"Gate\u00e9\",\r\n \"n\": 1.50e+2 }\n\n"), []string{"Content-Type", "application/json; charset=utf-8"}},
			"text":                       {[]byte("The west gate stands open.\r\n"), []string{"Content-Type", "text/plain"}},
			"every byte":                 {every, nil},
			"random bytes":               {binary, []string{"Content-Type", "application/octet-stream"}},
			"invalid UTF-8 in JSON":      {[]byte("{\"title\":\"Gate \xff\xfe\xed\xa0\x80 open\"}"), nil},
			"NUL":                        {[]byte("{\"title\":\"Gate\x00open\"}"), nil},
			"compressed":                 {gzipped(t, []byte(`{"title":"Packed lantern"}`)), []string{"Content-Encoding", "gzip"}},
			"compressed, nobody says so": {gzipped(t, []byte(`{"title":"Packed lantern, unsaid"}`)), nil},
			"a mark of byte order":       {[]byte("\xef\xbb\xbf{\"title\":\"Marked\"}"), nil},
			"empty":                      {[]byte{}, nil},
		}
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				out := s.post(t, "any", tt.body, tt.headers...)
				a := s.ask(t, http.MethodGet, "/api/v1/deliveries/"+out.Delivery+"/raw", nil).must(http.StatusOK)
				if !bytes.Equal(a.body, tt.body) {
					t.Errorf("the delivery's raw differs: %.100q, want %.100q", a.body, tt.body)
				}
				if d := s.delivery(t, out.Delivery); d.Size != int64(len(tt.body)) {
					t.Errorf("size %d, want %d", d.Size, len(tt.body))
				}
				for _, id := range out.Alerts {
					a := s.ask(t, http.MethodGet, "/api/v1/alerts/"+id+"/raw", nil).must(http.StatusOK)
					if !bytes.Equal(a.body, tt.body) {
						t.Errorf("the alert's raw differs")
					}
					if ct := a.header.Get("Content-Type"); ct != "application/octet-stream" || !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment") {
						t.Errorf("a stranger's bytes are served as %q, %q", ct, a.header.Get("Content-Disposition"))
					}
				}
			})
		}
		t.Run("what was compressed is read", func(t *testing.T) {
			if got := s.titles(t, "q", "packed"); !slices.Contains(got, "Packed lantern") {
				t.Errorf("got %q", got)
			}
		})
		t.Run("raw needs a key and an id that exists", func(t *testing.T) {
			out := s.post(t, "any", []byte(`{"title":"Guarded"}`))
			for _, path := range []string{"/api/v1/deliveries/" + out.Delivery + "/raw", "/api/v1/alerts/" + out.Alerts[0] + "/raw"} {
				s.send(t, http.MethodGet, path, nil).must(http.StatusUnauthorized)
			}
			for _, id := range []string{"D-0000000000", "A-0000000000", "x", "%00", "..%2f"} {
				s.ask(t, http.MethodGet, "/api/v1/deliveries/"+id+"/raw", nil).must(http.StatusNotFound)
				s.ask(t, http.MethodGet, "/api/v1/alerts/"+id+"/raw", nil).must(http.StatusNotFound)
			}
		})
	})
}

// brokenLab fails for messages that say so, by a rule that conflicts with itself.
const brokenLab = `package ingest.lab

alerts := input.lab if not input.break

alerts := [] if input.break

alerts := [{"title": "conflict"}] if input.break
`

// DESK-08, DESK-10
func TestDeliveriesByStateReplayAndDiscard(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db, policyFile("lab.rego", brokenLab))
		s.source(t, "lab", "lab")
		s.source(t, "fine", "lab")
		broken := map[string]any{"break": true}
		var failed []string
		for i := range 3 {
			out := s.post(t, "lab", labWith(t, broken, draft{"title": fmt.Sprint("Mended ", i), "rule": fmt.Sprint(i)}))
			if out.State != "failed" || len(out.Alerts) != 0 || !strings.Contains(out.Reason, "lab.rego:") {
				t.Fatalf("outcome %+v", out)
			}
			failed = append(failed, out.Delivery)
		}
		fine := s.one(t, "fine", draft{"title": "Others go on"})

		state := func(want string, params ...string) []string {
			ids := []string{}
			for _, d := range s.deliveries(t, append(params, "state", want)...) {
				if d.State != want {
					t.Errorf("%s is listed as %s", d.State, want)
				}
				ids = append(ids, d.ID)
			}
			slices.Sort(ids)
			return ids
		}
		if got := state("failed"); !slices.Equal(got, failed) {
			t.Errorf("failed: %v, want %v", got, failed)
		}
		if got := state("processed"); !slices.Equal(got, []string{fine.Delivery}) {
			t.Errorf("processed: %v", got)
		}
		if got := state("failed", "source", "fine"); len(got) != 0 {
			t.Errorf("failed of fine: %v", got)
		}
		if got := state("received"); len(got) != 0 {
			t.Errorf("received: %v", got)
		}

		t.Run("discarding needs a reason, and is for failed ones", func(t *testing.T) {
			s.ask(t, http.MethodPost, "/api/v1/deliveries/"+failed[2]+"/discard", map[string]any{"reason": ""}).must(http.StatusUnprocessableEntity)
			s.ask(t, http.MethodPost, "/api/v1/deliveries/"+fine.Delivery+"/discard", map[string]any{"reason": "x"}).must(http.StatusConflict)
			s.ask(t, http.MethodPost, "/api/v1/deliveries/"+failed[2]+"/discard", map[string]any{"reason": "sent by mistake"}).must(http.StatusOK)
			if d := s.delivery(t, failed[2]); d.State != "discarded" || d.Reason != "sent by mistake" {
				t.Errorf("delivery %+v", d)
			}
			if got := state("discarded"); !slices.Equal(got, failed[2:]) {
				t.Errorf("discarded: %v", got)
			}
		})
		t.Run("a replay before the mend fails again", func(t *testing.T) {
			s.ask(t, http.MethodPost, "/api/v1/deliveries/"+failed[0]+"/replay", nil).must(http.StatusOK)
			if d := s.settled(t, failed[0]); d.State != "failed" || !strings.Contains(d.Reason, "lab.rego:") {
				t.Errorf("delivery %+v", d)
			}
		})
		t.Run("after the mend one, many, and discarded ones", func(t *testing.T) {
			s.write("lab.rego", labPolicy)
			s.reloaded(t)
			s.ask(t, http.MethodPost, "/api/v1/deliveries/"+failed[0]+"/replay", nil).must(http.StatusOK)
			if d := s.settled(t, failed[0]); d.State != "processed" || d.Alerts != 1 || len(d.AlertIDs) != 1 {
				t.Fatalf("delivery %+v", d)
			}
			var many struct{ Replayed int }
			s.ask(t, http.MethodPost, "/api/v1/deliveries/replay", map[string]any{"state": "failed", "source": "lab"}).must(http.StatusOK).into(&many)
			if many.Replayed != 1 {
				t.Errorf("%d replayed, want the one that is left", many.Replayed)
			}
			s.ask(t, http.MethodPost, "/api/v1/deliveries/replay", map[string]any{"ids": []string{failed[2]}}).must(http.StatusOK)
			for i, id := range failed {
				d := s.settled(t, id)
				if d.State != "processed" || len(d.AlertIDs) != 1 {
					t.Fatalf("delivery %+v", d)
				}
				if a := s.alert(t, d.AlertIDs[0]); a.Title != fmt.Sprint("Mended ", i) || a.Sightings.Count != 1 {
					t.Errorf("alert %+v", a)
				}
			}
			s.ask(t, http.MethodPost, "/api/v1/deliveries/replay", map[string]any{"state": "failed"}).must(http.StatusOK).into(&many)
			if many.Replayed != 0 {
				t.Errorf("%d replayed, want none", many.Replayed)
			}
		})
		t.Run("orders that make no sense", func(t *testing.T) {
			s.ask(t, http.MethodPost, "/api/v1/deliveries/replay", map[string]any{}).must(http.StatusUnprocessableEntity).detail()
			s.ask(t, http.MethodPost, "/api/v1/deliveries/replay", map[string]any{"ids": []string{"D-0000000000"}}).must(http.StatusNotFound).detail()
			s.ask(t, http.MethodPost, "/api/v1/deliveries/nonsense/replay", nil).must(http.StatusNotFound).detail()
			s.ask(t, http.MethodGet, "/api/v1/deliveries?state=lost", nil).must(http.StatusUnprocessableEntity).detail()
		})
		t.Run("replaying a processed one adds nothing", func(t *testing.T) {
			for range 3 {
				s.ask(t, http.MethodPost, "/api/v1/deliveries/"+fine.Delivery+"/replay", nil).must(http.StatusOK)
				s.settled(t, fine.Delivery)
			}
			if a := s.alert(t, fine.ID); a.Sightings.Count != 1 || len(a.LastSightings) != 0 {
				t.Errorf("replays counted: %+v", a)
			}
			if n := len(s.list(t, "source", "fine").Items); n != 1 {
				t.Errorf("%d alerts", n)
			}
		})
	})
}

// Whoever replays in haste must not make the pipeline and the desk wait for each other.
func TestReplaysWhileTheyAreProcessed(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "lab", "lab")
		var ids []string
		for i := range 40 {
			ids = append(ids, s.one(t, "lab", draft{"title": fmt.Sprint("Again ", i), "rule": fmt.Sprint(i)}).Delivery)
		}
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				for i := range 40 {
					if i%8 == 0 {
						s.ask(t, http.MethodPost, "/api/v1/deliveries/replay", map[string]any{"ids": ids})
						continue
					}
					s.ask(t, http.MethodPost, "/api/v1/deliveries/"+ids[i]+"/replay", nil)
				}
			})
		}
		wg.Wait()
		until(t, "every replay is processed", func() bool { return len(s.deliveries(t, "state", "processed", "limit", "500")) == len(ids) })
		for _, a := range s.list(t, "limit", "500").Items {
			if a.Sightings.Count != 1 {
				t.Errorf("%s counts %d sightings", a.Title, a.Sightings.Count)
			}
		}
	})
}

func TestDeliveriesArePaged(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "lab", "lab")
		s.source(t, "noise", "generic")
		want := []string{}
		for i := range 23 {
			want = append(want, s.post(t, "lab", lab(t, draft{"title": fmt.Sprint(i), "rule": fmt.Sprint(i)})).Delivery)
			s.hook(t, "noise", []byte(`{"title":"noise"}`)).must(http.StatusAccepted)
		}
		slices.Reverse(want)
		var got []string
		for cursor := ""; ; {
			var p struct {
				Items []delivery
				Next  string
			}
			s.ask(t, http.MethodGet, "/api/v1/deliveries?"+query("source", "lab", "state", "processed", "limit", "5", "cursor", cursor), nil).must(http.StatusOK).into(&p)
			for _, d := range p.Items {
				got = append(got, d.ID)
			}
			if cursor = p.Next; cursor == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
	})
}

// DESK-10: of a batch of which one message could not be read, a replay after
// the mend makes the missing alerts, and the others stay as they are.
func TestAReplayMakesWhatWasMissing(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db, policyFile("lab.rego", brokenLab))
		s.source(t, "lab", "lab")
		batch := slices.Concat([]byte("["),
			labWith(t, map[string]any{"break": true}, draft{"title": "One", "rule": "1"}, draft{"title": "Two", "rule": "2"}), []byte(","),
			labWith(t, nil, draft{"title": "Three", "rule": "3"}, draft{"title": "Four", "rule": "4"}), []byte("]"))
		out := s.post(t, "lab", batch)
		if out.State != "failed" || len(out.Alerts) != 2 {
			t.Fatalf("outcome %+v", out)
		}
		s.write("lab.rego", labPolicy)
		s.reloaded(t)
		s.ask(t, http.MethodPost, "/api/v1/deliveries/"+out.Delivery+"/replay", nil).must(http.StatusOK)
		if d := s.settled(t, out.Delivery); d.State != "processed" || d.Alerts != 4 {
			t.Errorf("delivery %+v", d)
		}
		got := s.titles(t)
		slices.Sort(got)
		if !slices.Equal(got, []string{"Four", "One", "Three", "Two"}) {
			t.Errorf("alerts %q", got)
		}
		for _, id := range out.Alerts {
			if a := s.alert(t, id); a.Sightings.Count != 1 {
				t.Errorf("%s counts %d", a.Title, a.Sightings.Count)
			}
		}
	})
}

func TestADeliveryNamedTwiceIsReplayedOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "lab", "lab")
		a := s.one(t, "lab", draft{"title": "Twice", "rule": "Twice"})
		s.ask(t, http.MethodPost, "/api/v1/deliveries/replay", map[string]any{"ids": []string{a.Delivery, a.Delivery}}).must(http.StatusOK)
		if d := s.settled(t, a.Delivery); d.State != "processed" {
			t.Errorf("delivery %+v", d)
		}
		if got := s.titles(t, "to", "9999-12-31"); !slices.Equal(got, []string{"Twice"}) {
			t.Errorf("up to a day without an end: %q", got)
		}
	})
}
