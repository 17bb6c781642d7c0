package outbound

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(status int) (*http.Response, error) {
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader("body"))}, nil
}

// scripted is a peer whose behaviour the test sets.
type scripted struct {
	calls  int
	status int
	err    error
}

func (s *scripted) RoundTrip(*http.Request) (*http.Response, error) {
	s.calls++
	if s.err != nil {
		return nil, s.err
	}
	return answer(s.status)
}

func call(rt http.RoundTripper, host string) (int, error) {
	req, err := http.NewRequest(http.MethodPost, "https://"+host+"/pay", strings.NewReader("x"))
	if err != nil {
		return 0, err
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

func TestABreakerOpensOnFailuresInARowAndClosesWhenThePeerIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		peer := &scripted{status: 503}
		var states []string
		rt := Breaker("mobile.submit", peer, func(name, host, state string) {
			states = append(states, name+" "+host+" "+state)
		})
		for i := range 5 {
			if status, err := call(rt, "a.example"); status != 503 || err != nil {
				t.Fatalf("call %d = %d, %v; want the answer itself", i, status, err)
			}
		}
		_, err := call(rt, "a.example")
		if !errors.Is(err, ErrOpen) || Sent(err) || peer.calls != 5 {
			t.Fatalf("sixth call = %v after %d calls; want ErrOpen, not sent", err, peer.calls)
		}
		if strings.Contains(err.Error(), "/pay") || !strings.Contains(err.Error(), "mobile.submit at a.example") {
			t.Errorf("the error says %q", err)
		}
		if _, err := call(rt, "b.example"); err != nil {
			t.Errorf("another host shares the state: %v", err)
		}

		time.Sleep(31 * time.Second) // the bubble's clock
		if status, err := call(rt, "a.example"); status != 503 || err != nil {
			t.Errorf("the trial call = %d, %v", status, err)
		}
		if _, err := call(rt, "a.example"); !errors.Is(err, ErrOpen) {
			t.Errorf("after a failed trial: %v", err)
		}
		time.Sleep(31 * time.Second)
		peer.status = 200
		for range 3 {
			if status, err := call(rt, "a.example"); status != 200 || err != nil {
				t.Errorf("after recovery = %d, %v", status, err)
			}
		}
		want := []string{"open", "half-open", "open", "half-open", "closed"}
		for i, state := range want {
			want[i] = "mobile.submit a.example " + state
		}
		if !slices.Equal(states, want) {
			t.Errorf("heard %v, want %v", states, want)
		}
	})
}

func TestNetworkErrorsOpenABreaker(t *testing.T) {
	peer := &scripted{err: &Error{notSent: true, err: errors.New("connection refused")}}
	rt := Breaker("mobile", peer)
	for range 5 {
		if _, err := call(rt, "a.example"); errors.Is(err, ErrOpen) {
			t.Fatal("open too early")
		}
	}
	if _, err := call(rt, "a.example"); !errors.Is(err, ErrOpen) {
		t.Errorf("err = %v, want ErrOpen", err)
	}
}

func TestRefusalsAndOurOwnDoingDoNotOpenABreaker(t *testing.T) {
	for name, peer := range map[string]*scripted{
		"bad request":        {status: 400},
		"unauthorised":       {status: 401},
		"too many requests":  {status: 429},
		"caller went away":   {err: &Error{err: context.Canceled}},
		"forbidden address":  {err: &Error{notSent: true, err: ErrForbiddenAddress}},
		"loop":               {err: &Error{notSent: true, err: ErrLoop}},
		"redirection answer": {status: 302},
	} {
		rt := Breaker("mobile", peer)
		for range 20 {
			if _, err := call(rt, "a.example"); errors.Is(err, ErrOpen) {
				t.Errorf("%s opened the breaker", name)
				break
			}
		}
	}
}

func TestASuccessBetweenFailuresKeepsABreakerClosed(t *testing.T) {
	n := 0
	rt := Breaker("mobile", roundTripper(func(*http.Request) (*http.Response, error) {
		n++
		if n%5 == 0 {
			return answer(200)
		}
		return answer(500)
	}))
	for range 40 {
		if _, err := call(rt, "a.example"); err != nil {
			t.Fatal(err)
		}
	}
}
