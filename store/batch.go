package store

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"yagura/alert"
	"yagura/source"
)

// Batch is what came of a claim's deliveries, to be saved together.
type Batch struct {
	Alerts      []NewAlert
	Sightings   []Sighting
	Recurrences []*Recurrence // of new alerts, and those that sightings moved
	Events      map[string]alert.ID
	Outcomes    []source.Outcome
	Refused     []RefusedBasis
	Groups      []*Group // new lines of the queue, and those that changed
	Members     []Member // alerts that joined a group, and founders that no longer stand alone
	Merges      []Merge
	LastChange  int64 // number of the newest line of the event log; whoever saves it notes it

	marked bool // MarkRenewals was called
}

// NewAlert is an alert seen for the first time.
type NewAlert struct {
	Alert *alert.Alert
	More  string // further text of its message that search is to find
	Of    *Recurrence
}

// Sighting is the same thing again: one more occurrence of an alert.
type Sighting struct {
	ID        alert.ID // of the occurrence: the delivery and its place in it
	SeenAt    time.Time
	Severity  alert.Severity
	Alert     *alert.Alert // what it would have been as an alert of its own
	More      string
	Of        *Recurrence
	Renews    bool // it already made the line new again
	NewlySeen []alert.Observable
}

// RefusedBasis reports a fingerprint that would merge everything or nothing.
type RefusedBasis struct {
	Source, Rule, Problem string
}

// sightingDoc is what a sighting's row keeps.
type sightingDoc struct {
	New  []alert.Observable `json:"o,omitempty"` // observables the alert did not have
	Text string             `json:"x,omitempty"` // folded text, where it differs from the alert's
}

// MarkRenewals indexes the batch's observables and marks what repeats brought for
// the first time: their alerts are new again. Save does it where nobody has.
func (tx *Tx) MarkRenewals(b *Batch) error {
	if b.marked {
		return nil
	}
	b.marked = true
	fresh, err := tx.saveTerms(b)
	if err != nil {
		return err
	}
	now := tx.s.Now()
	for i := range b.Sightings {
		sg := &b.Sightings[i]
		for _, o := range sg.Alert.Observables {
			if fresh[term{observableTerm(o.Value), int64(sg.Of.Alert)}] {
				sg.NewlySeen = append(sg.NewlySeen, o)
			}
		}
		if len(sg.NewlySeen) > 0 && !sg.Renews {
			sg.Renews = true
			sg.Of.Renew(now, fmt.Sprintf("new observable %s %s", sg.NewlySeen[0].Type, sg.NewlySeen[0].Value))
		}
	}
	return nil
}

