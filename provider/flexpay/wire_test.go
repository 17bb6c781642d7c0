package flexpay

import (
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

func TestReasonsOfRefusedInitiations(t *testing.T) {
	for message, want := range map[string]pay.Reason{
		"La référence existe déjà":                  pay.DuplicateReference,
		"Cette REFERENCE existe":                    pay.DuplicateReference,
		"Solde insuffisant":                         pay.InsufficientFunds,
		"Votre solde ne permet pas":                 pay.InsufficientFunds,
		"Le champ reference est obligatoire":        pay.BadRequest,
		"Le champ authorization est obligatoire":    pay.BadRequest,
		"Montant invalide":                          pay.BadRequest,
		"URL invalide":                              pay.BadRequest,
		"Erreur, le type envoyé ne correspond pas":  pay.BadRequest,
		"Devise non prise en charge":                pay.BadRequest,
		"Numéro de téléphone invalide":              pay.InvalidPhone,
		"phone invalide":                            pay.InvalidPhone,
		"Limite journalière":                        pay.LimitReached,
		"Plafond atteint":                           pay.LimitReached,
		"Marchand inconnu":                          pay.AuthFailed,
		"Token expiré":                              pay.AuthFailed,
		"Vous n'avez pas l'autorisation":            pay.AuthFailed,
		"Service momentanément indisponible":        pay.OperatorUnavailable,
		"La transaction n'a pas abouti":             pay.Declined,
		"":                                          pay.Declined,
		messageCapability:                           pay.BadRequest,
		"Transaction refusée, numéro non identifié": pay.Declined,
	} {
		if got := reasonOf(message); got != want {
			t.Errorf("%q is %s, want %s", message, got, want)
		}
	}
}

func TestStatusesOfAPayment(t *testing.T) {
	for status, want := range map[string]statusRow{
		"0": {"", pay.OutcomeSucceeded, ""}, "1": {"", pay.OutcomeFailed, pay.Declined}, "2": {"", pay.OutcomePending, ""},
		"3": {"", pay.OutcomeSucceeded, ""}, "4": {"", pay.OutcomeSucceeded, ""}, "5": {"", pay.OutcomeFailed, pay.CustomerCanceled},
		"6": {"", pay.OutcomeUnknown, ""}, "9": {"", pay.OutcomeUnknown, ""}, "": {"", pay.OutcomeUnknown, ""}, "00": {"", pay.OutcomeUnknown, ""},
	} {
		if outcome, reason := classifyStatus(status); outcome != want.outcome || reason != want.reason {
			t.Errorf("%q is %s %s", status, outcome, reason)
		}
	}
}

func TestAmountsAreWrittenAsTheWireHasThem(t *testing.T) {
	for _, tt := range []struct {
		amount  money.Amount
		request string // "" is refused
		answer  string
	}{
		{money.New(57500, money.CDF), "575", "575.0"},
		{money.New(57550, money.CDF), "", "575.5"},
		{money.New(5000, money.USD), "50", "50.0"},
		{money.New(1250, money.USD), "12.50", "12.5"},
		{money.New(1255, money.USD), "12.55", "12.55"},
		{money.New(1, money.USD), "0.01", "0.01"},
		{money.New(100, money.XAF), "", "100.0"},
	} {
		got, err := AmountText(tt.amount)
		if got != tt.request || (err == nil) != (tt.request != "") {
			t.Errorf("request of %s: %q, %v", tt.amount, got, err)
		}
		if got := decimalText(tt.amount); got != tt.answer {
			t.Errorf("answer of %s: %q", tt.amount, got)
		}
	}
}

func TestCallbacksAreReadInEveryForm(t *testing.T) {
	want := Callback{Code: "0", Reference: "MLOPN5472452", ProviderReference: "7KI81020PHS", OrderNumber: "9bsTX7qXdpQe243810000100"}
	for name, c := range map[string][2]string{
		"the seed's sample":  {"application/json", read(t, "callback_seed.json")},
		"other spellings":    {"application/json", `{"Code":0,"Reference":"MLOPN5472452","providerReference":"7KI81020PHS","OrderNumber":"9bsTX7qXdpQe243810000100"}`},
		"a form":             {mediaForm, "code=0&reference=MLOPN5472452&provider_reference=7KI81020PHS&orderNumber=9bsTX7qXdpQe243810000100"},
		"JSON called a form": {mediaForm, read(t, "callback_seed.json")},
		"no type":            {"", read(t, "callback_seed.json")},
	} {
		got, err := ParseCallback(c[0], []byte(c[1]))
		if err != nil || got != want || !got.Succeeded() {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for _, body := range []string{"", "[]", "null", "code=0", "<html>", `{"code":`} {
		if got, err := ParseCallback("application/json", []byte(body)); err == nil {
			t.Errorf("%q: %+v", body, got)
		}
	}
}

func TestTimesAreKinshasas(t *testing.T) {
	if got := formatTime(time.Date(2025, 2, 6, 16, 32, 46, 0, time.UTC)); got != "06-02-2025 17:32:46" {
		t.Errorf("time %s", got)
	}
}

func TestBearerIsStrippedInAnyCase(t *testing.T) {
	for text, want := range map[string]string{
		"abc": "abc", "Bearer abc": "abc", "BEARER   abc ": "abc", "Bearer bearer abc": "abc", "Bearer ": "", "bearerabc": "bearerabc",
	} {
		if got := withoutBearer(text); got != want {
			t.Errorf("%q is %q", text, got)
		}
	}
}

func TestOrderNumbersAreTwelveAndTwelve(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		n := newOrderNumber("")
		if !documentedOrder.MatchString(n) || seen[n] {
			t.Fatalf("orderNumber %s", n)
		}
		seen[n] = true
	}
}
