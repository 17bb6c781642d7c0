package e2e_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/pay"
)

// tables are all rows of all tables as text, column by column: in a file a long
// value may be cut in two by a page's end.
func tables(t *testing.T, g *app.Running) map[string]string {
	t.Helper()
	places := map[string]string{}
	for table, columns := range columnsOf(t, g) {
		for _, column := range columns {
			query := fmt.Sprintf("SELECT CAST(%s AS TEXT) FROM %s WHERE %[1]s IS NOT NULL", column, table)
			places["column "+table+"."+column] = strings.Join(textsOf(t, g, query), "\n")
		}
	}
	return places
}

// The canaries: none of them is anybody's, and each is found nowhere afterwards.
const (
	canaryCVV = "5837"
	canaryOTP = "918273"
	canaryPIN = "64028173"
)

// carrier brings canaries to every address.
type carrier struct {
	*visitor
	card string
}

// words are fields by name as forms and APIs have them, each with a secret of
// its kind in it.
func (c carrier) words() map[string]string {
	key, token, password := "sk_live_"+canary+"key", canary+"token", canary+"password"
	return map[string]string{
		"number": c.card, "card": c.card, "card_number": c.card, "numero_carte_bancaire": c.card, "cvv": canaryCVV, "cvv_number": canaryCVV, "expiry": "12/39",
		"otp": canaryOTP, "code": canaryOTP, "security_code": canaryOTP, "pin": canaryPIN, "password": password, "current": password, "new": password,
		"api_key": key, "apikey": key, "key": key, "secret": key, "token": token, "keypass": token, "hash": token, "signature": token,
		"method": "card", "email": "a@example.test", "payment_token": "PT1",
	}
}

func (c carrier) form() string {
	values := url.Values{}
	for name, value := range c.words() {
		values.Set(name, value)
	}
	return values.Encode()
}

func (c carrier) json() string {
	words := map[string]any{}
	for name, value := range c.words() {
		words[name] = value
	}
	words["method"] = map[string]any{"type": "card", "card": map[string]string{"number": c.card, "expiry": "12/39", "cvv": canaryCVV}}
	words["credentials"] = c.words()
	text, _ := json.Marshal(words) // texts always can
	return string(text)
}

// TestCanariesAreFoundNowhere brings made-up cards, codes, keys and tokens to
// every address there is: all of the native API by its document, the dashboard,
// the hosted pages, the control API, hooks, and every documented request of every
// provider with a secret in each of its fields in turn. Then it reads everything
// that the gateway keeps, says and logs.
func TestCanariesAreFoundNowhere(t *testing.T) {
	merchant := startShop(t)
	g := startWatched(t, func(c *app.Config) { c.CallbackURL, c.OperatorDelay = merchant.URL, "0" })
	v := &visitor{t: t, g: g, merchant: merchant, secrets: secrets{}, places: map[string]string{}}
	v.test = nativeCaller{g.URL, app.DemoAPIKey}
	c := carrier{v, cardNumber("601198347205611")}
	v.secrets.card(c.card)
	for name, value := range map[string]string{"CVV": canaryCVV, "OTP": canaryOTP, "PIN": canaryPIN, "key": "sk_live_" + canary + "key", "token": canary + "token", "password": canary + "password"} {
		v.secrets.add("canary "+name, value)
	}
	owner := signedIn(t, g.Running, app.DemoEmail, app.DemoPassword)
	link := v.test.request(http.MethodPost, "/v1/payment_links", `{"reference":"canary","amount":2500,"currency":"USD"}`).must(t)
	page, _ := fields(t, link.body)["url"].(string)
	for _, pattern := range writable(t, g.Running) {
		method, path, _ := strings.Cut(pattern, " ")
		c.bring(method, pathParameter.ReplaceAllLiteralString(path, tokenOf(t, page)), owner)
	}
	c.notify()
	var requests []heard
	for _, p := range g.App.Providers() {
		requests = append(requests, listenTo(t, g.Running, merchant, p)...)
	}
	brought := 0
	for _, h := range requests {
		brought += c.smuggle(h)
	}
	settle(t, g.Running)
	places := g.places(t)
	for place, text := range tables(t, g.Running) {
		places[place] = text
	}
	for place, text := range v.places {
		places[place] = text
	}
	v.secrets.nowhereIn(t, places)
	t.Logf("%d canaries in %d documented requests and %d others; %d places read, none holds one", len(v.secrets), brought, len(v.places), len(places))
	if brought < 100 || len(v.places) < 200 {
		t.Error("hardly any canary was brought")
	}
}

