package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

// FeeTerms is what a fee schedule says.
type FeeTerms struct {
	Kind        kind     `json:"kind" example:"payment"`
	Operator    string   `json:"operator,omitempty" maxLength:"64" example:"airtel_ga" doc:"Absent: any operator that has no schedule of its own"`
	Currency    currency `json:"currency" example:"XAF"`
	BasisPoints int64    `json:"basis_points,omitempty" minimum:"0" maximum:"10000" example:"250" doc:"Hundredths of a percent of the amount"`
	Fixed       int64    `json:"fixed,omitempty" minimum:"0" maximum:"1000000000" example:"0" doc:"Added to it"`
	Minimum     int64    `json:"minimum,omitempty" minimum:"0" maximum:"1000000000" example:"100" doc:"The fee is never below"`
	Maximum     int64    `json:"maximum,omitempty" minimum:"0" maximum:"1000000000" example:"5000" doc:"The fee is never above; 0 is no bound"`
	Bearer      bearer   `json:"bearer,omitempty" example:"merchant" doc:"Who pays it; the merchant unless told otherwise"`
}

// feeSchedule is the fee of one kind, operator and currency, in both modes.
type feeSchedule struct {
	ID string `json:"id" example:"fee_7kq2m9x401jd3v8s0c2r6tq5y4b1n9f7ge"`
	FeeTerms
	CreatedAt time.Time `json:"created_at"`
}

type feeBody struct{ Body FeeTerms }

type feeUpdate struct {
	ByID
	Body FeeTerms
}

type quoteTerms struct {
	Kind     kind     `json:"kind,omitempty" query:"kind" example:"payment" doc:"payment unless told otherwise"`
	Amount   int64    `json:"amount" query:"amount" required:"true" minimum:"1" maximum:"9007199254740991" example:"15000"`
	Currency currency `json:"currency" query:"currency" required:"true" example:"XAF"`
	Operator string   `json:"operator,omitempty" query:"operator" maxLength:"64" example:"airtel_ga"`
}

type quoteBody struct{ Body quoteTerms }

// quote is the fee that the schedule in force gives.
type quote struct {
	Kind     kind   `json:"kind"`
	Operator string `json:"operator,omitempty"`
	Amount
	Fees fees `json:"fees"`
}

func registerFees(s *server) {
	tags := []string{"Fees"}
	const about = "The schedule of the operator, else the one for any operator, in the currency asked for; no schedule is no fee."
	on(s, operation{Operation: huma.Operation{
		OperationID: "quote-fee", Method: http.MethodPost, Path: "/v1/fees/quote", DefaultStatus: http.StatusOK,
		Tags: tags, Summary: "What a transaction would cost", Description: about,
	}}, func(ctx context.Context, c *call, in *quoteBody) (quote, error) { return s.quote(ctx, c, in.Body) })
	on(s, operation{Operation: huma.Operation{
		OperationID: "get-fee-quote", Method: http.MethodGet, Path: "/v1/fees/quote",
		Tags: tags, Summary: "What a transaction would cost (query)", Description: about,
	}}, func(ctx context.Context, c *call, in *quoteTerms) (quote, error) { return s.quote(ctx, c, *in) })
	on(s, operation{Operation: huma.Operation{
		OperationID: "create-fee", Method: http.MethodPost, Path: "/v1/fees", DefaultStatus: http.StatusCreated,
		Tags: tags, Summary: "Set a fee", Description: "409 `duplicate_fee` when the kind, operator and currency have one already.",
	}}, func(ctx context.Context, c *call, in *feeBody) (feeSchedule, error) {
		now := s.Now().UTC()
		return s.putFee(ctx, c, pay.NewID("fee", c.caller.MerchantID, now), now, in.Body, false)
	})
	on(s, operation{Operation: huma.Operation{
		OperationID: "list-fees", Method: http.MethodGet, Path: "/v1/fees", Tags: tags, Summary: "List fees",
	}}, s.listFees)
	on(s, operation{Operation: huma.Operation{
		OperationID: "get-fee", Method: http.MethodGet, Path: "/v1/fees/{id}", Tags: tags, Summary: "Read a fee",
	}}, s.getFee)
	on(s, operation{Operation: huma.Operation{
		OperationID: "update-fee", Method: http.MethodPatch, Path: "/v1/fees/{id}", Tags: tags, Summary: "Replace a fee's terms",
		Description: "Transactions that were made before keep theirs.",
	}}, s.updateFee)
	onSilent(s, operation{Operation: huma.Operation{
		OperationID: "delete-fee", Method: http.MethodDelete, Path: "/v1/fees/{id}", Tags: tags, Summary: "Remove a fee",
	}}, s.deleteFee)
}

