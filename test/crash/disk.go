// Package crash shows what a power cut leaves. Killing a program proves
// little about durability: the operating system still writes what was never
// synced. A Disk is a file layer for SQLite that passes everything on and keeps
// a journal of writes, truncations, deletions and syncs, in order, together with
// what was promised to senders meanwhile. From the journal it builds the folder
// as a power cut at any moment may have left it: all that was synced, and of what
// was not any part, torn within a write too.
//
// A Disk also fails on demand, as full, broken and read-only disks do.
package crash

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Op is what SQLite asks of a file layer.
type Op int

// The operations that a Disk sees.
const (
	Open Op = iota
	Read
	Write
	Truncate
	Sync
	Delete
	SyncFolder // makes deletions durable
	promise    // not SQLite's: something was acknowledged
)

type event struct {
	op    Op
	path  string
	at    int64 // where it was written, or the new size, or with syncs how many events it covers
	bytes []byte
	what  any // with promise
}

// Disk is one file layer. Its methods are safe for concurrent use.
type Disk struct {
	below uintptr
	name  string

	mu      sync.Mutex
	journal []event
	keep    bool

	refusal atomic.Pointer[func(op Op, path string) int32]
}

var disks atomic.Int64

// NewDisk makes a file layer that SQLite knows by Name. It goes with the test:
// close databases that use it before, in a later Cleanup.
func NewDisk(t testing.TB) *Disk {
	d := &Disk{name: fmt.Sprintf("crash%d", disks.Add(1)), keep: true}
	t.Cleanup(register(d, d.name))
	return d
}

// Name is what store.Options.VFS takes.
func (d *Disk) Name() string { return d.name }

// Forget stops the journal, for tests that only want failures.
func (d *Disk) Forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.keep, d.journal = false, nil
}

// Refuse makes operations fail with the SQLite code that fn returns; those for
// which it returns 0 work. nil makes the disk whole again.
func (d *Disk) Refuse(fn func(op Op, path string) int32) {
	if fn == nil {
		d.refusal.Store(nil)
		return
	}
	d.refusal.Store(&fn)
}

func (d *Disk) refuse(op Op, path string) int32 {
	if fn := d.refusal.Load(); fn != nil {
		return (*fn)(op, path)
	}
	return 0
}

// Promise notes that what was acknowledged now: whatever cut comes after it must
// not lose it.
func (d *Disk) Promise(what any) { d.record(event{op: promise, what: what}) }

func (d *Disk) record(e event) {
	if strings.HasSuffix(e.path, "-shm") {
		return // made again from the log at every start
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.keep {
		e.bytes = slices.Clone(e.bytes)
		d.journal = append(d.journal, e)
	}
}

func (d *Disk) mark() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return int64(len(d.journal))
}

// Len returns how many events the journal has: a cut may come after any of them.
func (d *Disk) Len() int { return int(d.mark()) }

// Promises returns what was acknowledged before the cut.
func (d *Disk) Promises(cut int) (list []any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.journal[:cut] {
		if e.op == promise {
			list = append(list, e.what)
		}
	}
	return list
}

// Rebuild writes into folder what a power cut after the first cut events may
// have left of each file, as chance decides.
func (d *Disk) Rebuild(cut int, chance *rand.Rand, folder string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	files := map[string][]int{} // path → its events
	safe := map[string]int64{}  // path → events before it are synced
	deleted := map[string]int64{}
	for i, e := range d.journal[:cut] {
		switch e.op {
		case Sync:
			safe[e.path] = max(safe[e.path], e.at)
		case SyncFolder:
			for p, at := range deleted {
				if at < e.at {
					safe[p] = max(safe[p], at+1)
				}
			}
		case Write, Truncate, Delete:
			files[e.path] = append(files[e.path], i)
			if e.op == Delete {
				deleted[e.path] = int64(i)
			}
		}
	}
	var paths []string
	for p := range files {
		paths = append(paths, p)
	}
	slices.Sort(paths) // so that the same chance gives the same folder
	for _, p := range paths {
		f := &file{}
		var loose []event
		for _, i := range files[p] {
			if int64(i) < safe[p] {
				f.apply(d.journal[i])
			} else {
				loose = append(loose, d.journal[i])
			}
		}
		f.applySome(loose, chance)
		if !f.there {
			continue
		}
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(p)), f.bytes, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// file is a file as it is built.
type file struct {
	there bool
	bytes []byte
}

func (f *file) apply(e event) {
	switch e.op {
	case Write:
		f.there = true
		if end := int(e.at) + len(e.bytes); end > len(f.bytes) {
			f.bytes = append(f.bytes, make([]byte, end-len(f.bytes))...)
		}
		copy(f.bytes[e.at:], e.bytes)
	case Truncate:
		f.there = true
		if n := int(e.at); n <= len(f.bytes) {
			f.bytes = f.bytes[:n]
		} else {
			f.bytes = append(f.bytes, make([]byte, n-len(f.bytes))...)
		}
	case Delete:
		f.there, f.bytes = false, nil
	}
}

const sector = 512

// applySome applies what was never synced as disks do: nothing of it, the
// first part, some of it, or all; and one write in a few only in part.
func (f *file) applySome(loose []event, chance *rand.Rand) {
	keep := func(int) bool { return false }
	switch chance.IntN(4) {
	case 1:
		n := chance.IntN(len(loose) + 1)
		keep = func(i int) bool { return i < n }
	case 2:
		share := chance.Float64()
		keep = func(int) bool { return chance.Float64() < share }
	case 3:
		keep = func(int) bool { return true }
	}
	torn := chance.IntN(2) == 0
	for i, e := range loose {
		if !keep(i) {
			if e.op == Delete {
				return // what follows was written to another file of that name
			}
			continue
		}
		if e.op == Write && torn && chance.IntN(4) == 0 {
			for off := 0; off < len(e.bytes); off += sector {
				if chance.IntN(2) == 0 {
					f.apply(event{op: Write, at: e.at + int64(off), bytes: e.bytes[off:min(off+sector, len(e.bytes))]})
				}
			}
			continue
		}
		f.apply(e)
	}
}
