package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// Filter narrows a list of transactions; empty fields match all.
type Filter struct {
	Kind      pay.Kind
	Status    pay.Status
	Reference string
	Phone     string // E.164
	// Before is the id after which (in time, before which) the page starts,
	// Since the one at which the list ends.
	Before, Since string
	Limit         int
}

// maxSame bounds the transactions of one reference: one per front, account and kind.
const maxSame = 1000

// lastID sorts after every id, in any collation.
const lastID = "zzzz"

// List returns the caller's transactions, newest first, by key and not by
// offset. Its cost is that of the page: each filter has a query and an index of
// its own. Without a reference, transactions are of one kind.
func (g *Gateway) List(ctx context.Context, c provider.Caller, f Filter) ([]pay.Transaction, error) {
	if f.Before == "" {
		f.Before = lastID
	}
	rows, err := g.page(ctx, c, f)
	if err != nil {
		return nil, fmt.Errorf("list transactions: %w", err)
	}
	return decodeAll(rows)
}

func (g *Gateway) page(ctx context.Context, c provider.Caller, f Filter) ([]sqlgen.Transaction, error) {
	q := g.Store.Read()
	switch {
	case f.Reference != "":
		return g.ofReference(ctx, c, f)
	case f.Phone != "":
		return q.PageTransactionsByPhone(ctx, sqlgen.PageTransactionsByPhoneParams{
			MerchantID: c.MerchantID, Mode: string(c.Mode), Phone: f.Phone, Kind: string(f.Kind),
			Before: f.Before, Since: f.Since, Status: string(f.Status), Count: int64(f.Limit),
		})
	case f.Status != "" && f.Status != pay.StatusSucceeded:
		return q.PageTransactionsByStatus(ctx, sqlgen.PageTransactionsByStatusParams{
			MerchantID: c.MerchantID, Mode: string(c.Mode), Kind: string(f.Kind), Status: string(f.Status),
			Before: f.Before, Since: f.Since, Count: int64(f.Limit),
		})
	}
	return q.PageTransactions(ctx, sqlgen.PageTransactionsParams{
		MerchantID: c.MerchantID, Mode: string(c.Mode), Kind: string(f.Kind),
		Before: f.Before, Since: f.Since, Status: string(f.Status), Count: int64(f.Limit),
	})
}

// ofReference reads all transactions of a reference, which are few, and narrows
// them here: a bound of the id would have SQLite walk the primary key.
func (g *Gateway) ofReference(ctx context.Context, c provider.Caller, f Filter) ([]sqlgen.Transaction, error) {
	if !printable(f.Reference) {
		return nil, nil
	}
	rows, err := g.Store.Read().ListTransactionsByReference(ctx, sqlgen.ListTransactionsByReferenceParams{
		MerchantID: c.MerchantID, Mode: string(c.Mode), Reference: f.Reference, Count: maxSame,
	})
	rows = slices.DeleteFunc(rows, func(t sqlgen.Transaction) bool {
		return f.Kind != "" && t.Kind != string(f.Kind) || f.Status != "" && t.Status != string(f.Status) ||
			f.Phone != "" && t.Phone != f.Phone || t.ID >= f.Before || t.ID < f.Since
	})
	if f.Kind != "" { // ids of several kinds don't sort by time
		slices.SortFunc(rows, func(a, b sqlgen.Transaction) int { return strings.Compare(b.ID, a.ID) })
	}
	return rows[:min(len(rows), f.Limit)], err
}

func decodeAll(rows []sqlgen.Transaction) ([]pay.Transaction, error) {
	list := make([]pay.Transaction, 0, len(rows))
	for _, r := range rows {
		t, err := store.DecodeTransaction(r)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// Refunds are the refunds of a payment.
func (g *Gateway) Refunds(ctx context.Context, c provider.Caller, payment string) ([]pay.Transaction, error) {
	return g.children(ctx, c.MerchantID, payment)
}

func asRefusal(err error) (*pay.Error, bool) {
	var e *pay.Error
	ok := errors.As(err, &e)
	return e, ok
}
