package flexpay

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func TestPaymentServicePromptsThePhone(t *testing.T) {
	for _, path := range []string{"/paymentService", "/api/rest/v1/paymentService"} {
		f := newFront(t, nil)
		status, answer := f.post(path, asJSON(mobileFields(map[string]any{"description": "Panier"})))
		tx := f.last()
		want := map[string]any{
			"code": "0", "message": "Transaction envoyée avec succès. Veuillez valider le push message",
			"orderNumber": tx.FrontReference, "reference": nil, "provider_reference": nil, "url": nil,
		}
		if status != 200 || !sameJSON(answer, want) {
			t.Errorf("HTTP %d %v", status, answer)
		}
		if !regexp.MustCompile(`^[A-Za-z0-9]{12}243810000100$`).MatchString(tx.FrontReference) {
			t.Errorf("orderNumber %s", tx.FrontReference)
		}
		r := f.gw.Requests()[0]
		if r.Kind != pay.Payment || !r.Push || tx.Amount != money.New(5000, money.CDF) || tx.Description != "Panier" ||
			tx.Method != (pay.Method{Type: pay.MobileMoney, Operator: "mpesa_cd", Phone: "+243810000100"}) {
			t.Errorf("request %+v", r)
		}
	}
}

func TestPaymentServiceReadsThePhoneAndItsOperator(t *testing.T) {
	for text, operator := range map[string]string{
		"243810000100": "mpesa_cd", "243820000100": "mpesa_cd", "243830000100": "mpesa_cd",
		"243800000100": "orange_cd", "243840000100": "orange_cd", "243850000100": "orange_cd", "243890000100": "orange_cd",
		"243970000100": "airtel_cd", "243980000100": "airtel_cd", "243990000100": "airtel_cd",
		"243900000100": "africell_cd", "243910000100": "africell_cd",
		"+243810000100": "mpesa_cd", "0810000100": "mpesa_cd",
		"243860000100": "", "243880000100": "", "243920000100": "", "243950000100": "", "243120000100": "",
		"810000100": "", "24381000010": "", "2438100001000": "", "243 810000100": "", "00243810000100": "",
		"24174000100": "", "+33612345678": "", "phone": "",
	} {
		f := newFront(t, nil)
		_, answer := f.post("/paymentService", asJSON(mobileFields(map[string]any{"phone": text})))
		switch {
		case operator == "":
			if answer["code"] != "1" || answer["message"] != "Numéro de téléphone invalide" || len(f.gw.Requests()) != 0 {
				t.Errorf("%s: %v", text, answer)
			}
		case answer["code"] != "0" || f.last().Method.Operator != operator:
			t.Errorf("%s: %v, operator %s", text, answer, f.last().Method.Operator)
		}
	}
}

func TestPaymentServiceByCardAnswersWithAPage(t *testing.T) {
	f := newFront(t, nil)
	_, answer := f.post("/paymentService", asJSON(mobileFields(map[string]any{
		"type": 2, "phone": "-", "approveUrl": "https://abcd.efgh.cd/approve", "declineUrl": "https://abcd.efgh.cd/decline",
	})))
	tx := f.last()
	if answer["code"] != "0" || answer["url"] != "http://passerelle.test/pay/"+tx.Checkout.Token || answer["orderNumber"] != tx.FrontReference {
		t.Errorf("answer %v", answer)
	}
	if back, _ := tx.Checkout.ReturnFor(pay.StatusFailed); back.URL != "https://abcd.efgh.cd/decline" || !documentedOrder.MatchString(tx.FrontReference) {
		t.Errorf("transaction %+v", tx)
	}
}

func TestMobileRefusals(t *testing.T) {
	for _, tt := range []struct {
		name    string
		changes map[string]any
		message string
	}{
		{"no type", map[string]any{"type": "-"}, "Le champ type est obligatoire"},
		{"no phone", map[string]any{"phone": ""}, "Le champ phone est obligatoire"},
		{"no callbackUrl", map[string]any{"callbackUrl": "-"}, "Le champ callbackUrl est obligatoire"},
		{"another type", map[string]any{"type": "3"}, "Erreur, le type envoyé ne correspond pas"},
		{"a wrong merchant", map[string]any{"merchant": "ZANDO"}, "Marchand inconnu"},
		{"centimes", map[string]any{"amount": "575.50"}, "Montant invalide"},
		{"a currency", map[string]any{"currency": "cdf"}, "Devise non prise en charge"},
		{"a bad callback", map[string]any{"callbackUrl": "abcd"}, "URL invalide"},
	} {
		f := newFront(t, nil)
		status, answer := f.post("/paymentService", asJSON(mobileFields(tt.changes)))
		want := map[string]any{
			"code": "1", "message": tt.message, "orderNumber": nil, "reference": nil, "provider_reference": nil, "url": nil,
		}
		if status != 200 || !sameJSON(answer, want) {
			t.Errorf("%s: HTTP %d %v", tt.name, status, answer)
		}
		status, answer = f.post("/merchantPayOutService", asJSON(mobileFields(tt.changes)))
		want = map[string]any{"code": "1", "message": tt.message, "orderNumber": nil}
		if status != 200 || !sameJSON(answer, want) || len(f.gw.Requests()) != 0 {
			t.Errorf("payout, %s: HTTP %d %v", tt.name, status, answer)
		}
	}
	f := newFront(t, nil)
	if _, answer := f.post("/merchantPayOutService", asJSON(mobileFields(map[string]any{"type": "2"}))); answer["message"] != "Erreur, le type envoyé ne correspond pas" {
		t.Errorf("a payout to a card: %v", answer)
	}
	if _, answer := f.post("/paymentService", asJSON(mobileFields(map[string]any{"callbackUrl": "-", "callback_url": "https://a.cd/"}))); answer["code"] != "0" {
		t.Errorf("the other spelling: %v", answer)
	}
}

