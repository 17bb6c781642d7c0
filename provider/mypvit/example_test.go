package mypvit_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/passerelle-pay/passerelle/provider/mypvit"
)

// server answers every request with one documented body.
func server(status int, body string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
}

func client(address string) *mypvit.Client {
	return mypvit.New(mypvit.Config{
		BaseURL: address,
		Codes:   mypvit.URLCodes{Any: "YZKELHFNIIUNK3GI"},
		Account: "ACC_0123456789ABC",
		Secret:  "sk_live_11111111-2222-4333-8444-555555555555",
	})
}

func ExampleClient_Rest() {
	s := server(200, `{"status":"PENDING","status_code":"200","operator":"MOOV_MONEY","reference_id":"PAY0101250139681","merchant_reference_id":"REF000000001","merchant_operation_account_code":"ACC_0123456789ABC","message":"Votre demande de paiement REF000000001 a été initiée avec succès"}`)
	defer s.Close()

	tx, err := client(s.URL).Rest(context.Background(), mypvit.Order{
		Amount: "200", Reference: "REF000000001", CallbackURLCode: "1B9LW", CustomerAccountNumber: "060000100",
		TransactionType: mypvit.TypePayment, OwnerCharge: mypvit.OwnerMerchant,
	})
	fmt.Println(tx.Status, tx.ReferenceID, err)
	// Output: PENDING PAY0101250139681 <nil>
}

func ExampleClient_Status() {
	s := server(200, `{"date":"01/01/2025 13:49:40","status":"SUCCESS","amount":200.0,"fees":5.0,"operator":"MOOV_MONEY","merchant_reference_id":"REF000000001","customer_account_number":"060000100","merchant_operation_account_code":"ACC_0123456789ABC"}`)
	defer s.Close()

	state, err := client(s.URL).Status(context.Background(), "REF000000001", mypvit.TypePayment)
	amount, _ := state.Amount.XAF()
	fmt.Println(state.Status, amount, err)
	// Output: SUCCESS 200 XAF <nil>
}

// A refusal is told apart from an outcome that nobody knows.
func ExampleError() {
	s := server(403, `{"date":"01012025-141750","status_code":3018,"error":"TRANSACTION_AMOUNT_TOO_LOW","message":"The transaction amount is below the minimum allowed threshold","path":"/YZKELHFNIIUNK3GI/rest"}`)
	defer s.Close()

	_, err := client(s.URL).Rest(context.Background(), mypvit.Order{Amount: "100"})
	var refusal *mypvit.Error
	var doubt *mypvit.UncertainError
	switch {
	case errors.As(err, &refusal):
		outcome, reason := refusal.Outcome()
		fmt.Println("refused:", refusal.Code, outcome, reason)
	case errors.As(err, &doubt):
		fmt.Println("ask for the status")
	}
	// Output: refused: 3018 failed amount_too_low
}
