package checkout_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

const nbsp = "\u00a0"

func TestTheFormOffersWhatTheRailTakes(t *testing.T) {
	t.Parallel()
	w := open(t, "0")
	a := w.get(page(w.payment()))
	w.shows(a, 200, "15"+nbsp+"000"+nbsp+"F"+nbsp+"CFA", "Deux pagnes &lt;wax&gt;", "Mobile Money", "Carte bancaire",
		"Gabon", "moov_ga", "Annuler", `name="cvv"`)
	w.lacks(a, "moov_ci", "orange_cd", "<wax>")
	a = w.get(page(w.payment(func(r *provider.Request) {
		r.Checkout.Methods = []pay.MethodType{pay.CardMethod}
		r.Amount = money.New(5000, money.USD)
	})))
	w.shows(a, 200, "50,00"+nbsp+"$", "Carte bancaire")
	w.lacks(a, "Mobile Money", `name="phone"`)
	a = w.get(page(w.payment(func(r *provider.Request) {
		r.Checkout.Methods = []pay.MethodType{pay.MobileMoney}
		r.Checkout.LockedPhone = "+24166000100"
	})))
	w.shows(a, 200, "••••0100")
	w.lacks(a, `name="phone"`, "66000100")
}

func TestThePageSpeaksTheCustomersLanguage(t *testing.T) {
	t.Parallel()
	w := open(t, "0")
	tx := w.payment()
	fixed := w.payment(func(r *provider.Request) { r.Checkout.Language = "en" })
	for _, c := range []struct{ path, accept, want string }{
		{page(tx), "", "Choisissez"},
		{page(tx), "en-GB,en;q=0.9,fr;q=0.8", "Choose"},
		{page(tx), "pt,fr;q=0.8,en;q=0.5", "Choisissez"},
		{page(tx), "de", "Choisissez"},
		{page(tx) + "?lang=en", "fr", "Choose"},
		{page(fixed), "fr", "Choose"},
		{page(fixed) + "?lang=fr", "en", "Choisissez"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", w.url+c.path, nil)
		w.must(err)
		req.Header.Set("Accept-Language", c.accept)
		if a := w.do(req); !strings.Contains(a.body, c.want) {
			t.Errorf("%s with %q lacks %q", c.path, c.accept, c.want)
		}
	}
	w.shows(w.get(page(tx)+"?lang=en"), 200, `action="`+page(tx)+`?lang=en"`)
	w.leads(w.post(page(tx)+"?lang=en", "method=mobile_money", "phone=+24166000100"), page(tx)+"?flow=1&lang=en")
}

func TestAPaymentGoesThroughAndBackToTheShop(t *testing.T) {
	t.Parallel()
	w := open(t, "0")
	tx := w.payment(returning("GET"))
	w.leads(w.post(page(tx), "method=mobile_money", "country=GA", "phone=066 00 01 00", "operator="), page(tx)+"?flow=1")
	w.has(tx, pay.StatusSucceeded)
	if op := w.now1(tx).Method.Operator; op != "moov_ga" {
		t.Errorf("operator is %q, the number says moov_ga", op)
	}
	w.leads(w.get(page(tx)+"?flow=1"), "https://boutique.example/merci?a=1&transaction_id=T1")
	// Who opens the page later sees the state.
	w.shows(w.get(page(tx)), 200, "Paiement réussi", `href="https://boutique.example/merci?a=1&amp;transaction_id=T1"`)
	// Sending the form again pays nothing and shows the same.
	w.leads(w.post(page(tx), "method=mobile_money", "phone=+24166000100"), page(tx)+"?flow=1")
	if n := w.now1(tx).Attempts; n != 1 {
		t.Errorf("%d attempts", n)
	}

	failed := w.payment(returning("GET"))
	w.post(page(failed), "method=mobile_money", "phone=+24166000001")
	w.shows(w.get(page(failed)), 200, "Le solde est insuffisant", "https://boutique.example/echec")
	w.leads(w.get(page(failed)+"?flow=1"), "https://boutique.example/echec")

	plain := w.payment(func(r *provider.Request) { r.ReturnURL = "https://boutique.example/fin" })
	w.post(page(plain), "method=mobile_money", "phone=+24166000100")
	w.leads(w.get(page(plain)+"?flow=1"), "https://boutique.example/fin")
}

func TestTheWayBackNamesTheTransactionWhereItIsAskedTo(t *testing.T) {
	t.Parallel()
	w := open(t, "0")
	for method, want := range map[string]string{"GET": "https://boutique.example/fin?payment=%s", "POST": `name="payment" value="%s"`} {
		tx := w.payment(func(r *provider.Request) {
			r.Checkout.Returns = map[pay.Status]pay.Return{pay.StatusSucceeded: {
				URL: "https://boutique.example/fin", Method: method, Fields: map[string]string{"payment": pay.ReturnID},
			}}
		})
		w.post(page(tx), "method=mobile_money", "phone=+24166000100")
		w.shows(w.get(page(tx)), 200, fmt.Sprintf(want, tx.ID))
	}
}

func TestAReturnByPostIsAFormThatSendsItself(t *testing.T) {
	t.Parallel()
	w := open(t, "0")
	tx := w.payment(returning("POST"))
	w.post(page(tx), "method=card", "number=4242 4242 4242 4242", "expiry=12/40", "cvv=123")
	a := w.get(page(tx) + "?flow=1")
	w.shows(a, 200, `method="post" action="https://boutique.example/merci?a=1" data-auto`, `name="transaction_id" value="T1"`, "Retour à la boutique")
	if csp := a.header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action") || !strings.Contains(csp, " https://boutique.example") {
		t.Errorf("policy %q does not let the form go", csp)
	}
	w.lacks(w.get(page(tx)), "data-auto")
	w.shows(w.get("/pay/static/checkout.js"), 200, "data-auto")
}

