package webhook

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// demoSecret is the published one of the demo merchant.
const demoSecret = "whsec_ZGVtby1wYXNzZXJlbGxlLXdlYmhvb2stc2VjcmV0"

func TestAnEndpointsSecretIsShownOnceAndStoredSealed(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		e, key, err := b.sender.Endpoints().Create(t.Context(), caller, "http://127.0.0.1:9/hooks", nil, "")
		must(t, err)
		raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(key.Reveal(), "whsec_"))
		if err != nil || len(raw) < 24 || len(raw) > 64 || !strings.HasPrefix(key.Reveal(), "whsec_") {
			t.Errorf("a signing secret of %d bytes, error %v", len(raw), err)
		}
		row, err := b.store.Read().GetEndpoint(t.Context(), sqlgen.GetEndpointParams{MerchantID: merchant, ID: e.ID})
		must(t, err)
		if strings.Contains(row.Secret, strings.TrimPrefix(key.Reveal(), "whsec_")) {
			t.Error("the secret is stored in plain")
		}
		opened, err := OpenSecret(b.box, row)
		must(t, err)
		if opened != key {
			t.Error("the stored secret is not the one shown")
		}
		row.ID = "we_other"
		if _, err := OpenSecret(b.box, row); err == nil {
			t.Error("a secret opens in another endpoint's row")
		}
		if _, again, err := b.sender.Endpoints().Create(t.Context(), caller, "http://127.0.0.1:9", nil, demoSecret); err != nil || again != demoSecret {
			t.Errorf("a fixed secret became another, error %v", err)
		}
		if _, other := b.endpoint("http://127.0.0.1:9"); other == key {
			t.Error("two secrets are the same")
		}
	})
}

func TestAnEndpointIsRefusedByTheFieldAtFault(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		for _, c := range []struct {
			url    string
			events []string
			secret pay.Secret
			param  string
		}{
			{"ftp://example.com", nil, "", "url"},
			{"https://user:pw@example.com/", nil, "", "url"},
			{"http://10.0.0.1/", nil, "", "url"},
			{"http://169.254.169.254/latest", nil, "", "url"},
			{"", nil, "", "url"},
			{"https://example.com/", []string{"payment.succeeded", "payment.exploded"}, "", "events"},
			{"https://example.com/", []string{""}, "", "events"},
			{"https://example.com/", nil, "whsec_c2hvcnQ=", "secret"},
			{"https://example.com/", nil, "ZGVtby1wYXNzZXJlbGxlLXdlYmhvb2stc2VjcmV0", "secret"},
		} {
			_, _, err := b.sender.Endpoints().Create(t.Context(), caller, c.url, c.events, c.secret)
			var refusal *pay.Error
			if !errors.As(err, &refusal) || refusal.Kind != pay.KindInvalid || refusal.Param != c.param {
				t.Errorf("%q %v: %v, want invalid %s", c.url, c.events, err, c.param)
			}
		}
		if list, err := b.sender.Endpoints().List(t.Context(), caller); err != nil || len(list) != 0 {
			t.Errorf("%d endpoints after refusals, error %v", len(list), err)
		}
	})
}

func TestAnEndpointExistsForItsMerchantAndModeAlone(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		endpoints := b.sender.Endpoints()
		id, _ := b.endpoint("http://127.0.0.1:9/", "payment.succeeded", "payment.succeeded", "*")
		for _, stranger := range []provider.Caller{
			{MerchantID: merchant, Mode: pay.Live}, {MerchantID: "stranger", Mode: pay.Test},
		} {
			_, err := endpoints.Get(t.Context(), stranger, id)
			_, err2 := endpoints.Update(t.Context(), stranger, id, Change{})
			err3 := endpoints.Delete(t.Context(), stranger, id)
			list, err4 := endpoints.List(t.Context(), stranger)
			if !errors.Is(err, pay.ErrNotFound) || !errors.Is(err2, pay.ErrNotFound) || !errors.Is(err3, pay.ErrNotFound) || err4 != nil || len(list) != 0 {
				t.Errorf("a stranger got %v, %v, %v, %v", err, err2, err3, list)
			}
		}
		e, err := endpoints.Get(t.Context(), caller, id)
		must(t, err)
		if !slices.Equal(e.Events, []string{"payment.succeeded", "*"}) || !e.Enabled || !e.CreatedAt.Equal(b.clock()) {
			t.Errorf("endpoint %+v", e)
		}
	})
}

func TestAnEndpointIsChangedDisabledAndDeleted(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		endpoints := b.sender.Endpoints()
		id, _ := b.endpoint("http://127.0.0.1:9/")
		url, events, off, on := "http://127.0.0.1:10/", []string{"refund.failed"}, false, true
		owed := b.owe("pay_1", 1, "succeeded", id, 1)[0]
		e, err := endpoints.Update(t.Context(), caller, id, Change{URL: &url, Events: &events})
		must(t, err)
		if e.URL != url || !slices.Equal(e.Events, events) || !e.Enabled {
			t.Errorf("changed to %+v", e)
		}
		b.wants(owed, Pending, 0)
		bad := "http://192.168.1.1/"
		if _, err := endpoints.Update(t.Context(), caller, id, Change{URL: &bad}); pay.KindOf(err) != pay.KindInvalid {
			t.Errorf("a private address: %v", err)
		}
		if e, err = endpoints.Update(t.Context(), caller, id, Change{Enabled: &off}); err != nil || e.Enabled || e.DisabledBecause == "" {
			t.Errorf("disabled: %+v, %v", e, err)
		}
		b.wants(owed, Failed, 0)
		if e, err = endpoints.Update(t.Context(), caller, id, Change{Enabled: &on}); err != nil || !e.Enabled || e.DisabledBecause != "" {
			t.Errorf("enabled again: %+v, %v", e, err)
		}
		owed = b.owe("pay_2", 1, "succeeded", id, 1)[0]
		must(t, endpoints.Delete(t.Context(), caller, id))
		b.wants(owed, Failed, 0)
		if _, err := endpoints.Get(t.Context(), caller, id); !errors.Is(err, pay.ErrNotFound) {
			t.Errorf("a deleted endpoint: %v", err)
		}
	})
}

