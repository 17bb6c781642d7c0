package main

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/client"
)

var printedSecret = regexp.MustCompile(`Signing secret +(whsec_\S+)`)

func TestListenForwardsWithTheSecretItPrintsAndStopsOnAnInterrupt(t *testing.T) {
	t.Parallel()
	type hook struct {
		header http.Header
		body   []byte
	}
	got := make(chan hook, 10)
	own := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- hook{r.Header, body}
	}))
	t.Cleanup(own.Close)
	gateway := startDev(t, "--data", ":memory:", "--operator-delay", "0")
	earlier := takePayment(t, gateway.URL, "BEFORE")
	get(t, gateway.URL+"/sandbox/v1/inbox?wait=30s&contains="+earlier) // its events are over

	command := exec.Command("passerelle", "listen", "--forward", own.URL+"/webhooks", "--url", gateway.URL)
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill() })
	lines := bufio.NewScanner(out)
	secret := ""
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "Listening") {
		if match := printedSecret.FindStringSubmatch(lines.Text()); match != nil {
			secret = match[1]
		}
	}
	id := takePayment(t, gateway.URL, "AFTER")
	for succeeded := false; !succeeded; {
		select {
		case h := <-got:
			event, err := client.Verify(secret, h.header, h.body)
			if err != nil {
				t.Fatalf("%s: %v", h.body, err)
			}
			if event.Data.ID != id {
				t.Errorf("an event of %s is forwarded, not of %s", event.Data.ID, id)
			}
			succeeded = event.Type == "payment.succeeded"
		case <-time.After(patience):
			t.Fatal("the event was not forwarded")
		}
	}
	if err := command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err != nil {
		t.Errorf("it ended with %v\n%s", err, rest)
	}
}
