package main

import (
	"fmt"
	"net/http"
	"time"
)

const (
	concluded   = 10_000 // alerts closed in one order
	concludedIn = 25     // alerts a ticket
)

// conclude closes many alerts in one order while others still come in.
func conclude(t *table, srv *server, s settings, tokens map[string]string, sent *float64) error {
	var ids []string
	for path := "/api/v1/alerts?ticket=none&limit=500"; len(ids) < concluded; {
		var page struct {
			Items []struct{ ID string }
			Next  string
		}
		if _, err := srv.call(http.MethodGet, path, nil, &page); err != nil {
			return err
		}
		for _, a := range page.Items {
			ids = append(ids, a.ID)
		}
		if page.Next == "" {
			return nil // there are not as many
		}
		path = "/api/v1/alerts?ticket=none&limit=500&cursor=" + page.Next
	}
	type set struct {
		Alerts []string `json:"alerts"`
	}
	var sets []set
	for i := 0; i < concluded; i += concludedIn {
		sets = append(sets, set{ids[i : i+concludedIn]})
	}
	snd := &sender{addr: srv.addr, tokens: tokens, conns: s.conns, rate: 1000}
	done := make(chan error, 1)
	go func() { done <- snd.run(4*time.Second, 0, uint64(time.Now().UnixNano())) }()
	for snd.acked.Load() == 0 { // until they come in
		select {
		case err := <-done:
			return err
		case <-time.After(10 * time.Millisecond):
		}
	}
	var made struct{ Made int }
	took, err := srv.call(http.MethodPost, "/api/v1/tickets/conclude",
		map[string]any{"sets": sets, "assignee": "load", "conclusion": "false positive", "reason": "a measurement"}, &made)
	if err != nil {
		return err
	}
	if err := <-done; err != nil {
		return err
	}
	*sent += float64(snd.acked.Load())
	t.row(fmt.Sprintf("conclude %d alerts in one order, %d tickets", concluded, made.Made), ms(took), "under 2 s")
	t.row("conclude: p99 of accepting at 1,000/s meanwhile", ms(percentile(snd.took, 0.99)), "under 10 ms")
	return srv.drained(*sent)
}
