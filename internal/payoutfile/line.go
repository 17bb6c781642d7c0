package payoutfile

import (
	"errors"
	"slices"
	"strings"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/phone"
)

// reader is a file being read.
type reader struct {
	File
	head    []Column
	country string
	seen    map[string]bool // references
	bad     int             // lines with faults
	// current is the reference of the line being read.
	current string
}

func (r *reader) fault(line int, column Column, reason Reason) {
	r.Faults = append(r.Faults, Fault{Line: line, Column: column, Reason: reason, Reference: r.current})
}

// row reads one line; all of its faults are told.
func (r *reader) row(line int, cells []string) {
	before := len(r.Faults)
	value := map[Column]string{}
	for i, cell := range cells {
		cell = strings.Trim(cell, " \u00a0\u202f\t\r\n")
		switch {
		case i < len(r.head):
			if r.head[i] != "" {
				value[r.head[i]] = cell
			}
		case cell != "": // "15,000" between commas makes a cell too many
			r.current = value[Reference]
			r.fault(line, "", TooManyCells)
			r.bad++
			return
		}
	}
	p := Payout{Line: line, Reference: value[Reference], Name: value[Name], Description: value[Description]}
	r.current = p.Reference
	for _, c := range needed {
		if value[c] == "" {
			r.fault(line, c, Missing)
		}
	}
	if p.Reference != "" && r.seen[p.Reference] {
		r.fault(line, Reference, ReferenceTwice)
	}
	r.seen[p.Reference] = true
	r.amount(&p, value[Amount], value[Currency])
	r.phone(&p, value[Phone], value[Operator])
	r.current = ""
	if len(r.Faults) > before {
		r.bad++
		return
	}
	r.Payouts = append(r.Payouts, p)
}

func (r *reader) amount(p *Payout, text, code string) {
	if code == "" {
		return // missing, which was told
	}
	currency, err := money.ParseCurrency(strings.ToUpper(code))
	if err != nil {
		r.fault(p.Line, Currency, BadCurrency)
		return
	}
	p.Amount.Currency = currency
	if text == "" {
		return
	}
	amount, reason := readAmount(text, currency)
	if reason != "" {
		r.fault(p.Line, Amount, reason)
		return
	}
	p.Amount = amount
}

func (r *reader) phone(p *Payout, text, operator string) {
	if text == "" {
		return
	}
	number, err := phone.Parse(text, r.country)
	if err != nil {
		reason := BadPhone
		if r.country == "" && errors.Is(err, phone.ErrCountry) {
			reason = LocalPhone
		}
		r.fault(p.Line, Phone, reason)
		return
	}
	p.Phone = number.E164()
	op, ok := phone.Suggest(number)
	if operator != "" {
		var reason Reason
		if op, reason = findOperator(operator, number.Country()); reason != "" {
			r.fault(p.Line, Operator, reason)
			return
		}
		p.Operator = op.ID
	} else if !ok {
		return
	}
	if p.Amount.Currency != "" && !op.Accepts(p.Amount.Currency) {
		r.fault(p.Line, Currency, CurrencyOperator)
	}
}

// findOperator finds one by its id, its name or its brand.
func findOperator(text, country string) (phone.Operator, Reason) {
	wanted := plain(text)
	called := func(o phone.Operator) bool {
		return slices.Contains([]string{plain(o.ID), plain(o.Name), plain(o.Brand)}, wanted)
	}
	if i := slices.IndexFunc(phone.OperatorsIn(country), called); i >= 0 {
		return phone.OperatorsIn(country)[i], ""
	}
	if slices.ContainsFunc(phone.Operators(), called) {
		return phone.Operator{}, OperatorAbroad
	}
	return phone.Operator{}, BadOperator
}
