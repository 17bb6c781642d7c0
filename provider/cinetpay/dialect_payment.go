package cinetpay

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

// Keys of a transaction's front data.
const (
	frontNotifyURL   = "notify_url"
	frontLanguage    = "lang"
	frontMetadata    = "metadata"
	frontInvoice     = "invoice_data"
	frontAlternative = "alternative_currency"
	frontCustomerID  = "customer_id"
	frontLot         = "lot"
)

// pageAnswer is the data of a created payment.
type pageAnswer struct {
	PaymentToken string `json:"payment_token"`
	PaymentURL   string `json:"payment_url"`
}

// payment serves POST /v2/payment.
func (d *dialect) payment(w http.ResponseWriter, r *http.Request, a account, p params) {
	request, refused := d.paymentOrder(a, p)
	if refused != nil {
		d.refuse(w, a, refused)
		return
	}
	tx, err := d.gw.Create(r.Context(), a.caller(), request)
	if err != nil {
		d.refuse(w, a, faultOf(a, err))
		return
	}
	writeJSON(w, http.StatusOK, answer{
		Code: codeCreated, Message: "CREATED", Description: "Transaction created with success",
		Data: pageAnswer{
			PaymentToken: tx.FrontReference, PaymentURL: d.gw.CheckoutURL(tx.Checkout.Token),
		},
		APIResponseID: d.responseID(),
	})
}

// paymentOrder validates a request, in the order of the document's tables.
func (d *dialect) paymentOrder(a account, p params) (provider.Request, *refusal) {
	r, illTyped := readPayment(p)
	if illTyped != "" {
		return provider.Request{}, refuse(codeFields, illTyped+" is not valid")
	}
	if name := r.missing(); name != "" {
		return provider.Request{}, refuse(codeFields, name+" is required")
	}
	if refused := d.checkTexts(a, r); refused != nil {
		return provider.Request{}, refused
	}
	amount, refused := amountOf(a, r)
	if refused != nil {
		return provider.Request{}, refused
	}
	methods, refused := channelsOf(r)
	if refused != nil {
		return provider.Request{}, refused
	}
	customer, locked, refused := customerOf(r, amount.Currency)
	if refused != nil {
		return provider.Request{}, refused
	}
	// The token that finds the payment again is the page's own.
	token := pay.NewToken(a.MerchantID)
	return provider.Request{
		Kind:              pay.Payment,
		Reference:         r.TransactionID,
		NewFrontReference: func() string { return token },
		FrontData:         frontData(r),
		Amount:            amount,
		Description:       r.Description,
		Customer:          customer,
		Checkout: pay.Checkout{
			Token: token, Methods: methods, LockedPhone: locked, Language: language(r.Language),
			Returns: returnsTo(r, token, a.option(optReturnMethod)),
		},
		ReturnURL: r.ReturnURL,
		ExpiresIn: a.abandonAfter(),
	}, nil
}

// maxName bounds what a transaction_id may be; the document names no length.
const maxName = 255

func (d *dialect) checkTexts(a account, r PaymentRequest) *refusal {
	if len(r.TransactionID) > maxName {
		return refuse(codeFields, "transaction_id is too long")
	}
	if a.option(optStrictCharset) == "true" {
		for name, text := range map[string]string{"transaction_id": r.TransactionID, "description": r.Description} {
			if strings.ContainsAny(text, forbidden) {
				return refuse(codeFields, name+" holds a forbidden character")
			}
		}
	}
	if d.gw.CheckURL(r.NotifyURL) != nil {
		return refuse(codeFields, "notify_url is not valid")
	}
	if !isWebAddress(r.ReturnURL) {
		return refuse(codeFields, "return_url is not valid")
	}
	if r.InvoiceData != nil && !isInvoice(r.InvoiceData) {
		return refuse(codeFields, "invoice_data is not valid")
	}
	return nil
}

// isInvoice reports whether the data is an object of at most three keys.
func isInvoice(data json.RawMessage) bool {
	var keys map[string]json.RawMessage
	return json.Unmarshal(data, &keys) == nil && len(keys) <= 3
}

