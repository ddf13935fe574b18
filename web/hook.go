package web

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"yagura/alert"
	"yagura/auth"
	"yagura/fault"
	"yagura/intake"
	"yagura/source"
)

// HookAnswer is what POST /hooks/{source}?wait=1 answers: what became of the
// delivery. Without wait the answer holds the delivery's id only.
type HookAnswer struct {
	Delivery alert.DeliveryID `json:"delivery" doc:"the delivery's id; a repeat gets the first one's"`
	State    source.State     `json:"state" doc:"received, processed, failed or discarded"`
	Alerts   []alert.ID       `json:"alerts" doc:"alerts made or seen again"`
	Reason   string           `json:"reason" doc:"why it failed or made no alert"`
}

// waitFor is how long ?wait=1 waits for the outcome.
const waitFor = 10 * time.Second

// kept are the request headers that are stored with a delivery: those that
// envelopes and policies read. None holds a secret.
var kept = func() map[string]bool {
	m := map[string]bool{}
	for _, name := range []string{
		"Content-Type", "Content-Encoding", "User-Agent", "Idempotency-Key",
		"X-Github-Event", "X-Github-Delivery", "X-Gitlab-Event", "X-Amz-Sns-Message-Type", "X-Amz-Sns-Message-Id", "X-Amz-Sns-Topic-Arn", "X-Amz-Sns-Rawdelivery",
		"Ce-Id", "Ce-Source", "Ce-Type", "Ce-Specversion", "Ce-Subject", "Ce-Time", "Ce-Datacontenttype",
		"X-Goog-Pubsub-Message-Id", "X-Goog-Pubsub-Subscription-Name", "X-Goog-Pubsub-Publish-Time",
	} {
		m[http.CanonicalHeaderKey(name)] = true
	}
	return m
}()

func keptHeaders(h http.Header) map[string]string {
	m := map[string]string{}
	keep := func(name, v string) {
		if v != "" && len(v) <= 1024 {
			m[strings.ToLower(name)] = strings.ToValidUTF8(v, "")
		}
	}
	for name, values := range h {
		// CloudEvents extensions have names of their own.
		if len(values) > 0 && (kept[name] || strings.HasPrefix(name, "Ce-") && len(m) < 64) {
			keep(name, values[0])
		}
	}
	return m
}

func (s *Server) noHook(_ http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost {
		p := newProblem(http.StatusMethodNotAllowed, "hooks take POST")
		return p
	}
	s.counters.refused.WithLabelValues("", "unknown source").Inc()
	return fault.New(fault.NotFound, "there is no such source")
}

// postHook serves POST /hooks/{source}. It answers 202 once the bytes are
// safely stored; the pipeline takes it from there.
func (s *Server) postHook(w http.ResponseWriter, r *http.Request) error {
	src, ok := s.Desk.Source(r.PathValue("source"))
	if !ok || src.Disabled {
		s.counters.refused.WithLabelValues("", "unknown source").Inc()
		return fault.New(fault.NotFound, "there is no such source")
	}
	refuse := func(reason string, err error) error {
		s.counters.refused.WithLabelValues(src.ID, reason).Inc()
		return err
	}
	signed := src.Auth.Scheme != ""
	if !signed || (src.TokenHash != nil && token(r) != "") {
		if !tokenMatches(src, token(r)) {
			return refuse("token", fault.New(fault.Unknown, "the source's token is missing or wrong; send it as \"Authorization: Bearer TOKEN\" or ?token="))
		}
		signed = false
	}
	if !signed {
		if err := s.withinRate(src); err != nil {
			return refuse("rate", err)
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, src.MaxBody))
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return refuse("size", fault.New(fault.TooLarge, "the body is larger than the %d bytes this source may send", tooLarge.Limit))
	}
	if err != nil {
		return refuse("broken off", fault.New(fault.Invalid, "the body broke off before its end; send it again"))
	}
	req := intake.Request{Header: r.Header, Body: body}
	if signed {
		if err := s.Verifier(src.ID).Verify(r.Context(), src.Auth, req); err != nil {
			return refuse("signature", err)
		}
		// Not before: a stranger must not use up what the source may send.
		if err := s.withinRate(src); err != nil {
			return refuse("rate", err)
		}
	}
	if confirmed, err := s.confirm(r.Context(), src, req); confirmed {
		if err == nil {
			return writeJSON(w, http.StatusOK, map[string]string{"status": "subscription confirmed"})
		}
		if signed {
			return refuse("confirmation", err)
		}
		// The token is right, so the message is kept, in sight; nothing was fetched.
		s.Log.Warn("an SNS subscription was not confirmed", "source", src.ID, "error", err)
	}
	return s.accept(w, r, src, body)
}

