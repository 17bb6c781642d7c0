package cinetpay

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/provider"
)

// struck is the n-th answer of a hazard, to a call that was answered so.
func struck(t *testing.T, name string, nth int, was string) *provider.Reply {
	t.Helper()
	list := hazards()
	i := slices.IndexFunc(list, func(h provider.Hazard) bool { return h.Name == name })
	if i < 0 {
		t.Fatalf("there is no hazard %s", name)
	}
	r := &provider.Reply{
		Request: httptest.NewRequest(http.MethodPost, "/?lang=fr", nil), Nth: nth, Status: 200,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(was),
	}
	list[i].Answer(r)
	return r
}

func object(t *testing.T, body []byte) map[string]any {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal(body, &o); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return o
}

func TestHazardsRefuseInTheDocumentedShape(t *testing.T) {
	for name, status := range map[string]int{"error_in_200": 200, "error_in_4xx": 400, "rate_429": 429} {
		r := struck(t, name, 1, "{}")
		if err := checkShape(r.Status, r.Header, r.Body); err != nil || r.Status != status {
			t.Errorf("%s: HTTP %d %s: %v", name, r.Status, r.Body, err)
		}
	}
	for name, want := range map[string]string{
		"token_expired":      `{"code":"706","message":"INVALID_TOKEN","description":"Votre token est invalide","data":[]}`,
		"transfer_duplicate": `{"code":"805","message":"CLIENT_TRANSACTION_ID_EXIST","description":"Cet identifiant de transaction existe déjà","data":[]}`,
	} {
		if r := struck(t, name, 1, "{}"); r.Status != 200 || string(r.Body) != want {
			t.Errorf("%s: HTTP %d %s", name, r.Status, r.Body)
		}
	}
}

func TestTheHazardNoDataDiffersFromARefusalByItsDataAlone(t *testing.T) {
	for i, data := range []string{"", `,"data":[]`, `,"data":null`} {
		r := struck(t, "no_data", i+1, "{}")
		if !strings.Contains(string(r.Body), data) || strings.Contains(string(r.Body), "data\":") != (data != "") {
			t.Errorf("%d: %s", i+1, r.Body)
		}
		o := object(t, r.Body)
		delete(o, "data")
		if err := checkShape(r.Status, r.Header, must(json.Marshal(o))); err != nil {
			t.Errorf("%s: %v", r.Body, err)
		}
	}
}

func TestTheHazardsOfAWaitingPaymentTellAWholeRow(t *testing.T) {
	for nth, want := range []string{"623 WAITING_CUSTOMER_TO_VALIDATE WAITING_FOR_CUSTOMER", "662 WAITING_CUSTOMER_PAYMENT PENDING"} {
		o := object(t, struck(t, "waiting_first", nth+1, read(t, "check_success.json")).Body)
		got := []string{o["code"].(string), o["message"].(string), o["data"].(map[string]any)["status"].(string)}
		if strings.Join(got, " ") != want || o["description"] == nil || o["description"] == "" {
			t.Errorf("%v", o)
		}
	}
}
