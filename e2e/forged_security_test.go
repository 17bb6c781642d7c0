package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

// target is one live payment by one provider, and the hooks that know of it or not.
type target struct {
	provider        string
	amount          money.Amount
	phone           string
	id, page        string // the payment, and the provider's page where there is one
	truth           claim
	secret          string   // what signs its notifications
	theirs          string   // what signs those of another merchant
	hook            string   // of its connection
	otherHooks      []string // of another connection of the merchant, and of another merchant
	site, otherSite string
}

// besieged is gateway A with a payment by each provider, and B, which plays them
// and whose customers answer only when told to.
type besieged struct {
	a, b    *app.Running
	targets []*target
	// heard are the true notifications that B sent.
	mu    sync.Mutex
	heard []request
	tried atomic.Int64
}

// wires of one account at B, for A's connection to it.
func credentialsAt(b *app.Running, account app.Credentials, name string) map[string]string {
	values := inClear(account.Dialects[name][pay.Test])
	for field, path := range wires[name].bases {
		values[field] = b.URL + path
	}
	return values
}

func besiege(t *testing.T) *besieged {
	t.Helper()
	s := &besieged{}
	post := httptest.NewServer(http.HandlerFunc(s.deliver))
	t.Cleanup(post.Close)
	s.b = startGateway(t, func(c *app.Config) { c.Demo, c.OperatorDelay = false, "manual" })
	s.a = startGateway(t, func(c *app.Config) { c.Demo, c.PublicURL = false, post.URL })
	merchants := map[string]app.Credentials{}
	for _, name := range []string{"Boutique A", "Boutique C"} {
		m, err := s.a.App.AddMerchant(t.Context(), name, strings.ToLower(name[len(name)-1:])+"@example.test", app.DialectSettings{})
		if err != nil {
			t.Fatal(err)
		}
		merchants[name] = m
	}
	accounts := make([]app.Credentials, 3)
	for i := range accounts {
		var err error
		accounts[i], err = s.b.App.AddMerchant(t.Context(), fmt.Sprint("Compte ", i), fmt.Sprintf("compte%d@example.test", i), app.DialectSettings{
			CallbackURL: post.URL + declared[:len(declared)-1], ReturnURL: post.URL + "/back",
			Options: map[string]map[string]string{"komipay": {"webhook_url": "callback", "status_long_poll": "false"}, "flexpay": {"status_profile": "extended"}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	mine, strange := merchants["Boutique A"], merchants["Boutique C"]
	for i, name := range []string{"komipay", "mypvit", "mypayga", "flexpay", "cinetpay"} {
		values := credentialsAt(s.b, accounts[0], name)
		x := &target{provider: name, secret: values[signs[name]], site: values["site_id"]}
		p := descriptor(t, name)
		x.phone = payerIn(t, p.Countries[0], fmt.Sprintf("01%02d", i))
		x.amount = price(p.Currencies[slices.IndexFunc(p.Currencies, func(c money.Currency) bool { return usesCurrency(p.Countries[0], c) })])
		id, hook := s.connect(t, mine.Merchant.ID, name, values)
		x.hook = hook
		other := credentialsAt(s.b, accounts[1], name)
		_, second := s.connect(t, mine.Merchant.ID, name, other)
		others := credentialsAt(s.b, accounts[2], name)
		_, strangers := s.connect(t, strange.Merchant.ID, name, others)
		x.otherHooks, x.theirs, x.otherSite = []string{second, strangers}, others[signs[name]], others["site_id"]
		x.truth = claim{currency: string(x.amount.Currency), amount: fmt.Sprint(x.amount.Minor), succeeded: true}
		x.id = id // the connection, until there is a payment
		s.targets = append(s.targets, x)
	}
	s.start(t, nativeCaller{"http://" + s.a.Address, mine.LiveKey.Reveal()})
	return s
}

func (s *besieged) connect(t *testing.T, merchant, name string, values map[string]string) (id, hook string) {
	t.Helper()
	known := map[string]string{}
	for _, field := range descriptor(t, name).Credentials {
		if v, ok := values[field.Name]; ok {
			known[field.Name] = v
		}
	}
	row, err := s.a.App.Gateway.AddConnection(t.Context(), gateway.NewConnection{MerchantID: merchant, Mode: pay.Live, Provider: name, Values: known})
	if err != nil {
		t.Fatal(err)
	}
	return row.ID, s.a.App.Gateway.HookURL(row)[len(s.a.URL):]
}

// start makes the payments, all at once: some providers take their time.
func (s *besieged) start(t *testing.T, caller nativeCaller) {
	t.Helper()
	var all sync.WaitGroup
	for _, x := range s.targets {
		all.Go(func() {
			body := fmt.Sprintf(`{"reference":"siege-%s","amount":%d,"currency":%q,"connection":%q,"method":{"type":"mobile_money","phone":%q}}`,
				x.provider, x.amount.Minor, x.amount.Currency, x.id, x.phone)
			got, err := caller.request(http.MethodPost, "/v1/payments", body).send(t.Context())
			if err != nil || got.status != http.StatusCreated {
				t.Errorf("pay by %s: %v %v", x.provider, got, err)
				return
			}
			o, err := got.object()
			if err != nil {
				t.Error(err)
				return
			}
			x.id, _ = o["id"].(string)
			next, _ := o["next_action"].(map[string]any)
			x.page, _ = next["url"].(string)
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
	for _, x := range s.targets {
		row := s.a.App.Store.RawRead().QueryRowContext(t.Context(), "SELECT reference, provider_reference FROM attempts WHERE transaction_id = $1", x.id)
		if err := row.Scan(&x.truth.reference, &x.truth.theirs); err != nil {
			t.Fatal(err)
		}
	}
}

// deliver hands A what B sends, to the address declared at B or named in a
// request, and keeps it.
func (s *besieged) deliver(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	path := r.URL.RequestURI()
	for _, x := range s.targets {
		if r.URL.Path == declared+x.provider {
			path = x.hook
		}
	}
	told := request{r.Method, "http://" + s.a.Address + path, string(body), r.Header.Clone()}
	s.mu.Lock()
	s.heard = append(s.heard, told)
	s.mu.Unlock()
	got, err := told.send(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", got.media)
	w.WriteHeader(got.status)
	_, _ = w.Write([]byte(got.body))
}

func (s *besieged) genuine() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]request(nil), s.heard...)
}

// moneyState is everything that a believed notification would change.
func (s *besieged) moneyState(t *testing.T) string {
	t.Helper()
	var text bytes.Buffer
	for _, query := range []string{
		"SELECT id, status || '/' || amount || '/' || currency || '/' || refunded || '/' || completed_at || '/' || paid_attempt FROM transactions ORDER BY id",
		"SELECT transaction_id || number, status || '/' || reference || '/' || provider_reference FROM attempts ORDER BY 1",
		"SELECT id, type || sequence FROM events ORDER BY id",
		"SELECT id, account || side || amount || currency FROM ledger_entries ORDER BY id",
		"SELECT connection_id || account || currency, amount FROM balances ORDER BY 1",
		"SELECT id, type || target FROM deliveries ORDER BY id",
	} {
		rows, err := s.a.App.Store.RawRead().QueryContext(t.Context(), query)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		for rows.Next() {
			var id, what string
			if err := rows.Scan(&id, &what); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(&text, id, what)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return text.String()
}

// lie sends a forgery to a hook of A.
func (s *besieged) lie(t *testing.T, hook, site string, f forgery) {
	t.Helper()
	f.url = "http://" + s.a.Address + hook
	if f.method == http.MethodGet {
		f.url += "?" + f.body
		f.body = ""
	}
	f.body = strings.ReplaceAll(f.body, strings.NewReplacer("{", "%7B", "}", "%7D").Replace(forgedSite), site)
	s.tried.Add(1)
	got, err := f.send(t.Context())
	if err != nil {
		return // a server may hang up on who sends too much
	}
	if got.status >= 500 {
		t.Errorf("%s at %s: %v", f.what, hook, got)
	}
	if f.what == "a huge body" && got.status != http.StatusRequestEntityTooLarge && got.status != http.StatusNotFound {
		t.Errorf("a body over 1 MiB at %s: %v, want 413", hook, got)
	}
}

// unmoved waits until A has asked its providers about every hint, and holds that
// it learnt nothing. KomiPay answers a submission only when the customer has:
// until then there is nothing to ask about, as there is not after a signed claim.
func (s *besieged) unmoved(t *testing.T, before, what string) {
	t.Helper()
	eventually(t, "every hint is followed up", func() bool {
		return count(t, s.a, `SELECT count(*) FROM attempts WHERE hinted_at > updated_at AND status <> 'submitting' AND NOT EXISTS
			(SELECT 1 FROM notifications WHERE notifications.transaction_id = attempts.transaction_id AND verified)`) == 0
	})
	if now := s.moneyState(t); now != before {
		t.Fatalf("%s changed something. Before:\n%s\nNow:\n%s", what, before, now)
	}
}

func TestForgedNotificationsChangeNothing(t *testing.T) {
	t.Parallel() // it waits for a provider that answers late
	s := besiege(t)
	before := s.moneyState(t)
	for _, x := range s.targets {
		for _, f := range forgeries(x.provider, x.truth, x.theirs) {
			s.lie(t, x.hook, x.site, f)
		}
		s.unmoved(t, before, "forgeries at the hook of "+x.provider)
		s.misdirect(t, x, x.truth)
		s.unmoved(t, before, "claims at other hooks than that of "+x.provider)
	}
	s.signedButWrong(t, before)
	s.settleAll(t)
	after := s.moneyState(t)
	s.replay(t)
	s.unmoved(t, after, "replays")
	t.Logf("%d forged notifications, 0 believed", s.tried.Load())
	if s.tried.Load() < 300 {
		t.Errorf("the corpus shrank to %d", s.tried.Load())
	}
}

// misdirect sends what would be true at the right hook to others: with the
// signature that the other hook's owner could make.
func (s *besieged) misdirect(t *testing.T, x *target, truth claim) {
	t.Helper()
	token := x.hook[strings.LastIndexByte(x.hook, '/')+1:]
	hooks := append([]string{"/hooks/nobody/" + token, "/hooks/sandbox/" + token, "/hooks/" + x.provider + "/" + strings.Repeat("0", len(token)), x.hook + "x", x.hook[:len(x.hook)-1], x.hook + "/"}, x.otherHooks...)
	for _, y := range s.targets {
		if y != x {
			hooks = append(hooks, "/hooks/"+y.provider+"/"+token, y.hook)
		}
	}
	for _, hook := range hooks {
		for _, secret := range []string{x.theirs, x.secret, ""} {
			told := truth
			told.secret, told.succeeded = secret, true
			for _, site := range []string{x.site, x.otherSite} {
				s.lie(t, hook, site, forgery{"a claim at the wrong hook", claims[x.provider](told)})
			}
		}
	}
}

// signedButWrong: even the provider's own signature does not make a payment of
// another amount or currency this one.
func (s *besieged) signedButWrong(t *testing.T, before string) {
	t.Helper()
	for _, x := range s.targets {
		if x.secret == "" {
			continue
		}
		for _, change := range []func(*claim){
			func(c *claim) { c.amount = "1" }, func(c *claim) { c.amount = "0" }, func(c *claim) { c.amount += "0" },
			func(c *claim) { c.currency = either(c.currency == "XOF", "XAF", "XOF") }, func(c *claim) { c.reference = "PNOBODYS" },
		} {
			told := x.truth
			told.secret, told.succeeded = x.secret, true
			change(&told)
			if x.provider == "mypayga" && told.reference == "PNOBODYS" {
				told.theirs = "nobodys"
			}
			s.lie(t, x.hook, x.site, forgery{"signed, of something else", claims[x.provider](told)})
		}
	}
	s.unmoved(t, before, "signed claims of other payments")
}

// settleAll lets every customer pay: what the forgeries claimed becomes true.
func (s *besieged) settleAll(t *testing.T) {
	t.Helper()
	for _, x := range s.targets {
		if x.page != "" {
			payHosted(t, s.b.URL, x.page, fmt.Sprintf(`{"method":"mobile_money","phone":%q}`, x.phone))
		}
		eventually(t, "a prompt at "+x.phone, func() bool {
			got := request{http.MethodPost, s.b.URL + "/sandbox/v1/phones/" + x.phone + "/approve", "", http.Header{}}.must(t)
			return got.status/100 == 2
		})
	}
	for _, x := range s.targets {
		eventually(t, x.provider+" succeeds", func() bool {
			return count(t, s.a, "SELECT count(*) FROM transactions WHERE id = $1 AND status = 'succeeded'", x.id) == 1
		})
	}
	eventually(t, "every provider has told", func() bool { return len(s.genuine()) >= len(s.targets) })
	settle(t, s.b)
	settle(t, s.a)
	s.unmoved(t, s.moneyState(t), "nothing")
}

// replay sends the true notifications again, twice, to their hook and to others,
// and afterwards denies what they said.
func (s *besieged) replay(t *testing.T) {
	t.Helper()
	for _, told := range s.genuine() {
		path := strings.TrimPrefix(told.url, "http://"+s.a.Address)
		for range 2 {
			s.lie(t, path, "", forgery{"a replay", told})
		}
		for _, x := range s.targets {
			for _, hook := range append([]string{x.hook}, x.otherHooks...) {
				if hook != path {
					s.lie(t, hook, "", forgery{"a replay elsewhere", told})
				}
			}
		}
	}
	for _, x := range s.targets {
		denied := x.truth
		denied.succeeded = false
		s.lie(t, x.hook, x.site, forgery{"a denial", claims[x.provider](denied)})
	}
}
