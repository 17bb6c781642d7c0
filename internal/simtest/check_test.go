package simtest

import (
	"context"
	"fmt"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/pay"
)

// check compares what the gateway says with what the operators did.
func (w *world) check() *Report {
	r := &Report{Restarts: w.restarts, Faults: w.faults.Count, Outcomes: map[string]int{}}
	s := w.process.running.App.Store
	for _, p := range w.plans {
		w.checkPlan(r, s, p)
		if p.refund != nil && p.refund.id != "" {
			w.checkPlan(r, s, p.refund)
		}
	}
	w.checkBooks(s)
	for _, text := range w.truth.violations {
		name, _, _ := strings.Cut(text, ":")
		r.Violations = append(r.Violations, text)
		if p := w.planNamed(name); p != nil {
			r.Timelines = append(r.Timelines, name+"\n    "+strings.Join(p.timeline, "\n    "))
		}
	}
	return r
}

func (w *world) checkPlan(r *Report, s *store.Store, p *plan) {
	r.Transactions++
	if p.id == "" {
		if p.charged > 0 {
			w.truth.violate(p, "money moved for a transaction that nobody was told of")
		}
		return
	}
	t, err := store.Transaction(context.Background(), s.Read(), merchantID, p.id)
	if err != nil || t.Reference != p.name || t.Kind != p.kind || t.Amount.Minor != p.amount {
		w.truth.violate(p, "%s, which a create answered, is not there: %v", p.id, err)
		return
	}
	p.note("in the end: %s, failure %q, late %t, overdue %t, alert %q", t.Status, t.Failure.Reason, t.Late, t.Overdue, t.Alert)
	r.Outcomes[t.Provider+" "+string(p.kind)+" "+string(t.Status)]++
	if t.Status.Final() {
		r.Settled++
	} else {
		r.Open++
		r.Left = append(r.Left, fmt.Sprintf("%s %s by %s: %s, overdue %t", p.name, p.kind, t.Provider, p.standing(), t.Overdue))
	}
	w.checkState(p, t)
	w.checkEvents(s, p, t)
}

func (w *world) checkState(p *plan, t pay.Transaction) {
	switch {
	case p.charged > 0 && t.Status != pay.StatusSucceeded:
		if t.Status.Final() || !w.unaskable(p, t) {
			w.truth.violate(p, "money moved, and the gateway says %s", t.Status)
		}
	case p.charged == 0 && t.Status == pay.StatusSucceeded:
		w.truth.violate(p, "no money moved, and the gateway says succeeded")
	case !t.Status.Final() && !w.unaskable(p, t):
		for _, o := range p.orders {
			if st, _ := o.now(); st == failed {
				w.truth.violate(p, "%s ended without money moving, and the gateway says %s", o.rail, t.Status)
				return
			}
		}
	}
	if p.succeeds && t.Status != pay.StatusSucceeded {
		w.truth.violate(p, "a success that was told is now %s", t.Status)
	}
	if p.canceled && t.Status != pay.StatusCanceled && !t.Late {
		w.truth.violate(p, "a confirmed cancellation is now %s", t.Status)
	}
}

// standing says how the plan's orders stand at their operators.
func (p *plan) standing() string {
	if len(p.orders) == 0 {
		return "no operator has it"
	}
	var list []string
	for _, o := range p.orders {
		st, _ := o.now()
		list = append(list, o.rail+" "+string(st))
	}
	return strings.Join(list, ", ")
}

// unaskable: the answer that named the transaction was lost, and the provider
// documents no other way to ask for it; a person must.
func (w *world) unaskable(p *plan, t pay.Transaction) bool {
	return t.Provider == "mypayga" && t.Kind == pay.Payout && t.ProviderReference == ""
}

// checkEvents: each event that ends the transaction arrived and was taken, none
// before those that come earlier.
func (w *world) checkEvents(s *store.Store, p *plan, t pay.Transaction) {
	w.shop.mu.Lock()
	got := w.shop.got[p.id]
	w.shop.mu.Unlock()
	last := int64(0)
	taken := map[int64]bool{}
	for _, h := range got {
		if h.sequence < last {
			w.truth.violate(p, "event %d arrived after %d", h.sequence, last)
		}
		last = max(last, h.sequence)
		taken[h.sequence] = taken[h.sequence] || h.acked
	}
	rows, err := s.RawRead().QueryContext(context.Background(),
		`SELECT sequence, type FROM events WHERE merchant_id = $1 AND transaction_id = $2 ORDER BY sequence`, merchantID, p.id)
	if err != nil {
		w.truth.violate(p, "events can't be read: %v", err)
		return
	}
	defer func() { _ = rows.Close() }()
	told := false
	for rows.Next() {
		var sequence int64
		var kind string
		if err := rows.Scan(&sequence, &kind); err != nil {
			w.truth.violate(p, "events can't be read: %v", err)
			return
		}
		_, what, _ := strings.Cut(kind, ".")
		if !pay.Status(what).Final() {
			continue
		}
		told = told || what == string(t.Status)
		if !taken[sequence] {
			w.truth.violate(p, "event %d, %s, never reached the merchant", sequence, kind)
		}
	}
	if err := rows.Err(); err != nil || t.Status.Final() && !told {
		w.truth.violate(p, "no event says %s (%v)", t.Status, err)
	}
}

