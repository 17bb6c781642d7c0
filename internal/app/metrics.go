package app

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/passerelle-pay/passerelle/internal/store"
)

// metrics are what an operator watches. Labels are few and fixed: never an id,
// a phone number or a path with one.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "passerelle_http_requests_total", Help: "Requests answered, by door and status class.",
		}, []string{"door", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "passerelle_http_request_seconds", Help: "Time to answer, by door.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"door"}),
	}
	m.registry.MustRegister(m.requests, m.seconds, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// watch adds figures that are read when they are asked for.
func (m *metrics) watch(stats func() store.Stats, ready func() bool) {
	counter := func(name, help string, read func(store.Stats) uint64) {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 {
			return float64(read(stats()))
		}))
	}
	counter("passerelle_store_updates_total", "Writes that were answered.", func(s store.Stats) uint64 { return s.Updates })
	counter("passerelle_store_commits_total", "Database transactions committed; several writes may share one.", func(s store.Stats) uint64 { return s.Commits })
	counter("passerelle_store_repeats_total", "Writes run again, after a conflict or a lost group.", func(s store.Stats) uint64 { return s.Repeats })
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "passerelle_ready", Help: "1 while payments can be taken, 0 while starting or draining.",
	}, func() float64 {
		if ready() {
			return 1
		}
		return 0
	}))
}

// count measures every request under its door: the first part of its path.
func (m *metrics) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(seen, r)
		door := doorOf(r.URL.Path)
		m.requests.WithLabelValues(door, strconv.Itoa(seen.status/100)+"xx").Inc()
		m.seconds.WithLabelValues(door).Observe(time.Since(started).Seconds())
	})
}

// doorOf keeps the label set small whatever strangers ask for.
func doorOf(path string) string {
	switch first, _ := firstPart(path); first {
	case "v1", "pay", "hooks", "sandbox", "dashboard", "docs":
		return first
	case "healthz", "readyz", "metrics", "openapi.json", "openapi.yaml", "":
		return "system"
	}
	return "dialect"
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the writer below.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
