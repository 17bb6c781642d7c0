package mypayga

import (
	"crypto/sha256"
	"fmt"
	"net/http"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

// Keys of a transaction's front data.
const (
	frontAPI         = "api"
	frontPhone       = "phone" // as sent
	frontCallbackURL = "callback_url"
	frontCurrency    = "currency"
	frontCountry     = "country"
	frontRequestedAt = "requested_at"
	// The merchant's own names, of a payment that was tried before.
	frontUniqueID = "unique_id"
	frontToken    = "payment_token"
)

// The values of frontAPI: how a payment came.
const (
	cameBySeed = "seed"
	cameByV1   = "v1"
	cameByCard = "card"
	cameByLink = "link"
)

// maxReference bounds a merchant's unique id or token, in bytes.
const maxReference = 100

// requestPayment serves payment-request: the customer's phone is prompted, and
// the end comes by callback, also where it is known already.
func (c *call) requestPayment() (any, error) {
	p := c.params
	switch {
	case p.get("amount") == "":
		return nil, missing("amount")
	case p.phone() == "":
		return nil, missing("client_phone")
	case p.get("payment_token") == "" && p.uniqueID() == "":
		return nil, missing("payment_token")
	}
	n, err := readPhone(p.phone(), "")
	if err != nil {
		return nil, refuse(http.StatusBadRequest, messagePhone)
	}
	amount, err := p.amount(currencyOf(n))
	if err != nil {
		return nil, err
	}
	names, err := c.namesOf(amount)
	if err != nil {
		return nil, err
	}
	request := c.prompt(names, n, amount)
	request.FrontData[frontAPI] = cameBySeed
	tx, err := c.create(request, names)
	if err != nil {
		return nil, err
	}
	return Started{
		Message: messageStarted, PaymentToken: Text(tokenOfPayment(tx)),
		Description: Text("Paiement - " + c.account.Name), StatusRequest: statusOK,
		Transaction: StartedTransaction{
			Amount: Number(tx.Amount.Plain()), Country: Text(n.Country()), Currency: currencyCFA, ID: displayID(tx.ID),
		},
	}, nil
}

// names are the two ids of a payment.
type names struct{ uniqueID, token string }

// namesOf finds the ids of a payment-request. The merchant sends the token of
// gethash, its unique id, or, while token_check is lenient, a token of its own,
// which then is its reference.
func (c *call) namesOf(amount money.Amount) (names, error) {
	ctx := c.r.Context()
	given := names{uniqueID: c.params.uniqueID(), token: c.params.get("payment_token")}
	if len(given.uniqueID) > maxReference || len(given.token) > maxReference {
		return names{}, refuse(http.StatusBadRequest, messageToken)
	}
	key := issuedTokenKey(given.token)
	if given.token == "" {
		key = issuedIDKey(c.account, given.uniqueID)
	}
	i, found, err := c.recallIssued(ctx, key)
	switch {
	case err != nil:
		return names{}, err
	case found && (!i.belongsTo(c.account) || given.uniqueID != "" && given.uniqueID != i.UniqueID):
		return names{}, refuse(http.StatusBadRequest, messageToken)
	case found && i.money() != amount:
		return names{}, refuse(http.StatusBadRequest, messageAmount)
	case found:
		given = names{uniqueID: i.UniqueID, token: i.Token}
	case given.token != "" && c.account.option(optTokenCheck) == "strict":
		return names{}, refuse(http.StatusBadRequest, messageToken)
	case given.token == "":
		given.token = randomText(tokenLength)
	case given.uniqueID == "":
		given.uniqueID = given.token
	}
	return given, nil
}

// prompt is the request for a payment that its customer approves on the phone.
func (c *call) prompt(n names, number phone.Number, amount money.Amount) provider.Request {
	p := c.params
	return provider.Request{
		Kind: pay.Payment, Reference: n.uniqueID, NewFrontReference: once(n.token), Amount: amount,
		FrontData: map[string]string{
			frontPhone: p.phone(), frontCallbackURL: c.account.CallbackURL, frontCurrency: currencyCFA,
		},
		Description: p.get("description"), Customer: c.customer(number),
		Method: pay.Method{Type: pay.MobileMoney, Phone: number.E164(), Operator: c.operatorOf(number)},
		Push:   true,
	}
}

func (c *call) customer(number phone.Number) pay.Customer {
	return pay.Customer{
		Name: c.params.get("lastname"), GivenName: c.params.get("firstname"), Email: c.params.get("email"),
		Phone: number.E164(), Country: number.Country(),
	}
}

// operatorOf is the documented operator of a test number; otherwise the
// number's prefix decides.
func (c *call) operatorOf(number phone.Number) string {
	if id, ok := testOperator(number); ok && c.account.Mode == pay.Test {
		return id
	}
	o, _ := phone.Suggest(number)
	return o.ID
}

// displayID is four digits and three letters, for people; it is no key.
func displayID(id string) Text {
	sum := sha256.Sum256([]byte(id))
	digits := 1000 + (int(sum[0])<<8|int(sum[1]))%9000
	letters := [3]byte{'A' + sum[2]%26, 'A' + sum[3]%26, 'A' + sum[4]%26}
	return Text(fmt.Sprintf("%d%s", digits, letters[:]))
}
