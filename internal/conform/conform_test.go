package conform

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// clerk is a dialect that issues one credential and serves nothing.
type clerk struct {
	provider.Dialect
	memory provider.Memory
}

func (c clerk) Issue(ctx context.Context, o provider.IssueOrder) ([]provider.Issued, error) {
	if err := provider.Remember(ctx, c.memory, "key", o.MerchantID, "k", time.Time{}); err != nil {
		return nil, err
	}
	return []provider.Issued{{Name: "apikey", Value: pay.Secret("demo-secret-key")}}, nil
}

// toll is a provider with the vectors given by file.
func toll(vectors map[string]string) []*provider.Provider {
	files := fstest.MapFS{}
	for name, text := range vectors {
		files["vectors/"+name+".txt"] = &fstest.MapFile{Data: []byte("name: " + name + "\nsource: here\n" + text)}
	}
	return []*provider.Provider{{
		Name: "toll", Title: "Toll", Vectors: files,
		Speak: func(g provider.Gateway) provider.Dialect { return clerk{memory: g.Memory("toll")} },
	}}
}

// played runs vectors against a server and returns their rows by name.
func played(t *testing.T, serve http.HandlerFunc, change func(*Target), vectors map[string]string) map[string]Row {
	t.Helper()
	server := httptest.NewServer(serve)
	defer server.Close()
	target := Target{Base: server.URL, Sandbox: server.URL}
	if change != nil {
		change(&target)
	}
	shown := 0
	rows, err := Run(t.Context(), toll(vectors), target, func(Row) { shown++ })
	if err != nil {
		t.Fatal(err)
	}
	if shown != len(rows) || len(rows) != len(vectors) {
		t.Errorf("%d vectors gave %d rows, of which %d were shown", len(vectors), len(rows), shown)
	}
	byName := map[string]Row{}
	for _, r := range rows {
		byName[r.Vector] = r
	}
	return byName
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestARequestIsSentAsItIsPrinted(t *testing.T) {
	var got *http.Request
	var body []byte
	serve := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" { // not the first look at the address
			got = r
			body, _ = io.ReadAll(r.Body)
		}
		_, _ = io.WriteString(w, "{}")
	}
	rows := played(t, serve, nil, map[string]string{"multipart": `
>>> a form of PHP
POST /pay?a=b c
&k={{apikey}}
X-Key: {{apikey}}
Content-Type: multipart/form-data; boundary=B

--B
Content-Disposition: form-data; name="apikey"

{{apikey}}
--B--
<<< 200

{}`})
	if !rows["multipart"].OK {
		t.Fatal(rows["multipart"].Problem)
	}
	if got.RequestURI != "/toll/pay?a=b%20c%0A&k=demo-secret-key" || got.Header.Get("X-Key") != "demo-secret-key" {
		t.Errorf("sent to %s with %v", got.RequestURI, got.Header)
	}
	if want := "--B\r\nContent-Disposition: form-data; name=\"apikey\"\r\n\r\ndemo-secret-key\r\n--B--\r\n"; string(body) != want {
		t.Errorf("sent %q, want %q", body, want)
	}
}

func TestAWrongAnswerFailsItsRowAndTellsWhy(t *testing.T) {
	const request = "\n>>> ask\nGET /x\n"
	rows := played(t, answer(200, `{"code": "00", "key": "demo-secret-key"}`), nil, map[string]string{
		"right":  request + `<<< 200` + "\n\n" + `{"code": "00", "key": "{{apikey}}"}`,
		"status": request + `<<< 400` + "\n\n" + `{"code": "00", "key": "{{apikey}}"}`,
		"type":   request + `<<< 200` + "\n\n" + `{"code": 0, "key": "{{apikey}}"}`,
		"extra":  request + `<<< 200` + "\n\n" + `{"code": "00"}`,
		"header": request + `<<< 200` + "\nContent-Type: text/html\n\n" + `<any>`,
		"empty":  request + `<<< 200` + "\n\n" + `<empty>`,
		"later":  request + `<<< 200` + "\n\n" + `<any>` + request + `<<< 500` + "\n\n" + `<any>`,
	})
	for name, problem := range map[string]string{
		"status": "HTTP 200, want 400", "type": `code is "00", want the number 0`, "extra": "key is not in the document",
		"header": "header Content-Type", "empty": "want none", "later": "HTTP 200, want 500",
	} {
		if r := rows[name]; r.OK || !strings.Contains(r.Problem, problem) {
			t.Errorf("%s: ok %v, %s", name, r.OK, r.Problem)
		}
		if strings.Contains(rows[name].Problem, "demo-secret-key") {
			t.Errorf("%s: the report shows a credential: %s", name, rows[name].Problem)
		}
	}
	if r := rows["right"]; !r.OK || r.HTTPStatus != 200 || r.Problem != "" {
		t.Errorf("right: %+v", r)
	}
}

