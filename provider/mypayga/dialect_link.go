package mypayga

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// linkLife is how long a link can be paid that nobody cancels.
const linkLife = 7 * 24 * time.Hour

// createLink serves generateLink. The token_url is the hosted page's own, and
// the payment's token too.
func (c *call) createLink() (any, error) {
	p := c.params
	if err := p.require("phone", "amount"); err != nil {
		return nil, err
	}
	n, err := readPhone(p.get("phone"), "")
	if err != nil {
		return nil, refuse(http.StatusBadRequest, messagePhone)
	}
	amount, err := p.amount(currencyOf(n))
	if err != nil {
		return nil, err
	}
	token := pay.NewToken(c.account.MerchantID)
	tx, err := c.gw.Create(c.r.Context(), c.caller(), provider.Request{
		Kind: pay.Payment, Reference: "s-" + randomText(8), NewFrontReference: func() string { return token },
		FrontData: map[string]string{
			frontAPI: cameByLink, frontPhone: p.get("phone"), frontCallbackURL: c.account.CallbackURL,
			frontCurrency: currencyCFA,
		},
		Amount: amount, Description: p.get("description"), Customer: c.customer(n), ExpiresIn: linkLife,
		Checkout: pay.Checkout{
			Token: token, Methods: []pay.MethodType{pay.MobileMoney, pay.CardMethod},
			Returns: returnsTo(c.account.SuccessURL, c.account.FailureURL, token),
		},
	})
	if err != nil {
		return nil, err
	}
	link := c.linkOf(tx)
	unpaid := Number("0")
	link.OrderRef, link.Ref, link.FinalStatus, link.Paid = Text(tx.Reference), "", "", &unpaid
	return linkCreated{Message: "Link created", Code: statusOK, Link: link}, nil
}

// linkOf tells a link as getLink does.
func (c *call) linkOf(tx pay.Transaction) Link {
	link := Link{
		Ref: Text(tx.Checkout.Token), Description: Text(tx.Description), Email: Text(tx.Customer.Email),
		Phone: Text(tx.FrontData[frontPhone]), Expired: "0", FinalStatus: statusPending,
		URL: Text(c.gw.BaseURL(Name) + pathLinkPage + "?token_url=" + url.QueryEscape(tx.Checkout.Token)),
	}
	switch tx.Status {
	case pay.StatusSucceeded:
		link.FinalStatus = statusOK
	case pay.StatusFailed:
		link.FinalStatus = statusFailed
	case pay.StatusCanceled, pay.StatusExpired:
		link.Expired = "1"
	}
	return link
}

// findLink finds a link by its token_url or its order_ref.
func (c *call) findLink() (pay.Transaction, error) {
	tx, err := c.find(c.r.PathValue("ref"))
	if err == nil && tx.FrontData[frontAPI] != cameByLink {
		return pay.Transaction{}, pay.NotFound("link")
	}
	return tx, err
}

// viewLink serves getLink, which keeps saying that the link was created.
func (c *call) viewLink() (any, error) {
	tx, err := c.findLink()
	if err != nil {
		return nil, err
	}
	return linkViewed{Message: "Link created", CreatedAt: formatTime(tx.CreatedAt), Link: c.linkOf(tx)}, nil
}

// cancelLink serves linkCancel. Again, it says the same.
func (c *call) cancelLink() (any, error) {
	tx, err := c.findLink()
	if err != nil {
		return nil, err
	}
	if tx.Status != pay.StatusExpired && tx.Status != pay.StatusCanceled {
		_, err = c.gw.Cancel(c.r.Context(), c.caller(), tx.ID)
	}
	switch {
	case err == nil:
		return linkCanceled{
			Message: "Link updated : Changed to Expired", Code: statusOK, Link: Text(tx.Checkout.Token),
		}, nil
	case !errors.Is(err, &pay.Error{Kind: pay.KindConflict}):
		return nil, err
	}
	// It was paid, or is being paid, perhaps since we looked.
	now, err := c.findLink()
	if err != nil {
		return nil, err
	}
	if now.Status == pay.StatusSucceeded {
		return nil, refuse(http.StatusConflict, messageLinkPaid)
	}
	return nil, refuse(http.StatusConflict, "Link already used")
}

// linkPage is a link's address in MyPayGa's form; every hosted page lives
// under /pay.
func (d *dialect) linkPage(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("token_url")
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", http.MethodGet)
		writePage(w, http.StatusMethodNotAllowed, "Method not allowed")
	case !isAlphanumeric(token):
		writePage(w, http.StatusNotFound, messageLinkAbsent)
	default:
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, d.gw.CheckoutURL(token), http.StatusSeeOther)
	}
}
