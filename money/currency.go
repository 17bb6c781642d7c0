package money

import "slices"

// Currency is an upper-case ISO 4217 code. The zero value is no currency:
// parsing and arithmetic refuse it.
type Currency string

// The currencies of the operators this gateway reaches. XAF and XOF have equal
// value and the same name in daily life, but they are different currencies
// issued by different central banks, and one never stands for the other.
const (
	XAF Currency = "XAF" // Central African CFA franc
	XOF Currency = "XOF" // West African CFA franc
	GNF Currency = "GNF" // Guinean franc
	CDF Currency = "CDF" // Congolese franc
	USD Currency = "USD" // United States dollar
)

// currencyTraits is what ISO 4217 and daily use say about one currency.
type currencyTraits struct {
	code     Currency
	decimals int
	symbol   string
	// symbolFirst says that English writes the symbol before the digits.
	symbolFirst bool
}

var currencies = []currencyTraits{
	{code: XAF, decimals: 0, symbol: "F" + nbsp + "CFA"},
	{code: XOF, decimals: 0, symbol: "F" + nbsp + "CFA"},
	{code: GNF, decimals: 0, symbol: "FG"},
	{code: CDF, decimals: 2, symbol: "FC"},
	{code: USD, decimals: 2, symbol: "$", symbolFirst: true},
}

// ParseCurrency accepts exactly the upper-case code of a supported currency;
// anything else is ErrCurrency.
func ParseCurrency(code string) (Currency, error) {
	if c := Currency(code); c.Valid() {
		return c, nil
	}
	return "", ErrCurrency
}

// Currencies lists the supported currencies in a fixed order.
func Currencies() []Currency {
	codes := make([]Currency, len(currencies))
	for i, t := range currencies {
		codes[i] = t.code
	}
	return codes
}

// Valid reports whether c is a supported currency.
func (c Currency) Valid() bool {
	_, ok := c.traits()
	return ok
}

// Decimals is the number of digits of the minor unit: 0 for XAF, 2 for USD.
// It is 0 for a currency that is not Valid.
func (c Currency) Decimals() int {
	t, _ := c.traits()
	return t.decimals
}

func (c Currency) traits() (currencyTraits, bool) {
	i := slices.IndexFunc(currencies, func(t currencyTraits) bool { return t.code == c })
	if i < 0 {
		return currencyTraits{}, false
	}
	return currencies[i], true
}
