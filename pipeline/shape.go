package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"runtime/debug"
	"strings"
	"time"

	"yagura/alert"
	"yagura/intake"
	"yagura/policy"
	"yagura/source"
	"yagura/store"
)

// shaped is a delivery taken apart: everything that needs no database.
type shaped struct {
	delivery    source.Delivery
	occurrences []occurrence
	failures    []string     // what could not be read; the delivery fails in sight
	notes       []string     // why there is no alert, what was mended
	messages    int          // how many messages it holds
	slow        int          // of them, how many ran into the policy's time limit
	taken       map[int]bool // places taken; only kept once one had to be sought
	sought      int          // how many were looked at, from the last one on
}

// place gives a message's i-th alert its place in the delivery. It depends on
// nothing but which message and which of its alerts it is: where a message could
// not be read, a replay that can finds its places free and the others' unmoved.
// Where a few messages of many yield very many alerts there is no such place for
// all: those get one of what is free. It is negative where nothing is.
func (s *shaped) place(message, i int) int {
	if at := message + i*s.messages; at < alert.MaxPerDelivery && !s.taken[at] {
		if s.taken != nil {
			s.taken[at] = true
		}
		return at
	}
	if s.taken == nil {
		s.taken = map[int]bool{}
		for _, o := range s.occurrences {
			s.taken[o.alert.ID.Index()] = true
		}
	}
	for s.sought < alert.MaxPerDelivery {
		s.sought++
		if at := alert.MaxPerDelivery - s.sought; !s.taken[at] {
			s.taken[at] = true
			return at
		}
	}
	return -1
}

func (s *shaped) fail(format string, args ...any) {
	s.failures = append(s.failures, fmt.Sprintf(format, args...))
}

// occurrence is one alert as it came, before it is known whether it is new.
type occurrence struct {
	alert   *alert.Alert
	window  time.Duration
	event   string // key of the very event; empty where it has none
	more    string
	refused string // why the policy's fingerprint was not taken
}

// Marks that an alert carries from here.
const (
	MarkLate   = "late"   // it came more than LateAfter after the product saw it
	MarkFuture = "future" // the product's time lay after receipt, and counts as receipt
)

// LateAfter is how long after the product saw it an alert counts as late.
const LateAfter = time.Hour

// clockSkew is how far a product's clock may run ahead without a mark.
const clockSkew = 2 * time.Minute

// shape decodes a delivery and makes alerts of its messages. It never fails as
// a whole: what cannot be read is noted, the rest stands.
func (p *Pipeline) shape(ctx context.Context, d source.Delivery) (out shaped) {
	out.delivery = d
	defer func() {
		if r := recover(); r != nil {
			p.Log.Error("panic while shaping a delivery", "delivery", d.ID, "panic", r, "stack", string(debug.Stack()))
			out.occurrences = nil
			out.fail("internal error while reading it; it is in the log under this delivery's id")
		}
	}()
	if d.Unreadable != "" {
		out.fail("%s", d.Unreadable)
		return out
	}
	src, ok := p.Source(d.Source)
	if !ok {
		out.fail("its source %q is gone", d.Source)
		return out
	}
	messages, problems := intake.Decode(d.Body, d.Header)
	for _, pr := range problems {
		out.fail("%s: %s", or(pr.Path, "body"), pr.Reason)
	}
	if len(messages) == 0 && len(problems) == 0 {
		out.notes = append(out.notes, "the delivery is an empty list")
	}
	out.messages = len(messages)
	for i, m := range messages {
		if out.slow == maxSlow {
			out.fail("%s: the policy ran into its time limit %d times; from here on nothing was read", or(m.Path, "body"), maxSlow)
			break
		}
		if m.Notice != "" { // the envelope's own word, such as a subscription's confirmation
			out.notes = append(out.notes, m.Notice)
			continue
		}
		p.message(ctx, src, i, m, &out)
	}
	return out
}

