package webhook

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func TestANoticeIsSentAsItsDialectWroteIt(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		shop := b.receive(always(http.StatusOK))
		b.dialect.tells(shop.URL+"/notify", provider.Notice{})
		b.dialect.judge = func(n *provider.Notice, status int, body []byte) provider.Ack {
			return provider.Ack{Delivered: status == 200, Verdict: "missing"}
		}
		id := b.owe("pay_1", 1, "succeeded", "fake", 1)[0]
		b.work()
		if d := b.wants(id, Delivered, 1); d.Verdict != "missing" {
			t.Errorf("verdict %q", d.Verdict)
		}
		got := shop.requests()[0]
		if got.method != "POST" || got.path != "/notify" || string(got.body) != "pay_1 succeeded" || got.header.Get("X-Token") != "made-up" {
			t.Errorf("request %+v", got)
		}
	})
}

func TestAnEventOfWhichTheDialectSaysNothingIsSkippedAndHoldsUpNothing(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		shop := b.receive(always(http.StatusOK))
		b.dialect.tells(shop.URL, provider.Notice{})
		speak := b.dialect.notice
		b.dialect.notice = func(tx pay.Transaction, event string) (*provider.Notice, error) {
			if event == "pending" {
				return nil, nil
			}
			return speak(tx, event)
		}
		quiet := b.owe("pay_1", 1, "pending", "fake", 1)[0]
		told := b.owe("pay_1", 2, "failed", "fake", 1)[0]
		b.work()
		b.wants(quiet, Skipped, 0)
		b.wants(told, Delivered, 1)
	})
}

func TestTheDialectsOwnListOfPausesIsFollowedToItsEnd(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		shop := b.receive(always(http.StatusBadGateway))
		b.dialect.tells(shop.URL, provider.Notice{Retries: []time.Duration{10 * time.Second, time.Hour}})
		id := b.owe("pay_1", 1, "succeeded", "fake", 1)[0]
		b.work()
		b.wants(id, Pending, 1)
		if b.pause(id) != 10*time.Second {
			t.Errorf("first pause %s", b.pause(id))
		}
		b.advance(10 * time.Second)
		b.work()
		if b.pause(id) != time.Hour {
			t.Errorf("second pause %s", b.pause(id))
		}
		b.advance(time.Hour)
		b.work()
		b.wants(id, Failed, 3)
	})
}

func TestAnAnswerThatTheDialectDoesNotAcceptIsSentAgainWithItsVerdictKept(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		shop := b.receive(func(_ int, w http.ResponseWriter, _ received) { _, _ = w.Write([]byte("no")) })
		b.dialect.tells(shop.URL, provider.Notice{Retries: []time.Duration{time.Minute}})
		b.dialect.judge = func(_ *provider.Notice, _ int, body []byte) provider.Ack {
			return provider.Ack{Delivered: string(body) == "yes", Verdict: "wrong"}
		}
		id := b.owe("pay_1", 1, "succeeded", "fake", 1)[0]
		b.work()
		if d := b.wants(id, Pending, 1); d.Verdict != "wrong" || d.LastStatus != 200 {
			t.Errorf("verdict %q, status %d", d.Verdict, d.LastStatus)
		}
	})
}

func TestTheProbeIsSentOnceBeforeTheFirstTry(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		shop := b.receive(func(_ int, w http.ResponseWriter, r received) { w.WriteHeader(http.StatusNotFound) })
		b.dialect.tells(shop.URL, provider.Notice{
			Probe: &provider.Call{Method: http.MethodGet, URL: shop.URL + "/ping"}, Retries: []time.Duration{time.Minute},
		})
		id := b.owe("pay_1", 1, "succeeded", "fake", 1)[0]
		b.work()
		b.advance(time.Minute)
		b.work()
		b.wants(id, Failed, 2)
		var methods []string
		for _, r := range shop.requests() {
			methods = append(methods, r.method)
		}
		if got := strings.Join(methods, " "); got != "GET POST POST" {
			t.Errorf("requests %s, want one probe and two tries", got)
		}
	})
}

func TestARequiredProbeKeepsTheNoticeBackUntilItSucceeds(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		shop := b.receive(firstly(http.StatusServiceUnavailable, http.StatusOK))
		b.dialect.tells(shop.URL, provider.Notice{
			Probe: &provider.Call{Method: http.MethodGet, URL: shop.URL}, ProbeRequired: true,
			Retries: []time.Duration{time.Minute},
		})
		id := b.owe("pay_1", 1, "succeeded", "fake", 1)[0]
		b.work()
		if d := b.wants(id, Pending, 1); !strings.HasPrefix(d.LastError, "probe: answered 503") {
			t.Errorf("error %q", d.LastError)
		}
		if n := len(shop.requests()); n != 1 {
			t.Fatalf("%d requests before the probe succeeded, want the probe alone", n)
		}
		b.advance(time.Minute)
		b.work()
		b.wants(id, Delivered, 2)
		if n := len(shop.requests()); n != 3 {
			t.Errorf("%d requests, want probe, probe, notice", n)
		}
	})
}

func TestTheDelayBeforeTheFirstTryIsTheDialectsUnlessReplaced(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		shop := b.receive(always(http.StatusOK))
		b.dialect.tells(shop.URL, provider.Notice{Delay: 20 * time.Second})
		id := b.owe("pay_1", 1, "succeeded", "fake", 1)[0]
		b.work()
		b.wants(id, Pending, 0)
		if b.pause(id) != 20*time.Second {
			t.Fatalf("pauses %s", b.pause(id))
		}
		b.advance(20 * time.Second)
		b.work()
		b.wants(id, Delivered, 1)

		b.sender.Delay = func(m pay.Mode) (time.Duration, bool) { return 0, m == pay.Test }
		id = b.owe("pay_2", 1, "succeeded", "fake", 1)[0]
		b.work()
		b.wants(id, Delivered, 1)
	})
}

func TestAServerThatDoesNotAnswerInTheNoticesTimeHasFailed(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		hold := make(chan struct{})
		shop := b.receive(func(int, http.ResponseWriter, received) { <-hold })
		defer close(hold)
		b.dialect.tells(shop.URL, provider.Notice{Timeout: 30 * time.Millisecond, Retries: []time.Duration{time.Minute}})
		id := b.owe("pay_1", 1, "succeeded", "fake", 1)[0]
		b.work()
		if d := b.wants(id, Pending, 1); d.LastStatus != 0 || d.LastError != "no answer within 30ms" {
			t.Errorf("status %d, error %q", d.LastStatus, d.LastError)
		}
	})
}

func TestADialectThatFailsToWriteIsAskedAgainAndCostsNoTry(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		shop := b.receive(always(http.StatusOK))
		b.dialect.notice = func(pay.Transaction, string) (*provider.Notice, error) { return nil, errors.New("memory is away") }
		id := b.owe("pay_1", 1, "succeeded", "fake", 1)[0]
		b.work()
		b.wants(id, Pending, 0)
		b.dialect.tells(shop.URL, provider.Notice{})
		b.advance(time.Minute)
		b.work()
		b.wants(id, Delivered, 1)
	})
}

func TestCopiesOfAnEventAreAllSent(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		shop := b.receive(always(http.StatusOK))
		b.dialect.tells(shop.URL, provider.Notice{})
		ids := b.owe("pay_1", 1, "succeeded", "fake", 3)
		b.work()
		for _, id := range ids {
			b.wants(id, Delivered, 1)
		}
		if n := len(shop.requests()); n != 3 {
			t.Errorf("%d requests, want 3", n)
		}
	})
}
