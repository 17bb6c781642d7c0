package reconcile

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// saveSize is how many cases are written in one commit.
const saveSize = 100

const coverQuery = `UPDATE reconciliation_cases SET covered_run_id = $3
WHERE merchant_id = $1 AND connection_id = $2 AND status = 'open' AND about IN (%s)`

const openQuery = `SELECT COUNT(*) FROM reconciliation_cases
WHERE merchant_id = $1 AND connection_id = $2 AND status = 'open' AND about IN (%s)`

// cover notes that the statement speaks of subjects with an open case, so that
// it ends where the statement no longer shows the difference.
func (w *work) cover(ctx context.Context, abouts []string) error {
	list, args := placeholders(abouts, w.run.MerchantID, w.run.Connection)
	var open int64
	if err := w.store().RawRead().QueryRowContext(ctx, fmt.Sprintf(openQuery, list), args...).Scan(&open); err != nil {
		return fmt.Errorf("look for open cases: %w", err)
	}
	if open == 0 {
		return nil
	}
	list, args = placeholders(abouts, w.run.MerchantID, w.run.Connection, w.run.ID)
	err := w.store().Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Raw().ExecContext(ctx, fmt.Sprintf(coverQuery, list), args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("note what the statement covers: %w", err)
	}
	return nil
}

