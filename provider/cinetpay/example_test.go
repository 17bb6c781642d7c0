package cinetpay_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/passerelle-pay/passerelle/provider/cinetpay"
)

// documented answers with one published body.
func documented(body string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, body)
	}))
}

func ExampleClient_CreatePayment() {
	server := documented(`{"code":"201","message":"CREATED","description":"Transaction created with success",
		"data":{"payment_token":"6f1c0d2e","payment_url":"https://checkout.cinetpay.com/payment/6f1c0d2e"},
		"api_response_id":"1712345678.0001"}`)
	defer server.Close()
	client := cinetpay.New(cinetpay.Config{APIKey: "votre-apikey", SiteID: "votre-site-id", BaseURL: server.URL})
	page, err := client.CreatePayment(context.Background(), cinetpay.PaymentRequest{
		TransactionID: "id-de-paiement-unique", Amount: "100", Currency: "XOF",
		Description: "TRANSACTION DESCRIPTION",
		ReturnURL:   "https://www.exemple.com/return", NotifyURL: "https://www.exemple.com/notify",
		CustomerName: "Kouassi", CustomerSurname: "Awa",
	})
	fmt.Println(page.URL, err)
	// Output: https://checkout.cinetpay.com/payment/6f1c0d2e <nil>
}

func ExampleClient_CheckPayment() {
	server := documented(`{"code":"00","message":"SUCCES","api_response_id":"1617808789.7749","data":{
		"operator_id":"8210400000001","payment_method":"FLOOZ","payment_date":"2021-04-07 14:07:24",
		"phone_number":"0100000100","phone_prefix":"225"}}`)
	defer server.Close()
	client := cinetpay.New(cinetpay.Config{APIKey: "votre-apikey", SiteID: "votre-site-id", BaseURL: server.URL})
	payment, err := client.CheckPayment(context.Background(), cinetpay.Lookup{TransactionID: "id-de-paiement"})
	// The code decides, never the message.
	fmt.Println(payment.Code, payment.Data.PaymentMethod, err)
	// Output: 00 FLOOZ <nil>
}

func ExampleError() {
	server := documented(`{"code":"608","message":"MINIMUM_REQUIRED_FIELDS","description":"amount is required",
		"api_response_id":"1712345679.0002"}`)
	defer server.Close()
	client := cinetpay.New(cinetpay.Config{APIKey: "votre-apikey", SiteID: "votre-site-id", BaseURL: server.URL})
	_, err := client.CreatePayment(context.Background(), cinetpay.PaymentRequest{TransactionID: "sans-montant", Amount: "0"})
	var refusal *cinetpay.Error
	if errors.As(err, &refusal) {
		fmt.Println(refusal.Outcome, refusal.Reason, refusal.Description)
	}
	// Output: failed bad_request amount is required
}

func ExampleClient_Login() {
	server := documented(`{"code":0,"message":"OPERATION_SUCCES","data":{"token":"jeton"}}`)
	defer server.Close()
	client := cinetpay.New(cinetpay.Config{APIKey: "votre-apikey", Password: "mot-de-passe", TransferBaseURL: server.URL + "/v1"})
	token, err := client.Login(context.Background())
	// Secrets never print.
	fmt.Println(token, err)
	// Output: [secret] <nil>
}
