package mypayga

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// hashVectors are those of the wire contract, key SECRET.
var hashVectors = []struct {
	c    Callback
	hash string
}{
	{
		Callback{OrderStatus: "200", UniqueID: "ORDER42", Amount: "100", PaymentToken: "Tok0000000000000000000001", PaymentMethod: "Mobile Money", Message: "Payment success", ClientPhone: "074121212"},
		"891b1b578a33feb18346e939713aa3007a4be2bafc4f5269ef766a425bafa1e51654048bc497234ab5a6117e170e2f000e5a9bbbdd9f15607980581af62056b3",
	},
	{
		Callback{OrderStatus: "400", UniqueID: "ORDER43", Amount: "2400", PaymentToken: "Tok0000000000000000000002", PaymentMethod: "Mobile Money", Message: "Dear customer,you have insuffient funds. Thank you.", ClientPhone: "074131313"},
		"5d5d970de38b689cf813a5a8a8b578f3e3c9bedbdde5efd03ef7b8d0419fcf1671740d2f7b6f3c49fa668420bb15fb4b2ef4d60bf1f5bb0d2ae62a8ef639f8f1",
	},
	{
		Callback{OrderStatus: "400", UniqueID: "ORDER44", Amount: "1500", PaymentToken: "Tok0000000000000000000003", PaymentMethod: "Card", Message: "Paiement refusé"},
		"a0a48250e90966a5bfccc2569613086e0d51ffecc77fb9e5620f5d6cf71b830ccd1a3e8babce180bb29b4fb384aff2ebd7f5b16c0e4d4c686fc5c751d108fb10",
	},
}

func TestCallbacksAreSignedAsThePublishedVectors(t *testing.T) {
	for _, v := range hashVectors {
		c := v.c
		if got := c.Sign("SECRET"); got != v.hash {
			t.Errorf("%s: %s", c.UniqueID, got)
		}
		c.Hash = strings.ToUpper(v.hash)
		if !c.Verify("SECRET") {
			t.Errorf("%s: an upper-case hash is refused", c.UniqueID)
		}
		if c.Verify("OTHER") || c.Verify("") {
			t.Errorf("%s: another secret, or none, verifies", c.UniqueID)
		}
		c.StatusRequest, c.Currency = "200", "EUR"
		if !c.Verify("SECRET") {
			t.Errorf("%s: status_request or currency is signed", c.UniqueID)
		}
		for name, change := range map[string]func(*Callback){
			"order_status": func(c *Callback) { c.OrderStatus += "0" }, "unique_id": func(c *Callback) { c.UniqueID += "0" },
			"amount": func(c *Callback) { c.Amount += "0" }, "payment_token": func(c *Callback) { c.PaymentToken += "0" },
			"payment_method": func(c *Callback) { c.PaymentMethod += "0" }, "message": func(c *Callback) { c.Message += "0" },
			"client_phone": func(c *Callback) { c.ClientPhone += "0" }, "hash": func(c *Callback) { c.Hash = "" },
		} {
			forged := c
			if change(&forged); forged.Verify("SECRET") {
				t.Errorf("%s: another %s verifies", c.UniqueID, name)
			}
		}
	}
}

func TestCallbacksAreReadInEveryObservedShape(t *testing.T) {
	v := hashVectors[0]
	fields := `"order_status":200,"unique_id":"ORDER42","amount":100,"payment_token":"Tok0000000000000000000001","payment_method":"Mobile Money","message":"Payment success","client_phone":"074121212","hash":"` + v.hash + `"`
	camel := strings.NewReplacer("order_status", "orderStatus", "unique_id", "uniqueId", "payment_token", "paymentToken", "payment_method", "paymentMethod", "client_phone", "clientPhone").Replace(fields)
	form := "order_status=200&unique_id=ORDER42&amount=100&payment_token=Tok0000000000000000000001&payment_method=Mobile+Money&message=Payment%20success&client_phone=074121212&hash=" + v.hash
	for name, r := range map[string]*http.Request{
		"JSON with numbers":         jsonRequest("{" + fields + "}"),
		"camelCase":                 jsonRequest("{" + camel + "}"),
		"JSON without content type": httptest.NewRequest("POST", "/", strings.NewReader("{"+fields+"}")),
		"form":                      formRequest(form),
		"query by GET":              httptest.NewRequest("GET", "/?"+form, nil),
		"query by POST":             httptest.NewRequest("POST", "/?"+form, nil),
	} {
		t.Run(name, func(t *testing.T) {
			c, err := ReadCallback(r)
			if err != nil || !c.Verify("SECRET") {
				t.Errorf("%+v, %v", c, err)
			}
		})
	}
	for _, body := range []string{"{", `{"a"`, "a=%zz", strings.Repeat("x", maxBody+1)} {
		if _, err := ReadCallback(formRequest(body)); err == nil {
			t.Errorf("%.10q is read", body)
		}
	}
}

