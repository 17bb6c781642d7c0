package dashboard

import (
	"context"
	"encoding/csv"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// batchLines is how many lines of a batch a page shows.
const batchLines = 100

// batchPage is how far a batch is.
type batchPage struct {
	Batch   gateway.Batch
	Status  gateway.BatchStatus
	Totals  []money.Amount
	Created time.Time
	Decided time.Time
	Made    int // payouts that are decided, one way or another
	Counts  []stateCount
	Lines   []batchLine
	// From is the place of the first line shown, Next that of the next page's.
	From, Next int
	Own        bool
	Approvers  []string
}

type stateCount struct {
	State string
	Count int
}

// batchLine is what became of one payout that was asked for.
type batchLine struct {
	gateway.AskedPayout
	State  string // a payout's status, or waiting, refused, not_paid
	Reason string
	Tx     pay.Transaction // zero where none was made
}

// The states of lines that are no transactions.
const (
	lineWaiting = "waiting"
	lineRefused = "refused"
	lineNotPaid = "not_paid"
)

// linesOf tells what became of each payout of a batch, in the order asked for.
func linesOf(b gateway.Batch) ([]batchLine, error) {
	asked, err := b.Asked()
	if err != nil {
		return nil, err
	}
	refused := map[int]gateway.Refused{}
	for _, r := range b.Refused {
		refused[r.Index] = r
	}
	made := map[string]pay.Transaction{}
	for _, t := range b.Payouts {
		made[t.Reference] = t
	}
	lines := make([]batchLine, len(asked))
	for i, p := range asked {
		l := batchLine{AskedPayout: p, State: lineWaiting}
		if l.Line == 0 {
			l.Line = i + 1
		}
		if t, ok := made[p.Reference]; ok {
			l.State, l.Reason, l.Tx = string(t.Status), string(t.Failure.Reason), t
			delete(made, p.Reference) // a reference asked for twice is made once
		} else if r, ok := refused[i]; ok {
			l.State, l.Reason = lineRefused, r.Code
		} else if b.Status() == gateway.BatchRejected {
			l.State = lineNotPaid
		}
		lines[i] = l
	}
	return lines, nil
}

// bad are the states that somebody has to look at; they are shown first.
func (l batchLine) bad() bool {
	return l.State == lineRefused || l.State != string(pay.StatusSucceeded) && pay.Status(l.State).Final()
}

func (h *handler) showBatch(v *visit, b gateway.Batch, fault error) error {
	lines, err := linesOf(b)
	if err != nil {
		return err
	}
	page := batchPage{
		Batch: b, Status: b.Status(), Created: store.Time(b.Row.CreatedAt), Decided: store.Time(b.Row.DecidedAt),
		Own: b.Row.MakerID == v.UserID,
	}
	if page.Totals, err = b.Totals(); err != nil {
		return err
	}
	for _, state := range lineStates() {
		if n := len(slices.DeleteFunc(slices.Clone(lines), func(l batchLine) bool { return l.State != state })); n > 0 {
			page.Counts = append(page.Counts, stateCount{state, n})
		}
	}
	for _, l := range lines {
		if l.State == lineRefused || pay.Status(l.State).Final() {
			page.Made++
		}
	}
	slices.SortStableFunc(lines, func(a, b batchLine) int { return rank(a) - rank(b) })
	page.cut(lines, v.URL.Query().Get("from"))
	if page.Status == gateway.BatchAwaiting {
		if page.Approvers, err = h.approvers(v, b.Row.MakerID); err != nil {
			return err
		}
	}
	f := h.frame(v)
	f.Data, f.Live = page, page.Status == gateway.BatchProcessing
	status := http.StatusOK
	if fault != nil {
		status, f.Fault = h.explain(v, fault)
	}
	return h.write(v.ResponseWriter, status, "batch.html", f)
}

func rank(l batchLine) int {
	if l.bad() {
		return 0
	}
	return 1
}

// Previous is the place of the first line of the page before.
func (p batchPage) Previous() int { return max(0, p.From-batchLines) }

// cut keeps the lines of one page.
func (p *batchPage) cut(lines []batchLine, from string) {
	if n, err := strconv.Atoi(from); err == nil && n > 0 && n < len(lines) {
		p.From = n
	}
	p.Lines = lines[p.From:]
	if len(p.Lines) > batchLines {
		p.Lines, p.Next = p.Lines[:batchLines], p.From+batchLines
	}
}

// lineStates lists what a line can be, in the order of a batch's life.
func lineStates() []string {
	states := []string{lineWaiting, lineNotPaid}
	for _, s := range pay.Statuses() {
		states = append(states, string(s))
	}
	return append(states, lineRefused)
}

// approveBatch lets a held batch go, for a second person.
func (h *handler) approveBatch(v *visit) error {
	return h.decide(v, "batch.approve", "batchApproved", h.Gateway.ApproveBatch)
}

// rejectBatch ends a held batch; its maker may withdraw it too.
func (h *handler) rejectBatch(v *visit) error {
	return h.decide(v, "batch.reject", "batchRejected", h.Gateway.RejectBatch)
}

type decision func(context.Context, provider.Caller, gateway.Person, string) (gateway.Batch, error)

func (h *handler) decide(v *visit, action, word string, do decision) error {
	b, err := h.findBatch(v, v.PathValue("id"))
	if err != nil {
		return err
	}
	err = h.act(v, action, b.Row.ID, b.Row.Reference, func() error {
		_, err := do(v.Context(), v.caller(), v.maker(), b.Row.ID)
		return err
	})
	if err != nil {
		if now, found := h.findBatch(v, b.Row.ID); found == nil {
			b = now // somebody else may have decided
		}
		return h.showBatch(v, b, err)
	}
	return h.done(v, "/dashboard/batches/"+b.Row.ID, word)
}

// batchResult writes what became of each line, as a file for spreadsheets.
func (h *handler) batchResult(v *visit) error {
	b, err := h.findBatch(v, v.PathValue("id"))
	if err != nil {
		return err
	}
	lines, err := linesOf(b)
	if err != nil {
		return err
	}
	protect(v.Header())
	v.Header().Set("Content-Type", "text/csv; charset=utf-8")
	v.Header().Set("Content-Disposition", `attachment; filename="`+b.Row.ID+`.csv"`)
	_, _ = v.ResponseWriter.Write([]byte(byteOrder))
	w := csv.NewWriter(v.ResponseWriter)
	w.Comma, w.UseCRLF = ';', true
	_ = w.Write([]string{"line", "reference", "amount", "currency", "status", "reason", "transaction", "provider_reference"})
	for _, l := range lines {
		cells := []string{
			strconv.Itoa(l.Line), l.Reference, decimal(l.Amount), string(l.Amount.Currency), l.State, l.Reason, l.Tx.ID, l.Tx.ProviderReference,
		}
		for i, c := range cells {
			cells[i] = inert(c)
		}
		_ = w.Write(cells)
	}
	w.Flush()
	return nil
}
