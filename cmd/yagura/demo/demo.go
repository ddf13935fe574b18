// Package demo makes the demo night: about thirty quiet days of a small company
// with a web shop, and then one night of 1,081 detections. 900 are one port scan,
// 150 one brute force, 30 the backup job that runs every night, and 1 is a process
// that was started inside a container: the one that matters. Who tries Yagura sees
// with it what a real month looks like; tests and figures use it too.
//
// Everything is made up here. Messages have each product's own form; outside
// addresses are documentation ranges, names end in example.com. The same date gives
// the same bytes, and every message has a key, so that sending all of it again adds
// nothing.
package demo

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Message is one message of a product, ready to be sent.
type Message struct {
	Source string            // id of its source, one of Sources
	Kind   string            // kind of that source
	Header map[string]string // headers that the product sends; may be nil
	Body   []byte            // JSON, in the product's own form
	Key    string            // idempotency key
	At     time.Time         // by the product's clock; the same time that Body tells
	Story  Story             // what it belongs to
}

// Story is what a message belongs to.
type Story string

// The stories. A quiet day's messages belong to none, but for the backup job.
const (
	Scan      Story = "scan"      // one address tries the ports of a whole network
	Brute     Story = "brute"     // one address guesses passwords
	Backup    Story = "backup"    // the backup job, which reads everything
	Container Story = "container" // a process started inside a container
)

// Source is a source that the demo needs.
type Source struct{ ID, Kind string }

// Sources lists the sources of all messages.
func Sources() []Source {
	var list []Source
	for _, kind := range []string{"defender", "falco", "github", "guardduty", "okta", "opencanary", "securityhub", "suricata", "wazuh"} {
		list = append(list, Source{"demo-" + kind, kind})
	}
	return list
}

// Days is how many quiet days come before the night.
const Days = 30

// LastNight returns the date of the last night that is over at now: the midnight
// in it, in now's zone. The night is from 22:00 before it to 06:00 after it.
func LastNight(now time.Time) time.Time {
	y, m, d := now.Date()
	midnight := time.Date(y, m, d, 0, 0, 0, 0, now.Location())
	if now.Before(midnight.Add(dawn)) {
		midnight = time.Date(y, m, d-1, 0, 0, 0, 0, now.Location())
	}
	return midnight
}

const (
	dusk = -2 * time.Hour
	dawn = 6 * time.Hour
)

// Night returns the messages of the night around date's midnight, in order of time.
func Night(date time.Time) []Message {
	m := newMaker(date, "night", 1)
	m.scan()
	m.brute()
	m.backup(true)
	m.container()
	return m.sorted()
}

// QuietDays returns the messages of the days before the night, in order of time:
// 10 to 40 a day, the last of them on the evening before.
func QuietDays(date time.Time) []Message {
	var all []Message
	for back := Days; back >= 1; back-- {
		// The backup runs in the night at the day's start.
		day := date.AddDate(0, 0, -back)
		m := newMaker(day, "quiet", uint64(1000+back))
		m.back = back
		m.backup(back%7 == 0)
		m.quiet()
		all = append(all, m.sorted()...)
	}
	return all
}

// All returns the quiet days and the night, in order of time.
func All(date time.Time) []Message { return append(QuietDays(date), Night(date)...) }

// maker gathers one day's messages.
type maker struct {
	day  time.Time // its midnight
	name string
	back int // days before the night
	rnd  *rand.Rand
	list []Message
}

// object is a JSON object.
type object = map[string]any

// newMaker makes a day's maker. Its numbers are the same every time.
func newMaker(day time.Time, name string, seed uint64) *maker {
	return &maker{day: day, name: name, rnd: rand.New(rand.NewPCG(seed, 0x79616775_7261))}
}

// add adds a message. Its key comes from its place, so that the same date gives the same.
func (m *maker) add(kind string, story Story, at time.Time, body object) *Message {
	b, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("demo: a message cannot be written: %v", err)) // our own maps and texts always can
	}
	m.list = append(m.list, Message{
		Source: "demo-" + kind, Kind: kind, Body: b, At: at, Story: story,
		Key: fmt.Sprintf("yagura-demo/%s/%s/%d", m.day.Format("2006-01-02"), m.name, len(m.list)+1),
	})
	return &m.list[len(m.list)-1]
}

func (m *maker) sorted() []Message {
	slices.SortStableFunc(m.list, func(a, b Message) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Key, b.Key)) })
	return m.list
}

// id returns a made-up hexadecimal id of n letters that is always the same for
// the same place.
func (m *maker) id(n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d", m.day.Format(time.RFC3339), m.name, len(m.list)))
	return hex.EncodeToString(sum[:])[:n]
}

func (m *maker) uuid() string {
	s := m.id(32)
	return s[:8] + "-" + s[8:12] + "-4" + s[13:16] + "-a" + s[17:20] + "-" + s[20:32]
}

// at returns the time so long after the day's midnight, to the millisecond.
func (m *maker) at(d time.Duration) time.Time { return m.day.Add(d).Truncate(time.Millisecond) }

// between returns a time of the day between two hours.
func (m *maker) between(from, to time.Duration) time.Time {
	return m.at(from + time.Duration(m.rnd.Int64N(int64(to-from))))
}

func (m *maker) port() int { return 32768 + m.rnd.IntN(28000) }

func pick[T any](m *maker, list []T) T { return list[m.rnd.IntN(len(list))] }

// The company: who works there, what runs there.
const (
	account = "111122223333"
	region  = "ap-northeast-1"
	tenant  = "00000000-1111-4222-8333-444444444444"
	scanner = "203.0.113.9"   // of the night's port scan
	guesser = "198.51.100.23" // of the night's brute force
)

var (
	people = []string{"a.mori", "d.okafor", "e.lindqvist", "h.tanaka", "j.silva", "k.nowak", "m.sato", "r.patel"}
	// outside are addresses that touch the company now and then.
	outside = []string{"203.0.113.14", "203.0.113.88", "203.0.113.140", "203.0.113.201", "198.51.100.61", "198.51.100.149", "198.51.100.233"}
)

func mail(person string) string { return person + "@example.com" }

// host returns the nth public address of the company's network.
func host(n int) string { return fmt.Sprintf("192.0.2.%d", 20+n) }

func utc(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
