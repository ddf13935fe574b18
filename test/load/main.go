// Command load measures a whole server on this machine and prints the figures
// as one table, with the machine's own limits beside them. It sends to
// 127.0.0.1 only, for a bounded time. `make bench` runs it.
package main

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the "pgx" driver
)

type settings struct {
	program string
	accept  time.Duration
	flow    time.Duration
	stored  int64
	conns   int
	db      string
	keep    string
	profile string
}

func main() {
	var s settings
	flag.StringVar(&s.program, "program", "bin/yagura", "the program to measure")
	flag.DurationVar(&s.accept, "accept", time.Minute, "how long to send at full speed")
	flag.DurationVar(&s.flow, "flow", time.Minute, "how long to measure the way from accepted to listed")
	flag.Int64Var(&s.stored, "stored", 1_000_000, "alerts to store before searching; 0 leaves that part out")
	flag.IntVar(&s.conns, "conns", 16, "connections")
	flag.StringVar(&s.db, "database", "", "postgres://… to measure PostgreSQL instead of SQLite")
	flag.StringVar(&s.keep, "folder", "", "data folder to keep; default a temporary one")
	flag.StringVar(&s.profile, "profile", "", "write CPU profiles of the server to FILE.<phase>")
	flag.Parse()
	if err := run(s); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(s settings) error {
	folder := s.keep
	if folder == "" {
		var err error
		if folder, err = os.MkdirTemp("", "yagura-load-"); err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(folder) }()
	} else if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	t := &table{}
	if err := machine(t, folder); err != nil {
		return err
	}
	srv := &server{folder: folder, db: s.db}
	defer srv.stop()
	ready, err := srv.start(s.program)
	if err != nil {
		return err
	}
	time.Sleep(time.Second)
	idle, _ := srv.memory()
	t.row("idle: ready after start", ms(ready), "under 300 ms")
	t.row("idle: memory", fmt.Sprintf("%.0f MB", idle), "under 80 MB")
	tokens, err := srv.sources()
	if err != nil {
		return err
	}
	sent := 0.0
	for _, phase := range []struct {
		name string
		time time.Duration
		rate int
	}{{"flow at 3,000/s", s.flow, 3000}, {"accept", s.accept, 0}} {
		if phase.time == 0 {
			continue
		}
		if err := burst(t, srv, s, tokens, phase.name, phase.time, phase.rate, &sent); err != nil {
			return err
		}
	}
	if err := conclude(t, srv, s, tokens, &sent); err != nil {
		return err
	}
	if s.stored > 0 {
		if err := full(t, srv, s, tokens, &sent); err != nil {
			return err
		}
	}
	t.print(os.Stdout)
	return nil
}

// burst sends for a while and waits until all of it is listed.
func burst(t *table, srv *server, s settings, tokens map[string]string, name string, d time.Duration, rate int, sent *float64) error {
	snd := &sender{addr: srv.addr, tokens: tokens, conns: s.conns, rate: rate}
	cpu, began := srv.cpu(), time.Now()
	profiled := srv.profile(s.profile, name, d)
	defer func() { <-profiled }()
	if err := snd.run(d, 0, uint64(began.UnixNano())); err != nil {
		return err
	}
	began = snd.began
	sending := time.Since(began)
	n := float64(snd.acked.Load())
	*sent += n
	if err := srv.drained(*sent); err != nil {
		return err
	}
	all := time.Since(began)
	_, peak := srv.memory()
	if rate == 0 {
		t.row("accept, synced", fmt.Sprintf("%.0f/s", n/sending.Seconds()), "10,000/s")
		t.row("accept: p50", ms(percentile(snd.took, 0.5)), "")
		t.row("accept: p99", ms(percentile(snd.took, 0.99)), "under 10 ms")
		t.row("accept: answers other than 202", fmt.Sprint(snd.other.Load()), "0")
	}
	wanted := ""
	if rate > 0 {
		wanted = fmt.Sprintf("%d/s, no backlog", rate)
	}
	t.row(name+": accepted to listed, backlog included", fmt.Sprintf("%.0f/s", n/all.Seconds()), wanted)
	t.row(name+": backlog after the last answer", (all - sending).Round(time.Millisecond).String(), "")
	t.row(name+": CPU of the server", fmt.Sprintf("%.3f ms/alert", (srv.cpu()-cpu).Seconds()*1000/n), "")
	t.row(name+": peak memory", fmt.Sprintf("%.0f MB", peak), "under 300 MB")
	t.row(name+": disk", fmt.Sprintf("%.2f KB/alert", float64(srv.disk())/1024 / *sent), "at most 5 KB")
	return nil
}

