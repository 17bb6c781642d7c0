package flexpay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/provider"
)

// The paths, behind the base addresses of a client.
const (
	pathCardV1  = "/v1/pay"
	pathCardV11 = "/v1.1/pay"
	pathCardV2  = "/v2/pay"
	pathVPOS    = "/vpos/ask"
	pathMobile  = "/paymentService"
	pathPayout  = "/merchantPayOutService"
	pathCheck   = "/check/"
	// restPrefix stands before the paths at the hosts of mobile money and check.
	restPrefix = "/api/rest/v1"
)

// CardRequest asks for a card page (wire: flexpay §2.1, §8.1). Reference,
// Amount and Currency are required.
type CardRequest struct {
	// Reference is unique per merchant, 25 characters at most.
	Reference string `json:"reference"`
	// Amount is decimal text, as AmountText writes it.
	Amount      string `json:"amount"`
	Currency    string `json:"currency"`
	Description string `json:"description"`
	CallbackURL string `json:"callback_url"`
	ApproveURL  string `json:"approve_url"`
	CancelURL   string `json:"cancel_url"`
	DeclineURL  string `json:"decline_url"`
	// HomeURL is v1.1's alone.
	HomeURL string `json:"home_url,omitempty"`
}

// cardBody is a card request with what a client adds.
type cardBody struct {
	Authorization string `json:"authorization"`
	Merchant      string `json:"merchant"`
	CardRequest
}

// form lists the fields for an urlencoded body.
func (b cardBody) form() [][2]string {
	return [][2]string{
		{"authorization", b.Authorization},
		{"merchant", b.Merchant},
		{"reference", b.Reference},
		{"amount", b.Amount},
		{"currency", b.Currency},
		{"description", b.Description},
		{"callback_url", b.CallbackURL},
		{"approve_url", b.ApproveURL},
		{"cancel_url", b.CancelURL},
		{"decline_url", b.DeclineURL},
	}
}

// The values of type.
const (
	typeMobile = "1"
	typeCard   = "2"
)

// MobileRequest asks for a payment from a phone, or a payout to one (wire:
// flexpay §8.2, §8.3). All but Description are required.
type MobileRequest struct {
	Reference string `json:"reference"`
	// Phone is twelve digits: 243 and nine more.
	Phone       string `json:"phone"`
	Amount      string `json:"amount"`
	Currency    string `json:"currency"`
	CallbackURL string `json:"callbackUrl"`
	Description string `json:"description,omitempty"`
}

type mobileBody struct {
	Merchant string `json:"merchant"`
	Type     string `json:"type"`
	MobileRequest
}

// initiation is every answer to an initiation. Keys are read in any case.
type initiation struct {
	Code        Text `json:"code"`
	Message     Text `json:"message"`
	Error       Text `json:"error"`
	OrderNumber Text `json:"orderNumber"`
	URL         Text `json:"url"`
	PaymentURL  Text `json:"paymentUrl"`
	RedirectURL Text `json:"redirectUrl"`
}

// checkAnswer is the answer to a check.
type checkAnswer struct {
	Code        Text         `json:"code"`
	Message     Text         `json:"message"`
	Transaction *Transaction `json:"transaction"`
}

// Transaction is what a check says of a transaction. Any field may be empty.
type Transaction struct {
	OrderNumber Text `json:"orderNumber"`
	Reference   Text `json:"reference"`
	// Amount was asked for; AmountCustomer has the customer's fee on top.
	Amount         Text `json:"amount"`
	AmountCustomer Text `json:"amountCustomer"`
	Currency       Text `json:"currency"`
	// CreatedAt is "dd-MM-yyyy HH:mm:ss" without a zone, for display only.
	CreatedAt Text `json:"createdAt"`
	Status    Text `json:"status"`
	Channel   Text `json:"channel"`
}

// Text reads a JSON text, number or boolean as text, since FlexPay and its
// documents disagree about the type of most fields; null is empty.
type Text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *Text) UnmarshalJSON(raw []byte) error {
	text, object, err := scalar(raw)
	if object {
		return errors.New("an object where text is due")
	}
	*t = Text(text)
	return err
}

// String returns the text without surrounding spaces.
func (t Text) String() string { return strings.TrimSpace(string(t)) }

// scalar reads any JSON value as text; object says that it was an object or array.
func scalar(raw []byte) (text string, object bool, err error) {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || bytes.Equal(raw, []byte("null")):
		return "", false, nil
	case raw[0] == '"':
		err = json.Unmarshal(raw, &text)
		return text, false, err
	case raw[0] == '{' || raw[0] == '[':
		return string(raw), true, nil
	}
	return string(raw), false, nil
}

var errUnreadable = errors.New("the body is not a JSON object")

// decode reads a JSON object into v, strictly first and then without the
// trailing commas that the seed's sample has. The parser's own message is left
// out: it may quote what it could not read.
func decode(body []byte, v any) error {
	if body = bytes.TrimSpace(body); !bytes.HasPrefix(body, []byte("{")) {
		return errUnreadable
	}
	if json.Unmarshal(body, v) == nil {
		return nil
	}
	if json.Unmarshal(provider.WithoutTrailingCommas(body), v) != nil {
		return errUnreadable
	}
	return nil
}

// AmountText writes an amount as requests have it: "575", or "12.50" where there
// are cents. CDF must be whole.
func AmountText(a money.Amount) (string, error) {
	whole := !strings.Contains(a.Plain(), ".")
	switch {
	case a.Currency != money.CDF && a.Currency != money.USD:
		return "", fmt.Errorf("flexpay does not take %s", a.Currency)
	case whole:
		return a.Plain(), nil
	case a.Currency == money.CDF:
		return "", errors.New("flexpay takes whole CDF only")
	}
	return a.Decimal(), nil
}

// readAmount reads an amount of a request or an answer: not zero, CDF whole.
func readAmount(text string, c money.Currency) (money.Amount, error) {
	a, err := money.Parse(text, c)
	if err != nil {
		return money.Amount{}, err
	}
	if !a.IsPositive() {
		return money.Amount{}, errors.New("the amount is not above zero")
	}
	_, err = AmountText(a)
	return a, err
}

// decimalText writes an amount as answers have it: "50.0", "12.55".
func decimalText(a money.Amount) string { return a.Fixed(1) }

// wireTime is the one form of times.
const wireTime = "02-01-2006 15:04:05"

// kinshasa is the zone that times are written in; the west of the country has
// no daylight saving time.
var kinshasa = time.FixedZone("WAT", int(time.Hour/time.Second))

func formatTime(t time.Time) string { return t.In(kinshasa).Format(wireTime) }

// withoutBearer strips the scheme, in any case, as often as somebody has put it
// before the token.
func withoutBearer(token string) string {
	const scheme = "bearer"
	for {
		token = strings.TrimSpace(token)
		if len(token) < len(scheme) || !strings.EqualFold(token[:len(scheme)], scheme) {
			return token
		}
		rest := token[len(scheme):]
		if rest != "" && rest == strings.TrimLeft(rest, " \t") {
			return token // a token that begins so
		}
		token = rest
	}
}
