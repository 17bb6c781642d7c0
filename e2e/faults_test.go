package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/app"
)

// fate is what the sandbox's published test data makes of a customer's number.
type fate struct {
	lastFour string
	status   string
	reason   string
	events   []string // the native webhooks, in order
}

var fates = []fate{
	{"0001", "failed", "insufficient_funds", []string{"payment.failed"}},
	{"0002", "failed", "declined", []string{"payment.failed"}},
	{"0003", "failed", "wrong_pin_or_otp", []string{"payment.failed"}},
	{"0004", "failed", "expired", []string{"payment.failed"}},
	{"0005", "failed", "limit_reached", []string{"payment.failed"}},
	{"0006", "failed", "operator_unavailable", []string{"payment.failed"}},
	{"0007", "succeeded", "", []string{"payment.succeeded"}},
	{"0008", "succeeded", "", []string{"payment.failed", "payment.succeeded"}},
	{"0009", "succeeded", "", []string{"payment.succeeded"}},
	{"0010", "succeeded", "", []string{"payment.succeeded"}},
	{"0011", "succeeded", "", []string{"payment.succeeded"}},
	{"0100", "succeeded", "", []string{"payment.succeeded"}},
}

// stage is a gateway whose clock a test puts forward, and its merchant.
type stage struct {
	*app.Running
	shop  *shop
	demo  nativeCaller
	ahead atomic.Int64
}

func startStage(t *testing.T, delay string) *stage {
	t.Helper()
	s := &stage{shop: startShop(t)}
	s.Running = startGateway(t, func(c *app.Config) {
		c.CallbackURL, c.OperatorDelay = s.shop.URL, delay
		c.Now = func() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }
	})
	s.demo = nativeCaller{s.URL, app.DemoAPIKey}
	return s
}

// payment reads a payment by its reference, whichever front it entered through.
func (s *stage) payment(t *testing.T, reference string) map[string]any {
	t.Helper()
	got := s.demo.request(http.MethodGet, "/v1/payments?reference="+reference, "").must(t)
	list, _ := fields(t, got.body)["data"].([]any)
	if len(list) != 1 {
		t.Fatalf("%d payments are called %s: %v", len(list), reference, got)
	}
	p, _ := list[0].(map[string]any)
	return p
}

// ends waits for a payment's final status and compares it and the reason.
func (s *stage) ends(t *testing.T, reference, status, reason string) {
	t.Helper()
	var p map[string]any
	eventually(t, reference+" is "+status, func() bool {
		p = s.payment(t, reference)
		return p["status"] == status
	})
	failure, _ := p["failure"].(map[string]any)
	if got, _ := failure["reason"].(string); got != reason {
		t.Errorf("%s: the reason is %q, want %q", reference, got, reason)
	}
}

// types are the events that the merchant's endpoint got about a payment.
func (s *stage) types(t *testing.T, reference string) []string {
	t.Helper()
	var list []string
	for _, a := range s.shop.all("/webhooks") {
		if strings.Contains(a.body, `"reference":"`+reference+`"`) {
			kind, _ := fields(t, a.body)["type"].(string)
			list = append(list, kind)
		}
	}
	return list
}

// rest puts the clock past a minute, when a silent operator reports expiry and
// the gateway has asked for what it was not told, and waits until all is told:
// rows under a lease are work in hand, so none may owe anything at any time.
func (s *stage) rest(t *testing.T) {
	t.Helper()
	s.ahead.Add(int64(61 * time.Second))
	eventually(t, "nothing is owed", func() bool {
		return count(t, s.Running, "SELECT count(*) FROM transactions WHERE status = 'pending'")+
			count(t, s.Running, "SELECT count(*) FROM deliveries WHERE next_attempt_at > 0")+
			count(t, s.Running, "SELECT count(*) FROM sandbox_operations WHERE due_at > 0") == 0
	})
}

func TestEachPublishedNumberMeetsItsFateNatively(t *testing.T) {
	for _, delay := range []string{"0", "50ms"} {
		t.Run("customers answer after "+delay, func(t *testing.T) {
			s := startStage(t, delay)
			first := map[string]map[string]any{}
			for _, f := range fates {
				got := s.demo.request(http.MethodPost, "/v1/payments", strings.Replace(paymentBody("N"+f.lastFour), "0100", f.lastFour, 1)).must(t)
				if got.status != http.StatusCreated {
					t.Fatalf("%s: %v", f.lastFour, got)
				}
				first[f.lastFour] = fields(t, got.body)
			}
			checkFirstAnswers(t, delay, first)
			id, _ := first["0011"]["id"].(string)
			if got := s.demo.request(http.MethodPost, "/v1/payments/"+id+"/confirm", `{"otp":"1234"}`).must(t); got.status != http.StatusOK {
				t.Errorf("confirm: %v", got)
			}
			if delay != "0" {
				eventually(t, "the others have answered", func() bool {
					return s.payment(t, "N0100")["status"] == "succeeded" && s.payment(t, "N0007")["status"] == "succeeded"
				})
				if silent := s.payment(t, "N0004"); silent["status"] != "pending" {
					t.Errorf("0004 is %v within the minute, want pending", silent["status"])
				}
			}
			s.rest(t)
			for _, f := range fates {
				s.ends(t, "N"+f.lastFour, f.status, f.reason)
				if got := s.types(t, "N"+f.lastFour); !slices.Equal(got, f.events) {
					t.Errorf("%s: the merchant got %v, want %v", f.lastFour, got, f.events)
				}
			}
			if n := s.App.Sandbox.Violations(); n != 0 {
				t.Errorf("%d customers were asked twice", n)
			}
		})
	}
}

