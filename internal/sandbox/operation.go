package sandbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// The states of an operation.
const (
	statusPrompted   = "prompted"   // the phone shows a prompt for the PIN
	statusOTP        = "otp"        // a one-time password was sent
	statusChallenge  = "challenge"  // a 3-D Secure step waits
	statusProcessing = "processing" // nobody is asked
	statusSucceeded  = "succeeded"
	statusFailed     = "failed"
	statusCanceled   = "canceled"
)

// operation is one row, decoded.
type operation struct {
	sqlgen.SandboxOperation
	script  script
	failure pay.Failure
}

// waiting reports whether somebody or something can still end the operation.
func (o *operation) waiting() bool {
	switch o.Status {
	case statusPrompted, statusOTP, statusChallenge, statusProcessing:
		return true
	}
	return false
}

// asking reports whether a customer is being asked right now.
func (o *operation) asking() bool { return o.waiting() && o.Status != statusProcessing }

func (o *operation) amount() money.Amount {
	return money.New(o.Amount, money.Currency(o.Currency))
}

// finish writes what the operator reports.
func (o *operation) finish(e ending) {
	o.failure, o.script.Message = e.Failure, e.Message
	switch e.Outcome {
	case pay.OutcomeSucceeded:
		o.Status, o.failure = statusSucceeded, pay.Failure{}
	case pay.OutcomeCanceled:
		o.Status = statusCanceled
	default:
		o.Status = statusFailed
	}
}

// advance goes on with the script.
func (o *operation) advance() {
	next := o.script.Ends[0]
	o.script.Ends = o.script.Ends[1:]
	o.finish(next)
}

// cut ends the operation otherwise than its script had it.
func (o *operation) cut(e ending) {
	o.script.Ends = nil
	o.finish(e)
}

func decode(row sqlgen.SandboxOperation) (operation, error) {
	o := operation{SandboxOperation: row}
	if err := json.Unmarshal([]byte(row.Script), &o.script); err != nil {
		return o, fmt.Errorf("read script of operation %s: %w", row.ID, err)
	}
	if err := json.Unmarshal([]byte(row.Failure), &o.failure); err != nil {
		return o, fmt.Errorf("read failure of operation %s: %w", row.ID, err)
	}
	return o, nil
}

func decodeAll(rows []sqlgen.SandboxOperation) ([]operation, error) {
	list := make([]operation, 0, len(rows))
	for _, row := range rows {
		o, err := decode(row)
		if err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, nil
}

// encode writes the decoded parts back into the row.
func (o *operation) encode() error {
	plan, err := json.Marshal(o.script)
	if err != nil {
		return fmt.Errorf("encode script of operation %s: %w", o.ID, err)
	}
	why, err := json.Marshal(o.failure)
	if err != nil {
		return fmt.Errorf("encode failure of operation %s: %w", o.ID, err)
	}
	o.Script, o.Failure = string(plan), string(why)
	return nil
}

// result is what the operator says of an operation.
func (o *operation) result() provider.Result {
	r := provider.Result{
		Outcome: pay.OutcomePending, Failure: o.failure, ProviderReference: o.ID, Reference: o.Reference,
		Amount: o.amount(), Prompted: o.script.Asks != askNothing, NoticeCopies: o.script.Copies,
		Operator: o.Operator, Phone: o.Phone,
	}
	if o.script.Message != "" {
		r.Data = map[string]string{"message": o.script.Message}
	}
	switch o.Status {
	case statusPrompted:
		r.NextAction.Type = pay.ApproveOnPhone
	case statusOTP:
		r.NextAction.Type = pay.EnterOTP
	case statusChallenge:
		r.NextAction = pay.NextAction{Type: pay.Redirect, URL: o.script.Page}
	case statusSucceeded:
		r.Outcome = pay.OutcomeSucceeded
	case statusFailed:
		r.Outcome = pay.OutcomeFailed
	case statusCanceled:
		r.Outcome = pay.OutcomeCanceled
	}
	return r
}

// insert stores a new operation, its messages and nothing else. It reports
// false when the reference is taken: an operator takes a reference once.
func (s *Sandbox) insert(ctx context.Context, o *operation) (bool, error) {
	if err := o.encode(); err != nil {
		return false, err
	}
	err := s.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		tx.About(o.ID)
		if err := tx.InsertSandboxOperation(ctx, sqlgen.InsertSandboxOperationParams(o.SandboxOperation)); err != nil {
			return err
		}
		return s.message(ctx, tx.Queries, o)
	})
	if store.IsUnique(err, store.UniqueOperationReference) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("record operation %s: %w", o.Reference, err)
	}
	if o.asking() {
		return true, s.watchPrompts(ctx, o)
	}
	return true, nil
}

