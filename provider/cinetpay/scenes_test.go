package cinetpay

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// theatre plays scenes on a fake gateway, and is its operator and the demo
// merchant's server as well.
type theatre struct {
	*front
	mu    sync.Mutex
	inbox []provider.Received
	count int
}

// settle ends a transaction by its number's last digits and delivers the notice.
func (th *theatre) settle(tx pay.Transaction) {
	th.Helper()
	outcome, failure := pay.OutcomeSucceeded, pay.Failure{}
	switch {
	case strings.HasSuffix(tx.Method.Phone, "0001"):
		outcome, failure.Reason = pay.OutcomeFailed, pay.InsufficientFunds
	case strings.HasSuffix(tx.Method.Phone, "0002"):
		outcome, failure.Reason = pay.OutcomeFailed, pay.Declined
	}
	th.deliver(th.notice(tx, "pending"))
	settled := th.gw.Settle(tx.ID, outcome, failure)
	th.deliver(th.notice(settled, string(settled.Status)))
}

func (th *theatre) deliver(n *provider.Notice) {
	if n == nil {
		return
	}
	for _, c := range []*provider.Call{n.Probe, &n.Call} {
		u, err := url.Parse(c.URL)
		if err != nil {
			th.Fatal(err)
		}
		th.inbox = append(th.inbox, provider.Received{Method: c.Method, Path: u.Path, Query: u.RawQuery, Header: c.Header, Body: c.Body})
	}
}

func (th *theatre) pay(_ context.Context, page string, choice map[string]string) error {
	th.mu.Lock()
	defer th.mu.Unlock()
	th.settle(th.gw.Pay(path.Base(page), pay.Method{Type: pay.MobileMoney, Phone: choice["phone"]}))
	return nil
}

// received notifies of payouts, which settle as they are made, and looks into the inbox.
func (th *theatre) received(_ context.Context, mark string) (provider.Received, error) {
	th.mu.Lock()
	defer th.mu.Unlock()
	for _, tx := range th.gw.Transactions() {
		if tx.Kind == pay.Payout {
			th.deliver(th.notice(tx, "succeeded"))
		}
	}
	for _, r := range th.inbox {
		if strings.Contains(string(r.Body), mark) || strings.Contains(r.Query, mark) {
			return r, nil
		}
	}
	return provider.Received{}, fmt.Errorf("nothing with %q", mark)
}

func (th *theatre) unique() string {
	th.count++
	return fmt.Sprintf("SCENE%010d", th.count)
}

func TestScenesPlayAsDocumented(t *testing.T) {
	th := &theatre{front: newFront(t, nil)}
	mux := http.NewServeMux()
	mux.Handle("/cinetpay/", http.StripPrefix("/cinetpay", th.d))
	mux.HandleFunc("/pay/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	server := httptest.NewServer(mux)
	defer server.Close()
	th.gw.Base = server.URL
	th.gw.OnCreate = func(tx *pay.Transaction) {
		if tx.Kind == pay.Payout {
			tx.Status, tx.CompletedAt = pay.StatusSucceeded, tx.CreatedAt
		}
	}
	stage := &provider.Stage{
		Base: server.URL + "/cinetpay", HTTP: server.Client(), Callback: "http://shop.test/cinetpay",
		Credentials: map[string]string{
			fieldAPIKey: demoAPIKey, fieldSiteID: demoSiteID, fieldSecretKey: demoSecret, fieldTransferPassword: demoPassword,
		},
		Received: th.received, Pay: th.pay, Unique: th.unique, Store: map[string]string{}, Now: th.gw.Now,
	}
	for _, scene := range Provider().Scenes {
		t.Run(scene.Operation, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			if status, outcome, err := scene.Play(ctx, stage); err != nil {
				t.Errorf("HTTP %d %s: %v", status, outcome, err)
			}
		})
	}
}
