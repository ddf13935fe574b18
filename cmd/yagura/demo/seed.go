package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"yagura/client"
)

// Seeding says where the demo goes.
type Seeding struct {
	URL    string         // the server's address
	Client *client.Client // with a key that may make sources
	// Folder keeps the night's date and the sources' tokens, so that a second run
	// sends the same; empty: the last night, and new tokens each time.
	Folder   string
	Now      time.Time
	Progress func(total int) (step func(), end func()) // may be nil
}

// Seeded says what was sent.
type Seeded struct {
	Night   time.Time // its midnight
	Sent    int       // deliveries that the server did not have
	Repeats int       // deliveries that it had already
}

// The files in Folder.
const (
	nightFile = "demo-night"
	tokenFile = "demo-tokens"
)

// window is shorter than a day: each night's backup is an alert of its own.
const window = "12h"

// Seed makes the demo's sources where they are missing and sends all messages, as
// any sender does, in order of time. The quiet days are concluded before the night
// comes, as their people did. Sending all of it again adds nothing.
func Seed(ctx context.Context, s Seeding) (Seeded, error) {
	night, err := s.night()
	if err != nil {
		return Seeded{}, err
	}
	tokens, err := s.tokens(ctx)
	if err != nil {
		return Seeded{}, err
	}
	hooks := map[string]*client.Hook{}
	// Keep a connection for each of those that send at once.
	transport := &http.Transport{MaxIdleConnsPerHost: senders, Proxy: http.ProxyFromEnvironment}
	defer transport.CloseIdleConnections()
	for id, token := range tokens {
		h, err := client.NewHook(s.URL, id, token)
		if err != nil {
			return Seeded{}, err
		}
		h.HTTP = &http.Client{Transport: transport, Timeout: time.Minute}
		hooks[id] = h
	}
	step, end := func() {}, func() {}
	quiet, dark := QuietDays(night), Night(night)
	if s.Progress != nil {
		step, end = s.Progress(len(quiet) + len(dark))
	}
	defer end()
	out, err := send(ctx, hooks, quiet, step)
	if err == nil && out.Sent > 0 {
		if _, err = Settle(ctx, s.Client); err == nil {
			err = s.conclude(ctx)
		}
	}
	if err != nil {
		return out, err
	}
	more, err := send(ctx, hooks, dark, step)
	return Seeded{Night: night, Sent: out.Sent + more.Sent, Repeats: out.Repeats + more.Repeats}, err
}

// senders is how many messages are under way at once: enough to share the
// server's syncs, few enough to keep their order nearly.
const senders = 8

func send(ctx context.Context, hooks map[string]*client.Hook, list []Message, step func()) (Seeded, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	var out Seeded
	var wg sync.WaitGroup
	work := make(chan Message)
	for range senders {
		wg.Go(func() {
			for m := range work {
				got, err := post(ctx, hooks[m.Source], m)
				if err != nil {
					cancel(fmt.Errorf("sending the demo's messages to %s: %w", m.Source, err))
					return
				}
				mu.Lock()
				if got.Repeat {
					out.Repeats++
				} else {
					out.Sent++
				}
				mu.Unlock()
				step()
			}
		})
	}
feed:
	for _, m := range list {
		select {
		case work <- m:
		case <-ctx.Done():
			break feed
		}
	}
	close(work)
	wg.Wait()
	return out, context.Cause(ctx)
}

// post sends one message, again where the server is too busy.
func post(ctx context.Context, h *client.Hook, m Message) (*client.Sent, error) {
	for n := 1; ; n++ {
		got, err := h.Send(ctx, client.Message{Body: m.Body, Key: m.Key, Header: m.Header})
		if err == nil || ctx.Err() != nil {
			return got, err
		}
		pause, may := client.Pause(err, n)
		if !may || n == 10 {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// Settle waits until the server has processed what was sent, and returns how
// many of the demo's deliveries failed.
func Settle(ctx context.Context, c *client.Client) (failed int, err error) {
	for _, src := range Sources() {
		for {
			page, err := c.Deliveries(ctx, client.DeliveryFilter{Source: src.ID, State: "received", Limit: 1})
			if err != nil {
				return 0, err
			}
			if len(page.Items) == 0 {
				break
			}
			select {
			case <-ctx.Done():
				return 0, ctx.Err()
			case <-time.After(100 * time.Millisecond):
			}
		}
		for _, err := range c.EachDelivery(ctx, client.DeliveryFilter{Source: src.ID, State: "failed"}) {
			if err != nil {
				return 0, err
			}
			failed++
		}
	}
	return failed, nil
}

// night returns the date that was used in this folder before, or the last night.
func (s Seeding) night() (time.Time, error) {
	if s.Folder == "" {
		return LastNight(s.Now), nil
	}
	path := filepath.Join(s.Folder, nightFile)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		date := LastNight(s.Now)
		return date, keep(path, []byte(date.Format(time.RFC3339)+"\n"))
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the demo's date: %w", err)
	}
	date, err := time.Parse(time.RFC3339, string(b[:max(len(b)-1, 0)]))
	if err != nil {
		return time.Time{}, fmt.Errorf("%s holds no date; remove it to begin anew: %w", path, err)
	}
	return date, nil
}

// tokens returns the token of each of the demo's sources. Where a source is
// there and its token is not known it gets a new one.
func (s Seeding) tokens(ctx context.Context) (map[string]string, error) {
	known := map[string]string{}
	path := filepath.Join(s.Folder, tokenFile)
	if s.Folder != "" {
		b, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(b, &known)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("reading the demo's tokens: %w", err)
		}
	}
	list, err := s.Client.Sources(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing sources: %w", err)
	}
	there := map[string]bool{}
	for _, src := range list.Items {
		there[src.ID] = true
	}
	changed := false
	for _, src := range Sources() {
		if there[src.ID] && known[src.ID] != "" {
			continue
		}
		if known[src.ID], err = s.token(ctx, src, there[src.ID]); err != nil {
			return nil, fmt.Errorf("making the demo's source %s: %w", src.ID, err)
		}
		changed = true
	}
	if !changed || s.Folder == "" {
		return known, nil
	}
	b, err := json.MarshalIndent(known, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the demo's tokens: %w", err)
	}
	return known, keep(path, append(b, '\n'))
}

func (s Seeding) token(ctx context.Context, src Source, there bool) (string, error) {
	if there {
		made, err := s.Client.RotateToken(ctx, src.ID)
		if err != nil {
			return "", err
		}
		return made.Token, nil
	}
	w := window
	made, err := s.Client.CreateSource(ctx, client.NewSource{ID: src.ID, Kind: src.Kind, SourceSettings: client.SourceSettings{Window: &w}})
	if err != nil {
		return "", err
	}
	return made.Token, nil
}

// keep writes a file that only this user reads, whole or not at all.
func keep(path string, content []byte) error {
	half := path + ".new"
	if err := os.WriteFile(half, content, 0o600); err != nil {
		return fmt.Errorf("keeping the demo's state: %w", err)
	}
	if err := os.Rename(half, path); err != nil {
		return fmt.Errorf("keeping the demo's state: %w", err)
	}
	return nil
}
