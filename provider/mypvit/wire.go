package mypvit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/phone"
)

// The values of the documented fields.
const (
	TypePayment    = "PAYMENT"
	TypeGiveChange = "GIVE_CHANGE"

	ServiceRESTful  = "RESTFUL"
	ServiceWeb      = "WEB"
	ServiceCard     = "VISA_MASTERCARD"
	ServiceRESTLink = "RESTLINK"

	OwnerMerchant = "MERCHANT"
	OwnerCustomer = "CUSTOMER"

	StatusPending   = "PENDING"
	StatusSuccess   = "SUCCESS"
	StatusFailed    = "FAILED"
	StatusAmbiguous = "AMBIGUOUS"

	OperatorAirtel = "AIRTEL_MONEY"
	OperatorMoov   = "MOOV_MONEY"
)

const (
	headerSecret        = "X-Secret"
	headerCallbackMedia = "X-Callback-MediaType"

	maxBody = 1 << 20
)

// country is where MyPVit works; its numbers, operators and franc.
const country = "GA"

// libreville has one hour more than UTC all year round.
var libreville = time.FixedZone("Africa/Libreville", 3600)

// minimumAmount is the greatest amount that is still too low ("supérieur à 150").
const minimumAmount = 150

// Order is the body of rest and, with the redirection codes, of link.
type Order struct {
	Agent                  string  `json:"agent,omitempty"`
	Amount                 Decimal `json:"amount"`
	Product                string  `json:"product,omitempty"`
	Reference              string  `json:"reference"`
	Service                string  `json:"service"`
	CallbackURLCode        string  `json:"callback_url_code,omitempty"`
	CustomerAccountNumber  string  `json:"customer_account_number"`
	Account                string  `json:"merchant_operation_account_code"`
	TransactionType        string  `json:"transaction_type"`
	OwnerCharge            string  `json:"owner_charge"`
	OwnerChargeOperator    string  `json:"owner_charge_operator,omitempty"`
	FreeInfo               string  `json:"free_info,omitempty"`
	FailedRedirectionCode  string  `json:"failed_redirection_url_code,omitempty"`
	SuccessRedirectionCode string  `json:"success_redirection_url_code,omitempty"`
	// OperatorCode is required by /v2 alone.
	OperatorCode string `json:"operator_code,omitempty"`
}

// Transaction is the answer to rest.
type Transaction struct {
	Status              string     `json:"status" xml:"status"`
	StatusCode          StatusCode `json:"status_code" xml:"status_code"`
	Operator            string     `json:"operator" xml:"operator"`
	ReferenceID         string     `json:"reference_id" xml:"reference_id"`
	MerchantReferenceID string     `json:"merchant_reference_id" xml:"merchant_reference_id"`
	Account             string     `json:"merchant_operation_account_code" xml:"merchant_operation_account_code"`
	Message             string     `json:"message" xml:"message"`
}

// Link is the answer to link. SUCCESS says that the link exists, not that
// anybody paid.
type Link struct {
	Status              string     `json:"status" xml:"status"`
	StatusCode          StatusCode `json:"status_code" xml:"status_code"`
	MerchantReferenceID string     `json:"merchant_reference_id" xml:"merchant_reference_id"`
	URL                 string     `json:"url" xml:"url"`
}

// State is the answer to status.
type State struct {
	Date                  string  `json:"date" xml:"date"`
	Status                string  `json:"status" xml:"status"`
	Amount                Decimal `json:"amount" xml:"amount"`
	Fees                  Decimal `json:"fees" xml:"fees"`
	Operator              string  `json:"operator" xml:"operator"`
	MerchantReferenceID   string  `json:"merchant_reference_id" xml:"merchant_reference_id"`
	CustomerAccountNumber string  `json:"customer_account_number" xml:"customer_account_number"`
	Account               string  `json:"merchant_operation_account_code" xml:"merchant_operation_account_code"`
}

// Balance is the answer to balance.
type Balance struct {
	Balance Decimal `json:"balance" xml:"balance"`
	Account string  `json:"merchant_operation_account_code" xml:"merchant_operation_account_code"`
}

