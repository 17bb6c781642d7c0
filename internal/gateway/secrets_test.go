package gateway_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func TestMemoryKeepsReplacesAndForgets(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		m, other := w.Memory("gamma"), w.Memory("delta")
		in := provider.Item{MerchantID: w.merchant, Value: []byte("one"), ExpiresAt: w.clock.Now().Add(time.Hour)}
		if _, err := m.Get(w.Context(), "key"); !errors.Is(err, provider.ErrNoItem) {
			t.Errorf("an absent item gave %v", err)
		}
		if err := m.Put(w.Context(), "key", in); err != nil {
			t.Fatal(err)
		}
		got, err := m.Get(w.Context(), "key")
		if err != nil || string(got.Value) != "one" || got.MerchantID != w.merchant || !got.ExpiresAt.Equal(in.ExpiresAt) {
			t.Errorf("got %+v, %v", got, err)
		}
		if _, err = other.Get(w.Context(), "key"); !errors.Is(err, provider.ErrNoItem) {
			t.Errorf("another dialect's memory gave %v", err)
		}
		if added, err := m.Add(w.Context(), "key", provider.Item{Value: []byte("two")}); err != nil || added {
			t.Errorf("added over an item: %v, %v", added, err)
		}
		w.clock.Advance(time.Hour)
		if _, err = m.Get(w.Context(), "key"); !errors.Is(err, provider.ErrNoItem) {
			t.Errorf("an expired item gave %v", err)
		}
		if added, err := m.Add(w.Context(), "key", provider.Item{Value: []byte("two")}); err != nil || !added {
			t.Errorf("not added over an expired item: %v, %v", added, err)
		}
		if got, err = m.Get(w.Context(), "key"); err != nil || string(got.Value) != "two" {
			t.Errorf("got %q, %v", got.Value, err)
		}
		if err = errors.Join(m.Delete(w.Context(), "key"), m.Delete(w.Context(), "key")); err != nil {
			t.Error(err)
		}
		if _, err = m.Get(w.Context(), "key"); !errors.Is(err, provider.ErrNoItem) {
			t.Errorf("a deleted item gave %v", err)
		}
	})
}

func TestALeaseHasOneHolderAmongAllNodes(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		var mu sync.Mutex
		var releases []func()
		var nodes sync.WaitGroup
		for range 10 {
			m := w.newGateway().Memory("gamma")
			nodes.Go(func() {
				release, held, err := m.Lease(w.Context(), "renewal", time.Minute)
				if err != nil {
					t.Error(err)
				}
				if held {
					mu.Lock()
					defer mu.Unlock()
					releases = append(releases, release)
				}
			})
		}
		nodes.Wait()
		if len(releases) != 1 {
			t.Fatalf("%d nodes hold the lease", len(releases))
		}
		m := w.Memory("gamma")
		releases[0]()
		_, held, err := m.Lease(w.Context(), "renewal", time.Minute)
		if err != nil || !held {
			t.Fatalf("a released lease is not free: %v", err)
		}
		releases[0]() // the former holder's; it must not free the new one's
		if _, held, _ = m.Lease(w.Context(), "renewal", time.Minute); held {
			t.Error("two hold the lease")
		}
		w.clock.Advance(time.Minute)
		if _, held, err = m.Lease(w.Context(), "renewal", time.Minute); err != nil || !held {
			t.Errorf("a lease that ran out is not free: %v", err)
		}
	})
}

