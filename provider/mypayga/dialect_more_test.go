package mypayga

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/providertest"
)

func (f *front) notice(tx pay.Transaction) *provider.Notice {
	f.Helper()
	n, err := f.d.Notice(context.Background(), tx, string(tx.Status))
	if err != nil {
		f.Fatal(err)
	}
	return n
}

func TestTheCallbackHasTheDocumentedFieldsInOrder(t *testing.T) {
	f := newFront(t, nil)
	tx := f.paid("Tok1", "074121212")
	n := f.notice(tx)
	const before, after = `{"hash":"`, `","order_status":"200","unique_id":"Tok1","amount":"144","payment_token":"Tok1","payment_method":"Mobile Money","message":"Payment success","client_phone":"074121212","status_request":"200","currency":"CFA"}`
	body := string(n.Call.Body)
	if !strings.HasPrefix(body, before) || !strings.HasSuffix(body, after) || len(body) != len(before)+128+len(after) {
		t.Errorf("body %s", body)
	}
	if n.Call.Method != "POST" || n.Call.URL != "http://shop.test/hooks/mypayga" || n.Call.Header.Get("Content-Type") != "application/json" ||
		n.Delay != 2*time.Second || len(n.Retries) != 4 || n.Retries[3] != 2*time.Hour {
		t.Errorf("notice %+v", n)
	}
	for event, status := range map[string]pay.Status{"pending": pay.StatusPending, "duplicate": pay.StatusSucceeded} {
		tx.Status = status
		if n, err := f.d.Notice(context.Background(), tx, event); n != nil || err != nil {
			t.Errorf("%s is told: %v", event, err)
		}
	}
}

func TestCallbacksHaveTheFormatAndTheSecretOfTheMerchant(t *testing.T) {
	for _, format := range []string{"json", "form", "get"} {
		for option, secret := range map[string]pay.Secret{"dedicated": demoCallbackSecret, "secret_apikey": demoSecretKey} {
			f := newFront(t, map[string]string{optCallbackFormat: format, optCallbackSecret: option})
			n := f.notice(f.paid("Tok1", "074121212"))
			r := httptest.NewRequest(n.Call.Method, n.Call.URL, strings.NewReader(string(n.Call.Body)))
			r.Header = n.Call.Header
			c, err := ReadCallback(r)
			if err != nil || !c.Verify(secret) || c.Message != "Payment success" {
				t.Errorf("%s %s: %+v, %v", format, option, c, err)
			}
			if (n.Call.Method == http.MethodGet) != (format == "get") || format == "get" && len(n.Call.Body) > 0 {
				t.Errorf("%s: %s with %d bytes", format, n.Call.Method, len(n.Call.Body))
			}
		}
	}
}

func TestTheDetailSaysWhetherTheCallbackWasAcknowledged(t *testing.T) {
	f := newFront(t, nil)
	n := f.notice(f.paid("Tok1", "074121212"))
	const target = pathDetail + "?payment_ref=Tok1&apikey=ptest_demo"
	if ack := f.d.Acknowledged(n, 500, nil); ack.Delivered || f.get(target).at("payment.mobile_callback") != "0" {
		t.Error("HTTP 500 acknowledges")
	}
	if ack := f.d.Acknowledged(n, 201, nil); !ack.Delivered || f.get(target).at("payment.mobile_callback") != "1" {
		t.Error("HTTP 201 does not acknowledge")
	}
}

func TestFailuresAreToldByWordsThatSayTheReason(t *testing.T) {
	f := newFront(t, nil)
	for i, reason := range pay.Reasons() {
		token := "T" + string(rune('A'+i))
		f.post(pathRequest, "apikey=stest_demo&amount=144&client_phone=074000100&payment_token="+token)
		tx := f.gw.Settle(f.last().ID, pay.OutcomeFailed, pay.Failure{Reason: reason, Message: "Code de confirmation incorrect "})
		n := f.notice(tx)
		var c Callback
		if err := json.Unmarshal(n.Call.Body, &c); err != nil {
			t.Fatal(err)
		}
		if c.OrderStatus != "400" || reasonOf(c.Message) != reason && reason != pay.ProviderError || strings.TrimSpace(c.Message) != c.Message {
			t.Errorf("%s: %s %q", reason, c.OrderStatus, c.Message)
		}
	}
}

