package bench

import (
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/pay"
)

// settledOne is a stopped rig with one settled payment, and that payment's rows.
func settledOne(t *testing.T, engine string) (*rig, *specimen) {
	t.Helper()
	r, err := newRig(t.Context(), quick(t, engine))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeRig(t, r) })
	r.create(time.Now())
	settleAndStop(t, r)
	s := reopened(t, r)
	sp, err := findSpecimen(t.Context(), s, r.merchant, pay.Live)
	if err != nil {
		t.Fatal(err)
	}
	return r, sp
}

func reopened(t *testing.T, r *rig) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), r.url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func number(t *testing.T, s *store.Store, query string) (n int) {
	t.Helper()
	if err := s.RawRead().QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTheFloorCommitsTheRowsOfAPaymentInAsManyTransactions(t *testing.T) {
	onBoth(t, func(t *testing.T, engine string) {
		r, sp := settledOne(t, engine)
		sh := shape{transactions: 7.7, group: 3, changes: float64(sp.count() + 9), writers: 2}
		plan := sp.plan(sh)
		statements := 0
		for _, step := range plan {
			statements += len(step)
			if len(step) == 0 {
				t.Error("a transaction without a row")
			}
		}
		if len(plan) != 8 || statements != sp.count()+9 {
			t.Errorf("%d statements in %d transactions", statements, len(plan))
		}
		rate, err := floor(t.Context(), r.url, sp, 1, sh, 200*time.Millisecond)
		if err != nil || rate <= 0 {
			t.Fatalf("%v/s, %v", rate, err)
		}
		s := reopened(t, r)
		written := number(t, s, "SELECT COUNT(*) FROM transactions")
		if written < 2 {
			t.Fatalf("%d payments are there", written)
		}
		for _, table := range sp.tables {
			// The last group of SQLite may end in the middle of a payment.
			if n := number(t, s, "SELECT COUNT(*) FROM "+table.table); n < (written-2)*len(table.values) {
				t.Errorf("%d rows of %s for %d payments", n, table.table, written)
			}
		}
	})
}

func TestPreloadedPaymentsDifferAndLieInThePast(t *testing.T) {
	onBoth(t, func(t *testing.T, engine string) {
		r, _ := settledOne(t, engine)
		p := Preload{DatabaseURL: r.url, MerchantID: r.merchant, Mode: pay.Live, Payments: 250, Spread: 24 * time.Hour}
		for range 2 { // a database may be preloaded again
			if err := p.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		s := reopened(t, r)
		for query, want := range map[string]int{
			"SELECT COUNT(*) FROM transactions":                                             501,
			"SELECT COUNT(DISTINCT phone) FROM transactions":                                501,
			"SELECT COUNT(DISTINCT checkout_token) FROM transactions":                       501,
			"SELECT COUNT(DISTINCT reference) FROM attempts":                                501,
			"SELECT COUNT(*) FROM deliveries WHERE status = 'delivered'":                    501,
			"SELECT COUNT(*) FROM events WHERE type = 'payment.succeeded'":                  501,
			"SELECT COUNT(DISTINCT journal) FROM ledger_entries WHERE transaction_id <> ''": 501,
			"SELECT COUNT(*) FROM transactions WHERE status <> 'succeeded'":                 0,
			"SELECT (MAX(created_at) - MIN(created_at)) / 3600000 FROM transactions":        23,
		} {
			if n := number(t, s, query); n != want {
				t.Errorf("%s: %d, want %d", query, n, want)
			}
		}
		// The time in an id is the payment's; the original's may be that of one.
		times := "SELECT COUNT(DISTINCT SUBSTR(id, 1, LENGTH(id) - 16)) FROM transactions"
		if n := number(t, s, times); n != 250 && n != 251 {
			t.Errorf("%s: %d, want 250, and one for the original", times, n)
		}
		seen := r.witnesses()
		seen.preloaded = 500
		if broken := checked(t, r, seen); len(broken) > 0 {
			t.Errorf("violations: %q", broken)
		}
	})
}

func TestIndexesAreBuiltAgainAsTheyWere(t *testing.T) {
	onBoth(t, func(t *testing.T, engine string) {
		r, sp := settledOne(t, engine)
		conn, done, err := openLoosely(t.Context(), r.url)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := done(); err != nil {
				t.Error(err)
			}
		}()
		b := &bulk{conn: conn, sp: sp, postgres: engine == Postgres}
		before, err := b.dropIndexes(t.Context())
		if err != nil || len(before) < 10 {
			t.Fatalf("%d indexes, %v", len(before), err)
		}
		if rest, err := b.dropIndexes(t.Context()); err != nil || len(rest) != 0 {
			t.Fatalf("still there: %v, %v", rest, err)
		}
		if err := b.buildIndexes(t.Context(), before); err != nil {
			t.Fatal(err)
		}
		after, err := b.dropIndexes(t.Context())
		if err != nil || len(after) != len(before) {
			t.Errorf("%d of %d indexes are there again, %v", len(after), len(before), err)
		}
	})
}
