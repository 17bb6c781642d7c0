package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func post(t *testing.T, url, reference string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body(reference)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer sk_test_demo")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", reference)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, answer
}

func body(reference string) string {
	return `{"reference":"` + reference + `","amount":1500,"currency":"XAF","method":{"type":"mobile_money","phone":"+24174000100"}}`
}

// slowRequest has sent all of a payment but the last byte of its body, and the
// gateway is reading it.
func slowRequest(t *testing.T, url, reference string) (conn net.Conn, finish func() *http.Response) {
	t.Helper()
	address := strings.TrimPrefix(url, "http://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	text := body(reference)
	var head bytes.Buffer
	_, _ = fmt.Fprintf(&head, "POST /v1/payments HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer sk_test_demo\r\n"+
		"Content-Type: application/json\r\nIdempotency-Key: %s\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", address, reference, len(text))
	if _, err := conn.Write(head.Bytes()); err != nil {
		t.Fatal(err)
	}
	// The gateway asks for the body when its handler reads it: from here on the
	// request has been accepted.
	answers := bufio.NewReader(conn)
	line, err := answers.ReadString('\n')
	if err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("the gateway says %q, %v", line, err)
	}
	if _, err := answers.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text[:len(text)-1]); err != nil {
		t.Fatal(err)
	}
	return conn, func() *http.Response {
		if _, err := io.WriteString(conn, text[len(text)-1:]); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatalf("an accepted request was dropped: %v", err)
		}
		return resp
	}
}

func TestSIGTERMAnswersWhatWasAcceptedAndSaysNotReadyMeanwhile(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--data", ":memory:")
	conn, finish := slowRequest(t, p.URL, "SLOW1")
	defer func() { _ = conn.Close() }()
	if err := p.Term(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); ; {
		status, _ := get(t, p.URL+"/readyz")
		if status == http.StatusServiceUnavailable {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("/readyz answers %d while the gateway drains", status)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if status, _ := get(t, p.URL+"/healthz"); status != http.StatusOK {
		t.Errorf("/healthz answers %d while the gateway drains", status)
	}
	// Who has not heard yet is still served.
	if status, answer := post(t, p.URL+"/v1/payments", "LATE1"); status != http.StatusCreated {
		t.Errorf("a payment during the drain is answered %d: %s", status, answer)
	}
	resp := finish()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusCreated {
		t.Fatalf("the slow payment is answered %d: %s, %v", resp.StatusCode, answer, err)
	}
	if err := p.End(); err != nil {
		t.Fatalf("it did not stop well: %v\n%s", err, p.Output())
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://")); err == nil {
		t.Error("it still listens")
	}
}

func TestAPaymentAcceptedBeforeSIGTERMSettlesAfterARestart(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	first, err := launch("", nil, "dev", "--addr", "127.0.0.1:0", "--data", data, "--operator-delay", "2s")
	if err != nil {
		t.Fatal(err)
	}
	id := takePayment(t, first.URL, "ORDER1")
	if err := first.stop(); err != nil {
		t.Fatalf("stop: %v\n%s", err, first.Output())
	}
	again, err := launch("", nil, "dev", "--addr", "127.0.0.1:0", "--data", data)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := again.stop(); err != nil {
			t.Errorf("stop: %v\n%s", err, again.Output())
		}
	}()
	_, inbox := get(t, again.URL+"/sandbox/v1/inbox?wait=30s&contains="+id)
	if strings.Count(inbox, "payment.succeeded") != 1 {
		t.Errorf("the inbox has %s", inbox)
	}
}
