package api

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
)

func TestPayment(t *testing.T) {
	r := newRig(t, ":memory:", nil)

	t.Run("that the operator takes at once is 201, succeeded and readable", func(t *testing.T) {
		a := r.post("/v1/payments", `{"reference":"p-1","amount":15000,"currency":"XAF",
			"customer":{"name":"Awa Ndong","email":"awa@example.com","phone":"+24177000100"},
			"method":{"type":"mobile_money"},"metadata":{"order":"1042"}}`).want(t, 201)
		for path, want := range map[string]string{
			"status": "succeeded", "kind": "payment", "mode": "test", "front": "native", "amount": "15000", "currency": "XAF",
			"reference": "p-1", "customer.phone": "+24177000100", "method.type": "mobile_money", "method.operator": "airtel_ga",
			"method.phone": "+24177000100", "next_action": "", "failure": "", "fees.amount": "0", "fees.currency": "XAF",
			"fees.bearer": "merchant", "provider.name": "sandbox", "refunded": "0", "late": "false", "overdue": "false",
			"metadata.order": "1042",
		} {
			if got := a.text(t, path); got != want {
				t.Errorf("%s is %q, want %q", path, got, want)
			}
		}
		if !strings.HasPrefix(a.text(t, "id"), "pay_") || !strings.HasPrefix(a.text(t, "provider.reference"), "OP") {
			t.Errorf("ids are not as documented: %s", a.body)
		}
		for _, name := range []string{"created_at", "updated_at", "completed_at"} {
			if _, err := time.Parse(time.RFC3339, a.text(t, name)); err != nil {
				t.Errorf("%s is not RFC 3339: %v", name, err)
			}
		}
		again := r.get("/v1/payments/"+a.text(t, "id")).want(t, 200)
		if string(again.body) != string(a.body) {
			t.Errorf("reading differs from the answer\n%s\n%s", a.body, again.body)
		}
	})

	t.Run("that the operator refuses is 201 and failed with its reason", func(t *testing.T) {
		a := r.post("/v1/payments", `{"reference":"p-2","amount":200,"currency":"XAF","method":{"type":"mobile_money","phone":"077000001","operator":"airtel_ga"}}`).want(t, 201)
		if a.text(t, "status") != "failed" || a.text(t, "failure.reason") != "insufficient_funds" || a.text(t, "failure.provider_code") != "51" || a.text(t, "failure.message") == "" {
			t.Errorf("refusal is not as documented: %s", a.body)
		}
		if a.text(t, "method.phone") != "+24177000001" {
			t.Errorf("a local number is not read in the operator's country: %s", a.body)
		}
	})

	t.Run("that waits for the phone is pending with approve_on_phone", func(t *testing.T) {
		a := r.post("/v1/payments", `{"reference":"p-3","amount":200,"currency":"XAF","customer":{"country":"GA"},"method":{"type":"mobile_money","phone":"77 00 00 04"}}`).want(t, 201)
		if a.text(t, "status") != "pending" || a.text(t, "next_action.type") != "approve_on_phone" {
			t.Errorf("waiting is not as documented: %s", a.body)
		}
		r.post("/v1/payments/"+a.text(t, "id")+"/cancel", "").wantProblem(t, 409, "not_cancelable", "")
		r.post("/v1/payments/"+a.text(t, "id")+"/confirm", `{"otp":"1234"}`).wantProblem(t, 409, "not_confirmable", "")
	})

	t.Run("that needs a one-time password is confirmed with it", func(t *testing.T) {
		a := r.post("/v1/payments", `{"reference":"p-4","amount":200,"currency":"XAF","method":{"type":"mobile_money","phone":"+24177000011"}}`).want(t, 201)
		if a.text(t, "status") != "requires_action" || a.text(t, "next_action.type") != "enter_otp" {
			t.Fatalf("the password is not asked for: %s", a.body)
		}
		b := r.post("/v1/payments/"+a.text(t, "id")+"/confirm", `{"otp":"1234"}`).want(t, 200)
		if b.text(t, "status") != "succeeded" {
			t.Errorf("confirmed payment is %s", b.text(t, "status"))
		}
	})

	t.Run("by card keeps and shows only the first six and last four digits", func(t *testing.T) {
		a := r.post("/v1/payments", `{"reference":"p-5","amount":500,"currency":"USD","method":{"type":"card","card":{"number":"4111 1111 1111 1111","expiry":"12/60","cvv":"737"}}}`).want(t, 201)
		if a.text(t, "method.card.first6") != "411111" || a.text(t, "method.card.last4") != "1111" || a.text(t, "method.card.brand") != "visa" {
			t.Errorf("card is not as documented: %s", a.body)
		}
		for _, where := range []string{string(a.body), r.log.String()} {
			for _, secret := range []string{"4111111111111111", "4111 1111 1111 1111", `"737"`, "cvv"} {
				if strings.Contains(where, secret) {
					t.Errorf("%s is told", secret)
				}
			}
		}
	})

	t.Run("without method leads to the hosted checkout and back to the shop", func(t *testing.T) {
		a := r.post("/v1/payments", `{"reference":"p-6","amount":500,"currency":"XOF","return_url":"https://shop.example/thanks?order=6"}`).want(t, 201)
		page := a.text(t, "next_action.url")
		if a.text(t, "status") != "requires_action" || a.text(t, "next_action.type") != "redirect" ||
			!strings.HasPrefix(page, "https://pay.example/pay/") || a.text(t, "checkout_url") != page {
			t.Fatalf("checkout is not as documented: %s", a.body)
		}
		if a.text(t, "provider") != "" || a.text(t, "method") != "" {
			t.Errorf("nothing was chosen yet: %s", a.body)
		}
		tx, err := r.gateway.Checkout(t.Context(), page[strings.LastIndex(page, "/")+1:])
		must(t, err)
		back, ok := tx.Checkout.ReturnFor(pay.StatusSucceeded)
		if !tx.Checkout.Retry || !ok || back.URL != "https://shop.example/thanks?order=6" || back.Method != "GET" ||
			back.Fields["payment"] != a.text(t, "id") || back.Fields["status"] != "succeeded" {
			t.Errorf("the way back is %+v", back)
		}
		if pending, _ := tx.Checkout.ReturnFor(pay.StatusPending); pending.Fields["status"] != "pending" {
			t.Errorf("a pending payment returns as %q", pending.Fields["status"])
		}
		b := r.post("/v1/payments/"+a.text(t, "id")+"/cancel", "{}").want(t, 200)
		if b.text(t, "status") != "canceled" || b.text(t, "checkout_url") != "" {
			t.Errorf("canceled payment: %s", b.body)
		}
	})

	t.Run("with a reference that is taken is 409 and names what took it", func(t *testing.T) {
		a := r.post("/v1/payments", `{"reference":"p-1","amount":15000,"currency":"XAF","method":{"type":"mobile_money","phone":"+24177000100"}}`)
		a.wantProblem(t, 409, "duplicate_reference", "reference")
		if !strings.HasPrefix(a.text(t, "existing"), "pay_") {
			t.Errorf("existing is %q", a.text(t, "existing"))
		}
	})

	t.Run("takes each kind's references apart", func(t *testing.T) {
		r.post("/v1/payouts", `{"reference":"p-1","amount":100,"currency":"XAF","method":{"type":"mobile_money","phone":"+24177000100"}}`).want(t, 201)
	})

	t.Run("is listed newest first, page by page, and filtered", func(t *testing.T) {
		var ids []string
		cursor := ""
		for range 10 {
			a := r.get("/v1/payments?limit=2&cursor="+cursor).want(t, 200)
			var l list[struct {
				ID string `json:"id"`
			}]
			must(t, json.Unmarshal(a.body, &l))
			for _, p := range l.Data {
				ids = append(ids, p.ID)
			}
			if l.NextCursor == nil {
				break
			}
			if len(l.Data) != 2 {
				t.Errorf("a page of 2 has %d", len(l.Data))
			}
			cursor = *l.NextCursor
		}
		seen := map[string]bool{}
		for _, id := range ids {
			seen[id] = true
		}
		if len(ids) != 6 || len(seen) != 6 {
			t.Errorf("paging gives %d payments, %d different, want 6", len(ids), len(seen))
		}
		for query, want := range map[string]int{
			"status=failed": 1, "reference=p-4": 1, "phone=" + url.QueryEscape("+24177000100"): 1, "status=expired": 0,
		} {
			var l list[json.RawMessage]
			must(t, json.Unmarshal(r.get("/v1/payments?"+query).want(t, 200).body, &l))
			if len(l.Data) != want {
				t.Errorf("%s finds %d, want %d", query, len(l.Data), want)
			}
		}
	})
}