func TestPendingPaymentsAreNotFoundUnlessTheOptionTellsThem(t *testing.T) {
	const target = pathDetail + "?payment_ref=T1&apikey=ptest_demo"
	request := "apikey=stest_demo&amount=144&client_phone=074000100&payment_token=T1"
	f := newFront(t, nil)
	f.post(pathRequest, request)
	w, _ := f.do(httptest.NewRequest(http.MethodGet, target, nil))
	if w.Body.String() != `{"payment":[],"code":"404","final_status":null,"merchand_ref":null,"environnement":"test","message":"Transaction not found"}` {
		t.Errorf("%s", w.Body)
	}
	f = newFront(t, map[string]string{optDetailPending: "pending"})
	f.post(pathRequest, request)
	if a := f.get(target); a.at("final_status") != "100" || a.at("payment.message_data") != "Pending" {
		t.Errorf("%v", a)
	}
}

// cardPaid makes a card payment by the form and settles it.
func (f *front) cardPaid(number pay.Secret, failure pay.Failure) pay.Transaction {
	f.Helper()
	token := f.post(pathHash, "apikey=ptest_demo&uniqueID=C1&amount=1500&phone=074000100").at("payment_token")
	w, _ := f.do(formTo(pathCardForm, "apikey=ptest_demo&payment_token="+token))
	if w.Code != http.StatusSeeOther {
		f.Fatalf("HTTP %d %s", w.Code, w.Body)
	}
	tx := f.gw.Pay(strings.TrimPrefix(w.Header().Get("Location"), f.gw.Base+"/pay/"), pay.Method{
		Type: pay.CardMethod, Card: pay.Card{Number: number}.Mask(),
	})
	outcome := pay.OutcomeSucceeded
	if !failure.IsZero() {
		outcome = pay.OutcomeFailed
	}
	return f.gw.Settle(tx.ID, outcome, failure)
}

func formTo(path, form string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form))
	r.Header.Set("Content-Type", mediaForm)
	return r
}

func TestACardFormLeadsToItsPageOnceAndBack(t *testing.T) {
	f := newFront(t, nil)
	refs := f.post(pathHash, "apikey=ptest_demo&uniqueID=C1&amount=1500&phone=074000100&lastname=Larry&firstname=Jacob")
	form := "apikey=ptest_demo&payment_token=" + refs.at("payment_token")
	first, _ := f.do(formTo(pathCardForm, form+"&hash="+refs.at("hash")))
	again, _ := f.do(formTo(pathCardForm, form))
	if first.Code != 303 || first.Header().Get("Location") != again.Header().Get("Location") || len(f.gw.Transactions()) != 1 {
		t.Fatalf("HTTP %d, then %d, %d payments", first.Code, again.Code, len(f.gw.Transactions()))
	}
	tx := f.last()
	back, _ := tx.Checkout.ReturnFor(pay.StatusFailed)
	if back.URL != "http://shop.test/return?outcome=failure" || back.Fields["payment_token"] != refs.at("payment_token") || back.Method != "GET" {
		t.Errorf("back by %+v", back)
	}
	if len(tx.Checkout.Methods) != 1 || tx.Checkout.Methods[0] != pay.CardMethod || tx.Amount != providertest.XAF(1500) {
		t.Errorf("%+v", tx)
	}
	for name, bad := range map[string]string{
		"hash": form + "&hash=0", "token": "apikey=ptest_demo&payment_token=x", "no token": "apikey=ptest_demo", "key": "apikey=x&payment_token=x",
	} {
		w, _ := f.do(formTo(pathCardForm, bad))
		if w.Code != 400 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			t.Errorf("%s: HTTP %d %s", name, w.Code, w.Body)
		}
	}
}

