package flexpay

import (
	"mime"
	"net/url"
	"strings"
)

// seedCallback is the callback of the seed, in its order. No signature covers it.
type seedCallback struct {
	// Code is "0" when the transaction succeeded.
	Code      string `json:"code"`
	Reference string `json:"reference"`
	// ProviderReference is the operator's, "" on failure.
	ProviderReference string `json:"provider_reference"`
	OrderNumber       string `json:"orderNumber"`
}

// extendedCallback is the callback of the later documents.
type extendedCallback struct {
	seedCallback
	Amount         string `json:"amount"`
	AmountCustomer string `json:"amountCustomer"`
	Phone          string `json:"phone,omitempty"` // absent for cards
	Currency       string `json:"currency"`
	CreatedAt      string `json:"createdAt"`
	Channel        string `json:"channel,omitempty"`
}

// Callback is a callback as it is read. It proves nothing: whoever gets one
// must check.
type Callback struct {
	Code              string
	Reference         string
	ProviderReference string
	OrderNumber       string
	Amount            string
	AmountCustomer    string
	Phone             string
	Currency          string
	CreatedAt         string
	Channel           string
}

// Succeeded reports what the callback claims.
func (c Callback) Succeeded() bool { return c.Code == codeOK }

// ParseCallback reads a callback: JSON, or a form; code as text or number, keys
// in any case.
func ParseCallback(contentType string, body []byte) (Callback, error) {
	mediaType, _, _ := mime.ParseMediaType(contentType)
	text := strings.TrimSpace(string(body))
	fields := map[string]string{}
	if mediaType == mediaForm && !strings.HasPrefix(text, "{") {
		values, err := url.ParseQuery(text)
		if err != nil {
			return Callback{}, errUnreadable
		}
		for name := range values {
			fields[plainKey(name)] = strings.TrimSpace(values.Get(name))
		}
	} else {
		p, err := jsonParams(body)
		if err != nil {
			return Callback{}, err
		}
		for name := range p {
			fields[plainKey(name)] = p.text(name)
		}
	}
	return Callback{
		Code: fields["code"], Reference: fields["reference"], ProviderReference: fields["providerreference"],
		OrderNumber: fields["ordernumber"], Amount: fields["amount"], AmountCustomer: fields["amountcustomer"],
		Phone: fields["phone"], Currency: fields["currency"], CreatedAt: fields["createdat"], Channel: fields["channel"],
	}, nil
}

// plainKey folds orderNumber, OrderNumber and order_number to one.
func plainKey(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, "_", ""))
}
