package checkout

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/passerelle-pay/passerelle/pay"
)

// texts are the pages' words in one language, by key.
type texts map[string]string

// language is French unless the address, the transaction or, in this order of
// wishes, the browser asks for English.
func language(r *http.Request, t pay.Transaction) string {
	for _, wish := range []string{r.URL.Query().Get("lang"), t.Checkout.Language} {
		if wish == "fr" || wish == "en" {
			return wish
		}
	}
	for tag := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ = strings.Cut(tag, ";")
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		if primary == "fr" || primary == "en" {
			return primary
		}
	}
	return "fr"
}

func textsIn(lang string) texts {
	if lang == "en" {
		return english
	}
	return french
}

func (t texts) sprintf(key string, args ...any) string { return fmt.Sprintf(t[key], args...) }

// reason is why a payment failed, in words for its customer.
func (t texts) reason(r pay.Reason) string {
	if text, ok := t["reason."+string(r)]; ok {
		return text
	}
	return t["reason.other"]
}

// fault is what is wrong with what was typed.
func (t texts) fault(e *pay.Error) string {
	for _, key := range []string{"fault." + e.Code, "fault." + strings.TrimPrefix(e.Param, "method.")} {
		if text, ok := t[key]; ok {
			return text
		}
	}
	return t["invalid"]
}

// advice is what a payer whose try failed can do on the page.
func (t texts) advice(r pay.Reason) string {
	if text, ok := t["advice."+string(r)]; ok {
		return text
	}
	return t["tryAgain"]
}

// wayOn is what a customer does when a page is over and nothing was paid.
func (t texts) wayOn(back *way) string {
	if back != nil {
		return t["wayOn.back"]
	}
	return t["wayOn.shop"]
}