func TestAMerchantHasABoundedNumberOfEndpoints(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		first, _ := b.endpoint("http://127.0.0.1:9/0")
		row, err := b.store.Read().GetEndpoint(t.Context(), sqlgen.GetEndpointParams{MerchantID: caller.MerchantID, ID: first})
		must(t, err)
		must(t, b.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			for i := range maxEndpoints - 1 {
				row.ID = fmt.Sprintf("%s%d", first, i)
				if err := tx.InsertEndpoint(ctx, sqlgen.InsertEndpointParams(row)); err != nil {
					return err
				}
			}
			return nil
		}))
		_, _, err = b.sender.Endpoints().Create(t.Context(), caller, "http://127.0.0.1:9/more", nil, "")
		if pay.KindOf(err) != pay.KindConflict {
			t.Errorf("one endpoint too many: %v", err)
		}
	})
}

func TestAResentEventGoesToItsTargetsUnderTheSameID(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		shop := b.receive(always(http.StatusOK))
		had, _ := b.endpoint(shop.URL+"/had", "payment.canceled")
		off, _ := b.endpoint(shop.URL + "/off")
		b.endpoint(shop.URL+"/late", "payment.succeeded")
		b.endpoint(shop.URL+"/never", "payout.succeeded")
		id := b.owe("pay_1", 1, "succeeded", had, 1)[0]
		b.work()
		disabled := false
		_, err := b.sender.Endpoints().Update(t.Context(), caller, off, Change{Enabled: &disabled})
		must(t, err)
		event := b.delivery(id).EventID
		b.advance(time.Hour)
		woken := 0
		b.sender.OnWork(func() { woken++ })
		again, err := b.sender.Resend(t.Context(), caller, event)
		must(t, err)
		if len(again) != 2 || woken != 1 {
			t.Fatalf("resent to %d targets, woke %d times, want 2 and 1", len(again), woken)
		}
		b.work()
		paths := map[string]int{}
		for _, r := range shop.requests() {
			paths[r.path]++
			if r.header.Get("webhook-id") != event {
				t.Errorf("webhook-id %s, want %s", r.header.Get("webhook-id"), event)
			}
		}
		if paths["/had"] != 2 || paths["/late"] != 1 || len(paths) != 2 {
			t.Errorf("sent to %v", paths)
		}
		list, err := b.sender.Deliveries(t.Context(), caller, event)
		must(t, err)
		if len(list) != 3 || list[0].ID != id || list[0].Status != Delivered || list[0].Attempts != 1 || list[0].LastStatus != 200 ||
			list[0].Type != "payment.succeeded" || list[0].CompletedAt.IsZero() || !list[0].NextAttemptAt.IsZero() {
			t.Errorf("deliveries %+v", list)
		}
	})
}

func TestAnEventOfADialectIsResentThroughItAlone(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		shop := b.receive(always(http.StatusOK))
		b.endpoint(shop.URL + "/native")
		b.dialect.tells(shop.URL+"/dialect", provider.Notice{})
		id := b.owe("pay_1", 1, "succeeded", "fake", 1)[0]
		b.work()
		again, err := b.sender.Resend(t.Context(), caller, b.delivery(id).EventID)
		must(t, err)
		b.work()
		if len(again) != 1 || again[0].Target != "fake" || len(shop.requests()) != 2 {
			t.Errorf("resent %+v with %d requests", again, len(shop.requests()))
		}
	})
}

func TestAnEventThatIsNotTheCallersOrHasNoTargetIsNotResent(t *testing.T) {
	onBothEngines(t, func(t *testing.T, b *bench) {
		id := b.owe("pay_1", 1, "succeeded", "we_deleted", 1)[0]
		event := b.delivery(id).EventID
		live := provider.Caller{MerchantID: merchant, Mode: pay.Live}
		_, err := b.sender.Resend(t.Context(), live, event)
		_, err2 := b.sender.Deliveries(t.Context(), live, event)
		_, err3 := b.sender.Resend(t.Context(), caller, "evt_none")
		if !errors.Is(err, pay.ErrNotFound) || !errors.Is(err2, pay.ErrNotFound) || !errors.Is(err3, pay.ErrNotFound) {
			t.Errorf("a stranger's event: %v, %v, %v", err, err2, err3)
		}
		if _, err := b.sender.Resend(t.Context(), caller, event); pay.KindOf(err) != pay.KindConflict {
			t.Errorf("an event without a target: %v", err)
		}
	})
}
