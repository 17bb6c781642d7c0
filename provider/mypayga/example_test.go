package mypayga_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/passerelle-pay/passerelle/provider/mypayga"
)

// documented answers with one published body.
func documented(body string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, body)
	}))
}

func ExampleClient_RequestPayment() {
	server := documented(`{"message":"Request Sent.Please Wait.","payment_token":"eagE7x1884MLgyj9MqIAAy4yb",
		"description":"Paiement - MTECH","statusRequest":"200",
		"transaction":{"amount":100,"country":"GA","currency":"CFA","id":"1131AJS"}}`)
	defer server.Close()
	client := mypayga.New(mypayga.Config{APIKey: "stest_votre-cle", BaseURL: server.URL})
	started, err := client.RequestPayment(context.Background(), mypayga.PaymentRequest{
		Token: "wYtzohguhoeighlzY65lhsi", Amount: "100", Phone: "074000000",
		Email: "client@example.test", FirstName: "Jacob", LastName: "Larry", Description: "Sample description",
	})
	// The end comes by callback.
	fmt.Println(started.Message, err)
	// Output: Request Sent.Please Wait. <nil>
}

func ExampleError() {
	server := documented(`{"message":"Invalid API key","statusRequest":"401"}`)
	defer server.Close()
	client := mypayga.New(mypayga.Config{APIKey: "stest_fausse-cle", BaseURL: server.URL})
	_, err := client.SendTransfer(context.Background(), "100", "074000100", "GA")
	var refusal *mypayga.Error
	if errors.As(err, &refusal) {
		// It was refused: any other error would say that nobody knows.
		fmt.Println(refusal.Reason(), refusal.Message)
	}
	// Output: auth_failed Invalid API key
}

func ExampleCallback_Verify() {
	callback := mypayga.Callback{
		OrderStatus: "200", UniqueID: "ORDER42", Amount: "100", PaymentToken: "Tok0000000000000000000001",
		PaymentMethod: "Mobile Money", Message: "Payment success", ClientPhone: "074121212",
		Hash: "891b1b578a33feb18346e939713aa3007a4be2bafc4f5269ef766a425bafa1e5" +
			"1654048bc497234ab5a6117e170e2f000e5a9bbbdd9f15607980581af62056b3",
	}
	fmt.Println(callback.Verify("SECRET"), callback.Verify("OTHER"))
	// Output: true false
}
