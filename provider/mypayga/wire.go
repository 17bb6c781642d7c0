package mypayga

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/passerelle-pay/passerelle/provider"
)

// The paths of the operations.
const (
	pathHash           = "/payment/gethash"
	pathRequest        = "/mpayment/payment-request"
	pathCardForm       = "/mpgga-form-cbpay"
	pathDetail         = "/payment/paiement-detail"
	pathTransfer       = "/mpayment/sendClientTransfert"
	pathTransferStatus = "/mpayment/getClientTransfert"
	pathFees           = "/mpayment/getFees"
	pathRefundCreate   = "/refund/create"
	pathRefundSend     = "/refund/send"
	pathRefundInfos    = "/refund/infos"
	pathLinkCreate     = "/payment/generateLink"
	pathLinkView       = "/payment/getLink/"
	pathLinkCancel     = "/payment/linkCancel/"
	pathLinkPage       = "/payment/sharedLink/pay"

	// The heading of the document has this prefix, its samples the other.
	pathLinkCancelHeading = "/mpayment/linkCancel/"

	// The newer API.
	pathPay     = "/v1/payment"
	pathNetwork = "/network"
	pathVerify  = "/verify"
)

// The values of every status field.
const (
	statusOK      = "200"
	statusPending = "100"
	statusFailed  = "400"
	statusAbsent  = "404"
)

// Further fixed values.
const (
	currencyCFA     = "CFA"
	recipientClient = "client"
	methodMobile    = "Mobile Money"
	methodCard      = "Card"
	typeMobile      = "mobile_money"
	typeCard        = "card"
	refundTotal     = "TO"
	refundPartial   = "PA"
)

// Text is a value that MyPayGa writes as text or as a number, by operation and
// by mood. It is read from either (null is empty) and written as text.
type Text string

// Number is Text that is written as a number.
type Number string

// String returns the text.
func (t Text) String() string { return string(t) }

// String returns the digits as they came.
func (n Number) String() string { return string(n) }

// UnmarshalJSON reads text, a number's literal or null.
func (t *Text) UnmarshalJSON(data []byte) error {
	text, err := scalar(data)
	*t = Text(text)
	return err
}

// UnmarshalJSON reads a number's literal, text or null.
func (n *Number) UnmarshalJSON(data []byte) error {
	text, err := scalar(data)
	*n = Number(text)
	return err
}

// MarshalJSON writes the number; the empty one is 0.
func (n Number) MarshalJSON() ([]byte, error) {
	if n == "" {
		return []byte("0"), nil
	}
	return []byte(n), nil
}

var errNotScalar = errors.New("mypayga: a value is neither text nor a number")

func scalar(data []byte) (string, error) {
	data = bytes.TrimSpace(data)
	switch {
	case len(data) == 0 || string(data) == "null":
		return "", nil
	case data[0] == '"':
		var text string
		if err := json.Unmarshal(data, &text); err != nil {
			return "", errNotScalar
		}
		return text, nil
	case data[0] == '{' || data[0] == '[':
		return "", errNotScalar
	}
	return string(data), nil
}

// References are the answer of gethash.
type References struct {
	Code         Text `json:"code"`
	Message      Text `json:"message"`
	Hash         Text `json:"hash"`
	PaymentToken Text `json:"payment_token"`
	UniqueID     Text `json:"uniqueID"`
}

// Started is the answer of payment-request: the prompt is on its way.
type Started struct {
	Message       Text               `json:"message"`
	PaymentToken  Text               `json:"payment_token"`
	Description   Text               `json:"description"`
	StatusRequest Text               `json:"statusRequest"`
	Transaction   StartedTransaction `json:"transaction"`
}

// StartedTransaction is what payment-request tells for display; its id is no key.
type StartedTransaction struct {
	Amount   Number `json:"amount"`
	Country  Text   `json:"country"`
	Currency Text   `json:"currency"`
	ID       Text   `json:"id"`
}

// Detail is the answer of paiement-detail, which lists finalised payments only.
type Detail struct {
	Payment     []DetailPayment `json:"payment"`
	Code        Text            `json:"code"`
	FinalStatus *Text           `json:"final_status"`
	MerchantRef *Text           `json:"merchand_ref"`
	Environment Text            `json:"environnement"`
	Message     Text            `json:"message,omitempty"`
}

// DetailPayment is one payment of a Detail. Net may be negative.
type DetailPayment struct {
	MerchantRef  Text   `json:"merchand_ref"`
	PaymentToken Text   `json:"payment_token"`
	Method       Text   `json:"paymentMethod"`
	CalledBack   Number `json:"mobile_callback"`
	OrderStatus  Text   `json:"OrderStatus"`
	Message      Text   `json:"message_data"`
	TotalAmount  Number `json:"totalAmount"`
	ClientNumber Text   `json:"clientNumber"`
	OrderedAt    Text   `json:"orderDateTime"`
	Operator     Text   `json:"pmt_banque"`
	Last4        Text   `json:"last_4_digits"`
	ClientName   *Text  `json:"nom_prenom_client"`
	Fees         Number `json:"frais_transaction"`
	Net          Number `json:"montant_net"`
	FinalStatus  Text   `json:"final_status"`
}

// Fees is the answer of getFees; rates are fractions of the amount.
type Fees struct {
	Message       Text     `json:"message"`
	StatusRequest Number   `json:"statusRequest"`
	Fees          FeeRates `json:"fees"`
}

// FeeRates are the rates of one operator in one country.
type FeeRates struct {
	Custom   Text `json:"merchand_custom_fees"`
	Standard Text `json:"standard_fees"`
	Platform Text `json:"platform_fees"`
	Bank     Text `json:"bank_fees"`
	Source   Text `json:"fees_source"`
	Operator Text `json:"short_partner"`
	Country  Text `json:"cty_partner"`
	Currency Text `json:"currency"`
}

// Link is what generateLink and getLink tell of a link: OrderRef and Paid are
// told at its creation alone, Ref and FinalStatus afterwards.
type Link struct {
	OrderRef    Text    `json:"order_ref,omitempty"`
	Ref         Text    `json:"ref,omitempty"`
	Description Text    `json:"description"`
	Email       Text    `json:"email"`
	Phone       Text    `json:"phone"`
	Expired     Number  `json:"expired"`
	Paid        *Number `json:"paid,omitempty"`
	FinalStatus Text    `json:"final_status,omitempty"`
	URL         Text    `json:"url"`
}

// linkCreated is the answer of generateLink.
type linkCreated struct {
	Message Text   `json:"message"`
	Code    Number `json:"code"`
	Link    Link   `json:"link"`
}

// linkViewed is the answer of getLink, which has no status field.
type linkViewed struct {
	Message   Text `json:"message"`
	CreatedAt Text `json:"created_at"`
	Link      Link `json:"link"`
}

// linkCanceled is the answer of linkCancel.
type linkCanceled struct {
	Message Text   `json:"message"`
	Code    Number `json:"code"`
	Link    Text   `json:"link"`
}

// unmarshal reads an answer. A comma before a closing bracket, as in a sample
// of the document, is forgiven once; nothing else is repaired.
func unmarshal(body []byte, into any) error {
	if json.Unmarshal(body, into) == nil {
		return nil
	}
	// The parser's own message is left out: it may quote what it could not read.
	if json.Unmarshal(provider.WithoutTrailingCommas(body), into) != nil {
		return errors.New("unreadable answer")
	}
	return nil
}
