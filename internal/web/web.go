// Package web has what the sets of pages share: how each language names a
// country.
package web

// countries are the names of those whose numbers the gateway knows, in French
// and in English.
var countries = map[string][2]string{
	"GA": {"Gabon", "Gabon"}, "CG": {"Congo", "Congo"}, "CM": {"Cameroun", "Cameroon"}, "CI": {"Côte d'Ivoire", "Côte d'Ivoire"},
	"SN": {"Sénégal", "Senegal"}, "BF": {"Burkina Faso", "Burkina Faso"}, "ML": {"Mali", "Mali"}, "TG": {"Togo", "Togo"},
	"BJ": {"Bénin", "Benin"}, "GN": {"Guinée", "Guinea"}, "NE": {"Niger", "Niger"}, "CD": {"RD Congo", "DR Congo"},
}

// Country is a country's name, or its code where it has none.
func Country(code, lang string) string {
	names, ok := countries[code]
	switch {
	case !ok:
		return code
	case lang == "en":
		return names[1]
	}
	return names[0]
}
