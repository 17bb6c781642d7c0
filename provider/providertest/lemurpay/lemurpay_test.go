package lemurpay_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/providertest"
	"github.com/passerelle-pay/passerelle/provider/providertest/lemurpay"
)

func TestConformance(t *testing.T) {
	providertest.Run(t, providertest.Case{
		Provider: lemurpay.Provider(),
		Values:   map[string]string{"key": "lemur_1234567890"}, AddressFields: []string{"base_url"},
		Order: provider.Order{
			Kind: pay.Payment, Reference: "PS0123456789ABCDEFGH", Amount: money.New(500, money.XOF),
			Method: pay.Method{Type: pay.MobileMoney, Phone: "+22890000100"},
		},
		Absent: func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"error":"unknown","message":"Not Found"}`))
		},
		Requests: []providertest.Request{{
			Name: "payments", Spoil: wrongKey,
			Build: func(issued map[string]string) *http.Request {
				return request(issued["key"], `{"id":"ORDER1","amount":500,"phone":"+22890000100"}`)
			},
		}},
		Shape: refusalShape,
	})
}

func request(key, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/payments", strings.NewReader(body))
	r.Header.Set("Authorization", "Key "+key)
	return r
}

func wrongKey(r *http.Request) *http.Request {
	r.Header.Set("Authorization", "Key lemur_wrong")
	return r
}

func refusalShape(_ int, _ http.Header, body []byte) error {
	var o map[string]string
	if err := json.Unmarshal(body, &o); err != nil {
		return err
	}
	if o["error"] == "" || o["message"] == "" || len(o) != 2 {
		return fmt.Errorf("%s", body)
	}
	return nil
}

// answers serves one documented answer to every call.
func answers(t *testing.T, status int, body string) provider.Connector {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	p := lemurpay.Provider()
	conn, err := p.Connect(providertest.NewSurroundings(t, p, map[string]string{"base_url": server.URL, "key": "lemur_1"}).Environment)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestDocumentedAnswersAreRead(t *testing.T) {
	for name, tt := range map[string]struct {
		status  int
		body    string
		outcome pay.Outcome
		reason  pay.Reason
	}{
		"asked":     {201, `{"id":"PS1","amount":500,"state":"asked"}`, pay.OutcomePending, ""},
		"paid":      {201, `{"id":"PS1","amount":500,"state":"paid"}`, pay.OutcomeSucceeded, ""},
		"refused":   {201, `{"id":"PS1","amount":500,"state":"refused","reason":"no_funds"}`, pay.OutcomeFailed, pay.InsufficientFunds},
		"a bad key": {401, `{"error":"bad_key","message":"Unauthorized"}`, pay.OutcomeFailed, pay.AuthFailed},
		"a repeat":  {409, `{"error":"duplicate","message":"Conflict"}`, pay.OutcomeUnknown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := answers(t, tt.status, tt.body).Submit(t.Context(), provider.Order{Reference: "PS1", Amount: money.New(500, money.XOF)})
			if err != nil || got.Outcome != tt.outcome || got.Failure.Reason != tt.reason {
				t.Errorf("%+v %v", got, err)
			}
		})
	}
}

func TestAStateThatIsNotDocumentedIsUnknown(t *testing.T) {
	if got, err := answers(t, 200, `{"id":"PS1","amount":500,"state":"done"}`).Status(t.Context(), provider.Ref{Reference: "PS1"}); err == nil {
		t.Errorf("%+v", got)
	}
}
