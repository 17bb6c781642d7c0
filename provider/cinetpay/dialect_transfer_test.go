package cinetpay

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// login logs the demo merchant in.
func (f *front) login() string {
	f.Helper()
	_, answer := f.post("/v1/auth/login?lang=fr", contentTypeForm, "apikey=demo-cinetpay-apikey&password=demo-password")
	data, _ := answer["data"].(map[string]any)
	token, _ := data["token"].(string)
	if answer["code"] != 0.0 || answer["message"] != "OPERATION_SUCCES" || token == "" {
		f.Fatalf("login: %v", answer)
	}
	return token
}

// form posts a form field data to the transfer API.
func (f *front) form(path, token, data string) map[string]any {
	f.Helper()
	status, answer := f.post("/v1"+path+"?lang=fr&token="+token, contentTypeForm, url.Values{"data": {data}}.Encode())
	if status != 200 {
		f.Errorf("HTTP %d", status)
	}
	return answer
}

func (f *front) get(path, query string) (int, map[string]any) {
	f.Helper()
	return f.do(httptest.NewRequest(http.MethodGet, "/v1"+path+"?lang=fr&"+query, nil))
}

const oneContact = `[{"prefix":"225","phone":"0700000100","name":"Kouassi","surname":"Awa","email":"client@exemple.com"}]`

func oneTransfer(changes string) string {
	fields := map[string]any{
		"prefix": "225", "phone": "0700000100", "amount": 500, "client_transaction_id": "C1",
		"notify_url": "https://www.exemple.com/n",
	}
	_ = json.Unmarshal([]byte(changes), &fields)
	body, _ := json.Marshal([]any{fields})
	return string(body)
}

// item digs the first object out of nested data.
func item(answer map[string]any) map[string]any {
	v := answer["data"]
	for {
		list, ok := v.([]any)
		if !ok || len(list) == 0 {
			m, _ := v.(map[string]any)
			return m
		}
		v = list[0]
	}
}

func TestTransferFromLoginToValid(t *testing.T) {
	f := newFront(t, nil)
	token := f.login()
	if _, answer := f.get(pathBalance, "token="+token); fmt.Sprint(answer["data"]) != "map[amount:1e+06 available:1e+06 inUsing:0]" {
		t.Errorf("balance %v", answer)
	}
	if answer := f.form(pathSend, token, oneTransfer("{}")); answer["code"] != "724" {
		t.Fatalf("sent to a stranger: %v", answer)
	}
	if got := item(f.form(pathContact, token, oneContact)); got["code"] != 0.0 || got["status"] != "success" || got["lot"] == "" {
		t.Fatalf("contact: %v", got)
	}
	if got := item(f.form(pathContact, token, oneContact)); got["code"] != "726" {
		t.Errorf("known contact: %v", got)
	}
	answer := f.form(pathSend, token, oneTransfer("{}"))
	sent := item(answer)
	if _, nested := answer["data"].([]any)[0].([]any); !nested {
		t.Error("data is not nested")
	}
	if answer["code"] != 0.0 || sent["code"] != 0.0 || sent["status"] != "success" || sent["treatment_status"] != "NEW" ||
		sent["amount"] != 500.0 || sent["client_transaction_id"] != "C1" || sent["lot"] == "" {
		t.Fatalf("sent: %v", answer)
	}
	tx := f.gw.Transactions()[0]
	if tx.Kind != pay.Payout || tx.Amount != xof(500) || tx.Method.Phone != "+2250700000100" || tx.Method.Operator != "orange_ci" ||
		tx.Customer.Name != "Kouassi" || tx.FrontReference != sent["transaction_id"] {
		t.Errorf("transaction %+v", tx)
	}
	if answer := f.form(pathSend, token, oneTransfer("{}")); answer["code"] != "805" {
		t.Errorf("sent twice: %v", answer)
	}
	_, checked := f.get(pathCheckTransfer, "token="+token+"&client_transaction_id=C1")
	if got := item(checked); got["treatment_status"] != "REC" || got["receiver"] != "2250700000100" || got["sending_status"] != "CONFIRM" {
		t.Errorf("checked: %v", got)
	}
	tx = f.gw.Settle(tx.ID, pay.OutcomeSucceeded, pay.Failure{})
	_, checked = f.get(pathCheckTransfer, "token="+token+"&transaction_id="+url.QueryEscape(tx.FrontReference))
	if got := item(checked); got["treatment_status"] != "VAL" || got["validated_at"] != "2025-01-06 13:17:50" || got["transfer_valid"] != "Y" {
		t.Errorf("checked: %v", got)
	}
	n := f.notice(tx, "succeeded")
	if n.Call.URL != "https://www.exemple.com/n" || n.Call.Header.Get(headerToken) != "" || n.Probe == nil ||
		!strings.HasPrefix(string(n.Call.Body), "transaction_id=EA") || !strings.Contains(string(n.Call.Body), "&treatment_status=VAL&") {
		t.Errorf("notice %s", n.Call.Body)
	}
}

