package mypayga

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/pay"
)

const (
	testKey    = "stest_0123456789abcdef"
	testPublic = "ptest_0123456789abcdef"
)

// testClient is a client of a server that answers by the handler.
func testClient(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return New(Config{APIKey: testKey, PublicKey: testPublic, BaseURL: s.URL, CardBaseURL: "https://www.example.test", HTTP: s.Client()})
}

// answers makes a handler that always gives the same answer.
func answers(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// seen records a request and gives the answer.
func seen(t *testing.T, got **http.Request, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		*got = r
		_, _ = io.WriteString(w, body)
	}
}

func TestRequestsAreSentCleanAndAnswersReadAsPublished(t *testing.T) {
	ctx := context.Background()
	request := PaymentRequest{
		UniqueID: "1234A", Token: "Cr83WMcojwcAnGjMB1U5cGCHY", Amount: "1500", Phone: "074000100",
		Email: "client@example.test", FirstName: "Jacob", LastName: "Larry", Description: "The purpose",
	}
	common := "amount=1500&description=The+purpose&email=client%40example.test&firstname=Jacob&lastname=Larry"
	secret, public := "apikey="+testKey, "apikey="+testPublic
	tests := []struct {
		file, method, path, sent string
		call                     func(*Client) (string, error)
		want                     string
	}{
		{"gethash.json", "POST", "/payment/gethash", secret + "&" + common + "&phone=074000100&uniqueID=1234A", func(c *Client) (string, error) {
			a, err := c.References(ctx, request)
			return a.PaymentToken.String() + " " + a.Hash.String()[:6] + " " + a.UniqueID.String(), err
		}, "Cr83WMcojwcAnGjMB1U5cGCHY 797cb0 1234A"},
		{"payment_request.json", "POST", "/mpayment/payment-request", secret + "&" + common + "&client_phone=074000100&payment_token=Cr83WMcojwcAnGjMB1U5cGCHY", func(c *Client) (string, error) {
			a, err := c.RequestPayment(ctx, request)
			return a.PaymentToken.String() + " " + a.Transaction.ID.String() + " " + a.Transaction.Amount.String(), err
		}, "eagE7x1884MLgyj9MqIAAy4yb 1131AJS 100"},
		{"paiement_detail.json", "GET", "/payment/paiement-detail", public + "&payment_ref=1234A", func(c *Client) (string, error) {
			a, err := c.Detail(ctx, "1234A")
			return a.FinalStatus.String() + " " + a.Payment[0].Net.String() + " " + a.Payment[0].Fees.String(), err
		}, "200 -10.03 154.032"},
		{"get_fees.json", "GET", "/mpayment/getFees", public + "&country=GA&ope=AM", func(c *Client) (string, error) {
			a, err := c.Rates(ctx, "AM", "GA")
			return a.Custom.String() + " " + a.Bank.String(), err
		}, "0.0175 0.01"},
		{"send_client_transfert.json", "POST", "/mpayment/sendClientTransfert", secret + "&amount=100&country=GA&receiver_phone=074000100&type_clt=client", func(c *Client) (string, error) {
			a, err := c.SendTransfer(ctx, "100", "074000100", "GA")
			return a.Transfer.ID.String() + " " + a.Transfer.Status.String(), err
		}, "16sI2OpZHGZ 200"},
		{"get_client_transfert.json", "GET", "/mpayment/getClientTransfert", public + "&trans_ref=184528Hp2bj", func(c *Client) (string, error) {
			a, err := c.TransferStatus(ctx, "184528Hp2bj")
			return a.State.String() + " " + a.Amount.String(), err
		}, "Echec-solde ins. 23000"},
		{"refund_create.json", "POST", "/refund/create", secret + "&amount=100&description=retour&payment_token=tok", func(c *Client) (string, error) {
			a, err := c.CreateRefund(ctx, "tok", "100", "retour")
			return a.RefundID.String() + " " + a.Fees.String(), err
		}, "rfd_165533.IzkknzlJuU3p 2.75"},
		{"refund_send_seed.json", "POST", "/refund/send", secret + "&refund_id=rfd_16333.ICJ53p", func(c *Client) (string, error) {
			a, err := c.SendRefund(ctx, "rfd_16333.ICJ53p")
			return a.Status.String(), err
		}, "200"},
		{"refund_infos_seed.json", "GET", "/refund/infos", public + "&refId=rfd_16333.IVU3p", func(c *Client) (string, error) {
			a, err := c.RefundInfos(ctx, "rfd_16333.IVU3p")
			return a.Type.String() + " " + a.DoneAt.String(), err
		}, "TO 2021-12-07 23:05:43"},
		{"generate_link.json", "POST", "/payment/generateLink", secret + "&" + common + "&phone=074000100", func(c *Client) (string, error) {
			a, err := c.CreateLink(ctx, request)
			return a.OrderRef.String() + " " + a.Ref.String(), err
		}, "s-8mpfjiSj spjzioguifKmzsaFjNYliv"},
		{"get_link.json", "POST", "/payment/getLink/Re9W4HbO3aZr4A1cxy0v", secret, func(c *Client) (string, error) {
			a, err := c.Link(ctx, "Re9W4HbO3aZr4A1cxy0v")
			return a.FinalStatus.String() + " " + a.Expired.String(), err
		}, "400 0"},
		{"link_cancel.json", "GET", "/payment/linkCancel/Re9W4HbO3aZr4A1cxy0v", secret, func(c *Client) (string, error) {
			return "", c.CancelLink(ctx, "Re9W4HbO3aZr4A1cxy0v")
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			var got *http.Request
			result, err := tt.call(testClient(t, seen(t, &got, read(t, tt.file))))
			if err != nil || result != tt.want {
				t.Errorf("%q, %v", result, err)
			}
			want, _ := url.ParseQuery(tt.sent)
			if got.Method != tt.method || got.URL.Path != tt.path || got.Form.Encode() != want.Encode() {
				t.Errorf("sent %s %s %s", got.Method, got.URL.Path, got.Form.Encode())
			}
			if got.Method == http.MethodPost && got.URL.RawQuery != "" {
				t.Error("a POST has a query, which would be logged with the key")
			}
		})
	}
}