func jsonRequest(body string) *http.Request {
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	return r
}

func formRequest(body string) *http.Request {
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.Header.Set("Content-Type", mediaForm)
	return r
}

func TestMessagesTellTheReason(t *testing.T) {
	for message, want := range map[string]pay.Reason{
		"Dear customer,you have insuffient funds. Thank you.": pay.InsufficientFunds,
		"PAYMENT FAILED, INSUF FUND":                          pay.InsufficientFunds,
		"Echec-solde ins.":                                    pay.InsufficientFunds,
		"PAYMENT DECLINED, CONTACT YOUR BANK.":                pay.Declined,
		"Paiement refusé":                                     pay.Declined,
		"Wrong PIN":                                           pay.WrongPINOrOTP,
		"OTP invalide":                                        pay.WrongPINOrOTP,
		"Code secret erroné":                                  pay.WrongPINOrOTP,
		"Transaction annulée par le client":                   pay.CustomerCanceled,
		"Cancelled":                                           pay.CustomerCanceled,
		"Session expirée":                                     pay.Expired,
		"Timeout":                                             pay.Expired,
		"Plafond atteint":                                     pay.LimitReached,
		"Amount too low":                                      pay.AmountTooLow,
		"Amount above maximum":                                pay.AmountTooHigh,
		"Invalid phone number":                                pay.InvalidPhone,
		"Numéro invalide":                                     pay.InvalidPhone,
		"Invalid API key":                                     pay.AuthFailed,
		"Transaction already exists":                          pay.DuplicateReference,
		"Service indisponible":                                pay.OperatorUnavailable,
		"Missing parameter : amount":                          pay.BadRequest,
		"Invalid amount":                                      pay.BadRequest,
		"":                                                    pay.Declined,
		"something else":                                      pay.Declined,
	} {
		if got := reasonOf(message); got != want {
			t.Errorf("%q is %s, want %s", message, got, want)
		}
	}
}

func TestEveryReasonHasWordsThatSayIt(t *testing.T) {
	for _, reason := range pay.Reasons() {
		text := reasonTexts[reason]
		if text == "" {
			t.Errorf("%s has no text", reason)
		}
		if got := reasonOf(text); got != reason && reason != pay.ProviderError {
			t.Errorf("%s is told as %q, which reads %s", reason, text, got)
		}
	}
}

func TestTransferWordsAreClassed(t *testing.T) {
	for state, want := range map[string]pay.Outcome{
		"Echec-solde ins.": pay.OutcomeFailed, "Echec-autre": pay.OutcomeFailed, "Succès": pay.OutcomeSucceeded,
		"Effectué": pay.OutcomeSucceeded, "VALIDÉ": pay.OutcomeSucceeded, "En attente": pay.OutcomePending,
		"En cours": pay.OutcomePending, "": pay.OutcomeUnknown, "Autre": pay.OutcomeUnknown,
	} {
		if got, _ := transferOutcome(state); got != want {
			t.Errorf("%q is %s, want %s", state, got, want)
		}
	}
	if _, reason := transferOutcome("Echec-solde ins."); reason != pay.InsufficientFunds {
		t.Errorf("the seed's failure is %s", reason)
	}
}

