package reconcile

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

// fact is what we know of an attempt, and what the ledger posted for it.
type fact struct {
	transaction       string
	attempt           int64
	kind              pay.Kind
	status            pay.Status
	paidAttempt       int64
	reference, theirs string
	submitted         int64 // milliseconds
	// entry is the ledger's of the amount, "" when nothing was posted.
	entry   string
	posted  money.Amount
	fees    int64
	settled int64 // milliseconds
}

// booked reports whether the books have it that this attempt moved the money.
func (f fact) booked() bool {
	return f.entry != "" && (f.paidAttempt == 0 || f.paidAttempt == f.attempt)
}

// factsQuery finds attempts by one column, in lists of any length, which is why
// it is not generated: the two engines have no common way to pass a list. The
// journal of a success says the whole amount in one of three accounts.
const factsQuery = `SELECT a.%[1]s, a.transaction_id, a.number, t.kind, t.status, t.paid_attempt, a.reference, a.provider_reference, a.created_at,
    COALESCE(l.id, ''), COALESCE(l.amount, 0), COALESCE(l.currency, ''), COALESCE(f.amount, 0), COALESCE(l.created_at, 0)
FROM attempts a
JOIN transactions t ON t.merchant_id = a.merchant_id AND t.id = a.transaction_id
LEFT JOIN ledger_entries l ON l.merchant_id = a.merchant_id AND l.journal = a.transaction_id || '/succeeded'
    AND l.account IN ('payments', 'payouts', 'refunds') AND l.connection_id = a.connection_id
LEFT JOIN ledger_entries f ON f.merchant_id = a.merchant_id AND f.journal = a.transaction_id || '/succeeded'
    AND f.account = 'fees' AND f.side = 'debit' AND f.connection_id = a.connection_id
WHERE a.merchant_id = $1 AND a.connection_id = $2 AND %[2]s AND a.%[1]s IN (%[3]s)
ORDER BY a.created_at, a.number`

// by names a column to find attempts by, and what else must hold.
type by struct{ column, also string }

var (
	byReference = by{"reference", "TRUE"}
	// The condition is the index's own.
	byTheirs = by{"provider_reference", "a.provider_reference <> ''"}
	// Of a transaction, the attempt that counts is meant.
	byTransaction = by{"transaction_id", "a.number = CASE WHEN t.paid_attempt > 0 THEN t.paid_attempt ELSE t.attempts END"}
)

// books are one connection's.
type books struct {
	store                *store.Store
	merchant, connection string
}

// facts finds attempts of the connection by values of a column, the last where
// several have one value.
func (b books) facts(ctx context.Context, by by, values []string) (found map[string]fact, err error) {
	found = map[string]fact{}
	if len(values) == 0 {
		return found, nil
	}
	list, args := placeholders(values, b.merchant, b.connection)
	rows, err := b.store.RawRead().QueryContext(ctx, fmt.Sprintf(factsQuery, by.column, by.also, list), args...)
	if err != nil {
		return nil, fmt.Errorf("find attempts by %s: %w", by.column, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		value, f, err := scanFact(rows)
		if err != nil {
			return nil, fmt.Errorf("read attempt: %w", err)
		}
		found[value] = f
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("find attempts by %s: %w", by.column, err)
	}
	return found, nil
}

func scanFact(rows *sql.Rows) (value string, f fact, err error) {
	var currency string
	err = rows.Scan(&value, &f.transaction, &f.attempt, &f.kind, &f.status, &f.paidAttempt, &f.reference, &f.theirs, &f.submitted,
		&f.entry, &f.posted.Minor, &currency, &f.fees, &f.settled)
	f.posted.Currency = money.Currency(currency)
	return value, f, err
}

// placeholders writes a list of parameters behind the first ones. Its length is
// a power of two, so that a server does not meet a new statement with each list.
func placeholders(values []string, first ...any) (list string, args []any) {
	n := 1
	for n < len(values) {
		n *= 2
	}
	args = first
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		args = append(args, values[min(i, len(values)-1)])
		fmt.Fprintf(&b, "$%d", len(args))
	}
	return b.String(), args
}

// find tells for each movement what it is about; nil where nothing here is.
// Our own reference decides, then the transaction's id, then the provider's
// reference. What is of another kind than the line says is not it.
func (b books) find(ctx context.Context, batch []movement) ([]*fact, error) {
	facts := make([]*fact, len(batch))
	for _, try := range []struct {
		by    by
		value func(movement) string
	}{
		{byReference, func(m movement) string { return m.reference }},
		{byTransaction, ownID(b.merchant)},
		{byTheirs, func(m movement) string { return m.theirs }},
	} {
		values, seen := []string(nil), map[string]bool{}
		for i, m := range batch {
			if v := try.value(m); facts[i] == nil && v != "" && !seen[v] {
				values, seen[v] = append(values, v), true
			}
		}
		found, err := b.facts(ctx, try.by, values)
		if err != nil {
			return nil, err
		}
		for i, m := range batch {
			if facts[i] != nil {
				continue
			}
			if f, ok := found[try.value(m)]; ok && (m.kind == "" || m.kind == f.kind) {
				facts[i] = &f
			}
		}
	}
	return facts, nil
}

// ownID takes the reference for a transaction's id where it could be one.
func ownID(merchant string) func(movement) string {
	return func(m movement) string {
		if owner, ok := pay.MerchantOf(m.reference); ok && owner == merchant && strings.Contains(m.reference, "_") {
			return m.reference
		}
		return ""
	}
}
