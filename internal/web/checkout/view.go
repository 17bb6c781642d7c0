package checkout

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
)

// stage is what a page is at.
type stage string

const (
	stageForm      stage = "form"      // the customer chooses and types
	stageOTP       stage = "otp"       // a one-time password is asked
	stageWait      stage = "wait"      // something happens elsewhere
	stageContinue  stage = "continue"  // the next step is on another page
	stageChallenge stage = "challenge" // 3-D Secure, here
	stageResult    stage = "result"    // final
	stageGone      stage = "gone"      // nobody used it in time
	stageMessage   stage = "message"
)

// flow marks the addresses of a browser that is going through the payment; it
// is sent on to the shop at the end. Who opens the page later sees the state.
const flow = "flow"

// stageOf tells what a transaction's page is at.
func (h handler) stageOf(t pay.Transaction) stage {
	page := h.Gateway.CheckoutURL(t.Checkout.Token)
	switch {
	case t.Status == pay.StatusExpired:
		return stageGone
	case t.Status.Final():
		return stageResult
	case t.NextAction.Type == pay.EnterOTP:
		return stageOTP
	case t.Status != pay.StatusRequiresAction:
		return stageWait
	case t.NextAction.URL == page+"/challenge":
		return stageChallenge
	case t.NextAction.Type == pay.Redirect && t.NextAction.URL != page:
		return stageContinue
	case !t.ExpiresAt.IsZero() && !h.Now().Before(t.ExpiresAt):
		return stageGone
	}
	return stageForm
}

// view is what the templates show.
type view struct {
	T     texts
	Lang  string
	Title string
	// Other leads to the same page in the other language.
	Other       link
	Stage       stage
	Merchant    string
	Page        string // path of the page
	Query       string // "?lang=en" when the address chose a language
	Amount      string
	Fees        string
	Description string
	Reference   string
	Status      pay.Status
	Sandbox     bool
	// Message is an error or the state in words; Hint says what to do.
	Message string
	Hint    string
	Fault   string // what is wrong with what was typed
	Advice  string // the way on after a failure
	Code    string
	Next    string // the next page of the payment
	Card    string // last four digits
	Phone   string // masked
	// Operator is what customers call who asks them.
	Operator string
	Number   string // the payment's own, for a conversation with the shop
	// Left is how long the step may take, in seconds and in words.
	Left     int
	LeftText string
	// State is compared by the script; another one means that the page is old.
	State     string
	StatusURL string
	Refresh   string // where a waiting page goes on
	Back      *way
	Auto      bool // go back without being asked
	Push      bool
	Cancel    bool
	// Live: the page waits for something that happens elsewhere.
	Live bool
	Form form
	// QR opens the page on a phone.
	QR code
}

// link is an address with the language of what it leads to.
type link struct{ Lang, Name, URL string }

// view fills in what every page shows of a transaction.
func (h handler) view(r *http.Request, t pay.Transaction) view {
	lang := language(r, t)
	v := view{T: textsIn(lang), Lang: lang, Status: t.Status, Reference: t.Reference, Description: t.Description}
	v.Title, v.Other = v.T["title"], otherLanguage(r, t, lang)
	if chosen := r.URL.Query().Get("lang"); chosen != "" {
		v.Query = "?" + url.Values{"lang": {lang}}.Encode()
	}
	if t.ID == "" {
		return v
	}
	v.Stage = h.stageOf(t)
	v.Page = "/pay/" + t.Checkout.Token
	v.StatusURL = v.Page + "/status"
	v.Refresh = address(v.Page, r, true)
	v.State = state(t)
	v.Amount = t.Amount.Format(lang)
	if t.FeeBearer == pay.CustomerBears && t.Fees.IsPositive() {
		v.Fees = t.Fees.Format(lang)
	}
	v.Sandbox, v.Push, v.Card = t.Mode == pay.Test, t.Checkout.Push, t.Method.Card.Last4
	if n, err := phone.Parse(t.Method.Phone, ""); err == nil {
		v.Phone = n.Masked()
	}
	if op, ok := phone.OperatorByID(t.Method.Operator); ok {
		v.Operator = op.Name
	}
	v.Merchant = h.merchant(r, t)
	left := h.timeLeft(v.Stage, t)
	v.Left, v.LeftText = int(left.Seconds()), inWords(left)
	v.Back = wayBack(t)
	v.Cancel = v.Stage == stageForm || v.Stage == stageOTP || v.Stage == stageChallenge || v.Stage == stageWait
	v.Live = slices.Contains([]stage{stageWait, stageContinue, stageOTP, stageChallenge}, v.Stage)
	h.describe(&v, t)
	v.Title = cmp.Or(v.Message, v.T["title"]) + " · " + v.Amount
	return v
}

// merchant is who is paid. A page without the name still takes the payment.
func (h handler) merchant(r *http.Request, t pay.Transaction) string {
	m, err := h.Gateway.Merchant(r.Context(), t.MerchantID)
	if err != nil {
		h.Log.Warn("merchant of a payment page could not be read", "transaction", t.ID, "error", err)
	}
	return m.Name
}

// otherLanguage keeps the page and the browser's way through it.
func otherLanguage(r *http.Request, t pay.Transaction, lang string) link {
	// Relative: a page that was not found must not repeat what was asked for.
	l := link{Lang: "en", Name: "English"}
	if lang == "en" {
		l.Lang, l.Name = "fr", "Français"
	}
	if r.Method == http.MethodPost && t.ID != "" {
		l.URL = "/pay/" + t.Checkout.Token
	}
	q := url.Values{"lang": {l.Lang}}
	if r.URL.Query().Get(flow) != "" {
		q.Set(flow, "1")
	}
	l.URL += "?" + q.Encode()
	return l
}

// describe puts the state in words.
func (h handler) describe(v *view, t pay.Transaction) {
	switch v.Stage {
	case stageResult:
		v.Message = v.T["result."+string(t.Status)]
		if t.Status == pay.StatusFailed {
			v.Hint = v.T.reason(t.Failure.Reason)
		}
		v.Number = t.ID
		if t.Status != pay.StatusSucceeded {
			v.Advice = v.T.wayOn(v.Back)
		}
	case stageGone:
		v.Message, v.Advice = v.T["expired"], v.T.wayOn(v.Back)
	case stageWait:
		v.Message, v.Hint = v.T["waiting"], v.T["waitingHint"]
		switch t.NextAction.Type {
		case pay.ApproveOnPhone:
			v.Message, v.Hint = v.T["approve"], v.T["approveHint"]
		case pay.ShowCode:
			v.Message, v.Hint, v.Code = v.T["showCode"], v.T["showCodeHint"], t.NextAction.Code
		}
	case stageContinue:
		v.Message, v.Next = v.T["continueHint"], t.NextAction.URL
	case stageOTP:
		v.Message, v.Hint = v.T["otpTitle"], v.T["otpHint"]
	case stageForm:
		if t.Submitted && !t.Failure.IsZero() {
			v.Message = v.T.reason(t.Failure.Reason)
			v.Hint = v.T.advice(t.Failure.Reason)
		}
	}
}

// state changes whenever the page would look different.
func state(t pay.Transaction) string { return string(t.Status) + "/" + string(t.NextAction.Type) }

// address is a page's path with the language that the request chose.
func address(page string, r *http.Request, onward bool) string {
	q := url.Values{}
	if lang := r.URL.Query().Get("lang"); lang != "" {
		q.Set("lang", lang)
	}
	if onward {
		q.Set(flow, "1")
	}
	if len(q) == 0 {
		return page
	}
	return page + "?" + q.Encode()
}