// checkBooks: journals balance, kept balances equal their entries, and each
// account holds what its operator moved.
func (w *world) checkBooks(s *store.Store) {
	ctx := context.Background()
	books := &plan{name: "ledger"}
	var n int
	err := s.RawRead().QueryRowContext(ctx, `SELECT COUNT(*) FROM (
		SELECT journal, currency FROM ledger_entries GROUP BY merchant_id, journal, currency
		HAVING SUM(CASE WHEN side = 'debit' THEN amount ELSE -amount END) <> 0) AS unbalanced`).Scan(&n)
	if err != nil || n > 0 {
		w.truth.violate(books, "%d journals don't balance (%v)", n, err)
	}
	err = s.RawRead().QueryRowContext(ctx, `SELECT COUNT(*) FROM (
		SELECT e.connection_id, e.account, SUM(CASE WHEN side = 'debit' THEN amount ELSE -amount END) AS entries,
			(SELECT COALESCE(SUM(amount), 0) FROM balances b WHERE b.connection_id = e.connection_id AND b.account = e.account AND b.currency = e.currency) +
			(SELECT COALESCE(SUM(amount), 0) FROM balance_deltas d WHERE d.connection_id = e.connection_id AND d.account = e.account AND d.currency = e.currency) AS kept
		FROM ledger_entries e WHERE e.account IN ('available', 'reserved')
		GROUP BY e.connection_id, e.account, e.currency HAVING entries <> kept) AS differing`).Scan(&n)
	if err != nil || n > 0 {
		w.truth.violate(books, "%d kept balances differ from their entries (%v)", n, err)
	}
	err = s.RawRead().QueryRowContext(ctx, `SELECT COUNT(*) FROM (
		SELECT connection_id, SUM(CASE WHEN side = 'debit' THEN amount ELSE -amount END) AS held FROM ledger_entries e
		WHERE account = 'reserved' GROUP BY connection_id, currency
		HAVING held <> (SELECT COALESCE(SUM(amount), 0) FROM transactions t WHERE t.connection_id = e.connection_id
			AND kind <> 'payment' AND status = 'pending')) AS astray`).Scan(&n)
	if err != nil || n > 0 {
		w.truth.violate(books, "%d connections hold money for nothing, or none for what is open (%v)", n, err)
	}
	moved := map[string]int64{}
	for _, p := range w.plans {
		for _, q := range []*plan{p, p.refund} {
			if q == nil {
				continue
			}
			for _, o := range q.orders {
				if st, _ := o.now(); st == succeeded && !w.isOpen(s, q) {
					moved[string(q.kind)+" "+o.rail] += o.amount
				}
			}
		}
	}
	for name, x := range w.rails {
		for kind, account := range map[pay.Kind]string{pay.Payment: "payments", pay.Payout: "payouts", pay.Refund: "refunds"} {
			var posted int64
			err := s.RawRead().QueryRowContext(ctx, `SELECT COALESCE(SUM(CASE WHEN side = 'credit' THEN amount ELSE -amount END), 0)
				FROM ledger_entries WHERE connection_id = $1 AND account = $2`, x.connection, account).Scan(&posted)
			if kind.Debits() {
				posted = -posted
			}
			if want := moved[string(kind)+" "+name]; err != nil || posted != want {
				w.truth.violate(books, "%s: the ledger has %d in %s, the operator moved %d (%v)", name, posted, account, want, err)
			}
		}
	}
}

// isOpen: the gateway has not heard the end, and so posted nothing.
func (w *world) isOpen(s *store.Store, p *plan) bool {
	t, err := store.Transaction(context.Background(), s.Read(), merchantID, p.id)
	return err == nil && !t.Status.Final()
}

// String is the line that a run ends with.
func (r *Report) String() string {
	return fmt.Sprintf("%d transactions, %d faults, %d restarts, %d violations", r.Transactions, r.FaultsTotal(), r.Restarts, len(r.Violations))
}
