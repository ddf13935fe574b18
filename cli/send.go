package cli

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v3"

	"yagura/client"
)

func (e Env) sendCommand() *cli.Command {
	return &cli.Command{
		Name: "send", Usage: "send a file, a folder or standard input to a source", ArgsUsage: "FILE|FOLDER|-…", Action: e.send,
		Description: "Each file is one delivery; with --lines each line is one. What was sent before is not counted twice: the same bytes to the same source are " +
			"the same delivery, unless --again is given. Where the server is too busy or away for a while, sending goes on when it is back.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "url", Usage: "the server's address", Value: DefaultURL, Sources: cli.EnvVars("YAGURA_URL")},
			&cli.StringFlag{Name: "source", Usage: "the source to send to", Required: true, Sources: cli.EnvVars("YAGURA_SOURCE")},
			&cli.StringFlag{Name: "token", Usage: "the source's token", Sources: cli.EnvVars("YAGURA_TOKEN")},
			&cli.StringFlag{Name: "token-file", Usage: "file that holds the source's token", TakesFile: true, Sources: cli.EnvVars("YAGURA_TOKEN_FILE")},
			&cli.BoolFlag{Name: "wait", Usage: "wait for the outcome of each, and count what failed"},
			&cli.BoolFlag{Name: "lines", Usage: "send each line by itself (NDJSON)"},
			&cli.BoolFlag{Name: "again", Usage: "send what was sent before as new deliveries"},
			&cli.StringSliceFlag{Name: "header", Usage: "one more header, such as 'X-GitHub-Event: push'"},
			&cli.IntFlag{Name: "parallel", Usage: "how many at once", Value: 4},
			&cli.DurationFlag{Name: "retry-for", Usage: "how long to go on trying where the server is too busy or away", Value: 2 * time.Minute},
			&cli.BoolFlag{Name: "json", Usage: "print one line of JSON for each delivery"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print failures only"},
		},
		DisableSliceFlagSeparator: true,
	}
}

// sending is one run of send.
type sending struct {
	hook     *client.Hook
	out      io.Writer
	notes    io.Writer
	wait     bool
	lines    bool
	json     bool
	quiet    bool
	header   map[string]string
	salt     string // of keys; another one makes other deliveries
	source   string
	retryFor time.Duration
	bar      *bar

	mu     sync.Mutex
	seen   map[[32]byte]int // how often the same bytes came in this run
	counts struct{ sent, repeats, failed, alerts, rejected int }
}

// parcel is one message and where it stood.
type parcel struct {
	name   string
	body   []byte
	header map[string]string
	key    string
}

func (e Env) send(ctx context.Context, cmd *cli.Command) error {
	paths, err := many(cmd, "a file, a folder, or - for standard input")
	if err != nil {
		return err
	}
	s, err := e.newSending(cmd)
	if err != nil {
		return err
	}
	parcels := make(chan parcel)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	fatal := make(chan error, 1)
	for range min(max(cmd.Int("parallel"), 1), 64) {
		wg.Go(func() {
			for p := range parcels {
				if err := s.one(ctx, p); err != nil {
					select {
					case fatal <- err:
						cancel()
					default:
					}
					return
				}
			}
		})
	}
	err = s.collect(ctx, cmd.Root().Reader, paths, parcels)
	close(parcels)
	wg.Wait()
	s.bar.end()
	select {
	case stop := <-fatal:
		err = stop
	default:
	}
	if _, unread := errors.AsType[*fs.PathError](err); !unread || s.counts.sent+s.counts.repeats+s.counts.failed+s.counts.rejected > 0 {
		s.summary(err)
	}
	if err == nil && s.counts.failed+s.counts.rejected > 0 {
		err = fmt.Errorf("%d of %d were not taken in", s.counts.failed+s.counts.rejected, s.counts.sent+s.counts.repeats+s.counts.failed)
	}
	return err
}

