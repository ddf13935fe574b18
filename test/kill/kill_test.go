package kill

import (
	"context"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"yagura/test/pg"
)

// rounds is how often a process is killed: in every run of the tests, and where
// YAGURA_LONG asks for more.
func rounds() int {
	if os.Getenv("YAGURA_LONG") != "" {
		return 200
	}
	return 20
}

// Nothing accepted is lost, and everything is there once, however often the
// process dies. // DESK-01, DESK-09
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	databases := map[string]func(*testing.T) string{
		"SQLite":     func(*testing.T) string { return "" },
		"PostgreSQL": func(t *testing.T) string { return pg.New(t) },
	}
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNode(t, database(t))
			n.start()
			l := newLedger()
			s := l.senders(t, 6, n.source("lab"), n.addr)
			for range rounds() {
				acked := l.size()
				// At any moment of its life: from its first request to a second later.
				until(t, "something is acknowledged", func() bool { return l.size() > acked })
				pause(context.Background(), time.Duration(rand.Int64N(int64(700*time.Millisecond))))
				n.kill()
				n.start()
			}
			s.end()
			n.drained()
			l.report(t, n.kept())
			t.Logf("%d rounds, %d deliveries acknowledged, %d things", rounds(), len(l.acked), len(l.sent))
		})
	}
}
