package kill

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"yagura/test/pg"
)

// follow opens a node's live events and returns the titles of new alerts as they come.
func (n *node) follow() <-chan string {
	n.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	n.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.addr+"/api/v1/events", nil)
	if err != nil {
		n.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+bootstrapKey)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		n.t.Fatal(err)
	}
	titles, hello := make(chan string, 100_000), make(chan struct{})
	go func() {
		defer res.Body.Close()
		lines := bufio.NewScanner(res.Body)
		lines.Buffer(nil, 16<<20)
		kind := ""
		for lines.Scan() {
			if v, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				if kind = v; kind == "hello" {
					close(hello)
				}
			}
			var ev struct{ Alert *alert }
			if v, ok := strings.CutPrefix(lines.Text(), "data: "); ok && kind == "alert.created" && json.Unmarshal([]byte(v), &ev) == nil && ev.Alert != nil {
				titles <- ev.Alert.Title
			}
		}
	}()
	select {
	case <-hello:
	case <-time.After(patience):
		n.t.Fatal("the stream does not begin")
	}
	return titles
}

// Two nodes on one PostgreSQL share the work; one that is killed loses nothing,
// and its work is taken up. // DESK-01, DESK-63
func TestTwoNodesOnOnePostgreSQL(t *testing.T) {
	t.Parallel()
	database := pg.New(t)
	a, b := newNode(t, database), newNode(t, database)
	a.start()
	b.start()
	token := a.source("lab") // b must know it at once
	titles := a.follow()
	l := newLedger()

	t.Run("a source made on one is known on the other, and what one receives the other tells", func(t *testing.T) {
		s := l.senders(t, 1, token, b.addr)
		until(t, "something is acknowledged", func() bool { return l.size() > 0 })
		s.end()
		select {
		case title := <-titles:
			if !strings.Contains(title, "thing") {
				t.Errorf("an event of %q", title)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("node a told nothing of what node b received within five seconds")
		}
	})
	t.Run("both share the work", func(t *testing.T) {
		s := l.senders(t, 6, token, a.addr, b.addr)
		until(t, "both have processed some", func() bool {
			return a.metric("yagura_processed_total") > 20 && b.metric("yagura_processed_total") > 20
		})
		s.end()
	})
	t.Run("one is killed again and again under load", func(t *testing.T) {
		s := l.senders(t, 6, token, a.addr, b.addr)
		for i := range 5 {
			victim, other := a, b
			if i%2 == 1 {
				victim, other = b, a
			}
			acked := l.size()
			until(t, "some more are acknowledged", func() bool { return l.size() > acked+100 })
			victim.kill()
			done := l.size()
			until(t, "the other goes on alone", func() bool { return l.size() > done+100 })
			if i == 4 {
				s.end()
				other.drained() // what the dead one had claimed too
				l.report(t, other.kept())
			}
			victim.start()
		}
		s.end()
	})
	a.drained()
	for name, n := range map[string]*node{"a": a, "b": b} {
		t.Run(fmt.Sprintf("node %s shows the same", name), func(t *testing.T) { l.report(t, n.kept()) })
	}
}
