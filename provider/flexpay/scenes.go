package flexpay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/passerelle-pay/passerelle/provider"
)

// scenes are the documented operations, with the documents' own examples.
func scenes() []provider.Scene {
	list := []provider.Scene{
		{Operation: "v1/pay JSON", Play: playsCard(pathCardV1, `"0"`)},
		{Operation: "v1/pay form, HTML answer", Play: playForm},
		{Operation: "v1/pay multipart", Play: playMultipart},
		{Operation: "v1.1/pay", Play: playsCard(pathCardV11, `0`)},
		{Operation: "vpos/ask", Play: playsCard(restPrefix+pathVPOS, `"0"`)},
		{Operation: "v2/pay", Play: playsCard(pathCardV2, `"0"`)},
		{Operation: "card page", Play: playPage},
		{Operation: "paymentService", Play: playMobile},
		{Operation: "paymentService card", Play: playMobileCard},
		{Operation: "merchantPayOutService", Play: playPayout},
		{Operation: "check waiting", Play: playCheckWaiting},
		{Operation: "check", Play: playCheck},
		{Operation: "check not found", Play: playCheckNotFound},
	}
	list = append(list, callbackScenes()...)
	return append(list, refusalScenes()...)
}

// fields are a request's.
type fields map[string]string

// cardExample is the seed's own request, with issued credentials and the demo
// merchant's addresses.
func cardExample(s *provider.Stage, reference string) fields {
	return fields{
		"authorization": s.Credentials[fieldToken],
		"merchant":      s.Credentials[fieldMerchant],
		"reference":     reference,
		"amount":        "100",
		"currency":      "USD",
		"description":   "payment transaction description",
		"callback_url":  s.Callback,
		"approve_url":   s.Callback + "/approve",
		"cancel_url":    s.Callback + "/cancel",
		"decline_url":   s.Callback + "/decline",
	}
}

// The phones of the examples: one that pays, one without money.
const (
	goodPhone = "243810000100"
	poorPhone = "243810000001"
)

func mobileExample(s *provider.Stage, reference, phone string) fields {
	return fields{
		"merchant":    s.Credentials[fieldMerchant],
		"type":        typeMobile,
		"reference":   reference,
		"phone":       phone,
		"amount":      "100",
		"currency":    "CDF",
		"callbackUrl": s.Callback,
	}
}

// reply is an answer as it came.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// taken is the documented answer to an initiation.
type taken struct {
	Code        json.RawMessage `json:"code"`
	Message     string          `json:"message"`
	OrderNumber *string         `json:"orderNumber"`
	URL         *string         `json:"url"`
}

// postJSON plays a request with the token in the header.
func postJSON(ctx context.Context, s *provider.Stage, path string, f fields, answer any) (reply, error) {
	body, err := json.Marshal(f)
	if err != nil {
		return reply{}, fmt.Errorf("encode %s: %w", path, err)
	}
	header := http.Header{"Content-Type": {mediaJSON}, "Authorization": {"Bearer " + s.Credentials[fieldToken]}}
	return playJSON(ctx, s, http.MethodPost, s.Base+path, header, body, answer)
}

// playJSON plays a request that is answered in JSON.
func playJSON(ctx context.Context, s *provider.Stage, method, address string, header http.Header, body []byte, answer any) (reply, error) {
	got, err := exchange(ctx, s, method, address, header, body)
	if err != nil {
		return got, err
	}
	if got.header.Get("Content-Type") != mediaJSON {
		return got, fmt.Errorf("the Content-Type is %q, not exactly %s", got.header.Get("Content-Type"), mediaJSON)
	}
	if err := json.Unmarshal(got.body, answer); err != nil {
		return got, fmt.Errorf("answer of HTTP %d is not the documented JSON: %w", got.status, err)
	}
	return got, nil
}

func exchange(ctx context.Context, s *provider.Stage, method, address string, header http.Header, body []byte) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return reply{}, fmt.Errorf("make request: %w", err)
	}
	req.Header = header
	resp, err := s.HTTP.Do(req)
	if err != nil {
		return reply{}, fmt.Errorf("send request: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return reply{}, fmt.Errorf("read answer: %w", err)
	}
	return reply{resp.StatusCode, resp.Header, answer}, nil
}

var documentedOrder = regexp.MustCompile(`^[A-Za-z0-9]{12}[0-9]{12}$`)

