// Package ledger keeps the merchant's books: double entry, append-only, per
// connection and currency, since money lies at the provider it came through.
//
// Every journal's debits equal its credits in one currency, and a journal is
// posted once: its name is unique per account and side, so that repeating one
// is refused by the database rather than by care.
//
// Only the available and reserved accounts have a kept balance. Credits to it
// are appended as deltas without locking the balance row, so that one busy
// merchant does not serialise the gateway; whoever must check the balance
// locks the row and folds the deltas first.
package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

// Account is one account of a merchant's books.
type Account string

// The accounts. Available and Reserved are money that lies at the connection.
const (
	Available    Account = "available"     // at the merchant's disposal
	Reserved     Account = "reserved"      // held by open payouts and refunds
	Payments     Account = "payments"      // taken from customers
	Payouts      Account = "payouts"       // sent to customers
	Refunds      Account = "refunds"       // given back
	Fees         Account = "fees"          // kept by providers and operators
	CustomerFees Account = "customer_fees" // fees that customers paid on top
	Opening      Account = "opening"       // what lay there at the beginning
)

// Side of a posting.
type Side string

// The sides.
const (
	Debit  Side = "debit"
	Credit Side = "credit"
)

// Posting is one line of a journal.
type Posting struct {
	Account Account
	Side    Side
	Amount  int64 // minor units, > 0
}

// Journal is one balanced set of postings.
type Journal struct {
	// Name is unique per merchant: what caused it, such as "pay_x/succeeded". One
	// that a transaction caused bears its id.
	Name        string
	MerchantID  string
	Mode        pay.Mode
	Transaction string
	Connection  string
	Currency    money.Currency
	At          time.Time
	Postings    []Posting
}

// kept accounts have a running balance.
func kept(a Account) bool { return a == Available || a == Reserved }

// Post appends a balanced journal. Lines of amount zero are dropped.
func Post(ctx context.Context, q *sqlgen.Queries, j Journal) error {
	if err := balanced(j); err != nil {
		return err
	}
	for _, p := range j.Postings {
		if p.Amount == 0 {
			continue
		}
		if err := post(ctx, q, j, p); err != nil {
			return fmt.Errorf("post %s %s of %s: %w", p.Side, p.Account, j.Name, err)
		}
	}
	return nil
}

func balanced(j Journal) error {
	var sum int64
	for _, p := range j.Postings {
		if p.Amount < 0 {
			return fmt.Errorf("journal %s: negative amount in %s", j.Name, p.Account)
		}
		if p.Side == Debit {
			sum += p.Amount
		} else {
			sum -= p.Amount
		}
	}
	if sum != 0 {
		return fmt.Errorf("journal %s: debits and credits differ by %d", j.Name, sum)
	}
	return nil
}

func post(ctx context.Context, q *sqlgen.Queries, j Journal, p Posting) error {
	err := q.InsertLedgerEntry(ctx, sqlgen.InsertLedgerEntryParams{
		MerchantID: j.MerchantID, ID: pay.NewID("le", j.MerchantID, j.At), Mode: string(j.Mode),
		Journal: j.Name, TransactionID: j.Transaction, ConnectionID: j.Connection,
		Account: string(p.Account), Side: string(p.Side), Amount: p.Amount,
		Currency: string(j.Currency), CreatedAt: j.At.UnixMilli(),
	})
	if err != nil || !kept(p.Account) {
		return err
	}
	amount := p.Amount
	if p.Side == Credit {
		amount = -amount
	}
	return q.InsertBalanceDelta(ctx, sqlgen.InsertBalanceDeltaParams{
		MerchantID: j.MerchantID, ID: pay.NewID("bd", j.MerchantID, j.At), ConnectionID: j.Connection,
		Currency: string(j.Currency), Account: string(p.Account), Amount: amount,
	})
}
