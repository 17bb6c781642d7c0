package phone

import (
	"strings"
	"testing"
)

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"+24174000100", "074000100", "00 225 07 00 00 01 00", "+243 81 000 0100", "٠٧٤", "+", "0000000000000000000000000", "+227-90.00.01.00", "\x00\xff"} {
		for _, country := range []string{"", "GA", "ci", "XX"} {
			f.Add(seed, country)
		}
	}
	f.Fuzz(func(t *testing.T, text, country string) {
		n, err := Parse(text, country)
		if err != nil {
			if len(text) > 5 && strings.Contains(err.Error(), text) {
				t.Errorf("the error quotes the number: %v", err)
			}
			return
		}
		again, err := Parse(n.E164(), "")
		if err != nil || again != n {
			t.Errorf("Parse(%q) = %s, which is read again as %v, %v", text, n.E164(), again, err)
		}
		if n.Masked() == n.E164() {
			t.Errorf("the mask of %s hides nothing", n.E164())
		}
	})
}
