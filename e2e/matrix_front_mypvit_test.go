package e2e_test

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// mypvitFront: wire: mypvit §2.2 (rest), §2.3 (link), §2.4 (status), §3.
func mypvitFront() front {
	return front{
		at: "/mypvit", ways: []way{byPush, byPage},
		ask: func(ctx context.Context, s seller, p purchase) (answer, error) {
			service, code, more := "RESTFUL", s.has["code_url"], ""
			if p.way.chosen {
				service, code = "WEB", cmp.Or(s.has["code_url_link"], code)
				more = fmt.Sprintf(`,"failed_redirection_url_code":%q,"success_redirection_url_code":%q`,
					s.has["failed_redirection_url_code"], s.has["success_redirection_url_code"])
			}
			body := fmt.Sprintf(`{"amount":%s,"reference":%q,"service":%q,"callback_url_code":%q,"customer_account_number":%q,`+
				`"merchant_operation_account_code":%q,"transaction_type":"PAYMENT","owner_charge":"MERCHANT"%s}`,
				p.amount.Plain(), p.reference, service, s.has["callback_url_code"], "0"+local(p.customer, 8), s.has["account"], more)
			path := "/" + code + "/rest"
			if p.way.chosen {
				path = "/" + code + "/link"
			}
			return s.post(path, "application/json", body, "X-Secret", s.has["secret"]).send(ctx)
		},
		taken: func(p purchase, a answer) (receipt, error) {
			o, err := a.object()
			status := "PENDING"
			if p.way.chosen {
				status = "SUCCESS" // the link was made
			}
			if err == nil {
				err = want("status", text(o, "status"), status)
			}
			return receipt{purchase: p, page: text(o, "url")}, err
		},
		outcome: func(ctx context.Context, s seller, r receipt) (outcome, error) {
			q := url.Values{
				"transactionId": {r.reference}, "accountOperationCode": {s.has["account"]}, "transactionOperation": {"PAYMENT"},
			}
			code := cmp.Or(s.has["code_url_status"], s.has["code_url"])
			a, err := s.get("/"+code+"/status?"+q.Encode(), "X-Secret", s.has["secret"]).send(ctx)
			if err != nil {
				return "", err
			}
			o, err := a.object()
			return among(text(o, "status"), []string{"SUCCESS"}, []string{"FAILED"}), err
		},
		heard: func(_ seller, n arrived) (string, outcome, error) {
			o, err := answer{media: "application/json", body: n.body}.object()
			said := among(text(o, "status"), []string{"SUCCESS"}, []string{"FAILED"})
			if err == nil && (said == paid) != (text(o, "code") == "200") {
				err = fmt.Errorf("code and status differ: %s", n.body)
			}
			return text(o, "merchantReferenceId"), said, err
		},
		incapable: func(a answer) error {
			if err := mypvitError(a); err != nil {
				return err
			}
			o, _ := a.object()
			if a.status != http.StatusNotImplemented {
				return fmt.Errorf("HTTP %d", a.status)
			}
			return want("error", text(o, "error"), "OPERATOR_FEATURE_NOT_IMPLEMENTED")
		},
	}
}
