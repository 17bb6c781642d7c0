package cinetpay

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/providertest"
)

// transfers is a transfer API that answers each path by its list, the last
// answer again and again.
type transfers struct {
	mu      sync.Mutex
	answers map[string][]string
	calls   []string
}

const (
	loggedIn  = `{"code":0,"message":"OPERATION_SUCCES","data":{"token":"jeton-%d-0001"}}`
	contacted = `{"code":0,"data":[[{"code":0,"status":"success"}]]}`
	sentNew   = `{"code":0,"data":[[{"client_transaction_id":"PS0123456789ABCDEFGHIJ","amount":500,"code":0,"status":"success","treatment_status":"NEW","transaction_id":"EA1","lot":"L1"}]]}`
)

func refusedWith(code string) string {
	return `{"code":"` + code + `","message":"X","description":"Y","data":[]}`
}

func state(treatment, sending, comment string) string {
	return `{"code":0,"data":[{"transaction_id":"EA1","client_transaction_id":"PS0123456789ABCDEFGHIJ","amount":500,"sending_status":"` +
		sending + `","treatment_status":"` + treatment + `","comment":"` + comment + `"}]}`
}

func newTransfers() *transfers {
	return &transfers{answers: map[string][]string{
		pathLogin: {loggedIn}, pathContact: {contacted}, pathSend: {sentNew},
		pathCheckTransfer: {state("VAL", "CONFIRM", "")},
		pathBalance:       {`{"code":0,"data":{"amount":663,"inUsing":0,"available":663}}`},
	}}
}

func (f *transfers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/v1")
	f.calls = append(f.calls, path)
	list := f.answers[path]
	body := list[0]
	if len(list) > 1 {
		f.answers[path] = list[1:]
	}
	if path == pathLogin && strings.Contains(body, "%d") {
		body = fmt.Sprintf(body, len(f.calls))
	}
	if status, found := strings.CutPrefix(body, "HTTP "); found {
		http.Error(w, "<html></html>", map[string]int{"500": 500, "503": 503}[status])
		return
	}
	_, _ = io.WriteString(w, body)
}

func (f *transfers) count(path string) int {
	n := 0
	for _, c := range f.calls {
		if c == path {
			n++
		}
	}
	return n
}

func payout() provider.Order {
	o := testOrder()
	o.Kind, o.Amount = pay.Payout, xof(500)
	return o
}

func TestPayOutLogsInMakesAContactAndSendsOnce(t *testing.T) {
	f := newTransfers()
	c, _ := connected(t, f.ServeHTTP, nil)
	r, err := c.PayOut(context.Background(), payout())
	if err != nil || r.Outcome != pay.OutcomePending || r.ProviderReference != "EA1" || r.Data[dataLot] != "L1" {
		t.Errorf("%+v, %v", r, err)
	}
	if want := []string{pathLogin, pathContact, pathSend}; !slices.Equal(f.calls, want) {
		t.Errorf("calls %v", f.calls)
	}
}