// isTaken holds an answer against the document's: HTTP 200, this code as JSON
// writes it, this message, an orderNumber of twelve and twelve characters.
func (t taken) isTaken(status int, code, message string) error {
	switch {
	case status != http.StatusOK || string(t.Code) != code || t.Message != message:
		return fmt.Errorf("want HTTP 200 with code %s %q, got HTTP %d with %s %q", code, message, status, t.Code, t.Message)
	case t.OrderNumber == nil || !documentedOrder.MatchString(*t.OrderNumber):
		return errors.New("orderNumber is not as documented")
	}
	return nil
}

// card creates a card payment and checks its answer.
func card(ctx context.Context, s *provider.Stage, path, code string, f fields) (reply, taken, error) {
	var t taken
	got, err := postJSON(ctx, s, path, f, &t)
	if err == nil {
		err = t.isTaken(got.status, code, messageRedirect)
	}
	if err == nil && (t.URL == nil || !isWebAddress(*t.URL)) {
		err = errors.New("url is missing")
	}
	return got, t, err
}

func playsCard(path, code string) func(context.Context, *provider.Stage) (int, string, error) {
	return func(ctx context.Context, s *provider.Stage) (int, string, error) {
		got, t, err := card(ctx, s, path, code, cardExample(s, s.Unique()))
		return got.status, t.Message, err
	}
}

var pageLink = regexp.MustCompile(`<a href="([^"]+)">`)

// playForm posts as a browser or PHP's cURL does, and gets a page.
func playForm(ctx context.Context, s *provider.Stage) (int, string, error) {
	form := url.Values{}
	for name, value := range cardExample(s, s.Unique()) {
		form.Set(name, value)
	}
	header := http.Header{"Content-Type": {mediaForm}, "Accept": {"*/*"}}
	got, err := exchange(ctx, s, http.MethodPost, s.Base+pathCardV1, header, []byte(form.Encode()))
	if err != nil {
		return got.status, "", err
	}
	if got.status != http.StatusOK || len(pageLink.FindAll(got.body, -1)) != 1 || !bytes.Contains(got.body, []byte(`http-equiv="refresh"`)) {
		return got.status, "", errors.New("the answer is not a page with one link and a refresh")
	}
	return got.status, "page", nil
}

// playMultipart posts an array as PHP's cURL does.
func playMultipart(ctx context.Context, s *provider.Stage) (int, string, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range cardExample(s, s.Unique()) {
		if err := form.WriteField(name, value); err != nil {
			return 0, "", fmt.Errorf("encode form: %w", err)
		}
	}
	if err := form.Close(); err != nil {
		return 0, "", fmt.Errorf("encode form: %w", err)
	}
	var t taken
	header := http.Header{"Content-Type": {form.FormDataContentType()}, "Accept": {mediaJSON}}
	got, err := playJSON(ctx, s, http.MethodPost, s.Base+pathCardV1, header, body.Bytes(), &t)
	if err == nil {
		err = t.isTaken(got.status, `"0"`, messageRedirect)
	}
	return got.status, t.Message, err
}

func playPage(ctx context.Context, s *provider.Stage) (int, string, error) {
	_, t, err := card(ctx, s, pathCardV1, `"0"`, cardExample(s, s.Unique()))
	if err != nil {
		return 0, "", err
	}
	got, err := exchange(ctx, s, http.MethodGet, *t.URL, http.Header{}, nil)
	if err == nil && got.status != http.StatusOK {
		err = fmt.Errorf("the card page answers HTTP %d", got.status)
	}
	return got.status, "page", err
}

// mobile creates a mobile money payment and checks its answer, whose other keys
// are there and null.
func mobile(ctx context.Context, s *provider.Stage, f fields) (reply, taken, error) {
	var t taken
	got, err := postJSON(ctx, s, restPrefix+pathMobile, f, &t)
	if err == nil {
		err = t.isTaken(got.status, `"0"`, messagePush)
	}
	var keys map[string]any
	if err == nil {
		err = json.Unmarshal(got.body, &keys)
	}
	for _, name := range []string{"reference", "provider_reference", "url"} {
		if value, ok := keys[name]; err == nil && (!ok || value != nil) {
			err = fmt.Errorf("%s is not null", name)
		}
	}
	return got, t, err
}

