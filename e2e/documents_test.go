package e2e_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/app"
)

// The tests here send the commands that the providers' documents print, with
// our address and the demo merchant's credentials in place of theirs.

// asMyPVit replaces what a reader of the document replaces.
func asMyPVit(base string) []string {
	return []string{
		"http://api.mypvit.pro", base, "https://api.mypvit.pro", base,
		"YZKELHFNIIUNK3GI", "DEMOPVITCODE0001", "02S57GKG1BQIE3RF", "DEMOPVITCODE0001",
		"HQHURF3MGPASWGTY", "DEMOPVITCODE0001", "DVZ003S6T1X9UFYK", "DEMOPVITCODE0001",
		"sk_live_87e1f459-35e7-4047-8847-20c0d69da13c", "sk_test_00000000-0000-4000-8000-000000000001",
		"ACC_6661B5664CD2F", "ACC_0000000000001", "ACC_672CD66E148BD", "ACC_0000000000001",
		"1B9LW", "CBK01", "T0FHF", "RCV01", "TKO7A", "OKR01", "JDCEY", "KOR01", "XXXXXXXXXXX", "demo-password",
	}
}

func TestMyPVitDocumentSamples(t *testing.T) {
	merchant := startShop(t)
	g := startGateway(t, func(c *app.Config) { c.CallbackURL = merchant.URL })
	ours := asMyPVit(g.URL + "/mypvit")

	t.Run("rest PAYMENT of 200 XAF succeeds with a callback", func(t *testing.T) {
		status, body := readSample(t, "mypvit-rest-payment", ours...).send(t)
		got := fields(t, body)
		if status != http.StatusOK || got["status"] != "PENDING" || got["status_code"] != "200" ||
			got["operator"] != "MOOV_MONEY" || got["merchant_reference_id"] != "REF08190271" ||
			got["merchant_operation_account_code"] != "ACC_0000000000001" {
			t.Fatalf("got %d %s", status, body)
		}
		if want := "Votre demande de paiement REF08190271 a été initiée avec succès et est en cours de traitement. Veuillez patienter le statut définitif de votre transaction"; got["message"] != want {
			t.Errorf("message is %q", got["message"])
		}
		reference, _ := got["reference_id"].(string)
		if !regexp.MustCompile(`^PAY\d{13}$`).MatchString(reference) {
			t.Errorf("reference_id %q is not PAY, a date and seven digits", reference)
		}
		want := `{"transactionId":"` + reference + `","merchantReferenceId":"REF08190271","status":"SUCCESS","amount":200.0,"customerID":"066000100","fees":5.0,"totalAmount":205.0,"chargeOwner":"MERCHANT","freeInfo":"Info libre","transactionOperation":"PAYMENT","code":200,"callbackMediaType":"application/json","operator":"MOOV_MONEY"}`
		if got := merchant.wait(t, "/mypvit", reference); strings.TrimSpace(got.body) != want {
			t.Errorf("callback is\n%s\nwant\n%s", got.body, want)
		}
	})

	t.Run("rest PAYMENT of 1500 XAF fails", func(t *testing.T) {
		s := readSample(t, "mypvit-rest-payment", append([]string{`"amount": 200`, `"amount": 1500`, "REF08190271", "REF08190272"}, ours...)...)
		if status, body := s.send(t); status != http.StatusOK || fields(t, body)["status"] != "PENDING" {
			t.Fatalf("got %d %s", status, body)
		}
		if got := merchant.wait(t, "/mypvit", "REF08190272"); !strings.Contains(got.body, `"status":"FAILED"`) {
			t.Errorf("callback is %s", got.body)
		}
	})

	t.Run("link WEB, with the misspelt field of the sample, is paid and reported", func(t *testing.T) {
		status, body := readSample(t, "mypvit-link-web", ours...).send(t)
		got := fields(t, body)
		page, _ := got["url"].(string)
		if status != http.StatusOK || got["status"] != "SUCCESS" || got["merchant_reference_id"] != "REF13090141" || !strings.HasPrefix(page, g.URL) {
			t.Fatalf("got %d %s", status, body)
		}
		payHosted(t, g.URL, page, `{"method":"mobile_money","phone":"074000100"}`)
		merchant.wait(t, "/mypvit", "REF13090141")
	})

	t.Run("status tells what became of it", func(t *testing.T) {
		status, body := readSample(t, "mypvit-status", ours...).send(t)
		got := fields(t, body)
		if status != http.StatusOK || got["status"] != "SUCCESS" || got["amount"] != 200.0 ||
			got["merchant_reference_id"] != "REF13090141" || got["customer_account_number"] != "074000100" {
			t.Fatalf("got %d %s", status, body)
		}
		if _, there := got["status_code"]; there {
			t.Error("the document's answer has no status_code")
		}
	})

	t.Run("link VISA_MASTERCARD is paid by card", func(t *testing.T) {
		_, body := readSample(t, "mypvit-link-visa-mastercard", ours...).send(t)
		page, _ := fields(t, body)["url"].(string)
		payHosted(t, g.URL, page, `{"method":"card","number":"4242424242424242","expiry":"12/30","cvv":"123"}`)
		merchant.wait(t, "/mypvit", `"merchantReferenceId":"REF1309014"`)
	})

	t.Run("link RESTLINK with the sample's GIVE_CHANGE is refused, with PAYMENT it pushes", func(t *testing.T) {
		status, body := readSample(t, "mypvit-link-restlink", ours...).send(t)
		if status != http.StatusForbidden || fields(t, body)["status_code"] != 3002.0 {
			t.Fatalf("got %d %s", status, body)
		}
		_, body = readSample(t, "mypvit-link-restlink", append([]string{"GIVE_CHANGE", "PAYMENT"}, ours...)...).send(t)
		page, _ := fields(t, body)["url"].(string)
		openPage(t, page)
		merchant.wait(t, "/mypvit", "REF13090143")
	})

	t.Run("balance", func(t *testing.T) {
		status, body := readSample(t, "mypvit-balance", ours...).send(t)
		got := fields(t, body)
		if balance, _ := got["balance"].(float64); status != http.StatusOK || balance < 1_000_000 || got["merchant_operation_account_code"] != "ACC_0000000000001" {
			t.Fatalf("got %d %s", status, body)
		}
	})

	t.Run("kyc wants the secret that the sample omits", func(t *testing.T) {
		s := readSample(t, "mypvit-kyc", ours...)
		if status, body := s.send(t); status != http.StatusBadRequest || fields(t, body)["status_code"] != 1008.0 {
			t.Fatalf("got %d %s", status, body)
		}
		s.header.Set("X-Secret", "sk_test_00000000-0000-4000-8000-000000000001")
		status, body := s.send(t)
		if got := fields(t, body); status != http.StatusOK || got["customer_account_number"] != "066000100" || got["is_active"] != true {
			t.Fatalf("got %d %s", status, body)
		}
	})

	t.Run("renew-secret pushes the new secret before it answers", func(t *testing.T) {
		status, body := readSample(t, "mypvit-renew-secret", ours...).send(t)
		if got := fields(t, body); status != http.StatusOK || got["status_code"] != "200" || got["message"] != "Secret key generated and sent successfully" {
			t.Fatalf("got %d %s", status, body)
		}
		pushed := merchant.all("/mypvit/secret")
		if len(pushed) != 1 {
			t.Fatalf("%d secrets were pushed before the answer, want 1", len(pushed))
		}
		got := fields(t, pushed[0].body)
		if key, _ := got["secret_key"].(string); got["operation_account_code"] != "ACC_0000000000001" || !strings.HasPrefix(key, "sk_test_") || got["expires_in"] != 3600.0 {
			t.Errorf("pushed %s", pushed[0].body)
		}
		if status, body := readSample(t, "mypvit-balance", ours...).send(t); status != http.StatusForbidden || fields(t, body)["status_code"] != 3100.0 {
			t.Errorf("the old secret still works: %d %s", status, body)
		}
	})
}

