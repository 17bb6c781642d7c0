package reconcile

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/provider"
)

// FuzzStatement holds that no file makes the reader panic, run on without end,
// or take for money what is not written as money.
func FuzzStatement(f *testing.F) {
	for _, seed := range []string{
		"reference;amount;currency;status;date\nP1;15000;XAF;paid;2026-03-02 13:00:10\n",
		"Relev\xe9\nR\xe9f\xe9rence,Montant,Devise\nP1,\"1,234.50\",USD\nTotal,1,\n",
		"\ufeffreference\tamount\nP1\t-5\n", "reference|amount\nP1|1e9\n", "reference;amount\n\"P1;5\n", "\xff\xfer\x00", "", ";;;;\n;;;;",
		"reference;amount;kind;fees\nP1;5;refund;-1\nP1;99999999999999999999;payout;0\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := openStatement(strings.NewReader(text), format{
			Statement: provider.Statement{}.Complete(), currencies: []money.Currency{money.XAF, money.USD},
		})
		if err != nil {
			return
		}
		for range len(text) + 2 {
			m, err := s.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				return
			}
			if !isReference(m.reference) || !isReference(m.theirs) || !m.amount.Currency.Valid() || m.fees < -1 && !strings.Contains(text, "-") {
				t.Errorf("read %+v", m)
			}
		}
		t.Error("there are more movements than bytes")
	})
}
