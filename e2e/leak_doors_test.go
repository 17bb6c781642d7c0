package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// useDialects speaks the dialects with issued credentials, some of them at the
// wrong place.
func (v *visitor) useDialects(mypvit, cinetpay map[string]string) {
	stray := cardNumber("376411902835574")
	v.secrets.card(stray)
	header := http.Header{"Content-Type": {"application/json"}, "X-Secret": {mypvit["secret"]}}
	order := func(service string) string {
		return fmt.Sprintf(`{"amount":500,"reference":"CARDLINK","service":%q,"callback_url_code":%q,"customer_account_number":"074000100",
"merchant_operation_account_code":%q,"transaction_type":"PAYMENT","owner_charge":"MERCHANT","failed_redirection_url_code":%q,"success_redirection_url_code":%q}`,
			service, mypvit["callback_url_code"], mypvit["account"], mypvit["failed_redirection_url_code"], mypvit["success_redirection_url_code"])
	}
	base := v.g.URL + "/mypvit/" + mypvit["code_url"]
	made := v.send(request{http.MethodPost, base + "/link", order("VISA_MASTERCARD"), header})
	v.payByCard(made, "url")
	v.send(request{http.MethodPost, base + "/rest", strings.Replace(order("RESTFUL"), `"074000100"`, `"`+stray+`"`, 1), header})
	v.send(request{http.MethodPost, base + "/rest", strings.Replace(order(mypvit["secret"]), "500", stray, 1), header})
	v.send(request{http.MethodPost, base + "/rest", order("RESTFUL")[:50] + stray, header})
	v.send(request{http.MethodGet, base + "/kyc?customerAccountNumber=" + stray, "", header})
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	v.send(request{http.MethodPost, base + "/renew-secret", url.Values{
		"operationAccountCode": {mypvit["account"]}, "receptionUrlCode": {"NONE1"}, "password": {mypvit["renewal_password"]},
	}.Encode(), form})

	pay := fmt.Sprintf(`{"amount":500,"currency":"XAF","apikey":%q,"site_id":%q,"transaction_id":"guichet","description":"Panier",
"notify_url":"%s/notify","return_url":"%s/return","channels":"ALL"}`, cinetpay["apikey"], cinetpay["site_id"], v.merchant.URL, v.merchant.URL)
	created := v.send(request{http.MethodPost, v.g.URL + "/cinetpay/v2/payment", pay, http.Header{"Content-Type": {"application/json"}}})
	v.payByCard(created, "data", "payment_url")
	for _, wrong := range []string{
		strings.Replace(pay, "500", stray, 1), strings.Replace(pay, "XAF", stray, 1), pay[:60] + stray,
		strings.Replace(pay, cinetpay["site_id"], cinetpay["secret_key"], 1), strings.Replace(pay, `"ALL"`, `"`+cinetpay["apikey"]+`"`, 1),
	} {
		v.send(request{http.MethodPost, v.g.URL + "/cinetpay/v2/payment", wrong, http.Header{"Content-Type": {"application/json"}}})
		v.send(request{http.MethodPost, v.g.URL + "/cinetpay/v2/payment/check", wrong, http.Header{"Content-Type": {"application/json"}}})
	}
	login := request{http.MethodPost, v.g.URL + "/cinetpay/v1/auth/login", url.Values{"apikey": {cinetpay["apikey"]}, "password": {cinetpay["transfer_password"]}}.Encode(), form}
	got := login.must(v.t)
	data, _ := fields(v.t, got.body)["data"].(map[string]any)
	token := v.keep("cinetpay token", data["token"].(string))
	v.send(request{http.MethodGet, v.g.URL + "/cinetpay/v1/transfer/check/balance?token=" + token, "", http.Header{}})
	v.send(request{http.MethodGet, v.g.URL + "/cinetpay/v1/transfer/check/money?client_transaction_id=x&token=" + token, "", http.Header{}})
	v.send(request{http.MethodGet, v.g.URL + "/cinetpay/v1/nothing?token=" + token, "", http.Header{}})
}

// payByCard types a card on the page that a dialect gave out.
func (v *visitor) payByCard(made answer, path ...string) {
	v.t.Helper()
	var at any = fields(v.t, made.body)
	for _, name := range path {
		object, _ := at.(map[string]any)
		at = object[name]
	}
	page, _ := at.(string)
	if page == "" {
		v.t.Fatalf("no page in %v", made)
	}
	number := cardNumber("512345009876120")
	v.secrets.card(number)
	body := url.Values{"method": {"card"}, "number": {number}, "expiry": {"12/39"}, "cvv": {cvvTyped}}.Encode()
	got := v.send(request{http.MethodPost, v.g.URL + "/pay/" + tokenOf(v.t, page), body, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}})
	if got.status != http.StatusSeeOther {
		v.t.Fatalf("pay by card: %v", got)
	}
}

