package group

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"yagura/alert"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// made is an alert of a rule of its own, seen some time after the start, about
// things like "host:web-01" or, exactly, "=process:web-01/4312/nc".
func made(id int, after time.Duration, about ...string) *alert.Alert {
	a := &alert.Alert{ID: alert.ID(id), Rule: fmt.Sprintf("rule %d", id), SeenAt: start.Add(after), ReceivedAt: start.Add(after)}
	for _, s := range about {
		typ, value, _ := strings.Cut(s, ":")
		if exact, ok := strings.CutPrefix(typ, "="); ok {
			a.Entities = append(a.Entities, alert.Entity{Type: alert.EntityType(exact), Value: value})
			continue
		}
		a.Observables = append(a.Observables, alert.Observable{Type: alert.ObservableType(typ), Value: value})
	}
	return a
}

func ruled(a *alert.Alert, rule string) *alert.Alert {
	a.Rule = rule
	return a
}

// placed places alerts one by one and returns the group each is in at the end.
func placed(x *Index, alerts ...*alert.Alert) []ID {
	at := make([]ID, len(alerts))
	for i, a := range alerts {
		p := x.Place(a)
		at[i] = p.Group
		for j, g := range at[:i] {
			if slices.Contains(p.Merged, g) {
				at[j] = p.Group
			}
		}
	}
	return at
}

func same(ids []ID) bool {
	for _, g := range ids {
		if g != ids[0] {
			return false
		}
	}
	return true
}

const minute = time.Minute

