package money_test

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/passerelle-pay/passerelle/money"
)

func TestParseReadsExactDecimalText(t *testing.T) {
	tests := []struct {
		text     string
		currency money.Currency
		minor    int64
	}{
		{"0", money.XAF, 0},
		{"200", money.XAF, 200},
		{"200.0", money.XAF, 200},
		{"50.00", money.XAF, 50},
		{"0200", money.XOF, 200},
		{"15000", money.GNF, 15000},
		{"50", money.USD, 5000},
		{"50.5", money.USD, 5050},
		{"50.05", money.USD, 5005},
		{"0.01", money.CDF, 1},
		{"50.050000", money.USD, 5005},
		{"9223372036854775807", money.XAF, math.MaxInt64},
		{"92233720368547758.07", money.USD, math.MaxInt64},
		{"0000000000000000000000000001", money.XAF, 1},
	}
	for _, tt := range tests {
		t.Run(tt.text+" "+string(tt.currency), func(t *testing.T) {
			got, err := money.Parse(tt.text, tt.currency)
			if want := money.New(tt.minor, tt.currency); err != nil || got != want {
				t.Errorf("got %v (%v), want %v", got, err, want)
			}
		})
	}
}

func TestParseTellsWhyItRefuses(t *testing.T) {
	tests := []struct {
		text     string
		currency money.Currency
		want     error
	}{
		{"", money.XAF, money.ErrSyntax},
		{" ", money.XAF, money.ErrSyntax},
		{" 5", money.XAF, money.ErrSyntax},
		{"5 ", money.XAF, money.ErrSyntax},
		{"5\n", money.XAF, money.ErrSyntax},
		{"5 000", money.XAF, money.ErrSyntax},
		{"5 000,5", money.USD, money.ErrSyntax},
		{"5,00", money.USD, money.ErrSyntax},
		{"5_000", money.XAF, money.ErrSyntax},
		{"+5", money.XAF, money.ErrSyntax},
		{"--5", money.XAF, money.ErrSyntax},
		{"-", money.XAF, money.ErrSyntax},
		{"1e3", money.XAF, money.ErrSyntax},
		{"0x10", money.XAF, money.ErrSyntax},
		{".5", money.USD, money.ErrSyntax},
		{"5.", money.USD, money.ErrSyntax},
		{".", money.USD, money.ErrSyntax},
		{"5.0.0", money.USD, money.ErrSyntax},
		{"NaN", money.USD, money.ErrSyntax},
		{"Infinity", money.USD, money.ErrSyntax},
		{"٥٠", money.XAF, money.ErrSyntax},
		{"-5", money.XAF, money.ErrNegative},
		{"-0.01", money.USD, money.ErrNegative},
		{"-0.001", money.USD, money.ErrNegative},
		{"10.5", money.XAF, money.ErrFraction},
		{"50.005", money.USD, money.ErrFraction},
		{"50.0050", money.USD, money.ErrFraction},
		{"9223372036854775808", money.XAF, money.ErrOverflow},
		{"92233720368547758.08", money.USD, money.ErrOverflow},
		{"9223372036854775807", money.USD, money.ErrOverflow},
		{"99999999999999999999999999", money.XAF, money.ErrOverflow},
		{"5", "", money.ErrCurrency},
		{"5", "xaf", money.ErrCurrency},
		{"5", "EUR", money.ErrCurrency},
	}
	for _, tt := range tests {
		t.Run(tt.text+" "+string(tt.currency), func(t *testing.T) {
			got, err := money.Parse(tt.text, tt.currency)
			if !errors.Is(err, tt.want) || got != (money.Amount{}) {
				t.Errorf("got %v (%v), want %v", got, err, tt.want)
			}
		})
	}
}

func TestCurrenciesHaveTheDecimalsOfISO4217(t *testing.T) {
	want := map[money.Currency]int{
		money.XAF: 0, money.XOF: 0, money.GNF: 0, money.CDF: 2, money.USD: 2,
	}
	if len(money.Currencies()) != len(want) {
		t.Errorf("supported: %v", money.Currencies())
	}
	for code, decimals := range want {
		c, err := money.ParseCurrency(string(code))
		if err != nil || c.Decimals() != decimals || !c.Valid() {
			t.Errorf("%s: %s with %d decimals (%v)", code, c, c.Decimals(), err)
		}
	}
	for _, code := range []string{"", "xaf", "XAF ", "EUR", "FCFA"} {
		if _, err := money.ParseCurrency(code); !errors.Is(err, money.ErrCurrency) {
			t.Errorf("%q: %v", code, err)
		}
	}
}

func TestParseReadsBackWhatDecimalWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := money.New(rapid.Int64Min(0).Draw(t, "minor"), anyCurrency(t))
		for _, text := range []string{a.Decimal(), a.Plain(), a.Fixed(1), a.Fixed(5)} {
			if back, err := money.Parse(text, a.Currency); err != nil || back != a {
				t.Fatalf("%v is written %q and read as %v (%v)", a, text, back, err)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"", "0", "200.0", "50.005", "-5", "5 000", "1e3", ".5", "5.",
		"9223372036854775808", "00000000000000000000000000001", "0.0000000000000000000000",
	} {
		f.Add(text, "XAF")
		f.Add(text, "USD")
	}
	f.Fuzz(func(t *testing.T, text, code string) {
		a, err := money.Parse(text, money.Currency(code))
		if err != nil {
			if a != (money.Amount{}) {
				t.Errorf("%q gave %v together with %v", text, a, err)
			}
			return
		}
		if a.Minor < 0 || string(a.Currency) != code {
			t.Errorf("%q %s became %v", text, code, a)
		}
		if back, err := money.Parse(a.Decimal(), a.Currency); err != nil || back != a {
			t.Errorf("%q is written %q and read as %v (%v)", text, a.Decimal(), back, err)
		}
	})
}

func anyCurrency(t *rapid.T) money.Currency {
	return rapid.SampledFrom(money.Currencies()).Draw(t, "currency")
}
