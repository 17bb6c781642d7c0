package pay_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
)

func FuzzParseCard(f *testing.F) {
	for _, number := range []string{"4000000000000002", "4000 0000 0000 9995", "4000-0000-0000-3220", "42", "", "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢", "00000000000000000000"} {
		f.Add(number, "12/39", "123")
	}
	f.Add("4242424242424242", "12/2039", "1234")
	f.Add("4242424242424242", "99/99", "12a")
	f.Add("4242424242424242", " 1/1 ", "")
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, number, expiry, cvv string) {
		card, err := pay.ParseCard(number, expiry, cvv, now)
		if err != nil {
			if len(number) > 6 && strings.Contains(err.Error(), number) {
				t.Errorf("the error quotes the number: %v", err)
			}
			return
		}
		digits := card.Number.Reveal()
		if !pay.Luhn(digits) || len(card.Expiry) != 5 {
			t.Errorf("took %q with expiry %q", digits, card.Expiry)
		}
		m := card.Mask()
		for _, shown := range []string{fmt.Sprintf("%+v", card), fmt.Sprintf("%#v", card), fmt.Sprintf("%+v", m)} {
			if strings.Contains(shown, digits) {
				t.Errorf("shown whole: %s", shown)
			}
		}
		if len(m.First6) != 6 || len(m.Last4) != 4 {
			t.Errorf("mask %+v", m)
		}
	})
}
