package e2e_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/pay"
)

// mypvitOrder is the document's rest request with the demo merchant's codes.
const mypvitOrder = `{"agent":"AGENT-1","amount":200,"product":"PRODUIT-1","reference":"UNUSED","service":"RESTFUL",
"callback_url_code":"CBK01","customer_account_number":"066000100","merchant_operation_account_code":"ACC_0000000000001",
"transaction_type":"PAYMENT","owner_charge":"MERCHANT","owner_charge_operator":"MERCHANT","free_info":"Info libre"}`

const mypvitSecret = "sk_test_00000000-0000-4000-8000-000000000001"

func mypvitRequest(base, path, body string) request {
	return request{http.MethodPost, base + "/mypvit/" + path, body, http.Header{
		"Content-Type": {"application/json"}, "X-Secret": {mypvitSecret},
	}}
}

// mypvitRefused holds an answer against a row of the error table (wire: mypvit
// §4.2).
func (a answer) mypvitRefused(t *testing.T, what string, status, code int, name string) {
	t.Helper()
	if err := mypvitError(a); err != nil {
		t.Errorf("%s: %v: %v", what, a, err)
		return
	}
	o, _ := a.object()
	if a.status != status || o["status_code"] != float64(code) || o["error"] != name {
		t.Errorf("%s: %d %v %v, want %d %d %s", what, a.status, o["status_code"], o["error"], status, code, name)
	}
	if strings.Contains(a.body, mypvitSecret) || strings.Contains(a.body, canary) {
		t.Errorf("%s: the answer holds a secret: %s", what, a.body)
	}
}

func TestMyPVitRefusesInItsOwnWords(t *testing.T) {
	g := startGateway(t, func(c *app.Config) { c.OperatorDelay = "0" })
	other, err := g.App.AddMerchant(t.Context(), "Autre boutique", "autre@example.test", app.DialectSettings{})
	if err != nil {
		t.Fatal(err)
	}
	hers := issuedTo(other, "mypvit", pay.Test)
	if got := mypvitRequest(g.URL, "DEMOPVITCODE0001/rest", strings.Replace(mypvitOrder, "UNUSED", "TAKEN", 1)).must(t); got.status != 200 {
		t.Fatal(got)
	}
	settle(t, g)
	before := takeCensus(t, g)
	for _, c := range []struct {
		what, old, replacement string
		status, code           int
		name                   string
	}{
		{"broken", `"amount"`, `amount`, 400, 1010, "UNREADABLE_REQUEST_BODY"},
		{"a name twice", `{`, `{"amount":1,`, 400, 1010, "UNREADABLE_REQUEST_BODY"},
		{"over 1 MiB", `{`, `{"padding":"` + strings.Repeat("x", overlong) + `",`, 413, 1010, "UNREADABLE_REQUEST_BODY"},
		{"no amount", `"amount":200,`, ``, 400, 1012, "MISSING_REQUEST_PARAM"},
		{"a null type", `"PAYMENT"`, `null`, 400, 1006, "NULL_TRANSACTION_TYPE_IDENTIFIER"},
		{"a negative amount", `200`, `-200`, 422, 8000, "CONSTRAINT_VIOLATION"},
		{"150 exactly", `200`, `150`, 403, 3018, "TRANSACTION_AMOUNT_TOO_LOW"},
		{"a fraction", `200`, `200.5`, 422, 8000, "CONSTRAINT_VIOLATION"},
		{"an overflow", `200`, `99999999999999999999`, 422, 8000, "CONSTRAINT_VIOLATION"},
		{"an exponent", `200`, `1e999999999`, 422, 8000, "CONSTRAINT_VIOLATION"},
		{"a list", `200`, `[200]`, 422, 8000, "CONSTRAINT_VIOLATION"},
		{"a long reference", `UNUSED`, `SIXTEENCHARACTERS`, 422, 8000, "CONSTRAINT_VIOLATION"},
		{"a NUL in the product", `PRODUIT-1`, `P\u0000`, 422, 8000, "CONSTRAINT_VIOLATION"},
		{"a reused reference", `UNUSED`, `TAKEN`, 409, 5000, "TRANSACTION_REFERENCE_ALREADY_EXISTS"},
		{"REST as service", `RESTFUL`, `REST`, 422, 8000, "CONSTRAINT_VIOLATION"},
		{"another type", `"PAYMENT"`, `"PAIEMENT"`, 404, 4004, "TRANSACTION_TYPE_NOT_FOUND"},
		{"another phone", `066000100`, `0600`, 400, 1009, "INVALID_PHONE_NUMBER"},
		{"an unknown account", `ACC_0000000000001`, `ACC_FFFFFFFFFFFFF`, 404, 4002, "OPERATION_ACCOUNT_NOT_FOUND"},
		{"her account", `ACC_0000000000001`, hers["account"], 404, 4002, "OPERATION_ACCOUNT_NOT_FOUND"},
		{"an account of the other operator", `ACC_0000000000001`, `ACC_0000000000002`, 403, 3017, "OPERATOR_AND_OPERATION_ACCOUNT_MISMATCH"},
		{"her callback code", `CBK01`, hers["callback_url_code"], 400, 1002, "INVALID_CALLBACK_URL_CODE"},
	} {
		body := strings.Replace(mypvitOrder, c.old, c.replacement, 1)
		mypvitRequest(g.URL, "DEMOPVITCODE0001/rest", body).must(t).mypvitRefused(t, c.what, c.status, c.code, c.name)
		before = before.unchanged(t, g, c.what)
	}
	rest := mypvitRequest(g.URL, "DEMOPVITCODE0001/rest", mypvitOrder)
	rest.with("Content-Type", "text/plain").must(t).mypvitRefused(t, "plain text", 415, 7000, "HTTP_MEDIA_TYPE_NOT_SUPPORTED")
	rest.with("X-Secret", "").must(t).mypvitRefused(t, "no secret", 400, 1008, "MISSING_REQUEST_HEADER")
	rest.with("X-Secret", "sk_test_"+canary).must(t).mypvitRefused(t, "a wrong secret", 403, 3100, "AUTHENTICATION_FAILED")
	rest.with("X-Secret", hers["secret"]).must(t).mypvitRefused(t, "her secret", 403, 3100, "AUTHENTICATION_FAILED")
	mypvitRequest(g.URL, "NOTACODE00000001/rest", mypvitOrder).must(t).mypvitRefused(t, "an unknown code", 404, 4000, "API_NOT_FOUND")
	mypvitRequest(g.URL, "DEMOPVITCODE0001/nothing", mypvitOrder).must(t).mypvitRefused(t, "an unknown path", 404, 4000, "API_NOT_FOUND")
	// Her own code and secret find nothing of ours.
	status := mypvitRequest(g.URL, hers["code_url"]+"/status?transactionId=TAKEN&transactionOperation=PAYMENT&accountOperationCode="+hers["account"], "")
	status.withMethod(http.MethodGet).with("X-Secret", hers["secret"]).must(t).mypvitRefused(t, "our transaction", 404, 4006, "TRANSACTION_NOT_FOUND")
	for _, wild := range []request{
		status.withMethod(http.MethodPost), mypvitRequest(g.URL, "DEMOPVITCODE0001/check-status/TAKEN", ""),
		mypvitRequest(g.URL, "DEMOPVITCODE0001/status/TAKEN", "").withMethod(http.MethodGet),
		mypvitRequest(g.URL, "DEMOPVITCODE0001/status?reference_id=TAKEN", "").withMethod(http.MethodGet),
	} {
		if err := mypvitError(wild.must(t)); err != nil {
			t.Errorf("%s %s: %v", wild.method, wild.url, err)
		}
	}
	before.unchanged(t, g, "the rest")
}

