package mypvit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/providertest"
)

// theatre is a dialect behind a server, and a merchant that is told of every
// transaction as the sandbox would settle it.
type theatre struct {
	gateway *providertest.Gateway
	dialect provider.Dialect
	mu      sync.Mutex
	inbox   []provider.Received
}

// settle applies the documented test data to a transaction and notifies.
func (th *theatre) settle(tx pay.Transaction) error {
	verdict := rules(provider.Trial{Kind: tx.Kind, Amount: tx.Amount}).Amount
	done := th.gateway.Settle(tx.ID, verdict.Outcome, verdict.Failure)
	n, err := th.dialect.Notice(context.Background(), done, string(done.Status))
	if err != nil || n == nil {
		return err
	}
	th.deliver(n.Call)
	return nil
}

func (th *theatre) deliver(c provider.Call) {
	th.mu.Lock()
	defer th.mu.Unlock()
	th.inbox = append(th.inbox, provider.Received{Method: c.Method, Path: c.URL, Header: c.Header, Body: c.Body})
}

func (th *theatre) received(_ context.Context, mark string) (provider.Received, error) {
	for _, tx := range th.gateway.Transactions() {
		if tx.Reference == mark && !tx.Status.Final() {
			if err := th.settle(tx); err != nil {
				return provider.Received{}, err
			}
		}
	}
	th.mu.Lock()
	defer th.mu.Unlock()
	for _, r := range th.inbox {
		if strings.Contains(string(r.Body), mark) {
			return r, nil
		}
	}
	return provider.Received{}, errors.New("nothing arrived")
}

func TestEverySceneIsAsDocumentedOnTheDialect(t *testing.T) {
	g := providertest.NewGateway()
	th := &theatre{gateway: g, dialect: Provider().Speak(g)}
	server := httptest.NewServer(http.StripPrefix("/mypvit", th.dialect))
	defer server.Close()
	g.Base = server.URL
	g.Holders["+24174000100"] = provider.Holder{Name: "Jeanne Ndong", Active: true}
	g.OnPush = func(c provider.Call) (int, []byte, error) {
		th.deliver(c)
		return 200, nil, nil
	}
	g.OnCreate = func(tx *pay.Transaction) {
		if tx.Kind == pay.Payout {
			tx.Status = pay.StatusSucceeded
			if tx.Amount.Minor > greatestSuccess {
				tx.Status = pay.StatusFailed
			}
		}
	}
	issued, err := providertest.Issue(t.Context(), th.dialect, provider.IssueOrder{
		MerchantID: "demo0001", Mode: pay.Test, Demo: true, CallbackURL: "http://shop.test", ReturnURL: "http://shop.test/return",
	})
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	stage := &provider.Stage{
		Base: server.URL + "/mypvit", HTTP: server.Client(), Credentials: issued, Callback: "http://shop.test/mypvit",
		Received: th.received, Store: map[string]string{}, Now: time.Now,
		Unique: func() string { count++; return fmt.Sprintf("REF%09d", count) },
		Pay: func(_ context.Context, page string, choice map[string]string) error {
			noRedirects := *server.Client()
			noRedirects.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			res, err := noRedirects.Get(page)
			if err != nil {
				return err
			}
			defer res.Body.Close()
			_, _ = io.Copy(io.Discard, res.Body)
			_, token, ok := strings.Cut(res.Header.Get("Location"), "/pay/")
			if !ok {
				return fmt.Errorf("HTTP %d without a page", res.StatusCode)
			}
			g.Pay(token, pay.Method{Type: pay.MethodType(choice["method"]), Operator: choice["operator"]})
			return nil
		},
	}
	for _, scene := range scenes() {
		t.Run(scene.Operation, func(t *testing.T) {
			status, outcome, err := scene.Play(t.Context(), stage)
			if err != nil || status != 200 || outcome == "" {
				t.Errorf("HTTP %d %q: %v", status, outcome, err)
			}
		})
	}
}

func TestASceneTellsWhatIsNotAsDocumented(t *testing.T) {
	server := httptest.NewServer(answer(200, `{"status":"SUCCESS","status_code":200}`))
	defer server.Close()
	stage := &provider.Stage{
		Base: server.URL, HTTP: server.Client(), Credentials: map[string]string{}, Store: map[string]string{},
		Unique: func() string { return "REF000000001" },
		Received: func(context.Context, string) (provider.Received, error) {
			return provider.Received{}, errors.New("none")
		},
		Pay: func(context.Context, string, map[string]string) error { return nil },
	}
	for _, scene := range scenes() {
		if _, _, err := scene.Play(t.Context(), stage); err == nil {
			t.Errorf("%s is content with a wrong answer", scene.Operation)
		}
	}
}
