package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// Status is completed once every payout was refused or has its final status.
func (b Batch) Status() BatchStatus {
	counts := map[pay.Status]int{}
	for _, t := range b.Payouts {
		counts[t.Status]++
	}
	return batchStatus(b.Row, len(b.Refused), counts)
}

func batchStatus(row sqlgen.PayoutBatch, refused int, counts map[pay.Status]int) BatchStatus {
	switch row.Approval {
	case approvalAwaited:
		return BatchAwaiting
	case approvalRejected:
		return BatchRejected
	}
	final := refused
	for status, n := range counts {
		if status.Final() {
			final += n
		}
	}
	if int64(final) < row.Total {
		return BatchProcessing
	}
	return BatchCompleted
}

// Asked are the payouts that a batch was asked for, in their order.
func (b Batch) Asked() ([]AskedPayout, error) {
	var list []AskedPayout
	if err := json.Unmarshal([]byte(b.Row.Requests), &list); err != nil {
		return nil, fmt.Errorf("read payouts of batch %s: %w", b.Row.ID, err)
	}
	return list, nil
}

// Totals is what a batch pays, per currency.
func (b Batch) Totals() ([]money.Amount, error) {
	var list []money.Amount
	if err := json.Unmarshal([]byte(b.Row.Totals), &list); err != nil {
		return nil, fmt.Errorf("read totals of batch %s: %w", b.Row.ID, err)
	}
	return list, nil
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
	if b.Refused, err = refusals(row); err != nil {
		return Batch{}, err
	}
	if b.Payouts, err = g.children(ctx, c.MerchantID, id); err != nil {
		return Batch{}, err
	}
	b.Refused = slices.DeleteFunc(b.Refused, b.made)
	return b, nil
}

// made: the payout was refused by a process that then lost the batch, and made by
// the one that took it up. Telling that it was refused would have it paid again.
func (b Batch) made(r Refused) bool {
	return r.Code != pay.CodeDuplicateReference &&
		slices.ContainsFunc(b.Payouts, func(t pay.Transaction) bool { return t.Reference == r.Reference })
}

func refusals(row sqlgen.PayoutBatch) ([]Refused, error) {
	var list []Refused
	if err := json.Unmarshal([]byte(row.Refused), &list); err != nil {
		return nil, fmt.Errorf("read refusals of batch %s: %w", row.ID, err)
	}
	return list, nil
}

// HasBatch tells whether a batch has taken the reference.
func (g *Gateway) HasBatch(ctx context.Context, c provider.Caller, reference string) (bool, error) {
	_, err := g.Store.Read().GetBatchByReference(ctx, sqlgen.GetBatchByReferenceParams{MerchantID: c.MerchantID, Mode: string(c.Mode), Reference: reference})
	if noRows(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look up reference of batch: %w", err)
	}
	return true, nil
}

// BatchSummary is a batch in a list: how many of its payouts are in which status.
type BatchSummary struct {
	Row     sqlgen.PayoutBatch
	Refused int
	Counts  map[pay.Status]int
}

// Status is that of the batch.
func (s BatchSummary) Status() BatchStatus { return batchStatus(s.Row, s.Refused, s.Counts) }

// Totals is what the batch pays, per currency.
func (s BatchSummary) Totals() ([]money.Amount, error) { return Batch{Row: s.Row}.Totals() }

// ListBatches lists up to count batches made before one, newest first; "" starts
// at the newest.
func (g *Gateway) ListBatches(ctx context.Context, c provider.Caller, before string, count int) ([]BatchSummary, error) {
	if before == "" {
		before = lastID
	}
	rows, err := g.Store.Read().ListBatches(ctx, sqlgen.ListBatchesParams{
		MerchantID: c.MerchantID, Mode: string(c.Mode), Before: before, Count: int64(count),
	})
	if err != nil {
		return nil, fmt.Errorf("list batches: %w", err)
	}
	list := make([]BatchSummary, len(rows))
	place := map[string]int{}
	for i, row := range rows {
		refused, err := refusals(row)
		if err != nil {
			return nil, err
		}
		list[i] = BatchSummary{Row: row, Refused: len(refused), Counts: map[pay.Status]int{}}
		place[row.ID] = i
	}
	if len(rows) == 0 {
		return list, nil
	}
	counts, err := g.Store.Read().CountBatchPayouts(ctx, sqlgen.CountBatchPayoutsParams{
		MerchantID: c.MerchantID, Oldest: rows[len(rows)-1].ID, Newest: rows[0].ID,
	})
	if err != nil {
		return nil, fmt.Errorf("count payouts of batches: %w", err)
	}
	for _, n := range counts {
		if i, ok := place[n.ParentID]; ok {
			list[i].Counts[pay.Status(n.Status)] = int(n.Payouts)
		}
	}
	return list, nil
}

// children are the transactions made under a parent: a batch's payouts, a payment's refunds.
func (g *Gateway) children(ctx context.Context, merchantID, parent string) ([]pay.Transaction, error) {
	rows, err := g.Store.Read().ListChildren(ctx, sqlgen.ListChildrenParams{MerchantID: merchantID, ParentID: parent})
	if err != nil {
		return nil, fmt.Errorf("list children: %w", err)
	}
	return decodeAll(rows)
}