// bring sends the canaries to an address, as a form and as JSON, well-formed and
// broken, with the right session or key and without.
func (c carrier) bring(method, path string, owner http.Header) {
	form, object := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, http.Header{"Content-Type": {"application/json"}}
	at := c.g.URL + path
	if strings.HasPrefix(path, "/v1/") {
		c.send(c.test.request(method, path, c.json()))
		c.send(c.test.request(method, path, c.json()[:len(c.json())-1]))
		c.send(request{method, at, c.json(), object})
		return
	}
	c.send(request{method, at, c.form(), owner})
	c.send(request{method, at, c.form() + "&broken=%zz", owner})
	c.send(request{method, at, c.form(), form})
	c.send(request{method, at, c.json(), object})
}

// notify brings canaries in notifications of each provider, which are kept:
// among the fields of the body, in the query, and in what can't be read.
func (c carrier) notify() {
	c.t.Helper()
	issued, err := c.g.App.AddMerchant(c.t.Context(), "Boutique réelle", "reelle@example.test", app.DialectSettings{})
	if err != nil {
		c.t.Fatal(err)
	}
	kept := c.words()
	for _, name := range []string{"code", "key", "hash", "current", "new", "number", "expiry", "method", "email", "payment_token"} {
		delete(kept, name) // in a notification these are no secrets
	}
	query := url.Values{}
	for name, value := range kept {
		query.Set(name, value)
	}
	for _, p := range c.g.App.Providers() {
		values := map[string]string{}
		for _, f := range p.Credentials {
			switch values[f.Name] = f.Default; {
			case f.URL:
				values[f.Name] = c.merchant.URL
			case f.Required && f.Default == "":
				values[f.Name] = strings.Repeat("A", 16)
			}
		}
		row, err := c.g.App.Gateway.AddConnection(c.t.Context(), gateway.NewConnection{MerchantID: issued.Merchant.ID, Mode: pay.Live, Provider: p.Name, Values: values})
		if err != nil {
			c.t.Fatalf("connect %s: %v", p.Name, err)
		}
		told := claims[p.Name](claim{reference: "PNOBODYS", theirs: "KP-NOBODYS", amount: "500", currency: "XAF", secret: cmp.Or(values[signs[p.Name]], "AAAAAAAAAAAAAAAA")})
		told.url = c.g.App.Gateway.HookURL(row)
		if strings.HasPrefix(told.body, "{") {
			extra, _ := json.Marshal(kept)
			told.body = strings.TrimSuffix(told.body, "}") + "," + string(extra)[1:]
		} else {
			told.body = strings.ReplaceAll(told.body, url.QueryEscape(forgedSite), values["site_id"]) + "&" + query.Encode()
			told = told.with("x-token", "")
		}
		c.send(told)
		for _, r := range []request{told.withBody(told.body + "}{"), told.withBody("<" + told.body), told.with("Content-Type", "text/plain"), told.withMethod(http.MethodGet)} {
			r.url += "?" + query.Encode()
			c.send(r)
		}
	}
	if n := count(c.t, c.g.Running, "SELECT count(*) FROM notifications WHERE request <> ''"); n < 4 {
		c.t.Errorf("%d notifications are kept, want most providers'", n)
	}
}

var quotedValue = regexp.MustCompile(`"(\w+)"\s*:\s*("(?:[^"\\]|\\.)*"|[0-9.]+)`)

// ownWords are fields that hold what a merchant likes to say: numbers of money,
// references and free text. What is written there is kept as it is.
var ownWords = regexp.MustCompile(`(?i)amount|montant|reference|_id$|name|nom|description|designation|metadata|agent|product|free|invoice|city|address|state|zip|label|note|custom`)

// smuggle sends a documented request with a card number, then a code, in the
// place of each of its values that is not the merchant's to choose.
func (c carrier) smuggle(h heard) (brought int) {
	if !strings.HasPrefix(h.header.Get("Content-Type"), "application/json") {
		return 0
	}
	body := h.fresh(uniqueName).body
	for _, at := range quotedValue.FindAllStringSubmatchIndex(body, -1) {
		if ownWords.MatchString(body[at[2]:at[3]]) {
			continue
		}
		for _, value := range []string{c.card, canaryOTP} {
			r := h.fresh(uniqueName)
			r.body = body[:at[4]] + `"` + value + `"` + body[at[5]:]
			got := r.must(c.t)
			c.places[fmt.Sprintf("answer %d to %s", len(c.places), r.url)] = got.body
			brought++
		}
	}
	return brought
}
