package api

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

// ofTransaction narrows a list to one transaction.
type ofTransaction struct {
	Page
	Transaction string `query:"transaction" maxLength:"64" doc:"Only those of this payment, payout or refund"`
}

// ledgerEntry is one posting. The postings of a journal balance: its debits
// equal its credits.
type ledgerEntry struct {
	ID          string    `json:"id" example:"le_7kq2m9x401jd3v8s0c2r6tq5y4b1n9f7ge"`
	Mode        pay.Mode  `json:"mode" enum:"test,live"`
	Journal     string    `json:"journal" doc:"What caused it; the postings of one journal belong together"`
	Transaction string    `json:"transaction,omitempty" doc:"Absent for an opening balance"`
	Connection  string    `json:"connection"`
	Account     string    `json:"account" example:"available"`
	Side        string    `json:"side" enum:"debit,credit"`
	Amount      int64     `json:"amount" example:"15000"`
	Currency    currency  `json:"currency" example:"XAF"`
	CreatedAt   time.Time `json:"created_at"`
}

func registerLedger(s *server) {
	on(s, operation{Operation: huma.Operation{
		OperationID: "list-ledger-entries", Method: http.MethodGet, Path: "/v1/ledger/entries",
		Tags: []string{"Ledger"}, Summary: "List postings",
		Description: "Double entry, append-only, newest first. In each journal and currency debits equal credits.",
	}}, s.listEntries)
	on(s, operation{Operation: huma.Operation{
		OperationID: "get-ledger-entry", Method: http.MethodGet, Path: "/v1/ledger/entries/{id}",
		Tags: []string{"Ledger"}, Summary: "Read a posting",
	}}, s.getEntry)
}

func (s *server) listEntries(ctx context.Context, c *call, in *ofTransaction) (list[ledgerEntry], error) {
	before, err := in.before()
	if err != nil {
		return list[ledgerEntry]{}, err
	}
	var rows []sqlgen.LedgerEntry
	if in.Transaction != "" {
		rows, err = s.read().ListTransactionPostings(ctx, sqlgen.ListTransactionPostingsParams{
			MerchantID: c.caller.MerchantID, TransactionID: in.Transaction,
		})
		rows = newest(rows, before, c, func(e sqlgen.LedgerEntry) (string, string) { return e.ID, e.Mode })
	} else {
		rows, err = s.read().ListLedgerEntries(ctx, sqlgen.ListLedgerEntriesParams{
			MerchantID: c.caller.MerchantID, Mode: string(c.caller.Mode), Before: before, Count: int64(in.Limit + 1),
		})
	}
	if err != nil {
		return list[ledgerEntry]{}, fmt.Errorf("list ledger entries: %w", err)
	}
	return paged(in.Page, rows, func(r sqlgen.LedgerEntry) string { return r.ID }, renderEntry), nil
}

func (s *server) getEntry(ctx context.Context, c *call, in *ByID) (ledgerEntry, error) {
	row, err := s.read().GetLedgerEntry(ctx, sqlgen.GetLedgerEntryParams{MerchantID: c.caller.MerchantID, ID: in.ID})
	if err := foreign(err, row.Mode, c, "ledger entry"); err != nil {
		return ledgerEntry{}, err
	}
	return renderEntry(row), nil
}

func renderEntry(r sqlgen.LedgerEntry) ledgerEntry {
	return ledgerEntry{
		ID: r.ID, Mode: pay.Mode(r.Mode), Journal: r.Journal, Transaction: r.TransactionID, Connection: r.ConnectionID,
		Account: r.Account, Side: r.Side, Amount: r.Amount, Currency: currency(r.Currency), CreatedAt: store.Time(r.CreatedAt),
	}
}

// foreign makes of a look-up's outcome what its caller may know: what is not
// there and what belongs to the other mode are both not found.
func foreign(err error, mode string, c *call, what string) error {
	switch {
	case errors.Is(err, sql.ErrNoRows), err == nil && mode != string(c.caller.Mode):
		return pay.NotFound(what)
	case err != nil:
		return fmt.Errorf("read %s: %w", what, err)
	}
	return nil
}
