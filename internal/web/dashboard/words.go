package dashboard

import (
	"net/http"
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
)

// words are the pages' texts in one language.
type words struct {
	lang string
	all  map[string]string
}

var french, english = split()

// tables are the texts by topic; a key stands in one of them.
var tables = []map[string][2]string{texts, batchTexts, settingsTexts, reconcileTexts, policyTexts, confirmTexts, auditTexts}

// split parts the tables of both languages.
func split() (fr, en map[string]string) {
	fr, en = map[string]string{}, map[string]string{}
	for _, table := range tables {
		for key, both := range table {
			fr[key], en[key] = both[0], both[1]
		}
	}
	return fr, en
}

// wordsFor is French unless the person chose, or the browser prefers, English.
func wordsFor(r *http.Request) words {
	lang := ""
	if c, err := r.Cookie(languageCookie); err == nil {
		lang = c.Value
	}
	if lang != "fr" && lang != "en" {
		lang = preferred(r.Header.Get("Accept-Language"))
	}
	if lang == "en" {
		return words{"en", english}
	}
	return words{"fr", french}
}

// preferred takes the first of our languages; browsers list them by preference.
func preferred(header string) string {
	for tag := range strings.SplitSeq(header, ",") {
		tag, _, _ = strings.Cut(tag, ";")
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		if primary == "fr" || primary == "en" {
			return primary
		}
	}
	return "fr"
}

func (w words) of(key string) string { return w.all[key] }

// fault says what is wrong, by its code, its field or its kind.
func (w words) fault(e *pay.Error) string {
	for _, key := range []string{e.Code, e.Param, string(e.Kind)} {
		if text, ok := w.all["fault."+key]; ok && key != pay.CodeInvalid {
			return text
		}
	}
	return w.all["fault.invalid"]
}
