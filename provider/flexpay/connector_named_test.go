package flexpay

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/providertest"
)

const forgedNumber = "Forged000000000000000001"

// nameless is a ref of a payment whose initiation gave no orderNumber.
func nameless(s *providertest.Surroundings) provider.Ref {
	ref := refOf(mobileOrder(), s)
	ref.ProviderReference = ""
	return ref
}

func TestAForgedNumberKeepsTheTrueOneOutNowhere(t *testing.T) {
	forged, truth := callbackOf(`"0"`, forgedNumber), callbackOf(`"0"`, orderNumber)
	for name, callbacks := range map[string][]string{
		"forged before": {forged, truth}, "forged after": {truth, forged}, "forged all around": {forged, truth, forged, truth},
	} {
		var checks []string
		c, s := connected(t, flexpay(&checks, checkedAs(`"0"`)), nil)
		for _, body := range callbacks {
			if n := notify(t, c, body); n.Reference != "PS0123456789ABCDEFGH" || n.Hint != pay.OutcomeSucceeded {
				t.Errorf("%s: notification %+v", name, n)
			}
		}
		r, err := c.Status(context.Background(), nameless(s))
		if err != nil || r.Outcome != pay.OutcomeSucceeded || r.ProviderReference != orderNumber {
			t.Errorf("%s: %+v, %v, checks %v", name, r, err, checks)
		}
		if n := notify(t, c, forged); n.Reference != "" || n.Hint != "" {
			t.Errorf("%s, once the number is known: %+v", name, n)
		}
		if len(s.Alerts()) == 0 {
			t.Errorf("%s: nobody is told", name)
		}
	}
}

func TestAForgedNumberAloneIsNeverBelieved(t *testing.T) {
	var checks []string
	c, s := connected(t, flexpay(&checks, checkedAs(`"0"`)), nil)
	notify(t, c, callbackOf(`"0"`, forgedNumber))
	for range 3 {
		r, err := c.Status(context.Background(), nameless(s))
		if err != nil || r.Outcome != pay.OutcomeUnknown || r.ProviderReference != "" || r.Absent {
			t.Errorf("%+v, %v", r, err)
		}
	}
	notify(t, c, callbackOf(`"0"`, orderNumber))
	if r, err := c.Status(context.Background(), nameless(s)); err != nil || r.Outcome != pay.OutcomeSucceeded {
		t.Errorf("after the true callback: %+v, %v", r, err)
	}
}

func TestThePagesNumberIsTriedBesideACallbacks(t *testing.T) {
	var checks []string
	c, s := connected(t, flexpay(&checks, checkedAs(`"0"`)), nil)
	notify(t, c, callbackOf(`"0"`, forgedNumber))
	ref := nameless(s)
	ref.Data = map[string]string{dataHint: orderNumber}
	r, err := c.Status(context.Background(), ref)
	if err != nil || r.Outcome != pay.OutcomeSucceeded || r.ProviderReference != orderNumber {
		t.Errorf("%+v, %v, checks %v", r, err, checks)
	}
}

