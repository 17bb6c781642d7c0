package dashboard

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

const (
	// exportStep is how many rows are read at a time, exportMost how many a
	// file holds: a spreadsheet opens little more.
	exportStep = 500
	exportMost = 100_000
	byteOrder  = "\ufeff" // tells a spreadsheet that the text is UTF-8
)

// export writes a list as a file for spreadsheets in French: separated by
// semicolons, decimals after a comma, and no cell that is a formula.
func export(kind pay.Kind) func(*handler, *visit) error {
	return func(h *handler, v *visit) error {
		f := readFilter(kind, v.URL.Query())
		rows, err := h.find(v.Context(), v, f, exportStep)
		if err != nil {
			return err
		}
		protect(v.Header())
		v.Header().Set("Content-Type", "text/csv; charset=utf-8")
		v.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%ss.csv"`, kind))
		_, _ = v.ResponseWriter.Write([]byte(byteOrder))
		w := csv.NewWriter(v.ResponseWriter)
		w.Comma, w.UseCRLF = ';', true
		_ = w.Write([]string{
			"id", "created_at", "status", "reference", "amount", "currency", "fees", "phone", "operator", "provider",
			"provider_reference", "failure", "description",
		})
		for written := 0; len(rows) > 0 && written < exportMost; written += exportStep {
			for _, t := range rows {
				_ = w.Write(line(t))
			}
			if len(rows) < exportStep {
				break
			}
			f.Before = rows[len(rows)-1].ID
			if rows, err = h.find(v.Context(), v, f, exportStep); err != nil {
				h.Log.Error("export broke off", "error", err)
				panic(http.ErrAbortHandler) // half a file must not look like a whole one
			}
		}
		w.Flush()
		return nil
	}
}

func line(t pay.Transaction) []string {
	cells := []string{
		t.ID, t.CreatedAt.UTC().Format(time.DateTime), string(t.Status), t.Reference, decimal(t.Amount),
		string(t.Amount.Currency), decimal(t.Fees), masked(t.Method.Phone), t.Method.Operator, t.Provider, t.ProviderReference,
		string(t.Failure.Reason), t.Description,
	}
	for i, c := range cells {
		cells[i] = inert(c)
	}
	return cells
}

func decimal(a money.Amount) string { return strings.Replace(a.Decimal(), ".", ",", 1) }

// inert keeps a spreadsheet from running a cell: those begin with one of these
// (OWASP, CSV injection), also behind spaces.
func inert(cell string) string {
	text := strings.TrimLeft(cell, " \u00a0")
	if text != "" && strings.ContainsRune("=+-@\t\r\n|%＝＋－＠", []rune(text)[0]) {
		return "'" + cell
	}
	return cell
}
