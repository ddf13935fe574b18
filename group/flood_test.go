package group

import (
	"fmt"
	"testing"
	"time"

	"yagura/alert"
)

func TestAFloodIsOneGroup(t *testing.T) {
	t.Parallel()
	tests := map[string]func(i int) []string{
		"a port scan from one address over 40 hosts": func(i int) []string { return []string{"ip:203.0.113.9", fmt.Sprintf("host:pc-%d", i)} },
		"a port scan over 40 addresses":              func(i int) []string { return []string{"ip:203.0.113.9", fmt.Sprintf("ip:192.0.2.%d", i)} },
		"brute force against one account":            func(i int) []string { return []string{"user:alice", fmt.Sprintf("ip:198.51.100.%d", i)} },
		"brute force against one host":               func(i int) []string { return []string{"host:vpn-01", fmt.Sprintf("ip:198.51.100.%d", i)} },
		"many accounts tried on one host":            func(i int) []string { return []string{"host:vpn-01", fmt.Sprintf("user:u%d", i)} },
		"one backup job on every server":             func(i int) []string { return []string{"user:svc-backup", fmt.Sprintf("host:srv-%d", i)} },
	}
	for name, about := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := NewIndex(nil)
			var groups []ID
			for i := range 40 {
				groups = append(groups, x.Place(ruled(made(i+1, time.Duration(i)*minute, about(i)...), "many")).Group)
			}
			if !same(groups) {
				t.Errorf("groups %v", groups)
			}
		})
	}
}

func TestAFloodEndsAfterAnHourOfSilence(t *testing.T) {
	t.Parallel()
	x := NewIndex(nil)
	at := placed(x, ruled(made(1, 0, "ip:203.0.113.9", "host:a"), "scan"), ruled(made(2, 61*minute, "ip:203.0.113.9", "host:b"), "scan"))
	if same(at) {
		t.Error("a scan of an hour ago is the same")
	}
}

func TestHostsThatAScanTouchedStayApart(t *testing.T) {
	t.Parallel()
	x := NewIndex(nil)
	for i := range 10 {
		x.Place(ruled(made(i+1, time.Duration(i)*time.Second, "ip:203.0.113.9", fmt.Sprintf("host:pc-%d", i)), "scan"))
	}
	at := placed(x, made(20, 5*minute, "host:pc-4", "user:alice"), made(21, 6*minute, "host:pc-7", "user:bob"), made(22, 7*minute, "host:pc-4"))
	if at[0] == at[1] || at[0] == 1 || at[1] == 1 {
		t.Errorf("incidents on scanned hosts are in %v, the scan in 1", at)
	}
	if at[2] != at[0] {
		t.Errorf("the incident on pc-4 is in %v", at)
	}
}

func TestAScanGoesOnOverAHostThatHasAnIncidentAndMergesNothing(t *testing.T) {
	t.Parallel()
	x := NewIndex(nil)
	x.Place(made(1, 0, "host:pc-2", "user:alice"))
	var scan []ID
	for i := range 5 {
		p := x.Place(ruled(made(10+i, time.Duration(i+1)*minute, "ip:203.0.113.9", fmt.Sprintf("host:pc-%d", i)), "scan"))
		if len(p.Merged) > 0 {
			t.Errorf("the scan merged %v", p.Merged)
		}
		scan = append(scan, p.Group)
	}
	if !same(scan) {
		t.Errorf("the scan is in %v", scan)
	}
	if p := x.Place(made(20, 10*minute, "host:pc-2")); p.Group != 1 || len(p.Merged) > 0 {
		t.Errorf("the incident goes on in %+v", p)
	}
}

func TestAFloodSaysWhy(t *testing.T) {
	t.Parallel()
	x := NewIndex(nil)
	x.Place(ruled(made(1, 0, "ip:203.0.113.9", "host:a"), "scan"))
	p := x.Place(ruled(made(2, minute, "ip:203.0.113.9", "host:b"), "scan"))
	sum := 0.0
	said := map[string]string{}
	for _, r := range p.Reasons {
		sum += r.Score
		said[r.Type] = r.Value
	}
	if sum != 1 || said["ip"] != "203.0.113.9" || said["rule"] != "scan" {
		t.Errorf("reasons %+v", p.Reasons)
	}
}

// outside is an alert of some product about one of our hosts, from an address of others.
func outside(id int64, at time.Duration, source, rule, host, from string) *alert.Alert {
	a := &alert.Alert{ID: alert.ID(id), Source: source, Rule: rule, Title: rule, SeenAt: start.Add(at), ReceivedAt: start.Add(at)}
	a.Observables = []alert.Observable{
		{Type: alert.IP, Value: from, Role: "source"}, {Type: alert.Host, Value: host, Role: "target"},
	}
	return a
}

// Whichever product sees it: what an address that raids us touches next is the same raid.
func TestWhatARaiderTouchesNextJoinsTheRaid(t *testing.T) {
	t.Parallel()
	x := NewIndex(nil)
	before := x.Place(outside(1, 0, "fw", "drop", "fw-1", "203.0.113.9")) // alone as yet
	var raid ID
	for i := range int64(8) {
		p := x.Place(outside(10+i, time.Duration(i)*time.Minute, "ids", "scan", fmt.Sprint("web-", i), "203.0.113.9"))
		if i == 0 {
			raid = p.Group
		} else if p.Group != raid {
			t.Fatalf("scan of host %d is in %v, not %v", i, p.Group, raid)
		}
	}
	if got := x.root(before.Group); got != raid {
		t.Errorf("what came first stands apart in %v", got)
	}
	if p := x.Place(outside(30, 20*time.Minute, "canary", "touched", "canary", "203.0.113.9")); p.Group != raid || p.New || len(p.Reasons) == 0 {
		t.Errorf("the canary is in %+v", p)
	}
	for name, a := range map[string]*alert.Alert{
		"another address":       outside(40, 20*time.Minute, "canary", "touched", "other", "203.0.113.10"),
		"two hours later":       outside(41, 3*time.Hour, "canary", "touched", "late", "203.0.113.9"),
		"an address of our own": outside(42, 20*time.Minute, "canary", "touched", "inside", "10.0.0.9"),
	} {
		if p := x.Place(a); !p.New {
			t.Errorf("%s: joined %+v", name, p)
		}
	}
}

// One sensor sees many attackers: that it saw them is nothing they have in common.
func TestASensorTiesNothingTogether(t *testing.T) {
	t.Parallel()
	x := NewIndex(nil)
	for i := range int64(3) {
		a := outside(1+i, time.Duration(i)*time.Minute, "ids", fmt.Sprint("rule ", i), fmt.Sprint("host-", i), fmt.Sprintf("203.0.113.%d", i))
		a.Observables = append(a.Observables, alert.Observable{Type: alert.Host, Value: "ids-edge-1", Role: "sensor"})
		if p := x.Place(a); !p.New {
			t.Errorf("joined %+v", p)
		}
	}
}
