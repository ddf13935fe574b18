package pipeline

import (
	"fmt"
	"strings"
	"time"

	"yagura/alert"
	"yagura/source"
	"yagura/store"
)

// recognise decides what each occurrence is: the same event again (nothing
// new), the same thing again (one more sighting), or a new alert. It runs in
// the transaction that saves, so that no two of them decide at once.
func recognise(tx *store.Tx, list []shaped) (*store.Batch, error) {
	r, err := newRecogniser(tx, list)
	if err != nil {
		return nil, err
	}
	for i := range list {
		r.delivery(&list[i])
	}
	return r.batch, nil
}

type recogniser struct {
	batch  *store.Batch
	known  map[alert.ID]alert.ID                       // occurrence → alert, stored before
	events map[string]alert.ID                         // event → alert, stored before or in this batch
	prints map[store.RecurrenceKey][]*store.Recurrence // stored before or in this batch
	moved  map[*store.Recurrence]bool                  // in batch.Recurrences
	now    time.Time
}

func newRecogniser(tx *store.Tx, list []shaped) (*recogniser, error) {
	var ids []alert.ID
	var prints []store.RecurrenceKey
	var events []string
	seen := map[store.RecurrenceKey]bool{}
	for _, s := range list {
		for _, o := range s.occurrences {
			ids = append(ids, o.alert.ID)
			if k := keyOf(o.alert); !seen[k] {
				seen[k] = true
				prints = append(prints, k)
			}
			if o.event != "" {
				events = append(events, o.event)
			}
		}
	}
	r := &recogniser{batch: &store.Batch{Events: map[string]alert.ID{}}, moved: map[*store.Recurrence]bool{}, now: tx.Now()}
	var err error
	if r.known, err = tx.Occurrences(ids); err != nil {
		return nil, err
	}
	if r.events, err = tx.Events(events); err != nil {
		return nil, err
	}
	r.prints, err = tx.Recurrences(prints)
	return r, err
}

func keyOf(a *alert.Alert) store.RecurrenceKey {
	return store.RecurrenceKey{Source: a.Source, Fingerprint: a.Fingerprint}
}

func (r *recogniser) delivery(s *shaped) {
	touched := map[alert.ID]bool{}
	for i := range s.occurrences {
		o := &s.occurrences[i]
		if id, ok := r.known[o.alert.ID]; ok { // replayed
			touched[id] = true
			continue
		}
		if o.event != "" {
			if id, ok := r.events[o.event]; ok {
				s.notes = append(s.notes, fmt.Sprintf("the same event as %s: nothing new", id))
				continue
			}
		}
		touched[r.occurrence(o)] = true
	}
	out := source.Outcome{Delivery: s.delivery.ID, State: source.Processed, Alerts: len(touched)}
	if len(s.failures) > 0 {
		out.State, out.Reason = source.Failed, summary(s.failures)
	} else if len(touched) == 0 {
		out.Reason = summary(s.notes)
		if out.Reason == "" {
			out.Reason = "it holds no message"
		}
	}
	out.Reason = clip(out.Reason, maxReason)
	r.batch.Outcomes = append(r.batch.Outcomes, out)
}

// maxReason bounds a delivery's reason, in bytes: lists show it.
const maxReason = 4 << 10

// summary joins reasons: the first few in full, the rest by number.
func summary(list []string) string {
	const most = 5
	if len(list) > most {
		return strings.Join(list[:most], "; ") + fmt.Sprintf("; and %d more", len(list)-most)
	}
	return strings.Join(list, "; ")
}

// occurrence files one occurrence and returns the alert it belongs to.
func (r *recogniser) occurrence(o *occurrence) alert.ID {
	a := o.alert
	if o.refused != "" {
		r.batch.Refused = append(r.batch.Refused, store.RefusedBasis{Source: a.Source, Rule: a.Rule, Problem: o.refused})
	}
	rec := nearest(r.prints[keyOf(a)], a, o.window)
	if rec == nil {
		rec = store.NewRecurrence(a)
		r.prints[keyOf(a)] = append(r.prints[keyOf(a)], rec)
		r.batch.Alerts = append(r.batch.Alerts, store.NewAlert{Alert: a, More: o.more, Of: rec})
	} else {
		renews := r.sight(rec, a)
		r.batch.Sightings = append(r.batch.Sightings, store.Sighting{
			ID: a.ID, SeenAt: a.SeenAt, Severity: a.Severity, Alert: a, More: o.more, Of: rec, Renews: renews,
		})
	}
	if !r.moved[rec] {
		r.moved[rec] = true
		r.batch.Recurrences = append(r.batch.Recurrences, rec)
	}
	if o.event != "" {
		r.events[o.event] = rec.Alert
		r.batch.Events[o.event] = rec.Alert
	}
	return rec.Alert
}

// nearest returns the recurrence of the list that a belongs to: seen within the
// window of it, whichever came first. A posture finding is a
// state, not an event: it belongs to its alert however long ago that was.
func nearest(list []*store.Recurrence, a *alert.Alert, window time.Duration) *store.Recurrence {
	var best *store.Recurrence
	var least time.Duration
	for _, rec := range list {
		gap := max(rec.First.Sub(a.SeenAt), a.SeenAt.Sub(rec.Last), 0)
		posture := a.Condition != "" && rec.Condition != ""
		if (gap <= window || posture) && (best == nil || gap < least) {
			best, least = rec, gap
		}
	}
	return best
}

// sight counts a repeat and reports whether it makes the line new again.
func (r *recogniser) sight(rec *store.Recurrence, a *alert.Alert) (renews bool) {
	rec.Count++
	if a.SeenAt.Before(rec.First) {
		rec.First = a.SeenAt
	}
	if a.SeenAt.After(rec.Last) {
		rec.Last = a.SeenAt
	}
	renew := func(why string) {
		rec.Renew(r.now, why)
		renews = true
	}
	if a.Severity > rec.Severity {
		renew(fmt.Sprintf("severity rose from %s to %s", rec.Severity, a.Severity))
		rec.Severity = a.Severity
	}
	if a.Condition != "" && a.Condition != rec.Condition && !a.SeenAt.Before(rec.ConditionAt) {
		if a.Condition == alert.Present && rec.Condition == alert.Fixed {
			renew("it was fixed and is present again")
		}
		rec.Condition, rec.ConditionAt = a.Condition, a.SeenAt
	}
	if quieter(rec.Standing.Disposition, a.Disposition) {
		renew(fmt.Sprintf("it was %s (%s); the policy no longer says so of a repeat", rec.Standing.Disposition, rec.Standing.By))
		rec.Standing = alert.Standing{Disposition: a.Disposition, By: a.By, Reason: "a repeat is " + string(a.Disposition)}
	}
	return renews
}

// quieter reports whether a makes less noise than b.
func quieter(a, b alert.Disposition) bool {
	rank := map[alert.Disposition]int{alert.Active: 4, alert.Notice: 3, alert.Silenced: 2, alert.Closed: 1, alert.Declined: 0}
	return rank[a] < rank[b]
}