func TestAnAnswerThatMayTakeTimeIsAskedForAgain(t *testing.T) {
	asked := 0
	serve := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/toll/check" {
			asked++
		}
		status := "PENDING"
		if asked > 2 {
			status = "PAID"
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"status": status})
	}
	rows := played(t, serve, nil, map[string]string{"poll": "\n>>> ask\nGET /check\n<<< 200 within 20s\n\n" + `{"status": "PAID"}`})
	if r := rows["poll"]; !r.OK || asked != 3 {
		t.Errorf("asked %d times: %+v", asked, r)
	}
}

func TestTheCustomerPaysOnThePageThatTheAnswerNames(t *testing.T) {
	paid := ""
	serve := func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/toll/order":
			_, _ = io.WriteString(w, `{"url": "http://`+r.Host+`/short"}`)
		case "/short":
			http.Redirect(w, r, "/pay/token-1", http.StatusFound)
		case "/sandbox/v1/checkouts/token-1/pay":
			body, _ := io.ReadAll(r.Body)
			paid = string(body)
			w.WriteHeader(http.StatusAccepted)
		}
	}
	vector := map[string]string{"hosted": "\n>>> order\nPOST /order\n<<< 200\n\n" + `{"url": "<capture:page>"}` +
		"\n\n>>> pay\nCUSTOMER {{capture:page}}\n\n" + `{"method": "card"}`}
	if r := played(t, serve, nil, vector)["hosted"]; !r.OK || r.Skipped || paid != `{"method": "card"}` {
		t.Errorf("paid with %q: %+v", paid, r)
	}
	r := played(t, serve, func(t *Target) { t.Sandbox = "" }, vector)["hosted"]
	if !r.OK || !r.Skipped || !strings.Contains(r.Problem, "customer") {
		t.Errorf("without a sandbox: %+v", r)
	}
}

func TestRunRefusesWhatCannotBePlayed(t *testing.T) {
	server := httptest.NewServer(answer(200, "{}"))
	defer server.Close()
	vectors := map[string]string{"one": "\n>>> ask\nGET /\n<<< 200\n\n{}"}
	gone := httptest.NewServer(nil)
	gone.Close()
	for name, c := range map[string]struct {
		target  Target
		vectors map[string]string
	}{
		"an address that is none":       {Target{Base: "localhost:8080"}, vectors},
		"an address where nobody is":    {Target{Base: gone.URL}, vectors},
		"a credential that is not used": {Target{Base: server.URL, Credentials: map[string]string{"token": "x"}}, vectors},
		"no vectors":                    {Target{Base: server.URL}, nil},
		"a broken vector":               {Target{Base: server.URL}, map[string]string{"broken": "\n>>> ask\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			if rows, err := Run(t.Context(), toll(c.vectors), c.target, func(Row) {}); err == nil {
				t.Errorf("it played %+v", rows)
			}
		})
	}
}

func TestCredentialsAndAddressesAreTheOnesGiven(t *testing.T) {
	var key, path string
	serve := func(w http.ResponseWriter, r *http.Request) {
		key, path = r.Header.Get("X-Key"), r.URL.Path
		_, _ = io.WriteString(w, "{}")
	}
	vector := map[string]string{"one": "\n>>> ask\nGET /x\nX-Key: {{apikey}} {{callback_url}}\n<<< 200\n\n{}"}
	for want, change := range map[string]func(*Target){
		"/toll/x own-key http://shop.test": func(t *Target) {
			t.Credentials = map[string]string{"toll.apikey": "own-key", "callback_url": "http://shop.test/"}
		},
		"/toll/x demo-secret-key http://s.test/sandbox/inbox/toll": func(t *Target) { t.Base += "/toll"; t.Sandbox = "http://s.test" },
		"/x demo-secret-key https://www.exemple.com":               func(t *Target) { t.Direct, t.Sandbox = true, "" },
	} {
		played(t, serve, change, vector)
		if got := path + " " + key; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
