package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// table collects figures, each beside its target.
type table struct{ rows [][3]string }

func (t *table) row(what, figure, target string) {
	t.rows = append(t.rows, [3]string{what, figure, target})
	fmt.Fprintf(os.Stderr, "%-50s %s\n", what, figure)
}

func (t *table) print(w io.Writer) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "figure\tmeasured\twanted")
	for _, r := range t.rows {
		fmt.Fprintf(tw, "%s\t%s\t%s\n", r[0], r[1], r[2])
	}
	_ = tw.Flush()
}

func ms(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000)
}

func describeMachine() string {
	load, _ := os.ReadFile("/proc/loadavg")
	return fmt.Sprintf("%d cores, %s, load %s", runtime.NumCPU(), runtime.Version(), strings.Join(strings.Fields(string(load))[:1], " "))
}
