package reconcile

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// exportStep is how many cases are read at a time.
const exportStep = 500

// CSV writes cases for a spreadsheet in French: a byte order mark, semicolons,
// decimals behind a comma, and no cell that is a formula.
type CSV struct{ w *csv.Writer }

// NewCSV writes the headings.
func NewCSV(w io.Writer) (*CSV, error) {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return nil, err
	}
	out := csv.NewWriter(w)
	out.Comma, out.UseCRLF = ';', true
	return &CSV{out}, out.Write([]string{
		"id", "difference", "action", "status", "kind", "reference", "provider_reference", "statement_amount", "statement_currency",
		"statement_status", "ledger_amount", "ledger_currency", "lines", "at", "transaction", "resolved_by", "note",
	})
}

// Close writes what is left.
func (c *CSV) Close() error {
	c.w.Flush()
	return c.w.Error()
}

// Export writes the cases of a filter, page by page.
func (r *Reconciler) Export(ctx context.Context, caller provider.Caller, f Filter, out *CSV) error {
	f.Limit = exportStep
	for {
		page, err := r.Cases(ctx, caller, f)
		if err != nil {
			return err
		}
		for _, one := range page {
			if err := out.w.Write(cells(one)); err != nil {
				return err
			}
		}
		if len(page) < exportStep {
			return nil
		}
		f.Before = page[len(page)-1].ID
	}
}

func cells(c Case) []string {
	status := "resolved"
	if c.Open {
		status = "open"
	}
	at := ""
	if !c.At.IsZero() {
		at = c.At.Format(time.DateTime)
	}
	list := []string{
		c.ID, string(c.Difference), string(c.Action), status, string(c.Kind), c.Reference, c.Provider, decimal(c.Statement), string(c.Statement.Currency),
		c.Said, decimal(c.Ledger), string(c.Ledger.Currency), c.Lines, at, c.Transaction, c.ResolvedBy, c.Note,
	}
	for i, cell := range list {
		list[i] = inert(cell)
	}
	return list
}

func decimal(a money.Amount) string {
	if a.Currency == "" {
		return ""
	}
	return strings.Replace(a.Decimal(), ".", ",", 1)
}

// inert keeps a spreadsheet from running a cell (OWASP, CSV injection).
func inert(cell string) string {
	text := strings.TrimLeft(cell, " \u00a0")
	if text != "" && strings.ContainsRune("=+-@\t\r\n|%＝＋－＠", []rune(text)[0]) {
		return "'" + cell
	}
	return cell
}

// Days reads the first and the last day of a period, in the provider's time; an
// empty one leaves its side to the statement.
func Days(p *provider.Provider, first, last string) (from, to time.Time, err error) {
	place := time.FixedZone("", int(p.Statement.Zone/time.Second))
	for _, day := range []struct {
		text, param string
		into        *time.Time
		days        int
	}{{first, "from", &from, 0}, {last, "to", &to, 1}} {
		if day.text == "" {
			continue
		}
		t, err := time.ParseInLocation(time.DateOnly, day.text, place)
		if err != nil {
			return from, to, pay.InvalidAs("date", day.param, fmt.Sprintf("%s is not a day such as 2026-03-01", day.param))
		}
		*day.into = t.AddDate(0, 0, day.days).UTC()
	}
	if !from.IsZero() && !to.IsZero() && !from.Before(to) {
		return from, to, pay.InvalidAs("date", "to", "the last day lies before the first")
	}
	return from, to, nil
}