func TestPayoutsLeaveTheBalance(t *testing.T) {
	f := newFront(t, nil)
	status, answer := f.post("/api/rest/v1/merchantPayOutService", asJSON(mobileFields(map[string]any{"type": 1})))
	tx := f.last()
	want := map[string]any{"code": "0", "message": "Transaction envoyée avec succès.", "orderNumber": tx.FrontReference}
	if status != 200 || !sameJSON(answer, want) || tx.Kind != pay.Payout || tx.Method.Phone != "+243810000100" {
		t.Errorf("HTTP %d %v %+v", status, answer, tx)
	}
	status, answer = f.post("/merchantPayOutService", asJSON(mobileFields(map[string]any{"reference": "R2", "amount": "1000000"})))
	want = map[string]any{"code": "1", "message": "Solde insuffisant", "orderNumber": nil}
	if status != 200 || !sameJSON(answer, want) || len(f.gw.Transactions()) != 1 {
		t.Errorf("HTTP %d %v", status, answer)
	}
}

func TestWhatFailsAtOnceWasTakenAllTheSame(t *testing.T) {
	f := newFront(t, nil)
	f.gw.OnCreate = func(tx *pay.Transaction) {
		tx.Status, tx.Failure.Reason = pay.StatusFailed, pay.OperatorUnavailable
	}
	_, answer := f.post("/paymentService", asJSON(mobileFields(nil)))
	if answer["code"] != "0" || answer["orderNumber"] != f.last().FrontReference {
		t.Errorf("answer %v", answer)
	}
}

func (f *front) checkOrder(path, number, token string) (int, map[string]any) {
	f.Helper()
	r := httptest.NewRequest(http.MethodGet, path+number, nil)
	r.Header.Set("Authorization", token)
	return f.do(r)
}

func TestCheckAnswersInTheSeedsForm(t *testing.T) {
	for _, path := range []string{"/check/", "/api/rest/v1/check/"} {
		f := newFront(t, nil)
		f.post("/paymentService", asJSON(mobileFields(nil)))
		tx := f.last()
		want := map[string]any{"code": "0", "message": "Une transaction trouvée", "transaction": map[string]any{
			"orderNumber": tx.FrontReference, "reference": "ORD1001", "amount": "50.0", "amountCustomer": "51.0",
			"currency": "CDF", "createdAt": "06-01-2025 14:17:50", "status": "1",
		}}
		if status, answer := f.checkOrder(path, tx.FrontReference, "Bearer demo-flexpay-token"); status != 200 || !sameJSON(answer, want) {
			t.Errorf("waiting: HTTP %d %v", status, answer)
		}
		f.gw.Settle(tx.ID, pay.OutcomeSucceeded, pay.Failure{})
		want["transaction"].(map[string]any)["status"] = "0"
		if status, answer := f.checkOrder(path, tx.FrontReference, "demo-flexpay-token"); status != 200 || !sameJSON(answer, want) {
			t.Errorf("paid: HTTP %d %v", status, answer)
		}
	}
}

func TestCheckFindsTheMerchantsOwnAlone(t *testing.T) {
	f := newFront(t, nil)
	f.post("/paymentService", asJSON(mobileFields(nil)))
	number := f.last().FrontReference
	other := f.issue(provider.IssueOrder{MerchantID: "other001", Mode: pay.Test})
	live := f.issue(provider.IssueOrder{MerchantID: "demo0001", Mode: pay.Live})
	want := map[string]any{"code": "1", "message": "Aucune transaction trouvée", "transaction": nil}
	for name, try := range map[string][2]string{
		"unknown": {"Qrk6ZaXts5Mv243850000100", demoToken}, "of another": {number, other[fieldToken]},
		"of test mode": {number, live[fieldToken]}, "malformed": {"ORD-1001", demoToken}, "of a path": {"a/b", demoToken},
		"the merchant's reference": {"ORD1001", demoToken},
	} {
		if status, answer := f.checkOrder("/check/", try[0], "Bearer "+try[1]); status != 200 || !sameJSON(answer, want) {
			t.Errorf("%s: HTTP %d %v", name, status, answer)
		}
	}
	for _, path := range []string{"/check", "/check/", "/check//", "/api/rest/v1/check", "/api/rest/v1/check/"} {
		if status, answer := f.checkOrder(path, "", "Bearer "+demoToken); status != 200 || !sameJSON(answer, want) {
			t.Errorf("%s without a number: HTTP %d %v", path, status, answer)
		}
	}
	if status, answer := f.checkOrder("/check", "", ""); status != 401 || answer["error"] != "Unauthorized" {
		t.Errorf("nothing at all: HTTP %d %v", status, answer)
	}
	if status, answer := f.checkOrder("/check/", number, "Bearer wrong"); status != 401 || answer["error"] != "Unauthorized" {
		t.Errorf("wrong token: HTTP %d %v", status, answer)
	}
}

