package outbound

import "strings"

// nameKind is what a field's or header's name says about its value.
type nameKind int

const (
	plainName  nameKind = iota
	secretName          // masked whole
	cardName            // a card number: first six and last four stay
	phoneName           // a phone or mobile money number: last four digits stay
)

// secretNames are whole names, normalised; the parts below are found anywhere
// in a name, the ends at its beginning or end.
var (
	secretNames = setOf("login", "key", "pin", "pincode", "pwd", "pass", "auth", "bearer", "jwt", "cookie", "setcookie",
		"session", "sessionid", "expiry", "expirydate", "expirationdate", "dateexpiration", "cardexpiry", "expmonth", "expyear")
	secretParts = []string{
		"password", "passwd", "passphrase", "motdepasse", "secret", "token", "apikey", "privatekey",
		"accesskey", "keypass", "securitycode", "codesecurite", "codedesecurite", "cvv", "cvc", "cryptogram", "authorization", "credential", "signature", "hmac",
	}
	secretEnds = []string{"otp"}

	cardNames = setOf("pan", "primaryaccountnumber")
	cardParts = []string{"cardnumber", "cardno", "cardpan", "ccnumber", "cartebancaire", "numerocarte", "numerodecarte"}

	phoneNames = setOf("tel", "mobile", "cel", "gsm", "numero", "customeraccountnumber", "customeracccountnumber")
	phoneParts = []string{"phone", "msisdn", "mobilenumber"}
)

func setOf(names ...string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}

// kindOf judges a name in any of its usual spellings: api_key, apiKey, API-Key,
// x-token, card[number], soap:Password.
func kindOf(name string) nameKind {
	name = normaliseName(withoutNamespace(name))
	switch {
	case cardNames[name] || containsAny(name, cardParts):
		return cardName
	case secretNames[name] || containsAny(name, secretParts):
		return secretName
	case phoneNames[name] || containsAny(name, phoneParts):
		return phoneName
	}
	for _, end := range secretEnds {
		if strings.HasPrefix(name, end) || strings.HasSuffix(name, end) {
			return secretName
		}
	}
	return plainName
}

// fieldName is a name in an object that is itself the value of parent.
type fieldName struct{ parent, name string }

// kindWithin judges a name that may say what it is together with its parent's
// alone.
func kindWithin(f fieldName) nameKind {
	k := kindOf(f.name)
	if k == plainName && f.parent != "" && kindOf(f.parent+" "+f.name) == cardName { // {"card":{"number":…}}
		return cardName
	}
	return k
}

// What asParent leaves of a name: more than the longest name of a card, which
// keeps a part of a name from being taken for the whole.
const (
	longParent  = 96
	endOfParent = 32
)

// asParent shortens a name to what kindWithin makes of it as a parent. A long
// one with many members would take time that grows with their product.
func asParent(name string) string {
	if len(name) <= longParent {
		return name
	}
	name = normaliseName(withoutNamespace(name))
	for _, part := range cardParts {
		if strings.Contains(name, part) {
			return part
		}
	}
	return name[max(0, len(name)-endOfParent):]
}

func containsAny(name string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

func withoutNamespace(name string) string { return name[strings.LastIndexByte(name, ':')+1:] }

// normaliseName keeps the letters and digits, in lower case.
func normaliseName(name string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			return c
		case c >= 'A' && c <= 'Z':
			return c + ('a' - 'A')
		case c == 'é' || c == 'É': // numéro, clé
			return 'e'
		}
		return -1
	}, name)
}
