package crash_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yagura/alert"
	"yagura/intake"
	"yagura/pipeline"
	"yagura/policy"
	"yagura/source"
	"yagura/store"
	"yagura/test/crash"
)

// policies are ours, compiled once: that takes longer than a round.
var policies = sync.OnceValues(func() (*policy.Set, error) { return policy.Load(context.Background(), intake.Kinds) })

func open(t *testing.T, opt store.Options) (*store.Store, *pipeline.Pipeline) {
	t.Helper()
	set, err := policies()
	if err != nil {
		t.Fatal(err)
	}
	opt.Log = slog.New(slog.DiscardHandler)
	s, err := store.Open(context.Background(), opt)
	if err != nil {
		t.Fatalf("opening: %v", err)
	}
	return s, &pipeline.Pipeline{
		Store: s, Log: opt.Log, Policies: func() *policy.Set { return set },
		Source: func(id string) (source.Source, bool) {
			return source.Source{ID: id, Kind: "generic", Window: 24 * time.Hour}, id == "edr"
		},
	}
}

// sent is what a sender was promised: its n-th message is stored as this
// delivery, and each audit line that a person made is kept.
type sent struct {
	n     int
	id    alert.DeliveryID
	audit string
}

// applied says how many deliveries the pipeline had committed: not promised to
// anybody, because it can be done again.
type applied int

// message is the n-th message: every third is about the same host again.
func message(n int) []byte {
	return fmt.Appendf(nil, `{"title": "Suspicious login", "rule": "login", "severity": %q, "host": "host-%d", "timestamp": "2026-02-03T04:05:%02dZ", "text": "message number %d of many"}`,
		[]string{"low", "high"}[n%2], n/3, n%60, n)
}

// load accepts n messages from eight senders while the pipeline works, a person
// makes changes, and the logs are checkpointed now and then.
func load(t *testing.T, d *crash.Disk, opt store.Options, n int) {
	t.Helper()
	s, p := open(t, opt)
	total := 0
	p.Done = func(deliveries, _, _, _ int) {
		total += deliveries
		d.Promise(applied(total))
	}
	ctx, stop := context.WithCancel(t.Context())
	var working, senders sync.WaitGroup
	working.Go(func() { _ = p.Run(ctx) })
	var next atomic.Int64
	for range 8 {
		senders.Go(func() {
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				id, _, err := s.Accept(ctx, source.Delivery{Source: "edr", Body: message(i), Key: fmt.Sprint("key ", i)})
				if err != nil {
					t.Errorf("accepting: %v", err)
					return
				}
				d.Promise(sent{n: i, id: id})
				if i%40 == 0 {
					what := fmt.Sprint("change ", i)
					if err := s.Write(ctx, store.Full, func(tx *store.Tx) error { return tx.Audit("key:x", "api", "test", what, "") }); err != nil {
						t.Errorf("changing: %v", err)
						return
					}
					d.Promise(sent{audit: what})
				}
				if i%70 == 0 && !opt.Unsynced {
					checkpoint(t, opt, []string{"PASSIVE", "TRUNCATE", "RESTART"}[i/70%3])
				}
			}
		})
	}
	senders.Wait()
	stop()
	working.Wait()
	if err := s.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
}

func checkpoint(t *testing.T, opt store.Options, how string) {
	for _, name := range []string{"deliveries.db", "yagura.db"} {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(opt.Folder, name)+"?vfs="+opt.VFS)
		if err == nil {
			_, err = db.Exec("PRAGMA wal_checkpoint(" + how + ")")
			err = errors.Join(err, db.Close())
		}
		if err != nil {
			t.Errorf("checkpoint of %s: %v", name, err)
		}
	}
}

// rounds is how many cuts are tried: few here, many in make test-long.
func rounds(few int) int {
	if os.Getenv("YAGURA_LONG") != "" {
		return few * 12
	}
	return few
}

// DESK-01: after a power cut at any moment every delivery that was acknowledged
// is there exactly once, and is processed.
func TestAPowerCutLosesNothingThatWasAcknowledged(t *testing.T) {
	t.Parallel()
	d := crash.NewDisk(t)
	load(t, d, store.Options{Folder: t.TempDir(), VFS: d.Name()}, 240)
	wentBack := 0
	for round := range rounds(30) {
		chance := rand.New(rand.NewPCG(uint64(round), 7))
		cut := 1 + chance.IntN(d.Len())
		if round%5 == 0 { // while the tables are made, and soon after
			cut = 1 + chance.IntN(d.Len()/10)
		}
		folder := t.TempDir()
		if err := d.Rebuild(cut, chance, folder); err != nil {
			t.Fatal(err)
		}
		lost, behind := survey(t, folder, d.Promises(cut))
		for _, l := range lost {
			t.Errorf("round %d, cut at %d of %d: %s", round, cut, d.Len(), l)
		}
		if behind {
			wentBack++
		}
		if t.Failed() {
			return
		}
	}
	if wentBack == 0 {
		t.Error("no cut took the alerts back: the test does not show that they are made again")
	}
}

// And the test is worth something: without syncing it finds losses.
func TestWithoutSyncingAPowerCutLosesDeliveries(t *testing.T) {
	t.Parallel()
	d := crash.NewDisk(t)
	load(t, d, store.Options{Folder: t.TempDir(), VFS: d.Name(), Unsynced: true}, 60)
	for round := range 40 {
		chance := rand.New(rand.NewPCG(uint64(round), 7))
		cut := d.Len() - chance.IntN(d.Len()/2)
		folder := t.TempDir()
		if err := d.Rebuild(cut, chance, folder); err != nil {
			t.Fatal(err)
		}
		if lost, _ := survey(t, folder, d.Promises(cut)); len(lost) > 0 {
			t.Logf("as it should be: round %d: %s", round, lost[0])
			return
		}
	}
	t.Error("nothing was ever lost: the file layer does not drop what was not synced")
}
