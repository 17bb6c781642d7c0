package bench

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/passerelle-pay/passerelle/internal/ledger"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

// LedgerResult is what posting alone comes to.
type LedgerResult struct {
	Store string `json:"store"`
	// Journals are settled payments, each in a transaction of its own; Postings
	// are their lines.
	JournalsPerSecond float64     `json:"journals_per_s"`
	PostingsPerSecond float64     `json:"postings_per_s"`
	Journal           Percentiles `json:"journal_ms"`
	CPUPerJournal     float64     `json:"cpu_ms_per_journal"`
	InvariantsHold    bool        `json:"invariants_hold"`
	Violations        []string    `json:"violations,omitempty"`
}

// RunLedger measures durable postings, all of one merchant's one connection.
func RunLedger(ctx context.Context, c Config) (result LedgerResult, err error) {
	if err := c.check(); err != nil {
		return result, err
	}
	r, err := newRig(ctx, c)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	c.tell("posting settled payments to one merchant's books on %s", c.Store)
	timed := newTimes()
	var lines atomic.Int64
	cpu, started := cpuTime(), time.Now()
	ctxRun, cancel := context.WithTimeout(ctx, c.Duration)
	defer cancel()
	err = each(ctxRun, c.Clients, func(run context.Context) error {
		for run.Err() == nil {
			begun := time.Now()
			n, err := r.postPayment(ctx)
			if err != nil {
				return err
			}
			timed.add(time.Since(begun))
			lines.Add(int64(n))
		}
		return nil
	})
	if err != nil {
		return result, err
	}
	took, list := time.Since(started).Seconds(), timed.list
	result = LedgerResult{
		Store: c.Store, JournalsPerSecond: round(float64(len(list)) / took), PostingsPerSecond: round(float64(lines.Load()) / took),
		CPUPerJournal: round(float64(cpuTime()-cpu) / float64(time.Millisecond) / float64(max(1, len(list)))), Journal: percentiles(list),
	}
	result.Violations, err = Check(ctx, r.store(), r.witnesses())
	result.InvariantsHold = err == nil && len(result.Violations) == 0
	return result, err
}

// postPayment posts a settled payment with a fee, and returns how many lines it
// has.
func (r *rig) postPayment(ctx context.Context) (int, error) {
	now := time.Now().UTC()
	t := pay.Transaction{
		ID: pay.NewID(pay.PrefixPayment, r.merchant, now), MerchantID: r.merchant, Mode: pay.Live, Kind: pay.Payment,
		Connection: r.connection.ID, Amount: money.New(5000, money.XAF), Fees: money.New(100, money.XAF), FeeBearer: pay.MerchantBears,
	}
	journal := ledger.Settled(t, false, now)
	err := r.store().Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		return ledger.Post(ctx, tx.Queries, journal)
	})
	if err != nil {
		return 0, fmt.Errorf("post: %w", err)
	}
	return len(journal.Postings), nil
}