func TestStatusesAreClassed(t *testing.T) {
	for status, want := range map[string]pay.Outcome{
		"200": pay.OutcomeSucceeded, "400": pay.OutcomeFailed, "100": pay.OutcomePending,
		"": pay.OutcomeUnknown, "0": pay.OutcomeUnknown, "500": pay.OutcomeUnknown,
	} {
		if got := orderOutcome(status); got != want {
			t.Errorf("%q is %s, want %s", status, got, want)
		}
	}
	waiting := Refund{Status: "200", Message: "Remboursement en attente de validation."}
	if refundOutcome(waiting, false) != pay.OutcomePending || refundOutcome(waiting, true) != pay.OutcomeSucceeded {
		t.Error("a refund that waits for validation counts before its sending was confirmed, or not after")
	}
}

func TestValuesAreReadAsTextOrNumber(t *testing.T) {
	var v struct {
		A, B, C, D Text
		E          Number
	}
	if err := json.Unmarshal([]byte(`{"a":200,"b":"200","c":null,"d":true,"e":"2.50"}`), &v); err != nil {
		t.Fatal(err)
	}
	if v.A != "200" || v.B != "200" || v.C != "" || v.D != "true" || v.E != "2.50" {
		t.Errorf("%+v", v)
	}
	for _, body := range []string{`{"a":{}}`, `{"a":[]}`} {
		if json.Unmarshal([]byte(body), &v) == nil {
			t.Errorf("%s is read", body)
		}
	}
}

func TestNumbersAreReadByTheirForm(t *testing.T) {
	for text, want := range map[string]string{
		"074111111": "+24174111111", "0 74 11 11 11": "+24174111111", "+24174111111": "+24174111111",
		"24174111111": "+24174111111", "241074111111": "+24174111111", "650121212": "+237650121212",
		"242056549200": "+242056549200", "09306315": "+22509306315", "07306316": "+22507306316",
		"07000000": "+22507000000", "066000100": "+24166000100", "0700000100": "+2250700000100",
	} {
		n, err := readPhone(text, "")
		if err != nil || n.E164() != want {
			t.Errorf("%q is %q, %v", text, n.E164(), err)
		}
		if again, err := readPhone(written(n), ""); err != nil || again != n {
			t.Errorf("%q is written as another number", text)
		}
	}
	for _, text := range []string{"", "12", "0741111111111111", "abcdefghi", "243810000100", "224620000100"} {
		if n, err := readPhone(text, ""); err == nil {
			t.Errorf("%q is %q", text, n.E164())
		}
	}
	n, _ := readPhone("771230100", "SN")
	if n.E164() != "+221771230100" || currencyOf(n) != money.XOF {
		t.Errorf("the country that is named is not tried first: %s", n.E164())
	}
}

func TestEveryDocumentedNumberAndCardHasItsOutcome(t *testing.T) {
	if len(byNumber) != 12 {
		t.Fatalf("%d numbers, want 12", len(byNumber))
	}
	for _, row := range testNumbers {
		n, err := readPhone(row.number, "")
		if err != nil {
			t.Errorf("%s is not read: %v", row.number, err)
			continue
		}
		for _, kind := range []pay.Kind{pay.Payment, pay.Payout} {
			v := rules(provider.Trial{Kind: kind, Method: pay.MobileMoney, Phone: n.E164()})
			want := pay.OutcomeSucceeded
			if row.code == "400" {
				want = pay.OutcomeFailed
			}
			if v.Exact == nil || v.Exact.Outcome != want || v.Exact.Message != row.message ||
				want == pay.OutcomeFailed && v.Exact.Failure.Reason != pay.InsufficientFunds {
				t.Errorf("%s %s: %+v", kind, row.number, v.Exact)
			}
		}
		if v := rules(provider.Trial{Kind: pay.Refund, Method: pay.MobileMoney, Phone: n.E164()}); v.Exact != nil {
			t.Errorf("%s decides a refund", row.number)
		}
	}
	for number, want := range map[pay.Secret]pay.Reason{
		"4285220922286457": "", "4242937137682335": pay.InsufficientFunds, "4005075690593537": pay.Declined,
		"4102972145002274": pay.Declined, "5335406367416736": "",
	} {
		v := rules(provider.Trial{Kind: pay.Payment, Method: pay.CardMethod, Card: number})
		if v.Exact == nil || v.Exact.Failure.Reason != want || (v.Exact.Outcome == pay.OutcomeFailed) != (want != "") {
			t.Errorf("card …%s: %+v", number.Reveal()[12:], v.Exact)
		}
	}
}