func TestRefund(t *testing.T) {
	r := newRig(t, ":memory:", nil)
	id := r.paid("r-0")

	a := r.post("/v1/refunds", `{"reference":"r-1","payment":"`+id+`","amount":5000}`).want(t, 201)
	if a.text(t, "kind") != "refund" || a.text(t, "status") != "succeeded" || a.text(t, "payment") != id || !strings.HasPrefix(a.text(t, "id"), "re_") {
		t.Errorf("refund is not as documented: %s", a.body)
	}
	r.post("/v1/refunds", `{"reference":"r-2","payment":"`+id+`","amount":10001}`).wantProblem(t, 422, "amount_too_high", "amount")
	r.post("/v1/refunds", `{"reference":"r-3","payment":"`+id+`"}`).want(t, 201)
	p := r.get("/v1/payments/"+id).want(t, 200)
	if p.text(t, "refunded") != "15000" || p.text(t, "status") != "succeeded" {
		t.Errorf("refunded payment: %s", p.body)
	}
	r.post("/v1/refunds", `{"reference":"r-4","payment":"`+a.text(t, "id")+`"}`).wantProblem(t, 404, "not_found", "payment")
	r.get("/v1/refunds/"+a.text(t, "id")).want(t, 200)
	r.get("/v1/payments/"+a.text(t, "id")).wantProblem(t, 404, "not_found", "")
	failed := r.post("/v1/payments", `{"reference":"r-5","amount":200,"currency":"XAF","method":{"type":"mobile_money","phone":"+24177000001"}}`).want(t, 201)
	r.post("/v1/refunds", `{"reference":"r-6","payment":"`+failed.text(t, "id")+`"}`).wantProblem(t, 409, "not_refundable", "")
}

