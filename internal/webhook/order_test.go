package webhook

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/due"
	"github.com/passerelle-pay/passerelle/internal/outbound"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func TestALaterEventWaitsForTheEarlierAndFollowsAtOnce(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		shop := b.receive(firstly(http.StatusInternalServerError, http.StatusOK))
		other := b.receive(always(http.StatusOK))
		endpoint, _ := b.endpoint(shop.URL)
		elsewhere, _ := b.endpoint(other.URL)
		woken := 0
		b.sender.OnWork(func() { woken++ })
		failed := b.owe("pay_1", 1, "failed", endpoint, 1)[0]
		succeeded := b.owe("pay_1", 2, "succeeded", endpoint, 1)[0]
		free := b.owe("pay_2", 2, "succeeded", elsewhere, 1)[0]
		b.work()
		b.wants(failed, Pending, 1)
		if d := b.wants(succeeded, Pending, 0); d.LastError != waiting {
			t.Errorf("a waiting delivery says %q", d.LastError)
		}
		b.wants(free, Delivered, 1)
		b.advance(b.pause(failed))
		woken = 0
		list, err := b.sender.Claim(t.Context(), 10)
		must(t, err)
		if len(list) != 1 {
			t.Fatalf("%d deliveries are due, want the failed one alone", len(list))
		}
		must(t, b.sender.Work(t.Context(), list[0]))
		if woken != 1 {
			t.Errorf("the runner was woken %d times, want once", woken)
		}
		b.work()
		b.wants(failed, Delivered, 2)
		if d := b.wants(succeeded, Delivered, 1); d.LastError != "" {
			t.Errorf("a delivered delivery says %q", d.LastError)
		}
		var types []string
		for _, r := range shop.requests() {
			types = append(types, strings.Split(string(r.body), `"`)[7])
		}
		if got := strings.Join(types, " "); got != "payment.failed payment.failed payment.succeeded" {
			t.Errorf("sent %s", got)
		}
	})
}

func TestALaterEventFollowsOneThatWasGivenUp(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		shop := b.receive(firstly(http.StatusBadRequest, http.StatusOK))
		b.dialect.tells(shop.URL, provider.Notice{})
		first := b.owe("pay_1", 1, "failed", "fake", 1)[0]
		second := b.owe("pay_1", 2, "succeeded", "fake", 1)[0]
		b.work()
		b.wants(first, Failed, 1)
		b.wants(second, Delivered, 1)
	})
}

func TestOrderHoldsAcrossNodesUnderFailures(t *testing.T) {
	const transactions, events = 6, 6
	onBothEngines(t, func(t *testing.T, b *bench) {
		var mu sync.Mutex
		tries := map[string]int{}
		taken := map[string][]string{}
		shop := b.receive(func(_ int, w http.ResponseWriter, r received) {
			mu.Lock()
			defer mu.Unlock()
			text := string(r.body)
			if tries[text]++; tries[text]%2 == 1 { // each event fails once
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			transaction, _, _ := strings.Cut(text, " ")
			taken[transaction] = append(taken[transaction], text)
		})
		b.dialect.notice = func(tx pay.Transaction, event string) (*provider.Notice, error) {
			return &provider.Notice{
				Retries: []time.Duration{time.Millisecond},
				Call:    provider.Call{URL: shop.URL, Body: fmt.Appendf(nil, "%s %d", tx.ID, tx.Sequence)},
			}, nil
		}
		names := []string{"requires_action", "pending", "failed", "succeeded", "duplicate", "duplicate"}
		for i := range transactions {
			for n := range events {
				b.owe(fmt.Sprintf("pay_%d", i), int64(n+1), names[n], "fake", 1)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var done atomic.Int64
		var nodes sync.WaitGroup
		for range 2 {
			sender := b.newSender(outbound.Policy{AllowLoopback: true})
			sender.Now = time.Now
			r := &due.Runner[store.DueDelivery]{Claim: sender.Claim, Work: sender.Work, Workers: 8, Poll: 5 * time.Millisecond, Log: sender.Log}
			sender.OnWork(r.Wake)
			r.Done = func(_ time.Duration, err error) {
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				n := 0
				for _, list := range taken {
					n += len(list)
				}
				if done.Store(int64(n)); n == transactions*events {
					cancel()
				}
			}
			nodes.Go(func() { r.Run(ctx) })
		}
		timeout := time.AfterFunc(30*time.Second, cancel)
		defer timeout.Stop()
		nodes.Wait()
		if done.Load() != transactions*events {
			t.Fatalf("%d of %d events were taken", done.Load(), transactions*events)
		}
		for transaction, list := range taken {
			for n, text := range list {
				if text != fmt.Sprintf("%s %d", transaction, n+1) {
					t.Errorf("%s was told in the order %v", transaction, list)
					break
				}
			}
		}
	})
}

func TestANodeThatDiesBetweenSendingAndRecordingLosesOnlyItsLease(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		shop := b.receive(always(http.StatusOK))
		b.dialect.tells(shop.URL, provider.Notice{})
		b.dialect.judge = func(*provider.Notice, int, []byte) provider.Ack { panic("the node dies here") }
		id := b.owe("pay_1", 1, "succeeded", "fake", 1)[0]
		list, err := b.sender.Claim(t.Context(), 10)
		must(t, err)
		func() {
			defer func() { _ = recover() }()
			_ = b.sender.Work(t.Context(), list[0])
		}()
		b.dialect.judge = nil
		b.work()
		b.wants(id, Pending, 0) // still under the dead node's lease
		b.advance(store.DeliveryLease)
		b.work()
		b.wants(id, Delivered, 1)
		if n := len(shop.requests()); n != 2 {
			t.Errorf("%d requests, want the event twice", n)
		}
	})
}

func TestWhoLostTheLeaseRecordsNothing(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		other := b.newSender(outbound.Policy{AllowLoopback: true})
		shop := b.receive(func(n int, w http.ResponseWriter, _ received) {
			if n > 1 {
				return
			}
			b.advance(store.DeliveryLease + time.Second)
			list, err := other.Claim(t.Context(), 10)
			if err != nil || len(list) != 1 {
				t.Errorf("claimed %d deliveries after the lease, error %v", len(list), err)
				return
			}
			if err := other.Work(t.Context(), list[0]); err != nil {
				t.Error(err)
			}
			w.WriteHeader(http.StatusGone)
		})
		endpoint, _ := b.endpoint(shop.URL)
		id := b.owe("pay_1", 1, "succeeded", endpoint, 1)[0]
		b.work()
		b.wants(id, Delivered, 1)
		if e, err := b.sender.Endpoints().Get(t.Context(), caller, endpoint); err != nil || !e.Enabled {
			t.Errorf("the late answer disabled the endpoint, error %v", err)
		}
	})
}

func TestADeliveryWhoseLeaseEndedBeforeTheWorkBeganIsLeftAlone(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		shop := b.receive(always(http.StatusOK))
		endpoint, _ := b.endpoint(shop.URL)
		b.owe("pay_1", 1, "succeeded", endpoint, 1)
		list, err := b.sender.Claim(t.Context(), 10)
		must(t, err)
		b.advance(store.DeliveryLease)
		must(t, b.sender.Work(t.Context(), list[0]))
		if len(shop.requests()) != 0 {
			t.Error("it was sent without a lease")
		}
	})
}
