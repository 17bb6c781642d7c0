package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

// Erased counts the rows that personal data was taken out of.
type Erased struct {
	Transactions, Batches, Events, Exchanges, Notifications, Sandbox int64
	// Open are transactions and batches that are still at work. Their data goes
	// by itself within an hour of their end.
	Open int64
}

// String is the counts alone, as the audit trail has them.
func (e Erased) String() string {
	return fmt.Sprintf("transactions %d, batches %d, events %d, exchanges %d, notifications %d, sandbox %d, open %d",
		e.Transactions, e.Batches, e.Events, e.Exchanges, e.Notifications, e.Sandbox, e.Open)
}

// add counts what one commit did, once that is certain.
func (e *Erased) add(o Erased) {
	e.Transactions += o.Transactions
	e.Batches += o.Batches
	e.Events += o.Events
	e.Exchanges += o.Exchanges
	e.Notifications += o.Notifications
	e.Sandbox += o.Sandbox
	e.Open += o.Open
}

// scrub takes everything out of a transaction that may be about a person: who
// they are, and whatever text the merchant sent along. Amounts, references,
// statuses, the operator and a card's mask stay.
func scrub(t *pay.Transaction) {
	t.Customer, t.Method.Phone, t.Description = pay.Customer{}, "", ""
	t.Metadata, t.FrontData, t.ReturnURL = nil, nil, ""
	t.Checkout.LockedPhone, t.Checkout.Returns = "", nil
	t.NextAction, t.Failure.Message = pay.NextAction{}, ""
	t.Erased = true
}

// atWork reports whether the transaction's data is still needed: it has not
// ended, or a notification, a refund or a give-back of it has not.
func (g *Gateway) atWork(ctx context.Context, q *sqlgen.Queries, t pay.Transaction) (bool, error) {
	if !t.Status.Final() {
		return true, nil
	}
	n, err := q.CountPendingDeliveries(ctx, sqlgen.CountPendingDeliveriesParams{MerchantID: t.MerchantID, TransactionID: t.ID})
	if err != nil || n > 0 {
		return n > 0, err
	}
	if n, err = q.CountLateRefund(ctx, sqlgen.CountLateRefundParams{MerchantID: t.MerchantID, ID: t.ID}); err != nil || n > 0 {
		return n > 0, err
	}
	refunds, err := q.ListChildren(ctx, sqlgen.ListChildrenParams{MerchantID: t.MerchantID, ParentID: t.ID})
	if err != nil {
		return false, err
	}
	for _, r := range refunds {
		if !pay.Status(r.Status).Final() {
			return true, nil
		}
	}
	return false, nil
}

// eraseTransaction scrubs a transaction that has ended and all that was written
// about it. Its version guards it against whoever changes it meanwhile.
func (g *Gateway) eraseTransaction(ctx context.Context, q *sqlgen.Queries, t pay.Transaction) (Erased, error) {
	done := Erased{Transactions: 1}
	known := knownOf(t)
	events, err := q.ListTransactionEvents(ctx, sqlgen.ListTransactionEventsParams{MerchantID: t.MerchantID, TransactionID: t.ID})
	if err != nil {
		return done, err
	}
	for _, e := range events {
		snapshot, err := scrubSnapshot(e.Snapshot, &known)
		if err != nil {
			return done, fmt.Errorf("read event %s: %w", e.ID, err)
		}
		n, err := q.EraseEvent(ctx, sqlgen.EraseEventParams{Snapshot: snapshot, MerchantID: e.MerchantID, ID: e.ID})
		if err != nil {
			return done, err
		}
		done.Events += n
	}
	if err := eraseAttempts(ctx, q, t, known); err != nil {
		return done, err
	}
	if err := done.eraseAround(ctx, q, t); err != nil {
		return done, err
	}
	scrub(&t)
	t.UpdatedAt = g.now()
	return done, store.SaveTransaction(ctx, q, &t)
}

// scrubSnapshot scrubs an event's copy of its transaction, and learns from it:
// the customer may have gone by another number then.
func scrubSnapshot(snapshot string, known *[]string) (string, error) {
	var t pay.Transaction
	if err := json.Unmarshal([]byte(snapshot), &t); err != nil {
		return "", err
	}
	*known = append(*known, knownOf(t)...)
	scrub(&t)
	b, err := json.Marshal(t)
	return string(b), err
}

