package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	// FaultHeader names a fault for one test-mode request and the transaction
	// that it makes.
	FaultHeader = "Passerelle-Fault"
	// maxFaultBody bounds what faults see of a request's body, in bytes.
	maxFaultBody = 1 << 20
	// noticeWait bounds how long an answer waits for a notification.
	noticeWait = 30 * time.Second
	// testKey starts the API keys of test mode.
	testKey = "Bearer sk_test_"
)

// exchange is one request to a front while faults may strike it. Whose request
// it is becomes known when the front names its caller: until that says test
// mode, nothing is claimed and nothing changed.
type exchange struct {
	faults *Faults
	front  string
	path   string
	header *armed // asked for by the request itself

	mu      sync.Mutex
	mode    pay.Mode
	claimed []*armed
	seen    []pay.Transaction // those that it makes or looks up
	refused *armed
}

type exchangeKey struct{}

func exchangeIn(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// Around serves a front with the armed faults. Live requests pass unchanged.
func (f *Faults) Around(front string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wanted := r.Header.Get(FaultHeader)
		if wanted == "" && !f.any(front) {
			next.ServeHTTP(w, r)
			return
		}
		x := &exchange{faults: f, front: front, path: r.URL.Path}
		if h := f.hazard(front, wanted); h != nil {
			x.header = newArmed(front, h, 0)
		}
		body := peek(r)
		r = r.WithContext(provider.OnAuthenticated(context.WithValue(r.Context(), exchangeKey{}, x), func(c provider.Caller) { x.calledBy(c) }))
		if front == pay.NativeFront {
			x.readNative(r, body)
		}
		rec := &recorder{header: http.Header{}}
		next.ServeHTTP(rec, r)
		if front == pay.NativeFront {
			x.settleNative(r, rec)
		}
		reply := &provider.Reply{Request: r, RequestBody: body, Status: rec.status(), Header: rec.header, Body: rec.body.Bytes()}
		if wanted != "" && x.header == nil && x.test() {
			reply.Header.Set(FaultHeader, "unknown")
		}
		x.strike(r.Context(), reply)
		send(w, reply)
	})
}

// peek reads the start of a body and puts it back.
func peek(r *http.Request) []byte {
	start, err := io.ReadAll(io.LimitReader(r.Body, maxFaultBody))
	rest := io.Reader(r.Body)
	if err != nil {
		rest = failing{err}
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(start), rest), r.Body}
	return start
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// calledBy learns whose request it is; it reports whether that is test mode.
func (x *exchange) calledBy(c provider.Caller) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.mode != pay.Live {
		x.mode = c.Mode
	}
	return x.mode == pay.Test
}

func (x *exchange) test() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.mode == pay.Test
}

// claim takes the faults of a transaction that is about to be made.
func (x *exchange) claim(reference string, phones ...string) {
	list := x.faults.pick(func(a *armed) bool {
		if a.Provider != x.front {
			return false
		}
		if a.bare() {
			a.claimed = true
			return true
		}
		return a.names(reference, phones...)
	})
	if x.header != nil {
		list = append(list, x.header)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.claimed = list
}

// settle binds what was claimed to the transaction that was made, or lets it go.
func (x *exchange) settle(t pay.Transaction) {
	x.mu.Lock()
	x.seen = append(x.seen, t)
	list := x.claimed
	x.mu.Unlock()
	x.faults.mu.Lock()
	defer x.faults.mu.Unlock()
	for _, a := range list {
		if a == x.header && t.ID != "" && a.ID == "" {
			a.Transaction = t.ID
			x.faults.add(a)
		}
		if a.claimed {
			a.claimed, a.Transaction = false, t.ID
		}
	}
}

func (x *exchange) saw(t pay.Transaction) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.seen = append(x.seen, t)
}

// refuses reports whether a fault answers this call in the front's place.
func (x *exchange) refuses() bool {
	for _, a := range x.striking() {
		if a.hazard.Refuses {
			x.mu.Lock()
			x.refused = a
			x.mu.Unlock()
			return true
		}
	}
	return false
}

