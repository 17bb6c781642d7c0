package outbound

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
)

// What a payment sends and gets: flat objects of a dozen short fields.
const (
	typicalRequest = `{"agent":"AGENT-1","amount":15000,"product":"PRODUIT-1","reference":"REF123","service":"RESTFUL",` +
		`"callback_url_code":"XXXXX","customer_account_number":"066123456","merchant_operation_account_code":"ACC_X",` +
		`"transaction_type":"PAYMENT","owner_charge":"MERCHANT","free_info":"info"}`
	typicalAnswer = `{"status":"PENDING","status_code":"200","operator":"AIRTEL_MONEY","reference_id":"PAY240420123456A",` +
		`"merchant_reference_id":"REF123","merchant_operation_account_code":"ACC_X","message":"Transaction en cours"}`
)

var typicalSecrets = []string{"sk_7f1c2b90aa3d4e55", "MR_1700000001", "Passw0rd!2024", "XKQZ9"}

func BenchmarkRedactRequest(b *testing.B) { benchmarkBody(b, typicalRequest) }

func BenchmarkRedactAnswer(b *testing.B) { benchmarkBody(b, typicalAnswer) }

// A body with signs of everything: escapes, dates, a URL, an error's text.
func BenchmarkRedactBusyBody(b *testing.B) {
	benchmarkBody(b, `{"date":"2024-04-20T12:34:56Z","url":"https:\/\/shop.example\/retour?ref=REF123","msg":"Échec: solde insuffisant",`+
		`"customer":{"name":"A. B.","phone":"+24106612345"},"items":[{"id":1,"price":10.5},{"id":2,"price":7}],"token":"abc","sub":"{\"a\":\"b\"}"}`)
}

func benchmarkBody(b *testing.B, body string) {
	r := newRedactor(typicalSecrets)
	raw := []byte(body)
	b.ReportAllocs()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		r.body("application/json", raw)
	}
}

func BenchmarkNewRedactor(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		newRedactor(typicalSecrets).text("what is searched for is prepared when it is first looked for")
	}
}

// The whole of what a payment's exchange costs besides being sent.
func BenchmarkRecordedExchange(b *testing.B) {
	rec := &Recorder{
		Next: roundTripper(func(*http.Request) (*http.Response, error) {
			h := http.Header{
				"Content-Type": {"application/json"}, "Content-Length": {"254"}, "Date": {"Sat, 20 Apr 2024 12:34:56 GMT"},
				"Server": {"nginx/1.24.0"}, "Cache-Control": {"no-cache, private"},
			}
			return &http.Response{StatusCode: http.StatusOK, Header: h, Body: io.NopCloser(strings.NewReader(typicalAnswer))}, nil
		}),
		Secrets: typicalSecrets,
		Record:  func(context.Context, Exchange) {},
	}
	b.ReportAllocs()
	for b.Loop() {
		req, _ := http.NewRequest(http.MethodPost, "https://api.example/v2/XKQZ9/rest", strings.NewReader(typicalRequest))
		req.Header = http.Header{
			"Content-Type": {"application/json"}, "X-Secret": {"sk_7f1c2b90aa3d4e55"}, "X-Callback-Mediatype": {"application/json"},
			"Accept": {"application/json"}, "User-Agent": {"Passerelle"},
		}
		resp, err := rec.RoundTrip(req)
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
	}
}