func playMobile(ctx context.Context, s *provider.Stage) (int, string, error) {
	got, t, err := mobile(ctx, s, mobileExample(s, s.Unique(), goodPhone))
	if err == nil && (*t.OrderNumber)[12:] != goodPhone {
		err = errors.New("orderNumber does not end with the payer's phone")
	}
	return got.status, t.Message, err
}

func playMobileCard(ctx context.Context, s *provider.Stage) (int, string, error) {
	f := mobileExample(s, s.Unique(), "")
	f["type"] = typeCard
	got, t, err := card(ctx, s, restPrefix+pathMobile, `"0"`, f)
	return got.status, t.Message, err
}

func payout(ctx context.Context, s *provider.Stage, reference string) (reply, taken, error) {
	var t taken
	got, err := postJSON(ctx, s, restPrefix+pathPayout, mobileExample(s, reference, goodPhone), &t)
	if err == nil {
		err = t.isTaken(got.status, `"0"`, messagePayout)
	}
	return got, t, err
}

func playPayout(ctx context.Context, s *provider.Stage) (int, string, error) {
	got, t, err := payout(ctx, s, s.Unique())
	return got.status, t.Message, err
}

// found is the documented answer to a check, with the keys as they came.
type found struct {
	Code        any            `json:"code"`
	Message     string         `json:"message"`
	Transaction map[string]any `json:"transaction"`
}

func checkOrder(ctx context.Context, s *provider.Stage, number string) (reply, found, error) {
	var f found
	header := http.Header{"Authorization": {"Bearer " + s.Credentials[fieldToken]}}
	got, err := playJSON(ctx, s, http.MethodGet, s.Base+restPrefix+pathCheck+number, header, nil, &f)
	return got, f, err
}

// has holds a found transaction against the request's fields.
func (f found) has(status int, want fields) error {
	if status != http.StatusOK || f.Code != codeOK || f.Message != messageFound || f.Transaction == nil {
		return fmt.Errorf("want HTTP 200 with a transaction, got HTTP %d with %v %q", status, f.Code, f.Message)
	}
	for name, value := range want {
		if f.Transaction[name] != value {
			return fmt.Errorf("%s is %v, want %s", name, f.Transaction[name], value)
		}
	}
	createdAt, _ := f.Transaction["createdAt"].(string)
	if _, err := time.Parse(wireTime, createdAt); err != nil {
		return errors.New("createdAt is not as documented")
	}
	return nil
}

func playCheckWaiting(ctx context.Context, s *provider.Stage) (int, string, error) {
	reference := s.Unique()
	_, t, err := card(ctx, s, pathCardV1, `"0"`, cardExample(s, reference))
	if err != nil {
		return 0, "", err
	}
	got, f, err := checkOrder(ctx, s, *t.OrderNumber)
	if err == nil {
		err = f.has(got.status, fields{
			"orderNumber": *t.OrderNumber, "reference": reference, "amount": "100.0", "currency": "USD", "status": statusNotCompleted,
		})
	}
	return got.status, "status " + statusNotCompleted, err
}

const scenePoll = 50 * time.Millisecond

// playCheck checks until the payment is paid. The sandbox's customer pays 2 %.
func playCheck(ctx context.Context, s *provider.Stage) (int, string, error) {
	reference := s.Unique()
	_, t, err := mobile(ctx, s, mobileExample(s, reference, goodPhone))
	if err != nil {
		return 0, "", err
	}
	for {
		got, f, err := checkOrder(ctx, s, *t.OrderNumber)
		if err != nil {
			return got.status, f.Message, err
		}
		if f.Transaction["status"] != statusNotCompleted {
			return got.status, "status " + statusSucceeded, f.has(got.status, fields{
				"orderNumber": *t.OrderNumber, "reference": reference, "amount": "100.0", "amountCustomer": "102.0",
				"currency": "CDF", "status": statusSucceeded,
			})
		}
		if err := pause(ctx, scenePoll); err != nil {
			return got.status, f.Message, fmt.Errorf("wait for the payment: %w", err)
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func playCheckNotFound(ctx context.Context, s *provider.Stage) (int, string, error) {
	got, f, err := checkOrder(ctx, s, "Qrk6ZaXts5Mv243850000100")
	if err == nil && (got.status != http.StatusOK || f.Code != codeNo || f.Message != messageNotFound || f.Transaction != nil) {
		err = fmt.Errorf("want HTTP 200 with code 1, got HTTP %d with %v %q", got.status, f.Code, f.Message)
	}
	return got.status, f.Message, err
}
