package app

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"yagura/fault"
	"yagura/policy"
)

// lookEvery is how often the policy folder is looked at. Looking, not watching:
// mounted folders and links that are swapped whole send no events.
const lookEvery = time.Second

// policies are the policies in force. A changed folder is loaded beside them
// and takes their place at once, or, where it does not load, not at all.
type policies struct {
	folder string // empty: only ours
	log    *slog.Logger
	set    atomic.Pointer[policy.Set]
	loaded chan struct{} // closed once a set serves

	mu    sync.Mutex
	stamp string // of the folder as last tried
	err   error  // why the folder as it is now does not serve
}

func newPolicies(ctx context.Context, folder string, log *slog.Logger) *policies {
	p := &policies{folder: folder, log: log, loaded: make(chan struct{})}
	p.look(ctx)
	return p
}

// look loads the folder where it changed since the last look.
func (p *policies) look(ctx context.Context) {
	stamp := folderStamp(p.folder)
	p.mu.Lock()
	defer p.mu.Unlock()
	if stamp == p.stamp && p.stamp != "" {
		return
	}
	var user []fs.FS
	if p.folder != "" {
		user = append(user, os.DirFS(p.folder))
	}
	set, err := policy.Load(ctx, kinds(), user...)
	if ctx.Err() != nil {
		return
	}
	first := p.stamp == ""
	p.stamp, p.err = stamp, err
	if err != nil {
		p.log.Error("policies do not load; "+p.otherwise(), "folder", p.folder, "error", err)
		return
	}
	if p.set.Swap(set) == nil {
		close(p.loaded)
	}
	if !first {
		p.log.Info("policies loaded again", "folder", p.folder)
	}
}

func (p *policies) otherwise() string {
	if p.set.Load() == nil {
		return "deliveries are stored and wait until they do"
	}
	return "the ones before go on serving"
}

// watch looks again and again until ctx ends.
func (p *policies) watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if p.folder != "" {
				p.look(ctx)
			}
		}
	}
}

// problem returns why the folder as it is now does not serve; nil where it does.
func (p *policies) problem() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fault.Wrap(p.err, fault.Invalid, "the policy folder does not load: %s", p.otherwise())
}

// kindNames lists the kinds that some policy reads.
func (p *policies) kindNames() []string {
	if set := p.set.Load(); set != nil {
		return set.Kinds()
	}
	return nil
}

// folderStamp changes whenever a policy file does.
func folderStamp(folder string) string {
	if folder == "" {
		return "none"
	}
	var b strings.Builder
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != folder && strings.HasPrefix(d.Name(), ".git") {
			return filepath.SkipDir
		}
		info, err := os.Stat(path) // follows links: mounted folders are full of them
		if err != nil {
			return nil //nolint:nilerr // a link to nowhere is no policy
		}
		if !info.IsDir() && filepath.Ext(path) != ".rego" {
			return nil
		}
		fmt.Fprintf(&b, "%s %d %d\n", path, info.Size(), info.ModTime().UnixNano())
		return nil
	})
	if err != nil {
		fmt.Fprintf(&b, "error %v\n", err)
	}
	return "folder\n" + b.String()
}
