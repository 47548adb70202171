package main

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/store"
)

// metrics are what the server tells Prometheus, beside the wire's own (package api).
type metrics struct {
	registry      *prometheus.Registry
	verifications *prometheus.CounterVec
	signIns       *prometheus.CounterVec
	auditLost     prometheus.Counter
}

func newMetrics(at *opened) *metrics {
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
	m.registry.MustRegister(m.verifications, m.signIns, m.auditLost,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	info := prometheus.Labels{"node": at.node, "version": version()}
	m.gauge("sallyport_node_info", "This node: its name in the audit log, and the program's version. Always 1.", info, func() float64 { return 1 })
	return m
}

func (m *metrics) counter(name, help string, labels prometheus.Labels, value func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels}, value))
}

func (m *metrics) gauge(name, help string, labels prometheus.Labels, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, value))
}

// watch adds what others count themselves.
func (m *metrics) watch(s *store.Store, directory *iam.Directory, auditQueue func() int) {
	stats := func(value func(store.Stats) float64) func() float64 {
		return func() float64 { return value(s.Stats()) }
	}
	m.counter("sallyport_store_commits_total", "Transactions committed.", nil,
		stats(func(s store.Stats) float64 { return float64(s.Commits) }))
	m.counter("sallyport_store_updates_total", "Changes committed; several may share a commit.", nil,
		stats(func(s store.Stats) float64 { return float64(s.Functions) }))
	m.counter("sallyport_store_reruns_total", "Transactions that failed, or were refused for the sake of another, and were run again.", nil,
		stats(func(s store.Stats) float64 { return float64(s.Reruns) }))
	m.gauge("sallyport_store_connections_max", "Connections to the database that can be used at once; of an embedded one, those that read.", nil,
		stats(func(s store.Stats) float64 { return float64(s.Connections) }))
	m.gauge("sallyport_store_connections_in_use", "Connections to the database in use.", nil,
		stats(func(s store.Stats) float64 { return float64(s.InUse) }))
	m.gauge("sallyport_store_connections_waiting", "Requests that wait for a connection to the database.", nil,
		stats(func(s store.Stats) float64 { return float64(s.Waiting) }))

	health := func(value func(store.Health) float64) func() float64 {
		return func() float64 { return value(s.Health()) }
	}
	m.gauge("sallyport_database_up", "Whether the database answers.", nil,
		health(func(h store.Health) float64 { return truth(h.Down == nil) }))
	m.gauge("sallyport_database_round_trip_seconds", "How long the database took to answer last; 0 of an embedded one.", nil,
		health(func(h store.Health) float64 { return h.RoundTrip.Seconds() }))
	m.gauge("sallyport_database_clock_skew_seconds", "How far this node's clock is ahead of the database's.", nil,
		health(func(h store.Health) float64 { return h.Skew.Seconds() }))
	for _, mode := range []string{"none", "asynchronous", "synchronous"} {
		m.gauge("sallyport_database_replication", "How the database is replicated: 1 for the mode that it is.", prometheus.Labels{"mode": mode},
			health(func(h store.Health) float64 { return truth(h.Replication == mode) }))
	}
	m.gauge("sallyport_database_warnings", "Settings of the database that weaken what is promised; /readyz tells which.", nil,
		health(func(h store.Health) float64 { return float64(len(h.Warnings)) }))

	m.gauge("sallyport_audit_queue_records", "Audit records of reads that wait to be written.", nil, func() float64 { return float64(auditQueue()) })

	cache := func(value func(iam.DirectoryStats) float64) func() float64 {
		return func() float64 { return value(directory.Stats()) }
	}
	m.counter("sallyport_directory_hits_total", "Look-ups of credentials and principals answered from memory.", nil,
		cache(func(s iam.DirectoryStats) float64 { return float64(s.Hits) }))
	m.counter("sallyport_directory_misses_total", "Look-ups of credentials and principals that asked the database.", nil,
		cache(func(s iam.DirectoryStats) float64 { return float64(s.Misses) }))
	m.counter("sallyport_directory_shared_total", "Look-ups of credentials and principals that waited for the answer to another's.", nil,
		cache(func(s iam.DirectoryStats) float64 { return float64(s.Shared) }))
	m.counter("sallyport_directory_unknown_total", "Look-ups of credentials and principals that do not exist.", nil,
		cache(func(s iam.DirectoryStats) float64 { return float64(s.Unknown) }))
	m.counter("sallyport_directory_refused_total", "Look-ups of credentials and principals that could not be answered.", nil,
		cache(func(s iam.DirectoryStats) float64 { return float64(s.Refused) }))
	m.gauge("sallyport_directory_entries", "Credentials and principals in memory.", nil,
		cache(func(s iam.DirectoryStats) float64 { return float64(s.Entries) }))
	m.gauge("sallyport_directory_bytes", "Memory that the directory takes.", nil,
		cache(func(s iam.DirectoryStats) float64 { return float64(s.Bytes) }))
	m.gauge("sallyport_directory_limit_bytes", "Memory that the directory may take, about.", nil,
		cache(func(s iam.DirectoryStats) float64 { return float64(s.Limit) }))
	m.gauge("sallyport_directory_age_seconds", "How long ago changes made elsewhere were looked for.", nil,
		cache(func(s iam.DirectoryStats) float64 { return s.Age.Seconds() }))
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (m *metrics) verified(outcome string) { m.verifications.WithLabelValues(outcome).Inc() }

func (m *metrics) signIn(step, result string) { m.signIns.WithLabelValues(step, result).Inc() }

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
