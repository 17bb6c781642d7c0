package store

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

// Claimed names a row whose work has been claimed.
type Claimed struct {
	MerchantID string
	ID         string
}

// DeliveryLease is how long a delivery is left to its worker, after which
// another node takes it over. It outlives a try that runs out its time.
const DeliveryLease = 25 * time.Second

// DueDelivery is a delivery under a lease. Who has just written it hands over
// what it wrote, so that nobody need read it.
type DueDelivery struct {
	Claimed
	Row   *sqlgen.Delivery
	Event *sqlgen.Event
	// About is the transaction that the event keeps a copy of; it is not changed.
	About *pay.Transaction
	// First says that the target is owed no earlier event of the transaction.
	First bool
}

// LogValue names the row, and tells nothing of what is in it.
func (d DueDelivery) LogValue() slog.Value { return slog.AnyValue(d.Claimed) }

// claimDue is the one kind of statement that differs between the engines:
// PostgreSQL skips rows that another node is claiming at the same moment, SQLite
// has one writer and needs no such words. It moves the row's time to the end of
// the lease, so that a worker that dies loses nothing but that time.
const claimDue = `UPDATE %[1]s SET %[2]s = $1
WHERE (merchant_id, id) IN (
    SELECT merchant_id, id FROM %[1]s WHERE %[2]s > 0 AND %[2]s <= $2 ORDER BY %[2]s LIMIT $3 %[3]s
) RETURNING merchant_id, id`

// ClaimTransactions takes transactions that owe work.
func (s *Store) ClaimTransactions(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]Claimed, error) {
	return s.claim(ctx, "transactions", "next_check_at", now, lease, limit)
}

// ClaimDeliveries takes deliveries that owe an attempt.
func (s *Store) ClaimDeliveries(ctx context.Context, now time.Time, limit int) ([]DueDelivery, error) {
	list, err := s.claim(ctx, "deliveries", "next_attempt_at", now, DeliveryLease, limit)
	due := make([]DueDelivery, len(list))
	for i, c := range list {
		due[i] = DueDelivery{Claimed: c}
	}
	return due, err
}

// postponeDue looks at no more than the oldest due rows, however many others
// are due; PostgreSQL leaves out those that another node is claiming.
const postponeDue = `UPDATE deliveries SET next_attempt_at = $1
WHERE (merchant_id, id) IN (
    SELECT merchant_id, id FROM (
        SELECT merchant_id, id, target FROM deliveries WHERE next_attempt_at > 0 AND next_attempt_at <= $2
        ORDER BY next_attempt_at LIMIT $3 %s
    ) AS due WHERE merchant_id = $4 AND target = $5
)`

// PostponeDeliveries has those of a target that are due wait until a moment,
// among the limit oldest of all that are due. It returns how many it put off.
func (s *Store) PostponeDeliveries(ctx context.Context, merchantID, target string, now, until time.Time, limit int) (n int64, err error) {
	skip := ""
	if s.Engine() == "postgres" {
		skip = "FOR UPDATE SKIP LOCKED"
	}
	err = s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		r, err := tx.Raw().ExecContext(ctx, fmt.Sprintf(postponeDue, skip), Millis(until), Millis(now), limit, merchantID, target)
		if err != nil {
			return err
		}
		n, err = r.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("postpone deliveries to %s: %w", target, err)
	}
	return n, nil
}

// ClaimConnections takes connections that owe maintenance.
func (s *Store) ClaimConnections(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]Claimed, error) {
	return s.claim(ctx, "connections", "next_maintain_at", now, lease, limit)
}

// ClaimBatches takes payout batches that are not finished.
func (s *Store) ClaimBatches(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]Claimed, error) {
	return s.claim(ctx, "payout_batches", "next_work_at", now, lease, limit)
}

// ClaimLateRefunds takes late payments that are to be given back.
func (s *Store) ClaimLateRefunds(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]Claimed, error) {
	return s.claim(ctx, "late_refunds", "due_at", now, lease, limit)
}

// ClaimSandboxOperations takes simulated operations whose time has come.
func (s *Store) ClaimSandboxOperations(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]Claimed, error) {
	return s.claim(ctx, "sandbox_operations", "due_at", now, lease, limit)
}

func (s *Store) claim(ctx context.Context, table, column string, now time.Time, lease time.Duration, limit int) (list []Claimed, err error) {
	args := []any{Millis(now.Add(lease)), Millis(now), limit}
	if s.Engine() == "postgres" {
		// One statement is a transaction by itself, and saves two journeys.
		list, err = claimRows(ctx, s.RawRead(), fmt.Sprintf(claimDue, table, column, "FOR UPDATE SKIP LOCKED"), args)
	} else {
		err = s.Update(ctx, func(ctx context.Context, tx *Tx) error {
			list, err = claimRows(ctx, tx.Raw(), fmt.Sprintf(claimDue, table, column, ""), args)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("claim due rows of %s: %w", table, err)
	}
	return list, nil
}

func claimRows(ctx context.Context, db Raw, query string, args []any) ([]Claimed, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var list []Claimed
	for rows.Next() {
		var c Claimed
		if err := rows.Scan(&c.MerchantID, &c.ID); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

// RenewLease tells that a submission is still at work.
func RenewLease(ctx context.Context, q *sqlgen.Queries, merchantID, id string, attempt int, until int64) error {
	err := q.RenewAttemptLease(ctx, sqlgen.RenewAttemptLeaseParams{
		LeaseUntil: until, MerchantID: merchantID, TransactionID: id, Number: int64(attempt),
	})
	if err != nil {
		return fmt.Errorf("renew lease of attempt %d of %s: %w", attempt, id, err)
	}
	err = q.CheckLater(ctx, sqlgen.CheckLaterParams{NextCheckAt: until, MerchantID: merchantID, ID: id})
	if err != nil {
		return fmt.Errorf("put off check of %s: %w", id, err)
	}
	return nil
}

// SetNextCheck says when a transaction owes work next, unless it has changed
// since the version that was read.
func SetNextCheck(ctx context.Context, q *sqlgen.Queries, merchantID, id string, version int64, at time.Time) error {
	return q.SetNextCheck(ctx, sqlgen.SetNextCheckParams{
		NextCheckAt: Millis(at), MerchantID: merchantID, ID: id, Version: version,
	})
}