// useWrongKeys knocks at every operation of the native API with a key that
// opens nothing, and at the other doors.
func (v *visitor) useWrongKeys() {
	wrong := nativeCaller{v.g.URL, v.keep("wrong key", "sk_live_wrong"+canary)}
	var document struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	text := request{http.MethodGet, v.g.URL + "/openapi.json", "", http.Header{}}.must(v.t).body
	if err := json.Unmarshal([]byte(text), &document); err != nil || len(document.Paths) < 20 {
		v.t.Fatalf("the API's document: %d paths, %v", len(document.Paths), err)
	}
	for path, operations := range document.Paths {
		path = strings.NewReplacer("{id}", "pay_"+canary, "{name}", canary, "{currency}", "XAF").Replace(path)
		for method := range operations {
			body := ""
			if method == "post" || method == "patch" {
				body = `{"otp":"604817","secret":"sk_live_wrong` + canary + `","credentials":{"secret":"sk_live_wrong` + canary + `"}}`
			}
			for _, caller := range []nativeCaller{wrong, v.test} {
				v.send(caller.request(strings.ToUpper(method), path, body))
			}
		}
	}
}

// takeEndpoint takes an endpoint's secret, which is shown once, and lets it sign.
func (v *visitor) takeEndpoint() {
	create := v.test.request(http.MethodPost, "/v1/webhook_endpoints", `{"url":"`+v.merchant.URL+`/webhooks"}`).with("Idempotency-Key", "endpoint")
	got := create.must(v.t)
	secret, _ := fields(v.t, got.body)["secret"].(string)
	if !strings.HasPrefix(secret, "whsec_") {
		v.t.Fatalf("no secret: %v", got)
	}
	v.keep("webhook secret", secret)
	v.keep("webhook secret's key", strings.TrimPrefix(secret, "whsec_"))
	id, _ := fields(v.t, got.body)["id"].(string)
	v.send(create, secret)
	v.send(v.test.request(http.MethodGet, "/v1/webhook_endpoints/"+id, ""))
	v.send(v.test.request(http.MethodGet, "/v1/webhook_endpoints", ""))
	v.test.made(v.t, "/v1/payments", paymentBody("signed"))
	v.merchant.wait(v.t, "/webhooks", "signed")
}

// connect brings a provider's credentials, wrong ones for each provider and
// right ones for two, and pays by those.
func (v *visitor) connect(rail watched) {
	for _, p := range v.g.App.Providers() {
		values := map[string]string{}
		for _, f := range p.Credentials {
			values[f.Name] = f.Default
			if f.Secret {
				values[f.Name] = v.keep(p.Name+" "+f.Name, "sk-"+canary+"-"+p.Name+"-"+f.Name)
			}
		}
		v.connection(p.Name, values)
	}
	v.keep("rail's mypvit secret", mypvitSecret)
	v.keep("rail's cinetpay apikey", "demo-cinetpay-apikey")
	v.keep("rail's cinetpay secret", "demo-cinetpay-secret")
	phones := map[string]string{"mypvit": "+24174000100", "cinetpay": "+2250700000100"}
	for name, values := range map[string]map[string]string{
		"mypvit": {
			"base_url": rail.URL + "/mypvit", "code_url": "DEMOPVITCODE0001", "account": "ACC_0000000000001", "secret": mypvitSecret,
			"callback_url_code": "CBK01",
		},
		"cinetpay": {
			"base_url": rail.URL + "/cinetpay", "transfer_base_url": rail.URL + "/cinetpay/v1", "apikey": "demo-cinetpay-apikey",
			"site_id": "100001", "secret_key": "demo-cinetpay-secret",
		},
	} {
		got := v.connection(name, values)
		id, _ := fields(v.t, got.body)["id"].(string)
		if id == "" {
			v.t.Fatalf("connect %s: %v", name, got)
		}
		currency := map[string]string{"mypvit": "XAF", "cinetpay": "XOF"}[name]
		v.send(v.live.request(http.MethodPost, "/v1/payments", fmt.Sprintf(
			`{"reference":"by-%s","amount":500,"currency":%q,"connection":%q,"method":{"type":"mobile_money","phone":%q}}`,
			name, currency, id, phones[name])))
	}
	if n := count(v.t, v.g.Running, "SELECT count(*) FROM exchanges WHERE status > 0"); n < 2 {
		v.t.Errorf("%d exchanges with the rail are kept, want at least 2", n)
	}
}

func (v *visitor) connection(name string, values map[string]string) answer {
	credentials, err := json.Marshal(values)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.send(v.live.request(http.MethodPost, "/v1/connections", `{"provider":"`+name+`","credentials":`+string(credentials)+`}`))
}
