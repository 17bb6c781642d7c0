package money_test

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/passerelle-pay/passerelle/money"
)

func TestTextForMachines(t *testing.T) {
	tests := []struct {
		amount                        money.Amount
		decimal, fixed1, plain, print string
	}{
		{money.New(200, money.XAF), "200", "200.0", "200", "200 XAF"},
		{money.New(0, money.XOF), "0", "0.0", "0", "0 XOF"},
		{money.New(5000, money.USD), "50.00", "50.0", "50", "50.00 USD"},
		{money.New(1250, money.USD), "12.50", "12.5", "12.5", "12.50 USD"},
		{money.New(5005, money.CDF), "50.05", "50.05", "50.05", "50.05 CDF"},
		{money.New(1, money.USD), "0.01", "0.01", "0.01", "0.01 USD"},
		{money.New(0, money.USD), "0.00", "0.0", "0", "0.00 USD"},
		{money.New(-5, money.USD), "-0.05", "-0.05", "-0.05", "-0.05 USD"},
		{
			money.New(math.MinInt64, money.USD), "-92233720368547758.08", "-92233720368547758.08",
			"-92233720368547758.08", "-92233720368547758.08 USD",
		},
		{
			money.New(math.MinInt64, money.XAF), "-9223372036854775808", "-9223372036854775808.0",
			"-9223372036854775808", "-9223372036854775808 XAF",
		},
	}
	for _, tt := range tests {
		t.Run(tt.print, func(t *testing.T) {
			got := [...]string{tt.amount.Decimal(), tt.amount.Fixed(1), tt.amount.Plain(), tt.amount.String()}
			if want := [...]string{tt.decimal, tt.fixed1, tt.plain, tt.print}; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestFormatWritesAsPeopleDo(t *testing.T) {
	tests := []struct {
		amount money.Amount
		fr, en string // spaces stand for U+00A0
	}{
		{money.New(0, money.XAF), "0 F CFA", "0 F CFA"},
		{money.New(200, money.XAF), "200 F CFA", "200 F CFA"},
		{money.New(15000, money.XAF), "15 000 F CFA", "15,000 F CFA"},
		{money.New(1000000, money.XOF), "1 000 000 F CFA", "1,000,000 F CFA"},
		{money.New(15000, money.GNF), "15 000 FG", "15,000 FG"},
		{money.New(123456, money.CDF), "1 234,56 FC", "1,234.56 FC"},
		{money.New(5000, money.USD), "50,00 $", "$50.00"},
		{money.New(-123456789, money.USD), "-1 234 567,89 $", "-$1,234,567.89"},
		{money.New(-1500, money.XAF), "-1 500 F CFA", "-1,500 F CFA"},
	}
	spaces := strings.NewReplacer(" ", "\u00a0")
	for _, tt := range tests {
		t.Run(tt.amount.String(), func(t *testing.T) {
			for _, lang := range []string{"fr", "fr-GA", "FR_ci"} {
				if got := tt.amount.Format(lang); got != spaces.Replace(tt.fr) {
					t.Errorf("%s: got %q, want %q", lang, got, tt.fr)
				}
			}
			for _, lang := range []string{"en", "en-US", "frr", ""} {
				if got := tt.amount.Format(lang); got != spaces.Replace(tt.en) {
					t.Errorf("%s: got %q, want %q", lang, got, tt.en)
				}
			}
		})
	}
}

func TestFormatShowsEveryDigit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := money.New(rapid.Int64().Draw(t, "minor"), anyCurrency(t))
		lang := rapid.SampledFrom([]string{"fr", "en"}).Draw(t, "language")
		want := onlyDigits(a.Decimal())
		if got := onlyDigits(a.Format(lang)); got != want {
			t.Fatalf("%v is formatted %q", a, a.Format(lang))
		}
	})
}

func onlyDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return -1
	}, text)
}
