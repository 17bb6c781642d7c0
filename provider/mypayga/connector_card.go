package mypayga

import (
	"bytes"
	"cmp"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func (c *connector) validateCard(o provider.Order) error {
	if c.api == apiV1 {
		return nil
	}
	if c.env.Settings[fieldPublicKey] == "" {
		return pay.Capability("method", "cards by the seed API need the public API key")
	}
	n, err := payer(o)
	switch {
	case err != nil:
		return err
	case currencyOf(n) != o.Amount.Currency:
		return otherFranc()
	}
	return nil
}

// cardCountry is the country of a card payment: the number's or the
// customer's where it has the order's franc, else the one where MyPayGa takes
// that franc.
func cardCountry(o provider.Order, ofNumber string) string {
	for _, country := range []string{ofNumber, o.Customer.Country} {
		if country != "" && cfaOf(country) == o.Amount.Currency {
			return country
		}
	}
	if o.Amount.Currency == money.XOF {
		return "CI"
	}
	return homeCountry
}

// queryCard is the parameter by which a browser asks our hook for the card form.
const queryCard = "card_form"

// cardForm leads the browser to the page that posts MyPayGa's card form. There
// is no server-to-server call: the form is posted with the public key, and only
// a browser can post it. The page is shown by the connection's hook.
func (c *connector) cardForm(o provider.Order, r References) provider.Result {
	token := r.PaymentToken.String()
	page := cmp.Or(o.HookURL, c.env.HookURL) + "?" + url.Values{
		queryCard: {token}, "hash": {r.Hash.String()},
	}.Encode()
	return provider.Result{
		Outcome: pay.OutcomePending, NextAction: pay.NextAction{Type: pay.Redirect, URL: page},
		ProviderReference: token, Data: map[string]string{dataToken: token}, Prompted: true,
	}
}

// cardPage posts itself; without scripts the customer presses the button. The
// hook's address must not travel on as a referrer.
var cardPage = template.Must(template.New("card").Parse(`<!DOCTYPE html>
<html lang="fr"><head><meta charset="utf-8"><meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Paiement par carte</title></head>
<body><form method="post" action="{{.Action}}">{{range $name, $value := .Fields}}
<input type="hidden" name="{{$name}}" value="{{$value}}">{{end}}
<button type="submit">Payer par carte</button></form>
<script>document.forms[0].submit()</script></body></html>
`))

// showCardForm answers a browser that comes for the form.
func (c *connector) showCardForm(q url.Values) (provider.Notification, error) {
	token, hash := q.Get(queryCard), q.Get("hash")
	if !isAlphanumeric(token) || hash != "" && !isAlphanumeric(hash) {
		return provider.Notification{}, pay.Invalid(queryCard, "not a payment token")
	}
	form, err := c.client.CardForm(token, hash)
	if err != nil {
		return provider.Notification{}, pay.Capability(queryCard, "this connection takes no cards")
	}
	var page bytes.Buffer
	if err := cardPage.Execute(&page, form); err != nil {
		return provider.Notification{}, err
	}
	return provider.Notification{Answer: provider.Answer{
		Status: http.StatusOK, ContentType: "text/html; charset=utf-8", Body: page.Bytes(),
	}}, nil
}

func isAlphanumeric(text string) bool {
	const longest = 128
	return text != "" && len(text) <= longest && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}
