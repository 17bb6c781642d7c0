package app

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/pay"
)

const (
	// rowsFresh is how long figures from the database are given out again, so
	// that scraping often costs no more.
	rowsFresh = 5 * time.Second
	// rowsLimit bounds reading them: a scrape that hangs tells nothing.
	rowsLimit = 5 * time.Second
	// booksSpan is how far back the books are summed each time.
	booksSpan = time.Hour
	// booksEvery is how often they are.
	booksEvery = time.Minute
)

// rowMetric is a figure that the database has. Its query reads an index of what
// is open, so that it costs the same whatever has been paid before.
type rowMetric struct {
	desc  *prometheus.Desc
	query string
	// since: the query gives the time that something has been due since, 0 for
	// nothing; the metric is how long that is ago.
	since bool
}

func rowMetrics() []rowMetric {
	count := func(name, help, query string) rowMetric {
		return rowMetric{prometheus.NewDesc(name, help, nil, nil), query, false}
	}
	since := func(name, help, query string) rowMetric {
		return rowMetric{prometheus.NewDesc(name, help, nil, nil), query, true}
	}
	return []rowMetric{
		count("passerelle_transactions_open", "Payments, payouts and refunds whose outcome is still asked for.",
			`SELECT COUNT(*) FROM transactions WHERE next_check_at > 0`),
		count("passerelle_transactions_overdue", "Those that took longer than their provider allows, and are still unknown; live ones only.",
			`SELECT COUNT(*) FROM transactions WHERE next_check_at > 0 AND overdue AND mode = 'live'`),
		since("passerelle_transactions_late_seconds", "How long the oldest check that is due has been waiting for a node.",
			`SELECT COALESCE(MIN(next_check_at), 0) FROM transactions WHERE next_check_at > 0`),
		count("passerelle_deliveries_open", "Webhooks that are not acknowledged yet.",
			`SELECT COUNT(*) FROM deliveries WHERE next_attempt_at > 0`),
		count("passerelle_deliveries_failing", "Those that failed three times or more; live ones only.",
			`SELECT COUNT(*) FROM deliveries WHERE next_attempt_at > 0 AND attempts >= 3 AND mode = 'live'`),
		since("passerelle_deliveries_late_seconds", "How long the oldest webhook that is due has been waiting for a node.",
			`SELECT COALESCE(MIN(next_attempt_at), 0) FROM deliveries WHERE next_attempt_at > 0`),
		count("passerelle_endpoints_disabled", "Webhook endpoints switched off because they kept failing; live ones only.",
			`SELECT COUNT(*) FROM webhook_endpoints WHERE disabled_because <> '' AND mode = 'live'`),
	}
}

var databaseUp = prometheus.NewDesc("passerelle_database_up", "1 if the database answers this node.", nil, nil)

// rowCollector reads the figures when they are scraped.
type rowCollector struct {
	store   *store.Store
	now     func() time.Time
	metrics []rowMetric

	mu     sync.Mutex
	taken  time.Time
	up     bool
	values map[string]float64 // by query; what could not be read is not in it
}

// watchRows adds the figures that lie in the database.
func (m *metrics) watchRows(s *store.Store, now func() time.Time) {
	m.registry.MustRegister(&rowCollector{store: s, now: now, metrics: rowMetrics()})
}

// Describe implements prometheus.Collector.
func (c *rowCollector) Describe(to chan<- *prometheus.Desc) {
	to <- databaseUp
	for _, m := range c.metrics {
		to <- m.desc
	}
}

// Collect implements prometheus.Collector.
func (c *rowCollector) Collect(to chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); c.values == nil || now.Sub(c.taken).Abs() >= rowsFresh {
		c.read(now)
	}
	up := 0.0
	if c.up {
		up = 1
	}
	to <- prometheus.MustNewConstMetric(databaseUp, prometheus.GaugeValue, up)
	for _, m := range c.metrics {
		if v, ok := c.values[m.query]; ok {
			to <- prometheus.MustNewConstMetric(m.desc, prometheus.GaugeValue, v)
		}
	}
}

func (c *rowCollector) read(now time.Time) {
	ctx, cancel := context.WithTimeout(context.Background(), rowsLimit)
	defer cancel()
	c.taken, c.values, c.up = now, map[string]float64{}, c.store.Ping(ctx) == nil
	for _, m := range c.metrics {
		var n int64
		if !c.up || c.store.RawRead().QueryRowContext(ctx, m.query).Scan(&n) != nil {
			continue
		}
		c.values[m.query] = float64(n)
		if m.since {
			c.values[m.query] = late(now, n)
		}
	}
}

// late is the seconds since a row became due.
func late(now time.Time, dueMs int64) float64 {
	if dueMs == 0 {
		return 0
	}
	return max(0, now.Sub(time.UnixMilli(dueMs)).Seconds())
}

// books sums the journals of the last hour once a minute. That debits equal
// credits is checked before each journal is written; this would catch what
// nobody thought of, or somebody who writes to the tables by hand.
type books struct {
	store      *store.Store
	now        func() time.Time
	log        *slog.Logger
	unbalanced prometheus.Gauge
}

// watchBooks makes what sums them.
func (m *metrics) watchBooks(s *store.Store, now func() time.Time, log *slog.Logger) books {
	b := books{store: s, now: now, log: log, unbalanced: prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "passerelle_ledger_unbalanced_journals", Help: "Journals of the last hour whose debits and credits differ: none, ever.",
	})}
	m.registry.MustRegister(b.unbalanced)
	return b
}

// check reads by key: a merchant's entries since an hour ago are the end of its
// part of the primary key.
func (b books) check(ctx context.Context) error {
	merchants, err := b.store.Read().ListMerchants(ctx)
	if err != nil {
		return fmt.Errorf("list merchants: %w", err)
	}
	var total int64
	for _, m := range merchants {
		var n int64
		err := b.store.RawRead().QueryRowContext(ctx, `SELECT COUNT(*) FROM (
			SELECT journal FROM ledger_entries WHERE merchant_id = $1 AND id >= $2 GROUP BY journal, currency
			HAVING SUM(CASE side WHEN 'debit' THEN amount ELSE -amount END) <> 0) AS unbalanced`,
			m.ID, pay.IDBound("le", m.ID, b.now().Add(-booksSpan))).Scan(&n)
		if err != nil {
			return fmt.Errorf("sum journals: %w", err)
		}
		if n > 0 {
			b.log.Error("ledger does not balance", "merchant", m.ID, "journals", n)
		}
		total += n
	}
	b.unbalanced.Set(float64(total))
	return nil
}
