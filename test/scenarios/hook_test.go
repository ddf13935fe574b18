package scenarios

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// DESK-01, DESK-07, DESK-09, DESK-10
func TestHookAnswers(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "lab", "lab")

		t.Run("202 with the delivery alone", func(t *testing.T) {
			var got map[string]any
			a := s.hook(t, "lab", lab(t, draft{"title": "Lantern out", "rule": "L1"})).must(http.StatusAccepted).into(&got)
			id, _ := got["delivery"].(string)
			if len(got) != 1 || !strings.HasPrefix(id, "D-") {
				t.Fatalf("want {delivery}, got %s", a.body)
			}
			if d := s.settled(t, id); d.State != "processed" || d.Alerts != 1 || d.Source != "lab" {
				t.Errorf("delivery %+v", d)
			}
		})
		t.Run("wait=1 tells the outcome", func(t *testing.T) {
			var out outcome
			s.hook(t, "lab?wait=1", lab(t, draft{"title": "One", "rule": "L2", "fingerprint": []string{"a"}}, draft{"title": "Two", "rule": "L3"})).must(http.StatusOK).into(&out)
			if out.State != "processed" || len(out.Alerts) != 2 || out.Alerts[0] == out.Alerts[1] {
				t.Fatalf("outcome %+v", out)
			}
			for i, want := range []string{"One", "Two"} {
				if a := s.alert(t, out.Alerts[i]); a.Title != want || a.Delivery != out.Delivery {
					t.Errorf("alert %d is %q of %s, want %q of %s", i, a.Title, a.Delivery, want, out.Delivery)
				}
			}
		})
		t.Run("no alert is an outcome with its reason", func(t *testing.T) {
			out := s.post(t, "lab", labWith(t, map[string]any{"reason": "a heartbeat of the probe"}))
			if out.State != "processed" || len(out.Alerts) != 0 || !strings.Contains(out.Reason, "a heartbeat of the probe") {
				t.Errorf("outcome %+v", out)
			}
			if d := s.delivery(t, out.Delivery); d.Reason != out.Reason || d.Alerts != 0 {
				t.Errorf("delivery %+v", d)
			}
		})
		t.Run("the token may stand in the query", func(t *testing.T) {
			s.send(t, http.MethodPost, "/hooks/lab?token="+s.tokens["lab"], lab(t, draft{"title": "By query"})).must(http.StatusAccepted)
		})
		t.Run("only POST", func(t *testing.T) {
			for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
				s.send(t, method, "/hooks/lab", nil, "Authorization", "Bearer "+s.tokens["lab"]).must(http.StatusMethodNotAllowed)
			}
		})
	})
}

// DESK-01, DESK-02
func TestRepeatsAtTheDoorGetTheFirstDelivery(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "lab", "lab")
		s.source(t, "other", "lab")
		s.source(t, "falco", "falco")
		s.source(t, "plain", "generic")
		tests := map[string]struct {
			src    string
			body   string
			header []string
		}{
			"Idempotency-Key": {"lab", `{"lab":[{"title":"Keyed"}]}`, []string{"Idempotency-Key", "k-1"}},
			"SNS": {"plain", `{"Type":"Notification","MessageId":"m-77","TopicArn":"arn:aws:sns:eu-west-1:111122223333:t","Message":"{\"title\":\"Gate open\"}",
				"Timestamp":"2026-02-03T04:05:06.789Z","SignatureVersion":"1","Signature":"eA==","SigningCertURL":"https://sns.eu-west-1.amazonaws.com/x.pem"}`, nil},
			"Pub/Sub":     {"plain", `{"message":{"data":"eyJ0aXRsZSI6IkdhdGUgc2h1dCJ9","messageId":"9001","publishTime":"2026-02-03T04:05:06Z"},"subscription":"projects/p/subscriptions/s"}`, nil},
			"CloudEvents": {"plain", `{"specversion":"1.0","id":"ce-1","source":"/tower","type":"com.example.seen","data":{"title":"Seen"}}`, nil},
			"product's own": {"falco", `{"uuid":"7d1c0e8e-0000-4000-8000-000000000001","output":"Shell in a container","priority":"Warning","rule":"Terminal shell in container",
				"time":"2026-02-03T04:05:06.789000000Z","output_fields":{"container.id":"c0ffee"},"source":"syscall","hostname":"node-1"}`, nil},
		}
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				first := s.post(t, tt.src, []byte(tt.body), tt.header...)
				var again outcome
				s.hook(t, tt.src+"?wait=1", []byte(tt.body), tt.header...).must(http.StatusAccepted).into(&again)
				if again.Delivery != first.Delivery || !slices.Equal(again.Alerts, first.Alerts) || len(again.Alerts) != 1 {
					t.Fatalf("first %+v, again %+v", first, again)
				}
				if a := s.alert(t, again.Alerts[0]); a.Sightings.Count != 1 {
					t.Errorf("a repeated message counted as %d sightings", a.Sightings.Count)
				}
				var short outcome
				s.hook(t, tt.src, []byte(tt.body), tt.header...).must(http.StatusAccepted).into(&short)
				if short.Delivery != first.Delivery {
					t.Errorf("a repeat got %s, want %s", short.Delivery, first.Delivery)
				}
			})
		}
		t.Run("a key counts within its source", func(t *testing.T) {
			mine := s.post(t, "lab", lab(t, draft{"title": "Mine"}), "Idempotency-Key", "shared")
			theirs := s.post(t, "other", lab(t, draft{"title": "Theirs"}), "Idempotency-Key", "shared")
			if mine.Delivery == theirs.Delivery {
				t.Error("two sources share a key")
			}
		})
		t.Run("many at once are one", func(t *testing.T) {
			var mu sync.Mutex
			ids := map[string]bool{}
			var wg sync.WaitGroup
			for range 24 {
				wg.Go(func() {
					var out outcome
					s.hook(t, "lab", lab(t, draft{"title": "Stampede"}), "Idempotency-Key", "stampede").into(&out)
					mu.Lock()
					defer mu.Unlock()
					ids[out.Delivery] = true
				})
			}
			wg.Wait()
			if len(ids) != 1 {
				t.Errorf("24 posts of one key gave deliveries %v", ids)
			}
		})
	})
}

