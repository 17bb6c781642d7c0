package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

const (
	// countBatch is how many events are counted in one commit.
	countBatch = 500
	// countTime bounds the counting of one merchant in one go; what is left is
	// counted the next time.
	countTime = 10 * time.Second
	// countAfter is how old an event must be: one that is being committed, or
	// whose node's clock is behind, may sort before one that is seen already.
	countAfter = time.Minute
	// notApproved stands for a bucket where a payment did not succeed.
	notApproved = -1
)

// approvalBounds are the upper bounds of the buckets of times to approve; the
// last bucket has none.
var approvalBounds = []time.Duration{
	time.Second, 2 * time.Second, 3 * time.Second, 5 * time.Second, 7 * time.Second, 10 * time.Second, 15 * time.Second,
	20 * time.Second, 30 * time.Second, 45 * time.Second, time.Minute, 90 * time.Second, 2 * time.Minute, 3 * time.Minute,
	5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour, 24 * time.Hour,
}

// CountPayments brings the hours' statistics up to date. Payments are not
// looked at when a page is: each event is read once, some minutes at most after
// it happened, and counted into one row per hour, operator, currency and bucket.
// That costs no payment a statement of its own, and one pass over what is there
// when an older database meets it. Any node may do it; two at once count an
// event once.
func (g *Gateway) CountPayments(ctx context.Context) error {
	merchants, err := g.Store.Read().ListMerchants(ctx)
	if err != nil {
		return fmt.Errorf("list merchants: %w", err)
	}
	for _, m := range merchants {
		for _, mode := range []pay.Mode{pay.Test, pay.Live} {
			until := time.Now().Add(countTime)
			for more := true; more && time.Now().Before(until); {
				if more, err = g.countSome(ctx, m.ID, mode); err != nil {
					return fmt.Errorf("count payments: %w", err)
				}
			}
		}
	}
	return nil
}

// errCountedElsewhere: another node has counted the same events meanwhile.
var errCountedElsewhere = errors.New("counted elsewhere")

// countSome counts one batch and reports whether there may be more.
func (g *Gateway) countSome(ctx context.Context, merchantID string, mode pay.Mode) (more bool, err error) {
	was, err := g.Store.Read().GetCountedEvent(ctx, sqlgen.GetCountedEventParams{MerchantID: merchantID, Mode: string(mode)})
	if err != nil && !noRows(err) {
		return false, err
	}
	events, err := g.Store.Read().WalkEvents(ctx, sqlgen.WalkEventsParams{
		MerchantID: merchantID, Mode: string(mode), After: was,
		Before: pay.NewID(pay.PrefixEvent, merchantID, g.Now().Add(-countAfter)), Count: countBatch,
	})
	if err != nil || len(events) == 0 {
		return false, err
	}
	counted := tally{}
	for _, e := range events {
		if err := counted.add(e); err != nil {
			return false, err
		}
	}
	err = g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.BeginCountedEvents(ctx, sqlgen.BeginCountedEventsParams{MerchantID: merchantID, Mode: string(mode)}); err != nil {
			return err
		}
		n, err := tx.SetCountedEvent(ctx, sqlgen.SetCountedEventParams{EventID: events[len(events)-1].ID, MerchantID: merchantID, Mode: string(mode), Was: was})
		if err != nil {
			return err
		}
		if n == 0 {
			return errCountedElsewhere
		}
		return counted.store(ctx, tx, merchantID, mode)
	})
	if errors.Is(err, errCountedElsewhere) {
		return false, nil
	}
	return len(events) == countBatch, err
}

// place is where a payment counts.
type place struct {
	hour               int64
	operator, currency string
	bucket             int64
}

type sum struct{ n, amount int64 }

// tally is what a batch of events adds, by place.
type tally map[place]sum

func (t tally) add(e sqlgen.WalkEventsRow) error {
	succeeded := e.Type == pay.EventType(pay.Payment, string(pay.StatusSucceeded))
	switch e.Type {
	case pay.EventType(pay.Payment, string(pay.StatusSucceeded)), pay.EventType(pay.Payment, string(pay.StatusFailed)),
		pay.EventType(pay.Payment, string(pay.StatusCanceled)), pay.EventType(pay.Payment, string(pay.StatusExpired)):
	default:
		return nil
	}
	var p pay.Transaction
	if err := json.Unmarshal([]byte(e.Snapshot), &p); err != nil {
		return fmt.Errorf("read event %s: %w", e.ID, err)
	}
	if p.Method.Type == "" {
		return nil // a page that nobody used
	}
	at := place{hour: e.CreatedAt - e.CreatedAt%time.Hour.Milliseconds(), operator: p.Method.Operator, currency: string(p.Amount.Currency), bucket: notApproved}
	if at.operator == "" {
		at.operator = string(p.Method.Type)
	}
	if !succeeded {
		t.plus(at, sum{n: 1})
		return nil
	}
	if p.Late {
		t.plus(at, sum{n: -1}) // it was counted before, the other way
	}
	took := store.Time(e.CreatedAt).Sub(p.CreatedAt)
	at.bucket = int64(sort.Search(len(approvalBounds), func(i int) bool { return took <= approvalBounds[i] }))
	t.plus(at, sum{1, p.Amount.Minor})
	return nil
}

