package webhook

import (
	"context"
	"fmt"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
)

// waiting is what last_error says of a delivery that waits for an earlier one;
// it is also how such a delivery is found again.
const waiting = "waits for an earlier event of the transaction"

// waitLimit is when a waiting delivery looks by itself: the earlier one wakes
// it, so this only bounds the harm of a mistake.
const waitLimit = 15 * time.Minute

// waitsForEarlier puts the delivery off while an earlier event of the same
// transaction is still owed to the same target. Seeing the earlier one and
// waiting for it must not leave a gap in which it ends without waking us: it
// is locked meanwhile, and whoever ends it locks it first, too.
func (j *job) waitsForEarlier(ctx context.Context) (bool, error) {
	n, err := j.Store.Read().CountEarlierDeliveries(ctx, sqlgen.CountEarlierDeliveriesParams{
		MerchantID: j.d.MerchantID, TransactionID: j.d.TransactionID, Target: j.d.Target, Sequence: j.d.Sequence,
	})
	if err != nil {
		return false, fmt.Errorf("count deliveries before %s: %w", j.d.ID, err)
	}
	if n == 0 {
		if j.d.LastError == waiting {
			j.d.LastError = ""
		}
		return false, nil
	}
	j.d.LastError = waiting
	hold := func(ctx context.Context, tx *store.Tx) error {
		j.d.NextAttemptAt = j.now().Add(waitLimit).UnixMilli()
		held, err := tx.HoldEarlierDelivery(ctx, sqlgen.HoldEarlierDeliveryParams{
			MerchantID: j.d.MerchantID, TransactionID: j.d.TransactionID, Target: j.d.Target, Sequence: j.d.Sequence,
		})
		if err == nil && held == 0 { // it has just ended: look again
			j.d.NextAttemptAt = j.now().UnixMilli()
		}
		return err
	}
	return true, j.commit(ctx, hold, nothing)
}
