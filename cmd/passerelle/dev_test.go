package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/provider/all"
)

func TestDevPrintsTheDemoMerchantsCredentialsAndACommandForEachProvider(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--data", ":memory:")
	for _, want := range []string{
		"sk_test_demo", "whsec_ZGVtby1wYXNzZXJlbGxlLXdlYmhvb2stc2VjcmV0",
		"sk_test_00000000-0000-4000-8000-000000000001", "DEMOPVITCODE0001", "ACC_0000000000001", "ACC_0000000000002", "CBK01", "RCV01", "OKR01", "KOR01",
		"demo-cinetpay-apikey", "100001", "demo-cinetpay-secret",
		p.URL + "/docs", p.URL + "/sandbox", p.URL + "/pay/",
	} {
		if !strings.Contains(p.Output(), want) {
			t.Errorf("%s is not printed", want)
		}
	}
	for _, known := range all.Providers() {
		if !strings.Contains(p.Output(), known.Title+"  "+p.URL+"/"+known.Name) {
			t.Errorf("the address of %s is not printed", known.Title)
		}
	}
	for _, path := range []string{"/healthz", "/readyz", "/docs", "/openapi.json", "/sandbox", "/"} {
		if status, _ := get(t, p.URL+path); status != http.StatusOK {
			t.Errorf("%s answers %d", path, status)
		}
	}
	if status, body := get(t, p.URL+"/metrics"); status != http.StatusOK || !strings.Contains(body, "# TYPE passerelle_http_requests_total counter") {
		t.Errorf("/metrics answers %d: %.200s", status, body)
	}
}

// answers are what the printed commands are documented to be answered with.
var answers = map[string]string{
	"native":   `"status":"pending"`,
	"mypvit":   `"status":"PENDING"`,
	"cinetpay": `"code":"201"`,
	"komipay":  `"statut":true`,
	"flexpay":  `"code":"0"`,
	"mypayga":  `"statusRequest":"200"`,
}

func TestThePrintedCommandsWorkWhenTheyArePasted(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--data", ":memory:", "--operator-delay", "200ms")
	commands := printedCommands(p.Output())
	if want := len(all.Providers()) + 1; len(commands) != want {
		t.Fatalf("%d commands are printed, want %d", len(commands), want)
	}
	for _, command := range commands {
		name := doorOf(command, p.URL)
		out, err := exec.Command("sh", "-c", command).Output()
		if err != nil {
			t.Errorf("%s: %v", command, err)
		}
		if want := answers[name]; want == "" || !strings.Contains(compact(string(out)), want) {
			t.Errorf("%s\nis answered %s, want %s", command, out, want)
		}
	}
	// The phone payments among them are settled and notified, with nobody's
	// server but the inbox involved.
	for _, mark := range []string{"payment.succeeded", "/mypvit"} {
		if _, body := get(t, p.URL+"/sandbox/v1/inbox?wait=30s&contains="+mark); !strings.Contains(body, `"path"`) {
			t.Errorf("no notification with %s arrived", mark)
		}
	}
}

// printedCommands cuts the blocks that hold a curl command out of a text.
func printedCommands(text string) []string {
	var commands []string
	for block := range strings.SplitSeq(text, "\n\n") {
		if strings.HasPrefix(block, "curl ") || strings.Contains(block, "$(curl ") {
			commands = append(commands, strings.TrimSpace(block))
		}
	}
	return commands
}

// doorOf tells which API a command calls.
func doorOf(command, url string) string {
	_, rest, _ := strings.Cut(command, url+"/")
	name, _, _ := strings.Cut(rest, "/")
	if name == "v1" {
		return "native"
	}
	return name
}

// compact drops the spaces that JSON may have.
func compact(text string) string {
	return regexp.MustCompile(`:\s+`).ReplaceAllString(text, ":")
}

func TestDevKeepsItsDataAndIsReadyWithinASecondOnIt(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	first, err := launch("", nil, "dev", "--addr", "127.0.0.1:0", "--data", data)
	if err != nil {
		t.Fatal(err)
	}
	id := takePayment(t, first.URL, "ORDER1")
	// It would turn the first one's addresses into its own.
	if second, err := launch("", nil, "dev", "--addr", "127.0.0.1:0", "--data", data); err == nil || !strings.Contains(err.Error(), "--data") {
		t.Errorf("a second one runs on the same data: %v", err)
		if err == nil {
			_ = second.stop()
		}
	}
	if err := first.stop(); err != nil {
		t.Fatalf("stop: %v\n%s", err, first.Output())
	}
	for _, name := range []string{"passerelle.db", "keys"} {
		info, err := os.Stat(filepath.Join(data, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("others may read %s: %v", name, info.Mode())
		}
	}

	// The fastest of a few starts: other tests may be using the machine.
	best := time.Hour
	for range 4 {
		again, err := launch("", nil, "dev", "--addr", "127.0.0.1:0", "--data", data)
		if err != nil {
			t.Fatal(err)
		}
		took := time.Since(again.started)
		if status, _ := get(t, again.URL+"/readyz"); status != http.StatusOK {
			t.Errorf("/readyz answers %d", status)
		}
		if got := readPayment(t, again.URL, id); got != http.StatusOK {
			t.Errorf("the payment made before the restart is answered %d", got)
		}
		if err := again.stop(); err != nil {
			t.Errorf("stop: %v\n%s", err, again.Output())
		}
		if best = min(best, took); best < time.Second {
			break
		}
	}
	t.Logf("ready after %v", best.Round(time.Millisecond))
	if best >= time.Second {
		t.Errorf("it takes %v to be ready on an existing database", best)
	}
}

func takePayment(t *testing.T, url, reference string) (id string) {
	t.Helper()
	status, body := post(t, url+"/v1/payments", reference)
	var made struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(body, &made); err != nil || status != http.StatusCreated {
		t.Fatalf("the payment is answered %d: %s", status, body)
	}
	return made.ID
}

func readPayment(t *testing.T, url, id string) int {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url+"/v1/payments/"+id, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer sk_test_demo")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// maxIdle is what an idle dev may keep in memory, in bytes.
const maxIdle = 60_000_000

func TestAnIdleDevNeedsAtMost60MegabytesOfMemory(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Logf("memory is measured on Linux only: %v", err)
		return
	}
	p := startDev(t, "--data", ":memory:")
	resident := int64(0)
	// What starting left behind is given back a moment later.
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if resident = residentMemory(t, p.command.Process.Pid); resident <= maxIdle {
			break
		}
	}
	t.Logf("idle: %.1f MB resident", float64(resident)/1e6)
	if resident > maxIdle {
		t.Errorf("an idle dev keeps %.1f MB in memory", float64(resident)/1e6)
	}
}

func residentMemory(t *testing.T, pid int) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(text)
	if m == nil {
		t.Fatal("the status tells no memory")
	}
	kilobytes, err := strconv.ParseInt(string(m[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes * 1024
}
