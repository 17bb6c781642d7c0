package app

import (
	"context"
	"log/slog"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// maxMessages bounds the label values that messages make. They are constants of
// this program, of which there are fewer.
const maxMessages = 200

// alarms are the messages that alert rules ask about. They are counted from
// zero, as Prometheus sees no increase in a series that begins at one.
var alarms = map[string][]string{
	"warn": {"transaction is overdue", "provider is not called for a while: it does not answer"},
	"error": {
		"transaction needs a person", "connection needs a person", "provider's answer does not match the order",
		"late payment can't be given back", "ledger does not balance", "handler panicked", "request panicked",
	},
}

// countedLog counts warnings and errors by their message, so that what is worth
// a line in the log can also wake somebody. It counts what the level hides, too.
type countedLog struct {
	slog.Handler
	count *messageCounter
}

type messageCounter struct {
	total *prometheus.CounterVec

	mu   sync.Mutex
	seen map[string]bool
}

// countLog makes a logger that counts into the metrics.
func (m *metrics) countLog(log *slog.Logger) *slog.Logger {
	c := &messageCounter{seen: map[string]bool{}, total: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "passerelle_log_messages_total", Help: "Warnings and errors in the log, by their text.",
	}, []string{"level", "message"})}
	m.registry.MustRegister(c.total)
	for level, messages := range alarms {
		for _, message := range messages {
			c.seen[message] = true
			c.total.WithLabelValues(level, message)
		}
	}
	return slog.New(countedLog{log.Handler(), c})
}

// Enabled implements slog.Handler.
func (h countedLog) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn || h.Handler.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h countedLog) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		h.count.add(r)
	}
	if !h.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h countedLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return countedLog{h.Handler.WithAttrs(attrs), h.count}
}

// WithGroup implements slog.Handler.
func (h countedLog) WithGroup(name string) slog.Handler {
	return countedLog{h.Handler.WithGroup(name), h.count}
}

func (c *messageCounter) add(r slog.Record) {
	level, message := "warn", r.Message
	if r.Level >= slog.LevelError {
		level = "error"
	}
	c.mu.Lock()
	switch {
	case c.seen[message]:
	case len(c.seen) < maxMessages:
		c.seen[message] = true
	default:
		message = "other"
	}
	c.mu.Unlock()
	c.total.WithLabelValues(level, message).Inc()
}
