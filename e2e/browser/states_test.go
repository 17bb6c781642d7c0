package browser_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/internal/web/checkout"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// still is a gateway in which nothing moves: each token's payment stays as it
// is, so that pages which rails bring about seldom can be looked at.
type still map[string]pay.Transaction

func (s still) Checkout(_ context.Context, token string) (pay.Transaction, error) {
	t, ok := s[token]
	if !ok {
		return t, pay.NotFound("checkout")
	}
	t.ID, t.MerchantID, t.Mode, t.Kind, t.Reference = "pay_1", "m1", pay.Live, pay.Payment, "commande-1"
	t.Amount, t.Checkout.Token = money.New(5000, money.USD), token
	return t, nil
}

func (s still) PayCheckout(ctx context.Context, token string, _ gateway.Choice) (pay.Transaction, error) {
	return s.Checkout(ctx, token)
}

func (s still) Open(ctx context.Context, token string) (pay.Transaction, error) {
	return s.Checkout(ctx, token)
}

func (s still) Returned(ctx context.Context, token string) (pay.Transaction, error) {
	return s.Checkout(ctx, token)
}

func (s still) Challenge(ctx context.Context, token string, _ bool) (pay.Transaction, error) {
	return s.Checkout(ctx, token)
}

func (s still) Confirm(context.Context, provider.Caller, string, pay.Secret) (pay.Transaction, error) {
	return pay.Transaction{}, pay.NotFound("payment")
}

func (s still) Cancel(context.Context, provider.Caller, string) (pay.Transaction, error) {
	return pay.Transaction{}, pay.NotFound("payment")
}

func (s still) Merchant(context.Context, string) (sqlgen.Merchant, error) {
	return sqlgen.Merchant{Name: "Pharmacie du Marché"}, nil
}

func (s still) Connections(context.Context, provider.Caller) ([]sqlgen.Connection, error) {
	return nil, nil
}
func (s still) Provider(string) (*provider.Provider, bool) { return nil, false }
func (s still) CheckoutURL(token string) string            { return "https://pay.example.com/pay/" + token }

var _ checkout.Gateway = still{}

func TestEveryOtherStateOfThePageIsAccessible(t *testing.T) {
	t.Parallel()
	later := time.Now().Add(9*time.Minute + 30*time.Second)
	byPhone := pay.Method{Type: pay.MobileMoney, Operator: "mpesa_cd", Phone: "+243812345678"}
	back := pay.Checkout{Returns: map[pay.Status]pay.Return{pay.StatusFailed: {URL: "https://boutique.example/fin", Method: "POST", Fields: map[string]string{"id": "1"}}}}
	s := still{
		"counter":   {Status: pay.StatusPending, Method: byPhone, NextAction: pay.NextAction{Type: pay.ShowCode, Code: "4821 7730", ExpiresAt: later}},
		"elsewhere": {Status: pay.StatusRequiresAction, NextAction: pay.NextAction{Type: pay.Redirect, URL: "https://banque.example/payer"}},
		"unknown":   {Status: pay.StatusPending},
		"failed":    {Status: pay.StatusFailed, Failure: pay.Failure{Reason: pay.LimitReached}, Checkout: back},
		"canceled":  {Status: pay.StatusCanceled},
		"expired":   {Status: pay.StatusExpired},
		"no-rail":   {Status: pay.StatusRequiresAction, ExpiresAt: later},
		"pushed": {
			Status: pay.StatusPending, Method: byPhone, NextAction: pay.NextAction{Type: pay.ApproveOnPhone},
			Checkout: pay.Checkout{Push: true},
		},
	}
	server := httptest.NewServer(checkout.New(checkout.Config{Gateway: s}))
	t.Cleanup(server.Close)
	for token, says := range map[string][2]string{
		"counter":   {"Présentez ce code", "Show this code"},
		"elsewhere": {"Continuer le paiement", "Continue the payment"},
		"unknown":   {"Votre paiement est en cours", "Your payment is on its way"},
		"failed":    {"Le plafond du compte est atteint", "The account's limit is reached"},
		"canceled":  {"Le paiement a été annulé", "The payment was canceled"},
		"expired":   {"Cette page de paiement a expiré", "This payment page has expired"},
		"no-rail":   {"Aucun moyen de paiement", "No means of payment"},
		"pushed":    {"50,00 $ a été envoyée au +243", "$50.00 was sent to +243"},
		"nothing":   {"Cette page de paiement n'existe pas", "There is no such payment page"},
	} {
		t.Run(token, func(t *testing.T) {
			t.Parallel()
			b := open(t, "fr")
			b.visit(server.URL + "/pay/" + token)
			b.says(says[0])
			if token == "counter" {
				b.says("4821 7730", "M-Pesa", "Temps restant", " min")
			}
			b.accessible("checkout-" + token + "-fr")
			b.visit(server.URL + "/pay/" + token + "?lang=en")
			b.says(says[1])
		})
	}
}