func TestARejectedTransferSaysWhyInItsComment(t *testing.T) {
	f := newFront(t, nil)
	token := f.login()
	f.form(pathContact, token, oneContact)
	f.form(pathSend, token, oneTransfer("{}"))
	f.gw.Settle(f.gw.Transactions()[0].ID, pay.OutcomeFailed, pay.Failure{Reason: pay.LimitReached})
	_, checked := f.get(pathCheckTransfer, "token="+token+"&client_transaction_id=C1")
	got := item(checked)
	if got["treatment_status"] != "REJ" {
		t.Fatalf("checked: %v", got)
	}
	if _, reason := treatment("REJ", got["comment"].(string)); reason != pay.LimitReached {
		t.Errorf("comment %v", got["comment"])
	}
}

func TestTransferRefusals(t *testing.T) {
	tests := []struct{ name, data, code string }{
		{"no data", "", "704"},
		{"broken JSON", `[{"prefix":`, "718"},
		{"an empty list", `[]`, "716"},
		{"a list of texts", `["a"]`, "716"},
		{"no prefix", oneTransfer(`{"prefix":""}`), "716"},
		{"no number of its country", oneTransfer(`{"phone":"12"}`), "802"},
		{"no notify_url", oneTransfer(`{"notify_url":""}`), "725"},
		{"a notify_url of no web", oneTransfer(`{"notify_url":"ftp://x"}`), "716"},
		{"no client_transaction_id", oneTransfer(`{"client_transaction_id":""}`), "716"},
		{"a negative amount", oneTransfer(`{"amount":-500}`), "801"},
		{"a fractional amount", oneTransfer(`{"amount":500.5}`), "801"},
		{"not a multiple of 5", oneTransfer(`{"amount":501}`), "801"},
		{"too small", oneTransfer(`{"amount":95}`), "719"},
		{"too large", oneTransfer(`{"amount":1500005}`), "720"},
		{"an unknown service", oneTransfer(`{"payment_method":"BITCOIN"}`), "716"},
		{"a stranger", oneTransfer(`{"phone":"0700000199"}`), "724"},
		{"no funds", oneTransfer(`{"amount":1000500}`), "602"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFront(t, nil)
			token := f.login()
			f.form(pathContact, token, oneContact)
			answer := f.form(pathSend, token, tt.data)
			data, _ := answer["data"].([]any)
			if answer["code"] != tt.code || answer["message"] == "" || answer["description"] == "" || data == nil || len(data) != 0 {
				t.Errorf("answer %v", answer)
			}
			if len(f.gw.Transactions()) != 0 {
				t.Error("money was sent")
			}
		})
	}
}

func TestATransferIsAnsweredHoweverItsAmountIsWritten(t *testing.T) {
	for _, amount := range []string{`500`, `500.0`, `"500"`, `"0500"`, `" 500.00 "`, `"00000000000000000000500"`} {
		f := newFront(t, nil)
		token := f.login()
		f.form(pathContact, token, oneContact)
		answer := f.form(pathSend, token, strings.Replace(oneTransfer("{}"), `"amount":500`, `"amount":`+amount, 1))
		sent := item(answer)
		if answer["code"] != 0.0 || sent["code"] != 0.0 || sent["amount"] != 500.0 || sent["transaction_id"] == "" {
			t.Errorf("%s: %v", amount, answer)
		}
		if list := f.gw.Transactions(); len(list) != 1 || list[0].Amount != xof(500) {
			t.Errorf("%s: sent %v", amount, list)
		}
	}
}

func TestATransferIsFoundByItsIDsWithSpacesAround(t *testing.T) {
	f := newFront(t, nil)
	token := f.login()
	f.form(pathContact, token, oneContact)
	f.form(pathSend, token, oneTransfer(`{"client_transaction_id":" C1 "}`))
	for _, query := range []string{"client_transaction_id=+C1+", "transaction_id=+" + f.gw.Transactions()[0].FrontReference} {
		if _, answer := f.get(pathCheckTransfer, "token="+token+"&"+query); answer["code"] != 0.0 {
			t.Errorf("%s: %v", query, answer)
		}
	}
}