// checkFirstAnswers: the contract tells what the first answer says of some.
func checkFirstAnswers(t *testing.T, delay string, first map[string]map[string]any) {
	t.Helper()
	want := map[string]string{"0006": "failed", "0007": "pending", "0011": "requires_action"}
	if delay == "0" {
		want["0004"], want["0001"], want["0008"], want["0100"] = "failed", "failed", "failed", "succeeded"
	} else {
		want["0004"], want["0001"], want["0008"], want["0100"] = "pending", "pending", "pending", "pending"
	}
	for lastFour, status := range want {
		if got := first[lastFour]["status"]; got != status {
			t.Errorf("the first answer of %s is %v, want %s", lastFour, got, status)
		}
	}
	if action, _ := first["0011"]["next_action"].(map[string]any); action["type"] != "enter_otp" {
		t.Errorf("0011 asks for %v", action)
	}
}

func TestEachPublishedCardMeetsItsFateNatively(t *testing.T) {
	s := startStage(t, "50ms")
	pay := func(reference, number string) map[string]any {
		got := s.demo.request(http.MethodPost, "/v1/payments", `{"reference":"`+reference+`","amount":2500,"currency":"USD",
"method":{"type":"card","card":{"number":"`+number+`","expiry":"12/39","cvv":"123"}}}`).must(t)
		if got.status != http.StatusCreated {
			t.Fatalf("%s: %v", reference, got)
		}
		return fields(t, got.body)
	}
	pay("refused", "4000 0000 0000 0002")
	s.ends(t, "refused", "failed", "declined")
	pay("poor", "4000000000009995")
	s.ends(t, "poor", "failed", "insufficient_funds")
	pay("good", cardNumber("510510510510510"))
	s.ends(t, "good", "succeeded", "")
	for reference, approve := range map[string]bool{"approved": true, "denied": false} {
		p := pay(reference, "4000000000003220")
		next, _ := p["next_action"].(map[string]any)
		page, _ := next["url"].(string)
		if p["status"] != "requires_action" || next["type"] != "redirect" || !strings.HasPrefix(page, s.URL+"/pay/") {
			t.Fatalf("3-D Secure: %v", p)
		}
		token, _, _ := strings.Cut(tokenOf(t, page), "/")
		got := request{http.MethodPost, s.URL + "/sandbox/v1/checkouts/" + token + "/challenge", fmt.Sprintf(`{"approve":%t}`, approve), http.Header{}}.must(t)
		if got.status != http.StatusOK {
			t.Errorf("answer the challenge: %v", got)
		}
	}
	s.ends(t, "approved", "succeeded", "")
	s.ends(t, "denied", "failed", "declined")
}

func TestAManualCustomerIsWaitedForAndKnownByEveryFormOfTheNumber(t *testing.T) {
	s := startStage(t, "manual")
	for i, form := range []string{"+24174000100", "24174000100", "074000100", "+241 74 00 01 00"} {
		for answer, status := range map[string]string{"approve": "succeeded", "decline": "failed"} {
			reference := fmt.Sprintf("M%d%s", i, answer)
			s.demo.made(t, "/v1/payments", paymentBody(reference))
			if p := s.payment(t, reference); p["status"] != "pending" {
				t.Fatalf("%s is %v before the customer answers", reference, p["status"])
			}
			button := request{http.MethodPost, s.URL + "/sandbox/v1/phones/" + url.PathEscape(form) + "/" + answer, "", http.Header{}}
			if got := button.must(t); got.status != http.StatusOK {
				t.Errorf("%s by %s: %v", answer, form, got)
			}
			s.ends(t, reference, status, map[string]string{"failed": "declined"}[status])
			if got := button.must(t); got.status != http.StatusConflict {
				t.Errorf("answering nothing: %v, want 409", got)
			}
		}
	}
	if got := (request{http.MethodPost, s.URL + "/sandbox/v1/phones/+24177999999/approve", "", http.Header{}}).must(t); got.status != http.StatusNotFound {
		t.Errorf("a phone that nobody called: %v, want 404", got)
	}
}

func TestTheDemoMerchantStartsWithMoney(t *testing.T) {
	s := startStage(t, "0")
	got := s.demo.request(http.MethodGet, "/v1/balances", "").must(t)
	var list []struct {
		Currency           string
		Available, Pending int64
	}
	if err := json.Unmarshal([]byte(got.body), &list); err != nil {
		t.Fatalf("%v: %v", got, err)
	}
	have := map[string]int64{}
	for _, b := range list {
		have[b.Currency] = b.Available
		if b.Pending != 0 {
			t.Errorf("pending: %+v", b)
		}
	}
	// The contract's amounts, in minor units.
	want := map[string]int64{"XAF": 1_000_000, "XOF": 1_000_000, "GNF": 1_000_000, "CDF": 1_000_000_00, "USD": 1_000_00}
	if !maps.Equal(have, want) {
		t.Errorf("available: %v, want %v", have, want)
	}
}
