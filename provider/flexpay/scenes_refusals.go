package flexpay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/passerelle-pay/passerelle/provider"
)

// refusalScenes are requests that FlexPay refuses, with the documented messages.
func refusalScenes() []provider.Scene {
	return []provider.Scene{
		{Operation: "v1/pay without reference", Play: cardRefused(messageMissing("reference"), "reference", "")},
		{Operation: "v1/pay amount 50.005 USD", Play: cardRefused(messageAmount, "amount", "50.005")},
		{Operation: "v1/pay other currency", Play: cardRefused(messageCurrency, "currency", "EUR")},
		{Operation: "v1/pay other merchant", Play: cardRefused(messageMerchant, "merchant", "ZANDO")},
		{Operation: "v1/pay callback address", Play: cardRefused(messageURL, "callback_url", "ftp://abcd.efgh.cd/callback")},
		{Operation: "v1/pay reference used", Play: playDuplicate},
		{Operation: "v1/pay refused in HTML", Play: playRefusalPage},
		{Operation: "v1/pay wrong token", Play: playWrongToken},
		{Operation: "check wrong token", Play: playCheckWrongToken},
		{Operation: "paymentService wrong phone", Play: mobileRefused(pathMobile, messagePhone, "phone", "243120000100")},
		{Operation: "paymentService wrong type", Play: mobileRefused(pathMobile, messageType, "type", "3")},
		{Operation: "paymentService without callbackUrl", Play: mobileRefused(pathMobile, messageMissing("callbackUrl"), "callbackUrl", "")},
		{Operation: "merchantPayOutService beyond the balance", Play: mobileRefused(pathPayout, messageBalance, "amount", "999999999")},
	}
}

// isRefused holds an answer against the document's: HTTP 200, code "1" as text,
// nothing else.
func (t taken) isRefused(status int, message string) error {
	switch {
	case status != http.StatusOK || string(t.Code) != `"1"` || t.Message != message:
		return fmt.Errorf("want HTTP 200 with code \"1\" %q, got HTTP %d with %s %q", message, status, t.Code, t.Message)
	case t.OrderNumber != nil || t.URL != nil:
		return errors.New("a refusal has an orderNumber or a url")
	}
	return nil
}

func cardRefused(message, field, value string) func(context.Context, *provider.Stage) (int, string, error) {
	return func(ctx context.Context, s *provider.Stage) (int, string, error) {
		f := cardExample(s, s.Unique())
		f[field] = value
		return playRefused(ctx, s, pathCardV1, message, f)
	}
}

func mobileRefused(path, message, field, value string) func(context.Context, *provider.Stage) (int, string, error) {
	return func(ctx context.Context, s *provider.Stage) (int, string, error) {
		f := mobileExample(s, s.Unique(), goodPhone)
		f[field] = value
		return playRefused(ctx, s, restPrefix+path, message, f)
	}
}

func playRefused(ctx context.Context, s *provider.Stage, path, message string, f fields) (int, string, error) {
	var t taken
	got, err := postJSON(ctx, s, path, f, &t)
	if err == nil {
		err = t.isRefused(got.status, message)
	}
	return got.status, t.Message, err
}

func playDuplicate(ctx context.Context, s *provider.Stage) (int, string, error) {
	f := cardExample(s, s.Unique())
	if _, _, err := card(ctx, s, pathCardV1, `"0"`, f); err != nil {
		return 0, "", err
	}
	return playRefused(ctx, s, pathCardV1, messageDuplicate, f)
}

func playRefusalPage(ctx context.Context, s *provider.Stage) (int, string, error) {
	form := url.Values{}
	for name, value := range cardExample(s, s.Unique()) {
		form.Set(name, value)
	}
	form.Del("reference")
	header := http.Header{"Content-Type": {mediaForm}, "Accept": {"text/html"}}
	got, err := exchange(ctx, s, http.MethodPost, s.Base+pathCardV1, header, []byte(form.Encode()))
	if err == nil && (got.status != http.StatusBadRequest || !bytes.Contains(got.body, []byte(messageMissing("reference")))) {
		err = fmt.Errorf("want HTTP 400 with a page, got HTTP %d", got.status)
	}
	return got.status, "page", err
}

// isUnauthorized holds an answer against the documented one.
func isUnauthorized(status int, e errorAnswer) error {
	if want := (errorAnswer{"Unauthorized", messageToken, http.StatusUnauthorized}); status != want.Status || e != want {
		return fmt.Errorf("want HTTP 401 %q, got HTTP %d %q", messageToken, status, e.Message)
	}
	return nil
}

// playWrongToken sends the token in the body, as the seed does.
func playWrongToken(ctx context.Context, s *provider.Stage) (int, string, error) {
	f := cardExample(s, s.Unique())
	f["authorization"] = "xxxxxxxxxxxxxxxx"
	body, err := json.Marshal(f)
	if err != nil {
		return 0, "", fmt.Errorf("encode request: %w", err)
	}
	var e errorAnswer
	got, err := playJSON(ctx, s, http.MethodPost, s.Base+pathCardV1, http.Header{"Content-Type": {mediaJSON}}, body, &e)
	if err == nil {
		err = isUnauthorized(got.status, e)
	}
	return got.status, e.Message, err
}

func playCheckWrongToken(ctx context.Context, s *provider.Stage) (int, string, error) {
	var e errorAnswer
	header := http.Header{"Authorization": {"Bearer xxxxxxxxxxxxxxxxx"}}
	got, err := playJSON(ctx, s, http.MethodGet, s.Base+restPrefix+pathCheck+"Qrk6ZaXts5Mv243850000100", header, nil, &e)
	if err == nil {
		err = isUnauthorized(got.status, e)
	}
	return got.status, e.Message, err
}
