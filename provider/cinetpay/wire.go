package cinetpay

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/money"
)

// The paths of the Checkout API, behind https://api-checkout.cinetpay.com.
const (
	pathPayment = "/v2/payment"
	pathCheck   = "/v2/payment/check"
)

// credentials open every Checkout request; they are in the body.
type credentials struct {
	APIKey string `json:"apikey"`
	SiteID string `json:"site_id"`
}

// PaymentRequest asks for a payment page (wire: cinetpay §2.1). The seed's
// fields, up to CustomerSurname, are always sent, the others when they are not
// empty. The first six are required; the customer's are too when Channels is
// exactly CREDIT_CARD.
type PaymentRequest struct {
	TransactionID string `json:"transaction_id"`
	// Amount is a whole number of the currency's main unit.
	Amount      json.Number `json:"amount"`
	Currency    string      `json:"currency"`
	Description string      `json:"description"`
	NotifyURL   string      `json:"notify_url"`
	ReturnURL   string      `json:"return_url"`
	// CustomerName is the family name, CustomerSurname the given name.
	CustomerName    string `json:"customer_name"`
	CustomerSurname string `json:"customer_surname"`

	// Channels is ALL, MOBILE_MONEY, CREDIT_CARD, WALLET or a list with commas.
	Channels            string          `json:"channels,omitempty"`
	Language            string          `json:"lang,omitempty"`
	Metadata            string          `json:"metadata,omitempty"`
	InvoiceData         json.RawMessage `json:"invoice_data,omitempty"`
	AlternativeCurrency string          `json:"alternative_currency,omitempty"`
	// LockPhoneNumber keeps the payer from changing CustomerPhoneNumber.
	LockPhoneNumber     bool   `json:"lock_phone_number,omitempty"`
	CustomerID          string `json:"customer_id,omitempty"`
	CustomerEmail       string `json:"customer_email,omitempty"`
	CustomerPhoneNumber string `json:"customer_phone_number,omitempty"`
	CustomerAddress     string `json:"customer_address,omitempty"`
	CustomerCity        string `json:"customer_city,omitempty"`
	// CustomerCountry is ISO 3166-1 alpha-2.
	CustomerCountry string `json:"customer_country,omitempty"`
	CustomerZipCode string `json:"customer_zip_code,omitempty"`
	// CustomerState is for the United States and Canada.
	CustomerState string `json:"customer_state,omitempty"`
}

type paymentBody struct {
	credentials
	PaymentRequest
}

// Lookup names a payment: either field suffices.
type Lookup struct {
	TransactionID string `json:"transaction_id,omitempty"`
	PaymentToken  string `json:"payment_token,omitempty"`
}

type checkBody struct {
	credentials
	Lookup
}

// envelope is every answer of the Checkout API. A refusal has no data.
type envelope struct {
	Code          Text            `json:"code"`
	Message       Text            `json:"message"`
	Description   Text            `json:"description"`
	Data          json.RawMessage `json:"data"`
	APIResponseID Text            `json:"api_response_id"`
	// The seed's tables list these flat, and a check's.
	PaymentToken Text `json:"payment_token"`
	PaymentURL   Text `json:"payment_url"`
	PaymentData
}

// Page is a payment page that waits for its customer.
type Page struct {
	Token Text `json:"payment_token"`
	URL   Text `json:"payment_url"`
}

// Payment is what a check says of a payment. Only Code decides its fate; every
// field of Data may be empty, as the seed's answers lack several.
type Payment struct {
	Code        string
	Message     string
	Description string
	Data        PaymentData
}

// PaymentData is the data of a check.
type PaymentData struct {
	Amount               Text `json:"amount"`
	Currency             Text `json:"currency"`
	Status               Text `json:"status"`
	PaymentMethod        Text `json:"payment_method"`
	Description          Text `json:"description"`
	Metadata             Text `json:"metadata"`
	OperatorID           Text `json:"operator_id"`
	PaymentDate          Text `json:"payment_date"`
	FundAvailabilityDate Text `json:"fund_availability_date"`
	PhoneNumber          Text `json:"phone_number"`
	PhonePrefix          Text `json:"phone_prefix"`
}

