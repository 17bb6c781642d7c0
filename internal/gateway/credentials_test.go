package gateway_test

import (
	"testing"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func TestChangedCredentialsAreUsedAtOnceOnEveryNodeAndAnEmptyOneStays(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *world) {
		id := w.connections["alpha"].ID
		other := w.newGateway()
		opened := func(g *gateway.Gateway) string {
			t.Helper()
			if _, err := g.ProbeConnection(t.Context(), w.live, id); err != nil {
				t.Fatal(err)
			}
			return w.alpha.environment().Secret("token")
		}
		for _, g := range []*gateway.Gateway{w.Gateway, other} {
			if got := opened(g); got != alphaSecret {
				t.Fatalf("the connector has %q", got)
			}
		}
		change := gateway.ConnectionChange{Name: "Compte", Values: map[string]string{}}
		for token, node := range map[string]*gateway.Gateway{"a-made-up-token": other, "another-made-up-token": w.Gateway} {
			change.Values["token"] = token
			if err := w.ChangeConnection(t.Context(), w.live, id, change); err != nil {
				t.Fatal(err)
			}
			if got := opened(node); got != token {
				t.Errorf("a node still has %q", got)
			}
		}
		last := opened(other)
		if err := w.ChangeConnection(t.Context(), w.live, id, gateway.ConnectionChange{Values: map[string]string{"token": " "}}); err != nil {
			t.Fatal(err)
		}
		if got := opened(other); got != last {
			t.Errorf("an empty field left %q", got)
		}
		for name, caller := range map[string]provider.Caller{"the other mode": w.test, "nobody": {MerchantID: "zzzzzzzz", Mode: pay.Live}} {
			if err := w.ChangeConnection(t.Context(), caller, id, change); pay.KindOf(err) != pay.KindNotFound {
				t.Errorf("%s is answered %v", name, err)
			}
		}
		if err := w.ChangeConnection(t.Context(), w.live, id, gateway.ConnectionChange{Values: map[string]string{"colour": "x"}}); pay.KindOf(err) != pay.KindInvalid {
			t.Errorf("an unknown field is answered %v", err)
		}
	})
}
