package checkout

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
)

// maxForm bounds a form's body, in bytes.
const maxForm = 64 << 10

// showPage shows what the page is at. A browser that is going through the
// payment is sent on to the shop when it is over.
func (h handler) showPage(w http.ResponseWriter, r *http.Request) {
	t, err := h.find(r)
	if err == nil && t.Checkout.Push && r.Method == http.MethodGet { // a HEAD asks nobody to pay
		t, err = h.Gateway.Open(r.Context(), t.Checkout.Token)
	}
	if err != nil {
		h.showError(w, r, t, err)
		return
	}
	v := h.view(r, t)
	onward := r.URL.Query().Get(flow) != ""
	switch {
	case t.Checkout.Push:
		h.showLine(w, r, t, v)
	case v.Stage == stageForm:
		h.showForm(w, r, http.StatusOK, t, v)
	case v.Stage == stageChallenge:
		http.Redirect(w, r, address(v.Page+"/challenge", r, false), http.StatusSeeOther)
	case v.Stage == stageGone:
		h.render(w, r, http.StatusGone, "message.html", v)
	case onward && v.Back != nil && !v.Back.Post:
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, v.Back.URL, http.StatusSeeOther)
	default:
		v.Auto = onward && v.Back != nil
		h.render(w, r, http.StatusOK, "state.html", v)
	}
}

// showLine is the page of a payment that was pushed to a phone: one line of text.
func (h handler) showLine(w http.ResponseWriter, r *http.Request, t pay.Transaction, v view) {
	status := http.StatusOK
	if v.Stage == stageGone {
		status = http.StatusGone
	}
	if v.Stage == stageWait && t.NextAction.Type == pay.ApproveOnPhone {
		v.Message = v.T.sprintf("pushed", v.Amount, v.Phone)
	}
	h.render(w, r, status, "line.html", v)
}

func (h handler) showForm(w http.ResponseWriter, r *http.Request, status int, t pay.Transaction, v view) {
	f, err := h.form(r.Context(), t, v)
	if err != nil {
		h.showError(w, r, t, err)
		return
	}
	if v.Form.Fault != "" {
		// What was typed stays, but for the card.
		f.Phone, f.Country, f.Operator, f.Fault = v.Form.Phone, v.Form.Country, v.Form.Operator, v.Form.Fault
		f.Chosen = v.Form.Chosen
	}
	f.settle()
	v.Form = f
	if v.QR, err = qrCode(h.Gateway.CheckoutURL(t.Checkout.Token) + v.Query); err != nil {
		h.Log.Warn("payment page has no QR code", "transaction", t.ID, "error", err)
	}
	h.render(w, r, status, "form.html", v)
}

// pay submits the customer's choice. Submitting twice pays once: the gateway
// takes one, and the other is shown the payment that is running.
func (h handler) pay(w http.ResponseWriter, r *http.Request) {
	t, ok := h.posted(w, r)
	if !ok {
		return
	}
	v := h.view(r, t)
	if n := t.Checkout.LockedPhone; n != "" {
		v.Form.Locked = n
	}
	choice, err := h.read(r, &v.Form)
	if err == nil {
		var paid pay.Transaction
		if paid, err = h.Gateway.PayCheckout(r.Context(), t.Checkout.Token, choice); err == nil {
			h.goOn(w, r, paid)
			return
		}
	}
	var e *pay.Error
	switch {
	case !errors.As(err, &e):
		h.showError(w, r, t, err)
	case e.Code == pay.CodeCheckoutUsed:
		http.Redirect(w, r, address(v.Page, r, true), http.StatusSeeOther)
	case e.Kind == pay.KindInvalid || e.Kind == pay.KindCapability:
		v.Stage, v.Message, v.Hint = stageForm, v.T.fault(e), ""
		v.Title = v.Message
		v.Form.Fault = cmp.Or(strings.TrimPrefix(e.Param, "method."), "form")
		h.showForm(w, r, http.StatusUnprocessableEntity, t, v)
	default:
		h.showError(w, r, t, err)
	}
}

// posted reads a form and finds its transaction; when it reports false the
// answer is written.
func (h handler) posted(w http.ResponseWriter, r *http.Request) (pay.Transaction, bool) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		h.showError(w, r, pay.Transaction{}, pay.Invalid("form", "the form can't be read"))
		return pay.Transaction{}, false
	}
	t, err := h.find(r)
	if err != nil {
		h.showError(w, r, t, err)
		return t, false
	}
	return t, true
}

