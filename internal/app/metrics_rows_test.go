package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

// scraped reads the metrics as Prometheus does.
func scraped(t *testing.T, m *metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	text, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func expect(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("the metrics lack %q", line)
		}
	}
}

func TestMetricsTellWhatTheDatabaseOwes(t *testing.T) {
	for engine, url := range map[string]string{"sqlite": ":memory:", "postgres": pgtest.Database(t)} {
		t.Run(engine, func(t *testing.T) {
			now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
			s, err := store.Open(t.Context(), url, store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			if err := s.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			m := newMetrics()
			m.watchRows(s, func() time.Time { return now })
			b := m.watchBooks(s, func() time.Time { return now }, slog.New(slog.DiscardHandler))
			expect(t, scraped(t, m), "passerelle_database_up 1", "passerelle_transactions_open 0", "passerelle_transactions_late_seconds 0", "passerelle_ledger_unbalanced_journals 0")

			owe(t, s, now)
			expect(t, scraped(t, m), "passerelle_transactions_open 0") // read a moment ago
			if err := b.check(t.Context()); err != nil {
				t.Fatal(err)
			}
			now = now.Add(rowsFresh)
			expect(t, scraped(t, m), "passerelle_transactions_open 3", "passerelle_transactions_overdue 1", "passerelle_transactions_late_seconds 95",
				"passerelle_deliveries_open 2", "passerelle_deliveries_failing 1", "passerelle_deliveries_late_seconds 35", "passerelle_endpoints_disabled 1", "passerelle_ledger_unbalanced_journals 1")
		})
	}
}

// owe writes rows that owe work, and one journal of a single side.
func owe(t *testing.T, s *store.Store, now time.Time) {
	t.Helper()
	const m = "abcd1234"
	ms := func(d time.Duration) int64 { return now.Add(d).UnixMilli() }
	err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		errs := []error{tx.InsertMerchant(ctx, sqlgen.InsertMerchantParams{ID: m, Name: "Boutique", Email: "b@example.test"})}
		for i, row := range []sqlgen.InsertTransactionParams{
			{Mode: "live", Overdue: true, NextCheckAt: ms(-90 * time.Second)},
			{Mode: "test", Overdue: true, NextCheckAt: ms(-10 * time.Second)},
			{Mode: "live", NextCheckAt: ms(time.Hour)},
			{Mode: "live", Overdue: true}, // ended
		} {
			id := string(rune('a' + i))
			row.MerchantID, row.ID, row.Reference, row.CheckoutToken, row.Details = m, id, id, id, "{}"
			errs = append(errs, tx.InsertTransaction(ctx, row))
		}
		for i, row := range []sqlgen.InsertDeliveryParams{
			{Mode: "live", NextAttemptAt: ms(-30 * time.Second)},
			{Mode: "live", NextAttemptAt: ms(time.Hour)},
		} {
			row.MerchantID, row.ID, row.Status = m, string(rune('a'+i)), "pending"
			errs = append(errs, tx.InsertDelivery(ctx, row))
		}
		_, err := tx.Raw().ExecContext(ctx, "UPDATE deliveries SET attempts = 3 WHERE id = 'b'")
		errs = append(errs, err, tx.InsertEndpoint(ctx, sqlgen.InsertEndpointParams{MerchantID: m, ID: "e", Mode: "live", Events: "[]"}))
		_, err = tx.Raw().ExecContext(ctx, "UPDATE webhook_endpoints SET disabled_because = 'it kept failing'")
		errs = append(errs, err, tx.InsertLedgerEntry(ctx, sqlgen.InsertLedgerEntryParams{
			MerchantID: m, ID: pay.NewID("le", m, now), Mode: "live", Journal: "j", Account: "available", Side: "debit", Amount: 5, Currency: "XAF",
		}))
		return errors.Join(errs...)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWarningsAndErrorsAreCountedEvenWhereTheLogHidesThem(t *testing.T) {
	m := newMetrics()
	var out strings.Builder
	log := m.countLog(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelError})))
	expect(t, scraped(t, m), `passerelle_log_messages_total{level="warn",message="transaction is overdue"} 0`)
	log.With("transaction", "pay_1").Warn("transaction is overdue")
	log.WithGroup("g").Error("something new")
	log.Info("all is well")
	expect(t, scraped(t, m), `passerelle_log_messages_total{level="warn",message="transaction is overdue"} 1`,
		`passerelle_log_messages_total{level="error",message="something new"} 1`)
	if text := out.String(); strings.Contains(text, "overdue") || strings.Contains(text, "well") || !strings.Contains(text, "something new") {
		t.Errorf("the log says %s", text)
	}
	for i := range maxMessages + 10 {
		log.Warn(strings.Repeat("x", i+1))
	}
	if n := strings.Count(scraped(t, m), "passerelle_log_messages_total{"); n > maxMessages+1 {
		t.Errorf("there are %d series of messages", n)
	}
}