func TestTwoAlertsBelongTogether(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		first []string
		after time.Duration
		then  []string
		same  bool
	}{
		"with the same host within the hour":                                {[]string{"host:web-01"}, 59 * minute, []string{"host:web-01"}, true},
		"with the same host after two hours: not alone":                     {[]string{"host:web-01"}, 2 * time.Hour, []string{"host:web-01"}, false},
		"with the same host and its user after two hours: no":               {[]string{"host:web-01", "user:alice"}, 2 * time.Hour, []string{"host:web-01", "user:alice"}, false},
		"with the same user within the hour":                                {[]string{"user:alice"}, minute, []string{"user:alice", "host:b"}, true},
		"with the same process after a night":                               {[]string{"=process:web-01/4312/nc"}, 12 * time.Hour, []string{"=process:web-01/4312/nc"}, true},
		"with the same process two days later: no":                          {[]string{"=process:web-01/4312/nc"}, 48 * time.Hour, []string{"=process:web-01/4312/nc"}, false},
		"with the same mail message":                                        {[]string{"=message:m1"}, 3 * time.Hour, []string{"=message:m1"}, true},
		"with the same URL":                                                 {[]string{"url:https://evil.example/a"}, 3 * time.Hour, []string{"url:https://evil.example/a"}, true},
		"with the same hash, where the product says it is not the system's": {[]string{"host:a", "hash:" + strings.Repeat("ab", 20), "ip:192.0.2.7"}, minute, []string{"host:b", "hash:" + strings.Repeat("ab", 20), "ip:192.0.2.7"}, true},
		"with the same hash alone: no":                                      {[]string{"host:a", "hash:" + strings.Repeat("ab", 20)}, minute, []string{"host:b", "hash:" + strings.Repeat("ab", 20)}, false},
		"with the same hash and domain":                                     {[]string{"host:a", "hash:" + strings.Repeat("ab", 20), "domain:evil.example"}, minute, []string{"host:b", "hash:" + strings.Repeat("ab", 20), "domain:evil.example"}, true},
		"with the same hash after hours and host: no":                       {[]string{"host:a", "hash:" + strings.Repeat("ab", 20)}, 2 * time.Hour, []string{"host:a", "hash:" + strings.Repeat("ab", 20)}, false},
		"with the same address alone: no":                                   {[]string{"host:a", "ip:203.0.113.9"}, minute, []string{"host:b", "ip:203.0.113.9"}, false},
		"with nothing but the same address":                                 {[]string{"host:a", "ip:203.0.113.9"}, minute, []string{"ip:203.0.113.9"}, true},
		"with the same loopback address: no":                                {[]string{"host:a"}, minute, []string{"ip:127.0.0.1"}, false},
		"whatever the host's name is written as":                            {[]string{"host:WEB-01.corp.example.com"}, minute, []string{"host:web-01"}, true},
		"whatever the user's name is written as":                            {[]string{`user:CORP\Alice`}, minute, []string{"user:alice@corp.example.com"}, true},
		"unless the namesake is of another company":                         {[]string{"user:alice@corp.example.com"}, minute, []string{"user:alice@other.example.net"}, false},
		"unless the user is built in":                                       {[]string{`user:NT AUTHORITY\SYSTEM`, "host:a"}, minute, []string{`user:NT AUTHORITY\SYSTEM`, "host:b"}, false},
		"unless the SID is built in":                                        {[]string{"user:S-1-5-18", "host:a"}, minute, []string{"user:S-1-5-18", "host:b"}, false},
		"with the same SID of a domain":                                     {[]string{"user:S-1-5-21-1-2-3-1104", "host:a"}, minute, []string{"user:S-1-5-21-1-2-3-1104", "host:b"}, true},
		"unless root is root of another machine":                            {[]string{"user:root", "host:a"}, minute, []string{"user:root", "host:b"}, false},
		"unless the process is one that always runs":                        {[]string{"=process:a/684/services.exe"}, 3 * time.Hour, []string{"=process:a/684/services.exe"}, false},
		"unless the page is a manual":                                       {[]string{"url:https://learn.microsoft.com/x", "host:a"}, minute, []string{"url:https://learn.microsoft.com/x", "host:b"}, false},
		"unless the application is everybody's":                             {[]string{"resource:00000003-0000-0000-c000-000000000000", "host:a"}, minute, []string{"resource:00000003-0000-0000-c000-000000000000", "host:b"}, false},
		"unless the files are the system's": {
			[]string{"host:a", `file:C:\Windows\System32\cmd.exe`, "hash:" + strings.Repeat("cd", 20), "domain:evil.example"},
			minute,
			[]string{"host:b", `file:C:\Windows\System32\cmd.exe`, "hash:" + strings.Repeat("cd", 20), "domain:evil.example"},
			false,
		},
		"where a command on one host acts on the other":   {[]string{"host:a", `=command:psexec.exe \\WEB-02 -s cmd.exe`}, minute, []string{"host:web-02"}, true},
		"where a command made the account of the other":   {[]string{"host:a", `=command:"net.exe" user /add mallory Secret1 /domain`}, minute, []string{"user:mallory@corp.example.com"}, true},
		"not for the organisation's own domain":           {[]string{"host:a.corp.example.com", "domain:corp.example.com", "ip:192.0.2.7"}, minute, []string{"host:b.corp.example.com", "domain:corp.example.com", "ip:192.0.2.7"}, false},
		"not for a command that is no more than its name": {[]string{"host:a", "=command:powershell.exe", "ip:192.0.2.7"}, minute, []string{"host:b", "=command:powershell.exe", "ip:192.0.2.7"}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forward := []*alert.Alert{made(1, 0, tt.first...), made(2, tt.after, tt.then...)}
			if got := same(placed(NewIndex(nil), forward...)); got != tt.same {
				t.Errorf("together is %v", got)
			}
		})
	}
}

