package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

// InsertAttempt stores a new attempt.
func InsertAttempt(ctx context.Context, q *sqlgen.Queries, a pay.Attempt) error {
	data, failure, err := encodeAttempt(a)
	if err != nil {
		return err
	}
	err = q.InsertAttempt(ctx, sqlgen.InsertAttemptParams{
		MerchantID: a.MerchantID, TransactionID: a.TransactionID, Number: int64(a.Number),
		ConnectionID: a.Connection, Provider: a.Provider, Status: string(a.Status), Reference: a.Reference,
		ProviderReference: a.ProviderReference, Data: data, Failure: failure, Prompted: a.Prompted,
		HintFailed: a.HintFailed, HintedAt: Millis(a.HintedAt), Absent: int64(a.Absent),
		AbsentSince: Millis(a.AbsentSince), LeaseUntil: Millis(a.LeaseUntil), CreatedAt: Millis(a.CreatedAt), UpdatedAt: Millis(a.UpdatedAt),
	})
	if err != nil {
		return fmt.Errorf("insert attempt %d of %s: %w", a.Number, a.TransactionID, err)
	}
	return nil
}

// SaveAttempt writes what may change of an attempt, but for the hints, which
// arrive beside its news and have their own statement.
func SaveAttempt(ctx context.Context, q *sqlgen.Queries, a pay.Attempt) error {
	data, failure, err := encodeAttempt(a)
	if err != nil {
		return err
	}
	err = q.UpdateAttempt(ctx, sqlgen.UpdateAttemptParams{
		Status: string(a.Status), ProviderReference: a.ProviderReference, Data: data, Failure: failure,
		Prompted: a.Prompted, Absent: int64(a.Absent),
		AbsentSince: Millis(a.AbsentSince), LeaseUntil: Millis(a.LeaseUntil), UpdatedAt: Millis(a.UpdatedAt),
		MerchantID: a.MerchantID, TransactionID: a.TransactionID, Number: int64(a.Number),
	})
	if err != nil {
		return fmt.Errorf("save attempt %d of %s: %w", a.Number, a.TransactionID, err)
	}
	return nil
}

// Attempts reads all attempts of a transaction, first to last.
func Attempts(ctx context.Context, q *sqlgen.Queries, merchantID, transactionID string) ([]pay.Attempt, error) {
	rows, err := q.ListAttempts(ctx, sqlgen.ListAttemptsParams{MerchantID: merchantID, TransactionID: transactionID})
	if err != nil {
		return nil, fmt.Errorf("list attempts of %s: %w", transactionID, err)
	}
	list := make([]pay.Attempt, 0, len(rows))
	for _, r := range rows {
		a, err := DecodeAttempt(r)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}

// TransactionWithAttempts reads a transaction and its attempts as they stand at
// one moment; pay.ErrNotFound when the merchant has none of that id.
func TransactionWithAttempts(ctx context.Context, q *sqlgen.Queries, merchantID, id string) (t pay.Transaction, list []pay.Attempt, err error) {
	rows, err := q.ListAttemptsWithTransaction(ctx, sqlgen.ListAttemptsWithTransactionParams{MerchantID: merchantID, ID: id})
	if err != nil {
		return t, nil, fmt.Errorf("read transaction %s with its attempts: %w", id, err)
	}
	if len(rows) == 0 { // it has none, or none yet
		t, err = Transaction(ctx, q, merchantID, id)
		return t, nil, err
	}
	if t, err = DecodeTransaction(rows[0].Transaction); err != nil {
		return t, nil, err
	}
	for _, r := range rows {
		a, err := DecodeAttempt(r.Attempt)
		if err != nil {
			return t, nil, err
		}
		list = append(list, a)
	}
	return t, list, nil
}

// AttemptByReference finds an attempt of a connection by our reference, else by
// the provider's.
func AttemptByReference(ctx context.Context, q *sqlgen.Queries, merchantID, connection, ours, theirs string) (pay.Attempt, error) {
	if ours != "" {
		row, err := q.GetAttemptByReference(ctx, sqlgen.GetAttemptByReferenceParams{
			MerchantID: merchantID, ConnectionID: connection, Reference: ours,
		})
		a, err := found(row, err, "attempt", DecodeAttempt)
		if err == nil || theirs == "" || pay.KindOf(err) != pay.KindNotFound {
			return a, err
		}
	}
	row, err := q.GetAttemptByProviderReference(ctx, sqlgen.GetAttemptByProviderReferenceParams{
		MerchantID: merchantID, ConnectionID: connection, ProviderReference: theirs,
	})
	return found(row, err, "attempt", DecodeAttempt)
}

// DecodeAttempt makes the domain's attempt of a row.
func DecodeAttempt(r sqlgen.Attempt) (pay.Attempt, error) {
	a := pay.Attempt{
		MerchantID: r.MerchantID, TransactionID: r.TransactionID, Number: int(r.Number),
		Connection: r.ConnectionID, Provider: r.Provider, Status: pay.AttemptStatus(r.Status),
		Reference: r.Reference, ProviderReference: r.ProviderReference, Prompted: r.Prompted,
		HintFailed: r.HintFailed, HintPaid: r.HintPaid, HintedAt: Time(r.HintedAt), Absent: int(r.Absent), AbsentSince: Time(r.AbsentSince),
		LeaseUntil: Time(r.LeaseUntil), CreatedAt: Time(r.CreatedAt), UpdatedAt: Time(r.UpdatedAt),
	}
	if err := json.Unmarshal([]byte(r.Data), &a.Data); err != nil {
		return a, fmt.Errorf("read data of attempt %d of %s: %w", a.Number, a.TransactionID, err)
	}
	if err := json.Unmarshal([]byte(r.Failure), &a.Failure); err != nil {
		return a, fmt.Errorf("read failure of attempt %d of %s: %w", a.Number, a.TransactionID, err)
	}
	return a, nil
}

func encodeAttempt(a pay.Attempt) (data, failure string, err error) {
	if a.Data == nil {
		a.Data = map[string]string{}
	}
	d, err := json.Marshal(a.Data)
	if err != nil {
		return "", "", fmt.Errorf("encode data of attempt: %w", err)
	}
	f, err := json.Marshal(a.Failure)
	if err != nil {
		return "", "", fmt.Errorf("encode failure of attempt: %w", err)
	}
	return string(d), string(f), nil
}