// save writes the findings as cases.
func (w *work) save(ctx context.Context) error {
	for len(w.cases) > 0 {
		part := w.cases[:min(len(w.cases), saveSize)]
		var fresh int64
		err := w.store().Update(ctx, func(ctx context.Context, tx *store.Tx) error {
			fresh = 0
			for _, f := range part {
				saved, err := tx.SaveReconciliationCase(ctx, w.row(f))
				if err != nil {
					return err
				}
				if saved.FirstRunID == w.run.ID {
					fresh++
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("save cases: %w", err)
		}
		w.figures.New += fresh
		w.cases = w.cases[len(part):]
	}
	w.cases = nil
	return nil
}

func (w *work) row(f finding) sqlgen.SaveReconciliationCaseParams {
	now := w.now()
	statement, ledger := f.amounts()
	p := sqlgen.SaveReconciliationCaseParams{
		MerchantID: w.run.MerchantID, ID: pay.NewID("rca", w.run.MerchantID, now), Mode: string(w.run.Mode), ConnectionID: w.run.Connection,
		About: f.about, Difference: string(f.difference), Action: string(f.action), Kind: string(f.kind),
		StatementAmount: statement.Minor, StatementCurrency: string(statement.Currency),
		LedgerAmount: ledger.Minor, LedgerCurrency: string(ledger.Currency), StatementLines: f.lines,
		BeganAt: store.Millis(f.began), HappenedAt: store.Millis(f.at), RunID: w.run.ID, CreatedAt: now.UnixMilli(),
	}
	if f.line != nil {
		p.Reference, p.ProviderReference, p.StatementStatus = f.line.reference, f.line.theirs, f.line.status
	}
	if f.fact != nil {
		p.TransactionID, p.Attempt = f.fact.transaction, f.fact.attempt
		p.Reference = f.fact.reference
		if f.fact.theirs != "" {
			p.ProviderReference = f.fact.theirs
		}
	}
	return p
}

// Filter narrows the list of cases; empty fields match all.
type Filter struct {
	Connection string // needed
	Difference Difference
	// Status is "open", "resolved" or "".
	Status string
	// Run is the last run that met the difference.
	Run string
	// Before is the id after which the page starts.
	Before string
	Limit  int
}

// lastID sorts after every id, in any collation.
const lastID = "zzzz"

// Cases lists a connection's, newest first.
func (r *Reconciler) Cases(ctx context.Context, c provider.Caller, f Filter) ([]Case, error) {
	if f.Before == "" {
		f.Before = lastID
	}
	rows, err := r.store().Read().ListReconciliationCases(ctx, sqlgen.ListReconciliationCasesParams{
		MerchantID: c.MerchantID, ConnectionID: f.Connection, Before: f.Before, Difference: string(f.Difference),
		Status: f.Status, RunID: f.Run, Count: int64(f.Limit),
	})
	if err != nil {
		return nil, fmt.Errorf("list cases: %w", err)
	}
	list := make([]Case, 0, len(rows))
	for _, row := range rows {
		if row.Mode == string(c.Mode) {
			list = append(list, caseOf(row))
		}
	}
	return list, nil
}

// Case reads one.
func (r *Reconciler) Case(ctx context.Context, c provider.Caller, id string) (Case, error) {
	row, err := r.store().Read().GetReconciliationCase(ctx, sqlgen.GetReconciliationCaseParams{MerchantID: c.MerchantID, ID: id})
	if noRows(err) || err == nil && row.Mode != string(c.Mode) {
		return Case{}, pay.NotFound("case")
	}
	if err != nil {
		return Case{}, fmt.Errorf("read case: %w", err)
	}
	return caseOf(row), nil
}

// OpenCases counts the open cases by connection and difference.
func (r *Reconciler) OpenCases(ctx context.Context, c provider.Caller) (map[string]map[Difference]int64, error) {
	rows, err := r.store().Read().CountOpenCases(ctx, sqlgen.CountOpenCasesParams{MerchantID: c.MerchantID, Mode: string(c.Mode)})
	if err != nil {
		return nil, fmt.Errorf("count open cases: %w", err)
	}
	open := map[string]map[Difference]int64{}
	for _, row := range rows {
		if open[row.ConnectionID] == nil {
			open[row.ConnectionID] = map[Difference]int64{}
		}
		open[row.ConnectionID][Difference(row.Difference)] = row.N
	}
	return open, nil
}

// maxNote bounds what is written about a case, in bytes.
const maxNote = 2000

// Resolve ends a case with what was done about it. It stays so when the same
// statement is read again, unless the figures are others.
func (r *Reconciler) Resolve(ctx context.Context, c provider.Caller, id, who, note string) error {
	note = strings.TrimSpace(note)
	if note == "" || len(note) > maxNote {
		return pay.Invalid("note", "say what was done, in at most 2,000 characters")
	}
	if _, err := r.Case(ctx, c, id); err != nil {
		return err
	}
	return r.resolve(ctx, c, id, who, note)
}

func (r *Reconciler) resolve(ctx context.Context, c provider.Caller, id, who, note string) error {
	var n int64
	err := r.store().Update(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		n, err = tx.ResolveReconciliationCase(ctx, sqlgen.ResolveReconciliationCaseParams{
			ResolvedBy: who, Note: note, ResolvedAt: r.now().UnixMilli(), MerchantID: c.MerchantID, ID: id,
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("resolve case: %w", err)
	}
	if n == 0 {
		return pay.Conflict("case_resolved", "the case is resolved already")
	}
	return nil
}

// CheckNow asks the provider about the attempt of a case, also where it was
// given up here: a statement that says it moved is reason enough. A case that
// the answer settles is resolved.
func (r *Reconciler) CheckNow(ctx context.Context, c provider.Caller, id, who string) (pay.Transaction, error) {
	one, err := r.Case(ctx, c, id)
	if err != nil {
		return pay.Transaction{}, err
	}
	if one.Transaction == "" || one.Attempt == 0 {
		return pay.Transaction{}, pay.Conflict("nothing_to_check", "the case is about nothing that was sent from here")
	}
	t, err := r.gateway.CheckAttempt(ctx, c, one.Transaction, one.Attempt)
	if err != nil || one.Difference != StatusDiffers || !one.Open || t.Status != pay.StatusSucceeded || t.PaidAttempt != one.Attempt {
		return t, err
	}
	return t, r.resolve(ctx, c, id, who, "status checked: succeeded")
}

func caseOf(row sqlgen.ReconciliationCase) Case {
	one := Case{
		ID: row.ID, Connection: row.ConnectionID, Mode: pay.Mode(row.Mode), Difference: Difference(row.Difference), Action: Action(row.Action),
		Kind: pay.Kind(row.Kind), Transaction: row.TransactionID, Attempt: int(row.Attempt), Reference: row.Reference, Provider: row.ProviderReference,
		Said: row.StatementStatus, Lines: row.StatementLines, At: store.Time(row.HappenedAt), Open: row.Status == "open",
		ResolvedBy: row.ResolvedBy, Note: row.Note, ResolvedAt: store.Time(row.ResolvedAt),
		FirstRun: row.FirstRunID, LastRun: row.LastRunID, CreatedAt: store.Time(row.CreatedAt),
	}
	if row.StatementCurrency != "" {
		one.Statement = money.New(row.StatementAmount, money.Currency(row.StatementCurrency))
	}
	if row.LedgerCurrency != "" {
		one.Ledger = money.New(row.LedgerAmount, money.Currency(row.LedgerCurrency))
	}
	return one
}

func noRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }
