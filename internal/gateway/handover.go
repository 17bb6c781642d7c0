package gateway

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

// Worker is one of this node's workers, set aside for a row that is being
// written under a lease. It ends in either Work or Release, once.
type Worker[T any] interface {
	Work(row T)
	Release()
}

// HandOver is where work that is due at once goes without being claimed; a nil
// worker says that none is free, and the row is written as due. Nil functions
// have none.
type HandOver struct {
	Check    func() Worker[store.Claimed]
	Delivery func() Worker[store.DueDelivery]
}

// OnHandOver registers the workers. Call it before traffic.
func (g *Gateway) OnHandOver(h HandOver) { g.handOver = h }

// telling writes the event of one commit with the deliveries that it owes, and
// hands these to workers once they are on disk. Each run of the closure begins
// with reset.
type telling struct {
	g         *Gateway
	listeners []listener
	handed    []handed
	due       bool     // deliveries were written that nobody has in hand
	targets   []string // who the planned event is owed to
	first     bool     // nobody was owed an event of the transaction before
}

type handed struct {
	to  Worker[store.DueDelivery]
	row store.DueDelivery
}

// telling reads who listens to the merchant's events, before the commit begins.
func (g *Gateway) telling(ctx context.Context, merchantID string) (*telling, error) {
	listeners, err := g.listenersOf(ctx, merchantID)
	return &telling{g: g, listeners: listeners}, err
}

// reset forgets what an earlier run of the closure wrote.
func (o *telling) reset() {
	for _, h := range o.handed {
		h.to.Release()
	}
	o.handed, o.due, o.targets, o.first = o.handed[:0], false, nil, false
}

// done sets off what was written; after an error, nothing.
func (o *telling) done(err error) {
	if err != nil {
		o.reset()
		return
	}
	for _, h := range o.handed {
		h.to.Work(h.row)
	}
	if o.due {
		o.g.onWork(WorkDeliveries)
	}
}

// plan finds who is owed the event that tell then writes, and notes in the
// transaction, which is saved between, its number and whether it is the first
// that anybody is owed: who delivers it need not look for earlier ones.
func (o *telling) plan(t *pay.Transaction, event string) {
	t.Sequence++
	o.first = t.Untold || event == "created"
	o.targets = targets(o.listeners, *t, event)
	t.Untold = o.first && len(o.targets) == 0
}

// tell writes the event of a change, as planned, and its deliveries to all who want it.
func (o *telling) tell(ctx context.Context, q *sqlgen.Queries, t pay.Transaction, event string) error {
	snapshot, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("snapshot %s: %w", t.ID, err)
	}
	now := o.g.now()
	e := sqlgen.InsertEventParams{
		MerchantID: t.MerchantID, ID: pay.NewID(pay.PrefixEvent, t.MerchantID, now), Mode: string(t.Mode),
		TransactionID: t.ID, Sequence: t.Sequence, Type: pay.EventType(t.Kind, event),
		Snapshot: string(snapshot), CreatedAt: now.UnixMilli(),
	}
	if err := q.InsertEvent(ctx, e); err != nil {
		return fmt.Errorf("write event %s: %w", e.Type, err)
	}
	for _, target := range o.targets {
		if err := o.owe(ctx, q, t, e, target); err != nil {
			return fmt.Errorf("owe delivery of %s: %w", e.Type, err)
		}
	}
	return nil
}

// owe writes one delivery: under the lease of a worker that takes it as soon as
// it is committed, or as due.
func (o *telling) owe(ctx context.Context, q *sqlgen.Queries, t pay.Transaction, e sqlgen.InsertEventParams, target string) error {
	d := sqlgen.InsertDeliveryParams{
		MerchantID: t.MerchantID, ID: pay.NewID("dlv", t.MerchantID, t.UpdatedAt), Mode: string(t.Mode),
		TransactionID: t.ID, EventID: e.ID, Sequence: e.Sequence, Type: e.Type, Target: target,
		Status: "pending", CreatedAt: e.CreatedAt, NextAttemptAt: e.CreatedAt,
	}
	if w := o.worker(); w != nil {
		d.NextAttemptAt = store.Millis(o.g.now().Add(store.DeliveryLease))
		row, event := sqlgen.Delivery(d), sqlgen.Event(e)
		o.handed = append(o.handed, handed{w, store.DueDelivery{
			Claimed: store.Claimed{MerchantID: d.MerchantID, ID: d.ID}, Row: &row, Event: &event, About: &t, First: o.first,
		}})
	} else {
		o.due = true
	}
	return q.InsertDelivery(ctx, d)
}

func (o *telling) worker() Worker[store.DueDelivery] {
	if o.g.handOver.Delivery == nil {
		return nil
	}
	return o.g.handOver.Delivery()
}

// checker is a worker for a check that is due at once; nil where none is free.
func (g *Gateway) checker() Worker[store.Claimed] {
	if g.handOver.Check == nil {
		return nil
	}
	return g.handOver.Check()
}
