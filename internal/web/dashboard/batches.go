package dashboard

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/internal/account"
	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/payoutfile"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
)

// batchesPage is the list of batches, and the form that takes a file.
type batchesPage struct {
	Rows      []batchRow
	Older     string
	Countries []string
	Most      int
	Typed     map[string]string
}

// batchRow is a batch in the list.
type batchRow struct {
	gateway.BatchSummary
	Amounts []money.Amount
	Made    int // payouts that are decided, one way or another
}

func (v *visit) maker() gateway.Person { return gateway.Person{UserID: v.UserID, Email: v.Email} }

func (h *handler) batches(v *visit) error { return h.showBatches(v, nil, nil) }

func (h *handler) showBatches(v *visit, typed map[string]string, fault error) error {
	before := v.URL.Query().Get("before")
	if !plainID.MatchString(before) {
		before = ""
	}
	list, err := h.Gateway.ListBatches(v.Context(), v.caller(), before, pageSize+1)
	if err != nil {
		return err
	}
	page := batchesPage{Countries: phone.Countries(), Most: gateway.MaxBatch, Typed: map[string]string{"reference": "", "country": ""}}
	for name, value := range typed {
		page.Typed[name] = value
	}
	if len(list) > pageSize {
		list = list[:pageSize]
		page.Older = "?before=" + list[pageSize-1].Row.ID
	}
	for _, b := range list {
		row := batchRow{BatchSummary: b, Made: b.Refused}
		if row.Amounts, err = b.Totals(); err != nil {
			return err
		}
		for status, n := range b.Counts {
			if status.Final() {
				row.Made += n
			}
		}
		page.Rows = append(page.Rows, row)
	}
	return h.fault(v, "batches.html", page, fault)
}

// CreatedAt is when the batch was asked for.
func (r batchRow) CreatedAt() time.Time { return store.Time(r.Row.CreatedAt) }

// uploadBatch keeps a file until its person has seen what it says.
func (h *handler) uploadBatch(v *visit) error {
	typed, content, err := readUpload(v)
	if err == nil {
		err = h.checkBatchName(v, typed["reference"])
	}
	if err != nil {
		return h.showBatches(v, typed, err)
	}
	d, err := h.Gateway.KeepDraft(v.Context(), v.caller(), v.maker(), gateway.BatchDraft{
		Reference: typed["reference"], Country: typed["country"], Content: content,
	})
	if err != nil {
		return err
	}
	return h.done(v, "/dashboard/batches/"+d.ID, "")
}

func readUpload(v *visit) (typed map[string]string, content []byte, err error) {
	file, _, err := v.FormFile("file")
	typed = map[string]string{"reference": strings.TrimSpace(v.FormValue("reference")), "country": v.FormValue("country")}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return typed, nil, pay.Invalid("file_too_large", "the file is too large")
	case err != nil:
		return typed, nil, pay.Invalid("file", "a file is needed")
	}
	defer func() { _ = file.Close() }()
	if content, err = io.ReadAll(file); err != nil {
		return typed, nil, pay.Invalid("file", "the file can't be read")
	}
	switch {
	case len(content) > payoutfile.MaxBytes:
		return typed, nil, pay.Invalid("file_too_large", "the file is too large")
	case typed["country"] != "" && !slices.Contains(phone.Countries(), typed["country"]):
		return typed, nil, pay.Invalid("country", "no such country")
	}
	return typed, content, nil
}

func (h *handler) checkBatchName(v *visit, reference string) error {
	if reference == "" || !printable(reference) {
		return pay.Invalid("reference", "a reference is needed")
	}
	taken, err := h.Gateway.HasBatch(v.Context(), v.caller(), reference)
	if err == nil && taken {
		return pay.Conflict(pay.CodeDuplicateReference, "the reference is already used")
	}
	return err
}

// approvers are the addresses of those who may approve what a person made.
func (h *handler) approvers(v *visit, makerID string) ([]string, error) {
	users, err := h.Accounts.Users(v.Context(), v.Person)
	if err != nil {
		return nil, fmt.Errorf("list approvers: %w", err)
	}
	var list []string
	for _, u := range users {
		if u.ID != makerID && u.Role.May(account.Operate) {
			list = append(list, u.Email)
		}
	}
	return list, nil
}

// limitsPage is where an owner sets above what a second person is asked.
type limitsPage struct {
	Rows  []limitRow
	Typed string // what was refused, and of which currency
	Wrong money.Currency
}

type limitRow struct {
	Currency money.Currency
	Limit    money.Amount
	Set      bool
}

func (h *handler) batchLimits(v *visit) error { return h.showLimits(v, "", "", nil) }

func (h *handler) showLimits(v *visit, wrong money.Currency, typed string, fault error) error {
	limits, err := h.Gateway.PayoutLimits(v.Context(), v.caller())
	if err != nil {
		return err
	}
	page := limitsPage{Wrong: wrong, Typed: typed}
	for _, c := range money.Currencies() {
		row := limitRow{Currency: c}
		for _, l := range limits {
			if l.Currency == c {
				row.Limit, row.Set = l, true
			}
		}
		page.Rows = append(page.Rows, row)
	}
	return h.fault(v, "batch_limits.html", page, fault)
}

// setBatchLimit sets one currency's limit; nothing typed removes it.
func (h *handler) setBatchLimit(v *visit) error {
	cur, err := money.ParseCurrency(v.PostFormValue("currency"))
	if err != nil {
		return h.showLimits(v, "", "", pay.Invalid("currency", "not a currency"))
	}
	typed := strings.TrimSpace(v.PostFormValue("amount"))
	if typed == "" {
		err = h.act(v, "payout_limit.remove", string(cur), "", func() error {
			return h.Gateway.RemovePayoutLimit(v.Context(), v.caller(), cur)
		})
	} else {
		limit := money.New(0, cur)
		if typed != "0" {
			if limit, err = readAmount(typed, cur); err != nil {
				return h.showLimits(v, cur, typed, err)
			}
		}
		err = h.act(v, "payout_limit.set", string(cur), limit.String(), func() error {
			return h.Gateway.SetPayoutLimit(v.Context(), v.caller(), limit)
		})
	}
	if err != nil {
		return h.showLimits(v, cur, typed, err)
	}
	return h.done(v, "/dashboard/batches/limits", "saved")
}
