package cinetpay

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

// read returns a file of published examples.
func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// tokenVectors are the published test tokenVectors of x-token, key SECRET.
var tokenVectors = []struct {
	n     Notification
	token string
}{
	{
		Notification{
			SiteID: "123456", TransactionID: "T1", Date: "2021-04-07 14:07:24", Amount: "100", Currency: "XOF",
			Signature: "sig", PaymentMethod: "OM", Phone: "0700000000", PhonePrefix: "225", Language: "fr", Version: "V4",
			PaymentConfig: "SINGLE", PageAction: "PAYMENT", Designation: "TRANSACTION DESCRIPTION", ErrorMessage: "SUCCES",
		},
		"4925dd7bbe61df04b729c614e8e2692e56c8fdb50dbdd656dcd238132fe8fa69",
	},
	{
		Notification{
			SiteID: "123456", TransactionID: "T2", Date: "2021-04-07 14:07:24", Amount: "100", Currency: "XOF",
			Signature: "sig", PaymentMethod: "OM", Phone: "0700000000", PhonePrefix: "225", Language: "fr", Version: "V4",
			PaymentConfig: "SINGLE", PageAction: "PAYMENT", Custom: "order-42", Designation: "Commande d\u2019été",
			ErrorMessage: "TRANSACTION_CANCEL",
		},
		"8705b29112f208eeb014739e9bd06e6cb869b59d9911b3e2fe9f95575b1172b5",
	},
	{
		Notification{
			SiteID: "123456", TransactionID: "T3", Date: "2021-04-07 14:07:24", Amount: "2500", Currency: "XAF",
			Signature: "sig", Language: "fr", Version: "V4", PaymentConfig: "SINGLE", PageAction: "PAYMENT",
			Custom: `{"cart":"A&B=1+1 %"}`, Designation: "Panier A&B =1+1 %", ErrorMessage: "WAITING_CUSTOMER_PAYMENT",
		},
		"a2aed20300f953a73bd2d0e6daf1fee8ad6edbd9e820804f1664348f4044f94e",
	},
}

func TestXToken(t *testing.T) {
	for _, v := range tokenVectors {
		t.Run("the published vector "+v.n.TransactionID+" gives its token", func(t *testing.T) {
			if got := v.n.XToken("SECRET"); got != v.token {
				t.Errorf("got %s, want %s", got, v.token)
			}
			if !v.n.Verify("SECRET", strings.ToUpper(v.token)) {
				t.Error("the token in capitals is refused")
			}
			if v.n.Verify("secret", v.token) {
				t.Error("another key's token is accepted")
			}
		})
		t.Run("the form of "+v.n.TransactionID+" has sixteen fields in order and decodes to the same values", func(t *testing.T) {
			var names []string
			var values strings.Builder
			for pair := range strings.SplitSeq(string(v.n.form()), "&") {
				name, value, _ := strings.Cut(pair, "=")
				decoded, err := url.QueryUnescape(value)
				if err != nil {
					t.Fatal(err)
				}
				names = append(names, name)
				values.WriteString(decoded)
			}
			want := strings.Fields(`cpm_site_id cpm_trans_id cpm_trans_date cpm_amount cpm_currency signature
				payment_method cel_phone_num cpm_phone_prefixe cpm_language cpm_version cpm_payment_config
				cpm_page_action cpm_custom cpm_designation cpm_error_message`)
			if !slices.Equal(names, want) {
				t.Errorf("fields are %v", names)
			}
			if values.String() != strings.Join(v.n.values(), "") {
				t.Error("values do not survive the form")
			}
		})
	}
}

