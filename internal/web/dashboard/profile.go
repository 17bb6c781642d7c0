package dashboard

import (
	"html/template"

	"github.com/passerelle-pay/passerelle/internal/account"
	"github.com/passerelle-pay/passerelle/pay"
)

// profilePage is a person's own account. Factor is an authenticator that was
// just made, shown once.
type profilePage struct {
	HasFactor bool
	Factor    account.Factor
	Picture   template.HTML
}

// Key is the text that people type into their authenticator.
func (p profilePage) Key() string { return p.Factor.Key.Reveal() }

func (h *handler) profile(v *visit) error { return h.showProfile(v, account.Factor{}, nil) }

func (h *handler) showProfile(v *visit, f account.Factor, fault error) error {
	page := profilePage{Factor: f}
	var err error
	if page.HasFactor, err = h.Accounts.HasSecondFactor(v.Context(), v.Person); err != nil {
		return err
	}
	if !f.URL.IsZero() {
		if page.Picture, err = picture(f.URL.Reveal()); err != nil {
			return err
		}
	}
	return h.fault(v, "profile.html", page, fault)
}

func (h *handler) changePassword(v *visit) error {
	next := pay.Secret(v.PostFormValue("new"))
	if v.PostFormValue("repeat") != next.Reveal() {
		return h.showProfile(v, account.Factor{}, pay.Invalid("repeat", "the two do not match"))
	}
	if err := h.Accounts.ChangePassword(v.Context(), v.Person, pay.Secret(v.PostFormValue("old")), next); err != nil {
		return h.showProfile(v, account.Factor{}, err)
	}
	return h.done(v, "/dashboard/profile", "saved")
}

func (h *handler) offerFactor(v *visit) error {
	f, err := h.Accounts.OfferSecondFactor(v.Context(), v.Person)
	return h.showProfile(v, f, err)
}

func (h *handler) confirmFactor(v *visit) error {
	if err := h.Accounts.ConfirmSecondFactor(v.Context(), v.Person, v.PostFormValue("code")); err != nil {
		return h.showProfile(v, account.Factor{}, err)
	}
	return h.done(v, "/dashboard/profile", "saved")
}

func (h *handler) dropFactor(v *visit) error {
	if err := h.Accounts.DropSecondFactor(v.Context(), v.Person, v.PostFormValue("code")); err != nil {
		return h.showProfile(v, account.Factor{}, err)
	}
	return h.done(v, "/dashboard/profile", "removed")
}
