package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// begin records that a run is under way, one at a time for each connection.
func (r *Reconciler) begin(ctx context.Context, o Order) (*work, error) {
	row, p, err := r.connection(ctx, o)
	if err != nil {
		return nil, err
	}
	now := r.now()
	w := &work{Reconciler: r, order: o, books: books{r.store(), o.MerchantID, o.Connection}, sorter: sorter{memory: sortMemory}}
	w.format = formatOf(p, o.Reading)
	w.run = Run{
		ID: pay.NewID("rec", o.MerchantID, now), MerchantID: o.MerchantID, Connection: o.Connection, Mode: pay.Mode(row.Mode),
		FileName: o.FileName, By: o.By, Status: Running, From: o.From, To: o.To, CreatedAt: now, UpdatedAt: now,
	}
	err = r.store().Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		busy, err := tx.CountReconciliationsAtWork(ctx, sqlgen.CountReconciliationsAtWorkParams{
			MerchantID: o.MerchantID, ConnectionID: o.Connection, AliveAfter: now.Add(-silence).UnixMilli(),
		})
		if err != nil {
			return err
		}
		if busy > 0 {
			return pay.Conflict("reconciling", "a statement of this connection is being reconciled")
		}
		return tx.InsertReconciliationRun(ctx, sqlgen.InsertReconciliationRunParams{
			MerchantID: o.MerchantID, ID: w.run.ID, Mode: row.Mode, ConnectionID: o.Connection, FileName: o.FileName,
			StartedBy: o.By, FromAt: store.Millis(o.From), ToAt: store.Millis(o.To), CreatedAt: now.UnixMilli(), UpdatedAt: now.UnixMilli(),
		})
	})
	if err != nil {
		return nil, fmt.Errorf("begin reconciliation: %w", err)
	}
	return w, nil
}

// formatOf is the provider's way to write statements, but for what the caller
// says, whose word for a status counts.
func formatOf(p *provider.Provider, given Reading) format {
	f := format{Statement: p.Statement.Complete(), reading: given, currencies: p.Currencies}
	said := func(word string) bool {
		return slices.ContainsFunc(slices.Concat(given.Paid, given.Unpaid), func(w string) bool { return strings.EqualFold(w, word) })
	}
	f.Paid = slices.Concat(given.Paid, slices.DeleteFunc(f.Paid, said))
	f.Unpaid = slices.Concat(given.Unpaid, slices.DeleteFunc(f.Unpaid, said))
	return f
}

func (r *Reconciler) connection(ctx context.Context, o Order) (sqlgen.Connection, *provider.Provider, error) {
	row, err := r.store().Read().GetConnection(ctx, sqlgen.GetConnectionParams{MerchantID: o.MerchantID, ID: o.Connection})
	if noRows(err) {
		return row, nil, pay.NotFound("connection")
	}
	if err != nil {
		return row, nil, fmt.Errorf("read connection: %w", err)
	}
	p, ok := r.gateway.Provider(row.Provider)
	if !ok {
		return row, nil, pay.NotFound("provider")
	}
	return row, p, nil
}

// finish records how the run went, and closes the cases that it settled. A
// caller who has gone does not keep it from that.
func (w *work) finish(ctx context.Context, failure error) (Run, error) {
	w.run.Status, w.run.Lines = Done, w.figures.Lines
	if failure != nil {
		w.run.Status, w.run.Problem = Failed, problemOf(failure)
		w.figures = Figures{Lines: w.figures.Lines}
	}
	cancelled := context.WithoutCancel(ctx)
	err := w.store().Update(cancelled, func(ctx context.Context, tx *store.Tx) error {
		w.figures.Closed = 0
		if failure == nil {
			closed, err := tx.CloseVanishedCases(ctx, w.closing())
			if err != nil {
				return err
			}
			w.figures.Closed = closed
		}
		return w.end(ctx, tx)
	})
	w.run.Figures, w.run.UpdatedAt = w.figures, w.now()
	if err != nil {
		err = fmt.Errorf("end reconciliation: %w", err)
	}
	return w.run, errors.Join(failure, err)
}

func (w *work) closing() sqlgen.CloseVanishedCasesParams {
	var kinds []string
	for _, k := range w.order.Only {
		kinds = append(kinds, string(k))
	}
	return sqlgen.CloseVanishedCasesParams{
		Now: w.now().UnixMilli(), MerchantID: w.run.MerchantID, ConnectionID: w.run.Connection, RunID: w.run.ID,
		FromAt: w.period.from.UnixMilli(), ToAt: w.period.to.UnixMilli(), Kinds: strings.Join(kinds, " "),
	}
}

func (w *work) end(ctx context.Context, tx *store.Tx) error {
	figures, err := json.Marshal(w.figures)
	if err != nil {
		return err
	}
	problem := ""
	if w.run.Problem != nil {
		text, err := json.Marshal(w.run.Problem)
		if err != nil {
			return err
		}
		problem = string(text)
	}
	_, err = tx.EndReconciliationRun(ctx, sqlgen.EndReconciliationRunParams{
		Sha256: w.run.SHA256, Status: string(w.run.Status), Problem: problem, LineCount: w.figures.Lines, Figures: string(figures),
		FromAt: store.Millis(w.run.From), ToAt: store.Millis(w.run.To), UpdatedAt: w.now().UnixMilli(),
		MerchantID: w.run.MerchantID, ID: w.run.ID,
	})
	return err
}

func problemOf(err error) *Problem {
	var p *Problem
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, context.Canceled), errors.Is(err, store.ErrClosed):
		return &Problem{Code: Interrupted}
	}
	return &Problem{Code: Broken}
}