func TestACandidateThatFlexPayDoesNotKnowYetStays(t *testing.T) {
	early := []http.HandlerFunc{answers(500, "<html></html>"), answers(200, read(t, "check_not_found.json")), answers(200, "<html></html>")}
	n := 0
	c, s := connected(t, func(w http.ResponseWriter, r *http.Request) {
		if n++; n <= len(early) {
			early[n-1](w, r)
			return
		}
		answers(200, checkedAs(`"0"`))(w, r)
	}, nil)
	notify(t, c, callbackOf(`"0"`, orderNumber))
	for range early {
		if r, _ := c.Status(context.Background(), nameless(s)); r.Outcome == pay.OutcomeSucceeded || r.Outcome == pay.OutcomeFailed {
			t.Errorf("check_500_early: %+v", r)
		}
	}
	if r, err := c.Status(context.Background(), nameless(s)); err != nil || r.Outcome != pay.OutcomeSucceeded {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestACandidateMustBeOfOurOrderInAll(t *testing.T) {
	for name, body := range map[string]string{
		"another amount":   checkedAs(`"0"`, `"50.0"`, `"49.0"`),
		"another currency": checkedAs(`"0"`, "CDF", "USD"),
		"no amount":        checkedAs(`"0"`, `"amount":"50.0",`, ""),
		"no currency":      checkedAs(`"0"`, `"currency":"CDF",`, ""),
		"a failure":        checkedAs(`"5"`, `"50.0"`, `"49.0"`),
		"one that waits":   checkedAs(`"2"`, `"50.0"`, `"49.0"`),
	} {
		c, s := connected(t, answers(200, body), nil)
		notify(t, c, callbackOf(`"0"`, orderNumber))
		r, err := c.Status(context.Background(), nameless(s))
		if err != nil || r.Outcome != pay.OutcomeUnknown || r.ProviderReference != "" || len(s.Alerts()) != 1 {
			t.Errorf("%s: %+v, %v, %v", name, r, err, s.Alerts())
		}
	}
}

func TestCandidatesAreBoundedAndAnothersGiveWay(t *testing.T) {
	var checks []string
	c, s := connected(t, flexpay(&checks, checkedAs(`"0"`, "PS0123456789ABCDEFGH", "MMO00012")), nil)
	notify(t, c, callbackOf(`"0"`, orderNumber)) // another's, by its check
	for i := range 7 {
		notify(t, c, callbackOf(`"0"`, fmt.Sprintf("Forged%018d", i)))
	}
	if n := notify(t, c, callbackOf(`"0"`, "TooMany00000000000000001")); n.Reference != "" || len(s.Alerts()) != 1 {
		t.Errorf("a ninth: %+v, %v", n, s.Alerts())
	}
	if r, err := c.Status(context.Background(), nameless(s)); err != nil || r.Outcome != pay.OutcomeUnknown || len(checks) != 8 {
		t.Errorf("%+v, %v, checks %v", r, err, checks)
	}
	if n := notify(t, c, callbackOf(`"0"`, "Truly0000000000000000001")); n.ProviderReference != "Truly0000000000000000001" {
		t.Errorf("in the place of another's: %+v", n)
	}
	for _, odd := range []string{"..", "a/b", "a b", strings.Repeat("9", 65)} {
		if k := (kept{}); k.hear(odd, false) {
			t.Errorf("%q is taken for an orderNumber", odd)
		}
	}
}

func TestAFailureCountsForTheNumberThatItWasSaidOf(t *testing.T) {
	var checks []string
	c, s := connected(t, flexpay(&checks, checkedAs(`"1"`)), nil)
	notify(t, c, callbackOf(`"1"`, forgedNumber))
	notify(t, c, callbackOf(`"0"`, orderNumber))
	ref := nameless(s)
	ref.HintFailed = true // as the gateway keeps it of the first
	r, err := c.Status(context.Background(), ref)
	if err != nil || r.Outcome != pay.OutcomePending || r.ProviderReference != orderNumber {
		t.Fatalf("while only the forged one said so: %+v, %v", r, err)
	}
	ref.ProviderReference = orderNumber
	notify(t, c, callbackOf(`"1"`, orderNumber))
	if r, err := c.Status(context.Background(), ref); err != nil || r.Outcome != pay.OutcomeFailed || r.Failure.Reason != pay.Declined {
		t.Errorf("once the true one says so: %+v, %v", r, err)
	}
}

func TestNoCandidateIsLostAmongConcurrentCallbacks(t *testing.T) {
	c, _ := connected(t, answers(500, ""), nil)
	ctx, reference := context.Background(), mobileOrder().Reference
	name := func(n int) bool {
		bound, err := c.bind(ctx, Callback{Code: "0", Reference: reference, OrderNumber: fmt.Sprintf("Named%019d", n)})
		if err != nil {
			t.Error(err)
		}
		return bound
	}
	var wg sync.WaitGroup
	for n := range maxNamed {
		wg.Go(func() {
			if !name(n) {
				t.Errorf("callback %d is not taken in", n)
			}
		})
	}
	wg.Wait()
	if k, _, err := c.recall(ctx, reference); err != nil || len(k.Named) != maxNamed {
		t.Errorf("%+v, %v", k, err)
	}
	wg.Go(func() { c.learnOrderNumber(ctx, reference, orderNumber) })
	wg.Go(func() { name(3) }) // taken in or not, as it comes before FlexPay's number or after
	wg.Wait()
	if k, _, err := c.recall(ctx, reference); err != nil || k.Number != orderNumber {
		t.Errorf("FlexPay's own number is lost: %+v, %v", k, err)
	}
}

func TestAPersonHearsOnceOfNumbersThatLeadNowhere(t *testing.T) {
	var checks []string
	c, s := connected(t, flexpay(&checks, checkedAs(`"0"`)), nil)
	notify(t, c, callbackOf(`"0"`, forgedNumber))
	ref := nameless(s)
	for range 4 {
		_, _ = c.Status(context.Background(), ref)
		s.Advance(10 * time.Minute)
	}
	if len(s.Alerts()) != 1 {
		t.Errorf("alerts %v", s.Alerts())
	}
}
