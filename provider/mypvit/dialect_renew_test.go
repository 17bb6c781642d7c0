package mypvit

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/passerelle-pay/passerelle/provider"
)

const oldSecret = "sk_test_00000000-0000-4000-8000-000000000001"

var secretForm = regexp.MustCompile(`^sk_test_[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// balanceWith asks for the balance with a key and returns the HTTP status.
func (s shop) balanceWith(secret, account string) int {
	r := httptest.NewRequest(http.MethodGet, "/DEMOPVITCODE0001/balance?accountOperationCode="+account, nil)
	r.Header.Set("X-Secret", secret)
	return s.do(r).Code
}

func (s shop) pushedSecret(i int) string {
	s.Helper()
	all := s.gateway.Pushed()
	if len(all) <= i {
		s.Fatalf("%d pushes", len(all))
	}
	got := object(s.T, all[i].Body)
	if all[i].URL != "http://shop.test/hooks/mypvit/secret" || all[i].Method != http.MethodPost ||
		got["operation_account_code"] != "ACC_0000000000001" || got["expires_in"] != 3600.0 {
		s.Errorf("push %s %s %v", all[i].Method, all[i].URL, got)
	}
	secret, _ := got["secret_key"].(string)
	if !secretForm.MatchString(secret) {
		s.Error("the key has not the documented form")
	}
	return secret
}

func TestRenewalPushesTheKeyBeforeItAnswers(t *testing.T) {
	s := openShop(t)
	var during int
	s.gateway.OnPush = func(call provider.Call) (int, []byte, error) {
		// The receiver may use its key at once.
		during = s.balanceWith(object(t, call.Body)["secret_key"].(string), "ACC_0000000000001")
		return 204, nil, nil
	}
	w := s.do(renewal("demo-password"))
	if want := `{"status_code":"200","message":"Secret key generated and sent successfully"}`; w.Code != 200 || w.Body.String() != want {
		t.Errorf("HTTP %d %s", w.Code, w.Body)
	}
	fresh := s.pushedSecret(0)
	if during != 200 || s.balanceWith(fresh, "ACC_0000000000001") != 200 {
		t.Error("the new key is refused")
	}
	if s.balanceWith(oldSecret, "ACC_0000000000001") != 403 || s.balanceWith(oldSecret, "ACC_0000000000002") != 200 {
		t.Error("the old key is to end for the renewed account, and for no other")
	}
	if s.balanceWith(fresh, "ACC_0000000000002") != 403 {
		t.Error("the key of one account opens another")
	}
}

func TestAKeyThatCouldNotBeSentChangesNothing(t *testing.T) {
	s := openShop(t)
	s.gateway.OnPush = func(provider.Call) (int, []byte, error) { return 302, nil, nil }
	s.refused(renewal("demo-password"), 503, 10008)
	if s.balanceWith(oldSecret, "ACC_0000000000001") != 200 || s.balanceWith(s.pushedSecret(0), "ACC_0000000000001") != 403 {
		t.Error("the old key alone is to stay")
	}
}

func TestAKeyExpires(t *testing.T) {
	s := openShop(t)
	s.accepted(renewal("demo-password"))
	fresh := s.pushedSecret(0)
	s.gateway.Advance(time.Hour - time.Second)
	if s.balanceWith(fresh, "ACC_0000000000001") != 200 {
		t.Error("expired early")
	}
	s.gateway.Advance(time.Second)
	if s.balanceWith(fresh, "ACC_0000000000001") != 403 {
		t.Error("still good after expires_in")
	}
}

func TestTheOldKeyStaysForTheGraceThatIsChosen(t *testing.T) {
	s := openShop(t, "old_secret_grace_s", "60")
	s.accepted(renewal("demo-password"))
	if s.balanceWith(oldSecret, "ACC_0000000000001") != 200 {
		t.Error("the old key ended at once")
	}
	s.gateway.Advance(time.Minute)
	if s.balanceWith(oldSecret, "ACC_0000000000001") != 403 {
		t.Error("the old key outlived its grace")
	}
}

func TestV2ReturnsTheKeyInTheAnswer(t *testing.T) {
	s := openShop(t)
	v2 := func(query, form string) *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/v2/DEMOPVITCODE0001/renew-secret"+query, strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return r
	}
	got := s.accepted(v2("", "operationAccountCode=ACC_0000000000001&password=demo-password"))
	if len(got) != 3 || got["operation_account_code"] != "ACC_0000000000001" || got["expires_in"] != 3600.0 || !secretForm.MatchString(got["secret"].(string)) {
		t.Errorf("fields %d", len(got))
	}
	if len(s.gateway.Pushed()) != 0 {
		t.Error("pushed without a reception code")
	}
	got = s.accepted(v2("?accountOperationCode=ACC_0000000000001", "password=demo-password&receptionUrlCode=RCV01"))
	if s.pushedSecret(0) != got["secret"] {
		t.Error("the pushed key is another one")
	}
}

func TestV55ReturnsTheKeyWhereThatIsChosen(t *testing.T) {
	without := func() *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/DEMOPVITCODE0001/renew-secret",
			strings.NewReader("operationAccountCode=ACC_0000000000001&password=demo-password"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return r
	}
	openShop(t).refused(without(), 400, 1012)
	for _, choice := range []string{"no_reception_code", "always"} {
		if got := openShop(t, "renew_inline", choice).accepted(without()); got["secret"] == nil {
			t.Errorf("%s: no key", choice)
		}
	}
	if got := openShop(t, "renew_inline", "always").accepted(renewal("demo-password")); got["secret"] == nil {
		t.Error("always, with a reception code: no key")
	}
	if got := openShop(t, "renew_inline", "no_reception_code").accepted(renewal("demo-password")); got["secret"] != nil {
		t.Error("the key is in the answer and was pushed too")
	}
}

func TestV55LooksForThePasswordInTheBodyAlone(t *testing.T) {
	s := openShop(t)
	r := httptest.NewRequest(http.MethodPost, "/DEMOPVITCODE0001/renew-secret?password=demo-password",
		strings.NewReader(url.Values{"operationAccountCode": {"ACC_0000000000001"}, "receptionUrlCode": {"RCV01"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	s.refused(r, 400, 1012)
}

func TestThePushComesLateWhereThatIsChosen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t, "secret_push_delay_s", "7")
		s.accepted(renewal("demo-password"))
		time.Sleep(7*time.Second - time.Nanosecond)
		synctest.Wait()
		if len(s.gateway.Pushed()) != 0 {
			t.Fatal("pushed early")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if s.balanceWith(s.pushedSecret(0), "ACC_0000000000001") != 200 {
			t.Error("the late key is refused")
		}
	})
}

func TestOfTwoRenewalsAtOnceTheLastKeyWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t)
		s.gateway.OnPush = func(provider.Call) (int, []byte, error) {
			time.Sleep(time.Second)
			return 200, nil, nil
		}
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() { s.accepted(renewal("demo-password")) })
		}
		both.Wait()
		first, second := s.pushedSecret(0), s.pushedSecret(1)
		if first == second || s.balanceWith(first, "ACC_0000000000001") != 403 || s.balanceWith(second, "ACC_0000000000001") != 200 {
			t.Error("the last of two keys alone is to be good")
		}
	})
}
