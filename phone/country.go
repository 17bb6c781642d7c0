package phone

// countryNames by ISO 3166-1 alpha-2 code, in French and in English.
var countryNames = map[string][2]string{
	"GA": {"Gabon", "Gabon"}, "CG": {"Congo", "Congo"}, "CM": {"Cameroun", "Cameroon"}, "CI": {"Côte d'Ivoire", "Côte d'Ivoire"},
	"SN": {"Sénégal", "Senegal"}, "BF": {"Burkina Faso", "Burkina Faso"}, "ML": {"Mali", "Mali"}, "TG": {"Togo", "Togo"},
	"BJ": {"Bénin", "Benin"}, "GN": {"Guinée", "Guinea"}, "NE": {"Niger", "Niger"}, "CD": {"RD Congo", "DR Congo"},
}

// CountryName is how French ("fr") or English ("en") calls a supported country; of
// another it is the code.
func CountryName(code, lang string) string {
	names, ok := countryNames[code]
	switch {
	case !ok:
		return code
	case lang == "en":
		return names[1]
	}
	return names[0]
}