func TestALateAlertLandsWhereItWouldHaveInOrder(t *testing.T) {
	t.Parallel()
	chain := []*alert.Alert{
		made(1, 0, "host:a"), made(2, 50*minute, "host:a", "user:alice"), made(3, 100*minute, "user:alice", "host:b"),
		made(4, 150*minute, "host:b"), made(5, 5*time.Hour, "host:c"),
	}
	orders := [][]int{{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {0, 3, 4, 2, 1}, {3, 0, 2, 4, 1}}
	for _, order := range orders {
		var alerts []*alert.Alert
		for _, i := range order {
			alerts = append(alerts, chain[i])
		}
		at := placed(NewIndex(nil), alerts...)
		var four []ID
		for n, i := range order {
			if i < 4 {
				four = append(four, at[n])
			} else if slices.Contains(at[:n], at[n]) || slices.Contains(at[n+1:], at[n]) {
				t.Errorf("in order %v the stranger is not alone: %v", order, at)
			}
		}
		if !same(four) {
			t.Errorf("in order %v the chain is %v", order, at)
		}
	}
}

func TestAnAlertThatShowsTwoGroupsToBeOneMergesThem(t *testing.T) {
	t.Parallel()
	x := NewIndex(nil)
	placed(x, made(1, 0, "host:a"), made(2, minute, "user:alice"))
	p := x.Place(made(3, 2*minute, "host:a", "user:alice"))
	if p.New || !slices.Equal(append([]ID{p.Group}, p.Merged...), []ID{2, 1}) {
		t.Errorf("placed %+v", p)
	}
	if len(p.Reasons) != 1 || p.Reasons[0].Type != "user" || p.Reasons[0].Alert != 2 || p.Reasons[0].Gap != minute || p.Reasons[0].Score != 1 {
		t.Errorf("reasons %+v", p.Reasons)
	}
	if p := x.Place(made(4, 3*minute, "host:a")); p.Group != 2 {
		t.Errorf("after the merge host a is in %v", p.Group)
	}
}

func TestAHubNeverMergesUnrelatedIncidents(t *testing.T) {
	t.Parallel()
	x := NewIndex(nil)
	for i := range 6 { // the controller is named beside six different machines
		x.Place(made(i+1, time.Duration(i)*minute, "host:dc-01", fmt.Sprintf("host:pc-%d", i)))
	}
	at := placed(x, made(10, 10*minute, "host:x", "host:dc-01"), made(11, 11*minute, "host:y", "host:dc-01"))
	if same(at) || at[0] == 1 || at[1] == 1 {
		t.Errorf("the controller joined %v", at)
	}
	t.Run("nor what is declared to be one", func(t *testing.T) {
		t.Parallel()
		x := NewIndex(func(typ alert.ObservableType, v string) bool { return typ == alert.Host && v == "dc-01" })
		if same(placed(x, made(1, 0, "host:x", "host:dc-01"), made(2, minute, "host:y", "host:dc-01"))) {
			t.Error("a declared controller joined two machines")
		}
	})
	t.Run("nor what the product calls one", func(t *testing.T) {
		t.Parallel()
		a, b := made(1, 0, "host:x"), made(2, minute, "host:y")
		for _, a := range []*alert.Alert{a, b} {
			a.Entities = append(a.Entities, alert.Entity{Type: alert.EntityHost, Value: "dc-01", Shared: true})
		}
		if same(placed(NewIndex(nil), a, b)) {
			t.Error("a controller joined two machines")
		}
	})
	t.Run("nor a user who works everywhere", func(t *testing.T) {
		t.Parallel()
		x := NewIndex(nil)
		for i := range 6 {
			x.Place(made(i+1, time.Duration(i)*minute, "user:svc-backup", fmt.Sprintf("host:pc-%d", i)))
		}
		placed(x, made(10, 10*minute, "host:x"), made(11, 11*minute, "host:y"))
		for _, a := range []*alert.Alert{made(12, 12*minute, "host:x", "user:svc-backup"), made(13, 13*minute, "host:y", "user:svc-backup")} {
			if p := x.Place(a); len(p.Merged) > 0 || p.Group == 1 {
				t.Errorf("placed %+v", p)
			}
		}
	})
}

func TestOtherNamesOfAUserAreTheSameUser(t *testing.T) {
	t.Parallel()
	x := NewIndex(nil)
	a := made(1, 0)
	a.Entities = []alert.Entity{{Type: alert.EntityUser, Value: "alice@corp.example.com", Aliases: []string{"S-1-5-21-1-2-3-1104", "Alice Smith"}}}
	b := made(4, 0)
	b.Entities = []alert.Entity{{Type: alert.EntityUser, Value: "asmith@corp.example.com", Aliases: []string{"alice"}}}
	at := placed(x, a, made(2, minute, "user:S-1-5-21-1-2-3-1104"), made(3, 2*minute, "user:alice smith"))
	x.Place(b)
	if p := x.Place(made(5, minute, "user:S-1-5-21-1-2-3-1104")); p.Group != at[0] || len(p.Merged) > 0 && p.Merged[0] != 4 {
		t.Errorf("under a third name she is in %+v", p)
	}
	if at[0] != at[1] {
		t.Errorf("by SID she is in %v", at)
	}
	if at[2] == at[0] {
		t.Error("a display name was taken for an account")
	}
}

func TestKeepLetsAlertsInButNeverMerges(t *testing.T) {
	t.Parallel()
	x := NewIndex(nil)
	placed(x, made(1, 0, "host:a"), made(2, minute, "user:alice"))
	x.Keep(1)
	if p := x.Place(made(3, 2*minute, "host:a")); p.Group != 1 {
		t.Errorf("a kept group takes no alert: %+v", p)
	}
	for id := 4; id < 6; id++ {
		if p := x.Place(made(id, 3*minute, "host:a", "user:alice")); len(p.Merged) > 0 {
			t.Errorf("a kept group was merged: %+v", p)
		}
	}
}

func TestAClosedGroupTakesNoAlert(t *testing.T) {
	t.Parallel()
	x := NewIndex(nil)
	x.Place(made(1, 0, "host:a"))
	x.Close(1)
	p := x.Place(made(2, minute, "host:a"))
	if !p.New || p.Group != 2 {
		t.Errorf("placed %+v", p)
	}
	if p := x.Place(made(3, 2*minute, "host:a")); p.Group != 2 || len(p.Merged) > 0 {
		t.Errorf("what came after is not seen anew: %+v", p)
	}
}

func TestMergeAndPutAreFollowed(t *testing.T) {
	t.Parallel()
	x := NewIndex(nil)
	placed(x, made(1, 0, "host:a"), made(2, 0, "host:b"))
	x.Merge(2, 1)
	if p := x.Place(made(3, minute, "host:a")); p.Group != 2 {
		t.Errorf("after Merge host a is in %v", p.Group)
	}
	x.Merge(1, 2) // they are one already
	if p := x.Place(made(4, minute, "host:b")); p.Group != 2 {
		t.Errorf("after a second Merge host b is in %v", p.Group)
	}
	x.Put(made(5, minute, "host:c"), 2)
	if p := x.Place(made(6, 2*minute, "host:c")); p.Group != 2 {
		t.Errorf("after Put host c is in %v", p.Group)
	}
	if p := x.Place(made(1, 48*time.Hour, "host:z")); p.New || p.Group != 2 {
		t.Errorf("a founder that comes again after its group was merged is in %+v", p)
	}
	moved := made(7, 2*minute, "host:d")
	x.Place(moved)
	x.Put(moved, 2)
	if p := x.Place(made(8, 3*minute, "host:d")); p.Group != 2 || len(p.Merged) > 0 {
		t.Errorf("after a move host d is in %+v", p)
	}
}

func TestTheIndexIsBounded(t *testing.T) {
	t.Parallel()
	x := NewIndex(nil)
	x.limit = 100
	for i := range 30_000 {
		x.Place(made(i+1, time.Duration(i)*time.Second, fmt.Sprintf("host:h%d", i), fmt.Sprintf("user:u%d", i)))
	}
	if len(x.entries) > x.limit+8 || len(x.groups) > 10_500 {
		t.Errorf("%d things, %d groups", len(x.entries), len(x.groups))
	}
	n := 0
	for e := x.oldest; e != nil; e = e.next {
		n++
	}
	if n != len(x.entries) {
		t.Errorf("%d things in order, %d in all", n, len(x.entries))
	}
	x.Place(made(40_000, 72*time.Hour, "host:new"))
	if len(x.entries) > 2 {
		t.Errorf("after two days %d things are remembered", len(x.entries))
	}
	hub := NewIndex(nil)
	for i := range 1000 {
		hub.Close(hub.Place(made(i+1, time.Duration(i)*2*time.Hour/1000, "host:a")).Group)
	}
	if got := len(hub.entries[key{kind: host, value: "a"}.mark()].spans); got > maxSpans {
		t.Errorf("one host is remembered in %d groups", got)
	}
}

func TestOneAlertAboutManyMachinesMakesNoneAHub(t *testing.T) {
	t.Parallel()
	x := NewIndex(nil)
	x.Place(made(1, 0, "host:a", "host:b", "host:c", "host:d", "host:e", "host:f", "host:g"))
	if p := x.Place(made(2, minute, "host:d")); p.Group != 1 {
		t.Errorf("one of the machines is in %+v", p)
	}
}
