package dashboard

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/payoutfile"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// previewPage is what a file says, before anything is done about it.
type previewPage struct {
	Draft     gateway.BatchDraft
	Good      []payoutfile.Payout
	Faults    []faultLine
	Ignored   []string
	Check     gateway.BatchCheck
	HasFees   bool
	Approvers []string
}

// faultLine is a fault of the file in words' keys.
type faultLine struct {
	Line      int
	Column    string
	Reason    string
	Reference string
}

// Confirmable: a file is paid as a whole or not at all, so that nobody has to
// find out which of its lines were.
func (p previewPage) Confirmable() bool { return len(p.Faults) == 0 && len(p.Good) > 0 }

// BadLines is how many lines have faults, of which one line may have several. A
// fault of the whole file, which has line 0, counts as one.
func (p previewPage) BadLines() int {
	lines := map[int]bool{}
	for _, f := range p.Faults {
		lines[f.Line] = true
	}
	return len(lines)
}

func (h *handler) preview(v *visit, d gateway.BatchDraft, fault error) error {
	page, _, err := h.examine(v, d)
	if err != nil {
		return err
	}
	return h.fault(v, "batch_preview.html", page, fault)
}

// examine reads a draft against the books as they are now.
func (h *handler) examine(v *visit, d gateway.BatchDraft) (previewPage, gateway.NewBatch, error) {
	page := previewPage{Draft: d}
	batch := gateway.NewBatch{ID: d.ID, Reference: d.Reference, Maker: v.maker()}
	file := payoutfile.Read(d.Content, d.Country, gateway.MaxBatch)
	page.Ignored = file.Ignored
	for _, f := range file.Faults {
		page.Faults = append(page.Faults, faultLine{f.Line, string(f.Column), string(f.Reason), f.Reference})
	}
	for _, p := range file.Payouts {
		batch.Payouts = append(batch.Payouts, requestOf(p))
		batch.Lines = append(batch.Lines, p.Line)
	}
	var err error
	if page.Check, err = h.Gateway.CheckBatch(v.Context(), v.caller(), batch.Payouts); err != nil {
		return page, batch, fmt.Errorf("check batch %s: %w", d.ID, err)
	}
	refused := map[int]bool{}
	for _, r := range page.Check.Refused {
		refused[r.Index] = true
		page.Faults = append(page.Faults, faultLine{batch.Lines[r.Index], columnOf(r), reasonOf(v, r), r.Reference})
	}
	for i, p := range file.Payouts {
		if !refused[i] {
			page.Good = append(page.Good, p)
		}
	}
	slices.SortStableFunc(page.Faults, func(a, b faultLine) int { return a.Line - b.Line })
	page.HasFees = slices.ContainsFunc(page.Check.Fees, money.Amount.IsPositive)
	if len(page.Check.Above) > 0 {
		page.Approvers, err = h.approvers(v, v.UserID)
	}
	return page, batch, err
}

func requestOf(p payoutfile.Payout) provider.Request {
	return provider.Request{
		Kind: pay.Payout, Reference: p.Reference, Amount: p.Amount, Description: p.Description,
		Customer: pay.Customer{Name: p.Name},
		Method:   pay.Method{Type: pay.MobileMoney, Phone: p.Phone, Operator: p.Operator},
	}
}

// columnOf is the column of a field that the gateway refused.
func columnOf(r gateway.Refused) string {
	switch column := strings.TrimPrefix(r.Param, "method."); column {
	case "reference", "amount", "currency", "phone", "operator", "description":
		return column
	}
	return ""
}

// reasonOf is the key of the words for a refusal.
func reasonOf(v *visit, r gateway.Refused) string {
	if v.words.of("line."+r.Code) != "" {
		return r.Code
	}
	return "refused"
}

// confirmBatch makes the batch of a draft, once: a form that is sent again leads
// to the batch that the first one made.
func (h *handler) confirmBatch(v *visit) error {
	id := v.PathValue("id")
	page := "/dashboard/batches/" + id
	if _, err := h.findBatch(v, id); err == nil {
		return h.done(v, page, "")
	} else if pay.KindOf(err) != pay.KindNotFound {
		return err
	}
	d, err := h.Gateway.FindDraft(v.Context(), v.caller(), v.maker(), id)
	if err != nil {
		return err
	}
	preview, batch, err := h.examine(v, d)
	if err != nil {
		return err
	}
	if !preview.Confirmable() {
		return h.fault(v, "batch_preview.html", preview, pay.Invalid("batch_file", "the file has lines to mend"))
	}
	var made gateway.Batch
	err = h.act(v, "batch.create", id, d.Reference+" "+plainAmounts(preview.Check.Totals), func() error {
		var err error
		made, err = h.Gateway.MakeBatch(v.Context(), v.caller(), batch, nil)
		return err
	})
	if err != nil {
		return h.preview(v, d, err)
	}
	if err := h.Gateway.DropDraft(v.Context(), v.caller(), v.maker(), id); err != nil {
		h.Log.Warn("draft of batch stays until it expires", "batch", id, "error", err)
	}
	if made.Status() == gateway.BatchAwaiting {
		return h.done(v, page, "batchHeld")
	}
	return h.done(v, page, "batchStarted")
}

// plainAmounts is amounts for the audit trail.
func plainAmounts(list []money.Amount) string {
	texts := make([]string, len(list))
	for i, a := range list {
		texts[i] = a.String()
	}
	return strings.Join(texts, ", ")
}

// findBatch reads one of the caller's batches.
func (h *handler) findBatch(v *visit, id string) (gateway.Batch, error) {
	if !plainID.MatchString(id) {
		return gateway.Batch{}, pay.NotFound("batch")
	}
	return h.Gateway.FindBatch(v.Context(), v.caller(), id)
}

// batch shows a batch or, where it is not made yet, the preview of its maker's file.
func (h *handler) batch(v *visit) error {
	id := v.PathValue("id")
	b, err := h.findBatch(v, id)
	if err == nil {
		return h.showBatch(v, b, nil)
	}
	if pay.KindOf(err) != pay.KindNotFound || !plainID.MatchString(id) {
		return err
	}
	d, err := h.Gateway.FindDraft(v.Context(), v.caller(), v.maker(), id)
	if err != nil {
		return err
	}
	v.Header().Set("Cache-Control", "no-store")
	return h.preview(v, d, nil)
}

// withdrawDraft forgets a file that is not to be paid.
func (h *handler) withdrawDraft(v *visit) error {
	if err := h.Gateway.DropDraft(v.Context(), v.caller(), v.maker(), v.PathValue("id")); err != nil {
		return err
	}
	http.Redirect(v.ResponseWriter, v.Request, "/dashboard/batches", http.StatusSeeOther)
	return nil
}
