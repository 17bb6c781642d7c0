package api

import (
	"github.com/danielgtaylor/huma/v2"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

// The words of the API that come from a closed list. Each type documents and
// checks its list from the one place that defines it.
type (
	currency   string
	kind       string
	status     string
	methodType string
	reason     string
	bearer     string
	actionType string
)

func (currency) Schema(huma.Registry) *huma.Schema { return oneOf(money.Currencies()...) }
func (kind) Schema(huma.Registry) *huma.Schema {
	return oneOf(pay.Payment, pay.Payout, pay.Refund)
}
func (status) Schema(huma.Registry) *huma.Schema { return oneOf(pay.Statuses()...) }
func (methodType) Schema(huma.Registry) *huma.Schema {
	return oneOf(pay.MobileMoney, pay.CardMethod, pay.Wallet)
}
func (reason) Schema(huma.Registry) *huma.Schema { return oneOf(pay.Reasons()...) }
func (bearer) Schema(huma.Registry) *huma.Schema {
	return oneOf(pay.MerchantBears, pay.CustomerBears)
}

func (actionType) Schema(huma.Registry) *huma.Schema {
	return oneOf(pay.ApproveOnPhone, pay.Redirect, pay.EnterOTP, pay.ShowCode)
}

func oneOf[T ~string](values ...T) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, v := range values {
		s.Enum = append(s.Enum, string(v))
	}
	return s
}

// metadata is the merchant's own notes on an object.
type metadata map[string]string

const (
	maxNotes     = 50
	maxNoteName  = 64
	maxNoteValue = 500
)

// Schema bounds the notes; the length of names is checked by hand, since the
// checker knows no propertyNames.
func (metadata) Schema(huma.Registry) *huma.Schema {
	notes, length := maxNotes, maxNoteValue
	return &huma.Schema{
		Type: huma.TypeObject, MaxProperties: &notes,
		AdditionalProperties: &huma.Schema{Type: huma.TypeString, MaxLength: &length},
		Examples:             []any{map[string]any{"order": "1042"}},
	}
}

func (m metadata) check() error {
	for name := range m {
		if name == "" || len(name) > maxNoteName {
			return pay.Invalid("metadata", "a name in metadata has 1 to 64 characters")
		}
	}
	return nil
}

// Amount is money in a currency.
type Amount struct {
	Amount   int64    `json:"amount" example:"15000" doc:"In the currency's ISO 4217 minor unit: XAF, XOF and GNF have none, CDF and USD have two decimals"`
	Currency currency `json:"currency" example:"XAF"`
}

// orNull documents members that are null while there is nothing to tell.
func orNull(s *huma.Schema, names ...string) *huma.Schema {
	for _, name := range names {
		was := s.Properties[name]
		s.Properties[name] = &huma.Schema{
			Description: was.Description,
			AnyOf:       []*huma.Schema{{Ref: was.Ref, Type: was.Type, Format: was.Format}, {Type: "null"}},
		}
	}
	return s
}
