package e2e_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/pay"
)

// journal is a log that is read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// watched is a gateway whose log and files a test reads as a thief would.
type watched struct {
	*app.Running
	log *journal
	dir string
}

func startWatched(t *testing.T, change func(*app.Config)) watched {
	t.Helper()
	w := watched{log: &journal{}, dir: t.TempDir()}
	w.Running = startGateway(t, func(c *app.Config) {
		c.DatabaseURL = filepath.Join(w.dir, "passerelle.db")
		c.Log = slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		if change != nil {
			change(c)
		}
	})
	return w
}

// places are all that the gateway leaves behind: its log, its metrics, and every
// file beside its database, the write-ahead log among them.
func (w watched) places(t *testing.T) map[string]string {
	t.Helper()
	places := map[string]string{
		"the log":     w.log.String(),
		"the metrics": request{http.MethodGet, w.URL + "/metrics", "", http.Header{}}.must(t).body,
	}
	files, err := os.ReadDir(w.dir)
	if err != nil || len(files) < 2 {
		t.Fatalf("the database and its write-ahead log are not there: %v %v", files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(w.dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		places[f.Name()] = string(b)
	}
	return places
}

// secrets are values that nothing may hold, by what they are.
type secrets map[string]*regexp.Regexp

// add takes a secret of any length above 5 as it is. A shorter one counts only
// where it stands alone, as it is part of many numbers.
func (s secrets) add(name, value string) {
	pattern := regexp.QuoteMeta(value)
	if len(value) < 6 {
		pattern = `(?:^|[^0-9A-Za-z+/_=.-])` + pattern + `(?:[^0-9A-Za-z+/_=.-]|$)`
	}
	s[name] = regexp.MustCompile(pattern)
}

// card takes a card number: of its digits the first six and the last four may be
// kept, so its middle must not stand in any grouping.
func (s secrets) card(number string) {
	digits := number[4 : len(number)-2]
	s["card "+number[:6]] = regexp.MustCompile(strings.Join(strings.Split(digits, ""), `[ \-]?`))
}

func (s secrets) nowhereIn(t *testing.T, places map[string]string) {
	t.Helper()
	for name, pattern := range s {
		for place, text := range places {
			if at := pattern.FindStringIndex(text); at != nil {
				t.Errorf("%s holds the %s: %q", place, name, text[max(0, at[0]-120):min(len(text), at[1]+60)])
			}
		}
	}
}

// cardNumber completes a number of 15 digits with its Luhn check digit.
func cardNumber(fifteen string) string {
	for d := range 10 {
		if n := fmt.Sprint(fifteen, d); pay.Luhn(n) {
			return n
		}
	}
	return ""
}

// TestASecretIsFoundWhereItIs proves that the search below could fail.
func TestASecretIsFoundWhereItIs(t *testing.T) {
	s := secrets{}
	s.add("cvv", "7391")
	s.add("otp", "604817")
	s.card("5399831277104461")
	for text, found := range map[string]bool{
		`{"cvv":"7391"}`: true, `cvv=7391&x`: false, " 7391 ": true, "17391": false, "aa604817": true,
		"5399831277104461": true, "5399 8312 7710 4461": true, "5399-8312-7710-4461": true,
		"539983******4461": false, `"539983","4461"`: false,
	} {
		hit := false
		for _, pattern := range s {
			hit = hit || pattern.MatchString(text)
		}
		if hit != found {
			t.Errorf("%q: found %v, want %v", text, hit, found)
		}
	}
}

func TestCardsAndSecretsLeaveNoTrace(t *testing.T) {
	merchant := startShop(t)
	rail := startWatched(t, func(c *app.Config) { c.CallbackURL, c.OperatorDelay = merchant.URL, "0" })
	g := startWatched(t, func(c *app.Config) { c.Demo, c.OperatorDelay = false, "0" })
	issued, err := g.App.AddMerchant(t.Context(), "Boutique", "b@example.test", app.DialectSettings{CallbackURL: merchant.URL, ReturnURL: merchant.URL + "/back"})
	if err != nil {
		t.Fatal(err)
	}
	v := visitor{t: t, g: g, merchant: merchant, secrets: secrets{}, places: map[string]string{}}
	v.secrets.add("password", issued.Password.Reveal())
	v.test = nativeCaller{g.URL, v.keep("test key", issued.TestKey.Reveal())}
	v.live = nativeCaller{g.URL, v.keep("live key", issued.LiveKey.Reveal())}
	for front, modes := range issued.Dialects {
		for mode, list := range modes {
			for _, c := range list {
				if !c.Public && len(c.Value.Reveal()) > 5 {
					v.keep(front+" "+string(mode)+" "+c.Name, c.Value.Reveal())
				}
			}
		}
	}
	v.typeCards()
	v.misplaceCards()
	v.typeOTPs()
	v.useDialects(issuedTo(issued, "mypvit", pay.Test), issuedTo(issued, "cinetpay", pay.Test))
	v.useWrongKeys()
	v.takeEndpoint()
	v.connect(rail)

	settle(t, g.Running)
	settle(t, rail.Running)
	for _, w := range []watched{g, rail} {
		for place, text := range w.places(t) {
			v.places[fmt.Sprintf("%s of %s", place, w.Address)] = text
		}
	}
	for i, a := range merchant.got {
		v.places[fmt.Sprintf("notification %d at %s", i, a.path)] = a.query + a.body
	}
	if !strings.Contains(g.log.String(), `"level":"INFO"`) || len(v.places) < 50 {
		t.Fatalf("hardly anything to search: %d places", len(v.places))
	}
	v.secrets.nowhereIn(t, v.places)
}

// visitor brings secrets to every door, right and wrong, and keeps all answers.
type visitor struct {
	t          *testing.T
	g          watched
	merchant   *shop
	test, live nativeCaller
	secrets    secrets
	places     map[string]string
}

func (v *visitor) keep(name, value string) string {
	v.secrets.add(name, value)
	return value
}

// send keeps the answer as a place to search. shown is a secret that this one
// answer is for.
func (v *visitor) send(r request, shown ...string) answer {
	v.t.Helper()
	got := r.must(v.t)
	if got.status >= 500 {
		v.t.Errorf("%s %.100s: %v", r.method, r.url, got)
	}
	// A page may link to itself: the address is what its visitor has asked for.
	u, err := url.Parse(r.url)
	if err != nil {
		v.t.Fatal(err)
	}
	text := got.body
	for _, s := range append(shown, u.Path) {
		text = strings.ReplaceAll(text, s, "")
	}
	v.places[fmt.Sprintf("answer %d, %s %.80s", len(v.places), r.method, r.url)] = text
	return got
}

const cvvTyped = "7391"

// typeCards types cards at every door that takes one, good ones and bad ones.
func (v *visitor) typeCards() {
	v.secrets.add("CVV", cvvTyped)
	v.secrets.add("CVV that is none", "73x91")
	number := func(fifteen string) string {
		n := cardNumber(fifteen)
		v.secrets.card(n)
		return n
	}
	card := func(reference, n, expiry, cvv string) string {
		return `{"reference":"` + reference + `","amount":2500,"currency":"USD","method":{"type":"card","card":{"number":"` + n +
			`","expiry":"` + expiry + `","cvv":"` + cvv + `","holder":"Jeanne Exemple"}}}`
	}
	good := number("539983127710446")
	for range 2 {
		v.send(v.test.request(http.MethodPost, "/v1/payments", card("card-1", good, "12/39", cvvTyped)).with("Idempotency-Key", "card-key"))
	}
	grouped := number("455673586021137")
	v.send(v.test.request(http.MethodPost, "/v1/payments", card("card-2", grouped[:4]+" "+grouped[4:8]+"-"+grouped[8:], "12/39", cvvTyped)))
	v.send(v.test.request(http.MethodPost, "/v1/payments", card("card-3", number("601136427790352"), "12/19", cvvTyped)))
	v.send(v.test.request(http.MethodPost, "/v1/payments", card("card-4", number("353011193455082"), "12/39", "73x91")))
	v.send(v.test.request(http.MethodPost, "/v1/payments", card("card-5", "5399831277104460", "12/39", cvvTyped)))
	v.send(v.live.request(http.MethodPost, "/v1/payments", card("card-6", number("222155438820917"), "12/39", cvvTyped)))
	// The acquirer's own test card asks for a 3-D Secure step.
	v.secrets.card("4000000000003220")
	got := v.send(v.test.request(http.MethodPost, "/v1/payments", card("card-7", "4000000000003220", "12/39", cvvTyped)))
	next, _ := fields(v.t, got.body)["next_action"].(map[string]any)
	page, _ := next["url"].(string)
	if page == "" {
		v.t.Fatalf("no 3-D Secure step: %v", got)
	}
	v.send(request{http.MethodGet, page, "", http.Header{}})
	v.typeOnPages(number)
}

func (v *visitor) typeOnPages(number func(string) string) {
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	for i, typed := range []struct{ number, expiry, cvv string }{
		{number("518627440913358"), "12/39", cvvTyped},
		{number("491656770142883"), "12/19", cvvTyped},
		{"4916567701428830", "12/39", "73x91"},
	} {
		link := v.send(v.test.request(http.MethodPost, "/v1/payment_links", fmt.Sprintf(`{"reference":"page-%d","amount":2500,"currency":"USD"}`, i)))
		page, _ := fields(v.t, link.body)["url"].(string)
		body := url.Values{"method": {"card"}, "number": {typed.number}, "expiry": {typed.expiry}, "cvv": {typed.cvv}, "holder": {"Jeanne Exemple"}}
		v.send(request{http.MethodPost, page, body.Encode(), form})
		v.send(request{http.MethodGet, page, "", http.Header{}})
		control := fmt.Sprintf(`{"method":"card","number":%q,"expiry":%q,"cvv":%q}`, typed.number, typed.expiry, typed.cvv)
		v.send(request{http.MethodPost, v.g.URL + "/sandbox/v1/checkouts/" + tokenOf(v.t, page) + "/pay", control, http.Header{}})
		v.send(request{http.MethodPost, v.g.URL + "/sandbox/v1/checkouts/nothing/pay", control, http.Header{}})
		v.send(request{http.MethodPost, v.g.URL + "/sandbox/v1/checkouts/nothing/pay", control[:len(control)-1], http.Header{}})
	}
}

// misplaceCards puts a card where no card belongs; all of it is refused.
func (v *visitor) misplaceCards() {
	stray := cardNumber("544018762290513")
	v.secrets.card(stray)
	v.secrets.add("stray key", "sk_live_"+canary)
	for _, body := range []string{
		`{"reference":"a","amount":` + stray + `,"currency":"USD","card":"` + stray + `"}`,
		`{"` + stray + `":"` + stray + `","cvv":"` + cvvTyped + `"}`,
		`{"reference":"a","amount":200,"currency":"` + stray + `"}`,
		`{"reference":"a","amount":200,"currency":"XAF","method":{"type":"` + stray + `"}}`,
		`{"reference":"a","amount":200,"currency":"XAF","method":{"type":"mobile_money","phone":"` + stray + `"}}`,
		`{"reference":"a","amount":"` + stray + `","currency":"XAF"}`,
		`{"reference":"a","amount":200,"currency":"XAF","method":{"type":"card","card":"` + stray + `"}}`,
		`{"reference":"a","amount":200,"currency":"XAF","method":{"type":"card","card":{"number":"` + stray,
	} {
		for _, path := range []string{"/v1/payments", "/v1/payouts", "/v1/refunds", "/v1/payment_links", "/v1/webhook_endpoints", "/v1/connections", "/v1/routes", "/v1/fees", "/v1/fees/quote", "/v1/accounts/lookup"} {
			v.send(v.test.request(http.MethodPost, path, body))
		}
	}
	for _, r := range []request{
		v.test.request(http.MethodGet, "/v1/payments/"+stray, ""),
		v.test.request(http.MethodGet, "/v1/payments?reference="+stray+"&limit="+stray, ""),
		v.test.request(http.MethodGet, "/v1/payments?key=sk_live_"+canary, ""),
		v.test.request(http.MethodGet, "/v1/payments", "").with("X-Request-Id", "<"+stray+">"),
		v.test.request(http.MethodPost, "/v1/payments", "{}").with("Idempotency-Key", stray),
		{http.MethodGet, v.g.URL + "/pay/" + stray, "", http.Header{}},
		{http.MethodGet, v.g.URL + "/sandbox/v1/phones/" + stray, "", http.Header{}},
		{http.MethodPost, v.g.URL + "/hooks/sandbox/" + stray + "?card=" + stray, stray, http.Header{}},
	} {
		v.send(r)
	}
}

// typeOTPs types wrong one-time passwords until the payment ends.
func (v *visitor) typeOTPs() {
	v.secrets.add("OTP", "604817")
	id := v.test.made(v.t, "/v1/payments", `{"reference":"otp","amount":200,"currency":"XAF","method":{"type":"mobile_money","phone":"+24174000011"}}`)
	for range 5 {
		v.send(v.test.request(http.MethodPost, "/v1/payments/"+id+"/confirm", `{"otp":"604817"}`))
	}
	v.send(v.test.request(http.MethodPost, "/v1/payments/"+id+"/confirm", `{"otp":["604817"]}`))
	v.send(v.test.request(http.MethodPost, "/v1/payments/nothing/confirm", `{"otp":"604817"}`))
}
