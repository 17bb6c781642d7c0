package api

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

const paymentBody15000 = `{"reference":"once-1","amount":15000,"currency":"XAF","method":{"type":"mobile_money","phone":"+24177000100"}}`

func keyed(key string) option { return withHeader("Idempotency-Key", key) }

func TestTwoHundredIdenticalRequestsAreOnePayment(t *testing.T) {
	for name, database := range engines {
		t.Run("on "+name, func(t *testing.T) {
			r := newRig(t, database(t), nil)
			r.operators.gate = make(chan struct{})
			const requests = 200
			answers := make([]answered, requests)
			var wg sync.WaitGroup
			for i := range answers {
				wg.Go(func() { answers[i] = r.post("/v1/payments", paymentBody15000, keyed("k-1")) })
			}
			for r.operators.submits.Load() == 0 {
				time.Sleep(time.Millisecond)
			}
			close(r.operators.gate)
			wg.Wait()
			first := 0
			for _, a := range answers {
				a.want(t, 201)
				if string(a.body) != string(answers[0].body) {
					t.Fatalf("answers differ:\n%s\n%s", answers[0].body, a.body)
				}
				if a.header.Get("Idempotent-Replayed") == "" {
					first++
				}
			}
			if first != 1 || r.operators.submits.Load() != 1 || r.recorded() != 1 {
				t.Errorf("%d first answers, %d submissions, %d transactions; want one of each", first, r.operators.submits.Load(), r.recorded())
			}
			if answers[0].text(t, "status") != "succeeded" {
				t.Errorf("status is %s", answers[0].text(t, "status"))
			}
		})
	}
}

func TestConcurrentFullRefundsWithOneKeyAreOneRefund(t *testing.T) {
	for name, database := range engines {
		t.Run("on "+name, func(t *testing.T) {
			r := newRig(t, database(t), nil)
			body := `{"reference":"refund-once","payment":"` + r.paid("to-refund") + `"}`
			answers := make([]answered, 40)
			var wg sync.WaitGroup
			for i := range answers {
				wg.Go(func() { answers[i] = r.post("/v1/refunds", body, keyed("k-refund")) })
			}
			wg.Wait()
			for _, a := range answers {
				a.want(t, 201)
				if string(a.body) != string(answers[0].body) {
					t.Fatalf("answers differ:\n%s\n%s", answers[0].body, a.body)
				}
			}
			if r.recorded() != 2 {
				t.Errorf("%d transactions, want the payment and one refund", r.recorded())
			}
		})
	}
}

func TestIdempotencyKey(t *testing.T) {
	r := newRig(t, ":memory:", nil)

	t.Run("with another body or address is a conflict", func(t *testing.T) {
		r.post("/v1/payments", paymentBody15000, keyed("k-2")).want(t, 201)
		r.post("/v1/payments", strings.Replace(paymentBody15000, "15000", "15001", 1), keyed("k-2")).wantProblem(t, 409, "idempotency_mismatch", "")
		r.post("/v1/payouts", paymentBody15000, keyed("k-2")).wantProblem(t, 409, "idempotency_mismatch", "")
	})

	t.Run("is each merchant's and each mode's own", func(t *testing.T) {
		_, other, _ := r.addMerchant("Other", "other@passerelle.test")
		r.post("/v1/payments", strings.Replace(paymentBody15000, "15000", "15002", 1), keyed("k-2"), withKey(other)).want(t, 201)
	})

	t.Run("of a refused request may be used again", func(t *testing.T) {
		bad := strings.Replace(paymentBody15000, "once-1", "once-2", 1)
		r.post("/v1/payments", strings.Replace(bad, "15000", "0", 1), keyed("k-3")).wantProblem(t, 422, "invalid_request", "amount")
		r.post("/v1/payments", bad, keyed("k-3")).want(t, 201)
		missing := r.merchant + strings.Repeat("0", 26)
		r.post("/v1/payments/pay_"+missing+"/cancel", "", keyed("k-4")).wantProblem(t, 404, "not_found", "")
		r.post("/v1/webhook_endpoints", `{"url":"http://10.0.0.1/hook"}`, keyed("k-5")).wantProblem(t, 422, "invalid_request", "url")
		r.post("/v1/webhook_endpoints", `{"url":"http://127.0.0.1:9/hook"}`, keyed("k-5")).want(t, 201)
	})

	t.Run("replays what a secret was shown in, byte for byte", func(t *testing.T) {
		a := r.post("/v1/webhook_endpoints", `{"url":"http://127.0.0.1:9/again"}`, keyed("k-6")).want(t, 201)
		b := r.post("/v1/webhook_endpoints", `{"url":"http://127.0.0.1:9/again"}`, keyed("k-6")).want(t, 201)
		if string(a.body) != string(b.body) || b.header.Get("Idempotent-Replayed") != "true" || b.header.Get("Content-Type") != "application/json" {
			t.Errorf("replayed %s as %s", a.body, b.body)
		}
	})

	t.Run("of every POST is honoured", func(t *testing.T) {
		link := `{"reference":"once-link","amount":100,"currency":"XAF"}`
		batch := `{"reference":"once-batch","payouts":[{"reference":"once-b-1","amount":100,"currency":"XAF","method":{"type":"mobile_money","phone":"+24177000100"}}]}`
		for path, body := range map[string]string{
			"/v1/payment_links": link, "/v1/payouts/batches": batch, "/v1/fees": `{"kind":"payout","currency":"XAF","fixed":1}`,
			"/v1/fees/quote": `{"amount":1,"currency":"XAF"}`, "/v1/accounts/lookup": `{"phone":"+24177000100"}`,
		} {
			a := r.post(path, body, keyed("every"+path))
			b := r.post(path, body, keyed("every"+path))
			if a.status/100 != 2 || a.status != b.status || string(a.body) != string(b.body) || b.header.Get("Idempotent-Replayed") != "true" {
				t.Errorf("%s: %d %s is replayed as %d %s", path, a.status, a.body, b.status, b.body)
			}
		}
	})

	t.Run("whose request died after recording gives the present state", func(t *testing.T) {
		body := `{"reference":"died","amount":300,"currency":"XAF","method":{"type":"mobile_money","phone":"+24177000100"}}`
		c := provider.Caller{MerchantID: r.merchant, Mode: pay.Test, Front: pay.NativeFront}
		claim := r.gateway.NewClaim(c, "k-died", "POST", "/v1/payments", []byte(body))
		tx, err := r.gateway.CreateOnce(t.Context(), c, provider.Request{
			Kind: pay.Payment, Reference: "died", Amount: money.New(300, money.XAF), Method: pay.Method{Type: pay.MobileMoney, Phone: "+24177000100"},
		}, claim)
		must(t, err)
		r.ahead.Store(int64(time.Minute))
		defer r.ahead.Store(0)
		a := r.post("/v1/payments", body, keyed("k-died")).want(t, 201)
		if a.text(t, "id") != tx.ID || a.text(t, "status") != "succeeded" || a.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("the repeat hears %s", a.body)
		}
	})

	t.Run("has 1 to 255 characters", func(t *testing.T) {
		for _, key := range []string{"", strings.Repeat("k", 256)} {
			r.post("/v1/payments", strings.Replace(paymentBody15000, "once-1", "once-3", 1), keyed(key)).wantProblem(t, 422, "invalid_request", "Idempotency-Key")
		}
		r.post("/v1/payments", strings.Replace(paymentBody15000, "once-1", "once-3", 1), keyed(strings.Repeat("k", 255))).want(t, 201)
	})
}
