package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	// maxBatch bounds the payouts of one batch.
	maxBatch = 1000
	// batchWorkers bounds the submissions of one batch at a time.
	batchWorkers = 8
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

// CreateBatch records a batch and works its payouts in the background. Each
// payout keeps its own reference, so that none can be sent twice.
func (g *Gateway) CreateBatch(ctx context.Context, c provider.Caller, reference string, list []provider.Request, claim *Claim) (Batch, error) {
	if reference == "" {
		return Batch{}, pay.Invalid("reference", "a reference is needed")
	}
	if len(list) == 0 || len(list) > maxBatch {
		return Batch{}, pay.Invalid("payouts", fmt.Sprintf("a batch has 1 to %d payouts", maxBatch))
	}
	now := g.Now().UTC()
	row := sqlgen.InsertBatchParams{
		MerchantID: c.MerchantID, ID: pay.NewID("pob", c.MerchantID, now), Mode: string(c.Mode),
		Reference: reference, Total: int64(len(list)), Refused: "[]", CreatedAt: now.UnixMilli(),
	}
	err := g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := claim.take(ctx, tx.Queries, pay.Transaction{}); err != nil {
			return err
		}
		return tx.InsertBatch(ctx, row)
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
		g.workBatch(context.WithoutCancel(ctx), c, row.ID, list)
	}()
	return Batch{Row: sqlgen.PayoutBatch(row)}, nil
}

func (g *Gateway) workBatch(ctx context.Context, c provider.Caller, id string, list []provider.Request) {
	var mu sync.Mutex
	refused := []Refused{}
	var wg sync.WaitGroup
	slots := make(chan struct{}, batchWorkers)
	for i, req := range list {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			req.Kind, req.Parent = pay.Payout, id
			if _, err := g.Create(ctx, c, req); err != nil {
				mu.Lock()
				defer mu.Unlock()
				refused = append(refused, refusedPayout(i, req, err))
			}
		})
	}
	wg.Wait()
	text, err := json.Marshal(refused)
	if err == nil {
		err = g.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.SetBatchRefused(ctx, sqlgen.SetBatchRefusedParams{Refused: string(text), MerchantID: c.MerchantID, ID: id})
			return err
		})
	}
	if err != nil {
		g.Log.Error("refusals of a batch could not be kept", "batch", id, "error", err)
	}
}

func refusedPayout(i int, req provider.Request, err error) Refused {
	r := Refused{Index: i, Reference: req.Reference, Code: "internal", Message: "this payout could not be recorded"}
	if e, ok := asRefusal(err); ok {
		r.Code, r.Message, r.Param = e.Code, e.Message, e.Param
	}
	return r
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
