package webhook

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/passerelle-pay/passerelle/internal/outbound"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
)

func TestAnEndpointGetsTheWholeEventSigned(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		shop := b.receive(always(http.StatusNoContent))
		endpoint, key := b.endpoint(shop.URL + "/webhooks")
		id := b.owe("pay_1", 2, "succeeded", endpoint, 1)[0]
		b.work()
		d := b.wants(id, Delivered, 1)
		if d.LastStatus != 204 || d.LastError != "" {
			t.Errorf("delivered with status %d, error %q", d.LastStatus, d.LastError)
		}
		got := shop.requests()
		if len(got) != 1 {
			t.Fatalf("%d requests, want 1", len(got))
		}
		verifier, err := standardwebhooks.NewWebhook(key.Reveal())
		must(t, err)
		if err := verifier.Verify(got[0].body, got[0].header); err != nil {
			t.Errorf("the signature does not verify: %v", err)
		}
		if got[0].header.Get("webhook-id") != d.EventID || got[0].header.Get("Content-Type") != "application/json" {
			t.Errorf("headers %v", got[0].header)
		}
		var body map[string]any
		must(t, json.Unmarshal(got[0].body, &body))
		at, err := time.Parse(time.RFC3339, body["created_at"].(string))
		must(t, err)
		data := body["data"].(map[string]any)
		if body["id"] != d.EventID || body["type"] != "payment.succeeded" || body["sequence"] != 2.0 || body["mode"] != "test" ||
			!at.Equal(store.Time(d.CreatedAt)) || data["id"] != "pay_1" || data["amount"] != 1500.0 || data["status"] != "succeeded" {
			t.Errorf("body %s", got[0].body)
		}
	})
}

func TestAFailedTryComesBackWithTheSameIDAndBodyForOver72Hours(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		shop := b.receive(always(http.StatusInternalServerError))
		endpoint, key := b.endpoint(shop.URL)
		id := b.owe("pay_1", 1, "failed", endpoint, 1)[0]
		started := b.clock()
		b.work()
		for n, nominal := range []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute} {
			b.wants(id, Pending, int64(n+1))
			pause := b.pause(id)
			if pause < nominal*9/10 || pause > nominal*11/10 {
				t.Fatalf("after try %d it pauses %s, want %s give or take a tenth", n+1, pause, nominal)
			}
			b.advance(pause - time.Millisecond)
			b.work()
			b.wants(id, Pending, int64(n+1)) // not before its time
			b.advance(time.Millisecond)
			b.work()
		}
		last := b.clock()
		for b.delivery(id).Status == Pending {
			b.advance(b.pause(id))
			last = b.clock()
			b.work()
		}
		d := b.wants(id, Failed, 14)
		if d.LastStatus != 500 || !strings.Contains(d.LastError, "500") {
			t.Errorf("ended with status %d, error %q", d.LastStatus, d.LastError)
		}
		if last.Sub(started) < 72*time.Hour {
			t.Errorf("given up after %s", last.Sub(started))
		}
		verifier, err := standardwebhooks.NewWebhook(key.Reveal())
		must(t, err)
		requests := shop.requests()
		stamps := map[string]bool{}
		for _, r := range requests {
			if r.header.Get("webhook-id") != d.EventID || string(r.body) != string(requests[0].body) {
				t.Errorf("a retry changed its id or its body")
			}
			must(t, verifier.VerifyIgnoringTimestamp(r.body, r.header))
			stamps[r.header.Get("webhook-timestamp")] = true
		}
		if len(stamps) != len(requests) || !stamps[strconv.FormatInt(last.Unix(), 10)] {
			t.Error("tries are not stamped with their own time")
		}
	})
}

