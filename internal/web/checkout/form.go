package checkout

import (
	"context"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

// form is what the choice of a means of payment offers, and what was typed but
// for the card.
type form struct {
	Methods   []method
	Countries []country
	Operators []operatorGroup
	// Locked is the masked number that the payer may not change.
	Locked   string
	Phone    string
	Country  string
	Operator string
	// Chosen is the method that was tried.
	Chosen pay.MethodType
	// Fault names the field at fault.
	Fault string

	suggested string // the operator of the number that is known
}

type method struct {
	Type pay.MethodType
	Name string
	Open bool
}

// settle opens one method, and suggests the operator of a number that is known.
func (f *form) settle() {
	open := max(0, slices.IndexFunc(f.Methods, func(m method) bool { return m.Type == f.Chosen }))
	if len(f.Methods) > 0 {
		f.Methods[open].Open = true
	}
	if f.Operator == "" && f.Fault == "" {
		f.Operator = f.suggested
	}
}

// fields is one method's form on the page.
type fields struct {
	view
	method
}

// In is the form of a method.
func (v view) In(m method) fields { return fields{v, m} }

// Mark points from a field at fault to the message, and leads the cursor there.
func (f fields) Mark(field string) template.HTMLAttr {
	if f.Form.Fault != field || !f.Open {
		return ""
	}
	return `aria-invalid="true" aria-describedby="fault" autofocus`
}

// country is one that pays by phone; Prefix is its E.164 country code.
type country struct{ Code, Name, Prefix string }

type operatorGroup struct {
	Country   country
	Operators []operatorOption
}

type operatorOption struct{ ID, Name, Prefixes string }

// form finds what the merchant's connections can take for a transaction.
func (h handler) form(ctx context.Context, t pay.Transaction, v view) (form, error) {
	rails, err := h.rails(ctx, t)
	if err != nil {
		return form{}, err
	}
	f := form{Phone: t.Customer.Phone, Country: homeCountry(t)}
	for _, m := range []pay.MethodType{pay.MobileMoney, pay.CardMethod, pay.Wallet} {
		if takes(rails, m, t) {
			f.Methods = append(f.Methods, method{Type: m, Name: v.T["method."+string(m)]})
		}
	}
	for _, code := range phone.Countries() {
		if group := operatorsIn(code, t.Amount.Currency, v.Lang); len(group.Operators) > 0 && collectsIn(rails, code) {
			f.Countries = append(f.Countries, group.Country)
			f.Operators = append(f.Operators, group)
		}
	}
	known := t.Customer.Phone
	if n, err := phone.Parse(t.Checkout.LockedPhone, ""); err == nil {
		f.Locked, f.Phone, f.Country, known = n.Masked(), "", n.Country(), n.E164()
		f.Operators = slices.DeleteFunc(f.Operators, func(g operatorGroup) bool { return g.Country.Code != f.Country })
	}
	if len(f.Countries) > 0 && (f.Country == "" || len(f.Countries) == 1 && f.Locked == "") {
		f.Country = f.Countries[0].Code // of one country, numbers are read there wherever the customer lives
	}
	if n, err := phone.Parse(known, ""); err == nil {
		if op, ok := phone.Suggest(n); ok && op.Accepts(t.Amount.Currency) {
			f.suggested = op.ID
		}
	}
	return f, nil
}

// rails are the providers that the transaction may go to.
func (h handler) rails(ctx context.Context, t pay.Transaction) ([]*provider.Provider, error) {
	connections, err := h.Gateway.Connections(ctx, owner(t))
	if err != nil {
		return nil, err
	}
	var list []*provider.Provider
	for _, c := range connections {
		if p, ok := h.Gateway.Provider(c.Provider); ok && c.Enabled && (t.Pinned == "" || t.Pinned == c.ID) {
			list = append(list, p)
		}
	}
	return list, nil
}

func takes(rails []*provider.Provider, m pay.MethodType, t pay.Transaction) bool {
	if len(t.Checkout.Methods) > 0 && !slices.Contains(t.Checkout.Methods, m) {
		return false
	}
	return slices.ContainsFunc(rails, func(p *provider.Provider) bool {
		return p.Can(pay.Payment, m, t.Amount.Currency, true)
	})
}

func collectsIn(rails []*provider.Provider, code string) bool {
	return slices.ContainsFunc(rails, func(p *provider.Provider) bool { return slices.Contains(p.Countries, code) })
}

func operatorsIn(code string, cur money.Currency, lang string) operatorGroup {
	group := operatorGroup{Country: country{Code: code, Name: phone.CountryName(code, lang), Prefix: phone.CountryCode(code)}}
	for _, o := range phone.OperatorsIn(code) {
		if o.Accepts(cur) {
			group.Operators = append(group.Operators, operatorOption{o.ID, o.Name, strings.Join(o.Prefixes, " ")})
		}
	}
	return group
}

// homeCountry is where the customer is known to be, "" when nobody said.
func homeCountry(t pay.Transaction) string {
	if n, err := phone.Parse(t.Customer.Phone, ""); err == nil {
		return n.Country()
	}
	return t.Customer.Country
}

// read takes what the customer typed. The card goes into the choice alone.
func (h handler) read(r *http.Request, f *form) (gateway.Choice, error) {
	c := gateway.Choice{Method: pay.MethodType(r.PostFormValue("method")), Browser: browser(r)}
	f.Chosen = c.Method
	if c.Method == pay.CardMethod {
		card, err := pay.ParseCard(r.PostFormValue("number"), r.PostFormValue("expiry"), r.PostFormValue("cvv"), h.Now())
		if err != nil {
			return c, err
		}
		card.Holder = strings.TrimSpace(r.PostFormValue("holder"))
		c.Card = &card
		return c, nil
	}
	f.Country, f.Operator = r.PostFormValue("country"), r.PostFormValue("operator")
	c.Operator, c.Phone = f.Operator, strings.TrimSpace(r.PostFormValue("phone"))
	if f.Locked == "" {
		f.Phone = c.Phone
	}
	if n, err := phone.Parse(c.Phone, f.Country); err == nil {
		c.Phone = n.E164()
	}
	return c, nil
}

// browser describes the payer's browser for 3-D Secure, by EMV 3DS names.
func browser(r *http.Request) map[string]string {
	lang, _, _ := strings.Cut(r.Header.Get("Accept-Language"), ",")
	return map[string]string{
		"browserUserAgent":    r.UserAgent(),
		"browserAcceptHeader": r.Header.Get("Accept"),
		"browserLanguage":     lang,
	}
}