func TestAWaitingPageRefreshesItself(t *testing.T) {
	t.Parallel()
	w := open(t, "manual")
	tx := w.payment(returning("GET"))
	w.leads(w.post(page(tx), "method=mobile_money", "phone=+24166000100"), page(tx)+"?flow=1")
	a := w.get(page(tx) + "?flow=1")
	w.shows(a, 200, "Validez le paiement sur votre téléphone",
		`<noscript><meta http-equiv="refresh" content="3;url=`+page(tx)+`?flow=1"></noscript>`,
		`data-status="`+page(tx)+`/status"`, `data-state="pending/approve_on_phone"`, `src="/pay/static/checkout.js?v=`)
	w.lacks(a, "<script>", "onclick", "style=")
	w.shows(w.get(page(tx)+"/status"), 200, `"status":"pending"`, `"final":false`, `"state":"pending/approve_on_phone"`)
	// Another submit while it runs shows the payment that is running.
	w.leads(w.post(page(tx), "method=mobile_money", "phone=+24166000200"), page(tx)+"?flow=1")
	if _, err := w.sandbox.Approve(t.Context(), "066000100"); err != nil {
		t.Fatal(err)
	}
	w.shows(w.get(page(tx)+"/status"), 200, `"status":"succeeded"`, `"final":true`)
	w.leads(w.get(page(tx)+"?flow=1"), "https://boutique.example/merci?a=1&transaction_id=T1")
}

func TestManySubmitsPayOnce(t *testing.T) {
	t.Parallel()
	w := open(t, "manual")
	tx := w.payment()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { w.leads(w.post(page(tx), "method=mobile_money", "phone=+24166000100"), page(tx)+"?flow=1") })
	}
	wg.Wait()
	p, err := w.sandbox.Phone(t.Context(), "+24166000100")
	if err != nil || len(p.Prompts) != 1 || w.sandbox.Violations() != 0 {
		t.Errorf("phone is %+v, %v", p, err)
	}
}