func TestATransferAmongOthersIsRefusedByItself(t *testing.T) {
	f := newFront(t, nil)
	token := f.login()
	f.form(pathContact, token, oneContact)
	twice := strings.TrimSuffix(oneTransfer("{}"), "]") + "," + strings.TrimPrefix(oneTransfer("{}"), "[")
	answer := f.form(pathSend, token, twice)
	list := answer["data"].([]any)[0].([]any)
	if answer["code"] != 0.0 || list[0].(map[string]any)["code"] != 0.0 || list[1].(map[string]any)["code"] != "805" {
		t.Errorf("answer %v", answer)
	}
}

func TestLoginAndTokens(t *testing.T) {
	f := newFront(t, nil)
	for form, code := range map[string]string{
		"apikey=demo-cinetpay-apikey&password=wrong": "701",
		"apikey=wrong&password=demo-password":        "703",
		"apikey=demo-cinetpay-apikey":                "704",
		"":                                           "704",
	} {
		if status, answer := f.post("/v1/auth/login", contentTypeForm, form); status != 200 || answer["code"] != code {
			t.Errorf("%q: HTTP %d %v", form, status, answer)
		}
	}
	if status, answer := f.get("/auth/login", "apikey=demo-cinetpay-apikey&password=demo-password"); status != 200 || answer["code"] != 0.0 {
		t.Errorf("login by GET: HTTP %d %v", status, answer)
	}
	want := map[string]any{"code": "706", "message": "INVALID_TOKEN", "description": "Votre token est invalide", "data": []any{}}
	if _, answer := f.get(pathBalance, "token=none"); fmt.Sprint(answer) != fmt.Sprint(want) {
		t.Errorf("a wrong token: %v", answer)
	}
	if _, answer := f.do(httptest.NewRequest(http.MethodGet, "/v1/transfer/check/balance?lang=en", nil)); answer["description"] != "Your token is invalid" {
		t.Errorf("in English: %v", answer)
	}
	token := f.login()
	f.gw.Advance(5*time.Minute - time.Second)
	if _, answer := f.get(pathBalance, "token="+token); answer["code"] != 0.0 {
		t.Errorf("before five minutes: %v", answer)
	}
	f.gw.Advance(time.Second)
	if _, answer := f.get(pathBalance, "token="+token); answer["code"] != "705" {
		t.Errorf("after five minutes: %v", answer)
	}
}

func TestATransferOfAnotherMerchantIsNotFound(t *testing.T) {
	f := newFront(t, nil)
	token := f.login()
	f.form(pathContact, token, oneContact)
	f.form(pathSend, token, oneTransfer("{}"))
	f.create(nil)
	other := f.issue(provider.IssueOrder{MerchantID: "other001", Mode: pay.Test})
	_, answer := f.post("/v1/auth/login", contentTypeForm,
		url.Values{"apikey": {other["apikey"]}, "password": {other["transfer_password"]}}.Encode())
	stranger := item(answer)["token"].(string)
	payment := f.gw.Transactions()[1].FrontReference
	for _, query := range []string{
		"token=" + stranger + "&client_transaction_id=C1", "token=" + token + "&client_transaction_id=C2",
		"token=" + token + "&transaction_id=" + payment,
	} {
		if _, answer := f.get(pathCheckTransfer, query); answer["code"] != "723" {
			t.Errorf("%v", answer)
		}
	}
	if answer := f.form(pathSend, stranger, oneTransfer("{}")); answer["code"] != "724" {
		t.Errorf("another merchant's contact: %v", answer)
	}
	if _, answer := f.get(pathCheckTransfer, "token="+token); answer["code"] != "704" {
		t.Errorf("a check of nothing: %v", answer)
	}
}

func TestTransfersAreInTheReceiversCurrency(t *testing.T) {
	for _, tt := range []struct {
		option, prefix, phone string
		want                  money.Currency
	}{
		{"XOF", "225", "0700000100", money.XOF},
		{"XOF", "237", "690000100", money.XAF},
		{"XOF", "243", "810000100", money.CDF},
		{"USD", "243", "810000100", money.USD},
		{"USD", "224", "620000100", money.GNF},
	} {
		f := newFront(t, map[string]string{optTransferCurrency: tt.option, optTransferNesting: "flat"})
		token := f.login()
		where := fmt.Sprintf(`{"prefix":%q,"phone":%q,"amount":1000}`, tt.prefix, tt.phone)
		answer := f.form(pathContact, token, oneTransfer(where))
		if _, flat := answer["data"].([]any)[0].(map[string]any); !flat {
			t.Error("transfer_nesting flat has no effect")
		}
		f.form(pathSend, token, oneTransfer(where))
		if got := f.gw.Requests()[0].Amount.Currency; got != tt.want {
			t.Errorf("%s to %s is in %s", tt.option, tt.prefix, got)
		}
	}
}
