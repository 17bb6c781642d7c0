package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"net/mail"
	"slices"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
)

// walkPage bounds the rows that are looked at in one read.
const walkPage = 500

// Subject is the person whose data is to be erased: a phone number in any form
// that names its country, an e-mail address, or both.
type Subject struct{ Phone, Email string }

// person is a subject that makes sense, and how to find rows about them.
type person struct {
	phone phone.Number
	email string
	known []string // as mentions looks for them
}

func (s Subject) person() (person, error) {
	var p person
	if s.Phone == "" && s.Email == "" {
		return p, pay.Invalid("person", "a phone number or an e-mail address is needed")
	}
	if s.Phone != "" {
		var err error
		if p.phone, err = phone.Parse(s.Phone, ""); err != nil {
			return p, pay.InvalidAs(pay.CodeInvalidPhone, "phone", "the phone number is not valid in a supported country")
		}
		p.known = append(p.known, lastDigits(p.phone.E164()))
	}
	if s.Email != "" {
		address, err := mail.ParseAddress(s.Email)
		if err != nil || address.Address != s.Email {
			return p, pay.Invalid("email", "the e-mail address is not valid")
		}
		p.email = strings.ToLower(s.Email)
		quoted, err := json.Marshal(p.email)
		if err != nil {
			return p, fmt.Errorf("encode e-mail address: %w", err)
		}
		p.known = append(p.known, strings.Trim(string(quoted), `"`))
	}
	return p, nil
}

// is reports whether a value is the person's number, in any form that its own
// country understands, or their address.
func (p person) is(value string) bool {
	if value == "" {
		return false
	}
	if p.email != "" && strings.EqualFold(strings.TrimSpace(value), p.email) {
		return true
	}
	if p.phone.IsZero() {
		return false
	}
	n, err := phone.Parse(value, p.phone.Country())
	return err == nil && n == p.phone
}

func (p person) among(values map[string]string) bool {
	for _, v := range values {
		if p.is(v) {
			return true
		}
	}
	return false
}

func (p person) concerned(t pay.Transaction) bool {
	return p.is(t.Customer.Phone) || p.is(t.Customer.Email) || p.is(t.Method.Phone) || p.is(t.Checkout.LockedPhone) ||
		p.among(t.Metadata) || p.among(t.FrontData)
}

func (p person) asked(a AskedPayout) bool {
	return p.is(a.Customer.Phone) || p.is(a.Customer.Email) || p.is(a.Method.Phone) || p.among(a.Metadata)
}

// request is one erasure at work.
type request struct {
	*Gateway
	person
	merchantID string
	done       Erased
	open       map[string]bool // ids that are put down
}

// Erase takes a person's data out of all that a merchant has of them, in both
// modes. What is still at work is counted as open and erased when it has ended.
// An interrupted call has erased a part, and may be repeated. Answers that are
// replayed for idempotency keys stay, sealed, for the 48 hours of their life.
//
// It reads the merchant's whole history: nothing finds an e-mail address sooner.
func (g *Gateway) Erase(ctx context.Context, merchantID string, s Subject) (Erased, error) {
	p, err := s.person()
	if err != nil {
		return Erased{}, err
	}
	if _, err := g.Merchant(ctx, merchantID); err != nil {
		return Erased{}, err
	}
	r := &request{Gateway: g, person: p, merchantID: merchantID, open: map[string]bool{}}
	for _, step := range []func(context.Context) error{r.transactions, r.formerNumbers, r.batches, r.strayNotifications, r.phones} {
		if err := step(ctx); err != nil {
			return r.done, fmt.Errorf("erase personal data: %w", err)
		}
	}
	return r.done, nil
}

func (r *request) transactions(ctx context.Context) error {
	for after := ""; ; {
		rows, err := r.Store.Read().WalkTransactions(ctx, sqlgen.WalkTransactionsParams{MerchantID: r.merchantID, After: after, Before: lastID, Count: walkPage})
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			if after = row.ID; !mentions(row.Phone, r.known) && !mentions(row.Details, r.known) {
				continue
			}
			t, err := store.DecodeTransaction(row)
			if err != nil {
				return err
			}
			if err := r.transaction(ctx, t, t.ID); err != nil {
				return err
			}
		}
	}
}

