package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/app"
)

// writable are all addresses that take a body, but for those of the dialects,
// which TestNoFrontTakesWhatIsWrongNorFailsOnIt sends bodies over 1 MiB: the
// native API's by its document, the dashboard's and the checkout's by the
// patterns they are mounted with.
func writable(t *testing.T, g *app.Running) []string {
	t.Helper()
	var document struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal([]byte(request{http.MethodGet, g.URL + "/openapi.json", "", http.Header{}}.must(t).body), &document); err != nil {
		t.Fatal(err)
	}
	var list []string
	for path, operations := range document.Paths {
		for method, operation := range operations {
			if o, _ := operation.(map[string]any); o["requestBody"] != nil {
				list = append(list, strings.ToUpper(method)+" "+path)
			}
		}
	}
	patterns := regexp.MustCompile(`"(POST /(?:dashboard|pay|sandbox)/[^"]*)"`)
	for _, name := range []string{"web/dashboard/dashboard.go", "web/checkout/checkout.go", "sandbox/api.go", "sandbox/inbox.go", "sandbox/sandbox.go", "sandbox/pages.go"} {
		source, err := os.ReadFile("../internal/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range patterns.FindAllStringSubmatch(string(source), -1) {
			list = append(list, m[1])
		}
	}
	return append(list, "POST /hooks/sandbox/{token}")
}

// TestABodyOverItsLimitIsRefusedAtEveryAddress: 413, or not found where the
// address itself leads nowhere; never taken, never our own fault.
func TestABodyOverItsLimitIsRefusedAtEveryAddress(t *testing.T) {
	g := startGateway(t, func(c *app.Config) { c.OperatorDelay = "0" })
	demo := nativeCaller{g.URL, app.DemoAPIKey}
	owner := signedIn(t, g, app.DemoEmail, app.DemoPassword)
	link := demo.request(http.MethodPost, "/v1/payment_links", `{"reference":"limits","amount":200,"currency":"XAF"}`).must(t)
	page, _ := fields(t, link.body)["url"].(string)
	token := tokenOf(t, page)
	settle(t, g)
	before, tooLarge := takeCensus(t, g), 0
	list := writable(t, g)
	for _, pattern := range list {
		method, path, _ := strings.Cut(pattern, " ")
		path = pathParameter.ReplaceAllLiteralString(path, token)
		r := demo.request(method, path, `{"padding":"`+strings.Repeat("x", overlong)+`"}`)
		if !strings.HasPrefix(path, "/v1/") {
			r = request{method, g.URL + path, "padding=" + strings.Repeat("x", overlong), owner}
		}
		if strings.HasPrefix(path, "/sandbox/") {
			r = request{method, g.URL + path, `{"padding":"` + strings.Repeat("x", overlong) + `"}`, http.Header{"Content-Type": {"application/json"}}}
		}
		got, err := r.send(t.Context())
		switch {
		case err != nil || got.status == http.StatusNotFound || got.status == http.StatusMethodNotAllowed: // it hung up on us, or there is nothing
		case got.status == http.StatusRequestEntityTooLarge:
			tooLarge++
		default:
			t.Errorf("%s with a body over 1 MiB: %v, want 413", pattern, got)
		}
	}
	before.unchanged(t, g, "bodies over their limits")
	t.Logf("%d addresses that take a body, %d answered 413", len(list), tooLarge)
	if tooLarge < 40 {
		t.Error("hardly any address was reached")
	}
}

func TestHeadersAndAddressesHaveTheirLimit(t *testing.T) {
	g := startGateway(t, nil)
	for what, r := range map[string]request{
		"a header of 128 KiB":    {http.MethodGet, g.URL + "/v1/payments", "", http.Header{"X-Long": {strings.Repeat("x", 128<<10)}}},
		"an address of 128 KiB":  {http.MethodGet, g.URL + "/pay/" + strings.Repeat("x", 128<<10), "", http.Header{}},
		"a key of 128 KiB":       {http.MethodGet, g.URL + "/v1/payments", "", http.Header{"Authorization": {"Bearer " + strings.Repeat("x", 128<<10)}}},
		"many headers, together": {http.MethodGet, g.URL + "/v1/payments", "", http.Header{"X-Many": strings.Split(strings.Repeat("xxxxxxxxxxxxxxxx,", 8<<10), ",")}},
	} {
		if got, err := r.send(t.Context()); err == nil && got.status != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("%s: %v, want 431", what, got)
		}
	}
}

// TestEveryOpenDoorHasItsRate knocks at the doors that need no key more often
// than they allow, and at the native API with one.
func TestEveryOpenDoorHasItsRate(t *testing.T) {
	g := startGateway(t, func(c *app.Config) {
		c.Rates = app.Rates{Keys: 0.2, Pages: 0.2, SignIn: 0.2, Hooks: 0.2, Control: 0.2}
	})
	demo := nativeCaller{g.URL, app.DemoAPIKey}
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	for door, r := range map[string]request{
		"a hosted page":  {http.MethodPost, g.URL + "/pay/nothing", "method=card", form},
		"its code":       {http.MethodPost, g.URL + "/pay//nothing/otp", "otp=1234", form},
		"the sign-in":    {http.MethodPost, g.URL + "/dashboard/sign-in", "email=a@example.test&password=x", form},
		"a hook":         {http.MethodPost, g.URL + "/hooks/sandbox/nothing", "{}", http.Header{}},
		"the control":    {http.MethodPost, g.URL + "/sandbox/v1/phones/+24174000100/approve", "", http.Header{}},
		"the native API": demo.request(http.MethodGet, "/v1/payments", ""),
	} {
		refused := 0
		for range 6 {
			req, err := http.NewRequestWithContext(t.Context(), r.method, r.url, strings.NewReader(r.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header = r.header.Clone()
			resp, err := badClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusTooManyRequests && resp.Header.Get("Retry-After") != "" {
				refused++
			}
		}
		if refused < 3 {
			t.Errorf("%s: %d of 6 requests were put off, and at most 2 may come in 10 s", door, refused)
		}
	}
	for _, path := range []string{"/healthz", "/readyz", "/docs", "/openapi.json", "/dashboard/sign-in"} {
		for range 6 {
			if got := (request{http.MethodGet, g.URL + path, "", http.Header{}}).must(t); got.status != http.StatusOK {
				t.Fatal(fmt.Sprint(path, " ", got))
			}
		}
	}
}