// Save writes a batch. Full-text rows come last: SQLite is fastest so.
func (tx *Tx) Save(b *Batch) error {
	err := tx.MarkRenewals(b)
	if err != nil {
		return err
	}
	texts := tx.texts(b)
	steps := []func() error{
		func() error { return tx.saveAlerts(b.Alerts) },
		func() error { return tx.saveSightings(b.Sightings, texts) },
		func() error { return tx.saveRecurrences(b.Recurrences) },
		func() error { return tx.saveEvents(b.Events) },
		func() error { return tx.moveSeverities(b.Recurrences) },
		func() error { return tx.saveStandings(b) },
		func() error { return tx.saveGroups(b) },
		func() error { return tx.saveTallies(b) },
		func() error { return tx.saveRuleStats(b) },
		func() error { return tx.SaveOutcomes(b.Outcomes) },
		func() error { return tx.saveChanges(b) },
		func() error { return tx.saveTexts(texts) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) saveAlerts(list []NewAlert) error {
	args := make([]any, 0, 8*len(list))
	for _, n := range list {
		a := n.Alert
		src, kind, rule, err := tx.wordIDs(a)
		if err != nil {
			return err
		}
		print, err := hex.DecodeString(a.Fingerprint)
		if err != nil {
			return fmt.Errorf("fingerprint %q: %w", a.Fingerprint, err)
		}
		doc, err := docOf(a, n.More).pack()
		if err != nil {
			return err
		}
		args = append(args, int64(a.ID), src, kind, rule, int64(n.Of.Severity), micros(a.SeenAt), print, doc)
	}
	return tx.bulk(`INSERT INTO alert (id, source, kind, rule, severity, seen_at, fingerprint, doc)`, "", 8, args)
}

func (tx *Tx) wordIDs(a *alert.Alert) (src, kind, rule int64, err error) {
	if src, err = tx.wordID(wordSource, a.Source); err != nil {
		return
	}
	if kind, err = tx.wordID(wordKind, a.Kind); err != nil {
		return
	}
	rule, err = tx.wordID(wordRule, a.Rule)
	return
}

func (tx *Tx) saveSightings(list []Sighting, texts []textRow) error {
	text := map[int64]string{}
	for _, t := range texts {
		if t.sighting {
			text[t.id] = t.text
		}
	}
	args := make([]any, 0, 5*len(list))
	for _, sg := range list {
		doc, err := json.Marshal(sightingDoc{New: sg.NewlySeen, Text: text[int64(sg.ID)]})
		if err != nil {
			return fmt.Errorf("encoding a sighting: %w", err)
		}
		args = append(args, int64(sg.ID), int64(sg.Of.Alert), micros(sg.SeenAt), int64(sg.Severity), compress(doc))
	}
	return tx.bulk(`INSERT INTO sighting (id, alert, seen_at, severity, doc)`, "", 5, args)
}

func (tx *Tx) saveEvents(events map[string]alert.ID) error {
	keys := make([]string, 0, len(events))
	for k := range events {
		keys = append(keys, k)
	}
	slices.Sort(keys) // neighbours in the index are written together
	args := make([]any, 0, 2*len(keys))
	for _, k := range keys {
		args = append(args, []byte(k), int64(events[k]))
	}
	return tx.bulk(`INSERT INTO event (key, alert)`, `ON CONFLICT DO NOTHING`, 2, args)
}

// moveSeverities raises the stored severity of alerts whose sightings were worse.
func (tx *Tx) moveSeverities(list []*Recurrence) error {
	for _, r := range list {
		if r.stored && r.Severity != r.severity {
			if err := tx.exec(`UPDATE alert SET severity = $1 WHERE id = $2`, int64(r.Severity), int64(r.Alert)); err != nil {
				return fmt.Errorf("raising the severity of %s: %w", r.Alert, err)
			}
		}
	}
	return nil
}

// SaveOutcomes records what became of deliveries.
func (tx *Tx) SaveOutcomes(list []source.Outcome) error {
	args := make([]any, 0, 4*len(list))
	for _, o := range list {
		args = append(args, int64(o.Delivery), stateNumber(o.State), o.Reason, int64(o.Alerts))
	}
	return tx.bulk(`INSERT INTO outcome (delivery, state, reason, alerts)`,
		`ON CONFLICT (delivery) DO UPDATE SET state = excluded.state, reason = excluded.reason, alerts = excluded.alerts`, 4, args)
}

var stateNumbers = []source.State{source.Received, source.Processed, source.Failed, source.Discarded}

func stateNumber(s source.State) int64 { return int64(slices.Index(stateNumbers, s)) }

var dispositionNumbers = alert.Dispositions()

func dispositionNumber(d alert.Disposition) int64 {
	return int64(max(0, slices.Index(dispositionNumbers, d)))
}

func dispositionOf(n int64) alert.Disposition {
	if n < 0 || int(n) >= len(dispositionNumbers) {
		return alert.Active
	}
	return dispositionNumbers[n]
}

// textRow is one row of a full-text index.
type textRow struct {
	id       int64
	sighting bool
	text     string
}

// texts returns what must be indexed: every new alert's text, and that of
// sightings that differ from what was indexed for their alert last.
func (tx *Tx) texts(b *Batch) []textRow {
	rows := make([]textRow, 0, len(b.Alerts)+len(b.Sightings))
	for _, n := range b.Alerts {
		d := docOf(n.Alert, n.More)
		text := d.searchText(n.Alert.Rule)
		n.Of.textHash = hashText(text)
		rows = append(rows, textRow{int64(n.Alert.ID), false, text})
	}
	for _, sg := range b.Sightings {
		d := docOf(sg.Alert, sg.More)
		text := d.searchText(sg.Alert.Rule)
		if h := hashText(text); h != sg.Of.textHash {
			sg.Of.textHash = h
			rows = append(rows, textRow{int64(sg.ID), true, text})
		}
	}
	return rows
}

func hashText(s string) int64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return int64(h.Sum64())
}

func (tx *Tx) saveTexts(rows []textRow) error {
	var set gramSet
	var alerts, sightings []any
	for _, t := range rows {
		set.reset()
		set.addText(t.text)
		var value any
		if tx.s.postgres {
			list := make([]int32, len(set.list))
			for i, n := range set.list {
				list[i] = int32(n)
			}
			value = list
		} else {
			value = string(set.tokens(make([]byte, 0, 5*len(set.list))))
		}
		if t.sighting {
			sightings = append(sightings, t.id, value)
		} else {
			alerts = append(alerts, t.id, value)
		}
	}
	column := "rowid"
	if tx.s.postgres {
		column = "alert"
	}
	for _, table := range []struct {
		name string
		args []any
	}{{"alert_text", alerts}, {"sighting_text", sightings}} {
		head := `INSERT INTO ` + table.name + ` (` + column + `, grams)`
		if tx.s.postgres {
			if err := tx.bulk(head, "", 2, table.args); err != nil {
				return err
			}
			continue
		}
		// One row a statement: after a statement of several, SQLite's full-text
		// index writes out what it gathered, and the merges of so many small
		// segments cost four times as much as all else.
		for i := 0; i < len(table.args); i += 2 {
			if err := tx.exec(head+` VALUES ($1, $2)`, table.args[i], table.args[i+1]); err != nil {
				return fmt.Errorf("%s: %w", head, err)
			}
		}
	}
	return nil
}
