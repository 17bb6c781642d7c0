package cinetpay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/passerelle-pay/passerelle/provider"
)

// notified is a payment of which notifications can be told apart: the mark is
// in its metadata and in the query of its notify_url.
func notified(s *provider.Stage) (request map[string]any, mark string) {
	mark = s.Unique()
	request = paymentExample(s, mark)
	request["metadata"] = mark
	request["notify_url"] = s.Callback + "?shop=" + mark
	return request, mark
}

// playNotification waits for the notification of a success and verifies it as
// a receiver does: the values as they come, in the order of the body.
func playNotification(ctx context.Context, s *provider.Stage) (int, string, error) {
	request, mark := notified(s)
	if _, _, _, err := payAndCheck(ctx, s, request, goodPhone); err != nil {
		return 0, "", err
	}
	// Custom, designation and message are neighbours in the body.
	got, err := s.Received(ctx, "cpm_custom="+mark+"&cpm_designation=TRANSACTION+DESCRIPTION&cpm_error_message=SUCCES")
	if err != nil {
		return 0, "", fmt.Errorf("wait for the notification: %w", err)
	}
	p, err := formParams(got.Body)
	if err != nil {
		return 0, "", err
	}
	n := readNotification(p)
	switch {
	case got.Method != http.MethodPost:
		return 0, "", errors.New("the notification is not a POST")
	case len(p) != len(notificationFields) || !bytes.Equal(got.Body, n.form()):
		return 0, "", errors.New("the notification is not the sixteen fields in order")
	case !n.Verify(s.Credentials[fieldSecretKey], got.Header.Get(headerToken)):
		return 0, "", errors.New("the x-token is not valid")
	case n.SiteID != s.Credentials[fieldSiteID] || n.Amount != "100" || n.Currency != "XOF" || n.PaymentMethod != "OM":
		return 0, "", errors.New("the notification is of another payment")
	}
	return http.StatusOK, n.ErrorMessage, nil
}

// playPing sees the GET that comes before the first notification.
func playPing(ctx context.Context, s *provider.Stage) (int, string, error) {
	request, mark := notified(s)
	if _, _, _, err := payAndCheck(ctx, s, request, goodPhone); err != nil {
		return 0, "", err
	}
	got, err := s.Received(ctx, "shop="+mark)
	if err != nil {
		return 0, "", fmt.Errorf("wait for the ping: %w", err)
	}
	if got.Method != http.MethodGet || len(got.Body) != 0 {
		return 0, "", errors.New("the first request to notify_url is not a GET without data")
	}
	return http.StatusOK, "GET", nil
}

// refusalScenes are requests that the provider refuses, with the documented codes.
func refusalScenes() []provider.Scene {
	return []provider.Scene{
		{Operation: "payment without amount", Play: isRefused(http.StatusBadRequest, codeFields, func(r map[string]any) { delete(r, "amount") })},
		{Operation: "payment wrong apikey", Play: isRefused(http.StatusUnauthorized, codeAuth, func(r map[string]any) { r["apikey"] = "0123456789abcdef" })},
		{Operation: "payment wrong site_id", Play: isRefused(http.StatusBadRequest, codeSite, func(r map[string]any) { r["site_id"] = "999999" })},
		{Operation: "payment wrong currency", Play: isRefused(http.StatusBadRequest, codeCurrency, func(r map[string]any) { r["currency"] = "EUR" })},
		{Operation: "payment amount too low", Play: isRefused(http.StatusBadRequest, codeTooLow, func(r map[string]any) { r["amount"] = 95 })},
		{Operation: "payment amount too high", Play: isRefused(http.StatusBadRequest, codeTooHigh, func(r map[string]any) { r["amount"] = 1_500_005 })},
		{Operation: "payment card without address", Play: isRefused(http.StatusBadRequest, codeUnknownError, func(r map[string]any) { r["channels"] = channelCard })},
		{Operation: "payment transaction_id used", Play: playDuplicate},
		{Operation: "payment/check unknown", Play: playCheckUnknown},
	}
}

// isRefused plays the example with one thing wrong. A refusal has no data.
func isRefused(wantStatus int, wantCode string, spoil func(map[string]any)) func(context.Context, *provider.Stage) (int, string, error) {
	return func(ctx context.Context, s *provider.Stage) (int, string, error) {
		request := paymentExample(s, s.Unique())
		spoil(request)
		var answer map[string]any
		status, err := postJSON(ctx, s, pathPayment, request, &answer)
		if err != nil {
			return status, "", err
		}
		return refusedAs(status, answer, wantStatus, wantCode)
	}
}

func refusedAs(status int, answer map[string]any, wantStatus int, wantCode string) (int, string, error) {
	message, _ := answer["message"].(string)
	_, hasData := answer["data"]
	if status != wantStatus || answer["code"] != wantCode || message != initMessages[wantCode] || hasData {
		return status, message, fmt.Errorf("want HTTP %d with code %s and no data, got HTTP %d with %v", wantStatus, wantCode, status, answer["code"])
	}
	return status, message, nil
}

func playDuplicate(ctx context.Context, s *provider.Stage) (int, string, error) {
	request := paymentExample(s, s.Unique())
	if _, _, err := create(ctx, s, request); err != nil {
		return 0, "", err
	}
	var answer map[string]any
	status, err := postJSON(ctx, s, pathPayment, request, &answer)
	if err != nil {
		return status, "", err
	}
	if answer["description"] != "transaction_id already exists" {
		return status, "", fmt.Errorf("the refusal says %v", answer["description"])
	}
	return refusedAs(status, answer, http.StatusBadRequest, codeFields)
}

func playCheckUnknown(ctx context.Context, s *provider.Stage) (int, string, error) {
	var answer map[string]any
	status, err := postJSON(ctx, s, pathCheck, map[string]any{
		"apikey": s.Credentials[fieldAPIKey], "site_id": s.Credentials[fieldSiteID], "transaction_id": s.Unique(),
	}, &answer)
	if err != nil {
		return status, "", err
	}
	return refusedAs(status, answer, http.StatusBadRequest, codeFields)
}

func postJSON(ctx context.Context, s *provider.Stage, path string, request, answer any) (int, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return 0, fmt.Errorf("encode %s: %w", path, err)
	}
	return post(ctx, s, path, "application/json", body, answer)
}

// post plays one request and reads the JSON of its answer.
func post(ctx context.Context, s *provider.Stage, path, contentType string, body []byte, answer any) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Base+path, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("request %s: %w", path, err)
	}
	req.Header.Set("Content-Type", contentType)
	return exchange(s, req, answer)
}

func exchange(s *provider.Stage, req *http.Request, answer any) (int, error) {
	resp, err := s.HTTP.Do(req)
	if err != nil {
		return 0, withoutURL(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return resp.StatusCode, fmt.Errorf("read answer: %w", err)
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return resp.StatusCode, fmt.Errorf("answer of HTTP %d is not the documented JSON: %w", resp.StatusCode, err)
	}
	return resp.StatusCode, nil
}
