package mypvit

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

const linkPattern = "/transaction-link/{id}/payment"

// openedLife is the least time for which an opened RESTLINK is remembered.
const openedLife = 24 * time.Hour

// link makes a payment link: WEB and VISA_MASTERCARD lead to our page,
// RESTLINK prompts the customer's phone when it is opened.
func (c *call) link() error {
	f, err := c.body()
	if err != nil {
		return err
	}
	if err := c.authenticate(f.text("merchant_operation_account_code")); err != nil {
		return err
	}
	t, err := c.takeOrder(f, ServiceWeb, ServiceCard, ServiceRESTLink)
	if err != nil {
		return err
	}
	if t.TransactionType == TypeGiveChange && !c.linkGivesChange(t.Service) {
		return refuse(codeTypeNotAllowed)
	}
	t.TransactionType = TypePayment
	checkout, err := c.checkout(t)
	if err != nil {
		return err
	}
	r := c.request(t)
	r.Checkout = checkout
	r.ExpiresIn = time.Duration(c.book.Options.number(optLinkTTL)) * time.Minute
	tx, err := c.gateway.Create(c.r.Context(), c.caller(t.account), r)
	if err != nil {
		return c.refusedOrder(err, t.Reference)
	}
	return c.answer(http.StatusOK, Link{
		Status: StatusSuccess, StatusCode: statusText(http.StatusOK),
		MerchantReferenceID: tx.Reference, URL: c.linkURL(tx.Checkout.Token),
	})
}

// linkGivesChange: the document's RESTLINK sample says GIVE_CHANGE although its
// table allows payments alone. A merchant may have that accepted; it is the
// payment that the prompt on the phone is for.
func (c *call) linkGivesChange(service string) bool {
	return service == ServiceRESTLink && c.book.Options.get(optLinkGiveChange) == "accept"
}

// checkout describes the page. All services but RESTLINK have one to come back
// from, so they require both redirection codes.
func (c *call) checkout(t taken) (pay.Checkout, error) {
	checkout := pay.Checkout{Methods: []pay.MethodType{pay.MobileMoney}, Returns: map[pay.Status]pay.Return{}}
	switch t.Service {
	case ServiceCard:
		checkout.Methods = []pay.MethodType{pay.CardMethod}
	case ServiceRESTLink:
		checkout.Push, checkout.LockedPhone = true, t.number.E164()
	}
	ways := []struct {
		code               string
		invalid, notActive int
		status             pay.Status
	}{
		{t.FailedRedirectionCode, codeInvalidFailed, codeFailedNotActive, pay.StatusFailed},
		{t.SuccessRedirectionCode, codeInvalidRedirection, codeRedirectionNotActive, pay.StatusSucceeded},
	}
	for _, way := range ways {
		if way.code == "" && t.Service == ServiceRESTLink {
			continue
		}
		to, err := c.addressOf(way.code, useRedirection, way.invalid, way.notActive)
		if err != nil {
			return pay.Checkout{}, err
		}
		back := pay.Return{URL: to.URL, Method: http.MethodGet}
		if c.book.Options.get(optRedirectParams) == "reference" {
			back.Fields = map[string]string{"reference": t.Reference}
		}
		if to.URL != "" {
			checkout.Returns[way.status] = back
		}
	}
	return checkout, nil
}

// linkURL is the address of a checkout in MyPVit's form.
func (d *dialect) linkURL(token string) string {
	id := base64.RawURLEncoding.EncodeToString([]byte(token))
	return d.gateway.BaseURL(Name) + "/transaction-link/" + id + "/payment"
}

// openLink leads the customer's browser to the page, or prompts the phone of a
// RESTLINK first. A link is good once and for a time.
func (d *dialect) openLink(w http.ResponseWriter, r *http.Request) {
	if err := d.redirect(w, r); err != nil {
		d.answerError(w, r, settings{}, err)
	}
}

func (d *dialect) redirect(w http.ResponseWriter, r *http.Request) error {
	token, err := base64.RawURLEncoding.Strict().DecodeString(r.PathValue("id"))
	if err != nil || len(token) == 0 {
		return refuse(codeTransactionNotFound)
	}
	tx, err := d.gateway.Open(r.Context(), string(token))
	switch {
	case errors.Is(err, pay.ErrNotFound), err == nil && tx.Front != Name:
		return refuse(codeTransactionNotFound)
	case err != nil:
		return err
	case tx.Status == pay.StatusExpired, !tx.Submitted && !d.gateway.Now().Before(tx.ExpiresAt):
		return refuse(codeExpired)
	}
	if err := d.firstUse(r, tx); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, d.gateway.CheckoutURL(tx.Checkout.Token), http.StatusSeeOther)
	return nil
}

// firstUse refuses a link that was used. A page is used when its customer has
// paid or tried to; a RESTLINK when it is opened, and of two browsers that open
// it at once only one is led on.
func (d *dialect) firstUse(r *http.Request, tx pay.Transaction) error {
	used := tx.Submitted || tx.Status.Final()
	if tx.Checkout.Push {
		expires := tx.ExpiresAt
		if latest := d.gateway.Now().Add(openedLife); expires.Before(latest) {
			expires = latest
		}
		first, err := d.memory.Add(r.Context(), "opened/"+tx.Checkout.Token, provider.Item{
			MerchantID: tx.MerchantID, Value: []byte("1"), ExpiresAt: expires,
		})
		if err != nil {
			return fmt.Errorf("mark link as used: %w", err)
		}
		// Submitted long ago, its mark may have been swept.
		stale := tx.Status.Final() && d.gateway.Now().After(tx.ExpiresAt)
		used = !first || stale
	}
	if used {
		return refuse(codeLinkUsed)
	}
	return nil
}
