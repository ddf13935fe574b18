package group

import (
	"fmt"
	"testing"
	"time"

	"yagura/alert"
)

// stream is n alerts as a day brings them: half a flood over many hosts, the rest
// incidents of a few alerts about a host, its user, addresses and processes.
func stream(n int) []*alert.Alert {
	out := make([]*alert.Alert, n)
	for i := range out {
		after := time.Duration(i) * time.Second
		if i%2 == 0 {
			out[i] = ruled(made(i+1, after, fmt.Sprintf("ip:10.0.%d.%d", i/250%250, i%250), fmt.Sprintf("host:srv-%d", i%700)), fmt.Sprintf("rule %d", i%40))
			continue
		}
		k := i / 9
		out[i] = made(i+1, after, fmt.Sprintf("host:pc-%d.corp.example.com", k), fmt.Sprintf("user:u%d@corp.example.com", k), fmt.Sprintf("ip:203.0.113.%d", k%250),
			"domain:corp.example.com", fmt.Sprintf("hash:%040x", i), "file:x.exe", fmt.Sprintf("=process:pc-%d/%d/x.exe", k, i%50), fmt.Sprintf("=command:x.exe -run \\\\srv-%d\\c$", k))
	}
	return out
}

func BenchmarkPlace(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		alerts := stream(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				x := NewIndex(nil)
				for _, a := range alerts {
					x.Place(a)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/alert")
		})
	}
}

func BenchmarkExplain(b *testing.B) {
	alerts := stream(100_000)
	for b.Loop() {
		Explain(alerts)
	}
}

func TestTenThousandAlertsTakeNoTime(t *testing.T) {
	t.Parallel()
	alerts := stream(10_000)
	begin := time.Now()
	x := NewIndex(nil)
	for _, a := range alerts {
		x.Place(a)
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("10,000 alerts took %v", took)
	}
}
