package app_test

import (
	"context"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/provider/all"
)

// patience bounds what a busy machine may make slow.
const patience = 40 * time.Second

// start runs a gateway with its sandbox, whose customers answer at once.
func start(t *testing.T, demo bool) string {
	t.Helper()
	keys, err := secret.ParseKeyring(secret.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	running, err := app.Start(context.Background(), app.Config{
		Addr: "127.0.0.1:0", DatabaseURL: ":memory:", Keys: keys, AllowLoopback: true, Sandbox: true, OperatorDelay: "0", Demo: demo, Version: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := running.Drain(); err != nil {
			t.Errorf("drain: %v", err)
		}
	})
	return running.URL
}

// read gets a page, or posts a form to it and follows to where that leads.
func read(t *testing.T, address string, form url.Values) (*http.Response, string) {
	t.Helper()
	client := &http.Client{Timeout: patience}
	var resp *http.Response
	var err error
	if form == nil {
		resp, err = client.Get(address)
	} else {
		resp, err = client.PostForm(address, form)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

var trialForm = regexp.MustCompile(`name="front" value="([^"]+)"><input type="hidden" name="trial" value="([^"]+)"`)

func TestEachTrialOfEveryAPIAnswersAsDocumented(t *testing.T) {
	t.Parallel()
	site := start(t, true)
	_, page := read(t, site+"/sandbox/start?lang=en", nil)
	found := map[string]int{}
	for _, match := range trialForm.FindAllStringSubmatch(page, -1) {
		front, trial := match[1], match[2]
		found[front]++
		resp, result := read(t, site+"/sandbox/start/run?lang=en", url.Values{"front": {front}, "trial": {trial}})
		if resp.StatusCode != http.StatusOK || !strings.Contains(result, "Each answer is as documented.") {
			_, problem, _ := strings.Cut(result, "Difference:")
			problem, _, _ = strings.Cut(problem, "</p>")
			t.Errorf("%s %s answers %d: %s", front, trial, resp.StatusCode, problem)
		}
	}
	fronts := []string{"native"}
	for _, p := range all.Providers() {
		fronts = append(fronts, p.Name)
	}
	for _, front := range fronts {
		if found[front] < 4 {
			t.Errorf("%s has %d trials", front, found[front])
		}
	}
}

func TestTheDevelopersPageShowsWhatDevPrints(t *testing.T) {
	t.Parallel()
	site := start(t, true)
	_, page := read(t, site+"/sandbox/start", nil)
	text := html.UnescapeString(page)
	for _, want := range []string{
		"sk_test_demo", "whsec_ZGVtby1wYXNzZXJlbGxlLXdlYmhvb2stc2VjcmV0", "demo@passerelle.test", "demo-password", "demo-keypass",
		"sk_test_00000000-0000-4000-8000-000000000001", "DEMOPVITCODE0001", "ACC_0000000000001", "CBK01", "demo-flexpay-token",
		"demo-cinetpay-apikey", "100001", "demo-cinetpay-secret", "stest_demo", "ptest_demo", "demo-mypayga-secret",
		`href="/docs"`, `href="/dashboard"`, `href="/sandbox?lang=fr"`, site + "/cinetpay", "curl " + site + "/v1/payments",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	for _, path := range []string{"/", "/sandbox"} {
		if _, other := read(t, site+path, nil); !strings.Contains(other, `href="/sandbox/start?lang=`) {
			t.Errorf("%s does not lead to the page", path)
		}
	}
}

var inline = regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|<script>|javascript:`)

func TestTheDevelopersPageRunsNothingInline(t *testing.T) {
	t.Parallel()
	site := start(t, true)
	done, _ := read(t, site+"/sandbox/start/run", url.Values{"front": {"native"}, "trial": {"1_payment.txt"}})
	for _, address := range []string{site + "/sandbox/start?lang=fr", site + "/sandbox/start/log?lang=en", done.Request.URL.String()} {
		resp, page := read(t, address, nil)
		if csp := resp.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'self';") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s has the policy %q", address, csp)
		}
		if found := inline.FindString(page); found != "" {
			t.Errorf("%s has %q", address, found)
		}
	}
}

func TestAnotherSiteCanNotPressTheButtons(t *testing.T) {
	t.Parallel()
	site := start(t, true)
	for name, value := range map[string]string{"Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, site+"/sandbox/start/run", strings.NewReader("front=native&trial=1_payment.txt"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set(name, value)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("with %s: %s the answer is %d", name, value, resp.StatusCode)
		}
	}
}

func TestWithoutTheDemoMerchantThereIsNoDevelopersPage(t *testing.T) {
	t.Parallel()
	site := start(t, false)
	for _, path := range []string{"/sandbox/start", "/sandbox/start/log", "/sandbox/start/static/developer.css"} {
		if resp, _ := read(t, site+path, nil); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s answers %d", path, resp.StatusCode)
		}
	}
	for _, path := range []string{"/", "/sandbox"} {
		if _, page := read(t, site+path, nil); strings.Contains(page, "/sandbox/start") {
			t.Errorf("%s leads to a page that is not there", path)
		}
	}
}

func TestOnlyWhatIsPreparedIsSent(t *testing.T) {
	t.Parallel()
	site := start(t, true)
	for _, form := range []url.Values{
		{"front": {"native"}, "trial": {"../developer.go"}},
		{"front": {"nobody"}, "trial": {"1_payment.txt"}},
		{"url": {"http://127.0.0.1:1/"}, "method": {"GET"}},
	} {
		if resp, _ := read(t, site+"/sandbox/start/run", form); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%v answers %d", form, resp.StatusCode)
		}
	}
}

func TestAnEditedBodyIsSentAndACardTypedIntoItDoesNotShow(t *testing.T) {
	t.Parallel()
	site := start(t, true)
	const body = `{"reference": "{{unique}}", "amount": 2500, "currency": "USD",` +
		` "method": {"type": "card", "card": {"number": "5555 5555 5555 4444", "expiry": "11/31", "cvv": "987"}}}`
	_, page := read(t, site+"/sandbox/start/run?lang=en", url.Values{"front": {"native"}, "trial": {"3_card.txt"}, "body-0": {body}})
	if !strings.Contains(page, "A body was edited") || !strings.Contains(page, "201 Created") {
		t.Errorf("the edited body was not taken: %s", page)
	}
	_, log := read(t, site+"/sandbox/start/log", nil)
	for _, secret := range []string{"5555 5555 5555 4444", "5555555555554444", "987&#34;"} {
		if strings.Contains(page, secret) || strings.Contains(log, secret) {
			t.Errorf("%s shows", secret)
		}
	}
}

func TestTheLogTellsOfRequestEventAndNotification(t *testing.T) {
	t.Parallel()
	site := start(t, true)
	if _, log := read(t, site+"/sandbox/start/log?lang=en", nil); !strings.Contains(log, "Nothing has happened yet") {
		t.Errorf("something happened by itself: %s", log)
	}
	read(t, site+"/sandbox/start/run", url.Values{"front": {"mypvit"}, "trial": {"vectors/rest_payment.txt"}})
	deadline := time.Now().Add(patience)
	for {
		_, log := read(t, site+"/sandbox/start/log?lang=en", nil)
		paid, made := strings.Index(log, "payment.succeeded"), strings.Index(log, "payment.created")
		if strings.Contains(log, "POST /mypvit/DEMOPVITCODE0001/rest") && strings.Contains(log, "delivered") && paid >= 0 && made > paid {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the log lacks the request, the event or the notification, or their order: %s", log)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
