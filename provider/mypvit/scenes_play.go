package mypvit

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/passerelle-pay/passerelle/provider"
)

// pending is what rest answers to every payment.
func pending(reference string) map[string]any {
	return map[string]any{"status": StatusPending, "status_code": "200", "operator": OperatorMoov, "merchant_reference_id": reference}
}

func playPayment(ctx context.Context, s *provider.Stage) (int, string, error) {
	a, reference := &actor{Stage: s}, s.Unique()
	got := a.post(ctx, "rest", a.order(reference, 200))
	a.want(got, pending(reference))
	a.wantPrefix(got, "reference_id", "PAY")
	a.callback(ctx, reference, StatusSuccess, 200, 200)
	s.Store[storeReference] = reference
	return a.end(StatusSuccess)
}

func playRefusedPayment(ctx context.Context, s *provider.Stage) (int, string, error) {
	a, reference := &actor{Stage: s}, s.Unique()
	a.want(a.post(ctx, "rest", a.order(reference, 1500)), pending(reference))
	a.callback(ctx, reference, StatusFailed, 1500, 400)
	return a.end(StatusFailed)
}

func playXMLPayment(ctx context.Context, s *provider.Stage) (int, string, error) {
	a, reference := &actor{Stage: s}, s.Unique()
	var body strings.Builder
	body.WriteString("<transaction>")
	for name, v := range a.order(reference, 200) {
		fmt.Fprintf(&body, "<%s>%v</%s>", name, v, name)
	}
	body.WriteString("</transaction>")
	got := a.send(ctx, http.MethodPost, a.path("rest"), mediaXML, s.Credentials[fieldSecret], body.String())
	a.want(got, pending(reference))
	a.callback(ctx, reference, StatusSuccess, 200, 200)
	return a.end(StatusSuccess)
}

func playV2Payment(ctx context.Context, s *provider.Stage) (int, string, error) {
	a, reference := &actor{Stage: s}, s.Unique()
	order := a.order(reference, 500)
	order["operator_code"] = OperatorMoov
	a.want(a.post(ctx, "v2/rest", order), pending(reference))
	a.callback(ctx, reference, StatusSuccess, 500, 200)
	return a.end(StatusSuccess)
}

func giveChange(amount int, status string) func(context.Context, *provider.Stage) (int, string, error) {
	return func(ctx context.Context, s *provider.Stage) (int, string, error) {
		a, reference := &actor{Stage: s}, s.Unique()
		order := a.order(reference, amount)
		order["transaction_type"] = TypeGiveChange
		got := a.post(ctx, "rest", order)
		a.want(got, map[string]any{"status": status, "status_code": "200", "merchant_reference_id": reference})
		a.wantPrefix(got, "reference_id", "GCH")
		return a.end(status)
	}
}

// newLink makes a link and returns its address.
func (a *actor) newLink(ctx context.Context, reference, service string) string {
	order := a.order(reference, 200)
	order["service"], order["owner_charge"] = service, OwnerCustomer
	if service != ServiceRESTLink {
		order["failed_redirection_url_code"] = a.Credentials[fieldFailedCode]
		order["success_redirection_url_code"] = a.Credentials[fieldSuccessCode]
	}
	got := a.post(ctx, "link", order)
	a.want(got, map[string]any{"status": StatusSuccess, "status_code": "200", "merchant_reference_id": reference})
	a.wantPrefix(got, "url", a.Base+"/transaction-link/")
	address, _ := got["url"].(string)
	return address
}

func playLink(service string, choice map[string]string) func(context.Context, *provider.Stage) (int, string, error) {
	return func(ctx context.Context, s *provider.Stage) (int, string, error) {
		a, reference := &actor{Stage: s}, s.Unique()
		address := a.newLink(ctx, reference, service)
		if a.err == nil {
			if err := s.Pay(ctx, address, choice); err != nil {
				a.fail(fmt.Errorf("pay on the page: %w", err))
			}
		}
		a.callback(ctx, reference, StatusSuccess, 200, 200)
		return a.end(StatusSuccess)
	}
}

func playRESTLink(ctx context.Context, s *provider.Stage) (int, string, error) {
	a, reference := &actor{Stage: s}, s.Unique()
	address := a.newLink(ctx, reference, ServiceRESTLink)
	made := a.status
	a.exchange(ctx, http.MethodGet, address, "", "", "")
	if a.err == nil && a.status != http.StatusSeeOther {
		a.fail(fmt.Errorf("the link answers HTTP %d", a.status))
	}
	a.callback(ctx, reference, StatusSuccess, 200, 200)
	a.exchange(ctx, http.MethodGet, address, "", "", "")
	if a.err == nil && a.status != http.StatusConflict {
		a.fail(fmt.Errorf("the used link answers HTTP %d", a.status))
	}
	a.status = made
	return a.end(StatusSuccess)
}

func playStatus(ctx context.Context, s *provider.Stage) (int, string, error) {
	a, reference := &actor{Stage: s}, s.Store[storeReference]
	if reference == "" {
		a.fail(errNoEarlierScene)
	}
	got := a.get(ctx, "status", s.Credentials[fieldSecret], url.Values{
		"transactionId": {reference}, "accountOperationCode": {s.Credentials[fieldAccount]}, "transactionOperation": {TypePayment},
	})
	a.want(got, map[string]any{
		"status": StatusSuccess, "amount": 200.0, "operator": OperatorMoov, "merchant_reference_id": reference,
		"customer_account_number": sceneMoov, "merchant_operation_account_code": s.Credentials[fieldAccount],
	})
	return a.end(StatusSuccess)
}