// or takes from the top level of an answer what its data leaves empty (wire:
// cinetpay §5, decision 7). The description is another one there.
func (d PaymentData) or(top PaymentData) PaymentData {
	return PaymentData{
		Amount:               cmp.Or(d.Amount, top.Amount),
		Currency:             cmp.Or(d.Currency, top.Currency),
		Status:               cmp.Or(d.Status, top.Status),
		PaymentMethod:        cmp.Or(d.PaymentMethod, top.PaymentMethod),
		Description:          d.Description,
		Metadata:             cmp.Or(d.Metadata, top.Metadata),
		OperatorID:           cmp.Or(d.OperatorID, top.OperatorID),
		PaymentDate:          cmp.Or(d.PaymentDate, top.PaymentDate),
		FundAvailabilityDate: cmp.Or(d.FundAvailabilityDate, top.FundAvailabilityDate),
		PhoneNumber:          cmp.Or(d.PhoneNumber, top.PhoneNumber),
		PhonePrefix:          cmp.Or(d.PhonePrefix, top.PhonePrefix),
	}
}

// Text reads a JSON value of any type as text, since CinetPay writes the same
// field now as a number, now as a string: null is empty, an object its compact
// JSON. The number 0 is "0", which is not the code "00".
type Text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *Text) UnmarshalJSON(raw []byte) error {
	text, _, err := scalar(raw)
	*t = Text(text)
	return err
}

// String returns the text without surrounding spaces: the seed's own tables
// have some at the end of messages.
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
		var b bytes.Buffer
		err = json.Compact(&b, raw)
		return b.String(), true, err
	}
	return string(raw), false, nil
}

// wireTime is the one form of times, in UTC.
const wireTime = "2006-01-02 15:04:05"

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(wireTime)
}

// forbidden are the characters that transaction_id and description may not hold.
const forbidden = "#/$_&"

// withoutForbidden turns the forbidden characters into spaces.
func withoutForbidden(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(forbidden, r) {
			return ' '
		}
		return r
	}, text)
}

// limits are a currency's amounts in whole units.
type limits struct {
	// serverMin is refused below by the provider, clientMin by our connector
	// before any call: the documents disagree about the franc of Congo.
	serverMin, clientMin int64
	// step is what amounts must be a multiple of.
	step int64
}

// maxUnits is the greatest amount in every currency.
const maxUnits = 1_500_000

var currencyLimits = map[money.Currency]limits{
	money.XOF: {serverMin: 100, clientMin: 100, step: 5},
	money.XAF: {serverMin: 100, clientMin: 100, step: 5},
	money.CDF: {serverMin: 400, clientMin: 1000, step: 5},
	money.GNF: {serverMin: 1000, clientMin: 1000, step: 5},
	money.USD: {serverMin: 1, clientMin: 1, step: 1},
}

// wholeUnits is the amount in the currency's main unit; whole is false when
// that loses something, as CinetPay has integers only.
func wholeUnits(a money.Amount) (units int64, whole bool) {
	scale := int64(1)
	for range a.Currency.Decimals() {
		scale *= 10
	}
	return a.Minor / scale, a.Minor%scale == 0
}

// unitsNumber writes a whole amount as the wire's integer.
func unitsNumber(a money.Amount) (json.Number, error) {
	units, whole := wholeUnits(a)
	if !whole {
		return "", fmt.Errorf("amount %s is not whole", a)
	}
	return json.Number(strconv.FormatInt(units, 10)), nil
}

// The channels of the payment page.
const (
	channelAll    = "ALL"
	channelMobile = "MOBILE_MONEY"
	channelCard   = "CREDIT_CARD"
	channelWallet = "WALLET"
)
