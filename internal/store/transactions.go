package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

// Names of unique indexes, for IsUnique.
const (
	UniqueReference          = "ux_transactions_reference"
	UniqueFrontReference     = "ux_transactions_front_reference"
	UniqueMerchantName       = "ux_merchants_name"
	UniqueUserEmail          = "ux_users_email"
	UniqueIdempotencyKey     = "idempotency_pkey"
	UniqueOperationReference = "ux_sandbox_operations_reference"
)

// ErrStale says that a row changed since it was read; Update runs its closure again.
var ErrStale = errors.New("row changed since it was read")

// details is the part of a transaction that no query filters by, stored as JSON.
type details struct {
	Customer    pay.Customer      `json:"customer,omitzero"`
	Method      pay.Method        `json:"method,omitzero"`
	Description string            `json:"description,omitempty"`
	ReturnURL   string            `json:"return_url,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	FrontData   map[string]string `json:"front_data,omitempty"`
	Pinned      string            `json:"pinned,omitempty"`
	PaidVia     string            `json:"paid_via,omitempty"`
	NextAction  pay.NextAction    `json:"next_action,omitzero"`
	Failure     pay.Failure       `json:"failure,omitzero"`
	Checkout    pay.Checkout      `json:"checkout,omitzero"`
	Erased      bool              `json:"erased,omitempty"`
	Untold      bool              `json:"untold,omitempty"`
}

// InsertTransaction stores a new transaction.
func InsertTransaction(ctx context.Context, q *sqlgen.Queries, t pay.Transaction) error {
	d, err := encodeDetails(t)
	if err != nil {
		return err
	}
	err = q.InsertTransaction(ctx, sqlgen.InsertTransactionParams{
		MerchantID: t.MerchantID, ID: t.ID, Mode: string(t.Mode), Kind: string(t.Kind),
		Status: string(t.Status), Front: t.Front, Account: t.Account, Reference: t.Reference,
		FrontReference: t.FrontReference, Amount: t.Amount.Minor, Currency: string(t.Amount.Currency),
		Fees: t.Fees.Minor, FeeBearer: string(t.FeeBearer), Phone: phoneOf(t), ConnectionID: t.Connection,
		Provider: t.Provider, ProviderReference: t.ProviderReference, ParentID: t.Parent,
		Refunded: t.Refunded, CheckoutToken: t.Checkout.Token, Submitted: t.Submitted, Late: t.Late,
		Overdue: t.Overdue, Alert: t.Alert, NoticeCopies: int64(t.NoticeCopies),
		Attempts: int64(t.Attempts), PaidAttempt: int64(t.PaidAttempt), Sequence: t.Sequence,
		Checks: int64(t.Checks), Details: d, Version: 1,
		CreatedAt: Millis(t.CreatedAt), UpdatedAt: Millis(t.UpdatedAt), CompletedAt: Millis(t.CompletedAt),
		ExpiresAt: Millis(t.ExpiresAt), NextCheckAt: Millis(t.NextCheckAt),
	})
	if err != nil {
		return fmt.Errorf("insert transaction %s: %w", t.ID, err)
	}
	return nil
}

// Unchanged reports whether a transaction still stands as t has it. PostgreSQL is
// not asked: there SaveTransaction finds out without a journey of its own, and
// the closure runs again. In SQLite a failed statement would undo the whole group.
func Unchanged(ctx context.Context, tx *Tx, t pay.Transaction) (bool, error) {
	if tx.postgres {
		return true, nil
	}
	version, err := tx.GetTransactionVersion(ctx, sqlgen.GetTransactionVersionParams{MerchantID: t.MerchantID, ID: t.ID})
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read version of %s: %w", t.ID, err)
	}
	return version == t.Version, nil
}

// SaveTransaction writes what may change of a transaction, if nobody changed it
// since it was read; otherwise it returns ErrStale. On success t's version is
// the stored one.
func SaveTransaction(ctx context.Context, q *sqlgen.Queries, t *pay.Transaction) error {
	d, err := encodeDetails(*t)
	if err != nil {
		return err
	}
	err = q.UpdateTransaction(ctx, sqlgen.UpdateTransactionParams{
		Status: string(t.Status), Fees: t.Fees.Minor, FeeBearer: string(t.FeeBearer), Phone: phoneOf(*t),
		ConnectionID: t.Connection, Provider: t.Provider, ProviderReference: t.ProviderReference,
		Refunded: t.Refunded, Submitted: t.Submitted, Late: t.Late, Overdue: t.Overdue, Alert: t.Alert,
		NoticeCopies: int64(t.NoticeCopies), Attempts: int64(t.Attempts), PaidAttempt: int64(t.PaidAttempt),
		Sequence: t.Sequence, Checks: int64(t.Checks), Details: d, UpdatedAt: Millis(t.UpdatedAt),
		CompletedAt: Millis(t.CompletedAt), ExpiresAt: Millis(t.ExpiresAt), NextCheckAt: Millis(t.NextCheckAt),
		MerchantID: t.MerchantID, ID: t.ID, Version: t.Version,
	})
	if IsNull(err, versionColumn) {
		err = ErrStale
	}
	if err != nil {
		return fmt.Errorf("save transaction %s: %w", t.ID, err)
	}
	t.Version++
	return nil
}

// Transaction reads one transaction; pay.ErrNotFound when the merchant has none of that id.
func Transaction(ctx context.Context, q *sqlgen.Queries, merchantID, id string) (pay.Transaction, error) {
	row, err := q.GetTransaction(ctx, sqlgen.GetTransactionParams{MerchantID: merchantID, ID: id})
	return found(row, err, "transaction", DecodeTransaction)
}

// TransactionByToken reads the transaction of a checkout token.
func TransactionByToken(ctx context.Context, q *sqlgen.Queries, token string) (pay.Transaction, error) {
	merchantID, ok := pay.MerchantOf(token)
	if !ok {
		return pay.Transaction{}, pay.NotFound("checkout")
	}
	row, err := q.GetTransactionByToken(ctx, sqlgen.GetTransactionByTokenParams{MerchantID: merchantID, CheckoutToken: token})
	return found(row, err, "checkout", DecodeTransaction)
}

// found turns "no rows" into not found, and decodes what there is.
func found[R, T any](row R, err error, what string, decode func(R) (T, error)) (T, error) {
	var none T
	if errors.Is(err, sql.ErrNoRows) {
		return none, pay.NotFound(what)
	}
	if err != nil {
		return none, fmt.Errorf("read %s: %w", what, err)
	}
	return decode(row)
}

// DecodeTransaction makes the domain's transaction of a row.
func DecodeTransaction(r sqlgen.Transaction) (pay.Transaction, error) {
	var d details
	if err := json.Unmarshal([]byte(r.Details), &d); err != nil {
		return pay.Transaction{}, fmt.Errorf("read details of transaction %s: %w", r.ID, err)
	}
	cur := money.Currency(r.Currency)
	return pay.Transaction{
		ID: r.ID, MerchantID: r.MerchantID, Mode: pay.Mode(r.Mode), Kind: pay.Kind(r.Kind),
		Status: pay.Status(r.Status), Front: r.Front, Account: r.Account, Reference: r.Reference,
		FrontReference: r.FrontReference, FrontData: d.FrontData,
		Amount: money.New(r.Amount, cur), Description: d.Description, Customer: d.Customer,
		Method: d.Method, FeeBearer: pay.Bearer(r.FeeBearer), Fees: money.New(r.Fees, cur),
		ReturnURL: d.ReturnURL, Metadata: d.Metadata, Pinned: d.Pinned, NextAction: d.NextAction,
		Failure: d.Failure, Connection: r.ConnectionID, Provider: r.Provider,
		ProviderReference: r.ProviderReference, PaidVia: d.PaidVia, Parent: r.ParentID,
		Refunded: r.Refunded, Checkout: d.Checkout, Erased: d.Erased, Untold: d.Untold, Submitted: r.Submitted, Late: r.Late,
		Overdue: r.Overdue, Alert: r.Alert, NoticeCopies: int(r.NoticeCopies),
		Attempts: int(r.Attempts), PaidAttempt: int(r.PaidAttempt), Sequence: r.Sequence,
		CreatedAt: Time(r.CreatedAt), UpdatedAt: Time(r.UpdatedAt), CompletedAt: Time(r.CompletedAt),
		ExpiresAt: Time(r.ExpiresAt), NextCheckAt: Time(r.NextCheckAt), Checks: int(r.Checks),
		Version: r.Version,
	}, nil
}

func encodeDetails(t pay.Transaction) (string, error) {
	b, err := json.Marshal(details{
		Customer: t.Customer, Method: t.Method, Description: t.Description, ReturnURL: t.ReturnURL,
		Metadata: t.Metadata, FrontData: t.FrontData, Pinned: t.Pinned, PaidVia: t.PaidVia,
		NextAction: t.NextAction, Failure: t.Failure, Checkout: t.Checkout, Erased: t.Erased,
		Untold: t.Untold,
	})
	if err != nil {
		return "", fmt.Errorf("encode details of transaction %s: %w", t.ID, err)
	}
	return string(b), nil
}

// phoneOf is the number a transaction is searched by.
func phoneOf(t pay.Transaction) string {
	if t.Method.Phone != "" {
		return t.Method.Phone
	}
	return t.Customer.Phone
}
