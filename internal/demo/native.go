package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/provider"
)

// object is a native API object, read as its users do.
type object struct {
	ID         string `json:"id"`
	Status     string `json:"status"`
	Reference  string `json:"reference"`
	URL        string `json:"url"`
	NextAction *struct {
		Type string `json:"type"`
		URL  string `json:"url"`
	} `json:"next_action"`
	Failure *struct {
		Reason string `json:"reason"`
	} `json:"failure"`
}

// nativeScenes are the native API's main paths, each to its end and its webhook.
func nativeScenes() []provider.Scene {
	phone := func(n string) map[string]any { return map[string]any{"type": "mobile_money", "phone": n} }
	card := func(n string) map[string]any {
		return map[string]any{"type": "card", "card": map[string]any{"number": n, "expiry": "12/30", "cvv": "123"}}
	}
	return []provider.Scene{
		{Operation: "payment, mobile money", Play: payment(phone("+24166000100"), 1500, "XAF", "succeeded")},
		{Operation: "payment, insufficient funds", Play: payment(phone("+24174000001"), 1500, "XAF", "failed")},
		{Operation: "payment, time-out then paid", Play: payment(phone("+2250700000007"), 2000, "XOF", "succeeded")},
		{Operation: "payment, card", Play: payment(card("4242424242424242"), 2500, "USD", "succeeded")},
		{Operation: "payment, card declined", Play: payment(card("4000000000000002"), 2500, "USD", "failed")},
		{Operation: "payment, one-time password", Play: withOTP},
		{Operation: "payment, hosted checkout", Play: hosted},
		{Operation: "payment, same key twice", Play: replayed},
		{Operation: "payout", Play: payout},
		{Operation: "refund", Play: refund},
		{Operation: "payment link", Play: link},
		{Operation: "balances", Play: read("/v1/balances")},
		{Operation: "operators", Play: read("/v1/operators?phone=%2B24174000100")},
		{Operation: "error, no such payment", Play: missing},
	}
}