func TestSecretsAreNotReadableInTheDatabaseFile(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		const remembered, key, answer = "remembered-in-clear", "memory-key-in-clear", "answer-in-clear"
		w.create(w.live, order("visible-reference"))
		if got := w.alpha.environment().Secret("token"); got != alphaSecret {
			t.Fatalf("the connector got %q for its token", got)
		}
		err := w.Memory("gamma").Put(w.Context(), key, provider.Item{Value: []byte(remembered)})
		if err != nil {
			t.Fatal(err)
		}
		if err = w.alpha.environment().Memory.Put(w.Context(), key, provider.Item{Value: []byte(remembered)}); err != nil {
			t.Fatal(err)
		}
		claim := w.NewClaim(w.live, "idempotency-in-clear", http.MethodPost, paymentsPath, []byte("body-in-clear"))
		if err = errors.Join(w.TakeClaim(w.Context(), claim), w.Answered(w.Context(), claim, 201, []byte(answer))); err != nil {
			t.Fatal(err)
		}
		apiKey, err := w.AddAPIKey(w.Context(), w.merchant, pay.Live, "")
		if err != nil {
			t.Fatal(err)
		}
		r := order("R2")
		r.Method = pay.Method{Type: pay.CardMethod}
		r.Card = &pay.Card{Number: "4242424242424242", Expiry: "12/29", CVV: "9173"}
		r.OTP = "otp-in-clear"
		w.create(w.live, r)
		hook := w.alpha.hookURL()
		text := w.dump()
		if !bytes.Contains(text, []byte("visible-reference")) {
			t.Fatal("the search finds nothing at all")
		}
		for _, secret := range []string{
			alphaSecret, remembered, key, answer, "idempotency-in-clear", "body-in-clear", apiKey.Reveal(),
			"4242424242424242", "9173", "otp-in-clear", hook[strings.LastIndex(hook, "/")+1:],
		} {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("%q stands in the database in clear", secret)
			}
		}
	})
}

// dump is all that the database holds: SQLite's files, or PostgreSQL's rows.
func (w *world) dump() []byte {
	w.Helper()
	var all []byte
	if w.path != "" {
		for _, suffix := range []string{"", "-wal"} {
			b, err := os.ReadFile(w.path + suffix)
			if err != nil {
				w.Fatal(err)
			}
			all = append(all, b...)
		}
		return all
	}
	for _, table := range []string{"transactions", "attempts", "events", "connections", "memory", "idempotency", "api_keys"} {
		var text string
		row := w.store.RawRead().QueryRowContext(w.Context(), `SELECT COALESCE(string_agg(x::text, ' '), '') FROM `+table+` x`)
		if err := row.Scan(&text); err != nil {
			w.Fatal(err)
		}
		all = append(all, text...)
	}
	return all
}

func TestExchangesWithAProviderAreKeptRedacted(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		rail := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "application/json")
			_, _ = rw.Write([]byte(`{"state":"ACCEPTED","token":"fresh-token-1","echo":"` + alphaSecret + `"}`))
		}))
		t.Cleanup(rail.Close)
		w.alpha.on(submit, func(ctx context.Context, c call) (provider.Result, error) {
			body := `{"amount":5000,"pin":"8642","phone":"` + c.order.Method.Phone + `","key":"` + alphaSecret + `"}`
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, rail.URL+"/pay?apikey="+alphaSecret, strings.NewReader(body))
			if err != nil {
				return provider.Result{}, err
			}
			req.Header.Set("Content-Type", "application/json")
			resp, err := w.alpha.environment().HTTP.Do(req)
			if err != nil {
				return provider.Result{}, err
			}
			_, err = io.ReadAll(resp.Body)
			return paid, errors.Join(err, resp.Body.Close())
		})
		tx := w.create(w.live, order("R1"))
		var list []sqlgen.Exchange
		w.eventually("the exchange is kept", func() bool {
			var err error
			list, err = w.store.Read().ListTransactionExchanges(w.Context(), sqlgen.ListTransactionExchangesParams{
				MerchantID: w.merchant, TransactionID: tx.ID,
			})
			if err != nil {
				t.Error(err)
			}
			return len(list) == 1
		})
		x := list[0]
		if x.Method != http.MethodPost || x.Status != 200 || x.ConnectionID != w.connections["alpha"].ID ||
			!strings.Contains(x.Request, "5000") || !strings.Contains(x.Response, "ACCEPTED") {
			t.Errorf("kept %+v", x)
		}
		for _, secret := range []string{alphaSecret, "fresh-token-1", "8642", payer[1:]} {
			if strings.Contains(x.Url+x.Request+x.Response, secret) {
				t.Errorf("%q stands in the transcript %+v", secret, x)
			}
		}
	})
}

