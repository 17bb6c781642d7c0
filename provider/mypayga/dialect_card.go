package mypayga

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"html/template"
	"net/http"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

// cardForm serves the browser's post of the card form: it leads to the hosted
// card page, or says what is wrong on a page.
func (d *dialect) cardForm(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		writePage(w, http.StatusMethodNotAllowed, "Method not allowed")
		return
	}
	c, err := d.admit(r, false)
	if err == nil {
		var tx pay.Transaction
		if tx, err = c.cardPayment(); err == nil {
			w.Header().Set("Cache-Control", "no-store")
			http.Redirect(w, r, d.gw.CheckoutURL(tx.Checkout.Token), http.StatusSeeOther)
			return
		}
	}
	f := refusalOf(err, "")
	status := http.StatusBadRequest
	if f.hard {
		status = f.status
	}
	writePage(w, status, f.message)
}

// cardPayment makes the payment of a token, or finds the one that a reloaded
// form made before.
func (c *call) cardPayment() (pay.Transaction, error) {
	token := c.params.get("payment_token")
	if token == "" {
		return pay.Transaction{}, missing("payment_token")
	}
	i, found, err := c.recallIssued(c.r.Context(), issuedTokenKey(token))
	if err != nil {
		return pay.Transaction{}, err
	}
	hash := c.params.get("hash")
	wrongHash := hash != "" && subtle.ConstantTimeCompare([]byte(hash), []byte(i.Hash)) != 1
	if !found || !i.belongsTo(c.account) || wrongHash {
		return pay.Transaction{}, refuse(http.StatusBadRequest, messageToken)
	}
	tx, _, err := c.latest(i.UniqueID, byUniqueID)
	if errors.Is(err, pay.ErrNotFound) || err == nil && endedUnpaid(tx) {
		tx, err = c.create(c.cardRequest(i), names{i.UniqueID, i.Token})
		if err != nil && refusalOf(err, "").status == http.StatusConflict {
			tx, _, err = c.latest(i.UniqueID, byUniqueID) // another post of the form was faster
		}
	}
	if err != nil {
		return pay.Transaction{}, fmt.Errorf("card payment: %w", err)
	}
	if tx.FrontData[frontAPI] != cameByCard || tx.Status != pay.StatusRequiresAction {
		return pay.Transaction{}, refuse(http.StatusConflict, messageUsed)
	}
	return tx, nil
}

func (c *call) cardRequest(i issued) provider.Request {
	// gethash has read the number already.
	n, _ := readPhone(i.Phone, "")
	return provider.Request{
		Kind: pay.Payment,
		FrontData: map[string]string{
			frontAPI: cameByCard, frontPhone: i.Phone, frontCallbackURL: c.account.CallbackURL, frontCurrency: currencyCFA,
		},
		Amount: i.money(), Description: i.Description, Customer: customerOf(i, n),
		Checkout: pay.Checkout{
			Methods: []pay.MethodType{pay.CardMethod},
			Returns: returnsTo(c.account.SuccessURL, c.account.FailureURL, i.Token),
		},
	}
}

func customerOf(i issued, n phone.Number) pay.Customer {
	return pay.Customer{
		Name: i.LastName, GivenName: i.FirstName, Email: i.Email, Phone: n.E164(), Country: n.Country(),
	}
}

// returnsTo sends the browser to the declared addresses, with the token.
func returnsTo(success, failure, token string) map[pay.Status]pay.Return {
	returns := map[pay.Status]pay.Return{}
	for status, address := range map[pay.Status]string{pay.StatusSucceeded: success, pay.StatusFailed: failure} {
		if address != "" {
			returns[status] = pay.Return{
				URL: address, Method: http.MethodGet, Fields: map[string]string{"payment_token": token},
			}
		}
	}
	return returns
}

var errorPage = template.Must(template.New("error").Parse(`<!DOCTYPE html>
<html lang="fr"><head><meta charset="utf-8"><title>MyPayGa</title></head><body><p>{{.}}</p></body></html>
`))

func writePage(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = errorPage.Execute(w, message) // the browser may have gone
}
