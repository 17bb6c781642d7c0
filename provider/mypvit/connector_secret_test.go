package mypvit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	firstKey  = "sk_live_11111111-2222-4333-8444-555555555555"
	secondKey = "sk_live_66666666-7777-4888-8999-aaaaaaaaaaaa"
)

// issuer is an upstream that takes one key and gives another on renewal.
type issuer struct {
	*upstream
	mu    sync.Mutex
	valid string
	// renew answers renew-secret.
	renew func(i *issuer) (int, string)
	// refusal is what a wrong key gets.
	refusalStatus int
	refusalBody   string
}

const refused403 = `{"date":"01012025-141750","status_code":3100,"error":"AUTHENTICATION_FAILED","message":"Authenication failed","path":"/X/balance"}`

func newIssuer(t testing.TB, renew func(*issuer) (int, string)) *issuer {
	i := &issuer{valid: secondKey, renew: renew, refusalStatus: 403, refusalBody: refused403}
	i.upstream = newUpstream(t, func(_ int, r seen) (int, string) {
		if strings.HasSuffix(r.path, "/renew-secret") {
			return i.renew(i)
		}
		i.mu.Lock()
		defer i.mu.Unlock()
		if r.secret != i.valid {
			return i.refusalStatus, i.refusalBody
		}
		if strings.HasSuffix(r.path, "/rest") {
			return 200, `{"status":"PENDING","reference_id":"PAY1"}`
		}
		return 200, `{"balance":1000.0}`
	})
	return i
}

func (i *issuer) count(suffix string) int {
	n := 0
	for _, r := range i.all() {
		if strings.HasSuffix(r.path, suffix) {
			n++
		}
	}
	return n
}

func inlineKey(*issuer) (int, string) {
	return 200, `{"operation_account_code":"ACC_0123456789ABC","secret":"` + secondKey + `","expires_in":3600}`
}

func balances(ctx context.Context, c provider.Connector) error {
	_, err := c.(provider.Balances).Balances(ctx)
	return err
}

// pushTo delivers a body to a connector's hook, as MyPVit does.
func pushTo(t testing.TB, c provider.Connector, body string) {
	n, err := c.(provider.Notified).ReadNotification(hook(body))
	if err != nil || n.Answer.Status != 200 || string(n.Answer.Body) != `{"received":true}` || n.Reference != "" {
		t.Errorf("%+v %v", n, err)
	}
}

func TestARefusedKeyIsRenewedOnceAndTheRequestRepeatedOnce(t *testing.T) {
	for name, refusal := range map[string]struct {
		status int
		body   string
	}{
		"403 with 3100":   {403, refused403},
		"401 with 3100":   {401, refused403},
		"401, nothing in": {401, ""},
		"401 with a page": {401, "<html>"},
	} {
		t.Run(name, func(t *testing.T) {
			i := newIssuer(t, inlineKey)
			i.refusalStatus, i.refusalBody = refusal.status, refusal.body
			c, _ := plugIn(t, i.upstream)
			got, err := c.Submit(t.Context(), paymentOrder())
			if err != nil || got.Outcome != pay.OutcomePending || i.count("/rest") != 2 || i.count("/renew-secret") != 1 {
				t.Errorf("%+v %v after %d requests", got, err, len(i.all()))
			}
			if err := balances(t.Context(), c); err != nil || i.count("/renew-secret") != 1 {
				t.Errorf("the renewed key is not kept: %v", err)
			}
		})
	}
}

func TestAKeyThatIsRefusedStillFailsTheOrder(t *testing.T) {
	i := newIssuer(t, inlineKey)
	i.valid = "sk_live_nothing-opens-this"
	c, _ := plugIn(t, i.upstream)
	got, err := c.Submit(t.Context(), paymentOrder())
	if err != nil || got.Outcome != pay.OutcomeFailed || got.Failure.Reason != pay.AuthFailed || i.count("/rest") != 2 || i.count("/renew-secret") != 1 {
		t.Errorf("%+v %v, %d renewals", got, err, i.count("/renew-secret"))
	}
}

func TestAnother403NeverRenews(t *testing.T) {
	i := newIssuer(t, inlineKey)
	i.refusalBody = `{"status_code":3016,"error":"FORBIDDEN"}`
	c, _ := plugIn(t, i.upstream)
	if got, err := c.Submit(t.Context(), paymentOrder()); err != nil || got.Failure.Reason != pay.AuthFailed || i.count("/renew-secret") != 0 {
		t.Errorf("%+v %v", got, err)
	}
}