func TestPayOutOutcomes(t *testing.T) {
	tests := []struct {
		name    string
		answers map[string][]string
		outcome pay.Outcome // "" is an error
		reason  pay.Reason
		sends   int
	}{
		{"no funds", map[string][]string{pathSend: {refusedWith("602")}}, pay.OutcomeFailed, pay.InsufficientFunds, 1},
		{"not a contact, then sent", map[string][]string{pathSend: {refusedWith("724"), sentNew}}, pay.OutcomePending, "", 2},
		{"never a contact", map[string][]string{pathSend: {refusedWith("724")}}, pay.OutcomeFailed, pay.InvalidPhone, 2},
		{"token_expired", map[string][]string{pathSend: {refusedWith("705"), sentNew}}, pay.OutcomePending, "", 2},
		{"token never good", map[string][]string{pathSend: {refusedWith("706")}}, pay.OutcomeFailed, pay.AuthFailed, 2},
		{"transfer_duplicate", map[string][]string{pathSend: {refusedWith("805")}}, pay.OutcomeSucceeded, "", 1},
		{"duplicate of one that nobody can read", map[string][]string{pathSend: {refusedWith("805")}, pathCheckTransfer: {"HTTP 500"}}, "", "", 1},
		{"an execution error", map[string][]string{pathSend: {refusedWith("709")}}, pay.OutcomeUnknown, "", 1},
		{"an undescribed code", map[string][]string{pathSend: {refusedWith("999")}}, pay.OutcomeUnknown, "", 1},
		{"a send that breaks", map[string][]string{pathSend: {"HTTP 500"}}, "", "", 1},
		{"an answer without an item", map[string][]string{pathSend: {`{"code":0,"data":[]}`}}, "", "", 1},
		{"a wrong password", map[string][]string{pathLogin: {refusedWith("701")}}, pay.OutcomeFailed, pay.AuthFailed, 0},
		{"a token at the second try", map[string][]string{pathLogin: {refusedWith("702"), loggedIn}}, pay.OutcomePending, "", 1},
		{"never a token", map[string][]string{pathLogin: {refusedWith("702")}}, pay.OutcomeFailed, pay.ProviderError, 0},
		{"a login that breaks", map[string][]string{pathLogin: {"HTTP 503"}}, pay.OutcomeFailed, pay.OperatorUnavailable, 0},
		{"a refused contact", map[string][]string{pathContact: {refusedWith("802")}}, pay.OutcomeFailed, pay.InvalidPhone, 0},
		{"a contact that the answer calls known", map[string][]string{pathContact: {refusedWith("726")}}, pay.OutcomePending, "", 1},
		{"a send that the answer calls a known contact", map[string][]string{pathSend: {refusedWith("726")}}, pay.OutcomeUnknown, "", 1},
		{"a contact that breaks", map[string][]string{pathContact: {"HTTP 500"}}, pay.OutcomeFailed, pay.OperatorUnavailable, 0},
		{"rejected at once", map[string][]string{pathSend: {strings.Replace(sentNew, "NEW", "REJ", 1)}}, pay.OutcomeFailed, pay.Declined, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newTransfers()
			for path, list := range tt.answers {
				f.answers[path] = list
			}
			c, _ := connected(t, f.ServeHTTP, nil)
			r, err := c.PayOut(context.Background(), payout())
			if (err != nil) != (tt.outcome == "") || r.Outcome != tt.outcome || r.Failure.Reason != tt.reason {
				t.Errorf("%+v, %v", r, err)
			}
			if got := f.count(pathSend); got != tt.sends {
				t.Errorf("%d sends, want %d", got, tt.sends)
			}
		})
	}
}

func TestPayOutRefusesBeforeAnyCallWhatDoesNotFit(t *testing.T) {
	c, _ := connected(t, func(http.ResponseWriter, *http.Request) { t.Error("a call was made") }, nil)
	for _, change := range []func(*provider.Order){
		func(o *provider.Order) { o.Amount = money.New(500, money.XAF) },
		func(o *provider.Order) { o.Amount = xof(502) },
		func(o *provider.Order) { o.Amount = xof(0) },
		func(o *provider.Order) { o.Method.Phone = "12" },
	} {
		o := payout()
		change(&o)
		if r, err := c.PayOut(context.Background(), o); err != nil || r.Outcome != pay.OutcomeFailed {
			t.Errorf("%+v, %v", r, err)
		}
	}
	c.transfers = false
	if err := c.Validate(payout()); pay.KindOf(err) != pay.KindCapability {
		t.Errorf("without a password: %v", err)
	}
}

