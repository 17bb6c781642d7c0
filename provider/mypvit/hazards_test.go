package mypvit

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/passerelle-pay/passerelle/provider"
)

func hazardNamed(t *testing.T, list []provider.Hazard, name string) provider.Hazard {
	t.Helper()
	i := slices.IndexFunc(list, func(h provider.Hazard) bool { return h.Name == name })
	if i < 0 {
		t.Fatalf("no hazard %s", name)
	}
	return list[i]
}

// The messages of the document's table of errors (wire: mypvit §4.2).
func TestTheRefusalsOfHazardsAreTheDocuments(t *testing.T) {
	for name, want := range map[string]struct {
		nth, status int
		body        string
	}{
		"init_500":        {1, 500, `"status_code":500,"error":"SOMETHING_WENT_WRONG","message":"Something went wrong, please contact support"`},
		"ip_refused":      {1, 400, `"status_code":1000,"error":"INVALID_MERCHANT_IP_ADDRESS","message":"The ip address is invalid for this merchant"`},
		"not_found_early": {1, 404, `"status_code":4006,"error":"TRANSACTION_NOT_FOUND","message":"The transaction is not found"`},
		"ambiguous":       {2, 409, `"status_code":5001,"error":"AMBIGUOUS_TRANSACTION","message":"The transaction is ambiguous"`},
		"auth_401":        {1, 401, `"status_code":3100,"error":"AUTHENTICATION_FAILED","message":"Authentication failed"`},
		"auth_403":        {1, 403, `"status_code":3100,"error":"AUTHENTICATION_FAILED","message":"Authentication failed"`},
	} {
		r := &provider.Reply{Request: httptest.NewRequest(http.MethodPost, restPath, nil), Nth: want.nth, Status: 200, Body: []byte(`{}`)}
		hazardNamed(t, hazards(), name).Answer(r)
		if body := `{"date":"01012025-141750",` + want.body + `,"path":"` + restPath + `"}`; r.Status != want.status || string(r.Body) != body {
			t.Errorf("%s: HTTP %d %s, want %d %s", name, r.Status, r.Body, want.status, body)
		}
	}
}

// wire: mypvit §7: other field names, bare string.
func TestAPushedKeyComesInOtherShapesByTurns(t *testing.T) {
	const key = "sk_test_00000000-0000-4000-8000-000000000001"
	pushed := provider.Call{
		Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}},
		Body: []byte(`{"operation_account_code":"ACC_0123456789ABC","secret_key":"` + key + `","expires_in":3600}`),
	}
	h := hazardNamed(t, hazards(), "secret_shape")
	named := `{"expires_in":3600,"merchant_operation_account_code":"ACC_0123456789ABC","secretKey":"` + key + `"}`
	for i, want := range []string{named, `"` + key + `"`, named} {
		calls := h.Notice(pushed, nil)
		if len(calls) != 1 || string(calls[0].Body) != want {
			t.Fatalf("turn %d: %d calls of another shape than wanted", i, len(calls))
		}
		if got, ok := parseSecret(calls[0].Body); !ok || got.Secret.Reveal() != key {
			t.Errorf("turn %d: the key is not in it", i)
		}
	}
}
