package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	// MaxBatch bounds the payouts of one batch.
	MaxBatch = 1000
	// batchWorkers bounds the submissions of one batch at a time.
	batchWorkers = 8
	// batchLease is how long a process that works a batch is believed to be at
	// it without a sign. Two at once do no harm: each payout's reference is
	// taken once.
	batchLease = 25 * time.Second
)

// PrefixBatch starts the id of a batch.
const PrefixBatch = "pob"

// BatchStatus is how far a batch is.
type BatchStatus string

// The statuses of a batch. A held one makes no payout until a second person
// approves it, and a rejected one never does.
const (
	BatchAwaiting   BatchStatus = "awaiting_approval"
	BatchRejected   BatchStatus = "rejected"
	BatchProcessing BatchStatus = "processing"
	BatchCompleted  BatchStatus = "completed"
)

// Refused is one payout of a batch that was refused before it became a transaction.
type Refused struct {
	Index     int    `json:"index"`
	Reference string `json:"reference"`
	Code      string `json:"code"`
	Message   string `json:"message"`
	Param     string `json:"param,omitempty"`
}

// Batch is a set of payouts asked for at once.
type Batch struct {
	Row     sqlgen.PayoutBatch
	Refused []Refused
	Payouts []pay.Transaction
}

// AskedPayout is one payout of a batch as it is stored. Line is its line in the
// file that it came from, 0 where there was none.
type AskedPayout struct {
	Reference   string            `json:"reference"`
	Amount      money.Amount      `json:"amount"`
	Description string            `json:"description,omitempty"`
	Customer    pay.Customer      `json:"customer,omitzero"`
	Method      pay.Method        `json:"method"`
	FeeBearer   pay.Bearer        `json:"fee_bearer,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	Connection  string            `json:"connection,omitempty"`
	Line        int               `json:"line,omitempty"`
}

func (p AskedPayout) request(batch string) provider.Request {
	return provider.Request{
		Kind: pay.Payout, Parent: batch, Reference: p.Reference, Amount: p.Amount, Description: p.Description,
		Customer: p.Customer, Method: p.Method, FeeBearer: p.FeeBearer, Metadata: p.Metadata, Connection: p.Connection,
	}
}

// NewBatch is a batch to be made. Lines, where the payouts come from a file,
// holds the line of each.
type NewBatch struct {
	ID        string // "" makes one; the same id again gives the batch that has it
	Reference string
	Payouts   []provider.Request
	Lines     []int
	Maker     Person
}

// CreateBatch is MakeBatch for a program. Who holds a key with the power to pay
// out could make the payouts one by one, so no second person is asked.
func (g *Gateway) CreateBatch(ctx context.Context, c provider.Caller, reference string, list []provider.Request, claim *Claim) (Batch, error) {
	return g.MakeBatch(ctx, c, NewBatch{Reference: reference, Payouts: list}, claim)
}

// MakeBatch records a batch and works its payouts in the background, unless a
// second person must approve it first. Each payout keeps its own reference, so
// that none can be sent twice; what a process leaves behind when it dies,
// another takes up.
func (g *Gateway) MakeBatch(ctx context.Context, c provider.Caller, n NewBatch, claim *Claim) (Batch, error) {
	row, err := g.newBatch(c, n)
	if err != nil {
		return Batch{}, err
	}
	var stored sqlgen.PayoutBatch
	err = g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := claim.take(ctx, tx.Queries, pay.Transaction{ID: row.ID}); err != nil {
			return err
		}
		held, err := isHeld(ctx, tx.Queries, row)
		if err != nil {
			return err
		}
		stored = row
		if held {
			stored.Approval, stored.NextWorkAt = approvalAwaited, 0
		}
		return tx.InsertBatch(ctx, sqlgen.InsertBatchParams(stored))
	})
	if store.IsUnique(err, "ux_payout_batches_reference") || store.IsUnique(err, "payout_batches_pkey") {
		return g.sameBatch(ctx, c, n.ID)
	}
	if store.IsUnique(err, store.UniqueIdempotencyKey) {
		return Batch{}, ErrIdempotencyTaken
	}
	if err != nil {
		return Batch{}, fmt.Errorf("record batch: %w", err)
	}
	if stored.Approval == "" {
		g.startBatch(ctx, stored)
	}
	return Batch{Row: stored}, nil
}

// sameBatch is the batch that has the id already, as after a form that was sent
// twice; without one, another batch took the reference.
func (g *Gateway) sameBatch(ctx context.Context, c provider.Caller, id string) (Batch, error) {
	if id != "" {
		b, err := g.FindBatch(ctx, c, id)
		if pay.KindOf(err) != pay.KindNotFound {
			return b, err
		}
	}
	e := pay.Conflict(pay.CodeDuplicateReference, "the reference is already used")
	e.Param = "reference"
	return Batch{}, e
}

// newBatch is the row of a batch that needs no approval.
func (g *Gateway) newBatch(c provider.Caller, n NewBatch) (sqlgen.PayoutBatch, error) {
	if err := checkReference(n.Reference); err != nil {
		return sqlgen.PayoutBatch{}, err
	}
	if len(n.Payouts) == 0 || len(n.Payouts) > MaxBatch {
		return sqlgen.PayoutBatch{}, pay.Invalid("payouts", fmt.Sprintf("a batch has 1 to %d payouts", MaxBatch))
	}
	requests, err := encodeBatch(n)
	if err != nil {
		return sqlgen.PayoutBatch{}, err
	}
	amounts := make([]money.Amount, len(n.Payouts))
	for i, r := range n.Payouts {
		amounts[i] = r.Amount
	}
	totals, err := json.Marshal(sums(amounts))
	if err != nil {
		return sqlgen.PayoutBatch{}, fmt.Errorf("encode totals of batch: %w", err)
	}
	now := g.now()
	if n.ID == "" {
		n.ID = pay.NewID(PrefixBatch, c.MerchantID, now)
	}
	return sqlgen.PayoutBatch{
		MerchantID: c.MerchantID, ID: n.ID, Mode: string(c.Mode),
		Reference: n.Reference, Total: int64(len(n.Payouts)), Requests: requests, Refused: "[]", Totals: string(totals),
		MakerID: n.Maker.UserID, MakerEmail: n.Maker.Email,
		NextWorkAt: store.Millis(now.Add(batchLease)), CreatedAt: now.UnixMilli(),
	}, nil
}

// sums adds up amounts, per currency. What no int64 holds stays at the greatest:
// it is above every limit and every balance.
func sums(list []money.Amount) []money.Amount {
	totals := []money.Amount{}
	for _, a := range list {
		i := slices.IndexFunc(totals, func(t money.Amount) bool { return t.Currency == a.Currency })
		if i < 0 {
			totals = append(totals, a)
			continue
		}
		sum, err := totals[i].Add(a)
		if err != nil {
			sum = money.New(math.MaxInt64, a.Currency)
		}
		totals[i] = sum
	}
	return totals
}

// startBatch works a batch in the background.
func (g *Gateway) startBatch(ctx context.Context, row sqlgen.PayoutBatch) {
	g.running.Add(1)
	go func() {
		defer g.running.Done()
		if err := g.workBatch(context.WithoutCancel(ctx), row); err != nil {
			g.Log.Error("batch is left to another try", "batch", row.ID, "error", err)
		}
	}()
}

func encodeBatch(n NewBatch) (string, error) {
	payouts := make([]AskedPayout, len(n.Payouts))
	for i, r := range n.Payouts {
		payouts[i] = AskedPayout{
			Reference: r.Reference, Amount: r.Amount, Description: r.Description, Customer: r.Customer,
			Method: r.Method, FeeBearer: r.FeeBearer, Metadata: r.Metadata, Connection: r.Connection,
		}
		if i < len(n.Lines) {
			payouts[i].Line = n.Lines[i]
		}
	}
	b, err := json.Marshal(payouts)
	if err != nil {
		return "", fmt.Errorf("encode batch: %w", err)
	}
	return string(b), nil
}

// ClaimBatches takes batches that a process left unfinished.
func (g *Gateway) ClaimBatches(ctx context.Context, limit int) ([]store.Claimed, error) {
	return g.Store.ClaimBatches(ctx, g.now(), batchLease, limit)
}

// WorkBatch takes up an unfinished batch.
func (g *Gateway) WorkBatch(ctx context.Context, c store.Claimed) error {
	row, err := g.Store.Read().GetBatch(ctx, sqlgen.GetBatchParams{MerchantID: c.MerchantID, ID: c.ID})
	if err != nil {
		return fmt.Errorf("read batch %s: %w", c.ID, err)
	}
	return g.workBatch(ctx, row)
}

func (g *Gateway) workBatch(ctx context.Context, row sqlgen.PayoutBatch) error {
	if row.Approval == approvalAwaited || row.Approval == approvalRejected {
		return fmt.Errorf("work batch %s: it is not approved", row.ID)
	}
	list, err := Batch{Row: row}.Asked()
	if err != nil {
		return err
	}
	defer g.keepBatch(ctx, row)()
	c := provider.Caller{MerchantID: row.MerchantID, Mode: pay.Mode(row.Mode), Front: pay.NativeFront}
	var mu sync.Mutex
	refused := []Refused{}
	var failed error // ours, not the payout's: the batch is worked again
	var wg sync.WaitGroup
	slots := make(chan struct{}, batchWorkers)
	seen := map[string]bool{}
	unmade := false // some are left to another process
	for i, payout := range list {
		if payout.Reference != "" && seen[payout.Reference] {
			// Two alike would otherwise pass for one that a crash interrupted.
			mu.Lock()
			refused = append(refused, Refused{
				Index: i, Reference: payout.Reference, Code: pay.CodeDuplicateReference,
				Message: "the reference is used twice in this batch", Param: "reference",
			})
			mu.Unlock()
			continue
		}
		seen[payout.Reference] = true
		slots <- struct{}{}
		if unmade = g.draining.Err() != nil; unmade {
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			_, err := g.Create(ctx, c, payout.request(row.ID))
			if err == nil || madeBefore(err, row.ID) {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if e, ok := asRefusal(err); ok {
				refused = append(refused, Refused{Index: i, Reference: payout.Reference, Code: e.Code, Message: e.Message, Param: e.Param})
				return
			}
			failed = err
		})
	}
	wg.Wait()
	switch {
	case unmade:
		return g.leaveBatch(ctx, row)
	case failed != nil:
		return fmt.Errorf("make payouts of batch %s: %w", row.ID, failed)
	}
	text, err := json.Marshal(refused)
	if err != nil {
		return fmt.Errorf("encode refusals of batch %s: %w", row.ID, err)
	}
	return g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.FinishBatch(ctx, sqlgen.FinishBatchParams{Refused: string(text), MerchantID: row.MerchantID, ID: row.ID})
		return err
	})
}

// madeBefore: the payout exists because this batch made it before a crash.
func madeBefore(err error, batch string) bool {
	e, ok := asRefusal(err)
	return ok && e.Code == pay.CodeDuplicateReference && e.Existing != nil && e.Existing.Parent == batch
}
