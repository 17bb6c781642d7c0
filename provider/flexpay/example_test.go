package flexpay_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/passerelle-pay/passerelle/provider/flexpay"
)

// documented is a client of a server that answers with one published body.
func documented(body string) (*flexpay.Client, func()) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, body)
	}))
	return flexpay.New(flexpay.Config{
		Token: "votre-token", Merchant: "ZANDO", CardBase: server.URL, PayBase: server.URL + "/api/rest/v1",
	}), server.Close
}

func ExampleClient_PayCard() {
	client, done := documented(`{"code":"0","message":"Redirection en cours","orderNumber":"Zx8LmQ2pRt5K000000000001",
		"url":"https://sandbox.example.test/checkout/Zx8LmQ2pRt5K000000000001"}`)
	defer done()
	page, err := client.PayCard(context.Background(), flexpay.CardRequest{
		Reference: "MM0000XXFFR159", Amount: "100", Currency: "USD", Description: "payment transaction description",
		CallbackURL: "https://abcd.efgh.cd/callback", ApproveURL: "https://abcd.efgh.cd/approve",
		CancelURL: "https://abcd.efgh.cd/cancel", DeclineURL: "https://abcd.efgh.cd/decline",
	})
	fmt.Println(page.URL, err)
	// Output: https://sandbox.example.test/checkout/Zx8LmQ2pRt5K000000000001 <nil>
}

func ExampleClient_PayMobile() {
	client, done := documented(`{"code":"0","message":"Transaction envoyée avec succès. Veuillez valider le push message",
		"orderNumber":"Hb7RyW2nXc4D243810000100","reference":null,"provider_reference":null,"url":null}`)
	defer done()
	in, err := client.PayMobile(context.Background(), flexpay.MobileRequest{
		Reference: "ORD1001", Phone: "243810000100", Amount: "575", Currency: "CDF", CallbackURL: "https://abcd.efgh.cd/callback",
	})
	fmt.Println(in.OrderNumber, err)
	// Output: Hb7RyW2nXc4D243810000100 <nil>
}

func ExampleClient_Check() {
	// The seed's own sample has a comma before the closing brace.
	client, done := documented(`{"code":"0","message":"Une transaction trouvée","transaction":{
		"orderNumber":"9bsTX7qXdpQe243810000100","reference":"MMO00012","amount":"50.0","amountCustomer":"51.0",
		"currency":"CDF","createdAt":"06-02-2021 17:32:46","status":"0",}}`)
	defer done()
	tx, err := client.Check(context.Background(), "9bsTX7qXdpQe243810000100")
	// code is about the query, status about the payment.
	fmt.Println(tx.Reference, tx.Amount, tx.Currency, tx.Status, err)
	// Output: MMO00012 50.0 CDF 0 <nil>
}

func ExampleError() {
	client, done := documented(`{"code":"1","message":"Solde insuffisant","orderNumber":null}`)
	defer done()
	_, err := client.PayOut(context.Background(), flexpay.MobileRequest{
		Reference: "ORD1002", Phone: "243810000100", Amount: "575", Currency: "CDF", CallbackURL: "https://abcd.efgh.cd/callback",
	})
	var refusal *flexpay.Error
	if errors.As(err, &refusal) {
		fmt.Println(refusal.Outcome, refusal.Reason, refusal.Message)
	}
	// Output: failed insufficient_funds Solde insuffisant
}
