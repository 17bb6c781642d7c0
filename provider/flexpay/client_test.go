package flexpay

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/pay"
)

// testClient is a client of a server that answers by the handler.
func testClient(t *testing.T, h http.HandlerFunc, change func(*Config)) *Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	cfg := Config{
		Token: "bearer " + testToken, Merchant: "ZANDO", CardBase: s.URL + "/", PayBase: s.URL + "/api/rest/v1",
		CheckBase: s.URL + "/check-host/", CheckoutHosts: []string{"gwvisa.flexpay.cd"},
	}
	if change != nil {
		change(&cfg)
	}
	return New(cfg)
}

func cardExampleRequest() CardRequest {
	return CardRequest{
		Reference: "MM0000XXFFR159", Amount: "100", Currency: "USD", Description: "payment transaction description",
		CallbackURL: "https://abcd.efgh.cd/callback", ApproveURL: "https://abcd.efgh.cd/approve",
		CancelURL: "https://abcd.efgh.cd/cancel", DeclineURL: "https://abcd.efgh.cd/decline",
	}
}

// sent is the request that a server got.
type sent struct {
	method, path string
	header       http.Header
	body         string
}

func recording(into *sent, answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*into = sent{r.Method, r.URL.EscapedPath(), r.Header, string(body)}
		answers(200, answer)(w, r)
	}
}

func TestCardRequestsAreThePublishedOnes(t *testing.T) {
	var published map[string]string
	if err := json.Unmarshal([]byte(read(t, "card_request.json")), &published); err != nil {
		t.Fatal(err)
	}
	published["authorization"] = "Bearer " + testToken
	for _, tt := range []struct {
		name, path, contentType, accept string
		change                          func(*Config)
		answer                          string
	}{
		{"v1 form", "/v1/pay", "application/x-www-form-urlencoded", "application/json, text/html;q=0.5", nil, "card_v1.json"},
		{"v1 json", "/v1/pay", "application/json", "application/json, text/html;q=0.5", func(c *Config) { c.V1Body = BodyJSON }, "card_v1.json"},
		{"v1.1", "/v1.1/pay", "application/json", "application/json", func(c *Config) { c.CardAPI = CardV11 }, "card_v11.json"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got sent
			c := testClient(t, recording(&got, read(t, tt.answer)), tt.change)
			in, err := c.PayCard(context.Background(), cardExampleRequest())
			if err != nil || in.URL != "https://sandbox.example.test/checkout/"+in.OrderNumber || !documentedOrder.MatchString(in.OrderNumber) {
				t.Fatalf("%+v, %v", in, err)
			}
			if got.method != "POST" || got.path != tt.path || got.header.Get("Content-Type") != tt.contentType ||
				got.header.Get("Accept") != tt.accept || got.header.Get("Authorization") != "Bearer "+testToken || got.header.Get("User-Agent") == "" {
				t.Errorf("sent %+v", got)
			}
			fields := map[string]string{}
			if tt.contentType == "application/json" {
				if err := json.Unmarshal([]byte(got.body), &fields); err != nil {
					t.Fatal(err)
				}
			} else {
				form, _ := url.ParseQuery(got.body)
				for name := range form {
					fields[name] = form.Get(name)
				}
			}
			if len(fields) != len(published) {
				t.Errorf("fields %v", fields)
			}
			for name, value := range published {
				if fields[name] != value {
					t.Errorf("%s is %q, want %q", name, fields[name], value)
				}
			}
		})
	}
}

func TestMobileRequestsAreTheDocumentedOnes(t *testing.T) {
	r := MobileRequest{Reference: "ORD1001", Phone: "243810000100", Amount: "575", Currency: "CDF", CallbackURL: "https://abcd.efgh.cd/callback"}
	const body = `{"merchant":"ZANDO","type":"1","reference":"ORD1001","phone":"243810000100","amount":"575","currency":"CDF",` +
		`"callbackUrl":"https://abcd.efgh.cd/callback"}`
	var got sent
	c := testClient(t, recording(&got, read(t, "mobile.json")), nil)
	in, err := c.PayMobile(context.Background(), r)
	if err != nil || in.OrderNumber != "Hb7RyW2nXc4D243810000100" || in.URL != "" {
		t.Errorf("%+v, %v", in, err)
	}
	if got.path != "/api/rest/v1/paymentService" || got.body != body || got.header.Get("Authorization") != "Bearer "+testToken {
		t.Errorf("sent %+v", got)
	}
	c = testClient(t, recording(&got, read(t, "payout.json")), nil)
	in, err = c.PayOut(context.Background(), r)
	if err != nil || in.OrderNumber != "Ku5Jd9sVeA6F243810000100" {
		t.Errorf("%+v, %v", in, err)
	}
	if got.path != "/api/rest/v1/merchantPayOutService" || got.body != body {
		t.Errorf("sent %+v", got)
	}
}

