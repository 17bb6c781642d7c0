package checkout

import (
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/pay"
)

func TestBothLanguagesHaveTheSameTexts(t *testing.T) {
	for key, text := range french {
		if english[key] == "" || strings.Count(text, "%s") != strings.Count(english[key], "%s") {
			t.Errorf("%s: %q has no equal in English: %q", key, text, english[key])
		}
	}
	for key := range english {
		if french[key] == "" {
			t.Errorf("%s has no French text", key)
		}
	}
}

func TestEveryFailureHasAText(t *testing.T) {
	if french.reason("unheard_of") != french["reason.other"] {
		t.Error("an unknown reason has no text")
	}
	for _, r := range []pay.Reason{pay.InsufficientFunds, pay.Declined, pay.WrongPINOrOTP, pay.Expired, pay.LimitReached, pay.OperatorUnavailable} {
		if french["reason."+string(r)] == "" {
			t.Errorf("%s has no text of its own", r)
		}
	}
}