func TestCinetPayDocumentSamples(t *testing.T) {
	merchant := startShop(t)
	g := startGateway(t, func(c *app.Config) { c.CallbackURL = merchant.URL })
	ours := []string{
		"https://api-checkout.cinetpay.com", g.URL + "/cinetpay", "votre-apikey", "demo-cinetpay-apikey",
		"votre-aptkey", "demo-cinetpay-apikey", "votre-site-id", "100001", "id-de-paiement-unique", "id-de-paiement",
		"https://www.exemple.com", merchant.URL,
	}
	status, body := readSample(t, "cinetpay-payment", ours...).send(t)
	created := fields(t, body)
	data, _ := created["data"].(map[string]any)
	page, _ := data["payment_url"].(string)
	if status != http.StatusOK || created["code"] != "201" || created["message"] != "CREATED" ||
		created["description"] != "Transaction created with success" || data["payment_token"] == "" || page == "" {
		t.Fatalf("got %d %s", status, body)
	}
	check := func() map[string]any {
		status, body := readSample(t, "cinetpay-check", ours...).send(t)
		if status != http.StatusOK {
			t.Fatalf("check: %d %s", status, body)
		}
		return fields(t, body)
	}
	if got := check(); got["code"] != "662" || got["message"] != "WAITING_CUSTOMER_PAYMENT" {
		t.Fatalf("before the customer pays: %v", got)
	}
	payHosted(t, g.URL, page, `{"method":"mobile_money","phone":"+2250700000100"}`)
	eventually(t, "a paid check", func() bool { return check()["code"] == "00" })
	got := check()
	paid, _ := got["data"].(map[string]any)
	if got["message"] != "SUCCES" || paid["phone_prefix"] != "225" || paid["phone_number"] != "0700000100" || paid["payment_method"] != "OM" {
		t.Errorf("check says %v", got)
	}
	note := merchant.wait(t, "/notify", "cpm_error_message=SUCCES")
	if note.method != http.MethodPost || note.header.Get("X-Token") == "" {
		t.Errorf("notification is %s with x-token %q", note.method, note.header.Get("X-Token"))
	}
	if probes := merchant.all("/notify"); probes[0].method != http.MethodGet {
		t.Errorf("the first request to notify_url is a %s, want the GET probe", probes[0].method)
	}
	form, err := url.ParseQuery(note.body)
	if err != nil || form.Get("cpm_trans_id") != "id-de-paiement" || form.Get("cpm_site_id") != "100001" || len(form) != 16 {
		t.Errorf("notification has %d fields: %s", len(form), note.body)
	}
}

// payHosted acts as the customer on a hosted page, by the sandbox's control API.
func payHosted(t *testing.T, base, page, choice string) {
	t.Helper()
	status, body, err := perform(t.Context(), http.MethodPost, base+"/sandbox/v1/checkouts/"+tokenOf(t, page)+"/pay",
		http.Header{"Content-Type": {"application/json"}}, choice)
	if err != nil || status/100 != 2 {
		t.Fatalf("pay as the customer: %d %s %v", status, body, err)
	}
}

// tokenOf follows a page's address to /pay/{token}.
func tokenOf(t *testing.T, page string) string {
	t.Helper()
	for range 3 {
		if _, token, ok := strings.Cut(page, "/pay/"); ok {
			return token
		}
		status, location, err := perform(t.Context(), http.MethodGet, page, nil, "")
		if err != nil || status/100 != 3 {
			t.Fatalf("page %s leads nowhere: %d %v", page, status, err)
		}
		page = location
	}
	t.Fatal("the page redirects without end")
	return ""
}

// openPage opens a page as a browser does, following redirects.
func openPage(t *testing.T, page string) {
	t.Helper()
	resp, err := http.Get(page)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("the page answers %d", resp.StatusCode)
	}
}
