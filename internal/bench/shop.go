package bench

import (
	"encoding/json"
	"io"
	"net/http"
	"sync/atomic"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// shop is the merchant's server: it verifies each webhook and acknowledges it.
type shop struct {
	verifier *standardwebhooks.Webhook
	heard    atomic.Value // func(string)
	forged   atomic.Int64
}

// hear says who is told the payment's reference of each webhook, before its
// acknowledgement leaves.
func (s *shop) hear(f func(reference string)) { s.heard.Store(f) }

// notice is what the shop reads of a webhook.
type notice struct {
	Data struct {
		Reference string `json:"reference"`
	} `json:"data"`
}

// ServeHTTP takes a webhook.
func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return
	}
	var n notice
	if s.verifier.Verify(body, r.Header) != nil || json.Unmarshal(body, &n) != nil {
		s.forged.Add(1)
		http.Error(w, "not signed by the gateway", http.StatusUnauthorized)
		return
	}
	w.WriteHeader(http.StatusNoContent)
	s.heard.Load().(func(string))(n.Data.Reference)
}