func TestARefusedCardKeepsItsDocumentedTextWithEitherCode(t *testing.T) {
	failure := pay.Failure{Reason: pay.InsufficientFunds, Message: "PAYMENT FAILED, INSUF FUND"}
	for option, want := range map[string]string{"400": "400", "200": "200"} {
		f := newFront(t, map[string]string{optCardRefusal: option})
		tx := f.cardPaid("4242937137682335", failure)
		var c Callback
		if err := json.Unmarshal(f.notice(tx).Call.Body, &c); err != nil {
			t.Fatal(err)
		}
		if c.OrderStatus != want || c.StatusRequest != want || c.Message != failure.Message || c.PaymentMethod != "Card" || c.ClientPhone != "" {
			t.Errorf("%+v", c)
		}
		a := f.get(pathDetail + "?payment_ref=C1&apikey=ptest_demo")
		if a.at("final_status") != want || a.at("payment.pmt_banque") != "CB" || a.at("payment.last_4_digits") != "2335" {
			t.Errorf("%v", a)
		}
	}
	f := newFront(t, map[string]string{optCardRefusal: "200"})
	tx := f.cardPaid("4242424242424242", pay.Failure{Reason: pay.LimitReached, Message: "Plafond atteint"})
	if message := f.d.(*dialect).mustAccount(t).messageOf(tx); !refusalText(message) {
		t.Errorf("code 200 with %q reads as a success", message)
	}
}

