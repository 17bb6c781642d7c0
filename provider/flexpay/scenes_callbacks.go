package flexpay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/passerelle-pay/passerelle/provider"
)

// The sandbox's cards.
const (
	goodCard     = "4111111111111111"
	declinedCard = "4000000000000002"
)

func callbackScenes() []provider.Scene {
	return []provider.Scene{
		{Operation: "callback v1/pay", Play: playCallbackSeed},
		{Operation: "callback v1/pay declined", Play: playCallbackDeclined},
		{Operation: "callback v1.1/pay", Play: playCallbackCard},
		{Operation: "callback paymentService", Play: playCallbackMobile},
		{Operation: "callback paymentService refused", Play: playCallbackRefused},
		{Operation: "callback merchantPayOutService", Play: playCallbackPayout},
		{Operation: "approve_url", Play: returnsFrom(goodCard, "/approve")},
		{Operation: "decline_url", Play: returnsFrom(declinedCard, "/decline")},
		{Operation: "cancel_url", Play: playCancel},
	}
}

// payCard pays on a card page as the customer.
func payCard(ctx context.Context, s *provider.Stage, page, number string) error {
	err := s.Pay(ctx, page, map[string]string{
		"method": "card", "number": number, "expiry": s.Now().AddDate(2, 0, 0).Format("01/06"), "cvv": "123",
	})
	if err != nil {
		return fmt.Errorf("pay on the card page: %w", err)
	}
	return nil
}

// seedKeys are all fields of the seed's callback; the others have these too.
var seedKeys = []string{"code", "reference", "provider_reference", "orderNumber"}

var extendedKeys = append([]string{"amount", "amountCustomer", "currency", "createdAt", "channel"}, seedKeys...)

// callback waits for a callback and holds it against what it must say: exactly
// these keys, all of them text.
func callback(ctx context.Context, s *provider.Stage, keys []string, want fields) (string, error) {
	got, err := s.Received(ctx, want["reference"])
	if err != nil {
		return "", fmt.Errorf("wait for the callback: %w", err)
	}
	if got.Method != http.MethodPost || got.Header.Get("Content-Type") != mediaJSON {
		return "", errors.New("the callback is not a POST of JSON")
	}
	var said map[string]string
	if err := json.Unmarshal(got.Body, &said); err != nil {
		return "", fmt.Errorf("the callback is not JSON of texts: %w", err)
	}
	if len(said) != len(keys) {
		return "", fmt.Errorf("the callback has %d fields, want %d", len(said), len(keys))
	}
	for _, name := range keys {
		if _, ok := said[name]; !ok {
			return "", fmt.Errorf("the callback lacks %s", name)
		}
	}
	for name, value := range want {
		if said[name] != value {
			return "", fmt.Errorf("%s is %q, want %q", name, said[name], value)
		}
	}
	if (said["code"] == codeOK) != (said["provider_reference"] != "") {
		return "", errors.New("provider_reference belongs to success alone")
	}
	return "code " + said["code"], nil
}

// cardCallback plays a card payment to its callback.
func cardCallback(ctx context.Context, s *provider.Stage, path, code, number string, keys []string, want fields) (int, string, error) {
	want["reference"] = s.Unique()
	got, t, err := card(ctx, s, path, code, cardExample(s, want["reference"]))
	if err != nil {
		return got.status, "", err
	}
	if err := payCard(ctx, s, *t.URL, number); err != nil {
		return got.status, "", err
	}
	want["orderNumber"] = *t.OrderNumber
	outcome, err := callback(ctx, s, keys, want)
	return got.status, outcome, err
}

func playCallbackSeed(ctx context.Context, s *provider.Stage) (int, string, error) {
	return cardCallback(ctx, s, pathCardV1, `"0"`, goodCard, seedKeys, fields{"code": codeOK})
}

func playCallbackDeclined(ctx context.Context, s *provider.Stage) (int, string, error) {
	return cardCallback(ctx, s, pathCardV1, `"0"`, declinedCard, seedKeys, fields{"code": codeNo})
}

