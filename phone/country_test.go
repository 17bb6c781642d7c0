package phone

import "testing"

func TestEveryCountryHasItsNames(t *testing.T) {
	for _, code := range Countries() {
		if names := countryNames[code]; names[0] == "" || names[1] == "" {
			t.Errorf("%s is called %q", code, names)
		}
	}
	if fr, en, other := CountryName("CM", "fr"), CountryName("CM", "en"), CountryName("XX", "fr"); fr != "Cameroun" || en != "Cameroon" || other != "XX" {
		t.Errorf("the names are %q, %q, %q", fr, en, other)
	}
}