func TestAWrongEntryIsNamedAndACardNeverShownAgain(t *testing.T) {
	t.Parallel()
	w := open(t, "0")
	tx := w.payment()
	for _, c := range []struct {
		form []string
		want string
	}{
		{[]string{"method=mobile_money", "country=GA", "phone=12 34"}, "Le numéro de téléphone n&#39;est pas valide"},
		{[]string{"method=mobile_money", "country=GA", "phone="}, "Indiquez un numéro"},
		{[]string{"method=mobile_money", "phone=+24166000100", "operator=mtn_cm"}, "L&#39;opérateur ne correspond pas"},
		{[]string{"method=mobile_money", "phone=+24166000100", "operator=nobody"}, "L&#39;opérateur ne correspond pas"},
		{[]string{"method=cash"}, "n&#39;est pas proposé"},
		{[]string{"method=card", "number=4242424242424241", "expiry=12/40", "cvv=7391"}, "Le numéro de carte"},
		{[]string{"method=card", "number=4242424242424242", "expiry=12/20", "cvv=7391"}, "expiration"},
		{[]string{"method=card", "number=4242424242424242", "expiry=12/40", "cvv=73910"}, "3 ou 4 chiffres"},
	} {
		a := w.post(page(tx), c.form...)
		w.shows(a, 422, c.want, "Choisissez", `role="alert"`)
		w.lacks(a, "424242424242424", "7391")
	}
	w.shows(w.post(page(tx), "method=mobile_money", "country=CG", "phone=05 12"), 422, `value="05 12"`, `value="CG" selected`)
	w.has(tx, pay.StatusRequiresAction)
	if n := w.now1(tx).Attempts; n != 0 {
		t.Errorf("%d attempts", n)
	}
}

func TestAOneTimePasswordIsAskedAndChecked(t *testing.T) {
	t.Parallel()
	w := open(t, "0")
	right, wrong := w.payment(), w.payment()
	for _, tx := range []pay.Transaction{right, wrong} {
		w.leads(w.post(page(tx), "method=mobile_money", "phone=+24166000011"), page(tx)+"?flow=1")
		w.shows(w.get(page(tx)), 200, `name="otp"`, "Code reçu par SMS")
	}
	w.shows(w.post(page(right)+"/otp", "otp="), 422, "Saisissez le code")
	w.leads(w.post(page(right)+"/otp", "otp=1234"), page(right)+"?flow=1")
	w.shows(w.get(page(right)+"?flow=1"), 200, "Paiement réussi")
	w.leads(w.post(page(wrong)+"/otp", "otp=0000"), page(wrong)+"?flow=1")
	w.shows(w.get(page(wrong)), 200, "Le code saisi est incorrect")
	w.leads(w.post(page(wrong)+"/otp", "otp=1234"), page(wrong)+"?flow=1")
	w.has(wrong, pay.StatusFailed)
}

func TestA3DSecureStepIsAnsweredByTheHolder(t *testing.T) {
	t.Parallel()
	w := open(t, "0")
	for answer, want := range map[string]pay.Status{"approve": pay.StatusSucceeded, "decline": pay.StatusFailed} {
		tx := w.payment(returning("GET"))
		w.leads(w.post(page(tx), "method=card", "number=4000000000003220", "expiry=12/40", "cvv=123"), page(tx)+"?flow=1")
		w.leads(w.get(page(tx)+"?flow=1"), page(tx)+"/challenge")
		a := w.get(page(tx) + "/challenge")
		w.shows(a, 200, "3-D Secure", "•••• 3220", `value="approve"`, `value="decline"`)
		w.shows(w.post(page(tx)+"/challenge", "answer=maybe"), 422)
		w.leads(w.post(page(tx)+"/challenge", "answer="+answer), page(tx)+"?flow=1")
		w.has(tx, want)
		w.leads(w.get(page(tx)+"/challenge"), page(tx)+"?flow=1")
		w.leads(w.post(page(tx)+"/challenge", "answer=approve"), page(tx)+"?flow=1")
		w.has(tx, want)
	}
}

