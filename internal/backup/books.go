package backup

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Reader runs reading statements: a connection of either engine.
type Reader interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// rules are counts that are zero in every committed state.
var rules = []struct{ broken, sql string }{
	{"journals whose debits and credits differ", `SELECT COUNT(*) FROM (
		SELECT journal FROM ledger_entries GROUP BY merchant_id, journal, currency
		HAVING SUM(CASE side WHEN 'debit' THEN amount ELSE -amount END) <> 0) AS unbalanced`},
	{"balances that are not the sum of their entries", `SELECT COUNT(*) FROM (
		SELECT merchant_id FROM (
			SELECT merchant_id, connection_id, currency, account, CASE side WHEN 'debit' THEN amount ELSE -amount END AS amount
			FROM ledger_entries WHERE account IN ('available', 'reserved')
			UNION ALL SELECT merchant_id, connection_id, currency, account, -amount FROM balances
			UNION ALL SELECT merchant_id, connection_id, currency, account, -amount FROM balance_deltas
		) AS lines GROUP BY merchant_id, connection_id, currency, account HAVING SUM(amount) <> 0) AS unequal`},
	{"transactions that succeeded without a posting", `SELECT COUNT(*) FROM transactions t
		WHERE t.status = 'succeeded' AND NOT EXISTS (
			SELECT 1 FROM ledger_entries l WHERE l.merchant_id = t.merchant_id AND l.transaction_id = t.id)`},
	{"payments booked without having succeeded", `SELECT COUNT(*) FROM transactions t
		WHERE t.kind = 'payment' AND t.status <> 'succeeded' AND EXISTS (
			SELECT 1 FROM ledger_entries l
			WHERE l.merchant_id = t.merchant_id AND l.transaction_id = t.id AND l.account = 'payments')`},
	{"transactions that lack one of their attempts", `SELECT COUNT(*) FROM transactions t
		WHERE t.attempts <> (SELECT COUNT(*) FROM attempts a WHERE a.merchant_id = t.merchant_id AND a.transaction_id = t.id)`},
}

// Books holds a database against what every commit keeps true: debits equal
// credits, balances are the sum of their entries, and no transaction is there
// in half. It returns an error that names all that is broken.
func Books(ctx context.Context, from Reader) error {
	var broken []string
	for _, rule := range rules {
		var n int64
		if err := from.QueryRowContext(ctx, rule.sql).Scan(&n); err != nil {
			return fmt.Errorf("count %s: %w", rule.broken, err)
		}
		if n > 0 {
			broken = append(broken, fmt.Sprintf("%d %s", n, rule.broken))
		}
	}
	if len(broken) > 0 {
		return fmt.Errorf("the books are not whole: %s", strings.Join(broken, "; "))
	}
	return nil
}
