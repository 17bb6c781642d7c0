package sandbox

import (
	"context"
	"hash/fnv"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

// Made-up names; a number always gets the same one.
var (
	givenNames = []string{
		"Aïcha", "Arsène", "Binta", "Clarisse", "Cédric", "Djibril", "Estelle", "Fatou",
		"Gervais", "Henriette", "Ibrahim", "Joséphine", "Kofi", "Landry", "Mariam", "Prosper",
	}
	familyNames = []string{
		"ADJOVI", "BONGOLO", "COULIBALY", "DIARRA", "EKOMY", "FOFANA", "GBAGUIDI", "ISSOUFOU",
		"KALALA", "LOEMBA", "MBOUMBA", "NDONG", "OUEDRAOGO", "SOW", "TCHAMBA", "ZINSOU",
	}
)

const (
	// nobody ends the numbers that have no account, inactive those whose
	// account is not active.
	nobody   = "0000"
	inactive = "0006"
)

// LookUp implements provider.LooksUp.
func (c connector) LookUp(_ context.Context, number string) (provider.Holder, error) {
	n, err := phone.Parse(number, "")
	if err != nil {
		return provider.Holder{}, pay.InvalidAs(pay.CodeInvalidPhone, "phone", "the phone number is not valid in a supported country")
	}
	if n.Last4() == nobody {
		return provider.Holder{}, pay.NotFound("account")
	}
	h := provider.Holder{Name: holderName(n.Digits()), Phone: n.E164(), Active: n.Last4() != inactive}
	if op, ok := phone.Suggest(n); ok {
		h.Operator = op.ID
	}
	return h, nil
}

func holderName(digits string) string {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(digits)) // never fails
	n := sum.Sum32()
	return givenNames[n%16] + " " + familyNames[n/16%16]
}