func TestACustomerCanCancel(t *testing.T) {
	t.Parallel()
	w := open(t, "manual")
	unused, prompted, paid := w.payment(returning("GET")), w.payment(), w.payment()
	w.leads(w.post(page(unused)+"/cancel"), page(unused)+"?flow=1")
	w.has(unused, pay.StatusCanceled)
	w.leads(w.get(page(unused)+"?flow=1"), "https://boutique.example/echec")
	w.shows(w.get(page(unused)), 200, "a été annulé")

	w.post(page(prompted), "method=mobile_money", "phone=+24166000100")
	w.leads(w.post(page(prompted)+"/cancel"), page(prompted)+"?flow=1")
	w.has(prompted, pay.StatusCanceled)

	w.post(page(paid), "method=card", "number=4242424242424242", "expiry=12/40", "cvv=123")
	w.shows(w.post(page(paid)+"/cancel"), 409, "ne peut plus être annulé", `href="`+page(paid)+`"`)
	w.has(paid, pay.StatusSucceeded)
}

func TestARefusedPayerTriesAgainWhereThePageAllowsIt(t *testing.T) {
	t.Parallel()
	w := open(t, "0")
	tx := w.payment(func(r *provider.Request) { r.Checkout.Retry = true })
	w.leads(w.post(page(tx), "method=mobile_money", "phone=+24166000001"), page(tx)+"?flow=1")
	w.shows(w.get(page(tx)+"?flow=1"), 200, "Le solde est insuffisant", "essayez de nouveau", "Choisissez")
	w.leads(w.post(page(tx), "method=mobile_money", "phone=+24166000100"), page(tx)+"?flow=1")
	w.has(tx, pay.StatusSucceeded)
	if n := w.sandbox.Violations(); n != 0 {
		t.Errorf("%d violations", n)
	}
}

func TestAPushedPageIsOneLineAndAsksOnce(t *testing.T) {
	t.Parallel()
	w := open(t, "manual")
	tx := w.payment(func(r *provider.Request) {
		r.Checkout.Push, r.Checkout.LockedPhone = true, "+24166000100"
		r.Checkout.Methods = []pay.MethodType{pay.MobileMoney}
	})
	req, err := http.NewRequestWithContext(t.Context(), "HEAD", w.url+page(tx), nil)
	w.must(err)
	w.do(req)
	w.has(tx, pay.StatusRequiresAction) // a link preview asks nobody to pay
	for range 3 {
		a := w.get(page(tx))
		w.shows(a, 200, "••••0100", "Validez-la sur votre téléphone", "15"+nbsp+"000")
		w.lacks(a, "<form", "66000100")
	}
	p, err := w.sandbox.Phone(t.Context(), "+24166000100")
	if err != nil || len(p.Prompts) != 1 {
		t.Fatalf("phone is %+v, %v", p, err)
	}
	if _, err := w.sandbox.Approve(t.Context(), "+24166000100"); err != nil {
		t.Fatal(err)
	}
	w.shows(w.get(page(tx)), 200, "Paiement réussi")
}

func TestAPageThatNobodyUsedExpires(t *testing.T) {
	t.Parallel()
	w := open(t, "0")
	tx := w.payment(func(r *provider.Request) { r.ExpiresIn = time.Minute })
	push := w.payment(func(r *provider.Request) {
		r.ExpiresIn, r.Checkout.Push, r.Checkout.LockedPhone = time.Minute, true, "+24166000100"
	})
	w.advance(time.Minute)
	w.shows(w.get(page(tx)), 410, "a expiré")
	w.shows(w.post(page(tx), "method=mobile_money", "phone=+24166000100"), 410, "a expiré")
	w.shows(w.get(page(push)), 410, "a expiré")
	w.has(tx, pay.StatusRequiresAction)
}