// withinRate takes one delivery from what the source may send.
func (s *Server) withinRate(src source.Source) error {
	if wait, ok := s.limits.allow(src, s.Store.Now()); !ok {
		return &fault.Error{Kind: fault.TooMany, Message: "this source sends faster than it may; send it again later", Retry: max(wait, time.Second)}
	}
	return nil
}

// confirm answers an SNS subscription's confirmation message.
func (s *Server) confirm(ctx context.Context, src source.Source, req intake.Request) (bool, error) {
	if !bytes.Contains(req.Body, []byte("SubscriptionConfirmation")) {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, waitFor)
	defer cancel()
	return s.Verifier(src.ID).Confirm(ctx, src.Auth.Topic, req)
}

func (s *Server) accept(w http.ResponseWriter, r *http.Request, src source.Source, body []byte) error {
	header := keptHeaders(r.Header)
	d := source.Delivery{Source: src.ID, Header: header, Body: body, Key: intake.MessageKey(body, header, s.EventIDs(src.Kind))}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	started := time.Now()
	id, repeat, err := s.Pipeline.Accept(ctx, d)
	if err != nil {
		s.counters.refused.WithLabelValues(src.ID, "storage").Inc()
		return err
	}
	s.counters.accepted(src.ID, repeat, len(body), time.Since(started))
	if repeat {
		w.Header().Set("Idempotent-Replayed", "true") // so that senders can count what was new
	}
	if v := r.URL.Query().Get("wait"); v == "" || v == "0" || v == "false" {
		return writeJSON(w, http.StatusAccepted, map[string]alert.DeliveryID{"delivery": id})
	}
	wctx, stop := context.WithTimeout(r.Context(), waitFor)
	defer stop()
	row, alerts, err := s.Pipeline.Outcome(wctx, id)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if row.State == source.Received || repeat {
		status = http.StatusAccepted
	}
	return writeJSON(w, status, HookAnswer{id, row.State, alerts, row.Reason})
}

func token(r *http.Request) string {
	if t := bearer(r.Header.Get("Authorization")); t != "" {
		return t
	}
	return r.URL.Query().Get("token")
}

func tokenMatches(src source.Source, token string) bool {
	return token != "" && src.TokenHash != nil && subtle.ConstantTimeCompare(auth.HashToken(token), src.TokenHash) == 1
}

// limits holds a bucket for each source with a rate.
type limits struct {
	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

// allow takes one from the source's bucket; where it is empty, wait says when
// to try again.
func (l *limits) allow(src source.Source, now time.Time) (wait time.Duration, ok bool) {
	if src.Rate == 0 {
		return 0, true
	}
	burst := max(src.Burst, 1, int(src.Rate))
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets[src.ID]
	if b == nil {
		if l.buckets == nil {
			l.buckets = map[string]*rate.Limiter{}
		}
		b = rate.NewLimiter(rate.Limit(src.Rate), burst)
		l.buckets[src.ID] = b
	}
	if b.Limit() != rate.Limit(src.Rate) || b.Burst() != burst { // its settings changed
		b.SetLimitAt(now, rate.Limit(src.Rate))
		b.SetBurstAt(now, burst)
	}
	if b.AllowN(now, 1) {
		return 0, true
	}
	r := b.ReserveN(now, 1)
	wait = r.DelayFrom(now)
	r.CancelAt(now)
	return wait, false
}