func (d *dialect) mustAccount(t *testing.T) account {
	t.Helper()
	a, _, err := d.accountOfKey(context.Background(), demoSecretKey)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestARefundMovesNothingBeforeItIsSentAndIsSentOnce(t *testing.T) {
	f := newFront(t, nil)
	f.paid("T1", "074121212")
	create := func(amount string) answer {
		return f.post(pathRefundCreate, "apikey=stest_demo&payment_token=T1&amount="+amount+"&description=d")
	}
	if a := create("145"); a.at("statusRequest") != "400" {
		t.Errorf("beyond the payment: %v", a)
	}
	a := create("144")
	if len(f.gw.Transactions()) != 1 || a.at("clientNumber") != "074121212" {
		t.Fatalf("%v", a)
	}
	id := a.at("refundId")
	infos := func() answer { return f.get(pathRefundInfos + "?apikey=ptest_demo&refId=" + id) }
	if a := infos(); a.at("refund.status") != "100" || a.at("refund.refundType") != "TO" || a.at("refund.opeDate") != "" {
		t.Errorf("before: %v", a)
	}
	other := f.issue(provider.IssueOrder{MerchantID: "other001", Mode: pay.Test})
	if a := f.post(pathRefundSend, "apikey="+other[fieldAPIKey]+"&refund_id="+id); a.at("RefundStatus") != "404" || a.at("message") != "Refund not found" {
		t.Errorf("another merchant: %v", a)
	}
	now := f.gw.Now()
	f.gw.OnCreate = func(tx *pay.Transaction) { tx.Status, tx.CompletedAt = pay.StatusSucceeded, now }
	if a := f.post(pathRefundSend, "apikey=stest_demo&refund_id="+id); a.at("RefundStatus") != "200" || a.at("message") != "Refund OK." {
		t.Fatalf("sent: %v", a)
	}
	tx := f.last()
	if tx.Kind != pay.Refund || tx.Parent != f.gw.Transactions()[0].ID || tx.Reference != id || tx.Amount != providertest.XAF(144) {
		t.Errorf("%+v", tx)
	}
	if a := f.post(pathRefundSend, "apikey=stest_demo&refund_id="+id); a.at("RefundStatus") != "409" || len(f.gw.Transactions()) != 2 {
		t.Errorf("sent twice: %v", a)
	}
	if a := infos(); a.at("refund.status") != "200" || a.at("refund.opeDate") == "" || a.at("refund.message") != "Remboursement effectué." {
		t.Errorf("after: %v", a)
	}
}

func TestOnlyPaidPaymentsAreRefunded(t *testing.T) {
	f := newFront(t, nil)
	f.post(pathRequest, "apikey=stest_demo&amount=144&client_phone=074000100&payment_token=T1")
	for token, status := range map[string]string{"T1": "400", "T2": "404"} {
		if a := f.post(pathRefundCreate, "apikey=stest_demo&amount=1&payment_token="+token); a.at("statusRequest") != status {
			t.Errorf("%s: %v", token, a)
		}
	}
}

func TestAnswersAreAsBrokenAsTheDocumentsOnRequest(t *testing.T) {
	f := newFront(t, map[string]string{optInvalidJSON: "true", optRefundMessage: "true"})
	now := f.gw.Now()
	f.gw.OnCreate = func(tx *pay.Transaction) { tx.Status, tx.CompletedAt = pay.StatusSucceeded, now }
	id := f.post(pathTransfer, "apikey=stest_demo&amount=100&receiver_phone=074000100&country=GA&type_clt=client").at("transfert.transfert_id")
	w := httptest.NewRecorder()
	f.d.ServeHTTP(w, httptest.NewRequest(http.MethodGet, pathTransferStatus+"?apikey=ptest_demo&trans_ref="+id, nil))
	if !strings.Contains(w.Body.String(), `"numero_de_compte":"074000100,"description"`) || json.Valid(w.Body.Bytes()) {
		t.Errorf("%s", w.Body)
	}
	f.post(pathRequest, "apikey=stest_demo&amount=144&client_phone=074000100&payment_token=T1")
	refund := f.post(pathRefundCreate, "apikey=stest_demo&amount=144&payment_token=T1").at("refundId")
	w = httptest.NewRecorder()
	f.d.ServeHTTP(w, formTo(pathRefundSend, "apikey=stest_demo&refund_id="+refund))
	var sent RefundSent
	if json.Valid(w.Body.Bytes()) || unmarshal(w.Body.Bytes(), &sent) != nil || sent.Status != "200" {
		t.Errorf("%s", w.Body)
	}
	if a := f.get(pathRefundInfos + "?apikey=ptest_demo&refId=" + refund); a.at("refund.status") != "200" || a.at("refund.message") != messageRefundWaits {
		t.Errorf("%v", a)
	}
}

func TestATransferIsAnotherEachTime(t *testing.T) {
	f := newFront(t, nil)
	f.gw.OnCreate = func(tx *pay.Transaction) { tx.Status = pay.StatusSucceeded }
	const form = "apikey=stest_demo&amount=100&receiver_phone=074000100&country=GA&type_clt=client"
	first, second := f.post(pathTransfer, form), f.post(pathTransfer, form)
	if first.at("transfert.transfert_id") == second.at("transfert.transfert_id") || len(f.gw.Transactions()) != 2 {
		t.Errorf("%v, %v", first, second)
	}
	if a := f.post(pathTransfer, strings.Replace(form, "=100", "=2000000", 1)); a.at("message") != "Echec-solde ins." || a.at("statusRequest") != "400" {
		t.Errorf("beyond the balance: %v", a)
	}
	if a := f.post(pathTransfer, strings.Replace(form, "=client", "=agent", 1)); a.at("statusRequest") != "400" {
		t.Errorf("type_clt: %v", a)
	}
	if a := f.post(pathTransfer, strings.Replace(form, "&country=GA", "", 1)); a.at("message") != "Missing parameter : country" {
		t.Errorf("no country: %v", a)
	}
}

func TestALinkIsFoundByBothNamesAndCanceledByBothPaths(t *testing.T) {
	f := newFront(t, nil)
	a := f.post(pathLinkCreate, "apikey=stest_demo&phone=074000100&amount=1000&email=client@example.test&description=Test")
	u, err := url.Parse(a.at("link.url"))
	if err != nil || u.Path != "/mypayga/payment/sharedLink/pay" {
		t.Fatalf("%v", a)
	}
	token := u.Query().Get("token_url")
	for _, ref := range []string{token, a.at("link.order_ref")} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			_, view := f.do(httptest.NewRequest(method, pathLinkView+ref+"?apikey=stest_demo", nil))
			if view.at("link.ref") != token || view.at("link.final_status") != "100" || view.at("code") != "" {
				t.Errorf("%s %s: %v", method, ref, view)
			}
		}
	}
	w, _ := f.do(httptest.NewRequest(http.MethodGet, pathLinkPage+"?token_url="+token, nil))
	if w.Code != 303 || w.Header().Get("Location") != f.gw.CheckoutURL(token) {
		t.Errorf("HTTP %d to %s", w.Code, w.Header().Get("Location"))
	}
	for _, path := range []string{pathLinkCancel, pathLinkCancelHeading} {
		if a := f.get(path + token + "?apikey=stest_demo"); a.at("code") != "200" || a.at("link") != token {
			t.Errorf("%s: %v", path, a)
		}
	}
	if a := f.get(pathLinkView + token + "?apikey=stest_demo"); a.at("link.expired") != "1" {
		t.Errorf("%v", a)
	}
	if n := f.notice(f.last()); n != nil {
		t.Error("a link that nobody used is called back")
	}
	if a := f.get(pathLinkView + "x?apikey=stest_demo"); a.at("code") != "404" || a.at("message") != "Link not found" {
		t.Errorf("%v", a)
	}
}