// maxSlow is how many messages of one delivery may run into the policy's time
// limit: a delivery of thousands must not hold up all others for hours.
const maxSlow = 3

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// message runs the ingest policy over the delivery's n-th message and shapes
// its drafts.
func (p *Pipeline) message(ctx context.Context, src source.Source, n int, m intake.Message, out *shaped) {
	at := ""
	if m.Path != "" {
		at = m.Path + ": "
	}
	set := p.Policies()
	started, failed := time.Now(), len(out.failures)
	limit := p.slow.limit(set, src.Kind, started)
	if limit < policy.Timeout {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	defer func() {
		if len(out.failures) == failed || time.Since(started) < limit {
			return
		}
		out.slow++
		p.slow.note(src.Kind, time.Now())
		if limit < policy.Timeout {
			out.failures = out.failures[:failed]
			out.fail("%sthe policy of %s ran into its time limit of %s again and again, so it was given %s only; mend it, or wait a minute, and replay", at, src.Kind, policy.Timeout, limit)
		}
	}()
	in := policy.Message{Kind: src.Kind, Source: src.ID, Header: header(out.delivery, m), Body: m.Body, Text: m.Text}
	made, err := set.Ingest(ctx, in)
	if err != nil {
		out.fail("%s%s", at, reasonOf(err))
		return
	}
	if made.Declined && len(made.Drafts) == 0 {
		// It is kept as an alert of its own, so it needs a title: the generic
		// reading gives one.
		in.Kind = "generic"
		if g, err := set.Ingest(ctx, in); err == nil {
			made.Drafts = g.Drafts
		}
	}
	if len(made.Drafts) == 0 {
		out.notes = append(out.notes, at+or(made.Reason, "the policy made no alert of it"))
	}
	for _, problem := range made.Problems {
		p.Log.Info("policy", "source", src.ID, "delivery", out.delivery.ID, "problem", problem)
	}
	for i := range made.Drafts {
		place := out.place(n, i)
		if place < 0 {
			out.fail("%smore than %d alerts in one delivery; send it in parts", at, alert.MaxPerDelivery)
			return
		}
		standing := alert.Standing{Disposition: alert.Active, By: "default"}
		if made.Declined {
			standing = decline(src, alert.Standing{Disposition: alert.Declined, By: made.By, Reason: made.Reason})
		}
		o := p.observe(src, m, &made.Drafts[i], place, out.delivery.ID)
		o.alert.Standing = standing
		o.refused = made.Drafts[i].Refused
		if err := p.judge(ctx, set, src, m, o.alert); err != nil {
			out.fail("%s%s", at, reasonOf(err))
			return
		}
		o.event = eventKey(o.alert, m, i, made.Drafts[i].SeenUnknown)
		o.more = leafText(m, o.alert)
		out.occurrences = append(out.occurrences, o)
	}
}

// header is what policies read by yagura.header: the request's, and over it what
// the envelopes around the message said.
func header(d source.Delivery, m intake.Message) map[string]string {
	if len(m.Header) == 0 {
		return d.Header
	}
	h := maps.Clone(d.Header)
	if h == nil {
		h = map[string]string{}
	}
	maps.Copy(h, m.Header)
	return h
}

// decline holds a policy to what the source permits: where declining is not
// permitted, what it would have declined becomes a notice and says so.
func decline(src source.Source, st alert.Standing) alert.Standing {
	if st.Disposition == alert.Declined && !src.MayDecline {
		st.Disposition = alert.Notice
		st.Reason = strings.TrimSpace(st.Reason + " (the policy would decline it; the source does not permit that, so it is a notice)")
	}
	return st
}

// observe completes a draft: identity, times, observables, fingerprint.
func (p *Pipeline) observe(src source.Source, m intake.Message, d *policy.Draft, index int, id alert.DeliveryID) occurrence {
	a := &d.Alert
	a.ID, a.Source, a.Kind, a.ReceivedAt = id.Alert(index), src.ID, src.Kind, id.Time()
	if d.SeenUnknown {
		if t, ok := policy.ParseTime(m.Time); ok { // the envelope's, unless it stands for none
			a.SeenAt = t
		} else {
			a.SeenAt = a.ReceivedAt
		}
	}
	a.SeenAt = a.SeenAt.Truncate(time.Microsecond)
	switch late := a.ReceivedAt.Sub(a.SeenAt); {
	case late < 0:
		if late < -clockSkew {
			a.Marks = append(a.Marks, MarkFuture)
		}
		a.SeenAt = a.ReceivedAt
	case late > LateAfter:
		a.Marks = append(a.Marks, MarkLate)
	}
	a.Observables = alert.Observe(a)
	basis := d.Basis
	if len(basis) == 0 {
		basis = alert.DefaultBasis(a)
	}
	a.Fingerprint = alert.FingerprintOf(a.Kind, a.Rule, basis)
	return occurrence{alert: a, window: src.Window}
}

// judge runs the triage policy. It runs before recognition, so that what it
// says of a repeat counts too: a severity it raises makes the line new again.
func (p *Pipeline) judge(ctx context.Context, set *policy.Set, src source.Source, m intake.Message, a *alert.Alert) error {
	j, err := set.Triage(ctx, policy.TriageInput{Alert: a, Data: m.Body})
	if err != nil {
		return err
	}
	if j.Title != "" {
		a.Title = j.Title
	}
	if j.Description != "" {
		a.Description = j.Description
	}
	if j.Severity != nil {
		a.Severity = *j.Severity
	}
	if j.Channel != "" {
		a.Channel = j.Channel
	}
	if j.Assignee != "" {
		a.Assignee = j.Assignee
	}
	if j.Priority != "" {
		a.Attributes = append(a.Attributes, alert.Attribute{Key: "priority", Value: j.Priority})
	}
	a.Tags = append(a.Tags, j.Tags...)
	a.Attributes = append(a.Attributes, j.Attributes...)
	if j.Disposition != "" && j.Disposition != alert.Active && a.Disposition != alert.Declined {
		a.Standing = decline(src, alert.Standing{Disposition: j.Disposition, By: j.By, Reason: j.Reason})
	}
	return nil
}

// eventKey names the very event, so that the same message twice is one. Where
// the policy gives no id, a message that carries a time of its own is its own
// id: only a repeated message is the same to the letter, time included. A
// message without any time may be the same thing happening again.
func eventKey(a *alert.Alert, m intake.Message, index int, seenUnknown bool) string {
	switch {
	case a.EventID != "":
		return store.EventKey(a.Source, "id\x00"+a.Rule+"\x00"+a.EventID)
	case !seenUnknown:
		sum := sha256.Sum256(m.Body)
		return store.EventKey(a.Source, fmt.Sprintf("body\x00%d\x00%s", index, hex.EncodeToString(sum[:])))
	case m.ID != "": // the envelope's id of this very message survives a redelivery
		return store.EventKey(a.Source, fmt.Sprintf("message\x00%d\x00%s", index, m.ID))
	}
	return ""
}
