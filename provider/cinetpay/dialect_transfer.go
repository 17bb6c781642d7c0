package cinetpay

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

// transferAnswer is every answer of the transfer API. Code is the number 0 on
// success and text otherwise.
type transferAnswer struct {
	Code        any    `json:"code"`
	Message     string `json:"message"`
	Description string `json:"description,omitempty"`
	Data        any    `json:"data"`
}

func writeTransfer(w http.ResponseWriter, data any) {
	writeJSON(w, http.StatusOK, transferAnswer{Code: 0, Message: messageDone, Data: data})
}

// writeTransferError answers an error; the API's own errors are HTTP 200.
func writeTransferError(w http.ResponseWriter, r *http.Request, status int, code string) {
	writeJSON(w, status, transferError(r, code))
}

// transferError is the answer of an error, described in the query's language.
func transferError(r *http.Request, code string) transferAnswer {
	row, _ := findTransferCode(code)
	description := row.fr
	if strings.EqualFold(r.URL.Query().Get("lang"), "en") {
		description = row.en
	}
	return transferAnswer{Code: code, Message: row.message, Description: description, Data: []any{}}
}

// transferFault is the one table from the gateway's refusals to the transfer
// API's codes.
func transferFault(err error) (status int, code string) {
	e := asError(err)
	switch e.Kind {
	case pay.KindInvalid:
		switch e.Code {
		case pay.CodeAmountTooLow:
			return http.StatusOK, codeTooSmall
		case pay.CodeAmountTooHigh:
			return http.StatusOK, codeTooLarge
		case pay.CodeInvalidPhone:
			return http.StatusOK, codeInvalidPhone
		}
		return http.StatusOK, codeDataNotValid
	case pay.KindConflict:
		if e.Code == pay.CodeDuplicateReference {
			return http.StatusOK, codeClientIDExists
		}
		return http.StatusOK, codeDataNotValid
	case pay.KindNotFound:
		return http.StatusOK, codeNotFound
	case pay.KindUnauthorized:
		return http.StatusOK, codeBadUser
	case pay.KindForbidden:
		return http.StatusOK, codeNotAllowed
	case pay.KindFunds:
		return http.StatusOK, codeNoFunds
	case pay.KindCapability:
		return http.StatusOK, codeNoOperator
	case pay.KindTooMany:
		return http.StatusOK, codeExecution
	case pay.KindUnavailable:
		return http.StatusServiceUnavailable, codeExecution
	}
	return http.StatusInternalServerError, codeUnexpected
}

// issuedToken is a token of the transfer API. It is kept for longer than it is
// good, so that one who brings it late hears that it has expired.
type issuedToken struct {
	APIKey  string    `json:"apikey"`
	Expires time.Time `json:"expires"`
}

const (
	tokenLife       = 5 * time.Minute
	tokenRemembered = time.Hour
)

func issuedKey(token string) string { return "token:" + token }

// login serves /auth/login.
func (d *dialect) login(w http.ResponseWriter, r *http.Request) {
	if r.ParseForm() != nil || r.Form.Get("apikey") == "" || r.Form.Get("password") == "" {
		writeTransferError(w, r, http.StatusOK, codeInvalidParam)
		return
	}
	a, err := d.accountOfKey(r.Context(), r.Form.Get("apikey"))
	if err != nil {
		status, code := transferFault(err)
		writeTransferError(w, r, status, code)
		return
	}
	if subtle.ConstantTimeCompare([]byte(a.Password), []byte(r.Form.Get("password"))) != 1 {
		writeTransferError(w, r, http.StatusOK, codeBadCredentials)
		return
	}
	token, now := rand.Text()+rand.Text(), d.gw.Now()
	issued := issuedToken{APIKey: a.APIKey, Expires: now.Add(tokenLife)}
	err = provider.Remember(r.Context(), d.memory(), issuedKey(token), a.MerchantID, issued, now.Add(tokenRemembered))
	if err != nil {
		writeTransferError(w, r, http.StatusOK, codeNoToken)
		return
	}
	writeTransfer(w, map[string]string{"token": token})
}

// withToken finds out whose token the query has, and reads the form.
func (d *dialect) withToken(serve func(http.ResponseWriter, *http.Request, account)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var issued issuedToken
		_, err := provider.Recall(r.Context(), d.memory(), issuedKey(r.URL.Query().Get("token")), &issued)
		code, status := "", http.StatusOK
		var a account
		switch {
		case errors.Is(err, provider.ErrNoItem):
			code = codeTokenInvalid
		case err != nil:
			status, code = transferFault(err)
		case !d.gw.Now().Before(issued.Expires):
			code = codeTokenExpired
		default:
			a, err = d.accountOfKey(r.Context(), issued.APIKey)
			if code, status = "", http.StatusOK; err != nil {
				// The apikey was replaced since.
				code = codeTokenInvalid
			}
		}
		if code == "" && r.ParseForm() != nil {
			code = codeInvalidParam
		}
		if code != "" {
			writeTransferError(w, r, status, code)
			return
		}
		serve(w, r, a)
	}
}

// balance serves /transfer/check/balance.
func (d *dialect) balance(w http.ResponseWriter, r *http.Request, a account) {
	b, err := d.gw.Balance(r.Context(), a.caller(), money.Currency(a.option(optTransferCurrency)))
	if err != nil {
		status, code := transferFault(err)
		writeTransferError(w, r, status, code)
		return
	}
	total, err := b.Available.Add(b.Pending)
	if err != nil {
		writeTransferError(w, r, http.StatusInternalServerError, codeUnexpected)
		return
	}
	writeTransfer(w, Funds{
		Amount:    json.Number(total.Plain()),
		InUsing:   json.Number(b.Pending.Plain()),
		Available: json.Number(b.Available.Plain()),
	})
}