func TestClassifyReadsEveryDocumentedCode(t *testing.T) {
	tests := []struct {
		code, message, status string
		outcome               pay.Outcome
		reason                pay.Reason
	}{
		{"00", "SUCCES", "ACCEPTED", pay.OutcomeSucceeded, ""},
		{"600", "PAYMENT_FAILED", "REFUSED", pay.OutcomeFailed, pay.Declined},
		{"602", "INSUFFISENT_BALANCE", "REFUSED", pay.OutcomeFailed, pay.InsufficientFunds},
		{"603", "SERVICE_UNAVAILABLE", "REFUSED", pay.OutcomeFailed, pay.OperatorUnavailable},
		{"604", "OTP_CODE_ERROR", "REFUSED", pay.OutcomeFailed, pay.WrongPINOrOTP},
		{"606", "INCORRECT_SETTINGS", "REFUSED", pay.OutcomeFailed, pay.ProviderError},
		{"623", "WAITING_CUSTOMER_TO_VALIDATE", "WAITING_FOR_CUSTOMER", pay.OutcomePending, ""},
		{"625", "ABONNEMENT_OR_TRANSACTIONS_EXPIRED", "REFUSED", pay.OutcomeFailed, pay.Expired},
		{"627", "TRANSACTION_CANCEL", "CANCELLED", pay.OutcomeFailed, pay.CustomerCanceled},
		{"635", "ERROR_PHONE_NUMBER_NOT_FOUND", "REFUSED", pay.OutcomeFailed, pay.InvalidPhone},
		{"636", "ERROR_PHONE_NUMBER_NOT_SUPPORTED", "REFUSED", pay.OutcomeFailed, pay.InvalidPhone},
		{"641", "ERROR_AMOUNT_TOO_LOW", "REFUSED", pay.OutcomeFailed, pay.AmountTooLow},
		{"642", "ERROR_AMOUNT_TOO_HIGH", "REFUSED", pay.OutcomeFailed, pay.AmountTooHigh},
		{"662", "WAITING_CUSTOMER_PAYMENT", "PENDING", pay.OutcomePending, ""},
		{"663", "WAITING_CUSTOMER_OTP_CODE", "WAITING_FOR_CUSTOMER", pay.OutcomePending, ""},
		{"664", "WAITING_CUSTOMER_PAYMENT_AT_OPERATOR_SIDE", "WAITING_FOR_CUSTOMER", pay.OutcomePending, ""},
		{"804", "OPERATOR_UNAVAILABLE", "REFUSED", pay.OutcomeFailed, pay.OperatorUnavailable},
		{"807", "DAILY_MAX_NUMBER_TRANSACTION_REACHED", "REFUSED", pay.OutcomeFailed, pay.LimitReached},
		{"808", "DAILY_MAX_AMOUNT_TRANSACTION_REACHED", "REFUSED", pay.OutcomeFailed, pay.LimitReached},
		{"809", "MONTHLY_MAX_AMOUNT_TRANSACTION_REACHED", "REFUSED", pay.OutcomeFailed, pay.LimitReached},
		{"810", "MONTHLY_MAX_NUMBER_TRANSACTION_REACHED", "REFUSED", pay.OutcomeFailed, pay.LimitReached},
		{"811", "WEEKLY_MAX_AMOUNT_TRANSACTION_REACHED", "REFUSED", pay.OutcomeFailed, pay.LimitReached},
		{"812", "WEEKLY_MAX_NUMBER_TRANSACTION_REACHED", "REFUSED", pay.OutcomeFailed, pay.LimitReached},
	}
	if len(tests) != len(paymentCodes) {
		t.Errorf("the table has %d rows, the document %d", len(paymentCodes), len(tests))
	}
	for _, tt := range tests {
		t.Run("code "+tt.code, func(t *testing.T) {
			outcome, reason, known := classify(tt.code, tt.message, "")
			if outcome != tt.outcome || reason != tt.reason || !known {
				t.Errorf("is %s %s", outcome, reason)
			}
			row, _ := findCode(paymentCodes, tt.code)
			if row.message != tt.message || row.status != tt.status {
				t.Errorf("is emitted as %s %s", row.message, row.status)
			}
			if got, ok := byMessage(" " + strings.ToLower(tt.message) + " "); !ok || got.code != tt.code {
				t.Errorf("its message is read as %s", got.code)
			}
		})
	}
}