func TestAMerchantIsAddedWithItsOwnerAndSandbox(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		n := gateway.NewMerchant{Name: " Librairie ", Email: " Marie@Example.com ", Password: "a-first-password"}
		m, err := w.AddMerchant(w.Context(), n)
		if err != nil || m.Name != "Librairie" || m.Email != "marie@example.com" || len(m.ID) != pay.MerchantIDLength {
			t.Fatalf("got %+v, %v", m, err)
		}
		caller := provider.Caller{MerchantID: m.ID, Mode: pay.Test, Front: pay.NativeFront}
		for currency, want := range map[money.Currency]int64{
			money.XAF: 1_000_000, money.XOF: 1_000_000, money.GNF: 1_000_000, money.CDF: 1_000_000_00, money.USD: 1_000_00,
		} {
			if b, err := w.Balance(w.Context(), caller, currency); err != nil || b.Available.Minor != want {
				t.Errorf("the sandbox holds %s, %v; want %d", b.Available, err, want)
			}
		}
		_, err = w.AddMerchant(w.Context(), n)
		w.refused(err, pay.KindConflict, "duplicate_name")
		n.Name = "Papeterie"
		_, err = w.AddMerchant(w.Context(), n)
		w.refused(err, pay.KindConflict, "duplicate_email")
	})
}

func TestAnAPIKeyOpensItsModeUntilItIsRevoked(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		for mode, want := range map[pay.Mode]provider.Caller{pay.Test: w.test, pay.Live: w.live} {
			key, err := w.AddAPIKey(w.Context(), w.merchant, mode, "")
			if err != nil || !strings.HasPrefix(key.Reveal(), "sk_"+string(mode)+"_") {
				t.Fatalf("got %q, %v", key.Reveal(), err)
			}
			if c, _, err := w.Authenticate(w.Context(), key); err != nil || c != want {
				t.Errorf("the %s key opens %+v, %v", mode, c, err)
			}
			if err = w.RevokeAPIKeys(w.Context(), w.merchant, mode, w.clock.Now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			if _, _, err = w.Authenticate(w.Context(), key); err != nil {
				t.Errorf("refused while the rotation overlaps: %v", err)
			}
			w.clock.Advance(time.Hour)
			_, _, err = w.Authenticate(w.Context(), key)
			w.refused(err, pay.KindUnauthorized, "")
		}
		for _, key := range []pay.Secret{"", "sk_live_made_up"} {
			_, _, err := w.Authenticate(w.Context(), key)
			w.refused(err, pay.KindUnauthorized, "")
		}
	})
}

func TestAConnectionIsHeldAgainstItsProvidersFields(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		w.alpha.desc.Credentials = []provider.Field{
			{Name: "token", Secret: true, Required: true}, {Name: "base", URL: true}, {Name: "country", Default: "GA"},
		}
		for name, c := range map[string]struct {
			n     gateway.NewConnection
			param string
		}{
			"no such provider": {gateway.NewConnection{Provider: "omega", Mode: pay.Live}, "provider"},
			"in test mode":     {gateway.NewConnection{Provider: "alpha", Mode: pay.Test}, "mode"},
			"sandbox, live":    {gateway.NewConnection{Provider: "sandbox", Mode: pay.Live}, "mode"},
			"without a token":  {gateway.NewConnection{Provider: "alpha", Mode: pay.Live}, "token"},
			"an unknown field": {gateway.NewConnection{Provider: "alpha", Mode: pay.Live, Values: map[string]string{"token": "t", "x": "y"}}, "x"},
			"a private address": {gateway.NewConnection{
				Provider: "alpha", Mode: pay.Live,
				Values: map[string]string{"token": "t", "base": "http://169.254.169.254/"},
			}, "base"},
		} {
			c.n.MerchantID = w.merchant
			_, err := w.AddConnection(w.Context(), c.n)
			if e := asError(err); e == nil || e.Kind != pay.KindInvalid || e.Param != c.param {
				t.Errorf("%s: got %v, want a refusal about %s", name, err, c.param)
			}
		}
		row, err := w.AddConnection(w.Context(), gateway.NewConnection{
			MerchantID: w.merchant, Provider: "alpha", Mode: pay.Live, Values: map[string]string{"token": " padded "},
		})
		if err != nil || row.Name != "ALPHA" || row.Settings != `{"country":"GA"}` || !row.Enabled {
			t.Errorf("got %+v, %v", row, err)
		}
	})
}