// striking are the faults that change the answer to this call.
func (x *exchange) striking() []*armed {
	x.mu.Lock()
	seen, list := slices.Clone(x.seen), slices.Clone(x.claimed)
	if x.refused != nil {
		list = append(list, x.refused)
	}
	x.mu.Unlock()
	if x.header != nil && !slices.Contains(list, x.header) {
		list = append(list, x.header)
	}
	for _, a := range x.faults.pick(func(a *armed) bool {
		return slices.ContainsFunc(seen, a.about) || a.hazard.Alone && a.Provider == x.front
	}) {
		if !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	return slices.DeleteFunc(list, func(a *armed) bool { return !a.hazard.Strikes(x.path) })
}

// strike changes the answer, or holds it.
func (x *exchange) strike(ctx context.Context, reply *provider.Reply) {
	if !x.test() {
		return
	}
	for _, a := range x.striking() {
		if a.hazard.Refuses && a != x.refused {
			continue
		}
		nth, ok := x.faults.begin(a)
		if !ok {
			continue
		}
		if a.hazard.Answer != nil {
			reply.Nth = nth
			a.hazard.Answer(reply)
		}
		x.hold(ctx, a)
		x.faults.end(a)
	}
}

func (x *exchange) hold(ctx context.Context, a *armed) {
	var told chan struct{} // never ready unless a notification is waited for
	limit := a.hazard.Slow
	if a.hazard.AfterNotice {
		limit, told = max(limit, noticeWait), a.told
	}
	if limit == 0 {
		return
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-told:
	case <-a.gone:
	case <-ctx.Done():
	}
}

// send writes the answer as the faults have left it.
func send(w http.ResponseWriter, r *provider.Reply) {
	if r.Drop {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), r.Header)
	w.Header().Del("Content-Length")
	if r.Cut {
		w.Header().Set("Content-Length", strconv.Itoa(len(r.Body)+1))
		r.Body = r.Body[:len(r.Body)/2]
	}
	w.WriteHeader(r.Status)
	_, _ = w.Write(r.Body)
	if r.Cut {
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(code int) {
	if r.code == 0 && code >= 200 {
		r.code = code
	}
}

func (r *recorder) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(p)
}

func (r *recorder) status() int {
	if r.code == 0 {
		return http.StatusOK
	}
	return r.code
}

// nativeObject is what faults read of the native API's bodies.
type nativeObject struct {
	ID        string `json:"id"`
	Reference string `json:"reference"`
	Customer  struct {
		Phone string `json:"phone"`
	} `json:"customer"`
	Method struct {
		Phone string `json:"phone"`
	} `json:"method"`
}

func (o nativeObject) phones() []string {
	var list []string
	for _, text := range []string{o.Method.Phone, o.Customer.Phone} {
		if n, err := phone.Parse(text, ""); err == nil {
			list = append(list, n.E164())
		}
	}
	return list
}

// makesTransaction tells the native API's calls that make a transaction.
func makesTransaction(r *http.Request) bool {
	return r.Method == http.MethodPost && slices.Contains([]string{"/v1/payments", "/v1/payouts", "/v1/refunds"}, strings.TrimSuffix(r.URL.Path, "/"))
}

// readNative: there the key says the mode, and whoever has none is refused
// whatever faults make of it.
func (x *exchange) readNative(r *http.Request, body []byte) {
	if !strings.HasPrefix(r.Header.Get("Authorization"), testKey) || !x.calledBy(provider.Caller{Mode: pay.Test}) {
		return
	}
	if makesTransaction(r) {
		var o nativeObject
		_ = json.Unmarshal(body, &o)
		x.claim(o.Reference, o.phones()...)
	}
}

func (x *exchange) settleNative(r *http.Request, rec *recorder) {
	if !x.test() {
		return
	}
	var o nativeObject
	_ = json.Unmarshal(rec.body.Bytes(), &o)
	t := pay.Transaction{ID: o.ID, Front: pay.NativeFront, Mode: pay.Test, Reference: o.Reference}
	t.Customer.Phone, t.Method.Phone = o.Customer.Phone, o.Method.Phone
	if rec.status()/100 != 2 {
		t = pay.Transaction{}
	}
	if makesTransaction(r) {
		x.settle(t)
		return
	}
	x.saw(t)
}