func TestTheNewerAPI(t *testing.T) {
	const good = `{"apikey":"stest_demo","urls":{"callback_url":"http://shop.test/own","success_url":"http://shop.test/ok"},"client_phone":"074121212","amount":"100","country":"GA","network":"MM","type":"mobile_money","unique_id":"ORDER42","currency":"XAF","OTP":"1234"}`
	f := newFront(t, nil)
	w, a := f.do(jsonTo(pathPay, good))
	if w.Code != 200 || !strings.HasPrefix(w.Body.String(), `{"request_status":200,"message":"Request Sent.Please Wait.","payment_token":"`) {
		t.Fatalf("HTTP %d %s", w.Code, w.Body)
	}
	r := f.gw.Requests()[0]
	if r.Reference != "ORDER42" || r.Method.Operator != "moov_ga" || r.OTP.Reveal() != "1234" || !r.Push {
		t.Errorf("%+v", r)
	}
	verify := pathVerify + "?apikey=ptest_demo&payment_token=" + a.at("payment_token")
	if v := f.get(verify); v.at("order_status") != "100" {
		t.Errorf("pending: %v", v)
	}
	tx := f.gw.Settle(f.last().ID, pay.OutcomeSucceeded, pay.Failure{})
	if n := f.notice(tx); n.Call.URL != "http://shop.test/own" || !strings.Contains(string(n.Call.Body), `"currency":"XAF"`) {
		t.Errorf("%s %s", n.Call.URL, n.Call.Body)
	}
	if w, _ := f.do(jsonTo(pathPay, good)); w.Code != 409 || w.Body.String() != `{"request_status":409,"message":"Transaction already exists"}` {
		t.Errorf("again: HTTP %d %s", w.Code, w.Body)
	}
	w, _ = f.do(httptest.NewRequest(http.MethodGet, pathVerify+"?apikey=ptest_demo&payment_token=x", nil))
	if w.Body.String() != `{"statusRequest":404,"message":"Transaction not found"}` {
		t.Errorf("%s", w.Body)
	}
	w, _ = f.do(httptest.NewRequest(http.MethodGet, pathNetwork+"?apikey=ptest_demo&tel_number=12&country=GA", nil))
	if w.Body.String() != `{"statusRequest":400,"message":"Network not found"}` {
		t.Errorf("%s", w.Body)
	}
	for change, message := range map[[2]string]string{
		{"http://shop.test/own", ""}:             "Missing parameter : callback_url",
		{"http://shop.test/own", "nowhere"}:      "Invalid callback_url",
		{`"074121212"`, `"1"`}:                   "Invalid phone number",
		{`"MM"`, `"ZZ"`}:                         "Invalid phone number",
		{`"XAF"`, `"XOF"`}:                       "Invalid currency",
		{`"mobile_money"`, `"cash"`}:             "Invalid type",
		{`"100"`, `100.5`}:                       "Invalid amount",
		{`"unique_id":"ORDER42"`, `"unique":""`}: "Missing parameter : unique_id",
	} {
		f := newFront(t, nil)
		w, a := f.do(jsonTo(pathPay, strings.Replace(good, change[0], change[1], 1)))
		if w.Code != 400 || a.at("message") != message || len(f.gw.Transactions()) != 0 {
			t.Errorf("%v: HTTP %d %v", change, w.Code, a)
		}
	}
	f = newFront(t, nil)
	_, a = f.do(jsonTo(pathPay, strings.NewReplacer("mobile_money", "card", "ORDER42", "CARD1").Replace(good)))
	back, _ := f.last().Checkout.ReturnFor(pay.StatusSucceeded)
	if a.at("checkout_url") != f.gw.CheckoutURL(f.last().Checkout.Token) || back.URL != "http://shop.test/ok" {
		t.Errorf("card: %v, back to %s", a, back.URL)
	}
}

