package mypayga

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

// Parameters of POST /v1/payment that lie in its object urls.
const (
	paramCallbackURL = "urls.callback_url"
	paramSuccessURL  = "urls.success_url"
	paramFailureURL  = "urls.fail_url"
)

// pay serves POST /v1/payment.
func (c *call) pay() (any, error) {
	p := c.params
	if p.get(paramCallbackURL) == "" {
		return nil, missing("callback_url")
	}
	if err := p.require("amount", "country", "type"); err != nil {
		return nil, err
	}
	switch {
	case p.uniqueID() == "":
		return nil, missing("unique_id")
	case c.gw.CheckURL(p.get(paramCallbackURL)) != nil:
		return nil, refuse(http.StatusBadRequest, "Invalid callback_url")
	case len(p.uniqueID()) > maxReference:
		return nil, refuse(http.StatusBadRequest, "Invalid unique_id")
	}
	switch p.get("type") {
	case typeMobile:
		return c.payMobile()
	case typeCard:
		return c.payCard()
	}
	return nil, refuse(http.StatusBadRequest, "Invalid type")
}

func (c *call) payMobile() (any, error) {
	p := c.params
	if err := p.require("client_phone", "network"); err != nil {
		return nil, err
	}
	n, err := readPhone(p.get("client_phone"), p.get("country"))
	if err != nil {
		return nil, refuse(http.StatusBadRequest, messagePhone)
	}
	operator, ok := operatorNamed(p.get("network"), n.Country())
	if !ok {
		return nil, refuse(http.StatusBadRequest, messagePhone)
	}
	amount, err := c.amountIn(currencyOf(n))
	if err != nil {
		return nil, err
	}
	request := c.prompt(names{p.uniqueID(), randomText(tokenLength)}, n, amount)
	request.Method.Operator, request.OTP = operator.ID, pay.Secret(p.get("OTP"))
	c.mark(&request)
	tx, err := c.gw.Create(c.r.Context(), c.caller(), request)
	if err != nil {
		return nil, err
	}
	return Paying{RequestStatus: statusOK, Message: messageStarted, PaymentToken: Text(tx.FrontReference)}, nil
}

func (c *call) payCard() (any, error) {
	p := c.params
	currency := cfaOf(strings.ToUpper(p.get("country")))
	if currency == "" {
		return nil, refuse(http.StatusBadRequest, "Invalid country")
	}
	amount, err := c.amountIn(currency)
	if err != nil {
		return nil, err
	}
	// The customer's number is told for contact; a card does not need it.
	n, _ := readPhone(p.phone(), p.get("country"))
	customer := c.customer(n)
	customer.Country = strings.ToUpper(p.get("country"))
	ids := names{p.uniqueID(), randomText(tokenLength)}
	request := provider.Request{
		Kind: pay.Payment, Reference: ids.uniqueID, NewFrontReference: once(ids.token), Amount: amount,
		FrontData:   map[string]string{frontPhone: p.phone()},
		Description: p.get("description"), Customer: customer,
		Checkout: pay.Checkout{
			Methods: []pay.MethodType{pay.CardMethod},
			Returns: returnsTo(
				cmp.Or(p.get(paramSuccessURL), c.account.SuccessURL),
				cmp.Or(p.get(paramFailureURL), c.account.FailureURL), ids.token),
		},
	}
	c.mark(&request)
	tx, err := c.gw.Create(c.r.Context(), c.caller(), request)
	if err != nil {
		return nil, err
	}
	return Paying{
		RequestStatus: statusOK, Message: messageStarted, PaymentToken: Text(tx.FrontReference),
		CheckoutURL: Text(c.gw.CheckoutURL(tx.Checkout.Token)),
	}, nil
}

// mark notes how the payment came, and where its callback goes.
func (c *call) mark(r *provider.Request) {
	r.FrontData[frontAPI] = cameByV1
	r.FrontData[frontCallbackURL] = c.params.get(paramCallbackURL)
	r.FrontData[frontCurrency] = cmp.Or(c.params.get("currency"), string(r.Amount.Currency))
}

// amountIn reads the amount in the franc of the country. A currency that is
// named must be that one, or CFA, which is either.
func (c *call) amountIn(currency money.Currency) (money.Amount, error) {
	named := strings.ToUpper(c.params.get("currency"))
	if named != "" && named != currencyCFA && named != string(currency) {
		return money.Amount{}, refuse(http.StatusBadRequest, "Invalid currency")
	}
	return c.params.amount(currency)
}

// network serves GET /network.
func (c *call) network() (any, error) {
	p := c.params
	if err := p.require("tel_number"); err != nil {
		return nil, err
	}
	unknown := refuse(http.StatusBadRequest, messageNoNetwork)
	n, err := readPhone(p.get("tel_number"), p.get("country"))
	if err != nil {
		return nil, unknown
	}
	operator, _ := phone.OperatorByID(c.operatorOf(n))
	code := networkCodes[operator.Brand]
	if code == "" {
		return nil, unknown
	}
	return Network{StatusRequest: statusOK, Network: Text(code), Service: Text(operator.Name), Code: Text(code)}, nil
}

// verify serves GET /verify, which knows pending payments too.
func (c *call) verify() (any, error) {
	if err := c.params.require("payment_token"); err != nil {
		return nil, err
	}
	tx, err := c.find(c.params.get("payment_token"))
	if err != nil {
		return nil, err
	}
	told := c.account.callback(tx)
	return Verified{
		StatusRequest: statusOK, OrderStatus: Text(told.OrderStatus), UniqueID: Text(told.UniqueID),
		Amount: Text(told.Amount), PaymentToken: Text(told.PaymentToken), Method: Text(told.PaymentMethod),
		Message: Text(told.Message), ClientPhone: Text(told.ClientPhone), Currency: Text(tx.Amount.Currency),
	}, nil
}
