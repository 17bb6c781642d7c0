package e2e_test

import (
	"fmt"
	"maps"
	"net/http"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// column is one rail: gateway A, whose merchant has it for its only way out,
// and gateway B, which plays the provider. The sandbox is A's own.
type column struct {
	rail rail
	list []*provider.Provider
	a, b *app.Running
	// toA and toB are the network before each of them.
	toA, toB *wire
	clock    *clock
	merchant string
	sellers  map[string]seller
	shop     *shop
	serial   int
}

// options make the dialects tell what the scenes look for: a KomiPay merchant
// asks for notifications, and a FlexPay merchant has the later statuses, in
// which waiting and refused differ.
var options = map[string]map[string]string{
	"komipay": {"webhook_url": "callback"},
	"flexpay": {"status_profile": "extended"},
}

// knownOptions leaves out the options of providers that are not there.
func knownOptions(g *app.Running) map[string]map[string]string {
	known := maps.Clone(options)
	maps.DeleteFunc(known, func(name string, _ map[string]string) bool {
		_, ok := g.App.Gateway.Provider(name)
		return !ok
	})
	return known
}

// startColumn starts A and, for a rail with a wire, B. list are the providers
// that both speak, nil all.
func startColumn(t *testing.T, r rail, list []*provider.Provider) *column {
	t.Helper()
	c := &column{rail: r, list: list, clock: &clock{}, shop: startShop(t), toA: startWire(t)}
	c.a = startGateway(t, func(cfg *app.Config) {
		cfg.Demo, cfg.PublicURL, cfg.OperatorDelay, cfg.Now, cfg.Providers = false, c.toA.URL, "30ms", c.clock.now, list
	})
	c.toA.leadTo(t, c.a.Address)
	issued, err := c.a.App.AddMerchant(t.Context(), "Boutique A", "a@example.test", app.DialectSettings{
		CallbackURL: c.shop.URL, ReturnURL: c.shop.URL + "/back", Options: knownOptions(c.a),
	})
	if err != nil {
		t.Fatal(err)
	}
	c.merchant = issued.Merchant.ID
	c.sellers = map[string]seller{}
	for name, modes := range issued.Dialects {
		c.sellers[name] = seller{"http://" + c.a.Address + "/" + name, inClear(modes[r.mode()]), c.shop}
	}
	key := issued.LiveKey
	if r.simulated() {
		key = issued.TestKey
	}
	c.sellers["native"] = seller{"http://" + c.a.Address, map[string]string{"api_key": key.Reveal()}, c.shop}
	c.listenNatively(t)
	if !r.simulated() {
		c.connect(t)
	}
	return c
}

// connect starts B, makes A's merchant a customer of it and connects the two.
func (c *column) connect(t *testing.T) {
	t.Helper()
	c.toB = startWire(t)
	c.b = startGateway(t, func(cfg *app.Config) {
		cfg.Demo, cfg.PublicURL, cfg.OperatorDelay, cfg.Providers = false, c.toB.URL, "30ms", c.list
	})
	c.toB.leadTo(t, c.b.Address)
	account, err := c.b.App.AddMerchant(t.Context(), "Boutique A", "a@example.test", app.DialectSettings{
		CallbackURL: c.toA.URL + declared[:len(declared)-1], ReturnURL: c.shop.URL + "/back", Options: knownOptions(c.b),
	})
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	issued := inClear(account.Dialects[c.rail.name][pay.Test])
	for _, field := range c.rail.descriptor.Credentials {
		if v, ok := issued[field.Name]; ok {
			values[field.Name] = v
		}
	}
	for name, path := range c.rail.bases {
		values[name] = c.toB.URL + path
	}
	position := 0
	for name, settings := range c.rail.instead {
		special := maps.Clone(values)
		maps.Copy(special, settings)
		id, _ := c.addConnection(t, special)
		position++
		c.addRoute(t, fmt.Sprintf(`{"position":%d,"front":%q,"connection":%q}`, position, name, id))
	}
	id, hook := c.addConnection(t, values)
	c.toA.hook.Store(&hook)
	if position > 0 {
		c.addRoute(t, fmt.Sprintf(`{"position":%d,"connection":%q}`, position+1, id))
	}
}

// addConnection returns the connection's id and the path of its hook.
func (c *column) addConnection(t *testing.T, values map[string]string) (id, hook string) {
	t.Helper()
	row, err := c.a.App.Gateway.AddConnection(t.Context(), gateway.NewConnection{
		MerchantID: c.merchant, Mode: pay.Live, Provider: c.rail.name, Values: values,
	})
	if err != nil {
		t.Fatal(err)
	}
	return row.ID, c.a.App.Gateway.HookURL(row)[len(c.toA.URL):]
}

func (c *column) addRoute(t *testing.T, body string) {
	t.Helper()
	c.native(t, "/v1/routes", body)
}

// listenNatively asks for the native API's events.
func (c *column) listenNatively(t *testing.T) {
	t.Helper()
	c.native(t, "/v1/webhook_endpoints", fmt.Sprintf(`{"url":%q}`, c.shop.URL+"/native"))
}

func (c *column) native(t *testing.T, path, body string) {
	t.Helper()
	s := c.sellers["native"]
	if got := s.post(path, "application/json", body, "Authorization", "Bearer "+s.has["api_key"]).must(t); got.status != http.StatusCreated {
		t.Fatalf("%s: %v", path, got)
	}
}

// post makes a POST request to the seller's front; header are names and values
// in turn.
func (s seller) post(path, media, body string, header ...string) request {
	r := request{method: http.MethodPost, url: s.base + path, body: body, header: http.Header{"Content-Type": {media}}}
	for i := 0; i+1 < len(header); i += 2 {
		r.header.Set(header[i], header[i+1])
	}
	return r
}

// get makes a GET request likewise.
func (s seller) get(path string, header ...string) request {
	r := s.post(path, "", "", header...)
	r.method = http.MethodGet
	r.header.Del("Content-Type")
	return r
}

// inClear are issued credentials by name.
func inClear(list []provider.Issued) map[string]string {
	values := map[string]string{}
	for _, issued := range list {
		values[issued.Name] = issued.Value.Reveal()
	}
	return values
}