// eraseAttempts takes out the providers' words, and what connectors remember of
// the person. The rest of what they remember names the attempt at the provider.
func eraseAttempts(ctx context.Context, q *sqlgen.Queries, t pay.Transaction, known []string) error {
	attempts, err := store.Attempts(ctx, q, t.MerchantID, t.ID)
	if err != nil {
		return err
	}
	for _, a := range attempts {
		a.Failure.Message = ""
		for name, value := range a.Data {
			if mentions(value, known) {
				delete(a.Data, name)
			}
		}
		if err := store.SaveAttempt(ctx, q, a); err != nil {
			return err
		}
	}
	return nil
}

// eraseAround blanks what was exchanged about the transaction.
func (e *Erased) eraseAround(ctx context.Context, q *sqlgen.Queries, t pay.Transaction) (err error) {
	if e.Exchanges, err = q.EraseExchanges(ctx, sqlgen.EraseExchangesParams{MerchantID: t.MerchantID, TransactionID: t.ID}); err != nil {
		return err
	}
	if e.Notifications, err = q.EraseNotifications(ctx, sqlgen.EraseNotificationsParams{MerchantID: t.MerchantID, TransactionID: t.ID}); err != nil {
		return err
	}
	if _, err = q.EraseDeliveries(ctx, sqlgen.EraseDeliveriesParams{MerchantID: t.MerchantID, TransactionID: t.ID}); err != nil {
		return err
	}
	if t.Mode == pay.Test {
		e.Sandbox, err = q.EraseOperations(ctx, sqlgen.EraseOperationsParams{MerchantID: t.MerchantID, TransactionID: t.ID})
	}
	return err
}

// shortest is the length below which a text proves nothing by being found in another.
const shortest = 4

// knownOf are the texts by which a transaction names a person, as mentions
// looks for them.
func knownOf(t pay.Transaction) []string {
	c := t.Customer
	var known []string
	for _, text := range []string{c.Name, c.GivenName, c.Email, c.Address, c.Phone, t.Method.Phone, t.Checkout.LockedPhone} {
		if strings.HasPrefix(text, "+") {
			text = lastDigits(text)
		}
		if len(text) >= shortest {
			known = append(known, strings.ToLower(text))
		}
	}
	return known
}

// localDigits is how much of a number its local forms share, in any country served.
const localDigits = 8

// lastDigits is the end of a number, however it is written.
func lastDigits(number string) string {
	digits := onlyDigits(number)
	return digits[max(0, len(digits)-localDigits):]
}

func onlyDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}

// mentions reports whether a text names one of the known.
func mentions(text string, known []string) bool {
	lower, digits := strings.ToLower(text), onlyDigits(text)
	for _, k := range known {
		if strings.Contains(lower, k) || onlyDigits(k) == k && strings.Contains(digits, k) {
			return true
		}
	}
	return false
}

// batchAtWork: its payouts are not all made, or wait for a second person.
func batchAtWork(b sqlgen.PayoutBatch) bool {
	return b.NextWorkAt > 0 || b.Approval == approvalAwaited
}

// eraseBatch takes the people out of the payouts that a batch was asked for, or
// of those that concern one person.
func eraseBatch(ctx context.Context, q *sqlgen.Queries, b sqlgen.PayoutBatch, concerns func(AskedPayout) bool) (Erased, error) {
	list, err := Batch{Row: b}.Asked()
	if err != nil {
		return Erased{}, err
	}
	found := false
	for i, p := range list {
		if !concerns(p) {
			continue
		}
		found = true
		list[i].Customer, list[i].Method.Phone = pay.Customer{}, ""
		list[i].Description, list[i].Metadata = "", nil
	}
	if !found {
		return Erased{}, nil
	}
	text, err := json.Marshal(list)
	if err != nil {
		return Erased{}, fmt.Errorf("encode payouts of batch %s: %w", b.ID, err)
	}
	n, err := q.EraseBatch(ctx, sqlgen.EraseBatchParams{Requests: string(text), MerchantID: b.MerchantID, ID: b.ID})
	return Erased{Batches: n}, err
}

// hasPerson reports whether anything about a person is left in an asked payout.
func hasPerson(p AskedPayout) bool {
	return p.Customer != pay.Customer{} || p.Method.Phone != "" || p.Description != "" || len(p.Metadata) > 0
}