// formerNumbers finds the transactions that named the person once, before
// another number was typed: their events still do.
func (r *request) formerNumbers(ctx context.Context) error {
	for after := ""; ; {
		rows, err := r.Store.Read().WalkSnapshots(ctx, sqlgen.WalkSnapshotsParams{MerchantID: r.merchantID, After: after, Count: walkPage})
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			if after = row.ID; !mentions(row.Snapshot, r.known) {
				continue
			}
			var t pay.Transaction
			if err := json.Unmarshal([]byte(row.Snapshot), &t); err != nil {
				return fmt.Errorf("read event %s: %w", row.ID, err)
			}
			if err := r.transaction(ctx, t, row.TransactionID); err != nil {
				return err
			}
		}
	}
}

// transaction erases one as it stands now, where what was found of it concerns
// the person, or puts it down where it is still at work.
func (r *request) transaction(ctx context.Context, found pay.Transaction, id string) error {
	if r.open[id] || !r.concerned(found) {
		return nil
	}
	return r.update(ctx, id, func(ctx context.Context, q *sqlgen.Queries) (Erased, bool, error) {
		t, err := store.Transaction(ctx, q, r.merchantID, id)
		if err != nil || t.Erased {
			return Erased{}, false, err
		}
		if busy, err := r.atWork(ctx, q, t); err != nil || busy {
			return Erased{}, busy, err
		}
		done, err := r.eraseTransaction(ctx, q, t)
		return done, false, err
	})
}

func (r *request) batches(ctx context.Context) error {
	for after := ""; ; {
		rows, err := r.Store.Read().WalkBatches(ctx, sqlgen.WalkBatchesParams{MerchantID: r.merchantID, After: after, Before: lastID, Count: eraseBatchSize})
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			if after = row.ID; !mentions(row.Requests, r.known) {
				continue
			}
			if err := r.batch(ctx, row); err != nil {
				return err
			}
		}
	}
}

// batch erases the person's lines. One that is put down loses everybody's when
// it has ended, as nobody may keep in mind whose were asked for.
func (r *request) batch(ctx context.Context, found sqlgen.PayoutBatch) error {
	list, err := Batch{Row: found}.Asked()
	if err != nil || !slices.ContainsFunc(list, r.asked) {
		return err
	}
	return r.update(ctx, found.ID, func(ctx context.Context, q *sqlgen.Queries) (Erased, bool, error) {
		now, err := q.GetBatch(ctx, sqlgen.GetBatchParams{MerchantID: r.merchantID, ID: found.ID})
		if err != nil || batchAtWork(now) {
			return Erased{}, err == nil, err
		}
		done, err := eraseBatch(ctx, q, now, r.asked)
		return done, false, err
	})
}

// update commits one row's erasure, or that it is to be erased when it has ended.
func (r *request) update(ctx context.Context, id string, erase func(context.Context, *sqlgen.Queries) (done Erased, busy bool, err error)) error {
	var done Erased
	err := r.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		var busy bool
		var err error
		if done, busy, err = erase(ctx, tx.Queries); err != nil {
			return err
		}
		if !busy {
			return tx.DeleteErasure(ctx, sqlgen.DeleteErasureParams{MerchantID: r.merchantID, ID: id})
		}
		done = Erased{Open: 1}
		return tx.PutErasure(ctx, sqlgen.PutErasureParams{
			MerchantID: r.merchantID, ID: id, Asked: true, DueAt: r.Now().Add(eraseAgain).UnixMilli(),
		})
	})
	if err != nil {
		return err
	}
	r.open[id] = done.Open > 0
	r.done.add(done)
	return nil
}

// strayNotifications blanks those that name the person and speak of no
// transaction of ours.
func (r *request) strayNotifications(ctx context.Context) error {
	for after := ""; ; {
		rows, err := r.Store.Read().WalkUnknownNotifications(ctx, sqlgen.WalkUnknownNotificationsParams{MerchantID: r.merchantID, After: after, Count: walkPage})
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			if after = row.ID; !mentions(strings.ReplaceAll(row.Request, "%40", "@"), r.known) {
				continue
			}
			err := r.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.EraseNotification(ctx, sqlgen.EraseNotificationParams{MerchantID: r.merchantID, ID: row.ID})
				return err
			})
			if err != nil {
				return err
			}
			r.done.Notifications++
		}
	}
}

// phones clears the person's virtual phone of what ended there.
func (r *request) phones(ctx context.Context) error {
	if r.phone.IsZero() {
		return nil
	}
	var n int64
	err := r.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		operations, err := tx.ErasePhoneOperations(ctx, sqlgen.ErasePhoneOperationsParams{MerchantID: r.merchantID, Phone: r.phone.E164()})
		if err != nil {
			return err
		}
		messages, err := tx.EraseMessages(ctx, r.phone.E164())
		n = operations + messages
		return err
	})
	r.done.Sandbox += n
	return err
}
