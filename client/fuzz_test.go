package client

import (
	"net/http"
	"strings"
	"testing"
)

// FuzzVerify holds that no webhook verifies that was not signed, whatever its
// headers (Standard Webhooks) say.
func FuzzVerify(f *testing.F) {
	f.Add("msg_1", "1800000000", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", `{"type":"payment.succeeded"}`)
	f.Add("", "", "", "")
	f.Add("msg_1", "-1", "v1, v1,= v2,x", "null")
	f.Add("a.b", "99999999999999999999", "v1a,AAAA", "\xff")
	const secret = "whsec_ZGVtby1wYXNzZXJlbGxlLXdlYmhvb2stc2VjcmV0"
	f.Fuzz(func(t *testing.T, id, at, signature, body string) {
		header := http.Header{"Webhook-Id": {id}, "Webhook-Timestamp": {at}, "Webhook-Signature": {signature}}
		if _, err := Verify(secret, header, []byte(body)); err == nil {
			t.Errorf("%q with signature %q verifies", body, signature)
		} else if strings.Contains(err.Error(), strings.TrimPrefix(secret, "whsec_")) {
			t.Errorf("the error quotes the secret: %v", err)
		}
		_, _ = Verify(signature, header, []byte(body))
	})
}