func playCallbackCard(ctx context.Context, s *provider.Stage) (int, string, error) {
	return cardCallback(ctx, s, pathCardV11, `0`, goodCard, extendedKeys, fields{
		"code": codeOK, "amount": "100.0", "amountCustomer": "102.0", "currency": "USD", "channel": "visa",
	})
}

// phoneKeys are the fields of a callback about a phone.
var phoneKeys = append([]string{"phone"}, extendedKeys...)

func mobileCallback(ctx context.Context, s *provider.Stage, phone, code string) (int, string, string, error) {
	reference := s.Unique()
	got, t, err := mobile(ctx, s, mobileExample(s, reference, phone))
	if err != nil {
		return got.status, "", "", err
	}
	outcome, err := callback(ctx, s, phoneKeys, fields{
		"code": code, "reference": reference, "orderNumber": *t.OrderNumber, "amount": "100.0", "amountCustomer": "102.0",
		"phone": phone, "currency": "CDF", "channel": "mpesa",
	})
	return got.status, *t.OrderNumber, outcome, err
}

func playCallbackMobile(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, _, outcome, err := mobileCallback(ctx, s, goodPhone, codeOK)
	return status, outcome, err
}

// playCallbackRefused plays a payer without money; the check agrees.
func playCallbackRefused(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, number, outcome, err := mobileCallback(ctx, s, poorPhone, codeNo)
	if err != nil {
		return status, outcome, err
	}
	got, f, err := checkOrder(ctx, s, number)
	if err == nil {
		err = f.has(got.status, fields{"orderNumber": number, "status": statusNotCompleted})
	}
	return got.status, outcome, err
}

func playCallbackPayout(ctx context.Context, s *provider.Stage) (int, string, error) {
	reference := s.Unique()
	got, t, err := payout(ctx, s, reference)
	if err != nil {
		return got.status, "", err
	}
	outcome, err := callback(ctx, s, phoneKeys, fields{
		"code": codeOK, "reference": reference, "orderNumber": *t.OrderNumber, "amount": "100.0", "phone": goodPhone, "currency": "CDF",
	})
	return got.status, outcome, err
}

// returnsFrom pays by a card and looks for the way back on the page.
func returnsFrom(number, way string) func(context.Context, *provider.Stage) (int, string, error) {
	return func(ctx context.Context, s *provider.Stage) (int, string, error) {
		_, t, err := card(ctx, s, pathCardV1, `"0"`, cardExample(s, s.Unique()))
		if err != nil {
			return 0, "", err
		}
		if err := payCard(ctx, s, *t.URL, number); err != nil {
			return 0, "", err
		}
		return leadsBack(ctx, s, *t.URL, way)
	}
}

// leadsBack opens the page until it leads back to the shop.
func leadsBack(ctx context.Context, s *provider.Stage, page, way string) (int, string, error) {
	for {
		got, err := exchange(ctx, s, http.MethodGet, page, http.Header{}, nil)
		if err != nil {
			return got.status, "", err
		}
		if bytes.Contains(got.body, []byte(s.Callback+way)) || strings.HasPrefix(got.header.Get("Location"), s.Callback+way) {
			return got.status, "redirect", nil
		}
		if err := pause(ctx, scenePoll); err != nil {
			return got.status, "", fmt.Errorf("wait for the way back to %s: %w", way, err)
		}
	}
}

func playCancel(ctx context.Context, s *provider.Stage) (int, string, error) {
	_, t, err := card(ctx, s, pathCardV1, `"0"`, cardExample(s, s.Unique()))
	if err != nil {
		return 0, "", err
	}
	got, err := exchange(ctx, s, http.MethodPost, *t.URL+"/cancel", http.Header{"Content-Type": {mediaForm}}, nil)
	if err != nil {
		return 0, "", err
	}
	if got.status >= http.StatusBadRequest {
		return got.status, "", fmt.Errorf("the cancel button answers HTTP %d", got.status)
	}
	return leadsBack(ctx, s, *t.URL, "/cancel")
}