func TestHookRefusals(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := start(t, db)
		s.source(t, "lab", "lab", "max_body", 2000)
		s.source(t, "slow", "lab", "rate", 0.001, "burst", 2)
		s.source(t, "other", "lab")
		s.source(t, "off", "lab")
		s.ask(t, http.MethodPatch, "/api/v1/sources/off", map[string]any{"disabled": true}).must(http.StatusOK)
		body := lab(t, draft{"title": "Never stored"})

		t.Run("wrong or missing token: 401, counted", func(t *testing.T) {
			before := s.refused(t, "lab", "token")
			for _, token := range []string{"", "yh_wrong", s.tokens["other"], bootstrapKey, strings.Repeat("x", 10_000)} {
				s.send(t, http.MethodPost, "/hooks/lab", body, "Authorization", "Bearer "+token).must(http.StatusUnauthorized).detail()
			}
			s.send(t, http.MethodPost, "/hooks/lab?token=wrong", body).must(http.StatusUnauthorized)
			s.send(t, http.MethodPost, "/hooks/lab", body, "Authorization", "Basic "+s.tokens["lab"]).must(http.StatusUnauthorized)
			if n := s.refused(t, "lab", "token") - before; n != 7 {
				t.Errorf("%v refusals counted, want 7", n)
			}
		})
		t.Run("unknown and odd sources: 404, counted, no token leads further", func(t *testing.T) {
			before := s.refused(t, "", "unknown source")
			odd := []string{
				"nosuch", "off", "LAB", "lab%00", "lab%20", "lab'--", "lab%22;drop%20table%20source", "%2e%2e", "lab%2f..%2flab", "lab%0a", "%ff%fe", "%E6%94%BB%E6%92%83",
				"lab;x=1", "lab*", "%25", "lab%C0%80", strings.Repeat("a", 5000),
			}
			for _, name := range odd {
				a := s.send(t, http.MethodPost, "/hooks/"+name, body, "Authorization", "Bearer "+s.tokens["lab"])
				if a.status != http.StatusNotFound {
					t.Errorf("/hooks/%.40s: answered %d, want 404: %.200s", name, a.status, a.body)
				}
				if len(name) > 6 && strings.Contains(string(a.body), name) {
					t.Errorf("/hooks/%.40s: the answer repeats the name", name)
				}
			}
			for _, path := range []string{"/hooks/", "/hooks/lab/more", "/hooks/a/b/c"} {
				s.send(t, http.MethodPost, path, body, "Authorization", "Bearer "+s.tokens["lab"]).must(http.StatusNotFound)
			}
			if n := s.refused(t, "", "unknown source") - before; n != float64(len(odd)+3) {
				t.Errorf("%v refusals counted, want %d", n, len(odd)+3)
			}
		})
		t.Run("body over the limit: 413, counted", func(t *testing.T) {
			a := s.hook(t, "lab", []byte(strings.Repeat("a", 2001))).must(http.StatusRequestEntityTooLarge)
			if !strings.Contains(a.detail(), "2000 bytes") {
				t.Errorf("detail %q", a.detail())
			}
			if n := s.refused(t, "lab", "size"); n != 1 {
				t.Errorf("%v refusals counted, want 1", n)
			}
			s.hook(t, "lab", []byte(strings.Repeat("a", 2000))).must(http.StatusAccepted)
		})
		t.Run("over the rate: 429 with Retry-After, counted", func(t *testing.T) {
			taken, late := 0, 0
			for i := range 5 {
				a := s.hook(t, "slow", lab(t, draft{"title": fmt.Sprint("Slow ", i)}))
				switch a.status {
				case http.StatusAccepted:
					taken++
				case http.StatusTooManyRequests:
					late++
					if a.header.Get("Retry-After") == "" || a.header.Get("Retry-After") == "0" {
						t.Errorf("Retry-After is %q", a.header.Get("Retry-After"))
					}
					a.detail()
				default:
					t.Errorf("answered %d", a.status)
				}
			}
			if taken != 2 || late != 3 || s.refused(t, "slow", "rate") != 3 {
				t.Errorf("%d taken, %d refused, %v counted", taken, late, s.refused(t, "slow", "rate"))
			}
			s.hook(t, "other", body).must(http.StatusAccepted) // others go on
		})
		t.Run("nothing refused was kept", func(t *testing.T) {
			until(t, "all is processed", func() bool { return len(s.deliveries(t, "state", "received")) == 0 })
			if n := len(s.deliveries(t, "limit", "500")); n != 4 { // 2000 bytes of text, two slow ones, one other
				t.Errorf("%d deliveries are stored, want 4", n)
			}
		})
	})
}
