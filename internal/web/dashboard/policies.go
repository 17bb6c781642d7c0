package dashboard

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/pay"
)

// policiesPage is what an owner decides for all of the merchant's money.
type policiesPage struct {
	RefundLate bool
	Days       string // as typed
	MaxDays    int
	// Phone and Email are of an erasure that was refused.
	Phone, Email string
	// Erased is what an erasure did that was just asked for, nil without one.
	Erased *gateway.Erased
}

func (h *handler) policies(v *visit) error {
	page, err := h.policiesPage(v)
	if err != nil {
		return err
	}
	return h.render(v, http.StatusOK, "policies.html", page)
}

func (h *handler) policiesPage(v *visit) (policiesPage, error) {
	p, err := h.Gateway.Policy(v.Context(), v.MerchantID)
	page := policiesPage{RefundLate: p.RefundLate, MaxDays: gateway.MaxPersonalDays}
	if p.PersonalDays > 0 {
		page.Days = strconv.Itoa(p.PersonalDays)
	}
	return page, err
}

func (h *handler) setPolicies(v *visit) error {
	page := policiesPage{
		RefundLate: v.PostFormValue("refund_late") != "", Days: strings.TrimSpace(v.PostFormValue("personal_days")),
		MaxDays: gateway.MaxPersonalDays,
	}
	p := gateway.Policy{RefundLate: page.RefundLate}
	if page.Days != "" {
		var err error
		if p.PersonalDays, err = strconv.Atoi(page.Days); err != nil {
			return h.fault(v, "policies.html", page, pay.Invalid("personal_days", "the days are a whole number"))
		}
	}
	detail := fmt.Sprintf("refund_late %t, personal_days %d", p.RefundLate, p.PersonalDays)
	err := h.act(v, "policy.set", "", detail, func() error { return h.Gateway.SetPolicy(v.Context(), v.MerchantID, p) })
	if err != nil {
		return h.fault(v, "policies.html", page, err)
	}
	return h.done(v, "/dashboard/policies", "saved")
}

// erasePerson erases a customer's data. The audit trail has what was done, and
// not whose data it was.
func (h *handler) erasePerson(v *visit) error {
	page, err := h.policiesPage(v)
	if err != nil {
		return err
	}
	s := gateway.Subject{Phone: strings.TrimSpace(v.PostFormValue("phone")), Email: strings.TrimSpace(v.PostFormValue("email"))}
	page.Phone, page.Email = s.Phone, s.Email
	if !v.sure() {
		return h.fault(v, "policies.html", page, pay.Invalid("sure", "tick that it can't be undone"))
	}
	var done gateway.Erased
	err = h.act(v, "personal.erase", "", "", func() (err error) {
		done, err = h.Gateway.Erase(v.Context(), v.MerchantID, s)
		return err
	})
	if err != nil {
		return h.fault(v, "policies.html", page, err)
	}
	if err := h.Accounts.Record(v.Context(), v.Person, "personal.erased", "", done.String()); err != nil {
		return err
	}
	page.Erased, page.Phone, page.Email = &done, "", ""
	return h.render(v, http.StatusOK, "policies.html", page)
}
