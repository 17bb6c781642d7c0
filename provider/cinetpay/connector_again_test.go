package cinetpay

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// hurried is a CinetPay that answers initialisations by its list, the last
// again and again, and knows nothing when it is asked.
type hurried struct {
	pages   []string
	checks  string
	ids     []string
	lastAsk string
}

const (
	tooMany = `{"code":"429","message":"TOO_MANY_REQUEST","description":"slow down","api_response_id":"1.1"}`
	absent  = `{"code":"608","message":"MINIMUM_REQUIRED_FIELDS","description":"transaction_id not found","api_response_id":"1.2"}`
	taken   = `{"code":"608","message":"MINIMUM_REQUIRED_FIELDS","description":"transaction_id already exists","api_response_id":"1.3"}`
	opened  = `{"code":"201","message":"CREATED","data":{"payment_token":"t1","payment_url":"https://p.test/t1"},"api_response_id":"1.4"}`
)

func (h *hurried) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body struct {
		ID string `json:"transaction_id"`
	}
	_ = json.NewDecoder(r.Body).Decode(&body)
	if r.URL.Path == pathCheck {
		h.lastAsk = body.ID
		answers(400, h.checks)(w, r)
		return
	}
	h.ids = append(h.ids, body.ID)
	page := h.pages[0]
	if len(h.pages) > 1 {
		h.pages = h.pages[1:]
	}
	if page == "" {
		answers(502, "<html>Bad Gateway</html>")(w, r)
		return
	}
	answers(200, page)(w, r)
}

func TestAnInitialisationThatCameTooFastIsMadeLaterUnderTheSameID(t *testing.T) {
	h := &hurried{pages: []string{tooMany, tooMany, opened}, checks: absent}
	c, s := connected(t, h.ServeHTTP, nil)
	ctx := context.Background()
	r, err := c.Submit(ctx, testOrder())
	if err != nil || r.Outcome != pay.OutcomeUnknown || r.Failure.ProviderCode != "429" || r.Prompted {
		t.Fatalf("submitted: %+v, %v", r, err)
	}
	s.Advance(10 * time.Second)
	if r, err := c.Status(ctx, testRef(nil)); err != nil || r.Outcome != pay.OutcomeUnknown {
		t.Fatalf("still too fast: %+v, %v", r, err)
	}
	s.Advance(30 * time.Second)
	r, err = c.Status(ctx, testRef(nil))
	if err != nil || r.Outcome != pay.OutcomePending || r.NextAction.URL != "https://p.test/t1" {
		t.Fatalf("later: %+v, %v", r, err)
	}
	id := testOrder().Reference
	if len(h.ids) != 3 || h.ids[0] != id || h.ids[1] != id || h.ids[2] != id || r.Data[dataTransactionID] != id {
		t.Errorf("ids %v, data %v", h.ids, r.Data)
	}
}

func TestAQuestionThatCameTooFastInitialisesNothing(t *testing.T) {
	h := &hurried{pages: []string{tooMany}, checks: tooMany}
	c, s := connected(t, h.ServeHTTP, nil)
	_, _ = c.Submit(context.Background(), testOrder())
	s.Advance(5 * time.Minute)
	r, err := c.Status(context.Background(), testRef(nil))
	if err != nil || r.Outcome != pay.OutcomeUnknown || len(h.ids) != 1 {
		t.Errorf("%+v, %v, initialised %v", r, err, h.ids)
	}
}

func TestAnInitialisationThatIsAlwaysTooFastIsRefusedInTheEnd(t *testing.T) {
	h := &hurried{pages: []string{tooMany}, checks: absent}
	c, s := connected(t, h.ServeHTTP, nil)
	ctx := context.Background()
	_, _ = c.Submit(ctx, testOrder())
	for _, d := range []time.Duration{10 * time.Second, 30 * time.Second, 2 * time.Minute} {
		s.Advance(d)
		if r, err := c.Status(ctx, testRef(nil)); err != nil || r.Outcome != pay.OutcomeUnknown {
			t.Fatalf("after %v: %+v, %v", d, r, err)
		}
	}
	s.Advance(10 * time.Minute)
	r, err := c.Status(ctx, testRef(nil))
	if err != nil || r.Outcome != pay.OutcomeFailed || r.Failure.Reason != pay.ProviderError || r.Failure.ProviderCode != "429" {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := s.Memory.Get(ctx, requestKey(testOrder().Reference)); !errors.Is(err, provider.ErrNoItem) {
		t.Error("the refused request is still remembered")
	}
}

func TestALateInitialisationWhoseAnswerIsLostIsLikeAnyOther(t *testing.T) {
	for name, lost := range map[string]string{"no answer": "", "its id is taken": taken} {
		t.Run(name, func(t *testing.T) {
			h := &hurried{pages: []string{tooMany, lost, opened}, checks: absent}
			c, s := connected(t, h.ServeHTTP, nil)
			ctx := context.Background()
			_, _ = c.Submit(ctx, testOrder())
			s.Advance(10 * time.Second)
			if r, _ := c.Status(ctx, testRef(nil)); r.Outcome == pay.OutcomeFailed || len(h.ids) != 2 {
				t.Fatalf("%+v, ids %v", r, h.ids)
			}
			s.Advance(time.Minute)
			if r, err := c.Status(ctx, testRef(nil)); err != nil || r.Outcome != pay.OutcomeUnknown || len(h.ids) != 2 {
				t.Fatalf("before two minutes: %+v, %v, ids %v", r, err, h.ids)
			}
			s.Advance(time.Minute)
			r, err := c.Status(ctx, testRef(nil))
			if err != nil || r.Outcome != pay.OutcomePending || h.ids[1] != h.ids[0] || h.ids[2] == h.ids[0] || h.lastAsk != h.ids[0] {
				t.Errorf("after two minutes: %+v, %v, ids %v", r, err, h.ids)
			}
		})
	}
}
