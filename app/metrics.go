package app

import (
	"bytes"
	"context"
	"reflect"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yagura/source"
)

func equalSource(a, b source.Source) bool {
	same := bytes.Equal(a.TokenHash, b.TokenHash)
	a.TokenHash, b.TokenHash = nil, nil
	return same && reflect.DeepEqual(a, b)
}

// processed returns what counts the pipeline's commits.
func processed(reg *prometheus.Registry) func(deliveries, alerts, sightings, failed int) {
	if reg == nil {
		return nil
	}
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
		reg.MustRegister(c)
		return c
	}
	done := counter("yagura_processed_total", "Deliveries processed, failed ones included.")
	made := counter("yagura_alerts_total", "Alerts made.")
	seen := counter("yagura_sightings_total", "Repeats counted on alerts.")
	lost := counter("yagura_failed_total", "Deliveries that failed and wait in sight.")
	return func(deliveries, alerts, sightings, failed int) {
		done.Add(float64(deliveries))
		made.Add(float64(alerts))
		seen.Add(float64(sightings))
		lost.Add(float64(failed))
	}
}

// waiting shows how many deliveries wait and how many failed, counted when asked.
func (a *App) waiting(reg prometheus.Registerer) {
	gauge := func(name, help string, pick func(waiting, failed int) int) {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			waiting, failed, err := a.store.DeliveryCounts(ctx)
			if err != nil {
				return -1
			}
			return float64(pick(waiting, failed))
		}))
	}
	gauge("yagura_deliveries_waiting", "Deliveries that wait to be processed; -1 where it cannot be told.", func(w, _ int) int { return w })
	gauge("yagura_deliveries_failed", "Deliveries that failed and were neither replayed nor discarded; -1 where it cannot be told.", func(_, f int) int { return f })
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "yagura_policies_stale", Help: "1 while the policy folder does not load and older policies serve."}, func() float64 {
		if a.policies.problem() != nil {
			return 1
		}
		return 0
	}))
}