// maxItems bounds one request.
const maxItems = 100

// dataItems reads the array in the form field data; one object is an array of one.
func dataItems[T any](r *http.Request) (list []T, code string) {
	text := strings.TrimSpace(r.Form.Get("data"))
	switch {
	case text == "":
		return nil, codeInvalidParam
	case strings.HasPrefix(text, "{"):
		text = "[" + text + "]"
	}
	var raw []json.RawMessage
	if json.Unmarshal([]byte(text), &raw) != nil || provider.CheckJSON([]byte(text)) != nil {
		return nil, codeBrokenJSON
	}
	if len(raw) == 0 || len(raw) > maxItems {
		return nil, codeDataNotValid
	}
	for _, item := range raw {
		var v T
		if !isFlat(item) || json.Unmarshal(item, &v) != nil {
			return nil, codeDataNotValid
		}
		list = append(list, v)
	}
	return list, ""
}

// isFlat reports whether an item is an object of single values.
func isFlat(item json.RawMessage) bool {
	var fields map[string]json.RawMessage
	if json.Unmarshal(item, &fields) != nil || fields == nil {
		return false
	}
	for _, value := range fields {
		if value[0] == '{' || value[0] == '[' {
			return false
		}
	}
	return true
}

// nest wraps a list of items as the account's option says.
func (a account) nest(list any) any {
	if a.option(optTransferNesting) == "flat" {
		return list
	}
	return []any{list}
}

// contactOrder is one item of a request to make contacts.
type contactOrder struct {
	Prefix  Text `json:"prefix"`
	Phone   Text `json:"phone"`
	Name    Text `json:"name"`
	Surname Text `json:"surname"`
	Email   Text `json:"email"`
}

// contactAnswer repeats a contact with what became of it.
type contactAnswer struct {
	Prefix  string `json:"prefix"`
	Phone   string `json:"phone"`
	Name    string `json:"name"`
	Surname string `json:"surname"`
	Email   string `json:"email"`
	Code    any    `json:"code"`
	Status  string `json:"status"`
	Lot     string `json:"lot,omitempty"`
}

func contactKey(a account, n phone.Number) string {
	return "contact:" + string(a.Mode) + ":" + a.MerchantID + ":" + n.E164()
}

// contact serves /transfer/contact.
func (d *dialect) contact(w http.ResponseWriter, r *http.Request, a account) {
	orders, code := dataItems[contactOrder](r)
	numbers := make([]phone.Number, len(orders))
	for i, o := range orders {
		if code == "" {
			numbers[i], code = receiver(o.Prefix, o.Phone)
		}
	}
	if code != "" {
		writeTransferError(w, r, http.StatusOK, code)
		return
	}
	lot := d.newLot()
	answers := make([]contactAnswer, len(orders))
	for i, o := range orders {
		answers[i] = contactAnswer{
			Prefix: o.Prefix.String(), Phone: o.Phone.String(), Name: o.Name.String(),
			Surname: o.Surname.String(), Email: o.Email.String(),
			Code: 0, Status: messageItemSucceeded, Lot: lot,
		}
		known, err := d.addContact(r.Context(), a, numbers[i], o)
		if err != nil {
			writeTransferError(w, r, http.StatusInternalServerError, codeUnexpected)
			return
		}
		if known {
			row, _ := findTransferCode(codeContactKnown)
			answers[i].Code, answers[i].Status, answers[i].Lot = row.code, row.message, ""
		}
	}
	writeTransfer(w, a.nest(answers))
}

// storedContact is what is kept of a contact.
type storedContact struct {
	Name    string `json:"name"`
	Surname string `json:"surname"`
	Email   string `json:"email"`
}

// addContact keeps a contact; known reports that it was there.
func (d *dialect) addContact(ctx context.Context, a account, n phone.Number, o contactOrder) (known bool, err error) {
	value, err := json.Marshal(storedContact{o.Name.String(), o.Surname.String(), o.Email.String()})
	if err != nil {
		return false, fmt.Errorf("encode contact: %w", err)
	}
	added, err := d.memory().Add(ctx, contactKey(a, n), provider.Item{MerchantID: a.MerchantID, Value: value})
	if err != nil {
		return false, fmt.Errorf("keep contact: %w", err)
	}
	return !added, nil
}

// receiver reads the number of a contact or transfer.
func receiver(prefix, number Text) (phone.Number, string) {
	if prefix.String() == "" || number.String() == "" {
		return phone.Number{}, codeDataNotValid
	}
	n, err := phone.Parse("+"+strings.TrimPrefix(prefix.String(), "+")+number.String(), "")
	if err != nil {
		return phone.Number{}, codeInvalidPhone
	}
	return n, ""
}

// newLot names what was sent together.
func (d *dialect) newLot() string {
	return fmt.Sprintf("%d%s", d.gw.Now().Unix(), randomDigits(6))
}

// transferCurrency is the currency of money sent to an operator: the account's
// where the operator takes it, else the operator's own.
func (a account) transferCurrency(o phone.Operator) money.Currency {
	if c := money.Currency(a.option(optTransferCurrency)); o.Accepts(c) {
		return c
	}
	return o.Currency
}

// receivingOperator is the named one, or the number's network.
func receivingOperator(n phone.Number, method string) (phone.Operator, bool) {
	if method = strings.TrimSpace(method); method != "" {
		return operatorNamed(method, n)
	}
	return phone.Suggest(n)
}

// customerOfContact is who gets the money, as the contact names them.
func customerOfContact(c storedContact, n phone.Number) pay.Customer {
	return pay.Customer{
		Name: c.Name, GivenName: c.Surname, Email: c.Email, Phone: n.E164(), Country: n.Country(),
	}
}