func TestAPushIsReceivedWhileTheRenewalIsOpen(t *testing.T) {
	for name, body := range map[string]string{
		"the document's": transcript(t, "pushed_secret.json"),
		"other names":    `{"merchant_operation_account_code":"ACC_0123456789ABC","secretKey":"` + secondKey + `"}`,
		"bare text":      secondKey,
	} {
		t.Run(name, func(t *testing.T) {
			var other provider.Connector
			i := newIssuer(t, func(*issuer) (int, string) {
				pushTo(t, other, body) // before the answer
				return 200, transcript(t, "renew.json")
			})
			c, s := plugIn(t, i.upstream)
			// Another node of the same gateway gets the push: they share the memory.
			second, err := connect(s.Environment)
			if err != nil {
				t.Fatal(err)
			}
			other = second
			if err := balances(t.Context(), c); err != nil || len(s.Alerts()) != 0 {
				t.Errorf("%v %v", err, s.Alerts())
			}
			if err := balances(t.Context(), other); err != nil || i.count("/renew-secret") != 1 {
				t.Errorf("the other node does not use the key: %v", err)
			}
		})
	}
}

func TestALatePushIsWaitedFor(t *testing.T) {
	i := newIssuer(t, func(*issuer) (int, string) { return 200, transcript(t, "renew.json") })
	c, s := plugIn(t, i.upstream)
	start := s.Time()
	core(c).secrets.pause = func(ctx context.Context, d time.Duration) error {
		s.Advance(d)
		if s.Time().Sub(start) == 29*time.Second {
			pushTo(t, c, transcript(t, "pushed_secret.json"))
		}
		return ctx.Err()
	}
	if err := balances(t.Context(), c); err != nil {
		t.Error(err)
	}
}

func TestAPushThatNeverComesIsToldAndTriedAgainLater(t *testing.T) {
	i := newIssuer(t, func(*issuer) (int, string) { return 200, transcript(t, "renew.json") })
	c, s := plugIn(t, i.upstream)
	start := s.Time()
	var e *Error
	if err := balances(t.Context(), c); !errors.As(err, &e) || !e.Unauthenticated() {
		t.Errorf("%v", err)
	}
	if waited := s.Time().Sub(start); waited != 30*time.Second || len(s.Alerts()) != 1 {
		t.Errorf("waited %v, alerts %v", waited, s.Alerts())
	}
	_ = balances(t.Context(), c)
	if i.count("/renew-secret") != 1 {
		t.Error("renewed again without waiting")
	}
	s.Advance(time.Minute)
	i.renew = inlineKey
	if err := balances(t.Context(), c); err != nil || i.count("/renew-secret") != 2 {
		t.Errorf("%v after %d renewals", err, i.count("/renew-secret"))
	}
}

func TestTheWaitAfterFailedRenewalsGrows(t *testing.T) {
	i := newIssuer(t, func(*issuer) (int, string) {
		return 503, `{"status_code":10008,"error":"SENDING_SECRET_ERROR","message":"Error on sending secret key."}`
	})
	c, s := plugIn(t, i.upstream)
	for n, wait := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute} {
		_ = balances(t.Context(), c)
		s.Advance(wait - time.Second)
		_ = balances(t.Context(), c)
		if got := i.count("/renew-secret"); got != n+1 {
			t.Fatalf("%d renewals, want %d", got, n+1)
		}
		s.Advance(time.Second)
	}
	for _, alert := range s.Alerts() {
		if s.Leaks(alert) != "" {
			t.Error("an alert holds a secret")
		}
	}
}

func TestAnAnswerThatGotLostStillLetsThePushCount(t *testing.T) {
	var c provider.Connector
	i := newIssuer(t, func(*issuer) (int, string) {
		pushTo(t, c, transcript(t, "pushed_secret.json"))
		return 502, "<html>"
	})
	c, _ = plugIn(t, i.upstream)
	if err := balances(t.Context(), c); err != nil {
		t.Error(err)
	}
}

func TestAnUnsolicitedKeyIsNeverUsed(t *testing.T) {
	i := newIssuer(t, inlineKey)
	i.valid = firstKey
	c, s := plugIn(t, i.upstream)
	pushTo(t, c, `{"operation_account_code":"ACC_0123456789ABC","secret_key":"sk_live_forged-forged-forged"}`)
	if err := balances(t.Context(), c); err != nil || i.all()[0].secret != firstKey || len(s.Alerts()) != 1 {
		t.Errorf("%v %v", err, s.Alerts())
	}
	if strings.Contains(s.Alerts()[0], "forged") {
		t.Error("the alert holds the key")
	}
}

func TestAKeyForAnotherAccountIsNotTaken(t *testing.T) {
	var c provider.Connector
	i := newIssuer(t, func(*issuer) (int, string) {
		pushTo(t, c, strings.Replace(transcript(t, "pushed_secret.json"), "ACC_0123456789ABC", "ACC_FFFFFFFFFFFFF", 1))
		return 200, transcript(t, "renew.json")
	})
	c, s := plugIn(t, i.upstream)
	if err := balances(t.Context(), c); err == nil || len(s.Alerts()) != 2 {
		t.Errorf("%v %v", err, s.Alerts())
	}
}