func TestClassifyReadsWhatWasSeenInTheField(t *testing.T) {
	tests := []struct {
		code, message, status string
		outcome               pay.Outcome
		reason                pay.Reason
		known                 bool
	}{
		{"607", "", "", pay.OutcomePending, "", true},
		{"638", "", "", pay.OutcomePending, "", true},
		{"605", "", "", pay.OutcomeFailed, pay.Expired, true},
		{"621", "", "", pay.OutcomeFailed, pay.OperatorUnavailable, true},
		{"622", "", "", pay.OutcomeFailed, pay.OperatorUnavailable, true},
		{"626", "", "", pay.OutcomeFailed, pay.OperatorUnavailable, true},
		{"628", "", "", pay.OutcomeFailed, pay.ProviderError, true},
		{"629", "", "", pay.OutcomeFailed, pay.ProviderError, true},
		{"637", "", "", pay.OutcomeFailed, pay.InvalidPhone, true},
		{"660", "", "", pay.OutcomeSucceeded, "", true},
		{"661", "", "", pay.OutcomeSucceeded, "", true},
		{"664", "SUSPICION DE FRAUDE", "", pay.OutcomeFailed, pay.Declined, true},
		{"999", "", "REFUSED", pay.OutcomeFailed, pay.Declined, true},
		{"999", "", "CANCELED", pay.OutcomeFailed, pay.CustomerCanceled, true},
		{"999", "", "cancelled", pay.OutcomeFailed, pay.CustomerCanceled, true},
		{"999", "", "CREATED", pay.OutcomePending, "", true},
		{"999", "", "PENDING", pay.OutcomePending, "", true},
		{"999", "", "WAITING_FOR_CUSTOMER", pay.OutcomePending, "", true},
		{"999", "", "ACCEPTED", pay.OutcomeUnknown, "", false},
		{"999", "SUCCES", "", pay.OutcomeUnknown, "", false},
		{"0", "SUCCES", "ACCEPTED", pay.OutcomeUnknown, "", false},
	}
	for _, tt := range tests {
		t.Run(strings.TrimSpace("code "+tt.code+" "+tt.message+tt.status), func(t *testing.T) {
			outcome, reason, known := classify(tt.code, tt.message, tt.status)
			if outcome != tt.outcome || reason != tt.reason || known != tt.known {
				t.Errorf("is %s %s, known %t", outcome, reason, known)
			}
		})
	}
}

func TestClassifyInit(t *testing.T) {
	tests := []struct {
		code, description string
		http              int
		outcome           pay.Outcome
		reason            pay.Reason
	}{
		{"608", "amount is required", 400, pay.OutcomeFailed, pay.BadRequest},
		{"608", "amount is required", 200, pay.OutcomeFailed, pay.BadRequest},
		{"608", "transaction_id already exists", 400, pay.OutcomeFailed, pay.DuplicateReference},
		{"608", "Cet identifiant est déjà utilisé", 400, pay.OutcomeFailed, pay.DuplicateReference},
		{"609", "", 401, pay.OutcomeFailed, pay.AuthFailed},
		{"612", "", 400, pay.OutcomeFailed, pay.BadRequest},
		{"613", "", 400, pay.OutcomeFailed, pay.AuthFailed},
		{"620", "", 400, pay.OutcomeFailed, pay.DuplicateReference},
		{"624", "An error occurred while processing the request", 400, pay.OutcomeFailed, pay.BadRequest},
		{"641", "", 400, pay.OutcomeFailed, pay.AmountTooLow},
		{"642", "", 400, pay.OutcomeFailed, pay.AmountTooHigh},
		{"403", "", 403, pay.OutcomeFailed, pay.BadRequest},
		{"429", "", 429, pay.OutcomeFailed, pay.ProviderError},
		{"1010", "", 403, pay.OutcomeFailed, pay.BadRequest},
		{"777", "", 400, pay.OutcomeFailed, pay.ProviderError},
		{"777", "", 200, pay.OutcomeFailed, pay.ProviderError},
		{"777", "", 502, pay.OutcomeUnknown, ""},
		{"201", "without a page", 200, pay.OutcomeUnknown, ""},
	}
	for _, tt := range tests {
		outcome, reason := classifyInit(tt.code, tt.description, tt.http)
		if outcome != tt.outcome || reason != tt.reason {
			t.Errorf("%s %q at HTTP %d is %s %s", tt.code, tt.description, tt.http, outcome, reason)
		}
	}
}

func TestClassifyTransfer(t *testing.T) {
	failed, unknown := pay.OutcomeFailed, pay.OutcomeUnknown
	tests := map[string]struct {
		outcome pay.Outcome
		reason  pay.Reason
	}{
		"-1": {unknown, ""}, "701": {failed, pay.AuthFailed}, "703": {failed, pay.AuthFailed},
		"702": {failed, pay.ProviderError}, "704": {failed, pay.BadRequest},
		"705": {failed, pay.AuthFailed}, "706": {failed, pay.AuthFailed}, "707": {failed, pay.AuthFailed},
		"708": {failed, pay.AuthFailed}, "709": {unknown, ""}, "710": {unknown, ""}, "715": {unknown, ""},
		"716": {failed, pay.BadRequest}, "718": {failed, pay.BadRequest}, "717": {failed, pay.InvalidPhone},
		"719": {failed, pay.AmountTooLow}, "720": {failed, pay.AmountTooHigh},
		"721": {failed, pay.OperatorUnavailable}, "804": {failed, pay.OperatorUnavailable},
		"602": {failed, pay.InsufficientFunds}, "723": {unknown, ""}, "724": {failed, pay.InvalidPhone},
		"725": {failed, pay.BadRequest}, "801": {failed, pay.BadRequest}, "802": {failed, pay.InvalidPhone},
		"805": {failed, pay.DuplicateReference}, "999": {unknown, ""},
	}
	for code, want := range tests {
		if outcome, reason := classifyTransfer(code, 200); outcome != want.outcome || reason != want.reason {
			t.Errorf("code %s is %s %s", code, outcome, reason)
		}
		if outcome, _ := classifyTransfer(code, 500); outcome != unknown {
			t.Errorf("code %s with a server error is %s", code, outcome)
		}
	}
}