func TestWhatIsNoPageIsNotFound(t *testing.T) {
	t.Parallel()
	w := open(t, "0")
	payout, err := w.gateway.Create(t.Context(), w.caller, provider.Request{
		Kind: pay.Payout, Reference: "salaire-1", Amount: money.New(500, money.XAF),
		Method: pay.Method{Type: pay.MobileMoney, Phone: "+24166000100"},
	})
	w.must(err)
	for _, path := range []string{"/pay/nothing", "/pay/" + strings.Repeat("x", 32), page(payout), "/pay/a/b/c", "/pay/static/other.js"} {
		a := w.get(path)
		w.shows(a, 404, "existe pas")
	}
	for _, path := range []string{"", "/otp", "/cancel", "/challenge", "/return"} {
		w.shows(w.post(page(payout)+path, "method=card"), 404)
	}
	w.shows(w.get("/pay/nothing/status"), 404, "not_found")
	w.shows(w.post(page(w.payment()), "method="+strings.Repeat("x", 70<<10)), 422)
}

func TestEveryPageIsProtected(t *testing.T) {
	t.Parallel()
	w := open(t, "0")
	for _, a := range []answer{w.get(page(w.payment())), w.get("/pay/nothing")} {
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'self'; style-src 'sha256-",
			"Cache-Control":           "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
			"Content-Type": "text/html; charset=utf-8",
		} {
			if got := a.header.Get(name); !strings.HasPrefix(got, want) {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		policy := a.header.Get("Content-Security-Policy")
		if strings.Contains(policy, "unsafe") || !strings.Contains(policy, "; base-uri 'none'; frame-ancestors 'none'; form-action 'self'") {
			t.Errorf("the policy %q allows what is unsafe", policy)
		}
	}
}

// elsewhere is a rail whose customers finish on a page of its own.
type elsewhere struct{ done *bool }

func (e elsewhere) Submit(_ context.Context, o provider.Order) (provider.Result, error) {
	return provider.Result{Outcome: pay.OutcomePending, Prompted: true, NextAction: pay.NextAction{
		Type: pay.Redirect, URL: "https://banque.example/payer?retour=" + o.ReturnURL,
	}}, nil
}

func (e elsewhere) Status(_ context.Context, r provider.Ref) (provider.Result, error) {
	if *e.done {
		return provider.Result{Outcome: pay.OutcomeSucceeded, Amount: r.Amount, Reference: r.Reference}, nil
	}
	return provider.Result{Outcome: pay.OutcomeUnknown}, nil
}

func TestACustomerGoesToAProvidersPageAndComesBack(t *testing.T) {
	t.Parallel()
	done := false
	bank := &provider.Provider{
		Name: "banque", Currencies: []money.Currency{money.XAF}, Countries: []string{"GA"},
		Takes:     []provider.Capability{{Kind: pay.Payment, Method: pay.CardMethod, Hosted: true}},
		Reference: provider.ReferenceRule{Prefix: "PS", Length: 20},
		Connect:   func(provider.Environment) (provider.Connector, error) { return elsewhere{&done}, nil },
	}
	w := open(t, "0", bank)
	w.caller.Mode = pay.Live
	_, err := w.gateway.AddConnection(t.Context(), gateway.NewConnection{MerchantID: w.caller.MerchantID, Mode: pay.Live, Provider: "banque"})
	w.must(err)
	tx := w.payment(returning("GET"))
	a := w.get(page(tx))
	w.shows(a, 200, "Carte bancaire")
	w.lacks(a, "Mobile Money", "Mode test")
	to := "https://banque.example/payer?retour=" + w.url + page(tx) + "/return"
	w.leads(w.post(page(tx), "method=card", "number=4242424242424242", "expiry=12/40", "cvv=123"), to)
	w.shows(w.get(page(tx)), 200, "Continuer le paiement", `href="`+to+`"`)
	w.leads(w.get(page(tx)+"/challenge"), page(tx)+"?flow=1") // a real bank has a page of its own

	w.leads(w.post(page(tx)+"/return", "status=OK"), page(tx)+"?flow=1")
	w.has(tx, pay.StatusRequiresAction) // what the browser brings proves nothing
	done = true
	w.leads(w.get(page(tx)+"/return?status=KO"), page(tx)+"?flow=1")
	w.has(tx, pay.StatusSucceeded)
	w.leads(w.get(page(tx)+"?flow=1"), "https://boutique.example/merci?a=1&transaction_id=T1")
}