// goOn sends the browser to the next step: a page elsewhere, or this one.
func (h handler) goOn(w http.ResponseWriter, r *http.Request, t pay.Transaction) {
	w.Header().Set("Cache-Control", "no-store")
	if h.stageOf(t) == stageContinue {
		http.Redirect(w, r, t.NextAction.URL, http.StatusSeeOther)
		return
	}
	http.Redirect(w, r, address("/pay/"+t.Checkout.Token, r, true), http.StatusSeeOther)
}

// after goes on with the outcome of a step that was asked for; a step that is
// over already shows what has become of the payment.
func (h handler) after(w http.ResponseWriter, r *http.Request, t pay.Transaction, err error) {
	var e *pay.Error
	switch {
	case err == nil:
		h.goOn(w, r, t)
	case errors.As(err, &e) && e.Code == pay.CodeNotConfirmable:
		http.Redirect(w, r, address("/pay/"+r.PathValue("token"), r, true), http.StatusSeeOther)
	default:
		h.showError(w, r, t, err)
	}
}

func (h handler) enterOTP(w http.ResponseWriter, r *http.Request) {
	t, ok := h.posted(w, r)
	if !ok {
		return
	}
	code := pay.Secret(r.PostFormValue("otp"))
	if code.IsZero() && h.stageOf(t) == stageOTP {
		v := h.view(r, t)
		v.Fault = v.T["otpMissing"]
		h.render(w, r, http.StatusUnprocessableEntity, "state.html", v)
		return
	}
	t, err := h.Gateway.Confirm(r.Context(), owner(t), t.ID, code)
	h.after(w, r, t, err)
}

func (h handler) cancel(w http.ResponseWriter, r *http.Request) {
	t, ok := h.posted(w, r)
	if !ok {
		return
	}
	t, err := h.Gateway.Cancel(r.Context(), owner(t), t.ID)
	h.after(w, r, t, err)
}

// showChallenge is the 3-D Secure step of the simulated acquirer; a real
// acquirer shows its own page.
func (h handler) showChallenge(w http.ResponseWriter, r *http.Request) {
	t, err := h.find(r)
	if err != nil {
		h.showError(w, r, t, err)
		return
	}
	v := h.view(r, t)
	if v.Stage != stageChallenge {
		http.Redirect(w, r, address(v.Page, r, true), http.StatusSeeOther)
		return
	}
	v.Hint = v.T.sprintf("challengeHint", v.Card)
	v.Title = v.T["challengeTitle"] + " · " + v.Amount
	h.render(w, r, http.StatusOK, "challenge.html", v)
}

func (h handler) answerChallenge(w http.ResponseWriter, r *http.Request) {
	t, ok := h.posted(w, r)
	if !ok {
		return
	}
	var approve bool
	switch r.PostFormValue("answer") {
	case "approve":
		approve = true
	case "decline":
	default:
		h.showError(w, r, t, pay.Invalid("answer", "the answer is approve or decline"))
		return
	}
	t, err := h.Gateway.Challenge(r.Context(), t.Checkout.Token, approve)
	h.after(w, r, t, err)
}

// returned is where a provider sends the browser back to, by GET or by POST.
// What the browser brings proves nothing; the provider is asked.
func (h handler) returned(w http.ResponseWriter, r *http.Request) {
	t, err := h.find(r)
	if err != nil {
		h.showError(w, r, t, err)
		return
	}
	if _, err := h.Gateway.Returned(r.Context(), t.Checkout.Token); err != nil {
		h.Log.Warn("status could not be asked for a returning browser", "transaction", t.ID, "error", err)
	}
	http.Redirect(w, r, address("/pay/"+t.Checkout.Token, r, true), http.StatusSeeOther)
}

// status is what the script of a waiting page looks at.
func (h handler) status(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	t, err := h.find(r)
	if err != nil {
		code, what := http.StatusInternalServerError, "unavailable"
		if pay.KindOf(err) == pay.KindNotFound {
			code, what = http.StatusNotFound, pay.CodeNotFound
		}
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": what})
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"status": t.Status, "final": t.Status.Final(), "state": state(t)})
}
