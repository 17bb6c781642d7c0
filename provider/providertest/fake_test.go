package providertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func TestMemoryForgetsWhatHasExpired(t *testing.T) {
	g := NewGateway()
	m := g.Memory("some")
	item := provider.Item{Value: []byte("v"), ExpiresAt: g.Now().Add(time.Minute)}
	if err := m.Put(t.Context(), "k", item); err != nil {
		t.Fatal(err)
	}
	if ok, err := m.Add(t.Context(), "k", item); ok || err != nil {
		t.Errorf("added over an item that exists: %v", err)
	}
	g.Advance(time.Minute)
	if _, err := m.Get(t.Context(), "k"); !errors.Is(err, provider.ErrNoItem) {
		t.Errorf("%v", err)
	}
	if ok, err := m.Add(t.Context(), "k", item); !ok || err != nil {
		t.Errorf("not added over an expired item: %v", err)
	}
}

func TestALeaseHasOneHolderUntilItEnds(t *testing.T) {
	g := NewGateway()
	m := g.Memory("some")
	take := func() (func(), bool) {
		release, held, err := m.Lease(t.Context(), "k", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return release, held
	}
	late, held := take()
	if _, again := take(); !held || again {
		t.Error("two holders at once")
	}
	g.Advance(time.Minute)
	if _, held := take(); !held {
		t.Error("a lease outlived its time")
	}
	late()
	if _, held := take(); held {
		t.Error("a late release freed another's lease")
	}
}

func TestAReferenceIsUniquePerAccountAndKind(t *testing.T) {
	g := NewGateway()
	caller := provider.Caller{MerchantID: "demo0001", Mode: pay.Test, Front: "some", Account: "A"}
	r := provider.Request{Kind: pay.Payment, Reference: "R", Amount: XAF(200), Method: pay.Method{Type: pay.MobileMoney, Phone: "+24160000100"}}
	first, err := g.Create(t.Context(), caller, r)
	if err != nil {
		t.Fatal(err)
	}
	_, err = g.Create(t.Context(), caller, r)
	var e *pay.Error
	if !errors.As(err, &e) || e.Code != pay.CodeDuplicateReference || e.Existing.ID != first.ID {
		t.Errorf("%v", err)
	}
	r.Kind = pay.Payout
	if _, err := g.Create(t.Context(), caller, r); err != nil {
		t.Errorf("another kind: %v", err)
	}
	stranger := caller
	stranger.MerchantID = "other001"
	if _, err := g.Find(t.Context(), stranger, provider.Search{ID: first.ID, AnyAccount: true}); !errors.Is(err, pay.ErrNotFound) {
		t.Errorf("another merchant's transaction is found: %v", err)
	}
}

func TestWaitEndsWithTheTransactionOrItsContext(t *testing.T) {
	g := NewGateway()
	caller := provider.Caller{MerchantID: "demo0001", Mode: pay.Test, Front: "some"}
	tx, err := g.Create(t.Context(), caller, provider.Request{
		Kind: pay.Payment, Reference: "R", Amount: XAF(200), Method: pay.Method{Type: pay.MobileMoney, Phone: "+24160000100"},
	})
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if now, err := g.Wait(ended, caller, tx.ID); err != nil || now.Status != pay.StatusPending {
		t.Errorf("%s %v", now.Status, err)
	}
	go g.Settle(tx.ID, pay.OutcomeSucceeded, pay.Failure{})
	if now, err := g.Wait(t.Context(), caller, tx.ID); err != nil || now.Status != pay.StatusSucceeded {
		t.Errorf("%s %v", now.Status, err)
	}
}
