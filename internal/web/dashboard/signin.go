package dashboard

import (
	"net/http"
	"slices"

	"github.com/passerelle-pay/passerelle/internal/account"
	"github.com/passerelle-pay/passerelle/pay"
)

// signInForm is what the sign-in page keeps between tries.
type signInForm struct{ Email, Next string }

func (h *handler) showSignIn(w http.ResponseWriter, r *http.Request) {
	v := &visit{ResponseWriter: w, Request: r, words: wordsFor(r)}
	if _, err := h.Accounts.Session(r.Context(), tokenOf(r), ""); err == nil {
		_ = h.done(v, here(r.URL.Query().Get("next")), "")
		return
	}
	if err := h.render(v, http.StatusOK, "signin.html", signInForm{Next: here(r.URL.Query().Get("next"))}); err != nil {
		h.showError(v, err)
	}
}

func (h *handler) signIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	v := &visit{ResponseWriter: w, Request: r, words: wordsFor(r)}
	form := signInForm{Email: r.PostFormValue("email"), Next: here(r.PostFormValue("next"))}
	token, err := h.Accounts.SignIn(r.Context(), form.Email, pay.Secret(r.PostFormValue("password")), r.PostFormValue("code"), h.Gateway.PeerAddress(r))
	if err != nil {
		if err := h.fault(v, "signin.html", form, err); err != nil {
			h.showError(v, err)
		}
		return
	}
	http.SetCookie(w, h.cookie(sessionCookie, token.Reveal(), 0))
	_ = h.done(v, form.Next, "")
}

// cookie makes one for the dashboard alone; life 0 ends with the browser.
func (h *handler) cookie(name, value string, life int) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value, Path: "/dashboard", MaxAge: life,
		HttpOnly: true, Secure: h.secure, SameSite: http.SameSiteLaxMode,
	}
}

func (h *handler) signOut(v *visit) error {
	if err := h.Accounts.SignOut(v.Context(), v.Person); err != nil {
		return err
	}
	http.SetCookie(v.ResponseWriter, h.cookie(sessionCookie, "", -1))
	return h.done(v, "/dashboard/sign-in", "")
}

// setMode leads to the overview: what the page showed is not there in the other mode.
func (h *handler) setMode(v *visit) error {
	if err := h.Accounts.Look(v.Context(), v.Person, pay.Mode(v.PostFormValue("mode"))); err != nil {
		return err
	}
	return h.done(v, "/dashboard/", "")
}

const year = 365 * 24 * 60 * 60 // seconds

func (h *handler) setLanguage(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	v := &visit{ResponseWriter: w, Request: r, words: wordsFor(r)}
	lang := r.PostFormValue("language")
	if lang != "fr" && lang != "en" {
		h.showError(v, pay.Invalid("language", "the language is fr or en"))
		return
	}
	http.SetCookie(w, h.cookie(languageCookie, lang, year))
	_ = h.done(v, here(r.PostFormValue("next")), "")
}

// teamPage is who may come in.
type teamPage struct {
	Users []account.User
	Roles []account.Role
	Email string     // of who was added
	First pay.Secret // their password, shown once
	Typed typedPerson
}

// typedPerson is who was to be let in and was refused.
type typedPerson struct {
	Email string
	Role  account.Role
}

func (t teamPage) Password() string { return t.First.Reveal() }

func (h *handler) teamPage(v *visit) (teamPage, error) {
	users, err := h.Accounts.Users(v.Context(), v.Person)
	return teamPage{Users: users, Roles: account.Roles()}, err
}

func (h *handler) team(v *visit) error { return h.showTeam(v, "", "", nil) }

func (h *handler) showTeam(v *visit, email string, first pay.Secret, fault error) error {
	page, err := h.teamPage(v)
	if err != nil {
		return err
	}
	page.Email, page.First = email, first
	if fault != nil {
		page.Typed = typedPerson{email, account.Role(v.PostFormValue("role"))}
	}
	return h.fault(v, "team.html", page, fault)
}

func (h *handler) addUser(v *visit) error {
	email := v.PostFormValue("email")
	first, err := h.Accounts.AddUser(v.Context(), v.Person, email, account.Role(v.PostFormValue("role")))
	return h.showTeam(v, email, first, err)
}

func (h *handler) removeUser(v *visit) error {
	users, err := h.Accounts.Users(v.Context(), v.Person)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(users, func(u account.User) bool { return u.ID == v.PathValue("id") })
	if i >= 0 && !v.sure() { // nobody's is refused
		u := users[i]
		return h.ask(v, question{Act: "person", Facts: []fact{{"email", u.Email}, {"role", v.words.of("role." + string(u.Role))}}, Back: "/dashboard/team"})
	}
	if err := h.Accounts.RemoveUser(v.Context(), v.Person, v.PathValue("id")); err != nil {
		return err
	}
	return h.done(v, "/dashboard/team", "removed")
}