func TestPaymentLink(t *testing.T) {
	r := newRig(t, ":memory:", nil)
	r.paid("l-0")
	a := r.post("/v1/payment_links", `{"reference":"l-1","amount":700,"currency":"XOF","description":"Invoice 77"}`).want(t, 201)
	if !strings.HasPrefix(a.text(t, "id"), "plink_") || !strings.HasPrefix(a.text(t, "url"), "https://pay.example/pay/") ||
		a.text(t, "status") != "requires_action" || a.text(t, "description") != "Invoice 77" {
		t.Errorf("link is not as documented: %s", a.body)
	}
	b := r.post("/v1/payment_links", `{"reference":"l-2","amount":700,"currency":"XOF"}`).want(t, 201)
	if got := r.get("/v1/payment_links/"+a.text(t, "id")).want(t, 200); string(got.body) != string(a.body) {
		t.Errorf("reading differs from the answer: %s", got.body)
	}
	if got := r.get("/v1/payments/"+a.text(t, "payment")).want(t, 200); got.text(t, "payment_link") != a.text(t, "id") {
		t.Errorf("the payment does not name its link: %s", got.body)
	}
	var l list[paymentLink]
	must(t, json.Unmarshal(r.get("/v1/payment_links?limit=1").want(t, 200).body, &l))
	if len(l.Data) != 1 || l.Data[0].ID != b.text(t, "id") || l.NextCursor == nil {
		t.Fatalf("the newest link is not first: %+v", l)
	}
	must(t, json.Unmarshal(r.get("/v1/payment_links?limit=1&cursor="+*l.NextCursor).want(t, 200).body, &l))
	if len(l.Data) != 1 || l.Data[0].ID != a.text(t, "id") {
		t.Errorf("the second page is %+v", l)
	}
	if got := r.post("/v1/payment_links/"+a.text(t, "id")+"/cancel", "").want(t, 200); got.text(t, "status") != "canceled" {
		t.Errorf("withdrawn link: %s", got.body)
	}
	r.get("/v1/payment_links/"+r.paid("l-3")).wantProblem(t, 404, "not_found", "")
}

func TestPayout(t *testing.T) {
	r := newRig(t, ":memory:", nil)
	a := r.post("/v1/payouts", `{"reference":"o-1","amount":1000,"currency":"XAF","method":{"type":"mobile_money","phone":"+24177000100"}}`).want(t, 201)
	if a.text(t, "kind") != "payout" || a.text(t, "status") != "succeeded" || !strings.HasPrefix(a.text(t, "id"), "po_") {
		t.Errorf("payout is not as documented: %s", a.body)
	}
	r.post("/v1/payouts", `{"reference":"o-2","amount":1000,"currency":"XAF"}`).wantProblem(t, 422, "invalid_request", "method")
	r.post("/v1/payouts", `{"reference":"o-3","amount":2000000,"currency":"XAF","method":{"type":"mobile_money","phone":"+24177000100"}}`).wantProblem(t, 422, "insufficient_balance", "")

	b := r.post("/v1/payouts/batches", `{"reference":"b-1","payouts":[
		{"reference":"b-1-1","amount":100,"currency":"XAF","method":{"type":"mobile_money","phone":"+24177000100"}},
		{"reference":"o-1","amount":100,"currency":"XAF","method":{"type":"mobile_money","phone":"+24177000100"}}]}`).want(t, 201)
	if b.text(t, "total") != "2" || !strings.HasPrefix(b.text(t, "id"), "pob_") {
		t.Errorf("batch is not as documented: %s", b.body)
	}
	got := r.eventually("/v1/payouts/batches/"+b.text(t, "id"), "status", "completed")
	if got.text(t, "counts.succeeded") != "1" || !strings.Contains(string(got.body), `"code":"duplicate_reference"`) {
		t.Errorf("worked batch: %s", got.body)
	}
	var l list[batchSummary]
	must(t, json.Unmarshal(r.get("/v1/payouts/batches").want(t, 200).body, &l))
	if len(l.Data) != 1 || l.Data[0].Refused != 1 {
		t.Errorf("list of batches: %+v", l)
	}
	r.post("/v1/payouts/batches", `{"reference":"b-1","payouts":[{"reference":"b-1-9","amount":100,"currency":"XAF"}]}`).wantProblem(t, 409, "duplicate_reference", "reference")
	r.post("/v1/payouts/batches", `{"reference":"b-2","payouts":[{"reference":"b-2-1","amount":100,"currency":"XAF","method":{"type":"mobile_money","phone":"12"}}]}`).
		wantProblem(t, 422, "invalid_phone", "payouts[0].method.phone")
}

// eventually reads until a member has the value; what it waits for is at work
// in the background.
func (r *rig) eventually(path, member, want string) answered {
	r.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		a := r.get(path).want(r.t, 200)
		if a.text(r.t, member) == want {
			return a
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("%s never becomes %s: %s", member, want, a.body)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
