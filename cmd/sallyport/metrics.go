package main

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/sallyport-iam/sallyport/store"
)

// metrics are what the server tells Prometheus, beside the wire's own (package api).
type metrics struct {
	registry      *prometheus.Registry
	verifications *prometheus.CounterVec
	signIns       *prometheus.CounterVec
	auditLost     prometheus.Counter
}

func newMetrics(s *store.Store) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		verifications: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sallyport_mfa_verifications_total", Help: "Verifications of an MFA code by outcome.",
		}, []string{"outcome"}),
		signIns: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sallyport_sign_ins_total", Help: "Steps of signing in to the console by result.",
		}, []string{"step", "result"}),
		auditLost: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "sallyport_audit_reads_lost_total", Help: "Audit records of reads that were lost because they came too fast.",
		}),
	}
	for _, outcome := range []string{"accepted", "refused", "over_budget", "disabled"} {
		m.verifications.WithLabelValues(outcome) // present from the start, so that a rate can be taken
	}
	counter := func(name, help string, value func(store.Stats) int64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help},
			func() float64 { return float64(value(s.Stats())) })
	}
	m.registry.MustRegister(m.verifications, m.signIns, m.auditLost,
		counter("sallyport_store_commits_total", "Transactions committed.", func(s store.Stats) int64 { return s.Commits }),
		counter("sallyport_store_updates_total", "Changes committed; several share a commit.", func(s store.Stats) int64 { return s.Functions }),
		counter("sallyport_store_reruns_total", "Transactions that failed and were run again.", func(s store.Stats) int64 { return s.Reruns }),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) verified(outcome string) { m.verifications.WithLabelValues(outcome).Inc() }

func (m *metrics) signIn(step, result string) { m.signIns.WithLabelValues(step, result).Inc() }

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
