package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

type newBatch struct {
	Body struct {
		Reference string           `json:"reference" minLength:"1" maxLength:"255" example:"salaries-2026-11" doc:"Your own id of the batch"`
		Payouts   []newTransaction `json:"payouts" minItems:"1" maxItems:"1000" doc:"Each with its own reference, so that none can be sent twice"`
	} `nameHint:"NewBatch"`
}

// batch is a set of payouts asked for at once.
type batch struct {
	ID        string          `json:"id" example:"pob_7kq2m9x401jd3v8s0c2r6tq5y4b1n9f7ge"`
	Mode      pay.Mode        `json:"mode" enum:"test,live"`
	Reference string          `json:"reference" example:"salaries-2026-11"`
	Status    string          `json:"status" enum:"processing,completed,awaiting_approval,rejected" doc:"completed once every payout has been refused or has a final status. Only a batch made on the dashboard is ever held for approval"`
	Total     int64           `json:"total" example:"2" doc:"The payouts asked for"`
	Counts    map[status]int  `json:"counts" doc:"How many payouts are in which status"`
	Refused   []refusedPayout `json:"refused" doc:"What was refused before it became a payout"`
	Payouts   []transaction   `json:"payouts"`
	CreatedAt time.Time       `json:"created_at"`
}

type refusedPayout struct {
	Index     int    `json:"index" doc:"Its place in the request, from 0"`
	Reference string `json:"reference"`
	Code      string `json:"code" example:"insufficient_balance"`
	Message   string `json:"message"`
	Param     string `json:"param,omitempty"`
}

// batchSummary is a batch in a list, without its payouts.
type batchSummary struct {
	ID        string    `json:"id"`
	Mode      pay.Mode  `json:"mode" enum:"test,live"`
	Reference string    `json:"reference"`
	Total     int64     `json:"total"`
	Refused   int       `json:"refused" doc:"How many were refused before they became payouts"`
	CreatedAt time.Time `json:"created_at"`
}

func registerBatches(s *server) {
	on(s, operation{commits: true, Operation: huma.Operation{
		OperationID: "create-payout-batch", Method: http.MethodPost, Path: "/v1/payouts/batches", DefaultStatus: http.StatusCreated,
		Tags: []string{"Payout batches"}, Summary: "Send money to many customers",
		Description: "The answer comes at once; the payouts are made one by one in the background. A payout that can't be made " +
			"is listed in `refused` and holds up no other. A batch made with an API key is never held for a second person's approval: " +
			"the key could make the payouts one by one.",
	}}, s.createBatch)
	on(s, operation{Operation: huma.Operation{
		OperationID: "list-payout-batches", Method: http.MethodGet, Path: "/v1/payouts/batches",
		Tags: []string{"Payout batches"}, Summary: "List batches", Description: "Newest first, without their payouts.",
	}}, s.listBatches)
	on(s, operation{Operation: huma.Operation{
		OperationID: "get-payout-batch", Method: http.MethodGet, Path: "/v1/payouts/batches/{id}",
		Tags: []string{"Payout batches"}, Summary: "Read a batch with its payouts",
	}}, s.getBatch)
}

func (s *server) createBatch(ctx context.Context, c *call, in *newBatch) (batch, error) {
	requests := make([]provider.Request, 0, len(in.Body.Payouts))
	for i, n := range in.Body.Payouts {
		req, err := s.request(pay.Payout, n)
		if err != nil {
			return batch{}, under(fmt.Sprintf("payouts[%d]", i), err)
		}
		requests = append(requests, req)
	}
	b, err := s.Gateway.CreateBatch(ctx, c.caller, in.Body.Reference, requests, c.claim)
	if err != nil {
		return batch{}, err
	}
	return renderBatch(b), nil
}

func (s *server) getBatch(ctx context.Context, c *call, in *ByID) (batch, error) {
	b, err := s.Gateway.FindBatch(ctx, c.caller, in.ID)
	if err != nil {
		return batch{}, err
	}
	return renderBatch(b), nil
}

func renderBatch(b gateway.Batch) batch {
	v := batch{
		ID: b.Row.ID, Mode: pay.Mode(b.Row.Mode), Reference: b.Row.Reference, Status: string(b.Status()), Total: b.Row.Total,
		Counts: map[status]int{}, Refused: []refusedPayout{}, Payouts: []transaction{}, CreatedAt: store.Time(b.Row.CreatedAt),
	}
	for _, r := range b.Refused {
		v.Refused = append(v.Refused, refusedPayout(r))
	}
	for _, t := range b.Payouts {
		v.Counts[status(t.Status)]++
		v.Payouts = append(v.Payouts, render(t))
	}
	return v
}

func (s *server) listBatches(ctx context.Context, c *call, in *Page) (list[batchSummary], error) {
	before, err := in.before()
	if err != nil {
		return list[batchSummary]{}, err
	}
	rows, err := s.read().ListBatches(ctx, sqlgen.ListBatchesParams{
		MerchantID: c.caller.MerchantID, Mode: string(c.caller.Mode), Before: before, Count: int64(in.Limit + 1),
	})
	if err != nil {
		return list[batchSummary]{}, fmt.Errorf("list batches: %w", err)
	}
	return paged(*in, rows, func(r sqlgen.PayoutBatch) string { return r.ID }, summary), nil
}

func summary(r sqlgen.PayoutBatch) batchSummary {
	var refused []gateway.Refused
	_ = json.Unmarshal([]byte(r.Refused), &refused) // written by us; a fault would show when the batch is read
	return batchSummary{
		ID: r.ID, Mode: pay.Mode(r.Mode), Reference: r.Reference, Total: r.Total, Refused: len(refused),
		CreatedAt: store.Time(r.CreatedAt),
	}
}
