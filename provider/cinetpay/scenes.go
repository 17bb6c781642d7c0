package cinetpay

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/passerelle-pay/passerelle/provider"
)

// scenes are the documented operations, in an order in which each finds what
// it needs: the transfers need the token of the login.
func scenes() []provider.Scene {
	checkout := []provider.Scene{
		{Operation: "payment", Play: playPayment},
		{Operation: "payment urlencoded", Play: playPaymentForm},
		{Operation: "guichet", Play: playGuichet},
		{Operation: "payment/check waiting", Play: playCheckWaiting},
		{Operation: "payment/check accepted", Play: playCheckAccepted},
		{Operation: "payment/check by token", Play: playCheckByToken},
		{Operation: "payment/check refused", Play: settles("+2250700000001", codeNoFunds)},
		{Operation: "payment/check declined", Play: settles("+2250700000002", codePaymentFailed, codeCanceled)},
		{Operation: "notification", Play: playNotification},
		{Operation: "notification ping", Play: playPing},
	}
	checkout = append(checkout, refusalScenes()...)
	return append(checkout, transferScenes()...)
}

// paymentExample is the seed's own request with issued credentials.
func paymentExample(s *provider.Stage, transactionID string) map[string]any {
	return map[string]any{
		"amount":           100,
		"apikey":           s.Credentials[fieldAPIKey],
		"site_id":          s.Credentials[fieldSiteID],
		"currency":         "XOF",
		"transaction_id":   transactionID,
		"description":      "TRANSACTION DESCRIPTION",
		"return_url":       s.Callback + "/return",
		"notify_url":       s.Callback,
		"customer_name":    "Kouassi",
		"customer_surname": "Awa",
	}
}

// created is the documented answer to a payment.
type created struct {
	Code        string      `json:"code"`
	Message     string      `json:"message"`
	Description string      `json:"description"`
	Data        *pageAnswer `json:"data"`
	ResponseID  string      `json:"api_response_id"`
}

// create asks for a payment and holds the answer against the document's.
func create(ctx context.Context, s *provider.Stage, request map[string]any) (int, created, error) {
	var c created
	status, err := postJSON(ctx, s, pathPayment, request, &c)
	switch {
	case err != nil:
		return status, c, err
	case status != http.StatusOK || c.Code != codeCreated || c.Message != "CREATED":
		return status, c, fmt.Errorf("want HTTP 200 with 201 CREATED, got HTTP %d with %s %s: %s", status, c.Code, c.Message, c.Description)
	case c.Description != "Transaction created with success" || c.ResponseID == "":
		return status, c, errors.New("description or api_response_id is not as documented")
	case c.Data == nil || c.Data.PaymentToken == "" || !isWebAddress(c.Data.PaymentURL):
		return status, c, errors.New("data lacks payment_token or payment_url")
	}
	return status, c, nil
}

func playPayment(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, c, err := create(ctx, s, paymentExample(s, s.Unique()))
	return status, c.Message, err
}

func playPaymentForm(ctx context.Context, s *provider.Stage) (int, string, error) {
	form := ""
	for name, value := range paymentExample(s, s.Unique()) {
		form += "&" + string(orderedForm([]string{name}, []string{fmt.Sprint(value)}))
	}
	var c created
	status, err := post(ctx, s, pathPayment, contentTypeForm, []byte(form[1:]), &c)
	if err == nil && c.Code != codeCreated {
		err = fmt.Errorf("want code 201, got %s: %s", c.Code, c.Description)
	}
	return status, c.Message, err
}