// full stores many alerts, measures the flow again and then every kind of list.
func full(t *table, srv *server, s settings, tokens map[string]string, sent *float64) error {
	for float64(s.stored) > *sent {
		snd := &sender{addr: srv.addr, tokens: tokens, conns: s.conns}
		if err := snd.run(0, min(20_000, s.stored-int64(*sent)), uint64(time.Now().UnixNano())); err != nil {
			return err
		}
		*sent += float64(snd.acked.Load())
		if err := srv.drained(*sent); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "stored %.0f\n", *sent)
	}
	if s.flow > 0 {
		if err := burst(t, srv, s, tokens, fmt.Sprintf("1,500/s with %d stored", s.stored), s.flow, 1500, sent); err != nil {
			return err
		}
	}
	if s.db != "" {
		if err := vacuum(t, s.db); err != nil {
			return err
		}
	}
	if err := lists(t, srv); err != nil {
		return err
	}
	srv.stop()
	ready, err := srv.start(s.program)
	if err != nil {
		return err
	}
	t.row("restart: ready", ms(ready), "under 1 s")
	return nil
}

// vacuum does what PostgreSQL's autovacuum does by itself where it is switched
// on: with it off, the planner knows nothing of the tables and the figures of
// lists say nothing.
func vacuum(t *table, address string) error {
	db, err := sql.Open("pgx", address)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	ctx := context.Background()
	var auto string
	if err := db.QueryRowContext(ctx, `SHOW autovacuum`).Scan(&auto); err != nil {
		return err
	}
	t.row("machine: autovacuum", auto, "on; vacuumed and analysed before the lists in any case")
	_, err = db.ExecContext(ctx, `VACUUM ANALYZE`)
	return err
}

// lists times each kind of question.
func lists(t *table, srv *server) error {
	q := url.QueryEscape
	for _, c := range []struct{ name, path, target string }{
		{"list: newest 50", "/api/v1/alerts?", "p99 under 10 ms"},
		{"list: by source", "/api/v1/alerts?source=load-okta", "p99 under 10 ms"},
		{"list: by severity", "/api/v1/alerts?severity=critical", "p99 under 10 ms"},
		{"list: by source and severity", "/api/v1/alerts?source=load-generic&severity=critical", "p99 under 10 ms"},
		{"list: by rule", "/api/v1/alerts?rule=user.account.lock", "p99 under 10 ms"},
		{"list: two filters that never meet", "/api/v1/alerts?source=load-okta&rule=" + q("Emotet via scan 00"), "p99 under 10 ms"},
		{"list: by observable", "/api/v1/alerts?observable=10.20.7.7", "p99 under 10 ms"},
		{"list: by seen time", "/api/v1/alerts?sort=-seen_at", "p99 under 10 ms"},
		{"list: declined", "/api/v1/alerts?disposition=declined", "p99 under 10 ms"},
		{"facets: all", "/api/v1/alerts/facets?", "under 5 ms"},
		{"facets: one source", "/api/v1/alerts/facets?source=load-okta", "under 5 ms"},
		{"facets: a word, capped", "/api/v1/alerts/facets?q=powershell", "capped at 1,000"},
		{"search: frequent", "/api/v1/alerts?q=powershell", "p99 under 100 ms"},
		{"search: rare", "/api/v1/alerts?q=HOST-04242", "p99 under 100 ms"},
		{"search: absent", "/api/v1/alerts?q=zzqxjv", "p99 under 100 ms"},
		{"search: absent phrase of common parts", "/api/v1/alerts?q=" + q(`"credential persistence powershell discovery"`), "p99 under 100 ms"},
		{"search: absent URL part", "/api/v1/alerts?q=" + q("/upload/run/index.php?cmd="), "p99 under 100 ms"},
		{"search: two Japanese characters", "/api/v1/alerts?q=" + q("攻撃"), "p99 under 100 ms"},
		{"search: absent Japanese", "/api/v1/alerts?q=" + q("撃攻"), "p99 under 100 ms"},
	} {
		var took []time.Duration
		var page struct {
			Items   []struct{} `json:"items"`
			Stopped string     `json:"stopped"`
			Total   int        `json:"total"`
		}
		for range 60 {
			d, err := srv.call(http.MethodGet, c.path, nil, &page)
			if err != nil {
				return err
			}
			took = append(took, d)
		}
		note := fmt.Sprintf("%d items", len(page.Items)+page.Total)
		if page.Stopped != "" {
			note += ", stopped at " + page.Stopped
		}
		t.row(c.name, fmt.Sprintf("p50 %s  p99 %s  (%s)", ms(percentile(took, 0.5)), ms(percentile(took, 0.99)), note), c.target)
	}
	return nil
}

// machine measures what the disk and the processor can do at best.
func machine(t *table, folder string) error {
	f, err := os.Create(filepath.Join(folder, "sync-probe"))
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	defer f.Close()
	var took []time.Duration
	block := make([]byte, 4096)
	for range 300 {
		if _, err := f.Write(block); err != nil {
			return err
		}
		began := time.Now()
		if err := f.Sync(); err != nil {
			return err
		}
		took = append(took, time.Since(began))
	}
	t.row("machine: one sync of 4 KB", fmt.Sprintf("p50 %s  p99 %s", ms(percentile(took, 0.5)), ms(percentile(took, 0.99))), "")
	t.row("machine", describeMachine(), "")
	return nil
}