func TestCheckReadsTheSeedsSample(t *testing.T) {
	var got sent
	c := testClient(t, recording(&got, read(t, "check_found_seed.json")), nil)
	tx, err := c.Check(context.Background(), "9bsTX7qXdpQe/243810000100")
	want := Transaction{
		OrderNumber: "9bsTX7qXdpQe243810000100", Reference: "MMO00012", Amount: "50.0", AmountCustomer: "51.0",
		Currency: "CDF", CreatedAt: "06-02-2021 17:32:46", Status: "0",
	}
	if err != nil || tx != want {
		t.Errorf("%+v, %v", tx, err)
	}
	if got.method != "GET" || got.path != "/check-host/check/9bsTX7qXdpQe%2F243810000100" || got.body != "" ||
		got.header.Get("Authorization") != "Bearer "+testToken {
		t.Errorf("sent %+v", got)
	}
	other := testClient(t, recording(&got, read(t, "check_found_seed.json")), func(c *Config) { c.CheckBase = "" })
	if _, err := other.Check(context.Background(), "N1"); err != nil || got.path != "/api/rest/v1/check/N1" {
		t.Errorf("without a check base: %s, %v", got.path, err)
	}
}

func TestCheckHazards(t *testing.T) {
	const row = `{"orderNumber":"N1","reference":"R","amount":"50.0","currency":"CDF","status":`
	for _, tt := range []struct {
		name, body string
		status     string // "" is an error
		notFound   bool
	}{
		{"capital keys", `{"Code":"0","Message":"Une transaction a été trouvée","Transaction":{"Reference":"R","Status":"2"}}`, "2", false},
		{"numbers", `{"code":0,"transaction":` + row + `0}}`, "0", false},
		{"an undescribed status", `{"code":"0","transaction":` + row + `9}}`, "9", false},
		{"a null status", `{"code":"0","transaction":{"reference":"R","amount":50.0,"status":null}}`, "", false},
		{"not found", read(t, "check_not_found.json"), "", true},
		{"a problem", `{"code":"2","message":"Erreur","transaction":null}`, "", false},
		{"no transaction", `{"code":"0","message":"Une transaction trouvée","transaction":null}`, "", false},
		{"a transaction that isn't one", `{"code":"0","transaction":"none"}`, "", false},
		{"a page", `<html>Whitelabel Error Page</html>`, "", false},
		{"null", `null`, "", false},
	} {
		c := testClient(t, answers(200, tt.body), nil)
		tx, err := c.Check(context.Background(), "N1")
		var refusal *Error
		isRefusal := errors.As(err, &refusal)
		if tt.status != "" && (err != nil || tx.Status.String() != tt.status) {
			t.Errorf("%s: %+v, %v", tt.name, tx, err)
		}
		if tt.name == "a null status" {
			if err != nil || tx.Status != "" {
				t.Errorf("%s: %+v, %v", tt.name, tx, err)
			}
			continue
		}
		if tt.status == "" && (err == nil || isRefusal && (refusal.Outcome != pay.OutcomeUnknown || refusal.NotFound != tt.notFound)) {
			t.Errorf("%s: %+v, %v", tt.name, tx, err)
		}
		if tt.notFound && !isRefusal {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	for _, status := range []int{401, 403, 404, 500, 503} {
		c := testClient(t, answers(status, `{"error":"x","message":"y","status":1}`), nil)
		_, err := c.Check(context.Background(), "N1")
		var refusal *Error
		if !errors.As(err, &refusal) || refusal.Outcome != pay.OutcomeUnknown || refusal.NotFound || refusal.HTTPStatus != status {
			t.Errorf("HTTP %d: %v", status, err)
		}
	}
}

func TestInitiationAnswersAreReadByStatusThenByForm(t *testing.T) {
	page := func(link string) string { return "<html><body>" + link + "</body></html>" }
	for _, tt := range []struct {
		name   string
		status int
		header string // Location
		body   string
		url    string
		order  string
		reason pay.Reason // of a refusal
		fails  bool       // unknown
	}{
		{name: "JSON", status: 200, body: read(t, "card_v1.json"), url: "https://sandbox.example.test/checkout/Zx8LmQ2pRt5K000000000001", order: "Zx8LmQ2pRt5K000000000001"},
		{name: "capital keys and a number", status: 200, body: `{"Code":0,"OrderNumber":"N1","PaymentURL":"https://p.cd/1"}`, url: "https://p.cd/1", order: "N1"},
		{name: "redirectUrl", status: 200, body: `{"code":"0","redirectUrl":"https://p.cd/1"}`, url: "https://p.cd/1"},
		{name: "a trailing comma", status: 200, body: `{"code":"0","url":"https://p.cd/1",}`, url: "https://p.cd/1"},
		{name: "no URL", status: 200, body: `{"code":"0","orderNumber":"N1","url":null}`, order: "N1"},
		{name: "a script for a URL", status: 200, body: `{"code":"0","orderNumber":"N1","url":"javascript:alert(1)"}`, order: "N1"},
		{name: "no code", status: 200, body: `{"url":"https://p.cd/1"}`, fails: true},
		{name: "a refusal", status: 200, body: read(t, "card_refused.json"), reason: pay.BadRequest},
		{name: "a used reference", status: 200, body: `{"code":"1","message":"La référence existe déjà"}`, reason: pay.DuplicateReference},
		{name: "another code", status: 200, body: `{"code":99,"message":"Refus"}`, reason: pay.Declined},
		{name: "302", status: 302, header: "https://elsewhere.cd/page/1", url: "https://elsewhere.cd/page/1"},
		{name: "303", status: 303, header: "https://elsewhere.cd/page/1", url: "https://elsewhere.cd/page/1"},
		{name: "302 to itself", status: 302, header: "https://elsewhere.cd/v1/pay/", fails: true},
		{name: "307", status: 307, header: "https://elsewhere.cd/page/1", fails: true},
		{name: "302 without an address", status: 302, fails: true},
		{name: "a link", status: 200, body: page(`<a href='https://other.cd/x'>no</a><a class=b href="https://gwvisa.flexpay.cd/p?a=1&amp;b=2">`), url: "https://gwvisa.flexpay.cd/p?a=1&b=2"},
		{name: "a form", status: 200, body: page(`<FORM method=post ACTION=https://gwvisa.flexpay.cd/f>`), url: "https://gwvisa.flexpay.cd/f"},
		{name: "a refresh", status: 200, body: page(`<meta http-equiv="Refresh" content="0; URL='https://gwvisa.flexpay.cd/r'">`), url: "https://gwvisa.flexpay.cd/r"},
		{name: "a hidden link", status: 200, body: page(`<!-- <a href="https://gwvisa.flexpay.cd/p"> --><script>'<a href="https://gwvisa.flexpay.cd/p">'</script>`), fails: true},
		{name: "a relative link", status: 200, body: page(`<a href="/p">`), fails: true},
		{name: "a link of another host", status: 200, body: page(`<a href="https://gwvisa.flexpay.cd.evil.example/p">`), fails: true},
		{name: "400 with JSON", status: 400, body: `{"error":"Bad Request","message":"Requête illisible","status":400}`, reason: pay.BadRequest},
		{name: "404 with a page", status: 404, body: page("no"), fails: true},
		{name: "408", status: 408, body: `{"error":"Request Timeout"}`, fails: true},
		{name: "401", status: 401, body: read(t, "unauthorized.json"), reason: pay.AuthFailed},
		{name: "403 with a page", status: 403, body: page("no"), reason: pay.AuthFailed},
		{name: "500 with JSON", status: 500, body: read(t, "card_refused.json"), fails: true},
		{name: "502", status: 502, body: page(`<a href="https://gwvisa.flexpay.cd/p">`), fails: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := testClient(t, func(w http.ResponseWriter, _ *http.Request) {
				if tt.header != "" {
					w.Header().Set("Location", tt.header)
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}, nil)
			in, err := c.PayCard(context.Background(), cardExampleRequest())
			var refusal *Error
			switch isRefusal := errors.As(err, &refusal); {
			case tt.reason != "":
				if !isRefusal || refusal.Outcome != pay.OutcomeFailed || refusal.Reason != tt.reason {
					t.Errorf("%+v, %v", in, err)
				}
			case tt.fails:
				if err == nil || isRefusal {
					t.Errorf("%+v, %v", in, err)
				}
			case err != nil || in.URL != tt.url || in.OrderNumber != tt.order:
				t.Errorf("%+v, %v", in, err)
			}
		})
	}
}

func TestAPageIsNoAnswerToMobileMoney(t *testing.T) {
	for _, status := range []int{200, 302} {
		c := testClient(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://gwvisa.flexpay.cd/p")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `<a href="https://gwvisa.flexpay.cd/p">`)
		}, nil)
		if in, err := c.PayMobile(context.Background(), MobileRequest{}); err == nil {
			t.Errorf("HTTP %d: %+v", status, in)
		}
	}
}

func TestTheTokenIsInNoError(t *testing.T) {
	token := `jeton+/secret=0001`
	for _, body := range []string{
		`{"code":"1","message":"authorization: Bearer ` + token + ` invalide"}`,
		`{"code":"1","message":"` + url.QueryEscape(token) + `"}`,
	} {
		c := testClient(t, answers(200, body), func(c *Config) { c.Token = pay.Secret(token) })
		_, err := c.PayCard(context.Background(), cardExampleRequest())
		if err == nil || strings.Contains(err.Error(), "secret%3D0001") || strings.Contains(err.Error(), "secret=0001") {
			t.Errorf("error %v", err)
		}
	}
}

func TestCheckoutHostsDefaultToTheCardAPIsAndTheVisaGateway(t *testing.T) {
	c := New(Config{CardBase: "https://cardpayment.flexpay.cd"})
	for address, want := range map[string]bool{
		"https://cardpayment.flexpay.cd/x": true, "https://gwvisa.flexpay.cd:8443/x": true, "https://flexpay.cd/x": false,
	} {
		if hostAmong(address, c.cfg.CheckoutHosts) != want {
			t.Errorf("%s: want %v", address, want)
		}
	}
}