func TestStatusesFollowTheProfile(t *testing.T) {
	base := pay.Transaction{Amount: money.New(5000, money.CDF), Refunded: 0}
	with := func(change func(*pay.Transaction)) pay.Transaction {
		tx := base
		change(&tx)
		return tx
	}
	status := func(s pay.Status) func(*pay.Transaction) { return func(tx *pay.Transaction) { tx.Status = s } }
	for _, tt := range []struct {
		tx               pay.Transaction
		strict, extended string
	}{
		{with(status(pay.StatusSucceeded)), "0", "0"},
		{with(func(tx *pay.Transaction) { tx.Status, tx.Refunded = pay.StatusSucceeded, 1000 }), "0", "3"},
		{with(func(tx *pay.Transaction) { tx.Status, tx.Refunded = pay.StatusSucceeded, 5000 }), "0", "4"},
		{with(status(pay.StatusPending)), "1", "2"},
		{with(status(pay.StatusRequiresAction)), "1", "2"},
		{with(status(pay.StatusCanceled)), "1", "5"},
		{with(status(pay.StatusExpired)), "1", "1"},
	} {
		if s, e := statusOf(tt.tx, profileStrict), statusOf(tt.tx, profileExtended); s != tt.strict || e != tt.extended {
			t.Errorf("%s: %s and %s", tt.tx.Status, s, e)
		}
	}
	for _, reason := range pay.Reasons() {
		tx := with(func(tx *pay.Transaction) { tx.Status, tx.Failure.Reason = pay.StatusFailed, reason })
		want := "1"
		if reason == pay.CustomerCanceled {
			want = "5"
		}
		if _, ok := reasonStatuses[reason]; !ok || statusOf(tx, profileStrict) != "1" || statusOf(tx, profileExtended) != want {
			t.Errorf("%s: %s", reason, statusOf(tx, profileExtended))
		}
	}
}

func TestTheExtendedCheckNamesTheChannel(t *testing.T) {
	f := newFront(t, map[string]string{optStatusProfile: profileExtended})
	f.post("/paymentService", asJSON(mobileFields(map[string]any{"phone": "243900000100"})))
	_, answer := f.checkOrder("/check/", f.last().FrontReference, demoToken)
	tx, _ := answer["transaction"].(map[string]any)
	if tx["status"] != "2" || tx["channel"] != "afrimoney" {
		t.Errorf("answer %v", answer)
	}
}

func TestAFeeThatTheMerchantBearsIsNotTheCustomers(t *testing.T) {
	tx := pay.Transaction{Amount: money.New(5000, money.CDF), Fees: money.New(100, money.CDF)}
	for bearer, want := range map[pay.Bearer]string{pay.CustomerBears: "51.0", pay.MerchantBears: "50.0"} {
		tx.FeeBearer = bearer
		if got, err := amountCustomer(tx); got != want || err != nil {
			t.Errorf("%s bears: %s, %v", bearer, got, err)
		}
	}
}

func TestIssueKeepsTheMerchantCodeAndWithdrawsTheToken(t *testing.T) {
	f := newFront(t, nil)
	first := f.issue(provider.IssueOrder{MerchantID: "other001", Mode: pay.Live})
	second := f.issue(provider.IssueOrder{MerchantID: "other001", Mode: pay.Live})
	if first[fieldMerchant] != second[fieldMerchant] || first[fieldToken] == second[fieldToken] {
		t.Errorf("%v then %v", first, second)
	}
	for token, want := range map[string]int{first[fieldToken]: 401, second[fieldToken]: 200} {
		if status, _ := f.checkOrder("/check/", "Qrk6ZaXts5Mv243850000100", token); status != want {
			t.Errorf("HTTP %d, want %d", status, want)
		}
	}
	for name, value := range map[string]string{"no_such": "1", optStatusProfile: "loose", optCallbackRetries: "-1"} {
		_, err := f.d.Issue(context.Background(), provider.IssueOrder{MerchantID: "x", Mode: pay.Test, Options: map[string]string{name: value}})
		if pay.KindOf(err) != pay.KindInvalid {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
}