func TestRetryAfterIsHonouredOn429And503(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		date := b.clock().Add(2 * time.Hour).Truncate(time.Second)
		for _, c := range []struct {
			what, value string
			status      int
			want        time.Duration
		}{
			{"seconds on 429", "600", 429, 10 * time.Minute},
			{"seconds on 503", "601", 503, 601 * time.Second},
			{"a date", date.Format(http.TimeFormat), 503, date.Sub(b.clock())},
			{"at most a day", "999999", 429, 24 * time.Hour},
			{"not sooner than the schedule", "1", 429, 0},
			{"nonsense is no time", "soon", 503, 0},
			{"a date gone by", "Wed, 21 Oct 2015 07:28:00 GMT", 503, 0},
			{"not on other answers", "600", 500, 0},
		} {
			shop := b.receive(func(_ int, w http.ResponseWriter, _ received) {
				w.Header().Set("Retry-After", c.value)
				w.WriteHeader(c.status)
			})
			endpoint, _ := b.endpoint(shop.URL)
			id := b.owe("pay_"+c.what, 1, "succeeded", endpoint, 1)[0]
			b.work()
			pause := b.pause(id)
			if c.want != 0 && pause != c.want || c.want == 0 && (pause < 4500*time.Millisecond || pause > 5500*time.Millisecond) {
				t.Errorf("%s: pauses %s, want %s", c.what, pause, c.want)
			}
		}
	})
}

func TestGoneDisablesTheEndpointAndGivesUpWhatItIsOwed(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		shop := b.receive(always(http.StatusGone))
		other := b.receive(always(http.StatusOK))
		endpoint, _ := b.endpoint(shop.URL)
		alive, _ := b.endpoint(other.URL)
		first := b.owe("pay_1", 1, "succeeded", endpoint, 1)[0]
		b.advance(time.Second)
		later := b.owe("pay_2", 1, "succeeded", endpoint, 1)[0]
		elsewhere := b.owe("pay_3", 1, "succeeded", alive, 1)[0]
		list, err := b.sender.Claim(t.Context(), 1)
		must(t, err)
		must(t, b.sender.Work(t.Context(), list[0]))
		b.wants(first, Failed, 1)
		b.wants(later, Failed, 0)
		b.work()
		b.wants(elsewhere, Delivered, 1)
		e, err := b.sender.Endpoints().Get(t.Context(), caller, endpoint)
		must(t, err)
		if e.Enabled || !strings.Contains(e.DisabledBecause, "410") {
			t.Errorf("endpoint enabled=%v because %q", e.Enabled, e.DisabledBecause)
		}
		if n := len(shop.requests()); n != 1 {
			t.Errorf("%d requests to an endpoint that is gone", n)
		}
		afterwards := b.owe("pay_4", 1, "succeeded", endpoint, 1)[0]
		b.work()
		b.wants(afterwards, Failed, 0)
	})
}

func TestGoneFromAnAddressThatWasChangedMeanwhileDisablesNothing(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		var endpoint string
		shop := b.receive(func(_ int, w http.ResponseWriter, _ received) {
			moved := "http://127.0.0.1:9/moved"
			_, err := b.sender.Endpoints().Update(t.Context(), caller, endpoint, Change{URL: &moved})
			if err != nil {
				t.Error(err)
			}
			w.WriteHeader(http.StatusGone)
		})
		endpoint, _ = b.endpoint(shop.URL)
		id := b.owe("pay_1", 1, "succeeded", endpoint, 1)[0]
		b.work()
		b.wants(id, Failed, 1)
		if e, err := b.sender.Endpoints().Get(t.Context(), caller, endpoint); err != nil || !e.Enabled {
			t.Errorf("endpoint enabled=%v, error %v", e.Enabled, err)
		}
	})
}

func TestARedirectIsAFailureAndNotFollowed(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		trap := b.receive(always(http.StatusOK))
		shop := b.receive(func(_ int, w http.ResponseWriter, _ received) {
			w.Header().Set("Location", trap.URL)
			w.WriteHeader(http.StatusTemporaryRedirect)
		})
		endpoint, _ := b.endpoint(shop.URL)
		id := b.owe("pay_1", 1, "succeeded", endpoint, 1)[0]
		b.work()
		if d := b.wants(id, Pending, 1); d.LastStatus != 307 || !strings.Contains(d.LastError, "redirect") {
			t.Errorf("status %d, error %q", d.LastStatus, d.LastError)
		}
		if len(trap.requests()) != 0 {
			t.Error("the redirect was followed")
		}
	})
}

