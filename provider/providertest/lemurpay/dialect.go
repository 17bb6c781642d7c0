package lemurpay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

// maxBody bounds a request's body, in bytes.
const maxBody = 16 << 10

// dialect is LemurPay's API as we serve it.
type dialect struct{ gateway provider.Gateway }

func speak(g provider.Gateway) provider.Dialect { return dialect{g} }

// refusal is a refused request, by its code.
type refusal string

// Error implements error.
func (r refusal) Error() string { return string(r) }

// ServeHTTP authenticates, decodes, calls one use case and answers.
func (d dialect) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p, status, err := d.serve(r)
	if err == nil {
		write(w, status, p)
		return
	}
	code := codeOf(err)
	if status = refusals[code].status; status == 0 {
		status = http.StatusInternalServerError
	}
	write(w, status, problem{Error: code, Message: http.StatusText(status)})
}

func (d dialect) serve(r *http.Request) (Payment, int, error) {
	// Clients that join an address and a path by hand double the slash.
	path := "/" + strings.Join(strings.FieldsFunc(r.URL.Path, func(c rune) bool { return c == '/' }), "/")
	id, one := strings.CutPrefix(path, pathPayments+"/")
	switch {
	case path != pathPayments && (!one || strings.Contains(id, "/")):
		return Payment{}, 0, refusal(codeUnknown)
	case one && r.Method != http.MethodGet, !one && r.Method != http.MethodPost:
		return Payment{}, 0, refusal(codeMethod)
	}
	a, err := d.authenticate(r)
	if err != nil {
		return Payment{}, 0, err
	}
	if one {
		tx, err := d.gateway.Find(r.Context(), a.caller(), provider.Search{Reference: id})
		return told(tx), http.StatusOK, err
	}
	tx, err := d.create(r, a)
	return told(tx), http.StatusCreated, err
}

func (d dialect) create(r *http.Request, a account) (pay.Transaction, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	var o Order
	if err != nil || provider.CheckJSON(body) != nil || json.Unmarshal(body, &o) != nil || o.ID == "" || o.Amount <= 0 {
		return pay.Transaction{}, refusal(codeRequest)
	}
	n, err := phone.Parse(o.Phone, "")
	if err != nil {
		return pay.Transaction{}, refusal(codePhone)
	}
	return d.gateway.Create(r.Context(), a.caller(), provider.Request{
		Kind: pay.Payment, Reference: o.ID, Amount: money.New(o.Amount, money.XOF),
		Customer: pay.Customer{Phone: n.E164()}, Method: pay.Method{Type: pay.MobileMoney, Phone: n.E164()},
		Push: true, // the answer has no page for the payer to go to
	})
}

// told is a transaction in LemurPay's words.
func told(tx pay.Transaction) Payment {
	p := Payment{ID: tx.Reference, Amount: tx.Amount.Minor, State: stateAsked}
	switch {
	case tx.Status == pay.StatusSucceeded:
		p.State = statePaid
	case tx.Status.Final():
		p.State, p.Reason = stateRefused, reasonCode(tx.Failure.Reason)
	}
	return p
}

// codeOf is the one table from the gateway's refusals to LemurPay's.
func codeOf(err error) string {
	var own refusal
	if errors.As(err, &own) {
		return string(own)
	}
	switch pay.KindOf(err) {
	case pay.KindInvalid:
		return codeRequest
	case pay.KindNotFound:
		return codeUnknown
	case pay.KindConflict:
		return codeDuplicate
	case pay.KindUnauthorized, pay.KindForbidden:
		return codeKey
	case pay.KindCapability:
		return codeNotPossible
	}
	return "internal"
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller may have gone
}

// Notice tells the merchant that its payment has ended, not how.
func (d dialect) Notice(ctx context.Context, tx pay.Transaction, event string) (*provider.Notice, error) {
	if !tx.Status.Final() || event != string(tx.Status) {
		return nil, nil
	}
	a, err := d.accountOf(ctx, tx.Mode, tx.MerchantID)
	if err != nil || a.Callback == "" {
		return nil, err
	}
	body, err := json.Marshal(Notice{ID: tx.Reference})
	if err != nil {
		return nil, fmt.Errorf("encode notification: %w", err)
	}
	return &provider.Notice{Retries: noticeRetries, Call: provider.Call{
		Method: http.MethodPost, URL: a.Callback, Header: http.Header{"Content-Type": {"application/json"}}, Body: body,
	}}, nil
}

// Acknowledged takes any 2xx.
func (dialect) Acknowledged(_ *provider.Notice, status int, _ []byte) provider.Ack {
	return provider.Ack{Delivered: status/100 == 2}
}
