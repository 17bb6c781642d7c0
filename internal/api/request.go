package api

import (
	"net/mail"

	"github.com/passerelle-pay/passerelle/internal/outbound"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

// newTransaction asks for a payment or a payout.
type newTransaction struct {
	Reference   string       `json:"reference" minLength:"1" maxLength:"255" example:"order-1042" doc:"Your own id, used once per kind"`
	Amount      int64        `json:"amount" minimum:"1" maximum:"9007199254740991" example:"15000" doc:"In the currency's ISO 4217 minor unit: XAF, XOF and GNF have none, CDF and USD have two decimals"`
	Currency    currency     `json:"currency" example:"XAF"`
	Description string       `json:"description,omitempty" maxLength:"500" example:"Order 1042"`
	Customer    *newCustomer `json:"customer,omitempty"`
	Method      *newMethod   `json:"method,omitempty" doc:"Without it the customer chooses on the hosted checkout; a payout needs it"`
	ReturnURL   string       `json:"return_url,omitempty" maxLength:"2048" example:"https://shop.example/thanks" doc:"Where the browser goes at the end, with the query fields payment and status"`
	Metadata    metadata     `json:"metadata,omitempty" doc:"Your own notes: up to 50 texts of up to 500 characters"`
	Connection  string       `json:"connection,omitempty" maxLength:"64" doc:"The connection to use; without it the routes choose"`
	ExpiresIn   int64        `json:"expires_in,omitempty" minimum:"60" maximum:"2592000" example:"86400" doc:"Seconds after which an unused hosted checkout ends; a day unless told otherwise"`
}

type newCustomer struct {
	Name      string `json:"name,omitempty" maxLength:"200" example:"Awa Ndong"`
	GivenName string `json:"given_name,omitempty" maxLength:"200"`
	Email     string `json:"email,omitempty" maxLength:"254" example:"awa@example.com"`
	Phone     string `json:"phone,omitempty" maxLength:"64" example:"+24177000100" doc:"International, or local where country or the operator tells the country"`
	Address   string `json:"address,omitempty" maxLength:"500"`
	City      string `json:"city,omitempty" maxLength:"200"`
	Country   string `json:"country,omitempty" pattern:"^[A-Z]{2}$" patternDescription:"an ISO 3166-1 alpha-2 code" example:"GA"`
	State     string `json:"state,omitempty" maxLength:"200"`
	PostCode  string `json:"post_code,omitempty" maxLength:"32"`
}

type newMethod struct {
	Type     methodType `json:"type" example:"mobile_money"`
	Operator string     `json:"operator,omitempty" maxLength:"64" example:"airtel_ga" doc:"An id from /v1/operators; without it the number decides"`
	Phone    string     `json:"phone,omitempty" maxLength:"64" example:"+24177000100" doc:"The customer's phone unless given"`
	Card     *newCard   `json:"card,omitempty"`
}

type newCard struct {
	Number string `json:"number" maxLength:"64" example:"4242 4242 4242 4242" doc:"Never stored; only the first six and last four digits are kept"`
	Expiry string `json:"expiry" maxLength:"16" example:"12/30" doc:"MM/YY"`
	CVV    string `json:"cvv" maxLength:"16" example:"123" doc:"Never stored"`
	Holder string `json:"holder,omitempty" maxLength:"200"`
}

// request turns the API's words into the gateway's. A refusal names its field.
func (s *server) request(k pay.Kind, n newTransaction) (provider.Request, error) {
	req := provider.Request{
		Kind: k, Reference: n.Reference, Amount: money.New(n.Amount, money.Currency(n.Currency)),
		Description: n.Description, ReturnURL: n.ReturnURL, Metadata: n.Metadata,
		Connection: n.Connection, ExpiresIn: seconds(n.ExpiresIn),
	}
	if err := n.Metadata.check(); err != nil {
		return req, err
	}
	home := n.home()
	var err error
	if req.Customer, err = n.Customer.read(home); err != nil {
		return req, err
	}
	if req.Method, err = n.Method.read(home); err != nil {
		return req, err
	}
	if req.Card, err = s.readCard(n.Method); err != nil {
		return req, err
	}
	if n.ReturnURL != "" {
		if outbound.CheckPageURL(n.ReturnURL) != nil {
			return req, pay.Invalid("return_url", "the address is not one a browser can be sent to")
		}
		req.Checkout.Returns = returns(n.ReturnURL)
	}
	req.Checkout.Retry = k == pay.Payment && n.Method == nil
	return req, nil
}

// home is the country in which a local phone number is read: the operator's,
// else the customer's.
func (n newTransaction) home() string {
	if n.Method != nil {
		if op, ok := phone.OperatorByID(n.Method.Operator); ok {
			return op.Country
		}
	}
	if n.Customer == nil {
		return ""
	}
	if n.Customer.Country != "" {
		return n.Customer.Country
	}
	number, err := phone.Parse(n.Customer.Phone, "")
	if err != nil {
		return ""
	}
	return number.Country()
}

func (n *newCustomer) read(home string) (pay.Customer, error) {
	if n == nil {
		return pay.Customer{}, nil
	}
	c := pay.Customer(*n)
	if n.Email != "" {
		if a, err := mail.ParseAddress(n.Email); err != nil || a.Address != n.Email {
			return c, pay.Invalid("customer.email", "the e-mail address is not valid")
		}
	}
	var err error
	c.Phone, err = e164(n.Phone, home, "customer.phone")
	return c, err
}

func (n *newMethod) read(home string) (pay.Method, error) {
	if n == nil {
		return pay.Method{}, nil
	}
	m := pay.Method{Type: pay.MethodType(n.Type)}
	if m.Type == pay.CardMethod {
		if n.Phone != "" || n.Operator != "" {
			return m, pay.Invalid("method", "a card has neither phone nor operator")
		}
		return m, nil
	}
	if n.Card != nil {
		return m, pay.Invalid("method.card", "only the method card has a card")
	}
	m.Operator = n.Operator
	var err error
	m.Phone, err = e164(n.Phone, home, "method.phone")
	return m, err
}

// readCard checks a card; its parts live on in the request alone.
func (s *server) readCard(n *newMethod) (*pay.Card, error) {
	if n == nil || n.Card == nil {
		return nil, nil
	}
	c, err := pay.ParseCard(n.Card.Number, n.Card.Expiry, n.Card.CVV, s.Now())
	if err != nil {
		return nil, under("method", err)
	}
	c.Holder = n.Card.Holder
	return &c, nil
}

// e164 reads a phone number; "" stays "".
func e164(text, home, param string) (string, error) {
	if text == "" {
		return "", nil
	}
	n, err := phone.Parse(text, home)
	if err != nil {
		return "", pay.InvalidAs(pay.CodeInvalidPhone, param, "the phone number is not a mobile number of a supported country")
	}
	return n.E164(), nil
}

// returns are the ways back to the shop, which hears what became of which
// payment.
func returns(url string) map[pay.Status]pay.Return {
	ways := map[pay.Status]pay.Return{}
	for _, st := range pay.Statuses() {
		ways[st] = pay.Return{URL: url, Method: "GET", Fields: map[string]string{
			"payment": pay.ReturnID, "status": string(st),
		}}
	}
	return ways
}
