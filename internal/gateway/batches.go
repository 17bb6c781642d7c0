package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	// maxBatch bounds the payouts of one batch.
	maxBatch = 1000
	// batchWorkers bounds the submissions of one batch at a time.
	batchWorkers = 8
	// batchLease is how long a batch is left to the process that works it. Two
	// at once do no harm: each payout's reference is taken once.
	batchLease = 5 * time.Minute
)

// PrefixBatch starts the id of a batch.
const PrefixBatch = "pob"

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

// batchPayout is one payout of a batch as it is stored.
type batchPayout struct {
	Reference   string            `json:"reference"`
	Amount      money.Amount      `json:"amount"`
	Description string            `json:"description,omitempty"`
	Customer    pay.Customer      `json:"customer,omitzero"`
	Method      pay.Method        `json:"method"`
	FeeBearer   pay.Bearer        `json:"fee_bearer,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	Connection  string            `json:"connection,omitempty"`
}

func (b batchPayout) request(batch string) provider.Request {
	return provider.Request{
		Kind: pay.Payout, Parent: batch, Reference: b.Reference, Amount: b.Amount, Description: b.Description,
		Customer: b.Customer, Method: b.Method, FeeBearer: b.FeeBearer, Metadata: b.Metadata, Connection: b.Connection,
	}
}

// CreateBatch records a batch and works its payouts in the background. Each
// payout keeps its own reference, so that none can be sent twice; what a process
// leaves behind when it dies, another takes up.
func (g *Gateway) CreateBatch(ctx context.Context, c provider.Caller, reference string, list []provider.Request, claim *Claim) (Batch, error) {
	if err := checkReference(reference); err != nil {
		return Batch{}, err
	}
	if len(list) == 0 || len(list) > maxBatch {
		return Batch{}, pay.Invalid("payouts", fmt.Sprintf("a batch has 1 to %d payouts", maxBatch))
	}
	requests, err := encodeBatch(list)
	if err != nil {
		return Batch{}, err
	}
	now := g.Now().UTC()
	row := sqlgen.PayoutBatch{
		MerchantID: c.MerchantID, ID: pay.NewID(PrefixBatch, c.MerchantID, now), Mode: string(c.Mode),
		Reference: reference, Total: int64(len(list)), Requests: requests, Refused: "[]",
		NextWorkAt: store.Millis(now.Add(batchLease)), CreatedAt: now.UnixMilli(),
	}
	err = g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := claim.take(ctx, tx.Queries, pay.Transaction{ID: row.ID}); err != nil {
			return err
		}
		return tx.InsertBatch(ctx, sqlgen.InsertBatchParams(row))
	})
	if store.IsUnique(err, "ux_payout_batches_reference") {
		e := pay.Conflict(pay.CodeDuplicateReference, "the reference is already used")
		e.Param = "reference"
		return Batch{}, e
	}
	if err != nil {
		return Batch{}, fmt.Errorf("record batch: %w", err)
	}
	g.running.Add(1)
	go func() {
		defer g.running.Done()
		if err := g.workBatch(context.WithoutCancel(ctx), row); err != nil {
			g.Log.Error("batch is left to another try", "batch", row.ID, "error", err)
		}
	}()
	return Batch{Row: row}, nil
}

func encodeBatch(list []provider.Request) (string, error) {
	payouts := make([]batchPayout, len(list))
	for i, r := range list {
		payouts[i] = batchPayout{
			Reference: r.Reference, Amount: r.Amount, Description: r.Description, Customer: r.Customer,
			Method: r.Method, FeeBearer: r.FeeBearer, Metadata: r.Metadata, Connection: r.Connection,
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
	return g.Store.ClaimBatches(ctx, g.Now().UTC(), batchLease, limit)
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
	var list []batchPayout
	if err := json.Unmarshal([]byte(row.Requests), &list); err != nil {
		return fmt.Errorf("read payouts of batch %s: %w", row.ID, err)
	}
	c := provider.Caller{MerchantID: row.MerchantID, Mode: pay.Mode(row.Mode), Front: pay.NativeFront}
	var mu sync.Mutex
	refused := []Refused{}
	var failed error // ours, not the payout's: the batch is worked again
	var wg sync.WaitGroup
	slots := make(chan struct{}, batchWorkers)
	seen := map[string]bool{}
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
	if failed != nil {
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

// FindBatch reads a batch with its payouts.
func (g *Gateway) FindBatch(ctx context.Context, c provider.Caller, id string) (Batch, error) {
	row, err := g.Store.Read().GetBatch(ctx, sqlgen.GetBatchParams{MerchantID: c.MerchantID, ID: id})
	if noRows(err) || err == nil && row.Mode != string(c.Mode) {
		return Batch{}, pay.NotFound("batch")
	}
	if err != nil {
		return Batch{}, fmt.Errorf("read batch: %w", err)
	}
	b := Batch{Row: row}
	if err := json.Unmarshal([]byte(row.Refused), &b.Refused); err != nil {
		return Batch{}, fmt.Errorf("read refusals of batch: %w", err)
	}
	b.Payouts, err = g.children(ctx, c.MerchantID, id)
	return b, err
}

// children are the transactions made under a parent: a batch's payouts, a payment's refunds.
func (g *Gateway) children(ctx context.Context, merchantID, parent string) ([]pay.Transaction, error) {
	rows, err := g.Store.Read().ListChildren(ctx, sqlgen.ListChildrenParams{MerchantID: merchantID, ParentID: parent})
	if err != nil {
		return nil, fmt.Errorf("list children: %w", err)
	}
	return decodeAll(rows)
}
