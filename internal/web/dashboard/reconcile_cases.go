package dashboard

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/passerelle-pay/passerelle/internal/reconcile"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

// runPage is how one statement compares.
type runPage struct {
	reconcile.Run
	Name    string // of the connection
	Differs []reconcile.Difference
	Fees    []feeRow
}

type feeRow struct{ Statement, Ledger money.Amount }

// railName is the connection's name, or its id where it is not there.
func (h *handler) railName(v *visit, id string) (string, error) {
	rails, err := h.rails(v.Context(), v)
	if err != nil {
		return "", err
	}
	for _, c := range rails {
		if c.ID == id {
			return c.Name, nil
		}
	}
	return id, nil
}

func (h *handler) reconcileRun(v *visit) error {
	run, err := h.Reconcile.Find(v.Context(), v.caller(), v.PathValue("id"))
	if err != nil {
		return err
	}
	page := runPage{Run: run, Differs: reconcile.Differences()}
	if page.Name, err = h.railName(v, run.Connection); err != nil {
		return err
	}
	for _, s := range run.Figures.Fees {
		page.Fees = append(page.Fees, feeRow{money.New(s.Statement, s.Currency), money.New(s.Ledger, s.Currency)})
	}
	f := h.frame(v)
	f.Data, f.Live = page, run.Status == reconcile.Running
	return h.write(v.ResponseWriter, http.StatusOK, "reconcile_run.html", f)
}

// casesPage is a list of cases.
type casesPage struct {
	Filter  reconcile.Filter
	Name    string
	Differs []reconcile.Difference
	Rows    []reconcile.Case
	Older   string
	CSV     string
}

// caseFilter reads the query; without a status, the open cases are meant.
func caseFilter(v *visit) (reconcile.Filter, error) {
	q := v.URL.Query()
	f := reconcile.Filter{
		Connection: q.Get("connection"), Difference: reconcile.Difference(q.Get("difference")), Status: q.Get("status"),
		Run: q.Get("run"), Before: q.Get("before"), Limit: pageSize + 1,
	}
	switch {
	case !plainID.MatchString(f.Connection),
		f.Run != "" && !plainID.MatchString(f.Run),
		f.Before != "" && !plainID.MatchString(f.Before),
		f.Difference != "" && !slices.Contains(reconcile.Differences(), f.Difference),
		!slices.Contains([]string{"", "open", "resolved", "all"}, f.Status):
		return f, pay.NotFound("page")
	case f.Status == "":
		f.Status = "open"
	case f.Status == "all":
		f.Status = ""
	}
	return f, nil
}

func caseQuery(f reconcile.Filter, before string) string {
	q := url.Values{"connection": {f.Connection}, "status": {f.Status}}
	if f.Status == "" {
		q.Set("status", "all")
	}
	for name, value := range map[string]string{"difference": string(f.Difference), "run": f.Run, "before": before} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return "?" + q.Encode()
}

func (h *handler) cases(v *visit) error {
	f, err := caseFilter(v)
	if err != nil {
		return err
	}
	rows, err := h.Reconcile.Cases(v.Context(), v.caller(), f)
	if err != nil {
		return err
	}
	page := casesPage{Filter: f, Differs: reconcile.Differences(), CSV: statementPath + "/cases.csv" + caseQuery(f, "")}
	if page.Name, err = h.railName(v, f.Connection); err != nil {
		return err
	}
	if len(rows) > pageSize {
		rows = rows[:pageSize]
		page.Older = caseQuery(f, rows[pageSize-1].ID)
	}
	page.Rows = rows
	return h.render(v, http.StatusOK, "cases.html", page)
}

// exportCases writes a list as a file for spreadsheets in French.
func (h *handler) exportCases(v *visit) error {
	f, err := caseFilter(v)
	if err != nil {
		return err
	}
	protect(v.Header())
	v.Header().Set("Content-Type", "text/csv; charset=utf-8")
	v.Header().Set("Content-Disposition", `attachment; filename="reconciliation.csv"`)
	out, err := reconcile.NewCSV(v.ResponseWriter)
	if err == nil {
		err = h.Reconcile.Export(v.Context(), v.caller(), f, out)
	}
	if err == nil {
		err = out.Close()
	}
	if err != nil {
		h.Log.Error("export broke off", "error", err)
		panic(http.ErrAbortHandler) // half a file must not look like a whole one
	}
	return nil
}

// casePage is one case, and what to do about it.
type casePage struct {
	reconcile.Case
	Name  string
	Typed string // a note that was refused
}

func (h *handler) oneCase(v *visit) error { return h.showCase(v, "", nil) }

func (h *handler) showCase(v *visit, note string, fault error) error {
	one, err := h.Reconcile.Case(v.Context(), v.caller(), v.PathValue("id"))
	if err != nil {
		return err
	}
	page := casePage{Case: one, Typed: note}
	if page.Name, err = h.railName(v, one.Connection); err != nil {
		return err
	}
	return h.fault(v, "case.html", page, fault)
}

func (h *handler) resolveCase(v *visit) error {
	id, note := v.PathValue("id"), v.PostFormValue("note")
	if _, err := h.Reconcile.Case(v.Context(), v.caller(), id); err != nil {
		return err
	}
	err := h.act(v, "case.resolve", id, "", func() error { return h.Reconcile.Resolve(v.Context(), v.caller(), id, v.Email, note) })
	if pay.KindOf(err) == pay.KindInvalid && err != nil {
		return h.showCase(v, note, err)
	}
	if err != nil {
		return err
	}
	return h.done(v, statementPath+"/cases/"+id, "caseResolved")
}

// checkCase asks the provider what became of the case's payment.
func (h *handler) checkCase(v *visit) error {
	id := v.PathValue("id")
	one, err := h.Reconcile.Case(v.Context(), v.caller(), id)
	if err != nil {
		return err
	}
	err = h.act(v, "case.check", id, one.Transaction, func() error {
		_, err := h.Reconcile.CheckNow(v.Context(), v.caller(), id, v.Email)
		return err
	})
	if err != nil {
		return err
	}
	return h.done(v, statementPath+"/cases/"+id, "checked")
}
