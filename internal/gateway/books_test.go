package gateway_test

import (
	"fmt"
	"slices"

	"github.com/passerelle-pay/passerelle/internal/ledger"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

// events fails the test unless the transaction's events are of these types,
// in a sequence without gaps.
func (w *world) events(tx pay.Transaction, want ...string) []sqlgen.Event {
	w.Helper()
	list, err := w.store.Read().ListTransactionEvents(w.Context(), sqlgen.ListTransactionEventsParams{
		MerchantID: tx.MerchantID, TransactionID: tx.ID,
	})
	if err != nil {
		w.Fatal(err)
	}
	var types []string
	for i, e := range list {
		types = append(types, e.Type)
		if e.Sequence != int64(i+1) {
			w.Errorf("event %d of %s has sequence %d", i+1, tx.Reference, e.Sequence)
		}
	}
	if !slices.Equal(types, want) {
		w.Errorf("events of %s are %v, want %v", tx.Reference, types, want)
	}
	return list
}

// purse is Boutique's money at a provider: what it may use and what is held.
func (w *world) purse(name string) (available, reserved int64) {
	w.Helper()
	list, err := ledger.Balances(w.Context(), w.store.Read(), w.merchant)
	if err != nil {
		w.Fatal(err)
	}
	for _, b := range list {
		if b.Connection == w.connections[name].ID && b.Currency == money.XAF {
			switch b.Account {
			case ledger.Available:
				available += b.Amount
			case ledger.Reserved:
				reserved += b.Amount
			}
		}
	}
	return available, reserved
}

// holds fails the test unless the purse at a provider holds that much.
func (w *world) holds(name string, available, reserved int64) {
	w.Helper()
	a, r := w.purse(name)
	if a != available || r != reserved {
		w.Errorf("%s has %d available and %d reserved, want %d and %d", name, a, r, available, reserved)
	}
}

// entries gives the postings of a transaction as "account side amount".
func (w *world) entries(tx pay.Transaction) map[string]int64 {
	w.Helper()
	rows, err := w.store.Read().ListTransactionPostings(w.Context(), sqlgen.ListTransactionPostingsParams{
		MerchantID: tx.MerchantID, TransactionID: tx.ID,
	})
	if err != nil {
		w.Fatal(err)
	}
	sums := map[string]int64{}
	for _, r := range rows {
		sums[r.Account+" "+r.Side] += r.Amount
	}
	return sums
}

// balanced fails the test unless the merchant's books hold.
func (w *world) balanced() {
	w.Helper()
	for _, p := range w.unbalanced() {
		w.Error(p)
	}
}

// unbalanced tells where debits differ from credits in a currency, and where a
// kept balance is not that of the entries.
func (w *world) unbalanced() (problems []string) {
	w.Helper()
	sums, err := w.store.Read().SumLedger(w.Context(), w.merchant)
	if err != nil {
		w.Fatal(err)
	}
	by := map[string]int64{}
	for _, s := range sums {
		if s.Side == string(ledger.Debit) {
			by[s.Currency] += s.Total
		} else {
			by[s.Currency] -= s.Total
		}
	}
	for currency, difference := range by {
		if difference != 0 {
			problems = append(problems, fmt.Sprintf("debits and credits in %s differ by %d", currency, difference))
		}
	}
	want, err := ledger.Rebuild(w.Context(), w.store.Read(), w.merchant)
	if err != nil {
		w.Fatal(err)
	}
	kept, err := ledger.Balances(w.Context(), w.store.Read(), w.merchant)
	if err != nil {
		w.Fatal(err)
	}
	for _, b := range kept {
		want[b.Purse] -= b.Amount
	}
	for p, difference := range want {
		if difference != 0 {
			problems = append(problems, fmt.Sprintf("the kept balance of %+v is off by %d", p, difference))
		}
	}
	return problems
}
