package dashboard

import (
	"errors"
	"html/template"
	"net/url"
	"regexp"

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

// Offered is the authenticator that is being set up, for the form that confirms
// it: after a mistyped code the same one is shown again.
func (p profilePage) Offered() string { return p.Factor.URL.Reveal() }

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
	err := h.Accounts.ChangePassword(v.Context(), v.Person, pay.Secret(v.PostFormValue("old")), next)
	if errors.Is(err, account.ErrWrong) {
		err = &pay.Error{Kind: pay.KindUnauthorized, Code: "wrong_current_password", Message: "the current password is wrong"}
	}
	if err != nil {
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
		return h.showProfile(v, offered(v.PostFormValue("factor")), err)
	}
	return h.done(v, "/dashboard/profile", "saved")
}

// offered reads what the form of an authenticator brought back; zero for what
// is none.
func offered(link string) account.Factor {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "otpauth" || !plainKey.MatchString(u.Query().Get("secret")) || len(link) > maxLink {
		return account.Factor{}
	}
	return account.Factor{Key: pay.Secret(u.Query().Get("secret")), URL: pay.Secret(link)}
}

// maxLink is what a picture holds with ease.
const maxLink = 1000

var plainKey = regexp.MustCompile(`^[A-Z2-7]{16,64}$`)

func (h *handler) dropFactor(v *visit) error {
	if err := h.Accounts.DropSecondFactor(v.Context(), v.Person, v.PostFormValue("code")); err != nil {
		return h.showProfile(v, account.Factor{}, err)
	}
	return h.done(v, "/dashboard/profile", "removed")
}
