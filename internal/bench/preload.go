package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/pay"
)

// Preload asks for settled payments in bulk.
type Preload struct {
	// DatabaseURL is the database, which no gateway has open. It holds at least
	// one settled and delivered payment of the merchant in the mode.
	DatabaseURL string
	MerchantID  string
	Mode        pay.Mode
	// Payments is how many are added; Spread is the past they are dealt to.
	Payments int
	Spread   time.Duration
	// Progress hears what is going on; nil tells nobody.
	Progress func(string)

	// owed are endpoints that are still to be told of each copy.
	owed []string
}

// preloadTables hold what is copied: what a payment keeps for good. Exchanges
// and notifications are purged in time, balances are added up.
var preloadTables = map[string]bool{"transactions": true, "attempts": true, "events": true, "ledger_entries": true, "deliveries": true}

const (
	// preloadChunk is how many payments one statement writes per row of the specimen.
	preloadChunk = 20_000
	// rebuildFrom is how many payments make it worth while to write without
	// secondary indexes and to build them at the end.
	rebuildFrom = 100_000
)

// Run multiplies the merchant's last settled payment. The copies have ids,
// references, tokens and phone numbers of their own, lie in the past in the
// order of their ids, and keep every invariant. Should it fail half-way, the
// database is good for nothing.
func (p Preload) Run(ctx context.Context) error {
	sp, first, err := p.study(ctx)
	if err != nil {
		return err
	}
	if len(p.owed) > 0 {
		sp.owe(p.owed, time.Now())
	}
	conn, done, err := openLoosely(ctx, p.DatabaseURL)
	if err != nil {
		return err
	}
	b := bulk{Preload: p, conn: conn, sp: sp, first: first, postgres: store.IsPostgres(p.DatabaseURL)}
	return errors.Join(b.write(ctx), done())
}

// study finds the specimen, and the number of the first copy.
func (p Preload) study(ctx context.Context) (*specimen, int, error) {
	s, err := store.Open(ctx, p.DatabaseURL, store.Options{})
	if err != nil {
		return nil, 0, err
	}
	sp, err := findSpecimen(ctx, s, p.MerchantID, p.Mode)
	first := 0
	if err == nil {
		first, err = countPayments(ctx, s)
	}
	return sp, first, errors.Join(err, s.Close())
}

// countPayments gives a number that no copy has yet.
func countPayments(ctx context.Context, s *store.Store) (n int, err error) {
	if err := s.RawRead().QueryRowContext(ctx, "SELECT COUNT(*) FROM transactions").Scan(&n); err != nil {
		return 0, fmt.Errorf("count payments: %w", err)
	}
	return n, nil
}