// Customer is the answer to kyc; OperatorCode comes on /v2 alone.
type Customer struct {
	FullName              string `json:"full_name" xml:"full_name"`
	CustomerAccountNumber string `json:"customer_account_number" xml:"customer_account_number"`
	IsActive              bool   `json:"is_active" xml:"is_active"`
	OperatorCode          string `json:"operatorCode,omitempty" xml:"operatorCode,omitempty"`
}

// Renewal is the answer to renew-secret in v5.5: the key itself is pushed.
type Renewal struct {
	StatusCode StatusCode `json:"status_code" xml:"status_code"`
	Message    string     `json:"message" xml:"message"`
}

// InlineSecret is the answer to renew-secret on /v2. The server alone encodes
// it; what is received is read by parseSecret.
type InlineSecret struct {
	Account   string `json:"operation_account_code" xml:"operation_account_code"`
	Secret    string `json:"secret" xml:"secret"`
	ExpiresIn int64  `json:"expires_in" xml:"expires_in"`
}

// PushedSecret is what is posted to the merchant's reception address.
type PushedSecret struct {
	Account   string `json:"operation_account_code"`
	SecretKey string `json:"secret_key"`
	ExpiresIn int64  `json:"expires_in"`
}

// Operator is one row of get-operators.
type Operator struct {
	Code        string `json:"code" xml:"code"`
	Name        string `json:"name" xml:"name"`
	CountryCode string `json:"countryCode" xml:"countryCode"`
}

// Fees is the answer to get-fees.
type Fees struct {
	Amount          Decimal `json:"amount" xml:"amount"`
	Fees            Decimal `json:"fees" xml:"fees"`
	TotalAmount     Decimal `json:"totalAmount" xml:"totalAmount"`
	Operator        string  `json:"operator" xml:"operator"`
	TransactionType string  `json:"transactionType" xml:"transactionType"`
}

// QRCode is the answer to generate-qr-code; Data is a PNG in base64.
type QRCode struct {
	Status      string `json:"status" xml:"status"`
	Data        string `json:"data" xml:"data"`
	ReferenceID string `json:"reference_id" xml:"reference_id"`
}

// Callback is what a merchant is sent about a payment, in the documented order.
type Callback struct {
	TransactionID        string   `json:"transactionId" xml:"transactionId"`
	MerchantReferenceID  string   `json:"merchantReferenceId" xml:"merchantReferenceId"`
	Status               string   `json:"status" xml:"status"`
	Amount               Decimal  `json:"amount" xml:"amount"`
	CustomerID           string   `json:"customerID" xml:"customerID"`
	Fees                 Decimal  `json:"fees" xml:"fees"`
	TotalAmount          Decimal  `json:"totalAmount" xml:"totalAmount"`
	ChargeOwner          string   `json:"chargeOwner" xml:"chargeOwner"`
	FreeInfo             Nullable `json:"freeInfo" xml:"freeInfo"`
	TransactionOperation string   `json:"transactionOperation" xml:"transactionOperation"`
	Code                 int      `json:"code" xml:"code"`
	CallbackMediaType    string   `json:"callbackMediaType" xml:"callbackMediaType"`
	Operator             string   `json:"operator" xml:"operator"`
}

// ParseCallback reads a callback in JSON or XML. Only transactionId and status
// are required: some senders leave the rest out. A missing code reads as 200.
func ParseCallback(media string, body []byte) (Callback, error) {
	f, err := decodeFields(media, body)
	if err != nil {
		return Callback{}, fmt.Errorf("read callback: %w", err)
	}
	return callbackOf(f)
}

func callbackOf(f fields) (Callback, error) {
	c := Callback{
		TransactionID: f.text("transactionId"), MerchantReferenceID: f.text("merchantReferenceId"),
		Status: f.text("status"), Amount: Decimal(f.text("amount")), CustomerID: f.text("customerID"),
		Fees: Decimal(f.text("fees")), TotalAmount: Decimal(f.text("totalAmount")),
		ChargeOwner: f.text("chargeOwner"), FreeInfo: Nullable(f.text("freeInfo")),
		TransactionOperation: f.text("transactionOperation"), CallbackMediaType: f.text("callbackMediaType"),
		Operator: f.text("operator"), Code: 200,
	}
	if c.TransactionID == "" || c.Status == "" {
		return Callback{}, errors.New("read callback: transactionId or status is missing")
	}
	if code, err := strconv.Atoi(f.text("code")); err == nil {
		c.Code = code
	}
	return c, nil
}

