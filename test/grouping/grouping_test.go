// Package grouping measures what group.Index makes of real incidents: the alerts of
// ../shared/data/incidents, spread at random over some hours as
// ../shared/tools/spread.py does, through the real ingest policy. The labels are
// only for the score; skipped, saying so, where the files or python3 are absent.
package grouping

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"testing"
	"time"

	"yagura/alert"
	"yagura/group"
	"yagura/intake"
	"yagura/policy"
)

const shared = "../../../shared"

// row is a line of what spread.py writes.
type row struct {
	ID       string          `json:"id"`
	Incident string          `json:"incident"`
	At       time.Time       `json:"at"`
	Body     json.RawMessage `json:"body"`
}

// reader turns rows into alerts. What the policy makes of a row is kept by the
// row's id: spreading moves nothing but times.
type reader struct {
	set  *policy.Set
	made map[string]alert.Alert
}

func newReader(t *testing.T) *reader {
	t.Helper()
	set, err := policy.Load(t.Context(), intake.Kinds)
	if err != nil {
		t.Fatal(err)
	}
	return &reader{set, map[string]alert.Alert{}}
}

func (r *reader) ingest(t *testing.T, body []byte) alert.Alert {
	t.Helper()
	made, err := r.set.Ingest(t.Context(), policy.Message{Kind: "sentinel", Body: body})
	if err != nil || len(made.Drafts) != 1 || len(made.Problems) > 0 {
		t.Fatalf("%d alerts, %q, %v", len(made.Drafts), made.Problems, err)
	}
	a := made.Drafts[0].Alert
	a.Observables = alert.Observe(&a)
	return a
}

func (r *reader) alert(t *testing.T, w row, n int) *alert.Alert {
	t.Helper()
	a, ok := r.made[w.ID]
	if !ok {
		a = r.ingest(t, w.Body)
		if !a.SeenAt.Equal(w.At) {
			t.Fatalf("seen at %v; StartTime is %v", a.SeenAt, w.At)
		}
		r.made[w.ID] = a
	}
	a.ID, a.SeenAt, a.ReceivedAt = alert.ID(n+1), w.At, w.At
	return &a
}

// stream returns the rows of a seed; hours below zero leave the file's own times.
func stream(t *testing.T, seed int, hours float64) []row {
	t.Helper()
	script := filepath.Join(shared, "tools", "spread.py")
	for _, path := range []string{script, filepath.Join(shared, "data", "incidents", "alerts.jsonl")} {
		if _, err := os.Stat(path); err != nil {
			t.Skipf("the shared incidents are not beside this checkout: %v", err)
		}
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skipf("the streams are made by python3: %v", err)
	}
	out, err := exec.CommandContext(t.Context(), python, script, "--seed", strconv.Itoa(seed), "--hours", fmt.Sprint(hours)).Output() //nolint:gosec // a script of ours
	if err != nil {
		t.Fatalf("spreading: %v", err)
	}
	var rows []row
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var w row
		if err := json.Unmarshal(lines.Bytes(), &w); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, w)
	}
	return rows
}

// morning returns the rows as they stand in the file, in the order of their times.
func morning(t *testing.T) []row {
	t.Helper()
	rows := stream(t, 1, 0)
	bodies, starts := map[string]json.RawMessage{}, map[string]time.Time{}
	f, err := os.ReadFile(filepath.Join(shared, "data", "incidents", "alerts.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(f) {
		var a struct {
			SystemAlertId string
			StartTime     time.Time
		}
		if err := json.Unmarshal(line, &a); err != nil {
			t.Fatal(err)
		}
		bodies[a.SystemAlertId], starts[a.SystemAlertId] = line, a.StartTime
	}
	for i := range rows {
		rows[i].At, rows[i].Body = starts[rows[i].ID], bodies[rows[i].ID]
	}
	return rows
}

func TestX(t *testing.T) {
	r := newReader(t)
	run := func(rows []row) float64 {
		x := group.NewIndex(nil)
		at := make([]group.ID, len(rows))
		into := map[group.ID]group.ID{}
		for i, w := range rows {
			p := x.Place(r.alert(t, w, i))
			at[i] = p.Group
			for _, m := range p.Merged {
				into[m] = p.Group
			}
			if os.Getenv("SHOW") != "" {
				fmt.Println(w.Incident, p.Group, p.New, p.Merged, p.Reasons)
			}
		}
		for i := range at {
			for into[at[i]] != 0 {
				at[i] = into[at[i]]
			}
		}
		var tp, fp, fn float64
		for i := range rows {
			for j := range i {
				l, g := rows[i].Incident == rows[j].Incident, at[i] == at[j]
				switch {
				case l && g:
					tp++
				case l:
					fn++
				case g:
					fp++
				}
			}
		}
		p, rc := tp/(tp+fp), tp/(tp+fn)
		fmt.Printf("p %.3f r %.3f f1 %.3f groups %d\n", p, rc, 2*p*rc/(p+rc), len(map[group.ID]bool{}))
		return 2 * p * rc / (p + rc)
	}
	if os.Getenv("SHOW") == "" {
		for _, h := range []float64{4, 24} {
			sum := 0.0
			for seed := 1; seed <= 20; seed++ {
				sum += run(stream(t, seed, h))
			}
			fmt.Println(h, "mean", sum/20)
		}
	}
	m := morning(t)
	_ = m
	sortRows(m)
	run(m)
}

func sortRows(m []row) { sort.Slice(m, func(i, j int) bool { return m[i].At.Before(m[j].At) }) }

func TestY(t *testing.T) {
	r := newReader(t)
	m := morning(t)
	sortRows(m)
	if os.Getenv("SEED") != "" {
		n, _ := strconv.Atoi(os.Getenv("SEED"))
		m = stream(t, n, 4)
		r.made = map[string]alert.Alert{}
	}
	x := group.NewIndex(nil)
	at := map[group.ID]map[string]int{}
	for i, w := range m {
		p := x.Place(r.alert(t, w, i))
		for _, g := range p.Merged {
			for k, v := range at[g] {
				if at[p.Group] == nil {
					at[p.Group] = map[string]int{}
				}
				at[p.Group][k] += v
			}
		}
		if len(p.Merged) > 0 {
			fmt.Println("MERGE", w.Incident, p, at[p.Group], p.Merged)
		}
		for _, g := range p.Merged {
			fmt.Println("     ", at[g])
			delete(at, g)
		}
		if at[p.Group] == nil {
			at[p.Group] = map[string]int{}
		}
		if at[p.Group][w.Incident] == 0 {
			a := r.alert(t, w, i)
			fmt.Println("FIRST", w.Incident, p.Group, p.New, p.Reasons, a.Title, at[p.Group])
			for _, o := range a.Observables {
				if o.Type == "host" || o.Type == "user" || o.Type == "ip" {
					fmt.Println("      ", o.Type, o.Value)
				}
			}
		}
		at[p.Group][w.Incident]++
	}
	for g, n := range at {
		fmt.Println(g, n)
	}
}