func TestTransferStatus(t *testing.T) {
	ref := provider.Ref{
		Kind: pay.Payout, Reference: "PS0123456789ABCDEFGHIJ", Amount: xof(500),
		SubmittedAt: time.Date(2025, 1, 6, 10, 0, 0, 0, time.UTC),
	}
	tests := []struct {
		name, answer string
		outcome      pay.Outcome // "" is an error
		reason       pay.Reason
		absent       bool
		alerts       int
	}{
		{"valid", state("VAL", "CONFIRM", ""), pay.OutcomeSucceeded, "", false, 0},
		{"received", state("REC", "CONFIRM", ""), pay.OutcomePending, "", false, 0},
		{"transfer_unconfirmed", state("NEW", "PENDING", ""), pay.OutcomePending, "", false, 1},
		{"rejected", state("REJ", "CONFIRM", "INSUFFICIENT_BALANCE"), pay.OutcomeFailed, pay.InsufficientFunds, false, 0},
		{"a new treatment status", state("ZZZ", "CONFIRM", ""), pay.OutcomeUnknown, "", false, 0},
		{"another amount", strings.Replace(state("VAL", "CONFIRM", ""), "500", "50", 1), pay.OutcomeUnknown, "", false, 1},
		{"not found", refusedWith("723"), pay.OutcomeUnknown, "", true, 0},
		{"a refused question", refusedWith("704"), pay.OutcomeUnknown, "", false, 0},
		{"a broken answer", "HTTP 500", "", "", false, 0},
		{"another transfer", strings.Replace(state("VAL", "CONFIRM", ""), "PS0123", "PS9999", 1), "", "", false, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newTransfers()
			f.answers[pathCheckTransfer] = []string{tt.answer}
			c, s := connected(t, f.ServeHTTP, nil)
			r, err := c.Status(context.Background(), ref)
			if (err != nil) != (tt.outcome == "") || r.Outcome != tt.outcome || r.Failure.Reason != tt.reason ||
				r.Absent != tt.absent || len(s.Alerts()) != tt.alerts {
				t.Errorf("%+v, %v, %v", r, err, s.Alerts())
			}
			if f.count(pathSend) != 0 {
				t.Error("a question sent money")
			}
		})
	}
}

func TestTheTokenIsKeptFourMinutes(t *testing.T) {
	f := newTransfers()
	c, s := connected(t, f.ServeHTTP, nil)
	for range 3 {
		if got, err := c.Balances(context.Background()); err != nil || len(got) != 1 || got[0] != xof(663) {
			t.Fatalf("balances %v, %v", got, err)
		}
	}
	if got := f.count(pathLogin); got != 1 {
		t.Errorf("%d logins", got)
	}
	s.Advance(4 * time.Minute)
	_, _ = c.Balances(context.Background())
	if got := f.count(pathLogin); got != 2 {
		t.Errorf("%d logins after four minutes", got)
	}
}

func TestConcurrentCallsLogInOnce(t *testing.T) {
	f := newTransfers()
	c, _ := connected(t, f.ServeHTTP, nil)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := c.Balances(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := f.count(pathLogin); got != 1 {
		t.Errorf("%d logins", got)
	}
}

func TestConformance(t *testing.T) {
	payoutOrder := payout()
	good := func(issued map[string]string, path, more string) *http.Request {
		body := `{"apikey":"` + issued[fieldAPIKey] + `","site_id":"` + issued[fieldSiteID] + `",` + more + `}`
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		return r
	}
	example := `"amount":100,"currency":"XOF","transaction_id":"T1","description":"TRANSACTION DESCRIPTION",` +
		`"return_url":"https://www.exemple.com/return","notify_url":"https://www.exemple.com/notify"`
	providertest.Run(t, providertest.Case{
		Provider: Provider(),
		Values: map[string]string{
			fieldAPIKey: testKey, fieldSiteID: "123456", fieldSecretKey: "cle-hmac-0001", fieldTransferPassword: testPassword,
		},
		AddressFields: []string{fieldBaseURL, fieldTransferBaseURL},
		Order:         testOrder(),
		Payout:        &payoutOrder,
		Preliminary: func(w http.ResponseWriter, r *http.Request) bool {
			switch r.URL.Path {
			case pathLogin:
				_, _ = io.WriteString(w, strings.Replace(loggedIn, "%d", "1", 1))
			case pathContact:
				_, _ = io.WriteString(w, contacted)
			default:
				return false
			}
			return true
		},
		Requests: []providertest.Request{{
			Name:  "payment",
			Build: func(issued map[string]string) *http.Request { return good(issued, pathPayment, example) },
			Spoil: func(r *http.Request) *http.Request {
				return good(map[string]string{fieldAPIKey: "wrong", fieldSiteID: demoSiteID}, r.URL.Path, example)
			},
		}},
		Shape: checkShape,
	})
}
