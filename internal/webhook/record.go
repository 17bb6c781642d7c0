package webhook

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
)

// ourTrouble is the pause after a failure that is not the merchant's, and
// troubleLimit how long it may go on: as long as a merchant's own.
const (
	ourTrouble   = time.Minute
	troubleLimit = 72 * time.Hour
)

// job is one claimed delivery at work: d is changed and then saved.
type job struct {
	*Sender
	d     sqlgen.Delivery
	lease int64
}

// end completes the delivery.
func (j *job) end(ctx context.Context, status, because string) error {
	j.complete(status, because)
	return j.save(ctx)
}

func (j *job) complete(status, because string) {
	j.d.Status, j.d.LastError = status, because
	j.d.CompletedAt, j.d.NextAttemptAt = j.now().UnixMilli(), 0
}

// again leaves the delivery as it is until at.
func (j *job) again(ctx context.Context, at time.Time) error {
	j.d.NextAttemptAt = at.UnixMilli()
	return j.save(ctx)
}

// trouble puts the delivery off for a reason of ours, which costs the merchant
// none of its tries.
func (j *job) trouble(ctx context.Context, cause error) error {
	j.Log.Error("delivery can't be prepared", "delivery", j.d.ID, "target", j.d.Target, "error", cause)
	const told = "the message could not be prepared"
	if j.now().Sub(store.Time(j.d.CreatedAt)) >= troubleLimit {
		return j.end(ctx, Failed, told)
	}
	j.d.LastError = told
	return j.again(ctx, j.now().Add(ourTrouble))
}

// save writes the delivery if its lease still holds, and wakes those that
// waited for its end. Whoever lost the lease changes nothing.
func (j *job) save(ctx context.Context) error { return j.commit(ctx, nothing, nothing) }

func nothing(context.Context, *store.Tx) error { return nil }

// commit is save with more in the same commit, before and after the row.
func (j *job) commit(ctx context.Context, before, after store.Closure) error {
	var woken sql.Result // looked at after COMMIT, with which it may travel
	err := j.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		woken = nil
		tx.About(j.d.TransactionID)
		if err := before(ctx, tx); err != nil {
			return err
		}
		if err := tx.RecordDelivery(ctx, j.recorded()); err != nil {
			return err
		}
		if err := after(ctx, tx); err != nil {
			return err
		}
		if j.d.Status != Pending {
			var err error
			woken, err = tx.WakeDeliveries(ctx, sqlgen.WakeDeliveriesParams{
				NextAttemptAt: j.now().UnixMilli(), MerchantID: j.d.MerchantID, TransactionID: j.d.TransactionID,
				Target: j.d.Target, Sequence: j.d.Sequence, Waiting: waiting,
			})
			return err
		}
		return nil
	})
	if store.IsNull(err, store.LeaseColumn) {
		j.Log.Warn("delivery outlived its lease; what came of it is not recorded", "delivery", j.d.ID)
		return nil
	}
	if err != nil {
		return fmt.Errorf("record delivery %s: %w", j.d.ID, err)
	}
	if count(woken) > 0 || j.d.Status == Pending && j.d.NextAttemptAt <= j.now().UnixMilli() {
		j.onWork()
	}
	return nil
}

// count is how many rows a statement changed; nil is none.
func count(r sql.Result) int64 {
	if r == nil {
		return 0
	}
	n, _ := r.RowsAffected() // both engines know
	return n
}

func (j *job) recorded() sqlgen.RecordDeliveryParams {
	d := j.d
	return sqlgen.RecordDeliveryParams{
		Status: d.Status, Attempts: d.Attempts, Probed: d.Probed, LastStatus: d.LastStatus,
		LastError: d.LastError, Verdict: d.Verdict, CompletedAt: d.CompletedAt,
		NextAttemptAt: d.NextAttemptAt, MerchantID: d.MerchantID, ID: d.ID, Lease: j.lease,
	}
}