// watchPrompts counts a violation where a customer is asked twice for one
// transaction, which no gateway may ever cause.
func (s *Sandbox) watchPrompts(ctx context.Context, o *operation) error {
	others, err := s.Store.Read().CountSandboxPrompts(ctx, sqlgen.CountSandboxPromptsParams{
		MerchantID: o.MerchantID, TransactionID: o.TransactionID, ID: o.ID,
	})
	if err != nil {
		return fmt.Errorf("look for other prompts of %s: %w", o.TransactionID, err)
	}
	if others > 0 {
		s.violations.Add(1)
		s.Log.Error("a customer is asked twice for one transaction", "transaction", o.TransactionID, "operation", o.ID)
	}
	return nil
}

// save stores an operation as changed from what was seen, unless somebody else
// changed it first; then it reports false and changes nothing. So a customer's
// answer, a time-out and a withdrawal can race.
func (s *Sandbox) save(ctx context.Context, o *operation, seen sqlgen.SandboxOperation) (bool, error) {
	if err := o.encode(); err != nil {
		return false, err
	}
	// Strictly later than what was seen: the time is what the guard compares.
	o.UpdatedAt = max(store.Millis(s.now()), seen.UpdatedAt+1)
	var saved bool
	err := s.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.UpdateSandboxOperation(ctx, sqlgen.UpdateSandboxOperationParams{
			Status: o.Status, Script: o.Script, Failure: o.Failure, DueAt: o.DueAt, UpdatedAt: o.UpdatedAt,
			MerchantID: o.MerchantID, ID: o.ID, SeenUpdatedAt: seen.UpdatedAt, SeenStatus: seen.Status,
		})
		if saved = n > 0; err != nil || !saved || o.Status == seen.Status {
			return err
		}
		return s.message(ctx, tx.Queries, o)
	})
	if err != nil {
		return false, fmt.Errorf("save operation %s: %w", o.ID, err)
	}
	return saved, nil
}

// message writes the text message that the customer gets about a change.
func (s *Sandbox) message(ctx context.Context, q *sqlgen.Queries, o *operation) error {
	text := sms(o)
	if o.Phone == "" || text == "" {
		return nil
	}
	now := s.now()
	return q.InsertSandboxMessage(ctx, sqlgen.InsertSandboxMessageParams{
		ID: pay.NewID("sms", "", now), Phone: o.Phone, Text: text, CreatedAt: now.UnixMilli(),
	})
}

// byReference finds an operation by the gateway's reference.
func (s *Sandbox) byReference(ctx context.Context, merchant, connection, reference string) (operation, bool, error) {
	row, err := s.Store.Read().GetSandboxOperationByReference(ctx, sqlgen.GetSandboxOperationByReferenceParams{
		MerchantID: merchant, ConnectionID: connection, Reference: reference,
	})
	return found(row, err)
}

// byID finds an operation by the operator's own id.
func (s *Sandbox) byID(ctx context.Context, merchant, id string) (operation, bool, error) {
	row, err := s.Store.Read().GetSandboxOperation(ctx, sqlgen.GetSandboxOperationParams{MerchantID: merchant, ID: id})
	return found(row, err)
}

func found(row sqlgen.SandboxOperation, err error) (operation, bool, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return operation{}, false, nil
	}
	if err != nil {
		return operation{}, false, fmt.Errorf("read operation: %w", err)
	}
	o, err := decode(row)
	return o, err == nil, err
}

// newOperation makes the row of an order, not yet begun.
func newOperation(o provider.Order, merchant, connection string, plan script, now time.Time) operation {
	op := operation{script: plan, SandboxOperation: sqlgen.SandboxOperation{
		MerchantID: merchant, ID: pay.NewID("op", merchant, now), ConnectionID: connection,
		Reference: o.Reference, TransactionID: o.TransactionID, Kind: string(o.Kind),
		Method: string(o.Method.Type), Operator: o.Method.Operator, Phone: o.Method.Phone,
		Amount: o.Amount.Minor, Currency: string(o.Amount.Currency), Description: o.Description,
		CreatedAt: now.UnixMilli(), UpdatedAt: now.UnixMilli(),
	}}
	if o.Method.Type == pay.CardMethod {
		op.Phone = ""
	}
	return op
}
