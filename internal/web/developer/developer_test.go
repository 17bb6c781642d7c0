package developer

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestATrialReachesThePagesOwnServerWhateverAddressItNames(t *testing.T) {
	t.Parallel()
	var asked string
	own := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Host + r.URL.RequestURI()
		w.Header().Set("Location", "https://elsewhere.example/next")
		w.WriteHeader(http.StatusFound)
	}))
	t.Cleanup(own.Close)
	resp, err := ownServer(strings.TrimPrefix(own.URL, "http://")).Get("https://metadata.example/pay/abc?x=1")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if asked != "metadata.example/pay/abc?x=1" || resp.StatusCode != http.StatusFound {
		t.Errorf("the server was asked for %q and the answer was %d", asked, resp.StatusCode)
	}
}

func TestAListenerOnAllAddressesIsCalledOnLoopback(t *testing.T) {
	t.Parallel()
	for listener, want := range map[string]string{
		"0.0.0.0:8080": "127.0.0.1:8080", "[::]:8080": "[::1]:8080", "127.0.0.1:9": "127.0.0.1:9", "192.0.2.1:80": "192.0.2.1:80",
	} {
		if got := reachable(listener); got != want {
			t.Errorf("%s is called at %s, want %s", listener, got, want)
		}
	}
}

// arguments lets a shell read a command and tells what curl would be given.
func arguments(t *testing.T, command string) []string {
	t.Helper()
	out, err := exec.Command("sh", "-c", `curl() { printf '%s\0' "$@"; }`+"\n"+command).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

func TestTheCurlCommandSurvivesTheShell(t *testing.T) {
	t.Parallel()
	body := "{\"name\": \"l'été $HOME `id` \\\\\",\n \"b\": 1}"
	header := http.Header{"X-Secret": {"a'b $x"}, "Accept": {"*/*"}, "Content-Type": {"application/json"}}
	got := arguments(t, curl("POST", "http://127.0.0.1:8080/x?a=1&b='", header, body))
	want := []string{
		"-X", "POST", "http://127.0.0.1:8080/x?a=1&b='", "-H", "Content-Type: application/json", "-H", "X-Secret: a'b $x", "-d", body,
	}
	if !slices.Equal(got, want) {
		t.Errorf("curl gets %q,\nwant %q", got, want)
	}
}

func TestTheCurlCommandWritesAMultipartBodyItself(t *testing.T) {
	t.Parallel()
	body := "--B\r\nContent-Disposition: form-data; name=\"amount\"\r\n\r\n100\r\n--B\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\na b\r\n--B--\r\n"
	got := arguments(t, curl("POST", "http://h/", http.Header{"Content-Type": {"multipart/form-data; boundary=B"}}, body))
	if want := []string{"-X", "POST", "http://h/", "-F", "amount=100", "-F", "description=a b"}; !slices.Equal(got, want) {
		t.Errorf("curl gets %q, want %q", got, want)
	}
}

func TestTheJournalKeepsNoQueryAndHasAnEnd(t *testing.T) {
	t.Parallel()
	p := New(Config{Now: time.Now})
	h := p.Watch("cinetpay", "/cinetpay", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "short and stout")
	}))
	for range keptRequests + 1 {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/v2/payment?apikey=a-secret", nil))
	}
	list := p.journal.all()
	if len(list) != keptRequests {
		t.Fatalf("%d requests are kept", len(list))
	}
	if r := list[0]; r.path != "/cinetpay/v2/payment" || r.status != http.StatusTeapot || r.method != "GET" || r.front != "cinetpay" {
		t.Errorf("noted %+v", r)
	}
}

func TestBothLanguagesHaveTheSameTexts(t *testing.T) {
	t.Parallel()
	for key := range french {
		if english[key] == "" {
			t.Errorf("%s has no English", key)
		}
	}
	if len(english) != len(french) {
		t.Errorf("%d texts in English, %d in French", len(english), len(french))
	}
}
