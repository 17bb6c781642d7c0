package gateway_test

import (
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
	rows, err := w.store.Read().ListLedgerEntries(w.Context(), sqlgen.ListLedgerEntriesParams{
		MerchantID: tx.MerchantID, Mode: string(tx.Mode), TransactionID: tx.ID, Before: "~", Count: 100,
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

// balanced fails the test unless, for Boutique, debits equal credits in every
// currency and the kept balances are those of the entries.
func (w *world) balanced() {
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
			w.Errorf("debits and credits in %s differ by %d", currency, difference)
		}
	}
	w.rebuilt()
}

func (w *world) rebuilt() {
	w.Helper()
	want, err := ledger.Rebuild(w.Context(), w.store.Read(), w.merchant)
	if err != nil {
		w.Fatal(err)
	}
	kept, err := ledger.Balances(w.Context(), w.store.Read(), w.merchant)
	if err != nil {
		w.Fatal(err)
	}
	for _, b := range kept {
		if b.Amount != want[b.Purse] {
			w.Errorf("kept balance of %+v is %d, the entries give %d", b.Purse, b.Amount, want[b.Purse])
		}
		delete(want, b.Purse)
	}
	for p, amount := range want {
		if amount != 0 {
			w.Errorf("the entries give %d to %+v, which is not kept", amount, p)
		}
	}
}
