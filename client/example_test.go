package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/passerelle-pay/passerelle/client"
)

// stub stands in for a gateway.
func stub(status int, body string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
}

func ExampleClient_CreatePayment() {
	gateway := stub(201, `{"id":"pay_1","status":"pending","next_action":{"type":"approve_on_phone"}}`)
	defer gateway.Close()

	c := client.New(gateway.URL, "sk_test_made_up")
	p, err := c.CreatePayment(context.Background(), client.NewTransaction{
		Reference: "order-1042", Amount: 15000, Currency: "XAF",
		Method: &client.NewMethod{Type: client.MobileMoney, Phone: "+24177000100"},
	}, client.WithKey("order-1042"))
	if err != nil {
		fmt.Println("nobody knows yet, or it was refused:", err)
		return
	}
	fmt.Println(p.ID, p.Status, p.NextAction.Type)
	// Output: pay_1 pending approve_on_phone
}

func ExampleProblem() {
	gateway := stub(422, `{"status":422,"code":"invalid_phone","param":"method.phone","detail":"the phone number is not valid"}`)
	defer gateway.Close()

	c := client.New(gateway.URL, "sk_test_made_up")
	_, err := c.CreatePayment(context.Background(), client.NewTransaction{Reference: "order-1043", Amount: 15000, Currency: "XAF"})
	var p *client.Problem
	if errors.As(err, &p) && p.Code == client.CodeInvalidPhone {
		fmt.Println("please check the field", p.Param)
	}
	// Output: please check the field method.phone
}

func ExampleClient_Payments() {
	gateway := stub(200, `{"data":[{"id":"pay_2","amount":200},{"id":"pay_1","amount":15000}],"next_cursor":null}`)
	defer gateway.Close()

	c := client.New(gateway.URL, "sk_test_made_up")
	for p, err := range c.Payments(context.Background(), client.Filter{Status: client.StatusSucceeded}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(p.ID, p.Amount)
	}
	// Output:
	// pay_2 200
	// pay_1 15000
}

func ExampleVerify() {
	secret := "whsec_bWFkZS11cC1zaWduaW5nLXNlY3JldA=="
	hook := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		event, err := client.Verify(secret, r.Header, body)
		if err != nil {
			http.Error(w, "not for us", http.StatusUnauthorized)
			return
		}
		fmt.Println(event.Type, event.Data.Reference)
	}
	forged := httptest.NewRequest("POST", "/webhooks", http.NoBody)
	w := httptest.NewRecorder()
	hook(w, forged)
	fmt.Println(w.Code)
	// Output: 401
}