func (t tally) plus(at place, more sum) {
	s := t[at]
	t[at] = sum{s.n + more.n, s.amount + more.amount}
}

func (t tally) store(ctx context.Context, tx *store.Tx, merchantID string, mode pay.Mode) error {
	for at, s := range t {
		err := tx.AddPaymentHour(ctx, sqlgen.AddPaymentHourParams{
			MerchantID: merchantID, Mode: string(mode), Hour: at.hour, Operator: at.operator, Currency: at.currency,
			Bucket: at.bucket, N: s.n, Amount: s.amount,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Slot is what ended in one part of a period, with one operator, in one currency.
type Slot struct {
	Start    time.Time
	Operator string // an operator's id, or a method
	Count    Counted
}

// Counted are payments that ended, in one currency.
type Counted struct {
	// Volume is the money of those that succeeded.
	Volume            money.Amount
	Succeeded, Failed int64
	// approvals counts those that succeeded by the time that it took.
	approvals [22]int64
}

// Plus adds payments of the same currency.
func (c Counted) Plus(more Counted) Counted {
	if c.Volume.Currency == "" {
		c.Volume.Currency = more.Volume.Currency
	}
	c.Volume.Minor += more.Volume.Minor
	return c.PlusCounts(more)
}

// PlusCounts adds payments and leaves their money out, which may be of another
// currency.
func (c Counted) PlusCounts(more Counted) Counted {
	c.Succeeded += more.Succeeded
	c.Failed += more.Failed
	for i, n := range more.approvals {
		c.approvals[i] += n
	}
	return c
}

// Rate is how many of a hundred succeeded; ok is false where none ended.
func (c Counted) Rate() (percent int, ok bool) {
	failed := max(c.Failed, 0)
	if c.Succeeded+failed <= 0 {
		return 0, false
	}
	return int(100 * c.Succeeded / (c.Succeeded + failed)), true
}

// Within is a time in which that share of the payments that succeeded had been
// approved: the upper bound of a bucket, a third or so above the exact one. ok
// is false where none succeeded; zero with ok is more than a day.
func (c Counted) Within(percent int64) (d time.Duration, ok bool) {
	var all, seen int64
	for _, n := range c.approvals {
		all += n
	}
	if all == 0 {
		return 0, false
	}
	for i, n := range c.approvals {
		seen += n
		if 100*seen >= percent*all && i < len(approvalBounds) {
			return approvalBounds[i], true
		}
	}
	return 0, true
}

// PaymentsIn reads what ended in a period, in slots of a step: rows of hours,
// not of payments.
func (g *Gateway) PaymentsIn(ctx context.Context, merchantID string, mode pay.Mode, since, before time.Time, step time.Duration) ([]Slot, error) {
	rows, err := g.Store.Read().SumPaymentHours(ctx, sqlgen.SumPaymentHoursParams{
		Step: step.Milliseconds(), MerchantID: merchantID, Mode: string(mode), Since: since.UnixMilli(), Before: before.UnixMilli(),
	})
	if err != nil {
		return nil, fmt.Errorf("sum payments by hour: %w", err)
	}
	var slots []Slot
	for _, r := range rows {
		one := Counted{Volume: money.New(r.Amount, money.Currency(r.Currency))}
		if r.Bucket == notApproved {
			one.Failed = r.N
		} else {
			one.Succeeded = r.N
			one.approvals[min(r.Bucket, int64(len(one.approvals)-1))] = r.N
		}
		if i := len(slots) - 1; i >= 0 && slots[i].Start.Equal(store.Time(r.Slot)) && slots[i].Operator == r.Operator && slots[i].Count.Volume.Currency == one.Volume.Currency {
			slots[i].Count = slots[i].Count.Plus(one)
			continue
		}
		slots = append(slots, Slot{store.Time(r.Slot), r.Operator, one})
	}
	return slots, nil
}