func TestMyPVitRefusesXMLInXML(t *testing.T) {
	g := startGateway(t, func(c *app.Config) { c.OperatorDelay = "0" })
	before := takeCensus(t, g)
	for what, body := range map[string]string{
		"broken":          "<transaction><amount>200</transaction>",
		"a document type": "<!DOCTYPE transaction><transaction/>",
		"an entity":       `<!DOCTYPE t [<!ENTITY x SYSTEM "file:///etc/passwd">]><t><amount>&x;</amount></t>`,
		"billion laughs":  billionLaughs("transaction", ""),
	} {
		r := mypvitRequest(g.URL, "DEMOPVITCODE0001/rest", body).with("Content-Type", "application/xml").with("Accept", "application/xml")
		got := r.must(t)
		root, o, err := got.xmlRoot()
		if err != nil || got.status != 400 || root != "error" || o["status_code"] != "1010" || o["error"] != "UNREADABLE_REQUEST_BODY" {
			t.Errorf("%s: %v %v", what, got, err)
		}
	}
	before.unchanged(t, g, "broken XML")
}

func TestAnExpiredMyPVitLinkIsGone(t *testing.T) {
	var ahead atomic.Int64
	g := startGateway(t, func(c *app.Config) {
		c.OperatorDelay, c.Now = "0", func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	body := strings.NewReplacer("RESTFUL", "RESTLINK", "UNUSED", "LATE").Replace(mypvitOrder)
	got := mypvitRequest(g.URL, "DEMOPVITCODE0001/link", body).must(t)
	link, _ := fields(t, got.body)["url"].(string)
	ahead.Store(int64(30 * time.Minute)) // wire: mypvit §2.3, link_ttl_min
	request{http.MethodGet, link, "", http.Header{}}.must(t).mypvitRefused(t, "an expired link", 410, 6000, "TRANSACTION_EXPIRED")
	if n := count(t, g, "SELECT count(*) FROM attempts"); n != 0 {
		t.Errorf("the expired link has made %d attempts", n)
	}
}

// cinetpayOrder is the document's request with the demo merchant's credentials.
const cinetpayOrder = `{"amount":100,"currency":"XOF","apikey":"demo-cinetpay-apikey","site_id":"100001","transaction_id":"UNUSED",
"description":"TRANSACTION DESCRIPTION","return_url":"https://www.exemple.com/return","notify_url":"http://127.0.0.1:1/notify",
"customer_name":"Kouassi","customer_surname":"Awa"}`

func cinetpayRequest(base, path, body string) request {
	return request{http.MethodPost, base + "/cinetpay" + path, body, http.Header{"Content-Type": {"application/json"}}}
}

// cinetpayRefused holds an answer against the codes of wire: cinetpay §4.2.
func (a answer) cinetpayRefused(t *testing.T, what string, status int, code, message string) {
	t.Helper()
	if err := cinetpayError(a); err != nil {
		t.Errorf("%s: %v: %v", what, a, err)
		return
	}
	o, _ := a.object()
	if a.status != status || o["code"] != code || o["message"] != message {
		t.Errorf("%s: %d %v %v, want %d %s %s", what, a.status, o["code"], o["message"], status, code, message)
	}
	for _, value := range []string{"demo-cinetpay", canary} {
		if strings.Contains(a.body, value) {
			t.Errorf("%s: the answer holds a secret: %s", what, a.body)
		}
	}
}

func TestCinetPayRefusesInItsOwnWords(t *testing.T) {
	g := startGateway(t, func(c *app.Config) { c.OperatorDelay = "0" })
	other, err := g.App.AddMerchant(t.Context(), "Autre boutique", "autre@example.test", app.DialectSettings{})
	if err != nil {
		t.Fatal(err)
	}
	hers := issuedTo(other, "cinetpay", pay.Test)
	if got := cinetpayRequest(g.URL, "/v2/payment", strings.Replace(cinetpayOrder, "UNUSED", "TAKEN", 1)).must(t); got.status != 200 {
		t.Fatal(got)
	}
	before := takeCensus(t, g)
	for _, c := range []struct {
		what, old, replacement string
		status                 int
		code, message          string
	}{
		{"broken", `"amount"`, `amount`, 400, "608", "MINIMUM_REQUIRED_FIELDS"},
		{"a name twice", `{`, `{"amount":500,`, 400, "608", "MINIMUM_REQUIRED_FIELDS"},
		{"over 1 MiB", `{`, `{"padding":"` + strings.Repeat("x", overlong) + `",`, 413, "608", "MINIMUM_REQUIRED_FIELDS"},
		{"no amount", `"amount":100,`, ``, 400, "608", "MINIMUM_REQUIRED_FIELDS"},
		{"a negative amount", `100,`, `-100,`, 400, "608", "MINIMUM_REQUIRED_FIELDS"},
		{"a low amount", `100,`, `95,`, 400, "641", "ERROR_AMOUNT_TOO_LOW"},
		{"a high amount", `100,`, `1500005,`, 400, "642", "ERROR_AMOUNT_TOO_HIGH"},
		{"an overflow", `100,`, `99999999999999999999,`, 400, "642", "ERROR_AMOUNT_TOO_HIGH"},
		{"a fraction", `100,`, `100.5,`, 400, "608", "MINIMUM_REQUIRED_FIELDS"},
		{"no multiple of 5", `100,`, `101,`, 400, "608", "MINIMUM_REQUIRED_FIELDS"},
		{"a list", `100,`, `[100],`, 400, "608", "MINIMUM_REQUIRED_FIELDS"},
		{"another currency", `XOF`, `EUR`, 400, "612", "ERROR_CURRENCY_NOTVALID"},
		{"a wrong apikey", `demo-cinetpay-apikey`, canary, 401, "609", "AUTH_NOT_FOUND"},
		{"her apikey", `demo-cinetpay-apikey`, hers["apikey"], 400, "613", "ERROR_SITE_ID_NOTVALID"},
		{"her site", `100001`, hers["site_id"], 400, "613", "ERROR_SITE_ID_NOTVALID"},
		{"a reused id", `UNUSED`, `TAKEN`, 400, "608", "MINIMUM_REQUIRED_FIELDS"},
		{"an address of no web", `http://127.0.0.1:1/notify`, `file:///etc/passwd`, 400, "608", "MINIMUM_REQUIRED_FIELDS"},
		{"a metadata service", `http://127.0.0.1:1/notify`, `http://169.254.169.254/latest`, 400, "608", "MINIMUM_REQUIRED_FIELDS"},
	} {
		body := strings.Replace(cinetpayOrder, c.old, c.replacement, 1)
		cinetpayRequest(g.URL, "/v2/payment", body).must(t).cinetpayRefused(t, c.what, c.status, c.code, c.message)
		before = before.unchanged(t, g, c.what)
	}
	cinetpayRequest(g.URL, "/v2/payment", cinetpayOrder).with("Content-Type", "text/plain").must(t).
		cinetpayRefused(t, "plain text", 403, "403", "FORBIDDEN")
	// Her own credentials find nothing of ours.
	check := `{"apikey":"` + hers["apikey"] + `","site_id":"` + hers["site_id"] + `","transaction_id":"TAKEN"}`
	cinetpayRequest(g.URL, "/v2/payment/check", check).must(t).cinetpayRefused(t, "our payment", 400, "608", "MINIMUM_REQUIRED_FIELDS")
	before.unchanged(t, g, "the rest")
}

func TestCinetPayTransfersRefuseWithAnErrorInTheBody(t *testing.T) {
	g := startGateway(t, func(c *app.Config) { c.OperatorDelay = "0" })
	form := func(path string, values url.Values) request {
		return request{http.MethodPost, g.URL + "/cinetpay/v1" + path, values.Encode(), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}}
	}
	login := form("/auth/login?lang=fr", url.Values{"apikey": {"demo-cinetpay-apikey"}, "password": {"demo-password"}}).must(t)
	data, _ := fields(t, login.body)["data"].(map[string]any)
	token, _ := data["token"].(string)
	send := func(item string) request {
		return form("/transfer/money/send/contact?lang=fr&token="+token, url.Values{"data": {item}})
	}
	contact := form("/transfer/contact?lang=fr&token="+token, url.Values{"data": {`[{"prefix":"225","phone":"0700000100","name":"Kouassi","surname":"Awa","email":"client@exemple.com"}]`}})
	if got := contact.must(t); fields(t, got.body)["code"] != 0.0 {
		t.Fatal(got)
	}
	before := takeCensus(t, g)
	item := `[{"prefix":"225","phone":"0700000100","amount":500,"client_transaction_id":"UNUSED","notify_url":"http://127.0.0.1:1/n"}]`
	for what, c := range map[string]struct {
		r             request
		code, message string
	}{
		"a wrong password":  {form("/auth/login", url.Values{"apikey": {"demo-cinetpay-apikey"}, "password": {canary}}), "701", "INVALID_CREDENTIALS"},
		"a wrong apikey":    {form("/auth/login", url.Values{"apikey": {canary}, "password": {"demo-password"}}), "703", "INVALID_USER"},
		"a wrong token":     {form("/transfer/money/send/contact?token="+canary, url.Values{"data": {item}}), "706", "INVALID_TOKEN"},
		"broken JSON":       {send(item[:20]), "718", "JSON_PARSE_ERROR"},
		"a name twice":      {send(strings.Replace(item, "{", `{"amount":5,`, 1)), "718", "JSON_PARSE_ERROR"},
		"a list for an id":  {send(strings.Replace(item, `"UNUSED"`, `["UNUSED"]`, 1)), "716", "DATA_NOT_VALID"},
		"a negative amount": {send(strings.Replace(item, "500", "-500", 1)), "801", "INVALID_AMOUNT"},
		"a fraction":        {send(strings.Replace(item, "500", "500.5", 1)), "801", "INVALID_AMOUNT"},
		"an overflow":       {send(strings.Replace(item, "500", "99999999999999999999", 1)), "720", "AMOUNT_TOO_LARGE"},
		"no notify_url":     {send(strings.Replace(item, "http://127.0.0.1:1/n", "", 1)), "725", "MISSING_NOTIFY_URL"},
		"no contact":        {send(strings.Replace(item, "0700000100", "0700000199", 1)), "724", "ERROR_PHONE_NOT_MY_CONTACT"},
		"beyond the means":  {send(strings.Replace(item, "500", "1500000", 1)), "602", "INSUFFICIENT_BALANCE"},
	} {
		c.r.must(t).cinetpayRefused(t, what, 200, c.code, c.message)
		before = before.unchanged(t, g, what)
	}
}

// issuedTo are a merchant's credentials in one dialect, by name.
func issuedTo(c app.Credentials, front string, mode pay.Mode) map[string]string {
	values := map[string]string{}
	for _, issued := range c.Dialects[front][mode] {
		values[issued.Name] = issued.Value.Reveal()
	}
	return values
}
