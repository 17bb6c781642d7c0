package komipay_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/provider/komipay"
)

// documented answers with one published body.
func documented(body string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, body)
	}))
}

func ExampleClient_GenerateToken() {
	server := documented(`{"code":200,"statut":true,"message":"Token généré avec succès","token":"jeton","expires":"30 minutes"}`)
	defer server.Close()
	client := komipay.New(komipay.Config{TokenBase: server.URL, Login: "demo@example.test", Password: "mot-de-passe", APIKey: "cle"})
	token, err := client.GenerateToken(context.Background())
	// Secrets never print.
	fmt.Println(token, err)
	// Output: [secret] <nil>
}

func ExampleClient_Collect() {
	server := documented(`{"code":200,"statut":true,"message":"Le paiement est en attente de validation",
		"reference_transaction":"KP-000-B2C-00000002","reference_externe":"ord1002","code_validation":"123456"}`)
	defer server.Close()
	client := komipay.New(komipay.Config{TokenBase: server.URL, APIKey: "cle"})
	c, err := client.Collect(context.Background(), "jeton", komipay.Order{
		Means: komipay.NitaTransfert, Amount: money.New(5000, money.XOF), Phone: "90000100", Reference: "ord1002",
	})
	// A transfer company's statut:true is no payment.
	fmt.Println(c.Outcome, c.Reference, c.CodeValidation, err)
	// Output: pending KP-000-B2C-00000002 123456 <nil>
}

func ExampleError() {
	server := documented(`{"code":400,"statut":"TF","message":"Desole, solde du correspondant insuffisant pour l annulation"}`)
	defer server.Close()
	client := komipay.New(komipay.Config{TokenBase: server.URL, APIKey: "cle"})
	_, err := client.Collect(context.Background(), "jeton", komipay.Order{
		Means: komipay.AirtelMoney, Amount: money.New(5000, money.XOF), Phone: "90000100", Name: "KomiPay KomiPay", Reference: "ord1001",
	})
	var refusal *komipay.Error
	if errors.As(err, &refusal) {
		fmt.Println(refusal.Code, refusal.Statut, refusal.Reason)
	}
	// Output: 400 "TF" insufficient_funds
}

func ExampleUncertainError() {
	server := documented(`{"code":null,"statut":null,"message":null}`)
	defer server.Close()
	client := komipay.New(komipay.Config{TokenBase: server.URL, APIKey: "cle"})
	_, err := client.Collect(context.Background(), "jeton", komipay.Order{
		Means: komipay.AirtelMoney, Amount: money.New(5000, money.XOF), Phone: "90000100", Reference: "ord1001",
	})
	var doubt *komipay.UncertainError
	fmt.Println(errors.As(err, &doubt))
	// Output: true
}
