package flexpay

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// theatre plays scenes on a fake gateway, and is its operator, its hosted page
// and the demo merchant's server as well.
type theatre struct {
	*front
	mu    sync.Mutex
	inbox []provider.Received
	count int
}

// settle ends a transaction and delivers the notice; mu is held.
func (th *theatre) settle(tx pay.Transaction, outcome pay.Outcome, failure pay.Failure) {
	th.Helper()
	settled := th.gw.Settle(tx.ID, outcome, failure)
	if outcome == pay.OutcomeSucceeded {
		settled.ProviderReference = "AA00000BCDE"
	}
	if n := th.notice(settled, string(settled.Status)); n != nil {
		th.inbox = append(th.inbox, provider.Received{Method: n.Call.Method, Header: n.Call.Header, Body: n.Call.Body})
	}
}

func (th *theatre) pay(_ context.Context, page string, choice map[string]string) error {
	th.mu.Lock()
	defer th.mu.Unlock()
	card, err := pay.ParseCard(choice["number"], choice["expiry"], choice["cvv"], th.gw.Now())
	if err != nil {
		return err
	}
	tx := th.gw.Pay(path.Base(page), pay.Method{Type: pay.CardMethod, Card: card.Mask()})
	if strings.HasSuffix(choice["number"], "0002") {
		th.settle(tx, pay.OutcomeFailed, pay.Failure{Reason: pay.Declined})
		return nil
	}
	th.settle(tx, pay.OutcomeSucceeded, pay.Failure{})
	return nil
}

// operate answers the prompts of phones that are open.
func (th *theatre) operate() {
	for _, tx := range th.gw.Transactions() {
		switch {
		case tx.Status != pay.StatusPending:
		case strings.HasSuffix(tx.Method.Phone, "0001"):
			th.settle(tx, pay.OutcomeFailed, pay.Failure{Reason: pay.InsufficientFunds})
		default:
			th.settle(tx, pay.OutcomeSucceeded, pay.Failure{})
		}
	}
}

func (th *theatre) received(_ context.Context, mark string) (provider.Received, error) {
	th.mu.Lock()
	defer th.mu.Unlock()
	th.operate()
	for _, r := range th.inbox {
		if strings.Contains(string(r.Body), mark) {
			return r, nil
		}
	}
	return provider.Received{}, fmt.Errorf("nothing with %q", mark)
}

func (th *theatre) unique() string {
	th.count++
	return fmt.Sprintf("SCENE%010d", th.count)
}

// page stands for the hosted page: it shows the way back, and cancels.
func (th *theatre) page(w http.ResponseWriter, r *http.Request) {
	token := strings.Split(r.URL.Path, "/")[2]
	for _, tx := range th.gw.Transactions() {
		if tx.Checkout.Token != token {
			continue
		}
		if path.Base(r.URL.Path) == "cancel" {
			tx = th.gw.Settle(tx.ID, pay.OutcomeCanceled, pay.Failure{})
		}
		if back, ok := tx.Checkout.ReturnFor(tx.Status); ok && tx.Status.Final() {
			_, _ = fmt.Fprintf(w, `<a href="%s">`, back.URL)
		}
	}
}

func TestScenesPlayAsDocumented(t *testing.T) {
	th := &theatre{front: newFront(t, nil)}
	mux := http.NewServeMux()
	mux.Handle("/flexpay/", http.StripPrefix("/flexpay", th.d))
	mux.HandleFunc("/pay/", th.page)
	server := httptest.NewServer(mux)
	defer server.Close()
	th.gw.Base = server.URL
	stage := &provider.Stage{
		Base: server.URL + "/flexpay", HTTP: server.Client(), Callback: "http://shop.test/flexpay",
		Credentials: map[string]string{fieldToken: demoToken, fieldMerchant: demoMerchant},
		Received:    th.received, Pay: th.pay, Unique: th.unique, Store: map[string]string{}, Now: th.gw.Now,
	}
	for _, scene := range Provider().Scenes {
		t.Run(scene.Operation, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			if scene.Operation == "check" {
				go func() {
					for ctx.Err() == nil {
						_, _ = th.received(ctx, "")
						_ = pause(ctx, time.Millisecond)
					}
				}()
			}
			if status, outcome, err := scene.Play(ctx, stage); err != nil {
				t.Errorf("HTTP %d %s: %v", status, outcome, err)
			}
		})
	}
}