func TestAnAddressThatTheGuardRefusesIsNeverCalled(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		inside := b.receive(always(http.StatusOK))
		endpoint, _ := b.endpoint(inside.URL + "/internal?code=made-up-code")
		id := b.owe("pay_1", 1, "succeeded", endpoint, 1)[0]
		b.sender = b.newSender(outbound.Policy{}) // as in production: no loopback
		b.work()
		d := b.wants(id, Pending, 1)
		if len(inside.requests()) != 0 {
			t.Error("a loopback address was called")
		}
		if d.LastStatus != 0 || !strings.Contains(d.LastError, "forbidden address") {
			t.Errorf("status %d, error %q", d.LastStatus, d.LastError)
		}
		if text := d.LastError + b.log.String(); strings.Contains(text, "made-up-code") || strings.Contains(text, "/internal") {
			t.Errorf("the URL is in the error or the log: %s", text)
		}
	})
}

func TestWhatIsKeptOfAnAnswerIsShortRedactedAndStorable(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		shop := b.receive(func(_ int, w http.ResponseWriter, _ received) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write([]byte(`card 4970 1000 0000 0154 refused` + "\x00\x1b[31m " + strings.Repeat("é", 3000)))
		})
		endpoint, _ := b.endpoint(shop.URL)
		id := b.owe("pay_1", 1, "succeeded", endpoint, 1)[0]
		b.work()
		d := b.wants(id, Pending, 1)
		if len(d.LastError) > 1024 || !strings.HasPrefix(d.LastError, "answered 500: card") {
			t.Errorf("kept %d bytes: %q", len(d.LastError), d.LastError)
		}
		if strings.Contains(d.LastError, "1000 0000") || strings.Contains(d.LastError, "10000000") {
			t.Error("a card number was kept")
		}
	})
}

func TestABodyThatNeverEndsIsReadTo64KiBAndChangesNothing(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		shop := b.receive(func(_ int, w http.ResponseWriter, _ received) {
			for range 64 {
				if _, err := w.Write(make([]byte, 16<<10)); err != nil {
					return
				}
			}
		})
		endpoint, _ := b.endpoint(shop.URL)
		id := b.owe("pay_1", 1, "succeeded", endpoint, 1)[0]
		b.work()
		b.wants(id, Delivered, 1)
	})
}

func TestAnEndpointDeletedBeforeTheTryEndsTheDelivery(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		id := b.owe("pay_1", 1, "succeeded", "we_nobody", 1)[0]
		b.work()
		b.wants(id, Failed, 0)
	})
}

func TestASecretThatCantBeOpenedCostsNoTryAndIsNotInTheLog(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		shop := b.receive(always(http.StatusOK))
		endpoint, key := b.endpoint(shop.URL)
		b.update(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.UpdateEndpoint(ctx, sqlgen.UpdateEndpointParams{
				Url: shop.URL, Events: "[]", Secret: key.Reveal(), Enabled: true, MerchantID: merchant, ID: endpoint,
			})
			return err
		})
		id := b.owe("pay_1", 1, "succeeded", endpoint, 1)[0]
		b.work()
		b.wants(id, Pending, 0)
		if b.pause(id) != time.Minute || len(shop.requests()) != 0 {
			t.Errorf("pauses %s after %d requests", b.pause(id), len(shop.requests()))
		}
		if !strings.Contains(b.log.String(), "can't be prepared") || strings.Contains(b.log.String(), key.Reveal()) {
			t.Errorf("log: %s", b.log.String())
		}
		b.advance(72 * time.Hour)
		b.work()
		b.wants(id, Failed, 0)
	})
}