// amountOf reads the amount: whole, within the limits, a multiple of 5.
func amountOf(a account, r PaymentRequest) (money.Amount, *refusal) {
	currency := money.Currency(strings.ToUpper(r.Currency))
	limit, ok := currencyLimits[currency]
	if !ok {
		return money.Amount{}, refuse(codeCurrency, "currency is not valid")
	}
	amount, err := money.Parse(string(r.Amount), currency)
	if errors.Is(err, money.ErrOverflow) {
		return money.Amount{}, refuse(codeTooHigh, "amount is too high")
	}
	units, whole := wholeUnits(amount)
	switch {
	case err != nil || !whole:
		return money.Amount{}, refuse(codeFields, "amount is not valid")
	case units < limit.serverMin:
		return money.Amount{}, refuse(codeTooLow, "amount is too low")
	case units > maxUnits:
		return money.Amount{}, refuse(codeTooHigh, "amount is too high")
	case units%limit.step != 0 && a.option(optMultipleOf5) == "true":
		return money.Amount{}, refuse(codeFields, "amount must be a multiple of 5")
	}
	return amount, nil
}

// channelsOf turns channels into what the page offers; nil offers everything.
// Cards alone need the customer's address.
func channelsOf(r PaymentRequest) ([]pay.MethodType, *refusal) {
	var methods []pay.MethodType
	all := r.Channels == ""
	for channel := range strings.SplitSeq(strings.ToUpper(r.Channels), ",") {
		switch strings.TrimSpace(channel) {
		case "":
		case channelAll:
			all = true
		case channelMobile:
			methods = append(methods, pay.MobileMoney)
		case channelCard:
			methods = append(methods, pay.CardMethod)
		case channelWallet:
			methods = append(methods, pay.Wallet)
		default:
			return nil, refuse(codeFields, "channels is not valid")
		}
	}
	switch {
	case all:
		return nil, nil
	case len(methods) == 0:
		return nil, refuse(codeFields, "channels is not valid")
	}
	slices.Sort(methods)
	methods = slices.Compact(methods)
	if slices.Equal(methods, []pay.MethodType{pay.CardMethod}) && r.missingForCard() != "" {
		return nil, refuse(codeUnknownError, descriptionUnknown)
	}
	return methods, nil
}

// homeCountries are where a local number is read first when the request names
// no country: the seed's countries of each currency.
var homeCountries = map[money.Currency]string{
	money.XOF: "CI", money.XAF: "CM", money.CDF: "CD", money.USD: "CD", money.GNF: "GN",
}

// customerOf reads the customer; locked is the number that the page may not change.
func customerOf(r PaymentRequest, currency money.Currency) (c pay.Customer, locked string, refused *refusal) {
	c = pay.Customer{
		Name: r.CustomerName, GivenName: r.CustomerSurname, Email: r.CustomerEmail,
		Address: r.CustomerAddress, City: r.CustomerCity, Country: strings.ToUpper(r.CustomerCountry),
		State: r.CustomerState, PostCode: r.CustomerZipCode,
	}
	home := homeCountries[currency]
	if slices.Contains(phone.Countries(), c.Country) {
		home = c.Country
	}
	n, err := phone.Parse(r.CustomerPhoneNumber, home)
	c.Phone = n.E164()
	switch {
	case !r.LockPhoneNumber:
		return c, "", nil
	case r.CustomerPhoneNumber == "":
		return c, "", refuse(codeUnknownError, descriptionUnknown)
	case err != nil:
		return c, "", refuse(codeFields, "customer_phone_number is not valid")
	}
	return c, c.Phone, nil
}

func language(lang string) string {
	if lang = strings.ToLower(lang); lang == "fr" || lang == "en" {
		return lang
	}
	return ""
}

func frontData(r PaymentRequest) map[string]string {
	data := map[string]string{frontNotifyURL: r.NotifyURL}
	for key, value := range map[string]string{
		frontLanguage:    language(r.Language),
		frontMetadata:    r.Metadata,
		frontInvoice:     string(r.InvoiceData),
		frontAlternative: r.AlternativeCurrency,
		frontCustomerID:  r.CustomerID,
	} {
		if value != "" {
			data[key] = value
		}
	}
	return data
}

// returnsTo sends the browser back the same way whatever the outcome: the
// shop learns it by a check.
func returnsTo(r PaymentRequest, token, method string) map[pay.Status]pay.Return {
	fields := map[string]string{"transaction_id": r.TransactionID, "token": token}
	returns := map[pay.Status]pay.Return{}
	for _, s := range pay.Statuses() {
		returns[s] = pay.Return{URL: r.ReturnURL, Method: method, Fields: fields}
	}
	return returns
}
