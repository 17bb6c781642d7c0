package ledger

import (
	"context"
	"fmt"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
)

// Purse names one kept balance.
type Purse struct {
	MerchantID string
	Connection string
	Currency   money.Currency
	Account    Account
}

// Fold adds a purse's appended deltas to its balance, under the balance row's
// lock, and returns the balance. It takes exactly the rows it deletes: an id
// range would miss rows that commit late with an earlier id.
func Fold(ctx context.Context, q *sqlgen.Queries, p Purse) (int64, error) {
	row := sqlgen.EnsureBalanceParams{
		MerchantID: p.MerchantID, ConnectionID: p.Connection,
		Currency: string(p.Currency), Account: string(p.Account),
	}
	if err := q.EnsureBalance(ctx, row); err != nil {
		return 0, fmt.Errorf("open balance: %w", err)
	}
	// Adding nothing takes the row's lock before the deltas are read.
	if _, err := add(ctx, q, p, 0); err != nil {
		return 0, err
	}
	taken, err := q.TakeBalanceDeltas(ctx, sqlgen.TakeBalanceDeltasParams(row))
	if err != nil {
		return 0, fmt.Errorf("take balance deltas: %w", err)
	}
	var sum int64
	for _, amount := range taken {
		sum += amount
	}
	return add(ctx, q, p, sum)
}

func add(ctx context.Context, q *sqlgen.Queries, p Purse, amount int64) (int64, error) {
	balance, err := q.AddToBalance(ctx, sqlgen.AddToBalanceParams{
		Amount: amount, MerchantID: p.MerchantID, ConnectionID: p.Connection,
		Currency: string(p.Currency), Account: string(p.Account),
	})
	if err != nil {
		return 0, fmt.Errorf("add to balance: %w", err)
	}
	return balance, nil
}

// Balance is a purse's money as of now, folded or not.
type Balance struct {
	Purse
	Amount int64 // minor units
}

// Balances reads all kept balances of a merchant. Folding moves money between
// two tables in one commit, so one statement reads both: two would each see
// their own moment, and miss or count twice what was folded between them.
func Balances(ctx context.Context, q *sqlgen.Queries, merchantID string) ([]Balance, error) {
	rows, err := q.ListPurses(ctx, merchantID)
	if err != nil {
		return nil, fmt.Errorf("list balances: %w", err)
	}
	list := make([]Balance, 0, len(rows))
	for _, r := range rows {
		list = append(list, Balance{Amount: r.Total, Purse: Purse{
			MerchantID: merchantID, Connection: r.ConnectionID,
			Currency: money.Currency(r.Currency), Account: Account(r.Account),
		}})
	}
	return list, nil
}

// Rebuild computes every kept balance from the entries alone.
func Rebuild(ctx context.Context, q *sqlgen.Queries, merchantID string) (map[Purse]int64, error) {
	sums, err := q.SumLedger(ctx, merchantID)
	if err != nil {
		return nil, fmt.Errorf("sum ledger: %w", err)
	}
	balances := map[Purse]int64{}
	for _, s := range sums {
		if !kept(Account(s.Account)) {
			continue
		}
		p := Purse{MerchantID: merchantID, Connection: s.ConnectionID, Currency: money.Currency(s.Currency), Account: Account(s.Account)}
		if Side(s.Side) == Debit {
			balances[p] += s.Total
		} else {
			balances[p] -= s.Total
		}
	}
	return balances, nil
}