func TestTreatment(t *testing.T) {
	tests := []struct {
		status, comment string
		outcome         pay.Outcome
		reason          pay.Reason
	}{
		{"NEW", "", pay.OutcomePending, ""},
		{"REC", "", pay.OutcomePending, ""},
		{"NOS", "", pay.OutcomePending, ""},
		{"VAL", "", pay.OutcomeSucceeded, ""},
		{"REJ", "", pay.OutcomeFailed, pay.Declined},
		{"REJ", "INSUFFICIENT_BALANCE", pay.OutcomeFailed, pay.InsufficientFunds},
		{"REJ", "insuffisent_balance", pay.OutcomeFailed, pay.InsufficientFunds},
		{"REJ", "SUCCES", pay.OutcomeFailed, pay.Declined},
		{"XYZ", "", pay.OutcomeUnknown, ""},
		{"", "", pay.OutcomeUnknown, ""},
	}
	for _, tt := range tests {
		if outcome, reason := treatment(tt.status, tt.comment); outcome != tt.outcome || reason != tt.reason {
			t.Errorf("%s %q is %s %s", tt.status, tt.comment, outcome, reason)
		}
	}
}

func TestEveryFailureReasonHasACodeThatIsAFailure(t *testing.T) {
	for _, reason := range pay.Reasons() {
		row, ok := findCode(paymentCodes, reasonCodes[reason])
		if !ok || row.outcome != pay.OutcomeFailed {
			t.Errorf("%s has no code of a failure", reason)
		}
	}
}

func TestJSONParamsForgiveWhatClientsSend(t *testing.T) {
	tests := []struct{ name, body, field, want string }{
		{"the seed's trailing comma", read(t, "check_request.json"), "transaction_id", "id-de-paiement"},
		{"null is absent", `{"metadata":null,"amount":5}`, "metadata", ""},
		{"a number", `{"amount": 100.0}`, "amount", "100.0"},
		{"a text number", `{"amount": "100"}`, "amount", "100"},
		{"a comma and a brace in a text stay", `{"description":"a,}\",}"}`, "description", `a,}",}`},
		{"an object is its compact JSON", `{"metadata": {"a": [1, 2]}}`, "metadata", `{"a":[1,2]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := jsonParams([]byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if got := p.text(tt.field); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	for _, body := range []string{"", "null", "[]", "{", `{"a":1}}`, `{"a":,}`, `"x"`, "<html>"} {
		if _, err := jsonParams([]byte(body)); err == nil {
			t.Errorf("%q is accepted", body)
		}
	}
}

func TestTextReadsAnyJSONType(t *testing.T) {
	for raw, want := range map[string]string{
		`"00"`: "00", `0`: "0", `201`: "201", `null`: "", `true`: "true", `" SUCCES "`: "SUCCES", `{"a": 1}`: `{"a":1}`,
	} {
		var text Text
		if err := json.Unmarshal([]byte(raw), &text); err != nil || text.String() != want {
			t.Errorf("%s is %q, %v", raw, text, err)
		}
	}
}

func TestAmountsAreWholeUnits(t *testing.T) {
	if n, err := unitsNumber(money.New(150000, money.CDF)); err != nil || n != "1500" {
		t.Errorf("1500.00 CDF is %s, %v", n, err)
	}
	if n, err := unitsNumber(money.New(100, money.XOF)); err != nil || n != "100" {
		t.Errorf("100 XOF is %s, %v", n, err)
	}
	if _, err := unitsNumber(money.New(150050, money.USD)); err == nil {
		t.Error("cents are accepted")
	}
}
