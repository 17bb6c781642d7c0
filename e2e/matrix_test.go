package e2e_test

import (
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/all"
)

var update = flag.Bool("update", false, "write docs/matrix.md")

// matrixFile is the kept table, from this folder.
const matrixFile = "../docs/matrix.md"

// TestAnyFrontLeavesByAnyRail plays every front against every rail. For each
// rail there are two gateways: a merchant of the first has one connection, to
// the second, which plays the provider; its six fronts all leave by it. What a
// pair can carry follows from the two descriptors and from what the front's
// requests can say, and a pair that can carry nothing refuses before anything
// is recorded.
func TestAnyFrontLeavesByAnyRail(t *testing.T) {
	known := describe(t)
	fronts := frontsOf(t, known)
	table := &matrix{fronts: fronts}
	t.Run("by", func(t *testing.T) {
		for _, r := range railsOf(t, known) {
			table.rails = append(table.rails, r)
			t.Run(r.name, func(t *testing.T) {
				t.Parallel()
				c := startColumn(t, r, nil)
				// The refusals first: nothing else is going on in either gateway.
				for _, f := range fronts {
					c.refuses(t, f)
				}
				for _, f := range fronts {
					table.set(f, r, c.carries(t, f))
				}
			})
		}
	})
	text := table.markdown()
	if *update {
		fmt.Print(table.plain()) // a passing test's log is not shown
	} else {
		t.Log("\n" + table.plain())
	}
	if t.Failed() {
		return
	}
	kept, err := os.ReadFile(matrixFile)
	switch {
	case *update:
		if err := os.WriteFile(matrixFile, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	case err != nil || string(kept) != text:
		t.Error("docs/matrix.md is not what was found; `make matrix` writes it")
	}
}

// describe returns the descriptors of every provider, the sandbox's first.
func describe(t *testing.T) []*provider.Provider {
	t.Helper()
	g := startGateway(t, nil)
	simulated, ok := g.App.Gateway.Provider("sandbox")
	if !ok {
		t.Fatal("no sandbox")
	}
	return append([]*provider.Provider{simulated}, g.App.Providers()...)
}

// frontsOf puts the drivers in the order of the providers, the native API first.
// A provider without a driver is left out, and said so.
func frontsOf(t *testing.T, known []*provider.Provider) []front {
	t.Helper()
	fronts := []front{nativeFront()}
	for _, p := range known[1:] {
		drive, ok := drivers[p.Name]
		if !ok {
			t.Logf("%s has no driver here, so it stands in no row", p.Name)
			continue
		}
		fronts = append(fronts, drive().of(p))
	}
	return fronts
}

// railsOf puts the rails in the order of the providers, the sandbox first.
func railsOf(t *testing.T, known []*provider.Provider) []rail {
	t.Helper()
	var rails []rail
	for _, p := range known {
		r, ok := wires[p.Name]
		if !ok {
			t.Logf("%s has no wire here, so it stands in no column", p.Name)
			continue
		}
		r.name, r.title, r.descriptor = p.Name, p.Title, p
		rails = append(rails, r)
	}
	return rails
}

// rail is a way out: what A connects to, and where on its wire things happen.
type rail struct {
	name, title string
	descriptor  *provider.Provider
	// bases are the connection's addresses, as paths below the other gateway.
	bases map[string]string
	// submit and status are the ends of the paths of the call that takes money
	// and of those that tell of it.
	submit, status []string
	// polled: its notifications name a payment by what only the lost answer has
	// told, so that A finds out by asking.
	polled bool
	// instead are settings for one front alone.
	instead map[string]map[string]string
	// note says in the table why instead is needed, by front.
	note map[string]string
}

// simulated: the rail is this gateway's own sandbox, and has no wire.
func (r rail) simulated() bool { return len(r.bases) == 0 }

// mode is that of the merchant's credentials.
func (r rail) mode() pay.Mode {
	if r.simulated() {
		return pay.Test
	}
	return pay.Live
}

// wires are the rails by provider: addresses and paths of the wire documents.
var wires = map[string]rail{
	"sandbox": {},
	"komipay": {
		bases:  map[string]string{"token_base": "/komipay/APIs/mobile_money.php"},
		submit: []string{"/b2c_standard"}, status: []string{"/check-transaction-status"}, polled: true,
	},
	"mypvit": {
		bases:  map[string]string{"base_url": "/mypvit"},
		submit: []string{"/rest", "/link"}, status: []string{"/status"},
	},
	"flexpay": {
		bases:  map[string]string{"card_base": "/flexpay", "pay_base": "/flexpay/api/rest/v1"},
		submit: []string{"/paymentService", "/v1/pay"}, status: []string{"/check/"},
	},
	"cinetpay": {
		bases:  map[string]string{"base_url": "/cinetpay", "transfer_base_url": "/cinetpay/v1"},
		submit: []string{"/v2/payment"}, status: []string{"/payment/check"},
	},
	"mypayga": {
		bases:  map[string]string{"base_url": "/mypayga", "card_base_url": "/mypayga"},
		submit: []string{"/payment-request", "/v1/payment"}, status: []string{"/paiement-detail", "/verify"},
		instead: map[string]map[string]string{"komipay": {"api": "v1"}},
		note: map[string]string{
			"komipay": "by MyPayGa's newer API: the documented card form needs a phone number of a country that MyPayGa serves, and a KomiPay card request has none",
		},
	},
}

// matrix is what was found, pair by pair.
type matrix struct {
	fronts []front
	rails  []rail
	mu     sync.Mutex
	cells  map[string]cell
}

func (m *matrix) set(f front, r rail, c cell) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cells == nil {
		m.cells = map[string]cell{}
	}
	m.cells[f.name+" by "+r.name] = c
}

func (m *matrix) at(f front, r rail) cell {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cells[f.name+" by "+r.name]
}

// seller is a merchant as one front knows it.
type seller struct {
	// base is the front's address, without the proxy before it.
	base string
	// has are its credentials there, by name.
	has  map[string]string
	shop *shop
}

// descriptor is a listed provider's.
func descriptor(t *testing.T, name string) *provider.Provider {
	t.Helper()
	for _, p := range all.Providers() {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no provider %s", name)
	return nil
}
