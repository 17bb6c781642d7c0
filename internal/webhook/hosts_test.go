package webhook

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/passerelle-pay/passerelle/internal/outbound"
	"github.com/passerelle-pay/passerelle/internal/store"
)

func TestAHostThatHangsHoldsUpOnlyItself(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		inside, hold := make(chan struct{}, 2), make(chan struct{})
		dead := b.receive(func(int, http.ResponseWriter, received) {
			inside <- struct{}{}
			<-hold
		})
		quick := b.receive(always(http.StatusOK))
		b.sender = b.newSender(outbound.Policy{AllowLoopback: true})
		b.sender.hosts = newHosts(2)
		hangs, _ := b.endpoint(dead.URL)
		answers, _ := b.endpoint(quick.URL)
		var ids []string
		for _, transaction := range []string{"pay_1", "pay_2", "pay_3"} {
			ids = append(ids, b.owe(transaction, 1, "succeeded", hangs, 1)[0])
			b.advance(time.Millisecond)
		}
		list, err := b.sender.Claim(t.Context(), 2)
		must(t, err)
		var stuck sync.WaitGroup
		for _, c := range list {
			stuck.Go(func() {
				if err := b.sender.Work(t.Context(), c); err != nil {
					t.Error(err)
				}
			})
			<-inside
		}
		alive := b.owe("pay_4", 1, "succeeded", answers, 1)[0]
		b.work()
		b.wants(alive, Delivered, 1)
		b.wants(ids[2], Pending, 0)
		if b.pause(ids[2]) != time.Second {
			t.Errorf("the third comes back in %s, want 1s", b.pause(ids[2]))
		}
		close(hold)
		stuck.Wait()
		b.advance(time.Second)
		b.work()
		for _, id := range ids {
			b.wants(id, Delivered, 1)
		}
		if len(b.sender.hosts.by) != 0 {
			t.Errorf("%d hosts are remembered with nothing on its way", len(b.sender.hosts.by))
		}
	})
}

func TestWhatElseIsOwedToAFullHostIsPutOffWithTheFirstThatIsTurnedAway(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		inside, hold := make(chan struct{}, 10), make(chan struct{})
		dead := b.receive(func(int, http.ResponseWriter, received) {
			inside <- struct{}{}
			<-hold
		})
		b.sender = b.newSender(outbound.Policy{AllowLoopback: true})
		b.sender.hosts = newHosts(1)
		hangs, _ := b.endpoint(dead.URL)
		answers, _ := b.endpoint(b.receive(always(http.StatusOK)).URL)
		first := b.owe("pay_0", 1, "succeeded", hangs, 1)[0]
		claimed, err := b.sender.Claim(t.Context(), 1)
		must(t, err)
		var stuck sync.WaitGroup
		stuck.Go(func() {
			if err := b.sender.Work(t.Context(), claimed[0]); err != nil {
				t.Error(err)
			}
		})
		<-inside
		b.advance(time.Millisecond)
		var put []string
		for _, transaction := range []string{"pay_1", "pay_2", "pay_3", "pay_4"} {
			put = append(put, b.owe(transaction, 1, "succeeded", hangs, 1)[0])
		}
		other := b.owe("pay_5", 1, "succeeded", answers, 1)[0]
		later := b.owe("pay_6", 1, "succeeded", hangs, 1)[0]
		b.update(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Raw().ExecContext(ctx, "UPDATE deliveries SET next_attempt_at = next_attempt_at + 5000 WHERE id = $1", later)
			return err
		})
		claimed, err = b.sender.Claim(t.Context(), 1)
		must(t, err)
		must(t, b.sender.Work(t.Context(), claimed[0])) // one is turned away
		for _, id := range put {
			if b.pause(id) != time.Second {
				t.Errorf("one comes back in %s, want 1s", b.pause(id))
			}
		}
		if b.pause(other) != 0 || b.pause(later) != 5*time.Second {
			t.Errorf("others come back in %s and %s, want at once and 5s", b.pause(other), b.pause(later))
		}
		close(hold)
		stuck.Wait()
		b.advance(10 * time.Second)
		b.work()
		for _, id := range append(put, first, other, later) {
			b.wants(id, Delivered, 1)
		}
	})
}

func TestAQuickHostIsWaitedForAndASlowOneNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hs := newHosts(1)
		leave, _ := hs.enter("shop.example")
		go func() {
			time.Sleep(patience / 2)
			leave()
		}()
		second, _ := hs.enter("shop.example")
		if second == nil {
			t.Fatal("turned away from a host that answers within a worker's patience")
		}
		started := time.Now()
		if leave, pause := hs.enter("shop.example"); leave != nil || pause != patience/2 {
			t.Errorf("entered a full host, or comes back in %s, and not when its calls take half of %s", pause, patience)
		}
		if time.Since(started) != patience {
			t.Errorf("waited %s for a host not known to be slow", time.Since(started))
		}
		started = time.Now()
		for range 1000 {
			if leave, pause := hs.enter("shop.example"); leave != nil || pause > 30*time.Second {
				t.Fatalf("entered a full host, or comes back in %s", pause)
			}
		}
		if time.Since(started) != 0 {
			t.Error("workers wait for a host that is known to be slow")
		}
		if other, _ := hs.enter("other.example"); other == nil {
			t.Error("one host's queue closes another")
		}
		second()
	})
}

func TestThePausesOfNativeWebhooksAddUpTo72HoursAtTheirShortest(t *testing.T) {
	var least time.Duration
	for n := int64(1); ; n++ {
		shortest := time.Duration(1<<63 - 1)
		ok := true
		for range 200 {
			var pause time.Duration
			if pause, ok = nativeRetry(n, answer{status: 500}, time.Now()); !ok {
				break
			}
			shortest = min(shortest, pause)
		}
		if !ok {
			break
		}
		least += shortest
	}
	if least < 72*time.Hour {
		t.Errorf("the last try may come after %s", least)
	}
}

func TestOneAtATimePutsOffWhatElseAHostIsOwed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hs := newHosts(1)
		leave, _ := hs.enter("shop.example")
		defer leave()
		if !hs.sweeps("shop.example", time.Second) || hs.sweeps("shop.example", time.Second) {
			t.Error("want the first alone to put off the rest")
		}
		hs.swept("shop.example", 400, true)
		if !hs.sweeps("shop.example", time.Second) {
			t.Error("nobody puts off the rest of much")
		}
		hs.swept("shop.example", 3, false)
		time.Sleep(time.Second - time.Millisecond)
		if hs.sweeps("shop.example", time.Second) {
			t.Error("put off again before the first come back")
		}
		time.Sleep(time.Millisecond)
		if !hs.sweeps("shop.example", time.Second) || hs.sweeps("other.example", time.Second) {
			t.Error("want it after a second, and of hosts that are called alone")
		}
	})
}