func playGuichet(ctx context.Context, s *provider.Stage) (int, string, error) {
	_, c, err := create(ctx, s, paymentExample(s, s.Unique()))
	if err != nil {
		return 0, "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Data.PaymentURL, nil)
	if err != nil {
		return 0, "", fmt.Errorf("open guichet: %w", err)
	}
	resp, err := s.HTTP.Do(req)
	if err != nil {
		return 0, "", fmt.Errorf("open guichet: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return resp.StatusCode, "", fmt.Errorf("the guichet answers HTTP %d", resp.StatusCode)
	}
	return resp.StatusCode, "page", nil
}

// checked is the answer to a check, with the keys of data as they came.
type checked struct {
	Code        string         `json:"code"`
	Message     string         `json:"message"`
	Description string         `json:"description"`
	Data        map[string]any `json:"data"`
	ResponseID  string         `json:"api_response_id"`
}

// checkPayment plays a check by one of its names.
func checkPayment(ctx context.Context, s *provider.Stage, name, value string) (int, checked, error) {
	// The seed's sample has a comma before the closing brace.
	body := fmt.Sprintf("{\n\"apikey\": %q,\n\"site_id\": %q,\n%q: %q,\n}",
		s.Credentials[fieldAPIKey], s.Credentials[fieldSiteID], name, value)
	var c checked
	status, err := post(ctx, s, pathCheck, "application/json", []byte(body), &c)
	return status, c, err
}

// checkKeys are in every data, whatever became of the payment.
var checkKeys = []string{
	"amount", "currency", "status", "payment_method", "description", "metadata", "operator_id",
	"payment_date", "fund_availability_date", "phone_number", "phone_prefix",
}

// asDocumented holds a check against a row of the table.
func (c checked) asDocumented(status int, code string) error {
	row, ok := findCode(paymentCodes, code)
	if !ok || status != http.StatusOK || c.Code != code || c.Message != row.message {
		return fmt.Errorf("want HTTP 200 with %s %s, got HTTP %d with %s %s", code, row.message, status, c.Code, c.Message)
	}
	for _, key := range checkKeys {
		if _, ok := c.Data[key]; !ok {
			return fmt.Errorf("data lacks %s", key)
		}
	}
	if c.Data["status"] != row.status || c.Data["amount"] != "100" || c.Data["currency"] != "XOF" {
		return errors.New("status, amount or currency is not as documented")
	}
	return nil
}

func playCheckWaiting(ctx context.Context, s *provider.Stage) (int, string, error) {
	id := s.Unique()
	if _, _, err := create(ctx, s, paymentExample(s, id)); err != nil {
		return 0, "", err
	}
	status, c, err := checkPayment(ctx, s, "transaction_id", id)
	if err == nil {
		err = c.asDocumented(status, codeWaitingPayment)
	}
	return status, c.Message, err
}

// payAndCheck creates a payment, pays it on its page with the number and
// checks until it is final.
func payAndCheck(ctx context.Context, s *provider.Stage, request map[string]any, phone string) (int, checked, created, error) {
	_, page, err := create(ctx, s, request)
	if err != nil {
		return 0, checked{}, page, err
	}
	choice := map[string]string{"method": "mobile_money", "phone": phone}
	if err := s.Pay(ctx, page.Data.PaymentURL, choice); err != nil {
		return 0, checked{}, page, fmt.Errorf("pay on the guichet: %w", err)
	}
	id, _ := request["transaction_id"].(string)
	for {
		status, c, err := checkPayment(ctx, s, "transaction_id", id)
		waits := c.Code == codeWaitingApproval || c.Code == codeWaitingPayment
		if err != nil || !waits {
			return status, c, page, err
		}
		if err := pause(ctx, scenePoll); err != nil {
			return status, c, page, fmt.Errorf("wait for the payment, last %s: %w", c.Message, err)
		}
	}
}

const (
	scenePoll = 50 * time.Millisecond
	goodPhone = "+2250700000100"
)

func playCheckAccepted(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, c, _, err := payAndCheck(ctx, s, paymentExample(s, s.Unique()), goodPhone)
	if err == nil {
		err = c.asDocumented(status, codeSuccess)
	}
	if err == nil && (c.Data["phone_number"] != "0700000100" || c.Data["phone_prefix"] != "225" || c.Data["payment_method"] != "OM") {
		err = errors.New("the payer is not as on the guichet")
	}
	return status, c.Message, err
}

func playCheckByToken(ctx context.Context, s *provider.Stage) (int, string, error) {
	_, _, page, err := payAndCheck(ctx, s, paymentExample(s, s.Unique()), goodPhone)
	if err != nil {
		return 0, "", err
	}
	status, c, err := checkPayment(ctx, s, "payment_token", page.Data.PaymentToken)
	if err == nil {
		err = c.asDocumented(status, codeSuccess)
	}
	return status, c.Message, err
}

// settles plays a payment by a number that is refused, with one of the codes.
func settles(phone string, codes ...string) func(context.Context, *provider.Stage) (int, string, error) {
	return func(ctx context.Context, s *provider.Stage) (int, string, error) {
		status, c, _, err := payAndCheck(ctx, s, paymentExample(s, s.Unique()), phone)
		if err != nil {
			return status, c.Message, err
		}
		for _, code := range codes {
			if err = c.asDocumented(status, code); err == nil {
				break
			}
		}
		return status, c.Message, err
	}
}
