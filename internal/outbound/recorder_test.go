package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

type ctxKey struct{}

// exchange plays one request through a Recorder against handler.
func exchange(t *testing.T, handler http.HandlerFunc, secrets []string, build func(url string) *http.Request) (Exchange, string) {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	c := New(Policy{AllowLoopback: true})
	var got []Exchange
	rec := &Recorder{Next: c.Transport(), Secrets: secrets, Record: func(ctx context.Context, x Exchange) {
		if ctx.Value(ctxKey{}) != "pay_1" {
			t.Error("the request's context is missing")
		}
		got = append(got, x)
	}}
	req := build(server.URL).WithContext(context.WithValue(t.Context(), ctxKey{}, "pay_1"))
	resp, err := c.Wrap(rec).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 {
		t.Fatalf("recorded %d exchanges, want 1", len(got))
	}
	return got[0], string(body)
}

func TestATranscriptFullOfSecretsComesOutMasked(t *testing.T) {
	const (
		pan, cvv, otp    = "5555555555554444", "737", "905511"
		phone, payer     = "+24174998877", "066112233"
		apiKey, password = "apikey-VALUE-1", "passw0rd-VALUE-2"
		secretHeader     = "sk_test_VALUE-3"
		token, cookie    = "tok-VALUE-4", "session=VALUE-5"
		pathCode         = "PATHCODE6"
		pushed, jwtToken = "pushed-VALUE-7", "eyJhbGciOiJub25lIn0.eyJhIjoiVkFMVUUifQ.c2ln"
	)
	var wire string
	x, received := exchange(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		wire = string(body) + r.Header.Get("X-Secret") + r.URL.String()
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Set-Cookie", cookie)
		w.Header().Set("X-Token", token)
		w.WriteHeader(http.StatusAccepted)
		_, _ = fmt.Fprintf(w, `{"status":"PENDING","secret":%q,"echo":"card %s of %s at /%s/","bearer_note":%q}`, pushed, pan, payer, pathCode, jwtToken)
	}, []string{pathCode}, func(url string) *http.Request {
		body := fmt.Sprintf(`{"amount":5000,"card_number":%q,"cvv":%q,"otp":%q,"phone":%q,"password":%q,"free":"call %s, code %s"}`,
			pan, cvv, otp, phone, password, payer, pathCode)
		req, _ := http.NewRequest(http.MethodPost, url+"/"+pathCode+"/rest?apikey="+apiKey+"&lang=fr", strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Secret", secretHeader)
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("keypass", password)
		req.Header.Set("Cookie", cookie)
		return req
	})

	if !strings.Contains(wire, pan) || !strings.Contains(wire, secretHeader) || !strings.Contains(wire, apiKey) || !strings.Contains(received, pushed) {
		t.Fatal("redaction must not touch what is sent and received")
	}
	text := fmt.Sprintf("%+v", x)
	for _, original := range []string{pan, cvv, otp, phone, phone[1:], payer, apiKey, password, secretHeader, token, cookie, pathCode, pushed, jwtToken, "VALUE"} {
		if strings.Contains(text, original) {
			t.Errorf("%s survives", original)
		}
	}
	for _, kept := range []string{`"amount":5000`, "555555******4444", "+*******8877", "*****2233", "lang=fr", "PENDING"} {
		if !strings.Contains(text, kept) {
			t.Errorf("%s is lost", kept)
		}
	}
	if x.Method != "POST" || x.Status != 202 || !x.Sent || x.Err != "" || x.Duration <= 0 || x.Started.IsZero() {
		t.Errorf("recorded %+v", x)
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestABodyThatCannotBeReadTwiceIsRecordedAndSent(t *testing.T) {
	x, received := exchange(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	}, nil, func(url string) *http.Request {
		req, _ := http.NewRequest(http.MethodPost, url, io.MultiReader(strings.NewReader("amount=1&"), strings.NewReader("apikey=abc")))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return req
	})
	if received != "amount=1&apikey=abc" || x.RequestBody != "amount=1&apikey=****" {
		t.Errorf("sent %q, recorded %q", received, x.RequestBody)
	}
}

func TestLongBodiesAreCutOnlyAfterRedaction(t *testing.T) {
	for size, want := range map[int]string{transcriptLimit: "[cut]", captureLimit: "is not recorded]"} {
		c := capture{}
		_, _ = c.Write([]byte(strings.Repeat("x", size-6) + " token=abc"))
		text := c.text(newRedactor(nil), "text/plain")
		if !strings.HasSuffix(text, want) || len(text) > transcriptLimit+10 || strings.Contains(text, "abc") {
			t.Errorf("a body of %d bytes ends in %q", size, text[max(0, len(text)-30):])
		}
	}
}

func TestErrorsAreRecordedWithWhetherTheyWereSent(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want bool
	}{
		"refused":   {&Error{notSent: true, err: errors.New("dial code-VALUE")}, false},
		"timed out": {&Error{err: context.DeadlineExceeded}, true},
		"unknown":   {io.ErrUnexpectedEOF, true},
	} {
		var got []Exchange
		rec := &Recorder{Next: &scripted{err: tt.err}, Secrets: []string{"code-VALUE"}, Record: func(_ context.Context, x Exchange) { got = append(got, x) }}
		_, err := call(rec, "a.example")
		if !errors.Is(err, tt.err) || Sent(err) != tt.want {
			t.Errorf("%s: the error changed to %v", name, err)
		}
		if len(got) != 1 || got[0].Sent != tt.want || got[0].Err == "" || strings.Contains(got[0].Err, "VALUE") || got[0].Status != 0 {
			t.Errorf("%s: recorded %+v", name, got)
		}
	}
}

func TestAnAnswerThatBreaksOffIsRecordedAsFarAsItWasRead(t *testing.T) {
	var got []Exchange
	rec := &Recorder{
		Next: roundTripper(func(*http.Request) (*http.Response, error) {
			body := io.MultiReader(strings.NewReader(`{"token":"abc","half`), brokenReader{})
			return &http.Response{StatusCode: 200, Body: io.NopCloser(body)}, nil
		}),
		Record: func(_ context.Context, x Exchange) { got = append(got, x) },
	}
	req, _ := http.NewRequest(http.MethodGet, "https://a.example/", nil)
	resp, err := rec.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if !errors.Is(err, io.ErrUnexpectedEOF) || len(got) != 1 {
		t.Fatalf("%v, %d exchanges", err, len(got))
	}
	if x := got[0]; x.Status != 200 || !x.Sent || x.ResponseBody != `{"token":"****","half` || x.Err == "" {
		t.Errorf("recorded %+v", x)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
