package mypvit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/passerelle-pay/passerelle/provider"
)

// The numbers that the scenes pay with: one of each operator, with endings that
// force nothing in the sandbox.
const (
	sceneMoov   = "060000100"
	sceneAirtel = "074000100"
)

// storeReference is where the first payment leaves its reference for status.
const storeReference = "mypvit_reference"

// scenes are the documented operations, in an order in which each finds what it
// needs. Renewals come last and renew the second account, so that the demo
// key stays good for the first.
func scenes() []provider.Scene {
	return []provider.Scene{
		{Operation: "rest PAYMENT", Play: playPayment},
		{Operation: "rest PAYMENT above 1000 XAF", Play: playRefusedPayment},
		{Operation: "rest PAYMENT in XML", Play: playXMLPayment},
		{Operation: "rest GIVE_CHANGE", Play: giveChange(200, StatusSuccess)},
		{Operation: "rest GIVE_CHANGE above 1000 XAF", Play: giveChange(1500, StatusFailed)},
		{Operation: "link WEB", Play: playLink(ServiceWeb, map[string]string{"method": "mobile_money", "operator": "moov_ga", "phone": sceneMoov})},
		{Operation: "link VISA_MASTERCARD", Play: playLink(ServiceCard, map[string]string{
			"method": "card", "number": "4111111111111111", "expiry": "12/39", "cvv": "123",
		})},
		{Operation: "link RESTLINK", Play: playRESTLink},
		{Operation: "status", Play: playStatus},
		{Operation: "balance", Play: playBalance},
		{Operation: "kyc", Play: playKYC},
		{Operation: "v2/rest PAYMENT", Play: playV2Payment},
		{Operation: "v2/get-operators", Play: playOperators},
		{Operation: "v2/get-fees", Play: playFees},
		{Operation: "v2/generate-qr-code", Play: playQRCode},
		{Operation: "renew-secret", Play: playRenewal},
		{Operation: "v2/renew-secret", Play: playV2Renewal},
	}
}

// actor plays one scene: it sends requests and keeps the first thing that is
// not as documented.
type actor struct {
	*provider.Stage
	status int
	err    error
}

func (a *actor) path(operation string) string {
	if rest, ok := strings.CutPrefix(operation, "v2/"); ok {
		return a.Base + "/v2/" + a.Credentials[fieldCodeURL] + "/" + rest
	}
	return a.Base + "/" + a.Credentials[fieldCodeURL] + "/" + operation
}

// order is the document's request example with the demo merchant's credentials.
func (a *actor) order(reference string, amount int) map[string]any {
	return map[string]any{
		"agent": "AGENT-1", "amount": amount, "product": "PRODUIT-1", "reference": reference,
		"service": ServiceRESTful, "callback_url_code": a.Credentials[fieldCallbackCode],
		"customer_account_number": sceneMoov, "merchant_operation_account_code": a.Credentials[fieldAccount],
		"transaction_type": TypePayment, "owner_charge": OwnerMerchant, "owner_charge_operator": OwnerMerchant,
		"free_info": "Info libre",
	}
}

func (a *actor) post(ctx context.Context, operation string, body map[string]any) map[string]any {
	b, err := json.Marshal(body)
	if err != nil {
		a.fail(fmt.Errorf("write request: %w", err))
		return nil
	}
	return a.send(ctx, http.MethodPost, a.path(operation), mediaJSON, a.Credentials[fieldSecret], string(b))
}

func (a *actor) get(ctx context.Context, operation, secret string, query url.Values) map[string]any {
	return a.send(ctx, http.MethodGet, a.path(operation)+"?"+query.Encode(), "", secret, "")
}

// send returns the answer's object; only an HTTP status of 200 is documented
// for the requests of these scenes.
func (a *actor) send(ctx context.Context, method, address, media, secret, body string) map[string]any {
	raw := a.exchange(ctx, method, address, media, secret, body)
	if a.err != nil {
		return nil
	}
	var answer map[string]any
	if err := json.Unmarshal(raw, &answer); err != nil {
		a.fail(fmt.Errorf("read answer: %w", err))
	}
	if a.status != http.StatusOK {
		a.fail(fmt.Errorf("HTTP %d with %v %v", a.status, answer["status_code"], answer["error"]))
	}
	return answer
}

func (a *actor) exchange(ctx context.Context, method, address, media, secret, body string) []byte {
	if a.err != nil {
		return nil
	}
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		a.fail(fmt.Errorf("make request: %w", err))
		return nil
	}
	if media != "" {
		req.Header.Set("Content-Type", media)
	}
	if secret != "" {
		req.Header.Set(headerSecret, secret)
	}
	// A link answers with a redirect, which is what is to be seen.
	client := *a.HTTP
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(req)
	if err != nil {
		a.fail(fmt.Errorf("send request: %w", bareError(err)))
		return nil
	}
	defer func() { _ = res.Body.Close() }()
	a.status = res.StatusCode
	raw, err := readAll(res.Body)
	if err != nil {
		a.fail(err)
	}
	return raw
}

func (a *actor) fail(err error) {
	if a.err == nil {
		a.err = err
	}
}

// want compares fields of an answer or callback with what is documented.
func (a *actor) want(got map[string]any, fields map[string]any) {
	for name, want := range fields {
		if a.err == nil && got[name] != want {
			a.fail(fmt.Errorf("%s is %v, not %v", name, got[name], want))
		}
	}
}

// wantPrefix checks the documented beginning of a text field.
func (a *actor) wantPrefix(got map[string]any, name, prefix string) {
	if text, _ := got[name].(string); a.err == nil && !strings.HasPrefix(text, prefix) {
		a.fail(fmt.Errorf("%s does not start with %s", name, prefix))
	}
}

// callback waits for the callback about a reference and checks it.
func (a *actor) callback(ctx context.Context, reference, status string, amount, code float64) {
	if a.err != nil {
		return
	}
	got, err := a.Received(ctx, reference)
	if err != nil {
		a.fail(fmt.Errorf("wait for the callback: %w", err))
		return
	}
	var body map[string]any
	if err := json.Unmarshal(got.Body, &body); err != nil {
		a.fail(fmt.Errorf("read callback: %w", err))
		return
	}
	a.want(body, map[string]any{
		"merchantReferenceId": reference, "status": status, "amount": amount, "code": code,
		"transactionOperation": TypePayment, "callbackMediaType": mediaJSON,
	})
	fees, _ := body["fees"].(float64)
	a.want(body, map[string]any{"totalAmount": amount + fees})
	a.wantPrefix(body, "transactionId", "PAY")
}

// end is the scene's result.
func (a *actor) end(outcome string) (int, string, error) {
	if a.err != nil {
		return a.status, "", a.err
	}
	return a.status, outcome, nil
}

// errNoEarlierScene: a scene was played without the one it builds on.
var errNoEarlierScene = errors.New("the scene rest PAYMENT was not played before")