// Ack is the merchant's answer to a callback: it repeats code and transactionId.
type Ack struct {
	ResponseCode  int    `json:"responseCode" xml:"responseCode"`
	TransactionID string `json:"transactionId" xml:"transactionId"`
}

// errorAnswer is the body of every refusal.
type errorAnswer struct {
	Date       string   `json:"date" xml:"date"`
	StatusCode int      `json:"status_code" xml:"status_code"`
	Error      string   `json:"error" xml:"error"`
	Message    string   `json:"message" xml:"message"`
	Messages   []string `json:"messages,omitempty" xml:"messages,omitempty"`
	Path       string   `json:"path" xml:"path"`
}

// Decimal is an amount as it was written: 200.0. It never passes a float.
type Decimal string

// decimalOf writes an amount with one decimal, as the documents do.
func decimalOf(a money.Amount) Decimal { return Decimal(a.Fixed(1)) }

// XAF reads the decimal as francs; a fraction is refused.
func (d Decimal) XAF() (money.Amount, error) {
	a, err := money.Parse(string(d), money.XAF)
	if err != nil {
		return money.Amount{}, fmt.Errorf("read amount: %w", err)
	}
	return a, nil
}

// MarshalJSON writes a bare number.
func (d Decimal) MarshalJSON() ([]byte, error) {
	if !json.Valid([]byte(d)) {
		return nil, errors.New("amount is not a number")
	}
	return []byte(d), nil
}

// UnmarshalJSON takes a number or a text.
func (d *Decimal) UnmarshalJSON(b []byte) error {
	*d = Decimal(bareText(b))
	return nil
}

// StatusCode is the HTTP status as text, which answers other than refusals
// hold ("200"). A number is read as well.
type StatusCode string

// UnmarshalJSON takes a number or a text.
func (s *StatusCode) UnmarshalJSON(b []byte) error {
	*s = StatusCode(bareText(b))
	return nil
}

// bareText is a JSON text or number without its quotes; null is "".
func bareText(b []byte) string {
	if bytes.Equal(b, []byte("null")) {
		return ""
	}
	var s string
	if json.Unmarshal(b, &s) == nil {
		return strings.TrimSpace(s)
	}
	return string(b)
}

// Nullable is a text that is null in JSON, and an empty element in XML, when
// there is none.
type Nullable string

// MarshalJSON writes null for no text.
func (n Nullable) MarshalJSON() ([]byte, error) {
	if n == "" {
		return []byte("null"), nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(string(n)); err != nil {
		return nil, fmt.Errorf("write text: %w", err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// operators are MyPVit's names of the two operators.
var operators = []struct {
	id  string // of package phone
	row Operator
}{
	{"airtel_ga", Operator{Code: OperatorAirtel, Name: "Airtel Money", CountryCode: country}},
	{"moov_ga", Operator{Code: OperatorMoov, Name: "Moov Money", CountryCode: country}},
}

// operatorAlias is another spelling that /v2 accepts.
var operatorAlias = map[string]string{"GAB_AIRTEL": OperatorAirtel}

// operatorCode is MyPVit's name of an operator of package phone, "" for others.
func operatorCode(id string) string {
	for _, o := range operators {
		if o.id == id {
			return o.row.Code
		}
	}
	return ""
}

// operatorID is the id in package phone of an operator of MyPVit, "" for others.
func operatorID(code string) string {
	if real, ok := operatorAlias[code]; ok {
		code = real
	}
	for _, o := range operators {
		if o.row.Code == code {
			return o.id
		}
	}
	return ""
}

// gabonese reads a Gabonese number and deduces its operator, as MyPVit does.
func gabonese(text string) (n phone.Number, operator string, err error) {
	n, err = phone.Parse(text, country)
	if err != nil {
		return phone.Number{}, "", fmt.Errorf("read phone number: %w", err)
	}
	if n.Country() != country {
		return phone.Number{}, "", errors.New("the number is not Gabonese")
	}
	o, _ := phone.Suggest(n)
	return n, operatorCode(o.ID), nil
}
