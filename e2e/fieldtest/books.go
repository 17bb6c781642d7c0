package fieldtest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/ledger"
	"github.com/passerelle-pay/passerelle/internal/store"
)

// checkBooks holds the ledger: debits equal credits, each success is booked
// once for its amount and nothing else is, and the kept balances are what the
// entries add up to.
func (f *Field) checkBooks(t testing.TB, v *verdict) {
	t.Helper()
	f.withRows(t, func(ctx context.Context, db *store.Store) {
		for _, by := range []string{"currency", "journal, currency"} {
			query(ctx, t, db, "SELECT COUNT(*) FROM (SELECT "+by+" FROM ledger_entries GROUP BY "+by+
				" HAVING SUM(CASE side WHEN 'debit' THEN amount ELSE -amount END) <> 0) AS wrong", func(scan func(...any)) {
				var n int
				if scan(&n); n != 0 {
					v.add(nil, "debits and credits differ in %d groups by %s", n, by)
				}
			})
		}
		booked := map[string]int64{}
		query(ctx, t, db, "SELECT transaction_id, SUM(amount) FROM ledger_entries WHERE account IN ('payments', 'payouts', 'refunds') GROUP BY transaction_id",
			func(scan func(...any)) {
				var id string
				var sum int64
				scan(&id, &sum)
				booked[id] = sum
			})
		for reference, o := range v.ours {
			want := int64(0)
			if o.status == "succeeded" {
				want = o.amount
			}
			if booked[o.id] != want {
				v.add(f.Shop.known[reference], "it is %s of %d and the ledger moved %d", o.status, o.amount, booked[o.id])
			}
		}
		checkBalances(ctx, t, db, v)
	})
}

func checkBalances(ctx context.Context, t testing.TB, db *store.Store, v *verdict) {
	t.Helper()
	merchants, err := db.Read().ListMerchants(ctx)
	must(t, err)
	for _, m := range merchants {
		rebuilt, err := ledger.Rebuild(ctx, db.Read(), m.ID)
		must(t, err)
		list, err := ledger.Balances(ctx, db.Read(), m.ID)
		must(t, err)
		kept := map[ledger.Purse]int64{}
		for _, b := range list {
			kept[b.Purse] = b.Amount
		}
		zero := func(_ ledger.Purse, amount int64) bool { return amount == 0 }
		maps.DeleteFunc(rebuilt, zero)
		maps.DeleteFunc(kept, zero)
		if !maps.Equal(kept, rebuilt) {
			v.add(nil, "balances are kept as %v and the entries add up to %v", kept, rebuilt)
		}
	}
}

// checkAnswers holds that whatever was answered 2xx is served by the API, as it
// is recorded.
func (f *Field) checkAnswers(t testing.TB, v *verdict) {
	t.Helper()
	served := map[string]string{}
	for _, kind := range []string{payment, payout, refund} {
		cursor := ""
		for more := true; more; {
			got, err := native(t.Context(), f.door(), f.Shop.key, http.MethodGet, "/v1/"+kind+"s?limit=100"+cursor, "", nil)
			must(t, err)
			var page struct {
				Data []struct{ ID, Status string }
				Next *string `json:"next_cursor"`
			}
			must(t, got.read(http.StatusOK, &page))
			for _, o := range page.Data {
				served[o.ID] = o.Status
			}
			if more = page.Next != nil; more {
				cursor = "&cursor=" + *page.Next
			}
		}
	}
	for _, w := range f.Shop.wishes {
		if o := v.ours[w.reference]; w.id != "" && o != nil && served[w.id] != o.status {
			v.add(w, "it was answered 2xx, and the API lists it as %q instead of %q", served[w.id], o.status)
		}
	}
}

// story is everything that anybody knows of an intent.
func (f *Field) story(t testing.TB, v *verdict, w *wish) string {
	t.Helper()
	if w == nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "the shop: id %q, refused %q, told %v, webhooks %v\n", w.id, w.refused, w.statuses, w.notices)
	id := w.id
	if o := v.ours[w.reference]; o != nil {
		id = o.id
	}
	f.withRows(t, func(ctx context.Context, db *store.Store) {
		b.WriteString("the gateway:\n" + indent(chapters(ctx, t, db, id)) + "\n")
	})
	for _, o := range v.theirs[w.matter()] {
		b.WriteString("the provider:\n" + indent(chapters(t.Context(), t, f.Providers.books, o.transaction)) + "\n")
	}
	for _, n := range f.Nodes {
		for _, line := range n.Mentions(id) {
			b.WriteString("log: " + line + "\n")
		}
	}
	return indent(b.String())
}

// chapters are the rows of one transaction.
func chapters(ctx context.Context, t testing.TB, db *store.Store, id string) string {
	t.Helper()
	var b strings.Builder
	for _, table := range []string{
		"transactions", "attempts", "exchanges", "notifications", "events", "deliveries", "ledger_entries", "sandbox_operations",
	} {
		column := "transaction_id"
		if table == "transactions" {
			column = "id"
		}
		rows, err := db.RawRead().QueryContext(ctx, "SELECT * FROM "+table+" WHERE "+column+" = $1 ORDER BY created_at", id)
		must(t, err)
		names, err := rows.Columns()
		must(t, err)
		for rows.Next() {
			values, row := make([]any, len(names)), map[string]any{}
			for i := range values {
				values[i] = new(any)
			}
			must(t, rows.Scan(values...))
			for i, name := range names {
				if v := *values[i].(*any); name != "merchant_id" && name != "snapshot" {
					row[name] = v
				}
			}
			text, err := json.Marshal(row)
			must(t, err)
			fmt.Fprintf(&b, "%s %s\n", table, text)
		}
		must(t, rows.Err())
		must(t, rows.Close())
	}
	return b.String()
}
