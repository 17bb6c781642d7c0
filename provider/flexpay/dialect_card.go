package flexpay

import (
	"bytes"
	"context"
	"html/template"
	"net/http"
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// cardOperation is one of the addresses that ask for a card page.
type cardOperation struct {
	name string
	// html: it answers HTML to those who ask for it (wire: flexpay §2.1).
	html bool
	// number: code is a number on success.
	number bool
}

var (
	cardV1  = cardOperation{name: "v1/pay", html: true}
	cardV2  = cardOperation{name: "v2/pay", html: true}
	cardV11 = cardOperation{name: "v1.1/pay", number: true}
	vpos    = cardOperation{name: "vpos/ask"}
)

// cardRequired are the fields that the seed marks "o", beside the token.
var cardRequired = []string{"merchant", "reference", "amount", "currency"}

// cardAnswer is every JSON answer of a card operation; code is text or a number.
type cardAnswer struct {
	Code        any     `json:"code"`
	Message     string  `json:"message"`
	OrderNumber *string `json:"orderNumber"`
	URL         *string `json:"url"`
}

func (o cardOperation) serve(d *dialect, w http.ResponseWriter, r *http.Request, c call) {
	wantsHTML := o.html && !prefersJSON(r.Header.Get("Accept"), c.isJSON)
	tx, refused := d.createCard(r.Context(), c, o.name)
	switch {
	case refused != nil && refused.status != 0:
		writeError(w, refused)
	case refused != nil && wantsHTML:
		writePage(w, http.StatusBadRequest, refusalPage, refused.message)
	case refused != nil:
		writeJSON(w, http.StatusOK, cardAnswer{Code: codeNo, Message: refused.message})
	case wantsHTML && c.account.option(optV1HTML) == htmlRedirect:
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, d.gw.CheckoutURL(tx.Checkout.Token), http.StatusFound)
	case wantsHTML:
		writePage(w, http.StatusOK, redirectPage, d.gw.CheckoutURL(tx.Checkout.Token))
	default:
		address := d.gw.CheckoutURL(tx.Checkout.Token)
		a := cardAnswer{Code: codeOK, Message: messageRedirect, OrderNumber: &tx.FrontReference, URL: &address}
		if o.number && c.account.option(optCardCodeType) == codeTypeAsSeen {
			a.Code = 0
		}
		writeJSON(w, http.StatusOK, a)
	}
}

// createCard makes a payment that waits on its card page.
func (d *dialect) createCard(ctx context.Context, c call, operation string) (pay.Transaction, *refusal) {
	request, refused := d.order(ctx, c, operation, pay.Payment, cardRequired)
	if refused != nil {
		return pay.Transaction{}, refused
	}
	return d.create(ctx, c, onCardPage(request, c))
}

// onCardPage lets the payer choose nothing but the card.
func onCardPage(request provider.Request, c call) provider.Request {
	order := newOrderNumber("")
	request.NewFrontReference = func() string {
		now := order
		order = newOrderNumber("") // for the next call: the first was taken
		return now
	}
	var fields map[string]string
	if c.account.option(optRedirectParams) == paramsOrder {
		fields = map[string]string{"reference": request.Reference, "orderNumber": order}
	}
	request.Checkout = pay.Checkout{
		Methods: []pay.MethodType{pay.CardMethod}, Returns: returnsTo(c.params, fields),
	}
	return request
}

func (d *dialect) create(ctx context.Context, c call, request provider.Request) (pay.Transaction, *refusal) {
	tx, err := d.gw.Create(ctx, c.account.caller(), request)
	if err != nil {
		return pay.Transaction{}, faultOf(err)
	}
	return tx, nil
}

// prefersJSON decides by Accept, then by the request's own type.
func prefersJSON(accept string, isJSON bool) bool {
	accept = strings.ToLower(accept)
	switch {
	case strings.Contains(accept, "application/json"):
		return true
	case strings.Contains(accept, "text/html"):
		return false
	}
	return isJSON
}

var (
	redirectPage = template.Must(template.New("redirect").Parse(`<!DOCTYPE html>
<html lang="fr">
<head><meta charset="utf-8"><meta http-equiv="refresh" content="0;url={{.}}"><title>FlexPay</title></head>
<body><p><a href="{{.}}">` + messageRedirect + `</a></p></body>
</html>
`))
	refusalPage = template.Must(template.New("refusal").Parse(`<!DOCTYPE html>
<html lang="fr">
<head><meta charset="utf-8"><title>FlexPay</title></head>
<body><p>{{.}}</p></body>
</html>
`))
)

func writePage(w http.ResponseWriter, status int, page *template.Template, data string) {
	var b bytes.Buffer
	if err := page.Execute(&b, data); err != nil {
		writeError(w, refuseHTTP(http.StatusInternalServerError, messageInternal))
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the caller may have gone
}