func TestTheNewerAPIIsSpokenInJSON(t *testing.T) {
	var body PaymentOrder
	c := testClient(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/payment" || r.URL.RawQuery != "" || json.NewDecoder(r.Body).Decode(&body) != nil {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		_, _ = io.WriteString(w, `{"request_status":200,"message":"Request Sent.Please Wait.","payment_token":"AbCdEfGhIjKlMnOpQrStUvWx1"}`)
	})
	a, err := c.Pay(context.Background(), PaymentOrder{Amount: "100", Type: "mobile_money", URLs: PaymentURLs{Callback: "https://a.test/"}})
	if err != nil || a.PaymentToken != "AbCdEfGhIjKlMnOpQrStUvWx1" || body.APIKey != testKey || body.URLs.Callback != "https://a.test/" {
		t.Errorf("%+v, %v, sent %+v", a, err, body)
	}
}

func TestRefusalsAreToldFromDoubt(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		reason pay.Reason // "" is doubt
	}{
		{"status in the body alone", 200, `{"message":"Invalid API key","statusRequest":"401"}`, pay.AuthFailed},
		{"HTTP status as well", 401, `{"message":"Invalid API key","statusRequest":"401"}`, pay.AuthFailed},
		{"a number", 200, `{"message":"Missing parameter : amount","statusRequest":400}`, pay.BadRequest},
		{"another operation's field", 200, `{"message":"Invalid amount","code":"400"}`, pay.BadRequest},
		{"the phone", 200, `{"message":"Invalid phone number","statusRequest":"400"}`, pay.InvalidPhone},
		{"used before", 200, `{"message":"Transaction already exists","statusRequest":"409"}`, pay.DuplicateReference},
		{"what it acts on is not found", 200, `{"message":"Transaction not found","statusRequest":"404"}`, pay.BadRequest},
		{"not found, HTTP status alone", 404, `{"message":"Link not found"}`, pay.BadRequest},
		{"balance", 200, `{"message":"Echec-solde ins.","statusRequest":"400"}`, pay.InsufficientFunds},
		{"HTTP status alone", 403, `{"message":"declined"}`, pay.Declined},
		{"HTTP 500", 500, `{"message":"declined","statusRequest":"400"}`, ""},
		{"500 in the body", 200, `{"message":"Internal error","statusRequest":"500"}`, ""},
		{"another success", 200, `{"message":"accepted","statusRequest":"202"}`, ""},
		{"200 in the body of a refusal", 400, `{"message":"x","statusRequest":"200"}`, ""},
		{"too many requests", 429, `{"message":"slow down"}`, ""},
		{"no status", 200, `{"message":"Request Sent.Please Wait."}`, ""},
		{"no number", 200, `{"message":"x","statusRequest":"OK"}`, ""},
		{"a redirect", 302, `{"message":"x","statusRequest":"400"}`, ""},
		{"HTML", 200, `<html>`, ""},
		{"null", 200, `null`, ""},
		{"empty", 200, ``, ""},
		{"a list", 200, `[]`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := testClient(t, answers(tt.status, tt.body)).RequestPayment(context.Background(), PaymentRequest{})
			var refusal *Error
			switch told := errors.As(err, &refusal); {
			case err == nil:
				t.Error("taken for a success")
			case told != (tt.reason != ""):
				t.Errorf("refusal %v: %v", told, err)
			case told && refusal.Reason() != tt.reason:
				t.Errorf("%s, want %s", refusal.Reason(), tt.reason)
			}
		})
	}
}

func TestAnswersOfTheSeedThatAreNoJSON(t *testing.T) {
	_, err := testClient(t, answers(200, read(t, "get_client_transfert_seed.json"))).TransferStatus(context.Background(), "184528Hp2bj")
	var refusal *Error
	if err == nil || errors.As(err, &refusal) {
		t.Errorf("a missing quote is repaired or taken for a refusal: %v", err)
	}
}

func TestKeysAreKeptOutOfWhatIsTold(t *testing.T) {
	c := testClient(t, answers(200, `{"message":"apikey `+testKey+` is wrong","statusRequest":"401"}`))
	_, err := c.RequestPayment(context.Background(), PaymentRequest{})
	if err == nil || strings.Contains(err.Error(), testKey) {
		t.Errorf("%v", err)
	}
	broken := New(Config{APIKey: testKey, BaseURL: "http://127.0.0.1:1"})
	if _, err := broken.Detail(context.Background(), "x"); err == nil || strings.Contains(err.Error(), testKey) {
		t.Errorf("%v", err)
	}
}

func TestTheCardFormHasThePublicKeyAlone(t *testing.T) {
	c := testClient(t, answers(500, ""))
	form, err := c.CardForm("tok", "abc")
	if err != nil || form.Action != "https://www.example.test/mpgga-form-cbpay" ||
		form.Fields["payment_token"] != "tok" || form.Fields["apikey"] != testPublic || form.Fields["hash"] != "abc" || len(form.Fields) != 3 {
		t.Errorf("%+v, %v", form, err)
	}
	if _, err := New(Config{APIKey: testKey}).CardForm("tok", ""); err == nil {
		t.Error("a form is made without the public key")
	}
}
