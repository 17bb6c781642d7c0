package fieldtest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
)

// our is a transaction of the gateway under test.
type our struct {
	id, kind, reference, status string
	theirs                      string // the provider's name for it
	amount, nextCheck, checks   int64
	told                        []notice // its events that end it
}

// their is an operation of the providers' operators.
type their struct {
	id, transaction, status string
	// order is what became of the provider's own transaction.
	order string
}

// The outcomes that end a transaction, and with it an event's name.
var final = map[string]bool{"succeeded": true, "failed": true, "canceled": true, "expired": true}

// withRows reads the gateway's database beside it.
func (f *Field) withRows(t testing.TB, use func(ctx context.Context, db *store.Store)) {
	t.Helper()
	db, err := store.Open(t.Context(), f.Database, store.Options{})
	must(t, err)
	defer func() { must(t, db.Close()) }()
	use(t.Context(), db)
}

// column is a time that says when a row owes work, or until when somebody is
// believed to be at it.
type column struct{ table, name string }

var (
	notifications = column{"deliveries", "next_attempt_at"}
	due           = []column{
		{"transactions", "next_check_at"},
		{"attempts", "lease_until"},
		{"attempts", "absent_since"},
		notifications,
		{"idempotency", "lease_until"},
		{"leases", "expires_at"},
		{"connections", "next_maintain_at"},
	}
)

// age puts rows forward in time: whatever they wait for comes sooner by that
// much. Nobody is at work on them, or it may be done twice.
func age(ctx context.Context, t testing.TB, db *store.Store, by time.Duration, columns ...column) {
	t.Helper()
	must(t, db.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		for _, c := range columns {
			text := fmt.Sprintf("UPDATE %[1]s SET %[2]s = %[2]s - $1 WHERE %[2]s > 0", c.table, c.name)
			if _, err := tx.Raw().ExecContext(ctx, text, by.Milliseconds()); err != nil {
				return fmt.Errorf("%s: %w", text, err)
			}
		}
		return nil
	}))
}

// workedWithin is how long calm waits for rows that may have nothing to show.
const workedWithin = 30 * time.Second

// worked waits until what was due after an outage has been asked about. A row
// under a lease is work in hand, so each has to show that it was asked. One
// that news reached first shows nothing, and is not waited for any longer.
func (f *Field) worked(t testing.TB) {
	t.Helper()
	owed := f.ours(t)
	for id, o := range owed {
		if o.nextCheck == 0 || o.nextCheck > time.Now().UnixMilli() {
			delete(owed, id)
		}
	}
	for deadline := time.Now().Add(workedWithin); len(owed) > 0 && time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		for id, now := range f.ours(t) {
			before, waiting := owed[id]
			if waiting && (now.nextCheck == 0 || now.checks != before.checks || now.status != before.status) {
				delete(owed, id)
			}
		}
	}
}

// ours are the gateway's transactions by reference.
func (f *Field) ours(t testing.TB) map[string]*our {
	t.Helper()
	list, byID := map[string]*our{}, map[string]*our{}
	f.withRows(t, func(ctx context.Context, db *store.Store) {
		query(ctx, t, db, "SELECT id, kind, reference, status, provider_reference, amount, next_check_at, checks FROM transactions", func(scan func(...any)) {
			o := &our{}
			scan(&o.id, &o.kind, &o.reference, &o.status, &o.theirs, &o.amount, &o.nextCheck, &o.checks)
			if list[o.reference] != nil {
				t.Errorf("two transactions are called %s", o.reference)
			}
			list[o.reference], byID[o.id] = o, o
		})
		query(ctx, t, db, "SELECT transaction_id, id, type, sequence FROM events ORDER BY transaction_id, sequence", func(scan func(...any)) {
			var transaction string
			var n notice
			scan(&transaction, &n.id, &n.kind, &n.sequence)
			_, outcome, _ := strings.Cut(n.kind, ".")
			if o := byID[transaction]; o != nil && final[outcome] {
				o.told = append(o.told, n)
			}
		})
	})
	return list
}

// theirs are the operators' operations by what they move.
func (f *Field) theirs(t testing.TB) map[matter][]their {
	t.Helper()
	list := map[matter][]their{}
	query(t.Context(), t, f.Providers.books, `SELECT o.id, o.transaction_id, o.kind, o.phone, o.amount, o.currency, o.status, t.status
FROM sandbox_operations o LEFT JOIN transactions t ON t.merchant_id = o.merchant_id AND t.id = o.transaction_id`, func(scan func(...any)) {
		var o their
		var m matter
		var kind string
		scan(&o.id, &o.transaction, &kind, &m.phone, &m.amount, &m.currency, &o.status, &o.order)
		m.in = kind == payment
		list[m] = append(list[m], o)
	})
	return list
}

// query reads rows one by one.
func query(ctx context.Context, t testing.TB, db *store.Store, text string, each func(scan func(...any))) {
	t.Helper()
	rows, err := db.RawRead().QueryContext(ctx, text)
	must(t, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		each(func(into ...any) { must(t, rows.Scan(into...)) })
	}
	must(t, rows.Err())
}

// leases is above the lease of a check and of a webhook's try.
const leases = 25 * time.Second

// InHand are, by name, what nodes have taken up or are about to, and nobody has
// answered for yet: attempts whose submission is open, first checks, first tries
// of a webhook. What is due later than a lease can't be under one.
func (f *Field) InHand(t testing.TB) map[string]string {
	t.Helper()
	list := map[string]string{}
	until := fmt.Sprint(time.Now().Add(leases).UnixMilli())
	f.withRows(t, func(ctx context.Context, db *store.Store) {
		for _, text := range []string{
			`SELECT 'attempt ' || number || ' of ' || transaction_id, status FROM attempts WHERE status = 'submitting'`,
			`SELECT 'check of ' || id, status FROM transactions
WHERE status = 'pending' AND checks = 0 AND next_check_at > 0 AND next_check_at <= ` + until,
			`SELECT 'delivery ' || id, status FROM deliveries WHERE attempts = 0 AND next_attempt_at > 0 AND next_attempt_at <= ` + until,
		} {
			query(ctx, t, db, text, func(scan func(...any)) {
				var name, state string
				scan(&name, &state)
				list[name] = state
			})
		}
	})
	return list
}
