package e2e_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/app"
)

// census counts the rows that a refused request leaves alone.
type census map[string]int64

// recording is every table in which something that was taken leaves a trace.
var recording = []string{
	"transactions", "attempts", "events", "deliveries", "ledger_entries", "payout_batches", "sandbox_operations",
	"sandbox_messages", "idempotency", "exchanges", "notifications", "webhook_endpoints", "connections", "routes",
	"fee_schedules", "api_keys", "merchants",
}

func takeCensus(t *testing.T, g *app.Running) census {
	t.Helper()
	counts, into := make([]int64, len(recording)), make([]any, len(recording))
	var columns []string
	for i, table := range recording {
		columns, into[i] = append(columns, "(SELECT count(*) FROM "+table+")"), &counts[i]
	}
	row := g.App.Store.RawRead().QueryRowContext(t.Context(), "SELECT "+strings.Join(columns, ", "))
	if err := row.Scan(into...); err != nil {
		t.Fatalf("take the census: %v", err)
	}
	c := census{}
	for i, table := range recording {
		c[table] = counts[i]
	}
	return c
}

func count(t *testing.T, g *app.Running, query string, args ...any) int64 {
	t.Helper()
	var n int64
	if err := g.App.Store.RawRead().QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// settle waits until nothing is owed in the next seconds, so that what follows
// is the doing of what follows.
func settle(t *testing.T, g *app.Running) {
	t.Helper()
	eventually(t, "nothing is owed", func() bool {
		soon := time.Now().Add(3 * time.Second).UnixMilli()
		return count(t, g, "SELECT count(*) FROM deliveries WHERE next_attempt_at BETWEEN 1 AND $1", soon)+
			count(t, g, "SELECT count(*) FROM sandbox_operations WHERE due_at BETWEEN 1 AND $1", soon)+
			count(t, g, "SELECT count(*) FROM payout_batches WHERE next_work_at > 0")+
			count(t, g, "SELECT count(*) FROM attempts WHERE status = 'submitting'") == 0
	})
}

// unchanged fails when a refusal has left a trace. It returns the rows as they
// are now.
func (c census) unchanged(t *testing.T, g *app.Running, what string) census {
	t.Helper()
	now := takeCensus(t, g)
	for _, table := range recording {
		if c[table] != now[table] {
			t.Errorf("%s: %s had %d rows and has %d", what, table, c[table], now[table])
		}
	}
	return now
}

// request is one HTTP request of a test.
type request struct {
	method, url, body string
	header            http.Header
}

// answer is what came back.
type answer struct {
	status int
	media  string
	body   string
}

func (r request) send(ctx context.Context) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, r.url, strings.NewReader(r.body))
	if err != nil {
		return answer{}, fmt.Errorf("make request: %w", err)
	}
	req.Header = r.header.Clone()
	resp, err := badClient.Do(req)
	if err != nil {
		return answer{}, fmt.Errorf("send request: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return answer{resp.StatusCode, media, string(body)}, err
}

var badClient = &http.Client{
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// must sends the request; a connection that breaks is no answer at all.
func (r request) must(t *testing.T) answer {
	t.Helper()
	a, err := r.send(t.Context())
	if err != nil {
		t.Fatalf("%s %.120s: %v", r.method, r.url, err)
	}
	return a
}

// with returns the request with a header set, or taken away when value is "".
func (r request) with(name, value string) request {
	r.header = r.header.Clone()
	if value == "" {
		delete(r.header, http.CanonicalHeaderKey(name))
	} else {
		r.header.Set(name, value)
	}
	return r
}

func (r request) withBody(body string) request { r.body = body; return r }
func (r request) withMethod(m string) request  { r.method = m; return r }

// String is the request in short, for messages.
func (a answer) String() string { return fmt.Sprintf("HTTP %d %s %.300q", a.status, a.media, a.body) }

// object reads the answer as one JSON object.
func (a answer) object() (map[string]any, error) {
	if a.media != "application/json" && a.media != "application/problem+json" {
		return nil, fmt.Errorf("the content type is %q", a.media)
	}
	var o map[string]any
	if err := json.Unmarshal([]byte(a.body), &o); err != nil {
		return nil, fmt.Errorf("not one JSON object: %w", err)
	}
	return o, nil
}

// xmlRoot reads the answer as XML and returns its root with the children's text.
func (a answer) xmlRoot() (string, map[string]any, error) {
	if a.media != "application/xml" {
		return "", nil, fmt.Errorf("the content type is %q", a.media)
	}
	var root struct {
		XMLName  xml.Name
		Children []struct {
			XMLName xml.Name
			Text    string `xml:",chardata"`
		} `xml:",any"`
	}
	if err := xml.Unmarshal([]byte(a.body), &root); err != nil {
		return "", nil, fmt.Errorf("not XML: %w", err)
	}
	children := map[string]any{}
	for _, c := range root.Children {
		children[c.XMLName.Local] = c.Text
	}
	return root.XMLName.Local, children, nil
}

// onlyKeys checks that an answer has all of the keys, and of the others at most
// the optional ones.
func onlyKeys(o map[string]any, keys, optional []string) error {
	for _, k := range keys {
		if _, ok := o[k]; !ok {
			return fmt.Errorf("lacks %q", k)
		}
	}
	for k := range o {
		if !slices.Contains(keys, k) && !slices.Contains(optional, k) {
			return fmt.Errorf("has %q", k)
		}
	}
	return nil
}

// refusedAs says why an answer is no refusal of a front, in the shape that the
// front documents. A front that is not here is held to the general rules alone:
// never our own fault, and readable.
var refusedAs = map[string]func(answer) error{
	"native":   problemJSON,
	"mypvit":   mypvitError,
	"cinetpay": cinetpayError,
}

// overlooked is what a front takes although it is wrong, as the document of its
// provider or its clients have it.
var overlooked = map[string][]string{
	"komipay": {"content type", "a wrong keypass"},                          // wire: komipay §1, the keypass
	"mypayga": {"content type"},                                             // wire: mypayga §1, all encodings
	"flexpay": {"content type", "no Authorization", "a long Authorization"}, // wire: flexpay §2.1, the token in the body
}

func readable(a answer) error {
	if a.status >= 400 && (a.body == "" || a.media == "text/html") {
		return nil
	}
	if _, _, err := a.xmlRoot(); err == nil {
		return nil
	}
	_, err := a.object()
	return err
}

func refusalOf(front string, a answer) error {
	if a.status >= 500 {
		return fmt.Errorf("%v is our own fault, not a refusal", a)
	}
	check, known := refusedAs[front]
	if !known {
		check = readable
	}
	if err := check(a); err != nil {
		return fmt.Errorf("%v: %w", a, err)
	}
	return nil
}

func problemJSON(a answer) error {
	if a.status < 400 {
		return errors.New("is no refusal")
	}
	if a.media != "application/problem+json" {
		return fmt.Errorf("the content type is %q", a.media)
	}
	o, err := a.object()
	if err != nil {
		return err
	}
	if o["status"] != float64(a.status) || o["code"] == "" || o["detail"] == "" {
		return errors.New("status, code or detail is wrong")
	}
	return onlyKeys(o, []string{"type", "title", "status", "detail", "code", "request_id"}, []string{"param", "existing"})
}

// mypvitError: wire: mypvit §2.2, the error body of all operations.
func mypvitError(a answer) error {
	if a.status < 400 {
		return errors.New("is no refusal")
	}
	var o map[string]any
	var err error
	if a.media == "application/xml" {
		var root string
		if root, o, err = a.xmlRoot(); err == nil && root != "error" {
			err = fmt.Errorf("the root is %q", root)
		}
	} else {
		if o, err = a.object(); err == nil {
			if _, number := o["status_code"].(float64); !number {
				err = errors.New("status_code is no number")
			}
		}
	}
	if err != nil {
		return err
	}
	return onlyKeys(o, []string{"date", "status_code", "error", "message", "path"}, []string{"messages"})
}

// cinetpayError: wire: cinetpay §2.1 (no data at all) and §8.2 (data is []).
func cinetpayError(a answer) error {
	o, err := a.object()
	if err != nil {
		return err
	}
	code, text := o["code"].(string)
	if data, transfer := o["data"]; transfer {
		if list, ok := data.([]any); !ok || len(list) > 0 || !text || code == "" || code == "0" {
			return errors.New("is no refusal of the transfer API")
		}
		return onlyKeys(o, []string{"code", "message", "data"}, []string{"description"})
	}
	if a.status < 400 || !text {
		return errors.New("is no refusal")
	}
	return onlyKeys(o, []string{"code", "message", "description", "api_response_id"}, nil)
}