func call(ctx context.Context, s *provider.Stage, method, path, key string, body any) (int, []byte, error) {
	var payload []byte
	if body != nil {
		var err error
		if payload, err = json.Marshal(body); err != nil {
			return 0, nil, fmt.Errorf("encode request: %w", err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, s.Base+path, bytes.NewReader(payload))
	if err != nil {
		return 0, nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+s.Credentials["api_key"])
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", key)
	}
	return do(s.HTTP, req)
}

func create(ctx context.Context, s *provider.Stage, path string, body map[string]any) (int, object, error) {
	reference := s.Unique()
	body["reference"] = reference
	status, raw, err := call(ctx, s, http.MethodPost, path, reference, body)
	var o object
	if err != nil {
		return status, o, err
	}
	if err := json.Unmarshal(raw, &o); err != nil {
		return status, o, fmt.Errorf("read answer: %w", err)
	}
	if status != http.StatusCreated {
		return status, o, fmt.Errorf("want 201, got %d: %s", status, raw)
	}
	return status, o, nil
}

// settled waits for the object's webhook, checks its signature and that the
// object it carries agrees with the API.
func settled(ctx context.Context, s *provider.Stage, status int, o object, path, want string) (int, string, error) {
	got, err := s.Received(ctx, o.ID)
	if err != nil {
		return status, o.Status, err
	}
	hook, err := standardwebhooks.NewWebhook(app.DemoWebhookSecret)
	if err != nil {
		return status, o.Status, fmt.Errorf("read webhook secret: %w", err)
	}
	if err := hook.Verify(got.Body, got.Header); err != nil {
		return status, o.Status, fmt.Errorf("webhook signature: %w", err)
	}
	_, raw, err := call(ctx, s, http.MethodGet, path+"/"+o.ID, "", nil)
	if err != nil {
		return status, o.Status, err
	}
	var now object
	if err := json.Unmarshal(raw, &now); err != nil {
		return status, "", fmt.Errorf("read payment: %w", err)
	}
	if now.Status != want {
		return status, now.Status, fmt.Errorf("want %s, got %s", want, now.Status)
	}
	if now.Failure != nil && now.Failure.Reason != "" {
		return status, now.Status + ": " + now.Failure.Reason, nil
	}
	return status, now.Status, nil
}

func payment(method map[string]any, amount int, currency, want string) func(context.Context, *provider.Stage) (int, string, error) {
	return func(ctx context.Context, s *provider.Stage) (int, string, error) {
		status, o, err := create(ctx, s, "/v1/payments", map[string]any{"amount": amount, "currency": currency, "method": method})
		if err != nil {
			return status, "", err
		}
		return settled(ctx, s, status, o, "/v1/payments", want)
	}
}

func withOTP(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, o, err := create(ctx, s, "/v1/payments", map[string]any{
		"amount": 1000, "currency": "XOF", "method": map[string]any{"type": "mobile_money", "phone": "+2250700000011"},
	})
	if err != nil {
		return status, "", err
	}
	if o.NextAction == nil || o.NextAction.Type != "enter_otp" {
		return status, o.Status, fmt.Errorf("want next_action enter_otp, got %+v", o.NextAction)
	}
	if code, raw, err := call(ctx, s, http.MethodPost, "/v1/payments/"+o.ID+"/confirm", s.Unique(), map[string]any{"otp": "1234"}); err != nil || code != http.StatusOK {
		return code, "", fmt.Errorf("confirm: %w, %s", err, raw)
	}
	return settled(ctx, s, status, o, "/v1/payments", "succeeded")
}

func hosted(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, o, err := create(ctx, s, "/v1/payments", map[string]any{"amount": 5000, "currency": "XAF"})
	if err != nil {
		return status, "", err
	}
	if o.NextAction == nil || o.NextAction.Type != "redirect" {
		return status, o.Status, fmt.Errorf("want next_action redirect, got %+v", o.NextAction)
	}
	if err := s.Pay(ctx, o.NextAction.URL, map[string]string{"method": "mobile_money", "phone": "+24174000100"}); err != nil {
		return status, "", err
	}
	return settled(ctx, s, status, o, "/v1/payments", "succeeded")
}

func replayed(ctx context.Context, s *provider.Stage) (int, string, error) {
	reference := s.Unique()
	body := map[string]any{
		"reference": reference, "amount": 700, "currency": "XAF",
		"method": map[string]any{"type": "mobile_money", "phone": "+24166000100"},
	}
	first, a, err := call(ctx, s, http.MethodPost, "/v1/payments", reference, body)
	if err != nil {
		return first, "", err
	}
	second, b, err := call(ctx, s, http.MethodPost, "/v1/payments", reference, body)
	if err != nil {
		return second, "", err
	}
	if first != http.StatusCreated || second != first || !bytes.Equal(a, b) {
		return second, "", fmt.Errorf("the second answer (%d) differs from the first (%d)", second, first)
	}
	return second, "same answer", nil
}

func payout(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, o, err := create(ctx, s, "/v1/payouts", map[string]any{
		"amount": 2500, "currency": "XAF", "method": map[string]any{"type": "mobile_money", "phone": "+24166000100"},
	})
	if err != nil {
		return status, "", err
	}
	return settled(ctx, s, status, o, "/v1/payouts", "succeeded")
}

func refund(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, p, err := create(ctx, s, "/v1/payments", map[string]any{
		"amount": 4000, "currency": "XAF", "method": map[string]any{"type": "mobile_money", "phone": "+24166000100"},
	})
	if err != nil {
		return status, "", err
	}
	if _, _, err := settled(ctx, s, status, p, "/v1/payments", "succeeded"); err != nil {
		return status, "", err
	}
	status, o, err := create(ctx, s, "/v1/refunds", map[string]any{"payment": p.ID, "amount": 1500})
	if err != nil {
		return status, "", err
	}
	return settled(ctx, s, status, o, "/v1/refunds", "succeeded")
}

func link(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, o, err := create(ctx, s, "/v1/payment_links", map[string]any{"amount": 9000, "currency": "XAF", "description": "Commande 42"})
	if err != nil {
		return status, "", err
	}
	if err := s.Pay(ctx, o.URL, map[string]string{"method": "card", "number": "4242424242424242", "expiry": "12/30", "cvv": "123"}); err != nil {
		return status, "", err
	}
	if _, err := s.Received(ctx, o.Reference); err != nil {
		return status, "", err
	}
	return status, "paid", nil
}

func read(path string) func(context.Context, *provider.Stage) (int, string, error) {
	return func(ctx context.Context, s *provider.Stage) (int, string, error) {
		status, raw, err := call(ctx, s, http.MethodGet, path, "", nil)
		if err != nil {
			return status, "", err
		}
		if status != http.StatusOK || len(raw) < 3 {
			return status, "", fmt.Errorf("want 200, got %d: %s", status, raw)
		}
		return status, "read", nil
	}
}

func missing(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, raw, err := call(ctx, s, http.MethodGet, "/v1/payments/pay_"+time.Now().Format("20060102150405"), "", nil)
	if err != nil {
		return status, "", err
	}
	var problem struct {
		Code string `json:"code"`
	}
	if err := json.Unmarshal(raw, &problem); err != nil {
		return status, "", fmt.Errorf("read problem: %w", err)
	}
	if status != http.StatusNotFound || problem.Code != "not_found" {
		return status, problem.Code, fmt.Errorf("want 404 not_found, got %d %s", status, problem.Code)
	}
	return status, problem.Code, nil
}
