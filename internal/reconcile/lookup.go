package reconcile

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/ledger"
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

// The queries take lists of any length, which is why they are not generated:
// the two engines have no common way to pass a list. Each has lists alone to
// look up, as a server that knows little of its tables would rather read them
// whole than join them by an index. The journal of a success says the whole
// amount in one of three accounts.
const (
	attemptsQuery = `SELECT transaction_id, number, reference, provider_reference, created_at FROM attempts
WHERE merchant_id = $1 AND connection_id = $2 AND %s ORDER BY created_at, number`
	transactionsQuery = `SELECT id, kind, status, paid_attempt, attempts FROM transactions WHERE merchant_id = $1 AND id IN (%s)`
	journalsQuery     = `SELECT id, transaction_id, account, amount, currency, created_at FROM ledger_entries
WHERE merchant_id = $1 AND connection_id = $2 AND journal IN (%s)
    AND (account IN ('payments', 'payouts', 'refunds') OR account = 'fees' AND side = 'debit')`
)

// by names a way to find attempts, and which of those found is meant.
type by struct {
	condition string
	value     func(fact) string
	counts    func(f fact, attempts int64) bool
}

var (
	anyAttempt  = func(fact, int64) bool { return true }
	byReference = by{"reference IN (%s)", func(f fact) string { return f.reference }, anyAttempt}
	// The condition beside the list is the index's own.
	byTheirs      = by{"provider_reference <> '' AND provider_reference IN (%s)", func(f fact) string { return f.theirs }, anyAttempt}
	byTransaction = by{"transaction_id IN (%s)", func(f fact) string { return f.transaction }, func(f fact, attempts int64) bool {
		return f.attempt == f.paidAttempt || f.paidAttempt == 0 && f.attempt == attempts
	}}
)

// books are one connection's.
type books struct {
	store                *store.Store
	merchant, connection string
}

// facts finds attempts of the connection by values of a column, the last where
// several have one value.
func (b books) facts(ctx context.Context, by by, values []string) (map[string]fact, error) {
	found := map[string]fact{}
	if len(values) == 0 {
		return found, nil
	}
	attempts, err := b.attempts(ctx, by.condition, values)
	if err != nil || len(attempts) == 0 {
		return found, err
	}
	var ids, journals []string
	seen := map[string]bool{}
	for _, f := range attempts {
		if !seen[f.transaction] {
			seen[f.transaction] = true
			ids, journals = append(ids, f.transaction), append(journals, f.transaction+"/succeeded")
		}
	}
	transactions, counts, err := b.transactions(ctx, ids)
	if err != nil {
		return nil, err
	}
	if err := b.journals(ctx, journals, transactions); err != nil {
		return nil, err
	}
	for _, f := range attempts {
		whole := transactions[f.transaction]
		whole.transaction, whole.attempt, whole.reference, whole.theirs, whole.submitted = f.transaction, f.attempt, f.reference, f.theirs, f.submitted
		if by.counts(whole, counts[f.transaction]) {
			found[by.value(whole)] = whole
		}
	}
	return found, nil
}

func (b books) attempts(ctx context.Context, condition string, values []string) (list []fact, err error) {
	marks, args := placeholders(values, b.merchant, b.connection)
	err = b.each(ctx, fmt.Sprintf(attemptsQuery, fmt.Sprintf(condition, marks)), args, func(rows *sql.Rows) error {
		var f fact
		err := rows.Scan(&f.transaction, &f.attempt, &f.reference, &f.theirs, &f.submitted)
		list = append(list, f)
		return err
	})
	return list, err
}

// transactions reads what is known of each, and how many attempts it has.
func (b books) transactions(ctx context.Context, ids []string) (facts map[string]fact, attempts map[string]int64, err error) {
	facts, attempts = map[string]fact{}, map[string]int64{}
	marks, args := placeholders(ids, b.merchant)
	err = b.each(ctx, fmt.Sprintf(transactionsQuery, marks), args, func(rows *sql.Rows) error {
		var f fact
		var n int64
		err := rows.Scan(&f.transaction, &f.kind, &f.status, &f.paidAttempt, &n)
		facts[f.transaction], attempts[f.transaction] = f, n
		return err
	})
	return facts, attempts, err
}

// journals adds what the ledger posted over the connection.
func (b books) journals(ctx context.Context, names []string, facts map[string]fact) error {
	marks, args := placeholders(names, b.merchant, b.connection)
	return b.each(ctx, fmt.Sprintf(journalsQuery, marks), args, func(rows *sql.Rows) error {
		var id, transaction, account, currency string
		var amount, at int64
		if err := rows.Scan(&id, &transaction, &account, &amount, &currency, &at); err != nil {
			return err
		}
		f := facts[transaction]
		if account == string(ledger.Fees) {
			f.fees = amount
		} else {
			f.entry, f.posted, f.settled = id, money.New(amount, money.Currency(currency)), at
		}
		facts[transaction] = f
		return nil
	})
}

func (b books) each(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	rows, err := b.store.RawRead().QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("look lines up: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("read what a line is about: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("look lines up: %w", err)
	}
	return nil
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