func TestOneRenewalServesAllNodesAndRequests(t *testing.T) {
	started := make(chan struct{})
	var once sync.Once
	i := newIssuer(t, func(i *issuer) (int, string) {
		once.Do(func() { close(started) })
		time.Sleep(20 * time.Millisecond) // real time: requests pile up behind it
		return inlineKey(i)
	})
	c, s := plugIn(t, i.upstream)
	nodes := []provider.Connector{c}
	for range 3 {
		node, err := connect(s.Environment)
		if err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, node)
	}
	for _, n := range nodes {
		core(n).secrets.pause = func(ctx context.Context, _ time.Duration) error { return pause(ctx, time.Millisecond) }
	}
	var all sync.WaitGroup
	failed := make(chan error, 40)
	for n := range 40 {
		all.Go(func() {
			if err := balances(context.Background(), nodes[n%len(nodes)]); err != nil {
				failed <- err
			}
		})
	}
	<-started
	all.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
	if got := i.count("/renew-secret"); got != 1 {
		t.Errorf("%d renewals", got)
	}
}

func TestTheKeyIsRenewedAtFourFifthsOfItsLife(t *testing.T) {
	i := newIssuer(t, inlineKey)
	c, s := plugIn(t, i.upstream)
	m := c.(provider.Maintained)
	next, err := m.Maintain(t.Context())
	if err != nil || !next.After(s.Time()) || len(i.all()) != 0 {
		t.Errorf("a configured key: next %v, %v", next, err)
	}
	if err := balances(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	next, err = m.Maintain(t.Context())
	if want := s.Time().Add(48 * time.Minute); err != nil || !next.Equal(want) {
		t.Errorf("next %v, want %v (%v)", next, want, err)
	}
	i.renew = func(i *issuer) (int, string) {
		i.mu.Lock()
		i.valid = "sk_live_third-key"
		i.mu.Unlock()
		return 200, `{"secret":"sk_live_third-key","expires_in":600}`
	}
	s.Advance(48*time.Minute - time.Second)
	if _, err := m.Maintain(t.Context()); err != nil || i.count("/renew-secret") != 1 {
		t.Errorf("early: %v", err)
	}
	s.Advance(time.Second)
	next, err = m.Maintain(t.Context())
	if want := s.Time().Add(8 * time.Minute); err != nil || !next.Equal(want) || i.count("/renew-secret") != 2 {
		t.Errorf("next %v, want %v (%v)", next, want, err)
	}
	if err := balances(t.Context(), c); err != nil {
		t.Error(err)
	}
}

func TestAFailedMaintenanceLeavesTheOldKeyInUse(t *testing.T) {
	i := newIssuer(t, inlineKey)
	c, s := plugIn(t, i.upstream)
	if err := balances(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	i.renew = func(*issuer) (int, string) { return 500, "" }
	s.Advance(50 * time.Minute)
	if next, err := c.(provider.Maintained).Maintain(t.Context()); err == nil || !next.After(s.Time()) {
		t.Errorf("next %v, %v", next, err)
	}
	if err := balances(t.Context(), c); err != nil {
		t.Errorf("the old key is no longer used: %v", err)
	}
}

func TestANewlyConfiguredKeyReplacesARenewedOne(t *testing.T) {
	i := newIssuer(t, inlineKey)
	c, s := plugIn(t, i.upstream)
	if err := balances(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	s.Credentials["secret"] = "sk_live_typed-by-a-person"
	i.valid = "sk_live_typed-by-a-person"
	again, err := connect(s.Environment)
	if err != nil {
		t.Fatal(err)
	}
	if err := balances(t.Context(), again); err != nil || i.count("/renew-secret") != 1 {
		t.Errorf("%v after %d renewals", err, i.count("/renew-secret"))
	}
}

func TestWithoutAPasswordNothingIsRenewed(t *testing.T) {
	i := newIssuer(t, inlineKey)
	c, _ := plugIn(t, i.upstream, "renewal_password", "")
	if err := balances(t.Context(), c); err == nil || i.count("/renew-secret") != 0 {
		t.Errorf("%v", err)
	}
	if next, err := c.(provider.Maintained).Maintain(t.Context()); err != nil || !next.IsZero() {
		t.Errorf("next %v, %v", next, err)
	}
}

// brokenMemory fails as a database does.
type brokenMemory struct{ provider.Memory }

func (brokenMemory) Get(context.Context, string) (provider.Item, error) {
	return provider.Item{}, fmt.Errorf("database is gone")
}

func TestWithoutItsKeyNothingIsSent(t *testing.T) {
	i := newIssuer(t, inlineKey)
	_, s := plugIn(t, i.upstream)
	s.Memory = brokenMemory{}
	c, err := connect(s.Environment)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Submit(t.Context(), paymentOrder())
	if err != nil || got.Outcome != pay.OutcomeFailed || got.Failure.Reason != pay.OperatorUnavailable || got.Prompted || len(i.all()) != 0 {
		t.Errorf("%+v %v", got, err)
	}
}
