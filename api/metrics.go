package api

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics counts requests by action and result, and measures how long they take.
type Metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

// NewMetrics registers the metrics of the wire.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sallyport_requests_total", Help: "Requests of the AWS wire by action and result (Success or the error code).",
		}, []string{"action", "result"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "sallyport_request_seconds", Help: "Time to answer a request of the AWS wire, by action.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"action"}),
	}
	registry.MustRegister(m.requests, m.seconds)
	return m
}

// observe counts one request. The action is of one of our operations, or "none", and the result a code of our
// own, so that clients can't make up label values.
func (m *Metrics) observe(action, result string, took time.Duration) {
	m.requests.WithLabelValues(action, result).Inc()
	m.seconds.WithLabelValues(action).Observe(took.Seconds())
}

// success is observe for the successes of one action, which looks its labels up once, at the first.
func (m *Metrics) success(action string) func(took time.Duration) {
	metrics := sync.OnceValues(func() (prometheus.Counter, prometheus.Observer) {
		return m.requests.WithLabelValues(action, "Success"), m.seconds.WithLabelValues(action)
	})
	return func(took time.Duration) {
		requests, seconds := metrics()
		requests.Inc()
		seconds.Observe(took.Seconds())
	}
}