func (s *server) quote(ctx context.Context, c *call, q quoteTerms) (quote, error) {
	if q.Kind == "" {
		q.Kind = kind(pay.Payment)
	}
	if err := knownOperator(q.Operator); err != nil {
		return quote{}, err
	}
	fee, who, err := s.Gateway.QuoteFor(ctx, c.caller, provider.QuoteOrder{
		Kind: pay.Kind(q.Kind), Amount: inCurrency(q.Amount, q.Currency), Operator: q.Operator,
	})
	if err != nil {
		return quote{}, err
	}
	return quote{
		Kind: q.Kind, Operator: q.Operator, Amount: Amount{q.Amount, q.Currency},
		Fees: fees{Amount{fee.Minor, q.Currency}, bearer(who)},
	}, nil
}

func knownOperator(id string) error {
	if _, ok := phone.OperatorByID(id); id != "" && !ok {
		return pay.Invalid("operator", "no such operator")
	}
	return nil
}

// putFee writes a schedule, in the place of the one with its id or as a new one.
func (s *server) putFee(ctx context.Context, c *call, id string, at time.Time, f FeeTerms, replace bool) (feeSchedule, error) {
	if err := knownOperator(f.Operator); err != nil {
		return feeSchedule{}, err
	}
	if f.Maximum > 0 && f.Maximum < f.Minimum {
		return feeSchedule{}, pay.Invalid("maximum", "the maximum is below the minimum")
	}
	if f.Bearer == "" {
		f.Bearer = bearer(pay.MerchantBears)
	}
	row := sqlgen.FeeSchedule{
		MerchantID: c.caller.MerchantID, ID: id, Kind: string(f.Kind), Operator: f.Operator, Currency: string(f.Currency),
		BasisPoints: f.BasisPoints, Fixed: f.Fixed, Minimum: f.Minimum, Maximum: f.Maximum, Bearer: string(f.Bearer),
		CreatedAt: store.Millis(at),
	}
	err := s.Gateway.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		if replace {
			n, err := tx.DeleteFeeSchedule(ctx, sqlgen.DeleteFeeScheduleParams{MerchantID: row.MerchantID, ID: id})
			if err != nil {
				return err
			}
			if n == 0 {
				return pay.NotFound("fee")
			}
		}
		return tx.InsertFeeSchedule(ctx, sqlgen.InsertFeeScheduleParams(row))
	})
	if store.IsUnique(err, "ux_fee_schedules") {
		return feeSchedule{}, pay.Conflict(codeDuplicateFee, "that kind, operator and currency have a fee already")
	}
	if err != nil {
		return feeSchedule{}, fmt.Errorf("store fee schedule: %w", err)
	}
	return renderFee(row), nil
}

func (s *server) fees(ctx context.Context, c *call) ([]sqlgen.FeeSchedule, error) {
	rows, err := s.read().ListFeeSchedules(ctx, c.caller.MerchantID)
	if err != nil {
		return nil, fmt.Errorf("list fee schedules: %w", err)
	}
	return rows, nil
}

func (s *server) listFees(ctx context.Context, c *call, in *Page) (list[feeSchedule], error) {
	rows, err := s.fees(ctx, c)
	if err != nil {
		return list[feeSchedule]{}, err
	}
	return pagedAll(*in, rows, func(r sqlgen.FeeSchedule) string { return r.ID }, renderFee)
}

func (s *server) getFee(ctx context.Context, c *call, in *ByID) (feeSchedule, error) {
	rows, err := s.fees(ctx, c)
	if err != nil {
		return feeSchedule{}, err
	}
	for _, r := range rows {
		if r.ID == in.ID {
			return renderFee(r), nil
		}
	}
	return feeSchedule{}, pay.NotFound("fee")
}

func (s *server) updateFee(ctx context.Context, c *call, in *feeUpdate) (feeSchedule, error) {
	was, err := s.getFee(ctx, c, &in.ByID)
	if err != nil {
		return feeSchedule{}, err
	}
	return s.putFee(ctx, c, was.ID, was.CreatedAt, in.Body, true)
}

func (s *server) deleteFee(ctx context.Context, c *call, in *ByID) error {
	return s.remove(ctx, "fee", func(ctx context.Context, tx *store.Tx) (int64, error) {
		return tx.DeleteFeeSchedule(ctx, sqlgen.DeleteFeeScheduleParams{MerchantID: c.caller.MerchantID, ID: in.ID})
	})
}

// remove deletes one row; none is not found.
func (s *server) remove(ctx context.Context, what string, remove func(context.Context, *store.Tx) (int64, error)) error {
	return s.Gateway.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := remove(ctx, tx)
		if err != nil {
			return fmt.Errorf("remove %s: %w", what, err)
		}
		if n == 0 {
			return pay.NotFound(what)
		}
		return nil
	})
}

func renderFee(r sqlgen.FeeSchedule) feeSchedule {
	return feeSchedule{
		ID: r.ID, CreatedAt: store.Time(r.CreatedAt),
		FeeTerms: FeeTerms{
			Kind: kind(r.Kind), Operator: r.Operator, Currency: currency(r.Currency), BasisPoints: r.BasisPoints,
			Fixed: r.Fixed, Minimum: r.Minimum, Maximum: r.Maximum, Bearer: bearer(r.Bearer),
		},
	}
}