func TestPathsAndMethodsOutsideTheDocumentAreRefused(t *testing.T) {
	f := newFront(t, nil)
	for target, want := range map[string]int{
		"GET " + pathRequest: 405, "POST " + pathDetail: 405, "GET " + pathCardForm: 405, "POST " + pathLinkPage: 405,
		"GET /nowhere": 404, "POST /": 404,
	} {
		method, path, _ := strings.Cut(target, " ")
		if w, _ := f.do(httptest.NewRequest(method, path, nil)); w.Code != want {
			t.Errorf("%s: HTTP %d", target, w.Code)
		}
	}
	w, _ := f.do(formTo(pathRequest, strings.Repeat("a", maxBody+1)))
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("an endless body: HTTP %d", w.Code)
	}
}

func TestIssueRefusesOptionsThatDoNotExist(t *testing.T) {
	f := newFront(t, nil)
	for _, options := range []map[string]string{{"nothing": "x"}, {optTokenCheck: "maybe"}} {
		if _, err := f.d.Issue(t.Context(), provider.IssueOrder{MerchantID: "demo0001", Mode: pay.Test, Options: options}); pay.KindOf(err) != pay.KindInvalid {
			t.Errorf("%v: %v", options, err)
		}
	}
}

func TestStrictRequiredWantsAllThatTheTableDoes(t *testing.T) {
	f := newFront(t, map[string]string{optStrictRequired: "true"})
	a := f.post(pathHash, "apikey=ptest_demo&uniqueID=1&amount=100&phone=074000100&email=a@b.test&firstname=x&lastname=y")
	if a.at("code") != "400" || a.at("message") != "Missing parameter : description" {
		t.Errorf("%v", a)
	}
}

func TestKeyKindsAreNotCheckedOnRequest(t *testing.T) {
	f := newFront(t, map[string]string{optKeyKinds: "off"})
	if a := f.post(pathRequest, "apikey=ptest_demo&amount=100&client_phone=074000100&payment_token=T1"); a.at("statusRequest") != "200" {
		t.Errorf("%v", a)
	}
}
