package web

import (
	"testing"

	"github.com/passerelle-pay/passerelle/phone"
)

func TestEveryCountryHasItsNames(t *testing.T) {
	for _, code := range phone.Countries() {
		if names := countries[code]; names[0] == "" || names[1] == "" {
			t.Errorf("%s is called %q", code, names)
		}
	}
	if fr, en, other := Country("CM", "fr"), Country("CM", "en"), Country("XX", "fr"); fr != "Cameroun" || en != "Cameroon" || other != "XX" {
		t.Errorf("the names are %q, %q, %q", fr, en, other)
	}
}
