package gateway

import (
	"context"
	"fmt"
	"strings"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

// SandboxProvider is the name of the connector of the simulated operators. Test
// mode always goes there, live mode never.
const SandboxProvider = "sandbox"

// rail is one connection that can carry a transaction.
type rail struct {
	connection sqlgen.Connection
	provider   *provider.Provider
}

// rails finds the connections that can carry a transaction, in the order of the
// merchant's routes; without routes, in the order the connections were made.
// None is a capability error, so that nothing is recorded.
func (g *Gateway) rails(ctx context.Context, t pay.Transaction, req provider.Request) ([]rail, error) {
	all, err := g.connectionsOf(ctx, t.MerchantID, t.Mode)
	if err != nil {
		return nil, err
	}
	ordered, err := g.ordered(ctx, t, all)
	if err != nil {
		return nil, err
	}
	var able []rail
	var refusal error
	for _, c := range ordered {
		p, ok := g.providers[c.Provider]
		if !ok || !c.Enabled || (p.Name == SandboxProvider) != (t.Mode == pay.Test) {
			continue
		}
		if !p.Can(t.Kind, t.Method.Type, t.Amount.Currency, !req.Push) {
			continue
		}
		if err := g.validate(ctx, c, t, req.Card); err != nil {
			refusal = err
			continue
		}
		able = append(able, rail{c, p})
	}
	if len(able) > 0 {
		return able, nil
	}
	if refusal != nil {
		return nil, refusal
	}
	return nil, noRail(t)
}

// anyRail makes sure that some means of paying on the hosted page can work out.
func (g *Gateway) anyRail(ctx context.Context, t pay.Transaction) error {
	refusal := noRail(t)
	for _, m := range []pay.MethodType{pay.MobileMoney, pay.CardMethod, pay.Wallet} {
		if !offered(t.Checkout, m) {
			continue
		}
		try := t
		try.Method = pay.Method{Type: m}
		_, err := g.rails(ctx, try, provider.Request{})
		if err == nil {
			return nil
		}
		switch pay.KindOf(err) {
		case pay.KindInternal:
			return err
		case pay.KindCapability:
		default:
			refusal = err // of this means; another may take it
		}
	}
	return refusal
}

func offered(c pay.Checkout, m pay.MethodType) bool {
	for _, o := range c.Methods {
		if o == m {
			return true
		}
	}
	return len(c.Methods) == 0
}

func noRail(t pay.Transaction) error {
	means := ""
	if t.Method.Type != "" {
		means = " by " + strings.ReplaceAll(string(t.Method.Type), "_", " ")
	}
	return pay.Capability("currency", fmt.Sprintf("no connection can carry a %s in %s%s", t.Kind, t.Amount.Currency, means))
}

// validate asks a connector whether its provider is documented to refuse the order.
func (g *Gateway) validate(ctx context.Context, c sqlgen.Connection, t pay.Transaction, card *pay.Card) error {
	conn, err := g.connect(ctx, c)
	if err != nil {
		return err
	}
	v, ok := conn.(provider.Validates)
	if !ok {
		return nil
	}
	order := g.order(t, pay.Attempt{})
	order.Card = card
	return v.Validate(order)
}

// ordered applies the pinned connection, else the routes.
func (g *Gateway) ordered(ctx context.Context, t pay.Transaction, all []sqlgen.Connection) ([]sqlgen.Connection, error) {
	byID := make(map[string]sqlgen.Connection, len(all))
	for _, c := range all {
		byID[c.ID] = c
	}
	if t.Pinned != "" {
		c, ok := byID[t.Pinned]
		if !ok {
			return nil, pay.Invalid("connection", "no such connection")
		}
		return []sqlgen.Connection{c}, nil
	}
	routes, err := g.routesOf(ctx, t.MerchantID, t.Mode)
	if err != nil {
		return nil, err
	}
	if len(routes) == 0 {
		return all, nil
	}
	var list []sqlgen.Connection
	seen := map[string]bool{}
	for _, r := range routes {
		c, ok := byID[r.ConnectionID]
		if ok && r.Enabled && !seen[c.ID] && matches(r, t) {
			seen[c.ID] = true
			list = append(list, c)
		}
	}
	return list, nil
}

// matches reports whether a route's conditions, each empty or equal, hold.
func matches(r sqlgen.Route, t pay.Transaction) bool {
	same := func(want, have string) bool { return want == "" || want == have }
	return same(r.Kind, string(t.Kind)) && same(r.Method, string(t.Method.Type)) &&
		same(r.Currency, string(t.Amount.Currency)) && same(r.Operator, t.Method.Operator) &&
		same(r.Front, t.Front) && same(r.Country, countryOf(t))
}

func countryOf(t pay.Transaction) string {
	if n, err := phone.Parse(t.Method.Phone, ""); err == nil {
		return n.Country()
	}
	return t.Customer.Country
}
