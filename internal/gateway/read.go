package gateway

import (
	"context"
	"errors"
	"fmt"

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
	// Before is the id after which (in time, before which) the page starts.
	Before string
	Limit  int
}

// lastID sorts after every id, in any collation.
const lastID = "zzzz"

// List returns the caller's transactions, newest first, by key and not by offset.
func (g *Gateway) List(ctx context.Context, c provider.Caller, f Filter) ([]pay.Transaction, error) {
	if f.Before == "" {
		f.Before = lastID
	}
	rows, err := g.Store.Read().ListTransactions(ctx, sqlgen.ListTransactionsParams{
		MerchantID: c.MerchantID, Mode: string(c.Mode), Kind: string(f.Kind), Before: f.Before,
		Status: string(f.Status), Reference: f.Reference, Phone: f.Phone, Count: int64(f.Limit),
	})
	if err != nil {
		return nil, fmt.Errorf("list transactions: %w", err)
	}
	return decodeAll(rows)
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
