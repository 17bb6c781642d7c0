package bench

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/store"
)

// witnesses are those who saw a run from outside.
type witnesses struct {
	merchant string
	// paid is the provider's truth: amounts by the gateway's reference.
	paid map[string]string
	// told are the merchant's references that its server was told of.
	told map[string]bool
	// forged webhooks had no valid signature.
	forged int64
	// preloaded payments nobody saw.
	preloaded int
}

func (r *rig) witnesses() witnesses {
	w := witnesses{merchant: r.merchant, paid: r.operator.truth(), told: map[string]bool{}, forged: r.shop.forged.Load(), preloaded: r.Preload}
	r.cycles.mu.Lock()
	defer r.cycles.mu.Unlock()
	for i, c := range r.cycles.all {
		if c.deliveries > 0 {
			w.told[reference(i)] = true
		}
	}
	return w
}

// rules are counts that must be zero. $1 is the merchant.
var rules = []struct{ broken, sql string }{
	{"journals whose debits and credits differ", `SELECT COUNT(*) FROM (
		SELECT journal FROM ledger_entries WHERE merchant_id = $1 GROUP BY journal, currency
		HAVING SUM(CASE side WHEN 'debit' THEN amount ELSE -amount END) <> 0) AS unbalanced`},
	{"currencies whose debits and credits differ", `SELECT COUNT(*) FROM (
		SELECT currency FROM ledger_entries WHERE merchant_id = $1 GROUP BY currency
		HAVING SUM(CASE side WHEN 'debit' THEN amount ELSE -amount END) <> 0) AS unbalanced`},
	{"accounts whose balance is not the sum of their entries", `SELECT COUNT(*) FROM (
		SELECT connection_id FROM (
			SELECT connection_id, currency, account, CASE side WHEN 'debit' THEN amount ELSE -amount END AS amount
			FROM ledger_entries WHERE merchant_id = $1 AND account IN ('available', 'reserved')
			UNION ALL SELECT connection_id, currency, account, -amount FROM balances WHERE merchant_id = $1
			UNION ALL SELECT connection_id, currency, account, -amount FROM balance_deltas WHERE merchant_id = $1
		) AS lines GROUP BY connection_id, currency, account HAVING SUM(amount) <> 0) AS unequal`},
	{"succeeded payments that were not settled exactly once", `SELECT COUNT(*) FROM transactions t
		WHERE t.merchant_id = $1 AND t.mode = 'live' AND t.status = 'succeeded' AND t.amount <> (
			SELECT COALESCE(SUM(amount), 0) FROM ledger_entries l
			WHERE l.merchant_id = t.merchant_id AND l.transaction_id = t.id AND l.account = 'payments' AND l.side = 'credit')`},
	{"postings of payments that did not succeed", `SELECT COUNT(*) FROM transactions t
		WHERE t.merchant_id = $1 AND t.mode = 'live' AND t.status <> 'succeeded' AND EXISTS (
			SELECT 1 FROM ledger_entries l WHERE l.merchant_id = t.merchant_id AND l.transaction_id = t.id)`},
	{"succeeded payments without exactly one event of it", `SELECT COUNT(*) FROM transactions t
		WHERE t.merchant_id = $1 AND t.mode = 'live' AND t.status = 'succeeded' AND 1 <> (
			SELECT COUNT(*) FROM events e
			WHERE e.merchant_id = t.merchant_id AND e.transaction_id = t.id AND e.type = 'payment.succeeded')`},
	{"terminal events without a delivery that was acknowledged", `SELECT COUNT(*) FROM events e
		WHERE e.merchant_id = $1 AND e.mode = 'live' AND e.type = 'payment.succeeded' AND NOT EXISTS (
			SELECT 1 FROM deliveries d
			WHERE d.merchant_id = e.merchant_id AND d.transaction_id = e.transaction_id AND d.event_id = e.id AND d.status = 'delivered')`},
	{"payments left open", `SELECT COUNT(*) FROM transactions
		WHERE merchant_id = $1 AND mode = 'live' AND status IN ('pending', 'requires_action')`},
	{"deliveries left open", `SELECT COUNT(*) FROM deliveries WHERE merchant_id = $1 AND mode = 'live' AND status = 'pending'`},
}

// violationsShown bounds how many of one kind are told.
const violationsShown = 5

// Check holds a database in which everything has ended against the invariants
// and the witnesses, and returns what is broken.
func Check(ctx context.Context, s *store.Store, seen witnesses) ([]string, error) {
	var broken []string
	for _, rule := range rules {
		var n int64
		if err := s.RawRead().QueryRowContext(ctx, rule.sql, seen.merchant).Scan(&n); err != nil {
			return nil, fmt.Errorf("count %s: %w", rule.broken, err)
		}
		if n > 0 {
			broken = append(broken, strconv.FormatInt(n, 10)+" "+rule.broken)
		}
	}
	if seen.forged > 0 {
		broken = append(broken, fmt.Sprintf("%d webhooks without a valid signature", seen.forged))
	}
	more, err := contradictions(ctx, s, seen)
	return append(broken, more...), err
}

// contradictions compares what succeeded here with what the provider was paid
// and what the merchant was told.
func contradictions(ctx context.Context, s *store.Store, seen witnesses) ([]string, error) {
	found, err := s.RawRead().QueryContext(ctx, `SELECT t.reference, t.amount, a.reference FROM transactions t
		JOIN attempts a ON a.merchant_id = t.merchant_id AND a.transaction_id = t.id AND a.number = t.paid_attempt
		WHERE t.merchant_id = $1 AND t.mode = 'live' AND t.status = 'succeeded'`, seen.merchant)
	if err != nil {
		return nil, fmt.Errorf("list succeeded payments: %w", err)
	}
	defer func() { _ = found.Close() }()
	var broken []string
	succeeded, unseen := map[string]bool{}, 0
	for found.Next() {
		var ours, theirs string
		var amount int64
		if err := found.Scan(&ours, &amount, &theirs); err != nil {
			return nil, fmt.Errorf("read succeeded payment: %w", err)
		}
		paid, known := seen.paid[theirs]
		succeeded[theirs] = known
		switch {
		case !known:
			unseen++
		case strings.TrimSuffix(paid, ".0") != strconv.FormatInt(amount, 10):
			broken = append(broken, fmt.Sprintf("payment %s is of %d here and of %s at the provider", ours, amount, paid))
		case !seen.told[ours]:
			broken = append(broken, fmt.Sprintf("payment %s succeeded, and the merchant was not told", ours))
		}
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("list succeeded payments: %w", err)
	}
	if unseen != seen.preloaded {
		broken = append(broken, fmt.Sprintf("%d payments succeeded that the provider knows nothing of", unseen-seen.preloaded))
	}
	for ref := range seen.paid {
		if !succeeded[ref] {
			broken = append(broken, fmt.Sprintf("the provider took the money of %s, which did not succeed here", ref))
		}
	}
	if len(broken) > violationsShown {
		broken = append(broken[:violationsShown], fmt.Sprintf("and %d more like these", len(broken)-violationsShown))
	}
	return broken, nil
}