// balanceOf asks for an account's balance with a key.
func (a *actor) balanceOf(ctx context.Context, account, secret string) {
	got := a.get(ctx, "balance", secret, url.Values{"accountOperationCode": {account}})
	if _, ok := got["balance"].(float64); a.err == nil && !ok {
		a.fail(fmt.Errorf("balance is %v", got["balance"]))
	}
	a.want(got, map[string]any{"merchant_operation_account_code": account})
}

func playBalance(ctx context.Context, s *provider.Stage) (int, string, error) {
	a := &actor{Stage: s}
	a.balanceOf(ctx, s.Credentials[fieldAccount], s.Credentials[fieldSecret])
	return a.end("read")
}

func playKYC(ctx context.Context, s *provider.Stage) (int, string, error) {
	a := &actor{Stage: s}
	got := a.get(ctx, "kyc", s.Credentials[fieldSecret], url.Values{"customerAccountNumber": {sceneAirtel}})
	a.want(got, map[string]any{"customer_account_number": sceneAirtel, "is_active": true})
	if name, _ := got["full_name"].(string); a.err == nil && name == "" {
		a.fail(fmt.Errorf("full_name is empty"))
	}
	return a.end("found")
}

func playOperators(ctx context.Context, s *provider.Stage) (int, string, error) {
	a := &actor{Stage: s}
	raw := a.exchange(ctx, http.MethodGet, a.path("v2/get-operators")+"?countryCode=GA", "", s.Credentials[fieldSecret], "")
	var list []Operator
	if a.err == nil {
		if err := json.Unmarshal(raw, &list); err != nil || len(list) != len(operators) {
			a.fail(fmt.Errorf("HTTP %d with %d operators", a.status, len(list)))
		}
	}
	return a.end("listed")
}

func playFees(ctx context.Context, s *provider.Stage) (int, string, error) {
	a := &actor{Stage: s}
	got := a.get(ctx, "v2/get-fees", s.Credentials[fieldSecret], url.Values{
		"amount": {"1000"}, "transactionType": {TypePayment}, "operator": {OperatorMoov},
	})
	a.want(got, map[string]any{
		"amount": 1000.0, "fees": 25.0, "totalAmount": 1025.0, "operator": OperatorMoov, "transactionType": TypePayment,
	})
	return a.end("quoted")
}

func playQRCode(ctx context.Context, s *provider.Stage) (int, string, error) {
	a := &actor{Stage: s}
	got := a.get(ctx, "v2/generate-qr-code", s.Credentials[fieldSecret], url.Values{
		"accountOperationCode": {s.Credentials[fieldAccount]}, "terminalId": {"T1"},
		"callbackUrlCode": {s.Credentials[fieldCallbackCode]}, "amount": {"500"}, "reference": {s.Unique()},
	})
	a.want(got, map[string]any{"status": StatusSuccess})
	a.wantPrefix(got, "reference_id", "PAY")
	data, _ := got["data"].(string)
	if png, err := base64.StdEncoding.DecodeString(data); a.err == nil && (err != nil || !strings.HasPrefix(string(png), "\x89PNG")) {
		a.fail(fmt.Errorf("data is no PNG in base64"))
	}
	return a.end("drawn")
}

// renew asks for a new key of the second account.
func (a *actor) renew(ctx context.Context, operation string, reception bool) map[string]any {
	form := url.Values{
		"operationAccountCode": {a.Credentials[fieldAirtelAccount]}, "password": {a.Credentials[fieldPassword]},
	}
	if reception {
		form.Set("receptionUrlCode", a.Credentials[fieldReceptionCode])
	}
	return a.send(ctx, http.MethodPost, a.path(operation), mediaForm, "", form.Encode())
}

func playRenewal(ctx context.Context, s *provider.Stage) (int, string, error) {
	a, account := &actor{Stage: s}, s.Credentials[fieldAirtelAccount]
	got := a.renew(ctx, "renew-secret", true)
	a.want(got, map[string]any{"status_code": "200", "message": "Secret key generated and sent successfully"})
	if a.err != nil {
		return a.end("")
	}
	pushed, err := s.Received(ctx, account)
	if err != nil {
		a.fail(fmt.Errorf("wait for the pushed key: %w", err))
		return a.end("")
	}
	key, ok := parseSecret(pushed.Body)
	if !ok || key.Account != account {
		a.fail(fmt.Errorf("the push holds no key of the account"))
	}
	a.balanceOf(ctx, account, key.Secret.Reveal())
	return a.end("renewed")
}

func playV2Renewal(ctx context.Context, s *provider.Stage) (int, string, error) {
	a, account := &actor{Stage: s}, s.Credentials[fieldAirtelAccount]
	got := a.renew(ctx, "v2/renew-secret", false)
	a.want(got, map[string]any{"operation_account_code": account, "expires_in": 3600.0})
	a.wantPrefix(got, "secret", "sk_test_")
	secret, _ := got["secret"].(string)
	a.balanceOf(ctx, account, secret)
	return a.end("renewed")
}

func readAll(body io.Reader) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	return raw, nil
}
