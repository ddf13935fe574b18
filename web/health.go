package web

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"yagura/fault"
)

// getHealth serves GET /healthz: the process lives.
func (s *Server) getHealth(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, map[string]string{"status": "ok", "version": Version})
}

// Readiness is what GET /readyz answers. Ready means that deliveries can be
// stored; what else is amiss stands in the note.
type Readiness struct {
	Status string `json:"status"`
	Note   string `json:"note,omitempty"`
}

// getReady serves GET /readyz.
func (s *Server) getReady(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	if err := s.Store.Healthy(ctx); err != nil {
		return fault.Wrap(err, fault.Unavailable, "%s", fault.Of(err).Message)
	}
	out := Readiness{Status: "ready"}
	if s.Stalled != nil {
		if err := s.Stalled(); err != nil {
			out.Note = fault.Of(err).Message
		}
	}
	return writeJSON(w, http.StatusOK, out)
}

// counters are what /metrics shows of the door.
type counters struct {
	deliveries *prometheus.CounterVec
	refused    *prometheus.CounterVec
	bytes      *prometheus.CounterVec
	took       prometheus.Histogram
}

func newCounters(reg *prometheus.Registry) *counters {
	c := &counters{
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "yagura_deliveries_total", Help: "Deliveries accepted, by source; repeat says whether it was known already."}, []string{"source", "repeat"}),
		refused:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "yagura_refused_total", Help: "Requests to hooks that were refused, by source (empty: unknown) and reason."}, []string{"source", "reason"}),
		bytes:      prometheus.NewCounterVec(prometheus.CounterOpts{Name: "yagura_delivery_bytes_total", Help: "Bytes accepted, by source."}, []string{"source"}),
		took:       prometheus.NewHistogram(prometheus.HistogramOpts{Name: "yagura_accept_seconds", Help: "Time from a delivery's last byte to its sync to disk.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 12)}),
	}
	if reg != nil {
		reg.MustRegister(c.deliveries, c.refused, c.bytes, c.took)
	}
	return c
}

func (c *counters) accepted(source string, repeat bool, size int, took time.Duration) {
	r := "no"
	if repeat {
		r = "yes"
	}
	c.deliveries.WithLabelValues(source, r).Inc()
	c.bytes.WithLabelValues(source).Add(float64(size))
	c.took.Observe(took.Seconds())
}

func (s *Server) metricsHandler() http.Handler {
	return promhttp.HandlerFor(s.Metrics, promhttp.HandlerOpts{})
}
