package outbound

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strings"
)

// shortestSecret is the length under which a given secret is not searched for.
const shortestSecret = 4

// secretForms are the spellings of given secrets. A redactor is made for every
// exchange and reads short texts, so that preparing the search must cost as
// little as the search itself: there is no more to it than a table of the bytes
// at which a spelling begins.
type secretForms struct {
	forms    []string // longest first: a secret that contains another one must be found whole
	shortest int
	bytes    [256]place // where in a spelling a byte may stand
}

type place uint8

const (
	first place = 1 << iota
	second
)

func newSecretForms(secrets []string) *secretForms {
	f := &secretForms{forms: make([]string, 0, 4*len(secrets))}
	for _, s := range secrets {
		if len(s) >= shortestSecret {
			f.forms = appendSpellings(f.forms, s)
		}
	}
	slices.SortFunc(f.forms, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	f.forms = slices.Compact(f.forms)
	for _, form := range f.forms {
		f.bytes[form[0]] |= first
		f.bytes[form[1]] |= second
		f.shortest = len(form) // of the last in the end
	}
	return f
}

// replace masks every spelling in s.
func (f *secretForms) replace(s string) string {
	at, n := f.find(s, 0)
	if n == 0 {
		return s
	}
	var out strings.Builder
	last := 0
	for ; n > 0; at, n = f.find(s, last) {
		out.WriteString(s[last:at])
		out.WriteString(mask)
		last = at + n
	}
	out.WriteString(s[last:])
	return out.String()
}

// in tells whether s shows a secret.
func (f *secretForms) in(s string) bool {
	_, n := f.find(s, 0)
	return n > 0
}

// find returns where the first spelling in s[from:] stands and its length, 0
// when there is none.
func (f *secretForms) find(s string, from int) (at, n int) {
	if len(f.forms) == 0 {
		return 0, 0
	}
	for at := from; at+f.shortest <= len(s); at++ {
		if f.bytes[s[at]]&first == 0 || f.bytes[s[at+1]]&second == 0 {
			continue
		}
		for _, form := range f.forms {
			if strings.HasPrefix(s[at:], form) {
				return at, len(form)
			}
		}
	}
	return 0, 0
}

// appendSpellings adds the forms in which a secret may appear in a message.
func appendSpellings(forms []string, s string) []string {
	forms = append(
		forms,
		s,
		base64.StdEncoding.EncodeToString([]byte(s)),
		base64.RawURLEncoding.EncodeToString([]byte(s)),
	)
	if unreserved(s) { // nothing has another spelling for these
		return forms
	}
	quoted, _ := json.Marshal(s) // a string always marshals; Go's way escapes <, > and & too
	return append(
		forms,
		url.QueryEscape(s),
		url.PathEscape(s),
		html.EscapeString(s),
		string(quoted[1:len(quoted)-1]),
		onlyQuoted.Replace(s),
	)
}

// onlyQuoted escapes what any writer of JSON must.
var onlyQuoted = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// unreserved tells a string of letters, digits and the signs that need no
// escape in a URL, in HTML or in JSON.
func unreserved(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isDigit(c) && !isLetter(c) && c != '-' && c != '.' && c != '~' {
			return false
		}
	}
	return true
}