func (e Env) newSending(cmd *cli.Command) (*sending, error) {
	token := cmd.String("token")
	if path := cmd.String("token-file"); token == "" && path != "" {
		var err error
		if token, err = readSecret(path); err != nil {
			return nil, usage("the token cannot be read: %v", err)
		}
	}
	if token == "" {
		return nil, usage("there is no token: give the source's with YAGURA_TOKEN or --token-file; yagura source rotate-token %s makes a new one", cmd.String("source"))
	}
	hook, err := client.NewHook(cmd.String("url"), cmd.String("source"), token)
	if err != nil {
		return nil, usage("%v", err)
	}
	root := cmd.Root()
	s := &sending{
		hook: hook, out: root.Writer, notes: root.ErrWriter, wait: cmd.Bool("wait"), lines: cmd.Bool("lines"), json: cmd.Bool("json"), quiet: cmd.Bool("quiet"),
		source: cmd.String("source"), retryFor: cmd.Duration("retry-for"), header: map[string]string{}, seen: map[[32]byte]int{},
	}
	for _, h := range cmd.StringSlice("header") {
		name, value, ok := strings.Cut(h, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return nil, usage("--header %q: write 'Name: value'", h)
		}
		s.header[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	if cmd.Bool("again") {
		s.salt = strconv.FormatInt(e.Now().UnixNano(), 36)
	}
	if !s.quiet && !s.json {
		s.bar = newBar(root.ErrWriter, e.Screen(root.ErrWriter))
	}
	return s, nil
}

// collect reads what is to be sent. Files are named first, so that progress is known.
func (s *sending) collect(ctx context.Context, stdin io.Reader, paths []string, to chan<- parcel) error {
	type entry struct{ path, name string }
	var files []entry
	for _, p := range paths {
		if p == "-" {
			files = append(files, entry{"-", "standard input"})
			continue
		}
		err := filepath.WalkDir(p, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && path != p && strings.HasPrefix(d.Name(), "."):
				return fs.SkipDir
			case d.IsDir() || (path != p && (strings.HasPrefix(d.Name(), ".") || !d.Type().IsRegular())):
				return nil
			}
			files = append(files, entry{path, path})
			return nil
		})
		if err != nil {
			return fmt.Errorf("reading what to send: %w", err)
		}
	}
	if !s.lines {
		s.bar.total(len(files))
	}
	for _, f := range files {
		if err := s.file(ctx, stdin, f.path, f.name, to); err != nil {
			return err
		}
	}
	return nil
}

func (s *sending) file(ctx context.Context, stdin io.Reader, path, name string, to chan<- parcel) error {
	from := stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("reading what to send: %w", err)
		}
		defer f.Close()
		from = f
	}
	if s.lines {
		return s.eachLine(ctx, from, name, to)
	}
	body, err := io.ReadAll(io.LimitReader(from, maxBody+1))
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	if len(body) > maxBody {
		return fmt.Errorf("%s is larger than 100 MiB, which no source takes; is it one message a line? then add --lines", name)
	}
	return s.put(ctx, to, name, mediaType(path, body), body)
}

// maxBody is the largest delivery that any source takes.
const maxBody = 100 << 20

func (s *sending) eachLine(ctx context.Context, from io.Reader, name string, to chan<- parcel) error {
	r := bufio.NewReader(from)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if body := bytes.TrimSpace(line); len(body) > 0 {
			if err := s.put(ctx, to, fmt.Sprintf("%s line %d", name, n), mediaType("", body), body); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
	}
}

func mediaType(path string, body []byte) string {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".ndjson", ".jsonl":
		return "application/x-ndjson"
	case ".txt", ".log":
		return "text/plain"
	case ".json":
		return "application/json"
	}
	if b := bytes.TrimSpace(body); len(b) > 0 && (b[0] == '{' || b[0] == '[') {
		return "application/json"
	}
	return "text/plain"
}

// put gives a message its key, which is made of its bytes, and hands it on. The
// same bytes a second time in one run are a second message.
func (s *sending) put(ctx context.Context, to chan<- parcel, name, media string, body []byte) error {
	sum := sha256.Sum256(body)
	again := s.seen[sum]
	s.seen[sum]++
	h := sha256.Sum256(fmt.Appendf(nil, "%s\x00%x\x00%d\x00%s", s.source, sum, again, s.salt))
	select {
	case to <- parcel{name, body, map[string]string{"Content-Type": media}, "yagura-send-" + hex.EncodeToString(h[:16])}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
